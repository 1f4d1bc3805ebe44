"""Upscale facts: what an upscale will make and take, said beforehand, and where it runs."""

from __future__ import annotations

import shlex

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from app.photos.photo import Photo, megapixels
from app.upscale import memory, speeds
from app.widgets.labels import make_label
from engines.superres.estimate import Plan

GIB = 2**30


class UpscaleFacts(QWidget):
    """A line each for sizes, time, memory and device, and below them a warning where the memory will hardly do."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.size_now, self.size_after, self.device = make_label("–"), make_label("–"), make_label("")
        self.time, self.memory = make_label("–"), make_label("–")
        self.device.setWordWrap(True)
        self.set_device("")
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        for row, (text, value) in enumerate(
            (
                (self.tr("Now"), self.size_now),
                (self.tr("Upscaled"), self.size_after),
                (self.tr("Takes"), self.time),
                (self.tr("Memory"), self.memory),
                (self.tr("Runs on"), self.device),
            )
        ):
            grid.addWidget(make_label(text, "caption"), row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(value, row, 1)
            value.setAccessibleName(text)
        self.warning = make_label("", "warning", wraps=True)
        self.warning.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.warning.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        column.addLayout(grid)
        column.addWidget(self.warning)

    def set_device(self, device: str) -> None:
        """Where the model runs, as it says itself; "" while none is open."""
        self.device.setText(device or self.tr("shown once it runs"))
        self.device.setObjectName("" if device else "muted")
        self.device.style().polish(self.device)

    def show_sizes(self, photo: Photo | None, plan: Plan | None) -> None:
        """Say what is there and what will be, and what that holds in memory."""
        self.size_now.setText(_size(photo.picture.width, photo.picture.height) if photo is not None else "–")
        self.size_after.setText(_size(plan.width, plan.height) if plan is not None else "–")
        needed = speeds.bytes_for(photo.picture, plan) if photo is not None and plan is not None else None
        self.memory.setText(_bytes(needed) if needed is not None else "–")

    def warn(self, photo: Photo | None, plan: Plan | None, model: str, *, on_disk: bool) -> None:
        """Say beforehand that the result would hardly fit in memory, and what does the same work in less; `model` is its
        name, `on_disk` whether the photo is what its file holds.
        """
        free = memory.free_bytes()
        needed = speeds.bytes_for(photo.picture, plan) if photo is not None and plan is not None else 0
        too_much = needed > memory.MOST_OF_FREE * free
        self.warning.setVisible(too_much)
        if too_much and photo is not None and model:
            source = photo.picture.source if on_disk else None
            self.warning.setText(
                self.tr(
                    "The result needs {needed:.1f} GB of memory and {free:.1f} GB are free. The command line writes it to disk"
                    " as it goes:\nduskroom upscale {source} OUT.tif --model {model}"
                ).format(
                    needed=needed / GIB,
                    free=free / GIB,
                    source=shlex.quote(str(source)) if source is not None else "IN",
                    model=shlex.quote(model),
                )
            )


def _size(width: int, height: int) -> str:
    return f"{width} × {height}  ({megapixels(width * height)})"


def _bytes(count: int) -> str:
    return f"{count / GIB:.1f} GB" if count >= 0.95 * GIB else f"{max(1, round(count / 2**20))} MB"
