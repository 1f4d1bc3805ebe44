"""The mask of the photo that is shown, one byte a pixel, with a history of its own."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, Signal

from engines.blend import Mask
from engines.mask_shapes import Box, Place, paint, union

KEPT_BYTES = 64 << 20  # of what strokes covered, compressed


@dataclass(frozen=True)
class _Patch:
    """What one change covered. None: there was no mask."""

    box: Box
    before: bytes | None
    after: bytes | None

    @property
    def size(self) -> int:
        return len(self.before or b"") + len(self.after or b"")


class Masks(QObject):
    """`changed` brings the box that is to be drawn anew, None for all of it."""

    changed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mask: Mask | None = None
        self._size = (0, 0)  # height and width of the photo
        self._undone: list[_Patch] = []
        self._done: list[_Patch] = []
        self._stroke: Box | None = None
        self._base: Mask | None = None  # the mask before the stroke
        self._was_empty = False

    @property
    def mask(self) -> Mask | None:
        """uint8 (H, W) of the photo, 255 = apply, read-only; None: everything applies."""
        if self._mask is None:
            return None
        view = self._mask.view()
        view.flags.writeable = False
        return view

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the photo."""
        return self._size

    @property
    def is_drawing(self) -> bool:
        """Whether a stroke is begun and not ended."""
        return self._base is not None

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether there is one to do again."""
        return bool(self._undone)

    def fit(self, height: int, width: int, mask: Mask | None = None) -> None:
        """The photo is another or has another size: take `mask`, or none, and forget what was drawn."""
        self._size, self._mask = (height, width), None if mask is None else mask.copy()
        self._done.clear()
        self._undone.clear()
        self._base = self._stroke = None
        self.changed.emit(None)

    def set(self, mask: Mask | None) -> None:
        """Another mask, as one change; None: none."""
        if self.is_drawing or 0 in self._size:
            return
        if mask is not None and (mask.shape != self._size or mask.dtype != np.uint8):
            raise ValueError(f"a mask for {self._size} is not {mask.shape} {mask.dtype}")
        before, self._mask = self._mask, None if mask is None else mask.copy()
        box = (0, 0, self._size[1], self._size[0])
        self._keep(_Patch(box, _packed(before, box), _packed(self._mask, box)))
        self.changed.emit(None)

    def begin(self) -> None:
        """A stroke begins."""
        if self.is_drawing or 0 in self._size:
            return
        self._was_empty = self._mask is None
        if self._mask is None:
            self._mask = np.zeros(self._size, np.uint8)
        self._base, self._stroke = self._mask.copy(), None

    def draw(self, start: Place, end: Place, radius: float, hardness: float, *, erase: bool) -> Box | None:
        """Go on with the stroke; gives the box that was changed."""
        if self._mask is None or not self.is_drawing:
            return None
        box = paint(self._mask, start, end, radius, hardness, erase=erase)
        self._stroke = union(self._stroke, box)
        if box is not None:
            self.changed.emit(box)
        return box

    def end(self) -> None:
        """The stroke is done, and one change."""
        base, box = self._base, self._stroke
        self._base = self._stroke = None
        if base is not None and box is not None:
            before = None if self._was_empty else _packed(base, box)
            if self._was_empty:
                box = (0, 0, self._size[1], self._size[0])
            self._keep(_Patch(box, before, _packed(self._mask, box)))
        elif base is not None and self._was_empty:
            self._mask = None
        self.changed.emit(box)

    def undo(self) -> None:
        """Take the last change back."""
        if self._done and not self.is_drawing:
            self._undone.append(patch := self._done.pop())
            self._restore(patch.box, patch.before)

    def redo(self) -> None:
        """Do it again."""
        if self._undone and not self.is_drawing:
            self._done.append(patch := self._undone.pop())
            self._restore(patch.box, patch.after)

    def _restore(self, box: Box, packed: bytes | None) -> None:
        left, top, right, bottom = box
        if packed is None:
            self._mask = None
        else:
            if self._mask is None:
                self._mask = np.zeros(self._size, np.uint8)
            pixels = np.frombuffer(zlib.decompress(packed), np.uint8)
            self._mask[top:bottom, left:right] = pixels.reshape(bottom - top, right - left)
        self.changed.emit(None)

    def _keep(self, patch: _Patch) -> None:
        self._undone.clear()
        self._done.append(patch)
        while len(self._done) > 1 and sum(one.size for one in self._done) > KEPT_BYTES:
            del self._done[0]


def _packed(mask: Mask | None, box: Box) -> bytes | None:
    if mask is None:
        return None
    left, top, right, bottom = box
    return zlib.compress(np.ascontiguousarray(mask[top:bottom, left:right]).data, 1)
