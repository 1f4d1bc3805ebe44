"""Threads that a test leaves behind are found, whoever started them."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import QThread, QThreadPool
from PySide6.QtWidgets import QApplication

from tests import threads


class Waits(QThread):
    """Runs until it is told to end."""

    def __init__(self) -> None:
        super().__init__()
        self.end = threading.Event()

    def run(self) -> None:
        self.end.wait()


@pytest.mark.parametrize("priority", [(), (QThread.Priority.LowPriority,)])
def test_a_thread_of_qt_is_seen_while_it_runs(qapp: QApplication, priority: tuple[QThread.Priority, ...]) -> None:
    with_a_loop, waits = QThread(), Waits()
    assert threads.of_qt() == []
    with_a_loop.start(*priority)
    waits.start(*priority)
    assert sorted(threads.of_qt()) == ["QThread (QThread)", "Waits (QThread)"]
    waits.end.set()
    with_a_loop.quit()
    assert with_a_loop.wait() and waits.wait()
    assert threads.of_qt() == []


def test_work_of_the_pool_is_seen(qapp: QApplication) -> None:
    end = threading.Event()
    QThreadPool.globalInstance().start(end.wait)
    assert threads.of_qt() == ["1 of the global QThreadPool"]
    end.set()
    assert QThreadPool.globalInstance().waitForDone()
    assert threads.of_qt() == []


def test_a_thread_of_python_is_seen_while_it_runs() -> None:
    before, end = set(threading.enumerate()), threading.Event()
    thread = threading.Thread(target=end.wait, name="waits")
    thread.start()
    assert threads.of_python(before) == ["waits"]
    end.set()
    thread.join()
    assert threads.of_python(before) == []
