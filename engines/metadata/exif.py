"""EXIF as bytes: its directories are read, edited where they lie, and built anew for and from TIFF files."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import BinaryIO

# Bytes of one value by TIFF field type; 16..18 exist in BigTIFF alone.
VALUE_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
# The unit in which a type's bytes turn round between byte orders: rationals are two 32-bit numbers.
_SWAP_UNITS = {3: 2, 4: 4, 5: 4, 8: 2, 9: 4, 10: 4, 11: 4, 12: 8, 13: 4}

ORIENTATION = 0x0112
EXIF_IFD = 0x8769
GPS_IFD = 0x8825
_INTEROP_IFD = 0xA005
_WIDTH, _HEIGHT = 0x0100, 0x0101
_EXIF_WIDTH, _EXIF_HEIGHT = 0xA002, 0xA003
_THUMBNAIL, _THUMBNAIL_LENGTH = 0x0201, 0x0202

# What of a TIFF's first directory tells of the photo rather than of how its pixels are stored: description, make,
# model, resolution, software, date, artist, host, rating, copyright, and the titles that Windows writes.
_RESOLUTION = frozenset({282, 283, 296})
DESCRIPTIVE = frozenset({270, 271, 272, 305, 306, 315, 316, 18246, 18249, 33432, *range(40091, 40096)}) | _RESOLUTION

# Nothing true is larger; a damaged count must not make us read or keep a gigabyte.
_LARGEST_VALUE = 16 << 20
_MOST_ENTRIES = 4096


@dataclass(frozen=True)
class Entry:
    """One field: its `data` holds the values themselves, in the byte order of the file they came from."""

    tag: int
    kind: int
    count: int
    data: bytes


@dataclass(frozen=True)
class Directories:
    """The directories of one EXIF block; `order` is `<` or `>`, as `struct` has it."""

    order: str
    main: tuple[Entry, ...] = ()
    exif: tuple[Entry, ...] = ()
    gps: tuple[Entry, ...] = ()

    def in_order(self, order: str) -> Directories:
        """The same with values in another byte order. Opaque bytes, such as maker notes, stay as they are."""
        if order == self.order:
            return self
        groups = (tuple(_swapped(entry) for entry in group) for group in (self.main, self.exif, self.gps))
        return Directories(order, *groups)


def read_header(file: BinaryIO) -> tuple[str, bool, int]:
    """The byte order, whether it is a BigTIFF, and where the first directory lies; raises `ValueError`."""
    file.seek(0)
    head = file.read(16)
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    if order is None or len(head) < 8:
        raise ValueError("no TIFF header")
    version = struct.unpack_from(order + "H", head, 2)[0]
    if version == 42:
        return order, False, struct.unpack_from(order + "I", head, 4)[0]
    if version == 43 and len(head) == 16:
        return order, True, struct.unpack_from(order + "Q", head, 8)[0]
    raise ValueError("neither TIFF nor BigTIFF")


def read_directory(file: BinaryIO, order: str, offset: int, *, big: bool = False) -> tuple[Entry, ...]:
    """The fields of the directory at `offset`; those that point outside the file are left out. Raises `ValueError`."""
    count_form, entry_form, value_size = ("Q", "HHQ", 8) if big else ("H", "HHI", 4)
    entry_size = struct.calcsize(order + entry_form) + value_size
    file.seek(offset)
    head = file.read(struct.calcsize(order + count_form))
    if len(head) < struct.calcsize(order + count_form):
        raise ValueError("the directory lies outside the file")
    count = struct.unpack(order + count_form, head)[0]
    if count > _MOST_ENTRIES:
        raise ValueError("the directory has too many fields")
    table = file.read(count * entry_size)
    entries: list[Entry] = []
    for start in range(0, len(table) - entry_size + 1, entry_size):
        tag, kind, values = struct.unpack_from(order + entry_form, table, start)
        size = VALUE_SIZES.get(kind, 0) * values
        if not 0 < size <= _LARGEST_VALUE:
            continue
        inline = table[start + entry_size - value_size : start + entry_size]
        if size <= value_size:
            data = inline[:size]
        else:
            file.seek(struct.unpack(order + ("Q" if big else "I"), inline)[0])
            data = file.read(size)
        if len(data) == size:
            entries.append(Entry(tag, kind, values, data))
    return tuple(entries)


def parse(exif: bytes) -> Directories:
    """The directories of an EXIF block without its thumbnail; raises `ValueError` where it is damaged."""
    return _parse_file(io.BytesIO(exif))


def from_tiff(file: BinaryIO) -> bytes | None:
    """What a TIFF file's own directories say of the photo, as one EXIF block; None where they say nothing."""
    try:
        found = _parse_file(file)
    except (ValueError, OSError, OverflowError):
        return None
    main = tuple(entry for entry in found.main if entry.tag in DESCRIPTIVE and entry.kind in VALUE_SIZES)
    if all(entry.tag in _RESOLUTION for entry in main) and not found.exif and not found.gps:
        return None
    return build(replace(found, main=main))


def build(directories: Directories) -> bytes:
    """An EXIF block of these directories."""
    order = directories.order
    out = bytearray((b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8))
    main = list(directories.main)
    pointers: list[int] = []
    for tag, group in ((EXIF_IFD, directories.exif), (GPS_IFD, directories.gps)):
        if group:
            main.append(Entry(tag, 4, 1, bytes(4)))
            pointers.append(tag)
    offsets = _append_directory(out, order, main)
    for tag, group in ((EXIF_IFD, directories.exif), (GPS_IFD, directories.gps)):
        if group:
            struct.pack_into(order + "I", out, offsets[tag], len(out))
            _append_directory(out, order, group)
    return bytes(out)


def orientation(exif: bytes) -> int:
    """The orientation 1..8 an EXIF block states; 1 where it states none, or one that means nothing."""
    try:
        for entry in parse(exif).main:
            if entry.tag == ORIENTATION and entry.kind in (3, 4):
                value = struct.unpack_from(_order(exif) + ("H" if entry.kind == 3 else "I"), entry.data)[0]
                return value if 1 <= value <= 8 else 1
    except (ValueError, struct.error):
        pass
    return 1


def with_orientation(exif: bytes | None, value: int) -> bytes:
    """An EXIF block, or a new one, that states this orientation and else what it stated."""
    found = parse(exif) if exif else Directories("<")
    entry = Entry(ORIENTATION, 3, 1, struct.pack(found.order + "H", value))
    return build(replace(found, main=(*(one for one in found.main if one.tag != ORIENTATION), entry)))


def without_orientation(exif: bytes) -> bytes:
    """The same EXIF without its orientation, edited where it lies; raises `ValueError` where it is damaged."""
    block = bytearray(exif)
    order = _order(exif)
    _remove(block, order, struct.unpack_from(order + "I", block, 4)[0], ORIENTATION)
    return bytes(block)


def upright(exif: bytes) -> bytes | None:
    """The same EXIF for pixels that were turned upright: orientation 1, no pixel dimensions, no thumbnail.

    It is edited where it lies, because maker notes hold offsets from the block's beginning. None where it is damaged.
    """
    block = bytearray(exif)
    try:
        parse(exif)
        order = _order(exif)
        first = struct.unpack_from(order + "I", block, 4)[0]
        _drop_thumbnail(block, order, first)
        for tag in (_WIDTH, _HEIGHT):
            _remove(block, order, first, tag)
        at = _find(block, order, first, ORIENTATION)
        if at is not None:
            struct.pack_into(order + "HHIHH", block, at, ORIENTATION, 3, 1, 1, 0)
        at = _find(block, order, first, EXIF_IFD)
        if at is not None:
            second = struct.unpack_from(order + "I", block, at + 8)[0]
            for tag in (_EXIF_WIDTH, _EXIF_HEIGHT):
                _remove(block, order, second, tag)
    except (ValueError, struct.error):
        return None
    return bytes(block)


def _parse_file(file: BinaryIO) -> Directories:
    order, big, first = read_header(file)
    main = read_directory(file, order, first, big=big)
    groups: dict[int, tuple[Entry, ...]] = {}
    for entry in main:
        if entry.tag in (EXIF_IFD, GPS_IFD) and entry.kind in (4, 13, 16, 18) and entry.count == 1:
            form = "Q" if VALUE_SIZES[entry.kind] == 8 else "I"
            try:
                inside = read_directory(file, order, struct.unpack(order + form, entry.data)[0], big=big)
            except ValueError:
                continue
            unwanted = (_EXIF_WIDTH, _EXIF_HEIGHT, _INTEROP_IFD)
            groups[entry.tag] = tuple(one for one in inside if one.tag not in unwanted and one.kind < 16)
    rest = tuple(one for one in main if one.tag not in (EXIF_IFD, GPS_IFD) and one.kind < 16)
    return Directories(order, rest, groups.get(EXIF_IFD, ()), groups.get(GPS_IFD, ()))


def _append_directory(out: bytearray, order: str, entries: Iterable[Entry]) -> dict[int, int]:
    """Append a directory and its values; gives where each field's four value bytes lie."""
    ordered = sorted(entries, key=lambda entry: entry.tag)
    out += bytes(len(out) % 2)
    start = len(out)
    out += struct.pack(order + "H", len(ordered)) + bytes(12 * len(ordered) + 4)
    places: dict[int, int] = {}
    for number, entry in enumerate(ordered):
        at = start + 2 + 12 * number
        struct.pack_into(order + "HHI", out, at, entry.tag, entry.kind, entry.count)
        places[entry.tag] = at + 8
        if len(entry.data) <= 4:
            out[at + 8 : at + 8 + len(entry.data)] = entry.data
        else:
            out += bytes(len(out) % 2)
            struct.pack_into(order + "I", out, at + 8, len(out))
            out += entry.data
    out += bytes(len(out) % 2)
    return places


def _order(exif: bytes) -> str:
    if exif[:4] == b"II*\0":
        return "<"
    if exif[:4] == b"MM\0*":
        return ">"
    raise ValueError("no TIFF header")


def _swapped(entry: Entry) -> Entry:
    unit = _SWAP_UNITS.get(entry.kind)
    if unit is None:
        return entry
    turned = b"".join(entry.data[at : at + unit][::-1] for at in range(0, len(entry.data), unit))
    return replace(entry, data=turned)


def _find(block: bytearray, order: str, directory: int, tag: int) -> int | None:
    """Where the twelve bytes of a field lie, or None."""
    count = struct.unpack_from(order + "H", block, directory)[0]
    for at in range(directory + 2, directory + 2 + 12 * count, 12):
        if struct.unpack_from(order + "H", block, at)[0] == tag:
            return at
    return None


def _remove(block: bytearray, order: str, directory: int, tag: int) -> None:
    """Take a field out of a directory: what follows it moves up, and nothing outside the directory moves."""
    at = _find(block, order, directory, tag)
    if at is None:
        return
    count = struct.unpack_from(order + "H", block, directory)[0]
    end = directory + 2 + 12 * count + 4
    if end > len(block):
        raise ValueError("the directory lies outside the block")
    block[at:end] = block[at + 12 : end] + bytes(12)
    struct.pack_into(order + "H", block, directory, count - 1)


def _drop_thumbnail(block: bytearray, order: str, first: int) -> None:
    """Cut the link to the second directory, and take the small picture's bytes away."""
    count = struct.unpack_from(order + "H", block, first)[0]
    link = first + 2 + 12 * count
    if link + 4 > len(block):
        return  # some writers leave the link out where the block ends
    second = struct.unpack_from(order + "I", block, link)[0]
    struct.pack_into(order + "I", block, link, 0)
    if not 8 <= second < len(block):
        return
    try:
        places = [_find(block, order, second, tag) for tag in (_THUMBNAIL, _THUMBNAIL_LENGTH)]
        start, length = (struct.unpack_from(order + "I", block, at + 8)[0] if at is not None else 0 for at in places)
    except struct.error:
        return
    if not 8 <= start <= start + length <= len(block):
        return
    if start + length >= len(block) - 1:
        del block[start:]
    else:
        block[start : start + length] = bytes(length)
