"""The dialog of Save As: name and folder, format, quality, metadata; says before how large a file will be and what it keeps."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
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
from app.encoded_size import EncodedSize, encoded_size
from app.jobs import Job, JobQueue
from app.saving import SaveChoice, metadata_to_write, steps_of
from app.settings import Settings
from app.widgets.keep_badge import KeepBadge
from engines.formats import WRITABLE_FORMATS, Format, formats_that_hold, shown
from engines.keeping import kept_by
from engines.metadata import KEEPS, Keep, Metadata

SIZE_DELAY_MS = 120  # after the last move of the slider, before the size is worked out


class SaveDialog(QDialog):
    """Emits `chosen` with a SaveChoice. It writes nothing."""

    chosen = Signal(object)

    def __init__(self, document: Document, settings: Settings, queue: JobQueue, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        assert document.photo is not None
        self._picture = document.photo.picture
        self._steps = steps_of(document)
        self._queue = queue
        self._size_job: Job | None = None
        self._size_timer = QTimer(self)
        self._size_timer.setSingleShot(True)
        self._size_timer.setInterval(SIZE_DELAY_MS)
        self._size_timer.timeout.connect(lambda: self._work_out_size(whole=False))
        self.finished.connect(self._stop_size)
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
        self.note_steps.setEnabled(bool(self._steps or self._picture.metadata.steps))
        self.file_size = QLabel()
        self.file_size.setAccessibleName(self.tr("Size of the file"))
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
        self._file_changed()
        self._place_changed()

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
        self._stop_size()
        self.file_size.setText(self.tr("is being worked out…"))
        self._size_timer.start()

    def _work_out_size(self, *, whole: bool) -> None:
        known = self._format()
        quality = self.quality.value() if known.quality is not None else None
        job = self._size_job = self._queue.submit(
            encoded_size, self._picture, known, quality, self._metadata(), whole=whole, lane="preview"
        )
        job.finished.connect(lambda size: self._show_size(job, size))
        job.failed.connect(lambda error: self._size_failed(job))

    def _show_size(self, job: Job, size: EncodedSize) -> None:
        if job is not self._size_job:
            return
        self._size_job = None
        text = megabytes(size.bytes)
        self.file_size.setText(text if size.exact else self.tr("about {size}").format(size=text))

    def _size_failed(self, job: Job) -> None:
        if job is self._size_job:
            self._size_job = None
            self.file_size.setText(self.tr("known once it is saved"))

    def _stop_size(self) -> None:
        self._size_timer.stop()
        if self._size_job is not None:
            self._size_job.cancel()
            self._size_job = None

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
        keep: Keep = self.keep.currentData()
        noted, replaces = self.note_steps.isChecked(), self.replace.isChecked()
        choice = SaveChoice(self.target, known.name, quality, keep, note_steps=noted, replaces=replaces)
        self.accept()
        self.chosen.emit(choice)


def megabytes(count: int) -> str:
    """A number of bytes as a person reads it: "640 kB", "3.4 MB"."""
    if count < 1_000_000:
        return f"{max(1, round(count / 1000))} kB"
    return f"{count / 1e6:.1f} MB" if count < 1e9 else f"{count / 1e9:.2f} GB"
