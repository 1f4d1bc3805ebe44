"""Record the runs that the guards are tested on: `python -m tests.trainers.runs.recordings.record FOLDER_OF_SMALL_PICTURES`.

Each is a real run of a real trainer, short and small; what is kept is its events, of the steps every fifth.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from tests.conftest import SAMPLES
from trainers.recipes.recipe import from_values
from trainers.runs.events import Event, Started, Step, Validation, Verdict, to_line
from trainers.train_dcgan import train as train_gan
from trainers.train_superres import train as train_superres

HERE = Path(__file__).parent
EVERY = 5


class Hungry(nn.Module):
    """A network that finds no memory for more than two pictures at a time."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale
        self.conv = nn.Conv2d(3, 3 * scale * scale, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if torch.is_grad_enabled() and len(x) > 2:
            torch.empty(1 << 60, dtype=torch.uint8)
        return torch.pixel_shuffle(self.conv(x), self.scale)


class Painter(nn.Sequential):
    """A generator without batch norm, which collapses easily."""

    def __init__(self, size: int, latent_size: int, width: int = 128) -> None:
        first, second = nn.Linear(latent_size, width), nn.Linear(width, 2 * width)
        last = nn.Linear(2 * width, 3 * size * size)
        super().__init__(first, nn.ReLU(), second, nn.ReLU(), last, nn.Tanh(), nn.Unflatten(1, (3, size, size)))


class Critic(nn.Sequential):
    """A discriminator of two layers."""

    def __init__(self, size: int, width: int = 128) -> None:
        super().__init__(nn.Flatten(), nn.Linear(3 * size * size, width), nn.LeakyReLU(0.2), nn.Linear(width, 1))


SUPERRES: dict[str, Any] = {
    "task": "super-resolution",
    "name": "recorded",
    "scale": 2,
    "seed": 1,
    "network": {"kind": "fast", "options": {"channels": 16, "blocks": 2}},
    "stages": [{"steps": 500, "patch": 24, "batch": 8}],
    "validate_every": 25,
    "checkpoint_every": 50,
    "precision": "float32",
}
GAN: dict[str, Any] = {
    "task": "image-generation",
    "name": "recorded",
    "size": 32,
    "latent_size": 32,
    "seed": 1,
    "network": {"kind": "dcgan", "options": {"base_channels": 64}},
    "discriminator": {"kind": "dcgan", "options": {"base_channels": 64}},
    "steps": 800,
    "batch": 32,
    "validate_every": 100,
    "checkpoint_every": 100,
    "precision": "float32",
}
WIDE = {"kind": "msrresnet", "options": {"channels": 48, "blocks": 4}}
RUNS: dict[str, dict[str, Any]] = {
    "superres healthy": SUPERRES,
    "superres plateau": SUPERRES
    | {"network": {"kind": "fast", "options": {"channels": 4, "blocks": 1}}, "schedule": "constant", "rate": 5e-3}
    | {"stages": [{"steps": 1200, "patch": 24, "batch": 8}], "ema": 0.98},
    "superres rate x100": SUPERRES | {"rate": 0.1, "clip": 1e6, "schedule": "constant"},
    "superres overfitting": SUPERRES
    | {"network": WIDE, "schedule": "constant", "ema": 0.9, "stages": [{"steps": 600, "patch": 16, "batch": 8}]},
    "superres out of memory": SUPERRES
    | {
        "network": {"kind": "tests.trainers.runs.recordings.record:Hungry"},
        "stages": [{"steps": 100, "patch": 24, "batch": 8}],
    },
    "gan healthy": GAN,
    "gan discriminator x10": GAN | {"discriminator_rate": 2e-3, "rate": 2e-5},
    "gan collapsed": GAN
    | {"network": {"kind": "tests.trainers.runs.recordings.record:Painter"}, "rate": 1e-3, "beta1": 0.9, "steps": 500}
    | {"discriminator": {"kind": "tests.trainers.runs.recordings.record:Critic"}, "discriminator_rate": 1e-4},
}


def superres_data(folder: Path, name: str) -> dict[str, Any]:
    """Pieces of the sample photos to learn from; for overfitting a single small one."""
    train, valid = folder / "train", folder / "valid"
    train.mkdir(parents=True), valid.mkdir()
    with Image.open(SAMPLES / "seeding.jpg") as image:
        pixels = np.asarray(image.convert("RGB"))
    if "overfitting" in name:
        Image.fromarray(pixels[300:340, 400:440]).save(train / "one.png")
    else:
        Image.fromarray(pixels[:, : pixels.shape[1] // 2]).save(train / "left.png")
    with Image.open(SAMPLES / "picos-de-europa.jpg") as image:
        Image.fromarray(np.asarray(image.convert("RGB"))[200:392, 200:392]).save(valid / "mountains.png")
    return {"photos": [str(train)], "validation": [str(valid)]}


def record(name: str, pictures: Path) -> list[Event]:
    """Make the run `name` and return its events."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if name.startswith("gan"):
            values = RUNS[name] | {"data": {"photos": [str(pictures)], "hold_out": 4}}
            return list(train_gan(from_values(values), folder / "run"))  # type: ignore[arg-type]
        values = RUNS[name] | {"data": superres_data(folder / "data", name)}
        return list(train_superres(from_values(values), folder / "run"))  # type: ignore[arg-type]


def main(pictures: Path, names: list[str]) -> None:
    """Record the runs called `names`, by default all."""
    for name in names or RUNS:
        kept = [
            event
            for event in record(name, pictures)
            if isinstance(event, Started | Validation | Verdict)
            or (isinstance(event, Step) and event.step % EVERY == 0)
        ]
        path = HERE / (name.replace(" ", "-") + ".jsonl")
        path.write_text("".join(to_line(_rounded(event)) + "\n" for event in kept), encoding="utf-8")
        print(f"{name}: {len(kept)} events", flush=True)


def _rounded(event: Event) -> Event:
    if isinstance(event, Step):
        losses = {name: float(f"{value:.4g}") for name, value in event.losses.items()}
        watched = {name: float(f"{value:.4g}") for name, value in event.watched.items()}
        return Step(event.step, event.total, losses, float(f"{event.rate:.4g}"), round(event.seconds, 4), watched)
    return event


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
