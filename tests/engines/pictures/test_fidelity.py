"""What is said to be kept is what a file that was written holds when it is read again, for every format and picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engines.colour.profiles import srgb_profile
from engines.metadata.exif import Directories, Entry, build
from engines.metadata.metadata import KEEPS, Keep, Metadata
from engines.pictures.fidelity import fitting, kept_by
from engines.pictures.formats import WRITABLE_FORMATS, Format
from engines.pictures.picture import Picture, load, save
from tests.engines.metadata.test_xmp import PACKET, STEPS

EXIF = build(
    Directories(
        "<",
        main=(Entry(0x010F, 2, 6, b"Maker\0"), Entry(0x013B, 2, 3, b"Me\0"), Entry(0x8298, 2, 5, b"Mine\0")),
        exif=(Entry(0x829A, 5, 1, b"\1\0\0\0\x3c\0\0\0"), Entry(0x927C, 7, 8, b"GPS here")),
        gps=(Entry(1, 2, 2, b"N\0"),),
    )
)
FULL = Metadata(srgb_profile(), EXIF, PACKET)
KINDS = {
    "bare": (3, np.uint8, Metadata()),
    "full": (3, np.uint8, FULL),
    "alpha": (4, np.uint8, FULL),
    "deep": (3, np.uint16, FULL),
    "deep alpha": (4, np.uint16, Metadata(icc=FULL.icc)),
    "long profile": (3, np.uint8, replace(FULL, exif=None, xmp=PACKET.replace(b"Potes", b"Potes" * 20_000))),
}


def picture_of(kind: str) -> Picture:
    channels, dtype, metadata = KINDS[kind]
    random = np.random.default_rng(5)
    return Picture(random.integers(0, np.iinfo(dtype).max + 1, (9, 12, channels)).astype(dtype), metadata)


@pytest.mark.parametrize("keep", KEEPS)
@pytest.mark.parametrize("format", WRITABLE_FORMATS, ids=lambda format: format.name)
@pytest.mark.parametrize(("kind", "noted"), [*((kind, False) for kind in KINDS), ("bare", True), ("full", True)])
def test_it_is_true(kind: str, format: Format, keep: Keep, noted: bool, tmp_path: Path) -> None:
    picture = picture_of(kind)
    before = picture.metadata
    after = before.kept(keep).with_steps(STEPS if noted else ())
    said = kept_by(format, depth=picture.depth, has_alpha=picture.has_alpha, before=before, after=after).fates
    target = tmp_path / f"file{format.suffixes[0]}"
    save(replace(picture, metadata=after), target)
    found = load(target)
    assert (said["depth"] == "kept") == (found.depth == picture.depth)
    assert {"kept": picture.has_alpha and found.has_alpha, "lost": picture.has_alpha and not found.has_alpha}.get(
        said["alpha"], not picture.has_alpha
    )
    same = found.pixels.shape == picture.pixels.shape and found.pixels.dtype == picture.pixels.dtype
    assert (said["pixels"] == "kept") == (same and bool((found.pixels == picture.pixels).all()))
    assert said["rotation"] == "kept" and (found.width, found.height) == (picture.width, picture.height)
    assert (said["profile"] == "kept") == bool(before.icc and found.metadata.icc == before.icc)
    if said["camera data"] in ("lost", "absent"):
        assert not found.metadata.exif
    else:
        assert found.metadata.exif and b"Mine" in found.metadata.exif
        assert (b"Maker" in found.metadata.exif) == (keep in ("all", "no place"))
        assert (said["camera data"] == "kept") == (keep == "all")
    if said["place"] == "kept":
        assert found.metadata.tells_place
    else:
        assert not found.metadata.tells_place and b"GPS here" not in (found.metadata.exif or b"")
    assert (said["recipe"] == "kept") == (found.metadata.steps == tuple(STEPS))
    if said["xmp"] in ("lost", "absent"):
        assert not found.metadata.xmp or (noted and b"Painter" not in found.metadata.xmp)
    else:
        assert found.metadata.xmp and b"Painter" in found.metadata.xmp
        assert (said["xmp"] == "kept") == (b"Potes" in found.metadata.xmp)


def test_what_a_jpeg_has_no_room_for_is_left_out() -> None:
    jpeg = next(format for format in WRITABLE_FORMATS if format.name == "jpeg")
    large = Metadata(xmp=PACKET.replace(b"Potes", b"Potes" * 20_000))
    assert fitting(jpeg, large) == Metadata()
    assert kept_by(jpeg, depth=8, has_alpha=False, before=large, after=large).losses == ("pixels", "place", "xmp")


def test_keeping_everything_changes_no_byte() -> None:
    assert FULL.kept("all") is FULL and FULL.kept("none") == Metadata(icc=FULL.icc)
    assert FULL.with_steps(()) == FULL
