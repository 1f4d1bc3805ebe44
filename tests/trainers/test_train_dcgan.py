"""The GAN trainer, for real and small: exact resume, each objective, guards, fine-tuning, and what is wrong."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from engines.errors import RecipeError
from trainers.data.generation import Pictures, to_square
from trainers.loop.checkpoint import load_best, load_checkpoint
from trainers.losses.tables import OBJECTIVES
from trainers.recipes.recipe import ImageGeneration, from_values
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
from trainers.train_dcgan import train

HERE = "tests.trainers.test_train_dcgan:"
SMALL = {"kind": "dcgan", "options": {"base_channels": 16}}


@pytest.fixture
def pictures(tmp_path: Path, photo_pixels: np.ndarray) -> Path:
    """Twenty pieces of the photo, 40 pixels wide and 32 high."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for index in range(20):
        piece = photo_pixels[2 * index : 2 * index + 32, index : index + 40]
        Image.fromarray(piece).save(folder / f"{index:02}.png")
    return folder


def tiny(pictures: Path, **changes: object) -> ImageGeneration:
    values: dict[str, object] = {
        "task": "image-generation",
        "name": "tiny",
        "size": 32,
        "latent_size": 8,
        "seed": 3,
        "network": SMALL,
        "discriminator": SMALL,
        "data": {"photos": [str(pictures)], "hold_out": 5},
        "steps": 12,
        "batch": 4,
        "precision": "float32",
        "validate_every": 6,
        "checkpoint_every": 5,
    }
    recipe = from_values(values | changes)
    assert isinstance(recipe, ImageGeneration)
    return recipe


def weights_after(run_dir: Path) -> dict[str, torch.Tensor]:
    state = load_checkpoint(run_dir)
    assert state is not None
    parts: dict[str, Any] = state["parts"]
    modules = {**parts, "average": parts["average"]["network"]}
    return {f"{part}.{k}": v for part in ("generator", "discriminator", "average") for k, v in modules[part].items()}


def largest_difference(a: Path, b: Path) -> float:
    mine, other = weights_after(a), weights_after(b)
    return max(float((mine[name].double() - other[name].double()).abs().max()) for name in mine)


def take(run: Iterable[Event], count: int, kind: type[Event]) -> None:
    """Let `run` go on until `count` events of `kind` were said."""
    for event in run:
        count -= isinstance(event, kind)
        if count <= 0:
            return


def test_the_events_of_a_run(pictures: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    events = [event for event in train(tiny(pictures), run) if not isinstance(event, Working)]
    assert isinstance(events[0], Started) and events[0].total == 12
    steps = [event for event in events if isinstance(event, Step)]
    assert [step.step for step in steps] == list(range(1, 13))
    assert set(steps[0].losses) == {"generator", "discriminator"}
    assert 0 <= steps[9].watched["lead"] <= 1 and steps[9].watched["spread"] >= 0
    assert [event.step for event in events if isinstance(event, Checkpoint)] == [0, 5, 10, 12]
    found = [event for event in events if isinstance(event, Validation)]
    assert [event.step for event in found] == [6, 12] and all(event.metrics["SWD"] > 0 for event in found)
    sample = next(event for event in events if isinstance(event, Sample))
    with Image.open(sample.path) as image:
        assert image.size == (8 * 32, 8 * 32)
    best = load_best(run)
    assert best is not None and best["step"] == min(found, key=lambda event: event.metrics["SWD"]).step


@pytest.mark.parametrize(
    ("changes", "until", "count"),
    [
        ({}, Step, 7),
        ({"micro_batches": 2, "discriminator_steps": 2, "objective": "hinge"}, Working, 9),  # in the midst of a step
        ({"objective": "wgan-gp", "precision": "bfloat16", "ema_start": 4}, Step, 4),
        (
            {"objective": "loss-sensitive", "optimiser": "rmsprop", "weight_decay": 1e-3, "adversarial_weight": 2.0},
            Step,
            6,
        ),
        (
            {"discriminator": {"kind": "dcgan", "options": {"base_channels": 16, "norm": "spectral", "minibatch": 3}}},
            Step,
            7,
        ),
        (
            {
                "objective": "hinge",
                "augment": ["translation"],
                "discriminator": {"kind": "projected", "options": {"width": 8, "raw": True}},
                "auxiliary": [{"kind": "perceptual", "options": {"layers": [1, 2]}}],
            },
            Step,
            7,
        ),
    ],
)
def test_stopped_and_gone_on_it_is_the_same_run(
    pictures: Path, tmp_path: Path, changes: dict[str, object], until: type[Event], count: int
) -> None:
    recipe = tiny(pictures, **changes)
    whole, twice = tmp_path / "whole", tmp_path / "twice"
    list(train(recipe, whole))
    first = train(recipe, twice)
    take(first, count, until)
    first.close()
    list(train(recipe, twice))
    assert largest_difference(whole, twice) == 0


def test_stopped_between_the_two_sides_it_goes_on_with_the_other(pictures: Path, tmp_path: Path) -> None:
    recipe = tiny(pictures, micro_batches=2)
    run = train(recipe, tmp_path / "run")
    parts = (event for event in run if isinstance(event, Working) and "in parts" in event.text)
    next(parts), next(parts)  # the discriminator's second part, the generator's second part
    run.close()
    state = load_checkpoint(tmp_path / "run")
    assert state is not None and (state["standing"]["step"], state["standing"]["turn"]) == (0, 1)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_objective_trains(pictures: Path, tmp_path: Path, objective: str) -> None:
    recipe = tiny(pictures, objective=objective, steps=3)
    steps = [event for event in train(recipe, tmp_path / "run") if isinstance(event, Step)]
    assert len(steps) == 3 and all(math.isfinite(value) for step in steps for value in step.losses.values())
    names = [name for name in weights_after(tmp_path / "run") if name.startswith("discriminator.")]
    assert any("running_mean" in name for name in names) == (not OBJECTIVES[objective].per_sample_penalty)


def test_auxiliary_losses_of_both_sides(pictures: Path, tmp_path: Path) -> None:
    auxiliary = [
        {"kind": "feature-matching", "weight": 0.5},
        {"kind": HERE + "keep_logits_small", "side": "discriminator"},
    ]
    with_them, without = tmp_path / "with", tmp_path / "without"
    list(train(tiny(pictures, steps=2, auxiliary=auxiliary), with_them))
    list(train(tiny(pictures, steps=2), without))
    assert largest_difference(with_them, without) > 0


def test_a_perceptual_loss_and_projected_discriminators_teach_a_generator(pictures: Path, tmp_path: Path) -> None:
    """Photographs are learned by their features alone: the objective has no weight."""
    changes = {
        "steps": 60,
        "rate": 2e-3,
        "adversarial_weight": 0.0,
        "auxiliary": [{"kind": "perceptual", "options": {"layers": [1, 2, 3]}}],
        "discriminator": {"kind": "projected", "options": {"width": 8}},
    }
    steps = [event for event in train(tiny(pictures, **changes), tmp_path / "run") if isinstance(event, Step)]
    losses = [step.losses["generator"] for step in steps]
    assert sum(losses[-10:]) < 0.5 * sum(losses[:10]), losses
    watched = [step.watched["lead"] for step in steps if "lead" in step.watched]
    assert watched and max(watched) > 0


def test_a_projected_discriminator_heeds_labels_and_says_what_it_has_not(
    tmp_path: Path, photo_pixels: np.ndarray
) -> None:
    for name in ("left", "right"):
        (tmp_path / "labelled" / name).mkdir(parents=True)
        for index in range(12):
            piece = photo_pixels[2 * index : 2 * index + 32, index : index + 32]
            Image.fromarray(piece if name == "left" else piece[:, ::-1]).save(
                tmp_path / "labelled" / name / f"{index}.png"
            )
    judged = {"kind": "projected", "options": {"width": 8}}
    recipe = tiny(tmp_path / "labelled", discriminator=judged, condition="embed", steps=2)
    steps = [event for event in train(recipe, tmp_path / "run") if isinstance(event, Step)]
    assert len(steps) == 2 and any("embeddings" in name for name in weights_after(tmp_path / "run"))
    for changes in ({"condition": "auxiliary"}, {"codes": {"continuous": 1}}):
        with pytest.raises(RecipeError, match="“projected” takes no “(classes|codes)”"):
            list(train(tiny(tmp_path / "labelled", discriminator=judged, **changes), tmp_path / "other"))


def test_a_run_from_before_the_spectral_norm_was_on_every_layer_goes_on_and_says_so(
    tmp_path: Path, photo_pixels: np.ndarray
) -> None:
    for name in ("left", "right"):
        (tmp_path / "labelled" / name).mkdir(parents=True)
        for index in range(12):
            Image.fromarray(photo_pixels[index : index + 32, :32]).save(tmp_path / "labelled" / name / f"{index}.png")
    judged = {"kind": "dcgan", "options": {"base_channels": 16, "norm": "spectral"}}
    recipe = tiny(tmp_path / "labelled", discriminator=judged, condition="both", steps=6, checkpoint_every=99)
    run = train(recipe, tmp_path / "run")
    take(run, 3, Step)
    run.close()
    path = tmp_path / "run" / "checkpoint.pt"
    state = torch.load(path, weights_only=True)
    weights = state["parts"]["discriminator"]
    for layer in ("classifier", "projection"):
        weights[f"{layer}.weight"] = weights.pop(f"{layer}.parametrizations.weight.original")
        for end in "uv":
            del weights[f"{layer}.parametrizations.weight.0._{end}"]
    weights["projection.weight"].zero_()  # as it began
    known = state["parts"]["optimiser of the discriminator"]["state"]
    shapes = {index: tuple(found["exp_avg"].shape) for index, found in known.items()}
    bias, weight = (next(i for i, shape in shapes.items() if shape == wanted) for wanted in ((2,), (2, 16, 4, 4)))
    known[bias], known[weight] = known[weight], known[bias]
    torch.save(state, path)
    events = list(train(recipe, tmp_path / "run"))
    assert [event.step for event in events if isinstance(event, Step)] == [4, 5, 6]
    assert any("earlier version" in event.text for event in events if isinstance(event, Notice))
    assert all(bool(value.isfinite().all()) for value in weights_after(tmp_path / "run").values())
    assert not any("earlier version" in e.text for e in train(recipe, tmp_path / "run") if isinstance(e, Notice))


def test_a_penalty_on_single_pictures_and_a_look_at_the_whole_batch_exclude_each_other(
    pictures: Path, tmp_path: Path
) -> None:
    judged = {"kind": "dcgan", "options": {"base_channels": 16, "minibatch": 2}}
    with pytest.raises(RecipeError, match="speaks of a single picture, and “minibatch” of the whole batch"):
        list(train(tiny(pictures, discriminator=judged, objective="wgan-gp"), tmp_path / "run"))


def keep_logits_small(outputs: Any) -> torch.Tensor:
    return outputs.real_logits.square().mean() + outputs.fake_logits.square().mean()


def test_commands_are_obeyed(pictures: Path, tmp_path: Path) -> None:
    run = train(tiny(pictures), tmp_path / "run")
    take(run, 1, Step)
    assert isinstance(run.send(TakeSample()), Sample)
    run.close()


class Dense(nn.Module):
    """A generator of one layer."""

    def __init__(self, size: int, latent_size: int) -> None:
        super().__init__()
        self.size = size
        self.layer = nn.Linear(latent_size, 3 * size * size)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return torch.tanh(self.layer(z)).unflatten(1, (3, self.size, self.size))


class Explodes(Dense):
    """Draws what is no number in its fourth training pass, once."""

    passes = 0

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        pictures = super().forward(z)
        if self.training:
            Explodes.passes += 1
        return pictures * math.nan if Explodes.passes == 4 and self.training else pictures


class TooSmall(Dense):
    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return super().forward(z)[..., :16]


def test_nan_goes_back_to_the_checkpoint_with_half_the_rate(pictures: Path, tmp_path: Path) -> None:
    Explodes.passes = 0
    events = list(train(tiny(pictures, network={"kind": HERE + "Explodes"}, checkpoint_every=1), tmp_path / "run"))
    verdict = next(event for event in events if isinstance(event, Verdict))
    assert verdict.guard == "nan" and "half the learning rate" in verdict.text
    assert all(bool(value.isfinite().all()) for value in weights_after(tmp_path / "run").values())
    rates = [event.rate for event in events if isinstance(event, Step)]
    assert rates[-1] == pytest.approx(rates[0] / 2)


def test_a_part_of_ones_own_that_does_not_fit_is_said(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"draws \(3, 32, 16\), but “size” asks for \(3, 32, 32\)"):
        list(train(tiny(pictures, network={"kind": HERE + "TooSmall"}), tmp_path / "run"))
    with pytest.raises(RecipeError, match="no generator called “gan”; choose dcgan"):
        list(train(tiny(pictures, network={"kind": "gan"}), tmp_path / "run"))
    with pytest.raises(RecipeError, match="“base_channels” is a multiple of"):
        list(train(tiny(pictures, discriminator={"kind": "dcgan", "options": {"base_channels": 7}}), tmp_path / "run"))


def test_too_few_pictures_are_said(tmp_path: Path, photo: Path) -> None:
    with pytest.raises(RecipeError, match="1 pictures in .* can be trained on; a few hundred are the least"):
        list(train(tiny(photo.parent), tmp_path / "run"))
    (photo.parent / "broken.png").write_text("no picture")
    (photo.parent / "other.png").write_bytes(photo.read_bytes())
    notices = [event for event in train(tiny(photo.parent, steps=1), tmp_path / "run") if isinstance(event, Notice)]
    assert "broken.png" in notices[0].text


def test_batches_are_a_function_of_seed_step_and_turn(photo_pixels: np.ndarray) -> None:
    squares = np.stack([np.roll(photo_pixels[:32, :32], shift, axis=0) for shift in range(9)])
    first = Pictures(squares, squares, [], seed=1, flip=True)
    labels = np.arange(9)
    assert torch.equal(first.batch(3, 1, 4)[0], Pictures(squares, squares, [], 1, True, labels).batch(3, 1, 4)[0])
    assert not torch.equal(first.batch(3, 1, 4)[0], first.batch(3, 0, 4)[0])
    plain, their_labels = Pictures(squares, squares, [], 1, False, labels, names=tuple("abcdefghi")).batch(0, 0, 9)
    expected = torch.from_numpy(squares[their_labels.numpy()]).permute(0, 3, 1, 2) / 127.5 - 1
    assert torch.allclose(plain, expected, atol=1e-6)  # labels go with their pictures
    assert sorted(plain.sum((1, 2, 3)).tolist()) == pytest.approx(
        sorted((squares / 127.5 - 1).sum((1, 2, 3)).tolist()), rel=1e-4
    )  # each once
    assert float(plain.min()) >= -1 and float(plain.max()) <= 1


def test_pictures_become_their_middle_square(photo_pixels: np.ndarray) -> None:
    assert to_square(photo_pixels, 24).shape == (24, 24, 3)
    np.testing.assert_array_equal(to_square(photo_pixels, 72), photo_pixels[:, 12:84])
