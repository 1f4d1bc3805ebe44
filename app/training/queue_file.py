"""The file that lists the runs of the queue, so that they outlive the editor; several editors may write it."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from app.core import paths

VERSION = 1
LOCK_SECONDS = 5.0


def queue_file() -> Path:
    """Where the list is kept."""
    return paths.runs_folder() / "queue.json"


def read(file: Path) -> tuple[list[Path], str]:
    """The run folders in order, and a sentence where a damaged or newer file had to be set aside."""
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return [], ""
    except (OSError, UnicodeDecodeError):
        return [], _set_aside(file, "could not be read")
    try:
        values = json.loads(text)
        version = values["version"]
        if type(version) is not int:
            raise ValueError("the version is no number")
        if version > VERSION:
            return [], _set_aside(file, "was written by a newer Duskroom")
        folders = [Path(folder) for folder in values["runs"] if isinstance(folder, str)]
    except (ValueError, KeyError, TypeError, RecursionError):
        return [], _set_aside(file, "was damaged")
    return list(dict.fromkeys(folders)), ""


def write(file: Path, folders: Sequence[Path], dropped: Iterable[Path] = ()) -> None:
    """Write `folders` as the list, with those after them that another editor has added; `dropped` were taken off.

    Raises OSError where it cannot be written.
    """
    from filelock import FileLock, Timeout

    file.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(Timeout, NotImplementedError):
            stack.enter_context(FileLock(file.with_name(f".{file.name}.lock"), timeout=LOCK_SECONDS))
        others, _ = read(file)
        gone = set(dropped)
        every = dict.fromkeys([*folders, *(other for other in others if other not in gone)])
        text = json.dumps({"version": VERSION, "runs": [str(folder) for folder in every]}, indent=1)
        temporary = file.with_name(f".{file.name}.{os.getpid()}-{threading.get_ident()}.part")
        try:
            with open(temporary, "w", encoding="utf-8") as stream:
                stream.write(text)  # in ASCII: a folder's name need not be text
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, file)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


class Writer:
    """Writes the list on a thread of its own, which lives only while there is something to write; the latest list wins."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._waiting: tuple[list[Path], set[Path]] | None = None
        self._thread: threading.Thread | None = None

    def put(self, folders: Sequence[Path], dropped: Iterable[Path]) -> None:
        """Write `folders` soon."""
        with self._lock:
            self._waiting = (list(folders), set(dropped))
            if self._thread is None:
                self._thread = threading.Thread(target=self._write, name="queue's file", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Wait until everything is written."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def _write(self) -> None:
        while True:
            with self._lock:
                if self._waiting is None:
                    self._thread = None
                    return
                (folders, dropped), self._waiting = self._waiting, None
            try:
                write(self._file, folders, dropped)
            except OSError as error:
                logging.getLogger("duskroom").warning("The list of training sessions could not be saved: %s", error)


def _set_aside(file: Path, why: str) -> str:
    """Rename `file` so that nothing in it is lost, and say so."""
    number = 0
    while (aside := file.with_name(f"{file.name}.aside{number or ''}")).exists():
        number += 1
    start = f"The list of training sessions {why}; the runs themselves are whole."
    try:
        file.rename(aside)
    except OSError:
        return f"{start} Look at “{file}”."
    return f"{start} The old list is kept as “{aside}”."
