"""What the parts put on the main window, by name, for those that read the code and for type checkers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QDockWidget, QLabel, QPushButton

    from app.closing import Closing
    from app.panels.history import HistoryPanel
    from app.parts.tools import Tools
    from app.recovery import Recovery
    from app.source_watch import SourceWatch
    from app.widgets.colour_readout import ColourReadout
    from app.widgets.film_strip import FilmStrip
    from app.widgets.zoom_field import ZoomField


class PartAttributes:
    """A base of the main window that holds nothing itself."""

    closing: Closing
    film_strip: FilmStrip
    recovery: Recovery
    source_watch: SourceWatch
    history_panel: HistoryPanel
    history_dock: QDockWidget
    tools: Tools
    readout: ColourReadout
    peek_button: QPushButton
    zoom: QLabel | ZoomField  # until the canvas's part has put its field in place of the label
