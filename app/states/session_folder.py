"""The session folder: where one running editor keeps its state files, locked while it runs and gone when it ends in order."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication

from engines.atomic import target_error
from engines.errors import TargetError

translate = QCoreApplication.translate

LOCK = "lock"
STATE_SUFFIX = ".state"
PATIENCE = 5.0  # seconds for which another editor may hold the lock of all folders: it does so for moments only


class SessionFolder:
    """Made when it is first needed. Its methods may be called from one thread at a time."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._path: Path | None = None
        self._lock: Any = None
        self._number = 0

    @property
    def path(self) -> Path | None:
        """Where it is; None before it is made."""
        return self._path

    def make(self) -> Path:
        """Make and lock it unless that was done. Raises TargetError."""
        if self._path is None:
            try:
                with all_locked(self.root):
                    path = self.root / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(4)}"
                    path.mkdir(mode=0o700)
                    self._lock = lock(path)
            except OSError as error:
                raise target_error(self.root, error) from error
            if self._lock is None:
                raise TargetError(
                    translate("history", "“{name}” cannot be locked; restart Duskroom.").format(name=path.name)
                )
            self._path = path
        return self._path

    def new_file(self) -> Path:
        """A path for another state file. Raises TargetError."""
        folder = self.make()
        self._number += 1
        return folder / f"{self._number:06d}{STATE_SUFFIX}"

    def remove(self) -> None:
        """Remove it with all that is in it, and unlock it."""
        if self._path is not None:
            remove(self._path, self._lock)
            self._path, self._lock = None, None

    def leave(self) -> None:
        """Unlock it and leave it for the next editor."""
        if self._path is not None:
            unlock(self._lock)
            self._path, self._lock = None, None


def lock(folder: Path) -> Any:
    """The lock of a session folder, held; None where a running editor has it. Raises OSError."""
    from filelock import FileLock, Timeout

    held = FileLock(folder / LOCK, timeout=0, thread_local=False)
    try:
        held.acquire()
    except (Timeout, NotImplementedError):
        return None
    return held


def unlock(held: Any) -> None:
    """Let go of what `lock` gave; None is let go already."""
    if held is not None:
        with contextlib.suppress(OSError):
            held.release(force=True)


def remove(folder: Path, held: Any) -> None:
    """Remove a session folder whose lock is `held`: first what an editor would look for, and the lock last."""
    for file in sorted(folder.glob("*.json")):
        with contextlib.suppress(OSError):
            file.unlink()
    unlock(held)
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def all_locked(root: Path) -> Iterator[None]:
    """Nobody else makes or looks for session folders in `root` meanwhile. Makes `root`. Raises OSError."""
    from filelock import FileLock, Timeout

    root.mkdir(parents=True, exist_ok=True)
    held = FileLock(root / f".{LOCK}", timeout=PATIENCE, thread_local=False)
    try:
        held.acquire()
    except (Timeout, NotImplementedError) as error:
        raise OSError(0, translate("history", "another Duskroom is busy there"), str(root)) from error
    try:
        yield
    finally:
        unlock(held)
