"""Reduce: rows as they come give the bytes of the whole, whatever the bands, and few of them are kept."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.edit.resampling import resized_rows
from engines.superres.estimate import plan
from engines.superres.reduce import reduced_bands
from tests.search import examples


def bands_of(pixels: np.ndarray, sizes: list[int]) -> Iterator[np.ndarray]:
    """`pixels` in bands of `sizes` rows, again and again."""
    top, number = 0, 0
    while top < pixels.shape[0]:
        yield pixels[top : top + sizes[number % len(sizes)]]
        top, number = top + sizes[number % len(sizes)], number + 1


@examples(60)
@given(
    st.integers(1, 25), st.integers(1, 90), st.sampled_from([(4, 3), (4, 2), (8, 5), (3, 2)]),
    st.lists(st.integers(1, 150), min_size=1, max_size=4), st.integers(1, 130),
    st.sampled_from([(3, np.uint8), (4, np.uint8), (3, np.uint16), (4, np.uint16)]),
)  # fmt: skip
def test_any_bands_give_the_bytes_of_the_whole(
    width: int, height: int, scales: tuple[int, int], sizes: list[int], step: int, kind: tuple[int, type]
) -> None:
    model, wanted = scales
    todo = plan(width, height, model, (width * wanted, height * wanted))
    random = np.random.default_rng(height * 31 + width)
    shape = (todo.made_height, todo.made_width, kind[0])
    large = random.integers(0, np.iinfo(kind[1]).max, shape, endpoint=True).astype(kind[1])
    bands = list(reduced_bands(bands_of(large, sizes), todo, step=step))
    assert [band.shape[0] for band in bands[:-1]] == [step] * (len(bands) - 1)
    expected = resized_rows(large, todo.width, todo.height, 0, todo.height)
    np.testing.assert_array_equal(np.concatenate(bands), expected)
    assert expected.shape == (height * wanted, width * wanted, kind[0]) and expected.dtype == kind[1]


def test_the_size_of_the_model_goes_through_as_it_is() -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (40, 12, 3), np.uint8)
    bands = list(reduced_bands(bands_of(pixels, [7]), plan(6, 20, 2), step=9))
    np.testing.assert_array_equal(np.concatenate(bands), pixels)


def test_rows_go_as_soon_as_they_can() -> None:
    pixels = np.zeros((400, 8, 3), np.uint8)
    asked = 0

    def count() -> Iterator[np.ndarray]:
        nonlocal asked
        for band in bands_of(pixels, [10]):
            asked += 1
            yield band

    rows = reduced_bands(count(), plan(2, 100, 4, (6, 300)), step=30)
    assert next(rows).shape == (30, 6, 3) and asked == 5  # of 40 rows and the 5 below them
    assert next(rows).shape == (30, 6, 3) and asked == 9


@pytest.mark.parametrize("band", [64, 1000])
def test_memory_does_not_grow_with_the_picture(band: int) -> None:
    """What is held is a band or so, however many of them there are."""
    rows = np.zeros((band, 800, 3), np.uint8)

    def peak(count: int) -> int:
        todo = plan(200, count * band // 4, 4, (600, count * band // 4 * 3))
        tracemalloc.start()
        try:
            for part in reduced_bands((rows.copy() for _ in range(count)), todo):
                del part
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(8)
    few, many = peak(8), peak(32)
    assert many < few * 1.1 and many < rows.nbytes + 12_000_000
