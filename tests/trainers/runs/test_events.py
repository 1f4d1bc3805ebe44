"""Events and commands as lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainers.runs.events import (
    Checkpoint,
    Command,
    Event,
    Export,
    Failed,
    Line,
    Notice,
    Pause,
    Started,
    Step,
    TakeSample,
    Validation,
    Verdict,
    from_line,
    read_line,
    to_line,
)

EXAMPLES: list[Event | Command] = [
    Started(0, 10, "cpu", "bfloat16", 5),
    Step(1, 10, {"loss": 0.5}, 1e-3, 0.2, {"lead": 0.6}),
    Verdict(7, "plateau", "Validation has not got better."),
    Pause(True),
    Export("/tmp/ä b.onnx", "int8"),
    Validation(5, {"PSNR": 30.5}),
    Checkpoint(5, "/tmp/ä b"),
    TakeSample(),
]


@pytest.mark.parametrize("message", EXAMPLES)
def test_a_message_survives_its_line(message: Event | Command) -> None:
    assert from_line(to_line(message)) == message


def test_a_line_may_carry_its_number_and_time() -> None:
    assert read_line(to_line(Notice("x"), 7, 12.5)) == Line(7, 12.5, Notice("x"))
    assert read_line(to_line(Notice("x"))) == Line(0, 0.0, Notice("x"))


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


WRONG = ['{"kind": "Checkpoint", "step": "x", "path": "p"}', '{"kind": "Notice", "text": null}']


@pytest.mark.parametrize(
    "line", [*WRONG, "[]", "3", "null", '{"kind": "Unheard"}', '{"kind": "Step"}', '{"kind": ["Step"]}']
)
def test_what_is_not_known_is_nothing(line: str) -> None:
    assert from_line(line) is None
