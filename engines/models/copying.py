"""Files that are copied together, or deleted together: all of them or none."""

from __future__ import annotations

import contextlib
import filecmp
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path


def is_copy(source: Path, target: Path) -> bool:
    """Whether `target` is there and holds what `source` holds, to the last byte."""
    return target.exists() and filecmp.cmp(source, target, shallow=False)


def copy_all(files: Mapping[Path, Path]) -> None:
    """Copy each file of `files` to its target; where one fails, none is there. Raises OSError."""
    parts = {target: target.with_name(f".{target.name}.{os.getpid()}.part") for target in files.values()}
    new: list[Path] = []
    try:
        for source, target in files.items():
            shutil.copyfile(source, parts[target])
        for target, part in parts.items():
            if not target.exists():
                new.append(target)
            os.replace(part, target)
    except BaseException:
        for target in new:
            target.unlink(missing_ok=True)
        raise
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


def delete_all(files: Iterable[Path]) -> None:
    """Delete `files`; where one cannot be deleted, all stay. Raises OSError."""
    hidden: dict[Path, Path] = {}
    try:
        for file in files:
            if file.exists():
                gone = file.with_name(f".{file.name}.{os.getpid()}.gone")
                os.replace(file, gone)
                hidden[file] = gone
    except BaseException:
        for file, gone in hidden.items():
            os.replace(gone, file)
        raise
    for gone in hidden.values():
        with contextlib.suppress(OSError):
            gone.unlink()
