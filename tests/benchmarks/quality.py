"""How well a model upscales: PSNR and SSIM on folders of true pictures, beside bicubic interpolation.

    python -m tests.benchmarks.quality MODEL.onnx FOLDER [FOLDER ...] [--scale N]

With `--scale` what the model makes is reduced to that scale, as `duskroom upscale --scale` does it.
The true picture is cropped to a multiple of the scale and reduced by Pillow's bicubic filter; the model's 8-bit output is
compared on luma (BT.601, 16 to 235), leaving out `scale` pixels of border.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from engines.errors import ModelError
from engines.metadata.metadata import Metadata
from engines.models.model import Model, open_model
from engines.pictures.picture import Picture
from engines.superres.enlarge import enlarge
from engines.superres.upscale import plan_at
from trainers.data.degrade import bicubic, crop_to_multiple
from trainers.data.photos import find_photos, read_photo
from trainers.metrics.pairs import luma, psnr, ssim


def compare(model: Model, folder: Path, scale: int | None = None) -> dict[str, float]:
    """Mean PSNR (dB) and SSIM of the model and of bicubic interpolation over the pictures of `folder`, at `scale`.

    None: the model's own. Raises ModelError for a scale that is larger, or no enlargement.
    """
    scale = model.card.scale or 1 if scale is None else scale
    rows: list[tuple[float, float, float, float]] = []
    for path in find_photos([folder]):
        truth = crop_to_multiple(read_photo(path), scale)
        small = bicubic(truth, scale)
        small.flags.writeable = False
        picture = Picture(pixels=small, metadata=Metadata(None, None, None), source=None, notices=())
        todo = plan_at(picture.width, picture.height, model.card, scale)
        size = (todo.width, todo.height)
        output = enlarge(picture, model, size=size).pixels
        plain = np.asarray(Image.fromarray(small).resize(size, Image.Resampling.BICUBIC))
        y = luma(truth)
        rows.append(
            (
                psnr(luma(output), y, scale),
                ssim(luma(output), y, scale),
                psnr(luma(plain), y, scale),
                ssim(luma(plain), y, scale),
            )
        )
    names = ("PSNR", "SSIM", "bicubic PSNR", "bicubic SSIM")
    return dict(zip(names, np.mean(rows, axis=0).tolist(), strict=True))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a line for each folder."""
    parser = argparse.ArgumentParser(description="How well a model upscales, beside bicubic interpolation.")
    parser.add_argument("model", type=Path, help="a model file")
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER", help="true pictures")
    parser.add_argument("--scale", type=int, help="reduce what the model makes to this scale; default: its own")
    given = parser.parse_args(arguments)
    with open_model(given.model) as model:
        at = f" at ×{given.scale}" if given.scale is not None else ""
        for folder in given.folders:
            try:
                values = compare(model, folder, given.scale)
            except ModelError as error:
                sys.exit(str(error))
            print(f"{model.card.name}{at} on {folder.name}: " + ", ".join(f"{n} {v:.4f}" for n, v in values.items()))


if __name__ == "__main__":
    main()
