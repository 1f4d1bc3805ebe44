"""Tiles: they cover once, have one size, see their surroundings, and waste little."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engines.tiles.tiling import SLACK, choose_tile, smallest_tile, spans

lengths = st.integers(1, 3000)
tiles = st.integers(8, 700)
overlaps = st.integers(0, 40)
multiples = st.sampled_from([1, 2, 4, 8])


@given(lengths, tiles, overlaps, multiples)
def test_the_invariants_of_spans(length: int, tile: int, overlap: int, multiple: int) -> None:
    padded = math.ceil(overlap / multiple) * multiple
    assume(tile // multiple * multiple > 2 * padded and tile >= multiple)
    found = spans(length, tile, overlap, multiple)
    assert len({span.size for span in found}) == 1
    assert found[0].keep == 0 and found[-1].keep_end == length
    for before, after in pairwise(found):
        assert before.keep_end == after.keep
        assert after.start >= before.start
    for span in found:
        assert span.keep < span.keep_end
        assert span.start % multiple == 0 and span.size % multiple == 0
        assert span.size <= max(tile, multiple)
        assert span.start >= 0 and span.start + span.size < length + multiple
        assert span.start == 0 or span.keep - span.start >= overlap
        assert span.start + span.size >= length or span.start + span.size - span.keep_end >= overlap


@given(lengths, st.integers(100, 700), overlaps)
def test_no_fewer_spans_would_do_and_they_are_no_larger_than_needed(length: int, tile: int, overlap: int) -> None:
    found = spans(length, tile, overlap)
    fewer = len(found) - 1
    assert fewer == 0 or fewer * tile - 2 * overlap * (fewer - 1) < length
    size = found[0].size
    assert len(found) * (size - 1) - 2 * overlap * (len(found) - 1) < length


def test_a_tile_that_is_all_overlap_is_refused() -> None:
    with pytest.raises(ValueError, match="no middle"):
        spans(1000, 40, 20)
    with pytest.raises(ValueError, match="0 pixels"):
        spans(0, 40, 2)


@given(lengths, lengths, overlaps, st.floats(1e5, 1e9))
def test_a_chosen_tile_fits_and_serves(width: int, height: int, overlap: int, memory: float) -> None:
    tile_width, tile_height = choose_tile(width, height, overlap, 1, per_pixel=500, per_row=9 * width, memory=memory)
    least = smallest_tile(overlap)
    needed = tile_width * tile_height * 500 * SLACK + tile_height * 9 * width
    assert needed <= memory or (tile_width <= least and tile_height <= least)
    for length, tile in ((width, tile_width), (height, tile_height)):
        assert len(spans(length, tile, overlap)) >= 1
        assert tile >= min(length, least) or tile >= least


def computed(width: int, height: int, memory: float) -> int:
    tile_width, tile_height = choose_tile(width, height, 22, 1, per_pixel=444, per_row=30 * width, memory=memory)
    rows, columns = spans(height, tile_height, 22), spans(width, tile_width, 22)
    return len(rows) * rows[0].size * len(columns) * columns[0].size


def test_more_memory_never_computes_more() -> None:
    for width, height in ((2449, 1633), (300, 4000), (12248, 8165)):
        costs = [computed(width, height, memory) for memory in (1e6, 1e7, 1e8, 3e8, 1e9, 1e12)]
        assert costs == sorted(costs, reverse=True)
        assert costs[-1] == width * height  # in one tile, at last


def test_four_megapixels_compute_a_tenth_more_at_most() -> None:
    assert computed(2449, 1633, 360e6) < 1.10 * 2449 * 1633


@pytest.mark.parametrize(("overlap", "multiple_of"), [(40, 16), (20, 4), (1, 1), (7, 32)])
def test_the_smallest_tile_has_a_middle(overlap: int, multiple_of: int) -> None:
    least = smallest_tile(overlap, multiple_of)
    assert least % multiple_of == 0 and len(spans(1000, least, overlap, multiple_of)) > 1
