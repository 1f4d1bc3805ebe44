"""Strength: how much of a change there is, in percent, by a slider beside a field."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSlider, QSpinBox, QWidget

from app.widgets import number_field


class Strength(QWidget):
    """Emits `changed` with the strength, 0 to 1."""

    changed = Signal(float)

    def __init__(self, explanation: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setPageStep(10)
        self.percent = QSpinBox()
        self.percent.setSuffix(" %")
        self.percent.setFixedWidth(72)
        number_field.dress(self.percent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.slider, 1)
        row.addWidget(self.percent)
        for field in (self.slider, self.percent):
            field.setRange(0, 100)
            field.setValue(100)
            field.setAccessibleName(self.tr("Strength"))
            field.setToolTip(explanation)
        self.slider.valueChanged.connect(self.percent.setValue)
        self.percent.valueChanged.connect(self.slider.setValue)
        self.slider.valueChanged.connect(lambda percent: self.changed.emit(percent / 100))

    @property
    def value(self) -> float:
        """The strength, 0 to 1."""
        return self.slider.value() / 100
