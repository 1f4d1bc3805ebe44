"""Recovery in the window: what is open is kept against a crash, and what an earlier one left is offered."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer

from app.recovery.offer import RecoveryOffer
from app.recovery.recovery import Recovery

if TYPE_CHECKING:
    from app.main_window import MainWindow


def slots(window: MainWindow) -> dict[str, Callable[..., object]]:
    """It has no actions."""
    return {}


def connect(window: MainWindow) -> None:
    """Keep from now on, and look for what is left as soon as the window runs."""
    window.recovery = Recovery(window.document, window)
    window.recovery.offered.connect(lambda left: _offer(window, left))
    QTimer.singleShot(0, window, window.recovery.look)


def _offer(window: MainWindow, left: list) -> None:
    offer = RecoveryOffer(left, window)
    offer.restore_asked.connect(window.recovery.restore)
    offer.discard_asked.connect(window.recovery.discard)
    offer.later_asked.connect(window.recovery.later)
    offer.finished.connect(offer.deleteLater)
    offer.show()
