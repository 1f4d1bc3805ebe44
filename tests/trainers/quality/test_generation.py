"""Generators judged where the answer is known: the data itself, copies of it, blur, collapse, and mixed-up labels."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.search import examples
from trainers.data.generation import Pictures
from trainers.metrics.neighbours import memorisation_ratio
from trainers.metrics.small_classifier import train_classifier
from trainers.quality import generation
from trainers.quality.generation import (
    Labelled,
    Quality,
    QuickJudge,
    judge_generation,
    memory_sheet,
    shared_labels,
)

SIZE = 16
UNLABELLED = ["SWD", "SWD ratio", "nearest ratio", "MS-SSIM", "kernel", "recall", "spread"]


def drawings(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Pictures of two labels, with stripes and with a disc, in colours, places and widths of their own, and the labels."""
    random = np.random.RandomState(seed)
    y, x = np.mgrid[:SIZE, :SIZE] / SIZE
    labels = np.arange(count) % 2
    pictures = np.empty((count, SIZE, SIZE, 3))
    for picture, label in zip(pictures, labels, strict=True):
        ground, ink = random.uniform(0, 120, 3), random.uniform(130, 255, 3)
        turn, phase, place = random.uniform(0, np.pi), random.uniform(0, 6), random.uniform(0.3, 0.7, 2)
        stripes = np.sin((x * np.cos(turn) + y * np.sin(turn)) * random.uniform(12, 30) + phase) > 0
        disc = np.hypot(y - place[0], x - place[1]) < random.uniform(0.15, 0.35)
        picture[:] = np.where((disc if label else stripes)[:, :, None], ink, ground)
    return np.rint(np.clip(pictures + random.standard_normal(pictures.shape) * 3, 0, 255)).astype(np.uint8), labels


@pytest.fixture(scope="module")
def training() -> Labelled:
    return Labelled(*drawings(120, 1))


@pytest.fixture(scope="module")
def held_out() -> Labelled:
    return Labelled(*drawings(60, 2))


@pytest.fixture(scope="module", autouse=True)
def cheap() -> Iterator[None]:
    """Fewer directions and pairs: the sets are small, and what is told apart here is far apart."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generation, "DIRECTIONS", 24)
        patch.setattr(generation, "PAIRS", 150)
        yield


Judged = Callable[[np.ndarray], Quality]


@pytest.fixture(scope="module")
def judged(training: Labelled, held_out: Labelled) -> Judged:
    """The quality of samples with the labels 0, 1, 0, 1, …"""

    def judge(samples: np.ndarray, **options: Any) -> Quality:
        labelled = Labelled(samples, np.arange(len(samples)) % 2)
        return judge_generation(labelled, training, held_out, resamples=20, **options)

    return judge


@pytest.fixture(scope="module")
def new(judged: Judged) -> Quality:
    """The quality of other pictures of the same kind."""
    return judged(drawings(60, 3)[0])


def test_new_pictures_of_the_data_are_as_good_as_the_data(new: Quality) -> None:
    quality = new
    assert quality.count == 60
    assert 0.7 < quality.swd_ratio.value < 1.4
    assert quality.swd_ratio.low < 1 < quality.swd_ratio.high
    assert quality.swd_ratio.value == pytest.approx(quality.samples.swd / quality.data.swd)
    assert 0.85 < quality.nearest_ratio.value < 1.15
    assert quality.nearest_ratio.low < quality.nearest_ratio.value < quality.nearest_ratio.high
    assert quality.nearest_ratio.value == pytest.approx(quality.samples.nearest / quality.data.nearest)
    assert quality.samples.ms_ssim == pytest.approx(quality.data.ms_ssim, abs=0.08)
    assert abs(quality.samples.precision - quality.data.precision) < 0.2
    assert abs(quality.samples.recall - quality.data.recall) < 0.2
    assert abs(quality.samples.kernel) < 0.006


def test_copies_are_near_the_data_and_nothing_new(judged: Judged, training: Labelled) -> None:
    quality = judged(training.pictures)
    assert 0.7 < quality.swd_ratio.value < 1.4
    assert quality.nearest_ratio == (0, 0, 0)
    assert quality.samples.nearest == 0 < quality.data.nearest


def test_mirrored_copies_are_seen_where_mirrored_pictures_were_learned(judged: Any, training: Labelled) -> None:
    mirrored = training.pictures[:, :, ::-1]
    assert judged(mirrored).nearest_ratio.value > 0.5
    assert judged(mirrored, mirrored=True).nearest_ratio.value == 0


def test_blurred_pictures_are_far(judged: Judged, new: Quality) -> None:
    samples = drawings(60, 3)[0].astype(float)
    for axis in (1, 2, 1, 2):
        samples = (np.roll(samples, 1, axis) + 2 * samples + np.roll(samples, -1, axis)) / 4
    quality = judged(samples.astype(np.uint8))
    assert quality.swd_ratio.value > 1.6 * new.swd_ratio.value
    assert quality.samples.frechet > 1.5 * quality.data.frechet
    assert quality.samples.kernel > 5 * quality.data.kernel


def test_noisy_pictures_are_far_and_not_precise(judged: Judged, new: Quality) -> None:
    samples = drawings(60, 3)[0]
    noise = np.random.RandomState(4).standard_normal(samples.shape) * 100
    quality = judged(np.clip(samples + noise, 0, 255).astype(np.uint8))
    assert quality.swd_ratio.value > 1.6 * new.swd_ratio.value
    assert quality.samples.precision < quality.data.precision - 0.2
    assert quality.samples.kernel > 5 * quality.data.kernel


def test_only_features_see_that_all_is_darker(judged: Judged, new: Quality) -> None:
    darker = judged((drawings(60, 3)[0] * 0.7).astype(np.uint8))
    assert darker.swd_ratio.value < 1.1 * new.swd_ratio.value
    assert darker.samples.frechet > 1.5 * new.samples.frechet
    assert darker.samples.kernel > 5 * darker.data.kernel


def test_a_collapsed_generator_lacks_recall_and_diversity(judged: Judged) -> None:
    quality = judged(np.tile(drawings(4, 3)[0], (15, 1, 1, 1)))
    assert quality.samples.recall < 0.3 < quality.data.recall
    assert quality.samples.ms_ssim > quality.data.ms_ssim + 0.1
    assert quality.swd_ratio.value > 1.5


def test_a_missing_kind_is_seen(judged: Judged) -> None:
    drawn, labels = drawings(120, 3)
    quality = judged(drawn[labels == 1])
    assert quality.swd_ratio.value > 2
    assert quality.samples.recall < quality.data.recall - 0.2


def test_labels_keep_their_proportions(held_out: Labelled, training: Labelled) -> None:
    """Training pictures of which nine in ten are of one label are no further away for it."""
    many, labels = drawings(400, 5)
    kept = np.concatenate([np.flatnonzero(labels == 0), np.flatnonzero(labels == 1)[:20]])
    uneven = Labelled(many[kept], labels[kept])
    even = judge_generation(training, training, held_out, most=40, resamples=5).data.swd
    assert judge_generation(training, uneven, held_out, most=40, resamples=5).data.swd < 1.4 * even
    without = judge_generation(
        Labelled(training.pictures), Labelled(uneven.pictures), Labelled(held_out.pictures), most=40, resamples=5
    )
    assert without.data.swd > 1.4 * even


def test_near_copies_among_the_held_out_widen_the_intervals(training: Labelled) -> None:
    few, labels = drawings(12, 6)
    frames = np.repeat(few, 5, axis=0)
    samples = Labelled(*drawings(60, 3))
    apart = judge_generation(samples, training, Labelled(frames, np.repeat(labels, 5)), resamples=60)
    groups = np.repeat(np.arange(12), 5)
    together = judge_generation(samples, training, Labelled(frames, np.repeat(labels, 5), groups), resamples=60)
    assert together.swd_ratio.value == apart.swd_ratio.value
    assert together.nearest_ratio.value == apart.nearest_ratio.value
    widths = [q.nearest_ratio.high - q.nearest_ratio.low for q in (apart, together)]
    assert widths[1] > 1.2 * widths[0]


def test_the_nearest_ratio_is_the_one_of_neighbours(new: Quality, training: Labelled, held_out: Labelled) -> None:
    samples = drawings(60, 3)[0]
    usual = memorisation_ratio(samples, training.pictures, held_out.pictures)
    assert new.nearest_ratio.value == pytest.approx(usual)


def test_held_out_pictures_that_are_copies_leave_no_ratio(training: Labelled) -> None:
    quality = judge_generation(Labelled(*drawings(60, 3)), training, training, resamples=5)
    assert math.isinf(quality.nearest_ratio.value)


def test_the_same_seed_gives_the_same_figures(judged: Any) -> None:
    samples = drawings(60, 3)[0]
    once = judged(samples, most=20)
    assert once.count == 20
    assert judged(samples, most=20) == once
    assert judged(samples, most=20, seed=1) != once


def test_what_does_not_fit_is_said(training: Labelled, held_out: Labelled) -> None:
    some = training.pictures
    with pytest.raises(ValueError, match="A set of 3 pictures cannot be judged; 4 are the fewest"):
        judge_generation(Labelled(some[:3]), Labelled(some), Labelled(held_out.pictures))
    with pytest.raises(ValueError, match="All pictures must be of one size"):
        judge_generation(Labelled(some.repeat(2, 1).repeat(2, 2)), Labelled(some), Labelled(held_out.pictures))
    with pytest.raises(ValueError, match="The samples must measure at least 16 pixels"):
        judge_generation(Labelled(some[:, :9]), Labelled(some), Labelled(held_out.pictures))
    with pytest.raises(ValueError, match="The held-out pictures need a group each: 60, not"):
        judge_generation(training, training, Labelled(held_out.pictures, held_out.labels, np.arange(3)))
    with pytest.raises(ValueError, match="Either all sets have labels, or none has"):
        judge_generation(Labelled(some), training, held_out)
    only = Labelled(some[training.labels == 0], np.zeros(60, np.int64))
    with pytest.raises(ValueError, match="held-out pictures of label 1, but no others"):
        judge_generation(only, training, held_out)


@pytest.fixture(scope="module")
def pictures(training: Labelled, held_out: Labelled) -> Pictures:
    assert training.labels is not None and held_out.labels is not None
    return Pictures(
        training.pictures, held_out.pictures, [], 0, False, training.labels, held_out.labels, ("stripes", "disc")
    )


@pytest.fixture(scope="module")
def quick(pictures: Pictures) -> QuickJudge:
    return QuickJudge(pictures, count=40)


def drawn_with(labels: np.ndarray, seed: int) -> np.ndarray:
    """New drawings with these labels."""
    many, theirs = drawings(4 * len(labels), seed)
    chosen = np.empty(len(labels), int)
    for label in (0, 1):
        chosen[labels == label] = np.flatnonzero(theirs == label)[: (labels == label).sum()]
    return many[chosen]


def test_the_quick_judge_of_new_pictures(quick: QuickJudge) -> None:
    assert quick.count == len(quick.labels) == 40
    values = quick.judge(drawn_with(quick.labels, 3))
    assert list(values) == [*UNLABELLED, "spread stripes", "spread disc"]
    assert values["SWD ratio"] == pytest.approx(values["SWD"] / quick.of_data["SWD"])
    assert 0.6 < values["SWD ratio"] < 1.5
    assert values["MS-SSIM"] == pytest.approx(quick.of_data["MS-SSIM"], abs=0.1)
    assert values["spread"] == min(values["spread stripes"], values["spread disc"])
    assert 0.85 < values["spread"] < 1.15
    assert 0.85 < values["nearest ratio"] < 1.15


def test_the_quick_judge_sees_one_label_collapse(quick: QuickJudge) -> None:
    samples = drawn_with(quick.labels, 3).copy()
    discs = np.flatnonzero(quick.labels == 1)
    samples[discs] = samples[discs[0]]
    values = quick.judge(samples)
    assert values["spread"] == values["spread disc"] == 0
    assert values["spread stripes"] > 0.85
    assert values["recall"] < quick.of_data["recall"] - 0.2
    assert values["SWD"] > quick.of_data["SWD"]


def test_the_quick_judge_sees_that_all_is_darker(quick: QuickJudge) -> None:
    samples = drawn_with(quick.labels, 3)
    same, darker = quick.judge(samples), quick.judge((samples * 0.7).astype(np.uint8))
    assert darker["SWD"] < 1.1 * same["SWD"]
    assert darker["kernel"] > same["kernel"] + 0.02


def test_the_quick_judge_sees_copies_and_mirrored_ones_where_they_are_learned(
    pictures: Pictures, quick: QuickJudge
) -> None:
    copies = pictures.training[:40]
    assert quick.judge(copies)["nearest ratio"] == 0
    assert quick.judge(copies[:, :, ::-1])["nearest ratio"] > 0.5
    flipping = QuickJudge(replace(pictures, flip=True), count=40)
    assert flipping.judge(copies[:, :, ::-1])["nearest ratio"] == 0


def test_the_quick_judge_asks_a_classifier(pictures: Pictures) -> None:
    classifier = train_classifier(pictures.training, pictures.labels, 2, steps=20)
    judge = QuickJudge(pictures, count=20, classifier=classifier)
    right, wrong = drawn_with(judge.labels, 3), drawn_with(1 - judge.labels, 3)
    assert judge.judge(right)["labels obeyed"] > 0.8
    assert judge.judge(wrong)["labels obeyed"] < 0.2


def test_the_quick_judge_computes_the_data_once_and_repeats_itself(
    pictures: Pictures, quick: QuickJudge, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = drawn_with(quick.labels, 3)
    other = QuickJudge(pictures, count=40)
    assert other.of_data == quick.of_data
    distances: list[float] = []
    measure = generation.sliced_wasserstein

    def counted(*arguments: Any, **options: Any) -> Any:
        found = measure(*arguments, **options)
        distances.append(found.mean)
        return found

    monkeypatch.setattr(generation, "sliced_wasserstein", counted)
    assert other.judge(samples) == quick.judge(samples)
    assert len(distances) == 2  # one for each judge, none for the data


def test_without_labels_there_is_one_spread(training: Labelled, held_out: Labelled) -> None:
    judge = QuickJudge(Pictures(training.pictures, held_out.pictures, [], 0, False), count=30)
    values = judge.judge(held_out.pictures[:30])
    assert list(values) == UNLABELLED
    assert judge.labels.tolist() == [0] * 30


def test_pictures_that_cannot_be_judged(training: Labelled, held_out: Labelled) -> None:
    for few in (
        Pictures(training.pictures, held_out.pictures[:3], [], 0, False),
        Pictures(training.pictures[:, :8, :8], held_out.pictures[:, :8, :8], [], 0, False),
    ):
        judge = QuickJudge(few)
        assert judge.count == 0
        assert judge.labels.shape == (0,)
        assert judge.judge(np.zeros((0, 8, 8, 3), np.uint8)) == {}


def test_ratios_that_cannot_be_told_are_left_out(training: Labelled) -> None:
    same = training.pictures[:20]
    values = QuickJudge(Pictures(same, same, [], 0, False)).judge(training.pictures[20:40])
    assert "nearest ratio" not in values
    assert values["SWD"] > 0
    grey = np.full((20, SIZE, SIZE, 3), 90, np.uint8)
    values = QuickJudge(Pictures(grey, grey, [], 0, False)).judge(same)
    assert not {"SWD ratio", "nearest ratio", "spread"} & set(values)
    assert all(math.isfinite(value) for value in values.values())


def test_the_quick_judge_wants_its_samples(quick: QuickJudge) -> None:
    with pytest.raises(ValueError, match=r"samples of the shape \(40, 16, 16, 3\), not \(39, 16, 16, 3\)"):
        quick.judge(drawn_with(quick.labels, 3)[1:])


@examples(60)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=60), st.integers(0, 80))
def test_labels_are_shared_out_by_proportion(labels: list[int], count: int) -> None:
    shared = shared_labels(np.array(labels, np.int64), count)
    assert shared.shape == (count,)
    for label in range(6):
        assert abs((shared == label).sum() - labels.count(label) * count / len(labels)) < 1


def test_labels_are_mixed() -> None:
    """A first part of them has nearly the proportions of the whole."""
    first = shared_labels(np.array([0] * 60 + [1] * 30 + [2] * 10), 100)[:50]
    assert np.bincount(first) == pytest.approx([30, 15, 5], abs=1)


def test_a_sheet_goes_from_copies_to_new_pictures(training: Labelled) -> None:
    new = drawings(10, 3)[0]
    samples = np.concatenate([new, training.pictures[5:7], training.pictures[8:9, :, ::-1]])
    sheet = memory_sheet(samples, training.pictures, mirrored=True, rows=4, neighbours=3)
    assert sheet.shape == (4 * (SIZE + 2) + 2, 4 * (SIZE + 2) + 8, 3)
    first = sheet[2 : 2 + SIZE]
    assert np.array_equal(first[:, 2 : 2 + SIZE], first[:, 10 + SIZE : 10 + 2 * SIZE])  # a copy, beside what it is of
    last = sheet[-2 - SIZE : -2]
    assert not np.array_equal(last[:, 2 : 2 + SIZE], last[:, 10 + SIZE : 10 + 2 * SIZE])
