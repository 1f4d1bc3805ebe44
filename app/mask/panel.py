"""The mask panel: brush and gradients, and what is done to the whole mask."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QCheckBox, QComboBox

from app.mask.brush import LARGEST, SMALLEST, BrushSettings
from app.mask.masks import Masks
from app.widgets.slider import NumberSlider
from app.widgets.tool_panel import ToolPanel, button

COLOURS = (("#ff2020", "Red"), ("#20d040", "Green"), ("#3070ff", "Blue"))


class MaskPanel(ToolPanel):
    """Sets the brush and asks for the rest."""

    tool_chosen = Signal(str)  # paint, erase, linear, radial
    shown_changed = Signal(bool)
    colour_chosen = Signal(str)

    def __init__(self, masks: Masks, brush: BrushSettings) -> None:
        super().__init__(self.tr("Mask"))
        self._masks, self._brush = masks, brush
        self._usable = False
        self.heading(self.tr("Tools work where the mask is painted; without a mask, everywhere."), "muted")
        self.tools = {
            "paint": button(self.tr("Paint"), checkable=True),
            "erase": button(self.tr("Erase"), checkable=True),
            "linear": button(self.tr("Linear Gradient"), checkable=True),
            "radial": button(self.tr("Radial Gradient"), checkable=True),
        }
        self._group = QButtonGroup(self)
        for name, tool in self.tools.items():
            self._group.addButton(tool)
            tool.clicked.connect(lambda _=False, name=name: self.tool_chosen.emit(name))
        self.tools["paint"].setChecked(True)
        tools = list(self.tools.values())
        self.row(*tools[:2])
        self.row(*tools[2:])
        self.brush_size = NumberSlider(self.tr("Size  ( [ and ] )"), SMALLEST, LARGEST, start=brush.size, unit=" px")
        self.hardness = NumberSlider(self.tr("Hardness"), 0, 100, start=50, unit=" %")
        self.brush_size.changed.connect(brush.set_size)
        brush.changed.connect(lambda: self.brush_size.set_value(brush.size))
        self.hardness.changed.connect(lambda value: setattr(brush, "hardness", value / 100))
        self.feather = NumberSlider(self.tr("Feather"), 1, 250, start=10, unit=" px")
        self.feather_button = button(self.tr("Feather"))
        self.invert_button = button(self.tr("Invert"))
        self.clear_button = button(self.tr("Clear"))
        self.undo_button = button(self.tr("Undo Stroke"))
        self.redo_button = button(self.tr("Redo Stroke"))
        for widget in (self.brush_size, self.hardness, self.feather):
            self.column.addWidget(widget)
        self.row(self.feather_button, self.invert_button, self.clear_button)
        self.row(self.undo_button, self.redo_button)
        self.show_box = QCheckBox(self.tr("Show the mask"))
        self.show_box.setChecked(True)
        self.colours = QComboBox()
        self.colours.setAccessibleName(self.tr("Colour of the mask"))
        names = {"Red": self.tr("Red"), "Green": self.tr("Green"), "Blue": self.tr("Blue")}
        for colour, name in COLOURS:
            self.colours.addItem(names[name], colour)
        self.row(self.show_box, self.colours)
        self.column.addStretch(1)
        self.feather_button.clicked.connect(lambda: masks.feather(self.feather.value))
        self.invert_button.clicked.connect(masks.invert)
        self.clear_button.clicked.connect(lambda: masks.set(None))
        self.undo_button.clicked.connect(masks.undo)
        self.redo_button.clicked.connect(masks.redo)
        self.show_box.toggled.connect(self.shown_changed)
        self.colours.currentIndexChanged.connect(lambda _: self.colour_chosen.emit(self.colours.currentData()))
        masks.changed.connect(lambda _: self._refresh())
        self._refresh()

    def set_usable(self, usable: bool) -> None:
        """Whether there is a photo and nothing runs."""
        self._usable = usable
        self._refresh()

    def _refresh(self) -> None:
        if self._masks.is_drawing:
            return  # a stroke changes nothing here until it ends
        can, some = self._usable, self._masks.mask is not None
        for widget in (*self.tools.values(), self.brush_size, self.hardness, self.feather, self.invert_button):
            widget.setEnabled(can)
        for widget in (self.feather_button, self.clear_button):
            widget.setEnabled(can and some)
        self.undo_button.setEnabled(can and self._masks.can_undo)
        self.redo_button.setEnabled(can and self._masks.can_redo)
