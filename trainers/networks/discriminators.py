"""What all discriminators share: how they are asked, and how batch norm is taken out of one."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd

from trainers.losses.objectives import Logits


@dataclass(frozen=True)
class Judgement:
    """What a discriminator says of a batch of pictures.

    `logits` are before any sigmoid, batch first; `features` one tensor a layer, (N, ...); `class_logits`, (N, classes),
    are there where the discriminator also is a classifier, `code_logits` where it also reads codes (`trainers.networks.codes`).
    """

    logits: Logits
    features: Sequence[Tensor] = ()
    class_logits: Tensor | None = None
    code_logits: Tensor | None = None


def judge(discriminator: Any, pictures: Tensor, labels: Tensor | None = None) -> Judgement:
    """Ask a discriminator of any kind about `pictures`, (N, 3, H, W), and their `labels` where it is conditional.

    A discriminator is a module that returns logits for pictures, or for pictures and labels. One that has more to show
    also has a method `judge` with the same arguments, which returns a Judgement.
    """
    arguments = (pictures,) if labels is None else (pictures, labels)
    if hasattr(discriminator, "judge"):
        return discriminator.judge(*arguments)
    return Judgement(discriminator(*arguments))


def without_batch_norm(module: nn.Module) -> nn.Module:
    """A copy of `module` in which each batch norm is an identity, and the layer before it has the bias it did without.

    The layer before is the last convolution or linear layer registered ahead of the batch norm, where it has as many
    channels; its new bias is 0. The original is not touched.
    """
    if isinstance(module, _BatchNorm):
        return nn.Identity()
    result = copy.deepcopy(module)
    before: nn.Module | None = None
    # One batch norm may sit in several places, and each of them is to be replaced.
    for name, child in list(result.named_modules(remove_duplicate=False)):
        if isinstance(child, _ConvNd | nn.Linear):
            before = child
        elif isinstance(child, _BatchNorm):
            if before is not None and _channels(before) == child.num_features and before.bias is None:
                weight: Any = before.weight
                before.bias = nn.Parameter(torch.zeros(child.num_features, dtype=weight.dtype, device=weight.device))
            result.set_submodule(name, nn.Identity())
    return result


def _channels(layer: nn.Module) -> int:
    return layer.out_channels if isinstance(layer, _ConvNd) else layer.out_features  # type: ignore[return-value]
