"""The contact sheet: one crop of the photo through every model, side by side with the time each; a click chooses the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLabel,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.core import qimage
from app.core.jobs import Job, JobQueue
from app.library import model_words
from app.photos.photo import Photo
from app.upscale import sheet_work
from app.upscale.sheet_work import Box, Sample

if TYPE_CHECKING:
    from engines.models.library import ModelEntry

CELL = 256  # logical pixels, the side of a picture: twice the crop, or a little less
COLUMNS = 3


class ContactSheet(QDialog):
    """Emits `chosen` with the name of the model that was clicked, and `sampled` as each is there. Closing it stops the work.

    `words(entry, sample)` gives the lines under a picture besides the model's name.
    """

    chosen = Signal(str)
    sampled = Signal(object)  # a Sample
    ended = Signal()

    _arrived = Signal(object)

    def __init__(
        self,
        queue: JobQueue,
        photo: Photo,
        box: Box,
        entries: Sequence[ModelEntry],
        current: str,
        words: Callable[[ModelEntry, Sample], str],
        threads: int = 0,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._entries = list(entries)
        self._current = current
        self._words = words
        self.setWindowTitle(self.tr("Compare Models"))
        hint = QLabel(self.tr("The same part of the photo through each model. Choose the one you like best."))
        hint.setObjectName("muted")
        hint.setWordWrap(True)
        grid = QWidget()
        grid.setObjectName("panel")
        self._grid = QGridLayout(grid)
        self._grid.setSpacing(12)
        self.original = QToolButton()
        self._dress(self.original, self.tr("As it is\nenlarged plainly"), 0)
        self.original.setIcon(self._icon(sheet_work.plain(photo, box)))
        self.original.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.original.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.cells: list[QToolButton] = []
        for entry in self._entries:
            cell = QToolButton()
            name = self._name(entry)
            self._dress(cell, f"{name}\n" + self.tr("waiting…"), len(self.cells) + 1)
            cell.setToolTip(model_words.good_for(entry, self._entries))
            cell.setCheckable(True)
            cell.setChecked(entry.name == current)
            cell.clicked.connect(lambda _=False, entry=entry: self._choose(entry))
            self.cells.append(cell)
        self._grid.setRowStretch(self._grid.rowCount(), 1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it follows the picture that has the keyboard
        scroll.setWidget(grid)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.close_button = buttons.button(QDialogButtonBox.StandardButton.Close)
        self.close_button.setText(self.tr("Close"))
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        layout.addWidget(hint)
        layout.addWidget(scroll, 1)
        layout.addWidget(buttons)
        wanted = grid.sizeHint() + QSize(48, 120)
        room = parent.window().size() if parent is not None else self.screen().availableSize()
        self.resize(wanted.boundedTo(room * 0.95))
        checked = [cell for cell in self.cells if cell.isChecked()]
        (checked or self.cells or [self.close_button])[0].setFocus()
        self._arrived.connect(self._show_sample)
        self._job: Job | None = queue.submit(
            sheet_work.make, photo, box, self._entries, self._arrived.emit, threads, lane="preview", gives_way=True
        )
        self._job.ended.connect(self._job_ended)
        self.finished.connect(self._stop)

    @property
    def is_working(self) -> bool:
        """Whether some model has not had its turn."""
        return self._job is not None

    def _name(self, entry: ModelEntry) -> str:
        name = model_words.title(entry, self._entries)
        return self.tr("✓ {name} (chosen now)").format(name=name) if entry.name == self._current else name

    def _dress(self, cell: QToolButton, text: str, place: int) -> None:
        cell.setObjectName("sample")
        cell.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        cell.setIconSize(QSize(CELL, CELL))
        cell.setMinimumWidth(CELL + 24)
        cell.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        blank = QPixmap(CELL, CELL)
        blank.fill(Qt.GlobalColor.transparent)
        cell.setIcon(QIcon(blank))
        self._say(cell, text)
        self._grid.addWidget(cell, place // COLUMNS, place % COLUMNS, Qt.AlignmentFlag.AlignTop)

    def _say(self, cell: QToolButton, text: str) -> None:
        cell.setText(text)
        cell.setAccessibleName(text.replace("\n", ", "))

    def _icon(self, pixels) -> QIcon:
        """As large as a cell, so that models of different scales are shown alike."""
        ratio = self.devicePixelRatioF()
        side = round(CELL * ratio)
        image = qimage.from_pixels(pixels)
        smooth = Qt.TransformationMode.SmoothTransformation
        pixmap = QPixmap.fromImage(image.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, smooth))
        pixmap.setDevicePixelRatio(ratio)
        return QIcon(pixmap)

    def _show_sample(self, sample: Sample) -> None:
        if self._job is None or self._job.is_cancelling:
            return
        cell, entry = self.cells[sample.index], self._entries[sample.index]
        name = self._name(entry)
        if sample.pixels is None:
            self._say(cell, f"{name}\n" + self.tr("cannot be used"))
            cell.setToolTip(sample.problem)
            cell.setEnabled(False)
        else:
            cell.setIcon(self._icon(sample.pixels))
            self._say(cell, f"{name}\n{self._words(entry, sample)}")
            self.sampled.emit(sample)

    def _choose(self, entry: ModelEntry) -> None:
        for cell, other in zip(self.cells, self._entries, strict=True):
            cell.setChecked(other is entry)
        self.chosen.emit(entry.name)
        self.accept()

    def _job_ended(self) -> None:
        stopped = self._job is not None and self._job.is_cancelling and not self.isHidden()
        self._job = None
        if stopped:  # something that cannot wait took its place
            for cell in self.cells:
                if cell.text().endswith(self.tr("waiting…")):
                    self._say(cell, cell.text().replace(self.tr("waiting…"), self.tr("not tried")))
        self.ended.emit()

    def _stop(self) -> None:
        if self._job is not None:
            self._job.cancel()
