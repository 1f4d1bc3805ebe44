"""The parts that every training loop calls within a step: seeds, micro-batches, and what to do when one goes wrong."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from engines.errors import OutOfMemory
from trainers.loop.run_state import Standing
from trainers.runs.events import Verdict


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


def make_smaller(standing: Standing, batch: int) -> Verdict:
    """Let each step of `batch` pictures be made in twice as many parts; what to say of it is returned.

    Raises OutOfMemory where the parts are single pictures already.
    """
    if standing.micro_batches >= batch:
        raise OutOfMemory(
            "There is not enough memory to train on even one picture; lower the size of the crops or of the network."
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
