"""Which mask goes with which state: undoing a turn or a crop brings back the mask that was there before it."""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

from app.documents.open_document import OpenDocument
from app.mask.masks import Masks
from app.mask.packed import PackedMask
from app.states.state import State, Step
from engines.pixels import Mask

MOVING = ("crop", "turn", "resize")  # tools that put pixels at other places


class _Layout:
    """States of one layout have their pixels at the same places. `size`: height and width, None until one was shown."""

    def __init__(self) -> None:
        self.size: tuple[int, int] | None = None


class MaskMemory:
    """Follows the state that is shown. States that only differ in light and colour share a mask.

    It goes by states and not by photos: one that was read back from disk is another photo of the same state.
    """

    def __init__(self, masks: Masks) -> None:
        self._masks = masks
        self._layouts: WeakKeyDictionary[State, _Layout] = WeakKeyDictionary()
        self._kept: WeakKeyDictionary[_Layout, PackedMask] = WeakKeyDictionary()
        self._layout: _Layout | None = None

    def show(self, document: OpenDocument | None) -> None:
        """`document` is shown now, or another state of it."""
        photo = document.photo if document is not None else None
        if document is None or photo is None:
            self._leave(None, (0, 0))
            return
        height, width = photo.picture.pixels.shape[:2]
        layout = self._layout_of(document.states, document.shown)
        if layout.size not in (None, (height, width)):
            layout = self._layouts[document.state] = _Layout()
        layout.size = height, width
        if layout is not self._layout:
            self._leave(layout, layout.size)

    def keep(self, document: OpenDocument, mask: Mask) -> None:
        """`mask` fits the state that was just made for `document`, whichever is shown."""
        layout = self._layout_of(document.states, document.shown)
        if layout is self._layout:
            self._masks.fit(mask.shape[0], mask.shape[1], mask)
        else:
            self._kept[layout] = PackedMask(mask, self._masks.packing)

    def _layout_of(self, states: Sequence[State], index: int) -> _Layout:
        """By the steps from the first state on: those between may never have been shown."""
        layout = self._layouts.setdefault(states[0], _Layout())
        for state in states[1 : index + 1]:
            before, layout = layout, self._layouts.get(state)
            if layout is None:
                layout = self._layouts[state] = _Layout() if _moves(state.step, before) else before
        return layout

    def _leave(self, layout: _Layout | None, size: tuple[int, int]) -> None:
        if self._layout is not None:
            self._kept.pop(self._layout, None)
            if (packed := self._masks.packed()) is not None:
                self._kept[self._layout] = packed
        self._layout = layout
        self._masks.fit(*size, self._kept.get(layout) if layout is not None else None)


def _moves(step: Step | None, before: _Layout) -> bool:
    """Whether `step` puts the pixels of `before` at other places, as far as it says so."""
    tool = step.get("tool") if step is not None else None
    if step is not None and tool == "upscale":
        return before.size is None or step.get("size") != [before.size[1], before.size[0]]
    return tool in MOVING
