"""`duskroom upscale --scale`, by the models that ship: what no model enlarges by is made by a larger one, and told."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engines.models.library import shipped_folder
from engines.models.model import open_model
from engines.pictures.picture import Picture, load, save
from engines.superres.enlarge import enlarge
from tests.app.cli.test_main import duskroom, fails, refuses
from tests.models import tiny_superres

TOLD = "×3 is made by “fast-x4” at ×4, reduced to three quarters."


def odd(photo: Path, folder: Path, channels: int, dtype: type) -> Path:
    """A picture of 53×41 pixels, in 8 or 16 bits, with alpha that varies where there are 4 channels."""
    pixels = load(photo).pixels[:41, :53].astype(dtype) * (np.iinfo(dtype).max // 255)
    if channels == 4:
        alpha = np.linspace(0, np.iinfo(dtype).max, 53).astype(dtype)
        pixels = np.dstack([pixels, np.tile(alpha, (41, 1))])
    save(Picture(pixels), folder / "odd.png")
    return folder / "odd.png"


def enlarged(source: Path) -> np.ndarray:
    """What the window makes of it at 300 % with the model that ships."""
    picture = load(source)
    with open_model(shipped_folder() / "fast-x4.onnx") as model:
        return enlarge(picture, model, size=(picture.width * 3, picture.height * 3)).pixels


def test_three_times_is_what_the_window_makes_and_is_told(photo: Path, tmp_path: Path) -> None:
    out, err = duskroom("upscale", photo, tmp_path / "out.png", "--scale", 3)
    assert "288×216 pixels, Fast ×4 on" in out and err.strip() == TOLD
    np.testing.assert_array_equal(load(tmp_path / "out.png").pixels, enlarged(photo))
    out, err = duskroom("upscale", photo, tmp_path / "named.png", "--scale", 3, "--model", "fast-x4", "--json")
    events = [json.loads(line) for line in out.splitlines()]
    assert [event["text"] for event in events if event["event"] == "notice"] == [TOLD]
    assert events[-1]["event"] == "done" and (events[-1]["width"], events[-1]["height"]) == (288, 216)
    assert (tmp_path / "named.png").read_bytes() == (tmp_path / "out.png").read_bytes()


@pytest.mark.parametrize("kind", [(3, np.uint8), (4, np.uint8), (3, np.uint16), (4, np.uint16)])
def test_depth_alpha_and_odd_sides_survive(photo: Path, tmp_path: Path, kind: tuple[int, type]) -> None:
    source = odd(photo, tmp_path, *kind)
    assert TOLD in refuses("upscale", source, tmp_path / "out.png", "--scale", 3, status=0)
    made = load(tmp_path / "out.png").pixels
    assert made.shape == (123, 159, kind[0]) and made.dtype == kind[1]
    np.testing.assert_array_equal(made, enlarged(source))


def test_a_folder_is_told_of_once_and_gives_the_same_bytes(photo: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / "in" / name).write_bytes(photo.read_bytes())
    out, err = duskroom("batch", tmp_path / "in", tmp_path / "out", "upscale", "--scale", 3, "--format", "png")
    assert err.count(TOLD) == 1 and "2 done, 0 skipped, 0 failed" in out
    duskroom("upscale", photo, tmp_path / "one.png", "--scale", 3)
    for name in ("a.png", "b.png"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "one.png").read_bytes()


def test_a_model_that_enlarges_three_times_goes_before(photo: Path, tmp_path: Path) -> None:
    assert TOLD in refuses("upscale", photo, tmp_path / "out.png", "--scale", 3, status=0)
    duskroom("models", "import", tiny_superres(tmp_path / "mine.onnx", 3))
    out, err = duskroom("upscale", photo, tmp_path / "out.png", "--scale", 3)
    assert "288×216 pixels, Tiny ×3 on" in out and err == ""
    assert "“fast-x4” enlarges 4 times, not 3" in fails(
        "upscale", photo, tmp_path / "out.png", "--scale", 3, "--model", "fast-x4"
    )


@pytest.mark.parametrize("scale", ["0", "-3", "three", "2.5", "3x", "²", ""])
@pytest.mark.parametrize("command", ["upscale", "batch"])
def test_what_is_no_scale_is_said(photo: Path, tmp_path: Path, scale: str, command: str) -> None:
    where = (photo, tmp_path / "out.png") if command == "upscale" else (tmp_path, tmp_path / "out", "upscale")
    words = refuses(command, *where, "--scale", scale)
    assert f"“{scale}” is no scale; write a whole number from 2 up, such as 2, 3 or 4." in " ".join(words.split())
    assert not (tmp_path / "out.png").exists()


def test_a_scale_that_no_model_reaches_is_one_sentence(photo: Path, tmp_path: Path) -> None:
    for arguments, words in (
        (("--scale", 1), "×1 enlarges nothing; choose a whole number from 2 up."),
        (("--scale", 17), "No model in the library enlarges 17 times; the scales there are: 2 and 4."),
        (("--scale", "9" * 5000), "No model in the library enlarges 99999999999999999999 times"),
        (("--scale", 3, "--model", "fast-x2"), "“fast-x2” enlarges 2 times, not 3; leave out the scale"),
        (("--scale", 5, "--model", "fast-x4"), "“fast-x4” enlarges 4 times, not 5; leave out the scale"),
    ):
        assert words in fails("upscale", photo, tmp_path / "out.png", *arguments)
    assert not (tmp_path / "out.png").exists()


def test_the_help_tells() -> None:
    out, _ = duskroom("upscale", "--help")
    assert "a larger scale is reduced to it" in " ".join(out.split())
