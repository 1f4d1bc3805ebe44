"""A generator out of its model file: the torch network that the recipe in its card describes, with the file's weights."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd

from engines.errors import ModelError
from engines.models.card import ModelCard, read_card
from trainers.networks.make import generator_of
from trainers.networks.weights import load_onnx, read_weights
from trainers.recipes import recipe as recipes
from trainers.recipes.recipe import ImageGeneration

FOLDED_BIAS = ".weight_bias"  # what the exporter calls the bias that a folded batch norm becomes


def open_generator(path: Path) -> tuple[nn.Module, ImageGeneration, ModelCard]:
    """The generator in the model file at `path`, in evaluation mode, the recipe in its card, and the card.

    The weights are those of the file and its companion; without a companion, those of the file, in which batch norms are
    folded into convolutions. Nothing outside `trainers.networks` is imported for it. Raises ModelError where it is no
    generator or its weights are not those of its recipe, RecipeError where the recipe is missing or cannot be used.
    """
    card = read_card(path)
    if card.task != "image-generation":
        raise ModelError(f"“{card.name}” is a model for {card.task}, not image-generation; choose another.")
    recipe = _recipe_of(card, path)
    network = generator_of(recipe, len(card.labels))
    for layer in network.modules():
        if isinstance(layer, _BatchNorm):
            layer.num_batches_tracked = None  # only training counts, and a model file does not hold it
    try:
        weights = dict(read_weights(path, network))
    except ModelError:
        _fold(network)
        folded = _folded_weights(path, network)
        if folded is None:
            raise
        weights = folded
    network.load_state_dict(weights, strict=False)  # none is missing
    return network.eval().requires_grad_(False), recipe, card


def _recipe_of(card: ModelCard, path: Path) -> ImageGeneration:
    origin = f"The recipe in “{path.name}”"
    values = recipes.from_card(card.recipe, origin=path.name) | {"data": {"photos": ["."]}}  # they are not needed
    recipe = recipes.from_values(values, origin=origin)
    if (
        not isinstance(recipe, ImageGeneration)
        or recipe.size != card.output_size
        or recipe.latent_size != card.latent_size
        or (recipe.condition != "none") != bool(card.labels)
    ):
        raise ModelError(f"{origin} is not that of the pictures it makes; export the model again.")
    return recipe


def _fold(network: nn.Module) -> None:
    """Make room, in place, for weights that have batch norm folded in: each norm becomes its convolution's bias."""
    for inner in network.modules():
        if not isinstance(inner, nn.Sequential):
            continue
        for place, (layer, norm) in enumerate(pairwise(list(inner))):
            if isinstance(layer, _ConvNd) and isinstance(norm, _BatchNorm):
                layer.bias = nn.Parameter(torch.zeros(norm.num_features))
                inner[place + 1] = nn.Identity()


def _folded_weights(path: Path, network: nn.Module) -> dict[str, Tensor] | None:
    """The weights of the folded `network` in the file at `path`; None where it lacks one."""
    there: dict[str, Tensor] = {}
    for tensor in load_onnx(path).graph.initializer:
        name = tensor.name
        if name.endswith(FOLDED_BIAS):
            name = name.removesuffix(FOLDED_BIAS) + ".bias"
        there[name] = torch.from_numpy(numpy_helper.to_array(tensor).astype(np.float32))
    wanted = network.state_dict()
    if any(name not in there or there[name].shape != value.shape for name, value in wanted.items()):
        return None
    return {name: there[name] for name in wanted}
