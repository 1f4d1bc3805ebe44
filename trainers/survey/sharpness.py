"""Whether a picture is sharp, blurred, or enlarged from fewer pixels: measured where it is sharpest, at true pixels.

Three kinds of evidence are weighed by a linear model: how steep edges are beside their own height, in the direction where
they are least steep (a shallow depth of field leaves some steep edges, a blur none); how the spectrum of the liveliest
patches falls off, and whether it does in one direction only (motion); and the rhythm that interpolation leaves in the
differences between neighbours, told apart from that of JPEG's blocks of eight (Gallagher 2005, Mahdian and Saic 2008).
"""

from __future__ import annotations

import functools
import itertools
import json
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Verdict = Literal["sharp", "blurred", "upscaled"]
Floats = NDArray[np.floating[Any]]

PATCH = 64  # side of a patch whose spectrum is taken
LEAST = 192  # the least side of a picture that is judged: in smaller ones there is too little to tell a soft thing from a blur
MIDDLE = 1024  # side of the middle part in which rhythms are looked for

_PATCHES = 48
_SEGMENT = 16  # pixels in which an edge's height is measured
_HEIGHT = 40  # least height of an edge, in grey levels
_ROWS = 3  # one row in so many is looked at
_BINS = 1024  # of the Fourier transform of a rhythm
_ORDERS = (1, 2, 3)  # of the differences


@functools.cache
def weights() -> dict[str, tuple[float, float, float, float]]:
    """What each piece of evidence weighs: its centre and spread, and its weights for blurred and for upscaled."""
    rows = json.loads(Path(__file__).with_name("sharpness_weights.json").read_text(encoding="utf-8"))["weights"]
    return {name: (centre, spread, blurred, upscaled) for name, (centre, spread, blurred, upscaled) in rows.items()}


def judge(luma: NDArray[np.uint8]) -> Verdict:
    """The verdict on `luma`, (H, W) grey levels at the picture's true size, H and W at least `PATCH`."""
    values = measure(luma)
    blurred = upscaled = 0.0
    for name, (centre, spread, for_blurred, for_upscaled) in weights().items():
        value = 1.0 if name == "constant" else (values[name] - centre) / spread
        blurred += for_blurred * value
        upscaled += for_upscaled * value
    if max(blurred, upscaled) <= 0:
        return "sharp"
    return "blurred" if blurred > upscaled else "upscaled"


def measure(luma: NDArray[np.uint8]) -> dict[str, float]:
    """The evidence, by name; all of it finite."""
    evidence = {**_edges(luma), **_rhythms(luma), **_spectrum(luma)}
    return {name: float(value) for name, value in evidence.items()}


def _edges(luma: NDArray[np.uint8]) -> dict[str, Any]:
    """Logarithms of the steepest step in an edge over the edge's height: quantiles over the edges of each direction."""
    found: list[Floats] = []
    for turned in (luma, luma.T):
        rows = turned[::_ROWS]
        rows = np.ascontiguousarray(rows[:, : rows.shape[1] // _SEGMENT * _SEGMENT])
        segments = rows.reshape(-1, _SEGMENT)
        height = segments.max(axis=1) - segments.min(axis=1)
        tall = segments[height >= _HEIGHT].astype(np.int16)
        if len(tall) < 20:
            continue
        steepest = np.abs(np.diff(tall, axis=1)).max(axis=1)
        found.append(np.quantile(steepest / height[height >= _HEIGHT], (0.5, 0.8, 0.95, 0.99)))
    if not found:  # a picture without edges says nothing: between the sharp and the blurred
        found = [np.array((0.23, 0.3, 0.4, 0.5))]
    least, most = np.log(np.min(found, axis=0)), np.log(np.max(found, axis=0))
    return {
        "edge 50": least[0],
        "edge 80": least[1],
        "edge 95": least[2],
        "edge 99": least[3],
        "other edge 80": most[1],
        "other edge 95": most[2],
    }


def _rhythms(luma: NDArray[np.uint8]) -> dict[str, Any]:
    """Peaks in the spectrum of differences along rows and columns, in dB, and how they vary with the place in a block."""
    profiles = {(order, axis): profile for axis in (0, 1) for order, profile in _profiles(luma, axis).items()}
    evidence: dict[str, Any] = {}
    for order in _ORDERS:
        spectra = np.stack([_whitened(profiles[order, axis]) for axis in (0, 1)])
        eighth, quarter, three_eighths, half = (_peak(spectra, _BINS * k // 8) for k in (1, 2, 3, 4))
        blocks = max(eighth, three_eighths)
        near = np.max([np.roll(spectra, shift, axis=1) for shift in (-1, 0, 1)], axis=0).min(axis=0)
        near[:60] = -9
        for k in range(5):  # what JPEG's blocks make themselves
            near[max(0, _BINS * k // 8 - 4) : _BINS * k // 8 + 5] = -9
        peaks = {"peak": near.max(), "half": half, "quarter": quarter, "blocks": blocks}
        peaks |= {"half over blocks": half - blocks, "quarter over blocks": quarter - blocks}
        evidence |= {f"{name} {order}": np.clip(value, -20, 40) for name, value in peaks.items()}
    first, second, third = (_folded([profiles[order, axis] for axis in (0, 1)]) for order in _ORDERS)
    evidence["twos 1"] = np.log(first[[1, 3, 5]].mean() / first[[0, 2, 4, 6]].mean())
    evidence["twos 3"] = np.log(third[[1, 3]].mean() / third[[0, 2, 4]].mean())
    evidence["fours 1"] = np.log(first[3] / first[[1, 5]].mean())
    evidence["fours 2"] = np.log(second[[0, 1, 4, 5]].mean() / second[[2, 3]].mean())
    evidence["fours 3"] = np.log(third[[0, 4]].mean() / third[2])
    return evidence


def _profiles(luma: NDArray[np.uint8], axis: int) -> dict[int, Floats]:
    """For each order the size of differences along `axis` beside the activity around them, a mean over the other axis.

    The part that is looked at begins at a multiple of eight, so that places in a block are the file's own.
    """
    height, width = luma.shape
    top, left = (max(0, (side - MIDDLE) // 2) // 8 * 8 for side in (height, width))
    middle = luma[top : top + MIDDLE, left : left + MIDDLE]
    rows = np.ascontiguousarray((middle if axis else middle.T)[::_ROWS]).astype(np.float32)
    difference = np.diff(rows, axis=1)
    activity = _mean_around(np.abs(difference), 17)
    share = (activity / (activity + 4)).mean(axis=0) + 0.02
    found: dict[int, Floats] = {}
    for order in _ORDERS:
        start, length = (order - 1) // 2, difference.shape[1]
        around = (
            activity[:, start : start + length] + 4
        )  # flat places, where a codec's steps are all there is, count less
        found[order] = (np.abs(difference) / around).mean(axis=0) / share[start : start + length]
        difference = np.diff(difference, axis=1)
    return found


def _mean_around(rows: Floats, count: int) -> Floats:
    padded = np.pad(rows, ((0, 0), (count // 2 + 1, count // 2)), mode="edge")
    sums = np.cumsum(padded, axis=1, dtype=np.float64)
    return ((sums[:, count:] - sums[:, :-count]) / count).astype(np.float32)


def _whitened(profile: Floats) -> Floats:
    """The power spectrum of `profile`, in dB over the median of 81 neighbouring bins: (513,)."""
    slow = np.convolve(np.pad(profile, 8, mode="edge"), np.full(17, 1 / 17), "valid")
    power = np.abs(np.fft.rfft((profile - slow) * np.hanning(len(profile)), _BINS)) ** 2
    around = np.lib.stride_tricks.sliding_window_view(np.pad(power, 40, mode="reflect"), 81)
    return 10 * np.log10((power + 1e-9) / (np.median(around, axis=1) + 1e-9))


def _peak(spectra: Floats, place: int) -> Any:
    return spectra[:, max(0, place - 2) : place + 3].max(axis=1).mean()


def _folded(profiles: list[Floats]) -> Floats:
    """The typical level at each of eight places in a block: (8,)."""
    levels = [[np.median(profile[k::8]) for k in range(8)] / (profile.mean() + 0.02) for profile in profiles]
    return np.mean(levels, axis=0) + 0.02


def _spectrum(luma: NDArray[np.uint8]) -> dict[str, Any]:
    """How power falls with frequency in the liveliest patches, in dB, and how much directions differ."""
    patches = _liveliest(luma)
    patches -= patches.mean(axis=(1, 2), keepdims=True)
    power = (np.abs(np.fft.rfft2(patches * _WINDOW)) ** 2 / (_WINDOW**2).sum()).reshape(len(patches), -1)
    rings = (power @ _RINGS).reshape(-1, 4, 16)
    low = rings[:, :, 1:4].mean(axis=2)
    evidence: dict[str, Any] = {}
    for start in (3, 5, 7, 9, 11, 13):
        fall = 10 * np.log10((rings[:, :, start : start + 2].mean(axis=2) + 0.01) / (low + 0.01))
        evidence[f"fall {start}"] = np.quantile(fall.mean(axis=1), 0.8)
        evidence[f"worst fall {start}"] = np.quantile(fall.min(axis=1), 0.8)
    fan = 10 * np.log10((power @ _FAN).reshape(-1, 8, 4) + 0.02)
    together = fan.mean(axis=0)
    alone = np.median(fan.max(axis=1) - fan.min(axis=1), axis=0)
    for k in range(4):
        evidence[f"fan {k}"] = together[:, k].max() - together[:, k].min()
        evidence[f"fan of each {k}"] = alone[k]
    return evidence


def _liveliest(luma: NDArray[np.uint8]) -> Floats:
    """The patches with most contrast, a fifth of all and at most 48: float32 (n, 64, 64)."""
    height, width = luma.shape
    tops, lefts = (
        np.unique(np.linspace(0, side - PATCH, max(1, min(24, side // PATCH))).astype(int)) for side in (height, width)
    )
    places = [(top, left) for top in tops for left in lefts]
    contrast = [luma[top : top + PATCH : 4, left : left + PATCH : 4].std() for top, left in places]
    count = min(_PATCHES, -(-len(places) // 5))
    chosen = np.argsort(contrast, kind="stable")[::-1][:count]
    return np.stack([luma[y : y + PATCH, x : x + PATCH] for y, x in (places[k] for k in chosen)]).astype(np.float32)


def _means(sectors: int, edges: Floats) -> Floats:
    """A matrix that turns a patch's flattened power spectrum into means over `sectors` directions × rings between `edges`."""
    down, right = np.fft.fftfreq(PATCH)[:, None], np.fft.rfftfreq(PATCH)[None]
    frequency = np.hypot(down, right)
    width = 180 / sectors
    direction = ((np.degrees(np.arctan2(down, right)) % 180 + width / 2) // width).astype(int) % sectors
    columns: list[Floats] = []
    for sector in range(sectors):
        for low, high in itertools.pairwise(edges):
            inside = (direction == sector) & (frequency >= low) & (frequency < high)
            columns.append(inside.ravel() / max(1, inside.sum()))
    return np.stack(columns, axis=1).astype(np.float32)


_WINDOW = np.outer(*2 * [np.hanning(PATCH + 2)[1:-1]]).astype(np.float32)
_RINGS = _means(4, np.linspace(0, 0.5, 17))
_FAN = _means(8, np.linspace(2 / 16, 6 / 16, 5))
