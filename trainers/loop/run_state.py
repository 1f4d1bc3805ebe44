"""Where a run stands: its step, what its guards decided, the state of its parts, and the checkpoints that keep them."""

from __future__ import annotations

import contextlib
import errno
import math
import os
from collections.abc import Callable, Generator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

import torch

from engines.errors import RecipeError
from trainers.loop.checkpoint import load_checkpoint, save_best, save_checkpoint
from trainers.recipes.recipe import from_values
from trainers.runs.events import (
    Checkpoint,
    Event,
    HalveRate,
    Held,
    Notice,
    RollBack,
    Sample,
    TakeCheckpoint,
    TakeSample,
    TrainerCommand,
    Verdict,
)

NEVER_WRITABLE = {errno.EISDIR, errno.ENOTDIR}  # making room would not help
ROLL_BACKS = 3  # how often a run goes back to its checkpoint after a loss that is not a number


Written = TypeVar("Written")


class Stateful(Protocol):
    """What a checkpoint keeps: a network, an optimiser, an average, a scaler."""

    def state_dict(self) -> dict[str, Any]: ...
    def load_state_dict(self, state: dict[str, Any], /) -> Any: ...


@dataclass
class Standing:
    """Where a run stands and what its guards have decided; part of every checkpoint.

    `step` steps are done, and of the next one `turn` updates, where a step has several. `rate_factor` multiplies every
    rate, `micro_batches` is in how many parts a step is made, and `threads` by how many threads of the processor. The run went
    back `roll_backs` times since it last got past the step `rolled_back_at`. A generator waits while its new
    discriminator trains `alone` for so many steps, and its rate rises over `ramp` steps then.
    `best` is the best validation score so far, made at `best_step`, and `worse` counts the validations since; the last was
    of step `judged_at`, which is -1 until the model that a run starts from has been judged. `start` is its score, and
    `measure` what scores are called.
    """

    step: int = 0
    rate_factor: float = 1.0
    micro_batches: int = 1
    roll_backs: int = 0
    rolled_back_at: int = 0
    threads: int = 0
    turn: int = 0
    alone: int = 0
    ramp: int = 0
    roll_back_asked: bool = False
    best: float | None = None
    best_step: int = 0
    worse: int = 0
    judged_at: int = 0
    start: float | None = None
    measure: str = ""


@dataclass
class Run:
    """What a training loop saves and restores: the parts by name, its standing, and the recipe that made them.

    `saved` is the standing of the newest checkpoint, None where there is none yet.
    """

    run_dir: Path
    recipe: Mapping[str, Any]
    standing: Standing
    parts: Mapping[str, Stateful]
    saved: Standing | None = None

    def state(self) -> dict[str, Any]:
        """All that the run needs to go on exactly."""
        return {
            "recipe": dict(self.recipe),
            "standing": asdict(self.standing),
            "parts": {name: part.state_dict() for name, part in self.parts.items()},
        }

    def restore(self, saved: dict[str, Any]) -> None:
        """Stand where `saved` stood. Raises RecipeError where it is of other parts."""
        if not all(isinstance(saved.get(key), dict) for key in ("recipe", "standing", "parts")):
            raise RecipeError(f"The checkpoint in “{self.run_dir}” is not a training run's; start in another folder.")
        missing = self.parts.keys() ^ saved["parts"].keys()
        if missing:
            raise RecipeError(
                f"The checkpoint in “{self.run_dir}” is of another recipe ({', '.join(sorted(missing))}); "
                "start in another folder."
            )
        try:
            for name, part in self.parts.items():
                part.load_state_dict(saved["parts"][name])
        except (RuntimeError, ValueError, KeyError) as error:
            first = str(error).strip().splitlines()[0]
            raise RecipeError(
                f"The checkpoint in “{self.run_dir}” is of another recipe ({first}); start in another folder."
            ) from error
        for field in fields(self.standing):
            setattr(self.standing, field.name, saved["standing"].get(field.name, getattr(self.standing, field.name)))
        self.saved = replace(self.standing)

    def resume(self) -> bool:
        """Restore the newest whole checkpoint, and the number of threads it was made with. Returns whether there is one."""
        saved = load_checkpoint(self.run_dir)
        if saved is None:
            self.standing.threads = torch.get_num_threads()
            return False
        micro_batches = self.standing.micro_batches
        check_same_run(self.recipe, saved.get("recipe") or {})
        self.restore(saved)
        self.standing.micro_batches = max(micro_batches, self.standing.micro_batches)
        torch.set_num_threads(self.standing.threads)  # sums in another order are other sums
        return True

    def save(self) -> Path:
        """Write a checkpoint. Raises OSError where that cannot be done; the last one is whole then."""
        if self.standing.step > self.standing.rolled_back_at:
            self.standing.roll_backs = 0
        path = save_checkpoint(self.run_dir, self.state())
        self.saved = replace(self.standing)
        return path

    def close(self) -> None:
        """Write a checkpoint unless the newest is of where the run stands. Raises OSError as `save`."""
        if self.saved != self.standing:
            self.save()

    def holding(self, write: Callable[[], Written]) -> Generator[Event, TrainerCommand | None, Written]:
        """Call `write` and return what it returns; while it cannot write, yield Held and try again when asked to go on."""
        while True:
            try:
                return write()
            except OSError as error:
                if error.errno in NEVER_WRITABLE:
                    raise
                why = os.strerror(error.errno) if error.errno else error
                yield Held(
                    self.standing.step,
                    f"No checkpoint can be written to “{self.run_dir}” ({why}). Training waits; the last checkpoint is whole. "
                    "Make room, then go on.",
                )

    def checkpoint(self) -> Generator[Event, TrainerCommand | None, TrainerCommand | None]:
        """Write a checkpoint and yield it, `holding`. What comes back from the yield of the checkpoint is returned."""
        path = yield from self.holding(self.save)
        return (yield Checkpoint(self.standing.step, str(path)))

    def roll_back(self, why: str, *, asked: bool = False) -> Verdict | Notice:
        """Go back to the last checkpoint, with half the rate, and keep that decision; what to say of it is returned.

        What was the best stays the best. Raises RecipeError where that was done too often without getting past the step
        where it went wrong, which does not count where a person `asked` for it, or there is no checkpoint.
        """
        before = replace(self.standing)
        step, roll_backs, rate_factor = before.step, before.roll_backs + (not asked), before.rate_factor / 2
        saved = load_checkpoint(self.run_dir)
        if saved is None or roll_backs > ROLL_BACKS:
            raise RecipeError(f"{why} at step {step + 1}, again and again; lower “rate” in the recipe and start again.")
        self.restore(saved)
        self.standing.roll_backs, self.standing.rate_factor = roll_backs, rate_factor
        self.standing.rolled_back_at = max(step, before.rolled_back_at)
        self.standing.best, self.standing.best_step, self.standing.worse = before.best, before.best_step, before.worse
        self.standing.start, self.standing.measure = before.start, before.measure
        self.standing.judged_at = max(self.standing.judged_at, -1 if before.start is None else 0)
        self.standing.roll_back_asked = False
        self.save()
        text = f"{why} at step {step + 1}: back to step {self.standing.step}, with half the learning rate."
        return Notice(text) if asked else Verdict(step + 1, "nan", text)

    def gained(self) -> str:
        """What a run that started from a model has gained over it, in a sentence; empty where that was not measured."""
        now = self.standing
        if now.start is None or now.best is None:
            return ""
        before, after = (f"{abs(score):.5g}" for score in (now.start, now.best))
        if not now.best_step:
            return (
                f"No step was better than the model that training started from ({now.measure} {before}): that is the best "
                "still. Try a lower “rate”, or more pictures."
            )
        return (
            f"The model that training started from had {now.measure} {before}; the best since is {after}, at step "
            f"{now.best_step:,}."
        )

    def judged(self, score: float | None, best: Mapping[str, Stateful], measure: str = "") -> None:
        """Take a validation `score`, higher being better, into the standing; the parts `best` are kept where it is the best.

        `measure` is what the score is called. That of step 0 is of the model that a run started from.
        """
        self.standing.judged_at = self.standing.step
        if score is None or not math.isfinite(score):
            return
        if self.standing.step == 0:
            self.standing.start = score
        self.standing.measure = measure
        if self.standing.best is not None and not score > self.standing.best:
            self.standing.worse += 1
            return
        state = {"step": self.standing.step, "parts": {name: part.state_dict() for name, part in best.items()}}
        save_best(self.run_dir, {"recipe": dict(self.recipe), **state})
        self.standing.best, self.standing.best_step, self.standing.worse = score, self.standing.step, 0


def obey(
    run: Run, sample: Callable[[], Path], command: TrainerCommand | None
) -> Generator[Event, TrainerCommand | None, None]:
    """Do what `command`, the reply to an event, asks, and what the replies to that ask; `sample` writes a sample."""
    while command is not None:
        match command:
            case TakeSample():
                path = yield from run.holding(sample)
                command = yield Sample(run.standing.step, str(path))
            case TakeCheckpoint():
                command = yield from run.checkpoint()
            case HalveRate():
                run.standing.rate_factor /= 2
                command = yield Notice(
                    f"From step {run.standing.step + 1} on the learning rate is half of what it was."
                )
            case RollBack():  # at the end of the step: in the midst of one the gradients are of other weights
                run.standing.roll_back_asked = True
                command = None


# A run may go on with other values of these; any other makes it another run.
MAY_CHANGE = {
    *("title", "description", "author", "licence", "data", "skies", "device", "start_from", "patience", "export"),
    *("stages", "steps", "rate", "muon_rate", "discriminator_rate", "rate_floor", "schedule", "restarts", "warm_up"),
    *("validate_every", "checkpoint_every", "micro_batches"),
}


def check_same_run(mine: Mapping[str, Any], other: Mapping[str, Any]) -> None:
    """Raise RecipeError unless recipe `other`, of a checkpoint, differs from `mine` only in what may change.

    One written by an earlier Duskroom lacks fields that there are now, and had what they say by default.
    """
    with contextlib.suppress(RecipeError):
        other = from_values(dict(other)).model_dump(mode="json")
    for name, value in mine.items():
        if name not in MAY_CHANGE and name in other and other[name] != value:
            raise RecipeError(
                f"The checkpoint was trained with {name} = {other.get(name)}, the recipe says {value}; "
                "put the recipe back, or start in another folder."
            )
