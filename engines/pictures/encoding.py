"""Rows of pixels go in, an encoded file comes out: streamed through libvips, or whole through Pillow."""

from __future__ import annotations

import contextlib
import io
import os
import struct
import threading
import zlib
from typing import Any, BinaryIO, Protocol

import numpy as np
from PIL import Image

from engines.atomic import write_all
from engines.libvips import libvips
from engines.metadata import exif as exif_format
from engines.metadata.metadata import Metadata
from engines.pictures.embedding import JPEG_HEAD, PNG_HEAD, embed_in_tiff, fill_gap, jpeg_segments, png_chunks
from engines.pictures.formats import Format
from engines.pictures.rows import Pixels

# From this quality on JPEG keeps colour at full resolution; below it, halving it is what saves most for least.
_FULL_COLOUR_FROM = 90

# A classic TIFF ends at 4 GB. Compressed pixels can be larger than raw ones, so BigTIFF begins early.
_BIG_TIFF_FROM = 3_500_000_000

# One IDAT chunk of the stream to the encoder at most; also what is copied at a time.
_STREAM_BYTES = 1 << 20

# 72 dots per inch, in dots per millimetre: libvips states a resolution in every file, and by default one of 25.4 dpi.
_RESOLUTION = 72 / 25.4


class EncodingFailed(Exception):
    """The encoder gave up; its text is libvips' or Pillow's."""


class Encoder(Protocol):
    """Takes all rows, then `finish` or `abort`, exactly one of them, once."""

    def write(self, rows: Pixels) -> None:
        """Take the next rows; raises `EncodingFailed` or `OSError`."""
        ...

    def finish(self) -> None:
        """Complete the file; raises `EncodingFailed` or `OSError`."""
        ...

    def abort(self) -> None:
        """Stop, and let go of everything; the file is worth nothing."""
        ...


class StreamEncoder:
    """JPEG, PNG and TIFF by libvips in a thread of its own, with memory that does not grow with the picture.

    libvips pulls pixels and Python can only push them. Between the two lies a pipe: rows go into it as a PNG without
    compression, which libvips reads as any other picture.
    """

    def __init__(
        self,
        file: BinaryIO,
        format: Format,
        size: tuple[int, int, int],
        dtype: np.dtype[Any],
        quality: int | None,
        metadata: Metadata,
    ) -> None:
        width, height, channels = size
        self.notices: list[str] = []
        self._file = file
        self._format = format
        self._metadata = metadata
        self._embedded = b""
        if format.name == "jpeg":
            self._embedded, self.notices = jpeg_segments(metadata)
        elif format.name == "png":
            self._embedded = png_chunks(metadata)
        self._options = _libvips_options(format, quality, width * height * channels * dtype.itemsize)
        self._failure: str | None = None
        os.lseek(file.fileno(), len(self._embedded), os.SEEK_SET)
        self._deflate = zlib.compressobj(0)
        self._out, self._in = os.pipe()
        self._thread = threading.Thread(target=self._encode, name="picture encoder", daemon=True)
        depth = 8 * dtype.itemsize
        header = struct.pack(">IIBBBBB", width, height, depth, 2 if channels == 3 else 6, 0, 0, 0)
        self._pending = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header)
        self._thread.start()

    def write(self, rows: Pixels) -> None:
        """Take the next rows."""
        count, width, channels = rows.shape
        row_bytes = width * channels * rows.dtype.itemsize
        step = max(1, _STREAM_BYTES // row_bytes)
        for start in range(0, count, step):
            piece = rows[start : start + step]
            lines = np.zeros((len(piece), 1 + row_bytes), np.uint8)
            # Each line begins with its filter, 0; 16-bit samples are big-endian in PNG.
            wide = piece.astype(">u2") if piece.dtype == np.uint16 else piece
            lines[:, 1:] = np.ascontiguousarray(wide).view(np.uint8).reshape(len(piece), row_bytes)
            self._send(_chunk(b"IDAT", self._deflate.compress(lines.data)))

    def finish(self) -> None:
        """Wait until libvips has written its last byte, then embed the metadata."""
        try:
            self._send(_chunk(b"IDAT", self._deflate.flush()) + _chunk(b"IEND", b""))
        finally:
            self._join()
        self._check()
        if self._format.name == "tiff":
            embed_in_tiff(self._file, self._metadata)
        else:
            head = JPEG_HEAD if self._format.name == "jpeg" else PNG_HEAD
            fill_gap(self._file, len(self._embedded), head, self._embedded)

    def abort(self) -> None:
        """End the stream early: libvips sees an incomplete picture, and stops."""
        self._join()

    def _join(self) -> None:
        if self._in >= 0:
            os.close(self._in)
            self._in = -1
        try:
            self._thread.join()
        except BaseException:
            # An interrupt here must not leave the thread behind: the stream has ended, so it is about to end too.
            self._thread.join()
            raise

    def _check(self) -> None:
        if self._failure is not None:
            raise EncodingFailed(self._failure)

    def _send(self, data: bytes) -> None:
        left = memoryview(self._pending + data)
        self._pending = b""
        while left:
            self._check()
            left = left[os.write(self._in, left) :]

    def _encode(self) -> None:
        try:
            pyvips = libvips()
            source = pyvips.Source.new_from_descriptor(self._out)
            image = pyvips.Image.pngload_source(source, access="sequential", fail_on="truncated")
            image = image.copy(xres=_RESOLUTION, yres=_RESOLUTION)
            target = pyvips.Target.new_to_descriptor(self._file.fileno())
            getattr(image, _SAVERS[self._format.name])(target, keep=0, **self._options)
        except BaseException as error:
            # Its text alone: the exception would keep libvips' objects, and with them the file, open.
            self._failure = str(error)
        finally:
            # Whoever still writes must not wait for ever for a reader that is gone.
            with contextlib.suppress(OSError):
                while os.read(self._out, _STREAM_BYTES):
                    pass
            os.close(self._out)


class WholeEncoder:
    """WebP and AVIF by Pillow: their encoders want the whole picture, so it is gathered in memory first."""

    def __init__(
        self,
        file: BinaryIO,
        format: Format,
        size: tuple[int, int, int],
        quality: int | None,
        metadata: Metadata,
    ) -> None:
        width, height, channels = size
        self.notices: list[str] = []
        self._file = file
        self._format = format
        self._quality = quality
        self._metadata = metadata
        self._pixels = np.empty((height, width, channels), np.uint8)
        self._at = 0

    def write(self, rows: Pixels) -> None:
        """Take the next rows."""
        self._pixels[self._at : self._at + len(rows)] = rows
        self._at += len(rows)

    def finish(self) -> None:
        """Encode."""
        options: dict[str, Any] = {"quality": self._quality}
        if self._format.name == "webp":
            options |= {"method": 4, "exact": True}
        elif self._quality is not None and self._quality >= _FULL_COLOUR_FROM:
            options |= {"subsampling": "4:4:4"}
        exif = self._metadata.exif
        if exif and self._format.name == "avif":
            # AVIF states orientation outside EXIF. Pillow moves it there, and would build the EXIF anew for that.
            exif = exif_format.without_orientation(exif)
        found = {"icc_profile": self._metadata.icc, "exif": exif, "xmp": self._metadata.xmp}
        options |= {name: value or b"" for name, value in found.items()}
        encoded = io.BytesIO()
        try:
            Image.fromarray(self._pixels).save(encoded, self._format.title.upper(), **options)
        except (ValueError, RuntimeError) as error:
            raise EncodingFailed(str(error)) from error
        # Not saved straight to the file: Pillow would not notice that a full disk took only half of a write.
        write_all(self._file, encoded.getbuffer())

    def abort(self) -> None:
        """Forget the pixels."""
        self._pixels = np.empty((0, 0, 3), np.uint8)


_SAVERS = {"jpeg": "jpegsave_target", "png": "pngsave_target", "tiff": "tiffsave_target"}


def _libvips_options(format: Format, quality: int | None, raw_bytes: int) -> dict[str, Any]:
    if format.name == "jpeg":
        assert quality is not None
        # Optimised tables would need the whole picture's coefficients in memory.
        return {
            "Q": quality,
            "subsample_mode": "off" if quality >= _FULL_COLOUR_FROM else "on",
            "optimize_coding": False,
            "interlace": False,
        }
    if format.name == "png":
        return {"compression": 3, "filter": "sub", "interlace": False}
    return {"compression": "deflate", "predictor": "horizontal", "bigtiff": raw_bytes > _BIG_TIFF_FROM}


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))
