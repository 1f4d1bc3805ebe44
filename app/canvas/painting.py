"""Painting: a picture laid on the screen, with the pattern under transparency and the grid between large pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF
from PySide6.QtGui import QColor, QPainter, QPixmap

from app import qimage
from app.canvas.pyramid import Pyramid

if TYPE_CHECKING:
    from app.canvas.look import LookLayer, Rendering

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in whole pixels; right and bottom are outside."""

EDGE = 2  # source pixels drawn past the visible ones, for smooth scaling at the rim
CHECK = 8  # logical pixels, the side of a square of the pattern under transparency
SHARP_ABOVE = 2.0  # above this scale pixels are shown as the squares they are
GRID_ABOVE = 8.0  # screen pixels per pixel of the picture


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


class PicturePainter:
    """Draws pyramids; it holds how that looks: the pattern's colours, and whether there is a grid."""

    def __init__(self) -> None:
        self.shows_grid = True
        self._colours = QColor("#c4c4c4"), QColor("#9c9c9c")
        self._checks: QPixmap | None = None

    def set_checks(self, light: QColor, dark: QColor) -> None:
        """The colours of the pattern under transparency."""
        self._colours, self._checks = (light, dark), None

    def paint(
        self,
        painter: QPainter,
        pyramid: Pyramid,
        whole: Placement,
        visible: QRectF,
        *,
        ratio: float,
        layer: LookLayer | None = None,
    ) -> None:
        """Draw the part of `pyramid` inside `visible`, its full size placed as `whole`; through the look of `layer` as far as
        that is rendered. `ratio` is device pixels per logical pixel.
        """
        scale = min(whole.step_x, whole.step_y)
        number = pyramid.level_for(scale)
        level = pyramid.levels[number]
        height, width = level.pixels.shape[:2]
        place = Placement(whole.left, whole.top, whole.step_x * 2**number, whole.step_y * 2**number)
        box = place.box_in(visible, width, height)
        if box is None:
            return
        smooth = scale <= SHARP_ABOVE
        painter.save()
        painter.setClipRect(visible)
        if pyramid.has_alpha:
            self._paint_checks(painter, visible, ratio)
        renderings = layer.want(number, box) if layer is not None else []
        if len(renderings) != 1 or not renderings[0].covers(number, box):
            draw_pixels(painter, level.pixels, box, place, premultiplied=level.premultiplied, smooth=smooth)
            for rendering in renderings:
                if pyramid.has_alpha:  # what is under it must not be seen through it
                    covered = _placement(whole, rendering).rect_of((0, 0, *rendering.pixels.shape[1::-1]))
                    self._paint_checks(painter, covered.intersected(visible), ratio)
                _draw_rendering(painter, rendering, whole, visible, smooth)
        else:
            _draw_rendering(painter, renderings[0], whole, visible, smooth)
        if self.shows_grid and scale > GRID_ABOVE:
            edges = whole.box_in(visible, pyramid.width, pyramid.height)
            if edges is not None:
                draw_grid(painter, whole, edges, visible)
        painter.restore()

    def _paint_checks(self, painter: QPainter, where: QRectF, ratio: float) -> None:
        side = max(1, round(CHECK * ratio))
        if self._checks is None or self._checks.width() != 2 * side:
            self._checks = check_pattern(side, *self._colours)
        painter.drawTiledPixmap(where, self._checks, where.topLeft())


def _placement(whole: Placement, rendering: Rendering) -> Placement:
    step_x, step_y = whole.step_x * rendering.area.step, whole.step_y * rendering.area.step
    left, top = rendering.area.box[:2]
    return Placement(whole.left + left * step_x, whole.top + top * step_y, step_x, step_y)


def _draw_rendering(painter: QPainter, rendering: Rendering, whole: Placement, visible: QRectF, smooth: bool) -> None:
    place = _placement(whole, rendering)
    height, width = rendering.pixels.shape[:2]
    box = place.box_in(visible, width, height)
    if box is not None:
        draw_pixels(painter, rendering.pixels, box, place, premultiplied=False, smooth=smooth)
