"""A session: a run that trains in a process of its own, followed and told from the GUI thread without ever blocking it."""

from __future__ import annotations

import logging
import queue
import threading
import time
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QObject, Qt, QThread, Signal

from app.training import child as children
from app.training import states
from app.training.child import Child
from app.training.states import State
from engines.errors import DuskroomError, RunError
from trainers.runs import events, run_folder
from trainers.runs.events import Command, Line

EMIT_EVERY = 0.05  # seconds between two emissions of what only tells how far the work is
LOOK_EVERY = 0.25  # seconds between two looks at the log of a detached run
TAIL = 1 << 16  # bytes at the end of a log that hold its last number
ENDS_WITHIN = 20.0  # seconds that a child has to end once it says no more
STOP_SECONDS = 15.0
KILL_SECONDS = 5.0

Input = Command | Line | Literal["kill", "silent"]


class TrainingSession(QThread):
    """Follows one run and tells it what to do. Make it, and call it, on the GUI thread, where all its signals arrive.

    `start` starts the trainer in `run_dir`, which holds a recipe, and goes on from its checkpoint if there is one. With
    `attach` it follows the run that goes on there detached instead, from byte `offset` of its log; where none does, it ends
    at once in the state that the folder shows. After `ended`, `start` or `resume` start the trainer again. A session that has
    not ended must be stopped or detached before it is deleted.
    """

    events_arrived = Signal(object)  # list[trainers.runs.events.Line], in order; what arrives together comes together
    state_changed = Signal(str)  # a `states.State`
    failed = Signal(str)  # why it failed or was interrupted, with a remedy; `ended` follows
    noticed = Signal(str)  # why a command could not be passed on
    ended = Signal(str)  # the state that it ended in; once for each start

    _posted = Signal(str, object)

    def __init__(self, run_dir: Path, *, attach: bool = False, offset: int = 0, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.run_dir = run_dir
        self._shown: State = "ready"
        self._over = True
        self._sentence = ""
        self._attach = attach
        self._offset = offset  # of the log: what lies before it has been emitted, or was not asked for
        self._number = 0  # of the log's last line before `_offset`
        self._inputs: queue.SimpleQueue[Input] = queue.SimpleQueue()
        self._state: State = "ready"
        self._failure = ""
        self._batch: list[Line] = []
        self._emitted = 0.0
        self._posted.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    @classmethod
    def attach(cls, run_dir: Path, offset: int = 0, parent: QObject | None = None) -> TrainingSession:
        """A session that, once started, follows the run which goes on detached in `run_dir`."""
        return cls(run_dir, attach=True, offset=offset, parent=parent)

    @property
    def state(self) -> State:
        """The state that `state_changed` named last."""
        return self._shown

    @property
    def is_over(self) -> bool:
        """Whether it has ended, or not been started."""
        return self._over

    @property
    def is_attached(self) -> bool:
        """Whether it follows a run that is no child of this program, or is meant to."""
        return self._attach

    @property
    def sentence(self) -> str:
        """Why it ended, where its state wants a reason."""
        return self._sentence

    def start(self, priority: QThread.Priority = QThread.Priority.InheritPriority) -> None:
        """Start the trainer, or follow the detached run; nothing where it has been started and has not ended."""
        if not self._over:
            return
        self.wait()  # after `ended` the thread has nothing left to do
        self._inputs = queue.SimpleQueue()
        self._over, self._sentence = False, ""
        super().start(priority)

    def pause(self, *, release: bool = False) -> None:
        """Have it write a checkpoint and wait; with `release` its process ends, which frees the device and the memory."""
        self._inputs.put(events.Pause(release))

    def resume(self) -> None:
        """Go on: after a pause, or, where it has ended, from its last checkpoint."""
        if self._over:
            self.start()
        else:
            self._inputs.put(events.Resume())

    def stop(self) -> None:
        """Have it write a checkpoint and end; at once where it has not begun."""
        self._inputs.put(events.Stop())

    def take_sample(self) -> None:
        """Have it write a sample now."""
        self._inputs.put(events.TakeSample())

    def take_checkpoint(self) -> None:
        """Have it write a checkpoint now."""
        self._inputs.put(events.TakeCheckpoint())

    def halve_rate(self) -> None:
        """Have it go on with half the learning rate."""
        self._inputs.put(events.HalveRate())

    def roll_back(self) -> None:
        """Have it go back to its last checkpoint, and on with half the learning rate."""
        self._inputs.put(events.RollBack())

    def export(self, path: Path, weights: str = "float32") -> None:
        """Have it write the model as it is now to `path`, as "float32", "fp16" or "int8"; training goes on meanwhile."""
        self._inputs.put(events.Export(str(path.absolute()), weights))

    def detach(self) -> None:
        """Have it go on without this program; `ended("detached")` follows once that is sure."""
        self._inputs.put(events.Detach())

    def stop_and_wait(self, seconds: float = STOP_SECONDS) -> bool:
        """For closing the editor: stop, wait up to `seconds`, then kill the trainer; its last checkpoint is whole.

        Returns whether the trainer ended by itself. A detached run that is only followed is left to end when it can.
        """
        self.stop()
        if self.wait(int(1000 * seconds)):
            return True
        self._inputs.put("kill")
        self.wait(int(1000 * KILL_SECONDS))
        return False

    def detach_and_wait(self, seconds: float = STOP_SECONDS) -> bool:
        """For closing the editor: detach, wait up to `seconds`, then stop it. Returns whether the run goes on, or is done."""
        self.detach()
        if self.wait(int(1000 * seconds)):
            return True
        self.stop_and_wait()
        return False

    def _deliver(self, kind: str, value: object) -> None:
        """On the GUI thread: what the thread has posted becomes a signal."""
        match kind:
            case "state":
                self._shown = value  # type: ignore[assignment]
                self.state_changed.emit(value)
            case "sentence":
                self._sentence = str(value)
            case "ended":
                self._over = True
                self.ended.emit(value)
            case _:
                getattr(self, kind).emit(value)

    # What follows runs on the thread.

    def run(self) -> None:
        """Follow the run to its end. Called by Qt."""
        self._failure, self._batch = "", []
        try:
            state = self._follow_log() if self._attach else self._follow_child()
        except DuskroomError as error:
            state, self._failure = "failed", str(error)
        except Exception as error:
            logging.getLogger("duskroom").exception("A training session failed.")
            state, self._failure = "failed", f"The training cannot be followed ({error}); start it again."
        self._attach = False
        self._flush()
        self._enter(state)
        if self._failure:
            self._posted.emit("sentence", self._failure)
            if state in ("failed", "interrupted"):
                self._posted.emit("failed", self._failure)
        self._posted.emit("ended", state)

    def _follow_child(self) -> State:
        """Start the trainer and follow it until it has ended, or until it goes on without us."""
        self._enter("starting")
        children.need_torch()
        children.need_free(self.run_dir)
        self._skip_log()
        with Child(self.run_dir) as child:  # this thread lives until then: the system ends the child with it
            reader = threading.Thread(target=self._listen, args=(child,), name="trainer's events", daemon=True)
            reader.start()
            try:
                is_detached = self._serve(child)
            except BaseException:
                child.kill()
                raise
            finally:
                reader.join()
            if is_detached:
                child.let_go()
                return "detached" if self._state == "detached" else self._follow_log()
            status = child.wait(ENDS_WITHIN)
            if status is None:
                child.kill()
                status = child.wait()
            self._drain()
            return self._outcome(child, status if status is not None else 0)

    def _skip_log(self) -> None:
        """Go to the end of the log as earlier trainers left it."""
        try:
            size = (self.run_dir / run_folder.EVENTS).stat().st_size
        except OSError:
            size = 0
        lines, self._offset = run_folder.read_events(self.run_dir, max(0, size - TAIL))
        # Not what came by the pipe: lines that a full disk kept out of the log are gone with their process.
        self._number = max((line.number for line in lines), default=0)

    def _listen(self, child: Child) -> None:
        """On the reader's thread: hand on what the child says."""
        try:
            for line in child.lines():
                self._inputs.put(line)
        finally:
            self._inputs.put("silent")

    def _serve(self, child: Child) -> bool:
        """Pass commands to the child, and on what it says, until it says no more. Returns whether it is detached."""
        is_detached = False
        while (item := self._next()) != "silent":
            match item:
                case None:
                    self._flush()
                case Line():
                    self._hear(item)
                    is_detached = is_detached or isinstance(item.message, events.Detached)
                case "kill":
                    child.kill()
                case events.Stop():
                    self._enter(states.wished(self._state, item))
                    child.stop()
                case _ if child.send(item):
                    self._enter(states.wished(self._state, item))
        return is_detached

    def _next(self, seconds: float | None = None) -> Input | None:
        """The next input; None after `seconds`, or when a batch is due."""
        if self._batch:
            seconds = max(0.0, self._emitted + EMIT_EVERY - time.monotonic())
        try:
            return self._inputs.get(timeout=seconds)
        except queue.Empty:
            return None

    def _hear(self, line: Line) -> None:
        """Take what the log has by now; and `line`, from the pipe, only where the log does not have it."""
        self._drain()
        if line.number == 0 or line.number > self._number:
            self._take([line])

    def _drain(self) -> None:
        """Take what the log holds since the last time; what came by the pipe while the disk was full is in it twice."""
        lines, self._offset = run_folder.read_events(self.run_dir, self._offset)
        self._take([line for line in lines if line.number == 0 or line.number > self._number])

    def _take(self, lines: list[Line]) -> None:
        """Take `lines` in: their state, and into a batch that is emitted at once, or soon where it only tells of progress."""
        for line in lines:
            self._number = max(self._number, line.number)
            if isinstance(line.message, events.Working) and self._batch:
                last = self._batch[-1].message
                if isinstance(last, events.Working) and last.text == line.message.text:
                    self._batch.pop()
            self._batch.append(line)
            if isinstance(line.message, events.Failed):
                self._failure = line.message.text
        state = self._state
        for line in lines:
            state = states.after(state, line.message)
        hurried = any(not isinstance(line.message, events.Step | events.Working) for line in lines)
        if hurried or time.monotonic() >= self._emitted + EMIT_EVERY:
            self._flush()
        self._enter(state)

    def _flush(self) -> None:
        if self._batch:
            batch, self._batch = self._batch, []
            self._emitted = time.monotonic()
            self._posted.emit("events_arrived", batch)

    def _enter(self, state: State) -> None:
        if state != self._state:
            self._state = state
            self._posted.emit("state", state)

    def _outcome(self, child: Child, status: int) -> State:
        """The state that the child has ended in with `status`; where that wants a reason, it is noted."""
        if child.was_killed and self._state == "stopping":
            return "stopped"
        if self._failure:
            return "failed"
        ends: dict[int, State] = {0: "finished", 3: "released", 130: "stopped"}
        if status in ends:
            return ends[status]
        self._failure = children.why_ended(status, child.words(), self.run_dir, "go on from its last checkpoint")
        return "failed" if status == 1 else "interrupted"

    def _follow_log(self) -> State:
        """Follow a run that is no child of ours, by its log, until it ends or is let go."""
        was_running = run_folder.is_running(self.run_dir)
        holder = run_folder.holder(self.run_dir)
        if was_running and not (holder and holder.detached):
            children.need_free(self.run_dir)
        while True:
            is_running = run_folder.is_running(self.run_dir)
            self._drain()
            if not is_running:
                break
            match item := self._next(LOOK_EVERY):
                case None:
                    self._flush()
                case events.Detach() | "kill":
                    return "detached"
                case Line() | "silent":
                    pass
                case _:
                    self._send(item)
        found = states.look(self.run_dir)
        if was_running or found.state == "damaged":
            self._failure = found.text
        else:
            self._failure = ""
            self._posted.emit("sentence", found.text)
        return found.state if found.state in states.OVER or found.state == "ready" else "interrupted"

    def _send(self, command: Command) -> None:
        try:
            run_folder.send(self.run_dir, command)
        except RunError as error:
            self._posted.emit("noticed", str(error))
        else:
            self._enter(states.wished(self._state, command))
