"""The states of a run: how events and commands lead from one to the next, and which one a folder on disk is in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engines.errors import RecipeError, RunError
from trainers.runs import events, run_folder
from trainers.runs.events import Command, Event, Line

State = Literal[
    "ready",  # never trained
    "starting",
    "running",
    "pausing",
    "paused",  # waits, and holds its memory
    "held",  # waits until a checkpoint can be written
    "exporting",  # every step is made
    "stopping",
    "detaching",
    "detached",  # goes on, without this program
    "released",  # paused, and its process has ended
    "stopped",
    "finished",
    "failed",
    "interrupted",  # its process ended without a word
    "damaged",  # its folder cannot be used
]

OVER: frozenset[State] = frozenset({"detached", "released", "stopped", "finished", "failed", "interrupted", "damaged"})
"""The states of a run that nobody here follows any more."""

CAN_GO_ON: frozenset[State] = frozenset({"ready", "released", "stopped", "failed", "interrupted"})
"""The states from which a run goes on when it is started again."""

_WISHES: frozenset[State] = frozenset({"pausing", "stopping", "detaching"})

RECIPE_VERSION = 1


def after(state: State, event: Event | Command) -> State:
    """The state that `event` leads to from `state`. A wish that was sent stands until the event that fulfils it."""
    match event:
        case events.Stopped():
            return "stopped"
        case events.Failed():
            return "failed"
        case events.Paused(released=True):
            return "released"
        case events.Detached():
            return "detached" if state == "detaching" else state
        case events.Paused() if state not in ("stopping", "detaching"):
            return "paused"
        case events.Finished() if state not in ("stopping", "detaching"):
            return "exporting"
        case events.Exported() if state == "exporting":
            return "finished"
        case events.Held() if state not in ("stopping", "detaching"):
            return "held"
        case events.Started() | events.Resumed() if state not in _WISHES:
            return "running"
        case events.Step() | events.Checkpoint() if state in ("starting", "held"):
            return "running"
        case _:
            return state


def wished(state: State, command: Command) -> State:
    """The state of a run in `state` that has just been sent `command`."""
    match command:
        case events.Stop():
            return "stopping"
        case events.Detach() if state != "stopping":
            return "detaching"
        case events.Pause() if state not in ("stopping", "detaching"):
            return state if state == "paused" and not command.release else "pausing"
        case events.Resume() if state == "pausing":
            return "running"
        case _:
            return state


@dataclass(frozen=True)
class Found:
    """A run as its folder shows it: its `state`, step `step` of `total`, and `text`, a sentence where one is due."""

    state: State
    step: int = 0
    total: int = 0
    text: str = ""


def look(run_dir: Path) -> Found:
    """The run in `run_dir`, whoever trains in it. Never raises: a folder that cannot be used is "damaged"."""
    if not run_dir.is_dir():
        return Found("damaged", text=f"There is no run folder “{run_dir}”; put it back, or take it off the list.")
    try:
        version = run_folder.read_recipe_values(run_dir).get("version", 1)
        lines = history(run_dir)
    except (RecipeError, RunError) as error:
        return Found("damaged", text=str(error))
    if not isinstance(version, int) or version > RECIPE_VERSION:
        return Found(
            "damaged", text=f"The run in “{run_dir}” was made by a newer Duskroom; update Duskroom to go on with it."
        )
    state, step, total = fold("ready", lines)
    if state not in OVER and state != "ready" and not run_folder.is_running(run_dir):
        return Found("interrupted", step, total, interrupted(run_dir))
    return Found(state, step, total, failure_in(lines) if state == "failed" else "")


def fold(state: State, lines: Iterable[Line]) -> tuple[State, int, int]:
    """The state after `lines`, and the step and total that they end at."""
    step = total = 0
    for line in lines:
        state = after(state, line.message)
        if isinstance(line.message, events.Step | events.Started):
            step, total = line.message.step, line.message.total
    return state, step, total


def failure_in(lines: Iterable[Line]) -> str:
    """The last sentence with which a run failed in `lines`; empty where none did."""
    sentences = [line.message.text for line in lines if isinstance(line.message, events.Failed)]
    return sentences[-1] if sentences else ""


def interrupted(run_dir: Path) -> str:
    """What is said of a run that ended without a word."""
    return f"The training in “{run_dir}” ended without a word; it can go on from its last checkpoint."


def history(run_dir: Path) -> list[Line]:
    """All that the log of the run says, without steps that were lost and made again. Raises RunError where it is damaged."""
    try:
        lines = run_folder.timeline(run_folder.read_events(run_dir)[0])
        damaged = (
            not lines and (run_dir / run_folder.EVENTS).stat().st_size > 0 and _has_a_line(run_dir / run_folder.EVENTS)
        )
        fold("ready", lines)
    except FileNotFoundError:
        return []
    except (OSError, TypeError, ValueError, AttributeError):
        damaged, lines = True, []
    if damaged:
        raise RunError(
            f"The log “{run_dir / run_folder.EVENTS}” is damaged; move it away, and the run can go on from its last checkpoint."
        )
    return lines


def _has_a_line(path: Path) -> bool:
    with open(path, "rb") as file:
        return b"\n" in file.read(1 << 20)
