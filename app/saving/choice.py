"""What is saved and how: a photo as it was when somebody asked, and the choice of a file, a format and what goes with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.documents.open_document import OpenDocument
from app.photos.photo import Photo
from engines.metadata.metadata import Keep, Metadata
from engines.pictures import picture as pictures
from engines.progress import Progress


@dataclass(frozen=True)
class SaveChoice:
    """Where and how to save. `keep` is what of the metadata stays, `note_steps` whether the neural steps are written
    down with it; `replaces` says that the person agreed to replace the file that is there.
    """

    target: Path
    format: str
    quality: int | None
    keep: Keep = "all"
    note_steps: bool = True
    replaces: bool = False


@dataclass(frozen=True, eq=False)
class Version:
    """What is saved, caught before anything is asked: by the time of the answer another document may be shown."""

    document: OpenDocument
    photo: Photo
    steps: tuple[Mapping[str, Any], ...]  # the neural steps that made it, objects of plain JSON, the first one first


def version_of(document: OpenDocument | None) -> Version | None:
    """What `document` shows now; None while that is not in memory."""
    if document is None or document.photo is None:
        return None
    return Version(document, document.photo, tuple(document.steps))


def metadata_to_write(
    metadata: Metadata, keep: Keep, steps: Sequence[Mapping[str, Any]], *, note_steps: bool
) -> Metadata:
    """What a file gets: what is kept, and the recipe, which goes on from the one that the photo came with."""
    kept = metadata.kept(keep)
    return kept.with_steps((*metadata.steps, *steps) if note_steps else ())


def save_photo(
    photo: Photo, choice: SaveChoice, steps: Sequence[Mapping[str, Any]] = (), *, progress: Progress
) -> tuple[str, ...]:
    """Write `photo`; the sentences that come back say what was lost. Raises TargetError, and Cancelled until the file is
    about to be put in place: from then on it is saved, whoever would stop it.
    """
    progress.check()
    metadata = metadata_to_write(photo.picture.metadata, choice.keep, steps, note_steps=choice.note_steps)
    return pictures.save(
        replace(photo.picture, metadata=metadata),
        choice.target,
        format=choice.format,
        quality=choice.quality,
        overwrite_source=choice.replaces,
        progress=progress,
    )
