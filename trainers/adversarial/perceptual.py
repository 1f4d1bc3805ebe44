"""A perceptual distance: how unlike two pictures are to a network that has learned to tell photographs apart.

For translation each channel of the features is first standardised over the picture, so that light and colour, which are to
change, count little, and shapes much: Huang et al. 2018, "Multimodal Unsupervised Image-to-Image Translation", section 5.1,
"domain-invariant perceptual loss". Not `standardised` they are compared as they are: Johnson et al. 2016, "Perceptual Losses
for Real-Time Style Transfer and Super-Resolution", equation 2. What a GAN draws has no picture that it should equal, so
there the statistics of features over a batch are compared: Santos et al. 2019, "Learning Implicit Generative Models by
Matching Perceptual Features", section 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from pydantic import ValidationError
from torch import Tensor, nn

from engines.errors import RecipeError
from trainers.losses.auxiliary import Outputs
from trainers.networks.features import Features, chosen, enlarged, load_features
from trainers.recipes.recipe import FeaturesOf

LEAST_DEVIATION = 1e-2  # of a channel; what deviates less among real pictures is not stretched further


class Perceptual(nn.Module):
    """(pictures, others), both (N, 3, H, W) in [-1, 1] → the mean squared difference of their features, a scalar.

    `layers` are the depths that are compared, from 1, the finest; `weights` what each counts, as shares of their sum. With
    `standardised` each channel is brought to mean 0 and deviation 1 over the picture first. Nothing goes back into `others`.
    """

    def __init__(
        self, features: Features, layers: Sequence[int], weights: Sequence[float] = (), *, standardised: bool = True
    ) -> None:
        super().__init__()
        self.features = features
        self.layers = tuple(layers)
        self.weights = [weight / sum(weights) for weight in weights] or [1 / len(self.layers)] * len(self.layers)
        self.standardised = standardised

    def forward(self, pictures: Tensor, others: Tensor) -> Tensor:
        with torch.no_grad():
            theirs = self._seen(others)
        distances = [F.mse_loss(a, b) for a, b in zip(self._seen(pictures), theirs, strict=True)]
        return torch.stack([weight * each for weight, each in zip(self.weights, distances, strict=True)]).sum()

    def _seen(self, pictures: Tensor) -> list[Tensor]:
        seen = enlarged(pictures, self.features.smallest)
        found = [layer.float() for layer in chosen(self.features(seen), self.layers)]
        return [F.instance_norm(layer) for layer in found] if self.standardised else found


def find_perceptual(wanted: FeaturesOf | None, device: torch.device) -> tuple[Perceptual | None, str]:
    """The distance on the features that a recipe asks for, and "", or None and a sentence on why there is none.

    None and "" where it asks for none. Raises RecipeError where their package is missing, ModelError where the file that they
    come from is there, but holds other weights.
    """
    if wanted is None:
        return None, ""
    if wanted.file is not None and not wanted.file.exists():
        return None, f"There are no features at “{wanted.file}”: the perceptual term is left out."
    features = load_features(wanted.kind, wanted.file, device, caffe=wanted.caffe)
    return Perceptual(features, wanted.layers, wanted.weights, standardised=wanted.standardised is not False), ""


class MatchedFeatures:
    """An auxiliary loss of a GAN's generator: how far the features of a batch are from those of real pictures, on the whole.

    Of each channel at each of the chosen depths the mean and the deviation over all places of all pictures are compared, in
    units of the deviation among real ones; squares are averaged over channels, and depths count by their weights. Pictures
    are those before they were changed at random; the fewer they are, the larger the distance of what is alike. `options`
    are the fields of `trainers.recipes.features.FeaturesOf`. Raises RecipeError where they are wrong, or a package or file
    is missing.
    """

    def __init__(self, **options: Any) -> None:
        try:
            wanted = FeaturesOf.model_validate(options)
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            place = "".join(f"{part}: " for part in fault["loc"])
            words = "there is no such option" if fault["type"] == "extra_forbidden" else fault["msg"]
            raise RecipeError(
                f"The options of the auxiliary loss “perceptual” are wrong: {place}{words.removeprefix('Value error, ')}."
            ) from error
        # What is missing is said at once.
        load_features(wanted.kind, wanted.file, torch.device("cpu"), caffe=wanted.caffe)
        self.wanted = wanted

    def __call__(self, outputs: Outputs) -> Tensor:
        real = outputs.real if outputs.original is None else outputs.original
        fake = outputs.fake if outputs.drawn is None else outputs.drawn
        if real is None:
            raise RecipeError("The loss “perceptual” compares with real pictures, and this step has none; take it out.")
        wanted = self.wanted
        features = load_features(wanted.kind, wanted.file, fake.device, caffe=wanted.caffe)
        with torch.no_grad():
            theirs = chosen(features(enlarged(real, features.smallest)), wanted.layers)
        ours = chosen(features(enlarged(fake, features.smallest)), wanted.layers)
        weights = wanted.weights or [1.0] * len(wanted.layers)
        distances = [_apart(a, b) for a, b in zip(ours, theirs, strict=True)]
        return torch.stack([w * each for w, each in zip(weights, distances, strict=True)]).sum() / sum(weights)


def _apart(ours: Tensor, theirs: Tensor) -> Tensor:
    """The mean, over channels, of how far mean and deviation are from those of `theirs`, (N, C, h, w), in its deviations."""
    deviations, means = torch.std_mean(ours.float(), dim=(0, 2, 3), correction=0)  # there may be one value
    wanted_deviations, wanted_means = torch.std_mean(theirs.float(), dim=(0, 2, 3), correction=0)
    unit = wanted_deviations.clamp_min(LEAST_DEVIATION)
    return (((means - wanted_means) / unit).square() + ((deviations - wanted_deviations) / unit).square()).mean()
