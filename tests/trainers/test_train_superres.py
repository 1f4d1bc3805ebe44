"""The super-resolution trainer, for real and small: it learns, goes on exactly, guards against NaN, and says what is wrong."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from engines.errors import OutOfMemory, RecipeError
from engines.models.model import open_model
from trainers.export.export_run import export_run
from trainers.loop.checkpoint import load_best, load_checkpoint, save_checkpoint
from trainers.loop.schedules import share_of
from trainers.recipes.recipe import SuperResolution, from_values
from trainers.runs.events import (
    Checkpoint,
    Event,
    HalveRate,
    Notice,
    RollBack,
    Sample,
    Started,
    Step,
    TakeCheckpoint,
    TakeSample,
    TrainerCommand,
    Validation,
    Verdict,
    Working,
)
from trainers.train_superres import make_optimisers, train


@pytest.fixture
def photos(tmp_path: Path, photo_pixels: np.ndarray) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for index in range(3):
        Image.fromarray(np.roll(photo_pixels, 17 * index, axis=1)).save(folder / f"{index}.png")
    return folder


def tiny(photos: Path, **changes: object) -> SuperResolution:
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
    recipe = from_values(values | changes)
    assert isinstance(recipe, SuperResolution)
    return recipe


def weights_after(run_dir: Path) -> dict[str, torch.Tensor]:
    state = load_checkpoint(run_dir)
    assert state is not None
    parts = state["parts"]
    return {**parts["network"], **{f"average {name}": value for name, value in parts["average"]["network"].items()}}


def said(events: Iterable[Event]) -> list[Event]:
    """The events that a log keeps."""
    return [event for event in events if not isinstance(event, Working)]


def test_the_events_of_a_run(photos: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    events = said(train(tiny(photos), run))
    assert isinstance(events[0], Started) and events[0].total == 12
    assert [event.step for event in events if isinstance(event, Step)] == list(range(1, 13))
    assert [event.step for event in events if isinstance(event, Validation)] == [6, 12]
    assert [event.step for event in events if isinstance(event, Checkpoint)] == [0, 5, 10, 12]
    sample = next(event for event in events if isinstance(event, Sample))
    with Image.open(sample.path) as image:
        assert image.width == 3 * image.height * 96 // 72


def test_it_learns(photos: Path, tmp_path: Path) -> None:
    recipe = tiny(photos, stages=[{"steps": 150, "patch": 16, "batch": 4}], optimiser="muon", checkpoint_every=999)
    events = list(train(recipe, tmp_path))
    losses = [event.losses["loss"] for event in events if isinstance(event, Step)]
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
    assert state is not None and state["standing"]["step"] == 8
    for _ in train(recipe, twice):
        pass
    expected, found = weights_after(whole), weights_after(twice)
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=0, atol=0)


def until(run: Generator[Event, TrainerCommand | None, None], kind: type[Any]) -> Any:
    """The next event of `kind`."""
    return next(event for event in run if isinstance(event, kind))


def test_commands_are_obeyed_at_the_next_event(photos: Path, tmp_path: Path) -> None:
    run = train(tiny(photos, validate_every=99, checkpoint_every=99), tmp_path)
    assert until(run, Started).step == 0
    assert isinstance(next(run), Checkpoint)
    assert isinstance(next(run), Step)
    assert isinstance(run.send(TakeSample()), Sample)
    assert isinstance(run.send(TakeCheckpoint()), Checkpoint)
    assert isinstance(run.send(HalveRate()), Notice)
    halved = next(run)
    assert isinstance(halved, Step)
    assert halved.rate == pytest.approx(1e-3 * share_of(tiny(photos), 1) / 2)
    run.close()


def test_asked_to_go_back_it_does_with_half_the_rate(photos: Path, tmp_path: Path) -> None:
    run = train(tiny(photos, checkpoint_every=3), tmp_path)
    for event in run:
        if isinstance(event, Step) and event.step == 5:
            break
    notice = run.send(RollBack())
    assert isinstance(notice, Notice) and "back to step 3, with half the learning rate" in notice.text
    assert until(run, Step).step == 4
    run.close()


def test_a_run_closed_before_its_first_step_can_go_on(photos: Path, tmp_path: Path) -> None:
    run = train(tiny(photos), tmp_path / "run")
    next(run)
    run.close()
    assert until(train(tiny(photos), tmp_path / "run"), Started).step == 0


def test_a_step_in_parts_is_the_same_step(photos: Path, tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    stages = [{"steps": 4, "patch": 16, "batch": 4}]
    list(train(tiny(photos, stages=stages), whole))
    events = list(train(tiny(photos, stages=stages, micro_batches=4), parts))
    assert sum(isinstance(event, Working) and "in parts" in event.text for event in events) == 4 * 3
    expected, found = weights_after(whole), weights_after(parts)
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=1e-3, atol=1e-5)


def test_commands_are_obeyed_between_the_parts_of_a_step(photos: Path, tmp_path: Path) -> None:
    run = train(tiny(photos, micro_batches=2), tmp_path)
    for event in run:
        if isinstance(event, Working) and "in parts" in event.text:
            break
    assert isinstance(run.send(TakeSample()), Sample)
    run.close()  # in the midst of a step
    state = load_checkpoint(tmp_path)
    assert state is not None and state["standing"]["step"] == 0


class Hungry(nn.Module):
    """A network that, as a GPU would, runs out of memory for more than one picture at a time."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale
        self.conv = nn.Conv2d(3, 3 * scale * scale, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if torch.is_grad_enabled() and len(x) > 1:
            torch.empty(1 << 60, dtype=torch.uint8)  # a real failure of the allocator
        return torch.pixel_shuffle(self.conv(x), self.scale)


def test_out_of_memory_makes_the_parts_smaller_and_keeps_it_so(photos: Path, tmp_path: Path) -> None:
    here = "tests.trainers.test_train_superres:"
    recipe = tiny(photos, network={"kind": here + "Hungry"}, stages=[{"steps": 12, "patch": 16, "batch": 4}])
    run = train(recipe, tmp_path)
    events = [event for event, _ in zip(run, range(40), strict=False)]
    verdicts = [event for event in events if isinstance(event, Verdict)]
    assert [verdict.guard for verdict in verdicts] == ["memory", "memory"]
    assert "its 4 pictures are taken 1 at a time" in verdicts[1].text
    assert [event.step for event in events if isinstance(event, Step)][:3] == [1, 2, 3]
    run.close()
    again = list(islice(train(recipe, tmp_path), 12))
    assert not any(isinstance(event, Verdict) for event in again)


def test_memory_that_does_not_suffice_for_one_picture_is_said(photos: Path, tmp_path: Path) -> None:
    class_path = "tests.trainers.test_train_superres:Insatiable"
    with pytest.raises(OutOfMemory, match="even one picture; lower the size of the crops"):
        list(train(tiny(photos, network={"kind": class_path}), tmp_path))


class Insatiable(Hungry):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if torch.is_grad_enabled():
            torch.empty(1 << 60, dtype=torch.uint8)
        return super().forward(x)


def test_the_best_is_kept_and_patience_ends_the_run(photos: Path, tmp_path: Path) -> None:
    class_path = "tests.trainers.test_train_superres:GetsWorse"
    recipe = tiny(photos, network={"kind": class_path}, validate_every=1, patience=3, rate=0.5, warm_up=0, ema=0.0)
    events = list(train(recipe, tmp_path))
    scores = [event.metrics["PSNR"] for event in events if isinstance(event, Validation)]
    assert scores.index(max(scores)) == len(scores) - 4 and len(scores) < 12
    assert any(isinstance(event, Notice) and "has not got better for 3 measurements" in event.text for event in events)
    best, last = load_best(tmp_path), load_checkpoint(tmp_path)
    assert best is not None and last is not None
    assert best["step"] == scores.index(max(scores)) + 1 < last["standing"]["step"]
    assert not any(isinstance(event, Step) for event in train(recipe, tmp_path))  # it has ended for good


class Forgetful(nn.Module):
    """A network with dropout and batch norm, which both leave traces outside of the weights."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale
        self.conv = nn.Conv2d(3, 3 * scale * scale, 3, padding=1)
        self.norm = nn.BatchNorm2d(3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.pixel_shuffle(self.conv(nn.functional.dropout(self.norm(x), 0.2, self.training)), self.scale)


def test_with_dropout_and_batch_norm_it_is_the_same_run_too(photos: Path, tmp_path: Path) -> None:
    kind = {"kind": "tests.trainers.test_train_superres:Forgetful"}
    recipe = tiny(photos, network=kind, micro_batches=2)
    whole, twice = tmp_path / "whole", tmp_path / "twice"
    list(train(recipe, whole))
    first = train(recipe, twice)
    parts = (event for event in first if isinstance(event, Working) and "in parts" in event.text)
    for _ in range(5):
        next(parts)
    first.close()  # in the midst of step 5
    list(train(recipe, twice))
    expected, found = weights_after(whole), weights_after(twice)
    assert all(torch.equal(found[name], value) for name, value in expected.items())


class GetsWorse(nn.Module):
    """A picture enlarged well from the start, and one weight with which any step makes it worse."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale
        self.shift = nn.Parameter(torch.zeros(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (
            nn.functional.interpolate(x, scale_factor=self.scale, mode="bicubic")
            + self.shift.abs() * x.mean()
            + 1e-4 * self.shift
        )


def test_photographs_beyond_memory_take_turns(
    photos: Path, tmp_path: Path, photo_pixels: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trainers.data import photos as datasets

    for index in range(6):
        Image.fromarray(np.tile(photo_pixels, (9, 9, 1))).save(photos / f"large {index}.png")
    monkeypatch.setattr(datasets, "TURN", 4)
    recipe = tiny(photos, data={"photos": [str(photos)], "hold_out": 9, "megapixels": 1})
    whole, twice = tmp_path / "whole", tmp_path / "twice"
    events = list(train(recipe, whole))
    assert any(isinstance(event, Notice) and "more than 1 megapixels" in event.text for event in events)
    read = [event.done for event in events if isinstance(event, Working) and event.text == "reading photographs"]
    assert read.count(0) == 3, "each of three turns has a shelf of its own"
    first = train(recipe, twice)
    for event in first:
        if isinstance(event, Step) and event.step == 7:
            break
    first.close()
    list(train(recipe, twice))
    expected, found = weights_after(whole), weights_after(twice)
    assert all(torch.equal(found[name], value) for name, value in expected.items())


def by_nearest_neighbours(pixels: np.ndarray, scale: int) -> np.ndarray:
    return pixels[::scale, ::scale]


def test_a_degradation_of_ones_own(photos: Path, tmp_path: Path) -> None:
    own, bicubic = tmp_path / "own", tmp_path / "bicubic"
    list(train(tiny(photos, degradation="tests.trainers.test_train_superres:by_nearest_neighbours"), own))
    list(train(tiny(photos), bicubic))
    assert any(not torch.equal(weights_after(own)[name], value) for name, value in weights_after(bicubic).items())
    with pytest.raises(RecipeError, match="no degradation called “phone”; choose bicubic"):
        list(train(tiny(photos, degradation="phone"), tmp_path / "none"))


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
    verdict = next(event for event in events if isinstance(event, Verdict))
    assert verdict.guard == "nan" and "back to step 2, with half the learning rate" in verdict.text
    steps = [event.step for event in events if isinstance(event, Step)]
    assert steps == [1, 2, 3, *range(3, 13)]
    rates = [event.rate for event in events if isinstance(event, Step)]
    assert rates[3] == pytest.approx(rates[2] / 2)
    assert all(bool(value.isfinite().all()) for value in weights_after(tmp_path).values())


def test_nan_from_the_start_is_said(photos: Path, tmp_path: Path) -> None:
    recipe = tiny(photos, network={"kind": "tests.trainers.test_train_superres:AlwaysNaN"})
    with pytest.raises(RecipeError, match="not a number at step 1, again and again; lower “rate”"):
        list(train(recipe, tmp_path))


def test_photos_smaller_than_the_crop_are_said(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="smaller than the crop of 128 pixels"):
        list(train(tiny(photos, stages=[{"steps": 12, "patch": 64}]), tmp_path))


def test_an_empty_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="No picture in"):
        list(train(tiny(tmp_path), tmp_path / "run"))


def test_unreadable_photos_are_left_out_with_a_word(photos: Path, tmp_path: Path) -> None:
    (photos / "broken.jpg").write_text("no picture")
    first = said(islice(train(tiny(photos), tmp_path), 9))[0]
    assert isinstance(first, Notice) and "broken.jpg" in first.text


def test_a_checkpoint_of_another_recipe_is_refused(photos: Path, tmp_path: Path) -> None:
    run = train(tiny(photos), tmp_path)
    until(run, Step)
    run.close()
    with pytest.raises(RecipeError, match="seed = 3, the recipe says 4"):
        list(train(tiny(photos, seed=4), tmp_path))


def test_a_network_of_the_wrong_scale_is_said(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="asks for"):
        list(train(tiny(photos, network={"kind": "srcnn", "options": {"scale": 3}}), tmp_path))


def test_an_unknown_network_option_and_loss_are_said(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="no option “width”; it takes scale, channels, blocks"):
        list(train(tiny(photos, network={"kind": "fast", "options": {"width": 3}}), tmp_path))
    with pytest.raises(RecipeError, match="no loss called “l3”; choose charbonnier, l1, l2"):
        list(train(tiny(photos, stages=[{"steps": 12, "patch": 16, "loss": "l3"}]), tmp_path))
    with pytest.raises(RecipeError, match="cannot be imported"):
        list(train(tiny(photos, network={"kind": "nowhere.to.be.found:Network"}), tmp_path))


PERCEPTUAL = [
    {"steps": 4, "patch": 16, "batch": 2},
    {"steps": 4, "patch": 16, "batch": 2, "loss": "charbonnier", "perceptual": 0.1},
]


def test_a_stage_may_compare_features_too(photos: Path, tmp_path: Path) -> None:
    recipe = tiny(photos, stages=PERCEPTUAL, features={"layers": [1, 2]}, micro_batches=2)
    whole, twice, without = (tmp_path / name for name in ("whole", "twice", "without"))
    steps = [event for event in train(recipe, whole) if isinstance(event, Step)]
    assert [set(step.losses) for step in steps] == [{"loss"}] * 4 + [{"loss", "perceptual"}] * 4
    last = steps[-1].losses
    assert 0 < 0.1 * last["perceptual"] < last["loss"]
    first = train(recipe, twice)
    next(event for event in first if isinstance(event, Step) and event.step == 6)
    first.close()
    list(train(recipe, twice))
    assert all(torch.equal(value, weights_after(twice)[name]) for name, value in weights_after(whole).items())
    list(train(tiny(photos, stages=[stage | {"perceptual": 0.0} for stage in PERCEPTUAL]), without))
    assert any(not torch.equal(value, weights_after(without)[name]) for name, value in weights_after(whole).items())


def test_features_that_are_not_there_are_left_out_and_said(photos: Path, tmp_path: Path) -> None:
    recipe = tiny(photos, stages=PERCEPTUAL, features=str(tmp_path / "vgg16.pth"))
    events = list(train(recipe, tmp_path / "run"))
    assert any("There are no features at" in event.text for event in events if isinstance(event, Notice))
    assert all(set(event.losses) == {"loss"} for event in events if isinstance(event, Step))


@pytest.mark.parametrize("changes", [{"stages": PERCEPTUAL}, {"features": {}}])
def test_features_and_their_weight_come_together(photos: Path, changes: dict[str, object]) -> None:
    with pytest.raises(
        RecipeError, match="“features” are there where a stage's “perceptual” is above 0, and nowhere else"
    ):
        tiny(photos, **changes)


def test_a_run_begins_as_the_smaller_model_that_it_grows_from(photos: Path, tmp_path: Path) -> None:
    measured = [event for event in train(tiny(photos), tmp_path / "small") if isinstance(event, Validation)]
    target = tmp_path / "small.onnx"
    export_run(tmp_path / "small", target)
    larger = {"kind": "fast", "options": {"channels": 12, "blocks": 2}}
    events = list(train(tiny(photos, network=larger, start_from=str(target)), tmp_path / "large"))
    start = next(event for event in events if isinstance(event, Validation))
    best = max(event.metrics["PSNR"] for event in measured)
    assert start.step == 0 and start.metrics["PSNR"] == pytest.approx(best, abs=1e-3)


def as_large_as_before(pixels: np.ndarray, scale: int) -> np.ndarray:
    return pixels


class Weightless(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"network": {"kind": ":"}}, "cannot be imported"),
        ({"network": {"kind": "tests.trainers.test_train_superres:Weightless"}}, "has no weights to train"),
        ({"stages": [{"steps": 12, "patch": 16, "loss": "os:sep"}]}, "“os:sep” is no loss: it cannot be called"),
        (
            {"degradation": "tests.trainers.test_train_superres:as_large_as_before"},
            r"gives \(72, 96, 3\) of uint8 for a photo of \(72, 96, 3\); it should give \(36, 48, 3\) of uint8",
        ),
    ],
)
def test_a_wrong_part_of_ones_own_is_said(photos: Path, tmp_path: Path, changes: dict[str, object], words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        list(train(tiny(photos, **changes), tmp_path / "run"))


def test_cuda_without_a_gpu_is_said(photos: Path, tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    with pytest.raises(RecipeError, match="finds no GPU"):
        list(train(tiny(photos, device="cuda"), tmp_path))


def test_the_rate_rises_then_falls_to_its_floor(photos: Path) -> None:
    recipe = tiny(photos, rate_floor=0.1)
    shares = [share_of(recipe, step) for step in range(13)]
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


def test_adam_has_the_recipe_s_numbers(photos: Path) -> None:
    from trainers.networks.superres import Fast

    (plain,) = make_optimisers(tiny(photos), Fast(2, 8, 1))
    assert plain.defaults["betas"] == (0.9, 0.99) and plain.defaults["weight_decay"] == 0
    told = tiny(photos, optimiser="muon", beta1=0.8, beta2=0.999, weight_decay=0.1)
    adam, _ = make_optimisers(told, Fast(2, 8, 1))
    assert adam.defaults["betas"] == (0.8, 0.999) and adam.defaults["weight_decay"] == 0.1


def test_a_run_of_a_recipe_without_adam_s_numbers_goes_on(photos: Path, tmp_path: Path) -> None:
    """It was made before there were such fields; it goes on to what it would have become."""
    whole, twice = tmp_path / "whole", tmp_path / "twice"
    list(train(tiny(photos), whole))
    first = train(tiny(photos), twice)
    next(event for event in first if isinstance(event, Step) and event.step == 7)
    first.close()
    state = load_checkpoint(twice)
    assert state is not None
    for name in ("beta1", "beta2", "weight_decay", "restarts"):
        del state["recipe"][name]
    save_checkpoint(twice, state)
    list(train(tiny(photos), twice))
    expected, found = weights_after(whole), weights_after(twice)
    assert all(torch.equal(found[name], value) for name, value in expected.items())


def test_a_run_from_a_model_never_hands_over_a_worse_one(photos: Path, tmp_path: Path) -> None:
    """What it starts from is measured, at step 0, and kept where nothing is better; what was gained is told."""
    list(train(tiny(photos), tmp_path / "first"))
    model = export_run(tmp_path / "first", tmp_path / "m.onnx")
    ruin = tiny(photos, start_from=str(model), rate=0.9, schedule="constant", clip=1e6, warm_up=0, patience=None)
    events = list(train(ruin, tmp_path / "ruin"))
    judged = [event for event in events if isinstance(event, Validation)]
    assert [event.step for event in judged] == [0, 6, 12] and judged[2].metrics["PSNR"] < judged[0].metrics["PSNR"]
    best = load_best(tmp_path / "ruin")
    assert best is not None and best["step"] == 0
    told = next(event.text for event in events if isinstance(event, Notice) and "started from" in event.text)
    assert told.startswith("No step was better than the model that training started from (PSNR ")
    with (
        open_model(model, "cpu") as before,
        open_model(export_run(tmp_path / "ruin", tmp_path / "n.onnx"), "cpu") as after,
    ):
        image = np.random.default_rng(0).random((1, 3, 20, 24), np.float32)
        assert np.allclose(before.run(image), after.run(image), atol=1e-6)
    gone_on = tiny(photos, start_from=str(model))
    events = list(train(gone_on, tmp_path / "more"))
    told = next(event.text for event in events if isinstance(event, Notice) and "started from" in event.text)
    first = next(event for event in events if isinstance(event, Validation))
    assert first.step == 0 and f"PSNR {first.metrics['PSNR']:.5g}" in told


def test_stopped_before_its_start_was_judged_it_is_judged_when_it_goes_on(photos: Path, tmp_path: Path) -> None:
    list(train(tiny(photos), tmp_path / "first"))
    recipe = tiny(photos, start_from=str(export_run(tmp_path / "first", tmp_path / "m.onnx")))
    events = train(recipe, tmp_path / "run")
    assert any(isinstance(event, Checkpoint) for event in islice(events, 20))
    events.close()
    assert not load_best(tmp_path / "run")
    gone_on = [event.step for event in train(recipe, tmp_path / "run") if isinstance(event, Validation)]
    assert gone_on == [0, 6, 12]


def test_validation_on_what_is_trained_on_is_told(photos: Path, tmp_path: Path) -> None:
    for path in sorted(photos.iterdir())[1:]:
        path.unlink()
    told = [event.text for event in islice(train(tiny(photos), tmp_path / "run"), 12) if isinstance(event, Notice)]
    assert len(told) == 1 and told[0].startswith(
        "There is no picture to hold out: what is measured, is measured on one that"
    )
