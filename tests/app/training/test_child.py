"""The child process that trains: what it says and is told, and that it never outlives the program that started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from app.training.child import Child, need_free, why_ended
from engines.errors import RunError
from tests.conftest import ROOT
from trainers.recipes.recipe import from_values
from trainers.runs import run_folder
from trainers.runs.events import Event, Failed, Started, Step, TakeSample

PATIENCE = 120  # seconds: a busy machine takes long to start torch

posix_only = pytest.mark.skipif(os.name == "nt", reason="processes are not killed like this there")


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks as small as these lose time to a second thread."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture
def photos(tmp_path: Path, photo_pixels: np.ndarray) -> Path:
    return write_photos(tmp_path / "photos", photo_pixels)


def write_photos(folder: Path, pixels: np.ndarray) -> Path:
    folder.mkdir()
    for index in range(3):
        Image.fromarray(np.roll(pixels, 17 * index, axis=1)).save(folder / f"{index}.png")
    return folder


def make_run(folder: Path, photos: Path, steps: int, **changes: object) -> Path:
    """A run folder with a tiny recipe of `steps` steps, each of a few milliseconds."""
    values: dict[str, object] = {
        "task": "super-resolution",
        "name": "tiny",
        "scale": 2,
        "seed": 3,
        "network": {"kind": "fast", "options": {"channels": 8, "blocks": 1}},
        "data": {"photos": [str(photos)], "hold_out": 3},
        "stages": [{"steps": steps, "patch": 16, "batch": 2}],
        "warm_up": 2,
        "ema": 0.9,
        "precision": "float32",
        "validate_every": 10_000,
        "checkpoint_every": 20,
    }
    folder.mkdir(parents=True)
    run_folder.write_recipe(folder, from_values(values | changes).model_dump(mode="json"))
    return folder


def messages(run_dir: Path) -> list[Event]:
    """All that the log of the run holds."""
    return [line.message for line in run_folder.read_events(run_dir)[0]]  # type: ignore[misc]


def wait_until_free(run_dir: Path) -> None:
    until = time.monotonic() + PATIENCE
    while run_folder.is_running(run_dir):
        assert time.monotonic() < until, "it still runs"
        time.sleep(0.05)


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """A run that fails before it has loaded torch."""
    folder = tmp_path / "damaged"
    folder.mkdir()
    (folder / run_folder.RECIPE).write_text("{", encoding="utf-8")
    return folder


def test_it_says_why_it_cannot_train(damaged: Path) -> None:
    with Child(damaged) as child:
        said = list(child.lines())
        assert child.wait(PATIENCE) == 1
    assert isinstance(said[-1].message, Failed) and "is damaged" in said[-1].message.text
    assert said[-1].number == 1 and messages(damaged) == [said[-1].message]
    assert not child.send(TakeSample())


def test_where_it_has_no_log_its_words_are_read(tmp_path: Path) -> None:
    with Child(tmp_path / "nowhere") as child:
        assert list(child.lines()) == []
        status = child.wait(PATIENCE)
        assert status == 1
        assert "cannot be written" in why_ended(status, child.words(), tmp_path, "try again")


@posix_only
def test_stopped_before_its_first_word_it_ends_at_once(photos: Path, tmp_path: Path) -> None:
    with Child(make_run(tmp_path / "run", photos, 100_000)) as child:
        child.stop()
        assert list(child.lines()) == []
        assert child.wait(PATIENCE) == -signal.SIGKILL and child.was_killed
    assert not run_folder.is_running(tmp_path / "run")


def test_a_run_is_one_process_s_alone(damaged: Path) -> None:
    need_free(damaged)
    with run_folder.locked(damaged), pytest.raises(RunError, match=f"by process {os.getpid()} on"):
        need_free(damaged)
    need_free(damaged)


@pytest.mark.parametrize(
    ("status", "words", "expected"),
    [
        (-9, [], "ended from outside (signal 9)"),
        (-11, [], "crashed (signal 11)"),
        (0xC0000005, [], "crashed (status 0xc0000005)"),
        (1, ["Traceback (most recent call last):", "ImportError: no libcuda"], "(ImportError: no libcuda); resume it"),
        (7, [], "(exit status 7); resume it"),
    ],
)
def test_an_unexpected_end_is_one_sentence_with_a_remedy(status: int, words: list[str], expected: str) -> None:
    sentence = why_ended(status, words, Path("/runs/mine"), "resume it")
    assert expected in sentence and "resume it" in sentence and sentence.endswith(".")


PROGRAM = """
import sys
from pathlib import Path
from app.training.child import Child
child = Child(Path(sys.argv[1]))
for line in child.lines():
    print(child.pid, type(line.message).__name__, flush=True)
"""


@pytest.fixture
def program() -> Iterator[list[subprocess.Popen[str]]]:
    """Programs that hold a child; killed after the test."""
    started: list[subprocess.Popen[str]] = []
    yield started
    for one in started:
        one.kill()
        one.communicate()


@posix_only
def test_the_program_killed_the_child_stops_with_a_checkpoint(
    photos: Path, tmp_path: Path, program: list[subprocess.Popen[str]]
) -> None:
    run_dir = make_run(tmp_path / "run", photos, 1_000_000, checkpoint_every=1_000_000)
    editor = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(run_dir)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    program.append(editor)
    assert editor.stdout is not None
    while (line := editor.stdout.readline().split())[1:] != ["Step"]:
        assert line, "it ended"
    editor.kill()
    wait_until_free(run_dir)
    until = time.monotonic() + PATIENCE
    while psutil.pid_exists(int(line[0])) and psutil.Process(int(line[0])).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < until, "the child lives on"
        time.sleep(0.05)
    said = messages(run_dir)
    last = [event.step for event in said if isinstance(event, Step)][-1]
    assert isinstance(said[0], Started) and type(said[-1]).__name__ == "Stopped" and said[-1].step == last
    assert (run_dir / run_folder.CHECKPOINT).exists()
