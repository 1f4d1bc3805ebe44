"""The inbox: commands from a pipe, what its end means, and the mailbox of a detached run."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from trainers.runs import inbox as inboxes
from trainers.runs import run_folder
from trainers.runs.events import Command, Detach, Pause, Stop, TakeSample, to_line
from trainers.runs.inbox import Inbox


class Pipe:
    """A pipe with an inbox at its end."""

    def __init__(self, inbox: Inbox) -> None:
        reading, self.writing = os.pipe()
        self.reading = reading
        inbox.listen(reading)

    def send(self, text: str) -> None:
        os.write(self.writing, text.encode())

    def close(self) -> None:
        os.close(self.writing)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Listening threads end with the process; here they must end with the test."""
    monkeypatch.setattr(inboxes, "GRACE", 0.05)
    monkeypatch.setattr(inboxes, "MAILBOX_EVERY", 0.01)


def wait_for_the_thread() -> None:
    for thread in threading.enumerate():
        if thread.name == "inbox":
            thread.join(2)


def test_lines_become_commands_in_order(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    pipe = Pipe(inbox)
    pipe.send(to_line(TakeSample()) + "\n" + to_line(Pause(True))[:10])
    assert inbox.take(2) == TakeSample()
    assert inbox.take() is None
    pipe.send(to_line(Pause(True))[10:] + "\nnot a command\n")
    assert inbox.take(2) == Pause(True)
    pipe.close()
    assert inbox.take(2) == Stop()
    wait_for_the_thread()


def test_the_end_means_stop_and_a_run_that_does_not_is_abandoned(tmp_path: Path) -> None:
    abandoned = threading.Event()
    inbox = Inbox(tmp_path, abandon=abandoned.set)
    pipe = Pipe(inbox)
    pipe.close()
    assert inbox.take(2) == Stop()
    assert abandoned.wait(30)
    wait_for_the_thread()


def test_detached_it_reads_the_mailbox_instead(tmp_path: Path) -> None:
    run_folder.send(tmp_path, Stop())  # meant for an earlier process
    inbox = Inbox(tmp_path)
    pipe = Pipe(inbox)
    pipe.send(to_line(Detach()) + "\n")
    assert inbox.take(2) == Detach() and inbox.detached
    pipe.close()
    assert inbox.take(0.1) is None
    run_folder.send(tmp_path, TakeSample())
    assert inbox.take(2) == TakeSample()
    inbox.close()
    wait_for_the_thread()


def test_a_run_that_has_ended_is_not_abandoned(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path, abandon=lambda: pytest.fail("it had ended"))
    pipe = Pipe(inbox)
    inbox.close()
    pipe.close()
    assert inbox.take(2) == Stop()
    wait_for_the_thread()


def test_what_is_put_comes_out(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    commands: list[Command] = [Stop(), TakeSample()]
    for command in commands:
        inbox.put(command)
    assert [inbox.take(), inbox.take(), inbox.take()] == [*commands, None]
