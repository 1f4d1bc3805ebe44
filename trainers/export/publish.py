"""Files that appear together, whole and checked, or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from engines.errors import TargetError

Checked = TypeVar("Checked")


def publish(
    target: Path, content: bytes, check: Callable[[Path], Checked], beside: Mapping[Path, bytes] | None = None
) -> Checked:
    """Write the model `content` to `target`, and the files `beside`; returns what `check` says of the written model.

    What `check` raises leaves everything as it was. Raises TargetError where the files cannot be written.
    """
    temporary = target.with_name(f".{target.stem}.{os.getpid()}.part{target.suffix}")
    others = {path: path.with_name(f".{path.name}.{os.getpid()}.part") for path in beside or {}}
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _write(temporary, content)
        checked = check(temporary)
        for path, other in others.items():
            _write(other, (beside or {})[path])
        for path, other in others.items():
            os.replace(other, path)
        os.replace(temporary, target)
    except OSError as error:
        raise TargetError(
            f"The model cannot be written to “{target}” ({error.strerror or error}); make room, or name another place."
        ) from error
    finally:
        for leftover in (temporary, *others.values()):
            with contextlib.suppress(OSError):
                leftover.unlink()
    return checked


def _write(path: Path, content: bytes) -> None:
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
