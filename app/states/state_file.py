"""A state file: one picture, its metadata and a thumbnail, lossless, checked, written whole or not at all.

Layout: `MAGIC`, the header's length and CRC-32 (two little-endian uint32), the header (JSON), the parts that the header
names in its order, the samples row by row (little-endian), the CRC-32 of all samples.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication

from engines.atomic import AtomicFile, target_error, write_all
from engines.errors import DuskroomError, shown
from engines.metadata.metadata import Metadata
from engines.pictures.picture import Picture
from engines.progress import Progress

translate = QCoreApplication.translate

MAGIC = b"DuskroomState1\n"
BAND_BYTES = 4 << 20  # at a time: cancelling is quick, and Python's lock is never held for long
MOST_HEADER = 1 << 20
_LENGTHS = struct.Struct("<II")
_CHECK = struct.Struct("<I")
_METADATA = ("icc", "exif", "xmp")


class StateError(DuskroomError):
    """A state on disk cannot be read back."""


@dataclass(frozen=True, eq=False)
class Preview:
    """What a state file says of itself without its samples: size, depth, and a thumbnail, uint8 (h, w, 3|4) or None."""

    width: int
    height: int
    depth: int
    thumbnail: NDArray[np.uint8] | None


def write(picture: Picture, path: Path, thumbnail: NDArray[np.uint8] | None = None, *, progress: Progress) -> None:
    """Write `picture` to `path`, without waiting for the disk. Raises TargetError and Cancelled; then there is no file."""
    parts = {name: data for name in _METADATA if (data := getattr(picture.metadata, name)) is not None}
    if thumbnail is not None:
        parts["thumbnail"] = np.ascontiguousarray(thumbnail).tobytes()
    pixels = picture.pixels
    header = {
        "shape": pixels.shape,
        "dtype": pixels.dtype.name,
        "source": os.fspath(picture.source) if picture.source is not None else None,
        "notices": picture.notices,
        "thumbnail": None if thumbnail is None else thumbnail.shape,
        "parts": [[name, len(data), zlib.crc32(data)] for name, data in parts.items()],
    }
    text = json.dumps(header).encode("ascii")  # escapes: a path need not be text
    try:
        with AtomicFile(path, flush=False) as target:
            write_all(target.file, MAGIC + _LENGTHS.pack(len(text), zlib.crc32(text)) + text + b"".join(parts.values()))
            check, step = 0, _rows_at_a_time(pixels)
            for top in range(0, len(pixels), step):
                progress.check()
                band = np.ascontiguousarray(pixels[top : top + step], pixels.dtype.newbyteorder("<"))
                data = band.data.cast("B")
                check = zlib.crc32(data, check)
                write_all(target.file, data)
            progress.check()
            write_all(target.file, _CHECK.pack(check))
    except OSError as error:
        raise target_error(path, error) from error


def read(path: Path, *, progress: Progress) -> Picture:
    """The picture in `path`; progress counts pixels. Raises StateError and Cancelled."""
    try:
        with open(path, "rb") as file:
            header, parts = _read_header(file)
            height, width, channels = header["shape"]
            pixels = np.empty((height, width, channels), np.dtype(header["dtype"]).newbyteorder("<"))
            flat = pixels.data.cast("B")
            check, step = 0, _rows_at_a_time(pixels) * pixels[0].nbytes
            total = height * width
            for start in range(0, len(flat), step):
                progress(start * total // len(flat), total, "reading a state")
                band = flat[start : start + step]
                if file.readinto(band) != len(band):
                    raise ValueError("samples are missing")
                check = zlib.crc32(band, check)
            if file.read() != _CHECK.pack(check):
                raise ValueError("samples are damaged")
    except FileNotFoundError as error:
        raise StateError(
            translate("history", "“{name}”, a state of the history, is gone; go to another state.").format(
                name=shown(path)
            )
        ) from error
    except MemoryError:
        raise
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise StateError(
            translate("history", "“{name}”, a state of the history, is damaged; go to another state.").format(
                name=shown(path)
            )
        ) from error
    pixels = pixels.astype(header["dtype"], copy=False)
    pixels.flags.writeable = False
    source = Path(header["source"]) if header["source"] is not None else None
    metadata = Metadata(**{name: parts.get(name) for name in _METADATA})
    return Picture(pixels, metadata, source, tuple(header["notices"]))


def preview(path: Path) -> Preview:
    """What `path` says of itself. Raises StateError where it is damaged as far as can be seen without its samples."""
    try:
        with open(path, "rb") as file:
            header, parts = _read_header(file)
            height, width, channels = header["shape"]
            depth = 8 * np.dtype(header["dtype"]).itemsize
            expected = file.tell() + height * width * channels * depth // 8 + _CHECK.size
            if os.fstat(file.fileno()).st_size != expected:
                raise ValueError("samples are missing")
            small = None
            if header["thumbnail"] is not None:
                small = np.frombuffer(parts["thumbnail"], np.uint8).reshape(header["thumbnail"])
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise StateError(
            translate("history", "“{name}”, a state of the history, is damaged and is left out.").format(
                name=shown(path)
            )
        ) from error
    return Preview(width, height, depth, small)


def _read_header(file: BinaryIO) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The header and the parts; the samples come next. Raises ValueError, KeyError, TypeError."""
    if file.read(len(MAGIC)) != MAGIC:
        raise ValueError("this is no state file")
    length, check = _LENGTHS.unpack(_exactly(file, _LENGTHS.size))
    if length > MOST_HEADER:
        raise ValueError("the header is too long")
    text = _exactly(file, length)
    if zlib.crc32(text) != check:
        raise ValueError("the header is damaged")
    header = json.loads(text)
    parts: dict[str, bytes] = {}
    for name, size, check in header["parts"]:
        parts[name] = _exactly(file, size)
        if zlib.crc32(parts[name]) != check:
            raise ValueError(f"{name} is damaged")
    return header, parts


def _exactly(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) != count:
        raise ValueError("the file ends early")
    return data


def _rows_at_a_time(pixels: NDArray[Any]) -> int:
    return max(1, BAND_BYTES // pixels[0].nbytes)
