"""Checkpoints: all that a run needs to go on exactly, in a file that is always whole."""

from __future__ import annotations

import os
import pickle
import warnings
from pathlib import Path
from typing import Any

import torch

from engines.errors import RecipeError

FILE = "checkpoint.pt"
PREVIOUS = "checkpoint.previous.pt"
VERSION = 1


def save_checkpoint(run_dir: Path, state: dict[str, Any]) -> Path:
    """Write `state` (tensors, numbers, strings and containers of them) as the run's checkpoint; the last one is kept beside it.

    The file appears under its name only when it is whole and on the disk.
    """
    target = run_dir / FILE
    temporary = run_dir / f".{FILE}.{os.getpid()}.part"
    try:
        with open(temporary, "wb") as file:
            torch.save({"version": VERSION, **state}, file)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            os.replace(target, run_dir / PREVIOUS)
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    return target


def load_checkpoint(run_dir: Path) -> dict[str, Any] | None:
    """The newest whole checkpoint in `run_dir`, or None where there is none.

    A damaged newest file falls back to the one before. Never runs code that a file carries. Raises RecipeError where
    every checkpoint there is damaged, or is of a newer version.
    """
    damaged: str | None = None
    for name in (FILE, PREVIOUS):
        path = run_dir / name
        if not path.exists():
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # torch's remarks on a foreign file; what counts is what it holds
                state = torch.load(path, map_location="cpu", weights_only=True)
        except (OSError, RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError) as error:
            damaged = damaged or f"{type(error).__name__}"
            continue
        if not isinstance(state, dict) or "version" not in state:
            damaged = damaged or "it holds something else"
            continue
        if state["version"] > VERSION:
            raise RecipeError(f"“{path}” was written by a newer Duskroom; update Duskroom to go on with this run.")
        return state
    if damaged:
        raise RecipeError(
            f"The checkpoint in “{run_dir}” is damaged ({damaged}); start the run anew in an empty folder."
        )
    return None
