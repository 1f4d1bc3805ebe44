"""Blending: nothing where nothing is asked for, everything where all is, and between the two in between."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.edit.blend import blend

shapes = st.tuples(
    st.integers(1, 12), st.integers(1, 12), st.sampled_from([np.uint8, np.uint16]), st.integers(0, 2**32 - 1)
)
strengths = st.floats(0, 1)


def two(shape: tuple[int, int, type, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two pictures of noise and a mask."""
    height, width, dtype, seed = shape
    random = np.random.default_rng(seed)
    top = np.iinfo(dtype).max + 1
    a, b = (random.integers(0, top, (height, width, 3)).astype(dtype) for _ in range(2))
    return a, b, random.choice([0, 1, 128, 254, 255], (height, width)).astype(np.uint8)


@given(shapes)
def test_no_strength_is_the_source_and_all_is_the_change(shape: tuple[int, int, type, int]) -> None:
    source, changed, mask = two(shape)
    np.testing.assert_array_equal(blend(source, changed, 0.0), source)
    np.testing.assert_array_equal(blend(source, changed, 0.0, mask), source)
    np.testing.assert_array_equal(blend(source, changed), changed)


@given(shapes, strengths)
def test_a_black_mask_leaves_alone_and_a_white_one_does_nothing(
    shape: tuple[int, int, type, int], strength: float
) -> None:
    source, changed, mask = two(shape)
    mixed = blend(source, changed, strength, mask)
    np.testing.assert_array_equal(mixed[mask == 0], source[mask == 0])
    np.testing.assert_array_equal(blend(source, changed, 1.0, mask)[mask == 255], changed[mask == 255])
    whole = blend(source, changed, strength, np.full_like(mask, 255)).astype(np.int64)
    assert int(np.abs(whole - blend(source, changed, strength).astype(np.int64)).max()) <= 1


@given(shapes, strengths, strengths)
def test_what_comes_out_lies_between_and_grows_with_the_strength(
    shape: tuple[int, int, type, int], one: float, other: float
) -> None:
    source, changed, mask = two(shape)
    weak, strong = (blend(source, changed, strength, mask).astype(np.int64) for strength in sorted((one, other)))
    assert weak.dtype == np.int64 and blend(source, changed, one, mask).dtype == source.dtype
    low, high = np.minimum(source, changed), np.maximum(source, changed)
    assert (weak >= low).all() and (strong <= high).all() and (strong >= low).all()
    assert (np.abs(strong - source) >= np.abs(weak - source)).all()


def test_half_is_the_middle() -> None:
    source, changed = np.zeros((1, 1, 3), np.uint16), np.full((1, 1, 3), 40000, np.uint16)
    assert blend(source, changed, 0.5).tolist() == [[[20000] * 3]]
    assert blend(source, changed, 0.5, np.array([[51]], np.uint8)).tolist() == [[[4000] * 3]]


def test_neither_argument_is_written_to() -> None:
    source, changed, mask = two((5, 5, np.uint8, 1))
    for array in (source, changed, mask):
        array.flags.writeable = False
    blend(source, changed, 0.3, mask)


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan")])
def test_a_strength_that_is_none(strength: float) -> None:
    source, changed, _ = two((2, 2, np.uint8, 0))
    with pytest.raises(ValueError, match="strength"):
        blend(source, changed, strength)


def test_what_does_not_fit() -> None:
    source, changed, _ = two((2, 2, np.uint8, 0))
    with pytest.raises(ValueError, match="cannot be blended"):
        blend(source, changed.astype(np.uint16))
    with pytest.raises(ValueError, match="a mask for"):
        blend(source, changed, 1.0, np.zeros((2, 3), np.uint8))
