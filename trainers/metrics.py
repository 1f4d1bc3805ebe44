"""How near an upscaled picture is to the true one: PSNR and SSIM on luma, as super-resolution papers report them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def luma(rgb: NDArray[np.generic]) -> Array:
    """Y of ITU-R BT.601 in studio range: 8-bit RGB (H, W, 3) in 0 to 255 becomes (H, W) in 16 to 235."""
    r, g, b = (np.asarray(rgb[..., i], dtype=np.float64) for i in range(3))
    return 16.0 + (65.481 * r + 128.553 * g + 24.966 * b) / 255.0


def psnr(a: Array, b: Array, border: int = 0) -> float:
    """Peak signal-to-noise ratio in dB of two luma planes, peak 255, leaving out `border` pixels on each side."""
    difference = (_inner(a, border) - _inner(b, border)) ** 2
    error = float(difference.mean())
    return math.inf if error == 0 else 10.0 * math.log10(255.0**2 / error)


def ssim(a: Array, b: Array, border: int = 0) -> float:
    """Structural similarity (Wang et al. 2004, equation 13) of two luma planes in 0 to 255.

    The 11×11 Gaussian window of σ 1.5, only where it lies wholly inside; smaller pictures use what window fits.
    """
    a, b = _inner(a, border), _inner(b, border)
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_a, mean_b = _smooth(a), _smooth(b)
    variance_a = _smooth(a * a) - mean_a**2
    variance_b = _smooth(b * b) - mean_b**2
    covariance = _smooth(a * b) - mean_a * mean_b
    top = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    bottom = (mean_a**2 + mean_b**2 + c1) * (variance_a + variance_b + c2)
    return float((top / bottom).mean())


def _inner(plane: Array, border: int) -> Array:
    return plane[border : plane.shape[0] - border, border : plane.shape[1] - border]


def _smooth(plane: Array) -> Array:
    for axis in (0, 1):
        size = min(11, plane.shape[axis])
        at = np.arange(size) - (size - 1) / 2
        window = np.exp(-(at**2) / (2 * 1.5**2))
        window /= window.sum()
        count = plane.shape[axis] - size + 1
        parts = (w * plane.take(range(i, i + count), axis=axis) for i, w in enumerate(window))
        plane = sum(parts, start=np.zeros(()))
    return plane
