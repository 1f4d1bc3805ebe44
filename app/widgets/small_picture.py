"""A small picture: a thumbnail's pixels as a pixmap in the middle of a box, in a list where it is wanted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QListWidgetItem

from app.core import qimage


def pixmap(pixels: NDArray[np.uint8], box: QSize, ratio: float) -> QPixmap:
    """`pixels`, uint8 (h, w, 3|4), fitted into `box` (logical pixels) on a screen of that ratio.

    A tiny picture is enlarged to four times at most.
    """
    made = QPixmap(round(box.width() * ratio), round(box.height() * ratio))
    made.fill(Qt.GlobalColor.transparent)
    image = qimage.from_pixels(pixels)
    size = image.size().scaled(made.size(), Qt.AspectRatioMode.KeepAspectRatio).boundedTo(image.size() * 4)
    image = image.scaled(
        max(1, size.width()),
        max(1, size.height()),
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    painter = QPainter(made)
    painter.drawImage(QPointF((made.width() - image.width()) // 2, (made.height() - image.height()) // 2), image)
    painter.end()
    made.setDevicePixelRatio(ratio)
    return made


def show_small_picture(item: QListWidgetItem, small: NDArray[np.uint8] | None, size: QSize, ratio: float) -> None:
    """Give `item` of a list the picture `small`, unless it has it already; an empty place where there is none yet."""
    if small is not None and small.size and item.data(Qt.ItemDataRole.UserRole) != id(small):
        item.setData(Qt.ItemDataRole.UserRole, id(small))
        icon, picture = QIcon(), pixmap(small, size, ratio)
        for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected, QIcon.Mode.Disabled):  # else Qt tints and greys it
            icon.addPixmap(picture, mode)
        item.setIcon(icon)
    elif small is None or not small.size:
        item.setData(Qt.ItemDataRole.UserRole, None)
        blank = QPixmap(size)
        blank.fill(Qt.GlobalColor.transparent)
        item.setIcon(QIcon(blank))
