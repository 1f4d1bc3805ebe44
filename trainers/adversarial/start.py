"""The start of a run from a model: its weights, and what it learned of each label under the same name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from engines.models.card import read_card
from trainers.networks.companion import Weights
from trainers.networks.make import discriminator_of, generator_of
from trainers.networks.weights import read_weights
from trainers.recipes.recipe import ImageGeneration, ImageTranslation


def start_from(
    recipe: ImageGeneration, generator: nn.Module, discriminator: nn.Module, names: Sequence[str]
) -> tuple[int, int]:
    """Give both networks, made for labels of these `names`, the weights of the model that the recipe starts from.

    A label that the model knows goes on from what it learned of it; any other begins as the mean of all labels. Returns for
    how many steps the discriminator trains alone, and over how many the generator's rate rises then: none where the
    companion has a discriminator that fits. Raises ModelError where the model's networks are others.
    """
    assert recipe.start_from is not None
    theirs = labels_of(recipe.start_from) or tuple(names)

    def weights_for(network: nn.Module, made: Callable[[int], nn.Module], part: str) -> Weights | None:
        if theirs == tuple(names) or not names:
            like = network
        else:
            like = made(len(theirs))
        found = read_weights(path, like) if part == "network" else read_weights(path, like, "discriminator")
        if found is None or like is network:
            return found
        more = made(len(theirs) + 1).state_dict()
        rows = {name for name, value in like.state_dict().items() if more[name].shape != value.shape}
        return {name: _by_name(value, theirs, names) if name in rows else value for name, value in found.items()}

    path = recipe.start_from
    weights = weights_for(generator, lambda labels: generator_of(recipe, labels), "network")
    assert weights is not None
    generator.load_state_dict(weights)
    judging = weights_for(discriminator, lambda labels: discriminator_of(recipe, labels), "discriminator")
    if judging is None:
        return recipe.alone, recipe.ramp
    discriminator.load_state_dict(judging)
    return 0, 0


def labels_of(model: Path) -> tuple[str, ...]:
    """The labels in the card of `model`; none where it is a file without a card."""
    return tuple(read_card(model).labels) if model.suffix.lower() == ".onnx" else ()


def new_labels(model: Path, names: Sequence[str]) -> str:
    """A sentence that tells which of `names` the labelled `model` does not know; empty where it knows them all."""
    theirs = labels_of(model)
    unknown = [f"“{name}”" for name in names if name not in theirs]
    if not theirs or not unknown:
        return ""
    known = ", ".join(f"“{name}”" for name in theirs)
    return (
        f"New to “{model.name}”: {', '.join(unknown)}. What is new begins as the mean of what the model learned of {known}; "
        "to go on from one of these, give the folder its name."
    )


def _by_name(rows: Tensor, theirs: Sequence[str], names: Sequence[str]) -> Tensor:
    """`rows`, one for each of `theirs`, as one for each of `names`."""
    place = {name: index for index, name in enumerate(theirs)}
    return torch.stack([rows[place[name]] if name in place else rows.float().mean(0).to(rows) for name in names])


def start_translation_from(recipe: ImageTranslation, network: nn.Module, discriminators: nn.Module) -> tuple[int, int]:
    """Give all networks the weights of the model that the recipe starts from.

    Returns for how many steps the discriminators train alone, and over how many the generators' rate rises then: none
    where the companion has discriminators that fit. Raises ModelError where the files do not hold such networks, or the
    other direction or the companion is not there.
    """
    assert recipe.start_from is not None
    network.load_state_dict(read_weights(recipe.start_from, network))
    theirs = read_weights(recipe.start_from, discriminators, "discriminator")
    if theirs is None:
        return recipe.alone, recipe.ramp
    discriminators.load_state_dict(theirs)
    return 0, 0
