"""A packed mask: whole at first, and compressed on another thread, which then lets go of the whole."""

from __future__ import annotations

import zlib

import numpy as np

from app.core.jobs import JobQueue
from engines.pixels import Mask
from engines.progress import Progress


class PackedMask:
    """Keeps `mask`, which must never change. `queue` compresses it whenever it comes to that."""

    def __init__(self, mask: Mask, queue: JobQueue) -> None:
        self._shape = mask.shape
        self._whole: Mask | None = mask
        self._packed = b""
        queue.submit(_compressed, mask).finished.connect(lambda packed: self._take(packed))

    @property
    def size(self) -> int:
        """Bytes it takes for good: none that anybody should count before it is compressed."""
        return len(self._packed)

    @property
    def is_whole(self) -> bool:
        """Whether unpacking it takes no time."""
        return self._whole is not None

    def unpacked(self) -> Mask:
        """The mask, read-only; on any thread."""
        whole = self._whole
        if whole is None:
            whole = np.frombuffer(zlib.decompress(self._packed), np.uint8).reshape(self._shape)
        return whole

    def _take(self, packed: bytes) -> None:
        self._packed = packed  # before the whole goes, for another thread may look at this moment
        self._whole = None


def _compressed(mask: Mask, *, progress: Progress) -> bytes:
    progress.check()
    return zlib.compress(np.ascontiguousarray(mask).data, 1)
