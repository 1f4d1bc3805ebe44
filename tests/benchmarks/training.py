"""What a training step costs beyond its arithmetic, and whether a run is the same however often it is interrupted.

`python -m tests.benchmarks.training overhead [RECIPE.toml]`: the step time of the trainer over that of a bare torch loop with
the same network, optimiser, precision and shapes on batches made beforehand, in turns of a few steps each.
`python -m tests.benchmarks.training exact`: the largest difference of weights between two runs never interrupted, and between
those and runs killed with SIGKILL at random moments and gone on with.
"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tests.conftest import SAMPLES
from trainers import run
from trainers.checkpoint import load_checkpoint
from trainers.device import Precision
from trainers.events import Started, Step
from trainers.parts import make_network
from trainers.recipe import SuperResolution, from_values
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


def train_in_a_child(run_dir: Path, kill_at: int | None = None, wait: float = 0.0) -> bool:
    """Let a child process train in `run_dir`, killed `wait` seconds after it says step `kill_at`. Returns whether it ended."""
    command = [sys.executable, "-P", "-m", "trainers", str(run_dir)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert child.stdin is not None
    _, offset = run.read_events(run_dir)
    while child.poll() is None:
        lines, offset = run.read_events(run_dir, offset)
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


def exact(kills: int = 5, seed: int = 1) -> None:
    """Print the largest differences: of two runs never killed, and of one killed `kills` times against those."""
    draw = random.Random(seed)
    values = FAST | {"stages": [{"steps": 60, "patch": 48, "batch": 16}], "checkpoint_every": 7, "validate_every": 30}
    recipe = from_values(values)
    with tempfile.TemporaryDirectory() as folder:
        runs = [Path(folder, name) for name in ("first", "second", "killed")]
        for run_dir in runs:
            run_dir.mkdir()
            run.write_recipe(run_dir, recipe.model_dump(mode="json"))
        assert train_in_a_child(runs[0]) and train_in_a_child(runs[1])
        for step in sorted(draw.sample(range(2, 60), kills)):
            train_in_a_child(runs[2], step, wait=draw.uniform(0, 0.3))
        assert train_in_a_child(runs[2])
        log = [line.message for line in run.read_events(runs[2])[0]]
        starts = [message.step for message in log if isinstance(message, Started)]
        print(f"two runs never killed, largest difference: {largest_difference(runs[0], runs[1])}")
        print(f"killed {len(starts) - 1} times, gone on from steps {starts[1:]}: {largest_difference(runs[0], runs[2])}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["overhead"]:
            overhead(from_values(FAST))  # type: ignore[arg-type]
        case ["exact"]:
            exact()
        case _:
            sys.exit(__doc__)
