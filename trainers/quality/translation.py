"""How well pictures were translated into another domain: near its real pictures, with shapes in place.

Two figures that pull against each other. The sliced Wasserstein distance of translated pictures to real ones of the other
domain ÷ that of the untranslated falls as they come nearer, and says nothing of whether they still show the same place; the
correlation of edges with the source falls as shapes move, and is best where nothing was done. Beside them stands what a
mere tone curve reaches: a translation that does no better has only dimmed the picture.

The distance is given both ways. "each" standardises every set by its own mean and deviation, as published, and so cannot
see brightness; "reference" standardises all by the real pictures', and sees it. All is measured on reduced pictures.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from trainers.metrics.bootstrap import Interval
from trainers.metrics.crops import random_crops
from trainers.metrics.darkening import darken_to, luminance_quantiles
from trainers.metrics.pairs import check_pictures, edge_correlation, luma
from trainers.metrics.sliced_wasserstein import Standard, sliced_wasserstein, sliced_wasserstein_ratio

Pixels = NDArray[np.uint8]

CROP = 128
"""Pixels on each side of a crop."""
SHORTER_SIDE = 200
"""Pixels that the shorter side of a larger picture is reduced to; many of the pictures there are have no more."""
DARK = 12.0
"""Median luminance, of 255, at or below which a night is too black to say what its day would be."""
STANDARDS: tuple[Standard, Standard] = ("each", "reference")

QUICK_CROPS, QUICK_PATCHES, QUICK_DIRECTIONS = 2, 64, 64
"""Of each picture, of each crop, and at each level, in `QuickJudge`."""


class Luminance(NamedTuple):
    """The luminance of a domain, 0 to 255: what `judge_translation` matches by a tone curve."""

    mean: float
    quantiles: NDArray[np.float64]


class Distance(NamedTuple):
    """A sliced Wasserstein distance times 1000, and its ratio to that of the untranslated pictures."""

    value: float
    ratio: Interval


@dataclass(frozen=True)
class Judgement:
    """How near one set of pictures is to the targets by either standard, and the mean correlation of edges with the sources.

    `edges` is None for pictures that were not made from the sources.
    """

    each: Distance
    reference: Distance
    edges: float | None


@dataclass(frozen=True)
class TranslationQuality:
    """The sources as they are, with the targets' mean luminance, with its whole distribution, and translated.

    `others` are real pictures of other places: what a perfect translation could hope for. None where it was not asked for.
    """

    untranslated: Judgement
    same_mean: Judgement | None
    same_quantiles: Judgement | None
    translated: Judgement
    others: Judgement | None


def judge_translation(
    sources: Sequence[Pixels],
    targets: Sequence[Pixels],
    translated: Sequence[Pixels],
    *,
    luminance: Luminance | None = None,
    others: Sequence[Pixels] | None = None,
    source_groups: Sequence[int] | None = None,
    target_groups: Sequence[int] | None = None,
    other_groups: Sequence[int] | None = None,
    size: int = CROP,
    shorter_side: int = SHORTER_SIDE,
    crops: int = 8,
    resamples: int = 200,
    seed: int = 0,
) -> TranslationQuality:
    """What `translated` pictures reach, beside the untranslated and those that only took on `luminance`.

    All uint8 RGB (H, W, 3), of any sizes from `size` on; translated picture i was made from source i and has its size.
    `targets` are real pictures of the other domain, and `luminance` that of others of it, from training: had it been
    measured on the targets, the tone curve would know what it is to be compared with. `others`: real pictures from
    training too, as many as there are sources, since a distance is larger where pictures are fewer.

    Intervals are of a bootstrap over crops, in which those of one picture stay together, or those of all pictures that have
    one number in the groups (`camera_groups`). A source and what was made from it are drawn together, sets otherwise apart.

    Raises ValueError where pictures or groups do not fit, an interval would have one group only, or the sources are
    themselves the targets.
    """
    _check_pairs(sources, translated)
    if others is not None and len(others) != len(sources):
        raise ValueError(f"There must be as many others as sources, not {len(others)} and {len(sources)}.")
    sources, translated = _reduced(sources, shorter_side), _reduced(translated, shorter_side)
    plain, from_which = random_crops(sources, size, crops, seed)
    real, whose = random_crops(_reduced(targets, shorter_side), size, crops, seed + 1)
    groups = _crop_groups(source_groups, from_which, "sources")
    reference_groups = _crop_groups(target_groups, whose, "targets")
    untranslated = {s: sliced_wasserstein(plain, real, seed=seed, standard=s).mean for s in STANDARDS}

    def distances(pictures: Sequence[Pixels], of_others: list[int] | None = None) -> tuple[Distance, Distance]:
        cut, _ = random_crops(pictures, size, crops, seed)
        each, reference = (
            sliced_wasserstein_ratio(
                cut,
                plain,
                real,
                groups=groups if of_others is None else of_others,
                baseline_groups=groups,
                reference_groups=reference_groups,
                paired=of_others is None,
                resamples=resamples,
                seed=seed,
                standard=standard,
            )
            for standard in STANDARDS
        )
        return (
            Distance(each.value * untranslated["each"], each),
            Distance(reference.value * untranslated["reference"], reference),
        )

    def judge(pictures: Sequence[Pixels]) -> Judgement:
        return Judgement(*distances(pictures), mean_edge_correlation(sources, pictures))

    def judge_others(pictures: Sequence[Pixels]) -> Judgement:
        return Judgement(
            *distances(_reduced(pictures, shorter_side), _crop_groups(other_groups, from_which, "others")), None
        )

    one = Interval(1.0, 1.0, 1.0)
    return TranslationQuality(
        untranslated=Judgement(
            Distance(untranslated["each"], one),
            Distance(untranslated["reference"], one),
            mean_edge_correlation(sources, sources),
        ),
        same_mean=judge(darken_to(sources, luminance.mean)) if luminance else None,
        same_quantiles=judge(darken_to(sources, luminance.quantiles)) if luminance else None,
        translated=judge(translated),
        others=judge_others(others) if others is not None else None,
    )


class QuickJudge:
    """The same figures without intervals, on few crops, patches and directions: for validation while a network learns.

    Sources and targets stay the same throughout a run, so that what follows from them is computed once. The values are
    comparable with one another, not with those of `judge_translation`.
    """

    def __init__(
        self,
        sources: Sequence[Pixels],
        targets: Sequence[Pixels],
        *,
        size: int = CROP,
        shorter_side: int = SHORTER_SIDE,
        seed: int = 0,
    ) -> None:
        """Pictures as `judge_translation` takes them. Raises ValueError where one does not fit."""
        self.size, self.seed = size, seed
        self.sources = _reduced(sources, shorter_side)
        """The sources as they are to be translated: reduced."""
        self._real, _ = random_crops(_reduced(targets, shorter_side), size, QUICK_CROPS, seed + 1)
        self._baselines = {standard: self._distance(self.sources, standard) for standard in STANDARDS}

    def judge(self, translated: Sequence[Pixels]) -> dict[str, float]:
        """The distances ("SWD each", "SWD reference"), their ratios to those of the untranslated ("… ratio"), "edges".

        `translated`: for each of `sources` a picture of its size. A ratio is NaN where the sources are at no distance.
        Raises ValueError where pictures do not fit.
        """
        _check_pairs(self.sources, translated)
        values: dict[str, float] = {}
        for standard in STANDARDS:
            distance, baseline = self._distance(translated, standard), self._baselines[standard]
            values[f"SWD {standard}"] = distance
            values[f"SWD {standard} ratio"] = distance / baseline if baseline else float("nan")
        return values | {"edges": mean_edge_correlation(self.sources, translated)}

    def _distance(self, pictures: Sequence[Pixels], standard: Standard) -> float:
        cut, _ = random_crops(pictures, self.size, QUICK_CROPS, self.seed)
        return sliced_wasserstein(
            cut,
            self._real,
            seed=self.seed,
            standard=standard,
            patches=QUICK_PATCHES,
            directions=QUICK_DIRECTIONS,
        ).mean


def mean_edge_correlation(sources: Sequence[Pixels], pictures: Sequence[Pixels]) -> float:
    """The mean over all pairs of `metrics.edge_correlation`. Raises ValueError where they are not pairs of one size."""
    _check_pairs(sources, pictures)
    return float(np.mean([edge_correlation(a, b) for a, b in zip(sources, pictures, strict=True)]))


def measure_luminance(pictures: Sequence[Pixels]) -> Luminance:
    """The mean and the distribution of the luminance of `pictures` together, each weighing the same.

    Raises ValueError where there are none.
    """
    quantiles = luminance_quantiles(pictures)
    return Luminance(float(np.mean([_luminance(picture).mean() for picture in pictures])), quantiles)


def median_luminance(picture: Pixels) -> float:
    """The median of the luminance, 0 to 255, of one picture: Y' of BT.601 in full range, of the display values.

    Raises ValueError where it is not uint8 RGB (H, W, 3).
    """
    check_pictures(picture[None], "The picture")
    return round(float(np.median(_luminance(picture))), 6)  # a grey of level 12 is 12, and not a rounding above


def bright_enough(pictures: Sequence[Pixels], dark: float = DARK) -> list[int]:
    """The places of those `pictures` whose median luminance is above `dark`: the nights that are judged as days."""
    return [index for index, picture in enumerate(pictures) if median_luminance(picture) > dark]


def camera_groups(names: Sequence[str], alone: Collection[str] = ("campus",)) -> list[int]:
    """A number for each file name, the same for those of one camera: what stands before the first "_".

    All frames of a fixed camera show nearly the same picture, and count as one when the set is resampled. A name without
    "_" is alone, as are those whose prefix is in `alone`: a collection of different places rather than one camera.
    """
    numbers: dict[str, int] = {}
    groups: list[int] = []
    for index, name in enumerate(names):
        camera, underscore, _ = name.partition("_")
        key = f"camera {camera}" if underscore and camera not in alone else f"picture {index}"
        groups.append(numbers.setdefault(key, len(numbers)))
    return groups


def reduce_picture(picture: Pixels, shorter_side: int = SHORTER_SIDE) -> Pixels:
    """`picture` (H, W, 3) reduced until its shorter side has that many pixels; a smaller one as it is."""
    height, width = picture.shape[:2]
    if min(height, width) <= shorter_side:
        return picture
    part = shorter_side / min(height, width)
    size = (round(width * part), round(height * part))
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))


def _reduced(pictures: Sequence[Pixels], shorter_side: int) -> list[Pixels]:
    return [reduce_picture(picture, shorter_side) for picture in pictures]


def _luminance(picture: Pixels) -> NDArray[np.float64]:
    return (luma(picture) - 16) * (255 / 219)  # from studio range


def _crop_groups(groups: Sequence[int] | None, whose: NDArray[np.int64], name: str) -> list[int]:
    """The group of each crop, from those of the pictures, which without groups are each their own."""
    pictures = int(whose[-1]) + 1
    numbers = np.arange(pictures) if groups is None else np.asarray(groups, np.int64)
    if numbers.shape != (pictures,):
        raise ValueError(f"There must be a group for each of the {pictures} {name}, not {numbers.shape}.")
    if len(np.unique(numbers)) < 2:
        raise ValueError(f"An interval needs two groups of {name} at least: from one, every resample is the same.")
    return numbers[whose].tolist()


def _check_pairs(sources: Sequence[Pixels], pictures: Sequence[Pixels]) -> None:
    if not len(sources) or len(sources) != len(pictures):
        raise ValueError(f"Each source needs its picture: there are {len(sources)} and {len(pictures)}.")
    for index, (source, picture) in enumerate(zip(sources, pictures, strict=True)):
        if source.shape != picture.shape:
            raise ValueError(f"Picture {index} has not the size of its source: {picture.shape}, not {source.shape}.")
