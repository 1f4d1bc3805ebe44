"""Schedules: each starts at the full rate, and never leaves 0 to 1."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainers.loop.schedules import SCHEDULES, share
from trainers.recipes.recipe import Recipe


def test_a_recipe_may_name_each_of_them() -> None:
    assert set(get_args(Recipe.model_fields["schedule"].annotation)) == set(SCHEDULES)


@pytest.mark.parametrize("name", SCHEDULES)
def test_it_begins_at_the_full_rate(name: str) -> None:
    assert share(name, 0, 100) == 1.0


@given(st.sampled_from(sorted(SCHEDULES)), st.integers(0, 500), st.floats(0, 1), st.integers(0, 50))
def test_the_share_lies_between_the_floor_and_one(name: str, step: int, floor: float, warm_up: int) -> None:
    found = share(name, step, 300, warm_up=warm_up, floor=floor)
    assert (0 < found <= 1) if step < warm_up else (floor - 1e-9 <= found <= 1 + 1e-9)


def test_warming_up_rises_to_one() -> None:
    assert [share("constant", step, 10, warm_up=4) for step in range(6)] == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("cosine", [1.0, 0.853553, 0.5, 0.146447, 0.0]),
        ("linear", [1.0, 0.75, 0.5, 0.25, 0.0]),
        ("late-linear", [1.0, 1.0, 1.0, 0.5, 0.0]),
        ("halving", [1.0, 0.5, 0.25, 0.125, 0.0625]),
        ("constant", [1.0, 1.0, 1.0, 1.0, 1.0]),
        ("cosine-restarts", [1.0, 1.0, 1.0, 1.0, 0.0]),
    ],
)
def test_values_at_quarters(name: str, values: list[float]) -> None:
    assert [share(name, step, 8) for step in (0, 2, 4, 6, 8)] == pytest.approx(values, abs=1e-6)
