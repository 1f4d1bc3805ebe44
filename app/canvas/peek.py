"""Peek: before in the picture's place, for as long as a key or a button is held, or until the key is pressed again."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QEvent, QObject
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QWidget

HELD = 350  # milliseconds: a key that was down for longer was held, else it was tapped


class Peek(QObject):
    """Joins the checkable `action`, by its shortcut, and a button. The shortcut turns it over at once; where the key
    was held, letting go turns it back. A key that goes down elsewhere than on `canvas` only turns it over.
    """

    def __init__(self, canvas: QWidget, action: QAction, button: QAbstractButton) -> None:
        super().__init__(canvas)
        self._action = action
        self._down: int | None = None  # the key
        self._was_checked = False
        self._clock = QElapsedTimer()
        action.setAutoRepeat(False)
        button.pressed.connect(lambda: self._action.setChecked(True))
        button.released.connect(lambda: self._action.setChecked(False))
        canvas.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if isinstance(event, QKeyEvent) and not event.isAutoRepeat():
            if kind == QEvent.Type.ShortcutOverride and self._down is None and self._is_ours(event):
                self._down, self._was_checked = event.key(), self._action.isChecked()
                self._clock.start()
            elif kind == QEvent.Type.KeyRelease and event.key() == self._down:
                self._let_go(self._clock.elapsed() > HELD)
        elif kind == QEvent.Type.FocusOut and self._down is not None:
            self._let_go(True)  # whoever has the keyboard now hears of the release
        return False

    def _let_go(self, held: bool) -> None:
        self._down = None
        if held:
            self._action.setChecked(self._was_checked)

    def _is_ours(self, event: QKeyEvent) -> bool:
        return self._action.isEnabled() and QKeySequence(event.keyCombination()) in self._action.shortcuts()
