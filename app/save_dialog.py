"""The dialog of Save As: name and folder, format, quality, metadata; says before what would be lost or replaced."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app import paths
from app.document import Document
from app.saving import SaveChoice
from app.settings import Settings
from engines.formats import WRITABLE_FORMATS, Format, formats_that_hold, shown


class SaveDialog(QDialog):
    """Emits `chosen` with a SaveChoice. It writes nothing."""

    chosen = Signal(object)

    def __init__(self, document: Document, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        assert document.photo is not None
        self._picture = document.photo.picture
        self._settings = settings
        self._formats = formats_that_hold(self._picture.width, self._picture.height) or WRITABLE_FORMATS
        self.setWindowTitle(self.tr("Save As"))
        self.setMinimumWidth(520)

        start = document.target or self._proposed()
        self.name = QLineEdit(start.name)
        self.folder = QLineEdit(str(start.parent))
        self.browse = QPushButton(self.tr("Browse…"))
        self.browse.setAutoDefault(False)
        self.browse.clicked.connect(self._browse)
        self.format = QComboBox()
        for known in self._formats:
            self.format.addItem(known.title, known.name)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(1, 100)
        self.slider.setAccessibleName(self.tr("Quality"))
        self.quality = QSpinBox()
        self.quality.setRange(1, 100)
        self.quality.setFixedWidth(64)
        self.quality.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.strip = QCheckBox(self.tr("Leave out camera data, place and other metadata"))
        self.replace = QCheckBox(self.tr("Replace it"))
        self.loss = QLabel()
        self.loss.setObjectName("warning")
        self.loss.setWordWrap(True)
        self.problem = QLabel()
        self.problem.setObjectName("wrong")
        self.problem.setWordWrap(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel)
        self.save_button = buttons.button(QDialogButtonBox.StandardButton.Save)
        self.save_button.setObjectName("primary")
        self.save_button.setText(self.tr("Save"))
        buttons.accepted.connect(self._choose)
        buttons.rejected.connect(self.reject)

        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        quality_row = QHBoxLayout()
        quality_row.addWidget(self.slider, 1)
        quality_row.addWidget(self.quality)
        folder_row = QHBoxLayout()
        folder_row.addWidget(self.folder, 1)
        folder_row.addWidget(self.browse)
        self._quality_caption = QLabel(self.tr("&Quality"))
        rows = (
            (self.tr("&Name"), self.name, self.name),
            (self.tr("F&older"), folder_row, self.folder),
            (self.tr("&Format"), self.format, self.format),
            (self._quality_caption, quality_row, self.quality),
        )
        for row, (caption, field, buddy) in enumerate(rows):
            label = caption if isinstance(caption, QLabel) else QLabel(caption)
            label.setObjectName("caption")
            label.setBuddy(buddy)
            grid.addWidget(label, row, 0)
            if isinstance(field, QHBoxLayout):
                field.setSpacing(8)
                grid.addLayout(field, row, 1)
            else:
                grid.addWidget(field, row, 1)
        grid.addWidget(self.strip, len(rows), 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 16)
        layout.setSpacing(16)
        layout.addLayout(grid)
        layout.addWidget(self.loss)
        layout.addWidget(self.problem)
        layout.addWidget(self.replace)
        layout.addWidget(buttons)

        self.slider.valueChanged.connect(self.quality.setValue)
        self.quality.valueChanged.connect(self.slider.setValue)
        self.format.currentIndexChanged.connect(self._format_changed)
        self.name.textEdited.connect(self._name_changed)
        self.folder.textEdited.connect(self._place_changed)
        self.replace.toggled.connect(self._check)
        self._name_changed()
        self._format_changed()
        self.name.setFocus()
        self.name.setSelection(0, len(Path(self.name.text()).stem))

    @property
    def target(self) -> Path:
        """The file that the fields name."""
        return Path(self.folder.text()).expanduser() / self.name.text()

    def _proposed(self) -> Path:
        """The source's name with the size, in a format that keeps everything; never a file that is there."""
        source = self._picture.source
        folder = self._proposed_folder(source)
        known = [known for known in self._formats if source and source.suffix.lower() in known.suffixes]
        kept = [known for known in (*known, *self._formats) if self._keeps(known)]
        suffix = (kept or self._formats)[0].suffixes[0]
        stem = f"{source.stem if source else 'photo'}-{self._picture.width}x{self._picture.height}"
        number, target = 1, folder / f"{stem}{suffix}"
        while target.exists():
            number += 1
            target = folder / f"{stem}-{number}{suffix}"
        return target

    def _proposed_folder(self, source: Path | None) -> Path:
        """Beside the source where one may write and it is no sample that ships, else where one saved last, else home."""
        last = Path(self._settings.save_folder) if self._settings.save_folder else Path.home()
        beside = source.parent.absolute() if source is not None else last
        if os.access(beside, os.W_OK) and not beside.is_relative_to(paths.asset()):
            return beside
        return last if last.is_dir() else Path.home()

    def _keeps(self, known: Format) -> bool:
        return (known.holds_alpha or not self._picture.has_alpha) and (known.holds_16_bit or self._picture.depth == 8)

    def _format(self) -> Format:
        return self._formats[self.format.currentIndex()]

    def _name_changed(self) -> None:
        suffix = Path(self.name.text()).suffix.lower()
        for index, known in enumerate(self._formats):
            if suffix in known.suffixes:
                self.format.setCurrentIndex(index)
        self._place_changed()

    def _format_changed(self) -> None:
        known = self._format()
        path = Path(self.name.text())
        every = {suffix for each in WRITABLE_FORMATS for suffix in each.suffixes}
        if path.suffix.lower() not in known.suffixes and path.name:
            stem = path.stem if path.suffix.lower() in every else path.name
            self.name.setText(stem + known.suffixes[0])
        for widget in (self.slider, self.quality, self._quality_caption):
            widget.setEnabled(known.quality is not None)
        if known.quality is not None:
            self.quality.setValue(self._settings.qualities.get(known.name, known.quality))
        lost = []
        if self._picture.has_alpha and not known.holds_alpha:
            lost.append(self.tr("{format} holds no transparency: it will be laid on white.").format(format=known.title))
        if self._picture.depth == 16 and not known.holds_16_bit:
            lost.append(
                self.tr("{format} holds 8 bits: the finer steps of 16 bits will be lost.").format(format=known.title)
            )
        self.loss.setText("\n".join(lost))
        self.loss.setVisible(bool(lost))
        self._place_changed()

    def _place_changed(self) -> None:
        self.replace.setChecked(False)
        self._check()

    def _check(self) -> None:
        """Say what stands in the way, and let Save be pressed only where nothing does."""
        target, problem, asks = self.target, "", False
        source = self._picture.source
        if not self.name.text().strip() or os.sep in self.name.text():
            problem = self.tr("Give the file a name without “{separator}”.").format(separator=os.sep)
        elif not target.parent.is_dir():
            problem = self.tr("There is no folder “{folder}”; choose another.").format(folder=target.parent)
        elif target.is_dir():
            problem = self.tr("“{name}” is a folder; choose another name.").format(name=shown(target))
        elif target.exists():
            asks = True
            if source is not None and source.exists() and target.samefile(source):
                problem = self.tr("“{name}” is the photo that you opened.").format(name=shown(target))
            else:
                problem = self.tr("There is a “{name}” in this folder already.").format(name=shown(target))
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.replace.setVisible(asks)
        self.save_button.setEnabled(not problem or (asks and self.replace.isChecked()))
        self.adjustSize()

    def _browse(self) -> None:
        dialog = QFileDialog(self, self.tr("Choose a Folder"), self.folder.text())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self._folder_chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _folder_chosen(self, folder: str) -> None:
        self.folder.setText(folder)
        self._place_changed()

    def _choose(self) -> None:
        self._check()  # the folder may have changed while the dialog was open
        if not self.save_button.isEnabled():
            return
        known = self._format()
        quality = self.quality.value() if known.quality is not None else None
        choice = SaveChoice(self.target, known.name, quality, self.strip.isChecked(), self.replace.isChecked())
        self.accept()
        self.chosen.emit(choice)
