"""The crop panel: crop and straighten, turn and flip, and the size in pixels."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QLabel, QSpinBox

from app.tools.crop_frame import CropFrame
from app.widgets import number_field
from app.widgets.slider import NumberSlider
from app.widgets.tool_panel import ToolPanel, button
from engines.edit.geometry import MOST_DEGREES

LARGEST_SIDE = 100_000
LARGEST_RESULT = 400_000_000  # pixels
ASPECTS = ((1, 1), (5, 4), (4, 3), (3, 2), (16, 9), (4, 5), (3, 4), (2, 3), (9, 16))


class GeometryPanel(ToolPanel):
    """Sets `frame` and asks for work; it runs nothing itself."""

    apply_asked = Signal()
    turn_asked = Signal(str)
    resize_asked = Signal(int, int)

    def __init__(self, frame: CropFrame) -> None:
        super().__init__(self.tr("Crop"))
        self.frame = frame
        self.aspects = QComboBox()
        self.aspects.setAccessibleName(self.tr("Shape"))
        self.aspects.addItem(self.tr("Free"), None)
        self.aspects.addItem(self.tr("As the photo"), 0.0)
        for wide, high in ASPECTS:
            self.aspects.addItem(f"{wide} : {high}", wide / high)
        self.aspects.currentIndexChanged.connect(self._aspect_chosen)
        self.cropped = QLabel()
        self.cropped.setObjectName("muted")
        self.cropped.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.cropped.setAccessibleName(self.tr("Size once it is cropped"))
        self.row(self.aspects, self.cropped)
        self.angle = NumberSlider(self.tr("Straighten"), -MOST_DEGREES, MOST_DEGREES, decimals=2, unit=" °")
        self.angle.changed.connect(self._angle_changed)
        self.column.addWidget(self.angle)
        self.line_button = button(
            self.tr("Draw the Horizon"),
            checkable=True,
            tip=self.tr("Draw a line along what should be level or upright"),
        )
        self.line_button.toggled.connect(self._line_toggled)
        self.column.addWidget(self.line_button)
        self.apply_button = button(self.tr("Apply"), primary=True)
        self.apply_button.clicked.connect(self.apply_asked)
        self.reset_button = button(self.tr("Reset"))
        self.reset_button.clicked.connect(self.reset)
        self.row(self.apply_button, self.reset_button)
        self.heading(self.tr("Turn"))
        self.turn_buttons = {
            "rotate_left": button(self.tr("Rotate Left")),
            "rotate_right": button(self.tr("Rotate Right")),
            "flip_horizontal": button(self.tr("Flip Across")),
            "flip_vertical": button(self.tr("Flip Down")),
        }
        for how, turn_button in self.turn_buttons.items():
            turn_button.clicked.connect(lambda _=False, how=how: self.turn_asked.emit(how))
        buttons = list(self.turn_buttons.values())
        self.row(*buttons[:2])
        self.row(*buttons[2:])
        self.width_field, self.height_field, self.percent = QSpinBox(), QSpinBox(), QDoubleSpinBox()
        for field, name in ((self.width_field, self.tr("Width")), (self.height_field, self.tr("Height"))):
            field.setRange(1, LARGEST_SIDE)
            field.setSuffix(" px")
            field.setAccessibleName(name)
            field.setToolTip(name)
            number_field.dress(field)
            field.setKeyboardTracking(False)
        self.percent.setRange(0.1, 1000)
        self.percent.setDecimals(1)
        self.percent.setSuffix(" %")
        self.percent.setAccessibleName(self.tr("Percent"))
        self.percent.setKeyboardTracking(False)
        number_field.dress(self.percent)
        self.link = QCheckBox(self.tr("Keep the shape"))
        self.link.setChecked(True)
        self.resize_button = button(self.tr("Resize"))
        self.width_field.valueChanged.connect(lambda _: self._size_changed("width"))
        self.height_field.valueChanged.connect(lambda _: self._size_changed("height"))
        self.percent.valueChanged.connect(lambda _: self._size_changed("percent"))
        self.link.toggled.connect(lambda linked: linked and self._size_changed("width"))
        self.resize_button.clicked.connect(
            lambda: self.resize_asked.emit(self.width_field.value(), self.height_field.value())
        )
        size = QLabel(self.tr("Size"))
        size.setObjectName("caption")
        self.row(size, self.link)
        self.row(self.width_field, self.height_field)
        self.row(self.percent, self.resize_button)
        self.column.addStretch(1)
        self._usable = self._busy = False
        frame.changed.connect(self._frame_changed)
        frame.line_drawn.connect(lambda: self.line_button.setChecked(False))
        self._refresh()

    def show_photo(self, width: int, height: int) -> None:
        """Begin with all of a photo of this size; 0: there is none."""
        self._usable = bool(width)
        if width:
            self.frame.size = width, height
            self._aspect_chosen()
            self.reset()
            self._set_fields(width, height, 100.0)
        self._refresh()

    def set_busy(self, busy: bool) -> None:
        """Whether something runs."""
        self._busy = busy
        self._refresh()

    def reset(self) -> None:
        """All of the photo again, upright."""
        self.angle.reset()
        self.frame.start(*self.frame.size)

    def _aspect_chosen(self) -> None:
        aspect = self.aspects.currentData()
        self.frame.set_aspect(self.frame.size[0] / self.frame.size[1] if aspect == 0 else aspect)

    def _angle_changed(self, angle: float) -> None:
        if angle != self.frame.crop.angle:
            self.frame.set_angle(angle)

    def _line_toggled(self, draws: bool) -> None:
        self.frame.draws_line = draws

    def _frame_changed(self) -> None:
        angle = self.frame.crop.angle
        if abs(angle - self.angle.value) > 0.005:  # the field rounds to hundredths; the line's own angle is kept
            self.angle.blockSignals(True)
            self.angle.set_value(angle)
            self.angle.blockSignals(False)
        self._refresh()

    def _set_fields(self, width: int, height: int, percent: float) -> None:
        fields = (self.width_field, self.height_field, self.percent)
        for field in fields:
            field.blockSignals(True)
        self.width_field.setValue(width)
        self.height_field.setValue(height)
        self.percent.setValue(percent)
        for field in fields:
            field.blockSignals(False)

    def _size_changed(self, which: str) -> None:
        width, height = self.frame.size
        wide, high, percent = self.width_field.value(), self.height_field.value(), self.percent.value()
        if which == "percent":
            wide, high = max(1, round(width * percent / 100)), max(1, round(height * percent / 100))
        elif self.link.isChecked():
            if which == "width":
                high = max(1, round(wide * height / width))
            else:
                wide = max(1, round(high * width / height))
        self._set_fields(wide, high, percent if which == "percent" else 100 * wide / width)
        self._refresh()

    def _refresh(self) -> None:
        can = self._usable and not self._busy
        for widget in (self.aspects, self.angle, self.line_button, *self.turn_buttons.values()):
            widget.setEnabled(can)
        for widget in (self.width_field, self.height_field, self.percent, self.link):
            widget.setEnabled(can)
        crop = self.frame.crop
        self.cropped.setText(f"{crop.width} × {crop.height} px" if self._usable else "")
        whole = (crop.width, crop.height) == self.frame.size and crop.angle == 0
        self.apply_button.setEnabled(can and not whole)
        self.reset_button.setEnabled(can and not whole)
        wanted = self.width_field.value(), self.height_field.value()
        self.resize_button.setEnabled(can and wanted != self.frame.size and wanted[0] * wanted[1] <= LARGEST_RESULT)
