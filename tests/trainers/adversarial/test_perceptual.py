"""The perceptual distance: on the features that a recipe asks for, by layer and weight, and said where there are none."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torchvision.models import vgg16

from engines.errors import ModelError, RecipeError
from trainers.adversarial.perceptual import MatchedFeatures, Perceptual, find_perceptual
from trainers.losses.auxiliary import Outputs
from trainers.networks.features import load_features
from trainers.recipes.features import FeaturesOf

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file as torchvision publishes it, with first weights instead of learned ones."""
    torch.manual_seed(0)
    features = vgg16(weights=None).features.state_dict()
    path = tmp_path_factory.mktemp("features") / "vgg16.safetensors"
    save_file({f"features.{name}": value for name, value in features.items()}, path)
    return path


@pytest.fixture(scope="module")
def photo() -> torch.Tensor:
    from PIL import Image

    from tests.conftest import SAMPLES

    with Image.open(SAMPLES / "seeding.jpg") as image:
        pixels = np.array(image.convert("RGB").crop((400, 230, 496, 302)))
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 127.5 - 1


@pytest.mark.parametrize("kind", ["vgg16", "efficientnet-lite0"])
def test_shapes_count_and_light_does_not(kind: str, weights: Path, photo: torch.Tensor) -> None:
    wanted: Any = weights if kind == "vgg16" else {"kind": kind}
    perceptual, words = find_perceptual(FeaturesOf.model_validate(wanted), CPU)
    assert perceptual is not None and words == ""
    itself, dimmed, other = (float(perceptual(x, photo)) for x in (photo, photo * 0.5 - 0.4, photo.flip(3)))
    assert itself == 0 and dimmed < 0.7 * other


def test_layers_count_by_their_weights(photo: torch.Tensor) -> None:
    features = load_features("efficientnet-lite0", None, CPU)
    other = photo.flip(2)
    first, second = (float(Perceptual(features, [layer])(photo, other)) for layer in (1, 2))
    both = Perceptual(features, [1, 2], [3.0, 1.0])
    assert float(both(photo, other)) == pytest.approx(0.75 * first + 0.25 * second, rel=1e-5)
    even = Perceptual(features, [1, 2])
    assert float(even(photo, other)) == pytest.approx((first + second) / 2, rel=1e-5)
    plain = Perceptual(features, [2], standardised=False)
    found, theirs = features(photo)[1], features(other)[1]
    assert float(plain(photo, other)) == pytest.approx(float((found - theirs).square().mean()), rel=1e-5)


def test_gradients_go_into_the_pictures_alone(photo: torch.Tensor) -> None:
    perceptual = Perceptual(load_features("efficientnet-lite0", None, CPU), [1, 2, 3])
    ours, theirs = photo.flip(3).clone().requires_grad_(), photo.clone().requires_grad_()
    perceptual(ours, theirs).backward()
    assert ours.grad is not None and bool(ours.grad.any()) and theirs.grad is None


def test_without_a_file_the_term_is_left_out_and_said(tmp_path: Path) -> None:
    assert find_perceptual(None, CPU) == (None, "")
    perceptual, words = find_perceptual(FeaturesOf.model_validate(tmp_path / "vgg16.pth"), CPU)
    assert perceptual is None and "There are no features at" in words and "left out" in words


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"a": torch.zeros(2)}, path)
    with pytest.raises(ModelError, match="does not hold the weights of VGG-16; take torchvision's file"):
        find_perceptual(FeaturesOf.model_validate(path), CPU)


def test_features_are_standardised_unless_the_recipe_says_otherwise(photo: torch.Tensor) -> None:
    for asked, wanted in ((None, True), (True, True), (False, False)):
        perceptual, _ = find_perceptual(FeaturesOf(layers=[1], standardised=asked), CPU)
        assert perceptual is not None
        plain = Perceptual(load_features("efficientnet-lite0", None, CPU), [1], standardised=wanted)
        assert float(perceptual(photo * 0.5, photo)) == float(plain(photo * 0.5, photo))


def test_drawn_pictures_are_held_against_the_statistics_of_real_ones(photo: torch.Tensor) -> None:
    torch.manual_seed(0)
    windows = photo.unfold(2, 40, 8).unfold(3, 40, 8).flatten(2, 3)[0].permute(1, 0, 2, 3)
    loss = MatchedFeatures(layers=[1, 2], weights=[1.0, 3.0])
    real, alike = windows[::2], windows[1::2]
    noise = torch.rand_like(real) * 2 - 1
    near, far = float(loss(Outputs(real, alike[: len(real)]))), float(loss(Outputs(real, noise)))
    assert float(loss(Outputs(real, real))) == 0 and near < 0.2 * far
    fake = noise.clone().requires_grad_()
    loss(Outputs(real * 0, noise * 0, original=real, drawn=fake)).backward()  # as they were before they were changed
    assert fake.grad is not None and bool(fake.grad.any())
    with pytest.raises(RecipeError, match="this step has none"):
        loss(Outputs(None, noise))


def test_statistics_are_means_and_deviations_in_units_of_the_real_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    class Same(torch.nn.Module):
        smallest = 1

        def forward(self, pictures: torch.Tensor) -> list[torch.Tensor]:
            return [pictures]

    monkeypatch.setattr("trainers.adversarial.perceptual.load_features", lambda *_, **__: Same())
    real = torch.tensor([-1.0, 1.0, -1.0, 1.0]).view(1, 1, 2, 2)
    deviation = float(real.std(correction=0))
    fake = 3 * real + 2
    assert float(MatchedFeatures(layers=[1])(Outputs(real, fake))) == pytest.approx((2 / deviation) ** 2 + 2**2)


def test_a_single_picture_has_statistics_too() -> None:
    one, other = torch.zeros(1, 3, 32, 32), torch.ones(1, 3, 32, 32)
    assert math.isfinite(float(MatchedFeatures(layers=[4])(Outputs(one, other))))  # one value a channel


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"layers": [5]}, "layers: 0: input should be less than or equal to 4"),
        ({"kind": "vgg16"}, "come from a file"),
        ({"depth": 2}, "depth: there is no such option"),
    ],
)
def test_wrong_options_of_a_generator_s_perceptual_loss_are_said(options: dict[str, Any], words: str) -> None:
    with pytest.raises(RecipeError, match=f"(?i)“perceptual” are wrong: .*{words}"):
        MatchedFeatures(**options)
