"""The basic tools' part of the window: adjust, crop, turn, resize and the mask, in docks beside the upscale panel."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication, QObject, Qt
from PySide6.QtWidgets import QDockWidget, QScrollArea, QTabBar, QTabWidget, QWidget

from app.canvas.overlay import Overlay
from app.core.jobs import Job, JobQueue
from app.mask.brush import BrushOverlay, BrushSettings
from app.mask.gradient import GradientOverlay
from app.mask.masks import Masks
from app.mask.memory import MaskMemory
from app.mask.panel import MaskPanel
from app.tools import steps
from app.tools.adjust_panel import AdjustPanel
from app.tools.crop_frame import CropFrame, CropOverlay
from app.tools.crop_panel import GeometryPanel
from app.tools.picker import PickerOverlay
from app.tools.work import ToolWork
from app.widgets.tool_panel import SIDE_WIDTH

if TYPE_CHECKING:
    from app.main_window import MainWindow
    from engines.pixels import Mask

translate = QCoreApplication.translate

TURNS = ("rotate_left", "rotate_right", "flip_horizontal", "flip_vertical")
PANELS = ("upscale", "adjust", "crop", "mask")


def slots(window: MainWindow) -> dict[str, Callable[..., object]]:
    """Turning and flipping, and the panels by key."""
    found: dict[str, Callable[..., object]] = {how: partial(_turn, window, how) for how in TURNS}
    return found | {f"show_{name}": partial(show_panel, window, name) for name in PANELS}


def show_panel(window: MainWindow, name: str) -> None:
    """Bring one of the panels beside the canvas to the front, and give it the keyboard."""
    dock = window.findChild(QDockWidget, name)
    assert dock is not None
    dock.show()
    dock.raise_()
    dock.widget().setFocus(Qt.FocusReason.ShortcutFocusReason)


def _turn(window: MainWindow, how: str) -> None:
    window.tools.turn(how)


def connect(window: MainWindow) -> None:
    """Make the panels, and join them with the canvas and the document."""
    window.tools = Tools(window)


class Tools(QObject):
    """Holds the panels and what they set; one of them at a time has the canvas."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        packing = JobQueue(self)
        window.document.closing.connect(packing.close)
        self.masks = Masks(window.queue, packing, self)
        self.memory = MaskMemory(self.masks)
        self.work = ToolWork(window.queue, window.document, window.messages, self.masks, self)
        self.brush_settings = BrushSettings(self)
        self.frame = CropFrame(self)
        self.adjust, self.geometry = AdjustPanel(), GeometryPanel(self.frame)
        self.mask = MaskPanel(self.masks, self.brush_settings)
        self.brush, self.gradient = BrushOverlay(self.masks, self.brush_settings), GradientOverlay(self.masks)
        self.crop, self.picker = CropOverlay(self.frame), PickerOverlay(self._picked)
        self._mask_tool: BrushOverlay | GradientOverlay = self.brush
        self._photo: object = None
        self.mask_in_use: Mask | None = None  # what tools and models work within; not while a stroke is drawn
        upscale = window.findChild(QDockWidget, "upscale")
        assert upscale is not None
        window.setTabPosition(Qt.DockWidgetArea.RightDockWidgetArea, QTabWidget.TabPosition.North)
        self.docks = {
            "adjust": self._dock(upscale, "adjust", translate("tools", "Adjust"), self.adjust),
            "crop": self._dock(upscale, "crop", translate("tools", "Crop"), self.geometry),
            "mask": self._dock(upscale, "mask", translate("tools", "Mask"), self.mask),
        }
        self.adjust_dock, self.crop_dock, self.mask_dock = self.docks.values()
        self.tabs = next(
            bar for bar in window.findChildren(QTabBar) if bar.parent() is window
        )  # Qt makes it for the docks
        self.tabs.setAccessibleName(translate("tools", "Tools"))
        for dock, panels in (
            (upscale, (window.panel, window.panel.footer)),
            (self.adjust_dock, (self.adjust,)),
            (self.crop_dock, (self.geometry,)),
            (self.mask_dock, (self.mask,)),
        ):  # Qt only moves what is behind another tab out of sight, and Tab would go there
            for panel in panels:
                dock.visibilityChanged.connect(panel.setVisible)
        upscale.raise_()
        history = window.findChild(QDockWidget, "history")
        if history is not None and not window.settings.layout:  # the panels need the room more than an empty list
            window.resizeDocks([upscale, history], [10_000, 1], Qt.Orientation.Vertical)
        self._connect()
        self._photo_changed()

    def _dock(self, beside: QDockWidget, name: str, title: str, panel: QWidget) -> QDockWidget:
        scroll = QScrollArea()
        scroll.setObjectName("side")
        scroll.setAccessibleName(title)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it follows the control that has the keyboard
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFixedWidth(SIDE_WIDTH)
        scroll.setWidget(panel)
        dock = QDockWidget(title, self._window)
        dock.setObjectName(name)
        dock.setFeatures(QDockWidget.DockWidgetFeature.NoDockWidgetFeatures)
        dock.setTitleBarWidget(QWidget())
        dock.setWidget(scroll)
        self._window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
        self._window.tabifyDockWidget(beside, dock)
        dock.visibilityChanged.connect(lambda visible: self._shown(name, visible))
        return dock

    def _connect(self) -> None:
        window = self._window
        window.document.changed.connect(self._photo_changed)
        window.queue.busy_changed.connect(lambda _: self._refresh())
        self.work.fitting.connect(self.memory.keep)
        window.upscaling.fitting.connect(self.memory.keep)
        self.work.started.connect(self._await_result)
        self.work.started.connect(window.job_progress.follow)
        self.adjust.changed.connect(self._preview)
        self.adjust.apply_asked.connect(self.apply_adjustments)
        self.adjust.pick_toggled.connect(lambda on: self._lay(self.picker if on else None))
        self.geometry.apply_asked.connect(self.apply_crop)
        self.geometry.turn_asked.connect(self.turn)
        self.geometry.resize_asked.connect(self.resize)
        self.frame.changed.connect(window.canvas.update)
        self.frame.applied.connect(self.geometry.apply_button.click)
        self.frame.left.connect(self._leave_crop)
        self.masks.changed.connect(self._mask_changed)
        self.masks.failed.connect(self.work.tell)
        self.mask.tool_chosen.connect(self._choose)
        self.mask.shown_changed.connect(self._show_mask)
        self.mask.colour_chosen.connect(self._colour_mask)

    # What is applied

    def _await_result(self, job: Job) -> None:
        """Tell what is shown of the job that is to give it its next state."""
        assert self._window.document.current is not None
        self._window.document.current.await_result(job)

    def apply_adjustments(self) -> None:
        """Adjust all pixels, where the mask lets."""
        job = self.work.start(translate("tools", "Adjust"), *steps.adjusting(self.adjust.adjustments))
        if job is not None:
            job.finished.connect(lambda _: self.adjust.reset())

    def apply_crop(self) -> None:
        """Crop to the frame, straightened by its angle."""
        self.work.start(translate("tools", "Crop"), *steps.cropping(self.frame.crop))

    def turn(self, how: Any) -> None:
        """Rotate by 90° or flip."""
        names = {name: button.text() for name, button in self.geometry.turn_buttons.items()}
        self.work.start(names[how], *steps.turning(how))

    def resize(self, width: int, height: int) -> None:
        """Make it of another size."""
        self.work.start(translate("tools", "Resize"), *steps.resizing(width, height))

    # What is shown

    def _shown(self, name: str, visible: bool) -> None:
        if not visible:
            if name == "adjust":
                self.adjust.pick_button.setChecked(False)
                self._window.canvas.set_look(None)
            self.brush.stop()
            self.crop.stop()
            if self._window.canvas.overlay in self._overlays(name):
                self._lay(None)
        elif name == "adjust":
            self._preview()
        else:
            self._lay(self.crop if name == "crop" else self._mask_tool)

    def _overlays(self, name: str) -> tuple[Overlay, ...]:
        return {"adjust": (self.picker,), "crop": (self.crop,), "mask": (self.brush, self.gradient)}[name]

    def _lay(self, overlay: Overlay | None) -> None:
        self._window.canvas.set_overlay(overlay if self._window.document.photo is not None else None)

    def _preview(self) -> None:
        wanted, canvas = self.adjust.adjustments, self._window.canvas
        if wanted.is_identity or self._window.document.photo is None:
            canvas.set_look(None)
        else:
            canvas.set_look(steps.look_of(wanted, self.masks.mask))

    def _picked(self, x: int, y: int) -> None:
        from engines.edit.adjust import neutral

        pyramid = self._window.canvas.pyramid
        if pyramid is not None:
            red, green, blue = (float(level) / 255 for level in pyramid.levels[0].pixels[y, x, :3])
            self.adjust.set_balance(*neutral((red, green, blue)))
        self.adjust.pick_button.setChecked(False)

    def _leave_crop(self) -> None:
        self.geometry.reset()
        dock = self._window.findChild(QDockWidget, "upscale")
        assert dock is not None
        dock.raise_()

    def _photo_changed(self) -> None:
        photo = self._window.document.photo
        if photo is not self._photo:
            self._photo = photo
            self.brush.stop()
            self.crop.stop()
            self.memory.show(self._window.document.current)
            size = (photo.picture.width, photo.picture.height) if photo is not None else (0, 0)
            self.geometry.show_photo(*size)
            for name, dock in self.docks.items():
                if not dock.visibleRegion().isEmpty():
                    self._shown(name, True)
        self._refresh()

    def _refresh(self) -> None:
        busy, fetching, photo = self._window.queue.is_busy, self.masks.is_fetching, self._window.document.photo
        usable = photo is not None and not (busy or fetching)
        self.adjust.set_usable(usable)
        self.geometry.set_busy(busy or fetching)
        for how in TURNS:
            self._window.actions_by_id[how].setEnabled(usable)
        # its own work leaves the keyboard where it is: what is pressed meanwhile waits its turn
        usable = photo is not None and not fetching and (not busy or self.masks.is_busy)
        self.mask.set_usable(usable)
        self.brush_settings.enabled = self.gradient.enabled = usable

    # The mask

    def _mask_changed(self, box: Any) -> None:
        if not self.masks.is_drawing:
            self.mask_in_use = self.masks.mask
            if self._window.canvas.look is not None:  # made of the mask that was there before
                self._preview()
        if self._window.canvas.overlay is self._mask_tool:
            self._mask_tool.refresh(self._window.canvas, box)
        if box is None:  # not each move of a stroke
            self._refresh()

    def _choose(self, name: str) -> None:
        self.brush.stop()
        self.brush_settings.erase = name == "erase"
        if name in ("linear", "radial"):
            self.gradient.kind = "linear" if name == "linear" else "radial"
        self._mask_tool = self.gradient if name in ("linear", "radial") else self.brush
        self._lay(self._mask_tool)

    def _show_mask(self, shown: bool) -> None:
        self.brush.shown = self.gradient.shown = shown
        self._window.canvas.update()

    def _colour_mask(self, colour: str) -> None:
        self.brush.set_colour(colour)
        self.gradient.set_colour(colour)
        self._window.canvas.update()
