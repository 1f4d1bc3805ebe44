"""Export: the file computes what torch computes, keeps the names, and tells the truth in its card."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from engines.card import ModelCard, read_card
from engines.errors import ModelError, TargetError
from engines.model import open_model
from tests.models import card_for
from trainers.export import SHAPES, companion_of, export_superres, measure_overlap, measure_reach, read_weights
from trainers.networks.superres import SRCNN, Fast, MSRResNet


def card(scale: int) -> ModelCard:
    return card_for(scale, name="Mine", metrics={"PSNR": 30.0}, recipe='{"a":1}', licence="CC0-1.0")


@pytest.mark.parametrize(
    "network", [Fast(2, 8, 2), Fast(4, 8, 1), Fast(3, 8, 1), SRCNN(2, (8, 4)), MSRResNet(3, 8, 1), MSRResNet(4, 8, 1)]
)
def test_the_file_computes_what_torch_computes(network: nn.Module, tmp_path: Path) -> None:
    path = tmp_path / "mine.onnx"
    parity = export_superres(network, card(int(network.scale)), path)  # type: ignore[arg-type]
    assert list(parity.largest) == list(SHAPES)
    assert max(parity.largest.values()) < 1e-4
    with open_model(path, "cpu") as model:
        output = model.run(np.random.default_rng(0).random((2, 3, 7, 9), np.float32))
    assert output.shape == (2, 3, 7 * int(network.scale), 9 * int(network.scale))  # type: ignore[arg-type]
    assert output.min() >= 0 and output.max() <= 1


def test_the_weights_keep_their_names_and_come_back(tmp_path: Path) -> None:
    network = Fast(2, 8, 2)
    for weight in network.parameters():
        nn.init.normal_(weight, std=0.05)  # the exporter keeps equal tensors, such as biases of zeros, only once
    path = tmp_path / "mine.onnx"
    export_superres(network, card(2), path)
    names = {tensor.name for tensor in onnx.load(path).graph.initializer}
    assert set(network.state_dict()) <= names
    back = read_weights(path, Fast(2, 8, 2))
    for name, value in network.state_dict().items():
        torch.testing.assert_close(back[name], value, rtol=0, atol=0)
    halves = load_file(companion_of(path))
    assert {value.dtype for value in halves.values()} == {torch.float16}
    with pytest.raises(ModelError, match="another network"):
        read_weights(path, Fast(2, 16, 2))


def test_the_file_says_nothing_of_the_machine_it_was_made_on(tmp_path: Path) -> None:
    path = tmp_path / "mine.onnx"
    export_superres(Fast(2, 8, 1), card(2), path)
    content = path.read_bytes()
    assert b".py" not in content and str(Path.cwd()).encode() not in content


def test_the_card_is_kept_and_the_overlap_measured(tmp_path: Path) -> None:
    path = tmp_path / "mine.onnx"
    export_superres(Fast(2, 8, 2), card(2), path)
    read = read_card(path)
    assert (read.name, read.scale, read.metrics, read.licence) == ("Mine", 2, {"PSNR": 30.0}, "CC0-1.0")
    assert 1 <= read.overlap <= 6  # six 3×3 convolutions in sequence reach six pixels


def test_the_memory_is_that_of_the_activations_alive(tmp_path: Path) -> None:
    """In a block three tensors of 8 channels are alive at once (its input, and both sides of a convolution), and the image."""
    path = tmp_path / "mine.onnx"
    export_superres(Fast(2, 8, 2), card(2), path)
    assert 3 * 8 * 4 <= read_card(path).memory <= 4 * 8 * 4 + 3 * 4 * 8


class SeesEverything(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        return self.weight * (x - x.mean(dim=(2, 3), keepdim=True)).repeat_interleave(2, 2).repeat_interleave(2, 3)


class SeesNothing(SeesEverything):
    def forward(self, x: Tensor) -> Tensor:
        return torch.zeros(x.shape[0], 3, x.shape[2] * 2, x.shape[3] * 2)


@pytest.mark.parametrize(("network", "reach"), [(Fast(2, 8, 1), 4), (Fast(4, 8, 3), 8), (SRCNN(2, (4, 4)), 5)])
def test_the_reach_is_that_of_the_convolutions(network: nn.Module, reach: int) -> None:
    assert measure_reach(network, int(network.scale)) == reach  # type: ignore[arg-type]


class Blurs(nn.Module):
    """Enlarges twice and adds what lies `far` pixels to the left, times `share`."""

    def __init__(self, far: int, share: float) -> None:
        super().__init__()
        self.far = far
        self.share = nn.Parameter(torch.tensor(share))

    def forward(self, x: Tensor) -> Tensor:
        moved = nn.functional.pad(x, (self.far, 0, 0, 0))[..., : x.shape[3]]
        return (0.5 * x + self.share * moved).repeat_interleave(2, 2).repeat_interleave(2, 3)


@pytest.mark.parametrize(("share", "overlap"), [(0.5, 9), (0.01, 9), (0.001, 1)])
def test_the_overlap_is_as_far_as_it_shows(share: float, overlap: int) -> None:
    """A hundredth of the range is 2.5 levels and shows; a thousandth is a quarter of a level and does not."""
    assert measure_reach(Blurs(9, share), 2) == 9
    assert measure_overlap(Blurs(9, share), 2) == overlap


def test_global_statistics_have_an_infinite_reach() -> None:
    assert measure_reach(SeesEverything(), 2) == measure_overlap(SeesEverything(), 2) == math.inf
    with pytest.raises(ModelError, match="does not depend on its input"):
        measure_overlap(SeesNothing(), 2)


class Folds(nn.Module):
    """A convolution trained as a sum of two branches, and folded into one."""

    def __init__(self) -> None:
        super().__init__()
        self.wide = nn.Conv2d(3, 12, 3, padding=1)
        self.point = nn.Conv2d(3, 12, 1)
        self.scale = 2

    def forward(self, x: Tensor) -> Tensor:
        return torch.pixel_shuffle(self.wide(x) + self.point(x), 2)

    def folded(self) -> nn.Module:
        one = nn.Conv2d(3, 12, 3, padding=1)
        weight = self.wide.weight + nn.functional.pad(self.point.weight, (1, 1, 1, 1))
        one.load_state_dict({"weight": weight, "bias": self.wide.bias + self.point.bias})  # type: ignore[operator]
        return nn.Sequential(one, nn.PixelShuffle(2))


def test_a_network_that_folds_ships_folded_and_trains_on_unfolded(tmp_path: Path) -> None:
    network = Folds()
    path = tmp_path / "folds.onnx"
    export_superres(network, card(2), path)
    assert [node.op_type for node in onnx.load(path).graph.node].count("Conv") == 1
    assert set(load_file(companion_of(path))) == set(network.state_dict())
    image = torch.rand(1, 3, 8, 8)
    with torch.no_grad(), open_model(path, "cpu") as model:
        expected = network(image).clamp(0, 1).numpy()
        np.testing.assert_allclose(model.run(image.numpy()), expected, atol=1e-5)
    again = Folds()
    again.load_state_dict(read_weights(path, again))
    torch.testing.assert_close(again.wide.weight, network.wide.weight, rtol=1e-2, atol=1e-3)


class Misleads(nn.Module):
    """Computes something else while it is exported than when it runs."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 12, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.pixel_shuffle(self.conv(x), 2)
        return y if torch.compiler.is_exporting() else y + 0.5


def test_a_file_that_computes_something_else_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "mine.onnx"
    path.write_bytes(b"the old model")
    with pytest.raises(ModelError, match="differs from the trained network"):
        export_superres(Misleads(), card(2), path)
    assert path.read_bytes() == b"the old model"
    assert [entry.name for entry in tmp_path.iterdir()] == ["mine.onnx"]


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TargetError, match="cannot be written"):
        export_superres(Fast(2, 8, 1), card(2), tmp_path / "file" / "mine.onnx")
