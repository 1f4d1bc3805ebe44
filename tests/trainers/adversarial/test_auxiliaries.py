"""Which auxiliary losses a recipe asks for, and the sentences for what cannot be followed."""

from __future__ import annotations

from typing import Any

import pytest

from engines.errors import RecipeError
from trainers.adversarial.auxiliaries import auxiliaries_of
from trainers.recipes.recipe import ImageGeneration, from_values


def recipe(*auxiliary: dict[str, Any], **more: Any) -> ImageGeneration:
    values = {"version": 1, "task": "image-generation", "name": "tiny", "steps": 1, "data": {"photos": ["."]}}
    made = from_values(values | {"auxiliary": list(auxiliary)} | more, origin="The recipe")
    assert isinstance(made, ImageGeneration)
    return made


def test_each_side_gets_its_own_and_what_the_condition_needs() -> None:
    asked = recipe(
        {"kind": "mode-seeking", "weight": 0.5},
        {"kind": "feature-matching", "side": "discriminator"},
        condition="auxiliary",
        codes={"continuous": 2, "weight": 3.0},
    )
    assert {name: weight for name, (_, weight) in auxiliaries_of(asked, "generator").items()} == {
        "mode-seeking": 0.5,
        "auxiliary-classifier": 1.0,
        "codes": 3.0,
    }
    assert set(auxiliaries_of(asked, "discriminator")) == {"feature-matching", "auxiliary-classifier", "codes"}


@pytest.mark.parametrize(
    ("auxiliary", "words"),
    [
        ([{"kind": "mode-seeking", "options": {"power": 2}}], "it takes no options"),
        ([{"kind": "sliced-wasserstein", "side": "discriminator"}], "teaches the generator only"),
        ([{"kind": "l1"}, {"kind": "l1", "weight": 2.0}], "listed twice for the generator"),
        ([{"kind": "mode-seaking"}], "no auxiliary loss called “mode-seaking”"),
    ],
)
def test_what_cannot_be_followed_is_a_sentence(auxiliary: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        auxiliaries_of(recipe(*auxiliary), "generator")
