"""The pictures below some folders, each once and sorted, and what stood in the way of finding them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Kind = Literal["unreadable", "too small", "duplicate", "blurred", "upscaled", "folder", "name"]
Progress = Callable[[int, int, str], object]
"""`progress(done, total, text)`, called between files; what it raises ends the survey."""

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".avif")


@dataclass(frozen=True)
class Finding:
    """Something about one file or folder. `like` is, of a duplicate, the picture that is kept."""

    path: Path
    kind: Kind
    sentence: str
    like: Path | None = None


@dataclass
class Listing:
    """The pictures below some folders, each once and sorted, and what stood in the way."""

    paths: list[Path] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    other_files: int = 0


def list_pictures(folders: Sequence[Path], progress: Progress | None = None) -> Listing:
    """Every file below `folders` with a picture's suffix, each once. Links to folders are said and not followed."""
    listing = Listing()
    found: set[str] = set()
    waiting = [os.path.realpath(folder) for folder in folders]
    seen: set[str] = set()
    while waiting:
        folder = waiting.pop()
        if folder in seen:
            continue
        seen.add(folder)
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    _sort_in(entry, found, waiting, listing)
        except OSError as error:
            listing.findings.append(Finding(Path(folder), "folder", _folder_sentence(Path(folder), error)))
        if progress is not None and found:
            progress(0, len(found), f"{len(found)} pictures found")
    listing.paths = [Path(path) for path in sorted(found)]
    return listing


def overlap(first: Sequence[Path], second: Sequence[Path]) -> str | None:
    """A sentence where two domains share pictures because a folder of one is, or lies within, a folder of the other."""
    for one in first:
        for other in second:
            a, b = Path(os.path.realpath(one)), Path(os.path.realpath(other))
            if _same(a, b):
                return f"Both domains are the folder “{one}”: choose a different folder for one of them."
            for inner, outer, named, around in ((a, b, one, other), (b, a, other, one)):
                if any(_same(parent, outer) for parent in inner.parents):
                    return (
                        f"The folder “{named}” lies within “{around}”, which is the other domain: "
                        "choose folders that share no pictures."
                    )
    return None


def _same(first: Path, second: Path) -> bool:
    try:
        return first == second or os.path.samefile(first, second)  # the file system may not tell a from A
    except OSError:
        return False


def _sort_in(entry: os.DirEntry[str], found: set[str], waiting: list[str], listing: Listing) -> None:
    if entry.name.startswith("."):
        return
    try:
        is_folder = entry.is_dir()
    except OSError:  # a link that leads round in a circle
        is_folder = False
    if is_folder:
        if entry.is_symlink():
            sentence = f"“{entry.path}” is a link to a folder and was not followed: name that folder itself to use it."
            listing.findings.append(Finding(Path(entry.path), "folder", sentence))
        else:
            waiting.append(entry.path)
    elif entry.name.lower().endswith(SUFFIXES):
        real = os.path.realpath(entry.path) if entry.is_symlink() else entry.path
        found.add(real if os.path.exists(real) else entry.path)
    else:
        listing.other_files += 1


def _folder_sentence(folder: Path, error: OSError) -> str:
    match error:
        case PermissionError():
            return f"The folder “{folder}” may not be read, and what is in it was left out: change its rights."
        case FileNotFoundError():
            return f"The folder “{folder}” does not exist: check its name."
        case NotADirectoryError():
            return f"“{folder}” is a file: name the folder it is in."
        case _:
            return f"The folder “{folder}” cannot be read ({error.strerror}): check the disk it is on."
