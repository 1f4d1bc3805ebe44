"""A file that appears whole or not at all: written beside its target under a hidden name, then renamed."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from engines.errors import TargetError, shown

# Temporary files are named `.duskroom-<process>-<random>.part`: a killed process leaves one, and this pattern finds it.
# The name does not grow with the target's, which may already be as long as the file system allows.
LEFTOVER_PATTERN = ".duskroom-*.part"


class AtomicFile:
    """A context manager around `file`, open for reading and writing: a clean exit puts it in place of the target, any
    exception removes it and leaves the old target whole.

    A symbolic link is written through to the file it points to. A replaced file's mode is kept; a new file's is what
    the process's umask gives. With `flush` it is on the disk itself before it is renamed, and outlives a power cut too.
    Raises `TargetError` where the target cannot be written.
    """

    file: BinaryIO

    def __init__(self, target: str | os.PathLike[str], *, flush: bool = True) -> None:
        self.target = Path(target)
        self._flush = flush
        if "\0" in str(self.target):
            raise TargetError("A file name cannot hold a null character; choose another name.")
        self._place = _resolved(self.target)
        self._check_place()
        self._temporary: Path | None = None

    def __enter__(self) -> Self:
        self._temporary = self._place.parent / f".duskroom-{os.getpid()}-{secrets.token_hex(4)}.part"
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
            descriptor = os.open(self._temporary, flags, 0o666)
        except OSError as error:
            raise target_error(self.target, error) from error
        self.file = os.fdopen(descriptor, "w+b", buffering=0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            self._discard()
            return
        try:
            self._commit()
        except OSError as failure:
            self._discard()
            raise target_error(self.target, failure) from failure
        except BaseException:
            self._discard()
            raise

    def _check_place(self) -> None:
        """Say now, before an hour of work, what would stop the rename then."""
        folder = self._place.parent
        try:
            if self._place.is_dir():
                raise TargetError(f"“{shown(self.target)}” is a folder; choose a file name inside it.")
            if self._place.exists():
                if not stat.S_ISREG(self._place.stat().st_mode):
                    raise TargetError(f"“{shown(self.target)}” is not an ordinary file; choose another name.")
                if not os.access(self._place, os.W_OK):
                    raise TargetError(f"“{shown(self.target)}” is write-protected; unprotect it, or choose another.")
            if not folder.exists():
                raise TargetError(f"The folder “{shown(folder)}” does not exist; create it or choose another one.")
            if not folder.is_dir():
                raise TargetError(f"“{shown(folder)}” is a file, not a folder; choose another place for the result.")
            if not os.access(folder, os.W_OK | os.X_OK):
                raise TargetError(f"The folder “{shown(folder)}” cannot be written to; choose another one.")
        except OSError as error:
            raise target_error(self.target, error) from error

    def _commit(self) -> None:
        assert self._temporary is not None
        with contextlib.suppress(FileNotFoundError):
            mode = stat.S_IMODE(self._place.stat().st_mode)
            if hasattr(os, "fchmod"):
                os.fchmod(self.file.fileno(), mode)
        if self._flush:
            os.fsync(self.file.fileno())
        self.file.close()
        os.replace(self._temporary, self._place)
        self._temporary = None
        if self._flush:
            flush_folder(self._place.parent)

    def _discard(self) -> None:
        with contextlib.suppress(OSError):
            self.file.close()
        if self._temporary is not None:
            with contextlib.suppress(OSError):
                self._temporary.unlink()
            self._temporary = None


def write_all(file: BinaryIO, data: bytes | memoryview) -> None:
    """Write all of `data`, which an unbuffered file may take in pieces: a disk that fills up takes part of one."""
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]


def target_error(target: str | os.PathLike[str], error: OSError) -> TargetError:
    """What to tell a person of a system error met while writing `target`."""
    name = shown(target)
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            said = f"The disk is full, so “{name}” was not written; free some space or choose another disk."
        case errno.EFBIG:
            said = f"“{name}” grew larger than this disk allows a file to be; choose another disk or format."
        case errno.EACCES | errno.EPERM | errno.EROFS:
            said = f"“{name}” cannot be written because its folder is read-only; choose another folder."
        case errno.ENAMETOOLONG:
            said = f"The name “{name[:40]}…” is too long for this disk; choose a shorter one."
        case errno.ENOENT:
            said = f"The folder of “{name}” does not exist; create it or choose another one."
        case errno.ENOTDIR:
            said = f"The folder of “{name}” is a file, not a folder; choose another place for the result."
        case errno.ELOOP:
            said = f"“{name}” is a link that leads in a circle; choose another name."
        case _:
            said = f"“{name}” could not be written ({error.strerror or error}); choose another place for the result."
    return TargetError(said)


def _resolved(target: Path) -> Path:
    """The file a target leads to: links are followed, whether or not the file they lead to is there yet."""
    try:
        if not target.is_symlink():
            return target.absolute()
        place = Path(os.path.realpath(target))
        if place.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    except OSError as error:
        raise target_error(target, error) from error
    return place


def flush_folder(folder: Path) -> None:
    """Make the rename itself last through a power cut, where the system can flush a folder."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
