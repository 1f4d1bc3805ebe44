"""The auxiliary losses of a GAN's recipe: those that it lists, and those that its condition and codes are learned by."""

from __future__ import annotations

from torch import Tensor

from engines.errors import RecipeError
from trainers.adversarial.perceptual import MatchedFeatures
from trainers.adversarial.sides import Auxiliaries, Side
from trainers.losses.auxiliary import AUXILIARY, OF_THE_GENERATOR, AuxiliaryLoss, Outputs, find_auxiliary
from trainers.networks.codes import information_loss
from trainers.recipes.recipe import ImageGeneration

TABLE = {**AUXILIARY, "perceptual": MatchedFeatures}
"""The auxiliary losses by name, that on pre-trained features among them."""


def auxiliaries_of(recipe: ImageGeneration, side: Side) -> Auxiliaries:
    """The auxiliary losses of one side: those that the recipe lists, and what its condition and codes are learned by.

    Raises RecipeError where one cannot be followed.
    """
    found: dict[str, tuple[AuxiliaryLoss, float]] = {}
    for loss in recipe.auxiliary:
        if loss.side == "discriminator" and loss.kind in (*OF_THE_GENERATOR, "perceptual"):
            raise RecipeError(f"“{loss.kind}” teaches the generator only; give it side = “generator”.")
        if loss.side != side:
            continue
        if loss.kind in found:
            raise RecipeError(f"The auxiliary loss “{loss.kind}” is listed twice for the {side}; list it once.")
        found[loss.kind] = find_auxiliary(loss.kind, loss.options, TABLE), loss.weight
    if recipe.condition in ("auxiliary", "both"):
        found.setdefault("auxiliary-classifier", (find_auxiliary("auxiliary-classifier"), 1.0))
    if recipe.codes.kinds:
        found["codes"] = (codes_read(recipe), recipe.codes.weight)
    return found


def codes_read(recipe: ImageGeneration) -> AuxiliaryLoss:
    """InfoGAN's loss for the codes of `recipe`. It raises RecipeError where the discriminator does not read them."""

    def loss(outputs: Outputs) -> Tensor:
        if outputs.fake_code_logits is None or outputs.fake_codes is None:
            raise RecipeError("The discriminator reads no codes; name another, or take “codes” out.")
        kinds, continuous = recipe.codes.kinds, recipe.codes.continuous_weight
        return information_loss(outputs.fake_code_logits, outputs.fake_codes, kinds, continuous)

    return loss
