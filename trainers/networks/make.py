"""Networks, losses and other parts by name, or by an import path that a person typed."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

from engines.errors import RecipeError
from trainers.losses.tables import objective_of
from trainers.names import find
from trainers.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from trainers.networks.discriminators import without_batch_norm
from trainers.networks.mlp import mlp_discriminator, mlp_generator
from trainers.networks.projected import ProjectedDiscriminator
from trainers.networks.superres import NETWORKS
from trainers.networks.unit import UNIT, UNITDiscriminator, UNITDiscriminators
from trainers.recipes.recipe import ImageGeneration, ImageTranslation, Part

GENERATORS = {"dcgan": DCGANGenerator, "mlp": mlp_generator}
DISCRIMINATORS = {
    "dcgan": DCGANDiscriminator,
    "mlp": mlp_discriminator,
    "unit": UNITDiscriminator,
    "projected": ProjectedDiscriminator,
}
DRAWN = ("dcgan", "projected")
"""The kinds of a GAN's networks whose first weights are the DCGAN paper's: `trainers.networks.dcgan.initialise`."""
TRANSLATORS = {"unit": UNIT}


def make_network(part: Part, scale: int) -> nn.Module:
    """The super-resolution network that `part` names, made with its options and `scale` where it takes one.

    Raises RecipeError where the name, the import path or an option is wrong.
    """
    return _make(part, NETWORKS, "network", {"scale": scale})


def make_generator(part: Part, size: int, latent_size: int, *, labels: int = 0, codes: Sequence[int] = ()) -> nn.Module:
    """The generator that `part` names: `z` (N, latent_size) to pictures (N, 3, size, size) in [-1, 1].

    It gets `size` and `latent_size` where it takes them; the number of `labels` and the kinds of `codes` it must take where
    there are any. Raises RecipeError as `make_network` does.
    """
    given = {"size": size, "latent_size": latent_size}
    return _make(part, GENERATORS, "generator", given, _there(labels=labels, codes=tuple(codes)))


def generator_of(recipe: ImageGeneration, labels: int) -> nn.Module:
    """The generator of `recipe`, for pictures with so many `labels` (0: none). Raises RecipeError as `make_generator`."""
    conditional = 0 if recipe.condition == "none" else labels
    return make_generator(recipe.network, recipe.size, recipe.latent_size, labels=conditional, codes=recipe.codes.kinds)


def discriminator_of(recipe: ImageGeneration, labels: int) -> nn.Module:
    """The discriminator of `recipe`, for pictures with so many `labels`; without batch norm where its objective needs that.

    It is conditional, or classifies, or both, as the recipe's condition says. Raises RecipeError as `make_discriminator`.
    """
    made = make_discriminator(
        recipe.discriminator,
        recipe.size,
        labels=labels if recipe.condition in ("embed", "both") else 0,
        classes=labels if recipe.condition in ("auxiliary", "both") else 0,
        codes=recipe.codes.kinds,
    )
    if not objective_of(recipe).per_sample_penalty:
        return made
    if getattr(made, "minibatch", None) is not None:
        raise RecipeError(
            f"The penalty of “{recipe.objective}” speaks of a single picture, and “minibatch” of the whole batch; take one out."
        )
    return without_batch_norm(made)


def make_translator(part: Part) -> nn.Module:
    """The network of two domains that `part` names, with two `encoders` and two `decoders` as `networks.unit.UNIT` has.

    Raises RecipeError as `make_network` does.
    """
    network = _make(part, TRANSLATORS, "network", {})
    for name in ("encoders", "decoders"):
        found = getattr(network, name, None)
        if not isinstance(found, nn.ModuleList) or len(found) != 2:
            raise RecipeError(
                f"The network “{part.kind}” has no two “{name}” in a ModuleList; name one made like UNIT."
            )
    return network


def make_discriminator(
    part: Part, size: int, *, labels: int = 0, classes: int = 0, codes: Sequence[int] = ()
) -> nn.Module:
    """The discriminator that `part` names: pictures (N, 3, size, size) in [-1, 1] to logits, the batch first.

    It gets `size` where it takes it; the number of `labels` to judge by, that of `classes` to tell apart and the kinds of
    `codes` to read it must take where there are any. Raises RecipeError as `make_network` does.
    """
    needed = _there(labels=labels, classes=classes, codes=tuple(codes))
    return _make(part, DISCRIMINATORS, "discriminator", {"size": size}, needed)


def _there(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value}


def _make(
    part: Part, table: Mapping[str, Any], what: str, given: dict[str, Any], needed: Mapping[str, Any] | None = None
) -> nn.Module:
    """The network that `part` names, with its options, those of `given` that it takes, and all that are `needed`."""
    kind = find(part.kind, table, what)
    try:
        takes = inspect.signature(kind).parameters
    except (TypeError, ValueError) as error:
        raise RecipeError(f"“{part.kind}” is not a {what}: it cannot be called; name a class or a function.") from error
    any_option = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in takes.values())
    for name in needed or {}:
        if name not in takes and not any_option:
            raise RecipeError(
                f"The {what} “{part.kind}” takes no “{name}”, which this recipe's condition or codes need; name another, "
                "or take them out."
            )
    options = {name: value for name, value in given.items() if name in takes} | part.options | dict(needed or {})
    for name in options:
        if name not in takes and not any_option:
            raise RecipeError(
                f"The {what} “{part.kind}” has no option “{name}”; it takes {', '.join(takes) or 'none'}."
            )
    try:
        network = kind(**options)
    except (TypeError, ValueError, RuntimeError) as error:
        raise RecipeError(f"The {what} “{part.kind}” cannot be made with {options}: {error}") from error
    if not isinstance(network, nn.Module):
        raise RecipeError(f"“{part.kind}” gives a {type(network).__name__}, not a torch.nn.Module; name a {what}.")
    if not any(weight.requires_grad for weight in network.parameters()):
        raise RecipeError(f"The {what} “{part.kind}” has no weights to train; name another, or give it some.")
    return network


def make_discriminators(recipe: ImageTranslation) -> UNITDiscriminators:
    """The discriminators of both domains, without batch norm where the objective cannot do with it."""
    made = [make_discriminator(recipe.discriminator, recipe.crop) for _ in (0, 1)]
    if objective_of(recipe).per_sample_penalty:
        made = [without_batch_norm(network) for network in made]
    try:
        with torch.no_grad():
            judge_once = copy.deepcopy(made[0]).eval()
            judge_once(torch.zeros(1, 3, recipe.crop, recipe.crop))
    except RuntimeError as error:
        raise RecipeError(
            f"The discriminator cannot judge crops of {recipe.crop} pixels; lower its “depth” or “scales”, or raise “crop”."
        ) from error
    return UNITDiscriminators(*made)
