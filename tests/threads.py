"""The threads that run now, Python's and Qt's, by name: so that a test which leaves one behind is found out."""

from __future__ import annotations

import sys
import threading
import weakref
from typing import Any

_started: weakref.WeakSet[Any] = weakref.WeakSet()
"""Every QThread that was started: to look for them among all objects takes longer than most tests."""


def of_python(before: set[threading.Thread]) -> list[str]:
    """The names of Python's threads that were not there `before`."""
    # A dummy stands for a thread that Python did not start and whose end it cannot see; Qt's are counted as Qt's.
    return [
        thread.name
        for thread in threading.enumerate()
        if thread not in before and not isinstance(thread, threading._DummyThread)
    ]


def watch_qt() -> None:
    """From now on note every QThread that is started, once Qt is imported."""
    core = sys.modules.get("PySide6.QtCore")
    if core is None or hasattr(core.QThread.start, "is_watched"):
        return
    start = core.QThread.start

    def started(thread: Any, *priority: Any) -> None:
        _started.add(thread)
        start(thread, *priority)

    started.is_watched = True  # type: ignore[attr-defined]
    core.QThread.start = started


def of_qt() -> list[str]:
    """The kinds of the QThreads that run, and how many threads of Qt's own pool are busy."""
    core = sys.modules.get("PySide6.QtCore")
    if core is None:
        return []
    from shiboken6 import isValid

    running = [thread for thread in list(_started) if isValid(thread) and thread.isRunning()]
    names = [f"{type(thread).__name__} (QThread)" for thread in running]
    busy = core.QThreadPool.globalInstance().activeThreadCount()
    return names + ([f"{busy} of the global QThreadPool"] if busy else [])
