"""Schedules: each starts at the full rate, and never leaves 0 to 1."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import ROOT
from trainers.loop.schedules import SCHEDULES, share, share_of
from trainers.recipes.recipe import Recipe, load


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


@given(st.integers(0, 60), st.integers(1, 40))
def test_each_period_begins_at_the_full_rate_and_falls(restarts: int, length: int) -> None:
    """Also where a period is no whole number in binary, such as one in 49."""
    steps = (restarts + 1) * length
    shares = [share("cosine-restarts", step, steps, restarts=restarts) for step in range(steps)]
    periods = [shares[start : start + length] for start in range(0, steps, length)]
    assert all(period[0] == 1.0 for period in periods)
    assert all(period == pytest.approx(periods[0], abs=1e-6) and period[-1] > 0 for period in periods)
    assert periods[0] == sorted(periods[0], reverse=True)


def test_without_a_restart_it_is_a_cosine() -> None:
    once = [share("cosine-restarts", step, 30, warm_up=3, floor=0.1, restarts=0) for step in range(31)]
    assert once == [share("cosine", step, 30, warm_up=3, floor=0.1) for step in range(31)]


def test_a_recipe_says_how_many_restarts() -> None:
    """MMagic's four periods of 250,000 steps, from 2e-4 to 1e-7."""
    recipe = load(ROOT / "assets" / "recipes" / "msrresnet-x4.toml")
    for step, rate in ((0, 2e-4), (125_000, 1.0005e-4), (249_999, 1e-7), (250_000, 2e-4), (999_999, 1e-7)):
        assert recipe.rate * share_of(recipe, step) == pytest.approx(rate, rel=1e-4)
