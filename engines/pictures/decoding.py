"""One decoder per format: an open file becomes rows of RGB(A) pixels, and what the file says beside them."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

import numpy as np
from PIL import Image

from engines.colour.profiles import grey_table, profile_space
from engines.errors import PictureError
from engines.libvips import libvips
from engines.pictures.containers import Contents, avif_is_deep, jpeg_contents, png_contents, tiff_contents
from engines.pictures.formats import Format
from engines.pictures.rows import STORED, ArrayRows, Damaged, Pixels, Rows, VipsRows

# Our own limit is checked first; Pillow's would warn and then refuse in words of its own.
Image.MAX_IMAGE_PIXELS = None


@dataclass
class Decoded:
    """An opened picture, not yet turned upright; `exif` and `icc` are still as the file has them."""

    rows: Rows
    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    notices: list[str] = field(default_factory=list[str])


_LOADERS = {"jpeg": "jpegload_source", "png": "pngload_source", "tiff": "tiffload_source"}
# The boxes that describe an AVIF lie before its pixels.
_AVIF_HEAD = 1 << 16

_CONTENTS = {"jpeg": jpeg_contents, "png": png_contents, "tiff": tiff_contents}
_PILLOW_FORMATS = {"webp": ("WEBP",), "avif": ("AVIF",), "bmp": ("BMP",), "gif": ("GIF",)}
_SEVERAL = {
    "tiff": "The file holds several pages; only the first is used.",
    "gif": "The picture is animated; only its first frame is used.",
    "webp": "The picture is animated; only its first frame is used.",
    "png": "The picture is animated; only its first frame is used.",
    "avif": "The picture is animated; only its first frame is used.",
}


def read_contents(file: BinaryIO, kind: Format) -> Contents:
    """The size and the metadata of a file of that kind, without decoding its pixels.

    Raises `Damaged`, or `PictureError` for what is no photograph.
    """
    try:
        if kind.name in _CONTENTS:
            return _CONTENTS[kind.name](file)
        file.seek(0)
        with _opened(file, kind) as image:
            info = image.info
            several = kind.name in _SEVERAL and bool(getattr(image, "is_animated", False))
            width, height = image.size
            return Contents(width, height, info.get("icc_profile"), info.get("exif"), info.get("xmp"), several)
    except PictureError:
        raise
    except Exception as error:  # decoders raise nearly anything on hostile bytes
        raise Damaged(str(error)) from error


def decode(file: BinaryIO, kind: Format, contents: Contents) -> Decoded:
    """Begin to decode `file`; raises `Damaged`, or `PictureError` for pixels that mean no photograph."""
    notices = [_SEVERAL[kind.name]] if contents.several else []
    decoded = Decoded(_NO_ROWS, contents.icc, contents.exif, contents.xmp, notices)
    space = profile_space(decoded.icc) if decoded.icc else None
    if decoded.icc and space is None:
        decoded.icc = None
        notices.append("The picture's colour profile is damaged and was left out; its colours are taken as sRGB.")
    if kind.name in _LOADERS:
        _decode_by_libvips(file, kind, decoded, space)
    else:
        file.seek(0)
        if kind.name == "avif" and avif_is_deep(file.read(_AVIF_HEAD)):
            notices.append("The picture has more than 8 bits a channel; they were rounded to 8.")
        decoded.rows = ArrayRows(_decode_by_pillow(file, kind))
        if space not in (None, "RGB"):
            _drop_profile(decoded)
    return decoded


def _opened(file: BinaryIO, kind: Format) -> Any:
    # The format is known by now: letting Pillow try all its own would start Ghostscript for a PostScript file.
    return Image.open(file, formats=_PILLOW_FORMATS[kind.name])


def _decode_by_pillow(file: BinaryIO, kind: Format) -> Pixels:
    """The first frame as RGB or RGBA, 8 bit."""
    try:
        file.seek(0)
        # A copy in memory: a decoder that maps the file would die with it if it shrank.
        with _opened(io.BytesIO(file.read()), kind) as image:
            image.load()
            alpha = image.has_transparency_data
            return np.asarray(image.convert("RGBA" if alpha else "RGB"))
    except MemoryError:
        raise
    except Exception as error:  # decoders raise nearly anything on hostile bytes
        raise Damaged(str(error)) from error


def _decode_by_libvips(file: BinaryIO, kind: Format, decoded: Decoded, space: str | None) -> None:
    pyvips = libvips()
    options: dict[str, Any] = {"access": "sequential", "fail_on": "truncated"}
    if kind.name == "tiff":
        # libvips' own limits refuse ordinary files stored as one strip; the size was checked before.
        options |= {"unlimited": True, "fail_on": "error"}
    try:
        source = _source(file, kind)
        image = getattr(pyvips.Image, _LOADERS[kind.name])(source, **options)
        rows = _libvips_rows(image, decoded, space)
        rows.keep(source)
        decoded.rows = rows
    except pyvips.Error as error:
        raise Damaged(str(error)) from error


def _source(file: BinaryIO, kind: Format) -> Any:
    """The file as libvips reads it: never by name, because libvips reads options from names that end in brackets."""
    pyvips = libvips()
    if kind.name != "jpeg":
        # libvips duplicates the descriptor, and reads from where it stands, of which `file` with its buffer knows
        # nothing: from here on nobody reads through `file`.
        os.lseek(file.fileno(), 0, os.SEEK_SET)
        return pyvips.Source.new_from_descriptor(file.fileno())
    # libvips maps a JPEG into memory where it can, and the whole program would die of a bus error if the file became
    # shorter meanwhile. So its compressed bytes, a tenth of its pixels or less, are copied instead. A source that calls
    # a function of ours for them would lose a Ctrl-C that arrives inside that function.
    data = bytearray(os.fstat(file.fileno()).st_size)
    file.seek(0)
    del data[cast("io.BufferedReader", file).readinto(data) :]  # `read` would join two copies
    return pyvips.Source.new_from_memory(data)


def _libvips_rows(image: Any, decoded: Decoded, space: str | None) -> VipsRows:
    """Rows of `image` as RGB(A), with the notices and the profile changes its kind of pixels asks for."""
    if image.format not in STORED:
        raise PictureError(f"its pixels are {image.format} numbers, which Duskroom does not read; save it as 16 bit.")
    if image.interpretation == "cmyk":
        image = _from_cmyk(image, decoded, space)
        space = None
    elif image.interpretation in ("lab", "labs", "xyz", "labq"):
        image = image.colourspace("rgb16")
        decoded.icc = space = None
        decoded.notices.append("The picture's Lab colours were converted to sRGB.")
    if image.bands > 4:
        image = image.extract_band(0, n=3)
        decoded.notices.append("The picture has more than four channels; only red, green and blue are used.")
    to_depth = _depth_conversion(image, decoded)
    depth = 8 if image.format == "uchar" else 16
    dtype = np.dtype(np.uint8 if depth == 8 else np.uint16)
    if image.bands >= 3:
        if space not in (None, "RGB"):
            _drop_profile(decoded)
        return VipsRows(image, to_depth, image.bands, dtype)
    table = None
    if space == "GRAY" and decoded.icc is not None:
        table = grey_table(decoded.icc, depth)
        decoded.icc = None
        if table is None:
            decoded.notices.append("The picture's grey profile cannot be used; its greys are taken as sRGB.")
    elif space not in (None, "RGB"):
        _drop_profile(decoded)
    channels = 3 if image.bands == 1 else 4
    return VipsRows(image, lambda raw: _from_grey(to_depth(raw), table), channels, dtype)


def _from_cmyk(image: Any, decoded: Decoded, space: str | None) -> Any:
    pyvips = libvips()
    own = space == "CMYK"
    if not own and image.get_typeof("icc-profile-data"):
        image = image.copy()
        image.remove("icc-profile-data")
    decoded.icc = None
    depth = 8 if image.format == "uchar" else 16
    by = "its own profile" if own else "a general profile, as it has none that fits"
    decoded.notices.append(f"The picture's CMYK colours were converted to sRGB by {by}.")
    try:
        return image.icc_transform("srgb", embedded=own, input_profile="cmyk", intent="relative", depth=depth)
    except pyvips.Error as error:
        raise Damaged(str(error)) from error


def _depth_conversion(image: Any, decoded: Decoded) -> Callable[[Pixels], Pixels]:
    """How the stored numbers become 8 or 16 bit."""
    if image.format in ("float", "double"):
        decoded.notices.append("The picture's floating-point pixels were cut to 0…1 and rounded to 16 bit.")
        return _from_float
    if image.format == "uint":
        decoded.notices.append("The picture's 32-bit pixels were rounded to 16 bit.")
        return lambda raw: (raw >> 16).astype(np.uint16)
    return lambda raw: raw


def _from_float(raw: Pixels) -> Pixels:
    clean = np.nan_to_num(raw.astype(np.float32), nan=0.0, posinf=1.0, neginf=0.0)
    return np.rint(np.clip(clean, 0.0, 1.0) * 65535.0).astype(np.uint16)


def _from_grey(raw: Pixels, table: Pixels | None) -> Pixels:
    grey = raw[..., 0]
    colour = np.repeat(grey[..., None], 3, axis=2) if table is None else table[grey]
    return colour if raw.shape[2] == 1 else np.concatenate([colour, raw[..., 1:]], axis=2)


def _drop_profile(decoded: Decoded) -> None:
    decoded.icc = None
    decoded.notices.append("The picture's colour profile is of another kind than its pixels and was left out.")


_NO_ROWS = ArrayRows(np.empty((0, 0, 3), np.uint8))
