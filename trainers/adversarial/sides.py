"""The parts of an adversarial loop, as functions that a training file calls.

Each is a function of its arguments alone; what is random comes from a torch.Generator that the caller seeds. A file that
trains decides the order: who steps when, what is drawn, what is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from trainers.losses.auxiliary import AuxiliaryLoss, Outputs
from trainers.losses.objectives import Logits, Objective
from trainers.networks.discriminators import judge

Side = Literal["discriminator", "generator"]
Auxiliaries = Mapping[str, tuple[AuxiliaryLoss, float]]
"""name → (loss, weight)"""

NONE: Auxiliaries = {}


@dataclass(frozen=True)
class Loss:
    """One side's loss: the `total` to go backward from, its weighted `terms` without gradients, and what it was made of."""

    total: Tensor
    terms: dict[str, Tensor]
    outputs: Outputs


def discriminator_loss(
    objective: Objective,
    discriminator: nn.Module,
    real: Tensor,
    fake: Tensor,
    generator: torch.Generator,
    *,
    real_labels: Tensor | None = None,
    fake_labels: Tensor | None = None,
    fake_latents: Tensor | None = None,
    fake_codes: Tensor | None = None,
    conditional: bool = False,
    auxiliary: Auxiliaries = NONE,
) -> Loss:
    """What the discriminator lowers, given a batch of real pictures and one of fake ones, both (N, 3, H, W).

    Real and fake pass in batches of their own, so that batch norm cannot tell them apart. Nothing goes back into the
    network that made `fake`. `generator` is the source of random numbers for the penalty. A `conditional`
    discriminator is also given the labels, int64 (N,); otherwise only the auxiliary losses see them, and the codes that
    fake pictures were made from.
    """
    fake = fake.detach()
    of_real = judge(discriminator, real, real_labels if conditional else None)
    of_fake = judge(discriminator, fake, fake_labels if conditional else None)
    parts = {"adversarial": objective.judged(of_real.logits, of_fake.logits, real, fake)}
    if objective.penalty is not None and objective.penalty_weight:
        labels = real_labels if conditional else None
        penalty = objective.penalty(lambda x: judge(discriminator, x, labels).logits, real, fake, generator)
        parts["penalty"] = objective.penalty_weight * penalty
    outputs = Outputs(
        real,
        fake,
        real_logits=of_real.logits,
        fake_logits=of_fake.logits,
        real_features=of_real.features,
        fake_features=of_fake.features,
        real_labels=real_labels,
        fake_labels=fake_labels,
        real_class_logits=of_real.class_logits,
        fake_class_logits=of_fake.class_logits,
        fake_latents=fake_latents,
        fake_codes=fake_codes,
        fake_code_logits=of_fake.code_logits,
    )
    return _sum(parts, outputs, auxiliary)


def generator_loss(
    objective: Objective,
    discriminator: nn.Module,
    fake: Tensor,
    *,
    weight: float = 1.0,
    real: Tensor | None = None,
    original: Tensor | None = None,
    drawn: Tensor | None = None,
    real_labels: Tensor | None = None,
    fake_labels: Tensor | None = None,
    fake_latents: Tensor | None = None,
    fake_codes: Tensor | None = None,
    conditional: bool = False,
    auxiliary: Auxiliaries = NONE,
) -> Loss:
    """What the generator lowers, given the batch `fake` that it has just made. The discriminator's weights get no gradient.

    The objective counts `weight` times, the auxiliary losses as often as they say.
    Where pictures were changed at random, `original` is what `real` was before, and `drawn` what `fake` was.

    Where there are auxiliary losses and `real` is given, the discriminator is asked about it too, so that they can
    compare features; they see no class logits of real pictures.
    """
    with frozen(discriminator):
        of_fake = judge(discriminator, fake, fake_labels if conditional else None)
        of_real = None
        if auxiliary and real is not None:
            with torch.no_grad():
                of_real = judge(discriminator, real, real_labels if conditional else None)
    outputs = Outputs(
        real,
        fake,
        original=real if original is None else original,
        drawn=fake if drawn is None else drawn,
        real_logits=of_real.logits if of_real else None,
        fake_logits=of_fake.logits,
        real_features=of_real.features if of_real else (),
        fake_features=of_fake.features,
        real_labels=real_labels,
        fake_labels=fake_labels,
        fake_class_logits=of_fake.class_logits,
        fake_latents=fake_latents,
        fake_codes=fake_codes,
        fake_code_logits=of_fake.code_logits,
    )
    return _sum({"adversarial": weight * objective.generator(of_fake.logits)}, outputs, auxiliary)


def _sum(parts: dict[str, Tensor], outputs: Outputs, auxiliary: Auxiliaries) -> Loss:
    parts |= {name: weight * loss(outputs) for name, (loss, weight) in auxiliary.items()}
    total = torch.stack([part.float() for part in parts.values()]).sum()
    return Loss(total, {name: part.detach() for name, part in parts.items()}, outputs)


def turns(discriminator_steps: int, generator_steps: int) -> tuple[Side, ...]:
    """Who steps, in order, within one step of the whole: the discriminator so often, then the generator so often."""
    if discriminator_steps < 1 or generator_steps < 1:
        raise ValueError(f"Each side takes 1 step or more, not {discriminator_steps} and {generator_steps}.")
    return ("discriminator",) * discriminator_steps + ("generator",) * generator_steps


@contextmanager
def frozen(module: nn.Module) -> Iterator[None]:
    """Within the context no parameter of `module` asks for a gradient; afterwards each asks as it did before."""
    asked = [(weight, weight.requires_grad) for weight in module.parameters()]
    try:
        for weight, _ in asked:
            weight.requires_grad_(False)
        yield
    finally:
        for weight, required in asked:
            weight.requires_grad_(required)


def clip_weights(discriminator: nn.Module, limit: float) -> None:
    """Bring every parameter back into [-limit, limit], in place: Arjovsky et al. 2017, algorithm 1, line 7."""
    with torch.no_grad():
        for weight in discriminator.parameters():
            weight.clamp_(-limit, limit)


def discriminator_lead(objective: Objective, real_logits: Logits, fake_logits: Logits) -> float | None:
    """How far the discriminator is ahead: by what share its loss is below that of one that cannot tell real from fake.

    From 0 (it cannot tell) to 1 (it is sure of every picture, and its slope, which the generator learns from, is gone).
    None for objectives without such a bound: a Wasserstein critic is to be as far ahead as it can, and how far one with a
    margin is to be differs from picture to picture.
    """
    if objective.undecided is None or objective.margin is not None:
        return None
    with torch.no_grad():
        loss = float(objective.discriminator(real_logits, fake_logits))
    return min(1.0, max(0.0, 1 - loss / objective.undecided))


def generator_ramp(step: int, alone: int, ramp: int) -> float:
    """The share of its rate that a trained generator steps with at `step` (from 0) beside a fresh discriminator.

    0 for the first `alone` steps, in which the discriminator trains alone; then a linear rise over `ramp` steps to 1.
    """
    if step < alone:
        return 0.0
    return min(1.0, (step - alone + 1) / ramp) if ramp > 0 else 1.0
