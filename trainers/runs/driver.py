"""The driver of a run: asks the trainer for step after step, passes commands on, pauses it, and has it exported."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from pathlib import Path

from trainers.runs import parent, run_folder
from trainers.runs.events import (
    Checkpoint,
    Command,
    Detach,
    Detached,
    Event,
    Export,
    Exported,
    Failed,
    Finished,
    Held,
    Notice,
    Pause,
    Paused,
    Resume,
    Resumed,
    Started,
    Step,
    Stop,
    Stopped,
    TakeCheckpoint,
    TrainerCommand,
    Validation,
    from_line,
)
from trainers.runs.guards import Guards
from trainers.runs.inbox import Inbox

Run = Generator[Event, TrainerCommand | None, None]

RETRY_SECONDS = 30.0  # how often a checkpoint that could not be written is tried again
STEPS_A_SECOND = 5  # how many steps a second the log keeps


@dataclass
class Driver:
    """Drives one run. `say` takes each event; `drive` returns how it ended: "finished", "stopped" or "paused"."""

    run_dir: Path
    inbox: Inbox
    say: Callable[[Event], None]
    guards: Guards = field(default_factory=Guards)
    step: int = 0
    _pending: deque[TrainerCommand] = field(default_factory=deque[TrainerCommand])
    _exports: list[tuple[subprocess.Popen[str], str]] = field(default_factory=list)
    _wanted: deque[Export] = field(default_factory=deque[Export])
    _ending: str | None = None
    _pausing: bool = False
    _started: bool = False

    def drive(self, trainer: Run) -> str:
        """Ask `trainer` for events until it has no more or is told to end; then close it, which saves the last step."""
        try:
            event: Event | None = next(trainer, None)
            while event is not None:
                self._tell(event)
                if isinstance(event, Held):
                    self._hold()
                self._read_commands()
                if self._pausing and self._ending is None and self._can_obey(event):
                    self._wait(trainer)
                if self._ending is not None:
                    trainer.close()
                    self.say(Paused(self.step, True) if self._ending == "paused" else Stopped(self.step))
                    return self._ending
                command = self._pending.popleft() if self._pending and self._can_obey(event) else None
                event = _send(trainer, command)
            self._finish_exports()
            self.say(Finished(self.step))
            return "finished"
        finally:
            trainer.close()
            self._end_exports()

    def _can_obey(self, event: Event) -> bool:
        """Whether the trainer takes a command in reply to `event`: once it has started, to all but Held."""
        return self._started and not isinstance(event, Held)

    def _tell(self, event: Event) -> None:
        self._started = self._started or isinstance(event, Started)
        if isinstance(event, Started | Step | Checkpoint):
            self.step = event.step
        self.say(event)
        if isinstance(event, Step | Validation | Started):
            for verdict in self.guards.see(event):
                self.say(verdict)
        if isinstance(event, Checkpoint):
            while self._wanted:
                self._start_export(self._wanted.popleft())
        self._reap_exports()

    def _read_commands(self) -> None:
        while self._ending is None and (command := self.inbox.take()) is not None:
            self._obey(command)

    def _obey(self, command: Command) -> None:
        match command:
            case Stop():
                self._ending = "stopped"
            case Pause(release=True):
                self._ending = "paused"
            case Pause():
                self._pausing = True
            case Resume():
                self._pausing = False
            case Detach():
                self._detach()
            case Export():
                self._wanted.append(command)
                self._pending.append(TakeCheckpoint())
            case _:
                if isinstance(command, TrainerCommand):
                    self._pending.append(command)

    def _wait(self, trainer: Run) -> None:
        """Pause: write a checkpoint, then wait for Resume, Stop, or Pause with release; other commands are obeyed."""
        self._pending.appendleft(TakeCheckpoint())
        paused = False
        while self._pausing and self._ending is None:
            while self._pending and self._ending is None:
                event = _send(trainer, self._pending.popleft())
                if event is None:
                    self._pausing = False
                    return
                self._tell(event)
                if isinstance(event, Held):
                    self._hold()
            if not paused:
                paused = True
                self.say(Paused(self.step, False))
            self._reap_exports()
            if (command := self.inbox.take(0.1)) is not None:
                self._obey(command)
        if self._ending is None:
            self.say(Resumed(self.step))

    def _hold(self) -> None:
        """Wait until there may be room for a checkpoint again: for Resume, Stop, or half a minute."""
        until = time.monotonic() + RETRY_SECONDS
        while self._ending is None and (left := until - time.monotonic()) > 0:
            command = self.inbox.take(min(left, 1.0))
            if isinstance(command, Resume):
                return
            if command is not None:
                self._obey(command)

    def _detach(self) -> None:
        parent.outlive()
        run_folder.write_process(self.run_dir, detached=True)
        self.say(Detached(self.step))

    def _start_export(self, wanted: Export) -> None:
        self._exports.append((start_export(self.run_dir, Path(wanted.path), wanted.weights), wanted.path))

    def _reap_exports(self) -> None:
        for process, path in [one for one in self._exports if one[0].poll() is not None]:
            self._exports.remove((process, path))
            outcome = outcome_of(process)
            self.say(Notice(outcome.text) if isinstance(outcome, Failed) else outcome)

    def _finish_exports(self) -> None:
        """Wait for the exports under way, unless told to stop."""
        while self._exports and self._ending is None:
            self._reap_exports()
            if (command := self.inbox.take(0.05)) is not None:
                self._obey(command)

    def _end_exports(self) -> None:
        for process, path in self._exports:
            process.kill()
            process.communicate()
            self.say(Notice(f"The export to “{path}” was stopped with the run; export it again."))
        self._exports.clear()

    def export_last(self, target: Path) -> str:
        """Export the finished run to `target`, still listening. Returns "finished", "failed" or "stopped"."""
        process = start_export(self.run_dir, target, "float32")
        while process.poll() is None:
            match self.inbox.take(0.05):
                case Stop() | Pause():
                    process.kill()
                    process.communicate()
                    self.say(Stopped(self.step))
                    return "stopped"
                case Detach():
                    self._detach()
                case _:
                    pass
        self.say(outcome := outcome_of(process))
        return "finished" if isinstance(outcome, Exported) else "failed"


def _send(trainer: Run, command: TrainerCommand | None) -> Event | None:
    try:
        return trainer.send(command)
    except StopIteration:
        return None


def start_export(run_dir: Path, target: Path, weights: str) -> subprocess.Popen[str]:
    """Start a process that exports the run's checkpoint to `target`; its memory and its crashes are its own."""
    return subprocess.Popen(
        [
            *(sys.executable, "-P", "-m", "trainers", str(run_dir)),
            *("--export", str(target), "--weights", weights, "--parent", str(os.getpid())),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
    )


def outcome_of(process: subprocess.Popen[str]) -> Exported | Failed:
    """What the ended export `process` said last."""
    output, _ = process.communicate()
    for line in reversed(output.splitlines()):
        if isinstance(message := from_line(line), Exported | Failed):
            return message
    return Failed(f"The export ended unexpectedly (exit status {process.returncode}); export the run again.")


class Throttle:
    """Passes events on to `say`, of steps only a few a second: their losses then are means over the steps left out."""

    def __init__(self, say: Callable[[Event], None], a_second: float = STEPS_A_SECOND) -> None:
        self._say = say
        self._interval = 1 / a_second
        self._next = 0.0
        self._sums: dict[str, tuple[float, int]] = {}
        self._watched: dict[str, float] = {}
        self._held: Step | None = None

    def __call__(self, event: Event) -> None:
        """Say `event` now, or, if it is a step soon after another, with the next."""
        if not isinstance(event, Step):
            self.flush()
            self._say(event)
            return
        for name, value in event.losses.items():
            total, count = self._sums.get(name, (0.0, 0))
            self._sums[name] = (total + value, count + 1)
        self._watched |= event.watched
        self._held = event
        if (now := time.monotonic()) >= self._next or event.step == event.total:
            self._next = now + self._interval
            self.flush()

    def flush(self) -> None:
        """Say the step that is held back, if one is."""
        if self._held is None:
            return
        means = {name: total / count for name, (total, count) in self._sums.items()}
        held, watched = self._held, self._watched
        self._held, self._sums, self._watched = None, {}, {}
        self._say(replace(held, losses=means, watched=watched))
