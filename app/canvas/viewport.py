"""The viewport: which part of a picture is on screen and how large; plain numbers in device pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

LARGEST_SCALE = 64.0  # screen pixels per picture pixel
KEPT_VISIBLE = 64.0  # device pixels of the picture that panning and zooming leave in sight

Point = tuple[float, float]


@dataclass
class Viewport:
    """A screen of `screen` device pixels on a picture of `picture` pixels.

    `scale` is screen pixels per picture pixel, `origin` the place on screen of the picture's top left corner. While
    `is_fitted`, a change of the screen fits the picture anew; `enlarges` says whether that may go above 100 %.
    """

    screen: Point = (1.0, 1.0)
    picture: tuple[int, int] = (1, 1)
    scale: float = 1.0
    origin: Point = (0.0, 0.0)
    is_fitted: bool = True
    enlarges: bool = False

    def rect(self) -> tuple[float, float, float, float]:
        """Where the whole picture is on screen: left, top, width, height."""
        return *self.origin, self.picture[0] * self.scale, self.picture[1] * self.scale

    @property
    def drawn_origin(self) -> Point:
        """The origin on whole pixels of the screen, where the picture is drawn: at 100 % and its multiples each pixel stays
        whole, and nothing shimmers while it is moved.
        """
        return float(round(self.origin[0])), float(round(self.origin[1]))

    def picture_at(self, place: Point) -> Point:
        """The place in the picture, in its pixels, that is at `place` on screen."""
        return (place[0] - self.origin[0]) / self.scale, (place[1] - self.origin[1]) / self.scale

    def set_screen(self, width: float, height: float, margin: float) -> None:
        """The screen has another size: what is fitted is fitted anew, else the middle stays where it was."""
        old, self.screen = self.screen, (max(1.0, width), max(1.0, height))
        if self.is_fitted:
            self.fit(margin, enlarge=self.enlarges)
        else:
            self.pan(((self.screen[0] - old[0]) / 2, (self.screen[1] - old[1]) / 2))

    def set_picture(self, width: int, height: int, margin: float, *, keep: bool) -> None:
        """Another picture: whole, and at most at 100 %; or, to `keep` the view, where and as large as the last one was."""
        old, self.picture = self.picture, (width, height)
        if keep and not self.is_fitted:
            self.scale *= old[0] / width
        else:
            self.fit(margin, enlarge=keep)

    def fit(self, margin: float, *, enlarge: bool) -> None:
        """Show the whole picture with `margin` around it."""
        self.is_fitted, self.enlarges = True, enlarge
        room = [max(1.0, side - 2 * margin) for side in self.screen]
        scale = min(room[0] / self.picture[0], room[1] / self.picture[1])
        self.scale = min(scale, LARGEST_SCALE if enlarge else 1.0)
        _, _, width, height = self.rect()
        self.origin = (round((self.screen[0] - width) / 2), round((self.screen[1] - height) / 2))

    def zoom(self, scale: float, anchor: Point | None = None) -> None:
        """Show at `scale`; what is at `anchor` (None: the middle of the screen) stays there."""
        x, y = anchor if anchor is not None else (self.screen[0] / 2, self.screen[1] / 2)
        smallest = min(1.0, KEPT_VISIBLE / max(self.picture))
        scale = min(max(scale, smallest), LARGEST_SCALE)
        if math.isclose(scale, round(scale), rel_tol=1e-6):
            scale = float(round(scale))  # four steps of the wheel are exactly a doubling
        ratio = scale / self.scale
        self.origin = (x - (x - self.origin[0]) * ratio, y - (y - self.origin[1]) * ratio)
        self.scale = scale
        self.is_fitted = False
        if scale == 1.0:  # whole pixels, else smooth scaling would blur by a fraction of one
            self.origin = (float(round(self.origin[0])), float(round(self.origin[1])))
        self._keep_in_sight()

    def pan(self, by: Point) -> None:
        """Move the picture."""
        self.origin = (self.origin[0] + by[0], self.origin[1] + by[1])
        self.is_fitted = False
        self._keep_in_sight()

    def _keep_in_sight(self) -> None:
        left, top, width, height = self.rect()
        self.origin = (_kept(left, width, self.screen[0]), _kept(top, height, self.screen[1]))


def _kept(start: float, length: float, screen: float) -> float:
    kept = min(KEPT_VISIBLE, length)
    return min(max(start, kept - length), screen - kept)
