"""Help inside the window: a sentence for each control, and a page that explains the work and lists every key."""

from __future__ import annotations

import html
from collections.abc import Mapping

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from app.window import actions

CONTROLS: tuple[tuple[str, object], ...] = (
    ("canvas", QT_TRANSLATE_NOOP(
        "help", "The picture. Turn the wheel to zoom, drag to move, double-click for 100 % and back to the whole.")),
    ("first_page", QT_TRANSLATE_NOOP("help", "Open a photo of yours, or try one of the samples; nothing you do changes them.")),
    ("first_page.open_button", QT_TRANSLATE_NOOP("help", "Choose a photo from your folders.")),
    ("panel", QT_TRANSLATE_NOOP("help", "Makes a photo larger with a network that has learned what detail looks like.")),
    ("panel.footer", QT_TRANSLATE_NOOP("help", "Makes a photo larger with a network that has learned what detail looks like.")),
    ("panel.models", QT_TRANSLATE_NOOP("help", "The model that upscales; below it stands what it is good for.")),
    ("panel.add_button", QT_TRANSLATE_NOOP("help", "Add a model file of your own; it is copied into your library.")),
    ("panel.button", QT_TRANSLATE_NOOP("help", "Upscale the whole photo; you can go on looking at it meanwhile, and undo it.")),
    ("tools.tabs", QT_TRANSLATE_NOOP("help", "The tools: upscale, adjust, crop and mask; arrow keys choose another.")),
    ("tools.adjust_dock", QT_TRANSLATE_NOOP(
        "help", "Exposure, contrast, white balance and saturation: seen at once, done when you press Apply.")),
    ("tools.crop_dock", QT_TRANSLATE_NOOP(
        "help", "Crop by dragging the frame, straighten by the angle or by a line along the horizon, turn, flip and resize.")),
    ("tools.mask_dock", QT_TRANSLATE_NOOP(
        "help", "Where tools and models may change the photo: painted by hand, or with a gradient.")),
    ("readout", QT_TRANSLATE_NOOP("help", "Place and colour of the pixel under the pointer, as the file holds them.")),
    ("peek_button", QT_TRANSLATE_NOOP("help", "Hold to see the photo as it was before.")),
    ("job_progress", QT_TRANSLATE_NOOP("help", "What is running now, how far it is, and a button to stop it.")),
    ("messages", QT_TRANSLATE_NOOP("help", "News about what was done. Details can be copied for a report of a fault.")),
    ("film_strip", QT_TRANSLATE_NOOP(
        "help", "The photos that are open; a dot marks what is not saved. Middle click closes one.")),
    ("history_panel.list", QT_TRANSLATE_NOOP(
        "help", "Every step since the photo was opened; choose one to go back or forward to it.")),
    ("facts", QT_TRANSLATE_NOOP("help", "Size of the photo in pixels, and bits of each colour.")),
    ("zoom", QT_TRANSLATE_NOOP("help", "Pixels of the screen for each pixel of the photo.")),
)  # fmt: skip
"""A control of the window, by the names of its attributes, and its sentence. One that names its own help keeps it."""

SECTIONS: tuple[tuple[object, object], ...] = (
    (QT_TRANSLATE_NOOP("help", "Open"), QT_TRANSLATE_NOOP(
        "help", "Drop a photo on the window, paste one, or choose File › Open. JPEG, PNG, TIFF, WebP, AVIF, BMP and GIF"
        " are read, with 8 or 16 bits, and shown in their own colours.")),
    (QT_TRANSLATE_NOOP("help", "Upscale"), QT_TRANSLATE_NOOP(
        "help", "Choose a model in the panel on the right and press Upscale. Drag the divider on the picture to compare"
        " before and after; Undo brings the original back.")),
    (QT_TRANSLATE_NOOP("help", "Save"), QT_TRANSLATE_NOOP(
        "help", "Save As shows how large the file will be and what it keeps: pixels, depth, transparency, profile and"
        " metadata. The photo you opened is never replaced unless you say so.")),
    (QT_TRANSLATE_NOOP("help", "Keyboard"), QT_TRANSLATE_NOOP(
        "help", "Tab moves between controls, the arrow keys move the picture, and with Shift the divider. F1 explains"
        " the control that has the keyboard; Shift+F1 explains what you click.")),
)  # fmt: skip


def _tr(text: object) -> str:
    return QCoreApplication.translate("help", str(text))


def explain_controls(window: QObject) -> None:
    """Give the window's controls their sentences, in the language in use."""
    for names, text in CONTROLS:
        control: object = window
        for name in names.split("."):
            control = getattr(control, name, None)
        if isinstance(control, QWidget):
            control.setWhatsThis(_tr(text))


def explanation(widget: QWidget | None) -> str:
    """What is said of `widget`, or of the nearest thing around it that something is said of; "" where nothing is."""
    while widget is not None:
        if widget.whatsThis():
            return widget.whatsThis()
        widget = widget.parentWidget()
    return ""


def page(made: Mapping[str, QAction], about: str = "") -> str:
    """The help page as HTML, beginning with what is said `about` the control that has the keyboard."""
    parts = [f"<p><b>{html.escape(about)}</b></p>"] if about else []
    parts += [f"<h3>{html.escape(_tr(title))}</h3><p>{html.escape(_tr(text))}</p>" for title, text in SECTIONS]
    rows = []
    for entry in actions.ACTIONS:
        keys = ", ".join(keys.toString(QKeySequence.SequenceFormat.NativeText) for keys in made[entry.id].shortcuts())
        if keys:
            rows.append(
                f"<tr><td>{html.escape(actions.plain_text(entry))}&nbsp;&nbsp;</td><td>{html.escape(keys)}</td></tr>"
            )
    title = html.escape(_tr(QT_TRANSLATE_NOOP("help", "Keys")))
    return "".join(parts) + f"<h3>{title}</h3><table>{''.join(rows)}</table>"


class HelpDialog(QDialog):
    """Shows the help page beside the window, which stays usable."""

    def __init__(self, made: Mapping[str, QAction], about: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Help"))
        self.resize(520, 600)
        self.text = QTextBrowser()
        self.text.setAccessibleName(self.tr("Help"))
        self.text.setWhatsThis(self.tr("How to work with Duskroom."))
        self.text.setHtml(page(made, about))
        self.text.document().setDocumentMargin(12)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.button(QDialogButtonBox.StandardButton.Close).setText(self.tr("Close"))
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.addWidget(self.text)
        column.addWidget(buttons)
        self.finished.connect(self.deleteLater)
