"""What Save As proposes: a name and a folder for a picture, in a format that keeps everything."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from app import paths
from engines.formats import Format
from engines.picture import Picture


def proposed(picture: Picture, formats: Sequence[Format], last_folder: str) -> Path:
    """The source's name with the size, in one of `formats`; never a file that is there.

    `last_folder` is where one saved last, "" where one never did.
    """
    source = picture.source
    folder = _folder(source, Path(last_folder) if last_folder else Path.home())
    known = [known for known in formats if source and source.suffix.lower() in known.suffixes]
    kept = [known for known in (*known, *formats) if _keeps(known, picture)]
    suffix = (kept or formats)[0].suffixes[0]
    stem = f"{source.stem if source else 'photo'}-{picture.width}x{picture.height}"
    number, target = 1, folder / f"{stem}{suffix}"
    while target.exists():
        number += 1
        target = folder / f"{stem}-{number}{suffix}"
    return target


def _folder(source: Path | None, last: Path) -> Path:
    """Beside the source where one may write and it is no sample that ships, else where one saved last, else home."""
    beside = source.parent.absolute() if source is not None else last
    if os.access(beside, os.W_OK) and not beside.is_relative_to(paths.asset()):
        return beside
    return last if last.is_dir() else Path.home()


def _keeps(known: Format, picture: Picture) -> bool:
    return (known.holds_alpha or not picture.has_alpha) and (known.holds_16_bit or picture.depth == 8)
