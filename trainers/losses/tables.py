"""What networks are trained to lower: pixel losses, the adversarial objectives, and auxiliary losses beside them.

A recipe names one of each table's entries, or an import path to a function with the signature that the table's type gives:
`PixelLoss` (output, truth), `AuxiliaryLoss` (outputs of a step), or a whole `Objective`.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from engines.errors import RecipeError
from trainers.losses.objectives import (
    Logits,
    Objective,
    bce_discriminator,
    critic_discriminator,
    critic_generator,
    divergence_penalty,
    gradient_penalty,
    hinge_discriminator,
    lsgan_discriminator,
    lsgan_generator,
    non_saturating_generator,
    r1_penalty,
)
from trainers.losses.patch_distance import patch_distance
from trainers.names import find

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
}
"""The adversarial objectives, with the weights of their papers. The weight of wgan-div is its k, that of r1 its γ."""


def make_objective(
    name: str, *, penalty_weight: float | None = None, clip: float | None = None, smoothing: float = 0.0
) -> Objective:
    """The objective called `name`, with another penalty weight, another clipping limit or label smoothing.

    `smoothing`, from 0 to below 0.5, is how far the target of real pictures lies under 1. Raises RecipeError where there
    is no such objective, a number is out of range, or the objective has nothing that the number could change.
    """
    if name not in OBJECTIVES:
        raise RecipeError(f"There is no objective called “{name}”; choose {', '.join(sorted(OBJECTIVES))}.")
    objective = OBJECTIVES[name]
    if penalty_weight is not None:
        if objective.penalty is None:
            raise RecipeError(f"The objective “{name}” has no penalty to weigh; take “penalty_weight” out.")
        if penalty_weight < 0:
            raise RecipeError(f"A penalty's weight cannot be below 0, and {penalty_weight:g} is; give 0 or more.")
        objective = replace(objective, penalty_weight=penalty_weight)
    if clip is not None:
        if objective.clip is None:
            raise RecipeError(f"The objective “{name}” clips no weights; take “clip” out, or choose wgan.")
        if clip <= 0:
            raise RecipeError(f"Weights cannot be clipped at {clip:g}; give a limit above 0, such as 0.01.")
        objective = replace(objective, clip=clip)
    if smoothing:
        if objective.discriminator is not bce_discriminator:
            raise RecipeError(f"Label smoothing is for bce and r1, not for “{name}”; take “smoothing” out.")
        if not 0 < smoothing < 0.5:
            raise RecipeError(f"Label smoothing lies from 0 to below 0.5, and {smoothing:g} does not; 0.1 is usual.")
        objective = replace(objective, discriminator=partial(bce_discriminator, smoothing=smoothing))
    return objective


@dataclass(frozen=True)
class Outputs:
    """What one adversarial step has computed: all that an auxiliary loss may look at.

    `real` and `fake` are batches of pictures, (N, 3, H, W), as the discriminator sees them; on the generator's side
    `original` and `drawn` are the two before they were changed at random. Logits and features are the discriminator's,
    features one tensor a layer with the batch first. Labels are int64, (N,); class logits, (N, classes), are an auxiliary
    classifier's, and code logits are read off fake pictures that were made from `fake_codes` and, as `z` (N, L),
    `fake_latents`. On the generator's side nothing of `real` carries a gradient, and `real_class_logits` is None, for the
    generator cannot change it. What a step does not have is None, or empty.
    """

    real: Tensor | None
    fake: Tensor
    original: Tensor | None = None
    drawn: Tensor | None = None
    real_logits: Logits | None = None
    fake_logits: Logits | None = None
    real_features: Sequence[Tensor] = ()
    fake_features: Sequence[Tensor] = ()
    real_labels: Tensor | None = None
    fake_labels: Tensor | None = None
    real_class_logits: Tensor | None = None
    fake_class_logits: Tensor | None = None
    fake_latents: Tensor | None = None
    fake_codes: Tensor | None = None
    fake_code_logits: Tensor | None = None


FEWEST_OF_LABEL = 8  # pictures whose patches can stand for a label's

AuxiliaryLoss = Callable[[Outputs], Tensor]
"""(outputs of a step) → scalar, added with its weight to the loss of the side, generator or discriminator, that lists it."""


def feature_matching(outputs: Outputs) -> Tensor:
    """How far the mean features of fake pictures are from those of real ones; for the generator.

    Salimans et al. 2016, "Improved Techniques for Training GANs", section 3.1: the squared distance, here as a mean over
    the numbers of each layer, and over the layers that the discriminator shows. Raises RecipeError where it shows none.
    """
    if not outputs.fake_features or not outputs.real_features:
        raise RecipeError(
            "Feature matching compares features, and this discriminator shows none; "
            "choose another discriminator, or take the loss out."
        )
    pairs = zip(outputs.real_features, outputs.fake_features, strict=True)
    layers = [F.mse_loss(fake.float().mean(0), real.detach().float().mean(0)) for real, fake in pairs]
    return torch.stack(layers).mean()


def auxiliary_classifier(outputs: Outputs) -> Tensor:
    """Cross-entropy of the class logits with the labels, of the fake and, where there are any, the real; for both sides.

    Odena et al. 2017, "Conditional Image Synthesis with Auxiliary Classifier GANs", equation 3. Raises RecipeError where
    the discriminator gives no class logits or the pictures have no labels.
    """
    if outputs.fake_class_logits is None or outputs.fake_labels is None:
        raise RecipeError(
            "An auxiliary classifier needs a discriminator with classes and pictures with labels; "
            "give the discriminator its number of classes, and put the pictures into a folder for each label."
        )
    loss = F.cross_entropy(outputs.fake_class_logits.float(), outputs.fake_labels)
    if outputs.real_class_logits is not None and outputs.real_labels is not None:
        loss = loss + F.cross_entropy(outputs.real_class_logits.float(), outputs.real_labels)
    return loss


def mode_seeking(outputs: Outputs) -> Tensor:
    """How alike fake pictures of one label are, for how unlike the latents are that they were made from; for the generator.

    Mao et al. 2019, "Mode Seeking Generative Adversarial Networks for Diverse Image Synthesis", equation 2 and section 3.2:
    1 ÷ the ratio of the mean absolute differences of the pictures to that of the latents, here of each picture and the next
    of its label in the batch. About 1 for pictures as different as their latents, and large where labels have collapsed.
    Raises RecipeError where there are no latents.
    """
    if outputs.fake_latents is None:
        raise RecipeError("Mode seeking compares latents, and this step has none; take the loss out.")
    drawn = outputs.fake if outputs.drawn is None else outputs.drawn
    count = len(drawn)
    labels = outputs.fake_labels if outputs.fake_labels is not None else torch.zeros(count, dtype=torch.long)
    order = torch.argsort(labels, stable=True)
    same = (labels[order][1:] == labels[order][:-1]).to(drawn.device)
    first, second = order[:-1].to(drawn.device), order[1:].to(drawn.device)
    pictures = (drawn[first].float() - drawn[second].float()).abs().flatten(1).mean(1)
    latents = (outputs.fake_latents[first] - outputs.fake_latents[second]).abs().mean(1)
    ratios = (pictures / latents.clamp_min(1e-6))[same]
    return 1 / (ratios.mean() + 1e-2) if len(ratios) else drawn.sum() * 0.0


def paired(loss: PixelLoss) -> AuxiliaryLoss:
    """The pixel loss between each fake picture and the real one at its place; for a generator that is shown the real one."""

    def between(outputs: Outputs) -> Tensor:
        if outputs.real is None:
            raise RecipeError("A pixel loss compares with real pictures, and this step has none; take the loss out.")
        return loss(outputs.fake.float(), outputs.real.float())

    return between


def sliced_wasserstein(outputs: Outputs) -> Tensor:
    """How far the patches of fake pictures are from those of real ones, `trainers.losses.patch_distance`; for the generator.

    Where there are labels, pictures of one label are compared with each other, and each label counts by its share of those
    that real and fake pictures both have `FEWEST_OF_LABEL` of. The fewer pictures, the larger the distance of what is alike, so
    a step that is taken in parts has another loss than one that is not. Raises RecipeError where there are no real pictures.
    """
    real = outputs.real if outputs.original is None else outputs.original
    fake = outputs.fake if outputs.drawn is None else outputs.drawn
    if real is None:
        raise RecipeError(
            "The loss “sliced-wasserstein” compares with real pictures, and this step has none; take it out."
        )
    if outputs.fake_labels is None or outputs.real_labels is None:
        return patch_distance(fake, real)
    losses, shares = [], []
    for label in outputs.fake_labels.unique():
        mine, theirs = outputs.fake_labels == label, outputs.real_labels == label
        count = min(int(mine.sum()), int(theirs.sum()))
        if count >= FEWEST_OF_LABEL:
            losses.append(count * patch_distance(fake[mine][:count], real[theirs][:count]))
            shares.append(count)
    return torch.stack(losses).sum() / sum(shares) if losses else patch_distance(fake, real)


OF_THE_GENERATOR = ("mode-seeking", "sliced-wasserstein")  # nothing of them depends on the discriminator's weights
AUXILIARY: dict[str, AuxiliaryLoss] = {
    "feature-matching": feature_matching,
    "auxiliary-classifier": auxiliary_classifier,
    "mode-seeking": mode_seeking,
    "sliced-wasserstein": sliced_wasserstein,
    **{name: paired(loss) for name, loss in PIXEL_LOSSES.items()},
}


def find_auxiliary(name: str) -> AuxiliaryLoss:
    """The auxiliary loss called `name`, or the function at the import path `name`. Raises RecipeError."""
    return find(name, AUXILIARY, "auxiliary loss")


def find_loss(name: str) -> PixelLoss:
    """The pixel loss called `name`, or the function or class at the import path `name`. Raises RecipeError."""
    loss: Any = find(name, PIXEL_LOSSES, "loss")
    made: Any = loss() if inspect.isclass(loss) else loss
    return made
