"""Shapes of a mask: strokes without gaps, gradients from full to nothing, exact inversion."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engines.edit.mask_shapes import feather, fitted, invert, linear_gradient, paint, radial_gradient
from tests.search import examples

places = st.tuples(st.floats(-50, 250), st.floats(-50, 150))


@examples(60)
@given(places, places, st.floats(0.5, 60), st.floats(0, 1))
def test_only_the_box_changes_and_erasing_undoes_painting(start, end, radius, hardness) -> None:
    mask = np.zeros((100, 200), np.uint8)
    box = paint(mask, start, end, radius, hardness)
    outside = mask.copy()
    if box is not None:
        outside[box[1] : box[3], box[0] : box[2]] = 0
    assert not outside.any()
    paint(mask, start, end, radius, hardness, erase=True)
    assert mask.max(initial=0) <= 128


def test_a_fast_stroke_has_no_gaps() -> None:
    mask = np.zeros((50, 1000), np.uint8)
    paint(mask, (10, 25.5), (990, 25.5), 6, 0.5)
    assert (mask[25, 10:990] == 255).all()


def test_one_stroke_is_the_same_in_pieces() -> None:
    whole, pieces = np.zeros((60, 300), np.uint8), np.zeros((60, 300), np.uint8)
    paint(whole, (20, 30), (280, 30), 15, 0.2)
    for x in range(20, 280, 20):
        paint(pieces, (x, 30), (x + 20, 30), 15, 0.2)
    assert np.abs(whole.astype(int) - pieces).max() <= 1


@examples(100)
@given(st.lists(places, min_size=2, max_size=6), st.floats(0.5, 90), st.floats(0, 1), st.booleans())
def test_going_on_does_only_what_is_left_and_comes_to_the_same(way, radius, hardness, erase) -> None:
    whole = np.full((100, 200), 255 if erase else 0, np.uint8)
    ahead = whole.copy()
    for mask, going_on in ((whole, False), (ahead, True)):
        paint(mask, way[0], way[0], radius, hardness, erase=erase)
        for start, end in pairwise(way):
            box = paint(mask, start, end, radius, hardness, erase=erase, going_on=going_on)
            assert box is None or (0 <= box[0] < box[2] <= 200 and 0 <= box[1] < box[3] <= 100)
    assert np.abs(whole.astype(int) - ahead).max() <= 1


def test_a_wide_brush_that_goes_on_leaves_what_is_behind_it_alone() -> None:
    mask = np.zeros((300, 400), np.uint8)
    paint(mask, (150, 150), (150, 150), 100, 0.9)
    box = paint(mask, (150, 150), (160, 150), 100, 0.9, going_on=True)
    assert box is not None and box[0] >= 149 and box[2] == 260
    assert paint(mask, (160, 150), (160, 150), 100, 0.9, going_on=True) is None


def test_gradients_go_from_full_to_nothing() -> None:
    linear = linear_gradient(20, 100, (10, 0), (90, 0))
    assert (linear[:, :10] == 255).all()
    assert (linear[:, 90:] == 0).all()
    assert (np.diff(linear.astype(int), axis=1) <= 0).all()
    radial = radial_gradient(101, 101, (50.5, 50.5), 40)
    assert radial[50, 50] == 255
    assert radial[0, 0] == 0


def test_inverting_twice_and_fitting_to_its_own_size_change_nothing() -> None:
    mask = np.random.default_rng(3).integers(0, 256, (30, 40), np.uint8)
    assert np.array_equal(invert(invert(mask)), mask)
    assert fitted(mask, 40, 30) is mask
    assert fitted(mask, 80, 60).shape == (60, 80)


def test_feather_keeps_what_is_even() -> None:
    assert (feather(np.full((30, 40), 255, np.uint8), 5) == 255).all()
    edge = np.zeros((30, 40), np.uint8)
    edge[:, 20:] = 255
    assert 0 < feather(edge, 4)[15, 18] < 128
