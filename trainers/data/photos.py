"""Photographs held in memory, and the batches of crops cut from them."""

from __future__ import annotations

import os
import warnings
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch import Tensor

from engines.errors import RecipeError
from trainers.data.degrade import bicubic, crop_to_multiple
from trainers.runs.events import Event, Working
from trainers.seeds import seed_of
from trainers.survey.listing import SUFFIXES

Pixels = NDArray[np.uint8]


def find_photos(folders: Sequence[Path], unreadable: list[str] | None = None) -> list[Path]:
    """Every picture file below `folders`, each once, in an order that does not depend on the file system.

    A sub-folder that cannot be read is named in `unreadable`; links to folders are not followed. Raises RecipeError where
    one of `folders` is missing or cannot be read.
    """
    finding = finding_photos(folders, unreadable)
    while True:
        try:
            next(finding)
        except StopIteration as end:
            return end.value


def finding_photos(folders: Sequence[Path], unreadable: list[str] | None = None) -> Generator[Event, Any, list[Path]]:
    """`find_photos`, yielding Working now and then."""
    found: dict[Path, None] = {}
    for folder in folders:
        if not folder.is_dir():
            raise RecipeError(f"The folder of pictures “{folder}” does not exist; correct the recipe's “data”.")
        if not os.access(folder, os.R_OK | os.X_OK):
            raise RecipeError(f"The folder of pictures “{folder}” cannot be read; check its rights.")

        def note(error: OSError) -> None:
            if unreadable is not None:
                unreadable.append(f"the folder “{error.filename}” cannot be read ({error.strerror})")

        for place, inner, names in os.walk(folder, onerror=note):
            inner.sort()
            here = Path(place).resolve()
            yield Working("looking for pictures", len(found), 0)
            for name in sorted(names):
                if name.lower().endswith(SUFFIXES) and not name.startswith("."):
                    found[here / name] = None
    return list(found)


def read_photo(path: Path) -> Pixels:
    """The picture at `path` upright, as 8-bit RGB (H, W, 3), on white where it is transparent.

    Raises OSError or ValueError where it cannot be read.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(path) as image:
                upright = ImageOps.exif_transpose(image)
                if upright.mode == "F":
                    raise ValueError("its values are floating-point numbers; save it with 8 or 16 bits")
                if upright.mode.startswith("I"):  # 16 bits, which Pillow would cut off at 255
                    upright = Image.fromarray((np.asarray(upright).clip(0, 65535) >> 8).astype(np.uint8))
                if upright.has_transparency_data:
                    upright = Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright.convert("RGBA"))
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
        else:
            photos.append(photo)
    return photos, left_out


TURN = 2000  # steps for which one shelf of photographs is in memory


@dataclass
class Shelves:
    """Photographs that may be more than memory holds, in shelves of which one is in memory at a time.

    Which photograph lies on which shelf, and whose turn it is at a step, is a function of the seed and the step. `left_out`
    has a word on each that cannot be used, which for those on later shelves is only known once they are read.
    """

    shelves: list[list[Path]]
    smallest: int
    left_out: list[str]

    def at(self, step: int) -> int:
        """The number of the shelf whose turn it is at `step`."""
        return step // TURN % max(1, len(self.shelves))


def arrange(paths: Sequence[Path], smallest: int, megapixels: int, seed: int) -> Generator[Event, Any, Shelves]:
    """Sort `paths` into shelves of at most `megapixels` by what their headers say, yielding Working now and then."""
    sizes: list[tuple[Path, int]] = []
    left_out: list[str] = []
    for index, path in enumerate(paths):
        if index % 100 == 0:
            yield Working("looking at photographs", index, len(paths))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                with Image.open(path) as image:
                    width, height = image.size
        except Exception as error:  # whatever a damaged file makes Pillow raise, it is one file
            left_out.append(f"“{path.name}” cannot be read ({error})")
            continue
        if min(width, height) < smallest:
            left_out.append(f"“{path.name}” is smaller than the crop of {smallest} pixels")
        else:
            sizes.append((path, width * height))
    if sum(size for _, size in sizes) > megapixels * 1_000_000:
        order = np.random.default_rng(seed_of("shelves", seed)).permutation(len(sizes))
        sizes = [sizes[index] for index in order]
    shelves: list[list[Path]] = []
    room = 0
    for path, size in sizes:
        if size > room or not shelves:
            shelves.append([])
            room = megapixels * 1_000_000
        shelves[-1].append(path)
        room -= size
    return Shelves(shelves, smallest, left_out)


class PairedCrops:
    """Pairs of crops, small and large, from photographs and their reduced copies.

    A whole photograph is reduced once, so a crop's border holds what a real picture's inside holds. Photographs are
    drawn in proportion to their area. Of `candidates` crops drawn the one with most detail is taken: flat sky teaches
    little. `small` are the reduced copies, by default bicubic ones. Every draw is a function of (seed, step, index).
    """

    def __init__(
        self,
        photos: Sequence[Pixels],
        scale: int,
        *,
        seed: int,
        candidates: int = 1,
        small: Sequence[Pixels] | None = None,
    ) -> None:
        self.scale = scale
        self.seed = seed
        self.candidates = candidates
        self.large = [crop_to_multiple(photo, scale) for photo in photos]
        self.small = [bicubic(photo, scale) for photo in self.large] if small is None else list(small)
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


def list_left_out(words: list[str]) -> str:
    shown = "; ".join(words[:3])
    more = f"; and {len(words) - 3} more" if len(words) > 3 else ""
    return f"Left out: {shown}{more}."
