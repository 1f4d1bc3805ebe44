"""Recipes: what they hold, and the sentence that each mistake gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.errors import RecipeError
from tests.conftest import ROOT
from trainers.recipe import Recipe, from_values, load, parse

GOOD = """
version = 1
task = "super-resolution"
name = "mine"
scale = 2
[network]
kind = "fast"
[data]
photos = ["photos"]
[[stages]]
steps = 100
"""


def test_shipped_recipes_are_whole() -> None:
    recipes = sorted((ROOT / "assets" / "recipes").glob("*.toml"))
    assert len(recipes) >= 4
    for path in recipes:
        assert load(path).name == path.stem


def test_what_is_left_out_has_a_value() -> None:
    recipe = parse(GOOD)
    assert (recipe.steps, recipe.stages[0].patch, recipe.seed, recipe.optimiser) == (100, 48, 0, "adam")


def test_it_survives_json() -> None:
    recipe = parse(GOOD)
    assert from_values(recipe.model_dump(mode="json")) == recipe


def test_stages_follow_one_another() -> None:
    recipe = parse(GOOD + 'loss = "l1"\n[[stages]]\nsteps = 50\nloss = "l2"\n')
    assert [recipe.stage_at(step).loss for step in (0, 99, 100, 149, 1000)] == ["l1", "l1", "l2", "l2", "l2"]


def test_folders_are_taken_from_where_the_file_lies(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text(GOOD)
    assert load(tmp_path / "r.toml").data.photos == [tmp_path / "photos"]


MISTAKES = {  # (what replaces what) → words of the sentence
    ("scale = 2", "scal = 2"): ("“scal” is not a field", "scale"),
    ("scale = 2", ""): ("“scale” is missing",),
    ("scale = 2", "scale = 99"): ("“scale” is 99", "at least 1", "at most 8"),
    ("scale = 2", 'scale = "two"'): ("“scale” is 'two'", "integer"),
    ("steps = 100", "steps = 0"): ("stages.0.steps” is 0", "at least 1"),
    ("steps = 100", "steps = 100\npatch = 4"): ("patch” is 4", "at least 8", "at most 512"),
    ("steps = 100", "steps = 100\nstep = 1"): ("step” is not a field", "steps"),
    ("steps = 100", "steps = 20"): ("warm_up is 50", "20 steps"),
    ("[data]", "[data"): ("not valid TOML", "line"),
    ('task = "super-resolution"', 'task = "sharpen"'): ("“task” is 'sharpen'", "super-resolution"),
    ('photos = ["photos"]', "photos = []"): ("data.photos", "at least 1"),
    ("scale = 2", "scale = 2\nrate = nan"): ("“rate”",),
    ("version = 1", "version = 2"): ("“version” is 2",),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_its_remedy(mistake: tuple[str, str]) -> None:
    with pytest.raises(RecipeError) as caught:
        parse(GOOD.replace(*mistake))
    for words in MISTAKES[mistake]:
        assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="no recipe at"):
        load(tmp_path / "none.toml")


def test_a_picture_as_a_recipe(photo: Path) -> None:
    with pytest.raises(RecipeError, match="cannot be read"):
        load(photo)


def test_a_recipe_does_not_change() -> None:
    recipe = parse(GOOD)
    with pytest.raises(Exception, match="frozen"):
        recipe.scale = 3  # type: ignore[misc]
    assert isinstance(recipe, Recipe)
