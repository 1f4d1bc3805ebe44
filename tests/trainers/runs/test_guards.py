"""The guards, on eight recorded real runs: what is said of each, and what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainers.runs.events import Event, Started, Step, Validation, Verdict, from_line
from trainers.runs.guards import GUARDS, Guards, score_of, verdicts

RECORDINGS = Path(__file__).parent / "recordings"

# run → what is said of it, in order. `recordings/record.py` says how each was made.
SAID = {
    "superres healthy": [],
    "superres plateau": ["plateau"],
    "superres rate x100": ["diverging"],
    "superres overfitting": ["overfitting"],
    "superres out of memory": ["memory", "memory"],
    "gan healthy": [],
    "gan discriminator x10": ["discriminator ahead", "collapsed"],
    "gan collapsed": ["collapsed"],
}


def recording(name: str) -> list[Event]:
    lines = (RECORDINGS / (name.replace(" ", "-") + ".jsonl")).read_text(encoding="utf-8").splitlines()
    events = [from_line(line) for line in lines]
    assert all(event is not None for event in events)
    return events  # type: ignore[return-value]


def test_every_recording_is_in_the_table() -> None:
    assert {path.stem for path in RECORDINGS.glob("*.jsonl")} == {name.replace(" ", "-") for name in SAID}


@pytest.mark.parametrize("name", SAID)
def test_what_is_said_of_a_real_run(name: str) -> None:
    found = verdicts(recording(name))
    assert [verdict.guard for verdict in found] == SAID[name]
    assert all(verdict.guard in GUARDS and verdict.text.endswith(".") for verdict in found)


@pytest.mark.parametrize("name", SAID)
def test_what_is_said_does_not_hang_on_how_many_steps_a_log_keeps(name: str) -> None:
    thinned = [event for event in recording(name) if not isinstance(event, Step) or event.step % 10 == 0]
    assert {verdict.guard for verdict in verdicts(thinned)} == set(SAID[name])


def step(number: int, loss: float, **watched: float) -> Step:
    return Step(number, 10_000, {"loss": loss}, 1e-3, 0.1, watched)


def test_each_trouble_is_said_once_until_it_has_passed() -> None:
    guards = Guards()
    guards.see(Started(0, 10_000, "cpu", "float32", 1))
    losses = [0.1] * 200 + [1.0] * 200 + [0.1] * 400 + [1.0] * 200
    found = [verdict for number, loss in enumerate(losses, 1) for verdict in guards.see(step(number, loss))]
    assert [verdict.guard for verdict in found] == ["diverging", "diverging"]
    assert 200 < found[0].step < 260 < 800 < found[1].step


def test_losses_of_networks_that_learn_against_each_other_may_rise() -> None:
    """UNIT's discriminators are two, and what translates loses more as they learn."""
    guards = Guards()
    guards.see(Started(0, 10_000, "cpu", "float32", 1))
    found = []
    for number in range(1, 1001):
        losses = {"discriminator₁": 0.5, "discriminator₂": 0.5, "adversarial₁": 0.1 + number / 200}
        found += guards.see(Step(number, 10_000, losses, 1e-4, 0.1, {}))
    assert [verdict.guard for verdict in found] == []


def test_nothing_is_said_of_a_loss_that_is_no_number() -> None:
    guards = Guards()
    assert all(guards.see(step(number, float("nan"))) == [] for number in range(1, 300))


def test_a_better_validation_ends_a_plateau() -> None:
    guards = Guards(patience=3)
    scores = [30.0, 31.0, 31.0, 31.0, 31.0, 31.0, 32.0, 32.0, 32.0, 32.0]
    found = [v.step for n, score in enumerate(scores) for v in guards.see(Validation(n, {"PSNR": score, "SSIM": 0.9}))]
    assert found == [4, 9]


def test_distances_are_better_when_smaller() -> None:
    assert score_of(Validation(1, {"PSNR": 30.0})) == 30.0
    assert score_of(Validation(1, {"SWD": 30.0})) == -30.0
    assert score_of(Validation(1, {})) is None
    assert Guards().see(Validation(1, {})) == []


def test_what_a_trainer_said_itself_is_among_the_verdicts() -> None:
    nan = Verdict(5, "nan", "The loss was not a number at step 5: back to step 4, with half the learning rate.")
    assert verdicts([step(4, 0.1), nan]) == [nan]


def test_a_collapse_that_validation_sees_is_said_once() -> None:
    guards = Guards()
    assert guards.see(Validation(100, {"SWD": 5.0, "spread": 0.9})) == []
    assert guards.see(Validation(300, {"SWD": 4.0, "spread": 0.02})) == []  # it may be a moment's
    (verdict,) = guards.see(Validation(400, {"SWD": 3.0, "spread": 0.02}))
    assert verdict.guard == "collapsed" and "“mode-seeking”" in verdict.text
    assert guards.see(Validation(500, {"SWD": 2.0, "spread": 0.02})) == []  # said once


def watched(number: int, spread: float) -> Step:
    return Step(number, 10_000, {"discriminator": 1.0, "generator": 1.0}, 1e-4, 0.1, {"spread": spread})


def test_a_generator_that_is_slow_to_begin_has_not_collapsed() -> None:
    guards = Guards()
    guards.see(Started(0, 10_000, "cpu", "float32", 1))
    rising = [verdict for number in range(1, 900) for verdict in guards.see(watched(number, 0.02 + number * 2e-4))]
    assert rising == []
    stuck = [verdict for number in range(900, 1300) for verdict in guards.see(watched(number, 0.02))]
    assert [verdict.guard for verdict in stuck] == ["collapsed"]


def test_what_is_in_use_is_no_advice() -> None:
    guards = Guards(in_use=frozenset({"hinge", "mode-seeking"}))
    guards.see(Started(0, 10_000, "cpu", "float32", 1))
    (verdict,) = [verdict for number in range(1, 600) for verdict in guards.see(watched(number, 0.01))]
    assert verdict.text.endswith(
        "Go back to an earlier checkpoint with half the rate, or choose another objective, such as “wgan-gp”."
    )
