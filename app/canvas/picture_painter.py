"""The picture painter: draws pyramids, sharp where that is quickly done, and first from a smaller level where it is not."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import cast

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF
from PySide6.QtGui import QColor, QPainter, QPixmap, QRegion

from app.canvas.frame import Frame
from app.canvas.look import LookLayer, Rendering
from app.canvas.painting import Placement, check_pattern, draw_grid, draw_image, draw_pixels
from app.core import qimage
from app.photos.pyramid import Pyramid

CHECK = 8  # logical pixels, the side of a square of the pattern under transparency
SHARP_ABOVE = 2.0  # above this scale pixels are shown as the squares they are
GRID_ABOVE = 8.0  # screen pixels per pixel of the picture
AT_ONCE = (
    4_000_000  # pixels of a level drawn each time: more of them are slower than the eye, and follow piece by piece
)
FRAMES = 2  # before and after


@dataclass(frozen=True)
class _Sight:
    """What is drawn where: the full size of `pyramid` placed as `whole`, from level `number`."""

    pyramid: Pyramid
    whole: Placement
    number: int
    smooth: bool

    def place(self, number: int) -> Placement:
        """Of a level's pixels."""
        step = 2**number
        return Placement(self.whole.left, self.whole.top, self.whole.step_x * step, self.whole.step_y * step)

    def cost(self, area: int) -> float:
        """Pixels of the level that are read for so many of the screen."""
        place = self.place(self.number)
        return area * max(1.0, 1 / place.step_x) * max(1.0, 1 / place.step_y)


class PicturePainter:
    """Holds how pictures look, the pattern's colours and whether there is a grid, and what of them is on the screen."""

    def __init__(self) -> None:
        self.shows_grid = True
        self._surround = QColor()
        self._colours = QColor("#c4c4c4"), QColor("#9c9c9c")
        self._checks: QPixmap | None = None
        self._frames: list[Frame] = []

    def set_surround(self, colour: QColor) -> None:
        """What is behind the picture's rim, where it covers a pixel of the screen in part."""
        self._surround = colour
        self._frames.clear()

    def set_checks(self, light: QColor, dark: QColor) -> None:
        """The colours of the pattern under transparency."""
        self._colours, self._checks = (light, dark), None
        self._frames.clear()

    def paint(
        self,
        painter: QPainter,
        pyramid: Pyramid,
        whole: Placement,
        visible: QRectF,
        *,
        ratio: float,
        layer: LookLayer | None = None,
    ) -> bool:
        """Draw the part of `pyramid` inside `visible`, its full size placed as `whole`; through the look of `layer` as far as
        that is rendered. `ratio` is device pixels per logical pixel. Gives whether it should be painted again to be sharp.
        """
        scale = min(whole.step_x, whole.step_y)
        sight = _Sight(pyramid, whole, pyramid.level_for(scale), smooth=scale <= SHARP_ABOVE)
        height, width = pyramid.levels[sight.number].pixels.shape[:2]
        box = sight.place(sight.number).box_in(visible, width, height)
        if box is None:
            return False
        renderings = layer.want(sight.number, box) if layer is not None else []
        frame = self._frame_of(pyramid, layer is not None)
        newest = max((rendering.version for rendering in renderings), default=None)
        key = (whole.step_x, whole.step_y, ratio, newest)
        frame.move(key, QPoint(round(whole.left), round(whole.top)), visible.toAlignedRect())
        is_sharp = self._complete(frame, sight, renderings, newest, ratio)
        painter.save()
        painter.setClipRect(visible)
        painter.drawImage(frame.area.topLeft(), frame.image)
        if self.shows_grid and scale > GRID_ABOVE:
            edges = whole.box_in(visible, pyramid.width, pyramid.height)
            if edges is not None:
                draw_grid(painter, whole, edges, visible)
        painter.restore()
        return not is_sharp

    def _frame_of(self, pyramid: Pyramid, looked: bool) -> Frame:
        for frame in self._frames:
            if frame.is_of(pyramid, looked):
                return frame
        self._frames = [*self._frames[1 - FRAMES :], frame := Frame(pyramid, looked)]
        return frame

    def _complete(
        self, frame: Frame, sight: _Sight, renderings: list[Rendering], newest: int | None, ratio: float
    ) -> bool:
        """Draw what the frame has not; gives whether all of it is sharp, or will be once it is rendered."""
        missing = QRegion(frame.area).subtracted(frame.sharp)
        if missing.isEmpty():
            return True
        painter = frame.painter()

        def lay(region: QRegion, draw: Callable[[QRect], None]) -> None:
            for part in _parts(region):
                painter.setClipRect(part)
                painter.fillRect(part, self._surround)
                if sight.pyramid.has_alpha:
                    self._lay_checks(painter, part, sight.whole, ratio)
                draw(part)

        for rendering in reversed(renderings):
            covered = missing.intersected(_covered(sight.whole, rendering))
            lay(covered, lambda part, rendering=rendering: _draw_rendering(painter, rendering, sight, part))
            missing = missing.subtracted(covered)
            if rendering.version == newest and rendering.area.level == sight.number:
                frame.sharp = frame.sharp.united(covered)
        left = AT_ONCE
        if sight.cost(_area(missing)) > left and sight.number + 1 < len(sight.pyramid.levels):
            rough = missing.subtracted(frame.rough)
            lay(rough, lambda part: _draw_level(painter, sight, sight.number + 1, part))
            left -= sight.cost(_area(rough)) / 4
            if renderings:  # drawn anew each time: it may be rough
                painter.end()
                return True
            frame.rough = frame.rough.united(rough)
            now = _first(missing, int(left / sight.cost(1)))
        else:
            now = missing
        lay(now, lambda part: _draw_level(painter, sight, sight.number, part))
        painter.end()
        if not renderings:
            frame.sharp = frame.sharp.united(now)
        return missing.subtracted(now).isEmpty()

    def _lay_checks(self, painter: QPainter, where: QRect, whole: Placement, ratio: float) -> None:
        side = max(1, round(CHECK * ratio))
        if self._checks is None or self._checks.width() != 2 * side:
            self._checks = check_pattern(side, *self._colours)
        # it moves with the picture, and so does what is kept of it
        painter.drawTiledPixmap(QRectF(where), self._checks, QPointF(where.topLeft()) - QPointF(whole.left, whole.top))


def _parts(region: QRegion) -> Iterable[QRect]:
    return cast("Iterable[QRect]", region)  # that it is one is missing in its declaration


def _area(region: QRegion) -> int:
    return sum(part.width() * part.height() for part in _parts(region))


def _first(region: QRegion, area: int) -> QRegion:
    """Rows of `region` from its top, as many as have no more than `area` pixels, but one at least."""
    taken = QRegion()
    for part in _parts(region):
        rows = min(part.height(), max(area // part.width(), 1 if taken.isEmpty() else 0))
        if rows == 0:
            break
        taken = taken.united(QRect(part.left(), part.top(), part.width(), rows))
        area -= rows * part.width()
    return taken


def _draw_level(painter: QPainter, sight: _Sight, number: int, where: QRect) -> None:
    level, place = sight.pyramid.levels[number], sight.place(number)
    height, width = level.pixels.shape[:2]
    box = place.box_in(QRectF(where), width, height)
    if box is not None:
        draw_pixels(painter, level.pixels, box, place, premultiplied=level.premultiplied, smooth=sight.smooth)


def _placement(whole: Placement, rendering: Rendering) -> Placement:
    step_x, step_y = whole.step_x * rendering.area.step, whole.step_y * rendering.area.step
    left, top = rendering.area.box[:2]
    return Placement(whole.left + left * step_x, whole.top + top * step_y, step_x, step_y)


def _covered(whole: Placement, rendering: Rendering) -> QRect:
    """The pixels of the screen that a rendering has all of; at the picture's rim those that it has a part of, too."""
    area = rendering.area
    rect = _placement(whole, rendering).rect_of((0, 0, *rendering.pixels.shape[1::-1]))
    left = math.floor(rect.left()) if area.box[0] == 0 else math.ceil(rect.left()) + 1
    top = math.floor(rect.top()) if area.box[1] == 0 else math.ceil(rect.top()) + 1
    right = math.ceil(rect.right()) if area.box[2] == area.width else math.floor(rect.right()) - 1
    bottom = math.ceil(rect.bottom()) if area.box[3] == area.height else math.floor(rect.bottom()) - 1
    return QRect(left, top, max(0, right - left), max(0, bottom - top))


def _draw_rendering(painter: QPainter, rendering: Rendering, sight: _Sight, where: QRect) -> None:
    place = _placement(sight.whole, rendering)
    height, width = rendering.pixels.shape[:2]
    box = place.box_in(QRectF(where), width, height)
    if box is not None:
        image = qimage.quick_region(rendering.pixels, *box, alpha=rendering.has_alpha)
        draw_image(painter, image, box, place, smooth=sight.smooth)
