"""Drawing: from what a person asks a generator for (seeds, labels, truncation, controls) to one picture after another."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engines.errors import ModelError
from engines.generation.controls import Categorical, Control, Direction, codes_of, controls_of
from engines.generation.generate import BATCH, generate, label_index
from engines.generation.latent import MAX_SEED, Latent, LatentError, along, latents, truncate
from engines.models.card import ModelCard
from engines.models.model import Model
from engines.pictures.picture import Picture
from engines.progress import Progress
from engines.superres.upscale import upscale, upscaled_size

Frame = NDArray[np.uint8]  # (height, width, 3), RGB


@dataclass(frozen=True)
class Drawing:
    """What to draw: a picture for each of `seeds`, or a path through them.

    `labels` are names of the generator's: none, one for all, or one for each seed. `truncation` is 0 to 1, as
    `engines.generation.latent.truncate`. `controls` maps names of `card.controls` to values; those that are not named are at 0.
    """

    seeds: Sequence[int]
    labels: tuple[str, ...] = ()
    truncation: float = 1.0
    controls: Mapping[str, float] = field(default_factory=dict[str, float])


class Points(Protocol):
    """Latents and labels of pictures 0 to `count` - 1, made only where they are asked for."""

    @property
    def count(self) -> int: ...
    def at(self, numbers: NDArray[np.int64]) -> tuple[Latent, NDArray[np.int64] | None]:
        """`z`, (len(numbers), latent_size), and the index of the label of each, None where none is named."""
        ...


class Samples:
    """The points of seeds: one each."""

    def __init__(self, card: ModelCard, drawing: Drawing) -> None:
        self._size = latent_size(card)
        self._seeds = drawing.seeds
        self._labels = label_indices(card, drawing)

    @property
    def count(self) -> int:
        return len(self._seeds)

    def at(self, numbers: NDArray[np.int64]) -> tuple[Latent, NDArray[np.int64] | None]:
        z = latents([self._seeds[int(number)] for number in numbers], self._size)
        return z, None if self._labels is None else self._labels[numbers]


def checked(card: ModelCard, drawing: Drawing) -> Drawing:
    """`drawing` with labels and controls called as the card calls them.

    Raises ModelError for a model of another task, labels and controls that it does not have, and a number of labels that is
    neither 1 nor that of the seeds; LatentError for seeds, a truncation and values out of range; CardError.
    """
    latent_size(card)
    for seed in (min(drawing.seeds, default=0), max(drawing.seeds, default=0)):
        if not 0 <= seed <= MAX_SEED:
            raise LatentError(f"The seed {seed} is not between 0 and {MAX_SEED}; choose another.")
    truncate(np.zeros(1), drawing.truncation)
    labels = tuple(card.labels[label_index(card, name)] for name in drawing.labels)
    if len(labels) > 1 and len(labels) != len(drawing.seeds):
        raise ModelError(
            f"{len(labels)} labels do not go with {_count(len(drawing.seeds), 'seed')}; name one for all, or one for each."
        )
    known = controls_of(card)
    values: dict[str, float] = {}
    for name, value in drawing.controls.items():
        control = _named(card, known, name)
        if control.name in values:
            raise LatentError(f"The control “{control.name[:40]}” is set twice; set it once.")
        values[control.name] = _in_range(control, value)
    return replace(drawing, labels=labels, controls=values)


def label_indices(card: ModelCard, drawing: Drawing) -> NDArray[np.int64] | None:
    """The index in `card.labels` of the label of each seed; None where none is named. Raises ModelError."""
    if not drawing.labels:
        return None
    indices = np.array([label_index(card, name) for name in drawing.labels], np.int64)
    return np.broadcast_to(indices, (len(drawing.seeds),)) if len(indices) == 1 else indices


def latent_size(card: ModelCard) -> int:
    """How many numbers the generator's `z` has. Raises ModelError where it is no generator."""
    if card.task != "image-generation" or card.latent_size is None:
        raise ModelError(f"“{card.name}” is a model for {card.task}, not image-generation; choose another.")
    return card.latent_size


def draw(
    model: Model,
    points: Points,
    drawing: Drawing,
    numbers: Sequence[int] | None = None,
    *,
    upscaler: Model | None = None,
    progress: Progress | None = None,
) -> Iterator[Frame]:
    """The pictures of `points` that have these `numbers`, by default all, in order, uint8 RGB (height, width, 3).

    Truncation comes before directions, so that these are as wide whatever the truncation. `upscaler` enlarges each picture.
    Pictures are made as they are asked for, a few at a time: memory does not grow with their number. `progress` is only
    asked whether to stop, and told notices; who takes the pictures knows better how far they are.

    Raises as `engines.generation.generate.generate` and `engines.superres.upscale.upscale` do.
    """
    progress = progress or Progress()
    quiet = Progress(None, progress.notice, within=progress)
    shift, codes = _settings(model.card, drawing.controls)
    wanted = range(points.count) if numbers is None else numbers
    for start in range(0, len(wanted), BATCH):
        z, label = points.at(np.array(wanted[start : start + BATCH], np.int64))
        z = along(truncate(z, drawing.truncation), shift, 1.0)
        for pixels in generate(model, z, label=label, codes=codes, progress=quiet):
            progress.check()
            yield pixels if upscaler is None else upscale(Picture(pixels), upscaler, progress=quiet).pixels


def drawn_size(model: Model, points: Points, drawing: Drawing, upscaler: Model | None = None) -> tuple[int, int]:
    """The width and height in pixels of what `draw` gives. Raises as `draw` where the card does not say and it is tried."""
    side = model.card.output_size or next(draw(model, points, drawing, [0])).shape[0]
    return (side, side) if upscaler is None else upscaled_size(side, side, upscaler.card)


def _settings(card: ModelCard, values: Mapping[str, float]) -> tuple[NDArray[Any], NDArray[np.float32] | None]:
    """What the directions among `values` add to `z`, (latent_size,), and the codes, (K,), None where there are none."""
    shift = np.zeros(latent_size(card))
    codes = np.zeros(len(codes_of(card)), np.float32)
    for control in controls_of(card):
        value = values.get(control.name, 0.0)
        if isinstance(control, Direction):
            shift += value * control.vector.astype(np.float64)
        else:
            codes[control.column] = value
    return shift, codes if len(codes) else None


def _named(card: ModelCard, known: Sequence[Control], name: str) -> Control:
    folded = name.strip().casefold()
    for control in (
        *(control for control in known if control.name == name),
        *(control for control in known if control.name.strip().casefold() == folded),
    ):
        return control
    there = ", ".join(f"“{control.name[:40]}”" for control in known)
    said = f"choose one of {there}" if there else "it has none, so leave it out"
    raise ModelError(f"“{card.name}” has no control “{name[:40]}”; {said}.")


def _in_range(control: Control, value: float) -> float:
    low, high = (0, control.values - 1) if isinstance(control, Categorical) else (control.low, control.high)
    if not low <= value <= high:  # which is also false of “nan”
        raise LatentError(
            f"“{control.name[:40]}” is {value:g}, not between {low:g} and {high:g}; choose a value in that range."
        )
    if isinstance(control, Categorical) and value != math.floor(value):
        raise LatentError(f"“{control.name[:40]}” is {value:g}, not a whole number; choose 0 to {high:g}.")
    return float(value)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
