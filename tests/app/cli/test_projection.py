from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from app.cli import projection
from app.cli.console import Console
from app.cli.console import run as run_command
from app.cli.drawing import is_newer
from app.cli.projection import Options, project_one, read_projection
from engines.errors import Cancelled, DuskroomError, PictureError, TargetError
from tests.generators import LATENT, SIZE, save_generator, small_generator
from tests.models import tiny_superres
from tests.rights import as_another_user

LABELS = ("Apple", "Cherry", "Tomato")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_generator(tmp_path_factory.mktemp("models") / "tiny.onnx", small_generator(LABELS), LABELS)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture that the model makes, as a PNG."""
    z = torch.from_numpy(np.random.RandomState(5).standard_normal((1, LATENT)).astype(np.float32))
    picture = small_generator(LABELS)(z, torch.tensor([1]))[0] * 0.5 + 0.5
    path = tmp_path_factory.mktemp("photos") / "shown.png"
    Image.fromarray((picture * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()).save(path)
    return path


def test_a_photo_is_found_and_the_file_tells_where(
    tmp_path: Path, model: Path, shown: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "found here.png"

    def work(console: Console) -> None:
        project_one(console, shown, target, Options(str(model), label="cherry", seed=3))

    assert run_command(work, True) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    values = read_projection(target)
    assert (values["label"], values["seed"], len(values["z"])) == ("Cherry", 3, LATENT)
    assert values["psnr"] > 40
    assert lines[-1]["event"] == "done"
    assert {name: lines[-1][name] for name in values} == values
    assert {line["event"] for line in lines[:-1]} == {"progress"}
    with Image.open(target) as image:
        assert (image.size, image.mode) == ((SIZE, SIZE), "RGB")
    assert os.listdir(tmp_path) == ["found here.png"]


def grey16(path: Path) -> Path:
    Image.fromarray((np.arange(40 * 60).reshape(40, 60) * 27).astype(np.uint16)).save(path)
    return path


def cmyk(path: Path) -> Path:
    Image.new("CMYK", (50, 40), (0, 200, 200, 0)).save(path)
    return path


def clear(path: Path) -> Path:
    Image.new("RGBA", (40, 40), (255, 0, 0, 0)).save(path)
    return path


def palette(path: Path) -> Path:
    image = Image.new("P", (40, 40), 1)
    image.putpalette([0, 0, 0, 0, 0, 255])
    image.save(path, transparency=0)
    return path


@pytest.mark.parametrize(
    ("make", "name", "colour"),
    [
        (grey16, "grey.png", None),
        (cmyk, "cmyk.jpg", (255, 55, 55)),
        (clear, "clear.png", (255, 255, 255)),
        (palette, "palette.png", (0, 0, 255)),
        (lambda path: (Image.new("1", (1, 1), 1).save(path), path)[1], "one pixel.png", (255, 255, 255)),
        (lambda path: (Image.new("RGB", (1, 3000), "red").save(path), path)[1], "thin.png", (255, 0, 0)),
    ],
)
def test_pictures_of_any_kind_are_made_ready(
    tmp_path: Path, make: Callable[[Path], Path], name: str, colour: tuple[int, int, int] | None
) -> None:
    prepared = tmp_path / "ready.bmp"
    projection._prepare(Console(), make(tmp_path / name), prepared, 1_000_000)
    with Image.open(prepared) as image:
        assert image.mode == "RGB"
        assert image.width == image.height
        if colour is None:  # 16 bits reach from black to white still
            low, high = image.convert("L").getextrema()
            assert high - low > 150
        else:
            assert np.abs(np.asarray(image).astype(int) - colour).max() <= 40


def test_an_animation_is_its_first_picture_and_that_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "two.gif", save_all=True, append_images=frames[1:])
    projection._prepare(Console(), tmp_path / "two.gif", tmp_path / "ready.bmp", 1_000_000)
    with Image.open(tmp_path / "ready.bmp") as image:
        assert image.getpixel((4, 4)) == (255, 0, 0)
    assert "first" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b"this is text", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_refused_before_anything_is_started(
    tmp_path: Path, model: Path, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "Popen", _never)
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(content)
    with pytest.raises(PictureError) as caught:
        project_one(Console(), photo, tmp_path / "out.png", Options(str(model)))
    assert "\n" not in str(caught.value)
    assert os.listdir(tmp_path) == ["photo.jpg"]


def _never(*_: Any, **__: Any) -> None:
    pytest.fail("a process was started")


def no_card(path: Path, model: Path) -> None:
    import onnx

    found = onnx.load(model)
    del found.metadata_props[:]
    onnx.save(found, path)


def newer(path: Path, model: Path) -> None:
    import onnx

    found = onnx.load(model)
    next(one for one in found.metadata_props if one.key == "card.version").value = "2"
    onnx.save(found, path)


def cut(path: Path, model: Path) -> None:
    path.write_bytes(model.read_bytes()[: model.stat().st_size // 2])


def other_task(path: Path, _model: Path) -> None:
    tiny_superres(path)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (no_card, "has no card"),
        (newer, "update Duskroom"),
        (cut, "cut short|not a whole|damaged|not an ONNX"),
        (other_task, "not image-generation"),
    ],
)
def test_a_model_that_cannot_be_used_is_refused_before_anything_is_started(
    tmp_path: Path, model: Path, shown: Path, monkeypatch: pytest.MonkeyPatch, make: Any, sentence: str
) -> None:
    monkeypatch.setattr(subprocess, "Popen", _never)
    make(tmp_path / "wrong.onnx", model)
    with pytest.raises(DuskroomError, match=sentence) as caught:
        project_one(Console(), shown, tmp_path / "out.png", Options(str(tmp_path / "wrong.onnx")))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("label", ["pear", "", "Äpfel\n", "4"])
def test_a_label_that_it_does_not_have_is_answered_with_those_it_has(
    tmp_path: Path, model: Path, shown: Path, label: str
) -> None:
    with pytest.raises(DuskroomError, match="“Apple”, “Cherry” or “Tomato”"):
        project_one(Console(), shown, tmp_path / "out.png", Options(str(model), label=label))


def test_what_goes_wrong_in_the_child_is_said_in_its_sentence(tmp_path: Path, shown: Path) -> None:
    broken = small_generator()
    with torch.no_grad():
        broken.picture.weight.fill_(float("nan"))
    save_generator(tmp_path / "nan.onnx", broken)
    with pytest.raises(DuskroomError, match="not numbers; export it again"):
        project_one(Console(), shown, tmp_path / "out.png", Options(str(tmp_path / "nan.onnx")))
    assert not (tmp_path / "out.png").exists()


def test_a_child_that_dies_is_told_of(
    tmp_path: Path, model: Path, shown: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = subprocess.Popen

    def killed(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        child = real(*arguments, **options)
        child.kill()
        return child

    monkeypatch.setattr(subprocess, "Popen", killed)
    with pytest.raises(DuskroomError, match="ended from outside .signal 9.*try again"):
        project_one(Console(), shown, tmp_path / "out.png", Options(str(model)))


def test_a_target_that_cannot_be_is_refused_before_anything_is_started(
    tmp_path: Path, model: Path, shown: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "Popen", _never)
    photo = tmp_path / "photo.png"
    photo.write_bytes(shown.read_bytes())
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "link.png").symlink_to(photo)
    targets = {
        tmp_path / "none" / "out.png": "does not exist",
        photo / "out.png": "is a file, not a folder",
        tmp_path / "folder.png": "is a folder",
        tmp_path / "out.jpg": "not a PNG",
        photo: "would overwrite",
        tmp_path / "link.png": "would overwrite",
    }
    for target, sentence in targets.items():
        with pytest.raises(TargetError, match=sentence):
            project_one(Console(), photo, target, Options(str(model)))
    assert photo.read_bytes() == shown.read_bytes()


@pytest.mark.skipif(os.name == "nt", reason="folders have no such rights there")
def test_a_folder_without_rights_is_refused_at_once(model: Path, shown: Path) -> None:
    with tempfile.TemporaryDirectory() as name:  # which others may enter too, unlike pytest's own
        folder = Path(name)
        folder.chmod(0o755)
        files = [folder / "model.onnx", folder / "photo.png"]
        for copy, original in zip(files, (model, shown), strict=True):
            copy.write_bytes(original.read_bytes())
        (folder / "locked").mkdir(mode=0o555)

        def sentence() -> str:
            with pytest.raises(TargetError) as caught:
                project_one(Console(), files[1], folder / "locked" / "out.png", Options(str(files[0])))
            return str(caught.value)

        assert "cannot be written to; choose another one" in as_another_user(sentence)


def test_without_torch_it_says_what_to_install(
    tmp_path: Path, model: Path, shown: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "torch" else real(name, *rest))
    with pytest.raises(DuskroomError, match="needs torch, which is not installed"):
        project_one(Console(), shown, tmp_path / "out.png", Options(str(model)))


@pytest.mark.skipif(os.name == "nt", reason="signals are sent otherwise there")
def test_cancelling_ends_the_child_and_leaves_nothing(
    tmp_path: Path, model: Path, shown: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    console = Console()
    started: list[subprocess.Popen[bytes]] = []
    real = subprocess.Popen

    def noted(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        started.append(real(*arguments, **options))
        threading.Timer(0.3, console.progress.cancel).start()
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", noted)
    with pytest.raises(Cancelled):
        project_one(console, shown, tmp_path / "out.png", Options(str(model)))
    assert started[0].returncode == -signal.SIGKILL
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="signals are sent otherwise there")
def test_the_child_ends_when_its_standard_input_does(tmp_path: Path, model: Path, shown: Path) -> None:
    command = [sys.executable, "-P", "-m", "trainers.project", str(model), str(shown), str(tmp_path / "out.png")]
    child = subprocess.Popen(
        [*command, "--parent", str(os.getpid())],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert child.stdin is not None
        child.stdin.close()
        assert child.wait(60) == 1
    finally:
        child.kill()
        child.wait()
    deadline = time.monotonic() + 30
    while os.listdir(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert os.listdir(tmp_path) == []


def test_newer_is_what_was_written_after_or_cannot_be_told(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for when, file in enumerate((old, new), 1):
        file.touch()
        os.utime(file, (when, when))
    assert is_newer(new, old) and not is_newer(old, new) and not is_newer(old, old)
    assert is_newer(tmp_path / "gone", old)
