"""How well a model upscales: PSNR and SSIM on folders of true pictures, beside bicubic interpolation.

    python -m tests.benchmarks.quality MODEL.onnx FOLDER [FOLDER ...]

The true picture is cropped to a multiple of the scale and reduced by Pillow's bicubic filter; the model's 8-bit output is
compared on luma (BT.601, 16 to 235), leaving out `scale` pixels of border.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from engines.metadata.metadata import Metadata
from engines.models.model import Model, open_model
from engines.pictures.picture import Picture
from engines.superres.upscale import upscale
from trainers.data.degrade import bicubic, crop_to_multiple
from trainers.data.photos import find_photos, read_photo
from trainers.metrics.pairs import luma, psnr, ssim


def compare(model: Model, folder: Path) -> dict[str, float]:
    """Mean PSNR (dB) and SSIM of the model and of bicubic interpolation over the pictures of `folder`."""
    scale = model.card.scale or 1
    rows: list[tuple[float, float, float, float]] = []
    for path in find_photos([folder]):
        truth = crop_to_multiple(read_photo(path), scale)
        small = bicubic(truth, scale)
        small.flags.writeable = False
        picture = Picture(pixels=small, metadata=Metadata(None, None, None), source=None, notices=())
        output = upscale(picture, model).pixels
        size = (truth.shape[1], truth.shape[0])
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


def main() -> None:
    """Print a line for each folder."""
    with open_model(Path(sys.argv[1])) as model:
        for folder in sys.argv[2:]:
            values = compare(model, Path(folder))
            print(f"{model.card.name} on {Path(folder).name}: " + ", ".join(f"{n} {v:.4f}" for n, v in values.items()))


if __name__ == "__main__":
    main()
