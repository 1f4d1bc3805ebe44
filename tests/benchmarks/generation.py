"""How well a generator draws: near pictures it has not seen, as varied, not remembered, and what it was asked for.

    python -m tests.benchmarks.generation MODEL.onnx DATA_FOLDER [--group REGEX] [--hold-out N] [--most 1000]
        [--json FILE] [--sheet OUT.png]

DATA_FOLDER holds the pictures that the model learned from. They are read, and some held out, as the recipe in the model's card
says; `--group` and `--hold-out` take the place of its fields. Samples are drawn from the seeds 0, 1, 2, … with labels as often
as the held-out pictures have them. Beside each figure stands that of as many training pictures. The sheet shows samples, from
the most alike to a training picture to the least, and the training pictures nearest to each. Takes some minutes.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engines.errors import DuskroomError
from engines.generation.controls import Categorical, codes_of
from engines.generation.generate import generate, label_index
from engines.generation.latent import latents
from engines.models.card import ModelCard
from engines.models.model import Model, open_model
from trainers.data.generation import Pictures, read_pictures
from trainers.metrics.bootstrap import Interval
from trainers.metrics.small_classifier import Classifier, obeyed, obeyed_by_label, train_classifier
from trainers.quality.generation import MOST, Labelled, Quality, judge_generation, memory_sheet, shared_labels
from trainers.recipes.recipe import ImageGeneration, from_card, from_values

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]

SEED = 0


class Target(NamedTuple):
    """What a figure must be, and is meant to be."""

    must: float
    aim: float

    def met(self, value: float) -> str:
        """Which of the two `value` reaches; the aim lies on the side to which the figure is better."""
        sign = 1 if self.aim > self.must else -1
        return "aim" if sign * value >= sign * self.aim else "must" if sign * value >= sign * self.must else "neither"


SWD_RATIO = Target(2.5, 1.3)
NEAREST_RATIO = Target(0.7, 0.9)
OBEYED = Target(0.90, 0.98)


class Obedience(NamedTuple):
    """How often a classifier takes samples, and real pictures, for their labels: of all, and of each label by its name."""

    samples: float
    real: float
    samples_by_label: dict[str, float]
    real_by_label: dict[str, float]


def recipe_of(card: ModelCard, folder: Path, group: str | None, hold_out: int | None) -> ImageGeneration:
    """The recipe in `card` with its pictures in `folder`. Raises RecipeError where there is none that can be followed."""
    values = from_card(card.recipe, origin=card.name)
    data = json.loads(card.recipe).get("data", {})
    kept = {"hold_out": hold_out or data.get("hold_out", 20)}
    values |= {"data": {"photos": [str(folder.resolve())], **kept}} | ({} if group is None else {"group": group})
    recipe = from_values(values, origin=f"The recipe in “{card.name}”")
    assert isinstance(recipe, ImageGeneration)
    return recipe


def read(recipe: ImageGeneration) -> Pictures:
    """The pictures of `recipe`, as its trainer has them."""
    reading = read_pictures(recipe)
    while True:
        try:
            next(reading)
        except StopIteration as end:
            return end.value


def draw(model: Model, labels: Labels | None, count: int) -> Pixels:
    """`count` samples from the seeds 0, 1, 2, …, with `labels`, and codes as they were drawn in training."""
    card = model.card
    assert card.latent_size is not None
    random = np.random.RandomState(SEED)
    codes = [
        random.randint(code.values, size=count) if isinstance(code, Categorical) else random.uniform(-1, 1, count)
        for code in codes_of(card)
    ]
    return generate(
        model,
        latents(range(count), card.latent_size),
        label=labels,
        codes=np.stack(codes, axis=1).astype(np.float32) if codes else None,
    )


def in_model(card: ModelCard, names: tuple[str, ...]) -> NDArray[np.int64]:
    """For each of the data's labels its place among the model's. Raises ModelError where it has none of that name."""
    return np.array([label_index(card, name) for name in names], np.int64)


def judge_labels(pictures: Pictures, samples: Pixels, labels: Labels) -> Obedience:
    """Train a classifier on all of the data and ask it of `samples`, drawn with `labels`."""
    every = np.concatenate([pictures.training, pictures.held_out])
    theirs = np.concatenate([pictures.labels, pictures.held_out_labels])
    classifier: Classifier = train_classifier(every, theirs, len(pictures.names), seed=SEED)
    return Obedience(
        obeyed(classifier, samples, labels),
        classifier.accuracy,
        dict(zip(pictures.names, obeyed_by_label(classifier, samples, labels), strict=True)),
        dict(zip(pictures.names, classifier.by_label, strict=True)),
    )


def table(quality: Quality, obedience: Obedience | None) -> str:
    """One line for each figure, with that of the data, what it must be, what it is meant to be, and which of them it is."""

    def ratio(name: str, found: Interval, target: Target, sign: str) -> tuple[str, ...]:
        shown = f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}]"
        return (name, shown, "1", f"{sign} {target.must}", f"{sign} {target.aim}", target.met(found.value))

    samples, data = quality.samples, quality.data
    lines: list[tuple[str, ...]] = [("", "samples", "data", "must", "aim", "met")]
    lines += [("SWD", f"{samples.swd:.1f}", f"{data.swd:.1f}")]
    lines += [ratio("SWD ratio", quality.swd_ratio, SWD_RATIO, "≤")]
    lines += [("nearest training picture", f"{samples.nearest:.2f}", f"{data.nearest:.2f}")]
    lines += [ratio("nearest ratio", quality.nearest_ratio, NEAREST_RATIO, "≥")]
    if obedience is not None:
        must, aim = f"≥ {OBEYED.must:.0%}", f"≥ {OBEYED.aim:.0%}"
        met = OBEYED.met(obedience.samples)
        lines += [("labels obeyed", f"{obedience.samples:.1%}", f"{obedience.real:.1%}", must, aim, met)]
        for name, value in obedience.samples_by_label.items():
            lines += [(f"  {name}", f"{value:.1%}", f"{obedience.real_by_label[name]:.1%}")]
    for name, field, digits in (
        ("MS-SSIM of pairs", "ms_ssim", 3),
        ("precision", "precision", 2),
        ("recall", "recall", 2),
        ("Fréchet, random features", "frechet", 3),
        ("kernel, random features", "kernel", 4),
    ):
        lines += [(name, *(f"{getattr(side, field):.{digits}f}" for side in (samples, data)))]
    cells = [(*line, *[""] * (6 - len(line))) for line in lines]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(c.rjust(w) if i else c.ljust(w) for i, (c, w) in enumerate(zip(line, widths, strict=True))).rstrip()
        for line in cells
    )


def as_json(card: ModelCard, pictures: Pictures, quality: Quality, obedience: Obedience | None) -> dict[str, Any]:
    return {
        "name": card.name,
        "training": len(pictures.training),
        "held out": len(pictures.held_out),
        "labels": pictures.names,
        "quality": asdict(quality)
        | {"swd_ratio": quality.swd_ratio._asdict(), "nearest_ratio": quality.nearest_ratio._asdict()},
        "labels obeyed": None if obedience is None else obedience._asdict(),
    }


def read_arguments() -> argparse.Namespace:
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--group", help="what finds the group in a file's name")
    parser.add_argument("--hold-out", type=int)
    parser.add_argument("--most", type=int, default=MOST, help="pictures of each set that are compared")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--sheet", type=Path)
    return parser.parse_args()


def evaluate(options: argparse.Namespace) -> None:
    """Draw, judge, and print the table; write what else was asked for."""
    for path in filter(None, (options.json, options.sheet)):
        if not path.parent.is_dir():  # said now, not after minutes of work
            raise ValueError(f"There is no folder “{path.parent}” for “{path.name}”; make it first.")
    with open_model(options.model) as model:
        card = model.card
        if card.task != "image-generation":
            raise ValueError(f"“{options.model.name}” is a model for {card.task}; name one for image-generation.")
        recipe = recipe_of(card, options.folder, options.group, options.hold_out)
        pictures = read(recipe)
        for word in pictures.left_out:
            print(f"Left out: {word}.", file=sys.stderr)
        labels = shared_labels(pictures.held_out_labels, min(len(pictures.held_out), options.most))
        asked = in_model(card, pictures.names)[labels] if pictures.names else None
        samples = draw(model, asked, len(labels))
    quality = judge_generation(
        Labelled(samples, labels),
        Labelled(pictures.training, pictures.labels),
        Labelled(pictures.held_out, pictures.held_out_labels, pictures.held_out_groups),
        mirrored=recipe.flip,
        most=options.most,
        seed=SEED,
    )
    obedience = judge_labels(pictures, samples, labels) if pictures.names else None
    groups = f", whole groups “{recipe.group}”" if recipe.group else ""
    print(
        f"{card.name}: {len(pictures.training)} training pictures, {len(pictures.held_out)} held out{groups}; "
        f"{quality.count} of each compared"
    )
    print(table(quality, obedience))
    if options.json:
        written = {"model": options.model.name} | as_json(card, pictures, quality, obedience)
        options.json.write_text(json.dumps(written, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if options.sheet:
        Image.fromarray(memory_sheet(samples, pictures.training, mirrored=recipe.flip)).save(options.sheet)


def main() -> None:
    """Exit with a sentence where something does not fit."""
    try:
        evaluate(read_arguments())
    except (DuskroomError, ValueError, OSError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
