"""What a translation learns from and is judged by: pictures of two domains, cameras balanced, and crops drawn from them."""

from __future__ import annotations

import math
import re
import time
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from engines.errors import RecipeError
from trainers.data.photos import find_photos, finding_photos, read_photo
from trainers.recipes.recipe import ImageTranslation
from trainers.runs.events import Event, TrainerCommand, Working

Pixels = NDArray[np.uint8]
Mask = NDArray[np.uint8]
LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)
Range = tuple[float, float]
SkyRanges = tuple[Range, Range, Range]
"""Of skies, from and to: luminance in [-1, 1], and red and blue less luminance."""
ANY_SKY: SkyRanges = ((-1.0, 1.0), (-2.0, 2.0), (-2.0, 2.0))
FEWEST = 2
SKY = 127  # above it a mask says that there is sky
LEAST_SKY = 0.02  # of a picture, whose light then counts
REPORT_EVERY = 0.2  # seconds
KEPT = 1.5  # a picture is kept in memory reduced to so many times the recipe's view
ENLARGED = (
    1.25  # a small picture is enlarged at most so much for a crop, or more where it would be smaller than the crop
)


@dataclass(frozen=True)
class Domain:
    """The pictures of one domain, uint8 (H, W, 3) of any sizes.

    `chances` are those of drawing each of `training`, summed up from the first to the last, where they are 1. `skies`, where
    a recipe has them, are masks, uint8 (H, W), one for each of `training`, and `sky_ranges` and
    `ground_range` are the colours of those skies, and the luminance of the rest of those pictures.
    """

    training: list[Pixels]
    chances: NDArray[np.float64]
    held_out: list[Pixels]
    skies: list[Mask] = field(default_factory=list)
    sky_ranges: SkyRanges = ANY_SKY
    ground_range: Range = ANY_SKY[0]


@dataclass(frozen=True)
class Pictures:
    """Both domains, words on what was left out, and `told`, sentences on what a person should know of the rest."""

    domains: tuple[Domain, Domain]
    left_out: list[str]
    seed: int
    crop: int
    view: int
    jitter: float
    flip: bool
    told: tuple[str, ...] = ()

    def batch(self, step: int, turn: int, domain: int, size: int) -> tuple[Tensor, Tensor]:
        """`size` crops of `domain` for update `turn` of step number `step`: as they are, and with colours changed.

        Both float32 (size, 3, crop, crop) in [-1, 1]. Every draw is a function of (seed, step, turn, domain, index).
        """
        drawn = [
            self._draw(self.domains[domain], np.random.default_rng((self.seed, step, turn, domain, index)))
            for index in range(size)
        ]
        return to_tensor([real for real, _ in drawn]), to_tensor([source for _, source in drawn])

    def skies(self, step: int, turn: int, domain: int, size: int) -> Tensor:
        """Where there is sky in what `batch` gives for the same numbers: float32 (size, 1, crop, crop), 1 for sky."""
        of = self.domains[domain]
        cut = [
            self._cut(of, np.random.default_rng((self.seed, step, turn, domain, index)), of.skies)
            for index in range(size)
        ]
        return torch.from_numpy(np.stack(cut))[:, None].float().div_(255)

    def _draw(self, domain: Domain, random: np.random.Generator) -> tuple[Pixels, Pixels]:
        crop = self._cut(domain, random, domain.training)
        return crop, coloured(crop, self.jitter, random) if self.jitter else crop

    def _cut(self, domain: Domain, random: np.random.Generator, of: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
        """A crop of one of `of`, the training pictures or their masks, as the random numbers have it."""
        index = min(int(np.searchsorted(domain.chances, random.random())), len(domain.training) - 1)
        picture = domain.training[index]
        height, width = picture.shape[:2]
        shorter = min(height, width)
        largest = max(self.crop, min(self.view, ENLARGED * shorter))
        # Evenly in the logarithm: as many crops between 128 and 181 pixels as between 181 and 256.
        side = self.crop * (largest / self.crop) ** random.random()
        cut = self.crop * shorter / side
        left, top = random.random() * (width - cut), random.random() * (height - cut)
        crop = np.asarray(
            Image.fromarray(of[index]).resize(
                (self.crop, self.crop), Image.Resampling.BICUBIC, box=(left, top, left + cut, top + cut)
            )
        )
        return crop[:, ::-1] if self.flip and random.random() < 0.5 else crop


def coloured(crop: Pixels, most: float, random: np.random.Generator) -> Pixels:
    """`crop` with its brightness, contrast, saturation and colour balance changed at random by up to the share `most`."""
    brightness, contrast, saturation = 1 + most * random.uniform(-1, 1, 3)
    balance = 1 + most / 3 * random.uniform(-1, 1, 3)
    pixels = crop.astype(np.float32) * (brightness * balance).astype(np.float32)
    pixels = pixels.mean() + contrast * (pixels - pixels.mean())
    grey = pixels @ LUMINANCE
    pixels = grey[..., None] + saturation * (pixels - grey[..., None])
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)


def to_tensor(crops: Sequence[Pixels]) -> Tensor:
    """uint8 pictures (H, W, 3) of one size as float32 (N, 3, H, W) in [-1, 1]."""
    stack = torch.from_numpy(np.stack(crops))
    return stack.permute(0, 3, 1, 2).to(torch.float32, memory_format=torch.channels_last).div_(127.5).sub_(1)


def read_pictures(recipe: ImageTranslation) -> Generator[Event, TrainerCommand | None, Pictures]:
    """Read both domains' pictures, yielding Working now and then.

    Where no folders for validation are named, every `hold_out`-th picture of a domain is held out. Raises RecipeError
    where a domain has too few.
    """
    left_out: list[str] = []
    photos: list[list[Path]] = []
    for folder in recipe.data.photos:
        photos.append((yield from finding_photos([folder], left_out)))
    named = [find_photos([folder], left_out) for folder in recipe.data.validation] or [[], []]
    if both := (set(photos[0]) | set(named[0])) & (set(photos[1]) | set(named[1])):
        raise RecipeError(
            f"“{min(both).name}” is a picture of {recipe.domains[0]} and of {recipe.domains[1]} alike; name folders that do "
            "not lie in each other."
        )
    domains: list[Domain] = []
    for which in (0, 1):
        domains.append((yield from _read_domain(recipe, which, photos[which], named[which], left_out)))
    told = tuple(
        words
        for name, domain in zip(recipe.domains, domains, strict=True)
        for words in to_tell(name, domain, recipe.crop)
    )
    return Pictures(
        (domains[0], domains[1]), left_out, recipe.seed, recipe.crop, recipe.view, recipe.jitter, recipe.flip, told
    )


def to_tell(name: str, domain: Domain, crop: int) -> Iterator[str]:
    """Sentences on pictures of the domain `name` that serve less well than they seem to."""
    smaller = sum(min(picture.shape[:2]) < crop for picture in domain.training)
    if smaller:
        count = len(domain.training)
        yield (
            f"{smaller} of {count} pictures of {name} are smaller than a crop of {crop} pixels, and are enlarged for it; lower "
            "“crop”, or take larger pictures."
        )
    if any(picture is domain.training[0] for picture in domain.held_out):
        yield (
            f"There is no picture of {name} to hold out: samples show one that is trained on. Add pictures, lower “hold_out”, "
            "or name folders of others as “validation”."
        )


def _read_domain(
    recipe: ImageTranslation, which: int, paths: list[Path], named: list[Path], left_out: list[str]
) -> Generator[Event, TrainerCommand | None, Domain]:
    domain, kept_aside = recipe.domains[which], set(named)
    apart = [path for path in paths if path not in kept_aside]
    used = [path for path in apart if not (recipe.leave_out and re.search(recipe.leave_out, path.name))]
    if len(used) < len(apart):
        left_out.append(f"{len(apart) - len(used)} pictures of {domain} by their names, as the recipe asks")
    training: list[Pixels] = []
    kept: list[Path] = []
    cameras: list[str] = []
    held_out: list[Pixels] = []
    said, room = 0.0, recipe.data.megapixels * 500_000  # each domain has half of it
    for index, path in enumerate([*named, *used]):
        if (now := time.monotonic()) - said >= REPORT_EVERY:
            said = now
            yield Working(f"reading pictures of {domain}", index, len(used) + len(named))
        try:
            picture = reduced(read_photo(path), round(KEPT * recipe.view))
        except (OSError, ValueError) as error:
            left_out.append(f"“{path.name}” cannot be read ({error})")
            continue
        room -= picture.shape[0] * picture.shape[1]
        if room < 0 and len(training) >= FEWEST:
            left_out.append(
                f"{len(named) + len(used) - index} pictures of {domain}, for which there is no room in “megapixels”"
            )
            break
        place = index - len(named)
        if place < 0 or (not named and place % recipe.data.hold_out == recipe.data.hold_out - 1):
            held_out.append(picture)
        elif deviation(picture) < recipe.contrast:
            left_out.append(f"“{path.name}” is nearly of one brightness and teaches nothing")
        else:
            training.append(picture)
            kept.append(path)
            cameras.append(camera_of(path.name, recipe.camera))
    if recipe.data.validation and not held_out:
        raise RecipeError(
            f"“{recipe.data.validation[which]}” holds no picture to validate {domain} on; name another folder, or take "
            "“validation” out."
        )
    if len(training) < FEWEST:
        why = f" ({left_out[0]})" if left_out else ""
        if paths and not apart:
            why = ", for all of them are in “validation” too"
        raise RecipeError(
            f"{len(training)} pictures of {domain} in “{recipe.data.photos[which]}” can be trained on{why}; "
            "a hundred are the least that teach much."
        )
    chances = chances_of(cameras, recipe.per_camera)
    if not recipe.skies:
        return Domain(training, chances, held_out or training[:1])
    skies = [read_sky(recipe.skies[which], path, picture) for path, picture in zip(kept, training, strict=True)]
    ranges = sky_ranges(training, skies), ground_range(training, skies)
    return Domain(training, chances, held_out or training[:1], skies, *ranges)


def read_sky(folder: Path, photo: Path, picture: Pixels) -> Mask:
    """The mask in `folder` for `photo`, PNG of its name, uint8 (H, W) of the size of `picture`. Raises RecipeError."""
    path = folder / f"{photo.stem}.png"
    try:
        with Image.open(path) as mask:
            return np.asarray(mask.convert("L").resize(picture.shape[1::-1], Image.Resampling.BILINEAR))
    except (OSError, ValueError) as error:
        raise RecipeError(
            f"The mask “{path}”, which tells where there is sky in “{photo.name}”, cannot be read; label the pictures again, "
            "or take “skies” and its weight out."
        ) from error


def sky_ranges(pictures: Sequence[Pixels], skies: Sequence[Mask]) -> SkyRanges:
    """Within what luminance and chroma the skies of `pictures` lie that count; `ANY_SKY` where there are none.

    That is the middle half; of luminance, where most skies are dark, the darker half, see `light_range`.
    """
    means = [
        picture[sky > SKY].mean(0) / 127.5
        for picture, sky in zip(pictures, skies, strict=True)
        if (sky > SKY).mean() > LEAST_SKY
    ]
    if not means:
        return ANY_SKY
    colours = np.array(means)
    light = colours @ LUMINANCE
    red, blue = (
        (float(low), float(high))
        for low, high in (np.quantile(colours[:, channel] - light, (0.25, 0.75)) for channel in (0, 2))
    )
    return light_range(light - 1), red, blue


def ground_range(pictures: Sequence[Pixels], skies: Sequence[Mask]) -> Range:
    """Within what luminance, in [-1, 1], the mean of what is no sky lies in those of `pictures` that count."""
    means = [
        float((picture[sky <= SKY] @ LUMINANCE).mean()) / 127.5 - 1
        for picture, sky in zip(pictures, skies, strict=True)
        if (sky <= SKY).mean() > LEAST_SKY
    ]
    return light_range(np.array(means)) if means else ANY_SKY[0]


def light_range(light: NDArray[np.floating[Any]]) -> Range:
    """The middle half of the luminances `light` in [-1, 1], or, where most are dark, the darker half but for a tenth.

    What lamps and clouds made grey at night is no example to follow.
    """
    low, high = np.quantile(light, (0.1, 0.5) if np.median(light) < 0 else (0.25, 0.75))
    return float(low), float(high)


def camera_of(name: str, pattern: str) -> str:
    """Which fixed camera took the picture called `name`: the first group that `pattern` finds; "" for none."""
    found = re.search(pattern, name) if pattern else None
    return "" if found is None else found[1] if found.re.groups else found[0]


def chances_of(cameras: Sequence[str], per_camera: float) -> NDArray[np.float64]:
    """The chance of each picture, summed up to 1: all of one camera together weigh at most `per_camera` single pictures."""
    counts = Counter(cameras)
    weights = np.array([1.0 if not camera else min(1.0, per_camera / counts[camera]) for camera in cameras])
    return np.cumsum(weights / weights.sum())


def reduced(picture: Pixels, shorter: int) -> Pixels:
    """`picture` with a shorter side of at most `shorter` pixels."""
    part = shorter / min(picture.shape[:2])
    if part >= 1:
        return picture
    size = (math.ceil(picture.shape[1] * part), math.ceil(picture.shape[0] * part))
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0))


def deviation(picture: Pixels) -> float:
    """The standard deviation of the luminance of `picture`, in levels of 255."""
    return float(np.asarray(Image.fromarray(picture).convert("L"), np.float32).std())
