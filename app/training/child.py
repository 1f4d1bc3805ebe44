"""The child process that trains or exports: started, told, listened to, and ended as a last resort."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from app.training.job_object import JobObject
from engines.errors import DuskroomError, RunError
from trainers.runs import run_folder
from trainers.runs.events import Command, Detached, Line, Stop, read_line, to_line

_let_go: set[int] = set()  # processes that were detached from this one, and are still to be waited for once they end


def need_torch() -> None:
    """Raise DuskroomError where torch is not installed."""
    try:
        there = importlib.util.find_spec("torch") is not None
    except (ImportError, ValueError):
        there = False
    if not there:
        raise DuskroomError(
            "Training needs torch, which is not installed; install it with: pip install torch torchvision"
        )


def need_free(run_dir: Path) -> None:
    """Raise RunError where a process trains in `run_dir` already."""
    if run_folder.is_running(run_dir):
        other = run_folder.holder(run_dir)
        who = f"process {other.pid} on {other.host}" if other else "another process"
        raise RunError(f"“{run_dir}” is being trained in already, by {who}; stop that first, or name another folder.")


class Child:
    """One `python -m trainers RUN_DIR`.

    On Linux the system ends it together with the thread that made it: that thread lives as long as the child, or until
    `let_go`. On Windows it ends with this process. Anywhere it stops when its standard input ends.
    """

    def __init__(self, run_dir: Path, options: Sequence[str] = ()) -> None:
        """Start it. Raises RunError where the system cannot."""
        _reap()
        self._heard = False
        self._killed = False
        self._lock = threading.Lock()
        self._words = _open_words()  # a file: a pipe would want a thread of its own, also after the child was let go
        self._job = JobObject()
        try:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-P", "-m", "trainers", str(run_dir)),
                    *("--parent", str(os.getpid()), *options),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._words or subprocess.DEVNULL,
                start_new_session=os.name != "nt",  # Ctrl-C reaches this process, which passes it on once
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            self._job.close()
            self._close_words()
            why = error.strerror or error
            raise RunError(f"The trainer cannot be started ({why}); close other programs and try again.") from error
        if os.name == "nt":
            self._job.add(int(self._process._handle))  # type: ignore[attr-defined]

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def was_killed(self) -> bool:
        """Whether `kill` ended it."""
        return self._killed

    def send(self, command: Command) -> bool:
        """Tell it `command`. Returns whether it still listens. From any thread."""
        line = to_line(command).encode() + b"\n"
        with self._lock:
            stdin = self._process.stdin
            if stdin is None or stdin.closed:
                return False
            try:
                os.write(stdin.fileno(), line)  # shorter than a pipe takes at once
            except OSError:
                return False
            return True

    def stop(self) -> None:
        """Have it stop with a checkpoint; where it has not said a word yet there is nothing to keep, and it ends at once."""
        if self._heard:
            self.send(Stop())
        else:
            self.kill()

    def lines(self) -> Iterator[Line]:
        """What it says, until it ends or says that it is detached; blocks. For one thread."""
        stdout = self._process.stdout
        assert stdout is not None
        for content in stdout:
            self._heard = True
            if (line := read_line(content)) is not None:
                yield line
                if isinstance(line.message, Detached):
                    return

    def wait(self, seconds: float | None = None) -> int | None:
        """Its exit status once it has ended, negative for a signal's number; None where it lives on after `seconds`."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def kill(self) -> None:
        """End it at once, with what it started; the last checkpoint is whole. From any thread."""
        with self._lock:
            if self._process.poll() is not None:
                return
            self._killed = True
            with contextlib.suppress(OSError):
                if sys.platform == "win32":
                    self._process.kill()
                else:
                    os.killpg(self._process.pid, signal.SIGKILL)

    def words(self) -> list[str]:
        """The lines it has printed to standard error: there are some only where it could not even begin."""
        if self._words is None:
            return []
        try:
            self._words.seek(0)
            text = self._words.read(1 << 16).decode("utf-8", "replace")
        except (OSError, ValueError):
            return []
        return [line.strip() for line in text.splitlines() if line.strip()]

    def let_go(self) -> None:
        """After it has said that it is detached: listen no more; it lives on when this process ends."""
        self._job.loosen()
        self._close_pipes()  # with nobody at the other end its words are lost; a full pipe would halt it
        if self._process.poll() is None:
            if os.name != "nt":
                _let_go.add(self._process.pid)
            self._process.returncode = 0  # else Popen complains of a process left behind
        self._job.close()
        self._close_words()

    def close(self) -> None:
        """Make sure that it has ended, and let go of the pipes."""
        self.kill()
        self._process.wait()
        self._close_pipes()
        self._job.close()
        self._close_words()

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _close_pipes(self) -> None:
        with self._lock:
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()

    def _close_words(self) -> None:
        if self._words is not None:
            self._words.close()


def why_ended(status: int, words: Sequence[str], run_dir: Path, remedy: str) -> str:
    """One sentence for a child that ended with `status` and said nothing of it; `remedy` says how to go on."""
    if status in (-9, -15):
        return (
            f"The trainer was ended from outside (signal {-status}), as the system does when memory runs out; close other "
            f"programs or lower “batch”, and {remedy}."
        )
    if status < 0 or status > 0xFF:
        number = f"signal {-status}" if status < 0 else f"status {status:#x}"
        return f"The trainer crashed ({number}); {remedy}. The details are in “{run_dir / run_folder.LOG}”."
    if words and words[-1].endswith(".") and not words[0].startswith("Traceback"):
        return words[-1]  # the trainer's own sentence, said where it has no log to write to
    return f"The trainer ended unexpectedly ({words[-1] if words else f'exit status {status}'}); {remedy}."


def _open_words() -> IO[bytes] | None:
    try:
        return tempfile.TemporaryFile()
    except OSError:  # no room: the words are not worth giving up for
        return None


def _reap() -> None:
    """Wait for those let go that have ended by now, so that the system forgets them."""
    for pid in list(_let_go):
        try:
            ended = os.waitpid(pid, os.WNOHANG)[0] == pid
        except OSError:
            ended = True
        if ended:
            _let_go.discard(pid)
