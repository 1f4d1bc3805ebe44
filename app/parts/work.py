"""The part of what runs: a document knows the job that is to give it its next state, which ends with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from app.jobs import Job

if TYPE_CHECKING:
    from app.main_window import MainWindow


def slots(window: MainWindow) -> dict[str, Callable[..., object]]:
    """It has no actions."""
    return {}


def connect(window: MainWindow) -> None:
    """Tell the document that is shown of each upscale and each tool that starts: they start on what is shown."""

    def started(job: Job) -> None:
        assert window.document.current is not None
        window.document.current.await_result(job)

    window.upscaling.started.connect(started)
    window.tools.work.started.connect(started)
