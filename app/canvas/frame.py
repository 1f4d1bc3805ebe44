"""The frame: what was drawn of a picture last time, kept so that panning draws only what comes into sight."""

from __future__ import annotations

import weakref

from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QImage, QPainter, QRegion

from app.photos.pyramid import Pyramid


class Frame:
    """An image of a part of the screen. `sharp` is what of it is as it should be, `rough` what stands in for that."""

    def __init__(self, pyramid: Pyramid, looked: bool) -> None:
        self._pyramid = weakref.ref(pyramid)  # what is not shown any more must not stay in memory
        self._looked = looked
        self._key: object = None
        self._corner = QPoint()
        self.area = QRect()
        self.image = QImage()
        self.sharp, self.rough = QRegion(), QRegion()

    def is_of(self, pyramid: Pyramid, looked: bool) -> bool:
        """Whether it shows `pyramid`, and through a look or not."""
        return self._pyramid() is pyramid and self._looked == looked

    def move(self, key: object, corner: QPoint, area: QRect) -> None:
        """Show the part `area` of the screen, in device pixels, with the picture's corner at `corner`.

        What it holds is of use as long as `key` is the same.
        """
        if key != self._key:
            self.sharp, self.rough = QRegion(), QRegion()
        moved = corner - self._corner
        if not self.sharp.isEmpty() or not self.rough.isEmpty():
            if not moved.isNull() or area != self.area:
                self.image = self.image.copy(QRect(area.topLeft() - moved - self.area.topLeft(), area.size()))
                self.sharp, self.rough = (
                    region.translated(moved).intersected(area) for region in (self.sharp, self.rough)
                )
        elif area.size() != self.image.size():
            self.image = QImage(area.size(), QImage.Format.Format_RGB32)
        self._key, self._corner, self.area = key, corner, area

    def painter(self) -> QPainter:
        """A painter on it, in device pixels of the screen."""
        painter = QPainter(self.image)
        painter.translate(-self.area.topLeft())
        return painter
