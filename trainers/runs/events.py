"""What a trainer says and what it is told: events and commands, each one JSON line."""

from __future__ import annotations

import json
from dataclasses import MISSING, Field, asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Started:
    """Training begins, or goes on, at `step` of `total`; `precision` and `device` are what the steps run in.

    What a log holds of later steps than `step` was lost with a process that was killed: those steps are made again.
    """

    step: int
    total: int
    device: str
    precision: str
    parameters: int


@dataclass(frozen=True)
class Step:
    """`step` steps are done of `total`; `losses` are the last one's by name, `rate` is the learning rate.

    `watched` holds what guards look at beside losses, such as "lead", by how much a discriminator is ahead.
    `seconds` is how long the step took. A log holds a few steps a second; the means of `losses` stand for those between.
    """

    step: int
    total: int
    losses: dict[str, float]
    rate: float
    seconds: float
    watched: dict[str, float]


@dataclass(frozen=True)
class Validation:
    """Measured with the averaged weights on pictures never trained on; `metrics` maps names such as "PSNR" to values."""

    step: int
    metrics: dict[str, float]


@dataclass(frozen=True)
class Sample:
    """A picture of what the network does now was written to `path`."""

    step: int
    path: str


@dataclass(frozen=True)
class Checkpoint:
    """All that is needed to go on from `step` was written to `path`."""

    step: int
    path: str


@dataclass(frozen=True)
class Notice:
    """Something a person should know, such as unreadable pictures that were left out."""

    text: str


@dataclass(frozen=True)
class Verdict:
    """What a guard found at `step`, in words, and what was done about it; `guard` is a key of `trainers.runs.guards.GUARDS`."""

    step: int
    guard: str
    text: str


@dataclass(frozen=True)
class Working:
    """Between steps: `text` says at what, `done` of `total`. Sent to whoever listens, and not kept in the log."""

    text: str
    done: int
    total: int


@dataclass(frozen=True)
class Held:
    """Training waits at `step` because a checkpoint cannot be written; `text` says why. It is tried again on Resume."""

    step: int
    text: str


@dataclass(frozen=True)
class Paused:
    """Training waits at `step`, with a checkpoint; `released` tells whether the process has ended to free its memory."""

    step: int
    released: bool


@dataclass(frozen=True)
class Resumed:
    """Training goes on from `step` in the same process."""

    step: int


@dataclass(frozen=True)
class Detached:
    """The run no longer ends with the program that started it; it takes commands from its folder now."""

    step: int


@dataclass(frozen=True)
class Stopped:
    """Training ended early, at `step`, with a checkpoint of it."""

    step: int


@dataclass(frozen=True)
class Finished:
    """Every step there was to make has been made; the export follows."""

    step: int


@dataclass(frozen=True)
class Exported:
    """The model was written to `path` and opened again; it is that of `step`, 0 where a log of earlier does not say."""

    path: str
    step: int = 0


@dataclass(frozen=True)
class Failed:
    """Training cannot go on; `text` is one sentence with a remedy."""

    text: str


@dataclass(frozen=True)
class TakeSample:
    """Command: write a sample now."""


@dataclass(frozen=True)
class TakeCheckpoint:
    """Command: write a checkpoint now."""


@dataclass(frozen=True)
class HalveRate:
    """Command: go on with half the learning rate."""


@dataclass(frozen=True)
class RollBack:
    """Command: go back to the last checkpoint, and on from there with half the learning rate."""


@dataclass(frozen=True)
class Pause:
    """Command: write a checkpoint and wait; with `release` the process ends, which frees the device and the memory."""

    release: bool


@dataclass(frozen=True)
class Resume:
    """Command: go on after Pause or Held."""


@dataclass(frozen=True)
class Stop:
    """Command: write a checkpoint and end."""


@dataclass(frozen=True)
class Detach:
    """Command: do not end with the program that started the run."""


@dataclass(frozen=True)
class Export:
    """Command: write the model as it is now to `path`, as "float32", "fp16" or "int8"; training goes on meanwhile."""

    path: str
    weights: str


Event = (
    Started | Step | Validation | Sample | Checkpoint | Notice | Verdict | Working | Held | Paused | Resumed | Detached
    | Stopped | Finished | Exported | Failed
)  # fmt: skip
TrainerCommand = TakeSample | TakeCheckpoint | HalveRate | RollBack  # what a trainer obeys; its driver does the others
Command = TrainerCommand | Pause | Resume | Stop | Detach | Export

_KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in (*Event.__args__, *Command.__args__)}


_TYPES: dict[str, type[Any] | tuple[type[Any], ...]] = {
    "int": int,
    "float": (int, float),
    "str": str,
    "bool": bool,
    "dict[str, float]": dict,
}


@dataclass(frozen=True)
class Line:
    """A message as a log holds it: `number` counts the log's lines from 1, `at` is the time in seconds since 1970."""

    number: int
    at: float
    message: Event | Command


def to_line(message: Event | Command, number: int = 0, at: float = 0.0) -> str:
    """The JSON of `message` on one line, without the line end."""
    envelope = {"n": number, "at": round(at, 3)} if number else {}
    return to_json({"kind": type(message).__name__, **envelope, **asdict(message)})


def to_json(values: dict[str, Any], indent: int | None = None) -> str:
    """`values` as JSON that a person can read; escaped where a file's name in it is not text, which no file could hold."""
    text = json.dumps(values, ensure_ascii=False, indent=indent)
    return json.dumps(values, indent=indent) if any("\ud800" <= letter <= "\udfff" for letter in text) else text


def _needed(field: Field[Any]) -> bool:
    return field.default is MISSING


def from_line(line: str | bytes) -> Event | Command | None:
    """The message that `line` holds; None for a line cut short or of a kind that this version does not know."""
    read = read_line(line)
    return read.message if read else None


def read_line(line: str | bytes) -> Line | None:
    """`line` with its number and time, both 0 where it has none; None as `from_line`."""
    try:
        values = json.loads(line)
        kind = _KINDS[values["kind"]]
        given = {field.name: values[field.name] for field in fields(kind) if field.name in values or _needed(field)}
        message = kind(**given)
        if not all(isinstance(getattr(message, field.name), _TYPES[str(field.type)]) for field in fields(kind)):
            return None
        return Line(int(values.get("n", 0)), float(values.get("at", 0.0)), message)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
