"""What JPEG, PNG and TIFF files say of themselves, read from their own structure: size, metadata, wholeness."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from engines.errors import PictureError
from engines.metadata import exif as exif_format

# A metadata chunk is a profile, EXIF or XMP: none is honestly larger, compressed or not.
_LARGEST_CHUNK = 64 << 20

# Start of frame, in all the ways JPEG codes pixels; the three numbers left out mean other things.
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_JPEG_ICC = b"ICC_PROFILE\0"

_TIFF_ICC, _TIFF_XMP = 34675, 700
_SUBFILE_TYPE, _DNG_VERSION = 254, 50706
_STRIPS, _STRIP_BYTES, _TILES, _TILE_BYTES = 273, 279, 324, 325


@dataclass(frozen=True)
class Contents:
    """A file's size in pixels, its metadata as stored, and whether it holds more than one picture."""

    width: int
    height: int
    icc: bytes | None
    exif: bytes | None
    xmp: bytes | None
    several: bool


def jpeg_contents(file: BinaryIO) -> Contents:
    """Walk a JPEG's segments up to its first scan. Raises `ValueError` where it is damaged or ends before that."""
    width = height = 0
    exif = xmp = None
    profile: dict[int, bytes] = {}
    for marker, data in _jpeg_segments(file):
        if marker in _JPEG_FRAMES and len(data) >= 5:
            height, width = struct.unpack_from(">HH", data, 1)
        elif marker == 0xE1 and data.startswith(b"Exif\0\0"):
            exif = exif or data
        elif marker == 0xE1 and data.startswith(_JPEG_XMP):
            xmp = xmp or data[len(_JPEG_XMP) :]
        elif marker == 0xE2 and data.startswith(_JPEG_ICC):
            profile[data[len(_JPEG_ICC)]] = data[len(_JPEG_ICC) + 2 :]
    if not width or not height:
        raise ValueError("no size")
    icc = b"".join(profile[number] for number in sorted(profile))
    return Contents(width, height, icc or None, exif, xmp, several=False)


def png_contents(file: BinaryIO) -> Contents:
    """Walk a PNG's chunks, also those behind the pixels, where some programs put EXIF and XMP.

    Raises `ValueError` where it is damaged or ends before its end chunk.
    """
    width = height = 0
    icc = exif = xmp = None
    several = False
    for kind, length in _png_chunks(file):
        if kind == b"IHDR":
            width, height = struct.unpack(">II", file.read(8))
        elif kind == b"acTL":
            several = struct.unpack(">I", file.read(4))[0] > 1
        elif kind in (b"iCCP", b"eXIf", b"iTXt") and length <= _LARGEST_CHUNK:
            data = file.read(length)
            if kind == b"eXIf":
                exif = data
            elif kind == b"iCCP":
                icc = _inflated(data.partition(b"\0")[2][1:]) or b"damaged"
            elif data.startswith(b"XML:com.adobe.xmp\0"):
                xmp = _international_text(data)
    if not width or not height:
        raise ValueError("no size")
    return Contents(width, height, icc, exif, xmp, several)


def tiff_contents(file: BinaryIO) -> Contents:
    """Read a TIFF's first directory.

    Raises `ValueError` where it is damaged, or ends before its pixels do, and `PictureError` for a camera's raw file.
    """
    order, big, offset = exif_format.read_header(file)
    entries = {entry.tag: entry for entry in exif_format.read_directory(file, order, offset, big=big)}

    def numbers(tag: int) -> tuple[int, ...]:
        entry = entries.get(tag)
        form = {1: "B", 3: "H", 4: "I", 16: "Q"}.get(entry.kind) if entry else None
        return struct.unpack(f"{order}{entry.count}{form}", entry.data) if entry and form else ()

    def raw(tag: int) -> bytes | None:
        return entries[tag].data if tag in entries else None

    width, height = numbers(256), numbers(257)
    if not width or not height or not width[0] or not height[0]:
        raise ValueError("no size")
    if _DNG_VERSION in entries or any(value & 1 for value in numbers(_SUBFILE_TYPE)):
        # Camera raw files are TIFFs whose first picture is a small preview, not to be taken for the photo.
        raise PictureError("it is a camera raw file; develop it and export a TIFF or JPEG.")
    size = os.fstat(file.fileno()).st_size
    for places, lengths in ((_STRIPS, _STRIP_BYTES), (_TILES, _TILE_BYTES)):
        for place, length in zip(numbers(places), numbers(lengths), strict=False):
            if place + length > size:
                raise ValueError("the file ends before its pixels do")
    exif = exif_format.from_tiff(file)
    turned = numbers(exif_format.ORIENTATION)
    if turned and turned[0] != 1:
        exif = exif_format.with_orientation(exif, turned[0])
    several = _has_second_page(file, order, offset, big)
    return Contents(width[0], height[0], raw(_TIFF_ICC), exif, raw(_TIFF_XMP), several)


def avif_is_deep(head: bytes) -> bool:
    """Whether an AVIF file that begins with `head` has more than 8 bits a channel, by its decoder's configuration."""
    at = head.find(b"av1C")
    return at >= 0 and len(head) > at + 6 and bool(head[at + 6] & 0x40)


def _jpeg_segments(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Each segment's marker and contents, up to the first scan."""
    file.seek(2)
    while True:
        if file.read(1) != b"\xff":
            raise ValueError("no marker where one belongs")
        marker = b"\xff"
        while marker == b"\xff":  # any number of them may fill the space between segments
            marker = file.read(1)
        if not marker or marker == b"\xd9":
            raise ValueError("the file ends before its first scan")
        if marker == b"\xda":
            return
        head = file.read(2)
        length = int.from_bytes(head, "big")
        data = file.read(max(0, length - 2))
        if length < 2 or len(data) != length - 2:
            raise ValueError("the file ends inside a segment")
        yield marker[0], data


def _png_chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Each chunk's kind and length, with the file standing at its data."""
    size = os.fstat(file.fileno()).st_size
    at = 8
    while True:
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            raise ValueError("the file ends before its last chunk")
        length, kind = struct.unpack(">I4s", head)
        if at + 12 + length > size:
            raise ValueError("the file ends inside a chunk")
        yield kind, length
        if kind == b"IEND":
            return
        at += 12 + length


def _inflated(data: bytes) -> bytes | None:
    unpack = zlib.decompressobj()
    try:
        out = unpack.decompress(data, _LARGEST_CHUNK)
    except zlib.error:
        return None
    return out if unpack.eof else None


def _international_text(data: bytes) -> bytes | None:
    """The text of an iTXt chunk: key, two flags, language, translated key, text."""
    rest = data.partition(b"\0")[2]
    if len(rest) < 2:
        return None
    compressed = rest[0] == 1
    text = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    return _inflated(text) if compressed else text


def _has_second_page(file: BinaryIO, order: str, offset: int, big: bool) -> bool:
    """Whether another directory follows the first and is a page, not a smaller copy or a mask of it."""
    count_form, entry_size, link_form = ("Q", 20, "Q") if big else ("H", 12, "I")
    file.seek(offset)
    count = struct.unpack(order + count_form, file.read(struct.calcsize(count_form)))[0]
    file.seek(offset + struct.calcsize(order + count_form) + count * entry_size)
    link = file.read(struct.calcsize(order + link_form))
    following = struct.unpack(order + link_form, link)[0] if len(link) == struct.calcsize(order + link_form) else 0
    if not following:
        return False
    try:
        second = exif_format.read_directory(file, order, following, big=big)
    except ValueError:
        return False
    kinds = [struct.unpack_from(order + "I", one.data)[0] for one in second if one.tag == 254 and one.kind == 4]
    return not (kinds and kinds[0] & 0b101)
