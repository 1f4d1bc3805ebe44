"""How much faster int8 is than float, side by side in one process, and what it costs in dB.

    python -m tests.benchmarks.int8 NAME.int8.onnx [FOLDER ...]

The float model is the one that the card names. A photo of one megapixel goes through both in turn, on two threads: through
`upscale` with the tiles it chooses, and one tile of it through the bare sessions; ratios are taken pair by pair. The loss
on each FOLDER is measured by the protocol of `tests.benchmarks.quality`.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from engines.models.model import Model, open_model
from engines.pictures.picture import load
from engines.superres.upscale import upscale
from engines.tiles.tensor import to_tensor
from tests.benchmarks.quality import compare
from tests.benchmarks.upscale import make_picture

PAIRS, THREADS = 7, 2
TILE = 512  # of the bare session


def side_by_side(name: str, slow: Callable[[], object], fast: Callable[[], object]) -> None:
    """Run both in turn, once to warm up, and print the median of the pairs' ratios."""
    pairs: list[tuple[float, float]] = []
    for _ in range(PAIRS + 1):
        start = time.perf_counter()
        slow()
        middle = time.perf_counter()
        fast()
        pairs.append((middle - start, time.perf_counter() - middle))
    ratios = [a / b for a, b in pairs[1:]]
    a, b = (statistics.median(column) for column in zip(*pairs[1:], strict=True))
    print(
        f"{name}: float {a:.2f} s, int8 {b:.2f} s, ratio median {statistics.median(ratios):.2f}, "
        f"from {min(ratios):.2f} to {max(ratios):.2f}",
        flush=True,
    )


def seams(model: Model, picture_path: Path) -> None:
    """How much the tiles that memory asks for differ from one tile, in 8-bit levels."""
    picture = load(picture_path)
    whole = upscale(picture, model, tile=8192).pixels.astype(np.int16)
    difference = np.abs(upscale(picture, model, tile=200).pixels.astype(np.int16) - whole)
    share = float((difference.max(axis=2) > 0).mean())
    print(f"tiles of 200: largest difference {difference.max()} levels, {share:.4%} of the pixels differ")


def main() -> None:
    """Print a line for each measurement."""
    path = Path(sys.argv[1])
    with (
        open_model(path, "cpu", THREADS, spinning=True, int8=True) as int8,
        open_model(path.with_name(int8.card.float_model), "cpu", THREADS, spinning=True) as whole,
        tempfile.TemporaryDirectory() as folder,
    ):
        print(f"overlap: float {whole.card.overlap:g}, int8 {int8.card.overlap:g}")
        photo = make_picture(Path(folder) / "1mp.jpg", 1)
        picture = load(photo)
        tensor = to_tensor(picture.pixels[:TILE, :TILE])
        side_by_side("1 MP through upscale", lambda: upscale(picture, whole), lambda: upscale(picture, int8))
        side_by_side(f"{TILE}×{TILE} pixels bare", lambda: whole.run(tensor), lambda: int8.run(tensor))
        seams(int8, make_picture(Path(folder) / "small.jpg", 0.25))
        for name in sys.argv[2:]:
            before, after = compare(whole, Path(name)), compare(int8, Path(name))
            print(
                f"{Path(name).name}: float {before['PSNR']:.4f} dB, int8 {after['PSNR']:.4f} dB, "
                f"lost {before['PSNR'] - after['PSNR']:.4f} dB (SSIM {before['SSIM'] - after['SSIM']:.5f})"
            )


if __name__ == "__main__":
    main()
