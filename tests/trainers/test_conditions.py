"""Labels, codes, augmentation and what samples are drawn from: the GAN trainer with conditions, for real and small."""

from __future__ import annotations

import shutil
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from engines.errors import RecipeError
from engines.generation.controls import controls_of
from engines.generation.generate import generate
from engines.models.model import open_model
from trainers.adversarial.samples import Latents, draw_pictures, even_labels, settled
from trainers.adversarial.start import start_from
from trainers.data.generation import Pictures, read_pictures
from trainers.export.export_run import export_run
from trainers.loop.checkpoint import load_checkpoint
from trainers.losses.auxiliary import Outputs, mode_seeking
from trainers.networks.make import discriminator_of, generator_of
from trainers.recipes.recipe import ImageGeneration, from_values
from trainers.runs.events import Notice, Sample, Started, Step, Validation
from trainers.runs.run_folder import RECIPE
from trainers.train_dcgan import train

SMALL = {"kind": "dcgan", "options": {"base_channels": 16}}
COLOURS = {"leaves": (30, 130, 40), "sky": (60, 110, 220)}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sub-folders of twelve noisy pictures each, green and blue, each of four groups of three."""
    folder = tmp_path_factory.mktemp("pictures")
    random = np.random.default_rng(0)
    for name, colour in COLOURS.items():
        (folder / name).mkdir()
        for index in range(12):
            noise = random.integers(-30, 30, (36, 36, 3))
            pixels = (np.array(colour) + noise).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{name}-{index // 3}_{index % 3}.png")
    return folder


def recipe_of(pictures: Path, **changes: Any) -> ImageGeneration:
    values: dict[str, Any] = {
        "task": "image-generation",
        "name": "tiny",
        "size": 32,
        "latent_size": 8,
        "network": SMALL,
        "discriminator": SMALL,
        "condition": "embed",
        "data": {"photos": [str(pictures)], "hold_out": 4},
        "steps": 4,
        "batch": 8,
        "precision": "float32",
        "validate_every": 100,
        "checkpoint_every": 100,
    }
    recipe = from_values(values | changes)
    assert isinstance(recipe, ImageGeneration)
    return recipe


def read(recipe: ImageGeneration) -> Pictures:
    reading = read_pictures(recipe)
    while True:
        try:
            next(reading)
        except StopIteration as end:
            return end.value


def weights_after(run_dir: Path) -> dict[str, torch.Tensor]:
    state = load_checkpoint(run_dir)
    assert state is not None
    parts = state["parts"]
    return {f"{part}.{k}": v for part in ("generator", "discriminator") for k, v in parts[part].items()}


@pytest.mark.parametrize(
    "changes",
    [
        {"condition": "embed", "augment": ["colour", "translation", "cutout", "noise"], "micro_batches": 2},
        {"condition": "both", "auxiliary": [{"kind": "mode-seeking"}, {"kind": "feature-matching"}]},
        {"condition": "auxiliary", "codes": {"categorical": [3], "continuous": 2}, "objective": "r1"},
    ],
)
def test_stopped_and_gone_on_a_conditional_run_is_the_same(pictures: Path, tmp_path: Path, changes: Any) -> None:
    recipe = recipe_of(pictures, **changes)
    whole, twice = tmp_path / "whole", tmp_path / "twice"
    list(train(recipe, whole))
    first = train(recipe, twice)
    next(event for event in first if isinstance(event, Step) and event.step == 2)
    first.close()
    list(train(recipe, twice))
    mine, other = weights_after(whole), weights_after(twice)
    assert max(float((mine[name].double() - other[name].double()).abs().max()) for name in mine) == 0


def test_labels_are_the_names_of_sub_folders(pictures: Path) -> None:
    found = read(recipe_of(pictures))
    assert found.names == ("leaves", "sky")
    greener = found.training[..., 1].astype(int).mean((1, 2)) > found.training[..., 2].mean((1, 2))
    np.testing.assert_array_equal(greener, found.labels == 0)
    assert read(recipe_of(pictures, condition="none")).names == ()


def test_dominant_colours_are_the_labels_where_there_are_no_sub_folders(pictures: Path, tmp_path: Path) -> None:
    for path in pictures.rglob("*.png"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    found = read(recipe_of(tmp_path))
    assert found.names == ("green", "blue")
    assert read(recipe_of(pictures, labels="colours")).names == ("green", "blue")
    with pytest.raises(RecipeError, match="no sub-folders to take labels from"):
        read(recipe_of(tmp_path, labels="folders"))
    with pytest.raises(RecipeError, match="no two dominant colours with enough pictures"):
        read(recipe_of(pictures / "leaves"))


def test_a_label_of_too_few_pictures_is_said(pictures: Path, tmp_path: Path) -> None:
    for number, path in enumerate(sorted(pictures.rglob("*.png"))):
        folder = tmp_path / ("rare “one”" if number < 5 else "common")
        folder.mkdir(exist_ok=True)
        (folder / path.name).write_bytes(path.read_bytes())
    with pytest.raises(RecipeError, match="3 pictures can be trained on as “rare “one””, too few"):
        read(recipe_of(tmp_path))


def test_groups_are_held_out_whole(pictures: Path) -> None:
    found = read(recipe_of(pictures, group=r"^(.*)_"))
    assert len(found.held_out) == 6 and sorted(found.held_out_labels.tolist()) == [0] * 3 + [1] * 3
    assert sorted(np.bincount(found.held_out_groups).tolist()) == [3, 3]
    kept = {square.tobytes() for square in found.training}
    assert not kept & {square.tobytes() for square in found.held_out}


def test_transparent_pictures_lie_on_white(tmp_path: Path) -> None:
    for index in range(3):
        Image.new("RGBA", (32, 32), (0, 0, 0, 0)).save(tmp_path / f"{index}.png")
    assert (read(recipe_of(tmp_path, condition="none")).training == 255).all()


def test_a_run_does_not_go_on_with_other_labels(pictures: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    for path in pictures.rglob("*.png"):
        target = folder / path.parent.name / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    recipe = recipe_of(folder)
    list(train(recipe, tmp_path / "run"))
    (folder / "sky").rename(folder / "clouds")
    with pytest.raises(RecipeError, match="its labels are leaves, sky, those of the pictures clouds, leaves"):
        list(train(recipe, tmp_path / "run"))


def test_what_samples_are_drawn_from(pictures: Path, tmp_path: Path) -> None:
    recipe = recipe_of(pictures, sample_from="both", data={"photos": [str(pictures)], "hold_out": 3}, steps=2)
    events = list(train(recipe, tmp_path / "both"))
    metrics = next(event for event in events if isinstance(event, Validation)).metrics
    assert {"SWD", "SWD orig"} <= metrics.keys() and metrics["SWD"] > 0
    with Image.open(next(event for event in events if isinstance(event, Sample)).path) as sheet:
        assert sheet.size == (2 * 8 * 32, 8 * 32)
    alone = list(train(recipe_of(pictures, sample_from="orig", steps=2), tmp_path / "orig"))
    assert not any(name.endswith(" orig") for e in alone if isinstance(e, Validation) for name in e.metrics)


def test_a_conditional_model_with_codes_is_exported_and_draws_its_labels(pictures: Path, tmp_path: Path) -> None:
    recipe = recipe_of(pictures, codes={"categorical": [3], "continuous": 1}, steps=2)
    run = tmp_path / "run"
    list(train(recipe, run))
    (run / RECIPE).write_text(recipe.model_dump_json())
    target = export_run(run, tmp_path / "tiny.onnx", kind="fp16")
    with open_model(target, device="cpu") as model:
        assert model.card.labels == ("leaves", "sky")
        assert [control.name for control in controls_of(model.card) if control.name.startswith("code")] == [
            "code 1",
            "code 2",
        ]
        z = np.random.RandomState(0).standard_normal((2, 8)).astype(np.float32)
        leaves = generate(model, z, label=0, codes=np.array([0, 0], np.float32))
        assert leaves.shape == (2, 32, 32, 3)
        assert (generate(model, z, label=1, codes=np.array([0, 0], np.float32)) != leaves).any()
        assert (generate(model, z, label=0, codes=np.array([2, -1], np.float32)) != leaves).any()
    assert target.with_name("tiny.training.safetensors").exists()
    again = recipe_of(pictures, codes={"categorical": [3], "continuous": 1}, steps=1, start_from=str(target))
    events = list(train(again, tmp_path / "again"))
    assert len([event for event in events if isinstance(event, Started | Step)]) == 2
    assert not any("New to" in event.text for event in events if isinstance(event, Notice))


def test_a_label_goes_on_under_its_name(pictures: Path, tmp_path: Path) -> None:
    recipe = recipe_of(pictures, condition="both", steps=2)
    run = tmp_path / "run"
    list(train(recipe, run))
    (run / RECIPE).write_text(recipe.model_dump_json())
    target = export_run(run, tmp_path / "tiny.onnx", kind="fp16")
    folder = tmp_path / "mine"
    shutil.copytree(pictures, folder)
    (folder / "leaves").rename(folder / "trees")  # now the second of three in order, and unknown
    shutil.copytree(folder / "sky", folder / "dusk")
    again = recipe_of(folder, condition="both", start_from=str(target))
    names = ("dusk", "sky", "trees")
    generator, discriminator = generator_of(again, 3), discriminator_of(again, 3)
    assert start_from(again, generator, discriminator, names) == (0, 0)
    networks = {"generator": generator, "discriminator": discriminator}
    trained = {"generator": generator_of(recipe, 2), "discriminator": discriminator_of(recipe, 2)}
    start_from(recipe.model_copy(update={"start_from": target}), *trained.values(), ("leaves", "sky"))
    rows = {
        "generator": ["embedding.weight"],
        "discriminator": ["projection.weight", "classifier.weight", "classifier.bias"],
    }
    for side, network in networks.items():
        before, after = trained[side].state_dict(), network.state_dict()
        for name, value in after.items():
            if name in rows[side]:
                assert torch.equal(value[1], before[name][1])
                torch.testing.assert_close(value[0], before[name].mean(0), atol=1e-3, rtol=1e-3)
                assert torch.equal(value[0], value[2])
            else:
                assert torch.equal(value, before[name])
    told = [event.text for event in islice(train(again, tmp_path / "again"), 40) if isinstance(event, Notice)]
    (notice,) = [text for text in told if "New to" in text]
    assert "“dusk”, “trees”" in notice and "give the folder its name" in notice


def test_a_network_that_takes_no_labels_is_said(pictures: Path, tmp_path: Path) -> None:
    recipe = recipe_of(pictures, network={"kind": "trainers.networks.superres:SRCNN"})
    with pytest.raises(RecipeError, match="takes no “labels”, which this recipe's condition or codes need"):
        list(train(recipe, tmp_path / "run"))


def test_a_collapsed_label_is_watched(pictures: Path, tmp_path: Path) -> None:
    recipe = recipe_of(pictures, steps=10, batch=16)
    watched = [e.watched for e in train(recipe, tmp_path / "run") if isinstance(e, Step) and e.watched]
    assert len(watched) == 1 and 0 < watched[0]["spread"] < 5


class Deaf(nn.Module):
    """Draws the same for every `z`, and batch norm whose statistics were never gathered."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(3)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return self.norm(z[:, :3, None, None].expand(-1, 3, 8, 8) * 5 + 2)


def test_batch_norm_is_settled_on_the_latents_themselves() -> None:
    latents = Latents(torch.randn(512, 4, generator=torch.Generator().manual_seed(0)))
    network = Deaf()
    ready = settled(network, latents)
    with torch.no_grad():
        drawn = latents.through(ready)
    assert abs(float(drawn.mean())) < 1e-3 and abs(float(drawn.std()) - 1) < 0.05
    assert float(network.norm.running_mean.abs().max()) == 0  # the trained network is not touched
    assert draw_pictures(ready, latents.part(slice(0, 5))).shape == (5, 8, 8, 3)
    labels = even_labels(("a", "b", "c"), 8)
    assert labels is not None and np.bincount(labels.numpy()).tolist() == [3, 3, 2]


def test_mode_seeking_against_a_case_by_hand() -> None:
    fake = torch.tensor([0.0, 1.0, 5.0, 9.0]).reshape(4, 1, 1, 1)
    latents = torch.tensor([[0.0], [2.0], [0.0], [0.0]])
    outputs = Outputs(None, fake, fake_labels=torch.tensor([0, 0, 1, 2]), fake_latents=latents)
    assert float(mode_seeking(outputs)) == pytest.approx(1 / (0.5 + 1e-2))  # only the first two are of one label
    alone = Outputs(None, fake, fake_labels=torch.arange(4), fake_latents=latents)
    assert float(mode_seeking(alone)) == 0
    noisy = replace(outputs, fake=torch.rand(fake.shape), drawn=fake)  # noise on top is no difference between pictures
    assert float(mode_seeking(noisy)) == float(mode_seeking(outputs))
    with pytest.raises(RecipeError, match="compares latents"):
        mode_seeking(Outputs(None, fake))


def test_pictures_too_small_or_of_floating_point_are_left_out(pictures: Path, tmp_path: Path) -> None:
    for path in (pictures / "sky").glob("*.png"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    Image.new("RGB", (1, 400), "red").save(tmp_path / "thin.png")
    Image.new("F", (40, 40), 0.5).save(tmp_path / "float.tif")
    grey = np.full((40, 40), 128 * 257, np.uint16)
    Image.fromarray(grey).save(tmp_path / "sixteen.png")
    found = read(recipe_of(tmp_path, condition="none", data={"photos": [str(tmp_path)], "hold_out": 100}))
    assert any("“thin.png” is only 1×400 pixels" in word for word in found.left_out)
    assert any("“float.tif” cannot be read (its values are floating-point" in word for word in found.left_out)
    assert any((square == 128).all() for square in found.training)


def test_a_group_that_matches_nothing_of_a_name_is_the_picture_itself(pictures: Path) -> None:
    assert len(read(recipe_of(pictures, group="^(zzz)?")).held_out) == 6  # every fourth of twelve, of either label


def test_labels_are_told(pictures: Path, tmp_path: Path) -> None:
    events = train(recipe_of(pictures, steps=1), tmp_path / "run")
    assert any(isinstance(event, Notice) and "“leaves” 9, “sky” 9" in event.text for event in events)
