"""PSNR and SSIM on luma: known values, symmetry, and agreement with a plain reading of the formula."""

from __future__ import annotations

import math

import numpy as np
import pytest

from trainers.metrics import luma, psnr, ssim


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
