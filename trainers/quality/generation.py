"""How well a generator draws: near new pictures of the data, as varied as they are, and not remembered.

No figure alone will do. A generator that gives back training pictures is near the data and varied; only their distance
from the nearest training picture tells. One that draws a single good picture has precision; diversity and recall tell.
One that mixes up its labels fails in nothing of all this: that is for `small_classifier`.

Every figure stands beside that of the data itself, measured on as many pictures, since most depend on their number.

Where the held-out pictures are of other kinds than those learned from (whole varieties of a fruit), even the data lies far
from them: the sliced Wasserstein distance then hardly sees a collapse or a missing label, and precision is low for all.
Recall, diversity, and the spread within a label still tell.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from trainers.data.generation import Pictures
from trainers.metrics.bootstrap import Interval, draw_counts, percentile_interval
from trainers.metrics.distances import frechet_distance, kernel_distance, precision_recall
from trainers.metrics.neighbours import GRID, nearest_neighbours, neighbour_sheet
from trainers.metrics.pairs import check_pictures, ms_ssim_diversity
from trainers.metrics.random_features import random_features
from trainers.metrics.sliced_wasserstein import SMALLEST, sliced_wasserstein, sliced_wasserstein_ratio
from trainers.metrics.small_classifier import Classifier, obeyed, reduced
from trainers.metrics.spread import spread

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]

MOST = 1000
"""Pictures of each set that are compared at most."""
DIRECTIONS = 128
"""At each level. Of the published 512 the first 128 say the same to a few parts in a hundred, in a quarter of the time."""
BASELINES = 4
"""Draws of training pictures whose distances are averaged: one alone may lie by chance twice as far as another."""
FEWEST = 4
"""Pictures of each set: precision and recall take the third nearest other one."""
PAIRS = 1000
"""Pairs whose MS-SSIM is averaged."""

QUICK_PATCHES, QUICK_DIRECTIONS, QUICK_PAIRS = 32, 128, 250
"""Of each picture at each level, at each level, and in all, in `QuickJudge`."""
QUICK_NEAREST = 64
"""Samples whose nearest training picture `QuickJudge` looks for."""
FEWEST_OF_LABEL = 4
"""Samples of one label from which a spread can be told."""
SPREAD_OVER = 64
"""Training pictures of a label whose spread is the data's."""
# What a draw is for.
FROM_SAMPLES, FROM_HELD_OUT, FROM_TRAINING = range(3)


@dataclass(frozen=True)
class Figures:
    """What was measured of one set of pictures, against pictures of the data that were held out."""

    swd: float
    """Sliced Wasserstein distance from the held-out pictures, times 1000 (`sliced_wasserstein`): lower is nearer. Each set
    is standardised by itself, as published, so that a set that is evenly darker or paler is no further away."""
    frechet: float
    """Fréchet distance on random features (`distances`), not comparable with FID: lower is nearer. It sees brightness."""
    kernel: float
    """Kernel distance on random features, not comparable with KID: lower is nearer, about 0 where nothing tells the sets
    apart."""
    precision: float
    """Part, 0 to 1, of the set that looks like held-out pictures: higher is better. Blurred pictures lower it."""
    recall: float
    """Part, 0 to 1, of the held-out pictures that the set covers: higher is better. Missing kinds lower it."""
    ms_ssim: float
    """Mean MS-SSIM of pairs within the set, near 1 where all are alike: best where it is what the data's is."""
    nearest: float
    """Median distance, in levels of 255, from the nearest training picture (`neighbours`): 0 for copies."""


@dataclass(frozen=True)
class Quality:
    """The figures of samples beside those of the data, all on `count` pictures, and what the two come to."""

    count: int
    """Pictures in each set."""
    samples: Figures
    data: Figures
    """Of as many training pictures, `swd` the mean of four draws; but `nearest` is that of the held-out pictures, since
    training pictures are their own nearest."""
    swd_ratio: Interval
    """The samples' sliced Wasserstein distance ÷ that of the training pictures: 1 is as near as the data is to itself, and
    higher is worse. With a 95 % bootstrap interval."""
    nearest_ratio: Interval
    """Median nearest training distance of samples ÷ that of held-out pictures: near 1 the samples are as new as new
    pictures; below, they are nearer to remembered ones, 0 for copies; above, unlike the data. With a 95 % bootstrap
    interval."""


@dataclass(frozen=True)
class Labelled:
    """Pictures uint8 RGB (N, S, S, 3), the label of each, int64 (N,), and numbers that near-copies of each other share.

    Samples have the labels that they were drawn with. Without labels, and without groups, each is None.
    """

    pictures: Pixels
    labels: Labels | None = None
    groups: NDArray[np.int64] | None = None


def judge_generation(
    samples: Labelled,
    training: Labelled,
    held_out: Labelled,
    *,
    mirrored: bool = False,
    most: int = MOST,
    resamples: int = 200,
    seed: int = 0,
) -> Quality:
    """What `samples` reach, beside as many training pictures, against as many that were held out.

    All of one size, 16 pixels at least, and four of each set at least. Of each as many are drawn, by `seed`, as the smallest
    set has, and not more than `most`. Where they have labels, each set is drawn to have them as often as the held-out
    pictures do: otherwise their chance proportions would tell more than the pictures (samples are best drawn with
    `shared_labels` of the held-out ones). Nearest neighbours are looked for among all of `training`, and where the generator
    learned from `mirrored` copies, among those.

    Held-out pictures of one group (frames of one fruit that turns) are resampled together; the intervals would otherwise be
    too narrow. Within each set, resamples keep the labels' proportions.

    Raises ValueError where shapes or numbers do not fit.
    """
    _check(samples, training, held_out)
    count = min(len(samples.pictures), len(training.pictures), len(held_out.pictures), most)
    if count < FEWEST:
        raise ValueError(f"A set of {count} pictures cannot be judged; {FEWEST} are the fewest.")
    wanted = shared_labels(_labels(held_out), count)
    kept = _matched(_labels(held_out), wanted, seed, FROM_HELD_OUT)
    reference = held_out.pictures[kept]
    blocks = _blocks(wanted)
    groups = blocks if held_out.groups is None else held_out.groups[kept]
    drawn = samples.pictures[_matched(_labels(samples), wanted, seed, FROM_SAMPLES)]
    draws = [
        training.pictures[_matched(_labels(training), wanted, seed, FROM_TRAINING + draw)] for draw in range(BASELINES)
    ]

    usual = [sliced_wasserstein(draw, reference, seed=seed, directions=DIRECTIONS).mean for draw in draws]
    against_one = sliced_wasserstein_ratio(
        drawn,
        draws[0],
        reference,
        groups=blocks.tolist(),
        baseline_groups=blocks.tolist(),
        reference_groups=groups.tolist(),
        resamples=resamples,
        seed=seed,
        directions=DIRECTIONS,
    )
    factor = usual[0] / float(np.mean(usual))
    features = random_features(reference, seed)
    known = _with_mirrored(training.pictures) if mirrored else training.pictures
    near = nearest_neighbours(drawn, known).distances[:, 0]
    near_held_out = nearest_neighbours(reference, known).distances[:, 0]

    def figures(pictures: Pixels, swd: float, nearest: float) -> Figures:
        mine = random_features(pictures, seed)
        precision, recall = precision_recall(mine, features)
        return Figures(
            swd=swd,
            frechet=frechet_distance(mine, features),
            kernel=kernel_distance(mine, features),
            precision=precision,
            recall=recall,
            ms_ssim=ms_ssim_diversity(pictures, PAIRS, seed),
            nearest=nearest,
        )

    return Quality(
        count=count,
        samples=figures(drawn, against_one.value * usual[0], float(np.median(near))),
        data=figures(draws[0], float(np.mean(usual)), float(np.median(near_held_out))),
        swd_ratio=Interval(*(factor * value for value in against_one)),
        nearest_ratio=_ratio_of_medians(near, near_held_out, groups, resamples, seed),
    )


class QuickJudge:
    """The figures that tell a good generator from a bad one while it learns: 2 to 3 s of a core for 256 samples of 64 pixels.

    What follows from the data alone is computed once. The values are comparable with one another, not with those of
    `judge_generation`, which takes more pictures, patches and directions.
    """

    def __init__(
        self, pictures: Pictures, *, count: int = 256, classifier: Classifier | None = None, seed: int = 0
    ) -> None:
        """Judge against the held-out ones of `pictures`; `classifier` is of their labels, where obedience is to be told."""
        self.count = min(count, len(pictures.held_out), len(pictures.training))
        """How many samples are to be drawn: 0 where the pictures are too few or too small to be compared."""
        if self.count < FEWEST or pictures.size < SMALLEST:
            self.count = 0
        self.labels = shared_labels(pictures.held_out_labels, self.count)
        """The label of each sample to be drawn, int64 (count,): each as often as among the held-out pictures, mixed."""
        self._names = pictures.names
        self._classifier = classifier
        self._seed = seed
        self.of_data: dict[str, float] = {}
        """Figures of as many training pictures, "SWD", "MS-SSIM", "kernel" and "recall", and "nearest", the median distance of
        held-out pictures from the nearest training picture, in levels of 255. Empty where `count` is 0."""
        if not self.count:
            return
        known = reduced(pictures.training, GRID)
        self._known = _with_mirrored(known) if pictures.flip else known
        self._reference = pictures.held_out[_matched(pictures.held_out_labels, self.labels, seed, FROM_HELD_OUT)]
        draws = [
            pictures.training[_matched(pictures.labels, self.labels, seed, FROM_TRAINING + draw)]
            for draw in range(BASELINES)
        ]
        self._spreads = {
            label: _spread(pictures.training[pictures.labels == label][:: _stride(pictures.labels, label)])
            for label in np.unique(self.labels).tolist()
        }
        self._features = random_features(self._reference, seed)
        self.of_data = {
            "SWD": float(np.mean([self._swd(draw) for draw in draws])),
            "MS-SSIM": float(np.mean([ms_ssim_diversity(draw, QUICK_PAIRS, seed) for draw in draws])),
            "nearest": self._nearest(self._reference),
        } | self._on_features(draws[0])

    def judge(self, samples: Pixels) -> dict[str, float]:
        """What `samples`, uint8 (count, S, S, 3), drawn with `labels`, come to; the first is the one to choose the best by.

        - "SWD": sliced Wasserstein distance from held-out pictures, times 1000. Lower is better.
        - "SWD ratio": that ÷ the distance of as many training pictures. 1 is as near as the data itself; lower is better.
        - "nearest ratio": median distance of samples from the nearest training picture, or its mirrored copy where those are
          learned from, ÷ that of held-out pictures. Near 1 is best; towards 0 the training pictures are learned by heart.
        - "MS-SSIM": mean over pairs of samples. Best where it is near the data's, `of_data["MS-SSIM"]`; towards 1 all
          samples are alike.
        - "kernel": kernel distance on random features, about 0 where nothing tells the sets apart. Lower is better; it sees
          brightness and colour, which "SWD" does not.
        - "recall": the part of the held-out pictures that the samples cover. Higher is better, as far as the data's.
        - "spread": how different samples of one label are from one another ÷ how different training pictures of that label
          are, the least of all labels, and "spread NAME" for each. Best near 1; towards 0 the label has collapsed; well
          above 1 it is mixed up with others, or noisy.
        - "labels obeyed", with a classifier: the part of the samples that it takes for what was asked. Higher is better.

        A label that is asked for less than four times has no spread, and what cannot be told is left out: ratios where the
        data is at no distance, or all alike. Empty where `count` is 0. Raises ValueError where the samples do not fit.
        """
        if not self.count:
            return {}
        if samples.shape != self._reference.shape:
            raise ValueError(f"There must be samples of the shape {self._reference.shape}, not {samples.shape}.")
        swd = self._swd(samples)
        values = {
            "SWD": swd,
            "SWD ratio": _ratio(swd, self.of_data["SWD"]),
            "nearest ratio": _ratio(self._nearest(samples), self.of_data["nearest"]),
            "MS-SSIM": ms_ssim_diversity(samples, QUICK_PAIRS, self._seed),
        }
        values |= self._on_features(samples)
        spreads: dict[str, float] = {}
        for label, usual in self._spreads.items():
            mine = samples[self.labels == label]
            if len(mine) >= FEWEST_OF_LABEL:
                name = f"spread {self._names[label]}" if self._names else "spread"
                spreads[name] = _ratio(_spread(mine), usual)
        if spreads:
            values["spread"] = float(np.nanmin([*spreads.values(), np.inf]))
        values |= spreads
        if self._classifier is not None:
            values["labels obeyed"] = obeyed(self._classifier, samples, self.labels)
        return {name: value for name, value in values.items() if np.isfinite(value)}

    def _on_features(self, pictures: Pixels) -> dict[str, float]:
        features = random_features(pictures, self._seed)
        return {
            "kernel": kernel_distance(features, self._features),
            "recall": precision_recall(features, self._features).recall,
        }

    def _nearest(self, pictures: Pixels) -> float:
        return float(np.median(nearest_neighbours(reduced(pictures[:QUICK_NEAREST], GRID), self._known).distances))

    def _swd(self, pictures: Pixels) -> float:
        return sliced_wasserstein(
            pictures, self._reference, seed=self._seed, patches=QUICK_PATCHES, directions=QUICK_DIRECTIONS
        ).mean


def shared_labels(labels: Labels, count: int) -> Labels:
    """`count` labels, int64, each as often as its share among `labels` asks, evenly mixed.

    The largest remainders are rounded up, so that each is within one of its share.
    """
    if not len(labels) or count < 1:
        return np.zeros(0, np.int64)
    names, found = np.unique(labels, return_counts=True)
    exact = found * count / len(labels)
    often = np.floor(exact).astype(np.int64)
    often[np.argsort(often - exact, kind="stable")[: count - often.sum()]] += 1
    # Each label's turns lie evenly between 0 and 1; in their order the labels mix.
    turns = np.concatenate([(np.arange(n) + 0.5) / max(n, 1) for n in often])
    return np.repeat(names, often)[np.argsort(turns, kind="stable")].astype(np.int64)


def memory_sheet(
    samples: Pixels, training: Pixels, *, mirrored: bool = False, rows: int = 12, neighbours: int = 6
) -> Pixels:
    """A sheet of `rows` samples, each beside its nearest training pictures, nearest first: to see what was remembered.

    The samples are taken evenly from the nearest to a training picture to the furthest, in that order. Raises ValueError
    where shapes do not fit.
    """
    known = _with_mirrored(training) if mirrored else training
    found = nearest_neighbours(samples, known, min(neighbours, len(known)))
    order = np.argsort(found.distances[:, 0], kind="stable")
    shown = order[np.linspace(0, len(order) - 1, min(rows, len(order))).round().astype(int)]
    return neighbour_sheet(samples[shown], known, found.indices[shown])


def _with_mirrored(pictures: Pixels) -> Pixels:
    return np.concatenate([pictures, pictures[:, :, ::-1]])


def _check(samples: Labelled, training: Labelled, held_out: Labelled) -> None:
    sets = {"The samples": samples, "The training pictures": training, "The held-out pictures": held_out}
    for name, mine in sets.items():
        check_pictures(mine.pictures, name, SMALLEST)
        if mine.pictures.shape[1:] != held_out.pictures.shape[1:]:
            sizes = [pictures.shape[1:3] for pictures in (mine.pictures, held_out.pictures)]
            raise ValueError(f"All pictures must be of one size, not {sizes[0]} and {sizes[1]}.")
        for what, numbers in (("label", mine.labels), ("group", mine.groups)):
            if numbers is not None and numbers.shape != (len(mine.pictures),):
                raise ValueError(f"{name} need a {what} each: {len(mine.pictures)}, not {numbers.shape}.")
    if len({mine.labels is None for mine in sets.values()}) > 1:
        raise ValueError("Either all sets have labels, or none has.")


def _labels(mine: Labelled) -> Labels:
    return np.zeros(len(mine.pictures), np.int64) if mine.labels is None else mine.labels


def _matched(labels: Labels, wanted: Labels, seed: int, draw: int) -> NDArray[np.int64]:
    """Places in `labels` that hold the `wanted` ones, drawn by (seed, draw); repeated only where there are too few."""
    random = np.random.RandomState([seed, draw])
    places = np.empty(len(wanted), np.int64)
    for label in np.unique(wanted):
        mine = random.permutation(np.flatnonzero(labels == label))
        if not len(mine):
            raise ValueError(f"There are held-out pictures of label {label}, but no others to compare them with.")
        places[wanted == label] = np.resize(mine, int((wanted == label).sum()))
    return places


def _blocks(labels: Labels) -> NDArray[np.int64]:
    """A number for each picture, such that those of one number have the labels in about the proportions of the whole.

    Resampled by them, a set keeps its proportions. Unrelated pictures may be drawn together: it only makes the draws fewer.
    """
    names, found = np.unique(labels, return_counts=True)
    blocks = np.empty(len(labels), np.int64)
    for label, count in zip(names, found, strict=True):
        blocks[labels == label] = np.arange(count) * max(2, found.min()) // count
    return blocks


def _ratio(value: float, usual: float) -> float:
    return value / usual if usual else float("nan")


def _spread(pictures: Pixels) -> float:
    return spread(torch.from_numpy(np.ascontiguousarray(pictures)))


def _stride(labels: Labels, label: int) -> int:
    return max(1, int((labels == label).sum()) // SPREAD_OVER)


def _ratio_of_medians(
    near: NDArray[np.float64], usual: NDArray[np.float64], groups: NDArray[np.int64], resamples: int, seed: int
) -> Interval:
    """median(near) ÷ median(usual) as `memorisation_ratio` has it, with a bootstrap interval."""

    def ratio(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
        apart, away = float(np.median(a)), float(np.median(b))
        return apart / away if away else 1.0 if apart == 0 else float("inf")

    value = ratio(near, usual)
    mine = draw_counts(len(near), None, resamples, (seed, 3)).astype(np.int64)
    theirs = draw_counts(len(usual), groups.tolist(), resamples, (seed, 4)).astype(np.int64)
    drawn = np.array([ratio(np.repeat(near, a), np.repeat(usual, b)) for a, b in zip(mine, theirs, strict=True)])
    if not np.isfinite([value, *drawn]).all():
        return Interval(value, float(drawn.min()), float(drawn.max()))
    return percentile_interval(value, drawn)
