"""What Save As proposes: a name and a folder for a picture, in a format that keeps everything."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path

from app.core import paths
from engines.pictures.formats import Format
from engines.pictures.picture import Picture


def proposed(picture: Picture, formats: Sequence[Format], last_folder: str) -> Path:
    """The source's name with the size, in one of `formats`; never a file that is there.

    `last_folder` is where one saved last, "" where one never did.
    """
    source = picture.source
    folder = _folder(source, Path(last_folder) if last_folder else Path.home())
    known = [known for known in formats if source and source.suffix.lower() in known.suffixes]
    kept = [known for known in (*known, *formats) if _keeps(known, picture)]
    suffix = (kept or formats)[0].suffixes[0]
    name, size = source.stem if source else "photo", f"-{picture.width}x{picture.height}"
    while len(name) > 1 and not can_be_called(folder / f"{name}{size}-999{suffix}"):
        name = name[:-1]  # the source's own name may already be as long as the disk allows
    number, target = 1, folder / f"{name}{size}{suffix}"
    while target.exists():
        number += 1
        target = folder / f"{name}{size}-{number}{suffix}"
    return target


def can_be_called(target: Path) -> bool:
    """Whether the disk takes a file of that name, as far as the name goes."""
    try:
        target.lstat()
    except OSError as error:
        return error.errno not in (errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ)
    except ValueError:  # a null character
        return False
    return True


def readable(name: str) -> str:
    """`name` as a field can show it: bytes that are no text have no letters there."""
    return os.fsencode(name).decode("utf-8", "replace")


def _folder(source: Path | None, last: Path) -> Path:
    """Beside the source where one may write and it is no sample that ships, else where one saved last, else home."""
    beside = source.parent.absolute() if source is not None else last
    if os.access(beside, os.W_OK) and not beside.is_relative_to(paths.asset()):
        return beside
    return last if last.is_dir() else Path.home()


def _keeps(known: Format, picture: Picture) -> bool:
    return (known.holds_alpha or not picture.has_alpha) and (known.holds_16_bit or picture.depth == 8)
