"""Enlarging a row of numbers: through each of them, beyond the ends the last, and any part like the whole."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engines.translation.interpolation import taps
from tests.search import examples


def enlarged(row: np.ndarray, start: int, end: int, large: int) -> np.ndarray:
    first, matrix = taps(start, end, large, len(row))
    return matrix @ row[first : first + matrix.shape[1]]


@examples(30)
@given(st.integers(1, 60), st.integers(1, 8), st.data())
def test_any_part_is_that_part_of_the_whole(small: int, times: int, data: st.DataObject) -> None:
    row = np.random.default_rng(small).standard_normal(small).astype(np.float32)
    large = small * times
    start = data.draw(st.integers(0, large - 1))
    end = data.draw(st.integers(start + 1, large))
    assert np.allclose(enlarged(row, start, end, large), enlarged(row, 0, large, large)[start:end], atol=1e-6)


def test_it_goes_through_each_number_and_keeps_the_last() -> None:
    row = np.array([1.0, 3.0, 2.0, 5.0], np.float32)
    large = enlarged(row, 0, 12, 12)
    assert np.allclose(large[1::3], row) and np.allclose(enlarged(row, 0, 4, 4), row)
    assert np.allclose(taps(0, 12, 12, 4)[1].sum(1), 1)
