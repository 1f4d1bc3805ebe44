"""Controls: what a card says of them comes back typed, and what is wrong is named."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from engines.errors import CardError
from engines.generation.controls import Categorical, Continuous, Direction, codes_of, controls_of
from engines.models.card import ModelCard, from_metadata, to_metadata

DIRECTION = {"kind": "direction", "vector": [0.6, 0, -0.8], "range": [-3, 2.5]}
CONTINUOUS = {"kind": "continuous", "column": 1, "range": [-1, 1]}
CATEGORICAL = {"kind": "categorical", "column": 0, "values": 10}


def card_with(**controls: Any) -> ModelCard:
    return ModelCard(task="image-generation", name="Tiny", latent_size=3, controls=controls)


def test_each_kind_comes_back_in_the_card_s_order() -> None:
    written = card_with(ripe=DIRECTION, tilt=CONTINUOUS, kind=CATEGORICAL)
    card = from_metadata(to_metadata(written), origin="m.onnx")
    direction, continuous, categorical = controls_of(card)
    assert isinstance(direction, Direction) and (direction.name, direction.low, direction.high) == ("ripe", -3, 2.5)
    np.testing.assert_array_equal(direction.vector, np.float32([0.6, 0, -0.8]))
    assert direction.vector.dtype == np.float32 and not direction.vector.flags.writeable
    assert continuous == Continuous("tilt", 1, -1, 1)
    assert categorical == Categorical("kind", 0, 10)


def test_codes_come_in_the_order_of_their_columns() -> None:
    card = card_with(tilt=CONTINUOUS, ripe=DIRECTION, kind=CATEGORICAL)
    assert codes_of(card) == (Categorical("kind", 0, 10), Continuous("tilt", 1, -1, 1))


def test_a_card_without_controls_has_none() -> None:
    assert controls_of(card_with()) == () and codes_of(card_with()) == ()


def test_a_direction_written_with_few_digits_has_length_1() -> None:
    (direction,) = controls_of(card_with(ripe={**DIRECTION, "vector": [0.577, 0.577, 0.577]}))
    assert isinstance(direction, Direction)
    assert np.linalg.norm(direction.vector) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (3, "is not a JSON object"),
        ([], "is not a JSON object"),
        ({}, "is of the kind “None”, not direction, continuous or categorical"),
        ({"kind": "slider"}, "is of the kind “slider”, not direction"),
        ({"kind": ["direction"]}, "not direction, continuous or categorical"),
        ({**DIRECTION, "vector": [1, 0]}, "has a vector that is not 3 numbers"),
        ({**DIRECTION, "vector": [1, 0, 0, 0]}, "has a vector that is not 3 numbers"),
        ({**DIRECTION, "vector": "100"}, "has a vector that is not 3 numbers"),
        ({**DIRECTION, "vector": [1, 0, None]}, "has a vector that is not 3 numbers"),
        ({**DIRECTION, "vector": [1, 0, True]}, "has a vector that is not 3 numbers"),
        ({**DIRECTION, "vector": [1, 0, math.nan]}, "has a vector that is not 3 numbers"),
        ({**DIRECTION, "vector": [1, 0, math.inf]}, "has a vector that is not 3 numbers"),
        ({**DIRECTION, "vector": [1, 0, 10**400]}, "has a vector that is not 3 numbers"),
        ({**DIRECTION, "vector": [0, 0, 0]}, "has a vector of length 0, not 1"),
        ({**DIRECTION, "vector": [2, 0, 0]}, "has a vector of length 2, not 1"),
        ({**DIRECTION, "range": None}, "has a range that is not two numbers, the lower one first"),
        ({**DIRECTION, "range": [1]}, "has a range that is not two numbers"),
        ({**DIRECTION, "range": [2, 1]}, "has a range that is not two numbers"),
        ({**DIRECTION, "range": [1, 1]}, "has a range that is not two numbers"),
        ({**DIRECTION, "range": [0, math.nan]}, "has a range that is not two numbers"),
        ({**CONTINUOUS, "column": 0, "range": ["a", "b"]}, "has a range that is not two numbers"),
        ({**CONTINUOUS, "column": -1}, "has “column” -1, not a whole number from 0"),
        ({**CONTINUOUS, "column": 0.0}, "has “column” 0.0, not a whole number from 0"),
        ({**CONTINUOUS, "column": True}, "has “column” True, not a whole number from 0"),
        ({**CATEGORICAL, "values": 1}, "has “values” 1, not a whole number from 2 to 1000"),
        ({**CATEGORICAL, "values": 10**6}, "has “values” 1000000, not a whole number from 2 to 1000"),
        ({"kind": "categorical", "column": 0}, "has “values” None, not a whole number"),
    ],
)
def test_what_is_wrong_is_named(entry: Any, words: str) -> None:
    with pytest.raises(CardError) as error:
        controls_of(card_with(odd=entry))
    sentence = str(error.value)
    assert sentence.startswith("The card of “Tiny” is wrong: its control “odd” ") and words in sentence
    assert sentence.endswith("; export the model again.") and len(sentence.splitlines()) == 1
    if not isinstance(entry, dict) or entry.get("kind") != "direction":
        with pytest.raises(CardError, match="its control “odd”"):
            codes_of(card_with(odd=entry))


@pytest.mark.parametrize("columns", [(1,), (0, 0), (0, 2), (0, 1, 3)])
def test_columns_that_leave_gaps_or_meet_are_said(columns: tuple[int, ...]) -> None:
    card = card_with(**{f"code {i}": {**CONTINUOUS, "column": column} for i, column in enumerate(columns)})
    words = f"the columns of its codes are {', '.join(map(str, columns))}, not 0 to {len(columns) - 1}, each once"
    for read in (controls_of, codes_of):
        with pytest.raises(CardError, match=words):
            read(card)


def test_numbers_that_are_none_do_not_come_in_through_a_file() -> None:
    """JSON as Python reads it knows NaN."""
    metadata = to_metadata(card_with(ripe=DIRECTION))
    metadata["card.controls"] = json.dumps({"ripe": {**DIRECTION, "range": [math.nan, 1]}})
    with pytest.raises(CardError, match="“ripe” has a range"):
        controls_of(from_metadata(metadata, origin="m.onnx"))


@pytest.mark.parametrize("entry", [3, [], None, {}, {"range": [0, 1]}])
def test_a_card_holds_no_control_without_a_kind(entry: object) -> None:
    metadata = to_metadata(card_with(ripe=DIRECTION)) | {"card.controls": json.dumps({"odd": entry})}
    with pytest.raises(
        CardError, match="“card.controls” holds “odd”, which is not a JSON object with a “kind”; export"
    ):
        from_metadata(metadata, origin="m.onnx")
