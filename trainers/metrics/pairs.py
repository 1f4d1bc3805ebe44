"""How alike two pictures are: PSNR and SSIM on luma as super-resolution papers report them, MS-SSIM, and edges.

What compares two *sets* of pictures is in `sliced_wasserstein` and `distances`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

EXPONENTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Of contrast and structure at each scale, finest first (Wang, Simoncelli, Bovik 2003, section 3.2)."""
WINDOW = 11
"""Pixels on each side of the Gaussian window."""
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
"""What keeps SSIM's two ratios steady where a picture is dark or flat."""
PAIRS_AT_ONCE = 16


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
    luminance, contrast = _similarity(_inner(a, border), _inner(b, border))
    return float((luminance * contrast).mean())


def ms_ssim(a: NDArray[np.generic], b: NDArray[np.generic]) -> float:
    """Multi-scale structural similarity of two pictures (H, W) or (H, W, C) in 0 to 255: equation 7 of Wang et al. 2003.

    Each scale is the one before averaged over 2×2 pixels; an odd last row or column is left out. The paper's five scales
    need 176 pixels on the shorter side, so that the 11×11 window fits into the coarsest. A smaller picture is compared on
    as many scales as fit (64 pixels: three), at least one, with the paper's exponents of those scales brought to the
    sum 1; values of different scale counts are not comparable. Colour channels are compared each for itself and averaged
    scale by scale. Where contrast and structure are on average opposed at a scale, that factor is 0.

    Raises ValueError where the shapes differ.
    """
    if a.shape != b.shape or a.ndim not in (2, 3) or not a.size:
        raise ValueError(f"MS-SSIM compares two pictures of one shape, not {a.shape} and {b.shape}.")
    channels = a.shape[2] if a.ndim == 3 else 1
    shape = (*a.shape[:2], channels, 1)
    return float(_ms_ssim(np.reshape(a, shape).astype(np.float64), np.reshape(b, shape).astype(np.float64))[0])


def ms_ssim_diversity(pictures: NDArray[np.uint8], pairs: int = 1000, seed: int = 0) -> float:
    """Mean MS-SSIM over random pairs of one set: near 1 where a generator draws the same picture again and again.

    `pictures`: uint8 RGB (N, H, W, 3). Each of the `pairs` joins two different pictures. To be read beside the same
    figure of the real pictures, as the GAN papers do; scales as in `ms_ssim`, so at 64 pixels three and not five.

    Raises ValueError where there are not at least two pictures and one pair.
    """
    check_pictures(pictures, "The pictures")
    if len(pictures) < 2 or pairs < 1:
        raise ValueError(f"Diversity needs two pictures and one pair at least, not {len(pictures)} and {pairs}.")
    random = np.random.RandomState(seed)
    first = random.randint(len(pictures), size=pairs)
    second = (first + random.randint(1, len(pictures), size=pairs)) % len(pictures)
    total = 0.0
    for start in range(0, pairs, PAIRS_AT_ONCE):
        chosen = slice(start, start + PAIRS_AT_ONCE)
        # The pairs lie on the last axis, where numpy's inner loop is.
        a, b = (np.moveaxis(pictures[which[chosen]], 0, -1).astype(np.float64, order="C") for which in (first, second))
        total += float(_ms_ssim(a, b).sum())
    return total / pairs


def edge_correlation(a: NDArray[np.generic], b: NDArray[np.generic]) -> float:
    """How far edges stayed in place: Pearson's correlation, -1 to 1, of two pictures' gradient magnitudes on luma.

    Both RGB (H, W, 3) in 0 to 255, of one size and 3 pixels each way at least; gradients by Sobel's operator, inside the
    picture only. Brightness and contrast as a whole do not count. 0 where one of the two has no edges at all, since
    nothing can then be said. Raises ValueError where the shapes do not fit.
    """
    if a.shape != b.shape or a.ndim != 3 or a.shape[2] != 3 or min(a.shape[:2]) < 3:
        raise ValueError(f"Edges are compared between two RGB pictures of one size, not {a.shape} and {b.shape}.")
    edges_a, edges_b = (_edges(luma(picture)) for picture in (a, b))
    edges_a, edges_b = edges_a - edges_a.mean(), edges_b - edges_b.mean()
    scale = math.sqrt(float((edges_a**2).sum()) * float((edges_b**2).sum()))
    # A flat picture has edges of rounding's size, about 1e-13 of a level.
    return float((edges_a * edges_b).sum()) / scale if scale > 1e-9 else 0.0


def check_pictures(pictures: NDArray[np.generic], name: str, smallest: int = 1) -> None:
    """Raise ValueError, in a sentence beginning with `name`, unless `pictures` are uint8 RGB (N, H, W, 3), N ≥ 1,
    and at least `smallest` pixels each way."""
    if pictures.ndim != 4 or pictures.shape[3] != 3 or pictures.dtype != np.uint8:
        raise ValueError(f"{name} must be uint8 RGB (N, H, W, 3), not {pictures.dtype} {pictures.shape}.")
    if not len(pictures):
        raise ValueError(f"{name} must be one at least, not an empty array.")
    if min(pictures.shape[1:3]) < smallest:
        height, width = pictures.shape[1:3]
        raise ValueError(f"{name} must measure at least {smallest} pixels each way, not {width}×{height}.")


def _similarity(a: Array, b: Array) -> tuple[Array, Array]:
    """SSIM's two factors at each place of the first two axes: luminance, and contrast times structure."""
    mean_a, mean_b = _smooth(a), _smooth(b)
    variance_a = _smooth(a * a) - mean_a**2
    variance_b = _smooth(b * b) - mean_b**2
    covariance = _smooth(a * b) - mean_a * mean_b
    luminance = (2 * mean_a * mean_b + C1) / (mean_a**2 + mean_b**2 + C1)
    return luminance, (2 * covariance + C2) / (variance_a + variance_b + C2)


def _ms_ssim(a: Array, b: Array) -> Array:
    """MS-SSIM (B,) of pairs (H, W, C, B)."""
    scales = 1
    while scales < len(EXPONENTS) and min(a.shape[:2]) >> scales >= WINDOW:
        scales += 1
    exponents = np.array(EXPONENTS[:scales])
    if scales < len(EXPONENTS):  # all five are taken as published, where they add up to 1.0001
        exponents /= exponents.sum()
    result = np.ones(a.shape[3])
    for scale, exponent in enumerate(exponents):
        luminance, contrast = _similarity(a, b)
        # As the paper's authors compute it: luminance enters only at the coarsest scale, there place by place.
        factor = luminance * contrast if scale == scales - 1 else contrast
        result *= np.maximum(factor.mean(axis=(0, 1, 2)), 0) ** exponent
        a, b = _halve(a), _halve(b)
    return result


def _halve(planes: Array) -> Array:
    height, width = planes.shape[0] // 2 * 2, planes.shape[1] // 2 * 2
    rows = (planes[0:height:2] + planes[1:height:2]) / 2
    return (rows[:, 0:width:2] + rows[:, 1:width:2]) / 2


def _edges(plane: Array) -> Array:
    across = plane[:, 2:] - plane[:, :-2]
    down = plane[2:] - plane[:-2]
    horizontal = across[:-2] + 2 * across[1:-1] + across[2:]
    vertical = down[:, :-2] + 2 * down[:, 1:-1] + down[:, 2:]
    return np.hypot(horizontal, vertical)


def _inner(plane: Array, border: int) -> Array:
    return plane[border : plane.shape[0] - border, border : plane.shape[1] - border]


def _smooth(plane: Array) -> Array:
    for axis in (0, 1):
        size = min(WINDOW, plane.shape[axis])
        at = np.arange(size) - (size - 1) / 2
        window = np.exp(-(at**2) / (2 * 1.5**2))
        window /= window.sum()
        count = plane.shape[axis] - size + 1
        shifted = (plane[i : i + count] if axis == 0 else plane[:, i : i + count] for i in range(size))
        plane = sum((w * part for w, part in zip(window, shifted, strict=True)), start=np.zeros(()))
    return plane
