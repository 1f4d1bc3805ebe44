"""Measure projection: pictures that a model made are looked for in it again, in the process that trainers run in.

    python -m tests.benchmarks.projection MODEL.onnx [SEEDS]

For each seed a picture is drawn, rounded to 8 bits as a file would hold it, and projected, without being told the label.
Prints a line for each, and at the end the median and the worst PSNR and the seconds, those to start the process included.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from app.cli.console import Console
from app.cli.projection import Options, project_one, read_projection
from trainers.networks.codes import draw_codes
from trainers.networks.stored_generator import open_generator


def main(model: Path, seeds: int = 8) -> None:
    network, recipe, card = open_generator(model)
    found: list[float] = []
    seconds: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        photo, target = Path(name) / "photo.png", Path(name) / "found.png"
        for seed in range(seeds):
            z = np.random.RandomState(1000 + seed).standard_normal((1, recipe.latent_size)).astype(np.float32)
            label = {"label": torch.tensor([seed % len(card.labels)])} if card.labels else {}
            drawn = draw_codes(recipe.codes.kinds, 1, torch.Generator().manual_seed(seed))
            codes = {"codes": drawn} if recipe.codes.kinds else {}
            with torch.inference_mode():
                picture = network(torch.from_numpy(z), **label, **codes)[0] * 0.5 + 0.5
            pixels = (picture * 255).round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0).numpy()
            Image.fromarray(pixels).save(photo)
            start = time.perf_counter()
            project_one(Console(as_json=False), photo, target, Options(str(model), seed=seed, existing="overwrite"))
            seconds.append(time.perf_counter() - start)
            found.append(read_projection(target)["psnr"])
    print(f"PSNR: median {statistics.median(found):.1f} dB, worst {min(found):.1f} dB, of {seeds}")
    print(f"seconds: median {statistics.median(seconds):.1f}, worst {max(seconds):.1f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *(int(number) for number in sys.argv[2:3]))
