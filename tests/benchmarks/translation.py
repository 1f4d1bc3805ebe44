"""How well a model translates: sliced Wasserstein distances to real pictures of the other domain, and edges kept.

    python -m tests.benchmarks.translation MODEL.onnx SOURCES TARGETS [--train-targets FOLDER] [--dark 12]
        [--groups camera|picture] [--crops 4] [--shorter-side 200] [--json FILE] [--sheet OUT.png]

Each source is reduced to the shorter side and given to the network whole. The table has a row for the sources as they are,
two for sources with the luminance of the training targets (its mean; its whole distribution), one for the translation, and
one for as many real training targets, which show what could be hoped for. Ratios are to the sources', with a 95 % bootstrap
interval in which the crops of one camera, or of one picture, stay together. `--dark` leaves out sources whose median
luminance is not above that. Takes some minutes.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engines.errors import DuskroomError
from engines.models.model import Model, open_model
from engines.pictures.picture import Picture
from engines.tiles.tensor import pad, to_pixels, to_tensor
from engines.translation.translate import translate as relight
from trainers.data.photos import find_photos, read_photos
from trainers.metrics.darkening import darken_to
from trainers.quality.translation import (
    CROP,
    SHORTER_SIDE,
    Judgement,
    Luminance,
    bright_enough,
    camera_groups,
    judge_translation,
    measure_luminance,
    reduce_picture,
)

Pixels = NDArray[np.uint8]

SHEET_ROWS, SHEET_HEIGHT = 12, 200
GAP = 6
"""Pixels between the pictures of a sheet."""


@dataclass(frozen=True)
class Photos:
    """The pictures of a folder, and their names."""

    names: list[str]
    pictures: list[Pixels]

    def only(self, places: Sequence[int]) -> Photos:
        return Photos([self.names[i] for i in places], [self.pictures[i] for i in places])


def read_folder(folder: Path) -> Photos:
    """The pictures below `folder` that can be read and are no smaller than a crop; a word on each other is printed.

    Raises ValueError where there are none.
    """
    photos = Photos([], [])
    for path in find_photos([folder]) if folder.is_dir() else []:
        pictures, left_out = read_photos([path], CROP)
        photos.names.extend(path.name for _ in pictures)
        photos.pictures.extend(pictures)
        for word in left_out:
            print(f"Left out: {word}.", file=sys.stderr)
    if not photos.names:
        raise ValueError(f"There are no pictures to use in “{folder}”; name another folder.")
    return photos


def translate(model: Model, picture: Pixels) -> Pixels:
    """What the network makes of a whole picture (H, W, 3), its edges repeated up to a size that it takes.

    One that says how colours change is applied by the engine.
    """
    if model.card.outputs:
        return relight(Picture(picture), model).pixels
    height, width = picture.shape[:2]
    fit = model.card.size.fit
    output = model.run(pad(to_tensor(picture), fit(height), fit(width)))
    return to_pixels(output[:, :, :height, :width], np.dtype(np.uint8)).astype(np.uint8, copy=False)


def table(rows: dict[str, Judgement]) -> str:
    """One line for each judgement, under a line of headings."""

    def ratio(value: float, low: float, high: float) -> str:
        return f"{value:.3f} [{low:.3f}, {high:.3f}]"

    cells = [("", "SWD each", "ratio", "SWD reference", "ratio", "edges")] + [
        (
            name,
            f"{row.each.value:.1f}",
            ratio(*row.each.ratio),
            f"{row.reference.value:.1f}",
            ratio(*row.reference.ratio),
            "" if row.edges is None else f"{row.edges:.3f}",
        )
        for name, row in rows.items()
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(c.rjust(w) if i else c.ljust(w) for i, (c, w) in enumerate(zip(line, widths, strict=True)))
        for line in cells
    )


def as_json(row: Judgement) -> dict[str, object]:
    return {
        "each": {"distance": row.each.value, "ratio": row.each.ratio._asdict()},
        "reference": {"distance": row.reference.value, "ratio": row.reference.ratio._asdict()},
        "edges": row.edges,
    }


def varied(names: Sequence[str], count: int) -> list[int]:
    """Places of up to `count` names, evenly from each camera, in their order."""
    waiting: dict[int, list[int]] = {}
    prefixes = camera_groups(names, alone=())
    for index, prefix in enumerate(prefixes):
        waiting.setdefault(prefix, []).append(index)
    share = -(-count // len(waiting))
    chosen = [
        places[k]
        for places in waiting.values()
        for k in np.linspace(0, len(places) - 1, min(share, len(places))).astype(int)
    ]
    return sorted(chosen[:count] if len(chosen) > count else chosen)


def draw_sheet(columns: Sequence[Sequence[Pixels]], path: Path) -> None:
    """A picture of rows, each with a picture from every one of `columns`, all of one height."""
    rows = []
    for pictures in zip(*columns, strict=True):
        images = [Image.fromarray(p) for p in pictures]
        rows.append([i.resize((round(i.width * SHEET_HEIGHT / i.height), SHEET_HEIGHT)) for i in images])
    cell = max(image.width for row in rows for image in row) + GAP
    sheet = Image.new("RGB", (cell * len(columns) + GAP, (SHEET_HEIGHT + GAP) * len(rows) + GAP), (32, 32, 32))
    for down, row in enumerate(rows):
        for across, image in enumerate(row):
            sheet.paste(image, (GAP + across * cell, GAP + down * (SHEET_HEIGHT + GAP)))
    sheet.save(path)


def read_arguments() -> argparse.Namespace:
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("sources", type=Path)
    parser.add_argument("targets", type=Path)
    parser.add_argument("--train-targets", type=Path, help="whose luminance the tone curves match")
    parser.add_argument("--dark", type=float, help="leave out sources whose median luminance is not above this")
    parser.add_argument("--groups", choices=("camera", "picture"), default="camera")
    parser.add_argument("--crops", type=int, default=4)
    parser.add_argument("--shorter-side", type=int, default=SHORTER_SIDE)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--sheet", type=Path)
    return parser.parse_args()


def evaluate(options: argparse.Namespace) -> None:
    """Translate, judge, and print the table; write what else was asked for."""
    for path in filter(None, (options.json, options.sheet)):
        if not path.parent.is_dir():  # said now, not after minutes of work
            raise ValueError(f"There is no folder “{path.parent}” for “{path.name}”; make it first.")
    with open_model(options.model) as model:
        card = model.card
        if card.task != "image-translation":
            raise ValueError(f"“{options.model.name}” is a model for {card.task}; name one for image-translation.")
        found, targets = read_folder(options.sources), read_folder(options.targets)
        sources = found if options.dark is None else found.only(bright_enough(found.pictures, options.dark))
        if not sources.names:
            raise ValueError(f"No source has a median luminance above {options.dark:g}; lower “--dark”.")
        small = [reduce_picture(picture, options.shorter_side) for picture in sources.pictures]
        translated = [translate(model, picture) for picture in small]
    luminance: Luminance | None = None
    others: Photos | None = None
    if options.train_targets is not None:
        training = read_folder(options.train_targets)
        luminance = measure_luminance(training.pictures)
        if len(training.names) >= len(small):
            others = training.only(np.linspace(0, len(training.names) - 1, len(small)).astype(int).tolist())

    def groups(photos: Photos | None) -> list[int] | None:
        return camera_groups(photos.names) if photos and options.groups == "camera" else None

    quality = judge_translation(
        small,
        targets.pictures,
        translated,
        luminance=luminance,
        others=others.pictures if others else None,
        source_groups=groups(sources),
        target_groups=groups(targets),
        other_groups=groups(others),
        shorter_side=options.shorter_side,
        crops=options.crops,
    )
    before = np.mean([measure_luminance([picture]).mean for picture in small])
    toned = "brightened" if luminance and luminance.mean > before else "darkened"
    rows = {
        "untranslated": quality.untranslated,
        f"{toned} (mean)": quality.same_mean,
        f"{toned} (quantiles)": quality.same_quantiles,
        "translated": quality.translated,
        "real, from training": quality.others,
    }
    rows = {name: row for name, row in rows.items() if row is not None}
    left_out = len(found.names) - len(small)
    print(
        f"{card.name}, {' → '.join(card.domains or ('?', '?'))}: {len(small)} sources ({left_out} left out as too dark), "
        f"{len(targets.names)} targets; {options.crops} crops of {CROP} pixels each, shorter side {options.shorter_side}; "
        f"intervals by {options.groups}"
    )
    print(table(rows))
    if options.json:
        written = {
            "model": options.model.name,
            "name": card.name,
            "domains": card.domains,
            "sources": len(small),
            "left out": left_out,
            "targets": len(targets.names),
            "crops": options.crops,
            "crop": CROP,
            "shorter side": options.shorter_side,
            "groups": options.groups,
            "rows": {name: as_json(row) for name, row in rows.items()},
        }
        options.json.write_text(json.dumps(written, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if options.sheet:
        shown = varied(sources.names, SHEET_ROWS)
        columns = [small, darken_to(small, luminance.quantiles), translated] if luminance else [small, translated]
        draw_sheet([[column[i] for i in shown] for column in columns], options.sheet)


def main() -> None:
    """Exit with a sentence where something does not fit."""
    try:
        evaluate(read_arguments())
    except (DuskroomError, ValueError, OSError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
