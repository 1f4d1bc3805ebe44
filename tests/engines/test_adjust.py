"""Adjustments: nothing at 0, monotone, alpha untouched, the mask honoured, and the quick way within a level."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.adjust import Adjustments, adjust, neutral, preview
from engines.colour import srgb_profile

amounts = st.integers(-100, 100).map(float)
wanted = st.builds(
    Adjustments,
    exposure=st.integers(-500, 500).map(lambda cents: cents / 100),
    contrast=amounts,
    temperature=amounts,
    tint=amounts,
    saturation=amounts,
)


def noise(dtype: type, channels: int = 4, size: tuple[int, int] = (9, 13)) -> np.ndarray:
    return np.random.default_rng(1).integers(0, np.iinfo(dtype).max + 1, (*size, channels), dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_zero_is_the_identity(dtype: type) -> None:
    pixels = noise(dtype)
    assert np.array_equal(adjust(pixels, Adjustments(), srgb_profile()), pixels)


@settings(max_examples=30, deadline=None)
@given(wanted)
def test_alpha_stays_and_the_mask_is_honoured(adjustments: Adjustments) -> None:
    pixels = noise(np.uint8)
    whole = adjust(pixels, adjustments)
    mask = np.zeros((9, 13), np.uint8)
    mask[:, 6:] = 255
    masked = adjust(pixels, adjustments, mask=mask)
    assert np.array_equal(whole[..., 3], pixels[..., 3])
    assert np.array_equal(masked[:, :6], pixels[:, :6])
    assert np.array_equal(masked[:, 6:], whole[:, 6:])


@settings(max_examples=40, deadline=None)
@given(wanted)
def test_the_preview_is_within_a_level(adjustments: Adjustments) -> None:
    pixels = noise(np.uint8, size=(40, 50))
    difference = np.abs(adjust(pixels, adjustments).astype(int) - preview(adjustments)(pixels))
    assert difference.max() <= 1


@settings(max_examples=20, deadline=None)
@given(wanted)
def test_grey_ramps_stay_monotone(adjustments: Adjustments) -> None:
    ramp = np.arange(256, dtype=np.uint8)[None, :, None].repeat(3, 2)
    made = adjust(ramp, adjustments).astype(int)
    assert (np.diff(made, axis=1) >= 0).all()


def test_a_stop_doubles_the_light() -> None:
    pixels = np.full((1, 1, 3), 30000, np.uint16)
    light = [
        (((p / 65535) + 0.055) / 1.055) ** 2.4 for p in (30000, int(adjust(pixels, Adjustments(exposure=1))[0, 0, 0]))
    ]
    assert light[1] / light[0] == pytest.approx(2, rel=1e-3)


def test_contrast_keeps_middle_grey() -> None:
    grey = np.full((1, 1, 3), round(0.4613561 * 65535), np.uint16)
    assert np.abs(adjust(grey, Adjustments(contrast=80)).astype(int) - grey).max() <= 1


@settings(max_examples=30, deadline=None)
@given(st.tuples(*[st.floats(0.3, 0.6)] * 3))
def test_a_picked_spot_becomes_grey(colour: tuple[float, float, float]) -> None:
    temperature, tint = neutral(colour)
    pixel = np.rint(np.array(colour) * 65535).astype(np.uint16)[None, None]
    made = adjust(pixel, Adjustments(temperature=temperature, tint=tint))[0, 0].astype(int)
    if abs(temperature) < 100 and abs(tint) < 100:
        assert np.ptp(made) <= 4


def test_no_saturation_is_grey() -> None:
    made = adjust(noise(np.uint8, 3), Adjustments(saturation=-100))
    assert (np.ptp(made, axis=2) == 0).all()


def test_what_is_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="exposure"):
        Adjustments(exposure=6)
    with pytest.raises(ValueError, match="tint"):
        Adjustments(tint=float("nan"))
