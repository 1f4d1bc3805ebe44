"""A whole picture in memory: pixels that nobody changes, and what travels with them."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from engines.metadata.metadata import Metadata
from engines.pictures.formats import MAX_PIXELS
from engines.progress import Progress

_BAND_BYTES = 8 << 20


@dataclass(frozen=True, eq=False)
class Picture:
    """`pixels` is `(H, W, 3 or 4)`, RGB or RGBA with alpha not premultiplied, uint8 or uint16, and read-only: that is
    what makes undo, threads and previews safe. An array that can be written to is copied.

    `source` is the file it was read from. `notices` are sentences on what was changed or left out in reading.
    """

    pixels: NDArray[Any]
    metadata: Metadata = field(default_factory=Metadata)
    source: Path | None = None
    notices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        pixels = self.pixels
        if pixels.ndim != 3 or pixels.shape[2] not in (3, 4) or 0 in pixels.shape:
            raise ValueError(f"pixels are (H, W, 3) or (H, W, 4), not {pixels.shape}")
        if pixels.dtype.name not in ("uint8", "uint16"):
            raise ValueError(f"pixels are uint8 or uint16, not {pixels.dtype}")
        if pixels.flags.writeable:
            pixels = pixels.copy()
            pixels.flags.writeable = False
            object.__setattr__(self, "pixels", pixels)

    @property
    def width(self) -> int:
        """Pixels from left to right."""
        return self.pixels.shape[1]

    @property
    def height(self) -> int:
        """Pixels from top to bottom."""
        return self.pixels.shape[0]

    @property
    def depth(self) -> int:
        """Bits of one sample: 8 or 16."""
        return 8 * self.pixels.dtype.itemsize

    @property
    def has_alpha(self) -> bool:
        """Whether there is a fourth channel."""
        return self.pixels.shape[2] == 4


def load(path: str | os.PathLike[str], *, max_pixels: int = MAX_PIXELS) -> Picture:
    """Read a whole picture into memory, upright; raises `PictureError`."""
    from engines.pictures.reading import open_picture  # late, as is the writer: a window starts without the decoders

    with open_picture(path, max_pixels=max_pixels) as reader:
        pixels = reader.read(reader.height)
        return Picture(pixels, reader.metadata, Path(path), reader.notices)


def save(
    picture: Picture,
    target: str | os.PathLike[str],
    *,
    format: str | None = None,
    quality: int | None = None,
    strip: bool = False,
    overwrite_source: bool = False,
    progress: Progress | None = None,
) -> tuple[str, ...]:
    """Write `picture` to `target`, whole or not at all; gives sentences on what the format could not hold.

    The other arguments are those of `engines.pictures.writing.PictureWriter`. Raises `TargetError`, and `Cancelled` until the
    file is about to be put in place.
    """
    from engines.pictures.writing import PictureWriter

    pixels = picture.pixels
    writer = PictureWriter(
        target,
        picture.width,
        picture.height,
        pixels.shape[2],
        pixels.dtype,
        picture.metadata,
        format=format,
        quality=quality,
        strip=strip,
        source=picture.source,
        overwrite_source=overwrite_source,
        before_placing=progress.settle if progress is not None else None,
    )
    step = max(1, _BAND_BYTES // pixels[0].nbytes)
    with writer:
        for start in range(0, picture.height, step):
            if progress is not None:
                progress.check()
            writer.write(pixels[start : start + step])
    return writer.notices
