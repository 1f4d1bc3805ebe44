"""The pictures that a generator learns from: squares of one size, in memory, and the batches drawn from them."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from engines.errors import RecipeError
from trainers.datasets import find_photos, finding_photos, read_photo
from trainers.events import Event, TrainerCommand, Working
from trainers.recipe import ImageGeneration

Pixels = NDArray[np.uint8]
FEWEST = 2
REPORT_EVERY = 0.2  # seconds


@dataclass(frozen=True)
class Pictures:
    """`training` and `held_out`, uint8 (N, size, size, 3), and words on what was left out."""

    training: Pixels
    held_out: Pixels
    left_out: list[str]
    seed: int
    flip: bool

    @property
    def size(self) -> int:
        """The side of each picture in pixels."""
        return self.training.shape[1]

    def batch(self, step: int, turn: int, size: int) -> Tensor:
        """`size` pictures for update `turn` of step number `step`: float32 (size, 3, side, side) in [-1, 1].

        Without repeats where there are enough; mirrored by chance where `flip` is set. A function of (seed, step, turn).
        """
        random = np.random.default_rng((self.seed, step, turn))
        chosen = random.choice(len(self.training), size, replace=size > len(self.training))
        pixels = self.training[chosen]
        if self.flip:
            mirrored = random.random(size) < 0.5
            pixels[mirrored] = pixels[mirrored, :, ::-1]
        return torch.from_numpy(pixels).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


def read_pictures(recipe: ImageGeneration) -> Generator[Event, TrainerCommand | None, Pictures]:
    """Read the pictures of `recipe`, the middle square of each reduced to its size, yielding Working now and then.

    Where no folder for validation is named, every `hold_out`-th is held out. Raises RecipeError where there are too few.
    """
    left_out: list[str] = []
    paths = yield from finding_photos(recipe.data.photos, left_out)
    named = find_photos(recipe.data.validation, left_out) if recipe.data.validation else []
    kept_aside = set(named)
    paths = [path for path in paths if path not in kept_aside]
    squares: list[Pixels] = []
    others: list[Pixels] = []
    said = 0.0
    for index, path in enumerate([*paths, *named]):
        if (now := time.monotonic()) - said >= REPORT_EVERY:
            said = now
            yield Working("reading pictures", index, len(paths) + len(named))
        try:
            square = to_square(read_photo(path), recipe.size)
        except (OSError, ValueError) as error:
            left_out.append(f"“{path.name}” cannot be read ({error})")
            continue
        held = index >= len(paths) if named else index % recipe.data.hold_out == recipe.data.hold_out - 1
        (others if held else squares).append(square)
    if len(squares) < FEWEST:
        where = ", ".join(f"“{folder}”" for folder in recipe.data.photos)
        why = f" ({left_out[0]})" if left_out else ""
        raise RecipeError(f"{len(squares)} pictures in {where} can be trained on{why}; a few hundred are the least.")
    held_out = np.stack(others) if others else np.stack(squares)
    return Pictures(np.stack(squares), held_out, left_out, recipe.seed, recipe.flip)


def to_square(pixels: Pixels, size: int) -> Pixels:
    """The middle square of `pixels` (H, W, 3), as large as it can be, in `size` × `size` pixels."""
    height, width = pixels.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    middle = Image.fromarray(pixels[top : top + side, left : left + side])
    return np.asarray(middle if side == size else middle.resize((size, size), Image.Resampling.LANCZOS))
