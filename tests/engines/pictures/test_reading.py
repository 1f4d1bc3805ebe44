"""Reading: every kind of pixel and every kind of damage, in bands and whole."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import threading
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms

from engines.colour.profiles import srgb_profile
from engines.errors import PictureError
from engines.libvips import libvips
from engines.metadata.exif import Directories, Entry, build, orientation, parse
from engines.metadata.metadata import Metadata
from engines.pictures import turning
from engines.pictures.picture import Picture, load, save
from engines.pictures.reading import MAX_PIXELS, open_picture

READ = ["jpg", "png", "webp", "tif", "avif", "bmp", "gif"]
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def noise():
    return np.random.default_rng(7).integers(0, 256, (40, 50, 4), np.uint8)


def _png(width, height, *chunks, depth=8, colour=2):
    """A PNG file's bytes with these chunks between header and end."""
    everything = [(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)), *chunks, (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in everything
    )


def _exif(value, order="<"):
    return build(
        Directories(order, (Entry(0x0112, 3, 1, struct.pack(order + "H", value)), Entry(0x010F, 2, 2, b"M\0")))
    )


def _read_in_bands(path, count):
    bands = []
    with open_picture(path) as reader:
        while len(band := reader.read(count)):
            bands.append(band)
    return np.concatenate(bands)


# P1: files that are no whole pictures


@pytest.mark.parametrize("suffix", READ)
def test_an_empty_file_gets_a_sentence(tmp_path, suffix):
    """P1."""
    path = tmp_path / f"a.{suffix}"
    path.touch()
    with pytest.raises(PictureError, match="is empty"):
        load(path)


@pytest.mark.parametrize("suffix", READ)
def test_text_with_a_pictures_name_gets_a_sentence(tmp_path, suffix):
    """P1."""
    path = tmp_path / f"a.{suffix}"
    path.write_text("Dear diary, today I renamed a file.")
    with pytest.raises(PictureError, match="not a picture"):
        load(path)


@pytest.mark.parametrize("suffix", READ)
def test_a_truncated_file_gets_a_sentence_wherever_it_ends(tmp_path, suffix, noise):
    """P1."""
    whole = tmp_path / f"whole.{suffix}"
    Image.fromarray(noise[..., :3]).save(whole)
    data = whole.read_bytes()
    cut = tmp_path / f"cut.{suffix}"
    for end in (20, 64, len(data) // 4, len(data) // 2, len(data) * 9 // 10, len(data) - 40):
        cut.write_bytes(data[:end])
        with pytest.raises(PictureError, match=r"damaged or incomplete|not a picture"):
            load(cut)
        with pytest.raises(PictureError, match=r"damaged or incomplete|not a picture"):
            _read_in_bands(cut, 3)


@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_a_large_truncated_file_fails_in_the_middle_of_the_bands(tmp_path, suffix):
    """P1: what came before the damage can be read, and then comes the sentence."""
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (900, 600, 3), np.uint8)).save(path)
    data = bytearray(path.read_bytes())
    if suffix == "jpg":
        del data[len(data) // 2 :]
    else:  # a PNG that ends early is seen at once, by its chunks
        data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    with open_picture(path) as reader:
        assert reader.read(100).shape == (100, 600, 3)
        with pytest.raises(PictureError, match="damaged or incomplete"):
            while len(reader.read(100)):
                pass


@pytest.mark.parametrize("suffix", READ)
def test_random_damage_never_raises_anything_but_a_sentence(tmp_path, suffix, noise):
    """P1."""
    whole = tmp_path / f"whole.{suffix}"
    Image.fromarray(noise[:12, :12, :3]).save(whole, exif=b"Exif\0\0" + _exif(6))
    data = whole.read_bytes()
    hurt = tmp_path / f"hurt.{suffix}"
    rng = np.random.default_rng(1)
    for _ in range(60):
        damaged = bytearray(data)
        for at in rng.integers(0, len(data), 4):
            damaged[at] = rng.integers(0, 256)
        hurt.write_bytes(damaged)
        try:
            assert load(hurt, max_pixels=1_000_000).pixels.shape[2] in (3, 4)
        except PictureError as error:
            assert str(error).endswith((".", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9"))


def test_the_suffix_does_not_matter(tmp_path, noise):
    """P1."""
    path = tmp_path / "really-a-png.jpg"
    Image.fromarray(noise).save(path, "PNG")
    assert np.array_equal(load(path).pixels, noise)


# P2: enormous claims


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "gif", "tif"])
def test_an_enormous_claim_is_refused_before_memory_is_taken(tmp_path, suffix):
    """P2: in a process that could not hold a thousandth of it."""
    side = 60_000
    path = tmp_path / f"a.{suffix}"
    if suffix == "png":
        path.write_bytes(_png(side, side, (b"IDAT", zlib.compress(b""))))
    else:
        Image.new("RGB", (8, 8)).save(path)
        data = bytearray(path.read_bytes())
        if suffix == "jpg":
            at = data.index(b"\xff\xc0") + 5
            data[at : at + 4] = struct.pack(">HH", side, side)
        elif suffix == "bmp":
            data[18:26] = struct.pack("<ii", side, side)
        elif suffix == "gif":
            data[6:10] = struct.pack("<HH", side, side)
        else:
            for tag in (256, 257):
                at = data.index(struct.pack("<HHI", tag, 4, 1)) + 8
                data[at : at + 4] = struct.pack("<I", side)
        path.write_bytes(data)
    script = (
        "import sys, resource; from engines.pictures.reading import open_picture; from engines.libvips import libvips\n"
        "libvips()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))\n"
        "try: open_picture(sys.argv[1])\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, str(path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "PictureError" in done.stdout
    assert "60000 × 60000" in done.stdout
    assert "--max-pixels" in done.stdout
    assert done.stderr == ""


def test_the_limit_can_be_raised_and_lowered(tmp_path, noise):
    """P2."""
    path = tmp_path / "a.png"
    Image.fromarray(noise).save(path)
    assert load(path, max_pixels=2000).width == 50
    with pytest.raises(PictureError, match="--max-pixels 2000"):
        load(path, max_pixels=1999)
    assert MAX_PIXELS >= 500_000_000


# P4: orientations


def _upright(stored, value):
    """By the EXIF standard's own words: where the stored row 0 and column 0 are to be seen."""
    flips = {
        1: stored,
        2: np.fliplr(stored),
        3: np.rot90(stored, 2),
        4: np.flipud(stored),
        5: np.transpose(stored, (1, 0, 2)),
        6: np.rot90(stored, -1),
        7: np.rot90(np.transpose(stored, (1, 0, 2)), 2),
        8: np.rot90(stored, 1),
    }
    return flips[value]


@pytest.mark.parametrize("value", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif", "avif"])
def test_every_orientation_is_baked_in(tmp_path, value, suffix, noise):
    """P4."""
    path, plain = tmp_path / f"turned.{suffix}", tmp_path / f"plain.{suffix}"
    image = Image.fromarray(noise[:16, :24, :3])
    if suffix == "tif":
        image.save(path, tiffinfo={0x0112: value})
    else:
        image.save(path, exif=b"Exif\0\0" + _exif(value))
    image.save(plain)
    picture = load(path)
    assert np.array_equal(picture.pixels, _upright(load(plain).pixels, value))
    assert np.array_equal(_read_in_bands(path, 5), picture.pixels)
    if picture.metadata.exif is not None:
        assert orientation(picture.metadata.exif) == 1
    save(picture, tmp_path / f"again.{suffix}")
    assert load(tmp_path / f"again.{suffix}").pixels.shape == picture.pixels.shape


@pytest.mark.parametrize("value", range(1, 9))
def test_a_large_picture_is_turned_through_a_file(tmp_path, monkeypatch, value, noise):
    """P4: the same pixels as in memory, with blocks that do not divide the picture."""
    monkeypatch.setattr(turning, "_IN_MEMORY", 0)
    monkeypatch.setattr(turning, "_BLOCK", 1000)
    path = tmp_path / "a.png"
    Image.fromarray(noise).save(path, exif=b"Exif\0\0" + _exif(value, ">"))
    for count in (1, 7, 100):
        assert np.array_equal(_read_in_bands(path, count), _upright(noise, value))


def test_xmp_that_repeats_the_orientation_is_corrected(tmp_path, noise):
    """P4."""
    path = tmp_path / "a.webp"
    xmp = b'<rdf:Description tiff:Orientation="6"/><tiff:Orientation>6</tiff:Orientation>'
    Image.fromarray(noise).save(path, exif=b"Exif\0\0" + _exif(6), xmp=xmp, lossless=True, exact=True)
    found = load(path).metadata.xmp
    assert found == b'<rdf:Description tiff:Orientation="1"/><tiff:Orientation>1</tiff:Orientation>'


def test_exif_loses_thumbnail_and_dimensions_and_nothing_else(tmp_path, noise):
    """P4: the thumbnail would show the picture before it was edited; maker notes stay where they lie."""
    note = Entry(0x927C, 7, 9, b"MakerNote")
    sizes = (Entry(0xA002, 3, 1, b"\x32\0"), Entry(0xA003, 3, 1, b"\x28\0"))
    block = bytearray(build(Directories("<", (Entry(0x010F, 2, 6, b"Maker\0"),), (note, *sizes))))
    link = 8 + 2 + 12 * 2
    thumbnail = b"\xff\xd8 small picture \xff\xd9"
    struct.pack_into("<I", block, link, len(block))
    start = len(block) + 2 + 24 + 4
    block += struct.pack("<HHHIIHHIII", 2, 0x0201, 4, 1, start, 0x0202, 4, 1, len(thumbnail), 0) + thumbnail
    path = tmp_path / "a.jpg"
    Image.fromarray(noise[..., :3]).save(path, exif=b"Exif\0\0" + bytes(block))
    with Image.open(path) as image:
        assert image.getexif().get_ifd(0x8769)[0xA002] == 50
        assert image.getexif().get_ifd(ExifTags.IFD.IFD1)
    found = load(path).metadata.exif
    assert found is not None
    assert b"small picture" not in found
    assert found.index(b"MakerNote") == bytes(block).index(b"MakerNote")
    assert parse(found).exif == (note,)
    save(load(path), tmp_path / "b.jpg")
    with Image.open(tmp_path / "b.jpg") as image:
        assert image.getexif()[0x010F] == "Maker"
        assert set(image.getexif().get_ifd(0x8769)) == {0x927C}
        assert not image.getexif().get_ifd(ExifTags.IFD.IFD1)


def test_damaged_exif_is_left_out_with_a_notice(tmp_path, noise):
    path = tmp_path / "a.jpg"
    Image.fromarray(noise[..., :3]).save(path, exif=b"Exif\0\0II*\0\xff\xff\0\0rubbish")
    picture = load(path)
    assert picture.metadata.exif is None
    assert any("EXIF" in notice for notice in picture.notices)


# P5: colour profiles


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp", "avif"])
@pytest.mark.parametrize("cut", [30, 200, None])
def test_a_broken_profile_is_left_out_with_a_notice(tmp_path, suffix, cut, noise):
    """P5."""
    broken = srgb_profile()[:cut] if cut else b"no profile at all" * 20
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(noise[..., :3]).save(path, icc_profile=broken)
    picture = load(path)
    assert picture.metadata.icc is None
    assert len(picture.notices) == 1
    assert "profile" in picture.notices[0]


def test_a_missing_profile_is_nothing_to_tell(tmp_path, noise):
    """P5."""
    path = tmp_path / "a.png"
    Image.fromarray(noise).save(path)
    assert load(path).metadata == Metadata()
    assert load(path).notices == ()


def _grey_profile(gamma):
    """A grey ICC profile whose tone curve is one power."""
    tags = {
        b"kTRC": b"curv\0\0\0\0" + struct.pack(">IHH", 1, round(gamma * 256), 0),
        b"wtpt": b"XYZ \0\0\0\0" + struct.pack(">iii", 63190, 65536, 54061),
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", 5) + b"Grey\0" + bytes(4 + 4 + 2 + 1 + 67 + 3),
    }
    body, table = b"", struct.pack(">I", len(tags))
    for tag, data in tags.items():
        table += tag + struct.pack(">II", 128 + 4 + 12 * len(tags) + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = bytearray(128)
    head[8:12] = b"\x02\x10\0\0"
    head[12:24] = b"mntrGRAYXYZ "
    head[36:40] = b"acsp"
    head[68:80] = struct.pack(">iii", 63190, 65536, 54061)
    out = bytes(head) + table + body
    return struct.pack(">I", len(out)) + out[4:]


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_grey_profile_is_applied_and_left_out(tmp_path, suffix, dtype):
    """P5: its greys become the sRGB values that look the same."""
    top = np.iinfo(dtype).max
    grey = np.linspace(0, top, 64).round().astype(dtype).reshape(8, 8)
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(grey).save(path, icc_profile=_grey_profile(1.8))
    picture = load(path)
    linear = (grey / top) ** 1.8
    expected = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055)
    assert picture.metadata.icc is None
    assert picture.notices == ()
    assert picture.pixels.dtype == dtype
    assert np.abs(picture.pixels / top - expected[..., None]).max() < 0.008
    assert np.ptp(picture.pixels, axis=2).max() == 0


def test_a_profile_of_another_kind_than_the_pixels_is_left_out(tmp_path, noise):
    """P5."""
    path = tmp_path / "a.jpg"
    Image.fromarray(noise[..., :3]).save(path, icc_profile=_grey_profile(2.2))
    picture = load(path)
    assert picture.metadata.icc is None
    assert "profile" in picture.notices[0]


# P6: kinds of pixels


@pytest.mark.parametrize(
    ("mode", "suffix"),
    [(mode, suffix) for suffix in ("png", "tif", "gif", "bmp") for mode in ("1", "L", "P", "RGB")]
    + [("LA", "png"), ("LA", "tif"), ("RGBA", "png"), ("RGBA", "tif"), ("RGBA", "webp")],
)
def test_lossless_kinds_of_pixels_read_as_what_they_mean(tmp_path, mode, suffix, noise):
    """P6."""
    image = Image.fromarray(noise).convert("RGB") if mode in ("1", "L", "P", "RGB") else Image.fromarray(noise)
    image = image.convert(mode)
    path = tmp_path / f"a.{suffix}"
    image.save(path, **({"lossless": True, "exact": True} if suffix == "webp" else {}))
    with Image.open(path) as again:  # GIF has no more than 256 colours, whatever it was given
        expected = np.asarray(again.convert("RGBA" if mode in ("LA", "RGBA") else "RGB"))
    picture = load(path)
    assert picture.pixels.dtype == np.uint8
    assert np.array_equal(picture.pixels, expected)
    assert picture.notices == ()
    assert np.array_equal(_read_in_bands(path, 7), expected)


@pytest.mark.parametrize("suffix", ["png", "gif"])
def test_a_transparent_colour_of_a_palette_becomes_alpha(tmp_path, suffix):
    """P6."""
    image = Image.new("P", (4, 1))
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    image.putdata([0, 1, 2, 1])
    path = tmp_path / f"a.{suffix}"
    image.save(path, transparency=1)
    pixels = load(path).pixels
    assert pixels[0, :, 3].tolist() == [255, 0, 255, 0]
    assert pixels[0, 0, :3].tolist() == [255, 0, 0]


@pytest.mark.parametrize(("mode", "key"), [("L", 7), ("RGB", (1, 2, 3))])
def test_a_transparent_colour_without_palette_becomes_alpha(tmp_path, mode, key):
    """P6."""
    image = Image.new(mode, (2, 1))
    image.putpixel((1, 0), key)
    image.save(tmp_path / "a.png", transparency=key)
    assert load(tmp_path / "a.png").pixels[0, :, 3].tolist() == [255, 0]


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_16_bit_greys_stay_16_bit(tmp_path, suffix):
    """P6."""
    grey = np.random.default_rng(0).integers(0, 65536, (20, 30), np.uint16)
    Image.fromarray(grey).save(tmp_path / f"a.{suffix}")
    pixels = load(tmp_path / f"a.{suffix}").pixels
    assert pixels.dtype == np.uint16
    assert np.array_equal(pixels, grey[..., None].repeat(3, 2))


def test_a_float_tiff_becomes_16_bit_with_a_notice(tmp_path):
    """P6."""
    values = np.array([[0.0, 0.5, 1.0, -3.0, 7.0, np.nan, np.inf, 1 / 65535]], np.float32)
    Image.fromarray(values).save(tmp_path / "a.tif")
    picture = load(tmp_path / "a.tif")
    assert picture.pixels[0, :, 0].tolist() == [0, 32768, 65535, 0, 65535, 0, 65535, 1]
    assert "floating-point" in picture.notices[0]


@pytest.mark.parametrize("suffix", ["jpg", "tif"])
@pytest.mark.parametrize("with_profile", [False, True])
def test_cmyk_becomes_srgb_with_a_notice(tmp_path, suffix, with_profile):
    """P6."""
    image = Image.new("CMYK", (32, 8))
    image.paste((0, 255, 255, 0), (0, 0, 16, 8))  # red
    extra = {"icc_profile": libvips().Image.profile_load("cmyk")} if with_profile else {}
    image.save(tmp_path / f"a.{suffix}", **extra)
    picture = load(tmp_path / f"a.{suffix}")
    red, white = picture.pixels[4, 4].astype(int), picture.pixels[4, 28].astype(int)
    assert red[0] > 180
    assert red[1:].max() < 90
    assert white.min() > 240
    assert picture.metadata.icc is None
    assert len(picture.notices) == 1
    assert ("its own profile" in picture.notices[0]) == with_profile


@pytest.mark.parametrize("suffix", ["gif", "webp", "png", "tif", "avif"])
def test_of_several_pictures_the_first_is_read_with_a_notice(tmp_path, suffix):
    """P6."""
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "lime", "blue")]
    frames[0].save(tmp_path / f"a.{suffix}", save_all=True, append_images=frames[1:])
    picture = load(tmp_path / f"a.{suffix}")
    assert picture.pixels.shape[:2] == (16, 16)
    assert picture.pixels[8, 8, 0] > 240
    assert picture.pixels[8, 8, 1:3].max() < 16
    assert len(picture.notices) == 1
    assert "first" in picture.notices[0]


def test_premultiplied_alpha_is_undone(tmp_path):
    """P6."""
    pyvips = libvips()
    pixels = np.full((4, 4, 4), (200, 100, 50, 128), np.uint8)
    pyvips.Image.new_from_array(pixels).copy(interpretation="srgb").tiffsave(str(tmp_path / "a.tif"), premultiply=True)
    found = load(tmp_path / "a.tif").pixels
    assert np.abs(found.astype(int) - pixels).max() <= 2


@pytest.mark.parametrize(
    "options", [{"tile": True}, {"bigtiff": True}, {"compression": "jpeg"}, {"tile": True, "pyramid": True}]
)
def test_every_layout_of_a_tiff_is_read(tmp_path, options):
    """P6."""
    pixels = np.full((300, 400, 3), (30, 120, 210), np.uint8)
    libvips().Image.new_from_array(pixels).copy(interpretation="srgb").tiffsave(str(tmp_path / "a.tif"), **options)
    picture = load(tmp_path / "a.tif")
    assert np.abs(picture.pixels.astype(int) - pixels).max() <= 2
    assert picture.notices == (), "smaller copies of the same picture are no pages"


def test_a_camera_raw_file_is_not_taken_for_its_preview(tmp_path):
    """P6: they are TIFFs that begin with a small picture of the photo."""
    Image.new("RGB", (16, 12)).save(tmp_path / "a.nef", "TIFF", tiffinfo={254: 1})
    Image.new("RGB", (16, 12)).save(tmp_path / "a.dng", "TIFF", tiffinfo={50706: b"\1\4\0\0"})
    for name in ("a.nef", "a.dng"):
        with pytest.raises(PictureError, match="camera raw file; develop it"):
            load(tmp_path / name)


def test_a_phones_heic_photo_gets_a_sentence_of_its_own(tmp_path):
    """P6."""
    (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100))
    with pytest.raises(PictureError, match="HEIC.*export it as JPEG"):
        load(tmp_path / "a.heic")


@pytest.mark.parametrize("depth", [8, 10, 12])
def test_a_deep_avif_is_rounded_with_a_notice(tmp_path, depth):
    """P6."""
    image = libvips().Image.new_from_array(np.full((16, 16, 3), 30000, np.uint16)).copy(interpretation="rgb16")
    image.heifsave(str(tmp_path / "a.avif"), compression="av1", bitdepth=depth, Q=95)
    picture = load(tmp_path / "a.avif")
    assert abs(int(picture.pixels[8, 8, 0]) - 117) <= 2
    assert len(picture.notices) == (depth > 8)


def test_metadata_behind_the_pixels_of_a_png_is_found(tmp_path):
    """Some programs append EXIF and XMP after the pixels."""
    pixels = zlib.compress(b"\0\1\2\3")
    late = (b"eXIf", _exif(1)), (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(b"<x/>"))
    (tmp_path / "a.png").write_bytes(_png(1, 1, (b"IDAT", pixels), *late))
    picture = load(tmp_path / "a.png")
    assert picture.metadata == Metadata(exif=_exif(1), xmp=b"<x/>")
    assert picture.pixels.tolist() == [[[1, 2, 3]]]


# P7, P8: files


def test_what_is_no_file_gets_a_sentence(tmp_path):
    """P7."""
    os.mkfifo(tmp_path / "pipe.png")
    for path, said in (
        (tmp_path, "is a folder"),
        (tmp_path / "none.jpg", "no file"),
        (tmp_path / "none" / "a.jpg", "no file"),
        (tmp_path / "pipe.png", "not an ordinary file"),
        (tmp_path / ("n" * 300), "too long"),
        (tmp_path / "a\0b.png", "null"),
    ):
        with pytest.raises(PictureError, match=said):
            load(path)


def _tall(path, height=4000):
    pixels = np.random.default_rng(0).integers(0, 256, (height, 200, 3), np.uint8)
    save(Picture(pixels), path)
    return pixels


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
def test_a_file_that_is_cut_while_open_gets_a_sentence(tmp_path, suffix):
    """P8."""
    path = tmp_path / f"a.{suffix}"
    _tall(path)
    with open_picture(path) as reader:
        reader.read(10)
        os.truncate(path, path.stat().st_size // 3)
        with pytest.raises(PictureError, match=r"changed while it was read"):
            while len(reader.read(100)):
                pass


def test_a_large_jpeg_that_is_cut_while_open_does_not_end_the_program(tmp_path):
    """P8: what libvips maps into memory and is no longer there ends a program at once."""
    path = tmp_path / "a.jpg"
    pixels = np.random.default_rng(0).integers(0, 256, (3000, 2000, 3), np.uint8)
    save(Picture(pixels), path)
    script = (
        "import os, sys; from engines.pictures.reading import open_picture\n"
        "with open_picture(sys.argv[1]) as reader:\n"
        "    reader.read(10)\n"
        "    os.truncate(sys.argv[1], 1_000_000)\n"
        "    try: reader.read(2990)\n"
        "    except Exception as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, path], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "PictureError" in done.stdout
    assert "changed" in done.stdout


def test_a_file_that_is_rewritten_while_open_gets_a_sentence(tmp_path):
    """P8."""
    path = tmp_path / "a.png"
    _tall(path)
    with open_picture(path) as reader:
        reader.read(10)
        path.write_bytes(path.read_bytes())
        os.utime(path, ns=(0, 0))
        with pytest.raises(PictureError, match="changed"):
            reader.read(10)


def test_a_file_that_is_deleted_or_replaced_while_open_is_read_to_its_end(tmp_path):
    """P8: its bytes are still there for whoever opened it before."""
    path = tmp_path / "a.png"
    pixels = _tall(path)
    with open_picture(path) as reader:
        first = reader.read(10)
        path.unlink()
        assert np.array_equal(np.concatenate([first, reader.read(5000)]), pixels)


def test_a_file_that_is_gone_when_its_alpha_is_looked_at_gets_a_sentence(tmp_path, noise):
    """P8."""
    path = tmp_path / "a.png"
    Image.fromarray(noise).save(path)
    with open_picture(path) as reader:
        path.unlink()
        with pytest.raises(PictureError, match="no file"):
            assert reader.alpha


# Bands


@pytest.mark.parametrize("suffix", ["png", "tif", "webp"])
def test_alpha_tells_its_one_value_or_none(tmp_path, suffix):
    def alpha_of(pixels):
        path = tmp_path / f"a.{suffix}"
        save(Picture(pixels), path)
        with open_picture(path) as reader:
            before = reader.read(3)
            found = reader.alpha
            assert np.array_equal(np.concatenate([before, reader.read(1000)])[..., 3:], pixels[..., 3:])
            return found

    pixels = np.full((600, 5, 4), 255, np.uint8)
    if suffix != "webp":  # whose encoder leaves out an alpha that is opaque everywhere
        assert alpha_of(pixels) == 255
    pixels[..., 3] = 9
    assert alpha_of(pixels) == 9
    pixels[-1, -1, 3] = 8
    assert alpha_of(pixels) is None
    assert alpha_of(pixels[..., :3]) is None


def test_rows_are_read_once_and_run_out(tmp_path, noise):
    path = tmp_path / "a.png"
    Image.fromarray(noise).save(path)
    reader = open_picture(path)
    assert reader.read(0).shape == (0, 50, 4)
    assert reader.read(30).shape == (30, 50, 4)
    last = reader.read(30)
    assert np.array_equal(last, noise[30:])
    assert not last.flags.writeable
    assert reader.read(1).shape == (0, 50, 4)
    with pytest.raises(ValueError, match="negative"):
        reader.read(-1)
    reader.close()
    reader.close()
    with pytest.raises(ValueError, match="closed"):
        reader.read(1)


def test_a_reader_may_go_from_thread_to_thread(tmp_path):
    path = tmp_path / "a.jpg"
    _tall(path)
    bands = []
    with open_picture(path) as reader:
        for _ in range(5):
            thread = threading.Thread(target=lambda: bands.append(reader.read(800)))
            thread.start()
            thread.join()
    assert np.array_equal(np.concatenate(bands), load(path).pixels)


def test_no_file_stays_open(tmp_path, noise):
    paths = []
    for suffix in READ:
        paths.append(tmp_path / f"a.{suffix}")
        Image.fromarray(noise[..., :3]).save(paths[-1])
    load(paths[0])
    before = len(os.listdir("/proc/self/fd"))
    for path in paths:
        load(path)
        path.write_bytes(path.read_bytes()[:100])
        with pytest.raises(PictureError):
            load(path)
    assert len(os.listdir("/proc/self/fd")) == before


def test_reading_imports_libvips_only_when_a_picture_is_opened():
    script = "import sys, engines.pictures.picture; sys.exit('pyvips' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)


def test_a_real_profile_is_seen_as_what_it_is():
    from engines.colour.profiles import profile_space

    assert profile_space(srgb_profile()) == "RGB"
    assert profile_space(_grey_profile(2.2)) == "GRAY"
    assert profile_space(ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()) == "Lab"
    assert profile_space(b"") is None
