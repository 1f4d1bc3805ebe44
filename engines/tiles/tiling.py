"""How a picture is cut into tiles: all of one shape, with overlap, joined without seams.

Along each axis the picture is divided into spans. A span reads `size` pixels and keeps those whose surroundings it has
seen: where the picture ends nothing is cut off, elsewhere `overlap` pixels are. So what is kept is what the network would
compute from the whole picture, exactly where `overlap` is the network's reach, and to less than half an 8-bit level where it
was measured at export.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """Reads pixels `start` to `start + size` and keeps those from `keep` up to (not including) `keep_end`."""

    start: int
    size: int
    keep: int
    keep_end: int


def spans(length: int, tile: int, overlap: int, multiple_of: int = 1) -> list[Span]:
    """Divide `length` pixels into the fewest spans of at most `tile` pixels, all of one size and as small as that allows.

    What they keep covers the length once. Starts and sizes are multiples of `multiple_of`; a span may reach beyond the end
    by less than that (the reader pads). Raises ValueError where the tile has no middle: tile <= 2 * overlap.
    """
    if length < 1:
        raise ValueError(f"A length of {length} pixels cannot be divided.")
    whole = _up(length, multiple_of)
    overlap = _up(overlap, multiple_of)
    longest = max(tile // multiple_of, 1) * multiple_of
    if whole <= longest:
        return [Span(0, whole, 0, length)]
    if longest <= 2 * overlap:
        raise ValueError(f"A tile of {tile} pixels has no middle with an overlap of {overlap}.")
    count = math.ceil((whole - 2 * overlap) / (longest - 2 * overlap))
    size = _up(math.ceil((whole + 2 * overlap * (count - 1)) / count), multiple_of)
    result: list[Span] = []
    kept = 0
    for index in range(count):
        start = min(index * (size - 2 * overlap), whole - size)
        keep_end = length if index == count - 1 else min(start + size - overlap, length)
        result.append(Span(start, size, kept, keep_end))
        kept = keep_end
    return [span for span in result if span.keep < span.keep_end]


def _up(length: int, multiple_of: int) -> int:
    return math.ceil(length / multiple_of) * multiple_of


SLACK = 1.2  # what ONNX Runtime holds beyond the activations that are alive: fragments, blocked copies
MOST_MEMORY = 360_000_000  # bytes; more makes tiles larger, but the overlap is a few percent already
SMALLEST_TILE = 32


def smallest_tile(overlap: int, multiple_of: int = 1) -> int:
    """The smallest side of a tile, a multiple of `multiple_of`, that still has a middle worth its overlap."""
    return _up(max(SMALLEST_TILE, 2 * _up(overlap, multiple_of) + 8), multiple_of)


def choose_tile(
    width: int, height: int, overlap: int, multiple_of: int, *, per_pixel: float, per_row: float, memory: float
) -> tuple[int, int]:
    """The (width, height) of the tiles that compute least in all, among those that fit in `memory` bytes.

    `per_pixel` is what the network holds for each pixel of a tile, `per_row` what the picture's buffers hold for each
    row of a tile, in bytes. Where nothing fits, the smallest tile there is.
    """
    least = smallest_tile(overlap, multiple_of)
    best: tuple[int, int, int] | None = None
    for tile_height, rows in _divisions(height, overlap, multiple_of, least):
        for tile_width, columns in _divisions(width, overlap, multiple_of, least):
            needed = tile_width * tile_height * per_pixel * SLACK + tile_height * per_row
            computed = tile_width * columns * tile_height * rows
            if needed <= memory:
                if best is None or computed < best[0]:
                    best = (computed, tile_width, tile_height)
                break  # more columns only compute more
    return (best[1], best[2]) if best else (least, least)


def _divisions(length: int, overlap: int, multiple_of: int, least: int) -> Iterator[tuple[int, int]]:
    """Every way to divide `length` into balanced spans, as (size, count), from the whole to the smallest tile."""
    padded = _up(overlap, multiple_of)
    whole = _up(length, multiple_of)
    count = 1
    while True:
        size = _up(math.ceil((whole + 2 * padded * (count - 1)) / count), multiple_of)
        if count > 1 and size < least:
            return
        yield size, count
        if size <= least:
            return
        count += 1
