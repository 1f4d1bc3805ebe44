"""A run's folder: the files in it, the lock that makes it one trainer's, its event log and its mailbox."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from engines.errors import RecipeError, RunError
from trainers.runs import events
from trainers.runs.events import Command, Event, Line

RECIPE = "recipe.json"
EVENTS = "events.jsonl"
COMMANDS = "commands.jsonl"  # where a detached run takes commands from
LOG = "log.txt"  # what libraries print
MODEL = "model.onnx"
CHECKPOINT = "checkpoint.pt"
PREVIOUS = "checkpoint.previous.pt"
BEST = "best.pt"
SAMPLES = "samples"
LOCK = "lock"
PROCESS = "process.json"

PATIENCE = 2.0  # seconds that a trainer waits for a lock: whoever only looks whether it is held holds it for an instant


@dataclass(frozen=True)
class Process:
    """Who trains in a run's folder: process `pid` on the computer `host`; `detached` as the event of that name tells."""

    pid: int
    host: str
    detached: bool


@contextlib.contextmanager
def locked(run_dir: Path, *, detached: bool = False, patience: float = PATIENCE) -> Iterator[None]:
    """Make the run in `run_dir` this process's alone. Raises RunError where another process has it.

    The system lets go of the lock when the process ends, however it ends.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(run_dir / LOCK, timeout=patience, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        other = holder(run_dir)
        who = f"process {other.pid} on {other.host}" if other else "another process"
        raise RunError(
            f"“{run_dir}” is being trained in already, by {who}; stop that first, or name another folder."
        ) from None
    except (OSError, NotImplementedError) as error:
        raise RunError(
            f"The run folder “{run_dir}” cannot be locked ({error}); choose a folder on a local disk."
        ) from error
    try:
        write_process(run_dir, detached=detached)
        yield
    finally:
        with contextlib.suppress(OSError):
            (run_dir / PROCESS).unlink()
        lock.release()


def write_process(run_dir: Path, *, detached: bool) -> None:
    """Note who trains in `run_dir`: this process."""
    text = json.dumps(asdict(Process(os.getpid(), socket.gethostname(), detached)))
    with contextlib.suppress(OSError):  # a full disk: the lock is what counts
        write_text(run_dir / PROCESS, text)


def holder(run_dir: Path) -> Process | None:
    """Who noted last that it trains in `run_dir`; whether it still does, `is_running` tells."""
    try:
        values = json.loads((run_dir / PROCESS).read_text(encoding="utf-8"))
        return Process(int(values["pid"]), str(values["host"]), bool(values["detached"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def is_running(run_dir: Path) -> bool:
    """Whether a process trains in `run_dir` now."""
    from filelock import FileLock, Timeout

    if not (run_dir / LOCK).exists():
        return False
    lock = FileLock(run_dir / LOCK, timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        return True
    except (OSError, NotImplementedError):
        return False  # whoever wants to train there is told why it cannot be locked
    lock.release()
    return False


def write_recipe(run_dir: Path, values: dict[str, object]) -> None:
    """Write the recipe `values` as the run's. Raises OSError where the folder cannot be written."""
    write_text(run_dir / RECIPE, events.to_json(values, indent=1))


def write_asked(run_dir: Path, values: dict[str, object]) -> Path:
    """Write the recipe `values` beside the run's own, as what is asked for. Raises OSError as `write_recipe`."""
    path = run_dir / f".asked.{os.getpid()}-{secrets.token_hex(4)}.{RECIPE}"
    write_text(path, events.to_json(values, indent=1))
    return path


def read_recipe_values(run_dir: Path, name: str = RECIPE) -> dict[str, object]:
    """What the recipe of the run in `run_dir` holds, unchecked. Raises RecipeError where it is missing or damaged."""
    path = run_dir / name
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RecipeError(f"There is no recipe at “{path}”; start a new run from a recipe.") from error
    except (OSError, ValueError, RecursionError) as error:
        raise RecipeError(f"“{path}” is damaged or cannot be read; start a new run from a recipe.") from error
    if not isinstance(values, dict):
        raise RecipeError(f"“{path}” is damaged: it holds no recipe; start a new run from a recipe.")
    return values


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` so that the file appears whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


class EventLog:
    """The run's log of events, one JSON line each; the truth about the run.

    A line cut short by a killed process is taken away when the log is opened. A line for which the disk has no room waits in
    memory until there is some, and none is ever half written for longer than that.
    """

    def __init__(self, run_dir: Path) -> None:
        self._file = open(run_dir / EVENTS, "a+b", buffering=0)  # noqa: SIM115  (closed by close)
        self._waiting: list[bytes] = []
        self._end, self._number = self._mend()

    def append(self, event: Event) -> str:
        """Add `event` and return its line, with its number and the time."""
        self._number += 1
        line = events.to_line(event, self._number, time.time())
        self._waiting.append(line.encode() + b"\n")
        self.flush()
        return line

    def flush(self) -> bool:
        """Try to write the lines that wait. Returns whether none waits any more."""
        while self._waiting:
            line = self._waiting[0]
            try:
                written = self._file.write(line)
            except OSError:
                written = 0
            if written != len(line):
                with contextlib.suppress(OSError):
                    self._file.truncate(self._end)
                return False
            self._end += len(line)
            del self._waiting[0]
        return True

    def close(self) -> None:
        """Write what waits, if there is room, and close the file."""
        self.flush()
        self._file.close()

    def __enter__(self) -> EventLog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _mend(self) -> tuple[int, int]:
        """Cut off a torn last line; the length of what is left, and the number of its last line."""
        length = lines = number = 0
        with open(self._file.fileno(), "rb", closefd=False) as reader:
            reader.seek(0)
            for line in reader:
                if not line.endswith(b"\n"):
                    break
                length += len(line)
                lines += 1
                if (read := events.read_line(line)) is not None:
                    number = max(number, read.number)
        self._file.truncate(length)
        return length, max(number, lines)


def read_events(run_dir: Path, offset: int = 0) -> tuple[list[Line], int]:
    """The whole lines of the run's log from byte `offset` on, and the offset after them.

    Lines of kinds that this version does not know are left out; there is nothing where there is no log yet.
    """
    return _read_lines(run_dir / EVENTS, offset)


def timeline(lines: list[Line]) -> list[Line]:
    """`lines` without the steps that a killed process had made beyond its last checkpoint, which were made again."""
    kept: list[Line] = []
    for line in lines:
        if isinstance(line.message, events.Started):
            kept = [one for one in kept if getattr(one.message, "step", 0) <= line.message.step]
        kept.append(line)
    return kept


def send(run_dir: Path, command: Command) -> None:
    """Put `command` into the mailbox of the detached run in `run_dir`. Raises RunError where that cannot be written."""
    try:
        with open(run_dir / COMMANDS, "ab", buffering=0) as file:
            file.write(events.to_line(command).encode() + b"\n")
    except OSError as error:
        raise RunError(
            f"The run in “{run_dir}” cannot be told ({error.strerror}); check the folder’s rights."
        ) from error


def read_commands(run_dir: Path, offset: int) -> tuple[list[Line], int]:
    """The commands in the mailbox of the run from byte `offset` on, and the offset after them."""
    return _read_lines(run_dir / COMMANDS, offset)


def mailbox_end(run_dir: Path) -> int:
    """The offset after everything in the mailbox of the run: what lies before it was meant for someone else."""
    try:
        return (run_dir / COMMANDS).stat().st_size
    except OSError:
        return 0


def _read_lines(path: Path, offset: int) -> tuple[list[Line], int]:
    try:
        with open(path, "rb") as file:
            file.seek(offset)
            content = file.read()
    except OSError:
        return [], offset
    whole = content[: content.rfind(b"\n") + 1]
    read = (events.read_line(line) for line in whole.splitlines())
    return [line for line in read if line is not None], offset + len(whole)
