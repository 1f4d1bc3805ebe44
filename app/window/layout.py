"""The layout: where everything in the main window is put."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QCoreApplication, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QDockWidget, QScrollArea, QVBoxLayout, QWidget

from app.core import paths
from app.widgets.tool_panel import SIDE_WIDTH
from app.window import actions

if TYPE_CHECKING:
    from app.main_window import MainWindow

START_SIZE = (1280, 820)
SMALLEST_SIZE = (800, 560)


def lay_out(window: MainWindow) -> None:
    """Put the widgets of `window` in their places, and the window where it was last."""
    window.setWindowIcon(QIcon(str(paths.asset("icons", "duskroom.svg"))))
    window.setMinimumSize(*SMALLEST_SIZE)
    window.resize(*START_SIZE)
    window.setAcceptDrops(True)
    actions.fill_menus(window.menuBar(), window.actions_by_id)
    actions.make_toolbar(window, window.actions_by_id)
    _add_centre(window)
    _add_side(window)
    status = window.statusBar()
    status.setSizeGripEnabled(False)
    status.addWidget(window.facts)
    status.addWidget(window.job_progress)
    status.addPermanentWidget(window.zoom)
    window.restoreGeometry(QByteArray.fromBase64(window.settings.geometry.encode()))
    window.restoreState(QByteArray.fromBase64(window.settings.layout.encode()))


def remember(window: MainWindow) -> None:
    """Note in the settings where the window is."""
    window.settings.geometry = bytes(window.saveGeometry().toBase64().data()).decode()
    window.settings.layout = bytes(window.saveState().toBase64().data()).decode()


def _add_centre(window: MainWindow) -> None:
    window.pages.addWidget(window.first_page)
    window.pages.addWidget(window.canvas)
    centre = QWidget()
    column = QVBoxLayout(centre)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(window.messages)
    column.addWidget(window.pages, 1)
    window.setCentralWidget(centre)


def _add_side(window: MainWindow) -> None:
    scroll = QScrollArea()
    scroll.setObjectName("side")
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it follows the control that has the keyboard
    scroll.setWidgetResizable(True)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setWidget(window.panel)
    side = QWidget()
    side.setFixedWidth(SIDE_WIDTH)
    column = QVBoxLayout(side)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(scroll, 1)
    column.addWidget(window.panel.footer)
    dock = QDockWidget(QCoreApplication.translate("layout", "Upscale"), window)
    dock.setObjectName("upscale")
    dock.setFeatures(QDockWidget.DockWidgetFeature.NoDockWidgetFeatures)
    dock.setTitleBarWidget(QWidget())
    dock.setWidget(side)
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
