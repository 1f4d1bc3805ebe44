"""The table of formats: names, first bytes, and the sentences for an ending that names none."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.errors import TargetError, shown
from engines.pictures.formats import FORMATS, SNIFF_BYTES, format_named, formats_that_hold, sniff, target_format


@pytest.mark.parametrize("known", FORMATS, ids=lambda known: known.name)
def test_every_format_is_recognised_by_its_first_bytes(known):
    buffer = io.BytesIO()
    Image.new("RGB", (3, 3)).save(buffer, known.name.upper())
    assert sniff(buffer.getvalue()[:SNIFF_BYTES]) is known


@pytest.mark.parametrize(
    "head", [b"", b"hello", b"%!PS-Adobe", b"RIFF\0\0\0\0WAVE", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"]
)
def test_what_is_no_picture_is_recognised_as_none(head):
    assert sniff(head) is None


def test_names_and_suffixes_lead_to_the_same_format():
    for known in FORMATS:
        assert all(format_named(name) is known for name in (known.name, known.title, *known.suffixes))
    assert target_format("a.JPG").name == "jpeg"
    assert target_format("a.jpg", "PNG").name == "png"
    with pytest.raises(KeyError):
        format_named("xcf")


@pytest.mark.parametrize(
    ("target", "format"), [("a", None), ("a.xcf", None), ("a.jpg", "xcf"), ("a.gif", None), ("a", "bmp")]
)
def test_a_format_that_cannot_be_written_gets_a_sentence_with_those_that_can(target, format):
    with pytest.raises(TargetError, match=r"(?i)jpe?g.*png.*webp.*tif.*avif|\.jpg"):
        target_format(target, format)


def test_the_formats_that_hold_a_size():
    assert {one.name for one in formats_that_hold(70_000, 1)} == {"png", "tiff"}
    assert "webp" in {one.name for one in formats_that_hold(16_383, 16_383)}
    assert "webp" not in {one.name for one in formats_that_hold(16_384, 1)}


def test_names_are_shown_printable():
    assert shown(Path("/a/b c.jpg")) == "b c.jpg"
    assert shown("/a/x\ny\udcff.jpg").encode() == "x\N{REPLACEMENT CHARACTER}y\N{REPLACEMENT CHARACTER}.jpg".encode()


def test_claimed_sides_are_true_of_the_encoders(tmp_path):
    """A side the table allows can be written and read; one more may fail in the encoder itself."""
    from engines.pictures.picture import Picture, load, save

    for known in FORMATS:
        if known.writable and known.largest_side is not None:
            strip = np.zeros((1, known.largest_side, 3), np.uint8)
            target = tmp_path / f"long{known.suffixes[0]}"
            save(Picture(strip), target)
            assert load(target).width == known.largest_side
