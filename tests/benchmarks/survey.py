"""How well the survey finds what is wrong: precision and recall of each kind in folders planted from true photographs.

    python -m tests.benchmarks.survey PHOTOS_FOLDER [--folders N] [--list]     what ships
    python -m tests.benchmarks.survey PHOTOS_FOLDER --cross                    what it would be on photographs never seen
    python -m tests.benchmarks.survey PHOTOS_FOLDER --fit > trainers/survey/sharpness_weights.json

A planted folder holds 100 files: 60 photographs as they are, 10 copies of some of them, 10 blurred, 10 enlarged and 10 that
cannot be read. `--fit` fits the weights to all photographs and prints their file; `--cross` fits them to each half of the
photographs in turn, and judges folders planted from the other half. `--list` names every picture that was judged wrongly.
"""

from __future__ import annotations

import argparse
import io
import json
import struct
import tempfile
import time
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from trainers.survey import sharpness
from trainers.survey.sharpness import measure
from trainers.survey.survey import list_pictures, survey

KINDS = ("duplicate", "blurred", "upscaled", "unreadable")
KERNELS = (Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)
SCALES = (1.5, 2, 3, 4)
MOST_PIXELS = 2.2e6  # of an enlarged picture
PENALTY = 1e-3  # on the squares of the weights
CLEAN_WEIGHT = 8.0  # of a clean photograph in the fit: most of a folder is clean
COPY_WEIGHT = 2.0  # of each of its four copies, made smaller or saved again
CAUTION = 0.25  # what the evidence that a picture was enlarged must exceed: it is better to miss one than to blame one


def moved(image: Image.Image, length: int, angle: float) -> Image.Image:
    """`image` blurred by a straight movement of `length` pixels."""
    pixels = np.asarray(image).astype(np.float32)
    total = np.zeros_like(pixels)
    for step in np.linspace(-(length - 1) / 2, (length - 1) / 2, length):
        total += np.roll(pixels, (round(step * np.sin(angle)), round(step * np.cos(angle))), (0, 1))
    return Image.fromarray((total / length + 0.5).astype(np.uint8)[length:-length, length:-length])


def blurred(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """`image` out of focus (sigma 2 to 6 pixels), or shaken (9 to 25 pixels)."""
    if random.random() < 0.7:
        return image.filter(ImageFilter.GaussianBlur(random.uniform(2, 6)))
    return moved(image, int(random.integers(9, 26)), random.uniform(0, np.pi))


def enlarged(image: Image.Image, scale: float, random: np.random.Generator) -> Image.Image:
    """A part of `image`, or `image` made small, `scale` times as large as it was."""
    if random.random() < 0.5:
        share = min(1.0, (MOST_PIXELS / (scale * scale * image.width * image.height)) ** 0.5)
        width, height = int(image.width * share), int(image.height * share)
        left, top = (image.width - width) // 2, (image.height - height) // 2
        image = image.crop((left, top, left + width, top + height))
    else:
        image = image.resize((round(image.width / scale), round(image.height / scale)), Image.Resampling.LANCZOS)
    return image.resize((round(image.width * scale), round(image.height * scale)), KERNELS[random.integers(3)])


def copied(image: Image.Image, way: int, random: np.random.Generator) -> Image.Image:
    """`image` again: as it is (to be saved at another quality), at 60 %, cropped by 1 to 2 %, or lighter or darker."""
    width, height = image.size
    match way % 4:
        case 0:
            return image
        case 1:
            return image.resize((round(width * 0.6), round(height * 0.6)), Image.Resampling.LANCZOS)
        case 2:
            off = random.uniform(0.01, 0.02)
            left, top = random.uniform(0, off), random.uniform(0, off)
            return image.crop(
                (int(left * width), int(top * height), int((1 - off + left) * width), int((1 - off + top) * height))
            )
        case _:
            return ImageEnhance.Brightness(image).enhance(random.choice((0.88, 0.94, 1.06, 1.12)))


def encoded(image: Image.Image, random: np.random.Generator) -> tuple[bytes, str]:
    """`image` as JPEG of quality 85 to 95, or as PNG; and the suffix."""
    quality = (None, 85, 90, 95)[random.integers(4)]
    file = io.BytesIO()
    if quality is None:
        image.save(file, "png", compress_level=1)
    else:
        image.save(file, "jpeg", quality=quality)
    return file.getvalue(), ".png" if quality is None else ".jpg"


def damaged(contents: bytes, way: int, random: np.random.Generator) -> tuple[bytes, str]:
    """What is left of a file that was emptied, cut short, renamed, overwritten, or claims to be enormous."""
    match way % 5:
        case 0:
            return b"", ".jpg"
        case 1:
            return contents[: int(len(contents) * random.uniform(0.1, 0.95))], ".jpg"
        case 2:
            return b"This was never a picture.\n" * 40, ".jpg"
        case 3:
            return random.bytes(400) + contents[400:], ".jpg"
        case _:
            header = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
            return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header)), ".png"


def plant(folder: Path, photographs: list[Path], seed: int) -> dict[str, set[Path]]:
    """Fill `folder` with 100 files made from `photographs`; gives the files of each kind, a set for copies' originals too."""
    random = np.random.default_rng(seed)
    drawn = [photographs[k] for k in random.permutation(len(photographs))]
    clean, to_blur, to_enlarge = drawn[:60], drawn[60:70], drawn[70:80]
    planted: dict[str, set[Path]] = {kind: set() for kind in (*KINDS, "original")}
    names = [f"{k:03}" for k in random.permutation(100)]

    def put(contents: bytes, suffix: str, kind: str | None, source: Path) -> Path:
        path = folder / f"{names.pop()} {source.stem[:40]}{suffix}"
        path.write_bytes(contents)
        if kind:
            planted[kind].add(path)
        return path

    for path in clean:
        put(path.read_bytes(), path.suffix, None, path)
    for way, path in enumerate(clean[:10]):
        image = Image.open(path).convert("RGB")
        quality = int(random.integers(60, 96))
        file = io.BytesIO()
        copied(image, way, random).save(file, "jpeg", quality=quality)
        put(file.getvalue(), " copy.jpg", "duplicate", path)
    for path in to_blur:
        put(*encoded(blurred(Image.open(path).convert("RGB"), random), random), "blurred", path)
    for path in to_enlarge:
        scale = SCALES[random.integers(4)]
        put(*encoded(enlarged(Image.open(path).convert("RGB"), scale, random), random), "upscaled", path)
    for way, path in enumerate(drawn[:10]):
        put(*damaged(path.read_bytes(), way, random), "unreadable", path)
    return planted


def score(photographs: list[Path], seeds: range, show: bool) -> None:
    """Print precision and recall of each kind over the folders of all `seeds`."""
    right, said, true = Counter(), Counter(), Counter()
    seconds = 0.0
    for seed in seeds:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name).resolve()
            planted = plant(folder, photographs, seed)
            started = time.perf_counter()
            found = survey([folder])
            seconds += time.perf_counter() - started
            for kind in KINDS:
                paths = {finding.path for finding in found.findings if finding.kind == kind}
                truth = planted[kind]
                if kind == "duplicate":  # which of two copies is left out is a matter of taste: pairs are counted
                    pairs = {frozenset((f.path, f.like)) for f in found.findings if f.kind == kind}
                    stems = [
                        {p.name[4:].removesuffix(" copy.jpg").removesuffix(".jpg") for p in pair} for pair in pairs
                    ]
                    paths = set(range(len(pairs)))
                    truth = {k for k, stem in enumerate(stems) if len(stem) == 1} | set(range(-1, -99, -1))
                    hits = sum(len(stem) == 1 for stem in stems)
                    truth_count = 10
                else:
                    hits, truth_count = len(paths & truth), len(truth)
                right[kind] += hits
                said[kind] += len(paths)
                true[kind] += truth_count
                if show and kind != "duplicate":
                    for path in sorted(paths ^ truth):
                        print(f"  seed {seed}: {'missed' if path in truth else 'wrongly'} {kind}: {path.name}")
                elif show:
                    print(
                        *(f"  seed {seed}: wrongly duplicate: {stem}\n" for stem in stems if len(stem) > 1),
                        sep="",
                        end="",
                    )
    for kind in KINDS:
        print(f"{kind:10}  precision {right[kind] / max(1, said[kind]):.3f}  recall {right[kind] / true[kind]:.3f}")
    print(f"{len(seeds)} folders of 100 files, {seconds / len(seeds):.1f} s each")


def examples(photographs: list[Path]) -> tuple[list[dict[str, float]], list[int], list[float]]:
    """Evidence, kind and weight: each photograph as it is and copied (0), blurred four times (1), enlarged four times (2)."""
    evidence: list[dict[str, float]] = []
    kinds: list[int] = []
    counts: list[float] = []

    def add(kind: int, image: Image.Image, count: float = 1.0) -> None:
        evidence.append(measure(np.asarray(image.convert("L"))))
        kinds.append(kind)
        counts.append(count)

    def add_jpeg(image: Image.Image, quality: int) -> None:
        file = io.BytesIO()
        image.save(file, "jpeg", quality=quality)
        add(0, Image.open(file), COPY_WEIGHT)

    for index, path in enumerate(photographs):
        random = np.random.default_rng((1, index))
        image = Image.open(path).convert("RGB")
        add(0, Image.open(path), CLEAN_WEIGHT)
        for share in (0.5, 0.6, 0.8):
            size = (round(image.width * share), round(image.height * share))
            add_jpeg(image.resize(size, Image.Resampling.LANCZOS), int(random.integers(75, 96)))
        add_jpeg(image, int(random.integers(60, 96)))
        for made in (
            image.filter(ImageFilter.GaussianBlur(random.uniform(2, 2.6))),
            image.filter(ImageFilter.GaussianBlur(random.uniform(2, 6))),
            *(moved(image, int(random.integers(9, 26)), random.uniform(0, np.pi)) for _ in range(2)),
        ):
            add(1, Image.open(io.BytesIO(encoded(made, random)[0])))
        for scale in SCALES:
            add(2, Image.open(io.BytesIO(encoded(enlarged(image, scale, random), random)[0])))
    return evidence, kinds, counts


Weights = dict[str, tuple[float, float, float, float]]


def fit(photographs: list[Path]) -> Weights:
    """The weights of `trainers/survey/sharpness_weights.json`, fitted by logistic regression with three outcomes."""
    import torch

    evidence, kinds, given = examples(photographs)
    names = list(evidence[0])
    values = np.array([[one[name] for name in names] for one in evidence])
    centre, spread = values.mean(axis=0), values.std(axis=0) + 1e-6
    inputs = torch.from_numpy((values - centre) / spread)
    outcomes = torch.tensor(kinds)
    counts = torch.tensor(given, dtype=torch.float64)
    weights = torch.zeros(len(names), 3, dtype=torch.float64, requires_grad=True)
    constants = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights, constants], max_iter=500)

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        each = torch.nn.functional.cross_entropy(inputs @ weights + constants, outcomes, reduction="none")
        total = (each * counts).sum() / counts.sum() + PENALTY * weights.square().sum()
        total.backward()
        return total

    optimiser.step(loss)
    table = (weights[:, 1:] - weights[:, :1]).detach().numpy()
    last = (constants[1:] - constants[0]).detach().numpy()
    fitted = {
        name: (float(centre[k]), float(spread[k]), float(table[k, 0]), float(table[k, 1]))
        for k, name in enumerate(names)
    }
    return fitted | {"constant": (0.0, 1.0, float(last[0]), float(last[1]) - CAUTION)}


def as_file(weights: Weights, photographs: int) -> str:
    """The text of `trainers/survey/sharpness_weights.json`: a line for each piece of evidence."""
    about = (
        "What each piece of evidence weighs when a picture is judged sharp, blurred or upscaled. Logistic regression on "
        f"{photographs} photographs, each as it is, copied, blurred and enlarged four times; printed by "
        "`python -m tests.benchmarks.survey PHOTOS_FOLDER --fit`."
    )
    columns = ["centre", "spread", "weight for blurred, against sharp", "weight for upscaled, against sharp"]
    rows = [
        f"    {json.dumps(name)}: {[float(f'{a:.4g}'), float(f'{b:.4g}'), round(c, 3), round(d, 3)]}"
        for name, (a, b, c, d) in weights.items()
    ]
    return "\n".join(
        [
            "{",
            f'  "about": {json.dumps(about)},',
            f'  "columns": {json.dumps(columns)},',
            '  "weights": {',
            ",\n".join(rows),
            "  }",
            "}",
        ]
    )


def main() -> None:
    """Read the command line, and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("photos", type=Path)
    parser.add_argument("--folders", type=int, default=5, help="planted folders")
    parser.add_argument("--list", action="store_true", help="name what was judged wrongly")
    parser.add_argument("--cross", action="store_true", help="fit to one half, judge the other, both ways")
    parser.add_argument(
        "--fit", action="store_true", help="print trainers/survey/sharpness_weights.json, fitted to all"
    )
    options = parser.parse_args()
    photographs = sorted(list_pictures([options.photos]).paths)
    if options.fit:
        print(as_file(fit(photographs), len(photographs)))
        return
    if not options.cross:
        score(photographs, range(options.folders), options.list)
        return
    for half in (0, 1):
        sharpness.weights().clear()
        sharpness.weights().update(fit(photographs[1 - half :: 2]))
        print(f"Half {half}, judged by weights fitted to the other:")
        score(photographs[half::2], range(100 * half, 100 * half + options.folders), options.list)


if __name__ == "__main__":
    main()
