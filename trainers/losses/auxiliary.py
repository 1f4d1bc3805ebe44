"""Auxiliary losses: what either side of an adversarial step lowers beside its objective.

A recipe names one of the table, or an import path to a function or class with the signature of `AuxiliaryLoss`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor

from engines.errors import RecipeError
from trainers.losses.objectives import Logits
from trainers.losses.patch_distance import patch_distance
from trainers.losses.tables import PIXEL_LOSSES, PixelLoss
from trainers.names import find


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


def feature_matching(outputs: Outputs, *, layers: Sequence[int] = ()) -> Tensor:
    """How far the mean features of fake pictures are from those of real ones; for the generator.

    Salimans et al. 2016, "Improved Techniques for Training GANs", section 3.1: the squared distance, here as a mean over
    the numbers of each layer, and over the `layers`, numbered from 1, or all that the discriminator shows. Raises
    RecipeError where it shows none, or not so many.
    """
    if not outputs.fake_features or not outputs.real_features:
        raise RecipeError(
            "Feature matching compares features, and this discriminator shows none; "
            "choose another discriminator, or take the loss out."
        )
    pairs = list(zip(outputs.real_features, outputs.fake_features, strict=True))
    if not isinstance(layers, Sequence) or any(layer not in range(1, len(pairs) + 1) for layer in layers):
        raise RecipeError(
            f"The discriminator shows {len(pairs)} layers of features; “layers” is a list of numbers from 1 to that."
        )
    chosen = [pairs[int(layer) - 1] for layer in layers] or pairs
    found = [F.mse_loss(fake.float().mean(0), real.detach().float().mean(0)) for real, fake in chosen]
    return torch.stack(found).mean()


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


def find_auxiliary(
    name: str, options: Mapping[str, Any] | None = None, table: Mapping[str, Any] = AUXILIARY
) -> AuxiliaryLoss:
    """The auxiliary loss called `name`, or what is at the import path `name`, with `options`.

    A function takes them by their names beside the outputs; a class is made with them. Raises RecipeError.
    """
    found: Any = find(name, table, "auxiliary loss")
    options, is_class = dict(options or {}), inspect.isclass(found)
    try:
        signature = inspect.signature(found)
    except (TypeError, ValueError) as error:
        raise RecipeError(f"“{name}” is no auxiliary loss: what it takes is not known; name another.") from error
    takes = list(signature.parameters.values())[0 if is_class else 1 :]
    names = [one.name for one in takes if one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)]
    if not any(one.kind is one.VAR_KEYWORD for one in takes):
        for option in options:
            if option not in names:
                known = ", ".join(names) or "no options"
                raise RecipeError(f"The auxiliary loss “{name}” has no option “{option}”; it takes {known}.")
    try:
        signature.bind(*([] if is_class else [None]), **options)
        made: Any = found(**options) if is_class else found
        if options and not is_class:
            made = partial(found, **options)
    except (TypeError, ValueError) as error:
        raise RecipeError(f"The auxiliary loss “{name}” cannot be made with {options}: {error}") from error
    if not callable(made):
        raise RecipeError(f"“{name}” gives a {type(made).__name__}, which cannot be called; name a loss.")
    return cast(AuxiliaryLoss, made)
