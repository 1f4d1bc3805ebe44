"""The console: signals cancel the work, however many come, and the exit status tells which was the first."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from app.cli.console import Console, run
from engines.errors import Cancelled

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a signal ends the process there")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_within_the_cancelling_of_an_earlier_one_does_not_wait_for_itself(number: signal.Signals) -> None:
    lock, stopped_twice, calls = threading.Lock(), threading.Event(), []

    def stop() -> None:
        with lock:
            calls.append(threading.current_thread())
            if len(calls) == 1:
                signal.raise_signal(signal.SIGINT)  # handled before the lock is given back
            else:
                stopped_twice.set()

    def work(console: Console) -> None:
        with console.progress.interruptible(stop):
            os.kill(os.getpid(), number)
            assert stopped_twice.wait(30)
        console.progress.check()

    before = signal.getsignal(number)
    assert run(work, as_json=False) == 128 + number
    assert signal.getsignal(number) is before
    assert calls == [threading.main_thread()] * 2


def test_a_signal_before_the_work_can_be_interrupted_is_not_lost() -> None:
    def work(console: Console) -> None:
        signal.raise_signal(signal.SIGINT)
        while not console.progress.cancelled:
            time.sleep(0.01)
        with pytest.raises(Cancelled), console.progress.interruptible(lambda: None):
            pytest.fail("The work went on.")
        console.progress.check()

    assert run(work, as_json=False) == 130
