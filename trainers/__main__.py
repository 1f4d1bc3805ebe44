"""`python -m trainers RUN_DIR`: train as RUN_DIR/recipe.json says, going on from its checkpoint, then export.

Each event is one JSON line, appended to RUN_DIR/events.jsonl and printed on standard output; what libraries print goes
to RUN_DIR/log.txt. SIGINT and SIGTERM stop after the step under way, with a checkpoint. `--export FILE` only exports.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import TextIO

from engines.errors import DuskroomError
from trainers import recipe as recipes
from trainers.events import Event, Exported, Failed, to_line

RECIPE, EVENTS, LOG, MODEL = "recipe.json", "events.jsonl", "log.txt", "model.onnx"


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status: 0 done, 1 failed, 130 stopped."""
    parser = argparse.ArgumentParser(prog="python -m trainers", description=__doc__.splitlines()[0])
    parser.add_argument("run_dir", type=Path)
    parser.add_argument(
        "--export", type=Path, metavar="FILE", help="export the run's checkpoint to FILE, without training"
    )
    options = parser.parse_args(arguments)
    run_dir: Path = options.run_dir

    try:
        events = open(run_dir / EVENTS, "a", encoding="utf-8")  # noqa: SIM115  (entered just below)
    except OSError as error:
        print(f"The run folder “{run_dir}” cannot be written ({error.strerror}); check the path.", file=sys.stderr)
        return 1
    with events, _private_stdout(run_dir / LOG) as out:

        def say(event: Event) -> None:
            for stream in (events, out):
                with contextlib.suppress(BrokenPipeError):  # nobody listens any more; the file has it
                    print(to_line(event), file=stream, flush=True)

        try:
            if options.export:
                from trainers.export_run import export_run

                say(Exported(str(export_run(run_dir, options.export))))
                return 0
            return _train(run_dir, say)
        except DuskroomError as error:
            say(Failed(str(error)))
        except MemoryError:
            say(Failed("There is not enough memory to train; lower “batch” or “patch” in the recipe."))
        except OSError as error:
            say(Failed(f"The run cannot be written to “{run_dir}” ({error.strerror or error}); make room and resume."))
        except RuntimeError as error:
            logging.exception("training failed")
            if "out of memory" in str(error) or "allocate memory" in str(error):
                say(Failed("There is not enough memory to train; lower “batch” or “patch” in the recipe."))
            else:
                first = (str(error).strip().splitlines() or ["an unknown error"])[0]
                say(Failed(f"Training failed: {first} The details are in “{run_dir / LOG}”."))
        return 1


class _private_stdout:
    """Keep standard output for events alone: what libraries print to it, or to standard error, goes to `log`."""

    def __init__(self, log: Path) -> None:
        self._log = log

    def __enter__(self) -> TextIO:
        sys.stdout.flush()
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
        self._kept = os.dup(2)
        with open(self._log, "ab") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        logging.basicConfig(stream=sys.stderr, force=True)
        return self._out

    def __exit__(self, *_: object) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(self._out.fileno(), 1)
        os.dup2(self._kept, 2)
        os.close(self._kept)
        with contextlib.suppress(BrokenPipeError):
            self._out.close()


def _train(run_dir: Path, say: object) -> int:
    from trainers.export_run import export_run
    from trainers.train_superres import train

    assert callable(say)
    stopped = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopped
        stopped = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    recipe = read_recipe(run_dir)
    events = train(recipe, run_dir)
    try:
        for event in events:
            say(event)
            if stopped:
                return 130
    finally:
        events.close()
    say(Exported(str(export_run(run_dir, run_dir / MODEL))))
    return 0


def read_recipe(run_dir: Path) -> recipes.Recipe:
    """The recipe of the run in `run_dir`. Raises RecipeError where it is missing or wrong."""
    path = run_dir / RECIPE
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise recipes.RecipeError(f"“{path}” is missing or damaged; start a new run from a recipe.") from error
    return recipes.from_values(values, origin=f"“{path}”")


if __name__ == "__main__":
    sys.exit(main())
