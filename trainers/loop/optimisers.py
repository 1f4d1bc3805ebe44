"""The optimisers that a recipe names, each with the recipe's numbers."""

from __future__ import annotations

from torch import nn, optim

from trainers.recipes.adversarial import Adversarial


def make_optimiser(recipe: Adversarial, network: nn.Module) -> optim.Optimizer:
    """What steps the weights of `network` as `recipe` says; the rate is the recipe's until a schedule sets another.

    RMSprop is Tieleman & Hinton 2012, its decay of squares `beta2` and its momentum `beta1`; AdamW is Loshchilov & Hutter
    2019, "Decoupled Weight Decay Regularization".
    """
    weights, rate, decay = network.parameters(), recipe.rate, recipe.weight_decay
    match recipe.optimiser:
        case "adam":
            return optim.Adam(weights, rate, betas=(recipe.beta1, recipe.beta2), weight_decay=decay)
        case "adamw":
            return optim.AdamW(weights, rate, betas=(recipe.beta1, recipe.beta2), weight_decay=decay)
        case "rmsprop":
            return optim.RMSprop(weights, rate, alpha=recipe.beta2, momentum=recipe.beta1, weight_decay=decay)
        case "sgd":
            return optim.SGD(weights, rate, momentum=recipe.beta1, weight_decay=decay)
