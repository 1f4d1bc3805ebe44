"""What a trainer says and what it is told: events and commands, each one JSON line."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Started:
    """Training begins, or goes on, at `step` of `total`; `precision` and `device` are what the steps run in."""

    step: int
    total: int
    device: str
    precision: str
    parameters: int


@dataclass(frozen=True)
class Step:
    """`step` steps are done of `total`; `loss` is the last one's, `seconds` how long it took."""

    step: int
    total: int
    loss: float
    rate: float
    seconds: float


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
class Exported:
    """The model was written to `path` and opened again."""

    path: str


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


Event = Started | Step | Validation | Sample | Checkpoint | Notice | Exported | Failed
Command = TakeSample | TakeCheckpoint

_KINDS: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (Started, Step, Validation, Sample, Checkpoint, Notice, Exported, Failed, TakeSample, TakeCheckpoint)
}


def to_line(message: Event | Command) -> str:
    """The JSON of `message` on one line, without the line end."""
    return json.dumps({"kind": type(message).__name__, **asdict(message)}, ensure_ascii=False)


def from_line(line: str) -> Event | Command | None:
    """The message that `line` holds; None for a line cut short or of a kind that this version does not know."""
    try:
        values = json.loads(line)
        kind = _KINDS[values["kind"]]
        return kind(**{field.name: values[field.name] for field in fields(kind)})
    except (ValueError, KeyError, TypeError):
        return None
