"""A picture written from bands of rows: checked first, converted to what the format holds, and whole or not there."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from engines.atomic import AtomicFile, target_error
from engines.errors import TargetError, shown
from engines.metadata.metadata import Metadata
from engines.pictures.encoding import Encoder, EncodingFailed, StreamEncoder, WholeEncoder
from engines.pictures.formats import Format, formats_that_hold, target_format
from engines.pictures.rows import Pixels

_STREAMED = frozenset({"jpeg", "png", "tiff"})

# What an encoder says when the system refuses it bytes holds the system's own words, in whatever language.
_SYSTEM_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


class PictureWriter:
    """A context manager that writes one picture, fed from top to bottom.

    `width` and `height` are in pixels, `channels` 3 or 4, `dtype` uint8 or uint16. The format is `format`, or what
    the target's suffix names. `quality` is 1..100, by default the format's own; PNG and TIFF are lossless, have none.
    `strip` leaves out EXIF and XMP and keeps the colour profile. A `source` is never overwritten, under any of its
    names, unless `overwrite_source` is true.

    A clean exit of the `with` block puts the file in place; an exception leaves what was there before, nothing else.
    JPEG, PNG and TIFF are encoded as rows come, with flat memory; WebP and AVIF hold the whole picture. `notices` are
    sentences on what the format could not hold, complete after the block. `before_placing` is called once the file is
    complete and not yet in place; what it raises leaves what was there before, too.

    Raises `TargetError`, in its constructor for all that can be known beforehand.
    """

    def __init__(
        self,
        target: str | os.PathLike[str],
        width: int,
        height: int,
        channels: int,
        dtype: np.dtype[Any] | type[np.uint8] | type[np.uint16],
        metadata: Metadata,
        *,
        format: str | None = None,
        quality: int | None = None,
        strip: bool = False,
        source: str | os.PathLike[str] | None = None,
        overwrite_source: bool = False,
        before_placing: Callable[[], object] | None = None,
    ) -> None:
        self.target = Path(target)
        self.width, self.height, self.channels = width, height, channels
        self.dtype = np.dtype(dtype)
        if width < 1 or height < 1 or channels not in (3, 4) or self.dtype.name not in ("uint8", "uint16"):
            raise ValueError(f"no picture has {width} × {height} × {channels} samples of {self.dtype}")
        self.format = target_format(target, format)
        self._quality = _checked_quality(quality, self.format)
        _check_size(self.format, width, height)
        if source is not None and not overwrite_source:
            _check_not_source(self.target, source)
        self._metadata = metadata.stripped() if strip else metadata
        self._flatten = channels == 4 and not self.format.holds_alpha
        self._narrow = self.dtype == np.uint16 and not self.format.holds_16_bit
        self._before_placing = before_placing
        self._notices: list[str] = []
        self._flattened_any = False
        self._done = 0
        self._encoder: Encoder | None = None
        self._atomic = AtomicFile(target)

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences on what was lost, complete once the `with` block has ended."""
        return tuple(self._notices)

    def __enter__(self) -> Self:
        self._atomic.__enter__()
        size = (self.width, self.height, 3 if self._flatten else self.channels)
        dtype = np.dtype(np.uint8) if self._narrow else self.dtype
        try:
            file = self._atomic.file
            if self.format.name in _STREAMED:
                encoder = StreamEncoder(file, self.format, size, dtype, self._quality, self._metadata)
            else:
                encoder = WholeEncoder(file, self.format, size, self._quality, self._metadata)
        except BaseException as error:
            self._atomic.__exit__(type(error), error, error.__traceback__)
            if isinstance(error, MemoryError):
                raise self._no_memory() from error
            raise
        self._encoder = encoder
        self._notices = list(encoder.notices)
        if self._narrow:
            lost = f"{self.format.title} holds 8 bits, so the picture's 16 were rounded; PNG and TIFF hold 16."
            self._notices.append(lost)
        return self

    def write(self, rows: Pixels) -> None:
        """Take the next rows, `(any number, width, channels)` of `dtype`; raises `TargetError`."""
        if self._encoder is None:
            raise ValueError("the writer takes rows inside its with block only")
        if rows.ndim != 3 or rows.shape[1:] != (self.width, self.channels) or rows.dtype != self.dtype:
            wanted = f"{self.width} × {self.channels} of {self.dtype}"
            raise ValueError(f"rows {rows.shape} of {rows.dtype} do not fit {wanted}")
        if self._done + len(rows) > self.height:
            raise ValueError(f"more than {self.height} rows")
        try:
            if len(rows):
                self._encoder.write(self._converted(rows))
        except (EncodingFailed, OSError) as error:
            raise self._failed(error) from error
        self._done += len(rows)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        encoder, self._encoder = self._encoder, None
        assert encoder is not None
        if error is not None:
            try:
                encoder.abort()
            finally:
                self._atomic.__exit__(kind, error, traceback)
            return
        try:
            if self._done != self.height:
                encoder.abort()
                raise ValueError(f"{self._done} of {self.height} rows were written")
            try:
                encoder.finish()
            except (EncodingFailed, OSError) as failure:
                raise self._failed(failure) from failure
            except MemoryError as failure:
                raise self._no_memory() from failure
            if self._before_placing is not None:
                self._before_placing()
        except BaseException as failure:
            self._atomic.__exit__(type(failure), failure, failure.__traceback__)
            raise
        if self._flattened_any:
            self._notices.append(f"{self.format.title} holds no transparency, so the picture was laid on white.")
        self._atomic.__exit__(None, None, None)

    def _converted(self, rows: Pixels) -> Pixels:
        """`rows` as the format can hold them: on white where it has no alpha, rounded to 8 bit where it has no more."""
        if self._flatten:
            rows, any_transparent = _on_white(rows)
            self._flattened_any |= any_transparent
        if self._narrow:
            # 65535 = 255 × 257, so this rounds to the nearest and maps white to white.
            rows = ((rows.astype(np.uint32) + 128) // 257).astype(np.uint8)
        return rows

    def _failed(self, error: Exception) -> TargetError:
        if isinstance(error, OSError):
            return target_error(self.target, error)
        said = str(error)
        for number in _SYSTEM_ERRORS:
            if os.strerror(number) in said:
                return target_error(self.target, OSError(number, os.strerror(number)))
        brief = " ".join(said.split())[:200]
        return TargetError(f"“{shown(self.target)}” could not be encoded ({brief}); try another format.")

    def _no_memory(self) -> TargetError:
        return TargetError(
            f"{self.format.title} needs the whole picture in memory, and it does not fit;"
            " write a TIFF, PNG or JPEG instead."
        )


def _on_white(rows: Pixels) -> tuple[Pixels, bool]:
    """RGBA laid on white, `(n, W, 3)` of the same depth, and whether any pixel was not opaque."""
    top = int(np.iinfo(rows.dtype).max)
    alpha = rows[..., 3:]
    if int(alpha.min()) == top:
        return rows[..., :3], False
    wide = np.uint32 if top == 255 else np.uint64
    over = alpha.astype(wide)
    mixed = rows[..., :3].astype(wide) * over + (top - over) * wide(top)
    return ((mixed + wide(top // 2)) // wide(top)).astype(rows.dtype), True


def _checked_quality(quality: int | None, format: Format) -> int | None:
    if quality is None:
        return format.quality
    if isinstance(quality, bool) or not 1 <= quality <= 100:
        raise TargetError(f"The quality is a whole number from 1 to 100, not {quality}.")
    return quality if format.quality is not None else None


def _check_size(format: Format, width: int, height: int) -> None:
    if format.largest_side is None or max(width, height) <= format.largest_side:
        return
    others = " or ".join(one.title for one in formats_that_hold(width, height))
    raise TargetError(
        f"The result is {width} × {height} pixels and {format.title} holds no side longer than {format.largest_side};"
        f" choose {others}."
    )


def _check_not_source(target: Path, source: str | os.PathLike[str]) -> None:
    """Refuse to write over what is being read, be it under another name, a hard link or a symbolic one."""
    try:
        same = os.path.samefile(target, source)
    except (OSError, ValueError):
        same = os.path.abspath(target) == os.path.abspath(source)
    if same:
        raise TargetError(f"“{shown(target)}” is the picture itself and would be overwritten; choose another name.")
