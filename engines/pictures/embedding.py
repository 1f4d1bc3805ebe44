"""Metadata put into an encoded file byte for byte: JPEG segments, PNG chunks, TIFF fields.

libvips would write EXIF anew in its own way, with a resolution and dimensions of its own. So the encoder writes no
metadata, and its file gets them here: JPEG and PNG begin writing after a gap that is then filled, TIFF allows its first
directory to lie anywhere and gets a new one at the end.
"""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO

from engines.atomic import write_all
from engines.metadata import exif as exif_format
from engines.metadata.exif import Entry
from engines.metadata.metadata import Metadata

# What comes before the metadata: the start marker of a JPEG, the signature and the header chunk of a PNG.
JPEG_HEAD = 2
PNG_HEAD = 33

# JFIF 1.01 with square pixels of no stated size: says that the colours are YCbCr, and nothing untrue.
_JFIF = b"\xff\xe0\x00\x10JFIF\0\1\1\0\0\1\0\1\0\0"

# A JPEG segment's length is a 16-bit number which counts itself.
_SEGMENT = 65_533
_EXIF_KEY = b"Exif\0\0"
_XMP_KEY = b"http://ns.adobe.com/xap/1.0/\0"
_ICC_KEY = b"ICC_PROFILE\0"
_TIFF_XMP, _TIFF_ICC = 700, 34675


def jpeg_segments(metadata: Metadata) -> tuple[bytes, list[str]]:
    """The JFIF segment and those of `metadata`, and sentences on what does not fit into them."""
    out = bytearray(_JFIF)
    notices: list[str] = []
    for title, key, data in (("EXIF", _EXIF_KEY, metadata.exif), ("XMP", _XMP_KEY, metadata.xmp)):
        if data and len(key) + len(data) <= _SEGMENT:
            out += _segment(0xE1, key + data)
        elif data:
            notices.append(f"The picture's {title} data is too large for a JPEG and was left out.")
    if metadata.icc:
        room = _SEGMENT - len(_ICC_KEY) - 2
        parts = [metadata.icc[at : at + room] for at in range(0, len(metadata.icc), room)]
        if len(parts) <= 255:
            for number, part in enumerate(parts, 1):
                out += _segment(0xE2, _ICC_KEY + bytes([number, len(parts)]) + part)
        else:
            notices.append("The picture's colour profile is too large for a JPEG and was left out.")
    return bytes(out), notices


def png_chunks(metadata: Metadata) -> bytes:
    """The iCCP, eXIf and iTXt chunks of `metadata`."""
    out = b""
    if metadata.icc:
        out += _chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(metadata.icc))
    if metadata.exif:
        out += _chunk(b"eXIf", metadata.exif)
    if metadata.xmp:
        out += _chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + metadata.xmp)
    return out


def fill_gap(file: BinaryIO, start: int, head: int, embedded: bytes) -> None:
    """Move the first `head` bytes of the file from `start`, where the encoder began, to 0; put `embedded` after them.

    `start` is the length of `embedded`, so that what follows the head needs not move.
    """
    assert start == len(embedded)
    file.seek(start)
    first = file.read(head)
    file.seek(0)
    write_all(file, first + embedded)


def embed_in_tiff(file: BinaryIO, metadata: Metadata) -> None:
    """Give the TIFF in `file` a first directory that also holds `metadata`."""
    if metadata == Metadata():
        return
    order, big, first = exif_format.read_header(file)
    offset_form = order + ("Q" if big else "I")
    fields = _raw_fields(file, order, first, big)
    file.seek(0, 2)
    end = file.tell() + file.tell() % 2
    out = bytearray()

    def add(tag: int, kind: int, count: int, data: bytes) -> None:
        room = 8 if big else 4
        if len(data) > room:
            out.extend(bytes(len(out) % 2))
            place = struct.pack(offset_form, end + len(out))
            out.extend(data)
            data = place
        fields[tag] = struct.pack(order + ("HHQ" if big else "HHI"), tag, kind, count) + data.ljust(room, b"\0")

    if metadata.icc:
        add(_TIFF_ICC, 7, len(metadata.icc), metadata.icc)
    if metadata.xmp:
        add(_TIFF_XMP, 1, len(metadata.xmp), metadata.xmp)
    if metadata.exif:
        found = exif_format.parse(metadata.exif).in_order(order)
        for entry in found.main:
            if entry.tag in exif_format.DESCRIPTIVE:
                add(entry.tag, entry.kind, entry.count, entry.data)
        for tag, group in ((exif_format.EXIF_IFD, found.exif), (exif_format.GPS_IFD, found.gps)):
            if group:
                place = _append(out, end, order, big, group)
                add(tag, 16 if big else 4, 1, struct.pack(offset_form, place))
    out.extend(bytes(len(out) % 2))
    new_first = end + len(out)
    out += struct.pack(order + ("Q" if big else "H"), len(fields))
    out += b"".join(fields[tag] for tag in sorted(fields)) + bytes(8 if big else 4)
    file.seek(0, 2)
    write_all(file, bytes(end - file.tell()) + bytes(out))
    file.seek(8 if big else 4)
    write_all(file, struct.pack(offset_form, new_first))


def _raw_fields(file: BinaryIO, order: str, offset: int, big: bool) -> dict[int, bytes]:
    """Each field of a directory as it is stored, by tag."""
    size = 20 if big else 12
    file.seek(offset)
    count = struct.unpack(order + ("Q" if big else "H"), file.read(8 if big else 2))[0]
    table = file.read(count * size)
    rows = (table[at : at + size] for at in range(0, len(table), size))
    return {struct.unpack_from(order + "H", row)[0]: row for row in rows}


def _append(out: bytearray, base: int, order: str, big: bool, entries: tuple[Entry, ...]) -> int:
    """Append a directory and its values to `out`, whose first byte lies at `base` in the file; gives where it lies."""
    room = 8 if big else 4
    out.extend(bytes(len(out) % 2))
    start = len(out)
    ordered = sorted(entries, key=lambda entry: entry.tag)
    table = bytearray(struct.pack(order + ("Q" if big else "H"), len(ordered)))
    values = base + start + len(table) + (20 if big else 12) * len(ordered) + room
    data = bytearray(values % 2)
    for entry in ordered:
        table += struct.pack(order + ("HHQ" if big else "HHI"), entry.tag, entry.kind, entry.count)
        if len(entry.data) <= room:
            table += entry.data.ljust(room, b"\0")
        else:
            table += struct.pack(order + ("Q" if big else "I"), values + len(data))
            data += entry.data + bytes(len(entry.data) % 2)
    out.extend(table + bytes(room) + data)
    return base + start


def _segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
