"""The colour readout: the place under the pointer, and the picture's own values there."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QLabel, QWidget


class ColourReadout(QLabel):
    """Empty while the pointer is not on a picture; its width does not change with what it shows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.setAccessibleName(self.tr("Colour under the pointer"))
        self.setToolTip(self.tr("Place of the pointer in the photo, and the photo’s own values there"))

    def reserve(self, pixels: NDArray[Any] | None) -> None:
        """Take the width that values of `pixels` (H, W, 3|4) need; None: no picture."""
        self.clear()
        if pixels is None:
            self.setMinimumWidth(0)
            return
        height, width = pixels.shape[:2]
        self.setText(words(pixels, width - 1, height - 1))  # fixed letters: all are as wide
        self.setMinimumWidth(self.sizeHint().width())
        self.clear()

    def show_pixel(self, pixels: NDArray[Any], x: int, y: int) -> None:
        """Show the values of one pixel."""
        self.setText(words(pixels, x, y))


def words(pixels: NDArray[Any], x: int, y: int) -> str:
    """`1204,  88   R  12  G 200  B   3  A 255`, each number as wide as the largest there can be."""
    height, width = pixels.shape[:2]
    digits = 5 if pixels.dtype.itemsize == 2 else 3
    values = "  ".join(f"{name} {int(value):>{digits}}" for name, value in zip("RGBA", pixels[y, x], strict=False))
    return f"{x:>{len(str(width))}}, {y:>{len(str(height))}}   {values}"
