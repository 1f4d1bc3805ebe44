"""The trainer of UNIT, for real and small: exact resume, ablations, objectives, fine-tuning, export, and what is wrong."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from engines.errors import ModelError, RecipeError
from engines.models.card import ModelCard, Size, read_card
from engines.models.model import open_model
from engines.models.pair import back_of, companion_of
from trainers.adversarial.unit_losses import translate_picture
from trainers.export.export import export_translation
from trainers.export.export_run import export_run
from trainers.loop.checkpoint import load_best, load_checkpoint
from trainers.losses.tables import OBJECTIVES
from trainers.networks.unit import UNIT, Translation
from trainers.networks.weights import read_weights
from trainers.recipes.recipe import ImageTranslation, from_card, from_values
from trainers.runs.events import (
    Checkpoint,
    Event,
    Notice,
    Sample,
    Started,
    Step,
    TakeSample,
    Validation,
    Verdict,
    Working,
)
from trainers.train_unit import train

HERE = "tests.trainers.test_train_unit:"
NETWORK = {"kind": "unit", "options": {"width": 4, "norm": "channel", "transposed": False}}
DISCRIMINATOR = {"kind": "unit", "options": {"width": 4, "depth": 2, "scales": 2}}


@pytest.fixture
def folders(tmp_path: Path, photo_pixels: np.ndarray) -> list[Path]:
    """Ten pictures of a bright and of a dark domain, 48 pixels wide and 40 high."""
    return write_pictures(tmp_path, photo_pixels)


def write_pictures(place: Path, photo_pixels: np.ndarray) -> list[Path]:
    made: list[Path] = []
    for name, light in (("day", 1.0), ("night", 0.5)):
        folder = place / name
        folder.mkdir()
        for index in range(10):
            piece = photo_pixels[2 * index : 2 * index + 40, 3 * index : 3 * index + 48] * light
            Image.fromarray(piece.astype(np.uint8)).save(folder / f"{index:02}.png")
        made.append(folder)
    return made


def tiny(folders: list[Path], **changes: object) -> ImageTranslation:
    values: dict[str, object] = {
        "task": "image-translation",
        "name": "tiny",
        "domains": ["day", "night"],
        "crop": 32,
        "view": 48,
        "seed": 3,
        "objective": "lsgan",
        "network": NETWORK,
        "discriminator": DISCRIMINATOR,
        "weights": {"structure": 1.0},
        "data": {"photos": [str(folder) for folder in folders], "hold_out": 4},
        "pool": 4,
        "steps": 8,
        "batch": 2,
        "jitter": 0.1,
        "precision": "float32",
        "validate_every": 4,
        "checkpoint_every": 3,
    }
    recipe = from_values(values | changes)
    assert isinstance(recipe, ImageTranslation)
    return recipe


def weights_after(run_dir: Path) -> dict[str, torch.Tensor]:
    state = load_checkpoint(run_dir)
    assert state is not None
    parts: dict[str, Any] = state["parts"]
    modules = {**parts, "average": parts["average"]["network"]}
    found = {f"{part}.{k}": v for part in ("generator", "discriminator", "average") for k, v in modules[part].items()}
    for side in ("generator", "discriminator"):
        for index, moments in parts[f"optimiser of the {side}"]["state"].items():
            found |= {f"{side} {index} {name}": value for name, value in moments.items()}
    return found


def largest_difference(a: Path, b: Path) -> float:
    mine, other = weights_after(a), weights_after(b)
    assert mine.keys() == other.keys()
    return max(float((mine[name].double() - other[name].double()).abs().max()) for name in mine)


def take(run: Iterable[Event], count: int, kind: type[Event]) -> None:
    """Let `run` go on until `count` events of `kind` were said."""
    for event in run:
        count -= isinstance(event, kind)
        if count <= 0:
            return


def test_the_events_of_a_run(folders: list[Path], tmp_path: Path) -> None:
    run = tmp_path / "run"
    events = [event for event in train(tiny(folders, steps=10), run) if not isinstance(event, Working)]
    assert isinstance(events[0], Started) and events[0].total == 10
    steps = [event for event in events if isinstance(event, Step)]
    assert [step.step for step in steps] == list(range(1, 11))
    terms = ("kl", "reconstruction", "cycle_kl", "cycle", "adversarial", "structure", "discriminator")
    assert set(steps[0].losses) == {f"{term}{domain}" for term in terms for domain in "₁₂"}
    assert 0 <= steps[9].watched["lead"] <= 1
    assert [event.step for event in events if isinstance(event, Checkpoint)] == [0, 3, 6, 9, 10]
    found = [event for event in events if isinstance(event, Validation)]
    assert [event.step for event in found] == [4, 8, 10]
    assert set(found[0].metrics) == {"SWD"} | {
        f"{name} {way}"
        for name in ("SWD reference ratio", "SWD each ratio", "edges")
        for way in ("day to night", "night to day")
    }
    sample = next(event for event in events if isinstance(event, Sample))
    with Image.open(sample.path) as image:
        assert image.size == (6 * 48, 4 * 48)
    best = load_best(run)
    assert best is not None and best["step"] == min(found, key=lambda event: event.metrics["SWD"]).step


@pytest.mark.parametrize(
    ("changes", "until", "count"),
    [
        ({}, Step, 5),
        ({"micro_batches": 2, "discriminator_steps": 2, "objective": "hinge"}, Working, 18),  # in the midst of a step
        ({"pool": 0, "objective": "wgan-gp", "precision": "bfloat16", "ema_start": 4}, Step, 4),
        ({"network": {"kind": "unit", "options": {"width": 4, "shared": 0}}, "cycle": True}, Step, 3),
    ],
)
def test_stopped_and_gone_on_it_is_the_same_run(
    folders: list[Path], tmp_path: Path, changes: dict[str, object], until: type[Event], count: int
) -> None:
    recipe = tiny(folders, **changes)
    whole, twice = tmp_path / "whole", tmp_path / "twice"
    list(train(recipe, whole))
    first = train(recipe, twice)
    take(first, count, until)
    first.close()
    list(train(recipe, twice))
    assert largest_difference(whole, twice) == 0


def test_stopped_between_the_two_sides_it_goes_on_with_the_other(folders: list[Path], tmp_path: Path) -> None:
    run = train(tiny(folders, micro_batches=2), tmp_path / "run")
    parts = (event for event in run if isinstance(event, Working) and "in parts" in event.text)
    next(parts)  # the discriminators' second part
    next(parts)  # the generators' second part
    run.close()
    state = load_checkpoint(tmp_path / "run")
    assert state is not None and (state["standing"]["step"], state["standing"]["turn"]) == (0, 1)


def test_parts_of_a_batch_add_up_to_the_whole(folders: list[Path], tmp_path: Path) -> None:
    for parts, run in ((1, "whole"), (2, "parts")):
        list(train(tiny(folders, steps=1, micro_batches=parts, pool=0), tmp_path / run))
    assert largest_difference(tmp_path / "whole", tmp_path / "parts") < 1e-3


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_objective_trains(folders: list[Path], tmp_path: Path, objective: str) -> None:
    run = train(tiny(folders, objective=objective, steps=2), tmp_path / "run")
    steps = [event for event in run if isinstance(event, Step)]
    assert len(steps) == 2 and all(math.isfinite(value) for step in steps for value in step.losses.values())


def test_ablations(folders: list[Path], tmp_path: Path) -> None:
    cyclegan = {"kind": "unit", "options": {"width": 4, "shared": 0}}
    for changes, terms in (
        ({"network": cyclegan}, {"adversarial", "cycle", "discriminator"}),
        ({"network": cyclegan, "objective": "wgan"}, {"adversarial", "cycle", "discriminator"}),  # DualGAN
        ({"cycle": False}, {"adversarial", "kl", "reconstruction", "discriminator"}),
    ):
        run = tmp_path / str(len(list(tmp_path.iterdir())))
        recipe = tiny(folders, steps=1, weights={}, **changes)
        step = next(event for event in train(recipe, run) if isinstance(event, Step))
        assert {name[:-1] for name in step.losses} == terms


def test_features_that_are_not_there_are_said(folders: list[Path], tmp_path: Path) -> None:
    recipe = tiny(folders, steps=1, weights={"perceptual": 1.0}, features=str(tmp_path / "vgg16.pth"))
    notices = [event.text for event in train(recipe, tmp_path / "run") if isinstance(event, Notice)]
    assert any("There are no features at" in text for text in notices)


@pytest.mark.parametrize("changes", [{"weights": {"perceptual": 1.0}}, {"features": "vgg16.pth"}])
def test_a_perceptual_term_that_lacks_a_half_is_said(folders: list[Path], tmp_path: Path, changes: dict) -> None:
    notices = [
        event.text for event in train(tiny(folders, steps=1, **changes), tmp_path / "run") if isinstance(event, Notice)
    ]
    assert any("The perceptual term is left out" in text for text in notices)


def test_commands_are_obeyed(folders: list[Path], tmp_path: Path) -> None:
    run = train(tiny(folders), tmp_path / "run")
    take(run, 1, Step)
    assert isinstance(run.send(TakeSample()), Sample)
    run.close()


class Explodes(UNIT):
    """Encodes what is no number in its sixth training pass, once."""

    passes = 0

    def __init__(self) -> None:
        super().__init__(2)
        self.encoders[0].register_forward_hook(self._explode)

    def _explode(self, module: nn.Module, _: object, mean: torch.Tensor) -> torch.Tensor:
        Explodes.passes += module.training
        return mean * math.nan if Explodes.passes == 6 and module.training else mean


class Shrinks(UNIT):
    def __init__(self) -> None:
        super().__init__(2)
        self.decoders[1].picture = nn.Conv2d(4, 3, 3)


def test_nan_goes_back_to_the_checkpoint_with_half_the_rate(folders: list[Path], tmp_path: Path) -> None:
    Explodes.passes = 0
    events = list(train(tiny(folders, network={"kind": HERE + "Explodes"}, checkpoint_every=1), tmp_path / "run"))
    verdict = next(event for event in events if isinstance(event, Verdict))
    assert verdict.guard == "nan" and "half the learning rate" in verdict.text
    assert all(bool(value.isfinite().all()) for value in weights_after(tmp_path / "run").values())


def test_parts_that_do_not_fit_are_said(folders: list[Path], tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="must keep the size of a picture"):
        list(train(tiny(folders, network={"kind": HERE + "Shrinks"}), tmp_path / "run"))
    with pytest.raises(RecipeError, match="no network called “munit”; choose unit"):
        list(train(tiny(folders, network={"kind": "munit"}), tmp_path / "run"))
    with pytest.raises(RecipeError, match="has no two “encoders”"):
        list(
            train(
                tiny(folders, network={"kind": "torch.nn:Linear", "options": {"in_features": 1, "out_features": 1}}),
                tmp_path,
            )
        )


def trained(folders: list[Path], run: Path, **changes: object) -> Path:
    recipe = tiny(folders, **{"steps": 3, "export": "last", **changes})
    run.mkdir()
    (run / "recipe.json").write_text(json.dumps(recipe.model_dump(mode="json")))
    list(train(recipe, run))
    return run


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory, photo_pixels: np.ndarray) -> Path:
    """A folder with a run, `run`, and what was exported of it, `day-night.onnx`."""
    place = tmp_path_factory.mktemp("exported")
    run = trained(write_pictures(place, photo_pixels), place / "run")
    assert export_run(run, place / "day-night.onnx") == place / "day-night.onnx"
    return place


def test_both_directions_are_exported(exported: Path, photo_pixels: np.ndarray) -> None:
    run, target = exported / "run", exported / "day-night.onnx"
    state = load_checkpoint(run)
    assert state is not None
    network = UNIT(**NETWORK["options"])  # type: ignore[arg-type]
    network.load_state_dict(state["parts"]["average"]["network"])
    photo = photo_pixels[:64, :92]
    for source, path in ((0, target), (1, back_of(target))):
        card = read_card(path)
        assert card.task == "image-translation"
        assert card.domains == (("day", "night"), ("night", "day"))[source]
        assert card.name == ("Day to night", "Night to day")[source]
        assert (card.size.minimum, card.size.multiple_of, card.view) == (4, 4, 48)
        assert 16 < card.overlap < 120 and card.overlap % 4 == 0
        with open_model(path, "cpu") as model:
            output = model.run((photo.transpose(2, 0, 1)[None] / 255).astype(np.float32))
        expected = translate_picture(network.eval(), photo, source)
        assert np.abs(output[0].transpose(1, 2, 0) * 255 - expected).max() <= 1.01
    assert sorted(path.name for path in exported.glob("day-night*")) == [
        "day-night.back.onnx",
        "day-night.onnx",
        "day-night.training.safetensors",
    ]


def test_both_files_and_their_companion_are_enough_to_train_on_from(
    exported: Path, folders: list[Path], tmp_path: Path
) -> None:
    for file in exported.glob("day-night*"):
        shutil.copy(file, tmp_path)
    target = tmp_path / "day-night.onnx"
    state = load_checkpoint(exported / "run")
    assert state is not None
    average = state["parts"]["average"]["network"]
    for path in (target, back_of(target)):
        found = read_weights(path, UNIT(**NETWORK["options"]))  # type: ignore[arg-type]
        assert found.keys() == average.keys()
        assert all(torch.equal(value, average[name]) for name, value in found.items())
    values = from_card(read_card(target).recipe, origin=target.name)
    judging = state["parts"]["discriminator"]
    for start in (target, back_of(target)):
        values |= {"start_from": str(start), "data": {"photos": [str(folder) for folder in folders]}, "steps": 1}
        recipe = from_values(values)
        assert isinstance(recipe, ImageTranslation)
        run = tmp_path / f"from {start.stem}"
        events = train(recipe, run)
        take(events, 1, Checkpoint)
        events.close()
        weights = weights_after(run)
        for name, value in judging.items():
            torch.testing.assert_close(weights[f"discriminator.{name}"], value, rtol=2e-3, atol=1e-4)
        standing = load_checkpoint(run)
        assert standing is not None and standing["standing"]["alone"] == 0
    assert largest_difference(*(tmp_path / f"from {start.stem}" for start in (target, back_of(target)))) == 0
    companion_of(target).unlink()
    with pytest.raises(
        ModelError, match=r"training needs both and their companion; put “day-night.training.safetensors” beside it"
    ):
        list(train(recipe, tmp_path / "without"))


def test_a_network_that_sees_the_whole_picture_says_so(tmp_path: Path) -> None:
    card = ModelCard("image-translation", "Whole", domains=("day", "night"), size=Size(4, 4))
    export_translation(UNIT(4, 1, "instance"), (card, replace(card, domains=("night", "day"))), tmp_path / "whole.onnx")
    assert math.isinf(read_card(tmp_path / "whole.onnx").overlap)


def test_half_weights_are_half_the_size_and_int8_is_refused(exported: Path, tmp_path: Path) -> None:
    half = export_run(exported / "run", tmp_path / "half.onnx", kind="fp16")
    assert read_card(half).precision == "fp16"
    weights = sum(value.numel() for value in Translation(UNIT(**NETWORK["options"]), 0).parameters())  # type: ignore[arg-type]
    assert 2 * weights < half.stat().st_size < 2 * weights + 60_000
    with pytest.raises(RecipeError, match="not exported as int8"):
        export_run(exported / "run", tmp_path / "model.onnx", kind="int8")


def test_stopped_while_it_is_judged_it_is_judged_when_it_goes_on(folders: list[Path], tmp_path: Path) -> None:
    recipe = tiny(folders, steps=6, validate_every=2)
    whole, twice = tmp_path / "whole", tmp_path / "twice"
    list(train(recipe, whole))
    first = train(recipe, twice)
    next(event for event in first if isinstance(event, Step) and event.step == 2)
    next(event for event in first if isinstance(event, Working) and "to judge it" in event.text)
    first.close()
    found = [event.step for event in train(recipe, twice) if isinstance(event, Validation)]
    assert found == [2, 4, 6]
    standings = [(load_checkpoint(run) or {})["standing"] for run in (whole, twice)]
    assert standings[0] == standings[1]


def test_a_network_without_a_norm_can_be_trained_on_from(folders: list[Path], tmp_path: Path) -> None:
    """Two of its biases stay equal, and the exporter merges what is equal."""
    network = {"kind": "unit", "options": {"width": 4}}
    target = export_run(trained(folders, tmp_path / "run", network=network), tmp_path / "plain.onnx")
    average = (load_checkpoint(tmp_path / "run") or {})["parts"]["average"]["network"]
    for path in (target, back_of(target)):
        found = read_weights(path, UNIT(4))
        assert all(torch.equal(value, average[name]) for name, value in found.items())
    shared = "encoders.0.blocks.3.conv1.weight"  # in the way back's file under the other encoder's name
    assert torch.equal(read_weights(back_of(target), UNIT(4))[shared], average[shared])


def test_domains_that_overlap_are_refused(folders: list[Path], tmp_path: Path) -> None:
    for photos in ([folders[0], folders[0]], [tmp_path, folders[1]]):
        recipe = tiny(folders, data={"photos": [str(folder) for folder in photos]})
        with pytest.raises(RecipeError, match="is a picture of day and of night alike"):
            list(train(recipe, tmp_path / "run"))


def test_validation_that_is_not_there_is_said(folders: list[Path], tmp_path: Path) -> None:
    photos = [str(folder) for folder in folders]
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(RecipeError, match="“.*empty” holds no picture to validate day on"):
        list(train(tiny(folders, data={"photos": photos, "validation": [str(empty), photos[1]]}), tmp_path / "run"))
    recipe = tiny(folders, steps=1, data={"photos": photos, "hold_out": 1000})
    notices = [event.text for event in train(recipe, tmp_path / "run") if isinstance(event, Notice)]
    assert any("nothing is measured" in text for text in notices)


def test_a_discriminator_too_deep_for_the_crop_is_said(folders: list[Path], tmp_path: Path) -> None:
    deep = {"kind": "unit", "options": {"width": 2, "depth": 6}}
    with pytest.raises(
        RecipeError, match="cannot judge crops of 32 pixels; lower its “depth” or “scales”, or raise “crop”"
    ):
        list(train(tiny(folders, discriminator=deep), tmp_path / "run"))
