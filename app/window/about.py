"""About: the version, the licence and what Duskroom stands on."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt, qVersion
from PySide6.QtWidgets import QMessageBox, QWidget

translate = QCoreApplication.translate


def version() -> str:
    """The version that is installed; "unknown" where Duskroom runs from a folder that was never installed."""
    from importlib import metadata

    try:
        return metadata.version("duskroom")
    except metadata.PackageNotFoundError:
        return "unknown"


def show(parent: QWidget) -> QMessageBox:
    """Show it."""
    box = QMessageBox(parent)
    box.setWindowTitle(translate("about", "About Duskroom"))
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(translate("about", "Duskroom {version}").format(version=version()))
    box.setInformativeText(
        translate(
            "about", "A photo editor with neural tools that an artist can also train.\n\nApache License 2.0. Qt {qt}."
        ).format(qt=qVersion())
    )
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()
    return box
