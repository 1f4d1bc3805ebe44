"""The part of saving: what was opened and what was saved is remembered among the recent files."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu

from app.recent import RecentFiles

if TYPE_CHECKING:
    from app.main_window import MainWindow


def slots(window: MainWindow) -> dict[str, Callable[..., object]]:
    """The slot of forgetting them."""
    return {"clear_recent": lambda: recent_of(window).clear()}


def connect(window: MainWindow) -> None:
    """Fill the menu of recent files, and remember from now on."""
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
