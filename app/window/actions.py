"""The actions: one table of what the window can do, with text, shortcut, icon and place in the menus."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QObject, QSize, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu, QMenuBar, QToolBar, QToolButton

if TYPE_CHECKING:
    from app.documents.undo import UndoSteps


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
    _entry("close", QT_TRANSLATE_NOOP("actions", "&Close"), "Ctrl+W", needs_photo=True,
           tip=QT_TRANSLATE_NOOP("actions", "Close the photo that is shown")),
    _entry("close_all", QT_TRANSLATE_NOOP("actions", "C&lose All"), "Ctrl+Shift+W"),
    _entry("clear_recent", QT_TRANSLATE_NOOP("actions", "&Clear This List"),
           tip=QT_TRANSLATE_NOOP("actions", "Forget which files were opened")),
    _entry("quit", QT_TRANSLATE_NOOP("actions", "&Quit"), "Ctrl+Q"),
    _entry("undo", QT_TRANSLATE_NOOP("actions", "&Undo"), "Ctrl+Z", icon="mdi6.undo"),
    _entry("redo", QT_TRANSLATE_NOOP("actions", "&Redo"), "Ctrl+Shift+Z", "Ctrl+Y", icon="mdi6.redo"),
    _entry("copy", QT_TRANSLATE_NOOP("actions", "&Copy"), "Ctrl+C", icon="mdi6.content-copy", needs_photo=True,
           tip=QT_TRANSLATE_NOOP("actions", "Copy the whole picture for other programs")),
    _entry("copy_visible", QT_TRANSLATE_NOOP("actions", "Copy &Visible Part"), "Ctrl+Shift+C", needs_photo=True,
           tip=QT_TRANSLATE_NOOP("actions", "Copy the part of the picture that is on screen, at full size")),
    _entry("paste", QT_TRANSLATE_NOOP("actions", "&Paste as New"), "Ctrl+V", icon="mdi6.content-paste",
           tip=QT_TRANSLATE_NOOP("actions", "Open the picture or the file on the clipboard")),
    _entry("preferences", QT_TRANSLATE_NOOP("actions", "Pre&ferences…"), "Ctrl+,", icon="mdi6.cog-outline",
           tip=QT_TRANSLATE_NOOP("actions", "Theme, language, memory, questions and shortcuts")),
    _entry("shortcuts", QT_TRANSLATE_NOOP("actions", "&Keyboard Shortcuts…"), "Ctrl+K",
           tip=QT_TRANSLATE_NOOP("actions", "See, find and change the keys of every action")),
    _entry("upscale", QT_TRANSLATE_NOOP("actions", "Up&scale"), "Ctrl+U", icon="mdi6.arrow-expand-all", needs_photo=True,
           tip=QT_TRANSLATE_NOOP("actions", "Upscale with the model chosen in the panel")),
    _entry("cancel", QT_TRANSLATE_NOOP("actions", "C&ancel"), "Esc", tip=QT_TRANSLATE_NOOP("actions", "Stop what is running")),
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
    _entry("next_document", QT_TRANSLATE_NOOP("actions", "&Next Photo"), "Ctrl+Tab", "Ctrl+PgDown"),
    _entry("previous_document", QT_TRANSLATE_NOOP("actions", "P&revious Photo"), "Ctrl+Shift+Tab", "Ctrl+PgUp"),
    _entry("history", QT_TRANSLATE_NOOP("actions", "Histor&y"), checkable=True,
           tip=QT_TRANSLATE_NOOP("actions", "Show the list of what was done")),
    _entry("fit_width", QT_TRANSLATE_NOOP("actions", "Fit &Width"), "Shift+F", needs_photo=True,
           tip=QT_TRANSLATE_NOOP("actions", "Show the photo as wide as the canvas")),
    _entry("double_size", QT_TRANSLATE_NOOP("actions", "&200 %"), "Ctrl+2", needs_photo=True,
           tip=QT_TRANSLATE_NOOP("actions", "One pixel of the photo on two by two of the screen")),
    _entry("side_by_side", QT_TRANSLATE_NOOP("actions", "&Side by Side"), "Y", icon="mdi6.view-split-vertical", checkable=True,
           tip=QT_TRANSLATE_NOOP("actions", "Show the photo before the last step and after it beside one another")),
    _entry("show_before", QT_TRANSLATE_NOOP("actions", "Before On&ly"), "\\", checkable=True,
           tip=QT_TRANSLATE_NOOP("actions", "Show the photo as it was before; hold the key to see it only so long")),
    _entry("pixel_grid", QT_TRANSLATE_NOOP("actions", "Pixel &Grid"), "Ctrl+'", checkable=True, needs_photo=True,
           tip=QT_TRANSLATE_NOOP("actions", "Divide pixels by lines above 800 %")),
    _entry("full_screen", QT_TRANSLATE_NOOP("actions", "F&ull Screen"), "F11", checkable=True,
           tip=QT_TRANSLATE_NOOP("actions", "Fill the whole screen; Escape leaves it")),
    _entry("canvas_only", QT_TRANSLATE_NOOP("actions", "&Hide Panels"), "F12", checkable=True, needs_photo=True,
           tip=QT_TRANSLATE_NOOP("actions", "Show nothing but the photo; Escape brings the panels back")),
    _entry("rotate_left", QT_TRANSLATE_NOOP("actions", "Rotate &Left"), "Ctrl+[", icon="mdi6.rotate-left", needs_photo=True),
    _entry("rotate_right", QT_TRANSLATE_NOOP("actions", "Rotate &Right"), "Ctrl+]", icon="mdi6.rotate-right", needs_photo=True),
    _entry("flip_horizontal", QT_TRANSLATE_NOOP("actions", "Flip &Across"), icon="mdi6.flip-horizontal", needs_photo=True,
           tip=QT_TRANSLATE_NOOP("actions", "Left becomes right")),
    _entry("flip_vertical", QT_TRANSLATE_NOOP("actions", "Flip &Down"), icon="mdi6.flip-vertical", needs_photo=True,
           tip=QT_TRANSLATE_NOOP("actions", "Top becomes bottom")),
    _entry("show_upscale", QT_TRANSLATE_NOOP("actions", "&Upscale Panel"), "U"),
    _entry("show_adjust", QT_TRANSLATE_NOOP("actions", "Ad&just Panel"), "A",
           tip=QT_TRANSLATE_NOOP("actions", "Exposure, contrast, white balance, saturation")),
    _entry("show_crop", QT_TRANSLATE_NOOP("actions", "&Crop Panel"), "R",
           tip=QT_TRANSLATE_NOOP("actions", "Crop, straighten, turn, resize")),
    _entry("show_mask", QT_TRANSLATE_NOOP("actions", "&Mask Panel"), "M",
           tip=QT_TRANSLATE_NOOP("actions", "Paint where tools may change the photo")),
    _entry("compare_models", QT_TRANSLATE_NOOP("actions", "Contact &Sheet…"), needs_photo=True,
           tip=QT_TRANSLATE_NOOP("actions", "One part of the photo through every model, to choose from")),
    _entry("about_model", QT_TRANSLATE_NOOP("actions", "About the M&odel…"),
           tip=QT_TRANSLATE_NOOP("actions", "What the chosen model is good for, and what it was trained on")),
    _entry("theme_system", QT_TRANSLATE_NOOP("actions", "Like the &System"), checkable=True, group="theme"),
    _entry("theme_light", QT_TRANSLATE_NOOP("actions", "&Light"), checkable=True, group="theme"),
    _entry("theme_dark", QT_TRANSLATE_NOOP("actions", "&Dark"), checkable=True, group="theme"),
    _entry("help", QT_TRANSLATE_NOOP("actions", "&Help"), "F1", icon="mdi6.help-circle-outline",
           tip=QT_TRANSLATE_NOOP("actions", "Explain what has the keyboard now, and how to work with Duskroom")),
    _entry("whats_this", QT_TRANSLATE_NOOP("actions", "&What’s This?"), "Shift+F1",
           tip=QT_TRANSLATE_NOOP("actions", "Click anything to have it explained")),
    _entry("about", QT_TRANSLATE_NOOP("actions", "&About Duskroom")),
)  # fmt: skip

Menu = tuple[object, tuple["str | Menu | None", ...]]

MENUS: tuple[Menu, ...] = (
    (QT_TRANSLATE_NOOP("actions", "&File"), ("open", (QT_TRANSLATE_NOOP("actions", "Open &Recent"), ("clear_recent",)), None,
                             "save", "save_as", None, "close", "close_all", None, "quit")),
    (QT_TRANSLATE_NOOP("actions", "&Edit"), ("undo", "redo", None, "copy", "copy_visible", "paste", None, "upscale", "cancel",
                             None, "preferences", "shortcuts")),
    (QT_TRANSLATE_NOOP("actions", "&View"), ("zoom_in", "zoom_out", "fit", "fit_width", "actual_size", "double_size",
                             None, "compare", "side_by_side", "show_before", None, "pixel_grid", None, "full_screen",
                             "canvas_only", None,
                             "next_document", "previous_document", None, "history", None,
                             (QT_TRANSLATE_NOOP("actions", "&Theme"), ("theme_system", "theme_light", "theme_dark")))),
    (QT_TRANSLATE_NOOP("actions", "&Image"), ("rotate_left", "rotate_right", "flip_horizontal", "flip_vertical", None,
                             "show_upscale", "show_adjust", "show_crop", "show_mask", None, "compare_models", "about_model")),
    (QT_TRANSLATE_NOOP("actions", "&Help"), ("help", "whats_this", None, "about")),
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
        action.setIconText(plain_text(entry))
        describe(entry, action)
        if entry.group:
            if entry.group not in groups:
                groups[entry.group] = QActionGroup(parent)
            groups[entry.group].addAction(action)
        action.triggered.connect(slots[entry.id])
        made[entry.id] = action
    return made


def plain_text(entry: ActionEntry) -> str:
    """What the action is called, without marks for the keyboard and without dots."""
    return _tr(entry.text).replace("&", "").rstrip("… ")


def describe(entry: ActionEntry, action: QAction) -> None:
    """The action's tool tip, which names its key, and its answer to "What's This?"."""
    tip = _tr(entry.tip) if entry.tip else plain_text(entry)
    keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    action.setToolTip(f"{tip} ({keys})" if keys else tip)
    action.setWhatsThis(action.toolTip())


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


def retext(actions: Mapping[str, QAction], stack: UndoSteps) -> None:
    """Name every action anew, in the language that is in use now."""
    for entry in ACTIONS:
        actions[entry.id].setText(_tr(entry.text))
        actions[entry.id].setIconText(plain_text(entry))
        describe(entry, actions[entry.id])
    actions["undo"].setText(f"{_tr('&Undo')} {stack.undoText()}".rstrip())
    actions["redo"].setText(f"{_tr('&Redo')} {stack.redoText()}".rstrip())


def name_steps(actions: Mapping[str, QAction], stack: UndoSteps) -> None:
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
