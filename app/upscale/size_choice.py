"""Size choice: how large the result shall be, by the model's own scale, in percent, or by its width or height."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSpinBox, QWidget

from app.widgets import number_field

MODES = ("scale", "percent", "width", "height")


class SizeChoice(QWidget):
    """Emits `changed` where another size is chosen. The picture's shape is kept."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._width = self._height = 0
        self._scale, self._passes = 1, 1
        self.mode = QComboBox()
        self.mode.setAccessibleName(self.tr("Size by"))
        for name, text in zip(
            MODES, (self.tr("Model’s scale"), self.tr("Percent"), self.tr("Width"), self.tr("Height")), strict=True
        ):
            self.mode.addItem(text, name)
        self.value = QSpinBox()
        self.value.setAccessibleName(self.tr("Size"))
        self.value.setKeyboardTracking(False)
        self.value.setGroupSeparatorShown(True)
        number_field.dress(self.value)
        self.mode.currentIndexChanged.connect(self._mode_changed)
        self.value.valueChanged.connect(lambda _: self.changed.emit())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.mode, 1)
        row.addWidget(self.value, 1)
        self._fill()

    def show_for(self, width: int, height: int, scale: int, passes: int) -> None:
        """Offer sizes of a picture of `width` × `height` pixels for a model of `scale` that may be run `passes` times."""
        if (width, height, scale, passes) != (self._width, self._height, self._scale, self._passes):
            self._width, self._height, self._scale, self._passes = width, height, scale, passes
            self._fill()

    def chosen_size(self) -> tuple[int, int] | None:
        """The width and height that are chosen; None for the model's own scale."""
        mode, value = self.mode.currentData(), self.value.value()
        if mode == "scale" or not self._width:
            return None
        largest = self._scale**self._passes
        along = {"percent": 100, "width": self._width, "height": self._height}[mode]
        sides = (self._width, self._height)
        width, height = (min(max(side, round(side * value / along)), side * largest) for side in sides)
        return width, height

    def _mode_changed(self) -> None:
        self._fill(start_anew=True)
        self.changed.emit()

    def _fill(self, *, start_anew: bool = False) -> None:
        """Set the number's range and unit; where it measures something else than before, let it begin at the model's scale."""
        mode = self.mode.currentData()
        self.value.setVisible(mode != "scale")
        if mode == "scale":
            return
        one = {"percent": 100, "width": self._width, "height": self._height}[mode]
        wanted = one * self._scale if start_anew or self.value.maximum() <= 1 else self.value.value()
        with QSignalBlocker(self.value):
            self.value.setSuffix(" %" if mode == "percent" else self.tr(" px"))
            self.value.setRange(max(1, one), max(1, one * self._scale**self._passes))
            self.value.setSingleStep(10 if mode == "percent" else max(1, one // 20))
            self.value.setValue(wanted)
