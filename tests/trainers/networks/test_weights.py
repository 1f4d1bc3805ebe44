"""Weights to start from: every kind of file, and none of them runs anything or looks elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

import onnx
import pytest
import torch
from onnx import helper
from safetensors.torch import save_file
from torch import nn

from engines.errors import ModelError
from tests.models import card_for, save_model, tiny_superres
from trainers.networks.superres import Fast
from trainers.networks.weights import read_weights


def network() -> Fast:
    torch.manual_seed(1)
    return Fast(2, 8, 1)


def assert_same(back: object, expected: nn.Module) -> None:
    assert isinstance(back, dict) and set(back) == set(expected.state_dict())
    for name, value in expected.state_dict().items():
        torch.testing.assert_close(back[name], value, rtol=0, atol=0)


def test_safetensors_are_read(tmp_path: Path) -> None:
    save_file(network().state_dict(), tmp_path / "w.safetensors")
    assert_same(read_weights(tmp_path / "w.safetensors", Fast(2, 8, 1)), network())
    assert read_weights(tmp_path / "w.safetensors", Fast(2, 8, 1), "discriminator") is None


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".ckpt"])
@pytest.mark.parametrize("under", [None, "params_ema", "state_dict"])
def test_checkpoints_are_read(tmp_path: Path, suffix: str, under: str | None) -> None:
    state = network().state_dict()
    torch.save({under: state} if under else state, tmp_path / f"w{suffix}")
    like = Fast(2, 8, 1)
    before = {name: value.clone() for name, value in like.state_dict().items()}
    assert_same(read_weights(tmp_path / f"w{suffix}", like), network())
    for name, value in like.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)


class RunsCode:
    """Pickled, it is an instruction to create a file when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_checkpoint_that_carries_code_is_refused_and_nothing_runs(tmp_path: Path, zipped: bool) -> None:
    proof, path = tmp_path / "it-ran", tmp_path / "w.pth"
    state = {**network().state_dict(), "epoch": RunsCode(proof)}
    torch.save(state, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(ModelError, match="“w.pth” carries code besides weights.* nothing in it was run") as caught:
        read_weights(path, Fast(2, 8, 1))
    assert "\n" not in str(caught.value) and not proof.exists()
    torch.load(path, weights_only=False)  # it is a real one: read carelessly, it does run
    assert proof.exists()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("w.pth", b"PK\x03\x04 and then nothing", "not a torch checkpoint"),
        ("w.pth", b"", "not a torch checkpoint"),
        ("w.safetensors", b"hello, this is text", "not a safetensors file"),
        ("w.onnx", b"hello, this is text", "not an ONNX file"),
    ],
)
def test_other_files_get_a_sentence(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match=words) as caught:
        read_weights(tmp_path / name, Fast(2, 8, 1))
    assert name in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["w.pth", "w.safetensors", "w.onnx"])
def test_nothing_gets_a_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelError, match="[Tt]here (is|are) no"):
        read_weights(tmp_path / name, Fast(2, 8, 1))


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_another_network_is_said(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"w{suffix}"
    if suffix == ".pth":
        torch.save(network().state_dict(), path)
    else:
        save_file(network().state_dict(), path)
    with pytest.raises(ModelError, match="shape"):
        read_weights(path, Fast(2, 4, 1))


@pytest.mark.parametrize("location", ["weights.bin", "../weights.bin"])
def test_weights_in_other_files_are_refused(tmp_path: Path, location: str) -> None:
    path = tiny_superres(tmp_path / "folder" / "m.onnx")
    model = onnx.load(path)
    head = next(tensor for tensor in model.graph.initializer if tensor.name == "head")
    (path.parent / location).write_bytes(head.raw_data)
    head.ClearField("raw_data")
    head.data_location = onnx.TensorProto.EXTERNAL
    entry = head.external_data.add()
    entry.key, entry.value = "location", location
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match="keeps weights in other files, which Duskroom does not open"):
        read_weights(path, Fast(2, 8, 1))


def test_custom_operators_are_refused(tmp_path: Path) -> None:
    path = save_model(
        tmp_path / "m.onnx", [helper.make_node("RunMe", ["image"], ["output"], domain="evil")], {}, card_for(1)
    )
    with pytest.raises(ModelError, match="needs the custom operator “evil.RunMe”"):
        read_weights(path, Fast(2, 8, 1))


def test_a_larger_network_of_the_kind_is_grown_from_a_smaller_one(tmp_path: Path) -> None:
    save_file(network().state_dict(), tmp_path / "w.safetensors")
    for larger in (Fast(2, 16, 2), Fast(2, 8, 2)):
        weights = read_weights(tmp_path / "w.safetensors", larger)
        torch.testing.assert_close(weights["head.weight"][:8], network().state_dict()["head.weight"])
    with pytest.raises(ModelError, match="another network"):
        read_weights(tmp_path / "w.safetensors", Fast(2, 4, 1))
