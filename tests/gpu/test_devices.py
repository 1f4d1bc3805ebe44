"""What a GPU must do as the processor does; where there is none, its half is skipped with a word."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.models import tiny_superres
from trainers import selftest, train_unit
from trainers.loop.checkpoint import load_checkpoint
from trainers.recipes.recipe import ImageTranslation, from_values
from trainers.runs.events import Step


@pytest.fixture(params=["cpu", "cuda"])
def device(request: pytest.FixtureRequest) -> torch.device:
    """The processor, and the GPU where torch finds one."""
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("torch finds no GPU here")
    return torch.device(request.param)


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_it_trains_in_every_precision(device: torch.device, precision: str) -> None:
    assert "in 30 steps" in selftest.check_training(device, precision)


def test_it_computes_what_the_processor_does(device: torch.device) -> None:
    assert "largest difference" in selftest.check_agreement(device)


def test_a_real_lack_of_memory_is_recognised_and_survived(device: torch.device) -> None:
    assert selftest.check_out_of_memory(device).startswith("recognised")


def test_a_run_is_repeated_exactly(device: torch.device) -> None:
    assert selftest.check_exact(device) == "two runs, the same weights"


def test_a_model_runs_on_the_gpu_as_on_the_processor(tmp_path: Path) -> None:
    model = tiny_superres(tmp_path / "tiny.onnx")
    try:
        assert "largest difference" in selftest.check_provider(model)
    except selftest.Skipped as reason:
        pytest.skip(str(reason))


def test_a_check_that_fails_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> str:
        raise AssertionError("results differ by 1.0000")

    def skipped() -> str:
        raise selftest.Skipped("torch finds no GPU")

    checks: list[tuple[str, Callable[[], str]]] = [("one", lambda: "fine"), ("two", fails), ("three", skipped)]
    monkeypatch.setattr(selftest, "checks", lambda model: iter(checks))
    assert selftest.main([]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert '"outcome": "pass", "word": "fine"' in lines[0]
    assert '"outcome": "fail", "word": "AssertionError: results differ by 1.0000"' in lines[1]
    assert '"outcome": "skip", "word": "torch finds no GPU"' in lines[2]


def test_a_translation_trains_and_goes_on_exactly(device: torch.device, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for domain in ("day", "night"):
        (tmp_path / domain).mkdir()
        for index in range(4):
            picture = random.integers(0, 256, (40, 48, 3), np.uint8)
            Image.fromarray(picture).save(tmp_path / domain / f"{index}.png")
    recipe = from_values(
        {
            "task": "image-translation",
            "name": "tiny",
            "domains": ["day", "night"],
            "crop": 32,
            "view": 48,
            "network": {"kind": "unit", "options": {"width": 4, "norm": "channel"}},
            "discriminator": {"kind": "unit", "options": {"width": 4, "depth": 2}},
            "data": {"photos": [str(tmp_path / "day"), str(tmp_path / "night")]},
            "pool": 4,
            "steps": 4,
            "device": device.type,
        }
    )
    assert isinstance(recipe, ImageTranslation)
    list(train_unit.train(recipe, tmp_path / "whole"))
    first = train_unit.train(recipe, tmp_path / "twice")
    next(event for event in first if isinstance(event, Step) and event.step == 2)
    first.close()
    list(train_unit.train(recipe, tmp_path / "twice"))
    weights = [(load_checkpoint(tmp_path / run) or {})["parts"]["generator"] for run in ("whole", "twice")]
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())
