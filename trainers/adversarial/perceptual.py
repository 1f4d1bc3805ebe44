"""A perceptual distance on the features of VGG-16, where a file with its published weights is at hand.

Before features are compared each channel is standardised over the picture, so that light and colour, which a translation
is to change, count little, and shapes much: Huang et al. 2018, "Multimodal Unsupervised Image-to-Image Translation",
section 5.1, "domain-invariant perceptual loss".
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engines.errors import ModelError
from trainers.networks.weights import read_named_weights

LAYERS = (
    22  # of torchvision's vgg16().features: up to the last convolution of the fourth block, relu4_3 without its ReLU
)
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of the pictures that VGG learned from, RGB in [0, 1]


class Perceptual(nn.Module):
    """(pictures, others), both (N, 3, H, W) in [-1, 1] → the mean squared difference of their standardised features."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, features: nn.Module) -> None:
        super().__init__()
        self.features = features
        self.register_buffer("mean", torch.tensor(MEAN)[:, None, None])
        self.register_buffer("deviation", torch.tensor(DEVIATION)[:, None, None])

    def forward(self, pictures: Tensor, others: Tensor) -> Tensor:
        ours = F.instance_norm(self._seen(pictures).float())
        theirs = F.instance_norm(self._seen(others).float())
        return F.mse_loss(ours, theirs.detach())

    def _seen(self, pictures: Tensor) -> Tensor:
        return self.features(((pictures + 1) / 2 - self.mean) / self.deviation)


def find_perceptual(
    weights: Path | None, device: torch.device
) -> tuple[Callable[[Tensor, Tensor], Tensor] | None, str]:
    """The distance on features whose weights are in the file `weights`, and "", or None and a sentence on why there is none.

    None and "" where no file is named. The file is torchvision's `vgg16` as .pth or .safetensors; it runs no code. Raises
    ModelError where it is there, but not that.
    """
    if weights is None:
        return None, ""
    if not weights.exists():
        return None, f"There are no features at “{weights}”: the perceptual term is left out."
    from torchvision.models import vgg16

    features = nn.Sequential(*list(vgg16(weights=None).features.children())[:LAYERS])
    found = read_named_weights(weights)
    try:
        features.load_state_dict({name: found[f"features.{name}"] for name in features.state_dict()})
    except (KeyError, RuntimeError) as error:
        raise ModelError(f"“{weights.name}” does not hold the weights of VGG-16; take torchvision's file.") from error
    network = Perceptual(features).to(device).eval().requires_grad_(False)
    return network.to(memory_format=torch.channels_last), ""  # type: ignore[call-overload]
