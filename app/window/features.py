"""The features of the window in their order, and what they put on it, by name."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

from app.documents import feature as documents
from app.documents import history
from app.opening import feature as opening
from app.opening import first_look
from app.recovery import feature as recovery
from app.tools import feature as tools
from app.upscale import feature as upscale
from app.window import shell, viewing

if TYPE_CHECKING:
    from PySide6.QtWidgets import QDockWidget, QLabel, QPushButton

    from app.canvas.colour_readout import ColourReadout
    from app.canvas.zoom_field import ZoomField
    from app.documents.film_strip import FilmStrip
    from app.documents.history_panel import HistoryPanel
    from app.opening.source_watch import SourceWatch
    from app.recovery.recovery import Recovery
    from app.tools.feature import Tools

FEATURES: tuple[ModuleType, ...] = (viewing, documents, recovery, history, opening, upscale, tools, shell, first_look)
"""Each has `slots(window)`, the slots of its actions by id, and `connect(window)`, which makes its widgets and signals.

In order: those further on may count on what those before have put into the window.
"""


class FeatureAttributes:
    """A base of the main window that holds nothing itself: what is there once each feature is connected."""

    film_strip: FilmStrip
    history_dock: QDockWidget
    history_panel: HistoryPanel
    peek_button: QPushButton
    readout: ColourReadout
    recovery: Recovery
    source_watch: SourceWatch
    tools: Tools
    zoom: QLabel | ZoomField  # until the viewing feature has put its field in place of the label
