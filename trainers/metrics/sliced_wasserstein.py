"""Sliced Wasserstein distance between two sets of pictures, on patches of their Laplacian pyramids.

After Karras et al. (Progressive Growing of GANs, ICLR 2018, section 5): at each level of the pyramid, 128 patches of 7×7×3
from every picture, standardised channel by channel, projected on 512 random directions; the distance is the mean, over the
directions, of the Wasserstein distance of order 1 between the two sets' projections, times 1000. Lower is nearer; 0 only for
the same patches. It is larger where pictures are fewer, so compare only figures that were measured on equally many.

What is the same as in their code: levels from the pictures' own size down to 16 pixels, as many as there are; a blur of 5×5 by
binomial weights, mirrored at the borders without the outermost row twice; a coarser level is enlarged with zeros between its
pixels and the same blur times 4; the last level is the reduced picture; patches lie anywhere, 128 of a picture at each level;
their 4 × 128 directions are our 512.

What differs from their code: a level may have odd sides, and a half is rounded up; the shorter side says how many levels there
are; sets may differ in number; all draws follow from a seed; a channel without deviation is left as it is, instead of divided
by 0; `standard="reference"` is ours alone. They compare 16,384 pictures with training pictures; fewer give higher figures.

What differs from MMagic's `SlicedWassersteinDistance`, besides: that has four levels at most, so none below 32 pixels for a
picture of 256; its blur takes what lies beyond the border as 0, the middle grey, so that borders show in every band; it
enlarges a coarser level by repeating pixels before it blurs, so its bands hold a shift of half a pixel and more of what is
coarse; and it divides by the deviation of a sample (n − 1). Its figures and ours are not to be compared.

Memory stays bounded: pictures go through the pyramid in pieces, and the projections of all patches are held for so many
directions at a time as `MEMORY` has room for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from trainers.metrics.bootstrap import Interval, draw_counts, percentile_interval
from trainers.metrics.pairs import check_pictures

Pictures = NDArray[np.uint8]
Values = NDArray[np.float32]
Standard = Literal["each", "reference"]

PATCH = 7
"""Pixels on each side of a patch."""
PATCHES = 128
"""Patches from each picture at each level."""
DIRECTIONS = 512
SMALLEST = 16
"""Pixels on the shorter side of the coarsest level."""
UNIT = 1000.0
"""What distances are multiplied by, as they are reported."""

MEMORY = 256 * 2**20
"""Bytes of projections held at a time."""
PIXELS_AT_ONCE = 2**19
RESAMPLED_DIRECTIONS = 64
"""Directions at each level whose distances are computed anew for every resample; the interval follows from them."""
BINS = 512


class LevelDistances(NamedTuple):
    """Distances times 1000: one for each level of the pyramid, finest first, and their mean."""

    sizes: tuple[tuple[int, int], ...]
    """Width and height of each level."""
    values: tuple[float, ...]
    mean: float


@dataclass(frozen=True, eq=False)
class _Level:
    """One level's patches of one set of pictures, cut anew whenever they are asked for."""

    pictures: Pictures
    level: int
    last: bool
    patches: int
    seed: int

    def __len__(self) -> int:
        return len(self.pictures) * self.patches

    def __iter__(self) -> Iterator[Values]:
        """Patches (n · patches, 3, 7, 7) of a piece of the pictures after the other."""
        _, height, width, _ = self.pictures.shape
        step = max(1, min(PIXELS_AT_ONCE // (height * width), 2**15 // self.patches))
        random = np.random.RandomState([self.seed, self.level, 0])
        for start in range(0, len(self.pictures), step):
            band = _band(self.pictures[start : start + step], self.level, self.last)
            windows = sliding_window_view(band, (PATCH, PATCH), axis=(2, 3))
            # Drawn picture by picture in their order, so that the pieces' length changes nothing.
            places = random.random_sample((len(band), self.patches, 2)) * windows.shape[2:4]
            top, left = places.astype(int).transpose(2, 0, 1)
            yield windows[np.arange(len(band))[:, None], :, top, left].reshape(-1, 3, PATCH, PATCH)


def sliced_wasserstein(
    pictures: Pictures,
    reference: Pictures,
    *,
    seed: int = 0,
    standard: Standard = "each",
    patches: int = PATCHES,
    directions: int = DIRECTIONS,
) -> LevelDistances:
    """The distance of `pictures` from `reference` at each level, from the pictures' own size to 16 pixels or just above.

    Both uint8 RGB (N, H, W, 3) of one size, 16 pixels each way at least; the sets may differ in number. Patches of a
    picture are drawn by (seed, level, its place in the set), directions by (seed, level).

    `standard` says whose mean and deviation the patches of each channel are brought to 0 and 1 by: of "each" set its own,
    as published (a set that is evenly darker or paler is then no distance away), or of the "reference" for both (then it
    is; for translations, where brightness is part of the matter).

    Raises ValueError where shapes or numbers do not fit.
    """
    sets = (reference, pictures)
    _check(sets, standard, patches, directions)
    sizes = _sizes(reference.shape[1], reference.shape[2])
    values = [
        float(np.mean([_distance(a, b) for a, b in _projections(levels, directions, seed, standard)]))
        for levels in _levels(sets, patches, seed)
    ]
    return LevelDistances(sizes, tuple(UNIT * value for value in values), UNIT * float(np.mean(values)))


def sliced_wasserstein_interval(
    pictures: Pictures,
    reference: Pictures,
    *,
    groups: Sequence[int] | None = None,
    reference_groups: Sequence[int] | None = None,
    resamples: int = 200,
    seed: int = 0,
    standard: Standard = "each",
    patches: int = PATCHES,
    directions: int = DIRECTIONS,
) -> Interval:
    """The mean of `sliced_wasserstein` over the levels, with a percentile bootstrap interval of 95 %.

    Both sets are resampled, picture by picture or, where `groups` name a number for each picture (the photograph that a
    crop is from), group by group. A set drawn with replacement repeats itself, which moves every resample away from the
    reference; the percentiles are therefore those of the resamples shifted so that their mean is the value. A resample is
    computed on 64 directions and on distributions in 512 bins; the value itself is exact.
    """
    sets = (reference, pictures)
    counts = [
        draw_counts(len(reference), reference_groups, resamples, (seed, 0)),
        draw_counts(len(pictures), groups, resamples, (seed, 1)),
    ]
    (value,), (drawn,) = _resampled(sets, counts, seed, standard, patches, directions)
    return percentile_interval(value, drawn)


def sliced_wasserstein_ratio(
    pictures: Pictures,
    baseline: Pictures,
    reference: Pictures,
    *,
    groups: Sequence[int] | None = None,
    baseline_groups: Sequence[int] | None = None,
    reference_groups: Sequence[int] | None = None,
    paired: bool = False,
    resamples: int = 200,
    seed: int = 0,
    standard: Standard = "each",
    patches: int = PATCHES,
    directions: int = DIRECTIONS,
) -> Interval:
    """The distance of `pictures` from `reference` ÷ that of `baseline`, with a bootstrap interval of the ratio.

    Both distances see the same patches' places, directions and resampled references. `paired`: picture i was made from
    baseline i (a translation and its source), so that the two are resampled together; the baseline's groups are then the
    pictures' own. Otherwise as `sliced_wasserstein_interval`.

    Raises ValueError where shapes or numbers do not fit, or the baseline lies at no distance.
    """
    sets = (reference, pictures, baseline)
    if paired and len(pictures) != len(baseline):
        raise ValueError(f"Pairs need as many pictures as baselines, not {len(pictures)} and {len(baseline)}.")
    own = draw_counts(len(pictures), groups, resamples, (seed, 1))
    other = own if paired else draw_counts(len(baseline), baseline_groups, resamples, (seed, 2))
    counts = [draw_counts(len(reference), reference_groups, resamples, (seed, 0)), own, other]
    values, drawn = _resampled(sets, counts, seed, standard, patches, directions)
    if values[1] == 0:
        raise ValueError("There is no ratio: the baseline is the reference itself, at distance 0.")
    ratios = drawn[0] / drawn[1]
    return percentile_interval(values[0] / values[1], ratios)


def _check(sets: Sequence[Pictures], standard: str, patches: int, directions: int) -> None:
    for pictures in sets:
        check_pictures(pictures, "The pictures", SMALLEST)
    if len({pictures.shape[1:] for pictures in sets}) > 1:
        sizes = " and ".join(f"{p.shape[2]}×{p.shape[1]}" for p in sets)
        raise ValueError(f"All pictures must be of one size, not {sizes}; cut crops of one size from them first.")
    if standard not in ("each", "reference"):
        raise ValueError(f"Patches are standardised by “each” set or by the “reference”, not by “{standard}”.")
    if patches < 1 or directions < 1:
        raise ValueError(f"Patches and directions must be one at least, not {patches} and {directions}.")


def _sizes(height: int, width: int) -> tuple[tuple[int, int], ...]:
    sizes = [(width, height)]
    while min(height := (height + 1) // 2, width := (width + 1) // 2) >= SMALLEST:
        sizes.append((width, height))
    return tuple(sizes)


def _levels(sets: Sequence[Pictures], patches: int, seed: int) -> Iterator[list[_Level]]:
    count = len(_sizes(*sets[0].shape[1:3]))
    for level in range(count):
        yield [_Level(pictures, level, level == count - 1, patches, seed) for pictures in sets]


def _band(pictures: Pictures, level: int, last: bool) -> Values:
    """One level (N, 3, h, w) of the Laplacian pyramid; the last is what remains, the blurred picture itself."""
    planes = pictures.transpose(0, 3, 1, 2).astype(np.float32, order="C")
    for _ in range(level):
        planes = _reduce(planes)
    return planes if last else planes - _expand(_reduce(planes), *planes.shape[2:])


def _reduce(planes: Values) -> Values:
    """Every second row and column of the blurred planes."""
    return _blur(_blur(planes)[:, :, ::2].swapaxes(2, 3))[:, :, ::2].swapaxes(2, 3)


def _expand(planes: Values, height: int, width: int) -> Values:
    """Planes (N, 3, height, width) from every second row and column of them: zeros between, blurred, times 4."""
    spread = np.zeros((*planes.shape[:2], height, width), np.float32)
    spread[:, :, ::2, ::2] = planes
    return 4 * _blur(_blur(spread).swapaxes(2, 3)).swapaxes(2, 3)


def _blur(planes: Values) -> Values:
    """Rows weighed 1, 4, 6, 4, 1 sixteenths, mirrored beyond the first and last."""
    p = np.pad(planes, ((0, 0), (0, 0), (2, 2), (0, 0)), mode="reflect")
    near, far = p[:, :, 1:-3] + p[:, :, 3:-1], p[:, :, :-4] + p[:, :, 4:]
    return np.multiply(p[:, :, 2:-2] * 6 + near * 4 + far, 1 / 16, dtype=np.float32)


def _projections(
    levels: Sequence[_Level], directions: int, seed: int, standard: Standard
) -> Iterator[tuple[Values, ...]]:
    """The projections of each set's standardised patches on one direction after the other: arrays (patches,)."""
    statistics = (
        [_statistics(level) for level in levels] if standard == "each" else [_statistics(levels[0])] * len(levels)
    )
    length = 3 * PATCH * PATCH
    random = np.random.RandomState([seed, levels[0].level, 1])
    drawn = random.standard_normal((directions, length))
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    block = max(1, MEMORY // (4 * sum(len(level) for level in levels)))
    for start in range(0, directions, block):
        some = drawn[start : start + block]
        projected = []
        for level, (mean, deviation) in zip(levels, statistics, strict=True):
            # Standardising is linear: it is put into the directions, and the patches are multiplied as they were cut.
            scaled = (some.reshape(-1, 3, PATCH * PATCH) / deviation[:, None]).reshape(len(some), length)
            offset = (scaled.reshape(-1, 3, PATCH * PATCH).sum(2) @ mean).astype(np.float32)
            weights = scaled.astype(np.float32)
            values = np.empty((len(some), len(level)), np.float32)
            at = 0
            for piece in level:
                part = values[:, at : at + len(piece)]
                part[:] = weights @ piece.reshape(len(piece), length).T
                part -= offset[:, None]
                at += len(piece)
            projected.append(values)
        yield from zip(*projected, strict=True)
        del projected, values, part  # or they would still be held while the next block is computed


def _statistics(level: _Level) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and deviation (3,) of each channel over all patches; a channel without any is left at its scale."""
    total, squares = np.zeros(3), np.zeros(3)
    for piece in level:
        total += piece.sum(axis=(0, 2, 3), dtype=np.float64)
        squares += np.square(piece, dtype=np.float64).sum(axis=(0, 2, 3))
    count = len(level) * PATCH * PATCH
    mean = total / count
    deviation = np.sqrt(np.maximum(squares / count - mean**2, 0))
    return mean, np.where(deviation > 1e-3, deviation, 1.0)  # 8-bit levels: less is rounding


def _distance(a: Values, b: Values) -> float:
    """Wasserstein distance of order 1 between two sets of numbers, which may differ in count."""
    a, b = np.sort(a), np.sort(b)
    if len(a) == len(b):
        return float(np.abs(a - b).mean(dtype=np.float64))
    ranks_a, ranks_b, shares = _steps(len(a), len(b))
    return float(np.abs(a[ranks_a] - b[ranks_b]).astype(np.float64) @ shares)


@lru_cache(maxsize=8)
def _steps(a: int, b: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """The ranks in sets of `a` and of `b` sorted numbers where either quantile function has a step, and how long it lasts.

    Both functions are steps: between two neighbouring steps of either, the difference is one number.
    """
    steps = np.union1d(np.arange(a + 1) * b, np.arange(b + 1) * a)
    starts, widths = steps[:-1], np.diff(steps)
    return starts // b, starts // a, widths / steps[-1]


def _resampled(
    sets: Sequence[Pictures],
    counts: Sequence[NDArray[np.float32]],
    seed: int,
    standard: Standard,
    patches: int,
    directions: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distances (sets − 1,) from the first set, times 1000, and those of the resamples (sets − 1, resamples)."""
    _check(sets, standard, patches, directions)
    values: list[NDArray[np.float64]] = []
    drawn: list[NDArray[np.float64]] = []
    for levels in _levels(sets, patches, seed):
        exact, binned, again = [], [], []
        for number, (first, *others) in enumerate(_projections(levels, directions, seed, standard)):
            exact.append([_distance(first, other) for other in others])
            if number < RESAMPLED_DIRECTIONS:
                once, more = _binned((first, *others), counts, patches)
                binned.append(once)
                again.append(more)
        value = np.mean(exact, axis=0)
        # The bins and the fewer directions shift all resamples alike, by the factor that they shift the value.
        once = np.mean(binned, axis=0)
        factor = np.divide(value, once, out=np.ones_like(value), where=once > 0)
        values.append(value)
        drawn.append(np.mean(again, axis=0) * factor[:, None])
    return UNIT * np.mean(values, axis=0), UNIT * np.mean(drawn, axis=0)


def _binned(
    projections: Sequence[Values], counts: Sequence[NDArray[np.float32]], patches: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distances on one direction from the first set, by distribution functions at common edges: once and resampled."""
    pool = np.sort(np.concatenate([values[:: 1 + len(values) // 8192] for values in projections]))
    edges = np.unique(pool[np.linspace(0, len(pool) - 1, BINS).round().astype(int)])
    if len(edges) < 2:
        return np.zeros(len(projections) - 1), np.zeros((len(projections) - 1, len(counts[0])))
    functions = []
    for values, count in zip(projections, counts, strict=True):
        bins = np.searchsorted(edges, values) + np.arange(len(values)) // patches * (len(edges) + 1)
        pictures = len(values) // patches
        filled = np.bincount(bins, minlength=pictures * (len(edges) + 1)).reshape(pictures, -1).astype(np.float32)
        weights = np.concatenate([np.ones((1, pictures), np.float32), count])
        share = np.cumsum(weights @ filled, axis=1, dtype=np.float64)
        functions.append(share[:, :-1] / share[:, -1:])
    widths = np.diff(edges).astype(np.float64)
    gaps = [np.abs(function - functions[0]) for function in functions[1:]]
    distances = np.array([(gap[:, :-1] + gap[:, 1:]) / 2 @ widths for gap in gaps])
    return distances[:, 0], distances[:, 1:]
