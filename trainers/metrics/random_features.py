"""What a small convolution network with random weights sees in pictures: features for distances, with nothing to download.

The weights are never trained; that such features still separate textures, colours and edges is known (Saxe et al. 2011,
On Random Weights and Unsupervised Feature Learning). They know nothing of objects. Distances on them are therefore *not*
comparable with FID, KID or any figure on Inception features; they compare sets of pictures with one another, measured with
one seed.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from trainers.metrics.pairs import check_pictures

KERNEL = 3
WIDTHS = (24, 48, 64, 96)
STRIDES = (1, 2, 2, 2)
FEATURES = 2 * sum(WIDTHS)
"""Of one picture: mean and deviation of each channel of each layer."""
SMALLEST = 16
PIXELS_AT_ONCE = 2**18


def random_features(pictures: NDArray[np.uint8], seed: int = 0) -> NDArray[np.float64]:
    """Features (N, 464) of uint8 RGB pictures (N, H, W, 3), 16 pixels each way at least.

    Four 3×3 convolutions with ReLU, strides 1, 2, 2, 2, weights N(0, 2 / inputs) as He et al. 2015, no bias, drawn by
    `seed`; of every layer each channel's mean and standard deviation over the picture, which makes their number
    independent of its size. Pictures are seen at their own size: compare only sets of one size.

    The features of a picture depend neither on the others nor on their order. Runs, batches and thread counts agree within
    1e-5 of the largest feature, as sums of float32 are rounded in another order.

    Raises ValueError where the pictures do not fit.
    """
    check_pictures(pictures, "The pictures", SMALLEST)
    weights = _weights(seed)
    step = max(1, PIXELS_AT_ONCE // (pictures.shape[1] * pictures.shape[2]))
    features = np.empty((len(pictures), FEATURES))
    with torch.inference_mode():
        for start in range(0, len(pictures), step):
            piece = np.ascontiguousarray(pictures[start : start + step].transpose(0, 3, 1, 2))
            features[start : start + step] = _features(torch.from_numpy(piece), weights).numpy()
    return features


def _weights(seed: int) -> list[Tensor]:
    # numpy's RandomState rather than torch's generator: its stream is promised never to change.
    random = np.random.RandomState(seed)
    weights, inputs = [], 3
    for width in WIDTHS:
        drawn = random.standard_normal((width, inputs, KERNEL, KERNEL)) * math.sqrt(2 / (inputs * KERNEL**2))
        weights.append(torch.from_numpy(drawn.astype(np.float32)))
        inputs = width
    return weights


def _features(pixels: Tensor, weights: list[Tensor]) -> Tensor:
    x = pixels.float() / 127.5 - 1
    found: list[Tensor] = []
    for weight, stride in zip(weights, STRIDES, strict=True):
        x = F.relu(F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), weight, stride=stride))
        deviation, mean = torch.std_mean(x.double(), dim=(2, 3), correction=0)
        found += [mean, deviation]
    return torch.cat(found, dim=1)
