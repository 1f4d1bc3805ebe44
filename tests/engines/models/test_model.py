"""Models: opened, run, stopped, and every way in which one can be wrong."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from engines.errors import Cancelled, CardError, ModelError
from engines.models import processor
from engines.models.model import CPU, CUDA, open_model, ort
from engines.progress import Progress
from tests.models import broken_output, card_for, save_model, tiny_superres

IMAGE = np.random.default_rng(0).random((1, 3, 8, 10), np.float32)


def test_it_runs_and_says_where(tmp_path: Path) -> None:
    with open_model(tiny_superres(tmp_path / "m.onnx", 3)) as model:
        output = model.run(IMAGE)
        assert output.shape == (1, 3, 24, 30)
        assert model.card.scale == 3
        assert model.provider == {CPU: "CPU", CUDA: "CUDA"}[model._session.get_providers()[0]]


def test_a_gpu_that_is_not_there_is_said(tmp_path: Path) -> None:
    with open_model(tiny_superres(tmp_path / "m.onnx"), "cuda") as model:
        if model.provider == "CUDA":
            pytest.skip("there is a GPU here")
        assert model.opening_notice is not None and "the CPU does the work" in model.opening_notice
        assert model.run(IMAGE).shape == (1, 3, 16, 20)


def test_a_gpu_whose_libraries_do_not_load_ends_on_the_cpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a driver in place, ONNX Runtime itself is asked for CUDA; where it cannot, the CPU runs and that is said."""
    if CUDA not in ort.get_available_providers():
        pytest.skip("this build of ONNX Runtime has no CUDA")
    monkeypatch.setattr("engines.models.model._cuda_is_there", lambda: True)
    with open_model(tiny_superres(tmp_path / "m.onnx"), "auto") as model:
        if model.provider == "CUDA":
            pytest.skip("there is a GPU here")
        assert model.opening_notice is not None and "The GPU could not be used" in model.opening_notice
        assert model.run(IMAGE).shape == (1, 3, 16, 20)


def test_a_gpu_that_fails_later_ends_on_the_cpu(tmp_path: Path) -> None:
    class Failing:
        def get_providers(self) -> list[str]:
            return [CUDA, CPU]

        def run(self, *_: object) -> None:
            raise RuntimeError("CUDA failure 700: an illegal memory access was encountered")

    said: list[str] = []
    with open_model(tiny_superres(tmp_path / "m.onnx")) as model:
        expected = model.run(IMAGE)
        model._session = Failing()
        assert model.provider == "CUDA"
        output = model.run(IMAGE, Progress(notice=said.append))
        assert model.provider == "CPU"
    np.testing.assert_array_equal(output, expected)
    assert len(said) == 1 and "illegal memory access" in said[0] and "the CPU goes on" in said[0]


@pytest.mark.parametrize("damage", ["truncated", "text", "empty", "no card", "newer"])
def test_a_file_that_is_no_model_gets_a_sentence(tmp_path: Path, damage: str) -> None:
    path = tiny_superres(tmp_path / "m.onnx")
    whole = path.read_bytes()
    if damage in ("no card", "newer"):
        model = onnx.load(path)
        if damage == "no card":
            del model.metadata_props[:]
        else:
            next(entry for entry in model.metadata_props if entry.key == "card.version").value = "7"
        onnx.save(model, path)
    else:
        path.write_bytes({"truncated": whole[: len(whole) // 2], "text": b"hello" * 50, "empty": b""}[damage])
    with pytest.raises(CardError if damage in ("no card", "newer") else ModelError) as caught:
        open_model(path)
    assert "m.onnx" in str(caught.value) and "\n" not in str(caught.value)


def test_a_damaged_graph_with_a_whole_card_gets_a_sentence(tmp_path: Path) -> None:
    path = save_model(
        tmp_path / "m.onnx", [helper.make_node("Conv", ["image", "nowhere"], ["output"])], {}, card_for(2)
    )
    with pytest.raises(ModelError, match="cannot be opened as a model"):
        open_model(path)


def test_custom_operators_are_refused(tmp_path: Path) -> None:
    node = helper.make_node("RunMe", ["image"], ["output"], domain="evil")
    path = save_model(tmp_path / "m.onnx", [node], {}, card_for(1))
    with pytest.raises(ModelError, match="cannot be opened as a model"):
        open_model(path)


@pytest.mark.parametrize("location", ["weights.bin", "../weights.bin"])
def test_weights_in_other_files_are_refused(tmp_path: Path, location: str) -> None:
    """Also where the other file is there, and ONNX Runtime would open it."""
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
        open_model(path)


def two_files(folder: Path, **changes: object) -> Path:
    """A model whose card says int8 and names the float model beside it, which is another graph; where the first is."""
    tiny_superres(folder / "tiny.onnx", hidden=12)
    card = card_for(2, **{"overlap": 2, "precision": "int8", "float_model": "tiny.onnx", **changes})
    return tiny_superres(folder / "tiny.int8.onnx", card=card)


def test_int8_runs_where_the_processor_is_made_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = two_files(tmp_path)
    monkeypatch.setattr("engines.models.processor.has_int8_dot_product", lambda: True)
    with open_model(path, "cpu") as model:
        assert (model.path, model.card.precision, model.opening_notice) == (path, "int8", None)


def test_float_runs_where_it_is_not_and_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = two_files(tmp_path)
    monkeypatch.setattr("engines.models.processor.has_int8_dot_product", lambda: False)
    with open_model(path, "cpu") as model, open_model(tmp_path / "tiny.onnx", "cpu") as beside:
        assert (model.path.name, model.card.precision) == ("tiny.onnx", "float32")
        assert model.opening_notice is not None
        assert "On this processor int8 is not faster, so “tiny” does the work" in model.opening_notice
        np.testing.assert_array_equal(model.run(IMAGE), beside.run(IMAGE))
    with open_model(path, "cpu", int8=True) as model:
        assert (model.path, model.opening_notice) == (path, None)


def test_a_gpu_runs_float(tmp_path: Path) -> None:
    with open_model(two_files(tmp_path), "cuda", int8=True) as model:
        if model.provider != "CUDA":
            pytest.skip("there is no GPU here")
    with open_model(two_files(tmp_path), "cuda") as model:
        assert model.path.name == "tiny.onnx" and "On a GPU int8 is not faster" in (model.opening_notice or "")


def test_a_gpu_that_does_not_serve_leaves_int8_to_the_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a driver in place but no GPU, ONNX Runtime ends on the CPU, where int8 is worth its while."""
    path = two_files(tmp_path)
    monkeypatch.setattr("engines.models.model._cuda_is_there", lambda: True)
    with open_model(tmp_path / "tiny.onnx") as model:
        if model.provider == "CUDA":
            pytest.skip("there is a GPU here")
    with open_model(path, int8=None if processor.has_int8_dot_product() else True) as model:
        assert model.path == path and "The GPU could not be used" in (model.opening_notice or "")


@pytest.mark.parametrize("why", ["missing", "damaged", "another scale", "unnamed"])
def test_int8_runs_alone_where_its_float_model_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    path = two_files(tmp_path, **({"float_model": ""} if why == "unnamed" else {}))
    beside = tmp_path / "tiny.onnx"
    match why:
        case "missing":
            beside.unlink()
        case "damaged":
            beside.write_bytes(beside.read_bytes()[:500])
        case "another scale":
            tiny_superres(beside, 3)
    monkeypatch.setattr("engines.models.processor.has_int8_dot_product", lambda: False)
    with open_model(path, "cpu") as model:
        assert (model.path, model.opening_notice) == (path, None)
        assert model.run(IMAGE).shape == (1, 3, 16, 20)


def test_other_inputs_are_refused(tmp_path: Path) -> None:
    path = tiny_superres(tmp_path / "m.onnx")
    model = onnx.load(path)
    model.graph.input[0].name = model.graph.node[0].input[0] = "photo"
    onnx.save(model, path)
    with pytest.raises(ModelError, match="does not take “image”"):
        open_model(path)


def test_values_that_are_not_numbers_are_said(tmp_path: Path) -> None:
    with open_model(broken_output(tmp_path / "m.onnx", "nan")) as model, pytest.raises(ModelError, match="not numbers"):
        model.run(IMAGE)


def test_an_unknown_device_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="choose auto, cpu, cuda"):
        open_model(tiny_superres(tmp_path / "m.onnx"), "tpu")


def test_cancel_stops_a_run_under_way(tmp_path: Path) -> None:
    """A run that would take many seconds ends soon after cancel, from another thread."""
    large = np.random.default_rng(0).random((1, 3, 1200, 1200), np.float32)
    progress = Progress()
    with open_model(_deep_model(tmp_path / "deep.onnx")) as model:
        threading.Timer(0.2, progress.cancel).start()
        start = time.monotonic()
        with pytest.raises(Cancelled):
            model.run(large, progress)
        assert model.run(IMAGE).shape == (1, 3, 8, 10)  # and the model is still good
    assert time.monotonic() - start < 60  # it would be minutes


def _deep_model(path: Path) -> Path:
    weight = np.random.default_rng(0).standard_normal((32, 32, 3, 3)).astype(np.float32) * 0.01
    nodes = [helper.make_node("Conv", ["image", "head"], ["0"], pads=[1, 1, 1, 1])]
    nodes += [helper.make_node("Conv", [str(i), "body"], [str(i + 1)], pads=[1, 1, 1, 1]) for i in range(200)]
    nodes += [helper.make_node("Conv", ["200", "tail"], ["output"], pads=[1, 1, 1, 1])]
    weights = {"head": weight[:, :3], "body": weight, "tail": weight[:3]}
    return save_model(path, nodes, weights, card_for(1))
