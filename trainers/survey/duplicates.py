"""Which pictures are copies of one another, by a perceptual hash and a closer look at small copies of them.

A hash of 64 bits finds candidates; two candidates are the same picture if one small copy becomes the other by a change of
brightness and contrast and a crop or shift of a few per cent. A second photograph of the same scene does not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

SIDE = 32  # pixels of a small copy, either way, whatever the shape of the picture

_BITS_APART = 14  # of 64: copies of one photograph were at most this far apart, others on average 32
_RESIDUE = 0.11  # what may remain unexplained, as a share of the small copy's contrast
_STEPS = 1.5  # and what may remain in grey levels where there is hardly any contrast
_SHAPE = 1.06  # largest ratio of two copies' aspect ratios
_SHRINK = 0.06  # most that a crop takes off, as a change of scale


def perceptual_hash(copy: NDArray[np.uint8]) -> np.uint64:
    """64 bits: which of the lowest 8×8 frequencies of a small copy, the mean apart, lie above their median."""
    frequencies = (_COSINES @ copy.astype(np.float64) @ _COSINES.T).ravel()
    frequencies[0] = 0.0
    bits = frequencies > np.median(frequencies[1:])
    return np.packbits(bits).view(np.uint64)[0]


def is_copy(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> bool:
    """Whether one small copy is the other but for brightness, contrast and a crop or shift of a few per cent."""
    a, b = _softened(first), _softened(second)
    inside = (slice(1, -1), slice(1, -1))
    between = a + (b - b.mean()) * (
        a.std() / max(float(b.std()), 1e-6)
    )  # half-way, where a shift is linear to second order
    down, right = (gradient[inside] / 2 for gradient in np.gradient(between))
    a, b = a[inside], b[inside]
    y, x = _PLACES
    columns = np.stack([a, np.ones_like(a), down, right, down * y, right * x], axis=-1).reshape(-1, 6)
    change = np.linalg.lstsq(columns, b.ravel(), rcond=None)[0]
    left = float(np.std(b.ravel() - columns @ change))
    contrast = float(min(a.std(), b.std()))
    if contrast < 2 * _STEPS:  # nothing to compare but how light they are
        return float(np.abs(first.astype(int) - second).max()) <= 2 * _STEPS
    gain, moved = float(change[0]), np.abs(change[2:])
    if not 0.6 < gain < 1.7 or float(moved.max()) > gain * _SHRINK * SIDE:
        return False
    return left <= max(_RESIDUE * contrast, 0.4 * _STEPS)


def find_copies(
    hashes: NDArray[np.uint64],
    copies: Sequence[NDArray[np.uint8]],
    aspects: Sequence[float],
    progress: Callable[[int], None] | None = None,
) -> list[int]:
    """For each picture the index of the one it is a copy of, or its own.

    hashes: (N,); copies: N of (32, 32), the pictures to be kept first; aspects: width / height of each. A picture is compared
    with those that are no copies themselves, so a chain of like pictures does not become one group. `progress` is called
    with the index of each picture, and may raise.
    """
    kept = np.empty(len(hashes), np.int64)
    kept_hashes = np.empty(len(hashes), np.uint64)
    count = 0
    found: list[int] = []
    for index in range(len(hashes)):
        if progress is not None:
            progress(index)
        apart = np.bitwise_count(kept_hashes[:count] ^ hashes[index])
        original = index
        near = np.flatnonzero(apart <= _BITS_APART)
        for candidate in kept[near[np.argsort(apart[near], kind="stable")]].tolist():
            ratio = aspects[index] / aspects[candidate]
            if 1 / _SHAPE < ratio < _SHAPE and is_copy(copies[candidate], copies[index]):
                original = candidate
                break
        if original == index:
            kept[count], kept_hashes[count] = index, hashes[index]
            count += 1
        found.append(original)
    return found


def _softened(copy: NDArray[np.uint8]) -> NDArray[np.float64]:
    """A small copy without the finest detail, which a crop changes most."""
    soft = copy.astype(np.float64)
    for axis in (0, 1):
        soft = (np.roll(soft, 1, axis) + 2 * soft + np.roll(soft, -1, axis)) / 4
    return soft[1:-1, 1:-1]


_COSINES = np.cos(np.pi / SIDE * np.outer(np.arange(8), np.arange(SIDE) + 0.5))
_PLACES = np.meshgrid(*2 * [np.linspace(-1, 1, SIDE - 4)], indexing="ij")
