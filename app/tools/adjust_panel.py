"""The adjust panel: light and colour by sliders, shown live and applied exactly."""

from __future__ import annotations

from PySide6.QtCore import Signal

from app.widgets.slider import NumberSlider
from app.widgets.tool_panel import ToolPanel, button
from engines.edit.adjust import Adjustments


class AdjustPanel(ToolPanel):
    """Emits `changed` for each move of a slider; it computes nothing."""

    changed = Signal()
    apply_asked = Signal()
    pick_toggled = Signal(bool)

    def __init__(self) -> None:
        super().__init__(self.tr("Adjust"))
        self.sliders = {
            "exposure": NumberSlider(self.tr("Exposure"), -5, 5, decimals=2, unit=self.tr(" stops")),
            "contrast": NumberSlider(self.tr("Contrast"), -100, 100),
            "temperature": NumberSlider(self.tr("Temperature"), -100, 100),
            "tint": NumberSlider(self.tr("Tint"), -100, 100),
            "saturation": NumberSlider(self.tr("Saturation"), -100, 100),
        }
        self.pick_button = button(
            self.tr("Pick a Neutral Spot"), checkable=True, tip=self.tr("Click a spot that should be grey")
        )
        self.pick_button.toggled.connect(self.pick_toggled)
        for name, slider in self.sliders.items():
            self.column.addWidget(slider)
            slider.changed.connect(self._changed)
            if name == "tint":
                self.column.addWidget(self.pick_button)
        self.apply_button = button(self.tr("Apply"), primary=True)
        self.apply_button.clicked.connect(self.apply_asked)
        self.reset_button = button(self.tr("Reset"))
        self.reset_button.clicked.connect(self.reset)
        self.row(self.apply_button, self.reset_button)
        self.column.addStretch(1)
        self._can = False
        self._refresh()

    @property
    def adjustments(self) -> Adjustments:
        """What the sliders say."""
        return Adjustments(**{name: slider.value for name, slider in self.sliders.items()})

    def set_balance(self, temperature: float, tint: float) -> None:
        """What the picker found."""
        self.sliders["temperature"].set_value(temperature)
        self.sliders["tint"].set_value(tint)

    def reset(self) -> None:
        """All sliders back to 0."""
        for slider in self.sliders.values():
            slider.reset()

    def set_usable(self, usable: bool) -> None:
        """Whether there is a photo and nothing else runs."""
        self._can = usable
        self._refresh()

    def _changed(self) -> None:
        self._refresh()
        self.changed.emit()

    def _refresh(self) -> None:
        changes = not self.adjustments.is_identity
        for slider in self.sliders.values():
            slider.setEnabled(self._can)
        self.pick_button.setEnabled(self._can)
        self.apply_button.setEnabled(self._can and changes)
        self.reset_button.setEnabled(self._can and changes)
