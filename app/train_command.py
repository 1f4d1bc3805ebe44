"""`duskroom train` and `duskroom export`: a child process with torch does the work, its event lines are shown here."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from app.console import Console
from app.paths import runs_folder
from engines.errors import Cancelled, DuskroomError, TargetError
from trainers import events, recipe

RECIPE, CHECKPOINT = "recipe.json", "checkpoint.pt"


def train_recipe(console: Console, recipe_file: Path, run_dir: Path | None, *, resume: bool) -> None:
    """Train as `recipe_file` says in `run_dir`, by default a new folder below the person's runs, and export.

    Raises RecipeError where the recipe is wrong, TargetError where the folder cannot be used, and DuskroomError with
    what the trainer says where it fails.
    """
    wanted = recipe.load(recipe_file)
    _need_torch()
    if run_dir is None:
        run_dir = runs_folder() / f"{wanted.name} {datetime.now():%Y-%m-%d %H.%M.%S}"
    if (run_dir / CHECKPOINT).exists() and not resume:
        raise TargetError(f"“{run_dir}” already holds a run; add --resume to go on with it, or name another folder.")
    if resume and not (run_dir / CHECKPOINT).exists():
        raise TargetError(
            f"There is no checkpoint in “{run_dir}” to go on from; leave out --resume, or check the folder."
        )
    try:
        run_dir.mkdir(parents=True, exist_ok=True)
        text = json.dumps(wanted.model_dump(mode="json"), ensure_ascii=False, indent=1)
        temporary = run_dir / f".{RECIPE}.{os.getpid()}.part"
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, run_dir / RECIPE)
    except OSError as error:
        raise TargetError(f"The run folder “{run_dir}” cannot be written ({error.strerror}); name another.") from error
    console.say(f"The run is in “{run_dir}”.", "run", path=str(run_dir))
    _follow(console, [str(run_dir)])


def export_run(console: Console, run_dir: Path, target: Path) -> None:
    """Export the checkpoint of `run_dir` to `target`. Raises DuskroomError with what the trainer says where it fails."""
    _need_torch()
    if not run_dir.is_dir():
        raise TargetError(f"There is no run folder “{run_dir}”; check the path.")
    _follow(console, [str(run_dir), "--export", str(target.absolute())])


def _need_torch() -> None:
    try:
        there = importlib.util.find_spec("torch") is not None
    except (ImportError, ValueError):
        there = False
    if not there:
        raise DuskroomError(
            "Training needs torch, which is not installed; install it with: pip install torch torchvision"
        )


def _follow(console: Console, arguments: list[str]) -> None:
    """Run the trainer and show its events until it ends; a cancelled console stops it with a checkpoint."""
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "trainers", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=os.name != "nt",  # Ctrl-C reaches this process, which passes it on once
    )
    assert child.stdout is not None and child.stderr is not None
    words: list[str] = []
    reader = threading.Thread(target=lambda: words.extend(child.stderr), name="trainer's stderr")  # type: ignore[arg-type]
    reader.start()
    failure: str | None = None
    try:
        with console.progress.interruptible(lambda: child.send_signal(signal.SIGTERM)):
            for line in child.stdout:
                event = events.from_line(line)
                if isinstance(event, events.Failed):
                    failure = event.text
                elif event is not None:
                    _show(console, event)
    except Cancelled:
        child.send_signal(signal.SIGTERM)
    finally:
        child.wait()
        reader.join()
        child.stdout.close()
        child.stderr.close()
    console.progress.check()
    if failure is not None:
        raise DuskroomError(failure)
    if child.returncode != 0:
        last = words[-1].strip() if words else f"exit status {child.returncode}"
        raise DuskroomError(f"The trainer ended unexpectedly ({last}); resume it with --resume.")


def _show(console: Console, event: events.Event | events.Command) -> None:
    match event:
        case events.Step():
            if not console.progress.cancelled:
                console.progress(event.step, event.total, f"step {event.step} of {event.total}, loss {event.loss:.4f}")
        case events.Started():
            text = (
                f"Training {event.parameters:,} weights on {event.device} in {event.precision}, from step {event.step}."
            )
            console.say(text, "started", **asdict(event))
        case events.Validation():
            shown = ", ".join(f"{name} {value:.4g}" for name, value in event.metrics.items())
            console.say(f"step {event.step}: {shown}", "validation", **asdict(event))
        case events.Notice():
            console.notice(event.text)
        case events.Exported():
            console.say(f"Exported to “{event.path}”.", "exported", path=event.path)
        case _:
            if console.as_json:
                console.say("", type(event).__name__.lower(), **asdict(event))
