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
from engines.model import CPU, CUDA, open_model, ort
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
    monkeypatch.setattr("engines.model._cuda_is_there", lambda: True)
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
