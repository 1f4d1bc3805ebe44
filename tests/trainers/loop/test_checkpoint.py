"""Checkpoints: whole or not there, the one before when damaged, and never code."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from engines.errors import RecipeError
from tests.disks import small_disk_at
from trainers.loop.checkpoint import load_best, load_checkpoint, remove_leftovers, save_best, save_checkpoint
from trainers.runs.run_folder import CHECKPOINT as FILE
from trainers.runs.run_folder import PREVIOUS


def test_the_newest_is_read_and_the_one_before_kept(tmp_path: Path) -> None:
    assert load_checkpoint(tmp_path) is None
    for step in (1, 2, 3):
        save_checkpoint(tmp_path, {"step": step, "weight": torch.full((2,), float(step))})
    state = load_checkpoint(tmp_path)
    assert state is not None and state["step"] == 3 and state["weight"].tolist() == [3, 3]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([FILE, PREVIOUS])


@pytest.mark.parametrize("damage", ["empty", "cut", "text", "a list"])
def test_a_damaged_one_falls_back_to_the_one_before(tmp_path: Path, damage: str) -> None:
    for step in (1, 2):
        save_checkpoint(tmp_path, {"step": step, "weight": torch.zeros(1000)})
    path = tmp_path / FILE
    if damage == "a list":
        torch.save([1, 2], path)
    else:
        path.write_bytes({"empty": b"", "cut": path.read_bytes()[:700], "text": b"not a checkpoint"}[damage])
    state = load_checkpoint(tmp_path)
    assert state is not None and state["step"] == 1
    (tmp_path / PREVIOUS).unlink()
    with pytest.raises(RecipeError, match="damaged; start a new run in an empty folder"):
        load_checkpoint(tmp_path)


def test_a_newer_one_is_refused(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, {"version": 99})
    with pytest.raises(RecipeError, match="newer Duskroom"):
        load_checkpoint(tmp_path)


def test_an_older_one_is_refused_with_a_way_on(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, {"version": 1})
    with pytest.raises(RecipeError, match="older Duskroom.*“start_from”"):
        load_checkpoint(tmp_path)


def test_the_best_is_a_file_of_its_own(tmp_path: Path) -> None:
    assert load_best(tmp_path) is None
    save_best(tmp_path, {"step": 3})
    save_checkpoint(tmp_path, {"step": 5})
    best = load_best(tmp_path)
    assert best is not None and best["step"] == 3


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, {"step": 1})
    (tmp_path / f".{FILE}.123.part").write_bytes(b"half")
    remove_leftovers(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk_at(tmp_path / "small", "256k") as place:
        yield place


def test_a_full_disk_leaves_the_last_one_whole(small_disk: Path) -> None:
    save_checkpoint(small_disk, {"step": 1, "weight": torch.zeros(1000)})
    with pytest.raises(OSError):
        save_checkpoint(small_disk, {"step": 2, "weight": torch.zeros(100_000)})
    state = load_checkpoint(small_disk)
    assert state is not None and state["step"] == 1
    assert [path.name for path in small_disk.iterdir()] == [FILE]


class Hostile:
    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return (open, (str(self.trace), "w"))


def test_code_in_a_checkpoint_does_not_run(tmp_path: Path) -> None:
    trace = tmp_path / "ran"
    torch.save({"version": 1, "payload": Hostile(trace)}, tmp_path / FILE)
    with pytest.raises(RecipeError, match="damaged"):
        load_checkpoint(tmp_path)
    (tmp_path / FILE).write_bytes(pickle.dumps(Hostile(trace)))
    with pytest.raises(RecipeError, match="damaged"):
        load_checkpoint(tmp_path)
    assert not trace.exists()
