"""How sessions bear being killed, and how soon they obey.

    python -m tests.benchmarks.sessions kills [--count 20] [--seed N]
    python -m tests.benchmarks.sessions latency [--count 10]

kills: a tiny run whose trainer is ended by SIGKILL at random moments (while it starts, reads, steps, writes a checkpoint)
and resumed each time, until it is done; its weights are compared with those of a run never killed. Then a program that
holds the session, as the editor does, is ended the same way; 5 s later no process may work on its run.
latency: seconds from a command to its event, while `fast` trains on crops of the default size.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import psutil
from PySide6.QtCore import QCoreApplication

from app.training.session import TrainingSession
from app.training.states import look
from trainers.recipes.recipe import from_values
from trainers.runs import run_folder
from trainers.runs.events import Checkpoint, Paused, Resumed, Sample, Started, Step, Stopped

ROOT = Path(__file__).resolve().parents[2]
ORPHAN_SECONDS = 5.0
CHECKPOINT_EVERY = 5


def make_run(folder: Path, steps: int, **changes: object) -> Path:
    """A run folder with a tiny recipe on the sample photographs."""
    values: dict[str, object] = {
        "task": "super-resolution",
        "name": "tiny",
        "scale": 2,
        "seed": 3,
        "network": {"kind": "fast", "options": {"channels": 8, "blocks": 1}},
        "data": {"photos": [str(ROOT / "assets" / "samples")], "hold_out": 2},
        "stages": [{"steps": steps, "patch": 16, "batch": 2}],
        "warm_up": 2,
        "schedule": "constant",  # so that the run's length, set at the end, does not change its steps
        "precision": "float32",
        "validate_every": 1_000_000,
        "checkpoint_every": CHECKPOINT_EVERY,
    }
    folder.mkdir(parents=True, exist_ok=True)
    run_folder.write_recipe(folder, from_values(values | changes).model_dump(mode="json"))
    return folder


def set_steps(run_dir: Path, steps: int) -> None:
    """Let the run in `run_dir` have `steps` steps."""
    values = run_folder.read_recipe_values(run_dir)
    values["stages"] = [{**values["stages"][0], "steps": steps}]  # type: ignore[index]
    run_folder.write_recipe(run_dir, values)


class Follower:
    """A session in this program, driven to a condition by Qt's event loop; `lines` is all that it has emitted."""

    def __init__(self, app: QCoreApplication, session: TrainingSession) -> None:
        self._app = app
        self.session = session
        self.lines: list[tuple[float, object]] = []
        self.ends: list[str] = []
        session.events_arrived.connect(self._take)
        session.ended.connect(self.ends.append)

    def _take(self, lines: list) -> None:
        self.lines.extend((time.perf_counter(), line.message) for line in lines)

    def until(self, true: Callable[[], object], seconds: float = 300.0) -> bool:
        """Let events arrive until `true`, or for `seconds`; returns whether it became so."""
        until = time.monotonic() + seconds
        while not true():
            if time.monotonic() > until:
                return False
            self._app.processEvents()
            time.sleep(0.002)
        return True

    def count(self, kind: type) -> int:
        return sum(isinstance(message, kind) for _, message in self.lines)

    def finish(self) -> str:
        """Run the session to its end."""
        before = len(self.ends)
        self.session.start()
        if not self.until(lambda: len(self.ends) > before, 3600):
            raise SystemExit("The run did not end within an hour.")
        return self.ends[-1]


def workers(run_dir: Path) -> list[psutil.Process]:
    """Every living process that has `run_dir` in its command line, but for this program's own like."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        try:
            arguments = process.cmdline()
            if str(run_dir) in arguments and "trainers" in arguments and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def weights_of(run_dir: Path) -> dict[str, object]:
    """Every tensor in the run's checkpoint by its place there."""
    import torch

    from trainers.loop.checkpoint import load_checkpoint

    found: dict[str, object] = {}

    def walk(value: object, place: str) -> None:
        if isinstance(value, torch.Tensor):
            found[place] = value
        elif isinstance(value, dict):
            for key, inner in value.items():
                walk(inner, f"{place}/{key}")
        elif isinstance(value, list | tuple):
            for index, inner in enumerate(value):
                walk(inner, f"{place}/{index}")

    walk(load_checkpoint(run_dir), "")
    return found


def largest_difference(one: Path, other: Path) -> float:
    """Between the two runs' weights, averages and optimisers, whatever differs most."""
    a, b = weights_of(one), weights_of(other)
    if a.keys() != b.keys():
        raise SystemExit(f"The checkpoints hold different parts: {sorted(a.keys() ^ b.keys())[:5]}")
    return max(float((a[name].double() - b[name].double()).abs().max()) for name in a)  # type: ignore[attr-defined]


def last_checkpoint(run_dir: Path) -> int:
    """The step of the newest checkpoint that the log knows, 0 where there is none."""
    steps = [line.message.step for line in run_folder.read_events(run_dir)[0] if isinstance(line.message, Checkpoint)]
    return steps[-1] if steps else 0


def first_start_after(run_dir: Path, number: int) -> int | None:
    """The step that the run went on from first after line `number` of its log."""
    lines = [line for line in run_folder.read_events(run_dir)[0] if line.number > number]
    return next((line.message.step for line in lines if isinstance(line.message, Started)), None)


class Tally:
    """What was lost so far: runs that could not go on, steps before the last checkpoint, processes left behind."""

    def __init__(self) -> None:
        self.runs_lost = self.orphans = self.steps_lost = 0
        self.moments: list[str] = []
        self._awaited: tuple[int, int] | None = None

    def killed(self, run_dir: Path) -> None:
        """Note what the next start has to go on from."""
        lines = run_folder.read_events(run_dir)[0]
        started = max((i for i, line in enumerate(lines) if isinstance(line.message, Started)), default=-1)
        stepped = any(isinstance(line.message, Step) for line in lines[started:]) if started >= 0 else False
        writing = any(run_dir.glob(".*.part"))
        self.moments.append("writing" if writing else "stepping" if stepped else "starting")
        self._awaited = (lines[-1].number if lines else 0, last_checkpoint(run_dir))

    def resumed(self, run_dir: Path) -> None:
        """Compare where the run went on with where it had to; nothing where it has not started since."""
        if self._awaited is None:
            return
        number, checkpoint = self._awaited
        step = first_start_after(run_dir, number)
        if step is None:
            return
        self._awaited = None
        self.steps_lost += max(0, checkpoint - step)

    def __str__(self) -> str:
        starting, stepping, writing = (self.moments.count(name) for name in ("starting", "stepping", "writing"))
        return (
            f"runs lost {self.runs_lost} / orphans after {ORPHAN_SECONDS:.0f} s {self.orphans} / steps lost beyond the last "
            f"checkpoint {self.steps_lost}  ({starting} while starting, {stepping} between checkpoints, {writing} in the "
            "midst of writing one)"
        )


def start_seconds(app: QCoreApplication, folder: Path) -> float:
    """How long a trainer takes here from its start to its first step."""
    one = Follower(app, TrainingSession(make_run(folder, 1_000_000)))
    began = time.perf_counter()
    one.session.start()
    one.until(lambda: one.count(Step))
    seconds = time.perf_counter() - began
    one.session.stop_and_wait(60)
    return seconds


def kill_children(
    app: QCoreApplication, folder: Path, count: int, draw: random.Random, warm: float
) -> tuple[Tally, Path]:
    """SIGKILL the trainer `count` times at random moments, resuming it each time."""
    run_dir = make_run(folder / "killed", 1_000_000)
    tally = Tally()
    one = Follower(app, TrainingSession(run_dir))
    for number in range(count):
        one.ends.clear()
        before = one.count(Step)
        one.session.start()
        if number % 3:
            one.until(lambda before=before: one.count(Step) > before or one.ends)
        else:
            one.until(lambda: one.ends, draw.uniform(0.0, warm))
        one.until(lambda: workers(run_dir) or one.ends)
        victims = workers(run_dir)
        tally.resumed(run_dir)
        if number % 3:
            one.until(lambda: one.ends, draw.uniform(0.0, 1.0))
        if number % 3 == 1:
            one.until(lambda: any(run_dir.glob(".*.part")) or one.ends, 10)
        for process in victims:
            process.send_signal(signal.SIGKILL)
        one.until(lambda: one.ends)
        tally.runs_lost += one.ends != ["interrupted"]
        tally.killed(run_dir)
    time.sleep(ORPHAN_SECONDS)
    tally.orphans += len(workers(run_dir))
    return tally, run_dir


EDITOR = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from app.training.session import TrainingSession
app = QCoreApplication([])
session = TrainingSession(Path(sys.argv[1]))
session.start()
app.exec()
"""


def kill_editors(folder: Path, count: int, draw: random.Random, warm: float) -> tuple[Tally, Path]:
    """SIGKILL a program that holds the session `count` times at random moments, starting it again each time."""
    run_dir = make_run(folder / "orphaned", 1_000_000)
    tally = Tally()
    for number in range(count):
        editor = subprocess.Popen([sys.executable, "-c", EDITOR, str(run_dir)], cwd=ROOT)
        if number % 3 == 0:
            time.sleep(draw.uniform(0.0, warm))
        else:
            lines = len(run_folder.read_events(run_dir)[0])
            until = time.monotonic() + 300
            while time.monotonic() < until and not any(
                isinstance(line.message, Step) for line in run_folder.read_events(run_dir)[0][lines:]
            ):
                time.sleep(0.02)
            time.sleep(draw.uniform(0.0, 1.0))
        editor.kill()
        editor.wait()
        tally.resumed(run_dir)
        time.sleep(ORPHAN_SECONDS)
        left = workers(run_dir)
        tally.orphans += len(left)
        for process in left:
            process.kill()
        psutil.wait_procs(left, 10)
        tally.killed(run_dir)
        tally.runs_lost += look(run_dir).state in ("damaged", "failed", "running")
    return tally, run_dir


def finish(app: QCoreApplication, run_dir: Path, tally: Tally) -> tuple[bool, int]:
    """Let the run be done a little beyond where it stands; whether it was, and how many steps it has."""
    steps = (
        max(
            [
                last_checkpoint(run_dir),
                *(line.message.step for line in run_folder.read_events(run_dir)[0] if isinstance(line.message, Step)),
            ]
        )
        + CHECKPOINT_EVERY
    )
    set_steps(run_dir, steps)
    done = Follower(app, TrainingSession(run_dir)).finish() == "finished"
    tally.resumed(run_dir)
    return done, steps


def kills(count: int, seed: int) -> None:
    app = QCoreApplication([])
    draw = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="sessions-") as temporary:
        folder = Path(temporary)
        warm = start_seconds(app, folder / "warm")
        for name, kill in (
            ("child", lambda: kill_children(app, folder, count, draw, warm)),
            ("editor", lambda: kill_editors(folder, count, draw, warm + 0.5)),
        ):
            tally, run_dir = kill()
            done, steps = finish(app, run_dir, tally)
            tally.runs_lost += not done
            whole = make_run(folder / f"whole-{name}", steps)
            whole_done = Follower(app, TrainingSession(whole)).finish() == "finished"
            difference = largest_difference(run_dir, whole) if done and whole_done else float("nan")
            print(f"{count} SIGKILLs of the {name}: {tally}", flush=True)
            print(f"after {steps} steps, largest difference from a run never killed: {difference:g}", flush=True)


def latency(count: int) -> None:
    app = QCoreApplication([])
    with tempfile.TemporaryDirectory(prefix="sessions-") as temporary:
        options = {"network": {"kind": "fast"}, "stages": [{"steps": 1_000_000}], "checkpoint_every": 1_000_000}
        options |= {"precision": "auto"}
        one = Follower(app, TrainingSession(make_run(Path(temporary) / "run", 1, **options)))
        draw = random.Random(0)
        taken: dict[str, list[float]] = {"stop": [], "pause": [], "sample": []}

        def timed(name: str, act: Callable[[], None], kind: type) -> None:
            one.until(lambda: False, draw.uniform(0.0, 0.5))  # at any moment of a step
            before, began = one.count(kind), time.perf_counter()
            act()
            if not one.until(lambda: one.count(kind) > before):
                raise SystemExit(f"{name} took more than five minutes.")
            taken[name].append(next(at for at, message in reversed(one.lines) if isinstance(message, kind)) - began)

        for _ in range(count):
            before = one.count(Step)
            one.session.start()
            one.until(lambda before=before: one.count(Step) >= before + 2)
            timed("sample", one.session.take_sample, Sample)
            timed("pause", one.session.pause, Paused)
            resumed = one.count(Resumed)
            one.session.resume()
            one.until(lambda resumed=resumed: one.count(Resumed) > resumed)
            timed("stop", one.session.stop, Stopped)
            one.until(lambda: one.session.is_over)
        steps = [message.seconds for _, message in one.lines if isinstance(message, Step)]
        print(f"a step takes {statistics.median(steps):.2f} s (median), {max(steps):.2f} s at worst")
        for name, seconds in taken.items():
            print(f"{name}: median {statistics.median(seconds):.2f} s, worst {max(seconds):.2f} s of {len(seconds)}")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.sessions", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("what", choices=("kills", "latency"))
    parser.add_argument("--count", type=int)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.what == "kills":
        os.environ.setdefault("OMP_NUM_THREADS", "1")  # for the trainers: networks as small as these want no more
        kills(options.count or 20, options.seed)
    else:
        latency(options.count or 10)


if __name__ == "__main__":
    main()
