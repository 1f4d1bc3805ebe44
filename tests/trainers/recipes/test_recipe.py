"""Recipes: what they hold, and the sentence that each mistake gets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engines.errors import RecipeError
from engines.models.card import read_card
from tests.conftest import ROOT
from trainers.recipes.recipe import (
    ImageGeneration,
    ImageTranslation,
    Recipe,
    SuperResolution,
    from_card,
    from_values,
    load,
    parse,
)

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


def good(more: str = "") -> SuperResolution:
    recipe = parse(GOOD + more)
    assert isinstance(recipe, SuperResolution)
    return recipe


def test_shipped_recipes_are_whole() -> None:
    recipes = sorted((ROOT / "assets" / "recipes").glob("*.toml"))
    assert len(recipes) >= 4
    for path in recipes:
        assert load(path).name == path.stem


@pytest.mark.parametrize(
    ("name", "rounds"),
    [("fast-x4", ["4,000", "3,442", "4,400", "12,600"]), ("fast-x2", ["9,500", "10,400", "6,300", "14,300"])],
)
def test_a_recipe_says_all_rounds_that_made_the_shipped_file(name: str, rounds: list[str]) -> None:
    """Each with its steps, the last as the file's card has it."""
    said = (ROOT / "assets" / "recipes" / f"{name}.toml").read_text(encoding="utf-8").split("version = 1")[0]
    places = [said.find(steps) for steps in rounds]
    assert places[0] > 0 and places == sorted(places)
    last = from_values(json.loads(read_card(ROOT / "assets" / "models" / f"{name}.onnx").recipe))
    assert isinstance(last, SuperResolution) and rounds[-1] == f"{last.total_steps:,}"
    assert f"{last.rate * 1e4:.0f}e-4 and {last.muon_rate * 1e3:.1f}e-3" in said[places[-1] :]


def test_what_is_left_out_has_a_value() -> None:
    recipe = good()
    assert (recipe.total_steps, recipe.stages[0].patch, recipe.seed, recipe.optimiser) == (100, 48, 0, "adam")


def test_it_survives_json() -> None:
    recipe = parse(GOOD)
    assert from_values(recipe.model_dump(mode="json")) == recipe


def test_stages_follow_one_another() -> None:
    recipe = good('loss = "l1"\n[[stages]]\nsteps = 50\nloss = "l2"\n')
    assert [recipe.stage_at(step).loss for step in (0, 99, 100, 149, 1000)] == ["l1", "l1", "l2", "l2", "l2"]


def test_folders_are_taken_from_where_the_file_lies(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text(GOOD)
    assert load(tmp_path / "r.toml").data.photos == [tmp_path / "photos"]


MISTAKES = {  # (what replaces what) → words of the sentence
    ("scale = 2", "scal = 2"): ("“scal” is not a field", "scale"),
    ("scale = 2", ""): ("“scale” is missing",),
    ("scale = 2", "scale = 99"): ("“scale” is 99", "at least 1", "at most 8"),
    ("scale = 2", "scale = true"): ("“scale” is True", "integer"),
    ("steps = 100", 'steps = "100"'): ("stages.0.steps” is '100'", "integer"),
    ('photos = ["photos"]', 'photos = ["a\\u0000b"]'): ("null character",),
    ("[data]", "[data]\nx = " + "[" * 5000): ("not valid TOML",),
    ("scale = 2", 'scale = "two"'): ("“scale” is 'two'", "integer"),
    ("steps = 100", "steps = 0"): ("stages.0.steps” is 0", "at least 1"),
    ("steps = 100", "steps = 100\npatch = 4"): ("patch” is 4", "at least 8", "at most 512"),
    ("steps = 100", "steps = 100\nstep = 1"): ("step” is not a field", "steps"),
    ("steps = 100", "steps = 20"): ("warm_up is 50", "20 steps"),
    ("scale = 2", "scale = 2\nbeta2 = 1.0"): ("“beta2” is 1.0", "at least 0", "less than 1"),
    ("scale = 2", "scale = 2\nweight_decay = -0.1"): ("“weight_decay” is -0.1", "at least 0", "at most 1"),
    ("scale = 2", "scale = 2\nrestarts = -1"): ("“restarts” is -1", "at least 0"),
    ("scale = 2", 'scale = 2\nschedule = "cosine-restarts"\nrestarts = 50'): (
        "restarts is 50",
        "only 50 steps; lower it",
    ),
    ("[data]", "[data"): ("not valid TOML", "line"),
    ('task = "super-resolution"', 'task = "sharpen"'): ("“task” is 'sharpen'", "super-resolution"),
    ('photos = ["photos"]', "photos = []"): ("data.photos", "at least 1"),
    ("scale = 2", "scale = 2\nrate = nan"): ("“rate”",),
    ("version = 1", "version = 2"): ("of version 2", "update Duskroom"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_its_remedy(mistake: tuple[str, str]) -> None:
    with pytest.raises(RecipeError) as caught:
        parse(GOOD.replace(*mistake))
    for words in MISTAKES[mistake]:
        assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text(GOOD, encoding="utf-8-sig")
    assert load(tmp_path / "r.toml").name == "mine"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="no recipe at"):
        load(tmp_path / "none.toml")


def test_a_picture_as_a_recipe(photo: Path) -> None:
    with pytest.raises(RecipeError, match="cannot be read"):
        load(photo)


def test_a_task_has_fields_of_its_own() -> None:
    text = 'task = "image-generation"\nname = "faces"\nsteps = 9\n[data]\nphotos = ["p"]\n'
    recipe = parse(text)
    assert isinstance(recipe, ImageGeneration) and recipe.total_steps == 9 and recipe.network.kind == "dcgan"
    with pytest.raises(RecipeError, match="“scale” is not a field of a recipe; the fields there are .*latent_size"):
        parse("scale = 2\n" + text)
    with pytest.raises(RecipeError, match="“discriminator.width” is not a field"):
        parse(text + '[discriminator]\nkind = "dcgan"\nwidth = 3\n')
    with pytest.raises(RecipeError, match="“task” is missing; it is one of super-resolution, image-translation"):
        parse("version = 1")


def test_a_card_has_a_recipe_to_train_on_from() -> None:
    text = good().model_dump_json()
    values = from_card(text, origin="a.onnx") | {"data": {"photos": ["mine"]}, "start_from": "a.onnx"}
    recipe = from_values(values)
    assert recipe.data.photos == [Path("mine")] and recipe.start_from == Path("a.onnx")


def test_an_upscaling_model_is_trained_on_gently_for_minutes_and_finished_as_it_was() -> None:
    stages = [{"steps": 9000, "patch": 48, "batch": 16}, {"steps": 600, "patch": 64, "batch": 8, "loss": "l2"}]
    trained = good().model_dump(mode="json") | {"rate": 1e-3, "muon_rate": 2e-3, "ema": 0.999}
    text = json.dumps(trained | {"stages": stages})
    on = from_values(from_card(text, origin="a.onnx") | {"data": {"photos": ["mine"]}})
    assert isinstance(on, SuperResolution)
    assert [(s.steps, s.patch, s.batch, s.loss) for s in on.stages] == [(450, 24, 32, "l1"), (250, 64, 8, "l2")]
    assert (on.rate, on.muon_rate, on.ema) == (pytest.approx(2e-4), pytest.approx(4e-4), 0.998)
    text = json.dumps(trained | {"stages": stages[:1]})
    alone = from_values(from_card(text, origin="a.onnx") | {"data": {"photos": ["mine"]}})
    assert isinstance(alone, SuperResolution) and [s.patch for s in alone.stages] == [24, 48]
    own = trained | {"schedule": "cosine-restarts", "restarts": 999, "ema_start": 5000, "features": {}}
    text = json.dumps(own | {"stages": [stages[0], stages[0] | {"perceptual": 0.1}, stages[1]]})
    odd = from_values(from_card(text, origin="a.onnx") | {"data": {"photos": ["mine"]}})
    assert isinstance(odd, SuperResolution)
    assert (odd.schedule, odd.ema_start, odd.features) == ("cosine", 0, None)
    # A card may hold anything: what is no stage is said as any other wrong field.
    wrong = json.dumps(good().model_dump(mode="json") | {"stages": [{"patch": "large"}]})
    with pytest.raises(RecipeError, match="stages"):
        from_values(from_card(wrong, origin="a.onnx") | {"data": {"photos": ["mine"]}})


@pytest.mark.parametrize(
    "change",
    [
        {"network": {"kind": "os:system"}},
        {"network": {"kind": "trainers.runs.run_folder:mailbox_end"}},
        {"stages": [{"steps": 100, "loss": "evil.module:loss"}]},
        {"degradation": "evil:degrade"},
        {"auxiliary": [{"kind": "evil:loss"}]},
    ],
)
def test_a_card_never_names_code_to_import(change: dict[str, object]) -> None:
    text = json.dumps(good().model_dump(mode="json") | change)
    with pytest.raises(
        RecipeError, match=r"code that is not Duskroom's; if you trust it, write that into a recipe of your own"
    ):
        from_card(text, origin="a.onnx")


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000])
def test_a_card_without_a_recipe_is_said(text: str) -> None:
    with pytest.raises(RecipeError, match="“a.onnx” carries no recipe; write one, with “start_from” set"):
        from_card(text, origin="a.onnx")


def test_a_recipe_does_not_change() -> None:
    recipe = parse(GOOD)
    with pytest.raises(Exception, match="frozen"):
        recipe.scale = 3  # type: ignore[misc]
    assert isinstance(recipe, Recipe)


def translation(**changes: object) -> dict[str, object]:
    values: dict[str, object] = {
        "task": "image-translation",
        "name": "day-night",
        "domains": ["day", "night"],
        "steps": 10,
        "data": {"photos": ["day", "night"]},
    }
    return values | changes


def test_the_recipe_of_the_paper_has_the_papers_numbers() -> None:
    paper = load(ROOT / "assets" / "recipes" / "unit-paper.toml")
    assert isinstance(paper, ImageTranslation)
    assert paper.weights.model_dump() == {
        "adversarial": 10,
        "kl": 0.1,
        "reconstruction": 100,
        "cycle_kl": 0.1,
        "cycle": 100,
        **dict.fromkeys(("perceptual", "structure", "identity", "patches", "range", "sky", "ground"), 0),
    }
    assert (paper.rate, paper.discriminator_rate, paper.beta1, paper.beta2) == (1e-4, 1e-4, 0.5, 0.999)
    assert (paper.batch, paper.pool, paper.cycle, paper.objective) == (1, 0, True, "bce")
    assert paper.network.options == {"width": 64, "shared": 1, "norm": "none", "transposed": True}
    assert paper.discriminator.options == {"width": 64, "depth": 5, "scales": 1}
    # And they are what a recipe has that says nothing.
    plain = from_values(translation())
    assert isinstance(plain, ImageTranslation) and plain.weights == paper.weights and plain.rate == paper.rate


def test_the_recipe_of_msrresnet_has_mmagic_s_numbers() -> None:
    """Those of its msrresnet_x4c64b16_1xb16-1000k_div2k; what differs, the file says."""
    path = ROOT / "assets" / "recipes" / "msrresnet-x4.toml"
    recipe = load(path)
    assert isinstance(recipe, SuperResolution)
    (stage,) = recipe.stages
    assert (stage.steps, stage.patch * recipe.scale, stage.batch, stage.loss) == (1_000_000, 128, 16, "l1")
    assert (recipe.optimiser, recipe.rate, recipe.beta1, recipe.beta2, recipe.weight_decay) == (
        "adam",
        2e-4,
        0.9,
        0.999,
        0,
    )
    assert (recipe.schedule, recipe.restarts, recipe.warm_up) == ("cosine-restarts", 3, 0)
    assert recipe.rate * recipe.rate_floor == pytest.approx(1e-7)
    assert (recipe.ema, recipe.candidates, recipe.precision) == (0, 1, "float32") and recipe.clip >= 1e6
    said = path.read_text(encoding="utf-8")
    assert all(word in said for word in ("BasicSR", "LeakyReLU after each pixel shuffle", "a tenth", "Pillow"))


def test_features_are_compared_as_is_usual_for_the_task() -> None:
    """Said in the recipe, so that a run of before the field could be left open goes on."""
    unit = from_values(translation(features={}))
    upscaling = from_values(
        good().model_dump(mode="json") | {"stages": [{"steps": 99, "perceptual": 1.0}], "features": {}}
    )
    assert isinstance(unit, ImageTranslation) and unit.features is not None and unit.features.standardised is True
    assert isinstance(upscaling, SuperResolution) and upscaling.features is not None
    assert upscaling.features.standardised is False


def test_a_card_s_skies_are_masks_of_pictures_that_are_not_there() -> None:
    recipe = from_values(translation(skies=["a", "b"], weights={"sky": 2.0, "ground": 1.0, "cycle": 3.0}))
    again = from_values(from_card(recipe.model_dump_json(), origin="a.onnx") | {"data": {"photos": ["day", "night"]}})
    assert isinstance(again, ImageTranslation)
    assert again.skies == [] and (again.weights.sky, again.weights.ground, again.weights.cycle) == (0.0, 0.0, 3.0)


def test_places_are_taken_from_where_the_recipe_lies(tmp_path: Path) -> None:
    judged = {"kind": "projected", "options": {"features": "vgg16", "file": "vgg.pth"}}
    values = translation(skies=["s0", "s1"], weights={"sky": 1.0}, features="vgg.pth", discriminator=judged)
    recipe = from_values(values).relative_to(tmp_path)
    assert isinstance(recipe, ImageTranslation) and recipe.features is not None
    assert recipe.skies == [tmp_path / "s0", tmp_path / "s1"] and recipe.features.file == tmp_path / "vgg.pth"
    assert recipe.discriminator.options["file"] == str(tmp_path / "vgg.pth")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"domains": ["day"]}, "“domains” is"),
        ({"domains": ["Day", "day"]}, "both domains are called Day; give them two names"),
        ({"data": {"photos": ["day"]}}, "hold two folders, for day and night"),
        ({"data": {"photos": ["day", "night"], "validation": ["v"]}}, "hold two folders"),
        ({"camera": "("}, "“(” is not a regular expression"),
        ({"crop": 30}, "multiple of 4"),
        ({"view": 64}, "view is 64, but crops alone are 128 pixels"),
        ({"weights": {"cycle": -1}}, "“weights.cycle” is -1, which is out of range; it must be at least 0"),
        (
            {"weights": {"identities": 1}},
            "“weights.identities” is not a field of a recipe; the fields there are adversarial",
        ),
        ({"weights": {"sky": 1}}, "“skies” holds two folders of masks where the weight “sky” or “ground” is above 0"),
        ({"skies": ["a", "b"]}, "“skies” holds two folders of masks where the weight “sky” or “ground” is above 0"),
        ({"features": {"kind": "vgg16"}}, "the features “vgg16” come from a file; name it as “file”"),
        ({"augment": ["blur"]}, "“augment.0” is 'blur': input should be 'colour'"),
        (
            {"features": {"layers": [7]}},
            "“features.layers.0” is 7, which is out of range; it must be at most 4",
        ),
    ],
)
def test_a_wrong_translation_is_said(changes: dict[str, object], words: str) -> None:
    with pytest.raises(RecipeError) as error:
        from_values(translation(**changes))
    assert words in str(error.value)


def test_a_recipe_knows_what_it_uses() -> None:
    gan = from_values(
        {
            "task": "image-generation",
            "name": "a",
            "steps": 9,
            "data": {"photos": ["p"]},
            "objective": "hinge",
            "auxiliary": [{"kind": "mode-seeking"}],
        }
    )
    assert gan.in_use == {"hinge", "mode-seeking"} and good().in_use == frozenset()
