"""What the commands that make a picture of a picture share: one file, or each of a folder, through an opened model."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from app.cli.console import Console, Failure
from engines.batch import batch, plan_batch
from engines.models.library import ModelEntry
from engines.models.model import Model, open_model
from engines.pictures.formats import MAX_PIXELS
from engines.progress import Progress


@dataclass(frozen=True)
class FileOptions:
    """How files are read, run and written, as the options of the same names say; None leaves the choice to Duskroom."""

    tile: int | None = None
    device: str = "auto"
    format: str | None = None
    quality: int | None = None
    strip: bool = False
    max_pixels: int | None = None
    overwrite_source: bool = False

    def for_file(self) -> dict[str, Any]:
        """The keyword arguments that the engines' functions for a file take."""
        return {
            "tile": self.tile,
            "format": self.format,
            "quality": self.quality,
            "strip": self.strip,
            "max_pixels": self.max_pixels or MAX_PIXELS,
            "overwrite_source": self.overwrite_source,
        }


class Outcome(Protocol):
    """What an operation says of a file it has written."""

    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def provider(self) -> str: ...
    @property
    def notices(self) -> tuple[str, ...]: ...


Operation = Callable[[Path, Path, Model, Progress], Outcome]
"""From a source file to a target file by a model. Raises DuskroomError where it cannot be done."""


def _open(console: Console, entry: ModelEntry, device: str) -> Model:
    opened = open_model(entry.path, device, spinning=True)
    if opened.opening_notice:
        console.notice(opened.opening_notice)
    return opened


def do_one(
    console: Console, source: Path, target: Path, operation: Operation, entry: ModelEntry, files: FileOptions
) -> None:
    """Do one file with the model of `entry` and say what became of it."""
    start = time.monotonic()
    with _open(console, entry, files.device) as opened:
        outcome = operation(source, target, opened, console.progress)
        for notice in outcome.notices:
            console.notice(notice)
        seconds = time.monotonic() - start
        # An operation that goes about it in one of several ways says in which.
        method: str | None = getattr(outcome, "method", None)
        how = f"{opened.card.name} on {outcome.provider}" + (f", {method}" if method else "")
        console.say(
            f"{target}: {outcome.width}×{outcome.height} pixels, {how}, {seconds:.1f} s",
            "done",
            target=str(target),
            width=outcome.width,
            height=outcome.height,
            model=opened.card.name,
            provider=outcome.provider,
            **({"method": method} if method else {}),
            seconds=round(seconds, 3),
        )


def do_folder(
    console: Console,
    folder: Path,
    out_folder: Path,
    operation: Operation,
    find: Callable[[], ModelEntry],
    files: FileOptions,
    *,
    recursive: bool,
    existing: str,
    done: str,
) -> None:
    """Do every picture of a folder, a line each, with the model that `find` gives; `done` is the verb's participle.

    Raises Failure where one failed; the others are done.
    """
    tasks = plan_batch(folder, out_folder, format=files.format, recursive=recursive, existing=existing)
    if not tasks:
        console.say(f"There are no pictures in “{folder}”.", "done", done=0, skipped=0, failed=0)
        return
    with _open(console, find(), files.device) as opened:

        def one(source: Path, target: Path, progress: Progress) -> tuple[str, ...]:
            return operation(source, target, opened, progress).notices

        counts = {"done": 0, "skipped": 0, "failed": 0}
        for outcome in batch(tasks, one, console.progress):
            counts[outcome.status] += 1
            words = " ".join(outcome.words)
            name = outcome.source.relative_to(folder)
            console.say(
                f"{outcome.status:8}{name}" + (f": {words}" if words else ""),
                "outcome",
                source=str(outcome.source),
                target=str(outcome.target) if outcome.target else None,
                status=outcome.status,
                words=words,
            )
        summary = f"{counts['done']} done, {counts['skipped']} skipped, {counts['failed']} failed, on {opened.provider}"
        console.say(summary, "done", provider=opened.provider, **counts)
    if counts["failed"]:
        which = "One picture" if counts["failed"] == 1 else f"{counts['failed']} pictures"
        raise Failure(f"{which} of {len(tasks)} could not be {done}; the lines above say why.")
