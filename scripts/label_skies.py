"""Labels where there is sky in photographs, as masks for the term “sky” of a translation's recipe.

    python scripts/label_skies.py NETWORK PHOTOS MASKS

NETWORK is the stem of an ncnn network, NETWORK.param and NETWORK.bin, of the U²-Net kind: 384×384 RGB by ImageNet's mean and
deviation to one plane from 0 to 1. For each picture in the folder PHOTOS a PNG of its name is written to MASKS, white where
there is sky; one that is there already is left. It needs `pip install ncnn`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

SIDE = 384
MEAN, DEVIATION = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
SHORTER = 480  # pixels of a mask's shorter side, at most


def load_network(stem: Path, inner: str, outer: str) -> Callable[[np.ndarray], np.ndarray]:
    """What turns float32 (3, 384, 384) into float32 (384, 384), by the ncnn network at `stem`. Exits with a sentence."""
    try:
        import ncnn  # pyright: ignore[reportMissingImports]
    except ImportError:
        sys.exit("label_skies: ncnn is not installed; install it with `pip install ncnn`.")
    network: Any = ncnn.Net()
    files = [Path(f"{stem}{suffix}") for suffix in (".param", ".bin")]
    if missing := [file for file in files if not file.is_file()]:
        sys.exit(f"label_skies: there is no “{missing[0]}”; check NETWORK.")
    network.load_param(str(files[0]))
    network.load_model(str(files[1]))

    def run(tensor: np.ndarray) -> np.ndarray:
        given = ncnn.Mat(tensor).clone()  # of its own: the array's memory is not kept for it
        with network.create_extractor() as extractor:
            extractor.input(inner, given)
            _, found = extractor.extract(outer)
            return np.array(found)[0].copy()

    return run


def label(photo: Image.Image, network: Callable[[np.ndarray], np.ndarray]) -> Image.Image:
    """The mask of `photo`, of its shape, 255 where there is sky."""
    pixels = np.asarray(photo.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR), np.float32) / 255
    found = network(np.ascontiguousarray(((pixels - MEAN) / DEVIATION).transpose(2, 0, 1)))
    part = min(1.0, SHORTER / min(photo.size))
    size = (max(1, round(photo.width * part)), max(1, round(photo.height * part)))
    levels = np.rint(np.clip(found, 0, 1) * 255).astype(np.uint8)
    return Image.fromarray(levels).resize(size, Image.Resampling.BILINEAR)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("network", type=Path, help="the stem of the ncnn network")
    parser.add_argument("photos", type=Path, help="a folder of photographs")
    parser.add_argument("masks", type=Path, help="the folder that the masks go to")
    parser.add_argument("--input", default="input.1", help="what the network's input is called")
    parser.add_argument("--output", default="1959", help="what its output is called")
    options = parser.parse_args(arguments)
    if not options.photos.is_dir():
        sys.exit(f"label_skies: there is no folder “{options.photos}”; check PHOTOS.")
    network = load_network(options.network, options.input, options.output)
    options.masks.mkdir(parents=True, exist_ok=True)
    made = 0
    for path in sorted(options.photos.iterdir()):
        target = options.masks / f"{path.stem}.png"
        if path.suffix.lower() in SUFFIXES and not target.exists():
            with Image.open(path) as photo:
                label(photo, network).save(target)
            made += 1
    print(f"{made} masks in “{options.masks}”.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
