"""The upscale panel: which model, how large and how strongly, and what becomes of asking for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.core.jobs import Job
from app.library import model_words
from app.photos.photo import Photo
from app.upscale.facts import UpscaleFacts
from app.upscale.size_choice import SizeChoice
from app.upscale.speeds import Speeds
from app.upscale.work import UpscaleOptions
from app.widgets.job_progress import JobProgress
from app.widgets.labels import make_label
from app.widgets.strength import Strength
from engines.errors import ModelError
from engines.superres.estimate import MOST_PASSES, Plan, plan, seconds_for

if TYPE_CHECKING:
    from engines.models.library import ModelEntry

TASK = "super-resolution"


class UpscalePanel(QWidget):
    """Emits `upscale_asked` with the model's entry and the UpscaleOptions; it runs nothing itself."""

    upscale_asked = Signal(object, object)
    card_asked = Signal(object)  # the model's entry
    sheet_asked = Signal()
    add_model_asked = Signal()
    model_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAccessibleName(self.tr("Upscale"))  # which its tab shows
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._entries: list[ModelEntry] = []
        self._photo: Photo | None = None
        self.speeds: Speeds | None = None
        self._busy = False
        self._changed = False
        self._had_focus = False

        self.models = QComboBox()
        self.models.setAccessibleName(self.tr("Model"))
        self.models.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.models.setMinimumContentsLength(12)
        self.models.currentIndexChanged.connect(self._model_changed)
        caption = make_label(self.tr("&Model"), "caption")
        caption.setBuddy(self.models)
        self.description = make_label(self.tr("Looking for models…"), "muted", wraps=True)
        self.models.setPlaceholderText(self.tr("No model yet"))
        self.add_button = QPushButton(self.tr("Add…"))
        self.add_button.setToolTip(self.tr("Add a model file to your library"))
        self.add_button.setAccessibleName(self.tr("Add a model"))
        self.add_button.clicked.connect(self.add_model_asked)

        self.card_button = QPushButton(self.tr("About…"))
        self.card_button.setToolTip(
            self.tr("What the model says about itself: what it learned from, its quality, its author")
        )
        self.card_button.setAccessibleName(self.tr("About the model"))
        self.card_button.clicked.connect(lambda: self.card_asked.emit(self.entry))
        self.sheet_button = QPushButton(self.tr("Compare models…"))
        self.sheet_button.setToolTip(self.tr("See a part of the photo through each model, with the time it takes"))
        self.sheet_button.clicked.connect(self.sheet_asked)

        self.size_choice = SizeChoice()
        self.size_choice.changed.connect(self._refresh)
        size_caption = make_label(self.tr("Si&ze"), "caption")
        size_caption.setBuddy(self.size_choice.mode)
        self.strength = Strength(self.tr("How much of the model’s work there is, against a plain enlargement"))
        self.strength.changed.connect(self._refresh)
        strength_caption = make_label(self.tr("S&trength"), "caption")
        strength_caption.setBuddy(self.strength.slider)

        self.facts = UpscaleFacts()
        self.passes = make_label("", "muted", wraps=True)
        self.button = QPushButton(self.tr("Upscale"))
        self.button.setObjectName("primary")
        self.button.clicked.connect(self.ask)
        self.progress = JobProgress(wide=True)
        self.progress.ended.connect(self._over)
        self.hint = make_label("", "muted", wraps=True)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(8)
        layout.addWidget(caption)
        choice = QHBoxLayout()
        choice.setSpacing(8)
        choice.addWidget(self.models, 1)
        choice.addWidget(self.add_button)
        layout.addLayout(choice)
        layout.addWidget(self.description)
        about = QHBoxLayout()
        about.setSpacing(8)
        about.addWidget(self.card_button)
        about.addWidget(self.sheet_button, 1)
        layout.addLayout(about)
        layout.addSpacing(8)
        layout.addWidget(size_caption)
        layout.addWidget(self.size_choice)
        layout.addWidget(self.passes)
        layout.addWidget(strength_caption)
        layout.addWidget(self.strength)
        layout.addSpacing(8)
        layout.addWidget(self.facts)
        layout.addSpacing(8)
        layout.addStretch(1)
        self.footer = QWidget()  # below the panel, which may be scrolled: what is to be pressed stays in sight
        self.footer.setObjectName("panel")
        self.footer.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(self.footer)
        column.setContentsMargins(16, 8, 16, 12)
        column.setSpacing(8)
        for widget in (self.button, self.progress, self.hint):
            column.addWidget(widget)
        self._refresh()

    @property
    def entries(self) -> list[ModelEntry]:
        """What is offered, in the order of the list; those without a card cannot be chosen."""
        return list(self._entries)

    @property
    def entry(self) -> ModelEntry | None:
        """The model that is chosen, None where there is none."""
        index = self.models.currentIndex()
        entry = self._entries[index] if 0 <= index < len(self._entries) else None
        return entry if entry is not None and entry.card is not None else None

    @property
    def options(self) -> UpscaleOptions:
        """The size and the strength that are chosen."""
        return UpscaleOptions(self.size_choice.chosen_size(), self.strength.value)

    @property
    def usable(self) -> list[ModelEntry]:
        """The models that can be chosen, in the order of the list."""
        return [entry for entry in self._entries if entry.card is not None]

    def estimate_from(self, speeds: Speeds) -> None:
        """Say beforehand how long it will take, by what `speeds` knows and finds out."""
        self.speeds = speeds
        speeds.changed.connect(self._refresh)
        self._refresh()

    def choose(self, name: str) -> None:
        """Choose the model of that name, where it is offered."""
        names = [entry.name for entry in self._entries]
        if name in names and self.models.isEnabled():
            self.models.setCurrentIndex(names.index(name))

    def show_models(self, entries: list[ModelEntry], wanted: str) -> None:
        """Offer the super-resolution models of the library; `wanted` is the name of the one to choose."""
        usable = [entry for entry in entries if entry.card is not None and entry.card.task == TASK]
        usable.sort(key=lambda entry: (not entry.ships, entry.card.scale or 0, entry.card.name) if entry.card else ())
        self._entries = usable + [entry for entry in entries if entry.card is None]
        self.models.blockSignals(True)
        self.models.clear()
        for entry in self._entries:
            self.models.addItem(model_words.title(entry, self._entries))
            row = self.models.count() - 1
            self.models.setItemData(row, model_words.good_for(entry, self._entries), Qt.ItemDataRole.ToolTipRole)
            if entry.card is None:
                model = self.models.model()
                assert isinstance(model, QStandardItemModel)
                model.item(row).setEnabled(False)
        names = [entry.name for entry in usable]
        self.models.setCurrentIndex(names.index(wanted) if wanted in names else 0 if usable else -1)
        self.models.blockSignals(False)
        self._refresh()

    def show_photo(self, photo: Photo | None, *, changed: bool = False) -> None:
        """Say what upscaling would make of `photo`, and what to do next where it is `changed` already."""
        self._photo = photo
        self._changed = changed
        self._refresh()

    def set_busy(self, busy: bool) -> None:
        """Whether something runs already, so that nothing else can be started."""
        self._busy = busy
        self._refresh()

    def set_device(self, device: str) -> None:
        """Where the model runs, as it says itself; "" while none is open."""
        self.facts.set_device(device)

    def follow(self, job: Job) -> None:
        """Show the progress of an upscale."""
        expected = self.speeds.seconds_made(self.entry) if self.speeds is not None and self.entry is not None else None
        self.progress.follow(job, self.tr("Opening the model…"), expected=expected)
        if self._had_focus:
            self.progress.cancel_button.setFocus()
        self._refresh()

    def ask(self) -> None:
        """Ask for the upscale, where one can be done."""
        if self.button.isEnabled() and self.entry is not None:
            # the button is disabled and hidden from now on, and the keyboard would wander off
            self._had_focus = self.window().focusWidget() is self.button
            self.upscale_asked.emit(self.entry, self.options)

    def _model_changed(self) -> None:
        if self.entry is not None:
            self.model_chosen.emit(self.entry.name)
            self.set_device("")
        self._refresh()

    def _over(self) -> None:
        self._had_focus = self.progress.held_focus
        self._refresh()

    def _refresh(self) -> None:
        entry, photo = self.entry, self._photo
        scale = entry.card.scale if entry is not None and entry.card is not None else None
        if entry is not None:
            self.description.setText(model_words.good_for(entry, self._entries))
        elif not self.progress.isVisible() and self.models.count() == 0:
            self.description.setText(self.tr("There is no super-resolution model yet. Add an ONNX file with a card."))
        self.description.setVisible(bool(self.description.text()))
        self.card_button.setEnabled(entry is not None)
        self.sheet_button.setEnabled(photo is not None and bool(self.usable) and not self._busy)
        self.models.setEnabled(self.models.count() > 0 and not self._busy)
        todo = self._plan(photo, scale)
        for widget in (self.size_choice, self.strength):
            widget.setEnabled(not self._busy)
        self._show_estimates(photo, entry, todo)
        self.button.setText(self.tr("Upscale"))
        if todo is not None and todo.passes == 1 and not todo.is_reduced:
            self.button.setText(self.tr("Upscale ×{scale}").format(scale=scale))
        elif todo is not None:
            self.button.setText(self.tr("Upscale to {width} × {height}").format(width=todo.width, height=todo.height))
        self.button.setEnabled(todo is not None and not self._busy)
        self.button.setVisible(self.progress.isHidden())
        if photo is None:
            self.hint.setText(self.tr("Open a photo first."))
        elif self._changed and not self._busy:
            self.hint.setText(
                self.tr("Before / After compares the two. Undo takes the step back, Save As keeps the result.")
            )
        else:
            self.hint.setText("")
        self.hint.setVisible(bool(self.hint.text()))
        self.facts.warn(photo, todo, entry.name if entry is not None else "", on_disk=not self._changed)
        if self._had_focus and not self._busy and self.progress.isHidden():
            self._had_focus = False
            self.button.setFocus()

    def _plan(self, photo: Photo | None, scale: int | None) -> Plan | None:
        """What would be done; None where nothing can be."""
        if photo is None or scale is None:
            return None
        picture = photo.picture
        self.size_choice.show_for(picture.width, picture.height, scale, MOST_PASSES)
        try:
            return plan(picture.width, picture.height, scale, self.size_choice.chosen_size())
        except ModelError:  # the size is that of another photo
            return None

    def _show_estimates(self, photo: Photo | None, entry: ModelEntry | None, plan: Plan | None) -> None:
        self.facts.show_sizes(photo, plan if entry is not None else None)
        if photo is None or entry is None or plan is None:
            self.facts.time.setText("–")
            self.passes.hide()
            return
        speed = self.speeds.of(entry) if self.speeds is not None else None
        if speed is not None:
            seconds = seconds_for(plan, speed, blends=self.strength.value < 1)
            self.facts.time.setText(self.tr("about {time}").format(time=self.progress.duration(seconds)))
        else:
            self.facts.time.setText(self.tr("finding out…"))
            if self.speeds is not None and not self._busy:
                self.speeds.ask(entry, photo.picture)
        words = []
        if plan.passes > 1:
            words.append(self.tr("The model runs {count} times, on its own result.").format(count=plan.passes))
        if plan.is_reduced:
            words.append(
                self.tr("What it makes, {width} × {height}, is reduced to the size.").format(
                    width=plan.made_width, height=plan.made_height
                )
            )
        self.passes.setText(" ".join(words))
        self.passes.setVisible(bool(words))
