"""The benchmark of quality: at a scale below the model's own it measures what `duskroom upscale --scale` makes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.models.library import shipped_folder
from engines.models.model import open_model
from tests.benchmarks.quality import compare, main


@pytest.fixture
def folder(photo_pixels: np.ndarray, tmp_path: Path) -> Path:
    """A folder with a true picture whose sides are no multiples of 3: 95 × 71 pixels."""
    place = tmp_path / "Set1"
    place.mkdir()
    Image.fromarray(photo_pixels[:71, :95]).save(place / "photo.png")
    return place


def test_at_three_times_the_model_that_ships_is_beside_bicubic_at_three_times(folder: Path) -> None:
    with open_model(shipped_folder() / "fast-x4.onnx", "cpu") as model:
        at_three, at_four = compare(model, folder, 3), compare(model, folder)
        assert compare(model, folder, 4) == at_four
    truth = Image.open(folder / "photo.png").crop((0, 0, 93, 69))
    plain = truth.resize((31, 23), Image.Resampling.BICUBIC).resize((93, 69), Image.Resampling.BICUBIC)
    luma = [np.asarray(each, float) @ (65.481, 128.553, 24.966) / 255 for each in (truth, plain)]
    error = (luma[0] - luma[1])[3:-3, 3:-3]
    assert at_three["bicubic PSNR"] == pytest.approx(10 * np.log10(255**2 / (error**2).mean()), abs=0.05)
    assert at_three["bicubic PSNR"] > at_four["bicubic PSNR"] and at_three["PSNR"] > at_four["PSNR"]


def test_a_line_names_the_scale(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(shipped_folder() / "fast-x4.onnx"), str(folder), "--scale", "3"])
    assert capsys.readouterr().out.startswith("Fast ×4 at ×3 on Set1: PSNR ")
    with pytest.raises(SystemExit, match="“Fast ×4” enlarges 4 times, not 5"):
        main([str(shipped_folder() / "fast-x4.onnx"), str(folder), "--scale", "5"])
