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
    return publish_together({target: (content, check)}, beside)[0]


def publish_together(
    models: Mapping[Path, tuple[bytes, Callable[[Path], Checked]]], beside: Mapping[Path, bytes] | None = None
) -> list[Checked]:
    """Write each of `models`, content and check by target, as `publish` does; the first appears when all else is there."""
    parts = {path: path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}") for path in models}
    others = {path: path.with_name(f".{path.name}.{os.getpid()}.part") for path in beside or {}}
    target = next(iter(models))
    checked: list[Checked] = []
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for path, (content, check) in models.items():
            _write(parts[path], content)
            checked.append(check(parts[path]))
        for path, other in others.items():
            _write(other, (beside or {})[path])
        for path, other in (*others.items(), *reversed(parts.items())):
            os.replace(other, path)
    except OSError as error:
        raise TargetError(
            f"The model cannot be written to “{target}” ({error.strerror or error}); make room, or name another place."
        ) from error
    finally:
        for leftover in (*parts.values(), *others.values()):
            with contextlib.suppress(OSError):
                leftover.unlink()
    return checked


def _write(path: Path, content: bytes) -> None:
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
