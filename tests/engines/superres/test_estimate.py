"""What a size takes: how often the model runs, what it makes, what that costs, and what cannot be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.errors import ModelError
from engines.superres.estimate import MOST_PASSES, cost, plan, seconds_for


def test_without_a_size_the_model_runs_once() -> None:
    todo = plan(96, 72, 4)
    assert (todo.width, todo.height, todo.passes, todo.worked) == (384, 288, 1, 96 * 72)
    assert not todo.is_reduced


def test_beyond_the_scale_it_runs_again_on_its_own_result() -> None:
    todo = plan(100, 50, 2, (300, 150))
    assert (todo.passes, todo.made_width, todo.made_height) == (2, 400, 200)
    assert todo.is_reduced and todo.worked == 100 * 50 * (1 + 4)
    assert not plan(100, 50, 2, (400, 200)).is_reduced


@pytest.mark.parametrize("size, sentence", [((99, 50), "resize it instead"), ((401, 200), "at most 400×200")])
def test_what_cannot_be_is_one_sentence_with_a_remedy(size: tuple[int, int], sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence):
        plan(100, 50, 2, size)


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(2, 4), st.floats(1, 4))
def test_what_is_made_covers_what_is_wanted_and_no_pass_is_too_many(w: int, h: int, scale: int, factor: float) -> None:
    size = max(w, int(w * factor)), max(h, int(h * factor))
    todo = plan(w, h, scale, size)
    assert (todo.width, todo.height) == size
    assert todo.made_width >= size[0] and todo.made_height >= size[1]
    assert 1 <= todo.passes <= MOST_PASSES
    if todo.passes > 1:
        assert w * scale ** (todo.passes - 1) < size[0] or h * scale ** (todo.passes - 1) < size[1]


def test_what_is_made_alone_is_finished_by_nothing() -> None:
    todo = plan(1000, 500, 2)
    costs = cost(todo, speed=1000.0)
    assert (costs.made, costs.finished) == (1000 * 500 * 4, 0)
    assert 0 < costs.shown < 0.001 * costs.made  # of a model this slow, what comes after is nearly nothing
    assert seconds_for(todo, 1000.0) == pytest.approx(500, rel=1e-3)


def test_a_last_stretch_counts_by_what_it_takes_beside_the_model() -> None:
    todo = plan(1000, 500, 2, (1500, 750))
    slow, fast = cost(todo, blends=True, speed=1e4), cost(todo, blends=True, speed=1e7)
    assert fast.finished == pytest.approx(1000 * slow.finished, rel=1e-3)
    assert fast.shown == pytest.approx(1000 * slow.shown, rel=1e-2)
    assert slow.made == fast.made == 1000 * 500 * 4
    assert cost(todo, converts=True, speed=1e7).shown > 2 * fast.shown
    assert cost(todo, speed=1e7).finished < fast.finished
    # ten times as fast a model spends as long on what comes after it
    after = [seconds_for(todo, speed, blends=True) - todo.worked / speed for speed in (1e5, 1e6)]
    assert after[0] == pytest.approx(after[1], rel=1e-3)


def test_of_an_unknown_model_a_small_one_is_thought() -> None:
    todo = plan(1000, 500, 4, (3000, 1500))
    assert 0 < cost(todo).finished < 0.2 * cost(todo).made
