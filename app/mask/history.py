"""The mask's history: what each change covered, compressed, and how it is put back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.core.jobs import JobQueue
from app.mask.packed import PackedMask
from engines.pixels import Box, Mask
from engines.progress import Progress

KEPT_BYTES = 64 << 20  # of what changes covered, compressed


@dataclass(frozen=True)
class Patch:
    """What one change covered. None: there was no mask."""

    box: Box
    before: PackedMask | None
    after: PackedMask | None

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(side.size for side in (self.before, self.after) if side is not None)


class MaskHistory:
    """Changes that were `done`, and those that were `undone`, the last of each last. `packing` compresses them."""

    def __init__(self, packing: JobQueue) -> None:
        self._packing = packing
        self.done: list[Patch] = []
        self.undone: list[Patch] = []

    def clear(self) -> None:
        """Forget it."""
        self.done.clear()
        self.undone.clear()

    def keep(self, before: Mask | None, after: Mask | None, box: Box) -> None:
        """Remember the change from `before` to `after`, both never to change again, inside `box`."""
        left, top, right, bottom = box
        was, now = (
            None if mask is None else PackedMask(mask[top:bottom, left:right], self._packing)
            for mask in (before, after)
        )
        self.undone.clear()
        self.done.append(Patch(box, was, now))
        while len(self.done) > 1 and sum(one.size for one in self.done) > KEPT_BYTES:
            del self.done[0]


def restored(mask: Mask | None, size: tuple[int, int], box: Box, packed: PackedMask, *, progress: Progress) -> Mask:
    """`mask`, of `size` (height and width), with what was kept of `box` put back. Raises Cancelled."""
    progress.check()
    left, top, right, bottom = box
    piece = packed.unpacked()
    if piece.shape == size:
        return piece
    made: Mask = np.zeros(size, np.uint8) if mask is None else mask.copy()
    made[top:bottom, left:right] = piece
    made.flags.writeable = False
    return made
