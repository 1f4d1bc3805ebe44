"""The command line, run as people run it: a program with arguments, an exit status and words."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from PIL import Image

from app.cli.main import main
from engines.pictures.picture import load
from tests.conftest import ROOT
from tests.models import broken_output, save_model, tiny_superres, tiny_translation, translation_card


def start(*arguments: object, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "app", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "120", **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def duskroom(*arguments: object, status: int = 0, **environment: str) -> tuple[str, str]:
    """Run the program; returns what it printed and its errors, after checking its exit status."""
    process = start(*arguments, **environment)
    out, err = process.communicate(timeout=240)
    assert process.returncode == status, out + err
    assert "Traceback" not in out + err
    return out, err


def refuses(*arguments: object, status: int = 2) -> str:
    """What the command line says of wrong usage, or of failure with `status` 1, in this process, which is far quicker."""
    out, err = io.StringIO(), io.StringIO()
    environment = {"NO_COLOR": "1", "COLUMNS": "120"}
    with patch.dict(os.environ, environment), redirect_stdout(out), redirect_stderr(err):
        assert main([str(argument) for argument in arguments]) == status, out.getvalue() + err.getvalue()
    assert "Traceback" not in out.getvalue() + err.getvalue()
    return err.getvalue()


def fails(*arguments: object, **environment: str) -> str:
    """The one sentence with which the program ends in failure; a program of its own where an `environment` is given."""
    if environment:
        _, err = duskroom(*arguments, status=1, **environment)
    else:
        err = refuses(*arguments, status=1)
    assert len(err.strip().splitlines()) == 1, err
    return err.strip()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tiny_superres(tmp_path / "models" / "tiny.onnx", 2)


def test_upscale_writes_a_picture_and_says_what_it_did(photo: Path, model: Path, tmp_path: Path) -> None:
    out, err = duskroom("upscale", photo, tmp_path / "out.png", "--model", model)
    assert load(tmp_path / "out.png").pixels.shape == (144, 192, 3)
    assert "192×144 pixels, Tiny ×2 on CPU" in out and err == ""


def test_upscale_uses_the_model_that_ships(photo: Path, tmp_path: Path) -> None:
    duskroom("upscale", photo, tmp_path / "two.png")
    duskroom("upscale", photo, tmp_path / "four.png", "--scale", 4)
    assert load(tmp_path / "two.png").pixels.shape == (144, 192, 3)
    assert load(tmp_path / "four.png").pixels.shape == (288, 384, 3)


def test_events_as_json_lines(photo: Path, model: Path, tmp_path: Path) -> None:
    out, _ = duskroom("upscale", photo, tmp_path / "out.png", "--model", model, "--tile", 40, "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert lines[-1]["event"] == "done" and lines[-1]["width"] == 192 and lines[-1]["provider"] == "CPU"
    progress = [line for line in lines if line["event"] == "progress"]
    assert progress and progress[-1]["done"] == progress[-1]["total"] == 192 * 144


def test_what_is_lost_is_said(tmp_path: Path, model: Path) -> None:
    source = tmp_path / "cut-out.png"
    Image.new("RGBA", (20, 20), (10, 20, 30, 128)).save(source)
    _, err = duskroom("upscale", source, tmp_path / "out.jpg", "--model", model)
    assert "JPEG" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ("--quality", 0), ("--quality", 101), ("--tile", 1), ("--tile", "many"), ("--scale", 0), ("--scale", "2.5"),
        ("--max-pixels", -1), ("--colour",),
    ],
)  # fmt: skip
def test_wrong_usage_ends_with_2(photo: Path, tmp_path: Path, arguments: tuple[object, ...]) -> None:
    assert str(arguments[0]) in refuses("upscale", photo, tmp_path / "out.png", *arguments)
    assert not (tmp_path / "out.png").exists()


def test_commands_and_operations_that_do_not_exist_are_wrong_usage(photo: Path, tmp_path: Path) -> None:
    duskroom("upscale", photo, status=2)
    assert "choose upscale" in refuses("batch", tmp_path, tmp_path / "out", "sharpen")
    refuses("batch", tmp_path, tmp_path / "out", "upscale", "--existing", "maybe")
    refuses("models", "export", "x")
    refuses("models", "import")


def test_failures_are_one_sentence(photo: Path, model: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.jpg"
    text.write_text("This is no picture.")
    out = tmp_path / "out.png"
    assert "text.jpg" in fails("upscale", text, out, "--model", model, PYTHONUNBUFFERED="1")  # as a program
    assert "text.jpg" in fails("upscale", text, out, "--model", model)
    assert "none.jpg" in fails("upscale", tmp_path / "none.jpg", out, "--model", model)
    assert "no model “nothing”" in fails("upscale", photo, out, "--model", "nothing")
    assert "the scales there are" in fails("upscale", photo, out, "--scale", 7)
    assert "enlarges 2 times, not 3" in fails("upscale", photo, out, "--model", model, "--scale", 3)
    assert "choose auto, cpu, cuda" in fails("upscale", photo, out, "--model", model, "--device", "tpu")
    assert "photo.jpg" in fails("upscale", photo, photo, "--model", model)
    assert ".xyz" in fails("upscale", photo, tmp_path / "out.xyz", "--model", model)
    fails("upscale", photo, tmp_path / "missing" / "out.png", "--model", model)
    assert "has no card" in fails("upscale", photo, out, "--model", save_model(tmp_path / "bare.onnx", [], {}))
    assert "not numbers" in fails("upscale", photo, out, "--model", broken_output(tmp_path / "nan.onnx", "nan"))
    assert "too small for" in fails("upscale", photo, out, "--tile", 32)
    assert not out.exists()


def test_a_name_with_a_leading_dash(model: Path, tmp_path: Path) -> None:
    source = tmp_path / "-photo [1].png"
    Image.new("RGB", (8, 8)).save(source)
    duskroom("upscale", "--model", model, "--", source.name, "-out.png", status=1)  # not in this folder
    process = subprocess.run(
        [sys.executable, "-m", "app", "upscale", "--model", str(model), "--", source.name, "-out.png"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert (tmp_path / "-out.png").exists()


def test_a_folder_with_a_bad_picture(photo: Path, model: Path, tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for number in (1, 2, 10):
        (folder / f"photo {number}.jpg").write_bytes(photo.read_bytes())
    (folder / "broken.jpg").write_text("no picture")
    printed, err = duskroom("batch", folder, out, "upscale", "--model", model, status=1)
    lines = printed.splitlines()
    assert [line.split(":")[0] for line in lines[:4]] == [
        "failed  broken.jpg", "done    photo 1.jpg", "done    photo 2.jpg", "done    photo 10.jpg",
    ]  # fmt: skip
    assert "3 done, 0 skipped, 1 failed" in lines[-1] and "One picture of 4" in err
    assert load(out / "photo 10.jpg").pixels.shape == (144, 192, 3)
    (folder / "broken.jpg").unlink()
    printed, _ = duskroom("batch", folder, out, "upscale", "--model", model)
    assert "0 done, 3 skipped, 0 failed" in printed


def test_batch_gives_the_bytes_that_upscale_gives(photo: Path, model: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_bytes(photo.read_bytes())
    duskroom("batch", tmp_path / "in", tmp_path / "out", "upscale", "--model", model, "--format", "png")
    duskroom("upscale", photo, tmp_path / "a.png", "--model", model)
    assert (tmp_path / "out" / "a.png").read_bytes() == (tmp_path / "a.png").read_bytes()


def test_an_empty_folder_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    assert "no pictures" in duskroom("batch", tmp_path / "in", tmp_path / "out", "upscale")[0]


def test_the_library_is_listed_and_added_to(tmp_path: Path) -> None:
    model = tiny_superres(tmp_path / "mine.onnx", 3)
    assert "Added “mine”" in duskroom("models", "import", model)[0]
    listed = duskroom("models")[0]
    assert "fast-x2" in listed and "mine" in listed
    (tmp_path / "bad.onnx").write_text("text")
    assert "bad.onnx" in fails("models", "import", tmp_path / "bad.onnx")


def test_a_translation_is_added_with_its_other_direction(tmp_path: Path) -> None:
    alone = tiny_translation(tmp_path / "alone.onnx")
    said = "“alone.onnx” cannot be trained on without “alone.back.onnx”, “alone.training.safetensors”"
    out, err = duskroom("models", "import", alone)
    assert "Added “alone”" in out and said in err
    both = tiny_translation(tmp_path / "both.onnx")
    tiny_translation(tmp_path / "both.back.onnx", card=translation_card(domains=("night", "day")))
    (tmp_path / "both.training.safetensors").touch()
    out, err = duskroom("models", "import", both)
    assert out.splitlines() == ["Added “both” to the library.", "Added “both.back” to the library."] and not err


def test_the_doctor_says_where_models_really_run() -> None:
    out, _ = duskroom("doctor")
    assert "model fast-x2" in out and "runs on C" in out and "onnxruntime" in out


def test_version_and_help() -> None:
    assert duskroom("--version")[0].startswith("duskroom 0.")
    assert "Usage: duskroom" in duskroom("--help")[0]


@pytest.mark.parametrize("command", ["upscale", "batch", "train", "export", "models", "doctor"])
def test_every_command_has_its_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert f"Usage: duskroom {command}" in capsys.readouterr().out


@pytest.fixture
def long_work(tmp_path: Path) -> tuple[Path, Path]:
    """A picture and a model that keep the processor busy for many seconds."""
    source = tmp_path / "large.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (3000, 3000, 3), np.uint8)).save(source, compress_level=0)
    return source, tiny_superres(tmp_path / "slow.onnx", 2, hidden=512)


@pytest.mark.skipif(os.name == "nt", reason="signals are not sent like this there")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_at_once_and_leaves_nothing(
    long_work: tuple[Path, Path], tmp_path: Path, number: signal.Signals
) -> None:
    source, model = long_work
    target = tmp_path / "out" / "large.tif"
    target.parent.mkdir()
    process = start("upscale", source, target, "--model", model, "--json")
    assert process.stdout is not None
    while '"done": 0' not in process.stdout.readline():  # it is in the midst of its first tile
        pass
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert err == "Stopped.\n"
    assert not list(target.parent.iterdir())


@pytest.mark.skipif(os.name == "nt", reason="signals are not sent like this there")
def test_killed_while_it_writes_the_old_file_is_whole(long_work: tuple[Path, Path], tmp_path: Path) -> None:
    source, model = long_work
    target = tmp_path / "out" / "large.tif"
    target.parent.mkdir()
    target.write_bytes(b"the old picture")
    process = start("upscale", source, target, "--model", model)
    deadline = time.monotonic() + 60
    while len(list(target.parent.iterdir())) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.communicate()
    assert target.read_bytes() == b"the old picture"


@pytest.mark.skipif(sys.platform != "linux", reason="needs a file system of its own")
def test_a_full_disk_is_a_sentence_and_leaves_nothing(photo: Path, model: Path, tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk: the encoder gets the same kind of error half-way."""
    (tmp_path / "out").mkdir()
    program = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)); from app.__main__ import main; sys.exit(main())"
    )
    process = subprocess.run(
        [sys.executable, "-c", program, "upscale", str(photo), str(tmp_path / "out" / "a.png"), "--model", str(model)],
        cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert process.returncode == 1, process.stderr
    assert len(process.stderr.strip().splitlines()) == 1 and "Traceback" not in process.stderr
    assert not list((tmp_path / "out").iterdir())
