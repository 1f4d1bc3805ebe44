"""Video: frames as H.264 in an MP4, encoded as they come, playable everywhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import av
import numpy as np
from av.error import FFmpegError
from av.video.frame import PictureType
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, Interpolation

from engines.atomic import AtomicFile, target_error, write_all
from engines.errors import TargetError
from engines.generation.drawing import Frame

LEAST_FPS, MOST_FPS = 0.1, 240
LARGEST_SIDE = 4096  # of H.264's level 5.2, above which hardware does not play it

_CODEC = "libx264"
_CRF = 14  # of x264: 18 is said to look the same as the source, but small pictures are looked at closely
_ACCURATE = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INP
_SECONDS = 2  # at least every so often a frame stands for itself, so that players can seek


class VideoWriter:
    """A context manager that writes an MP4, frame by frame: H.264, yuv420p, BT.709.

    All frames are uint8 RGB (`height`, `width`, 3); where a side is odd, its last pixels are repeated, since yuv420p stores
    colours for squares of four. `fps` is 0.1 to MOST_FPS. Frames whose numbers are among `keyframes`, and
    one every two seconds, stand for themselves. A clean exit puts the file in place, an exception leaves what was there.
    Memory does not grow with the frames. Raises TargetError.
    """

    def __init__(
        self,
        target: Path,
        width: int,
        height: int,
        fps: float,
        comment: str = "",
        keyframes: Sequence[int] = (),
    ) -> None:
        if not LEAST_FPS <= fps <= MOST_FPS:
            raise TargetError(
                f"A video shows {LEAST_FPS} to {MOST_FPS} frames a second, not {fps:g}; choose another number."
            )
        if max(width, height) > LARGEST_SIDE:
            raise TargetError(
                f"The video would be {width}×{height} pixels, and players take no side longer than {LARGEST_SIDE}; upscale"
                " less, or write frames."
            )
        if _CODEC not in av.codecs_available:
            raise TargetError(
                "This installation of PyAV has no H.264 encoder; write a GIF, or install PyAV's own wheel."
            )
        self.target = target
        self._size = (width, height)
        self._rate = Fraction(fps).limit_denominator(1001)
        self._comment = comment
        self._keyframes = frozenset(keyframes)
        self._written = 0
        self._atomic = AtomicFile(target)
        self._container: Any = None

    def __enter__(self) -> Self:
        self._atomic.__enter__()
        try:
            self._sink = _Sink(self._atomic.file)
            # The index comes before the pictures, so that a browser shows them while the rest is still on its way.
            options = {"movflags": "faststart"}
            self._container = av.open(self._sink, "w", format="mp4", options=options, io_open=self._sink.reader)
            self._container.metadata["comment"] = self._comment
            self._stream = self._new_stream()
        except BaseException as error:
            self._abandon(error)
            raise
        return self

    def write(self, frame: Frame) -> None:
        """Take the next frame."""
        height, width = frame.shape[:2]
        if height % 2 or width % 2:
            frame = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), "rgb24").reformat(
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
            interpolation=_ACCURATE,
        )
        picture.pts = self._written
        picture.time_base = 1 / self._rate
        picture.pict_type = PictureType.I if self._written in self._keyframes else PictureType.NONE
        self._encode(picture)
        self._written += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            self._abandon(error)
            return
        try:
            self._encode(None)
            try:
                self._container.close()
            except (FFmpegError, OSError) as failure:
                raise self._failed(failure) from failure
            self._sink.check(self.target)
        except BaseException as failure:
            self._abandon(failure)
            raise
        self._atomic.__exit__(None, None, None)

    def _new_stream(self) -> Any:
        stream = self._container.add_stream(_CODEC, rate=self._rate, options={"crf": str(_CRF), "preset": "medium"})
        context = stream.codec_context
        context.width, context.height = (side + side % 2 for side in self._size)
        context.pix_fmt = "yuv420p"
        context.gop_size = max(1, round(_SECONDS * self._rate))
        context.color_range = ColorRange.MPEG
        context.colorspace = Colorspace.ITU709
        context.color_primaries = ColorPrimaries.BT709
        context.color_trc = ColorTrc.BT709
        return stream

    def _encode(self, picture: Any) -> None:
        try:
            for packet in self._stream.encode(picture):
                self._container.mux(packet)
        except (FFmpegError, OSError) as error:
            raise self._failed(error) from error
        self._sink.check(self.target)

    def _failed(self, error: Exception) -> TargetError:
        try:
            self._sink.check(self.target)
        except TargetError as found:
            return found
        return TargetError(f"“{self.target.name}” could not be encoded ({error}); write a GIF or frames instead.")

    def _abandon(self, error: BaseException) -> None:
        """Let go of all; the old file is whole."""
        container, self._container = self._container, None
        try:
            if container is not None:
                self._sink.closed = True
                container.close()
        except (FFmpegError, OSError):
            pass
        finally:
            self._atomic.__exit__(type(error), error, error.__traceback__)


class _Sink:
    """The file as FFmpeg writes it. FFmpeg forgets why a write failed, so the first reason is kept here."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._failure: OSError | None = None
        self.closed = False

    def write(self, data: bytes) -> int:
        if self._failure is None and not self.closed:
            try:
                write_all(self._file, data)
            except OSError as error:
                self._failure = error
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def reader(self, *_: Any) -> _Reader:
        """For FFmpeg, which reads what it has written where it moves it to make room for the index."""
        return _Reader(self._file, lambda: self.closed or self._failure is not None)

    def check(self, target: Path) -> None:
        """Raise TargetError where a write has failed."""
        if self._failure is not None:
            raise target_error(target, self._failure) from self._failure


class _Reader:
    """Reads a file at a place of its own, while another goes on writing it; nothing any more once that has `ended`."""

    def __init__(self, file: BinaryIO, ended: Callable[[], bool]) -> None:
        self._file = file
        self._ended = ended
        self._at = 0

    def read(self, size: int) -> bytes:
        if self._ended():
            return b""
        written = self._file.tell()
        self._file.seek(self._at)
        data = self._file.read(size)
        self._file.seek(written)
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: os.fstat(self._file.fileno()).st_size}
        self._at = base[whence] + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def close(self) -> None:
        """The writer closes the file."""
