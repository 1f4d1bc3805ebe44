"""Killing an editor at work, and looking at what the next one would recover; shared by the test and the benchmark."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.recovery import leftover as leftovers
from app.states import state_file
from engines.errors import DuskroomError
from engines.pictures import picture as pictures
from engines.progress import Progress

TARGET = Path(__file__).with_name("kill_target.py")


@dataclass(frozen=True)
class Outcome:
    """What one kill did. `lost` is how many seconds before the kill the oldest edit was made that is not recovered."""

    edits: int
    recovered: int | None
    lost: float
    damaged: tuple[str, ...]


def kill_one(home: Path, photo: Path, seconds: float, *, save: Path | None = None, pause: float, side: int) -> Outcome:
    """Start an editor in `home`, kill it `seconds` after its photo is open, and look at what it left."""
    program = subprocess.Popen(
        [
            sys.executable, str(TARGET), str(photo), "--pause", str(pause), "--side", str(side),
            *(["--save", str(save)] if save is not None else []),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "DUSKROOM_HOME": str(home), "QT_QPA_PLATFORM": "offscreen"},
        text=True,
    )  # fmt: skip
    assert program.stdout is not None
    try:
        first = program.stdout.readline()
        assert '"opened"' in first, first
        time.sleep(seconds)
    finally:
        program.kill()
        killed = time.time()
        lines = program.communicate()[0].splitlines()
    whole = [line for line in lines if line.endswith("}")]
    edits = [(each["edit"], each["time"]) for each in map(json.loads, whole) if "edit" in each]
    recovered, damaged = _recover(home)
    if save is not None and save.exists():
        damaged += _look_at(save)
    later = [made for number, made in edits if number > (recovered or 0)]
    return Outcome(len(edits), recovered, killed - min(later) if later else 0.0, tuple(damaged))


def _recover(home: Path) -> tuple[int | None, list[str]]:
    """The number of the edit that would be restored, and what is damaged; what was left is removed."""
    left, damaged = leftovers.find(home / "recovery", progress=Progress())
    number: int | None = None
    for leftover in left:
        for document in leftover.documents:
            for place, state in enumerate(document.states):
                if state.file is None:
                    continue
                try:
                    pixels = state_file.read(state.file, progress=Progress()).pixels
                except DuskroomError as error:
                    damaged.append(str(error))
                    continue
                if np.ptp(pixels):
                    damaged.append(f"{state.file}: not the pixels of one edit")
                if place == document.index and state.name.startswith("Edit"):
                    number = int(pixels.flat[0])
        leftovers.discard(leftover)
    return number, damaged


def _look_at(saved: Path) -> list[str]:
    """What is wrong with the file that was being saved: nothing, where it is one whole version or another."""
    try:
        pixels = pictures.load(saved).pixels
    except DuskroomError as error:
        return [str(error)]
    return [f"{saved}: not the pixels of one edit"] if np.ptp(pixels) else []
