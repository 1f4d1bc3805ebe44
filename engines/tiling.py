"""How a picture is cut into tiles: all of one shape, with overlap, joined without seams.

Along each axis the picture is divided into spans. A span reads `size` pixels and keeps those whose surroundings it has
seen: where the picture ends nothing is cut off, elsewhere `overlap` pixels are. So what is kept is exactly what the
network would compute from the whole picture.
"""

from __future__ import annotations

import math
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


TILES = (1024, 768, 640, 512, 384, 256, 192, 128, 96, 64)
CHANNELS = 64  # the width assumed of a network whose own is not known
TENSORS = 4  # activations alive at one time, the arena's slack included


def tile_for_memory(free: int, scale: int, overlap: int, largest: int = 768) -> int:
    """The side of the largest tile of `TILES` whose network should fit in a quarter of `free` bytes, at most `largest`.

    Never so small that the overlap leaves less than half of the tile.
    """
    smallest = max(TILES[-1], 4 * overlap)
    per_pixel = 4 * (CHANNELS * TENSORS + 3 * 3 * scale * scale)
    for side in TILES:
        if side <= largest and side * side * per_pixel <= free / 4:
            return max(side, smallest)
    return smallest
