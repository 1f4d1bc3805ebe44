"""GIF: frames with one palette for all, and dithering that stands still, written as they come.

A GIF shows 256 colours. With a palette for each frame, flat areas would change their tint from frame to frame. Diffusing the
error of a pixel to its neighbours would make a grain that is another one in each frame, since one changed pixel changes all
that come after it. Both are seen as flicker. So the palette is made once, of frames from all over the path, and each pixel
is moved before it is rounded by an amount that depends on its place alone: where the picture rests, so does the grain.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import GifImagePlugin, Image

from engines.atomic import AtomicFile, target_error, write_all
from engines.errors import TargetError
from engines.generation.drawing import Frame

LEAST_FPS, MOST_FPS = 0.1, 50  # players take a delay of 0.01 s for a mistake and wait 0.1 s instead
LARGEST_SIDE = 65_535
PALETTE_FRAMES = 64  # whose colours a palette is made of

_COLOURS = 256
_PALETTE_PIXELS = 250  # of each of these frames: enough, and done before anybody wants to stop it
_GRAIN = 0.7  # of the distance between neighbouring colours: less shows bands, more shows grain


def palette_of(frames: Iterable[Frame]) -> NDArray[np.uint8]:
    """The 256 colours, (256, 3), that suit `frames` best: a median cut of some of the pixels of each, refined by k-means."""
    random = np.random.RandomState(0)
    some = [frame.reshape(-1, 3)[random.randint(0, frame.size // 3, _PALETTE_PIXELS)] for frame in frames]
    pixels = Image.fromarray(np.concatenate(some)[None])
    found = pixels.quantize(_COLOURS, Image.Quantize.MEDIANCUT, kmeans=1).getpalette() or []
    palette = np.zeros((_COLOURS, 3), np.uint8)
    palette[: len(found) // 3] = np.array(found, np.uint8).reshape(-1, 3)
    return palette


class GifWriter:
    """A context manager that writes an animated GIF, frame by frame, which repeats for ever.

    All frames are uint8 RGB (`height`, `width`, 3); `fps` is 0.1 to MOST_FPS a second. `palette` gives the colours, (256, 3);
    it is called once the target is known to be fit. Delays are whole hundredths of a
    second, longer and shorter ones in turns, so that the whole takes as long as it should. A clean exit puts the file in
    place, an exception leaves what was there. Raises TargetError.
    """

    def __init__(
        self,
        target: Path,
        width: int,
        height: int,
        fps: float,
        palette: Callable[[], NDArray[np.uint8]],
        comment: str = "",
    ) -> None:
        if not LEAST_FPS <= fps <= MOST_FPS:
            raise TargetError(
                f"A GIF shows {LEAST_FPS} to {MOST_FPS} frames a second, not {fps:g}; choose another number, or write an MP4."
            )
        if max(width, height) > LARGEST_SIDE:
            raise TargetError(f"A GIF holds no side longer than {LARGEST_SIDE} pixels; upscale less, or write frames.")
        self.target = target
        self._size = (width, height)
        self._delay = 100 / fps
        self._written = 0
        self._palette = palette
        self._comment = comment
        self._colours = Image.new("P", (1, 1))
        self._atomic = AtomicFile(target)

    def __enter__(self) -> Self:
        self._atomic.__enter__()
        try:
            palette = self._palette()
            self._colours.putpalette(palette.tobytes())
            self._grain = _grain(*self._size) * (_GRAIN * _spread(palette))
            self._put(_header(*self._size, palette, self._comment))
        except BaseException as error:
            self._atomic.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def write(self, frame: Frame) -> None:
        """Take the next frame."""
        moved = np.clip(frame + self._grain + 0.5, 0, 255).astype(np.uint8)
        indexed = Image.fromarray(moved).quantize(palette=self._colours, dither=Image.Dither.NONE)
        begins, ends = round(self._written * self._delay), round((self._written + 1) * self._delay)
        self._put(b"".join(GifImagePlugin.getdata(indexed, duration=10 * (ends - begins))))
        self._written += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            try:
                self._put(b";")
            except BaseException as failure:
                self._atomic.__exit__(type(failure), failure, failure.__traceback__)
                raise
        self._atomic.__exit__(kind, error, traceback)

    def _put(self, data: bytes) -> None:
        try:
            write_all(self._atomic.file, data)
        except OSError as error:
            raise target_error(self.target, error) from error


def _header(width: int, height: int, palette: NDArray[np.uint8], comment: str) -> bytes:
    """All before the first frame: size, colours, that it repeats for ever, and the comment."""
    text = comment.encode("ascii")
    parts = [text[at : at + 255] for at in range(0, len(text), 255)]
    return b"".join(
        [
            b"GIF89a" + struct.pack("<HHBBB", width, height, 0xF7, 0, 0),  # 256 colours of 3 × 8 bits for all frames
            palette.tobytes(),
            b"!\xff\x0bNETSCAPE2.0\x03\x01" + struct.pack("<HB", 0, 0),
            *((b"!\xfe", *(bytes([len(part)]) + part for part in parts), b"\0") if parts else ()),
        ]
    )


def _grain(width: int, height: int) -> NDArray[np.float32]:
    """What each pixel's colours are moved by, -0.5 to 0.5, (height, width, 3): neighbours differ much, and rows do not show.

    It is Jorge Jimenez's interleaved gradient noise ("Next Generation Post Processing in Call of Duty", 2014), displaced for
    each colour, so that the grain is not one of brightness alone.
    """
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    moved = [(52.9829189 * ((0.06711056 * (x + dx) + 0.00583715 * (y + dy)) % 1)) % 1 for dx, dy in _DISPLACED]
    return (np.stack(moved, axis=-1) - 0.5).astype(np.float32)


_DISPLACED = ((0, 0), (47, 17), (83, 51))


def _spread(palette: NDArray[np.uint8]) -> float:
    """How far apart neighbouring colours of the palette are, in levels."""
    colours = np.unique(palette, axis=0).astype(np.float32)
    if len(colours) < 2:
        return 0.0
    apart = np.linalg.norm(colours[:, None] - colours[None], axis=-1)
    np.fill_diagonal(apart, np.inf)
    return float(np.median(apart.min(axis=1)))
