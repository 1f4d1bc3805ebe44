from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor, nn

from engines.errors import ModelError, RecipeError
from engines.models.card import ModelCard
from engines.models.model import open_model
from engines.models.pair import companion_of
from tests.generators import LATENT, SIZE, recipe_values, save_generator, small_generator
from tests.search import examples
from trainers import project as project_program
from trainers.export.export import export_generator
from trainers.latent.projection import BEST_PSNR, Projection, project
from trainers.networks.codes import expand, width_of
from trainers.networks.dcgan import DCGANGenerator
from trainers.networks.stored_generator import open_generator
from trainers.project import TEXT

LABELS = ("apple", "cherry", "tomato")


@pytest.fixture(scope="module")
def generator() -> DCGANGenerator:
    return small_generator(LABELS)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, generator: DCGANGenerator) -> Path:
    return save_generator(tmp_path_factory.mktemp("models") / "tiny.onnx", generator, LABELS)


def latent(seed: int) -> Tensor:
    return torch.from_numpy(np.random.RandomState(seed).standard_normal((1, LATENT)).astype(np.float32))


def result_of(searching: Any) -> tuple[Projection, list[Any]]:
    said = []
    while True:
        try:
            said.append(next(searching))
        except StopIteration as end:
            return end.value, said


@pytest.mark.parametrize("label", [0, 2])
def test_a_generated_picture_is_found_again_with_its_label(generator: DCGANGenerator, label: int) -> None:
    target = generator(latent(7 + label), torch.tensor([label]))[0]
    found, said = result_of(project(generator, target, LATENT, labels=3, seed=1))
    assert found.label == label
    assert found.psnr > 45
    assert found.distance < 1.5
    again = generator(torch.from_numpy(found.z)[None], torch.tensor([found.label]))[0]
    levels = ((again * 0.5 + 0.5) * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
    assert np.abs(levels.astype(int) - found.picture.astype(int)).max() <= 1
    shares = [working.done / working.total for working in said]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_a_label_that_is_given_is_kept_to(generator: DCGANGenerator) -> None:
    target = generator(latent(3), torch.tensor([0]))[0]
    found, _ = result_of(project(generator, target, LATENT, label=1, labels=3, starts=4, steps=10, refinements=2))
    assert found.label == 1
    free, _ = result_of(project(generator, target, LATENT, labels=3, starts=4, steps=10, refinements=2))
    assert free.psnr > found.psnr


def test_it_is_a_function_of_its_seed_and_leaves_the_network_as_it_was(generator: DCGANGenerator) -> None:
    target = torch.rand(3, SIZE, SIZE, generator=torch.Generator().manual_seed(2)) * 2 - 1
    before = {name: value.clone() for name, value in generator.state_dict().items()}
    generator.train().requires_grad_(True)
    try:
        asked = {"labels": 3, "starts": 3, "steps": 4, "refinements": 1}
        one, _ = result_of(project(generator, target, LATENT, seed=4, **asked))
        two, _ = result_of(project(generator, target, LATENT, seed=4, **asked))
        assert generator.training
        assert all(weight.requires_grad for weight in generator.parameters())
    finally:
        generator.eval().requires_grad_(False)
    assert np.array_equal(one.z, two.z)
    assert all(torch.equal(value, before[name]) for name, value in generator.state_dict().items())


@examples(5)
@given(st.integers(0, 2**31), st.floats(-1, 1), st.floats(0, 0.5))
def test_any_picture_gives_a_latent_of_reasonable_length(seed: int, mean: float, noise: float) -> None:
    network = nn.Sequential(nn.Linear(LATENT, 3 * 8 * 8), nn.Tanh(), nn.Unflatten(1, (3, 8, 8)))
    drawn = torch.Generator().manual_seed(seed)
    target = (mean + noise * torch.randn(3, 8, 8, generator=drawn)).clamp(-1, 1)
    found, _ = result_of(project(network, target, LATENT, starts=3, steps=5, refinements=3, seed=seed))
    assert found.label is None
    assert found.codes is None
    assert np.isfinite(found.z).all()
    assert np.linalg.norm(found.z) < 4 * np.sqrt(LATENT)
    assert found.picture.shape == (8, 8, 3)
    assert 0 <= found.psnr <= BEST_PSNR


class Coded(nn.Module):
    """A generator with a categorical code of three values and a continuous one."""

    KINDS = (3, 0)

    def __init__(self) -> None:
        super().__init__()
        drawn = torch.Generator().manual_seed(3)
        width = LATENT + width_of(self.KINDS)
        self.weight = nn.Parameter(torch.randn(width, 3 * 8 * 8, generator=drawn) / width**0.5)

    def forward(self, z: Tensor, codes: Tensor) -> Tensor:
        return torch.tanh(torch.cat([z, expand(codes, self.KINDS)], dim=1) @ self.weight).unflatten(1, (3, 8, 8))


def test_codes_are_found_too_and_keep_to_their_range() -> None:
    network = Coded()
    target = network(latent(1), torch.tensor([[2.0, 0.75]])).detach()[0]
    found, _ = result_of(project(network, target, LATENT, codes=Coded.KINDS))
    assert found.codes is not None
    assert found.codes[0] == 2
    assert found.codes[1] == pytest.approx(0.75, abs=0.05)
    white, _ = result_of(project(network, torch.ones(3, 8, 8), LATENT, codes=Coded.KINDS, steps=10, refinements=2))
    assert white.codes is not None
    assert white.codes[0] in (0, 1, 2)
    assert abs(white.codes[1]) <= 1


class Wrong(nn.Module):
    def __init__(self, value: float, side: int) -> None:
        super().__init__()
        self.picture = nn.Parameter(torch.full((3, side, side), value))

    def forward(self, z: Tensor) -> Tensor:
        return self.picture + 0 * z[:, :1, None, None]


def test_a_network_that_gives_no_numbers_or_another_shape_is_refused_in_one_sentence() -> None:
    target = torch.zeros(3, 8, 8)
    with pytest.raises(ModelError, match="not numbers; export it again"):
        result_of(project(Wrong(float("nan"), 8), target, LATENT))
    with pytest.raises(ModelError, match="pictures of 8 pixels were promised"):
        result_of(project(Wrong(0.0, 16), target, LATENT))


def test_a_network_that_always_gives_one_picture_ends_the_search_without_harm() -> None:
    found, _ = result_of(project(Wrong(-1.0, 8), torch.zeros(3, 8, 8), LATENT, starts=2, steps=2))
    assert found.psnr == pytest.approx(6.02, abs=0.01)
    assert not found.picture.any()
    assert found.distance == pytest.approx(127.5)


def test_the_network_of_a_model_file_computes_what_the_file_does(model: Path, generator: DCGANGenerator) -> None:
    network, recipe, card = open_generator(model)
    assert (recipe.latent_size, card.labels) == (LATENT, LABELS)
    label = torch.tensor([1])
    assert torch.equal(network(latent(5), label), generator(latent(5), label))
    with open_model(model, device="cpu") as opened:
        output = opened.run(latent(5).numpy(), extra={"label": label.numpy()})
    assert np.abs(output - (network(latent(5), label).numpy() * 0.5 + 0.5)).max() < 1e-4


def test_an_exported_file_serves_with_its_companion_and_without(tmp_path: Path) -> None:
    """The exporter folds batch norm into the convolutions; the companion holds the weights as they were."""
    made, path = small_generator(), tmp_path / "exported.onnx"
    recipe = json.dumps(recipe_values())
    card = ModelCard("image-generation", "Exported", latent_size=LATENT, output_size=SIZE, recipe=recipe)
    export_generator(made, card, path, precision="fp16")
    expected = made(latent(5))  # by now with the weights that fp16 holds
    assert (open_generator(path)[0](latent(5)) - expected).abs().max() < 0.05
    companion_of(path).unlink()
    assert (open_generator(path)[0](latent(5)) - expected).abs().max() < 0.05


@pytest.mark.parametrize(
    ("recipe", "error", "sentence"),
    [
        ("", RecipeError, "carries no recipe"),
        ("{", RecipeError, "carries no recipe"),
        (recipe_values(LABELS, network={"kind": "os:system", "options": {}}), RecipeError, "that is not Duskroom's"),
        (
            recipe_values(LABELS, network={"kind": "trainers.runs.run_folder:mailbox_end", "options": {}}),
            RecipeError,
            "not Duskroom's",
        ),
        (recipe_values(LABELS, network={"kind": "dcgan", "options": {"base_channels": 32}}), ModelError, "another network"),
        (recipe_values(LABELS, size=64), ModelError, "export the model again"),
        (recipe_values(LABELS, steps=-1), RecipeError, "steps"),
        ({"task": "super-resolution", "name": "x", "stages": []}, RecipeError, "recipe"),
    ],
)  # fmt: skip
def test_a_card_whose_recipe_is_missing_wrong_or_names_an_import_is_refused(
    tmp_path: Path, generator: DCGANGenerator, recipe: Any, error: type[Exception], sentence: str
) -> None:
    text = recipe if isinstance(recipe, str) else json.dumps(recipe)
    path = save_generator(tmp_path / "wrong.onnx", generator, LABELS, recipe=text)
    with pytest.raises(error, match=sentence) as caught:
        open_generator(path)
    assert "\n" not in str(caught.value)


def test_an_import_named_by_a_recipe_is_never_imported(
    tmp_path: Path, generator: DCGANGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "evil.py").write_text("import pathlib\npathlib.Path(__file__).with_name('ran').touch()\n")
    monkeypatch.syspath_prepend(tmp_path)
    recipe = recipe_values(LABELS, network={"kind": "evil:Network", "options": {}})
    path = save_generator(tmp_path / "wrong.onnx", generator, LABELS, recipe=json.dumps(recipe))
    with pytest.raises(RecipeError):
        open_generator(path)
    assert not (tmp_path / "ran").exists()


def test_the_program_writes_the_picture_with_what_was_found_in_it(
    tmp_path: Path, model: Path, generator: DCGANGenerator, capfd: pytest.CaptureFixture[str]
) -> None:
    shown = generator(latent(9), torch.tensor([2]))[0]
    pixels = ((shown * 0.5 + 0.5) * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    threads = torch.get_num_threads()
    files = [str(model), str(tmp_path / "photo.png"), str(tmp_path / "found.png")]
    assert project_program.main([*files, "--label", "2"]) == 0
    torch.set_num_threads(threads)
    assert {json.loads(line)["kind"] for line in capfd.readouterr().out.splitlines()} == {"Working"}
    with Image.open(tmp_path / "found.png") as image:
        values = json.loads(image.text[TEXT])  # type: ignore[attr-defined]
        found = np.asarray(image)
    assert (values["label"], values["model"], values["seed"], values["codes"]) == ("tomato", "Tiny generator", 0, None)
    assert values["psnr"] > 40
    assert len(values["model_sha256"]) == 64
    again = generator(torch.tensor(values["z"])[None], torch.tensor([2]))[0]
    levels = ((again * 0.5 + 0.5) * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
    assert np.abs(levels.astype(int) - found.astype(int)).max() <= 1


def test_the_program_says_in_one_sentence_what_is_wrong(
    tmp_path: Path, model: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "photo.jpg").write_text("this is no picture")
    Image.new("RGB", (5, 5)).save(tmp_path / "small.png")
    (tmp_path / "cut.onnx").write_bytes(model.read_bytes()[:-2000])
    cases = [
        ([str(model), str(tmp_path / "photo.jpg")], "“photo.jpg” cannot be read"),
        ([str(model), str(tmp_path / "there is none.png")], "“there is none.png” cannot be read"),
        ([str(tmp_path / "cut.onnx"), str(tmp_path / "small.png")], "“cut.onnx”"),
        ([str(tmp_path / "none.onnx"), str(tmp_path / "small.png")], "none.onnx"),
        ([str(model), str(tmp_path / "small.png"), "--label", "3"], "has 3 labels, and none of number 3"),
    ]
    for (file, photo, *options), sentence in cases:
        before = torch.get_num_threads()
        assert project_program.main([file, photo, str(tmp_path / "out.png"), *options]) == 1
        torch.set_num_threads(before)
        last = json.loads(capfd.readouterr().out.splitlines()[-1])
        assert last["kind"] == "Failed"
        assert sentence in last["text"]
        assert "\n" not in last["text"]
        assert not (tmp_path / "out.png").exists()
