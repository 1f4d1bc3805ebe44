"""The first look: a large photo is shown much reduced until the whole of it takes its place in the same view.

It has a page of its own: the canvas, and what can be done to the photo on it, wait for the whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF, QRectF
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QDockWidget

from app.canvas.view import CanvasView
from app.core.jobs import Job
from app.photos.photo import Photo

if TYPE_CHECKING:
    from app.main_window import MainWindow


def slots(window: MainWindow) -> dict[str, Callable[..., object]]:
    """It has no actions."""
    return {}


def connect(window: MainWindow) -> None:
    """Show what `window.opening` gives away beforehand."""
    FirstLook(window)


class FirstLook(QObject):
    """The page, and the view on it that the whole photo is to take over."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.view = CanvasView()
        self.view.setObjectName("first_look")
        window.pages.addWidget(self.view)
        window.opening.first_look.connect(self._show)
        window.opening.started.connect(self._follow)
        window.document.changed.connect(self._hand_over)
        window.pages.currentChanged.connect(self._hold)
        window.queue.busy_changed.connect(self._hold)  # after the panels, which would let their actions go
        window.theme.changed.connect(self._dress)
        self._dress()

    def _dress(self) -> None:
        self.view.set_surround(QColor(self._window.theme.colours.surround))

    def _follow(self, job: Job, _: str) -> None:
        job.ended.connect(self._end)

    def _show(self, small: Photo) -> None:
        self.view.show_pyramid(None)
        self.view.show_pyramid(small.pyramid)
        self._window.pages.setCurrentWidget(self.view)
        self.view.fit()

    def _hold(self) -> None:
        """Nothing can be done to what is hidden meanwhile."""
        looking = self._window.pages.currentWidget() is self.view
        for dock in self._window.findChildren(QDockWidget):
            dock.widget().setEnabled(not looking or dock.objectName() == "documents")
        if looking:
            self._window._state_changed()

    def _hand_over(self) -> None:
        """The canvas shows the photo: let it show what the view did, where somebody had zoomed meanwhile."""
        small, canvas = self.view.pyramid, self._window.canvas
        if small is None:
            return
        if not self.view.viewport.is_fitted and canvas.pyramid is not None:
            ratio = canvas.pyramid.width / small.width
            middle = QRectF(self.view.rect()).center()
            place = self.view.picture_at(middle) * ratio
            canvas.zoom_to(self.view.scale / ratio)
            away = canvas.picture_at(QRectF(canvas.rect()).center()) - place
            canvas.pan(QPointF(away) * canvas.scale / canvas.devicePixelRatioF())
        self.view.show_pyramid(None)

    def _end(self) -> None:
        """Also where it could not be opened: what was shown before is shown again."""
        pages = self._window.pages
        if pages.currentWidget() is self.view:
            has_photo = self._window.document.photo is not None
            pages.setCurrentWidget(self._window.canvas if has_photo else self._window.first_page)
        self.view.show_pyramid(None)
