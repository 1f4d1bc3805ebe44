"""int8: what is quantised, what is left in float, what it costs, and when it is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import helper, numpy_helper
from PIL import Image
from torch import nn

from engines.errors import ModelError
from engines.models.card import read_card
from engines.models.model import open_model
from tests.models import card_for, save_model, tiny_superres
from trainers.data.degrade import bicubic
from trainers.data.photos import Pixels
from trainers.export import quantise as module
from trainers.export.export import export_superres
from trainers.export.onnx_graph import widen
from trainers.export.quantise import calibrate, calibration_crops, nodes_inside, quantise, write_int8
from trainers.metrics.pairs import luma, psnr
from trainers.networks.superres import Fast, MSRResNet
from trainers.networks.weights import load_onnx, read_weights


def photo(seed: int, side: int = 96) -> Pixels:
    """Soft shapes with noise: a picture that a network can be calibrated on."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 256, (side // 8, side // 8, 3), np.uint8))
    soft = np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC)).astype(np.int16)
    return (soft + random.integers(-12, 13, soft.shape)).clip(0, 255).astype(np.uint8)


PHOTOS = [photo(seed) for seed in range(3)]
VALIDATION = {"soft": [photo(9, 64)]}


def trained(scale: int = 2) -> Fast:
    """A small network whose correction is not far from nothing, as a trained one's, but is there."""
    torch.manual_seed(scale)
    network = Fast(scale, 8, 2)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn(parameter.shape) * 0.03)
    return network


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer crops and a smaller picture to time: the work is the same."""
    monkeypatch.setattr(module, "CROPS", 4)
    monkeypatch.setattr(module, "SIDE", 32)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    card = card_for(2, recipe='{"a":1}', licence="CC0-1.0", metrics={"PSNR old": 1.0})
    export_superres(trained(), card, folder / "tiny.onnx")
    return folder


@pytest.fixture
def source(exported: Path, tmp_path: Path) -> Path:
    """A model file and its companion in a folder of their own."""
    return Path(shutil.copytree(exported, tmp_path / "models")) / "tiny.onnx"


def test_it_lies_beside_its_float_model_and_tells_what_it_costs(source: Path) -> None:
    quantised = quantise(source, PHOTOS, VALIDATION)
    assert quantised.path == source.with_name("tiny.int8.onnx")
    assert sorted(p.name for p in source.parent.iterdir()) == [
        "tiny.int8.onnx",
        "tiny.onnx",
        "tiny.training.safetensors",
    ]
    card, before = read_card(quantised.path), read_card(source)
    assert (card.precision, card.float_model, card.name) == ("int8", "tiny.onnx", "Tiny ×2 int8")
    assert (card.task, card.scale, card.licence, card.recipe) == ("super-resolution", 2, "CC0-1.0", '{"a":1}')
    assert set(card.metrics) == {"PSNR soft", "SSIM soft", "PSNR loss soft", "speed ratio"}
    assert card.metrics["PSNR loss soft"] == quantised.lost["soft"] < 0.2
    assert card.metrics["speed ratio"] == round(quantised.speed, 2) > 0
    assert before.memory / 4 <= card.memory <= 1.5 * before.memory  # the last convolution, in float, asks for the most
    assert 1 <= card.overlap <= 8  # six 3×3 convolutions, and two pixels for the enlargement
    image = np.random.default_rng(0).random((2, 3, 17, 23), np.float32)
    with open_model(quantised.path, "cpu", int8=True) as int8, open_model(source, "cpu") as whole:
        output, expected = int8.run(image), whole.run(image)
    assert output.shape == expected.shape == (2, 3, 34, 46)
    assert output.min() >= 0 and output.max() <= 1
    assert 0 < np.abs(output - expected).max() < 0.1


def test_it_is_measured_on_what_is_written(source: Path) -> None:
    """The loss in the card is what two opened files differ by, not what was hoped for."""
    quantised = quantise(source, PHOTOS, VALIDATION)
    with open_model(quantised.path, "cpu", int8=True) as int8, open_model(source, "cpu") as whole:
        before, after = (module.quality(model, VALIDATION["soft"])["PSNR"] for model in (whole, int8))
    assert quantised.lost["soft"] == pytest.approx(before - after, abs=1e-4)


def convolutions(model: onnx.ModelProto) -> list[tuple[bool, bool]]:
    """For each convolution whether its input and whether its weight come out of int8."""
    dequantised = {name for node in model.graph.node if node.op_type == "DequantizeLinear" for name in node.output}
    convs = [node for node in model.graph.node if node.op_type == "Conv"]
    return [(node.input[0] in dequantised, node.input[1] in dequantised) for node in convs]


@pytest.mark.parametrize(("first", "last"), [(False, False), (True, False), (True, True)])
def test_the_ends_stay_in_float(source: Path, first: bool, last: bool) -> None:
    model = load_onnx(source)
    int8 = write_int8(model, calibrate(model, calibration_crops(PHOTOS, 2)), first=first, last=last)
    inputs_and_weights = convolutions(int8)
    assert len(inputs_and_weights) == 6
    assert inputs_and_weights[0] == (first, first)
    assert inputs_and_weights[1:-1] == [(True, True)] * 4
    assert inputs_and_weights[-1] == (last, False)  # its input is rounded or not, its weights never are
    initializers = {t.name: numpy_helper.to_array(t) for t in int8.graph.initializer}
    weight = initializers["body.0.conv1.weight_quantized"]
    assert weight.dtype == np.int8 and initializers["body.0.conv1.weight_scale"].shape == (8,)
    zero_points = {value.dtype for name, value in initializers.items() if name.endswith("_zero_point")}
    assert np.dtype(np.uint8) in zero_points
    if first:  # a picture of 8 bits goes in exactly
        assert initializers["image_scale"] == np.float32(1 / 255) and initializers["image_zero_point"] == 0


def test_what_lies_between_is_found_about_skips_and_shuffles(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    torch.manual_seed(0)
    export_superres(MSRResNet(4, 8, 1), card_for(4), path)
    model = load_onnx(path)
    inside = nodes_inside(model, first=False, last=True)
    kinds = [(node.op_type, node.name in inside) for node in model.graph.node]
    convs = [within for kind, within in kinds if kind == "Conv"]
    assert convs == [False, *[True] * (len(convs) - 2), False]
    assert all(within for kind, within in kinds if kind == "DepthToSpace")
    assert not any(within for kind, within in kinds if kind in ("Resize", "Clip"))


def test_it_starts_from_fp16_as_well(tmp_path: Path, source: Path) -> None:
    half = tmp_path / "half" / "tiny.onnx"
    export_superres(trained(), card_for(2), half, precision="fp16")
    assert {t.data_type for t in widen(load_onnx(half)).graph.initializer} & {onnx.TensorProto.FLOAT16} == set()
    assert read_card(quantise(half, PHOTOS, VALIDATION).path).precision == "int8"


class Coarse(nn.Module):
    """Small differences on top of large values that a last convolution takes away again: eight bits cannot hold both."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = 2
        self.head = nn.Conv2d(3, 8, 3, padding=1)
        self.body = nn.Conv2d(8, 8, 1)
        self.tail = nn.Conv2d(8, 12, 3, padding=1)
        with torch.no_grad():
            for conv in (self.head, self.body, self.tail):
                conv.weight.zero_()
                conv.bias.zero_()  # type: ignore[union-attr]
            for channel in range(3):
                self.head.weight[channel, channel, 1, 1] = 1
                self.head.weight[3 + channel, channel, 1, 1] = 60
                self.body.weight[channel, channel] = 1
                self.body.weight[3 + channel, 3 + channel] = 1
                for place in range(4):
                    self.tail.weight[4 * channel + place, channel, 1, 1] = 1

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return torch.pixel_shuffle(self.tail(torch.relu(self.body(self.head(image)))), 2)


def test_what_loses_much_is_refused_unless_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "coarse.onnx"
    export_superres(Coarse(), card_for(2), path)
    with pytest.raises(ModelError, match=r"In int8 “coarse” loses \d+\.\d\d dB on “soft”, more than 0.2"):
        quantise(path, PHOTOS, VALIDATION)
    assert not (tmp_path / "coarse.int8.onnx").exists()
    quantised = quantise(path, PHOTOS, VALIDATION, anyway=True)
    assert quantised.lost["soft"] > 0.2 and read_card(quantised.path).metrics["PSNR loss soft"] > 0.2


def test_what_cannot_be_put_in_int8_is_said(tmp_path: Path, source: Path) -> None:
    with pytest.raises(ModelError, match="no photographs to calibrate"):
        quantise(source, [], VALIDATION)
    with pytest.raises(ModelError, match="no pictures to measure"):
        quantise(source, PHOTOS, {"soft": []})
    with pytest.raises(ModelError, match="nothing between its first and last convolution"):
        quantise(tiny_superres(tmp_path / "two.onnx"), PHOTOS, VALIDATION)
    quantised = quantise(source, PHOTOS, VALIDATION)
    with pytest.raises(ModelError, match="is in int8 already; name the float model"):
        quantise(quantised.path, PHOTOS, VALIDATION)
    with pytest.raises(ModelError, match="in int8, which cannot be trained on; start from “tiny.onnx”"):
        read_weights(quantised.path, trained())


def test_calibration_holds_one_crop_at_a_time() -> None:
    crops = calibration_crops(PHOTOS, 2)
    assert len(crops) == 4 and {crop.shape for crop in crops} == {(1, 3, 48, 48)}
    again = calibration_crops(PHOTOS, 2)
    assert all(np.array_equal(a, b) for a, b in zip(crops, again, strict=True))
    assert min(crop.min() for crop in crops) >= 0 and max(crop.max() for crop in crops) <= 1


def test_the_command_says_what_became_of_it(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, pictures in (("photos", PHOTOS), ("soft", VALIDATION["soft"])):
        (tmp_path / folder).mkdir()
        for index, picture in enumerate(pictures):
            Image.fromarray(picture).save(tmp_path / folder / f"{index}.png")
    folders = ["--photos", str(tmp_path / "photos"), "--validation", str(tmp_path / "soft")]
    assert module.main([str(source), *folders]) == 0
    assert "tiny.int8.onnx" in capsys.readouterr().out
    assert module.main([str(tmp_path / "none.onnx"), *folders]) == 1
    said = capsys.readouterr()
    assert said.out == "" and "There is no model at" in said.err and len(said.err.splitlines()) == 1


def test_the_protocol_is_that_of_the_papers(tmp_path: Path) -> None:
    """Reduced by bicubic, enlarged, rounded to 8 bits, compared on luma without the border."""
    resize = helper.make_node("Resize", ["image", "", "sizes"], ["output"], mode="nearest")
    path = save_model(tmp_path / "nearest.onnx", [resize], {"sizes": np.array([1, 1, 2, 2], np.float32)}, card_for(2))
    truth = photo(4, 65)  # one row and one column too many
    with open_model(path, "cpu") as model:
        measured = module.quality(model, [truth])
    enlarged = bicubic(truth[:64, :64], 2).repeat(2, axis=0).repeat(2, axis=1)
    assert measured["PSNR"] == pytest.approx(psnr(luma(enlarged), luma(truth[:64, :64]), 2), abs=1e-9)
