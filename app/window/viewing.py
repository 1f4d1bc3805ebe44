"""The canvas's part of the window: ways to see before and after, full screen, the zoom field and the colour readout."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtGui import QColor
from PySide6.QtWidgets import QPushButton

from app.canvas.colour_readout import ColourReadout
from app.canvas.peek import Peek
from app.canvas.view import Pointed
from app.canvas.zoom_field import ZoomField
from app.core import errors
from app.window.presentation import Presentation

if TYPE_CHECKING:
    from app.main_window import MainWindow

CHECKS = {"dark": ("#6a6a6a", "#525252"), "light": ("#c4c4c4", "#9c9c9c")}  # light and dark squares under transparency


def slots(window: MainWindow) -> dict[str, Callable[..., object]]:
    """What actions of these names do; all of them are checkable but the two last."""
    return {
        "side_by_side": lambda: None,  # these four act on being turned over, by whomever
        "show_before": lambda: None,
        "pixel_grid": lambda: None,
        "full_screen": lambda: None,
        "canvas_only": lambda: None,
        "fit_width": window.canvas.fit_width,
        "double_size": lambda: window.canvas.zoom_to(2.0),
    }


def connect(window: MainWindow) -> None:
    """Join the actions, the status bar and the canvas."""
    canvas, by_id = window.canvas, window.actions_by_id
    canvas.use_queue(window.queue)
    canvas.look_failed.connect(lambda error: _tell(window, error))
    window.addActions(list(by_id.values()))  # a shortcut of a hidden menu alone would be dead
    _add_to_status_bar(window)
    window.document.changed.connect(lambda: _document_changed(window))
    canvas.pointed.connect(lambda pointed: _read_out(window, pointed))
    window.theme.changed.connect(lambda: _dress(window))

    Peek(canvas, by_id["show_before"], window.peek_button)
    presentation = Presentation(window, by_id["full_screen"], by_id["canvas_only"])
    by_id["side_by_side"].toggled.connect(canvas.set_side_by_side)
    by_id["show_before"].toggled.connect(canvas.show_before)
    by_id["compare"].triggered.connect(lambda divides: divides and by_id["side_by_side"].setChecked(False))
    by_id["pixel_grid"].setChecked(canvas.shows_grid)
    by_id["pixel_grid"].toggled.connect(canvas.set_grid)
    by_id["full_screen"].toggled.connect(presentation.set_full_screen)
    by_id["canvas_only"].toggled.connect(presentation.set_canvas_only)
    canvas.comparable.connect(lambda can: _set_comparable(window, can))
    _set_comparable(window, canvas.earlier is not None)
    _dress(window)


def _add_to_status_bar(window: MainWindow) -> None:
    status, canvas = window.statusBar(), window.canvas
    window.readout, window.peek_button = ColourReadout(), QPushButton(window.tr("Before"))
    window.peek_button.setObjectName("flat")
    window.peek_button.setToolTip(window.tr("Hold to see the photo as it was before"))
    status.addPermanentWidget(window.readout)
    status.addPermanentWidget(window.peek_button)
    field = ZoomField()
    field.setText(window.zoom.text())
    status.removeWidget(window.zoom)  # the label whose place the field takes
    window.zoom.deleteLater()
    window.zoom = field
    status.addPermanentWidget(field)
    field.zoom_asked.connect(canvas.zoom_to)
    field.fit_asked.connect(canvas.fit)
    field.left.connect(canvas.setFocus)


def _set_comparable(window: MainWindow, can: bool) -> None:
    for name in ("side_by_side", "show_before"):
        window.actions_by_id[name].setEnabled(can)
    if not can:
        window.actions_by_id["show_before"].setChecked(False)
    window.peek_button.setVisible(can)


def _document_changed(window: MainWindow) -> None:
    photo, before = window.document.photo, window.document.before
    window.canvas.set_original(before.pyramid if before is not None else None)
    window.readout.reserve(photo.picture.pixels if photo is not None else None)


def _read_out(window: MainWindow, pointed: Pointed | None) -> None:
    before = pointed is not None and pointed.before and window.canvas.look is None
    photo = window.document.before if before else window.document.photo
    if pointed is None or photo is None:
        window.readout.clear()
        return
    pixels = photo.picture.pixels
    if pointed.x < pixels.shape[1] and pointed.y < pixels.shape[0]:
        window.readout.show_pixel(pixels, pointed.x, pointed.y)


def _dress(window: MainWindow) -> None:
    from app.core.theme import DARK

    light, dark = CHECKS["dark" if window.theme.colours is DARK else "light"]
    window.canvas.set_checks(QColor(light), QColor(dark))


def _tell(window: MainWindow, error: BaseException) -> None:
    if not errors.is_expected(error):
        errors.record(error)
    window.messages.tell(errors.sentence(error), "error", errors.details(error))
