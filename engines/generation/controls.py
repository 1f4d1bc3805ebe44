"""Controls: what a person can move in a generator besides its seed and its label, as `card.controls` says.

The card holds them as a JSON object, name to control, in the order in which they are shown:
`{"kind": "direction", "vector": [...], "range": [low, high]}`, `{"kind": "continuous", "column": 0, "range": [-1, 1]}`,
`{"kind": "categorical", "column": 1, "values": 10}`. The columns of all codes together are 0, 1 and so on, each once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from engines.errors import CardError
from engines.models.card import ModelCard

MOST_VALUES = 1000  # of a categorical code
NEAR_ONE = 1e-2  # how far the length of a direction may be from 1: what is written with few digits is


@dataclass(frozen=True, eq=False)
class Direction:
    """A way to move `z`: by `low` to `high` times `vector`, float32 (latent_size,), read-only, of length 1."""

    name: str
    vector: NDArray[np.float32]
    low: float
    high: float


@dataclass(frozen=True)
class Continuous:
    """A code from `low` to `high`, in that column of the input `codes`."""

    name: str
    column: int
    low: float
    high: float


@dataclass(frozen=True)
class Categorical:
    """A code of so many `values`, the index of one of which stands in that column of the input `codes`."""

    name: str
    column: int
    values: int


Code = Continuous | Categorical
Control = Direction | Continuous | Categorical


def controls_of(card: ModelCard) -> tuple[Control, ...]:
    """The controls of `card`, in its order. Raises CardError, which names the control that is wrong."""
    controls = tuple(_control_of(card, name, entry) for name, entry in card.controls.items())
    _check_columns(card, [control.column for control in controls if not isinstance(control, Direction)])
    return controls


def codes_of(card: ModelCard) -> tuple[Code, ...]:
    """The codes of `card`, in the order of their columns. Raises CardError as `controls_of` does; looks at no direction."""
    codes = [
        control
        for name, entry in card.controls.items()
        if not (isinstance(entry, Mapping) and cast("Mapping[str, Any]", entry).get("kind") == "direction")
        and not isinstance(control := _control_of(card, name, entry), Direction)
    ]
    _check_columns(card, [code.column for code in codes])
    return tuple(sorted(codes, key=lambda code: code.column))


def _control_of(card: ModelCard, name: str, entry: Any) -> Control:
    try:
        return _control(name, entry, card.latent_size or 0)
    except ValueError as error:
        raise CardError(
            f"The card of “{card.name}” is wrong: its control “{name[:40]}” {error}; export the model again."
        ) from None


def _control(name: str, entry: Any, latent_size: int) -> Control:
    """One control. Raises ValueError, which says what is wrong with it."""
    if not isinstance(entry, Mapping):
        raise ValueError("is not a JSON object")
    fields = cast("Mapping[str, Any]", entry)
    match fields.get("kind"):
        case "direction":
            low, high = _range(fields.get("range"))
            return Direction(name, _vector(fields.get("vector"), latent_size), low, high)
        case "continuous":
            low, high = _range(fields.get("range"))
            return Continuous(name, _whole(fields, "column", 0), low, high)
        case "categorical":
            return Categorical(name, _whole(fields, "column", 0), _whole(fields, "values", 2))
        case kind:
            raise ValueError(f"is of the kind “{str(kind)[:40]}”, not direction, continuous or categorical")


def _vector(value: Any, latent_size: int) -> NDArray[np.float32]:
    numbers = _numbers(value)
    if numbers is None or len(numbers) != latent_size:
        raise ValueError(f"has a vector that is not {latent_size} numbers")
    vector = np.array(numbers, np.float64)
    length = float(np.linalg.norm(vector))
    if not abs(length - 1) <= NEAR_ONE:
        raise ValueError(f"has a vector of length {length:.3g}, not 1")
    result = (vector / length).astype(np.float32)
    result.flags.writeable = False
    return result


def _range(value: Any) -> tuple[float, float]:
    numbers = _numbers(value)
    if numbers is None or len(numbers) != 2 or not numbers[0] < numbers[1]:
        raise ValueError("has a range that is not two numbers, the lower one first")
    return numbers[0], numbers[1]


def _numbers(value: Any) -> list[float] | None:
    """A list of finite numbers that float32 holds; None where it is anything else."""
    if not isinstance(value, list | tuple):
        return None
    items = cast("list[Any]", value)
    largest = float(np.finfo(np.float32).max)
    if not all(type(item) in (int, float) and abs(item) <= largest for item in items):  # false for NaN
        return None
    return [float(item) for item in items]


def _whole(fields: Mapping[str, Any], key: str, at_least: int) -> int:
    value = fields.get(key)
    if type(value) is not int or not at_least <= value <= MOST_VALUES:
        raise ValueError(f"has “{key}” {str(value)[:40]}, not a whole number from {at_least} to {MOST_VALUES}")
    return value


def _check_columns(card: ModelCard, columns: list[int]) -> None:
    if sorted(columns) != list(range(len(columns))):
        raise CardError(
            f"The card of “{card.name}” is wrong: the columns of its codes are {', '.join(map(str, columns))}, not 0 to"
            f" {len(columns) - 1}, each once; export the model again."
        )
