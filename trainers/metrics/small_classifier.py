"""A small classifier of pictures by their labels, trained on the data: whether a generator draws what it was asked for.

It is to judge what a picture shows and not how well it is drawn, so it learns from pictures that are moved, mirrored, blurred,
noisy, and changed in brightness and colour a little, as generated ones may be. What looks like none of the labels is taken for
one of them all the same; the distances in `generation_quality` are there for that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from torch import Tensor, nn

from trainers.metrics.pairs import check_pictures
from trainers.seeds import seeded

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]

SIDE = 32
"""Pixels each way that pictures are seen at: larger ones are reduced by averaging."""
SMALLEST = 16
WIDTHS = (24, 48, 96)
PLACES = 4
"""The head sees so many places each way, and so where in the picture something lies."""
STEPS = 600
BATCH = 64
RATE = 3e-3
KEPT_ASIDE = 10
"""Every so many-th picture of a label, in an order drawn at random, is not learned from: the accuracy is measured on them."""
AT_ONCE = 256

# How far a picture is changed before it is learned from; of colours and noise the deviation, of the whole range.
MOVED = 3  # pixels
BRIGHTNESS, TINT, NOISE = 0.04, 0.015, 0.03
BLURRED = 0.3  # how often
# What a draw is for.
WEIGHTS, SPLIT, BATCHES = range(3)


@dataclass(frozen=True)
class Classifier:
    """A trained `network` and how often it is right.

    `accuracy`, 0 to 1, is that on real pictures that it did not learn from, drawn at random; `by_label` is the same for each
    label. Where the data holds near-copies of a picture, they lie on both sides: it then tells of pictures like those learned
    from, which samples mean to be, and not of kinds never seen.
    """

    network: nn.Module
    accuracy: float
    by_label: tuple[float, ...]


class SmallNetwork(nn.Module):
    """Three times a convolution, batch norm, ReLU and the largest of 2×2; then a linear layer on what 4×4 places hold."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 3
        for width in WIDTHS:
            layers += [nn.Conv2d(inputs, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            layers += [nn.MaxPool2d(2)]
            inputs = width
        self.body = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(PLACES), nn.Flatten())
        self.head = nn.Linear(inputs * PLACES**2, classes)

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits (N, classes) of pictures (N, 3, H, W) in [0, 1], of 8 pixels each way at least."""
        return self.head(self.body(pictures * 2 - 1))


def train_classifier(
    pictures: Pixels, labels: Labels, classes: int, *, seed: int = 0, steps: int = STEPS
) -> Classifier:
    """Learn to tell `classes` labels apart, in `steps` steps of 64 pictures: half a minute of one core.

    `pictures` uint8 (N, S, S, 3), 16 pixels each way at least; `labels` int64 (N,), 0 to classes − 1. Every label is drawn
    alike often, however rare. All is a function of the arguments, on one machine with one number of threads, and the state
    of torch's own random numbers stays what it was.

    Raises ValueError where shapes, labels or numbers do not fit, or a label has less than two pictures.
    """
    check_pictures(pictures, "The pictures", SMALLEST)
    if classes < 2 or steps < 1:
        raise ValueError(f"A classifier needs two labels and one step at least, not {classes} and {steps}.")
    _check_labels(labels, len(pictures), classes)
    small = reduced(pictures, SIDE)
    learned, aside = _split(labels, classes, np.random.RandomState([seed, SPLIT]))
    network = _new_network(classes, seed)
    optimiser = torch.optim.AdamW(network.parameters(), RATE, weight_decay=0.01)
    network.train()
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / 20) * (1 - step / steps)
        random = np.random.RandomState([seed, BATCHES, step])
        wanted = random.randint(classes, size=BATCH)
        chosen = [learned[label][random.randint(len(learned[label]))] for label in wanted]
        loss = F.cross_entropy(network(_changed(small[chosen], random)), torch.from_numpy(wanted), label_smoothing=0.05)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
    network.eval().requires_grad_(False)
    right = _predict(network, small[aside]) == labels[aside]
    return Classifier(network, float(right.mean()), _by_label(right, labels[aside], classes))


def predict(classifier: Classifier, pictures: Pixels) -> Labels:
    """The label, int64 (N,), that each of `pictures`, uint8 (N, S, S, 3), is taken for. Raises ValueError for other shapes."""
    check_pictures(pictures, "The pictures", SMALLEST)
    return _predict(classifier.network, reduced(pictures, SIDE))


def obeyed(classifier: Classifier, samples: Pixels, labels: Labels) -> float:
    """The part, 0 to 1, of `samples` that are taken for the label they were drawn with; higher is better.

    `samples` uint8 (N, S, S, 3), `labels` int64 (N,). To be read beside the classifier's own accuracy. Raises ValueError where
    they do not fit.
    """
    taken_for = predict(classifier, samples)
    _check_labels(labels, len(samples), len(classifier.by_label))
    return float((taken_for == labels).mean())


def obeyed_by_label(classifier: Classifier, samples: Pixels, labels: Labels) -> tuple[float, ...]:
    """`obeyed` for the samples of each label by itself; NaN for one that was not asked for."""
    taken_for, classes = predict(classifier, samples), len(classifier.by_label)
    _check_labels(labels, len(samples), classes)
    return _by_label(taken_for == labels, labels, classes)


def reduced(pictures: Pixels, side: int) -> Pixels:
    """`pictures` uint8 (N, H, W, 3) reduced by averaging to `side` pixels each way, or as they are where they are no larger."""
    if min(pictures.shape[1:3]) <= side:
        return pictures
    found = []
    for start in range(0, len(pictures), AT_ONCE):
        piece = torch.from_numpy(np.ascontiguousarray(pictures[start : start + AT_ONCE].transpose(0, 3, 1, 2)))
        averaged = F.adaptive_avg_pool2d(piece.float(), side).round_().to(torch.uint8)
        found.append(averaged.permute(0, 2, 3, 1).numpy())
    return np.concatenate(found)


def _check_labels(labels: Labels, pictures: int, classes: int) -> None:
    if labels.shape != (pictures,) or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(
            f"There must be a label for each of the {pictures} pictures, not {labels.dtype} {labels.shape}."
        )
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"Labels must lie between 0 and {classes - 1}, not {labels.min()} and {labels.max()}.")


def _split(
    labels: Labels, classes: int, random: np.random.RandomState
) -> tuple[list[NDArray[np.int64]], NDArray[np.int64]]:
    """The places of the pictures of each label that are learned from, and of all those kept aside: one of each at least."""
    learned: list[NDArray[np.int64]] = []
    aside: list[NDArray[np.int64]] = []
    for label in range(classes):
        mine = random.permutation(np.flatnonzero(labels == label))
        if len(mine) < 2:
            raise ValueError(f"Label {label} has {len(mine)} pictures; two are the fewest, to learn from and to check.")
        count = max(1, len(mine) // KEPT_ASIDE)
        aside.append(mine[:count])
        learned.append(mine[count:])
    return learned, np.concatenate(aside)


def _new_network(classes: int, seed: int) -> SmallNetwork:
    with torch.random.fork_rng(devices=[]):  # a layer draws its first weights when it is made, and here for nothing
        network = SmallNetwork(classes)
    draws = seeded(seed, WEIGHTS)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=draws)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    nn.init.normal_(network.head.weight, std=0.01, generator=draws)
    return network


def _changed(pictures: Pixels, random: np.random.RandomState) -> Tensor:
    """`pictures` (N, H, W, 3) as they are learned from, each changed in its own way: float32 (N, 3, H, W) about [0, 1]."""
    count, height, width, _ = pictures.shape
    wide = np.pad(pictures, ((0, 0), (MOVED, MOVED), (MOVED, MOVED), (0, 0)), mode="edge")
    top, left = random.randint(2 * MOVED + 1, size=(2, count))
    moved = sliding_window_view(wide, (height, width), axis=(1, 2))[np.arange(count), top, left]  # (N, 3, H, W)
    mirrored = random.random_sample(count) < 0.5
    moved[mirrored] = moved[mirrored, :, :, ::-1]
    x = torch.from_numpy(moved).float() / 255
    blurred = torch.from_numpy(random.random_sample(count) < BLURRED)
    x[blurred] = F.avg_pool2d(x[blurred], 3, stride=1, padding=1, count_include_pad=False)
    shift = random.standard_normal((count, 1)) * BRIGHTNESS + random.standard_normal((count, 3)) * TINT
    noise = random.standard_normal(x.shape) * random.random_sample((count, 1, 1, 1)) * NOISE
    return x + torch.from_numpy(shift[:, :, None, None] + noise).float()


def _predict(network: nn.Module, small: Pixels) -> Labels:
    found = []
    with torch.inference_mode():
        for start in range(0, len(small), AT_ONCE):
            piece = np.ascontiguousarray(small[start : start + AT_ONCE].transpose(0, 3, 1, 2))
            found.append(network(torch.from_numpy(piece).float() / 255).argmax(1).numpy())
    return np.concatenate(found)


def _by_label(right: NDArray[np.bool_], labels: Labels, classes: int) -> tuple[float, ...]:
    masks = (labels == label for label in range(classes))
    return tuple(float(right[mask].mean()) if mask.any() else float("nan") for mask in masks)
