"""The pictures that a generator learns from: squares of one size with their labels, in memory, and batches of them."""

from __future__ import annotations

import re
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from engines.errors import RecipeError
from trainers.data.photos import find_photos, finding_photos, read_photo
from trainers.recipes.recipe import ImageGeneration
from trainers.runs.events import Event, TrainerCommand, Working
from trainers.survey.dominant_colours import colour_labels, dominant_colour
from trainers.survey.labels import hold_out, labels_by_folder

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]
FEWEST = 2
RAREST = 8  # pictures that a label is learned from at least
REPORT_EVERY = 0.2  # seconds


def _none() -> Labels:
    return np.zeros(0, np.int64)


@dataclass(frozen=True)
class Pictures:
    """`training` and `held_out`, uint8 (N, size, size, 3), and words on what was left out.

    `names` are those of the labels, empty where there are none; `labels` and `held_out_labels`, int64 (N), are places in
    it: all 0 where there are none. `held_out_groups`, int64 (N), are equal for held-out pictures of one group.
    """

    training: Pixels
    held_out: Pixels
    left_out: list[str]
    seed: int
    flip: bool
    labels: Labels = field(default_factory=_none)
    held_out_labels: Labels = field(default_factory=_none)
    names: tuple[str, ...] = ()
    held_out_groups: Labels = field(default_factory=_none)

    def __post_init__(self) -> None:
        for name, pictures in (("labels", self.training), ("held_out_labels", self.held_out)):
            if not len(getattr(self, name)):
                object.__setattr__(self, name, np.zeros(len(pictures), np.int64))
        if not len(self.held_out_groups):
            object.__setattr__(self, "held_out_groups", np.arange(len(self.held_out)))

    @property
    def size(self) -> int:
        """The side of each picture in pixels."""
        return self.training.shape[1]

    def batch(self, step: int, turn: int, size: int) -> tuple[Tensor, Tensor]:
        """`size` pictures for update `turn` of step number `step`, and their labels.

        float32 (size, 3, side, side) in [-1, 1], and int64 (size). Without repeats where there are enough; mirrored by
        chance where `flip` is set. A function of (seed, step, turn).
        """
        random = np.random.default_rng((self.seed, step, turn))
        chosen = random.choice(len(self.training), size, replace=size > len(self.training))
        pixels = self.training[chosen]
        if self.flip:
            mirrored = random.random(size) < 0.5
            pixels[mirrored] = pixels[mirrored, :, ::-1]
        pictures = torch.from_numpy(pixels).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)
        return pictures, torch.from_numpy(self.labels[chosen])


def read_pictures(recipe: ImageGeneration) -> Generator[Event, TrainerCommand | None, Pictures]:
    """Read the pictures of `recipe`, the middle square of each reduced to its size, yielding Working now and then.

    They have labels where the recipe has a condition. Where no folder for validation is named, every `hold_out`-th is held
    out, or every `hold_out`-th group of a label. Raises RecipeError where there are too few, of one label or in all, or no
    labels to be told apart.
    """
    left_out: list[str] = []
    paths = yield from finding_photos(recipe.data.photos, left_out)
    named = find_photos(recipe.data.validation, left_out) if recipe.data.validation else []
    kept_aside = set(named)
    paths = [path for path in paths if path not in kept_aside]
    squares: list[Pixels] = []
    read: list[Path] = []
    said = 0.0
    for index, path in enumerate([*paths, *named]):
        if (now := time.monotonic()) - said >= REPORT_EVERY:
            said = now
            yield Working("reading pictures", index, len(paths) + len(named))
        try:
            photo = read_photo(path)
        except (OSError, ValueError) as error:
            left_out.append(f"“{path.name}” cannot be read ({error})")
            continue
        if 2 * min(photo.shape[:2]) < recipe.size:
            left_out.append(f"“{path.name}” is only {photo.shape[1]}×{photo.shape[0]} pixels")
            continue
        squares.append(to_square(photo, recipe.size))
        read.append(path)
    by_folder = _folders_of(recipe, read, len(read) - sum(path in kept_aside for path in read))
    groups = [_group(recipe.group, path) for path in read] if recipe.group else None
    if named:
        held = [path in kept_aside for path in read]
    else:  # near-copies may differ in colour: those labels do not divide a group
        held = hold_out([path.name for path in read], by_folder or [""] * len(read), recipe.data.hold_out, groups)
    labels, names = _labels(recipe, by_folder, squares, held)
    training, aside = np.flatnonzero(~np.array(held, bool)), np.flatnonzero(held)
    if len(training) < FEWEST:
        where = ", ".join(f"“{folder}”" for folder in recipe.data.photos)
        why = f" ({left_out[0]})" if left_out else ""
        raise RecipeError(f"{len(training)} pictures in {where} can be trained on{why}; a few hundred are the least.")
    for label, name in enumerate(names):
        if (count := int((labels[training] == label).sum())) < RAREST:
            raise RecipeError(
                f"{count} pictures can be trained on as “{name}”, too few to learn what that is; add some, or take its "
                "folder out."
            )
    if not len(aside):
        aside = training
    every = np.stack(squares)
    squares.clear()  # or all pictures would be held three times
    return Pictures(
        every[training],
        every[aside],
        left_out,
        recipe.seed,
        recipe.flip,
        labels[training],
        labels[aside],
        names,
        _none() if groups is None else np.unique(np.array(groups)[aside], return_inverse=True)[1].astype(np.int64),
    )


def _folders_of(recipe: ImageGeneration, paths: Sequence[Path], trained: int) -> list[str] | None:
    """The label that its folder gives each of `paths`, of which the first `trained` are not held out by a folder.

    None where labels are not wanted, are to be colours, or folders do not tell the training pictures apart. Raises
    RecipeError where only folders are to be labels, and do not.
    """
    if recipe.condition == "none" or recipe.labels == "colours":
        return None
    if labels_by_folder(paths[:trained], recipe.data.photos) is not None:
        return labels_by_folder(paths, [*recipe.data.photos, *recipe.data.validation])
    if recipe.labels == "folders":
        raise RecipeError(
            "There are no sub-folders to take labels from; make one for each, or set “labels” to “colours”."
        )
    return None


def _labels(
    recipe: ImageGeneration, by_folder: Sequence[str] | None, squares: Sequence[Pixels], held: Sequence[bool]
) -> tuple[Labels, tuple[str, ...]]:
    """The label of each picture as its place among the labels' names, and these. Raises RecipeError where there is only one."""
    if recipe.condition == "none" or not squares:
        return np.zeros(len(squares), np.int64), ()
    if by_folder is not None:
        names = tuple(sorted(set(by_folder)))
        return np.array([names.index(label) for label in by_folder], np.int64), names
    colours = [dominant_colour(square) for square in squares]
    trained, least = ~np.array(held, bool), max(RAREST, len(squares) // 50)
    while True:  # some of a rare colour are held out, which may leave too few
        labels, names = colour_labels(colours, least)
        if len(names) < 2:
            raise RecipeError(
                "There are no two dominant colours with enough pictures each to be labels; sort the pictures into "
                "sub-folders, or set “condition” to “none”."
            )
        if np.bincount(labels[trained], minlength=len(names)).min() >= RAREST:
            return labels, names
        least = int(np.bincount(labels).min()) + 1  # the rarest joins another


def _group(pattern: str, path: Path) -> str:
    """The group of the picture at `path`: what `pattern` finds in its name, or the picture by itself."""
    found = re.search(pattern, path.name)
    if found is None:
        return path.name
    return (found.group(1) if found.re.groups else found.group()) or path.name


def to_square(pixels: Pixels, size: int) -> Pixels:
    """The middle square of `pixels` (H, W, 3), as large as it can be, in `size` × `size` pixels."""
    height, width = pixels.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    middle = Image.fromarray(pixels[top : top + side, left : left + side])
    return np.asarray(middle if side == size else middle.resize((size, size), Image.Resampling.LANCZOS))
