"""The dialog of Save As: name and folder, format, quality, metadata; says before how large a file will be and what it keeps."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
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

from app.core.jobs import JobQueue
from app.core.settings import Settings
from app.saving.choice import SaveChoice, Version, metadata_to_write
from app.saving.file_size import FileSize
from app.saving.keep_badge import KeepBadge
from app.saving.proposal import can_be_called, proposed, readable
from app.widgets import number_field
from engines.errors import shown
from engines.metadata.metadata import KEEPS, Keep, Metadata
from engines.pictures.fidelity import kept_by
from engines.pictures.formats import WRITABLE_FORMATS, Format, formats_that_hold


class SaveDialog(QDialog):
    """Emits `chosen` with a SaveChoice. It writes nothing."""

    chosen = Signal(object)

    def __init__(self, version: Version, settings: Settings, queue: JobQueue, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture = version.photo.picture
        self._steps = version.steps
        self._settings = settings
        self._formats = formats_that_hold(self._picture.width, self._picture.height) or WRITABLE_FORMATS
        self.setWindowTitle(self.tr("Save As"))
        self.setMinimumWidth(520)

        start = version.document.target or proposed(self._picture, self._formats, settings.save_folder)
        self.name = QLineEdit(readable(start.name))
        self.folder = QLineEdit(readable(str(start.parent)))
        self._start = start, os.path.splitext(self.name.text())[0], self.folder.text()  # and how the fields show it
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
        number_field.dress(self.quality)
        self.keep = QComboBox()
        titles = {
            "all": self.tr("Everything"),
            "no place": self.tr("Everything but the place"),
            "copyright": self.tr("Author and copyright only"),
            "none": self.tr("Nothing"),
        }
        for keep in KEEPS:
            self.keep.addItem(titles[keep], keep)
        self.keep.setCurrentIndex(self.keep.findData(settings.keep))
        self.note_steps = QCheckBox(self.tr("Note the neural steps in the file (XMP)"))
        self.note_steps.setChecked(settings.note_steps)
        self.note_steps.setVisible(bool(self._steps or self._picture.metadata.steps))
        self.file_size = FileSize(queue, self._picture)
        self.finished.connect(self.file_size.stop)
        self.badge = KeepBadge()
        self.replace = QCheckBox(self.tr("Replace it"))
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
            (self.tr("&Metadata"), self.keep, self.keep),
            (self.tr("File size"), self.file_size, self.file_size),
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
        grid.addWidget(self.note_steps, len(rows), 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 16)
        layout.setSpacing(16)
        layout.addLayout(grid)
        layout.addWidget(self.badge)
        layout.addStretch(1)
        layout.addWidget(self.problem)
        layout.addWidget(self.replace)
        layout.addWidget(buttons)

        self.slider.valueChanged.connect(self.quality.setValue)
        self.quality.valueChanged.connect(self.slider.setValue)
        self.format.currentIndexChanged.connect(self._format_changed)
        self.name.textEdited.connect(self._name_changed)
        self.folder.textEdited.connect(self._place_changed)
        self.quality.valueChanged.connect(self._file_changed)
        self.keep.currentIndexChanged.connect(self._file_changed)
        self.note_steps.toggled.connect(self._file_changed)
        self._set_help()
        self.replace.toggled.connect(self._check)
        self._name_changed()
        self._format_changed()
        self.name.setFocus()
        self.name.setSelection(0, len(Path(self.name.text()).stem))

    @property
    def target(self) -> Path:
        """The file that the fields name; what was not edited is the very name that was proposed, be it text or not."""
        start, shown_stem, shown_folder = self._start
        name, folder = self.name.text(), self.folder.text()
        stem, suffix = os.path.splitext(name)
        if stem == shown_stem:
            name = os.path.splitext(start.name)[0] + suffix
        return (start.parent if folder == shown_folder else Path(os.path.expanduser(folder))) / name

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
            widget.setVisible(known.quality is not None)
        if known.quality is not None:
            self.quality.setValue(self._settings.qualities.get(known.name, known.quality))
        self._file_changed()
        self._place_changed()

    def _quality(self) -> int | None:
        """None where the format keeps every pixel."""
        return self.quality.value() if self._format().quality is not None else None

    def _metadata(self) -> Metadata:
        """What the file would get."""
        keep: Keep = self.keep.currentData()
        noted = self.note_steps.isChecked()
        return metadata_to_write(self._picture.metadata, keep, self._steps, note_steps=noted)

    def _file_changed(self) -> None:
        """Say what the file would keep, and work out its size once the hand rests."""
        known, picture = self._format(), self._picture
        kept = kept_by(
            known,
            depth=picture.depth,
            has_alpha=picture.has_alpha,
            before=picture.metadata.with_steps((*picture.metadata.steps, *self._steps)),
            after=self._metadata(),
        )
        self.badge.show_kept(kept, known, depth=picture.depth)
        self.file_size.ask(known, self._quality(), self._metadata())

    def _set_help(self) -> None:
        """A sentence for each field: What’s This and the screen reader tell it."""
        for widget, text in (
            (self.name, self.tr("The file’s name; its ending follows the format.")),
            (self.folder, self.tr("The folder that the file is written to.")),
            (self.browse, self.tr("Choose the folder in a dialog.")),
            (self.format, self.tr("JPEG is read everywhere; PNG and TIFF keep every pixel; WebP and AVIF are smallest.")),
            (self.slider, self.tr("More quality makes a larger file; from 90 on a loss is hard to see.")),
            (self.quality, self.tr("More quality makes a larger file; from 90 on a loss is hard to see.")),
            (self.keep, self.tr(
                "What of camera data, place, titles and rights goes into the file; the colour profile always does.")),
            (self.note_steps, self.tr("Which models made the picture, with their settings, for other programs and for later.")),
            (self.replace, self.tr("The file that has this name is replaced once the new one is written whole.")),
        ):  # fmt: skip
            widget.setWhatsThis(text)
            widget.setToolTip(text)

    def _place_changed(self) -> None:
        self.replace.setChecked(False)
        self._check()

    def _check(self) -> None:
        """Say what stands in the way, and let Save be pressed only where nothing does."""
        target, problem, asks = self.target, "", False
        source = self._picture.source
        if not self.name.text().strip() or os.sep in self.name.text():
            problem = self.tr("Give the file a name without “{separator}”.").format(separator=os.sep)
        elif not os.path.isdir(target.parent):
            problem = self.tr("There is no folder “{folder}”; choose another.").format(folder=target.parent)
        elif not can_be_called(target):
            problem = self.tr("No file here can have this name; choose a shorter one.")
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
        self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        QTimer.singleShot(0, self, self._fit)  # what is not on screen yet has no look by which it could be measured

    def _fit(self) -> None:
        """As high as its words need at its width."""
        layout = self.layout()
        assert layout is not None
        width = max(self.width() if self.isVisible() else 0, self.minimumWidth())
        self.resize(width, layout.totalHeightForWidth(width))

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
        keep: Keep = self.keep.currentData()
        noted, replaces = self.note_steps.isChecked(), self.replace.isChecked()
        choice = SaveChoice(self.target, known.name, self._quality(), keep, note_steps=noted, replaces=replaces)
        self.accept()
        self.chosen.emit(choice)
