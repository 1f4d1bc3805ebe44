"""Colour spaces: to sRGB and back, what counts as sRGB, and profiles that lead one way or nowhere."""

from __future__ import annotations

import itertools
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.colour.profiles import Space, profile_space, srgb_profile
from engines.libvips import libvips
from engines.metadata.metadata import Metadata
from engines.models.model import open_model
from engines.pictures.picture import Picture, load
from engines.translation.translate import translate, translate_file
from tests.models import tiny_translation, translation_card


def wide_gamut() -> bytes:
    return bytes(libvips().Image.profile_load("p3"))


def scanner_profile() -> bytes:
    """An ICC profile of a scanner: a table from its RGB to Lab, and none back."""
    corners = [
        ((r + g + b) * 21760, 0x8000 + (r - g) * 9000, 0x8000 + (g - b) * 9000)
        for r, g, b in itertools.product((0, 1), repeat=3)
    ]
    identity = struct.pack(">9i", *(65536 * (place % 4 == 0) for place in range(9)))
    ends = struct.pack(">6H", *(0, 65535) * 3)
    table = b"mft2\0\0\0\0\3\3\2\0" + identity + struct.pack(">HH", 2, 2) + ends
    table += struct.pack(">24H", *itertools.chain(*corners)) + ends
    tags = {
        b"A2B0": table,
        b"wtpt": b"XYZ \0\0\0\0" + struct.pack(">iii", 63190, 65536, 54061),
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", 5) + b"Scan\0" + bytes(4 + 4 + 2 + 1 + 67 + 3),
    }
    body, directory = b"", struct.pack(">I", len(tags))
    for tag, data in tags.items():
        directory += tag + struct.pack(">II", 128 + 4 + 12 * len(tags) + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = bytearray(128)
    head[8:12] = b"\x02\x10\0\0"
    head[12:24] = b"scnrRGB Lab "
    head[36:40] = b"acsp"
    head[68:80] = struct.pack(">iii", 63190, 65536, 54061)
    out = bytes(head) + directory + body
    return struct.pack(">I", len(out)) + out[4:]


def noise(dtype: type, low: float, high: float) -> np.ndarray:
    top = np.iinfo(dtype).max
    return np.random.default_rng(0).integers(int(low * top), int(high * top), (40, 50, 3)).astype(dtype)


@pytest.mark.parametrize("icc", [None, srgb_profile(), bytes(libvips().Image.profile_load("srgb"))])
def test_srgb_is_left_alone(icc: bytes | None) -> None:
    space = Space(icc)
    pixels = noise(np.uint8, 0, 1)
    assert space.is_srgb and space.notice is None and space.result_icc == icc
    assert space.to_srgb(pixels) is pixels and space.from_srgb(pixels, pixels.dtype) is pixels


@pytest.mark.parametrize(("dtype", "levels"), [(np.uint8, 0), (np.uint16, 100)])
def test_there_and_back_is_where_it_was(dtype: type, levels: int) -> None:
    space = Space(wide_gamut())
    pixels = noise(dtype, 0.4, 0.5)  # muted: all of it lies inside sRGB
    seen = space.to_srgb(pixels)
    back = space.from_srgb(seen, pixels.dtype)
    assert not space.is_srgb and seen.dtype == np.uint16 and back.dtype == dtype
    assert int(np.abs(back.astype(np.int64) - pixels).max()) <= levels
    assert int(np.abs(seen.astype(np.int64) - pixels.astype(np.int64) * (65535 // np.iinfo(dtype).max)).max()) > 500


def test_depths_change_where_only_depth_does() -> None:
    pixels = noise(np.uint8, 0, 1)
    deep = Space(None).from_srgb(pixels, np.dtype(np.uint16))
    np.testing.assert_array_equal(deep, pixels.astype(np.uint16) * 257)
    np.testing.assert_array_equal(Space(None).from_srgb(deep, np.dtype(np.uint8)), pixels)


def test_a_profile_that_leads_nowhere_is_taken_as_srgb() -> None:
    space = Space(b"no profile at all" * 20)
    assert space.is_srgb and "taken as sRGB" in (space.notice or "") and space.result_icc is None


@pytest.mark.parametrize("method", ["redraw", "relight"])
def test_a_scanner_s_profile_leads_one_way(tmp_path: Path, method: str) -> None:
    icc = scanner_profile()
    assert profile_space(icc) == "RGB"
    space = Space(icc)
    assert space.is_one_way and space.result_icc == srgb_profile() and "converted to sRGB" in (space.notice or "")
    pixels = noise(np.uint8, 0.3, 0.7)
    own = space.from_srgb(space.to_srgb(pixels), np.dtype(np.uint8))
    assert int(np.abs(own.astype(int) - pixels).max()) > 3
    path = tiny_translation(tmp_path / "m.onnx", card=translation_card(view=20))
    Image.fromarray(pixels).save(tmp_path / "scan.png", icc_profile=icc)
    with open_model(path, "cpu") as model:
        result = translate(Picture(pixels, Metadata(icc)), model, method=method)
        expected = translate(Picture(own, Metadata(srgb_profile())), model, method=method)
        outcome = translate_file(tmp_path / "scan.png", tmp_path / "out.png", model, method=method)
    assert result.metadata.icc == srgb_profile() and result.notices == (space.notice,) == outcome.notices
    assert int(np.abs(result.pixels.astype(int) - expected.pixels).max()) <= 1
    written = load(tmp_path / "out.png")
    np.testing.assert_array_equal(written.pixels, result.pixels)
    assert written.metadata.icc == srgb_profile()
