"""Tiles: they cover once, have one size, see their surroundings, and waste little."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engines.tiling import TILES, spans, tile_for_memory

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
    for before, after in zip(found, found[1:], strict=False):
        assert before.keep_end == after.keep
        assert after.start >= before.start
    for span in found:
        assert span.keep < span.keep_end
        assert span.start % multiple == 0 and span.size % multiple == 0
        assert span.size <= max(tile, multiple)
        assert 0 <= span.start and span.start + span.size < length + multiple
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


def test_more_memory_gives_larger_tiles() -> None:
    sizes = [tile_for_memory(free, 2, 12) for free in (0, 2**28, 2**30, 2**32, 2**36)]
    assert sizes == sorted(sizes)
    assert sizes[0] == TILES[-1]
    assert tile_for_memory(0, 2, 40) >= 160
