"""Differentiable augmentation: what the discriminator sees, real or drawn, is changed at random, and gradients go through.

Zhao et al. 2020, "Differentiable Augmentation for Data-Efficient GAN Training". A discriminator that sees few pictures learns
them by heart. Changing the real ones alone would teach the generator to draw the changes; changing both kinds alike, in the
generator's step too, does not, because the generator is never shown a difference that its pictures do not have.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import torch
from torch import Tensor

Kind = Literal["colour", "translation", "cutout", "noise"]

BRIGHTNESS = 0.5  # added at most, either way, to levels in [-1, 1]
SATURATION = (0.0, 2.0)  # the range of what distances from grey are multiplied by
CONTRAST = (0.5, 1.5)  # the same of distances from the picture's mean
FARTHEST = 8  # a picture moves by at most one part in so many of its side, along either axis
NOISE = 0.1  # standard deviation of what is added to each number
HOLE = 2  # the side of what is cut out is one part in so many of the picture's


def augment(pictures: Tensor, kinds: Sequence[Kind], generator: torch.Generator) -> Tensor:
    """`pictures`, float (N, 3, H, W) in [-1, 1], each changed at random by every one of `kinds`; without any, unchanged.

    The result has the shape, type, device and memory format of `pictures`, and gradients flow through it. It may leave
    [-1, 1]: cutting it off there would stop them. `generator`, on the CPU, decides everything, whatever the device. The
    order of `kinds` does not matter: places without picture come last, so that they hold 0 whatever the colours.

    Raises ValueError for a kind that is none of `AUGMENTATIONS`.
    """
    if unknown := set(kinds) - AUGMENTATIONS.keys():
        raise ValueError(f"augmentations are {', '.join(AUGMENTATIONS)}, not {', '.join(sorted(unknown))}")
    for kind, change in AUGMENTATIONS.items():
        if kind in kinds:
            pictures = change(pictures, generator)
    return pictures


def colour(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Brightness, saturation and contrast, one after the other, each drawn anew for each picture.

    The three together are one affine map of a pixel: itself, the mean of its channels and the mean of the picture, weighed,
    and a constant. Brightness moves the picture's mean along with it, so contrast leaves it as it is.
    """
    draws = torch.rand(3, len(pictures), 1, 1, 1, generator=generator).to(pictures.device, non_blocking=True)
    brightness = (2 * draws[0] - 1) * BRIGHTNESS
    saturation = SATURATION[0] + (SATURATION[1] - SATURATION[0]) * draws[1]
    contrast = CONTRAST[0] + (CONTRAST[1] - CONTRAST[0]) * draws[2]
    return _Recoloured.apply(pictures, contrast * saturation, contrast * (1 - saturation), 1 - contrast, brightness)


def translation(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Moved by whole pixels, up to an eighth of the side, along both axes.

    What comes in from outside is 0: mid-grey, in the middle of [-1, 1], and what the discriminator's own convolutions find
    outside of a picture. So a picture that was moved seems to end earlier, and no frame of a further colour is drawn round it,
    which black (-1) or white (1) would be.
    """
    farthest = [side // FARTHEST for side in pictures.shape[2:]]
    moves = [_whole(-most, most, len(pictures), generator) for most in farthest]
    return _Moved.apply(pictures, *moves)


def cutout(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """A square of half the side replaced by 0; its middle lies anywhere in the picture, so parts of it may lie outside."""
    spans: list[list[tuple[int, int]]] = []
    for side in pictures.shape[2:]:
        hole = side // HOLE
        first = [middle - hole // 2 for middle in _whole(0, side, len(pictures), generator)]
        spans.append([(max(start, 0), start + hole) for start in first])
    return _Emptied.apply(pictures, *spans)


def noise(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Gaussian noise on each number, apart for each picture.

    Not of the paper: instance noise (Sønderby et al. 2017, "Amortised MAP Inference for Image Super-resolution", section
    3.4). It hides that the even areas of drawings, or of white backgrounds, are more even than any generator's, by which a
    discriminator could tell them at once.
    """
    return pictures + NOISE * torch.randn(pictures.shape, generator=generator).to(pictures)


def _whole(low: int, high: int, count: int, generator: torch.Generator) -> list[int]:
    """`count` whole numbers from `low` to `high`, both among them."""
    return torch.randint(low, high + 1, (count,), generator=generator).tolist()


class _Recoloured(torch.autograd.Function):
    """`own` × each level + `grey` × its pixel's mean + `whole` × its picture's mean + `constant`, each (N, 1, 1, 1).

    All of that but the constant is a symmetric map, so gradients go back through the map itself: one step where autograd
    would take a dozen.
    """

    @staticmethod
    def forward(
        ctx: Any, pictures: Tensor, own: Tensor, grey: Tensor, whole: Tensor, constant: Tensor | None
    ) -> Tensor:
        ctx.save_for_backward(own, grey, whole)
        levels = pictures.float()  # in half precision the steps between levels near 1 are wider than those of 8 bits
        red, green, blue = levels.split(1, dim=1)
        pixels = (red + green).add_(blue).div_(3)  # ten times as fast as mean() where the channels come last
        shared = whole * pixels.mean(dim=(2, 3), keepdim=True)
        if constant is not None:
            shared += constant
        return (own * levels).add_(pixels.mul_(grey).add_(shared)).to(pictures.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None, None]:
        return _Recoloured.apply(gradients[0], *ctx.saved_tensors, None), None, None, None, None


class _Moved(torch.autograd.Function):
    """Each picture of (N, C, H, W) moved `down[n]` and `right[n]` pixels; 0 comes in.

    A loop over the pictures copies one small slice each. An index of every pixel takes several times as long, and so does
    the way back that autograd finds for it; here that is the same loop with the moves turned round.
    """

    @staticmethod
    def forward(ctx: Any, pictures: Tensor, down: list[int], right: list[int]) -> Tensor:
        ctx.moves = down, right
        height, width = pictures.shape[2:]
        moved = torch.zeros_like(pictures)
        for source, target, y, x in zip(pictures.unbind(), moved.unbind(), down, right, strict=True):
            part = source[:, max(-y, 0) : height - max(y, 0), max(-x, 0) : width - max(x, 0)]
            target[:, max(y, 0) : height + min(y, 0), max(x, 0) : width + min(x, 0)] = part
        return moved

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        down, right = ctx.moves
        return _Moved.apply(gradients[0], [-move for move in down], [-move for move in right]), None, None


class _Emptied(torch.autograd.Function):
    """Each picture of (N, C, H, W) with 0 from `rows[n]` and `columns[n]`, first and end, and so the gradients."""

    @staticmethod
    def forward(ctx: Any, pictures: Tensor, rows: list[tuple[int, int]], columns: list[tuple[int, int]]) -> Tensor:
        ctx.holes = rows, columns
        emptied = pictures.clone()
        for picture, (top, bottom), (left, right) in zip(emptied.unbind(), rows, columns, strict=True):
            picture[:, top:bottom, left:right] = 0
        return emptied

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        return _Emptied.apply(gradients[0], *ctx.holes), None, None


AUGMENTATIONS: dict[str, Callable[[Tensor, torch.Generator], Tensor]] = {
    "colour": colour,
    "translation": translation,
    "cutout": cutout,
    "noise": noise,
}
"""In the order in which they are applied."""
