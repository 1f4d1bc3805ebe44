"""What networks are trained to lower: pixel losses and the adversarial objectives; auxiliary losses have a file of their own.

A recipe names one of each table's entries, or an import path to a function with the signature that the table's type gives,
`PixelLoss` (output, truth), or to a whole `Objective`.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from engines.errors import RecipeError
from trainers.losses.objectives import (
    Objective,
    bce_discriminator,
    critic_discriminator,
    critic_generator,
    divergence_penalty,
    gradient_penalty,
    hinge_discriminator,
    loss_sensitive_discriminator,
    lsgan_discriminator,
    lsgan_generator,
    non_saturating_generator,
    picture_margin,
    r1_penalty,
)
from trainers.names import find
from trainers.recipes.adversarial import Adversarial

PixelLoss = Callable[[Tensor, Tensor], Tensor]
"""(output, truth) → scalar: both RGB pictures of one shape, (N, 3, H, W)."""


def charbonnier(output: Tensor, truth: Tensor, epsilon: float = 1e-3) -> Tensor:
    """sqrt(difference² + ε²), L1 rounded at the origin: Lai et al., LapSRN, equation 3."""
    return torch.sqrt((output - truth).square() + epsilon * epsilon).mean()


PIXEL_LOSSES: dict[str, PixelLoss] = {
    "l1": F.l1_loss,
    "l2": F.mse_loss,
    "charbonnier": charbonnier,
}


OBJECTIVES: dict[str, Objective] = {
    "bce": Objective(bce_discriminator, non_saturating_generator, undecided=2 * math.log(2)),
    "lsgan": Objective(lsgan_discriminator, lsgan_generator, undecided=0.25),
    "hinge": Objective(hinge_discriminator, critic_generator, undecided=2.0),
    "wgan": Objective(critic_discriminator, critic_generator, clip=0.01),
    "wgan-gp": Objective(
        critic_discriminator, critic_generator, gradient_penalty, penalty_weight=10.0, per_sample_penalty=True
    ),
    "wgan-div": Objective(
        critic_discriminator, critic_generator, divergence_penalty, penalty_weight=2.0, per_sample_penalty=True
    ),
    "r1": Objective(
        bce_discriminator,
        non_saturating_generator,
        r1_penalty,
        penalty_weight=10.0,
        per_sample_penalty=True,
        undecided=2 * math.log(2),
    ),
    "loss-sensitive": Objective(loss_sensitive_discriminator, critic_generator, margin=picture_margin),
}
"""The adversarial objectives, with the weights of their papers. The weight of wgan-div is its k, that of r1 its γ."""


def objective_of(recipe: Adversarial) -> Objective:
    """The objective that `recipe` names, with its numbers. Raises RecipeError as `make_objective` does."""
    return make_objective(
        recipe.objective,
        penalty_weight=recipe.penalty_weight,
        clip=recipe.weight_clip,
        smoothing=recipe.label_smoothing,
    )


def make_objective(
    name: str, *, penalty_weight: float | None = None, clip: float | None = None, smoothing: float = 0.0
) -> Objective:
    """The objective called `name`, with another penalty weight, another clipping limit or label smoothing.

    A `name` with a colon is an import path to an `Objective`, or to what makes one without being told anything. `smoothing`,
    from 0 to below 0.5, is how far the target of real pictures lies under 1. Raises RecipeError where there is no such
    objective, a number is out of range, or the objective has nothing that the number could change.
    """
    objective = _found(name)
    if penalty_weight is not None:
        if objective.penalty is None:
            raise RecipeError(f"The objective “{name}” has no penalty to weigh; take “penalty_weight” out.")
        if penalty_weight < 0:
            raise RecipeError(f"A penalty's weight cannot be below 0, and {penalty_weight:g} is; give 0 or more.")
        objective = replace(objective, penalty_weight=penalty_weight)
    if clip is not None:
        if objective.clip is None:
            raise RecipeError(f"The objective “{name}” clips no weights; take “weight_clip” out, or choose wgan.")
        if clip <= 0:
            raise RecipeError(f"Weights cannot be clipped at {clip:g}; give a limit above 0, such as 0.01.")
        objective = replace(objective, clip=clip)
    if smoothing:
        if objective.discriminator is not bce_discriminator:
            raise RecipeError(f"Label smoothing is for bce and r1, not for “{name}”; take “label_smoothing” out.")
        if not 0 < smoothing < 0.5:
            raise RecipeError(f"Label smoothing lies from 0 to below 0.5, and {smoothing:g} does not; 0.1 is usual.")
        objective = replace(objective, discriminator=partial(bce_discriminator, smoothing=smoothing))
    return objective


def _found(name: str) -> Objective:
    found = find(name, OBJECTIVES, "objective", Objective)
    if isinstance(found, Objective):
        return found
    try:
        made = found()
    except Exception as error:  # whatever a person's own function raises
        raise RecipeError(
            f"The objective “{name}” cannot be made without arguments ({error}); name an Objective."
        ) from error
    if not isinstance(made, Objective):
        raise RecipeError(f"“{name}” gives a {type(made).__name__}, not an Objective of trainers.losses.objectives.")
    return made


def find_loss(name: str) -> PixelLoss:
    """The pixel loss called `name`, or the function or class at the import path `name`. Raises RecipeError."""
    loss: Any = find(name, PIXEL_LOSSES, "loss")
    made: Any = loss() if inspect.isclass(loss) else loss
    return made
