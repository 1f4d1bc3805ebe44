"""A companion: what training needs and a model file lacks, kept beside it as safetensors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save as safetensors_bytes
from torch import Tensor, nn

from engines.errors import ModelError

FACTOR = "factor of "  # no name of a parameter has a space

Weights = Mapping[str, Tensor]


def companion_bytes(
    file: Weights, network: nn.Module, further: Mapping[str, nn.Module], notes: Mapping[str, str]
) -> bytes:
    """A companion: those weights of `network` that `file`, the weights of its model files, has not, and `notes`.

    A weight that differs from the file's by a factor for each channel, as where a norm was folded into it, is kept as that
    factor, `FACTOR` before its name. The weights of the `further` modules stand under their names. All but factors are fp16.
    """
    weights: dict[str, Tensor] = {}
    for name, value in network.state_dict().items():
        there = file.get(name)
        if same_but_for_rounding(there, value):
            continue
        factor = None if there is None else _factor(there, value)
        if factor is None:
            weights[name] = _half(value)
        else:
            weights[FACTOR + name] = factor
    for part, module in further.items():
        weights |= {f"{part}.{name}": _half(value) for name, value in module.state_dict().items()}
    return safetensors_bytes(weights, dict(notes))


def completed(file: Weights, companion: Weights, path: Path) -> dict[str, Tensor]:
    """The weights of a model file, and those of its `companion`, read from `path`, that it lacks or has folded.

    A factor whose weight no file gave is left aside: the weight is missed by whoever asks for it.
    Raises ModelError where a factor does not fit the weight that it is for.
    """
    weights = dict(file)
    for name, value in companion.items():
        folded = name.removeprefix(FACTOR)
        if folded == name and not same_but_for_rounding(file.get(name), value):
            weights[name] = value.float() if value.is_floating_point() else value
        elif folded != name and folded in file:
            weights[folded] = _unfolded(file[folded], value, path)
    return weights


def same_but_for_rounding(exported: Tensor | None, trained: Tensor) -> bool:
    """Whether the model file has what was `trained`: an operation folded into the weight would have changed it."""
    if exported is None or exported.shape != trained.shape:
        return False
    return torch.allclose(exported.float(), trained.detach().cpu().float(), rtol=1e-3, atol=1e-7)


def _factor(exported: Tensor, trained: Tensor) -> Tensor | None:
    """What `exported` has to be multiplied by to be `trained`: numbers for each channel, in or out; None if nothing will do."""
    if exported.shape != trained.shape or trained.ndim < 2:
        return None
    exported, trained = exported.double(), trained.detach().cpu().double()
    for channels in (0, 1):
        across = [axis for axis in range(trained.ndim) if axis != channels]
        # The best by least squares: exact but for the rounding of both, of which it is free.
        factor = (exported * trained).sum(across, keepdim=True) / exported.square().sum(across, keepdim=True)
        if same_but_for_rounding(exported * factor, trained):
            return factor.float().contiguous()
    return None


def _half(value: Tensor) -> Tensor:
    """`value` as fp16 where it is a float that fp16 can hold."""
    value = value.detach().cpu()
    half = value.half() if value.is_floating_point() else value
    return (half if bool(half.isfinite().all()) else value).contiguous().clone()


def _unfolded(exported: Tensor, factor: Tensor, path: Path) -> Tensor:
    """`exported` times its `factor`. Raises ModelError where they do not belong together."""
    sides = exported.shape
    if factor.ndim != len(sides) or any(f not in (1, s) for f, s in zip(factor.shape, sides, strict=True)):
        raise ModelError(f"“{path.name}” is the companion of another model; copy or export both again.")
    return exported * factor
