"""What is looked at while UNIT trains: a sheet of samples, and both directions judged on the same held-out pictures."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from trainers.adversarial.unit_losses import translate_picture
from trainers.data.translation import Pictures, Pixels
from trainers.quality.translation import CROP, QuickJudge, bright_enough, reduce_picture
from trainers.recipes.recipe import ImageTranslation
from trainers.runs.events import Event, TrainerCommand, Working

JUDGED = 48  # held-out pictures of each domain that a validation translates and compares
LEAST_JUDGED = 16  # pixels each way of a picture that can be judged
SHOWN_MEASURES = ("SWD reference ratio", "SWD each ratio", "edges")
SHOWN = 6  # pictures of each domain on a sample


class Judge:
    """Judges both directions on the same held-out pictures each time."""

    def __init__(self, recipe: ImageTranslation, held_out: Sequence[list[Pixels]]) -> None:
        """`held_out` are pictures of either domain; those too small to be judged, and too dark to be sources, are left out."""
        self.directions = [f"{recipe.domains[source]} to {recipe.domains[1 - source]}" for source in (0, 1)]
        chosen = [
            [pictures[i] for i in spread_out(len(pictures), JUDGED) if min(pictures[i].shape[:2]) >= LEAST_JUDGED]
            for pictures in held_out
        ]
        bright = [[pictures[index] for index in bright_enough(pictures)] for pictures in chosen]
        sides = [min(reduce_picture(p).shape[:2]) for pictures in chosen for p in pictures]
        size = min([CROP, *sides]) // LEAST_JUDGED * LEAST_JUDGED
        enough = all(len(pictures) >= 2 for pictures in (*chosen, *bright))
        self._judges = [QuickJudge(bright[d], chosen[1 - d], size=size) for d in (0, 1)] if enough else []

    @property
    def can_judge(self) -> bool:
        """Whether there are pictures enough."""
        return bool(self._judges)

    def judging(self, network: Any) -> Generator[Event, TrainerCommand | None, dict[str, float]]:
        """Translate and compare, yielding Working now and then. Returns the measures by name.

        For each direction how far the translations are from real pictures of the domain that they are to be of, as a
        share of the untranslated pictures' distance, by either standard, and how far edges stay in place; first of all
        the mean of the distances that see brightness. Nothing where there are too few pictures.
        """
        measures: dict[str, float] = {}
        for source, (judge, direction) in enumerate(zip(self._judges, self.directions, strict=False)):
            made: list[Pixels] = []
            for index, picture in enumerate(judge.sources):
                if index % 4 == 0:
                    yield Working(f"translating {direction} to judge it", index, len(judge.sources))
                made.append(translate_picture(network, picture, source))
            found = judge.judge(made)
            measures |= {f"{name} {direction}": round(found[name], 4) for name in SHOWN_MEASURES}
        seen = [value for name, value in measures.items() if name.startswith(SHOWN_MEASURES[0])]
        return {"SWD": sum(seen) / len(seen), **measures} if seen else {}


def spread_out(length: int, count: int) -> list[int]:
    """At most `count` of the places below `length`, at even distances: neighbouring pictures are often of one place."""
    return np.unique(np.linspace(0, length - 1, min(count, length)).astype(int)).tolist() if length else []


def write_sheet(network: Any, pictures: Pictures, run_dir: Path, step: int) -> Path:
    """A sheet of held-out pictures of either domain, each above its translation."""
    rows: list[Pixels] = []
    for source in (0, 1):
        held_out = pictures.domains[source].held_out
        shown = [square(held_out[index], pictures.view) for index in spread_out(len(held_out), SHOWN)]
        shown += [np.zeros_like(shown[0])] * (SHOWN - len(shown))
        rows += [np.concatenate(shown, 1), np.concatenate([translate_picture(network, p, source) for p in shown], 1)]
    path = run_dir / "samples" / f"{step:08d}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.concatenate(rows)).save(path)
    return path


def square(picture: Pixels, side: int) -> Pixels:
    """The middle square of `picture` in `side` × `side` pixels."""
    height, width = picture.shape[:2]
    edge = min(height, width)
    left, top = (width - edge) / 2, (height - edge) / 2
    box = (left, top, left + edge, top + edge)
    return np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.BICUBIC, box=box))
