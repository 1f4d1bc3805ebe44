"""The main window: wiring only, between actions, document, canvas, panels and jobs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QCloseEvent, QColor, QDragEnterEvent, QDropEvent, QPaintEvent
from PySide6.QtWidgets import QApplication, QDockWidget, QLabel, QMainWindow, QStackedWidget

from app.canvas.compare import CompareView
from app.core import errors, paths, settings
from app.core.jobs import JobQueue
from app.core.language import Translation
from app.core.messages import MessageBar
from app.core.theme import Theme
from app.documents.document import Document
from app.library.models import Models
from app.opening.opening import Opening, dropped_paths
from app.saving.closing import Closing
from app.saving.saving import Saving
from app.upscale.panel import UpscalePanel
from app.upscale.upscaling import Upscaling
from app.widgets.job_progress import JobProgress
from app.window import about, actions, first_page, layout
from app.window.features import FEATURES, FeatureAttributes

MOST_DIALOGS = 8  # that could be open one over the other


class MainWindow(QMainWindow, FeatureAttributes):
    """One window, whose `document` is the one that is shown.

    `unexpected` is where uncaught exceptions come from; they are told in the message bar.
    """

    samples_shown = Signal()

    def __init__(self, unexpected: errors.UnexpectedErrors | None = None) -> None:
        super().__init__()
        self.settings, settings_notice = settings.load()
        self.translation = Translation(_application(), self.settings.language)
        self.theme = Theme(_application(), self.settings.theme)
        self.queue = JobQueue(self)
        self.document = Document(self)
        self.messages = MessageBar()
        self.opening = Opening(self.queue, self.document, self.messages, self.settings)
        self.saving = Saving(self.queue, self.document, self.messages, self.settings)
        self.closing = Closing(self.document, self.saving, self)
        self.upscaling = Upscaling(self.queue, self.document, self.messages, self.settings)
        self.models = Models(self.queue, self.messages)
        self._may_close = False
        self._is_ended = False  # from outside
        self._started = False

        self.canvas = CompareView()
        self.first_page = first_page.FirstPage()
        self.panel = UpscalePanel()
        self.job_progress = JobProgress(wide=False)
        self.pages = QStackedWidget()
        self.facts, self.zoom = QLabel(), QLabel()
        slots = self._slots()
        for feature in FEATURES:
            slots |= feature.slots(self)
        self.actions_by_id = actions.make(self, slots)
        layout.lay_out(self)
        self.actions_by_id["compare"].setChecked(True)
        self.actions_by_id[f"theme_{self.theme.choice}"].setChecked(True)
        self._connect(unexpected)
        for feature in FEATURES:
            feature.connect(self)
        self._dress()
        self._photo_changed()
        if settings_notice:
            self.messages.tell(settings_notice, "warning", str(paths.settings_file()))

    def _slots(self) -> dict:
        return {
            "open": lambda: self.opening.ask(self, self.open_paths),
            "save": lambda: self.saving.save(self),
            "save_as": lambda: self.saving.save_as(self),
            "quit": self.close,
            "undo": self.document.undo_stack.undo,
            "redo": self.document.undo_stack.redo,
            "upscale": self.panel.ask,
            "cancel": self._cancel,
            "zoom_in": self.canvas.zoom_in,
            "zoom_out": self.canvas.zoom_out,
            "fit": self.canvas.fit,
            "actual_size": self.canvas.actual_size,
            "compare": self._photo_changed,
            "theme_system": lambda: self.choose_theme("system"),
            "theme_light": lambda: self.choose_theme("light"),
            "theme_dark": lambda: self.choose_theme("dark"),
            "about": lambda: about.show(self),
        }

    def _connect(self, unexpected: errors.UnexpectedErrors | None) -> None:
        self.first_page.open_asked.connect(self.actions_by_id["open"].trigger)
        self.first_page.photo_chosen.connect(lambda path: self.open_paths([path]))
        self.document.opened.connect(lambda: self.canvas.show_pyramids(None))
        self.document.changed.connect(self._photo_changed)
        self.document.modified_changed.connect(self.setWindowModified)
        actions.name_steps(self.actions_by_id, self.document.undo_stack)
        self.document.undo_stack.indexChanged.connect(self._state_changed)
        self.queue.busy_changed.connect(self._state_changed)
        self.document.reading_changed.connect(self._state_changed)
        self.opening.started.connect(self.job_progress.follow)
        self.opening.changed.connect(self._state_changed)
        self.pages.currentChanged.connect(self._state_changed)
        self.saving.started.connect(self.job_progress.follow)
        self.saving.saved.connect(self._title_changed)
        self.upscaling.started.connect(self.panel.follow)
        self.upscaling.ran_on.connect(self.panel.set_device)
        self.panel.upscale_asked.connect(self.upscaling.start)
        self.panel.add_model_asked.connect(lambda: self.models.ask(self))
        self.panel.model_chosen.connect(self._remember_model)
        self.models.added.connect(self._remember_model)
        self.models.listed.connect(lambda entries: self.panel.show_models(entries, self.settings.model))
        self.canvas.zoomed.connect(
            lambda scale: self.zoom.setText(self.tr("{percent:.0f} %").format(percent=scale * 100))
        )
        self.theme.changed.connect(self._dress)
        if unexpected is not None:
            unexpected.happened.connect(lambda sentence, details: self.messages.tell(sentence, "error", details))

    def open_paths(self, chosen: Sequence[Path]) -> None:
        """Open the photos at `chosen` beside those that are open."""
        self.opening.open_all(self.opening.pick_all(chosen))

    def _photo_changed(self) -> None:
        photo, before = self.document.photo, self.document.before
        comparing = before is not None and self.actions_by_id["compare"].isChecked()
        self.canvas.show_pyramids(
            photo.pyramid if photo else None, before.pyramid if comparing and before else None, keep_view=True
        )
        focused = self.focusWidget() or self.canvas  # before the page goes, and the keyboard wanders off
        self.pages.setCurrentWidget(self.canvas if photo else self.first_page)
        if photo is not None and not any(dock.isAncestorOf(focused) for dock in self.findChildren(QDockWidget)):
            self.canvas.setFocus()
        elif photo is None:
            self.first_page.open_button.setFocus()
        self.panel.show_photo(photo, changed=before is not None)
        self.facts.setText(photo.describe() if photo else "")
        self.zoom.setVisible(photo is not None)
        self._title_changed()
        self._state_changed()

    def _title_changed(self) -> None:
        current = self.document.current
        self.setWindowTitle(f"{current.title}[*] — Duskroom" if current is not None else "Duskroom")

    def _state_changed(self) -> None:
        """Enable what can be done now."""
        busy, reading, stack = self.queue.is_busy, self.document.is_reading, self.document.undo_stack
        hidden = self.pages.currentWidget() not in (self.canvas, self.first_page)  # behind the look of another photo
        for entry in actions.ACTIONS:
            if entry.needs_photo:
                self.actions_by_id[entry.id].setEnabled(self.document.photo is not None and not hidden)
        for name, can in (
            ("cancel", busy or reading or self.opening.is_busy),
            ("undo", stack.canUndo() and not (busy or hidden)),
            ("redo", stack.canRedo() and not (busy or hidden)),
            ("compare", self.document.before is not None and not hidden),
        ):
            self.actions_by_id[name].setEnabled(can)
        for name in ("save", "save_as", "upscale"):
            self.actions_by_id[name].setEnabled(self.document.photo is not None and not (busy or reading or hidden))
        self.panel.set_busy(busy or hidden)

    def _cancel(self) -> None:
        self.queue.cancel()
        self.opening.cancel()
        self.document.cancel_reading()

    def choose_theme(self, choice: str) -> None:
        """Use and remember `system`, `light` or `dark`."""
        self.settings.theme = choice
        self.theme.choose(choice)

    def _dress(self) -> None:
        self.canvas.set_surround(QColor(self.theme.colours.surround))
        if self._started:
            actions.set_icons(self.actions_by_id, self.theme.colours.text, self.theme.colours.disabled)

    def _remember_model(self, name: str) -> None:
        self.settings.model = name

    def _show_samples(self) -> None:
        size, ratio = first_page.THUMBNAIL, self.devicePixelRatioF()
        width, height = round(size.width() * ratio), round(size.height() * ratio)
        job = self.queue.submit(first_page.samples, paths.sample_photos(), width, height, lane="preview")
        job.finished.connect(self.first_page.show_samples)
        job.ended.connect(self.samples_shown)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._started:  # what loads more code, the icons too, waits until the window is on screen
            self._started = True
            QTimer.singleShot(0, self, self._load)

    def _load(self) -> None:
        self._dress()
        self.models.list().ended.connect(self._show_samples)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        dropped = dropped_paths(event.mimeData())
        QTimer.singleShot(0, self, lambda: self.open_paths(dropped))  # the other program must not wait for a question

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._may_close:
            self.closing.ask_all(self, self._allow_close)
        if not self._may_close:
            event.ignore()
            return
        self.hide()
        self.queue.close()
        self.upscaling.close()
        self.document.close(keep=self._is_ended and any(each.is_modified for each in self.document.documents))
        layout.remember(self)
        settings.keep(self.settings)
        event.accept()

    def close_at_once(self) -> None:
        """Close without a question, also where one is being asked: somebody ended the program from outside.

        What nobody saved is offered at the next start.
        """
        self._may_close = self._is_ended = True
        for _ in range(MOST_DIALOGS):
            if (dialog := QApplication.activeModalWidget()) is not None:
                dialog.close()
        self.close()

    def _allow_close(self) -> None:
        if not self._may_close:
            self._may_close = True
            QTimer.singleShot(0, self, self.close)


def _application() -> QApplication:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    return application
