"""A slider with its name and a number field; a double click on the slider or the name resets it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QGridLayout, QLabel, QSlider, QWidget


class NumberSlider(QWidget):
    """`value` is a number with `decimals` digits; `changed` is emitted once for each change, by hand or by program."""

    changed = Signal(float)

    def __init__(
        self, name: str, low: float, high: float, *, start: float = 0.0, decimals: int = 0, unit: str = ""
    ) -> None:
        super().__init__()
        self._start, self._factor = start, 10**decimals
        self.caption = QLabel(name)
        self.caption.setObjectName("caption")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(round(low * self._factor), round(high * self._factor))
        self.slider.setAccessibleName(name)
        self.slider.setToolTip(self.tr("Double click resets"))
        self.field = QDoubleSpinBox()
        self.field.setDecimals(decimals)
        self.field.setRange(low, high)
        self.field.setSingleStep(1 / self._factor if decimals < 2 else 0.1)
        self.field.setSuffix(unit)
        self.field.setAccessibleName(name)
        self.field.setMinimumWidth(84)
        self.field.setKeyboardTracking(False)
        self.slider.setValue(round(start * self._factor))
        self.field.setValue(start)
        self.slider.valueChanged.connect(lambda place: self.field.setValue(place / self._factor))
        self.field.valueChanged.connect(self._field_changed)
        self.slider.installEventFilter(self)
        self.caption.installEventFilter(self)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(2)
        grid.addWidget(self.caption, 0, 0, 1, 2)
        grid.addWidget(self.slider, 1, 0)
        grid.addWidget(self.field, 1, 1)

    @property
    def value(self) -> float:
        """What is set."""
        return self.field.value()

    def set_value(self, value: float) -> None:
        """Set it, cut to its range."""
        self.field.setValue(value)

    def reset(self) -> None:
        """Back to where it began."""
        self.set_value(self._start)

    def _field_changed(self, value: float) -> None:
        self.slider.blockSignals(True)
        self.slider.setValue(round(value * self._factor))
        self.slider.blockSignals(False)
        self.changed.emit(value)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonDblClick:
            self.reset()
            return True
        return super().eventFilter(watched, event)
