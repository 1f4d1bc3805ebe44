"""The manifest: the file of a session folder that says which documents are open, and which state files are theirs."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from app.documents.open_document import OpenDocument
from engines.atomic import AtomicFile, flush_folder, target_error, write_all
from engines.progress import Progress

NAME = "open.json"
FLUSHED = "open-flushed.json"  # as of a moment before, with states that a power cut does not take either
VERSION = 1


def describe(documents: Sequence[OpenDocument], current: OpenDocument | None) -> dict[str, Any]:
    """The manifest of `documents` as they are on disk now: a state without a file is left out."""
    return {
        "version": VERSION,
        "current": next((number for number, each in enumerate(documents) if each is current), 0),
        "documents": [_described(document) for document in documents],
    }


def files_in(values: dict[str, Any]) -> set[str]:
    """The names of the state files that a manifest names."""
    return {state["file"] for document in values["documents"] for state in document["states"] if state["file"]}


def write(folder: Path, values: dict[str, Any], *, progress: Progress) -> None:
    """Write the manifest without waiting for the disk: only a power cut can still take it. Raises TargetError, Cancelled."""
    progress.check()
    _write(folder / NAME, values, flush=False)


def flush(
    folder: Path, values: dict[str, Any], names: Iterable[str], discarded: Sequence[Path] = (), *, progress: Progress
) -> None:
    """Let the disk itself hold the state files `names`, and a second manifest, of `values`, that outlives a power cut.

    Then the files in `discarded`, which no manifest names any longer, are removed. Raises TargetError, Cancelled.
    """
    for name in sorted(names):
        progress.check()
        try:
            with open(folder / name, "rb+") as file:
                os.fsync(file.fileno())
        except FileNotFoundError:
            continue  # a state that was dropped meanwhile
        except OSError as error:
            raise target_error(folder / name, error) from error
    flush_folder(folder)
    _write(folder / FLUSHED, values, flush=True)
    for file in discarded:
        with contextlib.suppress(OSError):
            file.unlink()


def _write(file: Path, values: dict[str, Any], *, flush: bool) -> None:
    text = json.dumps({**values, "time": time.time()}, default=lambda _: None)  # a step that is no JSON is left out
    try:
        with AtomicFile(file, flush=flush) as target:
            write_all(target.file, text.encode("ascii"))
    except OSError as error:
        raise target_error(file, error) from error


def _described(document: OpenDocument) -> dict[str, Any]:
    states, index = [], 0
    for number, state in enumerate(document.states):
        if state.file is None and state.stamp is None:
            continue
        if number <= document.stack.index():
            index = len(states)
        states.append({
            "name": state.name,
            "step": dict(state.step) if state.step is not None else None,
            "file": state.file.name if state.file is not None else None,
            "stamp": [state.stamp.changed, state.stamp.size] if state.stamp is not None else None,
        })  # fmt: skip
    return {
        "source": os.fspath(document.source) if document.source is not None else None,
        "target": os.fspath(document.target) if document.target is not None else None,
        "modified": document.is_modified,
        "index": index,
        "states": states,
    }
