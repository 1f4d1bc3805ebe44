"""Pictures whole: what survives loading and saving, pixel by pixel and byte by byte."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engines.colour.profiles import srgb_profile
from engines.errors import PictureError, TargetError
from engines.libvips import libvips
from engines.metadata.exif import Directories, Entry, build, parse
from engines.metadata.metadata import Metadata
from engines.pictures.embedding import embed_in_tiff
from engines.pictures.picture import Picture, load, save
from engines.pictures.reading import open_picture
from engines.pictures.writing import PictureWriter

MAKER_NOTE = bytes(range(256))
EXIF = build(
    Directories(
        ">",
        main=(Entry(0x010F, 2, 6, b"Maker\0"), Entry(0x0112, 3, 1, b"\0\1"), Entry(0x8298, 2, 3, b"Me\0")),
        exif=(Entry(0x829A, 5, 1, b"\0\0\0\1\0\0\0\x3c"), Entry(0x927C, 7, 256, MAKER_NOTE)),
        gps=(Entry(1, 2, 2, b"N\0"), Entry(2, 5, 3, b"\0\0\0\x34\0\0\0\1" * 3)),
    )
)
XMP = b'<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF/></x:xmpmeta><?xpacket end="w"?>'
WRITTEN = ["jpg", "png", "webp", "tif", "avif"]


def _random_pixels(height, width, channels, dtype, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, np.iinfo(dtype).max, (height, width, channels), dtype, endpoint=True)


def test_pixels_are_read_only_and_nobody_elses():
    mine = np.zeros((2, 3, 3), np.uint8)
    picture = Picture(mine)
    mine[:] = 9
    assert picture.pixels.max() == 0
    with pytest.raises(ValueError, match="read-only"):
        picture.pixels[0, 0, 0] = 1
    assert (picture.width, picture.height, picture.depth, picture.has_alpha) == (3, 2, 8, False)
    wide = Picture(np.zeros((2, 3, 4), np.uint16))
    assert (wide.depth, wide.has_alpha) == (16, True)


@pytest.mark.parametrize(("shape", "dtype"), [((2, 2), "u1"), ((2, 2, 1), "u1"), ((0, 2, 3), "u1"), ((2, 2, 3), "f4")])
def test_what_is_no_picture_is_refused(shape, dtype):
    with pytest.raises(ValueError, match="pixels are"):
        Picture(np.zeros(shape, dtype))


@given(
    width=st.integers(1, 40),
    height=st.integers(1, 40),
    channels=st.sampled_from([3, 4]),
    dtype=st.sampled_from([np.uint8, np.uint16]),
    suffix=st.sampled_from(["png", "tif"]),
    heights=st.lists(st.integers(1, 17), min_size=1, max_size=6),
    seed=st.integers(0, 2**32 - 1),
)
def test_lossless_formats_give_back_every_pixel(width, height, channels, dtype, suffix, heights, seed):
    pixels = _random_pixels(height, width, channels, dtype, seed)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / f"x.{suffix}"
        with PictureWriter(target, width, height, channels, dtype, Metadata()) as writer:
            done = turn = 0
            while done < height:
                rows = pixels[done : done + heights[turn % len(heights)]]
                writer.write(rows)
                done, turn = done + len(rows), turn + 1
        assert writer.notices == ()
        bands = []
        with open_picture(target) as reader:
            assert (reader.width, reader.height, reader.channels, reader.dtype) == (width, height, channels, dtype)
            while len(band := reader.read(heights[len(bands) % len(heights)])):
                bands.append(band)
        assert np.array_equal(np.concatenate(bands), pixels)
        assert np.array_equal(load(target).pixels, pixels)


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_a_16_bit_ramp_survives(tmp_path, suffix):
    ramp = np.arange(65536, dtype=np.uint16).reshape(256, 256, 1).repeat(3, 2)
    first, second = tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}"
    assert save(Picture(ramp), first) == ()
    assert save(load(first), second) == ()
    again = load(second).pixels
    assert again.dtype == np.uint16
    assert len(np.unique(again)) == 65536


@pytest.mark.parametrize("first", WRITTEN)
@pytest.mark.parametrize("second", WRITTEN)
def test_metadata_travels_from_every_format_to_every_other(tmp_path, first, second):
    a, b = tmp_path / f"a.{first}", tmp_path / f"b.{second}"
    metadata = Metadata(srgb_profile(), EXIF, XMP)
    save(Picture(_random_pixels(9, 12, 3, np.uint8), metadata), a)
    save(load(a), b)
    found = load(b).metadata
    assert found.icc == metadata.icc
    assert found.xmp == XMP
    assert found.exif is not None
    told, meant = parse(found.exif).in_order("<"), parse(EXIF).in_order("<")
    assert told.exif == meant.exif
    assert told.gps == meant.gps
    kept = {entry.tag: entry for entry in told.main}
    assert kept[0x010F] == meant.main[0]
    assert kept[0x8298].data == b"Me\0"
    if not {"tif", "avif"} & {first, second}:
        assert found.exif == EXIF, "only TIFF and AVIF state in their own way a part of what EXIF holds"
    with Image.open(b) as image:
        assert image.getexif()[0x010F] == "Maker"
        assert image.getexif().get_ifd(0x8769)[0x829A] == pytest.approx(1 / 60)


@pytest.mark.parametrize("suffix", WRITTEN)
def test_strip_leaves_out_exif_and_xmp_and_keeps_the_profile(tmp_path, suffix):
    target = tmp_path / f"a.{suffix}"
    save(Picture(_random_pixels(9, 12, 3, np.uint8), Metadata(srgb_profile(), EXIF, XMP)), target, strip=True)
    assert load(target).metadata == Metadata(icc=srgb_profile())
    assert b"Maker" not in target.read_bytes()


@pytest.mark.parametrize("big", [False, True])
def test_metadata_is_put_into_both_kinds_of_tiff(tmp_path, big):
    """Pictures of more than 4 GB become BigTIFF files, whose directories are laid out differently."""
    target, pixels = tmp_path / "a.tif", _random_pixels(9, 12, 3, np.uint16)
    libvips().Image.new_from_array(pixels).copy(interpretation="rgb16").tiffsave(str(target), bigtiff=big)
    with open(target, "r+b", buffering=0) as file:
        embed_in_tiff(file, Metadata(srgb_profile(), EXIF, XMP))
    assert target.read_bytes()[2] == (43 if big else 42)
    picture = load(target)
    assert np.array_equal(picture.pixels, pixels)
    assert (picture.metadata.icc, picture.metadata.xmp) == (srgb_profile(), XMP)
    assert picture.metadata.exif is not None
    assert parse(picture.metadata.exif).in_order("<").exif == parse(EXIF).in_order("<").exif
    with Image.open(target) as image:
        assert image.getexif()[0x8298] == "Me"
        assert image.getexif().get_ifd(0x8825)[1] == "N"


@pytest.mark.parametrize("suffix", WRITTEN)
def test_a_large_profile_travels_too(tmp_path, suffix):
    # A JPEG segment holds 64 kB: this one takes three of them.
    profile = bytearray(srgb_profile())
    profile += np.random.default_rng(0).bytes(150_000)
    profile[:4] = len(profile).to_bytes(4, "big")
    target = tmp_path / f"a.{suffix}"
    assert save(Picture(_random_pixels(9, 12, 3, np.uint8), Metadata(icc=bytes(profile))), target) == ()
    assert load(target).metadata.icc == bytes(profile)


def test_what_a_jpeg_segment_cannot_hold_is_told(tmp_path):
    notices = save(Picture(_random_pixels(9, 12, 3, np.uint8), Metadata(xmp=b"x" * 70_000)), tmp_path / "a.jpg")
    assert len(notices) == 1
    assert "XMP" in notices[0]
    assert load(tmp_path / "a.jpg").metadata == Metadata()


@pytest.mark.parametrize("suffix", ["jpg", "webp", "avif"])
def test_the_lossy_formats_stay_near_and_obey_the_quality(tmp_path, suffix, photo_pixels):
    sizes = {}
    for quality in (20, None, 97):
        target = tmp_path / f"{quality}.{suffix}"
        save(Picture(photo_pixels), target, quality=quality)
        sizes[quality] = target.stat().st_size
        off = np.abs(load(target).pixels.astype(int) - photo_pixels).mean()
        assert off < (20 if quality == 20 else 5)
    assert sizes[20] < sizes[None] < sizes[97]


def test_alpha_and_16_bits_in_a_jpeg_are_told_as_lost(tmp_path):
    """T4."""
    pixels = np.zeros((8, 8, 4), np.uint16)
    pixels[:4, :, 3] = 65535
    notices = save(Picture(pixels), tmp_path / "a.jpg")
    assert len(notices) == 2
    assert "16" in notices[0]
    assert "transparency" in notices[1]
    shown = load(tmp_path / "a.jpg").pixels
    assert shown.shape == (8, 8, 3)
    assert shown[0].max() < 8
    assert shown[7].min() > 247


def test_an_opaque_picture_loses_nothing_in_a_jpeg(tmp_path):
    pixels = np.full((8, 8, 4), 255, np.uint8)
    assert save(Picture(pixels), tmp_path / "a.jpg") == ()


@pytest.mark.parametrize("suffix", ["webp", "avif"])
def test_16_bits_in_an_8_bit_format_are_told_as_lost_and_rounded(tmp_path, suffix):
    """T4."""
    notices = save(Picture(np.full((8, 8, 4), 32768, np.uint16)), tmp_path / f"a.{suffix}")
    assert len(notices) == 1
    assert "16" in notices[0]
    again = load(tmp_path / f"a.{suffix}").pixels
    assert again.shape == (8, 8, 4)
    assert abs(int(again[..., 3].min()) - 128) <= 1


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (3, 3)])
@pytest.mark.parametrize("suffix", WRITTEN)
def test_strange_sizes_are_written_and_read(tmp_path, size, suffix):
    """P3."""
    width, height = size
    target = tmp_path / f"a.{suffix}"
    save(Picture(_random_pixels(height, width, 3, np.uint8)), target)
    assert load(target).pixels.shape == (height, width, 3)


@pytest.mark.parametrize(
    "name",
    ["with space", 'it\'s "quoted"', "Füße 夜 🌃", "a[1]", "b[Q=5,strip]", "-leading", "x:y", "%s %d", "n" * 251],
)
@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
def test_strange_names_are_written_and_read(tmp_path, name, suffix):
    """P7."""
    target = tmp_path / f"{name}.{suffix}"
    pixels = _random_pixels(5, 4, 3, np.uint8)
    save(Picture(pixels), target)
    assert [path.name for path in tmp_path.iterdir()] == [target.name]
    assert load(target).pixels.shape == (5, 4, 3)


def test_a_name_that_is_no_valid_text_is_written_and_read(tmp_path):
    """P7."""
    target = tmp_path / "caf\udce9.png"
    save(Picture(_random_pixels(5, 4, 3, np.uint8)), target)
    assert load(target).width == 4
    with pytest.raises(PictureError, match="no file") as caught:
        load(tmp_path / "th\udce9.png")
    assert str(caught.value).encode()


def test_load_keeps_the_source_and_save_does_not_overwrite_it(tmp_path):
    """T3."""
    target = tmp_path / "a.png"
    pixels = _random_pixels(5, 4, 3, np.uint8)
    save(Picture(pixels), target)
    before = target.read_bytes()
    picture = load(target)
    assert picture.source == target
    with pytest.raises(TargetError, match="overwritten"):
        save(picture, target)
    assert target.read_bytes() == before
    save(Picture(255 - pixels, source=target), target, overwrite_source=True)
    assert np.array_equal(load(target).pixels, 255 - pixels)


def test_a_wide_gamut_profile_is_kept_untouched(tmp_path):
    """P5: pixels stay what they were, in their own colour space."""
    wide = _wide_gamut_profile()
    pixels = _random_pixels(5, 4, 3, np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png", icc_profile=wide)
    picture = load(tmp_path / "a.png")
    assert np.array_equal(picture.pixels, pixels)
    assert picture.metadata.icc == wide
    assert picture.notices == ()


def _wide_gamut_profile():
    """sRGB with its red primary moved out: another matrix, so a wider gamut."""
    profile = bytearray(srgb_profile())
    count = int.from_bytes(profile[128:132], "big")
    for at in range(132, 132 + 12 * count, 12):
        if profile[at : at + 4] == b"rXYZ":
            place = int.from_bytes(profile[at + 4 : at + 8], "big")
            profile[place + 8 : place + 12] = int(0.61 * 65536).to_bytes(4, "big")
    return bytes(profile)
