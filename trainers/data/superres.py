"""What a super-resolution run learns from and is judged by: photographs found, sorted, read, and held out."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.errors import RecipeError
from trainers import seeds
from trainers.data.degrade import crop_to_multiple, find_degradation
from trainers.data.photos import PairedCrops, Shelves, arrange, find_photos, finding_photos, read_photos
from trainers.recipes.recipe import SuperResolution
from trainers.runs.events import Event, Notice, TrainerCommand, Working

VALIDATION_SIDE = 512  # held-out photographs are validated on a square of at most this many pixels
NAMED_SIDE = 1024  # the same for those in a folder for validation
VALIDATION_COUNT = 16

Pixels = NDArray[np.uint8]
Events = Generator[Event, TrainerCommand | None, Any]
Obey = Callable[[TrainerCommand | None], Events]


def deaf(command: TrainerCommand | None) -> Events:
    """Before a run has started there is nothing to command."""
    yield from ()


ALSO_TRAINED_ON = (
    "There is no picture to hold out: what is measured, is measured on one that is trained on, and looks better than it is. "
    "Add pictures, or name a folder of others as “validation”."
)


@dataclass(frozen=True)
class Pictures:
    """What a run learns from, what it is judged by, and words on what was left out."""

    shelves: Shelves
    validation: list[Pixels]
    left_out: list[str]


def find_pictures(recipe: SuperResolution) -> Events:
    """Find the training photographs and read those for validation. Returns Pictures; raises RecipeError where none serves."""
    patch = max(stage.patch for stage in recipe.stages) * recipe.scale
    left_out: list[str] = []
    paths = yield from finding_photos(recipe.data.photos, left_out)
    if recipe.data.validation:
        held_out = find_photos(recipe.data.validation, left_out)
        forbidden = set(held_out)
        paths = [path for path in paths if path not in forbidden]
    else:
        held_out = held_out_of(paths, recipe.data.hold_out)
        kept_aside = set(held_out)
        paths = [path for path in paths if path not in kept_aside] or paths
        if kept_aside & set(paths):
            yield Notice(ALSO_TRAINED_ON)
    shelves = yield from arrange(paths, patch, recipe.data.megapixels, recipe.seed)
    validation: list[Pixels] = []
    for index, path in enumerate(held_out[:VALIDATION_COUNT]):
        yield Working("reading photographs to validate on", index, len(held_out[:VALIDATION_COUNT]))
        readable, unreadable = read_photos([path], 4 * recipe.scale)
        validation += [_centre(photo, recipe).copy() for photo in readable]
        left_out += unreadable
    left_out += shelves.left_out
    shelves.left_out = left_out
    if not shelves.shelves:
        raise RecipeError(no_picture(recipe, left_out))
    if len(shelves.shelves) > 1:
        yield Notice(
            f"The {sum(len(shelf) for shelf in shelves.shelves)} pictures are more than {recipe.data.megapixels} megapixels: "
            f"they are taken in {len(shelves.shelves)} turns."
        )
    return Pictures(shelves, validation, left_out)


def read_crops(recipe: SuperResolution, pictures: Pictures, shelf: int, obey: Obey = deaf) -> Events:
    """Read one shelf of photographs. Returns the crops cut from them; raises RecipeError where none can be read."""
    seeds.seed_parts(recipe.seed, shelf)  # for a degradation that draws
    degrade = find_degradation(recipe.degradation)
    large: list[Pixels] = []
    small: list[Pixels] = []
    paths = pictures.shelves.shelves[shelf]
    for index, path in enumerate(paths):
        yield from obey((yield Working("reading photographs", index, len(paths))))
        photos, unreadable = read_photos([path], pictures.shelves.smallest)
        pictures.left_out.extend(unreadable)
        for photo in photos:
            large.append(crop_to_multiple(photo, recipe.scale))
            small.append(check_reduced(recipe, large[-1], degrade(large[-1], recipe.scale)))
    if not large:
        raise RecipeError(no_picture(recipe, pictures.left_out))
    if not pictures.validation:
        pictures.validation.append(_centre(large[-1], recipe))
        yield from obey((yield Notice(ALSO_TRAINED_ON)))
    return PairedCrops(large, recipe.scale, seed=recipe.seed, candidates=recipe.candidates, small=small)


def check_reduced(recipe: SuperResolution, photo: Pixels, small: object) -> Pixels:
    """`small`, what the recipe's degradation made of `photo`. Raises RecipeError where it is no small copy of it."""
    height, width = (side // recipe.scale for side in photo.shape[:2])
    if not isinstance(small, np.ndarray) or small.shape != (height, width, 3) or small.dtype != np.uint8:
        given = f"{small.shape} of {small.dtype}" if isinstance(small, np.ndarray) else type(small).__name__
        raise RecipeError(
            f"The degradation “{recipe.degradation}” gives {given} for a photo of {photo.shape}; it should give "
            f"{(height, width, 3)} of uint8."
        )
    return small


def no_picture(recipe: SuperResolution, left_out: list[str]) -> str:
    """The sentence that says that nothing can be trained on."""
    where = ", ".join(f"“{folder}”" for folder in recipe.data.photos)
    why = f" ({left_out[0]})" if left_out else ""
    return f"No picture in {where} can be trained on{why}; add photographs or lower “patch”."


def held_out_of(paths: list[Path], every: int) -> list[Path]:
    """Each `every`-th of `paths`, or where they are fewer the last one."""
    return paths[every - 1 :: every] or paths[-1:]


def read_validation(recipe: SuperResolution) -> dict[str, list[Pixels]]:
    """The validation pictures by the name of their folder, or those held out as "held out"; the middle of large ones.

    Folders that are no longer there are left out.
    """
    if recipe.data.validation:
        folders = [folder for folder in recipe.data.validation if folder.is_dir()]
        sets = {folder.name: find_photos([folder]) for folder in folders}
    else:
        try:
            sets = {"held out": held_out_of(find_photos(recipe.data.photos), recipe.data.hold_out)}
        except RecipeError:
            sets = {}
    pictures: dict[str, list[Pixels]] = {}
    for name, paths in sets.items():
        photos, _ = read_photos(paths[:VALIDATION_COUNT], 4 * recipe.scale)
        if photos:
            pictures[name] = [_centre(photo, recipe) for photo in photos]
    return pictures


def _centre(photo: Pixels, recipe: SuperResolution) -> Pixels:
    """The middle of a photo for validation, no larger than can be computed between two commands."""
    largest = NAMED_SIDE if recipe.data.validation else VALIDATION_SIDE
    top, left = ((side - min(side, largest)) // 2 for side in photo.shape[:2])
    return photo[top : top + largest, left : left + largest]
