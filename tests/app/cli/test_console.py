"""The console: signals cancel the work, however many come, and the exit status tells which was the first."""

from __future__ import annotations

import io
import json
import os
import re
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


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_bar_never_reaches_the_edge_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line as wide as the terminal begins the next one, and then each drawing scrolls."""
    drawn = Terminal()
    monkeypatch.setattr("sys.stderr", drawn)
    for columns in (20, 40, 80, 400):
        monkeypatch.setenv("COLUMNS", str(columns))
        console = Console()
        losses = ", ".join(f"a loss of a long name {place} 0.1234" for place in range(9))
        console.progress(5, 10, f"step 5 of 10, {losses}")
        console.end()
    lines = [line for line in drawn.getvalue().split("\r") if "━" in line]
    assert [len(line) for line in lines[:3]] == [19, 39, 79] and "…" in lines[2] and lines[2].endswith("left")
    assert len(lines[3]) > 300 and "loss of a long name 8" in lines[3]


def test_without_a_terminal_progress_is_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    quiet = Console()
    quiet.progress(1, 10, "tile 1 of 10")
    assert capsys.readouterr().err == ""
    console = Console()
    console.lines_every = 0.05
    console.progress(0, 10, "step 0 of 10")  # too soon
    for step in range(1, 4):
        time.sleep(0.06)
        console.progress(step, 10, f"step {step} of 10")
        console.progress(step, 10, f"step {step} of 10")
    said = capsys.readouterr().err.splitlines()
    assert [line.split(",")[0] for line in said] == [f"step {step} of 10" for step in (1, 2, 3)]
    assert re.fullmatch(r"step 3 of 10, \d+ s left", said[2])


def test_the_time_left_of_a_run_that_goes_on_is_that_of_what_remains(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(as_json=True)
    console.progress(31, 31, "reading pictures")
    console.goes_on_from(345, 1700)
    time.sleep(0.3)
    console.progress(346, 1700, "step 346 of 1700")
    time.sleep(0.3)
    console.progress(31, 31, "measuring")
    time.sleep(0.3)
    console.progress(347, 1700, "step 347 of 1700")
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    first, last = (line["seconds_left"] for line in said if line["total"] == 1700)
    assert first >= 0.3 * 1354 * 0.99
    assert last >= 0.45 * 1353 * 0.99  # what is measured takes its time, and is no step
