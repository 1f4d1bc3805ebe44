"""The parts that every training loop calls: where a run stands, its checkpoints, micro-batches, and what guards do in it."""

from __future__ import annotations

import contextlib
import errno
import math
import os
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from engines.errors import OutOfMemory, RecipeError
from trainers.checkpoint import load_checkpoint, save_best, save_checkpoint
from trainers.events import (
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


class Stateful(Protocol):
    """What a checkpoint keeps: a network, an optimiser, an average, a scaler."""

    def state_dict(self) -> dict[str, Any]: ...
    def load_state_dict(self, state: dict[str, Any], /) -> Any: ...


@dataclass
class Standing:
    """Where a run stands and what its guards have decided; part of every checkpoint.

    `step` steps are done, and of the next one `turn` updates, where a step has several. `rate_factor` multiplies every
    rate, `micro_batches` is in how many parts a step is made. The run went back `roll_backs` times since it last got past
    the step `rolled_back_at`. A generator waits while its new discriminator trains
    `alone` for so many steps, and its rate rises over `ramp` steps then.
    `best` is the best validation score so far, made at `best_step`, and `worse` counts the validations since.
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

    def checkpoint(self) -> Generator[Event, TrainerCommand | None, TrainerCommand | None]:
        """Write a checkpoint and yield it; while it cannot be written, yield Held and try again when asked to go on.

        What comes back from the yield of the checkpoint is returned.
        """
        while True:
            try:
                path = self.save()
            except OSError as error:
                if error.errno in NEVER_WRITABLE:
                    raise
                why = os.strerror(error.errno) if error.errno else error
                yield Held(
                    self.standing.step,
                    f"No checkpoint can be written to “{self.run_dir}” ({why}). Training waits; the last checkpoint is whole. "
                    "Make room, then go on.",
                )
            else:
                return (yield Checkpoint(self.standing.step, str(path)))

    def roll_back(self, why: str, *, asked: bool = False) -> Verdict:
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
        self.standing.roll_back_asked = False
        self.save()
        return Verdict(
            step + 1,
            "nan",
            f"{why} at step {step + 1}: back to step {self.standing.step}, with half the learning rate.",
        )

    def judged(self, score: float | None, best: Mapping[str, Stateful]) -> None:
        """Take a validation `score`, higher being better, into the standing; the parts `best` are kept where it is the best."""
        if score is None:
            return
        if self.standing.best is not None and not score > self.standing.best:
            self.standing.worse += 1
            return
        self.standing.best, self.standing.best_step, self.standing.worse = score, self.standing.step, 0
        state = {"step": self.standing.step, "parts": {name: part.state_dict() for name, part in best.items()}}
        save_best(self.run_dir, {"recipe": dict(self.recipe), **state})


def obey(
    run: Run, sample: Callable[[], Path], command: TrainerCommand | None
) -> Generator[Event, TrainerCommand | None, None]:
    """Do what `command`, the reply to an event, asks, and what the replies to that ask; `sample` writes a sample."""
    while command is not None:
        match command:
            case TakeSample():
                command = yield Sample(run.standing.step, str(sample()))
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
    *("title", "description", "author", "licence", "data", "device", "start_from", "patience", "export"),
    *("stages", "steps", "rate", "muon_rate", "discriminator_rate", "rate_floor", "schedule", "warm_up"),
    *("validate_every", "checkpoint_every", "micro_batches"),
}


def check_same_run(mine: Mapping[str, Any], other: Mapping[str, Any]) -> None:
    """Raise RecipeError unless recipe `other`, of a checkpoint, differs from `mine` only in what may change."""
    for name, value in mine.items():
        if name not in MAY_CHANGE and other.get(name) != value:
            raise RecipeError(
                f"The checkpoint was trained with {name} = {other.get(name)}, the recipe says {value}; "
                "put the recipe back, or start in another folder."
            )


def split(batch: Sequence[Tensor], parts: int) -> list[tuple[float, tuple[Tensor, ...]]]:
    """`batch`, tensors of one length, in `parts` micro-batches, each with its share of the whole.

    The shares weight mean losses, so that their sum is the whole batch's.
    """
    size = len(batch[0])
    if parts == 1:
        return [(1.0, tuple(batch))]
    pieces = zip(*(tensor.tensor_split(min(parts, size)) for tensor in batch), strict=True)
    return [(len(piece[0]) / size, piece) for piece in pieces]


@contextlib.contextmanager
def buffers_kept(*modules: nn.Module) -> Iterator[None]:
    """Whatever ends the context but its end, the buffers of `modules` are then what they were at its beginning.

    Forward passes move the statistics of batch norm; those of an update that is broken off must not count.
    """
    buffers = [buffer for module in modules for buffer in module.buffers()]
    before = [buffer.clone() for buffer in buffers]
    done = False
    try:
        yield
        done = True
    finally:
        if not done:
            for buffer, value in zip(buffers, before, strict=True):
                buffer.copy_(value)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether `error` says that there was not enough memory, of the processor or of a GPU."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error)
    return isinstance(error, RuntimeError) and any(
        words in text
        for words in ("out of memory", "allocate memory", "not enough memory", "bad allocation", "bad_alloc")
    )


def make_smaller(standing: Standing, batch: int) -> Verdict:
    """Let each step of `batch` pictures be made in twice as many parts; what to say of it is returned.

    Raises OutOfMemory where the parts are single pictures already.
    """
    if standing.micro_batches >= batch:
        raise OutOfMemory(
            "There is not enough memory to train on even one picture; lower “patch” or the size of the network."
        )
    standing.micro_batches = min(batch, 2 * standing.micro_batches)
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    size = math.ceil(batch / standing.micro_batches)
    return Verdict(
        standing.step + 1,
        "memory",
        f"Step {standing.step + 1} did not fit in memory: its {batch} pictures are taken {size} at a time from now on, and "
        "their gradients added up.",
    )


def seeded(*numbers: int, device: str = "cpu") -> torch.Generator:
    """A generator of random numbers that is a function of `numbers`, such as (seed, step, purpose)."""
    import numpy as np

    words = np.random.SeedSequence(numbers).generate_state(1, np.uint64)
    return torch.Generator(device).manual_seed(int(words[0] >> np.uint64(1)))


def seed_parts(*numbers: int) -> None:
    """Make what a person's own parts draw, dropout among it, a function of `numbers`: (seed, step, turn, part)."""
    import numpy as np

    seed = int(np.random.SeedSequence(numbers).generate_state(1)[0])
    torch.manual_seed(seed)
    np.random.seed(seed)


def parameters_of(*modules: nn.Module) -> list[nn.Parameter]:
    """Every parameter of `modules` that is trained, once."""
    found = {id(weight): weight for module in modules for weight in module.parameters() if weight.requires_grad}
    return list(found.values())


class NotANumber(ArithmeticError):
    """A loss or a gradient was infinite or not a number; the weights have not been touched."""


def finite(value: Tensor, what: str) -> float:
    """`value` as a number. Raises NotANumber, which says it of `what`, where it is none."""
    number = float(value.detach())
    if not math.isfinite(number):
        raise NotANumber(f"The {what} was not a number")
    return number
