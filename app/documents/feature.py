"""Several documents: the film strip, closing, and keys to go from one to the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt, QTimer
from PySide6.QtWidgets import QDockWidget, QWidget

from app.documents.film_strip import FilmStrip

if TYPE_CHECKING:
    from app.documents.open_document import OpenDocument
    from app.main_window import MainWindow


def slots(window: MainWindow) -> dict[str, Callable[..., object]]:
    """The slots of this part's actions."""
    document = window.document

    def close_shown() -> None:
        if document.current is not None:
            window.closing.close(window, [document.current])

    return {
        "close": close_shown,
        "close_all": lambda: window.closing.close(window, document.documents),
        "next_document": lambda: document.select_next(),
        "previous_document": lambda: document.select_next(-1),
    }


def connect(window: MainWindow) -> None:
    """Make the film strip, and let everything follow the document."""
    document = window.document
    window.film_strip = FilmStrip()
    dock = _dock(window, window.film_strip)
    if window.settings.history_megabytes:
        document.storage.cap = window.settings.history_megabytes << 20

    def documents_changed() -> None:
        count = len(document.documents)
        window.film_strip.show_documents(document.documents, document.current)
        dock.setVisible(count > 1)
        for name, can in (("close_all", count > 0), ("next_document", count > 1), ("previous_document", count > 1)):
            window.actions_by_id[name].setEnabled(can)

    def chosen(which: OpenDocument) -> None:
        document.select(which)
        documents_changed()  # until it is read the one before stays marked

    document.documents_changed.connect(documents_changed)
    document.opened.connect(documents_changed)
    document.reading.connect(window.job_progress.follow)
    document.told.connect(lambda sentence, kind, details: window.messages.tell(sentence, kind, details))
    window.film_strip.chosen.connect(lambda which: QTimer.singleShot(0, window, lambda: chosen(which)))
    window.film_strip.close_asked.connect(lambda which: window.closing.close(window, which))
    documents_changed()


def _dock(window: MainWindow, strip: QWidget) -> QDockWidget:
    dock = QDockWidget(QCoreApplication.translate("documents", "Open Photos"), window)
    dock.setObjectName("documents")
    dock.setFeatures(QDockWidget.DockWidgetFeature.NoDockWidgetFeatures)
    dock.setTitleBarWidget(QWidget())
    dock.setWidget(strip)
    window.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
    window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, dock)
    return dock
