"""The history beside the canvas: its panel follows the document, and a click there goes to a state."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QDockWidget, QWidget

from app.documents.history_panel import HistoryPanel
from app.widgets.tool_panel import SIDE_WIDTH

if TYPE_CHECKING:
    from app.main_window import MainWindow


def slots(window: MainWindow) -> dict[str, Callable[..., object]]:
    """The slot of this part's action."""
    return {"history": lambda shown: window.history_dock.setVisible(shown)}


def connect(window: MainWindow) -> None:
    """Make the panel, and let it follow the document."""
    document = window.document
    window.history_panel = panel = HistoryPanel()
    window.history_dock = dock = QDockWidget(QCoreApplication.translate("history", "History"), window)
    dock.setObjectName("history")
    dock.setFeatures(QDockWidget.DockWidgetFeature.NoDockWidgetFeatures)
    dock.setTitleBarWidget(QWidget())
    dock.setWidget(panel)
    panel.setFixedWidth(SIDE_WIDTH)
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    action = window.actions_by_id["history"]
    dock.visibilityChanged.connect(lambda _: action.setChecked(not dock.isHidden()))
    action.setChecked(True)

    def show() -> None:
        current = document.current
        panel.setEnabled(current is not None and not window.queue.is_busy)
        if current is None:
            panel.show_states([], 0, QColor())
            panel.memory.clear()
            return
        panel.show_states(current.states, current.stack.index(), QColor(window.theme.colours.muted))
        on_disk = [state for each in document.documents for state in each.states if state.file and not state.is_held]
        panel.show_memory(document.storage.held_bytes(), len(on_disk))

    for signal in (
        document.history_changed,
        document.changed,
        document.undo_stack.indexChanged,
        document.storage.written,
        window.queue.busy_changed,
        window.theme.changed,
    ):
        signal.connect(lambda *_: show())
    panel.chosen.connect(document.go_to)
    show()
