"""The shown document: whichever of the open ones that is, as if it were the only one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject

from app.documents.open_document import OpenDocument
from app.photos.photo import Photo
from app.states.state import Step


class ShownDocument(QObject):
    """Asks the open document that is shown; everything is empty where there is none."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._current: OpenDocument | None = None

    @property
    def current(self) -> OpenDocument | None:
        """The document that is shown. Work that takes time keeps it, and gives its result to it, whatever is shown then."""
        return self._current

    @property
    def photo(self) -> Photo | None:
        """What is shown, worked on and saved."""
        return self._current.photo if self._current is not None else None

    @property
    def before(self) -> Photo | None:
        """What the photo was before the step that made it; None where no step made it, or until it is read back."""
        return self._current.before if self._current is not None else None

    @property
    def original(self) -> Photo | None:
        """What was opened; None where it is on disk: `fetch_original` reads it back."""
        return self._current.original if self._current is not None else None

    @property
    def steps(self) -> tuple[Step, ...]:
        """How the photo was made from what was opened, a JSON object for each step that says so."""
        return self._current.steps if self._current is not None else ()

    @property
    def source(self) -> Path | None:
        """The file that was opened."""
        return self._current.source if self._current is not None else None

    @property
    def target(self) -> Path | None:
        """Where it was last saved, None before that."""
        return self._current.target if self._current is not None else None

    @property
    def save_choice(self) -> Any:
        """How it was last saved, as `saved_to` was told; None before that."""
        return self._current.save_choice if self._current is not None else None

    @property
    def is_modified(self) -> bool:
        """Whether something would be lost if it were closed."""
        return self._current is not None and self._current.is_modified

    def replace(self, name: str, photo: Photo, step: Step | None = None) -> None:
        """One step, called `name` in the history, that makes the photo into `photo`; `step` says how, as a JSON object."""
        assert self._current is not None
        self._current.replace(name, photo, step)
