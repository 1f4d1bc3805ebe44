"""`python -m trainers RUN_DIR`: train as RUN_DIR/recipe.json says, going on from its checkpoint, then export.

Each event is one JSON line, appended to RUN_DIR/events.jsonl and printed on standard output; commands are JSON lines on
standard input, whose end means stop. What libraries print goes to RUN_DIR/log.txt. SIGINT and SIGTERM stop with a
checkpoint. Exit status: 0 done, 1 failed, 3 paused with its memory given back, 130 stopped.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import importlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

from engines.errors import DuskroomError
from trainers.recipes import recipe as recipes
from trainers.runs import parent, run_folder
from trainers.runs.events import Event, Exported, Failed, Notice, Started, Stop, Working, to_line

STATUS = {"finished": 0, "paused": 3, "stopped": 130}
TRAINERS = {
    "super-resolution": "trainers.train_superres",
    "image-translation": "trainers.train_unit",
    "image-generation": "trainers.train_dcgan",
}
NICENESS = 5  # the person's own work goes first
EXPORTS = ("float32", "fp16", "int8")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m trainers", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run_dir", type=Path)
    parser.add_argument("--export", type=Path, metavar="FILE", help="only export the run's checkpoint to FILE")
    parser.add_argument("--weights", choices=EXPORTS, default="float32", help="how the exported weights are stored")
    parser.add_argument("--anyway", action="store_true", help="export int8 even where it loses much")
    parser.add_argument("--recipe", metavar="NAME", help="a file in RUN_DIR that becomes its recipe")
    parser.add_argument("--parent", type=int, metavar="PID", help="end when this process, which started us, ends")
    parser.add_argument("--detached", action="store_true", help="go on when standard input ends")
    options = parser.parse_args(arguments)
    run_dir: Path = options.run_dir
    if options.parent:
        parent.end_with(options.parent)
    try:
        with private_stdout(run_dir / run_folder.LOG) as out:
            if options.export:
                return _export(out, options)
            return _train(out, run_dir, detached=options.detached, asked=options.recipe)
    except OSError as error:
        print(f"The run folder “{run_dir}” cannot be written ({error.strerror or error}); check it.", file=sys.stderr)
        return 1


@contextlib.contextmanager
def private_stdout(log: Path) -> Iterator[TextIO]:
    """Keep standard output for events alone: what libraries print to it, or to standard error, goes to the file `log`."""
    with open(log, "ab") as file:
        sys.stdout.flush()
        out = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
        kept = os.dup(2)
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    logging.basicConfig(stream=sys.stderr, force=True)
    try:
        yield out
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os.dup2(out.fileno(), 1)
        os.dup2(kept, 2)
        os.close(kept)
        with contextlib.suppress(OSError):
            out.close()


def _print(out: TextIO, line: str) -> None:
    with contextlib.suppress(OSError, ValueError):  # nobody listens any more; the log has it
        print(line, file=out, flush=True)


def _export(out: TextIO, options: argparse.Namespace) -> int:
    from trainers.export.export_run import export_with_step

    outcome: Event = Failed("")
    with saying_failures(lambda event: _print(out, to_line(event)), options.run_dir) as failed:
        path, step = export_with_step(options.run_dir, options.export, kind=options.weights, anyway=options.anyway)
        outcome = Exported(str(path), step)
    if failed:
        return 1
    _print(out, to_line(outcome))
    return 0


def _train(out: TextIO, run_dir: Path, *, detached: bool, asked: str | None) -> int:
    from trainers.runs.driver import Driver, Throttle
    from trainers.runs.guards import Guards
    from trainers.runs.inbox import Inbox

    inbox = Inbox(run_dir, detached=detached, abandon=abandon)
    if sys.platform != "win32" and os.nice(0) < NICENESS:
        os.nice(NICENESS - os.nice(0))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: inbox.put(Stop()))
    with (
        saying_failures(lambda event: _print(out, to_line(event)), run_dir) as locked_out,
        contextlib.ExitStack() as stack,
    ):
        stack.enter_context(run_folder.locked(run_dir, detached=detached))
        log = stack.enter_context(run_folder.EventLog(run_dir))

        def say(event: Event) -> None:
            if asked and isinstance(event, Started):  # the checkpoint is of this recipe
                run_folder.write_recipe(run_dir, run_folder.read_recipe_values(run_dir, asked))
            _print(out, to_line(event) if isinstance(event, Working) else log.append(event))

        throttled = Throttle(say)
        inbox.listen(0)
        ending = ""
        with saying_failures(throttled, run_dir) as failed:
            values = run_folder.read_recipe_values(run_dir, asked or run_folder.RECIPE)
            recipe = recipes.from_values(values, origin=f"“{run_dir / run_folder.RECIPE}”")
            new = not any((run_dir / name).exists() for name in (run_folder.CHECKPOINT, run_folder.PREVIOUS))
            if asked and new:
                run_folder.write_recipe(run_dir, values)
            driver = Driver(run_dir, inbox, throttled, Guards(in_use=recipe.in_use))
            for line in run_folder.timeline(run_folder.read_events(run_dir)[0]):
                driver.guards.see(line.message)  # type: ignore[arg-type]
            train = importlib.import_module(TRAINERS[recipe.task]).train
            if new and (words := _choose_threads(recipe.device)):  # one that goes on has those of its checkpoint
                throttled(Notice(words))
            ending = driver.drive(train(recipe, run_dir))
            if ending == "finished":
                ending = driver.export_last(run_dir / run_folder.MODEL)
        inbox.close()
        throttled.flush()
        return 1 if failed else STATUS.get(ending, 1)
    return 1 if locked_out else 0


def _choose_threads(device: str) -> str:
    """Choose how many threads a new run computes with on the processor; what to say of it, if anything."""
    from trainers.loop.device import choose_device
    from trainers.loop.threads import choose_threads

    return choose_threads(os.environ) if choose_device(device).type == "cpu" else ""


def abandon() -> None:
    """End this process now, but not in the middle of writing a checkpoint."""
    # Importing it here would wait for a main thread that still imports torch: then there is nothing to wait for.
    writing = getattr(sys.modules.get("trainers.loop.checkpoint"), "writing", None)
    if writing is not None:
        writing.acquire(timeout=30)
    os._exit(1)


class saying_failures:
    """A context in which whatever goes wrong becomes one Failed event for `say`; true afterwards if something did."""

    def __init__(self, say: Callable[[Event], None], run_dir: Path) -> None:
        self._say = say
        self._run_dir = run_dir
        self._failed = False

    def __bool__(self) -> bool:
        return self._failed

    def __enter__(self) -> saying_failures:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        if error is None or not isinstance(error, Exception):
            return False
        self._failed = True
        if not isinstance(error, DuskroomError):
            logging.error("training failed", exc_info=error)
        self._say(Failed(self._sentence(error)))
        return True

    def _sentence(self, error: Exception) -> str:
        match error:
            case DuskroomError():
                return str(error)
            case OSError():
                what = error.filename or self._run_dir
                if error.errno in (errno.ENOSPC, errno.EDQUOT):
                    return f"There is no room left for “{what}”; make some and resume: the last checkpoint is whole."
                return f"“{what}” cannot be used ({error.strerror or error}); check it and its rights, then resume."
            case _ if _is_out_of_memory(error):
                return "There is not enough memory to train; raise “micro_batches”, or lower “patch”, in the recipe."
            case _:
                first = (str(error).strip().splitlines() or [type(error).__name__])[0]
                return f"Training failed: {first.rstrip('.')}. The details are in “{self._run_dir / run_folder.LOG}”."


def _is_out_of_memory(error: Exception) -> bool:
    from trainers.loop.device import is_out_of_memory

    return is_out_of_memory(error)


if __name__ == "__main__":
    status = main()
    logging.shutdown()
    sys.stdout.flush()
    os._exit(status)  # torch takes seconds to be torn down, in which a run that has stopped would seem to go on
