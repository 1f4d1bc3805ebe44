"""Export: the file computes what torch computes, keeps the names, and tells the truth in its card."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import onnx
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from engines.errors import ModelError, TargetError
from engines.models.card import ModelCard, read_card
from engines.models.model import open_model
from engines.models.pair import companion_of
from tests.models import card_for
from trainers.export.export import SHAPES, export_generator, export_superres
from trainers.export.footprint import measure_overlap, measure_reach
from trainers.export.onnx_graph import smallest
from trainers.networks.superres import SRCNN, Fast, MSRResNet
from trainers.networks.weights import read_weights


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
        if weight.ndim > 1:
            nn.init.normal_(weight, std=0.05)
        else:
            nn.init.constant_(weight, 0.05)  # the exporter merges what is equal, and leaves out what is zero
    path = tmp_path / "mine.onnx"
    export_superres(network, card(2), path)
    names = {tensor.name for tensor in onnx.load(path).graph.initializer}
    assert set(network.state_dict()) <= names
    back = read_weights(path, Fast(2, 8, 2))
    for name, value in network.state_dict().items():
        torch.testing.assert_close(back[name], value, rtol=0, atol=0)
    assert load_file(companion_of(path)) == {}  # the file has all that training goes on from
    with pytest.raises(ModelError, match="another network"):
        read_weights(path, Fast(2, 4, 2))


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


class CannotBeExported(Fast):
    def forward(self, image: Tensor) -> Tensor:
        return super().forward(image) if image.mean() > 0.5 else self.tail(image)  # only a run can know which


def test_a_network_that_cannot_be_exported_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="The network cannot be exported") as caught:
        export_superres(CannotBeExported(2, 8, 1), card(2), tmp_path / "mine.onnx")
    assert "\n" not in str(caught.value) and list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TargetError, match="cannot be written"):
        export_superres(Fast(2, 8, 1), card(2), tmp_path / "file" / "mine.onnx")


def test_fp16_halves_the_file_and_computes_in_float32(tmp_path: Path) -> None:
    network = Fast(2, 16, 2)
    for weight in network.parameters():
        nn.init.normal_(weight, std=0.05)
    whole, half = tmp_path / "whole.onnx", tmp_path / "half.onnx"
    export_superres(network, card(2), whole)
    parity = export_superres(network, card(2), half, precision="fp16")
    assert max(parity.largest.values()) < 1e-4  # against the rounded weights
    assert (read_card(whole).precision, read_card(half).precision) == ("float32", "fp16")
    assert half.stat().st_size < 0.7 * whole.stat().st_size  # the nodes of so small a network weigh as much
    model = onnx.load(half)
    stored = {t.name: t.data_type for t in model.graph.initializer}
    kept = smallest(network)
    assert {stored[name] for name in kept} == {onnx.TensorProto.FLOAT}
    assert {stored[name] for name in network.state_dict().keys() - kept} == {onnx.TensorProto.FLOAT16}
    image = np.random.default_rng(0).random((1, 3, 20, 20), np.float32)
    with open_model(whole, "cpu") as a, open_model(half, "cpu") as b:
        difference = np.abs(a.run(image) - b.run(image)).max()
    assert 0 < difference < 2e-3
    back = read_weights(half, Fast(2, 16, 2))
    for name, value in network.state_dict().items():
        assert back[name].dtype == torch.float32
        assert torch.equal(back[name], value if name in kept else value.half().float())


def test_in_fp16_the_smallest_weights_stay_whole() -> None:
    network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(8, 64, 3), nn.Conv2d(64, 64, 3), nn.Conv2d(64, 3, 1))
    assert smallest(network) == {"0.weight", "0.bias", "1.bias", "2.bias", "3.weight", "3.bias"}  # 547 of 42,435
    alike = nn.Sequential(*(nn.Conv2d(8, 8, 1, bias=False) for _ in range(3)), nn.Conv2d(8, 500, 1, bias=False))
    assert smallest(alike) == set()  # each of the three would fit, but not all
    assert smallest(nn.Conv2d(3, 8, 3, bias=False)) == set()


def test_the_network_is_not_rounded_by_an_export_in_fp16(tmp_path: Path) -> None:
    network = Fast(2, 8, 1)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    export_superres(network, card(2), tmp_path / "half.onnx", precision="fp16")
    for name, value in network.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)


def test_a_weight_too_large_for_fp16_is_said(tmp_path: Path) -> None:
    network = Fast(2, 8, 1)
    with torch.no_grad():
        network.head.weight[0, 0, 0, 0] = 1e5
    with pytest.raises(ModelError, match="“head.weight” is too large for fp16; export the model as float32"):
        export_superres(network, card(2), tmp_path / "half.onnx", precision="fp16")


class Draws(nn.Module):
    """A generator with batch norm, which an exporter may fold into the weights, and classes if it has any."""

    def __init__(self, latent_size: int = 6, classes: int = 0) -> None:
        super().__init__()
        self.classes = nn.Embedding(classes, latent_size) if classes else None
        self.grow = nn.ConvTranspose2d(latent_size, 8, 4, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.picture = nn.ConvTranspose2d(8, 3, 4, stride=2, padding=1)
        with torch.no_grad():
            self.norm.running_mean.normal_()  # type: ignore[union-attr]
            self.norm.running_var.uniform_(0.5, 2)  # type: ignore[union-attr]

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        if self.classes is not None and label is not None:
            z = z + self.classes(label)
        return torch.tanh(self.picture(torch.relu(self.norm(self.grow(z[:, :, None, None])))) * 3)


def generator_card(labels: tuple[str, ...] = ()) -> ModelCard:
    return ModelCard(task="image-generation", name="Draws", latent_size=6, output_size=8, labels=labels)


@pytest.mark.parametrize("precision", ["float32", "fp16"])
@pytest.mark.parametrize("labels", [(), ("zero", "one", "two")])
def test_a_generator_and_its_discriminator_come_back(
    tmp_path: Path, precision: Literal["float32", "fp16"], labels: tuple[str, ...]
) -> None:
    torch.manual_seed(0)
    network, discriminator = Draws(classes=len(labels)), nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    path = tmp_path / "draws.onnx"
    parity = export_generator(
        network, generator_card(labels), path, precision=precision, further={"discriminator": discriminator}
    )
    assert list(parity.largest) == [(1,), (2,), (5,)] and max(parity.largest.values()) < 1e-4
    z = np.random.RandomState(3).standard_normal((4, 6)).astype(np.float32)
    label = np.array([0, 1, 2, 1], np.int64)
    with open_model(path, "cpu") as model, torch.no_grad():
        output = model.run(z, extra={"label": label} if labels else None)
        expected = network(torch.from_numpy(z), torch.from_numpy(label) if labels else None) * 0.5 + 0.5
    assert output.shape == (4, 3, 8, 8) and output.min() >= 0 and output.max() <= 1
    np.testing.assert_allclose(output, expected.numpy(), atol=1e-5 if precision == "float32" else 1e-2)
    for part, module in (("network", network), ("discriminator", discriminator)):
        back = read_weights(path, module, part)  # type: ignore[call-overload]
        for name, value in module.state_dict().items():
            torch.testing.assert_close(back[name], value, rtol=1e-3, atol=1e-6)


class DrawsInARow(nn.Module):
    """A generator whose batch norm is folded into the convolution before it."""

    def __init__(self, channels: int = 8) -> None:
        super().__init__()
        grow = nn.ConvTranspose2d(6, channels, 4, bias=False)
        self.row = nn.Sequential(
            grow, nn.BatchNorm2d(channels), nn.ReLU(), nn.ConvTranspose2d(channels, 3, 4, stride=2, padding=1)
        )

    def forward(self, z: Tensor) -> Tensor:
        return torch.tanh(self.row(z[:, :, None, None]))


def in_a_row(channels: int = 8) -> DrawsInARow:
    torch.manual_seed(0)
    made = DrawsInARow(channels)
    for _ in range(20):  # in training mode, so that batch norm learns the statistics
        made(torch.randn(16, 6) * 3 + 1)
    return made.eval()


@pytest.mark.parametrize("precision", ["float32", "fp16"])
def test_a_weight_into_which_a_norm_was_folded_is_kept_as_a_factor_for_each_channel(
    tmp_path: Path, precision: Literal["float32", "fp16"]
) -> None:
    network, path = in_a_row(), tmp_path / "draws.onnx"
    export_generator(network, generator_card(), path, precision=precision)
    kept = load_file(companion_of(path))
    assert set(kept) == {
        "factor of row.0.weight",
        *(name for name in network.state_dict() if name.startswith("row.1.")),
    }
    assert kept["factor of row.0.weight"].shape == (1, 8, 1, 1)
    back = read_weights(path, DrawsInARow())
    close = {"rtol": 1e-5, "atol": 1e-7} if precision == "float32" else {"rtol": 1e-3, "atol": 1e-6}
    torch.testing.assert_close(back["row.0.weight"], network.row[0].weight.detach(), **close)


def test_a_weight_that_is_no_multiple_of_the_files_is_kept_whole(tmp_path: Path) -> None:
    network, path = in_a_row(), tmp_path / "draws.onnx"
    with torch.no_grad():
        network.row[1].weight[2] = 0  # what was in this channel cannot be had from the file
    export_generator(network, generator_card(), path)
    kept = load_file(companion_of(path))
    assert "factor of row.0.weight" not in kept and kept["row.0.weight"].dtype == torch.float16
    back = read_weights(path, DrawsInARow())
    torch.testing.assert_close(back["row.0.weight"], network.row[0].weight.detach(), rtol=1e-3, atol=1e-6)


def test_a_companion_of_an_earlier_version_that_holds_all_is_read(tmp_path: Path) -> None:
    network, path = in_a_row(), tmp_path / "draws.onnx"
    export_generator(network, generator_card(), path)
    halves = {name: v.half() if v.is_floating_point() else v for name, v in network.state_dict().items()}
    save_file({name: value.contiguous() for name, value in halves.items()}, companion_of(path))
    back = read_weights(path, DrawsInARow())
    for name, value in network.state_dict().items():
        torch.testing.assert_close(back[name], value, rtol=1e-3, atol=1e-6)


def test_the_companion_of_another_model_is_said(tmp_path: Path) -> None:
    paths = [tmp_path / "draws.onnx", tmp_path / "more.onnx"]
    for path, channels in zip(paths, (8, 12), strict=True):
        export_generator(in_a_row(channels), generator_card(), path)
    companion_of(paths[1]).replace(companion_of(paths[0]))
    with pytest.raises(
        ModelError, match="“draws.training.safetensors” is the companion of another model; copy or export"
    ):
        read_weights(paths[0], DrawsInARow())


def test_a_part_that_is_not_there_is_none(tmp_path: Path) -> None:
    path = tmp_path / "draws.onnx"
    export_generator(Draws(), generator_card(), path)
    assert read_weights(path, nn.Conv2d(3, 4, 3), "discriminator") is None
    companion_of(path).unlink()
    assert read_weights(path, nn.Conv2d(3, 4, 3), "discriminator") is None


def test_a_generator_of_another_size_than_its_card_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="gives"):
        export_generator(Draws(), replace(generator_card(), output_size=16), tmp_path / "draws.onnx")
    assert list(tmp_path.iterdir()) == []


class LeansOnTheTop(nn.Module):
    """Works at half the size; darkens by how near the padding above is, up to 12 pixels away, and by nothing at the sides."""

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        small = torch.nn.functional.avg_pool2d(image, 2)
        inside = torch.nn.functional.pad(torch.ones_like(small), (0, 0, 6, 0))
        near_top = torch.nn.functional.avg_pool2d(inside, (7, 1), 1)
        return torch.nn.functional.interpolate(small * near_top, scale_factor=2, mode="nearest")


def test_overlap_is_measured_on_every_side() -> None:
    assert measure_overlap(LeansOnTheTop(), 1, reach=20, multiple=2) == 12
