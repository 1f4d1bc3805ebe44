"""Photographs held in memory, and the batches of crops cut from them."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch import Tensor

from engines.errors import RecipeError
from trainers.degrade import bicubic, crop_to_multiple

Pixels = NDArray[np.uint8]
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".avif")


def find_photos(folders: Sequence[Path]) -> list[Path]:
    """Every picture file below `folders`, each once, in an order that does not depend on the file system.

    Raises RecipeError where a folder is missing or cannot be read.
    """
    found: dict[Path, None] = {}
    for folder in folders:
        if not folder.is_dir():
            raise RecipeError(f"The folder of pictures “{folder}” does not exist; correct the recipe's “data”.")
        for place, inner, names in os.walk(folder):
            inner.sort()
            for name in sorted(names):
                if name.lower().endswith(SUFFIXES) and not name.startswith("."):
                    found[Path(place, name).resolve()] = None
    return list(found)


def read_photo(path: Path) -> Pixels:
    """The picture at `path` upright, as 8-bit RGB (H, W, 3). Raises OSError or ValueError where it cannot be read."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(path) as image:
                upright = ImageOps.exif_transpose(image)
                return np.asarray(upright.convert("RGB"))
        except (Image.DecompressionBombWarning, Image.DecompressionBombError, SyntaxError) as error:
            raise ValueError(str(error)) from error


def read_photos(paths: Sequence[Path], smallest: int) -> tuple[list[Pixels], list[str]]:
    """Those of `paths` that can be read and measure at least `smallest` pixels each way, and a word on each other."""
    photos: list[Pixels] = []
    left_out: list[str] = []
    for path in paths:
        try:
            photo = read_photo(path)
        except (OSError, ValueError) as error:
            left_out.append(f"“{path.name}” cannot be read ({error})")
            continue
        if min(photo.shape[:2]) < smallest:
            left_out.append(f"“{path.name}” is smaller than the crop of {smallest} pixels")
            continue
        photos.append(photo)
    return photos, left_out


class PairedCrops:
    """Pairs of crops, small and large, from photographs and their reduced copies.

    A whole photograph is reduced once, so a crop's border holds what a real picture's inside holds. Photographs are
    drawn in proportion to their area. Of `candidates` crops drawn the one with most detail is taken: flat sky teaches
    little. Every draw is a function of (seed, step, index).
    """

    def __init__(
        self,
        photos: Sequence[Pixels],
        scale: int,
        *,
        seed: int,
        candidates: int = 1,
        degrade: Callable[[Pixels, int], Pixels] = bicubic,
    ) -> None:
        self.scale = scale
        self.seed = seed
        self.candidates = candidates
        self.large = [crop_to_multiple(photo, scale) for photo in photos]
        self.small = [degrade(photo, scale) for photo in self.large]
        areas = np.array([small.shape[0] * small.shape[1] for small in self.small], dtype=np.float64)
        self._chances = np.cumsum(areas / areas.sum())

    def batch(self, step: int, size: int, patch: int) -> tuple[Tensor, Tensor]:
        """The `size` pairs of step number `step`: float32 (size, 3, patch, patch) and `scale` times that, in [0, 1]."""
        pairs = [self._pair(np.random.default_rng((self.seed, step, index)), patch) for index in range(size)]
        return _to_tensor([small for small, _ in pairs]), _to_tensor([large for _, large in pairs])

    def _pair(self, random: np.random.Generator, patch: int) -> tuple[Pixels, Pixels]:
        best, most = (0, 0, 0), -1.0
        for _ in range(self.candidates):
            photo = min(int(np.searchsorted(self._chances, random.random())), len(self.small) - 1)
            height, width = self.small[photo].shape[:2]
            y, x = int(random.integers(height - patch + 1)), int(random.integers(width - patch + 1))
            detail = _detail(self.small[photo][y : y + patch, x : x + patch]) if self.candidates > 1 else 0.0
            if detail > most:
                best, most = (photo, y, x), detail
        photo, y, x = best
        s = self.scale
        small = self.small[photo][y : y + patch, x : x + patch]
        large = self.large[photo][y * s : (y + patch) * s, x * s : (x + patch) * s]
        turn = int(random.integers(8))
        return _turned(small, turn), _turned(large, turn)


def _detail(crop: Pixels) -> float:
    green = crop[..., 1].astype(np.int16)
    return float(np.abs(np.diff(green, axis=0)).mean() + np.abs(np.diff(green, axis=1)).mean())


def _turned(crop: Pixels, turn: int) -> Pixels:
    """One of the eight ways to lay down a square: `turn % 4` quarter turns, mirrored from 4 on."""
    turned = np.rot90(crop, turn % 4)
    return turned[:, ::-1] if turn >= 4 else turned


def _to_tensor(crops: Sequence[Pixels]) -> Tensor:
    stack = torch.from_numpy(np.stack(crops))
    return stack.permute(0, 3, 1, 2).to(torch.float32, memory_format=torch.channels_last).div_(255)
