"""The hands of the random actions: each call does one thing that a person could do to the window, drawn from a seed."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

NEVER = ("quit",)  # ends the run
KEYS = (
    "Tab", "Backtab", "Space", "Return", "Escape", "Left", "Right", "Up", "Down", "PageUp", "PageDown", "F1",
    "A", "C", "F", "H", "X", "1", "5", "9", "Plus", "Minus",
)  # fmt: skip
"""No key that deletes: a dialog of files would take it at its word."""

MOST_PIXELS = 300_000  # of a photo: one that has grown beyond it is closed, or the run would wait for it alone


class Hands:
    """Does one random thing at a time to `window`. Photos are opened from, and results saved to, `folder` alone."""

    def __init__(self, window, photos: Sequence[Path], folder: Path, seed: int, done: Counter[str]) -> None:
        self.window = window
        self.photos = photos
        self.folder = folder
        self.random = random.Random(seed)
        self.done = done
        self.ways: tuple[tuple[int, str, Callable[[], None]], ...] = (
            (24, "action", self.action),
            (14, "key", self.key),
            (12, "click", self.click),
            (22, "control", self.control),
            (14, "drag", self.drag),
            (6, "wheel", self.wheel),
            (3, "resize", self.resize),
            (5, "open", self.open),
            (4, "upscale", self.upscale),
            (5, "undo", self.undo),
            (3, "save", self.save),
            (3, "list", self.list_row),
            (2, "drop", self.drop),
            (2, "clipboard", self.clipboard),
            (2, "source", self.source),
            (1, "cap", self.cap),
        )

    def act(self) -> None:
        """One thing; in a dialog, where one is open."""
        from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QWhatsThis

        QWhatsThis.leaveWhatsThisMode()
        modal, popup = QApplication.activeModalWidget(), QApplication.activePopupWidget()
        if isinstance(popup, QMenu) and self.random.random() < 0.5:
            popup.close()
            self.done["menu closed"] += 1
        elif isinstance(modal, QFileDialog):
            modal.reject()  # it could reach files that are none of ours
            self.done["file dialog"] += 1
        elif modal is not None:
            self.in_dialog(modal)
        elif self._is_too_large():
            self.window.document.close_document(self.window.document.current)
            self.done["grown photo closed"] += 1
        else:
            weights = [weight for weight, _, _ in self.ways]
            _, name, way = self.random.choices(self.ways, weights)[0]
            self.done[name] += 1
            way()

    def in_dialog(self, dialog) -> None:
        """Something in a dialog; sooner or later it is left."""
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        self.done[f"in {type(dialog).__name__}"] += 1
        draw = self.random.random()
        if draw < 0.12:
            QTest.keyClick(dialog, Qt.Key.Key_Escape)
        elif draw < 0.25:
            self.key()
        elif draw < 0.75:
            self.control(dialog)
        else:
            self.click(dialog)

    def _is_too_large(self) -> bool:
        photo = self.window.document.photo
        return photo is not None and photo.picture.width * photo.picture.height > MOST_PIXELS

    def action(self) -> None:
        names = [name for name, action in self.window.actions_by_id.items() if action.isEnabled() and name not in NEVER]
        name = self.random.choice(names)
        self.done[f"action {name}"] += 1
        self.window.actions_by_id[name].trigger()

    def key(self) -> None:
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest
        from PySide6.QtWidgets import QApplication

        target = QApplication.focusWidget() or QApplication.activeModalWidget() or self.window
        modifiers = self.random.choice(
            [Qt.KeyboardModifier.NoModifier] * 4
            + [Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier]
        )
        QTest.keyClick(target, getattr(Qt.Key, f"Key_{self.random.choice(KEYS)}"), modifiers)

    def _place(self, root):
        from PySide6.QtCore import QPoint

        place = QPoint(self.random.randrange(max(1, root.width())), self.random.randrange(max(1, root.height())))
        target = root.childAt(place) or root
        return target, target.mapFrom(root, place) if target is not root else place

    def click(self, root=None) -> None:
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        target, place = self._place(root or self.window)
        press = QTest.mouseDClick if self.random.random() < 0.15 else QTest.mouseClick
        press(target, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)

    def drag(self) -> None:
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest
        from shiboken6 import isValid

        canvas = self.window.canvas
        if not canvas.isVisible():
            return
        _, start = self._place(canvas)
        button, modifier = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        QTest.mousePress(canvas, button, modifier, start)
        for _ in range(self.random.randrange(1, 5)):
            if isValid(canvas):
                QTest.mouseMove(canvas, self._place(canvas)[1])
        QTest.mouseRelease(canvas, button, modifier, self._place(canvas)[1])

    def control(self, root=None) -> None:
        """One of the controls that can be seen: a button is pressed, a choice, a number or a slider moved by its keys."""
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest
        from PySide6.QtWidgets import (
            QAbstractButton,
            QAbstractSlider,
            QAbstractSpinBox,
            QComboBox,
            QKeySequenceEdit,
            QTabBar,
        )

        kinds = (QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox, QKeySequenceEdit, QTabBar)
        root = root or self.window
        seen = [each for kind in kinds for each in root.findChildren(kind)]
        seen = [
            each for each in seen if each.isEnabled() and not each.visibleRegion().isEmpty() and each.window() is root
        ]
        if not seen:
            return
        target = self.random.choice(seen)
        self.done[f"control {type(target).__name__}"] += 1
        if isinstance(target, QAbstractButton):
            QTest.mouseClick(target, Qt.MouseButton.LeftButton)
        elif isinstance(target, QTabBar):
            target.setCurrentIndex(self.random.randrange(max(1, target.count())))
        elif isinstance(target, QKeySequenceEdit):
            QTest.keyClick(
                target, getattr(Qt.Key, f"Key_{self.random.choice('BDGJ')}"), Qt.KeyboardModifier.AltModifier
            )
        else:
            target.setFocus()
            keys = ("Up", "Down", "Up", "Down", "PageUp", "PageDown", "Home", "End")
            if isinstance(target, QAbstractSpinBox):
                keys = keys[:4]  # the largest size that can be asked for would be all that the run does
            for _ in range(self.random.randrange(1, 4)):
                QTest.keyClick(target, getattr(Qt.Key, f"Key_{self.random.choice(keys)}"))

    def list_row(self) -> None:
        """A step of the history or a photo of the film strip; now and then its menu, or the middle button, which closes it."""
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        shown = [each for each in (self.window.history_panel.list, self.window.film_strip) if each.count()]
        if not shown:
            return
        rows = self.random.choice(shown)
        item = rows.item(self.random.randrange(rows.count()))
        place = rows.visualItemRect(item).center()
        draw = self.random.random()
        if draw < 0.1:
            rows.customContextMenuRequested.emit(place)
        else:
            button = Qt.MouseButton.MiddleButton if draw < 0.2 else Qt.MouseButton.LeftButton
            QTest.mouseClick(rows.viewport(), button, Qt.KeyboardModifier.NoModifier, place)

    def drop(self) -> None:
        """Photos, a folder, a text, and what is on no disk of this computer."""
        from PySide6.QtCore import QCoreApplication, QMimeData, QPointF, Qt, QUrl
        from PySide6.QtGui import QDropEvent

        data = QMimeData()
        urls = [QUrl.fromLocalFile(str(path)) for path in (*self.photos, self.folder, self.folder / "missing.png")]
        data.setUrls(self.random.sample([*urls, QUrl("https://example.org/a.jpg")], self.random.randrange(1, 4)))
        hand = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        event = QDropEvent(QPointF(200, 200), Qt.DropAction.CopyAction, data, *hand)
        QCoreApplication.sendEvent(self.window, event)

    def clipboard(self) -> None:
        """Another program copies something: a picture, a text, the name of a file, nothing."""
        from PySide6.QtGui import QColor, QGuiApplication, QImage

        clipboard, what = QGuiApplication.clipboard(), self.random.randrange(4)
        if what == 0:
            image = QImage(self.random.randrange(1, 40), self.random.randrange(1, 40), QImage.Format.Format_ARGB32)
            image.fill(QColor(200, 30, 90, self.random.choice((0, 128, 255))))
            clipboard.setImage(image)
        elif what == 3:
            clipboard.clear()
        else:
            clipboard.setText("words" if what == 1 else str(self.random.choice(self.photos)))
        if self.window.actions_by_id["paste"].isEnabled():
            self.window.actions_by_id["paste"].trigger()

    def source(self) -> None:
        """Another program changes a photo, takes it away, or brings it back."""
        path = self.random.choice(self.photos)
        aside = path.with_name(f"aside-{path.name}")
        if aside.exists():
            aside.replace(path)
        elif self.random.random() < 0.5:
            path.replace(aside)
        else:
            shutil.copyfile(path, aside)
            path.write_bytes(path.read_bytes()[:-1] + b"\0")

    def cap(self) -> None:
        """The history may hold so little that it lives on disk, or as much as usual."""
        from app.states import cap

        storage = self.window.document.storage
        storage.cap = self.random.choice((1, 100_000, cap.default_bytes()))
        storage.settle()

    def wheel(self) -> None:
        from PySide6.QtCore import QCoreApplication, QPoint, QPointF, Qt
        from PySide6.QtGui import QWheelEvent

        canvas = self.window.canvas
        place = QPointF(canvas.width() * self.random.random(), canvas.height() * self.random.random())
        turn = QPoint(0, self.random.choice((-240, -120, 120, 240)))
        event = QWheelEvent(
            place, canvas.mapToGlobal(place), QPoint(), turn, Qt.MouseButton.NoButton,
            self.random.choice((Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier)),
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QCoreApplication.sendEvent(canvas, event)

    def resize(self) -> None:
        self.window.resize(self.random.randrange(800, 1500), self.random.randrange(560, 950))

    def open(self) -> None:
        self.window.open_paths([self.random.choice(self.photos)])

    def upscale(self) -> None:
        self.window.actions_by_id["upscale"].trigger()

    def undo(self) -> None:
        action = self.window.actions_by_id[self.random.choice(("undo", "undo", "redo"))]
        if action.isEnabled():
            action.trigger()

    def save(self) -> None:
        from app.saving.choice import SaveChoice

        suffix = self.random.choice((".png", ".jpg", ".webp", ".tif"))
        quality = self.random.randrange(1, 101) if suffix in (".jpg", ".webp") else None
        target = self.folder / f"saved-{self.random.randrange(4)}{suffix}"
        self.window.saving.write(SaveChoice(target, suffix[1:], quality, replaces=True))
