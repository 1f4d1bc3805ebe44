"""PSNR, SSIM, MS-SSIM and edges: known values, symmetry, and agreement with a plain reading of the formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.search import examples
from trainers.metrics.pairs import edge_correlation, luma, ms_ssim, ms_ssim_diversity, psnr, ssim


def test_luma_spans_the_studio_range() -> None:
    ends = np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8)
    assert luma(ends).tolist() == [[16.0, pytest.approx(235.0, abs=1e-3)]]


def test_psnr_of_one_level_off_everywhere() -> None:
    plane = np.full((8, 8), 100.0)
    assert psnr(plane, plane + 1) == pytest.approx(20 * math.log10(255))
    assert psnr(plane, plane) == math.inf


def test_the_border_does_not_count() -> None:
    plane = np.full((12, 12), 100.0)
    other = plane.copy()
    other[:2], other[-2:], other[:, :2], other[:, -2:] = 0, 0, 0, 0
    assert psnr(plane, other, border=2) == math.inf
    assert psnr(plane, other, border=1) < 20


def test_ssim_follows_equation_13() -> None:
    random = np.random.default_rng(1)
    a = random.uniform(0, 255, (13, 14))
    b = np.clip(a + random.normal(0, 20, a.shape), 0, 255)
    at = np.arange(11) - 5
    window = np.exp(-(at[:, None] ** 2 + at[None] ** 2) / (2 * 1.5**2))
    window /= window.sum()
    values = []
    for y in range(3):
        for x in range(4):
            p, q = a[y : y + 11, x : x + 11], b[y : y + 11, x : x + 11]
            mp, mq = (window * p).sum(), (window * q).sum()
            vp, vq = (window * (p - mp) ** 2).sum(), (window * (q - mq) ** 2).sum()
            cov = (window * (p - mp) * (q - mq)).sum()
            c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
            values.append((2 * mp * mq + c1) * (2 * cov + c2) / ((mp**2 + mq**2 + c1) * (vp + vq + c2)))
    assert ssim(a, b) == pytest.approx(np.mean(values))


def test_ssim_is_1_of_itself_and_symmetric() -> None:
    random = np.random.default_rng(2)
    a, b = random.uniform(0, 255, (2, 20, 20))
    assert ssim(a, a) == pytest.approx(1)
    assert ssim(a, b) == pytest.approx(ssim(b, a))
    assert ssim(a[:5, :5], a[:5, :5]) == pytest.approx(1)  # smaller than the window


def plain_ms_ssim(a: np.ndarray, b: np.ndarray) -> float:
    """Equation 7, window by window, on one plane."""
    exponents = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]
    scales = max(n for n in range(1, 6) if n == 1 or min(a.shape) // 2 ** (n - 1) >= 11)
    exponents = exponents if scales == 5 else [e / sum(exponents[:scales]) for e in exponents[:scales]]
    at = np.arange(11) - 5
    window = np.exp(-(at[:, None] ** 2 + at[None] ** 2) / (2 * 1.5**2))
    window /= window.sum()
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    result = 1.0
    for scale, exponent in enumerate(exponents):
        p, q = (np.lib.stride_tricks.sliding_window_view(plane, (11, 11)) for plane in (a, b))
        mp, mq = (window * p).sum((2, 3)), (window * q).sum((2, 3))
        dp, dq = p - mp[..., None, None], q - mq[..., None, None]
        vp, vq = (window * dp**2).sum((2, 3)), (window * dq**2).sum((2, 3))
        values = (2 * (window * dp * dq).sum((2, 3)) + c2) / (vp + vq + c2)
        if scale == scales - 1:
            values *= (2 * mp * mq + c1) / (mp**2 + mq**2 + c1)
        result *= max(float(np.mean(values)), 0.0) ** exponent
        h, w = a.shape[0] // 2, a.shape[1] // 2
        a, b = (plane[: 2 * h, : 2 * w].reshape(h, 2, w, 2).mean(axis=(1, 3)) for plane in (a, b))
    return result


@pytest.mark.parametrize("shape", [(176, 181), (175, 176), (46, 45), (25, 23), (9, 30)])
def test_ms_ssim_follows_equation_7(shape: tuple[int, int]) -> None:
    random = np.random.default_rng(3)
    a = random.uniform(0, 255, shape)
    b = np.clip(a + random.normal(0, 30, shape), 0, 255)
    if min(shape) < 11:
        assert ms_ssim(a, b) == pytest.approx(ssim(a, b))  # one scale, and the window that fits
    else:
        assert ms_ssim(a, b) == pytest.approx(plain_ms_ssim(a, b))


@given(st.integers(0, 2**31 - 1), st.integers(8, 50), st.integers(8, 50))
@examples(25)
def test_ms_ssim_is_symmetric_and_at_most_1(seed: int, height: int, width: int) -> None:
    a, b = np.random.RandomState(seed).randint(0, 256, (2, height, width, 3), np.uint8)
    assert ms_ssim(a, b) == pytest.approx(ms_ssim(b, a))
    assert 0 <= ms_ssim(a, b) <= 1
    assert ms_ssim(a, a) == pytest.approx(1)


def test_ms_ssim_refuses_two_shapes() -> None:
    with pytest.raises(ValueError, match="two pictures of one shape"):
        ms_ssim(np.zeros((20, 20)), np.zeros((20, 21)))


def test_diversity_tells_one_picture_from_many() -> None:
    random = np.random.RandomState(5)
    many = random.randint(0, 256, (12, 24, 24, 3), np.uint8)
    alike = np.clip(many[:1] + random.normal(0, 5, many.shape), 0, 255).astype(np.uint8)
    assert ms_ssim_diversity(np.repeat(many[:1], 5, axis=0), pairs=20) == pytest.approx(1)
    assert ms_ssim_diversity(many, pairs=40) < 0.3
    assert ms_ssim_diversity(alike, pairs=40) > 0.9


def test_diversity_is_the_mean_over_pairs_of_different_pictures() -> None:
    a, b = np.random.RandomState(6).randint(0, 256, (2, 30, 26, 3), np.uint8)
    assert ms_ssim_diversity(np.stack([a, b]), pairs=21) == pytest.approx(ms_ssim(a, b))


def test_diversity_follows_its_seed() -> None:
    pictures = np.random.RandomState(7).randint(0, 256, (9, 16, 16, 3), np.uint8)
    assert ms_ssim_diversity(pictures, 5, seed=1) == ms_ssim_diversity(pictures, 5, seed=1)
    assert ms_ssim_diversity(pictures, 5, seed=1) != ms_ssim_diversity(pictures, 5, seed=2)


def test_diversity_needs_two_pictures() -> None:
    with pytest.raises(ValueError, match="two pictures and one pair at least, not 1 and 1000"):
        ms_ssim_diversity(np.zeros((1, 16, 16, 3), np.uint8))
    with pytest.raises(ValueError, match=r"The pictures must be uint8 RGB \(N, H, W, 3\), not float64"):
        ms_ssim_diversity(np.zeros((2, 16, 16, 3)))


def test_edges_stay_under_another_brightness_and_go_with_a_mirror(photo_pixels: np.ndarray) -> None:
    dimmed = photo_pixels * 0.25 + 10
    assert edge_correlation(photo_pixels, photo_pixels) == pytest.approx(1)
    assert edge_correlation(photo_pixels, dimmed) == pytest.approx(1)
    assert edge_correlation(photo_pixels, 255 - photo_pixels) == pytest.approx(1)  # magnitudes have no sign
    assert abs(edge_correlation(photo_pixels, photo_pixels[::-1, ::-1])) < 0.3
    noise = np.random.RandomState(8).randint(0, 256, photo_pixels.shape)
    assert abs(edge_correlation(photo_pixels, noise)) < 0.1


def test_edges_are_sobels() -> None:
    a, b = np.random.RandomState(9).randint(0, 256, (2, 6, 7, 3), np.uint8)
    sobel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    magnitudes = []
    for plane in (luma(a), luma(b)):
        windows = np.lib.stride_tricks.sliding_window_view(plane, (3, 3))
        across, down = (windows * sobel).sum((2, 3)), (windows * sobel.T).sum((2, 3))
        magnitudes.append(np.sqrt(across**2 + down**2).ravel())
    assert edge_correlation(a, b) == pytest.approx(np.corrcoef(*magnitudes)[0, 1])


def test_a_picture_without_edges_correlates_with_nothing() -> None:
    flat = np.full((10, 10, 3), 90, np.uint8)
    edged = np.random.RandomState(10).randint(0, 256, flat.shape, np.uint8)
    assert edge_correlation(flat, edged) == edge_correlation(edged, flat) == edge_correlation(flat, flat) == 0
    with pytest.raises(ValueError, match="two RGB pictures of one size"):
        edge_correlation(flat, edged[:-1])
