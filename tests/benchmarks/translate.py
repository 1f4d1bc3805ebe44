"""Whether `duskroom translate` leaves seams, and how much memory it takes, by both methods, for 24 MP.

    python -m tests.benchmarks.translate seams [MODEL.onnx]     gradients across tile borders ÷ elsewhere
    python -m tests.benchmarks.translate memory [MODEL.onnx]    peak memory and time of the whole process

Without a model a tiny one serves, which works at a quarter of the size as UNIT's networks do.
"""

from __future__ import annotations

import sys
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np

from engines.models.card import ModelCard, read_card
from engines.models.model import open_model
from engines.pictures.picture import Picture, load
from engines.tiles.tiling import smallest_tile, spans
from engines.translation.relight import BLOCK
from engines.translation.translate import translate
from tests.benchmarks.upscale import make_picture, run
from tests.models import folded_translation

MEGAPIXELS = 24


def gradients(pixels: np.ndarray, axis: int) -> np.ndarray:
    """The mean step from each row (`axis` 0) or column (1) to the next, in levels."""
    moved = np.moveaxis(pixels, axis, 0)
    return np.array([np.abs(b.astype(np.int16) - a).mean() for a, b in pairwise(moved)])


def ratio(before: np.ndarray, after: np.ndarray, borders: list[list[int]], period: int) -> float:
    """The steps across borders ÷ those some multiples of `period` beside them, each ÷ the source's own at the same place.

    `borders` are the rows and the columns at which a tile begins. A network that works at a fraction of the size may leave
    a pattern of that period, which is no seam.
    """
    across: list[float] = []
    beside: list[float] = []
    for axis in (0, 1):
        share = gradients(after, axis) / (gradients(before, axis) + 0.25)
        for border in borders[axis]:
            across.append(float(share[border - 1]))
            near = [border - 1 + side * period * far for side in (-1, 1) for far in (2, 3, 4, 5)]
            beside += [float(share[place]) for place in near if 0 <= place < len(share)]
    return float(np.mean(across) / np.mean(beside))


def tile_borders(picture: Picture, card: ModelCard, tile: int) -> list[list[int]]:
    """The rows and columns at which tiles begin."""
    overlap = int(np.ceil(card.overlap))
    return [
        [span.keep for span in spans(length, tile, overlap, card.size.multiple_of)[1:]]
        for length in (picture.height, picture.width)
    ]


def seams(folder: Path, path: Path) -> None:
    """Redrawn in tiles of two sizes, at the tiles' borders; relit, at those of the blocks it is computed in."""
    picture = load(make_picture(folder / "large.jpg", MEGAPIXELS))
    with open_model(path) as model:
        card = model.card
        if not np.isinf(card.overlap):
            sizes = (max(384, smallest_tile(int(card.overlap)) + 64), 768)
            results = [translate(picture, model, method="redraw", tile=tile).pixels for tile in sizes]
            for index, tile in enumerate(sizes):
                borders = tile_borders(picture, card, tile)
                # The other size has its borders elsewhere: what it shows at these is chance, the content of the picture.
                value, chance = (
                    ratio(picture.pixels, after, borders, card.size.multiple_of)
                    for after in (results[index], results[1 - index])
                )
                count = sum(map(len, borders))
                print(
                    f"redraw, tiles of {tile}: {value:.4f} at {count} borders; other tiles there: {chance:.4f}",
                    flush=True,
                )
            del results
        after = translate(picture, model, method="relight").pixels
        blocks = [list(range(step, side, step)) for step, side in zip(BLOCK, after.shape[:2], strict=True)]
        print(f"relight: {ratio(picture.pixels, after, blocks, 1):.4f} at {sum(map(len, blocks))} borders of blocks")


def memory(folder: Path, path: Path) -> None:
    """The largest resident memory of the process, JPEG to JPEG."""
    photo = make_picture(folder / "large.jpg", MEGAPIXELS)
    methods = ("relight",) if np.isinf(read_card(path).overlap) else ("relight", "redraw")
    for method in methods:
        command = [sys.executable, "-m", "app", "translate", str(photo), str(folder / "out.jpg"), "--model", str(path)]
        seconds, peak = run([*command, "--method", method])
        print(f"{MEGAPIXELS} MP, {method}: peak {peak:.0f} MB, {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        chosen = Path(sys.argv[2]) if len(sys.argv) > 2 else folded_translation(Path(name) / "tiny.onnx")
        {"seams": seams, "memory": memory}[sys.argv[1]](Path(name), chosen)
