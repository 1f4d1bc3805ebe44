"""What a training step costs beyond its arithmetic, and whether a run is the same however often it is interrupted.

`python -m tests.benchmarks.training overhead [RECIPE.toml]`: the step time of the trainer over that of a bare torch loop with
the same network, optimiser, precision and shapes on batches made beforehand, in turns of a few steps each.
`python -m tests.benchmarks.training exact [translation]`: the largest difference of weights between two runs never
interrupted, and between those and runs killed with SIGKILL at random moments and gone on with.
`python -m tests.benchmarks.training translation`: the step time of UNIT's trainer over that of a plain float32 loop of the
same networks, losses and shapes, which like it gives the discriminators what the generators have just made.
`python -m tests.benchmarks.training generation`: pictures a second of DCGAN's trainer over those of the tutorial's loop written
plainly in float32, at 64×64, 512 base channels and batches of 64.
"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn

from tests.conftest import SAMPLES
from trainers import train_dcgan, train_unit
from trainers.adversarial.sides import discriminator_loss
from trainers.adversarial.unit_losses import Batch, generators_loss
from trainers.loop.checkpoint import load_checkpoint
from trainers.loop.device import Precision
from trainers.losses.objectives import Objective
from trainers.losses.tables import make_objective
from trainers.networks.make import discriminator_of, generator_of, make_network, make_translator
from trainers.recipes.recipe import ImageGeneration, ImageTranslation, SuperResolution, from_values
from trainers.runs import run_folder
from trainers.runs.events import Started, Step
from trainers.train_superres import make_optimisers, train

TURNS, STEPS = 9, 8

FAST: dict[str, Any] = {
    "task": "super-resolution",
    "name": "fast",
    "scale": 4,
    "seed": 5,
    "network": {"kind": "fast", "options": {"channels": 48, "blocks": 10}},
    "data": {"photos": [str(SAMPLES)], "hold_out": 2},
    "stages": [{"steps": 10_000, "patch": 48, "batch": 16}],
    "optimiser": "muon",
    "precision": "bfloat16",
    "validate_every": 100_000,
    "checkpoint_every": 100_000,
}


def bare_step(
    network: nn.Module, optimisers: list[torch.optim.Optimizer], precision: Precision, small: Tensor, large: Tensor
) -> None:
    """One step as a tutorial writes it."""
    for optimiser in optimisers:
        optimiser.zero_grad(set_to_none=True)
    with precision.autocast():
        output = network(small)
    nn.functional.l1_loss(output.float(), large).backward()
    for optimiser in optimisers:
        optimiser.step()


def overhead(recipe: SuperResolution) -> None:
    """Print the ratio of the two step times, measured in turns in one process."""
    stage = recipe.stages[0]
    with tempfile.TemporaryDirectory() as folder:
        trainer = train(recipe, Path(folder))
        for event in trainer:
            if isinstance(event, Started):
                break
        network = make_network(recipe.network, recipe.scale).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimisers = make_optimisers(recipe, network)
        precision = Precision(torch.device("cpu"), recipe.precision)
        small = torch.rand(stage.batch, 3, stage.patch, stage.patch).to(memory_format=torch.channels_last)
        side = stage.patch * recipe.scale
        large = torch.rand(stage.batch, 3, side, side).to(memory_format=torch.channels_last)
        ratios: list[float] = []
        for turn in range(TURNS + 1):
            start = time.perf_counter()
            for _ in range(STEPS):
                bare_step(network, optimisers, precision, small, large)
            bare = time.perf_counter() - start
            start = time.perf_counter()
            steps = 0
            for event in trainer:
                steps += isinstance(event, Step)
                if steps == STEPS:
                    break
            ours = time.perf_counter() - start
            if turn:
                ratios.append(ours / bare)
                print(f"bare {bare / STEPS:.4f} s, trainer {ours / STEPS:.4f} s, ratio {ours / bare:.3f}", flush=True)
        trainer.close()
    print(f"step time / bare loop: median {statistics.median(ratios):.3f}, {min(ratios):.3f} to {max(ratios):.3f}")


UNIT: dict[str, Any] = {
    "task": "image-translation",
    "name": "unit",
    "domains": ["day", "night"],
    "seed": 5,
    "network": {"kind": "unit", "options": {"width": 16, "shared": 1, "norm": "channel", "transposed": False}},
    "discriminator": {"kind": "unit", "options": {"width": 32, "depth": 4, "scales": 3, "slope": 0.2}},
    "objective": "lsgan",
    "weights": {"structure": 5.0},
    "pool": 50,
    "jitter": 0.15,
    "steps": 10_000,
    "validate_every": 100_000,
    "checkpoint_every": 100_000,
}


def two_domains(place: Path) -> dict[str, Any]:
    """The recipe's data: the samples in `place`, as they are and dimmed."""
    folders = [place / "day", place / "night"]
    for folder, light in zip(folders, (1.0, 0.3), strict=True):
        folder.mkdir()
        for path in SAMPLES.glob("*.jpg"):
            with Image.open(path) as photo:
                photo.convert("RGB").point(lambda level, light=light: int(level * light)).save(folder / path.name)
    return {"photos": [str(folder) for folder in folders]}


def plain_translation_step(
    network: Any,
    discriminators: Any,
    optimisers: Sequence[torch.optim.Optimizer],
    objective: Objective,
    real: tuple[Tensor, Tensor],
    weights: dict[str, float],
) -> None:
    """One step as a tutorial writes it: the generators in float32, then the discriminators on what these have made."""
    for optimiser in optimisers:
        optimiser.zero_grad(set_to_none=True)
    batch = Batch(real, real)
    found = generators_loss(network, discriminators, objective, batch, lambda mean, _: torch.randn_like(mean), weights)
    found.total.backward()
    optimisers[0].step()
    draws = torch.Generator()
    judged = [discriminator_loss(objective, discriminators.of(d), real[d], found.fakes[d], draws).total for d in (0, 1)]
    (judged[0] + judged[1]).backward()
    optimisers[1].step()


def translation() -> None:
    """Print the ratio of the two step times, measured in turns in one process."""
    with tempfile.TemporaryDirectory() as folder:
        recipe = from_values(UNIT | {"data": two_domains(Path(folder))})
        assert isinstance(recipe, ImageTranslation)
        trainer = train_unit.train(recipe, Path(folder, "run"))
        for event in trainer:
            if isinstance(event, Started):
                print(f"trainer in {event.precision}, {torch.get_num_threads()} threads", flush=True)
                break
        network, discriminators = make_translator(recipe.network), train_unit.make_discriminators(recipe)
        optimisers = [torch.optim.Adam(module.parameters(), 1e-4) for module in (network, discriminators)]
        objective = make_objective(recipe.objective)
        real = tuple(torch.rand(recipe.batch, 3, recipe.crop, recipe.crop) * 2 - 1 for _ in (0, 1))
        ratios: list[float] = []
        for turn in range(TURNS + 1):
            start = time.perf_counter()
            for _ in range(STEPS):
                plain_translation_step(
                    network, discriminators, optimisers, objective, (real[0], real[1]), recipe.weights.model_dump()
                )
            plain = time.perf_counter() - start
            start = time.perf_counter()
            steps = 0
            for event in trainer:
                steps += isinstance(event, Step)
                if steps == STEPS:
                    break
            ours = time.perf_counter() - start
            if turn:
                ratios.append(ours / plain)
                print(
                    f"plain {plain / STEPS:.4f} s, trainer {ours / STEPS:.4f} s, ratio {ours / plain:.3f}", flush=True
                )
        trainer.close()
    print(
        f"step time / plain float32 loop: median {statistics.median(ratios):.3f}, {min(ratios):.3f} to {max(ratios):.3f}"
    )


DCGAN: dict[str, Any] = {
    "task": "image-generation",
    "name": "dcgan",
    "size": 64,
    "network": {"kind": "dcgan", "options": {"base_channels": 512}},
    "discriminator": {"kind": "dcgan", "options": {"base_channels": 512}},
    "batch": 64,
    "steps": 100_000,
    "validate_every": 100_000,
    "checkpoint_every": 100_000,
}


def tutorial_step(
    generator: nn.Module, discriminator: nn.Module, optimisers: Sequence[torch.optim.Optimizer], real: Tensor
) -> None:
    """One step as PyTorch's DCGAN tutorial describes it: the discriminator on real, then on fake, then the generator."""
    ones, zeros = torch.ones(len(real)), torch.zeros(len(real))
    loss = nn.functional.binary_cross_entropy_with_logits
    optimisers[1].zero_grad()
    loss(discriminator(real), ones).backward()
    fake = generator(torch.randn(len(real), 100))
    loss(discriminator(fake.detach()), zeros).backward()
    optimisers[1].step()
    optimisers[0].zero_grad()
    loss(discriminator(fake), ones).backward()
    optimisers[0].step()


def generation() -> None:
    """Print the ratio of pictures a second, measured in turns in one process."""
    with tempfile.TemporaryDirectory() as folder:
        (pictures := Path(folder, "pictures")).mkdir()
        for index in range(100):
            pixels = torch.randint(0, 256, (64, 64, 3), generator=torch.Generator().manual_seed(index))
            Image.fromarray(pixels.to(torch.uint8).numpy()).save(pictures / f"{index}.png")
        recipe = from_values(DCGAN | {"data": {"photos": [str(pictures)]}})
        assert isinstance(recipe, ImageGeneration)
        trainer = train_dcgan.train(recipe, Path(folder, "run"))
        for event in trainer:
            if isinstance(event, Started):
                print(f"trainer in {event.precision}, {torch.get_num_threads()} threads", flush=True)
                break
        networks = [generator_of(recipe, 0), discriminator_of(recipe, 0)]
        optimisers = [torch.optim.Adam(network.parameters(), 2e-4, betas=(0.5, 0.999)) for network in networks]
        real = torch.rand(recipe.batch, 3, 64, 64) * 2 - 1
        ratios: list[float] = []
        for turn in range(TURNS + 1):
            start = time.perf_counter()
            for _ in range(STEPS):
                tutorial_step(networks[0], networks[1], optimisers, real)
            plain = time.perf_counter() - start
            start = time.perf_counter()
            steps = 0
            for event in trainer:
                steps += isinstance(event, Step)
                if steps == STEPS:
                    break
            ours = time.perf_counter() - start
            if turn:
                ratios.append(plain / ours)
                each = STEPS * recipe.batch
                print(f"plain {each / plain:.1f}/s, trainer {each / ours:.1f}/s, ratio {ratios[-1]:.3f}", flush=True)
        trainer.close()
    print(f"pictures a second / plain float32 loop: median {statistics.median(ratios):.3f}, "
          f"{min(ratios):.3f} to {max(ratios):.3f}")  # fmt: skip


def train_in_a_child(run_dir: Path, kill_at: int | None = None, wait: float = 0.0) -> bool:
    """Let a child process train in `run_dir`, killed `wait` seconds after it says step `kill_at`. Returns whether it ended."""
    command = [sys.executable, "-P", "-m", "trainers", str(run_dir)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert child.stdin is not None
    _, offset = run_folder.read_events(run_dir)
    while child.poll() is None:
        lines, offset = run_folder.read_events(run_dir, offset)
        steps = [line.message.step for line in lines if isinstance(line.message, Step)]
        if kill_at is not None and steps and steps[-1] >= kill_at:
            time.sleep(wait)
            child.kill()
        time.sleep(0.02)
    child.stdin.close()
    return child.returncode == 0


def largest_difference(a: Path, b: Path) -> float:
    """Between all tensors of the checkpoints of two runs: weights, averages and the optimisers' states."""

    def tensors(value: object, name: str = "") -> dict[str, Tensor]:
        if isinstance(value, Tensor):
            return {name: value}
        if isinstance(value, dict):
            return {k: v for key, inner in value.items() for k, v in tensors(inner, f"{name}/{key}").items()}
        return {}

    mine, other = (tensors((load_checkpoint(folder) or {})["parts"]) for folder in (a, b))
    assert mine.keys() == other.keys()
    return max(float((mine[name].double() - other[name].double()).abs().max()) for name in mine)


def exact(values: dict[str, Any], kills: int = 5, seed: int = 1) -> None:
    """Print the largest differences: of two runs never killed, and of one killed `kills` times against those."""
    draw = random.Random(seed)
    recipe = from_values(values | {"checkpoint_every": 7, "validate_every": 30})
    with tempfile.TemporaryDirectory() as folder:
        runs = [Path(folder, name) for name in ("first", "second", "killed")]
        for run_dir in runs:
            run_dir.mkdir()
            run_folder.write_recipe(run_dir, recipe.model_dump(mode="json"))
        assert train_in_a_child(runs[0]) and train_in_a_child(runs[1])
        for step in sorted(draw.sample(range(2, 60), kills)):
            train_in_a_child(runs[2], step, wait=draw.uniform(0, 0.3))
        assert train_in_a_child(runs[2])
        log = [line.message for line in run_folder.read_events(runs[2])[0]]
        starts = [message.step for message in log if isinstance(message, Started)]
        print(f"two runs never killed, largest difference: {largest_difference(runs[0], runs[1])}")
        print(
            f"killed {len(starts) - 1} times, gone on from steps {starts[1:]}: {largest_difference(runs[0], runs[2])}"
        )


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["overhead"]:
            overhead(from_values(FAST))  # type: ignore[arg-type]
        case ["translation"]:
            translation()
        case ["generation"]:
            generation()
        case ["exact"]:
            exact(FAST | {"stages": [{"steps": 60, "patch": 48, "batch": 16}]})
        case ["exact", "translation"]:
            small = {"kind": "unit", "options": {"width": 32, "depth": 4, "scales": 2}}
            with tempfile.TemporaryDirectory() as place:
                data = two_domains(Path(place))
                exact(UNIT | {"steps": 60, "crop": 64, "discriminator": small, "data": data})
        case _:
            sys.exit(__doc__)
