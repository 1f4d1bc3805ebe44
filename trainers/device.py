"""Where the arithmetic of training runs, and in what precision."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from engines.errors import RecipeError

TRIAL_STEPS = 3


def choose_device(asked: str) -> torch.device:
    """`asked` is "auto", "cpu" or "cuda". Raises RecipeError where CUDA is asked for and not there."""
    if asked == "cuda" and not torch.cuda.is_available():
        raise RecipeError('The recipe asks for CUDA, but torch finds no GPU here; set device = "auto".')
    if asked == "cpu" or not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda")


def autocast(device: torch.device, precision: str) -> AbstractContextManager[Any]:
    """The context in which a forward pass runs: nothing for "float32", autocast for "bfloat16"."""
    if precision == "float32":
        return nullcontext()
    return torch.autocast(device.type, torch.bfloat16)


def choose_precision(
    asked: str,
    network: nn.Module,
    device: torch.device,
    example: tuple[Tensor, Tensor],
    loss: Callable[[Tensor, Tensor], Tensor],
) -> str:
    """`asked`, or for "auto" whichever of "float32" and "bfloat16" passes forward and backward faster on `example`.

    The weights are not touched; gradients are cleared.
    """
    if asked != "auto":
        return asked
    seconds: dict[str, float] = {}
    for precision in ("float32", "bfloat16"):
        for trial in range(TRIAL_STEPS + 1):
            if trial == 1:  # the first pass warms up
                _wait(device)
                start = time.perf_counter()
            with autocast(device, precision):
                output = network(example[0])
            loss(output.float(), example[1]).backward()
            network.zero_grad(set_to_none=True)
        _wait(device)
        seconds[precision] = time.perf_counter() - start
    return min(seconds, key=lambda precision: seconds[precision])


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
