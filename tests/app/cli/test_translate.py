"""`duskroom translate` and `batch … translate`, run as people run them: a program with arguments, a status and words."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.core import paths
from engines.pictures.picture import load
from tests.app.cli.test_main import duskroom, fails, refuses, start
from tests.models import broken_translation, tiny_superres, tiny_translation, translation_card


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tiny_translation(tmp_path / "models" / "night.onnx", card=translation_card(view=40))


@pytest.fixture
def library(private_home: Path) -> Path:
    """The person's own models, between domains that no model that ships knows: noon to moonlight, and back."""
    folder = paths.models_folder()
    there = translation_card(name="Nightfall", domains=("noon", "moonlight"))
    tiny_translation(folder / "nightfall.onnx", card=there)
    back = translation_card(name="Daybreak", domains=("moonlight", "Noon"))
    tiny_translation(folder / "daybreak.onnx", card=back, night=False)
    return folder


def brightness(path: Path) -> float:
    return float(load(path).pixels.mean())


def test_translate_writes_a_picture_and_says_what_it_did(photo: Path, model: Path, tmp_path: Path) -> None:
    out, err = duskroom("translate", photo, tmp_path / "out.png", "--model", model)
    assert load(tmp_path / "out.png").pixels.shape == (72, 96, 3)
    assert "96×72 pixels, Tiny night on CPU, relight" in out and err == ""
    out, _ = duskroom(
        "translate", photo, tmp_path / "b.png", "--model", model, "--method", "redraw", "--tile", 40, "--json"
    )
    lines = [json.loads(line) for line in out.splitlines()]
    assert lines[-1]["event"] == "done" and lines[-1]["method"] == "redraw" and lines[-1]["width"] == 96
    progress = [line for line in lines if line["event"] == "progress"]
    assert progress and progress[-1]["done"] == progress[-1]["total"] == 96 * 72


def test_the_domain_chooses_the_model(photo: Path, library: Path, tmp_path: Path) -> None:
    night, day = tmp_path / "night.png", tmp_path / "day.png"
    assert "Nightfall" in duskroom("translate", photo, night, "--to", "Moonlight")[0]
    assert "Daybreak" in duskroom("translate", photo, day, "--to", "noon")[0]
    assert brightness(night) < 0.7 * brightness(photo) < brightness(photo) < brightness(day)
    out = tmp_path / "out.png"
    unknown = fails("translate", photo, out, "--to", "dusk")
    assert "the domains there are" in unknown and "moonlight" in unknown and "Noon" in unknown
    assert "say which domain" in fails("translate", photo, out)
    assert "not to noon" in fails("translate", photo, out, "--model", "nightfall", "--to", "noon")
    assert not out.exists()
    listed = duskroom("models")[0]
    assert "noon → moonlight" in listed and "moonlight → Noon" in listed


def test_strength_and_mask_say_how_much(photo: Path, model: Path, tmp_path: Path) -> None:
    original = load(photo).pixels
    duskroom("translate", photo, tmp_path / "none.png", "--model", model, "--strength", 0)
    np.testing.assert_array_equal(load(tmp_path / "none.png").pixels, original)
    mask = tmp_path / "mask.png"
    Image.fromarray(np.repeat(np.array([[0, 255]], np.uint8), 36, 0).repeat(24, 1)).save(mask)  # half the size
    duskroom("translate", photo, tmp_path / "half.png", "--model", model, "--mask", mask)
    result = load(tmp_path / "half.png").pixels
    np.testing.assert_array_equal(result[:, :46], original[:, :46])
    assert float(result[:, 50:].mean()) < 0.7 * float(original[:, 50:].mean())


def test_failures_are_one_sentence(photo: Path, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    wrong = tmp_path / "wrong.png"
    Image.new("L", (50, 50)).save(wrong)
    (tmp_path / "text.png").write_text("no picture")
    shipped = fails("translate", photo, out, "--to", "nowhere")
    assert "no model for image-translation" in shipped or "the domains there are" in shipped
    Image.new("L", (96, 72)).save(tmp_path / "mask.png")
    mask = tmp_path / "mask.png"
    assert "is the mask; name another" in fails("translate", photo, mask, "--model", model, "--mask", mask)
    assert "not the shape" in fails("translate", photo, out, "--model", model, "--mask", wrong)
    assert "text.png" in fails("translate", photo, out, "--model", model, "--mask", tmp_path / "text.png")
    assert "none.png" in fails("translate", photo, out, "--model", model, "--mask", tmp_path / "none.png")
    assert "text.png" in fails("translate", tmp_path / "text.png", out, "--model", model)
    assert "not image-translation" in fails("translate", photo, out, "--model", tiny_superres(tmp_path / "up.onnx", 2))
    assert "black picture" in fails(
        "translate", photo, out, "--model", broken_translation(tmp_path / "black.onnx", "black")
    )
    assert "photo.jpg" in fails("translate", photo, photo, "--model", model)
    assert "allow it with --max-pixels 6912" in fails("translate", photo, out, "--model", model, "--max-pixels", 100)
    assert not out.exists()


@pytest.mark.parametrize(
    "arguments",
    [("--strength", 1.5), ("--strength", -1), ("--strength", "nan"), ("--method", "paint"), ("--scale", 2)],
)
def test_wrong_usage_ends_with_2(photo: Path, tmp_path: Path, arguments: tuple[object, ...]) -> None:
    assert str(arguments[0]) in refuses("translate", photo, tmp_path / "out.png", *arguments)
    assert not (tmp_path / "out.png").exists()


def test_a_folder_gives_the_bytes_that_translate_gives(photo: Path, library: Path, tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(photo.read_bytes())
    (folder / "broken.jpg").write_text("no picture")
    options = ("--to", "moonlight", "--strength", 0.7, "--format", "png")
    printed, err = duskroom("batch", folder, out, "translate", *options, status=1)
    assert "done    a.jpg" in printed and "failed  broken.jpg" in printed and "could not be translated" in err
    duskroom("translate", photo, tmp_path / "a.png", *options)
    assert (out / "a.png").read_bytes() == (tmp_path / "a.png").read_bytes()
    assert "1 skipped" in duskroom("batch", folder, out, "translate", *options, status=1)[0]


def test_options_of_the_other_operation_are_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    folders = ("batch", tmp_path / "in", tmp_path / "out")
    assert "--scale" in refuses(*folders, "translate", "--scale", 2)
    assert "--to" in refuses(*folders, "upscale", "--to", "night")
    assert "--strength" in refuses(*folders, "upscale", "--strength", 0.5)
    assert "upscale or translate" in refuses(*folders, "sharpen")
    assert "no pictures" in duskroom(*folders, "translate", "--to", "night")[0]


def test_help() -> None:
    printed = duskroom("translate", "--help")[0]
    assert "Usage: duskroom translate" in printed
    assert all(option in printed for option in ("--to", "--strength", "--mask", "--method", "--tile"))


@pytest.mark.skipif(os.name == "nt", reason="signals are not sent like this there")
@pytest.mark.parametrize("method", ["redraw", "relight"])
def test_a_signal_stops_it_at_once_and_leaves_nothing(tmp_path: Path, method: str) -> None:
    source, target = tmp_path / "large.png", tmp_path / "out" / "large.tif"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (2000, 2000, 3), np.uint8)).save(source, compress_level=0)
    model = tiny_translation(tmp_path / "slow.onnx", card=translation_card(view=1400), hidden=512)
    target.parent.mkdir()
    process = start("translate", source, target, "--model", model, "--method", method, "--tile", 500, "--json")
    assert process.stdout is not None
    # It is in the midst of its first tile.
    while "tile 1 of" not in process.stdout.readline():
        pass
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGINT
    assert err == "Stopped.\n"
    assert not list(target.parent.iterdir())
