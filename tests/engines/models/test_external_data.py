"""Weights outside the file are found wherever they hide, and a large file is not loaded to find them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from engines.models.external_data import has_external_data
from tests.models import card_for, save_model, tiny_superres


def outside(location: str, name: str = "w") -> TensorProto:
    """A tensor whose data lies in the file at `location`."""
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[3, 3, 1, 1], data_location=TensorProto.EXTERNAL)
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", location
    return tensor


def with_tensor(path: Path, tensor: TensorProto, where: str) -> Path:
    """A model that has `tensor` as an initializer, as a constant, or as a constant in a branch of an If."""
    constant = helper.make_node("Constant", [], ["w"], value=tensor)
    conv = helper.make_node("Conv", ["image", "w"], ["output"])
    nodes = [conv]
    if where == "constant":
        nodes = [constant, conv]
    elif where == "branch":
        result = helper.make_tensor_value_info("w", TensorProto.FLOAT, None)
        branch = helper.make_graph([constant], "branch", [], [result])
        nodes = [helper.make_node("If", ["yes"], ["w"], then_branch=branch, else_branch=branch), conv]
    save_model(path, nodes, {"yes": np.array(True)} if where == "branch" else {}, card_for(1))
    if where == "initializer":
        model = onnx.load(path)
        model.graph.initializer.append(tensor)
        path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize("where", ["initializer", "constant", "branch"])
@pytest.mark.parametrize("location", ["weights.bin", "../weights.bin", "/etc/passwd"])
def test_weights_outside_are_found(tmp_path: Path, where: str, location: str) -> None:
    assert has_external_data(with_tensor(tmp_path / "m.onnx", outside(location), where))


@pytest.mark.parametrize("where", ["initializer", "constant", "branch"])
def test_weights_inside_are_not_taken_for_others(tmp_path: Path, where: str) -> None:
    inside = numpy_helper.from_array(np.ones((3, 3, 1, 1), np.float32), "w")
    inside.data_location = TensorProto.DEFAULT
    assert not has_external_data(with_tensor(tmp_path / "m.onnx", inside, where))


def test_a_damaged_file_is_said(tmp_path: Path) -> None:
    whole = tiny_superres(tmp_path / "m.onnx").read_bytes()
    (tmp_path / "cut.onnx").write_bytes(whole[: len(whole) // 3])
    with pytest.raises(ValueError, match="end"):
        has_external_data(tmp_path / "cut.onnx")


def test_the_weights_are_sought_past(tmp_path: Path) -> None:
    """Were the weights read as messages, what is written over them would be an error."""
    path = save_model(tmp_path / "large.onnx", [], {"w": np.zeros(3_000_000, np.float32)}, card_for(2))
    with open(path, "r+b") as file:
        file.seek(5_000_000)
        file.write(b"\xff" * 1000)
    assert not has_external_data(path)
