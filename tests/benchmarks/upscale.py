"""How fast and how lean `duskroom upscale` is, measured on whole processes, side by side with the bare network.

    python -m tests.benchmarks.upscale speed      4 MP at ×2 ÷ decode, bare ONNX Runtime over 512-pixel tiles, encode
    python -m tests.benchmarks.upscale memory     peak memory for 24 and 100 MP at ×2
    python -m tests.benchmarks.upscale scaling    time for 16 MP ÷ time for 1 MP
    python -m tests.benchmarks.upscale seams      tiled against untiled, in 8-bit levels

Pictures are made by laying a sample photo side by side, so that they hold real detail at every size.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "assets" / "models" / "fast-x2.onnx"
SAMPLE = ROOT / "assets" / "samples" / "seeding.jpg"
RUNS = 5

BARE = """
import sys
import numpy as np, onnxruntime as ort
from PIL import Image
source, target, model = sys.argv[1:]
image = np.asarray(Image.open(source).convert("RGB"))
session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
height, width = image.shape[:2]
output = np.empty((height * 2, width * 2, 3), np.uint8)
for y in range(0, height, 512):
    for x in range(0, width, 512):
        tile = image[y:y + 512, x:x + 512].transpose(2, 0, 1)[None].astype(np.float32) / 255
        large = session.run(None, {"image": tile})[0][0]
        large = (large * 255 + 0.5).clip(0, 255).astype(np.uint8).transpose(1, 2, 0)
        output[2 * y:2 * y + large.shape[0], 2 * x:2 * x + large.shape[1]] = large
Image.fromarray(output).save(target, quality=92, subsampling=0)
"""


def make_picture(path: Path, megapixels: float) -> Path:
    """A photo of 3:2 with that many megapixels, as JPEG."""
    with Image.open(SAMPLE) as image:
        sample = np.asarray(image.convert("RGB"))
    height = round((megapixels * 1e6 * 2 / 3) ** 0.5)
    width = round(height * 1.5)
    down, across = -(-height // sample.shape[0]), -(-width // sample.shape[1])
    Image.fromarray(np.tile(sample, (down, across, 1))[:height, :width]).save(path, quality=92)
    return path


def run(command: list[str]) -> tuple[float, float]:
    """Seconds and peak memory (MB of 10^6 bytes, resident) of `command` as a whole process."""
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        raise SystemExit(f"{command} failed")
    return seconds, usage.ru_maxrss * 1024 / 1e6


def duskroom(source: Path, target: Path, *options: str) -> list[str]:
    """The command that upscales `source` to `target` at ×2."""
    return [sys.executable, "-m", "app", "upscale", str(source), str(target), "--model", str(MODEL), *options]


def speed(folder: Path) -> None:
    """Both in turn, several times; the ratio is taken pair by pair."""
    photo = make_picture(folder / "4mp.jpg", 4)
    bare = [sys.executable, "-c", BARE, str(photo), str(folder / "bare.jpg"), str(MODEL)]
    pairs = [(run(duskroom(photo, folder / "out.jpg"))[0], run(bare)[0]) for _ in range(RUNS + 1)][1:]
    ratios = [ours / theirs for ours, theirs in pairs]
    ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"4 MP at ×2: duskroom {ours:.2f} s, bare {theirs:.2f} s")
    print(f"ratio: median {statistics.median(ratios):.3f}, from {min(ratios):.3f} to {max(ratios):.3f}")


def memory(folder: Path) -> None:
    """The largest resident memory of the process."""
    for megapixels in (24, 100):
        photo = make_picture(folder / f"{megapixels}mp.jpg", megapixels)
        for suffix in (".jpg", ".png"):
            seconds, peak = run(duskroom(photo, folder / f"out{suffix}"))
            print(f"{megapixels} MP at ×2 to {suffix}: peak {peak:.0f} MB, {seconds:.0f} s", flush=True)


def scaling(folder: Path) -> None:
    """The time for sixteen times as many pixels."""
    photos = [make_picture(folder / f"{megapixels}mp.jpg", megapixels) for megapixels in (1, 16)]
    pairs = [tuple(run(duskroom(photo, folder / "out.jpg"))[0] for photo in photos) for _ in range(3)]
    ratios = [large / small for small, large in pairs]
    print(f"16 MP ÷ 1 MP: median {statistics.median(ratios):.2f} of {[f'{r:.2f}' for r in ratios]}")


def seams(folder: Path) -> None:
    """The largest difference and the share of differing pixels between tiled and untiled."""
    from engines.models.model import open_model
    from engines.pictures.picture import load
    from engines.superres.upscale import upscale

    picture = load(make_picture(folder / "2mp.jpg", 2))
    for path in sorted(MODEL.parent.glob("*.onnx")):
        with open_model(path) as model:
            whole = upscale(picture, model, tile=8192).pixels.astype(np.int16)
            for tile in (512, 200):
                difference = np.abs(upscale(picture, model, tile=tile).pixels.astype(np.int16) - whole)
                share = float((difference.max(axis=2) > 0).mean())
                print(f"{path.stem}, tiles of {tile}: largest {difference.max()}, {share:.4%} of the pixels differ")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        {"speed": speed, "memory": memory, "scaling": scaling, "seams": seams}[sys.argv[1]](Path(folder))
