"""The clipboard: the picture, or its visible part, goes to other programs, and what they copied becomes a photo."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from PySide6.QtCore import QMimeData, QObject, Signal
from PySide6.QtGui import QGuiApplication, QImage

from app.core import errors, qimage
from app.core.jobs import Job, JobQueue
from app.core.messages import MessageBar
from app.documents.document import Document
from app.opening.opening import dropped_paths
from app.photos import photo
from app.photos.photo import Photo
from engines.metadata.metadata import Metadata
from engines.pictures.picture import Picture
from engines.progress import Progress

Region = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels of the picture, right and bottom outside."""

BAND = 512  # rows between two looks at whether somebody asked to stop


def clipboard_image(picture: Picture, region: Region | None, *, progress: Progress) -> QImage:
    """`picture`, or a `region` of it, as other programs expect it: 8 bits, sRGB. Raises Cancelled."""
    from engines.colour.profiles import Space  # with colour management, which the window does not need to start

    left, top, right, bottom = region or (0, 0, picture.width, picture.height)
    space = Space(picture.metadata.icc)
    bands = []
    for start in range(top, bottom, BAND):
        progress.check()
        rows = picture.pixels[start : min(start + BAND, bottom), left:right]
        colours = space.to_srgb(np.ascontiguousarray(rows[..., :3]))
        parts = [np.rint(part / 257).astype(np.uint8) if part.dtype == np.uint16 else part for part in (colours, rows)]
        bands.append(np.concatenate([parts[0], parts[1][..., 3:]], axis=2))
    return qimage.from_pixels(np.concatenate(bands))


def photo_of(image: QImage, *, progress: Progress) -> Photo:
    """An image of another program as a photo without a file, in sRGB unless it says otherwise. Raises Cancelled."""
    from engines.colour.profiles import srgb_profile

    pixels = qimage.to_pixels(image)
    if not image.hasAlphaChannel() or int(pixels[..., 3].min()) == 255:
        pixels = np.ascontiguousarray(pixels[..., :3])
    said = image.colorSpace()
    icc = bytes(said.iccProfile().data()) if said.isValid() else b""
    return photo.of(Picture(pixels, Metadata(icc=icc or srgb_profile())), progress=progress)


class Clipboard(QObject):
    """Copies and pastes. `pasted_files` tells of files on the clipboard, `pasted` of a picture that is a photo now."""

    pasted_files = Signal(object)  # a list of paths
    pasted = Signal(object)  # a photo
    started = Signal(object, str)  # the job, what it does

    def __init__(
        self, queue: JobQueue, document: Document, messages: MessageBar, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._queue = queue
        self._document = document
        self._messages = messages

    def copy(self, region: Region | None = None) -> Job | None:
        """Copy the picture or a region of it; None where there is none."""
        current = self._document.photo
        if current is None:
            return None
        job = self._queue.submit(clipboard_image, current.picture, region)
        job.finished.connect(self._copied)
        job.failed.connect(self._failed)
        self.started.emit(job, self.tr("Copying the picture…"))
        return job

    def paste(self) -> Job | None:
        """Open what is on the clipboard; None where it is no picture, which is said, or a file."""
        data = QGuiApplication.clipboard().mimeData()
        if data is not None and (files := dropped_paths(data)):
            self.pasted_files.emit(files)
            return None
        if data is not None and (file := _file_named(data)) is not None:
            self.pasted_files.emit([file])
            return None
        image = QGuiApplication.clipboard().image()
        if image.isNull():
            self._messages.tell(
                self.tr("There is no picture on the clipboard; copy one in another program first."), "warning"
            )
            return None
        job = self._queue.submit(photo_of, image)
        job.finished.connect(self.pasted)
        job.failed.connect(self._failed)
        self.started.emit(job, self.tr("Pasting the picture…"))
        return job

    def _copied(self, image: QImage) -> None:
        QGuiApplication.clipboard().setImage(image)
        size = f"{image.width()} × {image.height()}"
        self._messages.tell(self.tr("Copied {size} pixels.").format(size=size), passing=True)

    def _failed(self, error: BaseException) -> None:
        if not errors.is_expected(error):
            errors.record(error)
        self._messages.tell(errors.sentence(error), "error", errors.details(error))


def _file_named(data: QMimeData) -> Path | None:
    """The file that a copied text names, as a terminal gives it."""
    text = data.text().strip() if data.hasText() and not data.hasImage() else ""
    if not text or "\n" in text or len(text) > 4096:
        return None
    path = Path(os.path.expanduser(text))
    return path if path.is_absolute() and os.path.isfile(path) else None
