"""The first page: what an editor without a photo shows, how to open one, and two samples to try."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QT_TRANSLATE_NOOP, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.core import qimage
from engines.progress import Progress

THUMBNAIL = QSize(184, 120)  # logical pixels

GOOD_FOR = {
    "seeding": QT_TRANSLATE_NOOP("FirstPage", "Fine hairs, to see detail grow"),
    "picos-de-europa": QT_TRANSLATE_NOOP("FirstPage", "A wide view by day, rock and grass"),
}
"""What each sample photo is good for, by its file's name."""

IMAGE_DESCRIPTION, ARTIST, COPYRIGHT = 0x010E, 0x013B, 0x8298  # EXIF tags


@dataclass(frozen=True, eq=False)
class Sample:
    """A sample photo: its file, title and credit, and a small picture of it, uint8 (H, W, 3)."""

    path: Path
    title: str
    credit: str
    pixels: NDArray[np.uint8]


def samples(paths: Sequence[Path], width: int, height: int, *, progress: Progress) -> list[Sample]:
    """The photos at `paths` filling `width` × `height` pixels; files that cannot be read are left out. Raises Cancelled."""
    from PIL import Image, ImageOps

    made: list[Sample] = []
    for path in paths:
        progress.check()
        try:
            with Image.open(path) as image:
                exif = image.getexif()
                image.draft("RGB", (width, height))
                fitted = ImageOps.fit(ImageOps.exif_transpose(image).convert("RGB"), (width, height))
        except (OSError, ValueError):
            continue
        title = str(exif.get(IMAGE_DESCRIPTION) or path.stem.replace("-", " ").capitalize())
        credit = ", ".join(str(exif[tag]) for tag in (ARTIST, COPYRIGHT) if exif.get(tag))
        made.append(Sample(path, title, credit, np.asarray(fitted)))
    return made


class FirstPage(QWidget):
    """Emits `open_asked` for the dialog and `photo_chosen` for a sample."""

    open_asked = Signal()
    photo_chosen = Signal(object)  # a path

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("first")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        card = QFrame()
        card.setObjectName("card")
        inner = QVBoxLayout(card)
        inner.setContentsMargins(32, 24, 32, 24)
        inner.setSpacing(8)
        heading = QLabel(self.tr("Open a photo to begin"))
        heading.setObjectName("heading")
        hint = QLabel(self.tr("Drop it anywhere in this window, or choose a file."))
        hint.setObjectName("muted")
        hint.setWordWrap(True)
        hint.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.open_button = QPushButton(self.tr("Open a photo…"))
        self.open_button.setObjectName("primary")
        self.open_button.clicked.connect(self.open_asked)
        inner.addWidget(heading, 0, Qt.AlignmentFlag.AlignHCenter)
        inner.addWidget(hint)
        inner.addSpacing(12)
        inner.addWidget(self.open_button, 0, Qt.AlignmentFlag.AlignHCenter)
        self._samples_title = QLabel(self.tr("Samples to try"))
        self._samples_title.setObjectName("muted")
        self._samples_title.hide()
        self._samples = QHBoxLayout()
        self._samples.setSpacing(16)
        inner.addSpacing(12)
        inner.addWidget(self._samples_title, 0, Qt.AlignmentFlag.AlignHCenter)
        inner.addLayout(self._samples)
        outer = QVBoxLayout(self)
        outer.addStretch(1)
        middle = QHBoxLayout()  # not an alignment, for which wrapped words would get the room of one line
        middle.addStretch(1)
        middle.addWidget(card)
        middle.addStretch(1)
        outer.addLayout(middle)
        outer.addStretch(1)

    def show_samples(self, made: Sequence[Sample]) -> None:
        """Show the samples as buttons."""
        last: QWidget = self.open_button
        for sample in made:
            pixmap = QPixmap.fromImage(qimage.from_pixels(sample.pixels))
            pixmap.setDevicePixelRatio(self.devicePixelRatioF())
            button = QToolButton()
            button.setObjectName("sample")
            button.setIcon(QIcon(pixmap))
            button.setIconSize(THUMBNAIL)
            good_for = self.tr(str(GOOD_FOR.get(sample.path.stem, "")))
            button.setText(sample.title)
            button.setToolTip(sample.credit)
            button.setAccessibleDescription(good_for)
            button.setWhatsThis(f"{good_for}. {sample.credit}")
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.setAccessibleName(self.tr("Open the sample photo {title}").format(title=sample.title))
            button.setCursor(Qt.CursorShape.PointingHandCursor)
            button.clicked.connect(lambda _=False, path=sample.path: self.photo_chosen.emit(path))
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            words = QLabel(good_for)
            words.setObjectName("muted")
            words.setWordWrap(True)
            words.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
            words.setMinimumHeight(
                2 * words.fontMetrics().lineSpacing()
            )  # in a layout that is not as wide as it could be
            button.setMinimumHeight(button.sizeHint().height())  # nothing else gives wrapped words their room
            column = QVBoxLayout()
            column.setSpacing(4)
            column.addWidget(button)
            column.addWidget(words, 1)
            self._samples.addLayout(column, 1)
            self.setTabOrder(last, button)
            last = button
        self._samples_title.setVisible(bool(made))
