"""A slider with its name and a number field; a double click on the slider or the name resets it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QDoubleSpinBox, QGridLayout, QLabel, QSlider, QStyle, QWidget

from app.widgets import number_field

GROOVE, HANDLE = 4, 14  # logical pixels; the handle's width is the style sheet's
FIELD_WIDTH = 96


class SliderFromStart(QSlider):
    """Its groove is filled from where it began to where it is, so that one sees which way something was changed."""

    def __init__(self, start: int) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setObjectName("fromStart")
        self._start = start

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        top, begun, now = (self.height() - GROOVE) / 2, self._place(self._start), self._place(self.value())
        for role, left, right in (
            (QPalette.ColorRole.Mid, 0.0, float(self.width())),
            (QPalette.ColorRole.Accent, min(begun, now), max(begun, now)),
        ):
            painter.setBrush(self.palette().brush(role))
            painter.drawRoundedRect(QRectF(left, top, right - left, GROOVE), GROOVE / 2, GROOVE / 2)
        painter.end()
        super().paintEvent(event)  # the handle

    def _place(self, value: int) -> float:
        """Where the middle of the handle is at `value`."""
        span = self.width() - HANDLE
        return HANDLE / 2 + QStyle.sliderPositionFromValue(self.minimum(), self.maximum(), value, span)


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
        self.slider = SliderFromStart(round((start if low < 0 < high else low) * self._factor))
        self.slider.setRange(round(low * self._factor), round(high * self._factor))
        self.slider.setAccessibleName(name)
        self.slider.setToolTip(self.tr("Double click resets"))
        self.field = QDoubleSpinBox()
        self.field.setObjectName("compact")
        self.field.setDecimals(decimals)
        self.field.setRange(low, high)
        self.field.setSingleStep(1 / self._factor if decimals < 2 else 0.1)
        self.field.setSuffix(unit)
        self.field.setAccessibleName(name)
        self.field.setFixedWidth(FIELD_WIDTH)
        self.field.setKeyboardTracking(False)
        number_field.dress(self.field)
        self.slider.setValue(round(start * self._factor))
        self.field.setValue(start)
        self.slider.valueChanged.connect(lambda place: self.field.setValue(place / self._factor))
        self.field.valueChanged.connect(self._field_changed)
        self.slider.installEventFilter(self)
        self.caption.installEventFilter(self)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 1)
        grid.addWidget(self.caption, 0, 0)
        grid.addWidget(self.field, 0, 1)
        grid.addWidget(self.slider, 1, 0, 1, 2)

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
