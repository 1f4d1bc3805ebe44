"""The badge of what a file will keep: a line for each part of the picture, with a mark, words and a reason."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QSizePolicy, QWidget

from engines.pictures.fidelity import PARTS, Fate, Kept
from engines.pictures.formats import Format

MARKS: dict[Fate, str] = {"kept": "✓", "changed": "~", "lost": "✕", "absent": "–"}


class KeepBadge(QFrame):
    """Shows a `Kept`; what there is nothing of takes no line."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("badge")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.setAccessibleName(self.tr("What the file will keep"))
        self.lines: dict[str, tuple[QLabel, QLabel, QLabel]] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(12, 8, 12, 8)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(2, 1)
        for row, part in enumerate(PARTS):
            mark, title, words = QLabel(), QLabel(self._title(part)), QLabel()
            title.setObjectName("muted")
            words.setWordWrap(True)
            for column, label in enumerate((mark, title, words)):
                label.setTextFormat(Qt.TextFormat.PlainText)
                grid.addWidget(label, row, column, Qt.AlignmentFlag.AlignTop)
            self.lines[part] = mark, title, words

    def show_kept(self, kept: Kept, format: Format, *, depth: int) -> None:
        """Tell the fate of each part."""
        told = []
        for part, labels in self.lines.items():
            fate = kept.fates[part]
            mark, title, words = labels
            mark.setText(MARKS[fate])
            mark.setObjectName({"kept": "good", "lost": "wrong"}.get(fate, "changed"))
            mark.style().polish(mark)
            words.setText(self._words(part, fate, format, depth))
            mark.setAccessibleName(self._fate(fate))
            for label in labels:
                label.setVisible(fate != "absent")
            if fate != "absent":
                told.append(f"{title.text()}: {words.text()}")
        self.setAccessibleDescription("\n".join(told))

    def _title(self, part: str) -> str:
        return {
            "pixels": self.tr("Pixels"),
            "depth": self.tr("Depth"),
            "alpha": self.tr("Transparency"),
            "profile": self.tr("Colour profile"),
            "rotation": self.tr("Rotation"),
            "camera data": self.tr("Camera data"),
            "place": self.tr("Place"),
            "xmp": self.tr("Titles and rights"),
            "recipe": self.tr("Neural steps"),
        }[part]

    def _fate(self, fate: Fate) -> str:
        return {
            "kept": self.tr("kept"),
            "changed": self.tr("changed"),
            "lost": self.tr("lost"),
            "absent": self.tr("not there"),
        }[fate]

    def _words(self, part: str, fate: Fate, format: Format, depth: int) -> str:
        title = format.title
        if part == "pixels" and fate == "changed":
            if format.quality is not None:
                return self.tr("compressed with some loss, as {format} always is").format(format=title)
            return self.tr("converted to what {format} holds").format(format=title)
        if part == "depth":
            if fate == "changed":
                return self.tr("16 bits are rounded to 8; PNG and TIFF keep 16")
            return self.tr("{depth} bits are kept").format(depth=depth)
        if part == "rotation":
            return self.tr("kept: the pixels stand upright in every program")
        if fate == "lost" and part == "alpha":
            return self.tr("{format} holds no transparency: it will be laid on white").format(format=title)
        if fate == "changed" and part == "camera data":
            return self.tr("in part, as chosen under Metadata")
        if fate == "changed" and part == "xmp":
            return self.tr("in part, as chosen under Metadata")
        if fate == "lost":
            return self.tr("left out")
        return self.tr("exactly as it is") if part == "pixels" else self.tr("kept")
