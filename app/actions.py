"""The actions: one table of what the window can do, with text, shortcut, icon and place in the menus."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QObject, QSize, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence, QUndoStack
from PySide6.QtWidgets import QMainWindow, QMenu, QMenuBar, QToolBar, QToolButton


@dataclass(frozen=True)
class ActionEntry:
    """One thing a person can do. `icon` is a qtawesome name; `group` names the one choice of which this is an option."""

    id: str
    text: str
    shortcuts: tuple[str, ...] = ()
    icon: str = ""
    tip: str = ""
    checkable: bool = False
    group: str = ""
    needs_photo: bool = False


def _entry(id: str, text: object, *shortcuts: str, tip: object = "", **more: Any) -> ActionEntry:
    return ActionEntry(id, str(text), shortcuts, tip=str(tip), **more)


# QT_TRANSLATE_NOOP marks a text for translation; it is translated where the action is made.

ACTIONS: tuple[ActionEntry, ...] = (
    _entry("open", QT_TRANSLATE_NOOP("actions", "&Open…"), "Ctrl+O", icon="mdi6.folder-open-outline",
           tip=QT_TRANSLATE_NOOP("actions", "Open a photo")),
    _entry("save", QT_TRANSLATE_NOOP("actions", "&Save"), "Ctrl+S", icon="mdi6.content-save-outline", needs_photo=True,
           tip=QT_TRANSLATE_NOOP("actions", "Save to the file saved to before, or ask for one")),
    _entry("save_as", QT_TRANSLATE_NOOP("actions", "Save &As…"), "Ctrl+Shift+S",
           icon="mdi6.content-save-edit-outline", needs_photo=True,
           tip=QT_TRANSLATE_NOOP("actions", "Save under a name, in a format and quality you choose")),
    _entry("quit", QT_TRANSLATE_NOOP("actions", "&Quit"), "Ctrl+Q"),
    _entry("undo", QT_TRANSLATE_NOOP("actions", "&Undo"), "Ctrl+Z", icon="mdi6.undo"),
    _entry("redo", QT_TRANSLATE_NOOP("actions", "&Redo"), "Ctrl+Shift+Z", "Ctrl+Y", icon="mdi6.redo"),
    _entry("upscale", QT_TRANSLATE_NOOP("actions", "U&pscale"), "Ctrl+U", icon="mdi6.arrow-expand-all", needs_photo=True,
           tip=QT_TRANSLATE_NOOP("actions", "Upscale with the model chosen in the panel")),
    _entry("cancel", QT_TRANSLATE_NOOP("actions", "&Cancel"), "Esc", tip=QT_TRANSLATE_NOOP("actions", "Stop what is running")),
    _entry("zoom_in", QT_TRANSLATE_NOOP("actions", "Zoom &In"), "Ctrl++", "Ctrl+=",
           icon="mdi6.magnify-plus-outline", needs_photo=True),
    _entry("zoom_out", QT_TRANSLATE_NOOP("actions", "Zoom &Out"), "Ctrl+-",
           icon="mdi6.magnify-minus-outline", needs_photo=True),
    _entry("fit", QT_TRANSLATE_NOOP("actions", "&Fit"), "Ctrl+0", "F", icon="mdi6.fit-to-page-outline", needs_photo=True,
           tip=QT_TRANSLATE_NOOP("actions", "Show the whole photo")),
    _entry("actual_size", QT_TRANSLATE_NOOP("actions", "&100 %"), "Ctrl+1", needs_photo=True,
           tip=QT_TRANSLATE_NOOP("actions", "One pixel of the photo on one pixel of the screen")),
    _entry("compare", QT_TRANSLATE_NOOP("actions", "&Before / After"), "C",
           icon="mdi6.compare", checkable=True, needs_photo=True,
           tip=QT_TRANSLATE_NOOP("actions", "Divide the canvas: before the last step on the left, after it on the right")),
    _entry("theme_system", QT_TRANSLATE_NOOP("actions", "Like the &System"), checkable=True, group="theme"),
    _entry("theme_light", QT_TRANSLATE_NOOP("actions", "&Light"), checkable=True, group="theme"),
    _entry("theme_dark", QT_TRANSLATE_NOOP("actions", "&Dark"), checkable=True, group="theme"),
    _entry("about", QT_TRANSLATE_NOOP("actions", "&About Duskroom")),
)  # fmt: skip

Menu = tuple[object, tuple["str | Menu | None", ...]]

MENUS: tuple[Menu, ...] = (
    (QT_TRANSLATE_NOOP("actions", "&File"), ("open", None, "save", "save_as", None, "quit")),
    (QT_TRANSLATE_NOOP("actions", "&Edit"), ("undo", "redo", None, "upscale", "cancel")),
    (QT_TRANSLATE_NOOP("actions", "&View"), ("zoom_in", "zoom_out", "fit", "actual_size", None, "compare", None,
                             (QT_TRANSLATE_NOOP("actions", "&Theme"), ("theme_system", "theme_light", "theme_dark")))),
    (QT_TRANSLATE_NOOP("actions", "&Help"), ("about",)),
)  # fmt: skip

TOOLBAR: tuple[str | None, ...] = (
    "open", "save_as", None, "undo", "redo", None, "zoom_out", "zoom_in", "fit", "actual_size", None, "compare",
)  # fmt: skip

WITH_TEXT = ("open", "save_as", "actual_size", "compare")  # tool buttons whose icon alone would have to be guessed


def _tr(text: object) -> str:
    return QCoreApplication.translate("actions", str(text))


def make(parent: QObject, slots: Mapping[str, Callable[..., object]]) -> dict[str, QAction]:
    """Every action of the table by its id, with the slot of the same id. Raises KeyError for an action without a slot."""
    made: dict[str, QAction] = {}
    groups: dict[str, QActionGroup] = {}
    for entry in ACTIONS:
        action = QAction(_tr(entry.text), parent)
        action.setObjectName(entry.id)
        action.setShortcuts([QKeySequence(keys) for keys in entry.shortcuts])
        action.setCheckable(entry.checkable)
        plain = _tr(entry.text).replace("&", "").rstrip("…")
        tip = _tr(entry.tip) if entry.tip else plain
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setToolTip(f"{tip} ({keys})" if keys else tip)
        action.setIconText(plain)
        if entry.group:
            if entry.group not in groups:
                groups[entry.group] = QActionGroup(parent)
            groups[entry.group].addAction(action)
        action.triggered.connect(slots[entry.id])
        made[entry.id] = action
    return made


def fill_menus(bar: QMenuBar, actions: Mapping[str, QAction]) -> None:
    """Build the menus of the table."""

    def fill(menu: QMenu, ids: Sequence[str | Menu | None]) -> None:
        for item in ids:
            if item is None:
                menu.addSeparator()
            elif isinstance(item, tuple):
                fill(menu.addMenu(_tr(item[0])), item[1])
            else:
                menu.addAction(actions[item])

    for text, ids in MENUS:
        fill(bar.addMenu(_tr(text)), ids)


def make_toolbar(window: QMainWindow, actions: Mapping[str, QAction]) -> QToolBar:
    """Build the tool bar of the table."""
    bar = QToolBar(QCoreApplication.translate("actions", "Tools"), window)
    bar.setObjectName("tools")
    bar.setMovable(False)
    bar.setIconSize(QSize(20, 20))
    bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
    for item in TOOLBAR:
        if item is None:
            bar.addSeparator()
            continue
        bar.addAction(actions[item])
        button = bar.widgetForAction(actions[item])
        assert isinstance(button, QToolButton)
        button.setAccessibleName(actions[item].iconText())
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        if item in WITH_TEXT:
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    window.addToolBar(bar)
    return bar


def name_steps(actions: Mapping[str, QAction], stack: QUndoStack) -> None:
    """Let the texts of undo and redo name the step that they take back or do again."""

    def undo(step: str) -> None:
        actions["undo"].setText(f"{_tr('&Undo')} {step}".rstrip())

    def redo(step: str) -> None:
        actions["redo"].setText(f"{_tr('&Redo')} {step}".rstrip())

    stack.undoTextChanged.connect(undo)
    stack.redoTextChanged.connect(redo)


def set_icons(actions: Mapping[str, QAction], colour: str, disabled: str) -> None:
    """Draw the icons in the colours of the theme."""
    import qtawesome

    for entry in ACTIONS:
        if entry.icon:
            actions[entry.id].setIcon(qtawesome.icon(entry.icon, color=colour, color_disabled=disabled))
