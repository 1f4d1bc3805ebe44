"""Directions of a generator's latent in which something visible changes: looked at, named and given a range.

Candidates come from `trainers.latent.axes`. None is kept for where it came from, but for what it does to pictures: it must
be seen, do the same on any seed, and be unlike the others. + is always more of what a direction is called.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from torch import Tensor, nn

from trainers.latent.appearance import MEASURES, appearance, coarse
from trainers.latent.axes import Render, candidates

NAMES, NOTICED = tuple(MEASURES), torch.tensor(list(MEASURES.values()))
COLOURS = 4  # so many of the names, the first, are of colours
MOST = 8
MOST_UNNAMED = 2
SAMPLES = 768  # ordinary pictures, which say what is usual
SEEDS = 16  # pictures that each candidate is tried on
AMOUNT = 2.0  # how far each way: a number of z deviates by 1
LONGEST = 3.0
STEP = 0.5  # of a range
BATCH = 16

LEAST_VISIBLE = 0.2  # of the mean difference between two pictures of a label
LEAST_CHANGE = 1.0  # of a measure, in its deviations among ordinary pictures, or in what is just noticed
LEAST_AGREEMENT = 0.85  # of the seeds
LEAST_LIKENESS = 0.4  # of an unnamed change to itself on other seeds, as a cosine
LARGEST_COSINE = 0.6  # between two directions
LARGEST_LIKENESS = 0.75  # between what two directions change, as a cosine
UNUSUAL = 0.9  # the quantile of ordinary pictures' distances to their nearest that moved pictures keep to
STALE = 0.15  # of its first pace: where a change slows down to this, the range ends


@dataclass(frozen=True, eq=False)
class Direction:
    """A way to move `z`: by `low` to `high` times `vector`, float32 (latent_size,), of length 1; + is more of `name`.

    `visible` is how much a picture changes from -2 to 2, in mean differences between two pictures; `change` is that of
    the measure that names it, in deviations of ordinary pictures, 0 where it has no measure's name.
    """

    name: str
    vector: NDArray[np.float32]
    low: float
    high: float
    visible: float
    change: float


@dataclass(frozen=True, eq=False)
class _Found:
    """A candidate that does something: a direction, and its `effect`, a unit vector of what it changes in all pictures."""

    direction: Direction
    effect: Tensor


@torch.inference_mode()
def find_directions(
    generator: nn.Module, latent_size: int, *, labels: int = 0, codes: int = 0, seed: int = 0
) -> list[Direction]:
    """Up to 8 directions of `generator`, the clearest first; none where nothing changes visibly.

    `generator` is called with `z` (N, latent_size), with labels, int64 (N), where there are `labels`, and by name with
    `codes` (N, K), all 0, where there are `codes`, K of them; it gives pictures in [-1, 1]. It is looked at in evaluation
    mode and on its own device. A function of its weights and of `seed`.
    """
    render = _renderer(generator, codes, bool(labels))
    was_training = generator.training
    generator.eval()
    try:
        ordinary = _Ordinary(render, latent_size, max(1, labels), seed)
        found = [_looked_at(vector, render, ordinary) for vector in ordinary.candidates(generator)]
        chosen = _chosen([one for one in found if one is not None])
        return [_ranged(direction, render, ordinary) for direction in chosen]
    finally:
        generator.train(was_training)


def as_controls(directions: Sequence[Direction]) -> dict[str, Any]:
    """`directions` as the controls of a card, name to control, in their order."""
    return {
        direction.name: {
            "kind": "direction",
            "vector": [round(float(number), 5) for number in direction.vector],
            "range": [direction.low, direction.high],
        }
        for direction in directions
    }


@torch.inference_mode()
def direction_sheet(
    generator: nn.Module,
    directions: Sequence[Direction],
    z: NDArray[np.float32],
    *,
    label: int | None = None,
    codes: int = 0,
    columns: int = 7,
) -> NDArray[np.uint8]:
    """A picture (H, W, 3) to look at: each of `directions` a row with its name, `columns` amounts from low to high.

    Each row begins at `z` (latent_size,).
    """
    render = _renderer(generator, codes, label is not None)
    was_training = generator.training
    generator.eval()
    rows: list[NDArray[np.uint8]] = []
    for direction in directions:
        amounts = torch.linspace(direction.low, direction.high, columns)
        moved = torch.from_numpy(z)[None] + amounts[:, None] * torch.from_numpy(direction.vector)[None]
        pictures = render(moved, torch.full((columns,), label or 0))
        pixels = (pictures * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
        strip = Image.fromarray(np.concatenate(list(pixels), axis=1))
        enlarged = max(1, 96 // strip.height)
        strip = strip.resize((strip.width * enlarged, strip.height * enlarged), Image.Resampling.NEAREST)
        row = Image.new("RGB", (strip.width, strip.height + 16), "white")
        caption = f"{direction.name}  {direction.low:g} to {direction.high:g}"
        ImageDraw.Draw(row).text((4, 2), caption, fill="black")
        row.paste(strip, (0, 16))
        rows.append(np.asarray(row))
    generator.train(was_training)
    return np.concatenate(rows) if rows else np.full((16, 16, 3), 255, np.uint8)


def _renderer(generator: nn.Module, codes: int, is_conditional: bool) -> Render:
    device = next((weight.device for weight in generator.parameters()), torch.device("cpu"))

    def render(z: Tensor, label: Tensor) -> Tensor:
        pieces: list[Tensor] = []
        for some, theirs in zip(z.split(BATCH), label.split(BATCH), strict=True):
            label_too = [theirs.to(device)] if is_conditional else []
            codes_too = {"codes": torch.zeros(len(some), codes, device=device)} if codes else {}
            pieces.append(generator(some.to(device), *label_too, **codes_too).float().cpu() * 0.5 + 0.5)
        return torch.cat(pieces).clamp(0, 1)

    return render


class _Ordinary:
    """What a generator usually gives: latents, their labels, and the appearance and looks of their pictures."""

    def __init__(self, render: Render, latent_size: int, labels: int, seed: int) -> None:
        self.render = render
        drawn = np.random.RandomState(seed).standard_normal((SAMPLES, latent_size))
        self.z = torch.from_numpy(drawn.astype(np.float32))
        self.label = torch.arange(SAMPLES) % labels
        pictures = render(self.z, self.label)
        if not bool(pictures.isfinite().all()):
            pictures = pictures.nan_to_num()
        self.measures = self.less_label(appearance(pictures))
        self.deviation = torch.maximum(self.measures.std(dim=0), NOTICED)  # what nobody sees must not name anything
        self.looks = coarse(pictures)
        self.distances = torch.cdist(self.looks, self.looks)
        self.distances[self.label[:, None] != self.label] = torch.inf
        self.distances.fill_diagonal_(torch.inf)
        self.usual = float(self.distances.amin(1).quantile(UNUSUAL))
        self.spread = float((pictures[labels:] - pictures[:-labels]).abs().mean())  # neighbours of one label

    def candidates(self, generator: nn.Module) -> list[Tensor]:
        """Unit vectors (latent_size,) to look at."""
        return candidates(generator, self.render, self.z, self.label, self.measures / self.deviation)

    def less_label(self, values: Tensor) -> Tensor:
        """`values` (SAMPLES, ...) less the mean of their label."""
        values = values.clone()
        for label in self.label.unique():
            values[self.label == label] -= values[self.label == label].mean(dim=0)
        return values


def _moved(vector: Tensor, amount: float, render: Render, ordinary: _Ordinary) -> Tensor:
    return render(ordinary.z[:SEEDS] + amount * vector, ordinary.label[:SEEDS])


def _looked_at(vector: Tensor, render: Render, ordinary: _Ordinary) -> _Found | None:
    """`vector` with its sign and name from what it changes; None where that is not seen, or differs by seed."""
    less, more = _moved(vector, -AMOUNT, render, ordinary), _moved(vector, AMOUNT, render, ordinary)
    visible = float((more - less).abs().mean()) / max(ordinary.spread, 1e-6)
    if not visible >= LEAST_VISIBLE:  # which is also true of what is not a number
        return None
    changes = appearance(more) - appearance(less)
    mean = changes.mean(dim=0)
    agreement = (changes.sign() == mean.sign()).float().mean(dim=0)
    is_named = (mean.abs() >= LEAST_CHANGE * ordinary.deviation) & (agreement >= LEAST_AGREEMENT)
    moved = coarse(more) - coarse(less)
    # The name is that of the change which is seen best, not of the one that is the least usual.
    best = int(torch.where(is_named, mean.abs() / NOTICED, 0).argmax()) if bool(is_named.any()) else None
    if best is None:
        # A weak change of colour is no shape, and what differs from seed to seed is nothing that could be learned.
        has_colour = bool(((mean.abs() >= NOTICED) & (agreement >= LEAST_AGREEMENT))[:COLOURS].any())
        likeness = float(moved.mean(dim=0).norm() / moved.norm(dim=1).mean().clamp_min(1e-6))
        if has_colour or likeness < LEAST_LIKENESS:
            return None
    sign = 1.0 if float(mean[best or 0]) >= 0 else -1.0
    name, change = ("", 0.0) if best is None else (NAMES[best], abs(float(mean[best] / ordinary.deviation[best])))
    direction = Direction(name, (sign * vector).numpy(), -LONGEST, LONGEST, visible, change)
    return _Found(direction, moved.flatten() / moved.norm())


def _chosen(found: list[_Found]) -> list[Direction]:
    """The clearest of `found`: no two alike in name, way or effect; the unnamed ones last, as "shape 1" and so on."""
    kept: list[_Found] = []
    names: list[str] = []
    for one in sorted(found, key=lambda one: (-one.direction.change, -one.direction.visible)):
        name = one.direction.name or f"shape {sum(not other.direction.name for other in kept) + 1}"
        is_spare = len(kept) == MOST or name in names or name == f"shape {MOST_UNNAMED + 1}"
        if not is_spare and not any(_alike(one, other) for other in kept):
            kept.append(one)
            names.append(name)
    return [replace(one.direction, name=name) for one, name in zip(kept, names, strict=True)]


def _alike(one: _Found, other: _Found) -> bool:
    cosine = float(one.direction.vector @ other.direction.vector)
    return abs(cosine) > LARGEST_COSINE or abs(float(one.effect @ other.effect)) > LARGEST_LIKENESS


def _ranged(direction: Direction, render: Render, ordinary: _Ordinary) -> Direction:
    """`direction` with its range: as far each way as it still changes, and pictures still look like ordinary ones.

    They do where half of them are as near to an ordinary picture of their label as nine of ten ordinary ones are to another.
    """
    vector = torch.from_numpy(direction.vector)
    start = appearance(_moved(vector, 0.0, render, ordinary))
    middle = coarse(_moved(vector, 0.0, render, ordinary))
    column = NAMES.index(direction.name) if direction.name in NAMES else None
    ends: list[float] = []
    for sign in (-1.0, 1.0):
        end, before, first = 1.0, 0.0, 0.0
        for amount in np.arange(1.0, LONGEST + STEP / 2, STEP):
            pictures = _moved(vector, sign * float(amount), render, ordinary)
            looks = coarse(pictures)
            if column is None:
                change = float((looks - middle).norm(dim=1).mean())
            else:
                change = sign * float((appearance(pictures) - start)[:, column].mean())
            pace = (change - before) / (STEP if amount > 1.0 else 1.0)
            first = first or pace
            away = torch.cdist(looks, ordinary.looks)
            away[ordinary.label[:SEEDS, None] != ordinary.label] = torch.inf
            away[torch.arange(SEEDS), torch.arange(SEEDS)] = torch.inf
            if amount > 1.0 and (float(away.amin(1).median()) > ordinary.usual or pace < STALE * first):
                break
            end, before = float(amount), change
        ends.append(sign * end)
    return replace(direction, low=ends[0], high=ends[1])
