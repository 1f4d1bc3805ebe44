"""The open documents: in the order of the film strip, and in the order in which they were shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from app.documents.open_document import OpenDocument
from app.states import cap
from app.states.state import State


class OpenDocuments:
    """A plain list that knows what is next to what."""

    def __init__(self) -> None:
        self._documents: list[OpenDocument] = []
        self._recent: list[OpenDocument] = []  # the one that was shown last comes last

    def __iter__(self) -> Iterator[OpenDocument]:
        return iter(self._documents)

    def __len__(self) -> int:
        return len(self._documents)

    def find(self, path: Path) -> OpenDocument | None:
        """The document that was opened from `path` and not saved elsewhere, if one is open."""
        place = path.absolute()
        for document in self._documents:
            if document.source is not None and document.source.absolute() == place and document.target is None:
                return document
        return None

    def add(self, document: OpenDocument, behind: OpenDocument | None) -> None:
        """Put it behind another one, and behind those that were added with that."""
        place = self._documents.index(behind) + 1 if behind in self._documents else 0
        while place < len(self._documents) and self._documents[place] not in self._recent:
            place += 1
        self._documents.insert(place, document)

    def showed(self, document: OpenDocument) -> None:
        """It is shown now."""
        self._recent = [*(each for each in self._recent if each is not document), document]

    def remove(self, document: OpenDocument) -> OpenDocument | None:
        """Take it out; gives what to show in its place: what was shown before it, else its neighbour."""
        place = self._documents.index(document)
        self._documents.remove(document)
        self._recent = [each for each in self._recent if each is not document]
        if self._recent:
            return self._recent[-1]
        left = self._documents[place:] or self._documents[-1:]
        return left[0] if left else None

    def next_to(self, document: OpenDocument, by: int) -> OpenDocument:
        """The one that is `by` places further, round the end."""
        return self._documents[(self._documents.index(document) + by) % len(self._documents)]

    def by_need(self) -> list[State]:
        """The states of all, the one that is needed least first."""
        behind = [each for each in self._documents if each not in self._recent] + self._recent
        return [state for document in behind for state in cap.by_need(document.states, document.shown)]
