"""Adjustments: nothing at 0, monotone, alpha untouched, the mask honoured, and the quick way within a level."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engines.colour.light import light_of
from engines.colour.profiles import Space, srgb_profile
from engines.colour.srgb import decode
from engines.edit.adjust import Adjustments, adjust, neutral, preview
from engines.libvips import libvips
from tests.search import examples

amounts = st.integers(-100, 100).map(float)
P3 = bytes(libvips().Image.profile_load("p3"))
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


@examples(30)
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


@examples(40)
@given(wanted)
@example(Adjustments(exposure=-0.19, contrast=-88, temperature=-99, tint=-1, saturation=-62))
@example(Adjustments(contrast=-100, saturation=1))  # steepest where the picture is white
def test_the_preview_is_within_a_level(adjustments: Adjustments) -> None:
    pixels = noise(np.uint8, size=(40, 50))
    pixels[:4] = np.array([0, 1, 254, 255], np.uint8)[:, None, None]
    difference = np.abs(adjust(pixels, adjustments).astype(int) - preview(adjustments)(pixels))
    assert difference.max() <= 1


@examples(20)
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


@examples(30)
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


@examples(30)
@given(wanted)
def test_inside_srgb_a_wide_profile_gives_the_same_colours(adjustments: Adjustments) -> None:
    pixels = np.random.default_rng(3).integers(26_000, 39_000, (20, 30, 3)).astype(np.uint16)
    srgb, wide, deep = light_of(srgb_profile()), light_of(P3), np.dtype(np.uint16)
    made = srgb.back(wide.of(adjust(wide.back(srgb.of(pixels), deep), adjustments, P3)), deep).astype(int)
    expected = adjust(pixels, adjustments).astype(int)
    inside = ((expected > 1500) & (expected < 64000)).all(axis=2)  # what is cut is cut elsewhere
    assert np.abs(made - expected)[inside].max(initial=0) < 60  # of a level more or less, in P3, much may be made


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_colours_outside_srgb_survive(dtype: type) -> None:
    top = np.iinfo(dtype).max
    half, most = round(0.6 * top), round(0.9 * top)
    pixels = np.array([[[most, 0, 0], [0, most, 0], [0, half, most], [most, half, 0]]], dtype)
    darker = adjust(pixels, Adjustments(exposure=-0.25), P3)
    factor = 2**-0.25
    for before, after in zip(pixels.reshape(-1).tolist(), darker.reshape(-1).tolist(), strict=True):
        light = [decode(np.array(level / top)) for level in (before, after)]  # P3 has sRGB's curve
        assert light[1] == pytest.approx(factor * light[0], abs=2 / top)
    back = adjust(darker, Adjustments(exposure=0.25), P3)
    assert np.abs(back.astype(int) - pixels).max() <= 1
    space = Space(P3)
    by_srgb = space.from_srgb(space.to_srgb(pixels), np.dtype(dtype))[0].astype(int)  # where they are cut
    for adjustments in (Adjustments(contrast=5), Adjustments(temperature=3), Adjustments(saturation=4)):
        made = adjust(pixels, adjustments, P3)[0].astype(int)
        assert 0 < np.abs(made - pixels[0]).max() < 0.05 * top
        assert made[0, 1] < by_srgb[0, 1] / 2 and made[1, 0] < by_srgb[1, 0] / 2


def test_sixteen_bits_stay_sixteen_in_a_wide_profile() -> None:
    ramp = np.arange(0, 65536, 7, dtype=np.uint16)[None, :, None].repeat(3, 2)
    made = adjust(ramp, Adjustments(exposure=-0.1), P3)
    assert len(np.unique(made)) > 0.95 * ramp.shape[1] and (np.diff(made.astype(int), axis=1) >= 0).all()
    assert (np.ptp(made, axis=2) == 0).all()  # and grey stays neutral
    expected = adjust(ramp, Adjustments(exposure=-0.1))
    assert np.abs(made.astype(int) - expected).max() <= 2  # of P3 the greys are those of sRGB


def test_what_is_not_changed_keeps_its_levels_in_a_wide_profile() -> None:
    pixels = noise(np.uint16, 3)
    pixels[:, 6:] = pixels[:, 6:, :1]
    made = adjust(pixels, Adjustments(saturation=50), P3)
    np.testing.assert_array_equal(made[:, 6:], pixels[:, 6:])
    assert np.abs(made[:, :6].astype(int) - pixels[:, :6]).max() > 1000


def test_what_is_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="exposure"):
        Adjustments(exposure=6)
    with pytest.raises(ValueError, match="tint"):
        Adjustments(tint=float("nan"))
