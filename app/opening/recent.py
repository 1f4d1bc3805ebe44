"""Recent files: a menu of what was opened or saved last, with what is gone said and taken out."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from app.core import paths
from app.core.messages import MessageBar
from app.core.settings import Settings
from engines.errors import shown

MOST = 12


class RecentFiles(QObject):
    """Fills `menu` above the action `clear` each time it is opened; `open_paths` opens what is chosen."""

    def __init__(
        self,
        menu: QMenu,
        clear: QAction,
        settings: Settings,
        messages: MessageBar,
        open_paths: Callable[[list[Path]], object],
    ) -> None:
        super().__init__(menu)
        self._menu = menu
        self._clear = clear
        self._settings = settings
        self._messages = messages
        self._open_paths = open_paths
        self._shown: list[QAction] = []
        menu.aboutToShow.connect(self.fill)
        self.fill()

    def remember(self, file: Path | None) -> None:
        """Put `file` first; what ships with Duskroom is on the first page already."""
        if file is None or file.absolute().is_relative_to(paths.asset()):
            return
        text = os.path.abspath(file)
        rest = [other for other in self._settings.recent if other != text]
        self._settings.recent = [text, *rest][:MOST]
        self.fill()

    def clear(self) -> None:
        """Forget all of them."""
        self._settings.recent = []
        self.fill()

    def fill(self) -> None:
        """Bring the menu up to date."""
        for action in self._shown:
            self._menu.removeAction(action)
            action.deleteLater()
        self._shown = []
        for number, text in enumerate(self._settings.recent[:MOST], 1):
            file = Path(text)
            label = f"{shown(file)}  —  {shown(file.parent)}".replace("&", "&&")
            action = QAction(f"&{number}  {label}" if number < 10 else f"{number}  {label}", self._menu)
            action.setToolTip(text)
            action.setWhatsThis(self.tr("Open this file again."))
            action.triggered.connect(lambda _=False, file=file: self.open(file))
            self._shown.append(action)
        if not self._shown:
            nothing = QAction(self.tr("Nothing opened yet"), self._menu)
            nothing.setEnabled(False)
            self._shown.append(nothing)
        separator = QAction(self._menu)
        separator.setSeparator(True)
        self._shown.append(separator)
        self._menu.insertActions(self._clear, self._shown)
        self._clear.setEnabled(bool(self._settings.recent))

    def open(self, file: Path) -> None:
        """Open `file`; where it is gone, say so and take it out."""
        if os.path.exists(file):  # whatever stands in the settings
            self._open_paths([file])
            return
        self._settings.recent = [other for other in self._settings.recent if other != str(file)]
        self.fill()
        self._messages.tell(
            self.tr("“{name}” is no longer there; it was taken out of the recent files.").format(name=shown(file)),
            "warning",
            str(file),
        )
