"""What a generator draws while it is trained: its latents, batch norm that fits them, and the sheet to look at."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from trainers.networks.codes import draw_codes
from trainers.recipes.recipe import ImageGeneration

Pixels = NDArray[np.uint8]
SHEET = 8  # a sample is a sheet of so many pictures each way
SETTLING = 16  # batches whose statistics batch norm is given
AT_ONCE = 64


@dataclass(frozen=True)
class Latents:
    """What pictures are drawn from: `z` (N, latent_size), and `label` int64 (N) and `codes` (N, K) where there are any."""

    z: Tensor
    label: Tensor | None = None
    codes: Tensor | None = None

    def __len__(self) -> int:
        return len(self.z)

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """What there is of `z`, `label` and `codes`, in this order."""
        return tuple(tensor for tensor in (self.z, self.label, self.codes) if tensor is not None)

    def like(self, tensors: Sequence[Tensor]) -> Latents:
        """Latents of other `tensors`, which are what these have, in the same order."""
        given = iter(tensors)
        z = next(given)
        label = None if self.label is None else next(given)
        return Latents(z, label, None if self.codes is None else next(given))

    def part(self, which: slice) -> Latents:
        """Those of `which` places."""
        return self.like([tensor[which] for tensor in self.tensors])

    def to(self, device: torch.device) -> Latents:
        """The same on `device`."""
        return self.like([tensor.to(device) for tensor in self.tensors])

    def through(self, generator: Any) -> Tensor:
        """What `generator` draws from them; it is given label and codes by name, where they are."""
        given = {"label": self.label, "codes": self.codes}
        return generator(self.z, **{name: value for name, value in given.items() if value is not None})


def draw_latents(recipe: ImageGeneration, labels: Tensor | None, count: int, generator: torch.Generator) -> Latents:
    """`count` latents with `labels`, and codes where the recipe has them; `generator` lives on the CPU."""
    z = torch.randn(count, recipe.latent_size, generator=generator)
    kinds = recipe.codes.kinds
    return Latents(z, labels, draw_codes(kinds, count, generator) if kinds else None)


def mixed_labels(names: Sequence[str], count: int) -> Tensor | None:
    """`count` labels by turns, so that any stretch of them has each alike often. None where there are none."""
    return torch.arange(count) % len(names) if names else None


def even_labels(names: Sequence[str], count: int) -> Tensor | None:
    """`count` labels in order, of each as many as of any other, within one. None where there are none."""
    return torch.arange(count) * len(names) // count if names else None


def settled(generator: nn.Module, latents: Latents) -> nn.Module:
    """A copy of `generator`, ready to draw, whose batch norm has the statistics of its own activations for `latents`.

    Statistics gathered in training are those of weights that have moved on since, and of other weights than an average's.
    """
    ready = copy.deepcopy(generator).eval().requires_grad_(False)
    norms = [layer for layer in ready.modules() if isinstance(layer, _BatchNorm) and layer.track_running_stats]
    if not norms:
        return ready
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over the batches
        norm.train()
    with torch.no_grad():
        for first in range(0, len(latents), AT_ONCE):
            latents.part(slice(first, first + AT_ONCE)).through(ready)
    return ready.eval()


def draw_pictures(generator: nn.Module, latents: Latents) -> Pixels:
    """What `generator` draws: uint8 (N, size, size, 3)."""
    with torch.no_grad():
        pictures = latents.through(generator).float()
    return ((pictures.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()


def write_sheet(sheets: Sequence[Pixels], run_dir: Path, step: int) -> Path:
    """A sheet of 64 pictures, eight in a row; several, of one network each, stand beside each other."""
    rows = [
        drawn.reshape(SHEET, SHEET, *drawn.shape[1:]).swapaxes(1, 2).reshape(SHEET * drawn.shape[1], -1, 3)
        for drawn in sheets
    ]
    path = run_dir / "samples" / f"{step:08d}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.concatenate(rows, axis=1)).save(path)
    return path
