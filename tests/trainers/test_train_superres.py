"""The super-resolution trainer, for real and small: it learns, goes on exactly, guards against NaN, and says what is wrong."""

from __future__ import annotations

import math
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from engines.errors import RecipeError
from trainers.checkpoint import load_checkpoint
from trainers.events import Checkpoint, Notice, Sample, Started, Step, TakeCheckpoint, TakeSample, Validation
from trainers.recipe import Recipe, from_values
from trainers.train_superres import make_optimisers, schedule, train


@pytest.fixture
def photos(tmp_path: Path, photo_pixels: np.ndarray) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for index in range(3):
        Image.fromarray(np.roll(photo_pixels, 17 * index, axis=1)).save(folder / f"{index}.png")
    return folder


def tiny(photos: Path, **changes: object) -> Recipe:
    values: dict[str, object] = {
        "task": "super-resolution",
        "name": "tiny",
        "scale": 2,
        "seed": 3,
        "network": {"kind": "fast", "options": {"channels": 8, "blocks": 1}},
        "data": {"photos": [str(photos)], "hold_out": 3},
        "stages": [{"steps": 12, "patch": 16, "batch": 2}],
        "warm_up": 2,
        "ema": 0.9,
        "precision": "float32",
        "validate_every": 6,
        "checkpoint_every": 5,
    }
    return from_values(values | changes)


def weights_after(run_dir: Path) -> dict[str, torch.Tensor]:
    state = load_checkpoint(run_dir)
    assert state is not None
    return {**state["network"], **{f"average {name}": value for name, value in state["average"].items()}}


def test_the_events_of_a_run(photos: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    events = list(train(tiny(photos), run))
    assert isinstance(events[0], Started) and events[0].total == 12
    assert [event.step for event in events if isinstance(event, Step)] == list(range(1, 13))
    assert [event.step for event in events if isinstance(event, Validation)] == [6, 12]
    assert [event.step for event in events if isinstance(event, Checkpoint)] == [5, 10, 12]
    sample = next(event for event in events if isinstance(event, Sample))
    with Image.open(sample.path) as image:
        assert image.width == 3 * image.height * 96 // 72


def test_it_learns(photos: Path, tmp_path: Path) -> None:
    recipe = tiny(photos, stages=[{"steps": 150, "patch": 16, "batch": 4}], optimiser="muon", checkpoint_every=999)
    events = list(train(recipe, tmp_path))
    losses = [event.loss for event in events if isinstance(event, Step)]
    assert np.mean(losses[-20:]) < 0.9 * np.mean(losses[:20])
    quality = [event.metrics["PSNR"] for event in events if isinstance(event, Validation)]
    assert quality[-1] > quality[0]


@pytest.mark.parametrize("optimiser", ["adam", "muon"])
def test_stopped_and_gone_on_it_is_the_same_run(photos: Path, tmp_path: Path, optimiser: str) -> None:
    recipe = tiny(
        photos, optimiser=optimiser, stages=[{"steps": 7, "patch": 16, "batch": 2}, {"steps": 5, "loss": "l2"}]
    )
    recipe = tiny(
        photos, optimiser=optimiser, stages=[s.model_dump() | {"patch": 16, "batch": 2} for s in recipe.stages]
    )
    whole, twice = tmp_path / "whole", tmp_path / "twice"
    whole.mkdir(), twice.mkdir()
    for _ in train(recipe, whole):
        pass
    first = train(recipe, twice)
    for event in first:
        if isinstance(event, Step) and event.step == 8:
            break
    first.close()
    state = load_checkpoint(twice)
    assert state is not None and state["step"] == 8
    for _ in train(recipe, twice):
        pass
    expected, found = weights_after(whole), weights_after(twice)
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=0, atol=0)


def test_commands_are_obeyed_at_the_next_step(photos: Path, tmp_path: Path) -> None:
    run = train(tiny(photos, validate_every=99, checkpoint_every=99), tmp_path)
    assert isinstance(next(run), Started)
    assert isinstance(next(run), Step)
    assert isinstance(run.send(TakeSample()), Sample)
    assert isinstance(next(run), Step)
    assert isinstance(run.send(TakeCheckpoint()), Checkpoint)
    run.close()


def test_a_run_closed_before_its_first_step_leaves_nothing(photos: Path, tmp_path: Path) -> None:
    run = train(tiny(photos), tmp_path / "run")
    next(run)
    run.close()
    assert not (tmp_path / "run").exists()


class Explodes(nn.Module):
    """A network whose output turns NaN at its fourth forward pass in training, once."""

    passes = 0

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale
        self.conv = nn.Conv2d(3, 3 * scale * scale, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.pixel_shuffle(self.conv(x), self.scale)
        if torch.is_grad_enabled():
            Explodes.passes += 1
            if Explodes.passes == 4:
                return y * math.nan
        return y


class AlwaysNaN(Explodes):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) * math.nan


def test_nan_goes_back_to_the_checkpoint_with_half_the_rate(photos: Path, tmp_path: Path) -> None:
    Explodes.passes = 0
    recipe = tiny(photos, network={"kind": "tests.trainers.test_train_superres:Explodes"}, checkpoint_every=2)
    events = list(train(recipe, tmp_path))
    assert any(isinstance(event, Notice) and "back to step 2, with half the rate" in event.text for event in events)
    steps = [event.step for event in events if isinstance(event, Step)]
    assert steps == [1, 2, 3, *range(3, 13)]
    rates = [event.rate for event in events if isinstance(event, Step)]
    assert rates[3] == pytest.approx(rates[2] / 2)
    assert all(bool(value.isfinite().all()) for value in weights_after(tmp_path).values())


def test_nan_from_the_start_is_said(photos: Path, tmp_path: Path) -> None:
    recipe = tiny(photos, network={"kind": "tests.trainers.test_train_superres:AlwaysNaN"})
    with pytest.raises(RecipeError, match="no longer a number at step 1; lower “rate”"):
        list(train(recipe, tmp_path))


def test_photos_smaller_than_the_crop_are_said(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="smaller than the crop of 128 pixels"):
        next(train(tiny(photos, stages=[{"steps": 12, "patch": 64}]), tmp_path))


def test_an_empty_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="No picture in"):
        next(train(tiny(tmp_path), tmp_path))


def test_unreadable_photos_are_left_out_with_a_word(photos: Path, tmp_path: Path) -> None:
    (photos / "broken.jpg").write_text("no picture")
    first = next(train(tiny(photos), tmp_path))
    assert isinstance(first, Notice) and "broken.jpg" in first.text


def test_a_checkpoint_of_another_recipe_is_refused(photos: Path, tmp_path: Path) -> None:
    run = train(tiny(photos), tmp_path)
    list(islice(run, 3))
    run.close()
    with pytest.raises(RecipeError, match="seed = 3, the recipe says 4"):
        next(train(tiny(photos, seed=4), tmp_path))


def test_a_network_of_the_wrong_scale_is_said(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="asks for"):
        list(train(tiny(photos, network={"kind": "srcnn", "options": {"scale": 3}}), tmp_path))


def test_an_unknown_network_option_and_loss_are_said(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="no option “width”; it takes scale, channels, blocks"):
        next(train(tiny(photos, network={"kind": "fast", "options": {"width": 3}}), tmp_path))
    with pytest.raises(RecipeError, match="no loss called “l3”; choose charbonnier, l1, l2"):
        next(train(tiny(photos, stages=[{"steps": 12, "patch": 16, "loss": "l3"}]), tmp_path))
    with pytest.raises(RecipeError, match="cannot be imported"):
        next(train(tiny(photos, network={"kind": "nowhere.to.be.found:Network"}), tmp_path))


def test_cuda_without_a_gpu_is_said(photos: Path, tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    with pytest.raises(RecipeError, match="finds no GPU"):
        next(train(tiny(photos, device="cuda"), tmp_path))


def test_the_rate_rises_then_falls_to_its_floor(photos: Path) -> None:
    recipe = tiny(photos, rate_floor=0.1)
    shares = [schedule(recipe, step) for step in range(13)]
    assert shares[0] == 0.5 and shares[1] == 1.0
    assert shares[2:] == sorted(shares[2:], reverse=True)
    assert shares[12] == pytest.approx(0.1)


def test_muon_takes_the_hidden_layers_and_adam_the_rest(photos: Path) -> None:
    from trainers.networks.superres import Fast

    network = Fast(2, 8, 1)
    adam, muon = make_optimisers(tiny(photos, optimiser="muon"), network)
    stepped = [id(weight) for group in muon.param_groups for weight in group["params"]]
    assert stepped == [id(network.body[0].conv1.weight), id(network.body[0].conv2.weight)]
    every = stepped + [id(weight) for group in adam.param_groups for weight in group["params"]]
    assert sorted(every) == sorted(id(weight) for weight in network.parameters())
