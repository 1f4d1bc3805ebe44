"""The queue that trains what ships: the next one, on from where it stood, rounds, adoption, and packs of pictures."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.cli.console import Console
from engines.models.card import read_card
from scripts import train_models
from scripts.train_models import Entry, QueueError
from trainers.recipes.recipe import ImageTranslation, SuperResolution

RECIPE = """
version = 1
task = "super-resolution"
name = "{name}"
scale = 2
seed = 3
ema = 0.9
precision = "float32"
warm_up = 2
validate_every = 6
checkpoint_every = 5
[network]
kind = "fast"
options = {{ channels = 8, blocks = 1 }}
[data]
photos = ["photos"]
validation = ["valid"]
[[stages]]
steps = {steps}
patch = 16
batch = 2
"""


@pytest.fixture
def data(tmp_path: Path, photo_pixels: np.ndarray) -> Path:
    for name in ("photos", "valid"):
        folder = tmp_path / "data" / name
        folder.mkdir(parents=True)
        for index in range(5):
            Image.fromarray(np.roll(photo_pixels, 17 * index, axis=1)).save(folder / f"{index}.png")
    return tmp_path / "data"


@pytest.fixture
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Entry, ...]:
    for variable, name in (("MODELS", "models"), ("RECIPES", "recipes"), ("RUNS", "runs")):
        monkeypatch.setattr(train_models, variable, tmp_path / name)
        (tmp_path / name).mkdir()
    entries = tuple(Entry(name, ("photos",), ("valid",)) for name in ("first", "second"))
    for entry in entries:
        (tmp_path / "recipes" / f"{entry.name}.toml").write_text(
            RECIPE.format(name=entry.name, steps=12), encoding="utf-8"
        )
    monkeypatch.setattr(train_models, "QUEUE", entries)
    return entries


def test_rounds_follow_one_another_and_what_is_better_is_adopted(
    queue: tuple[Entry, ...], data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = queue
    assert train_models.next_of(queue) is first
    train_models.train_next(Console(), first, data, None)
    assert train_models.is_done(tmp_path / "runs" / "first" / "1") and train_models.next_of(queue) is second
    shipped = tmp_path / "models" / "first.onnx"
    train_models.adopt(Console(), (first,))
    assert shipped.exists() and train_models.score_of(shipped) == read_card(shipped).metrics["PSNR valid"]
    train_models.adopt(Console(), (first,))
    assert "first: nothing is better than what ships." in capsys.readouterr().out
    shutil.copytree(tmp_path / "runs" / "first", tmp_path / "runs" / "second")
    assert train_models.next_of(queue) is first  # all are done: the one with the fewest rounds
    recipe = train_models.recipe_for(first, data)
    assert isinstance(recipe, SuperResolution) and recipe.start_from == shipped
    train_models.train_next(Console(), first, data, None)
    values = json.loads((tmp_path / "runs" / "first" / "2" / "recipe.json").read_text(encoding="utf-8"))
    assert values["start_from"] == str(shipped)
    train_models.tell(Console(), queue)
    told = capsys.readouterr().out.splitlines()
    assert told[-2].startswith("first        round 2, done; 0.0 h; ") and "→" in told[-2]
    assert 0 < train_models.spent_on(tmp_path / "runs" / "first" / "2") < 600


def test_a_larger_model_grows_from_the_smaller_one_and_ships_where_it_is_better(
    queue: tuple[Entry, ...], data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, _ = queue
    train_models.train_next(Console(), first, data, None)
    train_models.adopt(Console(), (first,))
    larger = Entry("larger", first.photos, first.validation, grown_from="first")
    text = RECIPE.format(name="larger", steps=4).replace("channels = 8", "channels = 12")
    assert "channels = 12" in text
    (tmp_path / "recipes" / "larger.toml").write_text(text, encoding="utf-8")
    recipe = train_models.recipe_for(larger, data)
    assert recipe.start_from == tmp_path / "models" / "first.onnx"
    train_models.train_next(Console(), larger, data, None)
    own = tmp_path / "runs" / "larger" / "1" / "model.onnx"
    assert train_models.recipe_for(larger, data).start_from == own
    score, smaller = train_models.score_of(own), train_models.score_of(tmp_path / "models" / "first.onnx")
    assert score is not None and smaller is not None
    train_models.adopt(Console(), (larger,))
    assert (tmp_path / "models" / "larger.onnx").exists() == (score > smaller)


def test_when_its_minutes_are_over_it_stops_and_then_goes_on(
    queue: tuple[Entry, ...], data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = tmp_path / "recipes" / "first.toml"
    recipe.write_text(RECIPE.format(name="first", steps=1_000_000), encoding="utf-8")
    train_models.train_next(Console(), queue[0], data, 0.15)
    run_dir = tmp_path / "runs" / "first" / "1"
    said = capsys.readouterr().out
    assert "with a checkpoint; resume it" in said and not train_models.is_done(run_dir)
    spent = train_models.spent_on(run_dir)
    recipe.write_text(RECIPE.format(name="first", steps=4), encoding="utf-8")
    train_models.train_next(Console(), queue[0], data, None)  # more steps than that are made already: it ends at once
    assert train_models.is_done(run_dir) and train_models.spent_on(run_dir) > spent
    assert "from step 0" not in capsys.readouterr().out


def test_what_is_missing_is_said(queue: tuple[Entry, ...], data: Path) -> None:
    shutil.rmtree(data / "valid")
    with pytest.raises(QueueError, match="“first” learns from “.*valid”, which is not there; check DATA"):
        train_models.recipe_for(queue[0], data)


def test_a_pack_holds_what_fits_evenly_and_is_enough_to_train_from(
    queue: tuple[Entry, ...], data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = {path.name: path.stat().st_size for path in (data / "photos").iterdir()}
    room = sum(path.stat().st_size for path in (data / "valid").iterdir())
    monkeypatch.setattr(train_models, "MOST_PACKED", room + 3 * max(sizes.values()) + 3000)
    target = tmp_path / "pack.zip"
    assert train_models.pack(queue[0], data, target) == 8
    assert target.stat().st_size <= train_models.MOST_PACKED
    with zipfile.ZipFile(target) as archive:
        names = archive.namelist()
        assert [name for name in names if name.startswith("photos/")] == [f"photos/{place}.png" for place in (0, 4, 2)]
    with train_models.unpacked(target) as folder:
        recipe = train_models.recipe_for(queue[0], folder)
        assert recipe.data.photos == [folder / "photos"]
        train_models.train_next(Console(), queue[0], folder, None)
    assert not folder.exists() and train_models.is_done(tmp_path / "runs" / "first" / "1")
    monkeypatch.setattr(train_models, "MOST_PACKED", 100)
    with pytest.raises(QueueError, match="is validated on take more than 100 bytes"):
        train_models.pack(queue[0], data, target)


def test_a_translation_s_pack_has_reduced_pictures_and_their_masks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, photo_pixels: np.ndarray
) -> None:
    for variable, name in (("MODELS", "models"), ("RECIPES", "recipes")):
        monkeypatch.setattr(train_models, variable, tmp_path / name)
        (tmp_path / name).mkdir()
    entry = Entry("two", ("day", "night"), ("v/day", "v/night"), ("skies/day", "skies/night"))
    text = """
        task = "image-translation"
        name = "two"
        domains = ["day", "night"]
        crop = 32
        view = 40
        steps = 9
        warm_up = 0
        skies = ["a", "b"]
        weights = { sky = 1.0 }
        data = { photos = ["day", "night"], validation = ["v/day", "v/night"] }
    """
    (tmp_path / "recipes" / "two.toml").write_text(text, encoding="utf-8")
    data = tmp_path / "data"
    for name in (*entry.photos, *entry.validation):
        (data / name).mkdir(parents=True)
        for index in range(4):
            Image.fromarray(np.tile(np.roll(photo_pixels, index, 0), (2, 2, 1))).save(data / name / f"{index}.png")
    for name in entry.skies:
        (data / name).mkdir(parents=True)
        for index in range(4):
            Image.new("L", (20, 20), 255).save(data / name / f"{index}.png")
    assert train_models.pack(entry, data, tmp_path / "pack.zip") == 16
    with train_models.unpacked(tmp_path / "pack.zip") as folder:
        recipe: Any = train_models.recipe_for(entry, folder)
        assert isinstance(recipe, ImageTranslation) and recipe.skies == [folder / "skies/day", folder / "skies/night"]
        with Image.open(folder / "day" / "3.png") as picture:
            assert picture.size == (80, 60)
        assert len(list((folder / "skies/night").iterdir())) == 4


def test_masks_that_were_made_here_serve_where_the_pictures_have_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_models, "RUNS", tmp_path / "runs" / "models")
    (tmp_path / "runs" / "skies").mkdir(parents=True)
    assert train_models.place_of("skies", tmp_path / "data") == tmp_path / "runs" / "skies"
    (tmp_path / "data" / "skies").mkdir(parents=True)
    assert train_models.place_of("skies", tmp_path / "data") == tmp_path / "data" / "skies"
