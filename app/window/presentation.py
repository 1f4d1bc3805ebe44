"""Presentation: the window on the full screen, and without everything around the picture."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QToolBar, QWidget


class Presentation(QObject):
    """Full screen and canvas only are two choices of their own; Escape leaves both, and so does closing the window.

    Escape reaches the window only where nothing else has a use for it.
    """

    def __init__(self, window: QMainWindow, full_screen: QAction, canvas_only: QAction) -> None:
        super().__init__(window)
        self._window = window
        self._full_screen = full_screen
        self._canvas_only = canvas_only
        self._hidden: list[QWidget] = []
        self._was_maximised = False
        window.installEventFilter(self)

    def set_full_screen(self, full: bool) -> None:
        """Fill the screen, or give it back."""
        if full == self._window.isFullScreen():
            return
        if full:
            self._was_maximised = self._window.isMaximized()
            self._window.showFullScreen()
        elif self._was_maximised:
            self._window.showMaximized()
        else:
            self._window.showNormal()

    def set_canvas_only(self, alone: bool) -> None:
        """Hide menu, tool bars, panels and status bar, or show those again that were hidden."""
        self._canvas_only.setChecked(alone)
        if not alone:
            for widget in self._hidden:
                widget.show()
            self._hidden = []
        elif not self._hidden:
            around = [
                self._window.menuBar(),
                self._window.statusBar(),
                *self._window.findChildren(QToolBar),
                *self._window.findChildren(QDockWidget),
            ]
            self._hidden = [widget for widget in around if widget.isVisibleTo(self._window)]
            for widget in self._hidden:
                widget.hide()

    def leave(self) -> bool:
        """Give up both; whether there was any."""
        left = bool(self._hidden) or self._window.isFullScreen()
        self.set_canvas_only(False)
        self.set_full_screen(False)
        return left

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return event.key() == Qt.Key.Key_Escape and self.leave()
        if event.type() == QEvent.Type.WindowStateChange:
            self._full_screen.setChecked(self._window.isFullScreen())
        elif event.type() == QEvent.Type.Close:
            self.leave()  # the layout that is remembered is the one with panels
        return False
