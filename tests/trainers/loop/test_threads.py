"""Threads: the rule given timings, what the environment decides, and that a run keeps its number. No test asserts on time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.conftest import ROOT
from trainers.loop.checkpoint import load_checkpoint
from trainers.loop.threads import VARIABLES, are_worth_it, choose_threads, time_steps
from trainers.recipes.recipe import from_values
from trainers.runs import run_folder
from trainers.runs.events import Finished, Notice


@pytest.fixture
def two() -> Iterator[int]:
    """Torch with two threads, as on a machine of two cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield 2
    torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("several", "one", "worth"),
    [
        ([1.0] * 9, [1.8] * 9, True),
        ([1.0] * 9, [1.11] * 9, True),
        ([1.0] * 9, [1.09] * 9, False),
        ([1.0] * 9, [0.1] * 9, False),
        ([99.0, *[1.0] * 9], [1.8] * 10, True),  # it warmed up
        ([1.0] * 5 + [99.0] + [1.0] * 5, [1.8] * 11, True),  # something came between, once
        ([1.0] * 9 + [99.0] * 2, [1.8] * 11, False),  # and twice: the median would not see it
        ([1.0] * 11, [1.8] * 5 + [99.0] + [0.5] * 5, False),
        ([0.6], [0.01], False),  # there was time for one
        ([0.5, 0.6], [0.01, 0.01], False),
        ([0.5, 0.01], [0.5, 0.02], True),
    ],
)
def test_all_threads_are_taken_where_they_are_a_tenth_faster(
    several: list[float], one: list[float], worth: bool
) -> None:
    assert are_worth_it(several, one) is worth


def test_the_threads_that_were_faster_are_set_and_only_one_is_told(two: int) -> None:
    assert choose_threads({}, lambda threads: ([1.0] * 4, [1.5] * 4)) == "" and torch.get_num_threads() == two
    words = choose_threads({}, lambda threads: ([9.0] * 4, [1.5] * 4))
    assert torch.get_num_threads() == 1
    assert words.startswith("Other programs are busy: training takes one of 2 cores") and "set OMP_NUM_THREADS" in words


def untimed(threads: int) -> tuple[list[float], list[float]]:
    raise AssertionError("nothing is to be tried")


@pytest.mark.parametrize("name", VARIABLES)
def test_what_the_environment_says_is_obeyed_untried(two: int, name: str) -> None:
    assert choose_threads({name: "2"}, untimed) == "" and torch.get_num_threads() == two


def test_of_one_thread_there_is_no_choice(two: int) -> None:
    torch.set_num_threads(1)
    assert choose_threads({}, untimed) == ""


def test_the_trial_measures_both_in_turn_and_changes_nothing(two: int) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    several, one = time_steps(two)
    assert len(several) == len(one) >= 1 and min(*several, *one) > 0
    assert torch.get_num_threads() == two and torch.equal(torch.rand(3), expected)


PROGRAM = """
import os
import sys
import torch
torch.set_num_threads(2)
os.environ["OMP_THREAD_LIMIT"] = "1"  # for the export, which is another program
from trainers.loop import threads
def timed(several):
    print("tried on", several, file=sys.stderr)
    return [2.0] * 3, [1.0] * 3
threads.time_steps = timed
from trainers.__main__ import main
sys.exit(main([sys.argv[1], "--detached"]))
"""


def test_a_new_run_chooses_and_one_that_goes_on_keeps_to_it(tmp_path: Path, photo_pixels: np.ndarray) -> None:
    """The program itself, told what its trial measured: of two threads it takes one, and says so, once."""
    photos, run = tmp_path / "photos", tmp_path / "run"
    photos.mkdir(), run.mkdir()
    for index in range(2):
        Image.fromarray(np.roll(photo_pixels, 17 * index, axis=1)).save(photos / f"{index}.png")
    values: dict[str, object] = {
        "task": "super-resolution",
        "name": "tiny",
        "scale": 2,
        "network": {"kind": "fast", "options": {"channels": 8, "blocks": 1}},
        "data": {"photos": [str(photos)]},
        "stages": [{"steps": 2, "patch": 8, "batch": 1}],
        "warm_up": 0,
        "device": "cpu",
    }
    environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    environment["PYTHONPATH"] = str(ROOT)
    for steps in (2, 3):
        recipe = from_values(values | {"stages": [{"steps": steps, "patch": 8, "batch": 1}]})
        run_folder.write_recipe(run, recipe.model_dump(mode="json"))
        command = [sys.executable, "-c", PROGRAM, run]
        subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, check=True, timeout=300)
    messages = [line.message for line in run_folder.read_events(run)[0]]
    assert sum(isinstance(message, Finished) for message in messages) == 2
    notices = [message.text for message in messages if isinstance(message, Notice)]
    assert sum("training takes one of 2 cores" in text for text in notices) == 1
    state = load_checkpoint(run)
    assert state is not None and state["standing"]["step"] == 3 and state["standing"]["threads"] == 1
    assert (run / run_folder.LOG).read_text(encoding="utf-8").count("tried on 2") == 1
