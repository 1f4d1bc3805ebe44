"""Batch norm folded into the convolutions before it: what a network computes once it has stopped learning, in fewer numbers."""

from __future__ import annotations

import copy
from itertools import pairwise

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd
from torch.nn.utils.fusion import fuse_conv_bn_weights


def with_norms_folded(network: nn.Module) -> nn.Module:
    """A copy of `network`, in evaluation mode, that computes the same; the original is not touched.

    Within each nn.Sequential, a convolution followed by batch norm gets the norm's effect on its weight and as its bias, and
    an identity stands where the norm was. Weights rounded afterwards are then the very numbers that are computed with.
    """
    result = copy.deepcopy(network).eval()
    for inner in list(result.modules()):
        if isinstance(inner, nn.Sequential):
            for place, (layer, norm) in enumerate(pairwise(list(inner))):
                if isinstance(layer, _ConvNd) and isinstance(norm, _BatchNorm) and norm.running_mean is not None:
                    _fold(layer, norm)
                    inner[place + 1] = nn.Identity()
    return result


def _fold(layer: _ConvNd, norm: _BatchNorm) -> None:
    layer.weight, layer.bias = fuse_conv_bn_weights(
        layer.weight,
        layer.bias,
        norm.running_mean,  # type: ignore[arg-type]
        norm.running_var,  # type: ignore[arg-type]
        norm.eps,
        norm.weight,
        norm.bias,
        transpose=isinstance(layer, _ConvTransposeNd),
    )
