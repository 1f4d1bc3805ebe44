"""Where the arithmetic of training runs, and in what precision."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from engines.errors import RecipeError
from trainers.loop.stepping import NotANumber

TYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16}


def choose_device(asked: str) -> torch.device:
    """`asked` is "auto", "cpu" or "cuda". Raises RecipeError where CUDA is asked for and not there.

    On a GPU the algorithms are those that give the same numbers every time.
    """
    if asked == "cuda" and not torch.cuda.is_available():
        raise RecipeError('The recipe asks for CUDA, but torch finds no GPU here; set device = "auto".')
    if asked == "cpu" or not torch.cuda.is_available():
        return torch.device("cpu")
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it cuBLAS sums in an order that changes
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    torch.use_deterministic_algorithms(True, warn_only=True)
    return torch.device("cuda")


class Precision:
    """The arithmetic of a run's steps: "float32", or autocast to "bfloat16" or "float16"; "auto" is `faster_precision`.

    In float16 small gradients would vanish: losses are scaled up and gradients down again, by a factor that falls when a
    gradient overflows; such a step is left out.
    """

    def __init__(self, device: torch.device, name: str) -> None:
        self.device = device
        self._become(faster_precision(device) if name == "auto" else name)

    def _become(self, name: str) -> None:
        self.name = name
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=name == "float16")

    def autocast(self) -> AbstractContextManager[Any]:
        """The context in which a forward pass runs."""
        if self.name == "float32":
            return nullcontext()
        return torch.autocast(self.device.type, TYPES[self.name])

    def backward(self, loss: Tensor) -> None:
        """Add the gradients of `loss` to those there are."""
        self.scaler.scale(loss).backward()

    def step(
        self, optimisers: Sequence[torch.optim.Optimizer], parameters: Sequence[Tensor], clip: float | None = None
    ) -> float:
        """Clip the norm of the gradients of `parameters` to `clip` and step the optimisers. Returns the norm before.

        Raises NotANumber, with the weights untouched, where a gradient is not finite; with a scaler such a step is only
        left out, since its factor may have been too large.
        """
        for optimiser in optimisers:
            self.scaler.unscale_(optimiser)
        norm = float(nn.utils.clip_grad_norm_(parameters, clip if clip is not None else float("inf"), foreach=True))
        if not (norm < float("inf")) and not self.scaler.is_enabled():
            raise NotANumber("A gradient was not a number")
        for optimiser in optimisers:
            self.scaler.step(optimiser)
        self.scaler.update()
        return norm

    def state_dict(self) -> dict[str, Any]:
        """The precision's name and the scaler's factor."""
        return {"name": self.name, "scaler": self.scaler.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with what `state_dict` gave."""
        self._become(state["name"])
        if state["scaler"]:
            self.scaler.load_state_dict(state["scaler"])


def faster_precision(device: torch.device) -> str:
    """ "bfloat16" where `device` has instructions for it, "float32" otherwise.

    The same on every start: a trial of both would choose by the moment, and a run could not be repeated.
    """
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    has: Mapping[str, object] = getattr(torch.cpu, "get_capabilities", dict)()  # older torch does not tell
    return "bfloat16" if any(value for name, value in has.items() if "bf16" in name) else "float32"


def is_out_of_memory(error: BaseException) -> bool:
    """Whether `error` says that there was not enough memory, of the processor or of a GPU."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error)
    return isinstance(error, RuntimeError) and any(
        words in text
        for words in ("out of memory", "allocate memory", "not enough memory", "bad allocation", "bad_alloc")
    )
