"""`duskroom train` and `duskroom export`: a child process with torch does the work, its event lines are shown here."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from app.cli.console import Console
from app.core.paths import model_folders, runs_folder
from app.training.child import Child, need_free, need_torch, why_ended
from engines.errors import Cancelled, DuskroomError, RecipeError, TargetError
from engines.models.library import ModelLibrary
from trainers.recipes import recipe
from trainers.runs import events, run_folder


def train_recipe(
    console: Console, recipe_file: Path, run_dir: Path | None, *, resume: bool, photos: Sequence[Path] = ()
) -> None:
    """Train as `recipe_file` says in `run_dir`, by default a new folder below the person's runs, and export.

    Where `recipe_file` is a model (.onnx), train on from it, by the recipe in its card, on the folders `photos`.

    Raises RecipeError where the recipe is wrong, TargetError where the folder cannot be used, RunError where the run is
    being trained already, and DuskroomError with what the trainer says where it fails.
    """
    train_as(console, _wanted(recipe_file, photos), run_dir, resume=resume)


def train_as(console: Console, wanted: recipe.Recipe, run_dir: Path | None, *, resume: bool) -> None:
    """Train as the recipe `wanted` says, as `train_recipe` does, whose errors are raised."""
    need_torch()
    if run_dir is None:
        run_dir = runs_folder() / f"{wanted.name} {datetime.now():%Y-%m-%d %H.%M.%S}"
    need_free(run_dir)
    there = (run_dir / run_folder.CHECKPOINT).exists() or (run_dir / run_folder.PREVIOUS).exists()
    if there and not resume:
        raise TargetError(f"“{run_dir}” already holds a run; add --resume to go on with it, or name another folder.")
    if resume and not there:
        raise TargetError(
            f"There is no checkpoint in “{run_dir}” to go on from; leave out --resume, or check the folder."
        )
    try:
        run_dir.mkdir(parents=True, exist_ok=True)
        # The trainer makes it the run's once it has the run to itself, and has seen that the checkpoint is of it.
        asked = run_folder.write_asked(run_dir, wanted.model_dump(mode="json"))
    except OSError as error:
        raise TargetError(f"The run folder “{run_dir}” cannot be written ({error.strerror}); name another.") from error
    console.say(f"The run is in “{run_dir}”.", "run", path=str(run_dir))
    console.lines_every = LINES_EVERY
    try:
        _follow(console, run_dir, ["--recipe", asked.name], stop=Child.stop)
    finally:
        with contextlib.suppress(OSError):
            asked.unlink(missing_ok=True)


def export_run(console: Console, run_dir: Path, target: Path, weights: str = "float32", anyway: bool = False) -> None:
    """Export the checkpoint of `run_dir` to `target` with `weights` as "float32", "fp16" or "int8".

    An int8 model that loses much is written only with `anyway`. Raises DuskroomError with what the trainer says where it
    fails.
    """
    need_torch()
    if not run_dir.is_dir():
        raise TargetError(f"There is no run folder “{run_dir}”; check the path.")
    options = ["--export", str(target.absolute()), "--weights", weights, *(["--anyway"] if anyway else [])]
    _follow(console, run_dir, options, stop=Child.kill)  # an export takes no commands, and writes whole files or none


def _wanted(recipe_file: Path, photos: Sequence[Path]) -> recipe.Recipe:
    """The recipe that `recipe_file` holds, or the one in the card of a model, on `photos`; a model also by its name alone."""
    if recipe_file.suffix.lower() not in (".onnx", ".toml") and not recipe_file.exists():
        known = {entry.name: entry.path for entry in ModelLibrary(model_folders()).entries()}
        recipe_file = known.get(str(recipe_file), recipe_file)
    if recipe_file.suffix.lower() != ".onnx":
        if recipe_file.suffix.lower() != ".toml" and not recipe_file.exists():
            raise RecipeError(
                f"There is neither a recipe nor a model called “{recipe_file}”; check the path, or see “duskroom models”."
            )
        if photos:
            raise RecipeError(
                f"“{recipe_file.name}” names its own pictures; leave out --photos, or write the folders into the recipe."
            )
        return recipe.load(recipe_file)
    from engines.models.card import read_card

    origin = recipe_file.name
    card = read_card(recipe_file)
    values = recipe.from_card(card.recipe, origin=origin)
    if not photos:
        raise RecipeError(f"To train on from “{origin}” it needs pictures; name their folder with --photos.")
    # A translation's way back has the recipe of the way there, but its folders come in its own order.
    is_back = card.domains is not None and list(card.domains) == list(reversed(values.get("domains") or []))
    values["data"] = {"photos": [str(folder.absolute()) for folder in (photos[::-1] if is_back else photos)]}
    values["start_from"] = str(recipe_file.absolute())
    return recipe.from_values(values, origin=f"The recipe in “{origin}”")


def _follow(console: Console, run_dir: Path, options: Sequence[str] = (), *, stop: Callable[[Child], None]) -> None:
    """Run the trainer and show its events until it ends; where the console is cancelled, however often, `stop` it."""
    failure: str | None = None
    stopped: int | None = None
    console.progress.check()
    with Child(run_dir, options) as child:
        try:
            with console.progress.interruptible(lambda: stop(child)):
                for line in child.lines():
                    match line.message:
                        case events.Failed():
                            failure = line.message.text
                        case events.Stopped():
                            stopped = line.message.step
                            _show(console, line.message)
                        case _:
                            _show(console, line.message)
                status = child.wait()
        except Cancelled:  # between the check and here: there is nothing to keep yet
            child.kill()
            status = child.wait()
        words = child.words()
    if failure is not None:
        raise DuskroomError(failure)
    if console.progress.cancelled and stopped is not None:
        there = (run_dir / run_folder.CHECKPOINT).exists()
        with_it = f"Stopped at step {stopped}, with a checkpoint; {RESUME}."
        raise Cancelled(with_it if there else "Stopped before the first step; start it again.")
    console.progress.check()
    if stopped is not None:
        raise DuskroomError(f"The training was stopped from outside, with a checkpoint of step {stopped}; {RESUME}.")
    if status:
        raise DuskroomError(why_ended(status, words, run_dir, RESUME))


LINES_EVERY = 30.0  # seconds between two lines on how far training is, where there is no terminal to draw a bar on
RESUME = "resume it with --resume"


def _show(console: Console, event: events.Event | events.Command) -> None:
    match event:
        case events.Step() | events.Working():
            if not console.progress.cancelled:
                console.progress(*_progress(event))
        case events.Started():
            text = (
                f"Training {event.parameters:,} weights on {event.device} in {event.precision}, from step {event.step}."
            )
            console.say(text, "started", **asdict(event))
            console.goes_on_from(event.step, event.total)
        case events.Validation():
            shown = ", ".join(f"{name} {value:.4g}" for name, value in event.metrics.items())
            console.say(f"step {event.step}: {shown}", "validation", **asdict(event))
        case events.Notice():
            console.notice(event.text)
        case events.Exported():
            of = f"step {event.step:,} " if event.step else ""
            console.say(
                f"Exported {of}to “{event.path}”.{_lost(event.path)}", "exported", path=event.path, step=event.step
            )
        case _ if console.as_json:
            console.say("", type(event).__name__.lower(), **asdict(event))
        case events.Verdict() | events.Held():
            console.notice(event.text)
        case events.Paused():
            console.notice(f"Training waits at step {event.step}.")
        case events.Resumed():
            console.notice(f"Training goes on from step {event.step}.")
        case _:
            pass


def _lost(path: str) -> str:
    """What the weights of the model at `path` lost by being rounded, as its card has it measured; a sentence, or nothing."""
    from engines.models.card import read_card

    try:
        metrics = read_card(Path(path)).metrics
    except DuskroomError:
        return ""
    lost = {name.removeprefix("PSNR loss "): value for name, value in metrics.items() if name.startswith("PSNR loss ")}
    return f" Rounding cost {', '.join(f'{value:.3f} dB on {name}' for name, value in lost.items())}." if lost else ""


def _progress(event: events.Step | events.Working) -> tuple[int, int, str]:
    if isinstance(event, events.Working):
        return event.done, event.total, event.text
    losses = ", ".join(f"{name} {value:.4f}" for name, value in event.losses.items())
    return event.step, event.total, f"step {event.step} of {event.total}, {losses}"
