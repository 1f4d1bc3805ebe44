"""The preferences: each is applied at once and remembered; there is nothing to confirm."""

from __future__ import annotations

import os

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QLayout,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.core.language import TITLES
from app.core.settings import LANGUAGES, RANGES, THEMES, Settings
from app.widgets import number_field


class PreferencesDialog(QDialog):
    """Changes `settings`, and emits which; who follows a setting listens."""

    changed = Signal(str)  # the name of a field of Settings
    shortcuts_asked = Signal()
    forget_recent_asked = Signal()

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self.setWindowTitle(self.tr("Preferences"))
        self.theme = QComboBox()
        titles = {"system": self.tr("Like the system"), "light": self.tr("Light"), "dark": self.tr("Dark")}
        for choice in THEMES:
            self.theme.addItem(titles[choice], choice)
        self.theme.setCurrentIndex(THEMES.index(settings.theme))
        self.language = QComboBox()
        for choice in LANGUAGES:
            self.language.addItem(TITLES.get(choice, self.tr("Like the system")), choice)
        self.language.setCurrentIndex(LANGUAGES.index(settings.language))
        self.memory = QSpinBox()
        limits = RANGES["history_megabytes"]
        self.memory.setRange(limits.start, limits.stop - 1)
        self.memory.setSingleStep(256)
        number_field.dress(self.memory)
        self.memory.setSuffix(self.tr(" MB"))
        self.memory.setSpecialValueText(self.tr("Automatic"))  # of 0
        self.memory.setValue(settings.history_megabytes)
        self.threads = QSpinBox()
        self.threads.setRange(0, os.cpu_count() or 1)
        self.threads.setSpecialValueText(self.tr("Automatic"))  # of 0
        self.threads.setValue(settings.threads)
        number_field.dress(self.threads)
        self.ask = QCheckBox(self.tr("Ask before unsaved changes are lost"))
        self.ask.setChecked(settings.ask_unsaved)
        self.shortcuts = QPushButton(self.tr("Keyboard Shortcuts…"))
        self.shortcuts.setAutoDefault(False)
        self.forget = QPushButton(self.tr("Forget Recent Files"))
        self.forget.setAutoDefault(False)
        self.forget.setEnabled(bool(settings.recent))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.button(QDialogButtonBox.StandardButton.Close).setText(self.tr("Close"))
        buttons.rejected.connect(self.reject)

        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(12)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for caption, field, text in (
            (self.tr("&Theme"), self.theme, self.tr("Dark or light; pictures are judged best on a dark neutral grey.")),
            (self.tr("&Language"), self.language, self.tr("The language of the window, changed at once.")),
            (
                self.tr("&Memory for undo"),
                self.memory,
                self.tr("How much the steps that can be undone may hold in memory; older ones go to the disk."),
            ),
            (
                self.tr("&Processor threads"),
                self.threads,
                self.tr("How many a model uses, from its next run on. Automatic: one for each core; fewer leave room."),
            ),
            ("", self.ask, self.tr("Off: closing and opening never ask, and what was not saved is gone.")),
            (self.tr("&Keys"), self.shortcuts, self.tr("See, find and change the keys of every action.")),
            (self.tr("&Recent files"), self.forget, self.tr("Empties the list of files that were opened.")),
        ):
            label = QLabel(caption)
            label.setObjectName("caption")
            label.setBuddy(field)
            form.addRow(label, field)
            field.setWhatsThis(text)
            field.setToolTip(text)
            field.setAccessibleName(caption.replace("&", "") or self.ask.text())
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 16)
        column.setSpacing(16)
        column.setSizeConstraint(QLayout.SizeConstraint.SetMinimumSize)  # Qt opens no dialog wider than ⅔ of the screen
        column.addLayout(form)
        column.addStretch(1)
        column.addWidget(buttons)

        self.theme.currentIndexChanged.connect(lambda: self._set("theme", self.theme.currentData()))
        self.language.currentIndexChanged.connect(lambda: self._set("language", self.language.currentData()))
        self.memory.valueChanged.connect(lambda value: self._set("history_megabytes", value))
        self.threads.valueChanged.connect(lambda value: self._set("threads", value))
        self.ask.toggled.connect(lambda asks: self._set("ask_unsaved", asks))
        self.shortcuts.clicked.connect(self.shortcuts_asked)
        self.forget.clicked.connect(self._forget)

    def _set(self, name: str, value: object) -> None:
        setattr(self._settings, name, value)
        self.changed.emit(name)

    def _forget(self) -> None:
        self.forget.setEnabled(False)
        self.forget_recent_asked.emit()
