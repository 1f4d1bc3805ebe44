"""The part around the work: clipboard, preferences, shortcuts, language and help, connected to the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QDialog, QWhatsThis

from app.core import settings
from app.opening.clipboard import Clipboard
from app.opening.feature import recent_of
from app.photos.photo import Photo
from app.states.cap import default_bytes
from app.window import actions, help, shortcuts

if TYPE_CHECKING:
    from app.main_window import MainWindow


def slots(window: MainWindow) -> dict[str, Callable[..., object]]:
    """The slots of the actions of the shell."""
    return {
        "copy": lambda: clipboard_of(window).copy(),
        "copy_visible": lambda: clipboard_of(window).copy(window.canvas.visible_box()),
        "paste": lambda: clipboard_of(window).paste(),
        "preferences": lambda: show_preferences(window),
        "shortcuts": lambda: show_shortcuts(window),
        "help": lambda: show_help(window),
        "whats_this": QWhatsThis.enterWhatsThisMode,
    }


def connect(window: MainWindow) -> None:
    """Give the actions the person's keys and the controls their help; listen to the clipboard."""
    shortcuts.apply(window.actions_by_id, window.settings.shortcuts)
    help.explain_controls(window)
    clipboard = Clipboard(window.queue, window.document, window.messages, window)
    clipboard.started.connect(window.job_progress.follow)
    clipboard.pasted_files.connect(window.open_paths)
    clipboard.pasted.connect(lambda photo: take(window, photo))
    window.queue.busy_changed.connect(lambda busy: _enable(window, busy))
    window.document.changed.connect(lambda: _enable(window, window.queue.is_busy))


def clipboard_of(window: MainWindow) -> Clipboard:
    """The window's clipboard."""
    found = window.findChild(Clipboard)
    assert isinstance(found, Clipboard)
    return found


def take(window: MainWindow, photo: Photo) -> None:
    """Open a picture that is in no file, beside what is open; it counts as unsaved."""
    window.document.open(photo)
    assert window.document.current is not None
    window.document.current.stack.resetClean()


def _enable(window: MainWindow, busy: bool) -> None:
    for name in ("copy", "copy_visible"):
        window.actions_by_id[name].setEnabled(window.document.photo is not None and not busy)
    window.actions_by_id["paste"].setEnabled(not busy)


def show_preferences(window: MainWindow) -> QDialog:
    """Show the preferences; each change is applied at once."""
    from app.window.preferences import PreferencesDialog

    dialog = PreferencesDialog(window.settings, window)
    dialog.changed.connect(lambda name: apply(window, name))
    dialog.shortcuts_asked.connect(lambda: show_shortcuts(window, dialog))
    dialog.forget_recent_asked.connect(lambda: recent_of(window).clear())
    return _open(dialog, window)


def show_shortcuts(window: MainWindow, parent: QDialog | None = None) -> QDialog:
    """Show the keys; each change is applied at once."""
    dialog = shortcuts.ShortcutsDialog(window.settings, parent or window)
    dialog.changed.connect(lambda: shortcuts.apply(window.actions_by_id, window.settings.shortcuts))
    return _open(dialog, window)


def show_help(window: MainWindow) -> QDialog:
    """Show the help page; what has the keyboard is explained first."""
    for open_already in window.findChildren(help.HelpDialog):
        open_already.close()
    about = help.explanation(QApplication.focusWidget())
    dialog = help.HelpDialog(window.actions_by_id, about, window)
    dialog.show()
    return dialog


def apply(window: MainWindow, name: str) -> None:
    """Let the window follow a setting that has changed."""
    if name == "theme":
        window.actions_by_id[f"theme_{window.settings.theme}"].setChecked(True)
        window.theme.choose(window.settings.theme)
    elif name == "history_megabytes":
        window.document.storage.cap = window.settings.history_megabytes << 20 or default_bytes()
    elif name == "threads" and window.panel.speeds is not None:
        window.panel.speeds.threads_changed()
    elif name == "language" and window.translation.choose(window.settings.language, [window]):
        actions.retext(window.actions_by_id, window.document.undo_stack)
        help.explain_controls(window)
        recent_of(window).fill()
        window._photo_changed()


def _open(dialog: QDialog, window: MainWindow) -> QDialog:
    dialog.finished.connect(dialog.deleteLater)
    dialog.finished.connect(lambda: settings.keep(window.settings))
    QTimer.singleShot(0, dialog, dialog.open)
    return dialog
