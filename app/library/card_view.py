"""The card view: what a model says about itself, as a person reads it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from engines.models.card import ModelCard

WIDTH, MOST_HEIGHT = 520, 720  # logical pixels, at first


class CardView(QDialog):
    """Shows one card. `title` is what the model is called in the window, `good_for` what it is good for."""

    def __init__(self, card: ModelCard, title: str, good_for: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("About {model}").format(model=title))
        self.rows: dict[str, QLabel] = {}
        page = QWidget()
        page.setObjectName("panel")
        column = QVBoxLayout(page)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        column.addWidget(_label(title, "heading"))
        column.addWidget(_label(good_for))
        self._form = QFormLayout()
        self._form.setHorizontalSpacing(16)
        self._form.setVerticalSpacing(10)
        self._form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
        column.addLayout(self._form)
        column.addStretch(1)
        self._fill(card)

        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setAccessibleName(self.windowTitle())
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(page)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.close_button = buttons.button(QDialogButtonBox.StandardButton.Close)
        self.close_button.setText(self.tr("Close"))
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(scroll, 1)
        layout.addWidget(buttons)
        layout.setContentsMargins(0, 0, 16, 16)
        buttons_height = buttons.sizeHint().height() + layout.spacing() + 16
        self.resize(WIDTH, min(MOST_HEIGHT, page.heightForWidth(WIDTH) + buttons_height))
        self.close_button.setFocus()

    def _fill(self, card: ModelCard) -> None:
        data = card.training_data
        if card.scale is not None:
            self._add("scale", self.tr("Scale"), f"×{card.scale}")
        self._add("precision", self.tr("Computes in"), self._precision(card.precision))
        self._add("learned", self.tr("Learned from"), data.name)
        self._add("images", self.tr("Pictures"), f"{data.images:n}" if data.images else "")
        self._add("source", self.tr("Their source"), data.source)
        self._add("data_licence", self.tr("Their licence"), data.licence)
        losses = {name: value for name, value in card.metrics.items() if "loss" in name or "ratio" in name}
        quality = [f"{name}: {value:.4g}" for name, value in sorted(card.metrics.items()) if name not in losses]
        self._add("metrics", self.tr("Measured quality"), "\n".join(quality))
        self._add("compared", self.tr("Against its exact self"), "\n".join(f"{n}: {v:.3g}" for n, v in losses.items()))
        self._add("author", self.tr("Author"), card.author)
        self._add("licence", self.tr("Licence of the model"), card.licence)

    def _precision(self, precision: str) -> str:
        return {
            "int8": self.tr("8-bit numbers (int8)"),
            "fp16": self.tr("32-bit numbers, stored in 16 bits"),
        }.get(precision, self.tr("32-bit numbers"))

    def _add(self, key: str, name: str, value: str) -> None:
        """A row; what a card does not say has none."""
        if not value:
            return
        caption, text = _label(name, "caption"), _label(value)
        text.setAccessibleName(name)
        caption.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._form.addRow(caption, text)
        self.rows[key] = text


def _label(text: str, name: str = "") -> QLabel:
    label = QLabel(text)
    label.setObjectName(name)
    label.setWordWrap(name != "caption")
    label.setTextFormat(Qt.TextFormat.PlainText)
    if not name:
        label.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
    return label
