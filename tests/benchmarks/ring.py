"""Which objectives learn a ring of eight Gaussians: the modes each finds, and how many of its samples lie on one.

    python -m tests.benchmarks.ring [--short] [--json] [--seed N] [OBJECTIVE ...]

The data are points (x, y) from eight Gaussians of deviation 0.05, evenly placed on a circle of radius 2. Networks are
fully connected. Of 2,500 samples one is good within three deviations of a centre; a mode is found when at least 1 % of
all samples are good ones of its centre. A sample comes from the averaged weights (EMA) of the generator.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import os
import time
from dataclasses import asdict, dataclass

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # networks this small lose time to a second thread

import torch
from torch import Tensor, nn

from trainers.adversarial.sides import clip_weights, discriminator_loss, generator_loss, turns
from trainers.losses.tables import OBJECTIVES, make_objective
from trainers.networks.mlp import MLPDiscriminator, MLPGenerator

MODES = 8
RADIUS = 2.0
DEVIATION = 0.05
SAMPLES = 2500
LATENT_SIZE = 8
BATCH = 128
AVERAGE = 0.99  # of the generator's weights, kept at each step


@dataclass(frozen=True)
class Setting:
    """How an objective is trained on the ring: generator steps, discriminator steps to each, rates, and what it overrides."""

    steps: int
    short_steps: int
    discriminator_steps: int = 1
    rate: float = 1e-3
    discriminator_rate: float = 1e-3
    penalty_weight: float | None = None
    clip: float | None = None
    width: int = 64
    layers: int = 2
    betas: tuple[float, float] = (0.5, 0.9)


SETTINGS: dict[str, Setting] = {
    "bce": Setting(3000, 1000, rate=2e-3, discriminator_rate=8e-3, betas=(0.0, 0.99)),
    "lsgan": Setting(3000, 1500),
    "hinge": Setting(3000, 1000, rate=2e-3, discriminator_rate=5e-3, betas=(0.0, 0.9), layers=3),
    # At 0.01 the slope of so small a critic all but vanishes.
    "wgan": Setting(3000, 1500, discriminator_rate=5e-3, betas=(0.0, 0.99), clip=0.1, layers=3, width=128),
    # The weight with which the paper's authors train on toy data.
    "wgan-gp": Setting(3000, 1000, rate=2e-3, discriminator_rate=5e-3, betas=(0.0, 0.9), penalty_weight=0.1, layers=3),
    "wgan-div": Setting(3000, 1000, rate=2e-3, discriminator_rate=6e-3, betas=(0.0, 0.9), layers=3),
    "r1": Setting(3000, 1000, rate=2e-3, discriminator_rate=6e-3, betas=(0.0, 0.99), penalty_weight=0.1, layers=3),
    "loss-sensitive": Setting(3000, 2000, rate=2e-3, discriminator_rate=8e-3, betas=(0.0, 0.99)),
}


@dataclass(frozen=True)
class Result:
    """What an objective learned: modes found of eight, the share of good samples, and the seconds it took."""

    objective: str
    modes: int
    good: float
    steps: int
    seconds: float


def centres() -> Tensor:
    """The centres of the Gaussians, (8, 2)."""
    angles = torch.arange(MODES) * (2 * math.pi / MODES)
    return RADIUS * torch.stack([angles.cos(), angles.sin()], 1)


def draw_ring(count: int, generator: torch.Generator) -> Tensor:
    """`count` points of the ring, (count, 2)."""
    which = torch.randint(MODES, (count,), generator=generator)
    return centres()[which] + DEVIATION * torch.randn(count, 2, generator=generator)


def count_modes(samples: Tensor) -> tuple[int, float]:
    """The modes found, and the share of samples within three deviations of a centre."""
    distance, nearest = torch.cdist(samples, centres()).min(1)
    good = distance <= 3 * DEVIATION
    hits = torch.bincount(nearest[good], minlength=MODES)
    return int((hits >= 0.01 * len(samples)).sum()), float(good.float().mean())


def train_generator(name: str, setting: Setting, steps: int, seed: int) -> nn.Module:
    """The averaged generator after `steps` steps against a discriminator with the objective called `name`."""
    objective = make_objective(name, penalty_weight=setting.penalty_weight, clip=setting.clip)
    source = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = MLPGenerator(LATENT_SIZE, (2,), setting.width, setting.layers)
        discriminator = MLPDiscriminator((2,), setting.width, setting.layers)
    average = copy.deepcopy(network)
    optimisers = {
        "generator": torch.optim.Adam(network.parameters(), setting.rate, setting.betas, fused=True),
        "discriminator": torch.optim.Adam(
            discriminator.parameters(), setting.discriminator_rate, setting.betas, fused=True
        ),
    }
    for step in range(steps):
        decay = max(0.02, 1 - step / steps)
        for side in turns(setting.discriminator_steps, 1):
            z = torch.randn(BATCH, LATENT_SIZE, generator=source)
            with torch.set_grad_enabled(side == "generator"):
                fake = network(z)
            if side == "discriminator":
                loss = discriminator_loss(objective, discriminator, draw_ring(BATCH, source), fake, source)
            else:
                loss = generator_loss(objective, discriminator, fake)
            for group in optimisers[side].param_groups:
                group["lr"] = decay * (setting.rate if side == "generator" else setting.discriminator_rate)
            optimisers[side].zero_grad(set_to_none=True)
            loss.total.backward()
            optimisers[side].step()
            if side == "discriminator" and objective.clip is not None:
                clip_weights(discriminator, objective.clip)
        with torch.no_grad():
            for mean, weight in zip(average.parameters(), network.parameters(), strict=True):
                mean.lerp_(weight, 1 - AVERAGE)
    return average


def run(name: str, short: bool = False, seed: int = 0) -> Result:
    """Train with the objective called `name` and look at what the generator draws."""
    setting = SETTINGS[name]
    steps = setting.short_steps if short else setting.steps
    started = time.perf_counter()
    network = train_generator(name, setting, steps, seed)
    with torch.no_grad():
        samples = network(torch.randn(SAMPLES, LATENT_SIZE, generator=torch.Generator().manual_seed(seed + 1)))
    modes, good = count_modes(samples)
    return Result(name, modes, good, steps, time.perf_counter() - started)


def main() -> None:
    """Print a line for each objective."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.ring")
    parser.add_argument("objectives", nargs="*", metavar="OBJECTIVE", help=f"of {', '.join(OBJECTIVES)}; all without")
    parser.add_argument("--short", action="store_true", help="the fewer steps of the tests")
    parser.add_argument("--json", action="store_true", help="an object a line")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    for name in asked.objectives or OBJECTIVES:
        result = run(name, asked.short, asked.seed)
        if asked.json:
            print(json.dumps(asdict(result)), flush=True)
        else:
            print(
                f"{result.objective:9} {result.modes} of {MODES} modes, {result.good:6.1%} of samples good, "
                f"{result.steps} steps, {result.seconds:.1f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
