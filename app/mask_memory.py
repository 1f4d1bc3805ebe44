"""Which mask goes with which photo: undoing a turn or a crop brings back the mask that was there before it."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from app.masks import Masks
from app.packed_mask import PackedMask
from app.photo import Photo


class _Layout:
    """Photos of one layout have their pixels at the same places."""


class MaskMemory:
    """Follows the photo that is shown. Photos that only differ in light and colour share a mask."""

    def __init__(self, masks: Masks) -> None:
        self._masks = masks
        self._layouts: WeakKeyDictionary[Photo, _Layout] = WeakKeyDictionary()
        self._kept: WeakKeyDictionary[_Layout, PackedMask] = WeakKeyDictionary()
        self._layout: _Layout | None = None
        self._is_new = True

    def opened(self) -> None:
        """Another document comes."""
        self._is_new = True

    def moved(self, photo: Photo) -> None:
        """`photo` has its pixels at other places than the one it was made from."""
        self._layouts[photo] = _Layout()

    def show(self, photo: Photo | None) -> None:
        """`photo` is shown now."""
        if photo is None:
            self._leave(None, 0, 0)
            return
        height, width = photo.picture.pixels.shape[:2]
        layout = self._layouts.get(photo)
        if layout is None:
            same = self._layout is not None and not self._is_new and self._masks.size == (height, width)
            layout = self._layout if same and self._layout is not None else _Layout()
            self._layouts[photo] = layout
        self._is_new = False
        if layout is not self._layout:
            self._leave(layout, height, width)

    def _leave(self, layout: _Layout | None, height: int, width: int) -> None:
        if self._layout is not None:
            self._kept.pop(self._layout, None)
            if (packed := self._masks.packed()) is not None:
                self._kept[self._layout] = packed
        self._layout = layout
        self._masks.fit(height, width, self._kept.get(layout) if layout is not None else None)
