"""Sheet: many small pictures of one size side by side as one picture, written row by row."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from engines.frames.provenance import Provenance, picture_writer
from engines.generation.drawing import Frame

GROUND = 24  # the level of what is between the pictures, dark, so that these look as they do in the editor


def sheet_columns(count: int) -> int:
    """How many of `count` pictures stand in a row: about as many as there are rows."""
    return math.ceil(math.sqrt(count))


def sheet_size(count: int, width: int, height: int, columns: int | None = None) -> tuple[int, int]:
    """The width and height in pixels of a sheet of `count` pictures of `width` × `height`, `columns` of them in a row."""
    columns, gap = _columns(count, columns), _gap(width)
    return columns * (width + gap) + gap, math.ceil(count / columns) * (height + gap) + gap


def write_sheet(
    target: Path,
    frames: Iterable[Frame],
    count: int,
    width: int,
    height: int,
    provenance: Provenance,
    columns: int | None = None,
) -> tuple[str, ...]:
    """Write `count` frames, uint8 RGB (`height`, `width`, 3), as one picture; memory holds one row of them.

    In a row stand `columns`, 1 or more, though not more than there are frames; None leaves it to `sheet_columns`.
    Gives sentences on what the format could not hold. Raises TargetError, and what `frames` raises; then nothing is written.
    """
    with picture_writer(target, *sheet_size(count, width, height, columns), provenance) as writer:
        for band in _bands(frames, count, width, height, columns):
            writer.write(band)
    return writer.notices


def write_picture(target: Path, frame: Frame, provenance: Provenance) -> tuple[str, ...]:
    """Write one picture, as `write_sheet`."""
    with picture_writer(target, frame.shape[1], frame.shape[0], provenance) as writer:
        writer.write(frame)
    return writer.notices


def _columns(count: int, columns: int | None) -> int:
    return sheet_columns(count) if columns is None else min(columns, count)


def _bands(frames: Iterable[Frame], count: int, width: int, height: int, columns: int | None) -> Iterator[Frame]:
    """The rows of the sheet, from top to bottom."""
    columns, gap = _columns(count, columns), _gap(width)
    whole, _ = sheet_size(count, width, height, columns)
    yield np.full((gap, whole, 3), GROUND, np.uint8)
    band = np.full((height + gap, whole, 3), GROUND, np.uint8)
    for number, frame in enumerate(frames):
        column = number % columns
        if column == 0:
            band = np.full((height + gap, whole, 3), GROUND, np.uint8)
        left = gap + column * (width + gap)
        band[:height, left : left + width] = frame
        if column == columns - 1 or number == count - 1:
            yield band


def _gap(width: int) -> int:
    return max(1, width // 32)
