"""The theme: dark and light colours, one accent, set as palette and stylesheet; follows the system unless told otherwise."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from string import Template

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from app.core import paths

FONT_PIXELS = 13


@dataclass(frozen=True)
class Colours:
    """Every colour of the window. Greys are neutral (red = green = blue), so that nothing tints what is judged beside them."""

    surround: str  # around the picture
    window: str
    raised: str  # bars and panels
    field: str  # where one types or chooses
    hover: str
    line: str
    outline: str  # of what one types into, chooses or ticks: it must be seen against `raised`
    text: str
    muted: str
    disabled: str
    accent: str
    accent_hover: str
    on_accent: str
    information: str  # backgrounds of notices
    warning: str
    error: str
    error_text: str


DARK = Colours(
    surround="#262626",
    window="#2e2e2e",
    raised="#343434",
    field="#1f1f1f",
    hover="#454545",
    line="#4a4a4a",
    outline="#828282",
    text="#ececec",
    muted="#b4b4b4",
    disabled="#7d7d7d",
    accent="#f0a84b",
    accent_hover="#ffbd66",
    on_accent="#1c1408",
    information="#3d3d3d",
    warning="#4d3f1f",
    error="#57292a",
    error_text="#ffb4ab",
)
LIGHT = Colours(
    surround="#8c8c8c",
    window="#f2f2f2",
    raised="#fafafa",
    field="#ffffff",
    hover="#e0e0e0",
    line="#c6c6c6",
    outline="#868686",
    text="#1c1c1c",
    muted="#565656",
    disabled="#9a9a9a",
    accent="#8f5200",
    accent_hover="#734200",
    on_accent="#ffffff",
    information="#e4e4e4",
    warning="#fbe6b8",
    error="#fbd9d7",
    error_text="#8c1414",
)


class Theme(QObject):
    """Dresses the application and says when that changes."""

    changed = Signal()

    def __init__(self, application: QApplication, choice: str = "system") -> None:
        super().__init__(application)
        self._application = application
        self._choice = choice
        application.setStyle("Fusion")
        font = application.font()
        font.setPixelSize(FONT_PIXELS)  # here, not in the style sheet, which widgets get after dialogs measured them
        application.setFont(font)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow)
        self._dress()

    @property
    def colours(self) -> Colours:
        """Those in use. Where the system does not say, dark: pictures are judged better in it."""
        if self._choice in ("light", "dark"):
            return LIGHT if self._choice == "light" else DARK
        return LIGHT if QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Light else DARK

    @property
    def choice(self) -> str:
        """`system`, `light` or `dark`."""
        return self._choice

    def choose(self, choice: str) -> None:
        """Use `system`, `light` or `dark` from now on."""
        if choice != self._choice:
            self._choice = choice
            self._dress()

    def _follow(self) -> None:
        if self._choice == "system":
            self._dress()

    def _dress(self) -> None:
        self._application.setPalette(palette(self.colours))
        sheet = Template(paths.asset("duskroom.qss").read_text(encoding="utf-8"))
        icons = paths.asset("icons").as_posix()
        dark = "dark" if self.colours is DARK else "light"
        dressed = sheet.substitute(asdict(self.colours), icons=icons, kind=dark)
        if dressed != self._application.styleSheet():  # every widget there is would be polished again
            self._application.setStyleSheet(dressed)
        self.changed.emit()


def palette(colours: Colours) -> QPalette:
    """What widgets that the stylesheet does not name are drawn with."""
    roles = QPalette.ColorRole
    result = QPalette()
    for role, colour in (
        (roles.Window, colours.window),
        (roles.WindowText, colours.text),
        (roles.Base, colours.field),
        (roles.AlternateBase, colours.raised),
        (roles.Text, colours.text),
        (roles.PlaceholderText, colours.muted),
        (roles.Button, colours.raised),
        (roles.ButtonText, colours.text),
        (roles.ToolTipBase, colours.raised),
        (roles.ToolTipText, colours.text),
        (roles.Highlight, colours.accent),
        (roles.HighlightedText, colours.on_accent),
        (roles.Link, colours.accent),
        (roles.Accent, colours.accent),
        (roles.Mid, colours.line),
    ):
        result.setColor(role, QColor(colour))
    for role in (roles.WindowText, roles.Text, roles.ButtonText, roles.Accent):
        result.setColor(QPalette.ColorGroup.Disabled, role, QColor(colours.disabled))
    return result
