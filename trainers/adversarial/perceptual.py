"""A perceptual distance: how unlike two pictures are to a network that has learned to tell photographs apart.

For translation each channel of the features is first standardised over the picture, so that light and colour, which are to
change, count little, and shapes much: Huang et al. 2018, "Multimodal Unsupervised Image-to-Image Translation", section 5.1,
"domain-invariant perceptual loss". Not `standardised` they are compared as they are: Johnson et al. 2016, "Perceptual Losses
for Real-Time Style Transfer and Super-Resolution", equation 2.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trainers.networks.features import Features, chosen, load_features
from trainers.recipes.recipe import FeaturesOf


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
        found = [layer.float() for layer in chosen(self.features(pictures), self.layers)]
        return [F.instance_norm(layer) for layer in found] if self.standardised else found


def find_perceptual(wanted: FeaturesOf | None, device: torch.device) -> tuple[Perceptual | None, str]:
    """The distance on the features that a recipe asks for, and "", or None and a sentence on why there is none.

    None and "" where it asks for none. Raises RecipeError where their package is missing, ModelError where the file that
    they come from is there, but holds other weights.
    """
    if wanted is None:
        return None, ""
    if wanted.file is not None and not wanted.file.exists():
        return None, f"There are no features at “{wanted.file}”: the perceptual term is left out."
    features = load_features(wanted.kind, wanted.file, device, caffe=wanted.caffe)
    return Perceptual(features, wanted.layers, wanted.weights, standardised=wanted.standardised), ""
