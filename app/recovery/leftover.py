"""Leftovers: what editors left that did not end in order is found, told of where it is damaged, and opened again."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication

from app.documents.open_document import OpenDocument
from app.photos import thumbnail
from app.recovery.manifest import FLUSHED, NAME, VERSION
from app.states import session_folder as folders
from app.states import state_file
from app.states.state import Stamp, State, stamp_of
from engines.errors import DuskroomError, shown
from engines.progress import Progress

translate = QCoreApplication.translate

ASIDE = "damaged-"
MOST_TIME = 1e11  # seconds since 1970, as far as a date can be told


@dataclass(frozen=True)
class RescuedState:
    """One state that can be read: from a state file, or from the opened file, which still has its stamp."""

    name: str
    step: dict[str, Any] | None
    file: Path | None
    stamp: Stamp | None


@dataclass(frozen=True, eq=False)
class Rescued:
    """A document that was open. Without states it is read from its file again."""

    source: Path | None
    target: Path | None
    is_modified: bool
    index: int
    states: tuple[RescuedState, ...]
    thumbnail: NDArray[np.uint8] | None

    @property
    def title(self) -> str:
        """Its file's name, for a person; empty where it has none."""
        file = self.target or self.source
        return shown(file) if file is not None else ""


@dataclass(frozen=True, eq=False)
class Leftover:
    """What an editor left that did not end in order: its folder, locked now, when it last wrote, and its documents."""

    folder: Path
    lock: Any
    time: float
    documents: tuple[Rescued, ...]
    current: int


def find(root: Path, *, progress: Progress) -> tuple[list[Leftover], list[str]]:
    """What editors left in `root` that no longer run, the newest last; and sentences on what of it is damaged.

    Folders are locked from now on, so that no other editor offers them too. Raises OSError, Cancelled.
    """
    if not root.is_dir():
        return [], []
    left: list[Leftover] = []
    sentences: list[str] = []
    ours: list[tuple[Path, Any]] = []
    with folders.all_locked(root):  # no longer than that: looking takes time, and others want to make their folder
        for folder in sorted(root.iterdir()):
            if not folder.is_dir() or folder.name.startswith((".", ASIDE)):
                continue
            try:
                held = folders.lock(folder)
            except OSError:
                sentences.append(_set_aside(folder))
                continue
            if held is not None:
                ours.append((folder, held))
    try:
        for folder, held in ours:
            progress.check()
            try:
                leftover = _look(folder, held, sentences, progress)
            except _Newer:
                sentences.append(
                    translate(
                        "history",
                        "What a newer Duskroom left in {folder} can only be recovered by it; start that one to have it back.",
                    ).format(folder=folder)
                )
                folders.unlock(held)
            except _DAMAGE:
                folders.unlock(held)
                sentences.append(_set_aside(folder))
            else:
                if leftover is None:
                    folders.remove(folder, held)
                else:
                    left.append(leftover)
    except BaseException:
        for _, held in ours:
            folders.unlock(held)
        raise
    return left, sentences


def let_go(leftover: Leftover) -> None:
    """Leave it where it is, for the next start."""
    folders.unlock(leftover.lock)


def discard(leftover: Leftover, *, progress: Progress | None = None) -> None:
    """Remove it."""
    folders.remove(leftover.folder, leftover.lock)


class _Newer(Exception):
    pass


_DAMAGE = (OSError, ValueError, LookupError, TypeError, ArithmeticError, RecursionError)
"""What reading a damaged manifest may raise."""


def _look(folder: Path, held: Any, sentences: list[str], progress: Progress) -> Leftover | None:
    """What is in a folder; None where there is nothing to have back. Raises what a damaged manifest raises."""
    files = [file for name in (NAME, FLUSHED) if (file := folder / name).exists()]
    for file in files[:-1]:
        said: list[str] = []
        with contextlib.suppress(*_DAMAGE):
            leftover = _read(file, held, said, progress)
            sentences += said
            return leftover
    return _read(files[-1], held, sentences, progress) if files else None


def _read(file: Path, held: Any, sentences: list[str], progress: Progress) -> Leftover | None:
    """What a manifest names; None where nothing of it is left. Raises what a damaged one raises."""
    values = json.loads(file.read_text(encoding="utf-8"))
    if type(values["version"]) is not int:
        raise ValueError("no version")
    if values["version"] > VERSION:
        raise _Newer
    folder, when = file.parent, float(values["time"])
    if not 0 <= when < MOST_TIME:
        raise ValueError("no time")
    documents: list[Rescued] = []
    for each in values["documents"]:
        try:
            documents.append(_rescued(folder, each, sentences, progress))
        except DuskroomError as error:
            sentences.append(str(error))
    if not documents:
        return None
    return Leftover(folder, held, when, tuple(documents), int(values["current"]))


def _rescued(folder: Path, values: dict[str, Any], sentences: list[str], progress: Progress) -> Rescued:
    """Raises StateError where nothing of the document is left, and what a damaged manifest raises."""
    source = Path(values["source"]) if values["source"] is not None else None
    target = Path(values["target"]) if values["target"] is not None else None
    present = stamp_of(source) if source is not None else None
    states: list[RescuedState] = []
    index, wanted, small = 0, int(values["index"]), None
    for number, each in enumerate(values["states"]):
        stamp = Stamp(*map(int, each["stamp"])) if each["stamp"] is not None else None
        file = None
        if each["file"] is not None:
            file = folder / Path(str(each["file"])).name  # never a path that climbs out
            try:
                seen = state_file.preview(file).thumbnail
            except state_file.StateError as error:
                sentences.append(str(error))
                file = None
            else:
                small = seen if number <= wanted or small is None else small
        if file is None and (stamp is None or stamp != present):
            continue
        if number <= wanted:
            index = len(states)
        step = each["step"] if isinstance(each["step"], dict) else None
        states.append(RescuedState(str(each["name"]), step, file, stamp))
    if not states and (present is None or values["modified"]):
        known = target or source
        name = shown(known) if known is not None else translate("history", "a photo")
        raise state_file.StateError(
            translate("history", "“{name}” cannot be recovered: what was kept of it is damaged or gone.").format(
                name=name
            )
        )
    if small is None and source is not None and present is not None:
        try:
            small = thumbnail.of_file(source, progress=progress)
        except DuskroomError:
            small = None
    return Rescued(source, target, bool(values["modified"]), index, tuple(states), small)


def _set_aside(folder: Path) -> str:
    aside = folder.with_name(ASIDE + folder.name)
    try:
        folder.rename(aside)
    except OSError:
        aside = folder
    return translate(
        "history", "What was kept of an earlier start is damaged and cannot be recovered; it stays in {folder}."
    ).format(folder=aside)


def opened_from(rescued: Rescued, files: dict[Path, Path]) -> OpenDocument:
    """A document from what was rescued; `files` gives each old state file's new place."""
    states: list[State] = []
    for each in rescued.states:
        state = State(each.name, step=each.step)
        state.file = files[each.file] if each.file is not None else None
        state.source, state.stamp = rescued.source, each.stamp
        states.append(state)
    if not states:  # never changed, and read afresh
        state = State("", step=None)
        state.source = rescued.source
        state.stamp = stamp_of(rescued.source) if rescued.source is not None else None
        states.append(state)
    states[0].is_alone = len(states) == 1 and states[0].file is None and not rescued.is_modified
    states[rescued.index].thumbnail = rescued.thumbnail
    document = OpenDocument(states, rescued.source, rescued.index)
    document.target = rescued.target
    if rescued.is_modified:
        document.stack.resetClean()
    return document
