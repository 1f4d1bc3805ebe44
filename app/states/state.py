"""A state: what a document was after one step; its pixels are in memory, in a state file, in the opened file, or in several."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication

from app.photos import photo as photos
from app.photos.photo import Photo
from app.states import state_file
from engines.errors import DuskroomError, shown
from engines.progress import Progress

translate = QCoreApplication.translate

Step = Mapping[str, Any]
"""How a state was made from the one before, as a JSON object."""


class SourceChanged(DuskroomError):
    """The opened file is no longer what it was, and its pixels were nowhere else."""


@dataclass(frozen=True)
class Stamp:
    """What tells one version of a file from another: its time of change in nanoseconds, and its size in bytes."""

    changed: int
    size: int


def stamp_of(path: Path) -> Stamp | None:
    """The stamp of the file at `path`; None where there is none, or it cannot be asked."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return Stamp(status.st_mtime_ns, status.st_size)


class State:
    """One state. Only ever changed on the GUI thread; other threads get a photo or a `Place` to read."""

    def __init__(self, name: str, photo: Photo | None = None, step: Step | None = None) -> None:
        self.name = name
        self.step = step
        self.file: Path | None = None
        self.source: Path | None = None  # where the same pixels are, as long as the file there has the stamp
        self.stamp: Stamp | None = None
        self.thumbnail: NDArray[np.uint8] | None = None
        self.is_being_written = False
        self.is_alone = False  # nothing was done yet to the document whose opened file it is
        self.is_dropped = False  # no document has it any more
        self._photo: Photo | None = None
        self._seen: weakref.ref[Photo] | None = None
        self.bytes = 0
        if photo is not None:
            self.hold(photo)

    @property
    def photo(self) -> Photo | None:
        """The photo where it is in memory; also where only somebody else still holds it."""
        if self._photo is None and self._seen is not None:
            return self._seen()
        return self._photo

    @property
    def is_held(self) -> bool:
        """Whether the history itself keeps it in memory."""
        return self._photo is not None

    def is_of(self, photo: Photo) -> bool:
        """Whether `photo` is or was this state's."""
        return self._seen is not None and self._seen() is photo

    def hold(self, photo: Photo) -> None:
        """Keep it in memory."""
        self._photo = photo
        self._seen = weakref.ref(photo)
        self.bytes = bytes_of(photo)

    def let_go(self) -> None:
        """Keep it in memory no longer. Only where it can be read again, or nobody will want to."""
        self._photo = None

    @property
    def can_be_read(self) -> bool:
        """Whether it is somewhere besides memory, as far as is known."""
        return self.file is not None or self.stamp is not None

    def place(self) -> Place:
        """From where it can be read on another thread."""
        return Place(self.file, self.source, self.stamp, may_have_changed=self.is_alone)


@dataclass(frozen=True)
class Place:
    """From where a state can be read: its own file, or else the opened file while that has the stamp.

    `may_have_changed`: nothing was made from the opened file yet, so that it is read as it is now.
    """

    file: Path | None
    source: Path | None
    stamp: Stamp | None
    may_have_changed: bool = False


def read(
    place: Place, on_first_look: Callable[[Photo], None] | None = None, *, progress: Progress
) -> tuple[Photo, Stamp | None]:
    """The photo at `place`, and the stamp of the opened file where it came from there.

    `on_first_look` is given a large one much reduced as soon as that can be, where it comes from the opened file.
    Raises StateError, SourceChanged, PictureError, Cancelled.
    """
    if place.file is not None:
        picture = state_file.read(place.file, progress=progress)
        return photos.of(picture, progress=Progress(within=progress)), None
    if place.source is None:
        raise state_file.StateError(
            translate("history", "This state of the history cannot be read any more; go to another one.")
        )
    before = stamp_of(place.source)
    if not place.may_have_changed and place.stamp is not None and before != place.stamp:
        raise SourceChanged(
            translate(
                "history", "“{name}” was changed or removed after it was opened; open it again to see what it is now."
            ).format(name=shown(place.source))
        )
    return photos.load(place.source, on_first_look, progress=progress), before


def bytes_of(photo: Photo) -> int:
    """What `photo` takes in memory, in bytes: its pixels, and the levels of its pyramid that are not the same memory."""
    pixels = photo.picture.pixels
    levels = [level.pixels for level in photo.pyramid.levels]
    return pixels.nbytes + sum(level.nbytes for level in levels if not np.may_share_memory(level, pixels))
