"""Light: there and back to the level, without bounds, by every kind of curve, as libvips has it, and by tables."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from engines.colour.light import _curve, _shape, _Tabled, light_of
from engines.colour.profiles import srgb_profile
from engines.libvips import libvips

P3 = bytes(libvips().Image.profile_load("p3"))


def noise(dtype: type, low: float = 0, high: float = 1) -> np.ndarray:
    top = np.iinfo(dtype).max
    return np.random.default_rng(4).integers(int(low * top), int(high * top) + 1, (60, 50, 3)).astype(dtype)


def xyz(*values: float) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))


def profile(curve: bytes, *, extra: dict[bytes, bytes] | None = None) -> bytes:
    """Adobe RGB's primaries with any curve."""
    tags = {
        b"rXYZ": xyz(0.60974, 0.31111, 0.01947),
        b"gXYZ": xyz(0.20528, 0.62567, 0.06087),
        b"bXYZ": xyz(0.14919, 0.06322, 0.74457),
        b"wtpt": xyz(0.9642, 1.0, 0.8249),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
        **(extra or {}),
    }
    body, directory = b"", struct.pack(">I", len(tags))
    for tag, data in tags.items():
        directory += tag + struct.pack(">II", 132 + 12 * len(tags) + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = bytearray(128)
    head[8:12] = b"\x02\x40\0\0"
    head[12:24] = b"mntrRGB XYZ "
    head[36:40] = b"acsp"
    head[68:80] = struct.pack(">iii", 63190, 65536, 54061)
    out = bytes(head) + directory + body
    return struct.pack(">I", len(out)) + out[4:]


def curv(*points: int) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(f">I{len(points)}H", len(points), *points)


def para(kind: int, *values: float) -> bytes:
    return b"para\0\0\0\0" + struct.pack(f">HH{len(values)}i", kind, 0, *(round(65536 * value) for value in values))


CURVES = {
    "none": curv(),
    "gamma": curv(round(2.19921875 * 256)),
    "points": curv(*(round(65535 * (step / 63) ** 1.8) for step in range(64))),
    "power": para(0, 2.2),
    "flat below": para(1, 2.2, 0.98, 0.02),
    "raised": para(2, 2.2, 0.98, 0.015, 0.0),
    "straight below": para(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045),
    "straight and raised": para(4, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045, 0.0, 0.0),
}


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("kind", CURVES)
def test_there_and_back_is_the_very_level(kind: str, dtype: type) -> None:
    light, pixels = light_of(profile(CURVES[kind])), noise(dtype)
    back = light.back(light.of(pixels), np.dtype(dtype))
    assert back.dtype == dtype and np.abs(back.astype(int) - pixels).max() <= (1 if kind == "none" else 0)


@pytest.mark.parametrize("kind", CURVES)
def test_it_is_the_light_that_libvips_sees(kind: str) -> None:
    icc, pixels = profile(CURVES[kind]), noise(np.uint16, 0.3, 0.7)
    ours, theirs = light_of(icc).of(pixels), _Tabled(icc).of(pixels)
    assert np.abs(ours - theirs).max() < 0.001


def test_srgb_s_own_light_is_between_0_and_1_and_white_is_white() -> None:
    light = light_of(srgb_profile()).of(noise(np.uint16))
    assert light.min() >= -1e-9 and light.max() <= 1 + 1e-9
    for icc in (P3, profile(CURVES["gamma"])):
        white = light_of(icc).of(np.full((1, 1, 3), 255, np.uint8))
        np.testing.assert_allclose(white, 1, atol=1e-9)


def test_outside_srgb_it_knows_no_bounds() -> None:
    light = light_of(P3).of(np.array([[[0, 255, 0]]], np.uint8))[0, 0]
    assert light[0] < -0.1 and light[1] > 1


def test_what_the_profile_cannot_hold_is_cut() -> None:
    light = light_of(P3)
    made = light.back(np.array([[[4.0, 4.0, 4.0], [-1.0, -1.0, -1.0]]]), np.dtype(np.uint8))
    np.testing.assert_array_equal(made, [[[255] * 3, [0] * 3]])


def test_by_tables_it_is_nearly_the_same() -> None:
    tabled, pixels = _Tabled(P3), noise(np.uint16)
    back = tabled.back(tabled.of(pixels), np.dtype(np.uint16))
    assert np.abs(back.astype(int) - pixels).max() < 300
    back = tabled.back(tabled.of(noise(np.uint8)), np.dtype(np.uint8))
    assert np.abs(back.astype(int) - noise(np.uint8)).max() <= 1
    outside = np.array([[[255, 0, 0], [0, 255, 0]]], np.uint8)
    light = tabled.of(outside)
    assert light.min() < -0.03 and np.abs(tabled.back(light * 0.8, np.dtype(np.uint8)).astype(int)[0, 0, 1:]).max() <= 1


def test_what_is_no_matrix_is_left_to_the_tables() -> None:
    good = CURVES["gamma"]
    assert _shape(profile(good)) is not None
    assert _shape(profile(good, extra={b"A2B0": b"mft2"})) is None
    assert _shape(profile(b"none\0\0\0\0")) is None
    assert _shape(profile(para(7, 1.0))) is None
    assert _shape(profile(curv(65535, 0))) is None  # falling
    assert _shape(profile(good)[:150]) is None
    assert _shape(profile(good, extra={b"bXYZ": xyz(0.20528, 0.62567, 0.06087)})) is None  # two primaries are one
    assert isinstance(light_of(profile(good, extra={b"A2B0": b"mft2"})), _Tabled)
    with pytest.raises(struct.error):
        _curve(good[:9])
