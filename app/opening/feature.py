"""Opening in the window: recent files are remembered, and files that change behind one's back are told of."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu

from app.opening.recent import RecentFiles
from app.opening.source_watch import SourceWatch

if TYPE_CHECKING:
    from app.main_window import MainWindow


def slots(window: MainWindow) -> dict[str, Callable[..., object]]:
    """The slot of forgetting them."""
    return {"clear_recent": lambda: recent_of(window).clear()}


def connect(window: MainWindow) -> None:
    """Fill the menu of recent files, remember from now on, and watch what is open."""
    window.source_watch = SourceWatch(window.document, window.messages, window)
    clear = window.actions_by_id["clear_recent"]
    menu = next(item for item in clear.associatedObjects() if isinstance(item, QMenu))
    recent = RecentFiles(menu, clear, window.settings, window.messages, window.open_paths)
    window.document.opened.connect(lambda: recent.remember(window.document.source))
    window.saving.saved.connect(recent.remember)


def recent_of(window: MainWindow) -> RecentFiles:
    """The window's recent files."""
    found = window.findChild(RecentFiles)
    assert isinstance(found, RecentFiles)
    return found
