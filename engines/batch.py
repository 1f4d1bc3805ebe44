"""Batch: a folder of pictures through one operation into another folder, one outcome a file; a bad file stops nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from natsort import os_sorted

from engines.errors import Cancelled, DuskroomError, PictureError, TargetError
from engines.pictures.formats import READABLE_SUFFIXES, target_format
from engines.progress import Progress

Operation = Callable[[Path, Path, Progress], tuple[str, ...]]
"""From a source file to a target file; returns notices. Raises DuskroomError where that picture cannot be done."""

EXISTING = ("skip", "newer", "number", "overwrite")
SHARES = 1000  # the parts that progress counts for each file


@dataclass(frozen=True)
class Task:
    """One file to be done: where from and where to; `target` is None where an existing result makes it unnecessary."""

    source: Path
    target: Path | None


@dataclass(frozen=True)
class Outcome:
    """What became of one file: `status` is "done", "skipped" or "failed"; `words` are notices, or why."""

    source: Path
    target: Path | None
    status: str
    words: tuple[str, ...] = ()


def plan_batch(
    folder: Path, out_folder: Path, *, format: str | None = None, recursive: bool = False, existing: str = "skip"
) -> list[Task]:
    """Every picture in `folder`, in the order a person would list them, with its target in `out_folder`.

    A target keeps its source's name and folder below `folder`; `format` gives another suffix. Two sources that would
    share a target (a.jpg and a.png) are numbered apart. `existing` says what becomes of targets that are there: "skip"
    them, redo those with a "newer" source, "number" the new file, or "overwrite". Hidden files and `out_folder` itself
    are left out; links to folders are not followed.

    Raises PictureError where the folder cannot be read, TargetError where the two are the same, ValueError for an
    unknown `existing`.
    """
    if existing not in EXISTING:
        raise ValueError(f"existing is “{existing}”, not one of {', '.join(EXISTING)}")
    sources = _pictures(folder, out_folder, recursive)
    if out_folder.exists() and folder.samefile(out_folder):
        raise TargetError(f"“{out_folder}” is the folder of the originals; choose another folder for the results.")
    taken: set[str] = set()
    tasks: list[Task] = []
    for source in sources:
        relative = source.relative_to(folder)
        suffix = relative.suffix if format is None else target_format(folder, format).suffixes[0]
        if format is None and not _can_write(relative):
            suffix = ".png"
        target = out_folder / relative.with_suffix(suffix)
        if str(target).casefold() in taken:
            target = _numbered(target, taken, on_disk=existing == "number")
        elif target.exists():
            if existing == "number":
                target = _numbered(target, taken, on_disk=True)
            elif existing == "skip" or (existing == "newer" and not _is_newer(source, target)):
                taken.add(str(target).casefold())
                tasks.append(Task(source, None))
                continue
        taken.add(str(target).casefold())
        tasks.append(Task(source, target))
    return tasks


def batch(tasks: list[Task], operation: Operation, progress: Progress | None = None) -> Iterator[Outcome]:
    """Do each of `tasks` and yield its outcome. Progress counts files, in thousandths.

    Raises Cancelled; the file under way is then not written, and those before it are done.
    """
    progress = progress or Progress()
    total = len(tasks) * SHARES
    for index, task in enumerate(tasks):
        words = f"{task.source.name}, picture {index + 1} of {len(tasks)}"
        progress(index * SHARES, total, words)
        if task.target is None:
            yield Outcome(task.source, None, "skipped", ("The result is already there.",))
            continue
        said: list[str] = []
        try:
            task.target.parent.mkdir(parents=True, exist_ok=True)
            notices = operation(task.source, task.target, _share_of(progress, index, total, words, said))
        except Cancelled:
            raise
        except DuskroomError as error:
            yield Outcome(task.source, task.target, "failed", (*said, str(error)))
        except OSError as error:
            reason = f"“{task.target}” cannot be written ({error.strerror or error}); check the folder."
            yield Outcome(task.source, task.target, "failed", (*said, reason))
        except MemoryError:
            yield Outcome(task.source, task.target, "failed", (*said, "It does not fit in memory; close programs."))
        except Exception as error:  # one bad file never stops the rest, whatever it does to a library
            reason = f"“{task.source.name}” made an unexpected error: {type(error).__name__}: {error}"
            yield Outcome(task.source, task.target, "failed", (*said, reason))
        else:
            yield Outcome(task.source, task.target, "done", (*said, *notices))
    progress(total, total, "done")


def _share_of(whole: Progress, index: int, total: int, words: str, said: list[str]) -> Progress:
    """The progress of one file as its share of the whole; what is noticed is added to `said`."""

    def report(done: int, of: int, _text: str) -> None:
        whole(index * SHARES + (SHARES * done // of if of else 0), total, words)

    return Progress(report, said.append, within=whole)


def _pictures(folder: Path, out_folder: Path, recursive: bool) -> list[Path]:
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "does not exist"
        raise PictureError(f"“{folder}” {what}; name a folder of pictures.")
    out = out_folder.resolve()
    inside = folder.resolve() in out.parents
    found: list[Path] = []

    def refuse(error: OSError) -> None:
        if Path(error.filename) == folder:
            raise PictureError(f"The folder “{folder}” cannot be read ({error.strerror}); check its rights.") from error

    for place, inner, names in os.walk(folder, onerror=refuse):
        inner[:] = [
            name
            for name in inner
            if recursive and not name.startswith(".") and not (inside and Path(place, name).resolve() == out)
        ]
        found += [
            Path(place, name)
            for name in names
            if not name.startswith(".") and Path(name).suffix.lower() in READABLE_SUFFIXES
        ]
    return [Path(path) for path in os_sorted(str(path) for path in found)]


def _can_write(path: Path) -> bool:
    try:
        target_format(path, None)
    except TargetError:
        return False
    return True


def _numbered(target: Path, taken: set[str], *, on_disk: bool) -> Path:
    number = 2
    while True:
        candidate = target.with_name(f"{target.stem} {number}{target.suffix}")
        if str(candidate).casefold() not in taken and not (on_disk and candidate.exists()):
            return candidate
        number += 1


def _is_newer(source: Path, target: Path) -> bool:
    try:
        return source.stat().st_mtime > target.stat().st_mtime
    except OSError:
        return True
