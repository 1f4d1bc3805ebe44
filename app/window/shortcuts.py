"""Shortcuts: the keys that a person chose in place of the table's, and the dialog in which they find and change them."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.core.settings import Settings
from app.window import actions

Keys = dict[str, list[str]]
"""Id of an action → its keys, portable texts such as "Ctrl+Shift+S"; only where a person chose others than the table's."""


def keys_of(entry: actions.ActionEntry, chosen: Mapping[str, list[str]]) -> list[str]:
    """The keys of an action: the person's, else the table's."""
    return list(chosen.get(entry.id, entry.shortcuts))


def apply(made: Mapping[str, QAction], chosen: Mapping[str, list[str]]) -> None:
    """Give every action its keys; a key that two claim goes to the first that a person gave it to."""
    taken: set[str] = set()
    for entry in sorted(actions.ACTIONS, key=lambda entry: entry.id not in chosen):
        sequences = [QKeySequence(keys) for keys in keys_of(entry, chosen)]
        free = [keys for keys in sequences if not keys.isEmpty() and keys.toString() not in taken]
        taken |= {keys.toString() for keys in free}
        made[entry.id].setShortcuts(free)
        actions.describe(entry, made[entry.id])


def owner(keys: str, chosen: Mapping[str, list[str]], but: str) -> actions.ActionEntry | None:
    """The action that has `keys` already, `but` for one; None where they are free. A key that another's begins with counts."""
    wanted = QKeySequence(keys)
    if wanted.isEmpty():
        return None
    none = QKeySequence.SequenceMatch.NoMatch
    for entry in actions.ACTIONS:
        for other in map(QKeySequence, keys_of(entry, chosen)):
            if entry.id != but and (wanted.matches(other) != none or other.matches(wanted) != none):
                return entry
    return None


class ShortcutsDialog(QDialog):
    """Emits `changed` after each change, which is already in the settings."""

    changed = Signal()

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self.setWindowTitle(self.tr("Keyboard Shortcuts"))
        self.resize(560, 560)
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Find an action or a key"))
        self.search.setAccessibleName(self.tr("Find an action or a key"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.list = QTreeWidget()
        self.list.setAccessibleName(self.tr("Actions and their keys"))
        self.list.setHeaderLabels([self.tr("Action"), self.tr("Keys")])
        self.list.setRootIsDecorated(False)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.list.currentItemChanged.connect(self._selected)
        self.edit = QKeySequenceEdit()
        self.edit.setAccessibleName(self.tr("New keys"))
        self.edit.setMaximumSequenceLength(1)
        self.edit.keySequenceChanged.connect(self._typed)
        for child in self.edit.findChildren(QWidget):
            child.setAccessibleName(self.tr("New keys"))
        self.assign = QPushButton(self.tr("&Assign"))
        self.assign.clicked.connect(self._assign)
        self.remove = QPushButton(self.tr("&Remove"))
        self.remove.clicked.connect(lambda: self._set([]))
        self.reset = QPushButton(self.tr("Res&et"))
        self.reset.clicked.connect(lambda: self._set(None))
        self.reset_all = QPushButton(self.tr("Reset A&ll"))
        self.reset_all.clicked.connect(self._reset_all)
        self.conflict = QLabel()
        self.conflict.setObjectName("wrong")
        self.conflict.setWordWrap(True)
        caption = QLabel(self.tr("&New keys"))
        caption.setBuddy(self.edit)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.button(QDialogButtonBox.StandardButton.Close).setText(self.tr("Close"))
        buttons.rejected.connect(self.reject)
        for button in (self.assign, self.remove, self.reset, self.reset_all):
            button.setAutoDefault(False)
        for widget, text in (
            (self.search, self.tr("Shows only actions whose name or keys hold what you type.")),
            (self.list, self.tr("Choose the action whose keys you want to change.")),
            (self.edit, self.tr("Press the keys that the chosen action should have.")),
            (self.assign, self.tr("Give these keys to the chosen action; an action that had them loses them.")),
            (self.remove, self.tr("The chosen action has no keys from now on.")),
            (self.reset, self.tr("The chosen action gets the keys it came with.")),
            (self.reset_all, self.tr("Every action gets the keys it came with.")),
        ):
            widget.setWhatsThis(text)
            widget.setToolTip(text)
        row = QHBoxLayout()
        for widget in (caption, self.edit, self.assign, self.remove):
            row.addWidget(widget)
        row.setStretchFactor(self.edit, 1)
        last = QHBoxLayout()
        last.addWidget(self.reset)
        last.addWidget(self.reset_all)
        last.addWidget(buttons, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 16)
        column.setSpacing(12)
        column.addWidget(self.search)
        column.addWidget(self.list, 1)
        column.addLayout(row)
        column.addWidget(self.conflict)
        column.addLayout(last)
        self._fill()
        self.search.setFocus()

    @property
    def current(self) -> str:
        """The id of the chosen action, "" where none is."""
        item = self.list.currentItem()
        return str(item.data(0, Qt.ItemDataRole.UserRole)) if item is not None else ""

    def choose(self, id: str) -> None:
        """Choose an action."""
        for row in range(self.list.topLevelItemCount()):
            item = self.list.topLevelItem(row)
            if item is not None and item.data(0, Qt.ItemDataRole.UserRole) == id:
                self.list.setCurrentItem(item)

    def _fill(self) -> None:
        chosen, self_chosen = self.current, self._settings.shortcuts
        self.list.blockSignals(True)
        self.list.clear()
        for entry in actions.ACTIONS:
            keys = [_native(keys) for keys in keys_of(entry, self_chosen)]
            item = QTreeWidgetItem([actions.plain_text(entry), ", ".join(keys)])
            item.setData(0, Qt.ItemDataRole.UserRole, entry.id)
            font = item.font(1)
            font.setBold(entry.id in self_chosen)
            item.setFont(1, font)
            self.list.addTopLevelItem(item)
        self.list.blockSignals(False)
        self.choose(chosen or actions.ACTIONS[0].id)
        self._filter()
        self._selected()

    def _filter(self) -> None:
        wanted = self.search.text().casefold()
        for row in range(self.list.topLevelItemCount()):
            item = self.list.topLevelItem(row)
            if item is not None:
                item.setHidden(wanted not in f"{item.text(0)}\n{item.text(1)}".casefold())

    def _selected(self) -> None:
        self.edit.clear()
        self.reset.setEnabled(self.current in self._settings.shortcuts)
        self.remove.setEnabled(bool(self.current))
        self._typed()

    def _typed(self) -> None:
        keys = self.edit.keySequence().toString()
        other = owner(keys, self._settings.shortcuts, self.current)
        self.assign.setEnabled(bool(keys) and bool(self.current))
        self.conflict.setVisible(other is not None)
        if other is not None:
            self.conflict.setText(
                self.tr("“{keys}” belongs to “{action}”, which loses it if you assign it here.").format(
                    keys=_native(keys), action=actions.plain_text(other)
                )
            )

    def _assign(self) -> None:
        self._set([self.edit.keySequence().toString()])

    def _take(self, keys: str) -> None:
        """Take `keys` from every other action."""
        chosen = self._settings.shortcuts
        while (other := owner(keys, chosen, self.current)) is not None:
            wanted, none = QKeySequence(keys), QKeySequence.SequenceMatch.NoMatch
            chosen[other.id] = [
                one
                for one in keys_of(other, chosen)
                if wanted.matches(QKeySequence(one)) == none and QKeySequence(one).matches(wanted) == none
            ]

    def _set(self, keys: list[str] | None) -> None:
        if keys is None:
            self._settings.shortcuts.pop(self.current, None)
            keys = [key for entry in actions.ACTIONS if entry.id == self.current for key in entry.shortcuts]
        else:
            self._settings.shortcuts[self.current] = keys
        for key in keys:
            self._take(key)
        self._fill()
        self.changed.emit()

    def _reset_all(self) -> None:
        self._settings.shortcuts.clear()
        self._fill()
        self.changed.emit()


def _native(keys: str) -> str:
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)
