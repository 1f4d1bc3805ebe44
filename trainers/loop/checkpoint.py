"""Checkpoints: all that a run needs to go on exactly, in a file that is always whole."""

from __future__ import annotations

import os
import threading
import warnings
from pathlib import Path
from typing import Any

import torch

from engines.errors import RecipeError
from trainers.runs.run_folder import BEST, CHECKPOINT, PREVIOUS

VERSION = 2

writing = threading.Lock()
"""Held while a checkpoint is written, so that a process that has to end can wait for it."""


def save_checkpoint(run_dir: Path, state: dict[str, Any]) -> Path:
    """Write `state` (tensors, numbers, strings and containers of them) as the run's checkpoint; the last one is kept beside it.

    The file appears under its name only when it is whole and on the disk. Raises OSError where it cannot be written; what
    was there is whole then.
    """
    return _save(run_dir, CHECKPOINT, state, previous=PREVIOUS)


def save_best(run_dir: Path, state: dict[str, Any]) -> Path:
    """Write `state` as the best that the run has had so far."""
    return _save(run_dir, BEST, state)


def _save(run_dir: Path, name: str, state: dict[str, Any], previous: str | None = None) -> Path:
    target = run_dir / name
    temporary = run_dir / f".{name}.{os.getpid()}.part"
    with writing:
        try:
            with open(temporary, "wb") as file:
                try:
                    torch.save({"version": VERSION, **state}, file)
                except (
                    RuntimeError
                ) as error:  # torch's way to say that a write failed; the system's reason is lost in it
                    raise OSError(f"writing failed: {str(error).splitlines()[0]}") from error
                file.flush()
                os.fsync(file.fileno())
            if previous and target.exists():
                os.replace(target, run_dir / previous)
            os.replace(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
    return target


def has_checkpoint(run_dir: Path) -> bool:
    """Whether there is a checkpoint in `run_dir`, whole or not."""
    return (run_dir / CHECKPOINT).exists() or (run_dir / PREVIOUS).exists()


def load_checkpoint(run_dir: Path) -> dict[str, Any] | None:
    """The newest whole checkpoint in `run_dir`, or None where there is none.

    A damaged newest file falls back to the one before. Never runs code that a file carries. Raises RecipeError where
    every checkpoint there is damaged, or is of another version.
    """
    return _load(run_dir, (CHECKPOINT, PREVIOUS))


def load_best(run_dir: Path) -> dict[str, Any] | None:
    """The best that the run has had, by its validations; None where there is none."""
    return _load(run_dir, (BEST,))


def remove_leftovers(run_dir: Path) -> None:
    """Delete what killed processes left half-written in `run_dir`; only its one trainer may do that."""
    for leftover in run_dir.glob(".*.part*"):
        leftover.unlink(missing_ok=True)


def _load(run_dir: Path, names: tuple[str, ...]) -> dict[str, Any] | None:
    damaged = False
    for name in names:
        path = run_dir / name
        if not path.exists():
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # torch's remarks on a foreign file; what counts is what it holds
                state = torch.load(path, map_location="cpu", weights_only=True)
        except Exception:  # a damaged archive makes torch raise many kinds
            damaged = True
            continue
        if not isinstance(state, dict) or "version" not in state:
            damaged = True
            continue
        if state["version"] > VERSION:
            raise RecipeError(f"“{path}” was written by a newer Duskroom; update Duskroom to go on with this run.")
        if state["version"] < VERSION:
            raise RecipeError(
                f"“{path}” was written by an older Duskroom, from whose checkpoints this one cannot go on; start a new run "
                "with “start_from” set to the model that the old run exported."
            )
        return state
    if damaged:
        raise RecipeError(
            f"The checkpoint in “{run_dir}” is damaged; start a new run in an empty folder, and where this one has exported a "
            "model, with “start_from” set to that."
        )
    return None
