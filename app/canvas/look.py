"""The look: a tool's settings shown live on the part of the picture in sight, computed off the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from app.canvas.painting import Box
from app.core import qimage
from app.core.jobs import Job, JobQueue
from app.photos.pyramid import Level, Pyramid
from engines.progress import Progress

BAND = 128  # rows for which a look is asked at a time: cancelling is quick
DRAFT_PIXELS = 1_500_000  # a new look on more than this is shown from a smaller level first
MARGIN = 8  # 1/8 of what is visible is computed around it, so that panning finds it there
AGAIN = 30  # milliseconds until a job that had to give way to another preview is tried again
KEPT = 3  # renderings: what is in sight, and what to show while another is made


@dataclass(frozen=True)
class Area:
    """Which pixels a look is given: `box` of level `level`, which is `width` × `height` in all.

    A pixel covers `step` × `step` pixels of the picture.
    """

    box: Box
    level: int
    width: int
    height: int

    @property
    def step(self) -> int:
        """Picture pixels per pixel, along each side."""
        return 2**self.level


Look = Callable[[NDArray[np.uint8], Area], NDArray[np.uint8]]
"""Takes pixels (h, w, 3|4), uint8 sRGB as they are shown, alpha not multiplied in, and the area they cover; gives as many.

It runs on another thread, must not change what it is given, and gives each pixel by that pixel and its place alone: it is
asked for bands of rows.
"""


@dataclass(frozen=True, eq=False)
class Rendering:
    """What a look made of an area, ready to be drawn: see `qimage.quickened`. `version` grows with each look."""

    version: int
    area: Area
    pixels: NDArray[np.uint8]
    has_alpha: bool

    def covers(self, level: int, box: Box) -> bool:
        """Whether it holds all of `box` of that level."""
        own = self.area.box
        inside = own[0] <= box[0] and own[1] <= box[1] and own[2] >= box[2] and own[3] >= box[3]
        return self.area.level == level and inside


def render(
    look: Look, level: Level, area: Area, version: int, known: Rendering | None, *, progress: Progress
) -> Rendering:
    """Apply `look` to `area` of `level`; what `known`, of the same look and level, holds already is taken from there.

    Raises Cancelled, and whatever the look raises.
    """
    left, top, right, bottom = area.box
    channels = level.pixels.shape[2]
    made = np.empty((bottom - top, right - left, 4), np.uint8)
    for box in _missing(area.box, known.area.box if known is not None else None):
        for start in range(box[1], box[3], BAND):
            progress.check()
            piece = (box[0], start, box[2], min(start + BAND, box[3]))
            given = level.pixels[piece[1] : piece[3], piece[0] : piece[2]]
            given = _straight(given) if channels == 4 and level.premultiplied else given
            band = look(given, replace(area, box=piece))
            if band.shape != given.shape or band.dtype != np.uint8:
                raise ValueError(f"a look made {band.dtype} {band.shape} of uint8 {given.shape}")
            made[piece[1] - top : piece[3] - top, piece[0] - left : piece[2] - left] = qimage.quickened(band)
    if known is not None and (shared := _shared(area.box, known.area.box)) is not None:
        x, y = known.area.box[:2]
        taken = known.pixels[shared[1] - y : shared[3] - y, shared[0] - x : shared[2] - x]
        made[shared[1] - top : shared[3] - top, shared[0] - left : shared[2] - left] = taken
    made.flags.writeable = False
    return Rendering(version, area, made, channels == 4)


def _shared(one: Box, other: Box) -> Box | None:
    box = max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3])
    return box if box[0] < box[2] and box[1] < box[3] else None


def _missing(wanted: Box, known: Box | None) -> list[Box]:
    """`wanted` without `known`, in at most four pieces."""
    shared = _shared(wanted, known) if known is not None else None
    if shared is None:
        return [wanted]
    pieces = [
        (wanted[0], wanted[1], wanted[2], shared[1]),
        (wanted[0], shared[3], wanted[2], wanted[3]),
        (wanted[0], shared[1], shared[0], shared[3]),
        (shared[2], shared[1], wanted[2], shared[3]),
    ]
    return [piece for piece in pieces if piece[0] < piece[2] and piece[1] < piece[3]]


def _grown(box: Box, part: int, width: int, height: int) -> Box:
    across, down = (box[2] - box[0]) // part, (box[3] - box[1]) // part
    return max(0, box[0] - across), max(0, box[1] - down), min(width, box[2] + across), min(height, box[3] + down)


def _straight(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    alpha = np.maximum(pixels[:, :, 3:], 1).astype(np.uint16)
    colour = np.minimum((pixels[:, :, :3].astype(np.uint16) * 255 + alpha // 2) // alpha, 255)
    return np.concatenate([colour.astype(np.uint8), pixels[:, :, 3:]], axis=2)


class LookLayer(QObject):
    """Keeps renderings of what is in sight, in the lane `preview`, one at a time.

    A newer look does not cancel the one being rendered: while a slider moves, each that was begun is shown, and of those
    that came meanwhile only the latest is begun.
    """

    rendered = Signal()
    failed = Signal(object)  # what the look raised; it is not tried again

    def __init__(self, queue: JobQueue, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._queue = queue
        self._look: Look | None = None
        self._pyramid: Pyramid | None = None
        self._version = 0
        self._oldest = 0  # renderings before this version are of another picture, or of none
        self._wanted: tuple[int, Box] | None = None
        self._job: Job | None = None
        self._job_version = 0
        self._renderings: list[Rendering] = []
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._begin)

    @property
    def look(self) -> Look | None:
        """What is shown."""
        return self._look

    @property
    def is_current(self) -> bool:
        """Whether all that was last drawn is rendered with the latest look at full sharpness."""
        return self._look is None or (self._wanted is not None and self._find(*self._wanted) is not None)

    def set_look(self, look: Look | None) -> None:
        """Show another look; None: the picture as it is."""
        self._look = look
        self._version += 1
        if look is None:
            self._forget()
        else:
            self._soon.start(0)

    def set_pyramid(self, pyramid: Pyramid | None) -> None:
        """The picture is another one."""
        if pyramid is not self._pyramid:
            self._pyramid = pyramid
            self._version += 1
            self._forget()

    def want(self, level: int, box: Box) -> list[Rendering]:
        """What there is to draw for `box`, the best last; what is missing is begun."""
        self._wanted = (level, box)
        if self._look is None:
            return []
        if not self._is_enough(level, box) and not self._soon.isActive():
            self._soon.start(0)
        found = self._find(level, box)
        return [found] if found is not None else list(self._renderings)

    def _forget(self) -> None:
        self._oldest = self._version
        self._renderings.clear()
        self._wanted = None
        self._soon.stop()

    def _find(self, level: int, box: Box) -> Rendering | None:
        for rendering in reversed(self._renderings):
            if rendering.version == self._version and rendering.covers(level, box):
                return rendering
        return None

    def _is_enough(self, level: int, box: Box) -> bool:
        """Whether `box` and half of the margin are there: panning should find the next piece made."""
        assert self._pyramid is not None
        height, width = self._pyramid.levels[level].pixels.shape[:2]
        return self._find(level, _grown(box, 2 * MARGIN, width, height)) is not None

    def _begin(self) -> None:
        if self._look is None or self._pyramid is None or self._wanted is None or self._job is not None:
            return
        number, box = self._wanted
        if self._is_enough(number, box):
            return
        of_this_look = [rendering for rendering in self._renderings if rendering.version == self._version]
        levels = self._pyramid.levels
        pixels = (box[2] - box[0]) * (box[3] - box[1])
        if not of_this_look and pixels > DRAFT_PIXELS and number + 1 < len(levels):
            number += 1
            height, width = levels[number].pixels.shape[:2]
            box = (box[0] // 2, box[1] // 2, -(-box[2] // 2), -(-box[3] // 2))
        else:
            height, width = levels[number].pixels.shape[:2]
            box = _grown(box, MARGIN, width, height)
        known = next((one for one in reversed(of_this_look) if one.area.level == number), None)
        area = Area(box, number, width, height)
        job = self._queue.submit(render, self._look, levels[number], area, self._version, known, lane="preview")
        self._job, self._job_version = job, self._version
        job.finished.connect(self._finish)
        job.failed.connect(self._fail)
        job.cancelled.connect(self._give_way)

    def _finish(self, rendering: Rendering) -> None:
        self._job = None
        if self._look is not None and rendering.version >= self._oldest:
            of_this_look = [kept for kept in self._renderings if kept.version == rendering.version]
            self._renderings = [*of_this_look[1 - KEPT :], rendering]
            self.rendered.emit()
        self._soon.start(0)

    def _fail(self, error: BaseException) -> None:
        self._job = None
        if self._job_version == self._version:
            self.set_look(None)
            self.failed.emit(error)
            self.rendered.emit()
        else:
            self._soon.start(0)

    def _give_way(self) -> None:
        self._job = None
        self._soon.start(AGAIN)
