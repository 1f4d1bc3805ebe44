"""UNIT that relights, for real and small: projected discriminators, skies, exact resume, export, and the engine's picture."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engines.errors import ModelError
from engines.models.card import GRID_AND_LIGHTS, read_card
from engines.models.model import open_model
from engines.models.pair import back_of, companion_of
from engines.pictures.picture import Picture
from engines.translation.translate import translate
from tests.trainers.test_train_unit import largest_difference, tiny, write_pictures
from trainers.adversarial.unit_losses import translate_picture
from trainers.export.export_run import export_run
from trainers.loop.checkpoint import load_checkpoint
from trainers.networks.make import make_translator
from trainers.networks.weights import read_weights
from trainers.recipes.recipe import ImageTranslation
from trainers.runs.events import Started, Step
from trainers.train_unit import train

NETWORK = {"kind": "unit", "options": {"head": "grid", "width": 4, "tones": 4}}
RELIGHTING: dict[str, Any] = {
    "network": NETWORK,
    "discriminator": {"kind": "projected", "options": {"width": 8, "raw": True}},
    "objective": "hinge",
    "pool": 0,
    "augment": ["translation", "cutout"],
    "features": {"kind": "efficientnet-lite0", "layers": [1, 2]},
    "rate": 3e-3,
    "weights": {
        **dict.fromkeys(("kl", "cycle_kl"), 0.001),
        **dict.fromkeys(("adversarial", "reconstruction", "cycle", "perceptual", "identity", "patches", "range"), 1.0),
        "sky": 5.0,
    },
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Ten pictures of a bright and of a dark domain, and masks of their skies: the upper third."""
    from tests.conftest import SAMPLES

    place = tmp_path_factory.mktemp("pictures")
    with Image.open(SAMPLES / "seeding.jpg") as image:
        pixels = np.array(image.convert("RGB").crop((400, 230, 496, 302)))
    made = write_pictures(place, pixels)
    for folder in made:
        masks = place / "skies" / folder.name
        masks.mkdir(parents=True)
        for path in folder.iterdir():
            mask = np.zeros((40, 48), np.uint8)
            mask[:13] = 255
            Image.fromarray(mask).save(masks / path.name)
    return made


def recipe_of(folders: list[Path], **changes: object) -> ImageTranslation:
    skies = [str(folder.parent / "skies" / folder.name) for folder in folders]
    return tiny(folders, **{**RELIGHTING, "skies": skies, **changes})


@pytest.fixture(scope="module")
def run(folders: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    run_dir = tmp_path_factory.mktemp("run")
    list(train(recipe_of(folders), run_dir))
    return run_dir


@pytest.fixture(scope="module")
def exported(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_run(run, tmp_path_factory.mktemp("models") / "relit.onnx")


def test_every_term_is_there_and_goes_down_or_holds(folders: list[Path], tmp_path: Path) -> None:
    steps = [event for event in train(recipe_of(folders, steps=25), tmp_path) if isinstance(event, Step)]
    names = {name[:-1] for name in steps[-1].losses}
    assert {"perceptual", "identity", "patches", "range", "sky", "cycle", "kl"} <= names
    assert steps[0].losses["reconstruction₁"] == pytest.approx(0, abs=1e-5)  # it begins as the photo
    later = steps[-5:]
    assert np.mean([s.losses["sky₂"] for s in later]) < 0.8 * steps[0].losses["sky₂"]
    assert all(np.isfinite(list(step.losses.values())).all() for step in steps)


def test_stopped_and_gone_on_it_is_the_same_run(folders: list[Path], run: Path, tmp_path: Path) -> None:
    recipe = recipe_of(folders)
    events = train(recipe, tmp_path)
    stopped = 0
    for event in events:
        if isinstance(event, Step):
            stopped = event.step
        if stopped == 4:
            break
    events.close()
    gone_on = list(train(recipe, tmp_path))
    assert any(isinstance(event, Started) and event.step == 4 for event in gone_on)
    assert largest_difference(tmp_path, run) == 0


def test_parts_of_a_batch_are_allowed(folders: list[Path], tmp_path: Path) -> None:
    steps = islice((e for e in train(recipe_of(folders, micro_batches=2), tmp_path) if isinstance(e, Step)), 2)
    assert [step.step for step in steps] == [1, 2]


def test_nothing_of_the_features_is_kept(run: Path, exported: Path) -> None:
    state = load_checkpoint(run)
    assert state is not None
    kept = sum(value.numel() for value in state["parts"]["discriminator"].values())
    assert kept < 60_000
    assert companion_of(exported).stat().st_size < 200_000


def test_the_card_says_what_the_model_gives(exported: Path) -> None:
    for path, domains in ((exported, ("day", "night")), (back_of(exported), ("night", "day"))):
        card = read_card(path)
        assert card.outputs == GRID_AND_LIGHTS and card.domains == domains
        assert (card.size.minimum, card.size.multiple_of, card.view) == (16, 16, 48) and card.overlap == float("inf")
        recipe = card.recipe
        assert "skies" in recipe and str(exported.parent) not in recipe
    with open_model(exported, "cpu") as model, pytest.raises(ModelError, match="use the method relight"):
        translate(Picture(np.zeros((40, 40, 3), np.uint8)), model, method="redraw")


def test_the_engine_makes_the_picture_that_the_network_makes(exported: Path, photo_pixels: np.ndarray) -> None:
    """Where nothing is reduced the file, applied by the engine, gives what torch gives, to a level and a half."""
    network = make_translator(tiny([Path("day"), Path("night")], **RELIGHTING | {"weights": {}}).network)
    network.load_state_dict(read_weights(exported, network))
    network.eval()
    picture = photo_pixels[:48, :64]
    for source, path in enumerate((exported, back_of(exported))):
        with open_model(path, "cpu") as model:
            made = translate(Picture(picture.copy()), model).pixels.astype(int)
        expected = translate_picture(network, picture, source).astype(int)
        assert np.abs(made - expected).max() <= 2 and np.abs(made - expected).mean() < 0.3
        assert np.abs(made - picture).max() > 3  # it does something


def test_both_files_and_their_companion_are_enough_to_train_on_from(
    exported: Path, folders: list[Path], tmp_path: Path
) -> None:
    recipe = recipe_of(folders, start_from=str(exported), steps=2)
    steps = [event for event in train(recipe, tmp_path) if isinstance(event, Step)]
    assert len(steps) == 2 and steps[0].losses["reconstruction₁"] > 0  # it goes on from what was learned


def test_half_weights_serve(run: Path, tmp_path: Path, photo_pixels: np.ndarray) -> None:
    half = export_run(run, tmp_path / "half.onnx", kind="fp16")
    with open_model(half, "cpu") as model:
        assert translate(Picture(photo_pixels.copy()), model).pixels.shape == photo_pixels.shape
