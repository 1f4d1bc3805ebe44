"""Events and commands as lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainers.events import Checkpoint, Event, Failed, Notice, Started, Step, TakeSample, Validation, from_line, to_line

EXAMPLES: list[Event | TakeSample] = [
    Started(0, 10, "cpu", "bfloat16", 5),
    Step(1, 10, 0.5, 1e-3, 0.2),
    Validation(5, {"PSNR": 30.5}),
    Checkpoint(5, "/tmp/ä b"),
    TakeSample(),
]


@pytest.mark.parametrize("message", EXAMPLES)
def test_a_message_survives_its_line(message: Event | TakeSample) -> None:
    assert from_line(to_line(message)) == message


@given(st.text())
def test_any_words_fit_on_one_line(words: str) -> None:
    line = to_line(Notice(words))
    assert "\n" not in line
    assert from_line(line) == Notice(words)


@given(st.integers(0, 200))
def test_a_line_cut_short_is_nothing(length: int) -> None:
    line = to_line(Failed("The loss is no longer a number; lower “rate”."))
    cut = line[: min(length, len(line) - 1)]
    assert from_line(cut) is None


@pytest.mark.parametrize("line", ["[]", "3", "null", '{"kind": "Unheard"}', '{"kind": "Step"}', '{"kind": ["Step"]}'])
def test_what_is_not_known_is_nothing(line: str) -> None:
    assert from_line(line) is None
