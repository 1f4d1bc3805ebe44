"""A classifier that learns three simple labels, and what it says of samples that obey and that do not."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from trainers.metrics.small_classifier import (
    Classifier,
    SmallNetwork,
    obeyed,
    obeyed_by_label,
    predict,
    train_classifier,
)

NAMES = ("disc", "bar", "frame")


def shapes(count: int, seed: int, size: int = 16) -> tuple[np.ndarray, np.ndarray]:
    """Discs, bars and frames of random colour, place and size on a random ground, uint8 (count, size, size, 3), and labels."""
    random = np.random.RandomState(seed)
    y, x = np.mgrid[:size, :size] / size
    labels = np.arange(count) % len(NAMES)
    pictures = np.empty((count, size, size, 3), np.uint8)
    for picture, label in zip(pictures, labels, strict=True):
        at_y, at_x = random.uniform(0.4, 0.6, 2)
        reach = random.uniform(0.2, 0.3)
        far = np.maximum(abs(y - at_y), abs(x - at_x))
        inside = (
            np.hypot(y - at_y, x - at_x) < reach,
            abs(y - at_y) < 0.12,
            (far < reach + 0.12) & (far > reach - 0.02),
        )[label]
        picture[:] = random.randint(0, 100, 3)
        picture[inside] = random.randint(150, 256, 3)
    return pictures, labels


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return train_classifier(*shapes(240, 1), len(NAMES), steps=40)


def test_it_learns_the_labels(classifier: Classifier) -> None:
    assert classifier.accuracy > 0.9
    assert classifier.accuracy == pytest.approx(
        np.mean(classifier.by_label), abs=1e-9
    )  # as many of each were kept aside
    pictures, labels = shapes(60, 2)
    assert obeyed(classifier, pictures, labels) > 0.9
    assert predict(classifier, pictures).shape == (60,)


def test_samples_that_show_something_else_do_not_obey(classifier: Classifier) -> None:
    pictures, labels = shapes(60, 2)
    right = predict(classifier, pictures) == labels
    asked = (labels + 1) % len(NAMES)
    assert obeyed(classifier, pictures, asked) < 0.1
    asked = np.where(labels == 0, 1, labels)  # only discs are drawn where bars were asked for
    assert obeyed(classifier, pictures, asked) == pytest.approx(right[labels > 0].sum() / 60, abs=0.05)
    disc, bar, frame = obeyed_by_label(classifier, pictures, asked)
    assert math.isnan(disc)
    assert bar < 0.6 < frame


def test_slight_blur_and_other_brightness_do_not_matter(classifier: Classifier) -> None:
    pictures, labels = shapes(60, 3)
    blurred = torch.nn.functional.avg_pool2d(torch.from_numpy(pictures).permute(0, 3, 1, 2).float(), 3, 1, 1)
    changed = (blurred.permute(0, 2, 3, 1).numpy() * 0.95).astype(np.uint8)
    assert obeyed(classifier, changed, labels) > 0.85


def test_the_same_seed_gives_the_same_classifier_and_nothing_else_is_touched() -> None:
    pictures, labels = shapes(60, 4)
    before, state = torch.get_rng_state(), np.random.get_state()[1].copy()
    one, same, other = (train_classifier(pictures, labels, 3, seed=seed, steps=4) for seed in (5, 5, 6))
    assert torch.equal(torch.get_rng_state(), before)
    assert np.array_equal(np.random.get_state()[1], state)
    for name, value in one.network.state_dict().items():
        assert torch.equal(value, same.network.state_dict()[name])
    assert not torch.equal(one.network.head.weight, other.network.head.weight)  # type: ignore[union-attr, arg-type]
    assert one.accuracy == same.accuracy
    assert not any(weight.requires_grad for weight in one.network.parameters())


def test_large_pictures_are_seen_reduced(classifier: Classifier) -> None:
    large, _ = shapes(30, 7, size=64)
    reduced = large.reshape(30, 32, 2, 32, 2, 3).mean(axis=(2, 4)).round().astype(np.uint8)
    assert np.array_equal(predict(classifier, large), predict(classifier, reduced))


def test_rare_labels_are_learned_too() -> None:
    pictures, labels = shapes(300, 8)
    few = np.concatenate([np.flatnonzero(labels != 2), np.flatnonzero(labels == 2)[:12]])
    trained = train_classifier(pictures[few], labels[few], 3, steps=40)
    fresh, asked = shapes(60, 9)
    assert min(obeyed_by_label(trained, fresh, asked)) > 0.6


@pytest.mark.parametrize("side", [8, 16, 33])
def test_the_network_takes_any_size(side: int) -> None:
    assert SmallNetwork(4)(torch.zeros(2, 3, side, side)).shape == (2, 4)


def test_what_does_not_fit_is_said(classifier: Classifier) -> None:
    pictures, labels = shapes(12, 10)
    with pytest.raises(ValueError, match="two labels and one step at least, not 1 and 5"):
        train_classifier(pictures, labels * 0, 1, steps=5)
    with pytest.raises(ValueError, match="Labels must lie between 0 and 1, not 0 and 2"):
        train_classifier(pictures, labels, 2, steps=5)
    with pytest.raises(ValueError, match="a label for each of the 12 pictures"):
        train_classifier(pictures, labels[1:], 3, steps=5)
    with pytest.raises(ValueError, match="Label 3 has 0 pictures"):
        train_classifier(pictures, labels, 4, steps=5)
    with pytest.raises(ValueError, match="at least 16 pixels each way"):
        train_classifier(pictures[:, :9, :9], labels, 3, steps=5)
    with pytest.raises(ValueError, match="a label for each of the 12 pictures"):
        obeyed(classifier, pictures, labels / 2)
    with pytest.raises(ValueError, match="The pictures must be one at least"):
        obeyed(classifier, pictures[:0], labels[:0])
