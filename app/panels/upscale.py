"""The upscale panel: which model, how large the result will be, where it runs, and how far it is."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app import memory
from app.jobs import Job
from app.photo import Photo, megapixels
from app.widgets.job_progress import JobProgress

if TYPE_CHECKING:
    from engines.library import ModelEntry

TASK = "super-resolution"
GIB = 2**30


class UpscalePanel(QWidget):
    """Emits `upscale_asked` with the model's entry; it runs nothing itself."""

    upscale_asked = Signal(object)
    add_model_asked = Signal()
    model_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._entries: list[ModelEntry] = []
        self._photo: Photo | None = None
        self._busy = False
        self._upscaled = False
        self._had_focus = False

        title = _label(self.tr("Upscale"), "title")
        self.models = QComboBox()
        self.models.setAccessibleName(self.tr("Model"))
        self.models.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.models.setMinimumContentsLength(12)
        self.models.currentIndexChanged.connect(self._model_changed)
        caption = _label(self.tr("&Model"), "caption")
        caption.setBuddy(self.models)
        self.description = _label(self.tr("Looking for models…"), "muted", wraps=True)
        self.models.setPlaceholderText(self.tr("No model yet"))
        self.add_button = QPushButton(self.tr("Add…"))
        self.add_button.setToolTip(self.tr("Add a model file to your library"))
        self.add_button.setAccessibleName(self.tr("Add a model"))
        self.add_button.clicked.connect(self.add_model_asked)

        facts = QGridLayout()
        facts.setHorizontalSpacing(16)
        facts.setVerticalSpacing(8)
        facts.setColumnStretch(1, 1)
        self.size_now, self.size_after, self.device = _label("–"), _label("–"), _label("")
        self.device.setWordWrap(True)
        self.set_device("")
        for row, (text, value) in enumerate(
            ((self.tr("Now"), self.size_now), (self.tr("Upscaled"), self.size_after), (self.tr("Runs on"), self.device))
        ):
            name = _label(text, "caption")
            facts.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop)
            facts.addWidget(value, row, 1)
            value.setAccessibleName(text)

        self.warning = _label("", "warning", wraps=True)
        self.warning.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.warning.hide()
        self.button = QPushButton(self.tr("Upscale"))
        self.button.setObjectName("primary")
        self.button.clicked.connect(self.ask)
        self.progress = JobProgress(wide=True)
        self.progress.ended.connect(self._over)
        self.hint = _label("", "muted", wraps=True)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(8)
        layout.addWidget(title)
        layout.addSpacing(8)
        layout.addWidget(caption)
        choice = QHBoxLayout()
        choice.setSpacing(8)
        choice.addWidget(self.models, 1)
        choice.addWidget(self.add_button)
        layout.addLayout(choice)
        layout.addWidget(self.description)
        layout.addSpacing(16)
        layout.addLayout(facts)
        layout.addSpacing(8)
        layout.addWidget(self.warning)
        layout.addWidget(self.button)
        layout.addWidget(self.progress)
        layout.addWidget(self.hint)
        layout.addStretch(1)
        self._refresh()

    @property
    def entries(self) -> list[ModelEntry]:
        """What is offered, in the order of the list; those without a card cannot be chosen."""
        return list(self._entries)

    @property
    def entry(self) -> ModelEntry | None:
        """The model that is chosen, None where there is none."""
        index = self.models.currentIndex()
        entry = self._entries[index] if 0 <= index < len(self._entries) else None
        return entry if entry is not None and entry.card is not None else None

    def show_models(self, entries: list[ModelEntry], wanted: str) -> None:
        """Offer the super-resolution models of the library; `wanted` is the name of the one to choose."""
        usable = [entry for entry in entries if entry.card is not None and entry.card.task == TASK]
        usable.sort(key=lambda entry: (not entry.ships, entry.card.scale or 0, entry.card.name) if entry.card else ())
        self._entries = usable + [entry for entry in entries if entry.card is None]
        self.models.blockSignals(True)
        self.models.clear()
        for entry in self._entries:
            unusable = self.tr("{name} (cannot be used)").format(name=entry.name)
            self.models.addItem(entry.card.name if entry.card else unusable)
            row = self.models.count() - 1
            tip = entry.card.description if entry.card else entry.problem
            self.models.setItemData(row, tip, Qt.ItemDataRole.ToolTipRole)
            if entry.card is None:
                model = self.models.model()
                assert isinstance(model, QStandardItemModel)
                model.item(row).setEnabled(False)
        names = [entry.name for entry in usable]
        self.models.setCurrentIndex(names.index(wanted) if wanted in names else 0 if usable else -1)
        self.models.blockSignals(False)
        self._refresh()

    def show_photo(self, photo: Photo | None, *, upscaled: bool = False) -> None:
        """Say what upscaling would make of `photo`, and what to do next where it is `upscaled` already."""
        self._photo = photo
        self._upscaled = upscaled
        self._refresh()

    def set_busy(self, busy: bool) -> None:
        """Whether something runs already, so that nothing else can be started."""
        self._busy = busy
        self._refresh()

    def set_device(self, device: str) -> None:
        """Where the model runs, as it says itself; "" while none is open."""
        self.device.setText(device or self.tr("shown once it runs"))
        self.device.setObjectName("" if device else "muted")
        self.device.style().polish(self.device)

    def follow(self, job: Job) -> None:
        """Show the progress of an upscale."""
        self.progress.follow(job, self.tr("Opening the model…"))
        if self._had_focus:
            self.progress.cancel_button.setFocus()
        self._refresh()

    def ask(self) -> None:
        """Ask for the upscale, where one can be done."""
        if self.button.isEnabled() and self.entry is not None:
            # the button is disabled and hidden from now on, and the keyboard would wander off
            self._had_focus = self.window().focusWidget() is self.button
            self.upscale_asked.emit(self.entry)

    def _model_changed(self) -> None:
        if self.entry is not None:
            self.model_chosen.emit(self.entry.name)
            self.set_device("")
        self._refresh()

    def _over(self) -> None:
        self._had_focus = self.progress.held_focus
        self._refresh()

    def _refresh(self) -> None:
        entry, photo = self.entry, self._photo
        scale = entry.card.scale if entry is not None and entry.card is not None else None
        if entry is not None and entry.card is not None:
            self.description.setText(entry.card.description)
        elif not self.progress.isVisible() and self.models.count() == 0:
            self.description.setText(self.tr("There is no super-resolution model yet. Add an ONNX file with a card."))
        self.description.setVisible(bool(self.description.text()))
        self.models.setEnabled(self.models.count() > 0 and not self._busy)
        self.size_now.setText(_size(photo.picture.width, photo.picture.height) if photo else "–")
        can = photo is not None and scale is not None
        self.size_after.setText("–")
        if photo is not None and scale is not None:
            self.size_after.setText(_size(photo.picture.width * scale, photo.picture.height * scale))
        self.button.setText(self.tr("Upscale ×{scale}").format(scale=scale) if scale else self.tr("Upscale"))
        self.button.setEnabled(can and not self._busy)
        self.button.setVisible(self.progress.isHidden())
        if photo is None:
            self.hint.setText(self.tr("Open a photo first."))
        elif self._upscaled and not self._busy:
            self.hint.setText(
                self.tr("Drag the divider to compare. Undo brings the original back, Save As keeps the result.")
            )
        else:
            self.hint.setText("")
        self.hint.setVisible(bool(self.hint.text()))
        self._warn(photo if can else None, scale or 1)
        if self._had_focus and not self._busy and self.progress.isHidden():
            self._had_focus = False
            self.button.setFocus()

    def _warn(self, photo: Photo | None, scale: int) -> None:
        """Say beforehand that the result would hardly fit in memory, and what does the same work in less."""
        free = memory.free_bytes()
        needed = 0
        if photo is not None:
            picture = photo.picture
            channels = picture.pixels.shape[2]
            needed = memory.bytes_upscaled(picture.width, picture.height, channels, picture.depth, scale)
        too_much = needed > memory.MOST_OF_FREE * free
        self.warning.setVisible(too_much)
        if too_much and photo is not None and self.entry is not None:
            on_disk = photo.picture.source if not self._upscaled else None  # a result is not on disk yet
            source = shlex.quote(str(on_disk)) if on_disk is not None else "IN"
            self.warning.setText(
                self.tr(
                    "The result needs {needed:.1f} GB of memory and {free:.1f} GB are free. The command line writes it to disk"
                    " as it goes:\nduskroom upscale {source} OUT.tif --model {model}"
                ).format(needed=needed / GIB, free=free / GIB, source=source, model=shlex.quote(self.entry.name))
            )


def _label(text: str, name: str = "", *, wraps: bool = False) -> QLabel:
    label = QLabel(text)
    label.setObjectName(name)
    label.setWordWrap(wraps)
    if name != "caption":
        label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def _size(width: int, height: int) -> str:
    return f"{width} × {height}  ({megapixels(width * height)})"
