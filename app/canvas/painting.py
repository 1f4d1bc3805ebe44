"""Painting: pixels laid on the screen where they belong, the pattern under transparency, the grid between large pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap

from app.core import qimage

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in whole pixels; right and bottom are outside."""

EDGE = 2  # source pixels drawn past the visible ones, for smooth scaling at the rim


@dataclass(frozen=True)
class Placement:
    """Where a grid of pixels is on screen: the corner of its first pixel, and device pixels per pixel."""

    left: float
    top: float
    step_x: float
    step_y: float

    def box_in(self, visible: QRectF, width: int, height: int, edge: int = EDGE) -> Box | None:
        """Which of `width` × `height` pixels touch `visible` (device pixels), with `edge` more around; None: none."""
        left = max(0, math.floor((visible.left() - self.left) / self.step_x) - edge)
        top = max(0, math.floor((visible.top() - self.top) / self.step_y) - edge)
        right = min(width, math.ceil((visible.right() - self.left) / self.step_x) + edge)
        bottom = min(height, math.ceil((visible.bottom() - self.top) / self.step_y) + edge)
        return (left, top, right, bottom) if left < right and top < bottom else None

    def rect_of(self, box: Box) -> QRectF:
        """Where those pixels are on screen."""
        left, top, right, bottom = box
        return QRectF(
            self.left + left * self.step_x,
            self.top + top * self.step_y,
            (right - left) * self.step_x,
            (bottom - top) * self.step_y,
        )


def draw_pixels(
    painter: QPainter,
    pixels: NDArray[np.uint8],
    box: Box,
    placement: Placement,
    *,
    premultiplied: bool,
    smooth: bool,
) -> None:
    """Draw the pixels of `box`."""
    image = qimage.region(pixels, *box, premultiplied=premultiplied)
    if smooth and (placement.step_x, placement.step_y) != (1.0, 1.0):
        image = qimage.quick_to_scale(image)
    draw_image(painter, image, box, placement, smooth=smooth)


def draw_image(painter: QPainter, image: QImage, box: Box, placement: Placement, *, smooth: bool) -> None:
    """Draw an image of the pixels of `box`."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
    painter.translate(placement.left + box[0] * placement.step_x, placement.top + box[1] * placement.step_y)
    painter.scale(placement.step_x, placement.step_y)
    painter.drawImage(QPointF(0, 0), image)
    painter.restore()


def check_pattern(side: int, light: QColor, dark: QColor) -> QPixmap:
    """Two by two squares, `side` device pixels each, to be laid side by side."""
    pattern = QPixmap(2 * side, 2 * side)
    pattern.fill(light)
    painter = QPainter(pattern)
    for at in (0, side):
        painter.fillRect(QRect(at, at, side, side), dark)
    painter.end()
    return pattern


def draw_grid(painter: QPainter, placement: Placement, box: Box, visible: QRectF) -> None:
    """Lines one device pixel wide between the pixels of `box`: dark and light in turn, so that they show on any colour."""
    left, top, right, bottom = box
    dark, light = QColor(0, 0, 0, 90), QColor(255, 255, 255, 90)
    # All vertical lines are one strip that is laid down the screen: blended at once, which costs far less than line after line.
    strip = QPixmap(math.ceil(visible.width()), 4)
    strip.fill(QColor(0, 0, 0, 0))
    on_strip = QPainter(strip)
    for number in range(left + 1, right):
        x = math.floor(placement.left + number * placement.step_x)
        if visible.left() < x < visible.right():
            on_strip.fillRect(x - int(visible.left()), 0, 1, 2, light)
            on_strip.fillRect(x - int(visible.left()), 2, 1, 2, dark)
    on_strip.end()
    painter.drawTiledPixmap(visible, strip)
    across = QPixmap(512, 1)
    across.fill(dark)
    on_line = QPainter(across)
    on_line.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
    for x in range(0, across.width(), 4):
        on_line.fillRect(x, 0, 2, 1, light)
    on_line.end()
    for number in range(top + 1, bottom):
        y = math.floor(placement.top + number * placement.step_y)
        if visible.top() < y < visible.bottom():
            painter.drawTiledPixmap(QRectF(visible.left(), y, visible.width(), 1), across)
