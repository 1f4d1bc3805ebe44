"""The sliced Wasserstein distance between two batches of pictures, as a loss that a generator can lower.

The idea is that of Deshpande et al. 2018, "Generative Modeling using the Sliced Wasserstein Distance" (CVPR), whose distance
is of order 2; here it is of order 1, on patches of Laplacian pyramids, as `trainers.metrics.sliced_wasserstein` measures it.
Even areas, sharp edges and the balance of colours are matters of how often each kind of patch occurs, which a discriminator
of whole pictures is slow to teach. Two batches of one kind of picture are at a distance too, the larger the fewer they are.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from engines.errors import RecipeError
from trainers.metrics.sliced_wasserstein import PATCH, SMALLEST

PATCHES = 32
"""Patches from each picture at each level."""
DIRECTIONS = 128
LEAST_DEVIATION = 1e-2
"""Of a channel over all patches, in the unit of pictures from -1 to 1; what deviates less is not stretched further."""


def patch_distance(fake: Tensor, real: Tensor) -> Tensor:
    """The mean, over levels and directions, of the Wasserstein distance of order 1 between patches of `fake` and `real`.

    Both (N, C, H, W) in [-1, 1], of one N, H and W 16 or more; computed in float32 whatever the precision around it. Levels
    go from the pictures' own size to 16 pixels or just above. The patches of a level are brought to mean 0 and deviation 1 by
    those of the real ones, so brightness counts. Places and directions are drawn from torch's global generator of the
    processor. Raises RecipeError where pictures are too small.
    """
    if min(fake.shape[2:]) < SMALLEST:
        raise RecipeError(
            f"The loss “sliced-wasserstein” compares pictures of {SMALLEST} pixels or more, not of "
            f"{fake.shape[3]}×{fake.shape[2]}; raise “size”, or take the loss out."
        )
    with torch.autocast(fake.device.type, enabled=False):  # it would round away what the finest level is about
        levels = zip(_pyramid(fake.float()), _pyramid(real.detach().float()), strict=True)
        return torch.stack([_distance(a, b) for a, b in levels]).mean()


def _distance(fake: Tensor, real: Tensor) -> Tensor:
    mine, theirs = _patches(fake), _patches(real)
    mean = theirs.mean(dim=(0, 2), keepdim=True)
    deviation = theirs.std(dim=(0, 2), keepdim=True).clamp_min(LEAST_DEVIATION)
    directions = torch.randn(theirs[0].numel(), DIRECTIONS)
    directions = (directions / directions.norm(dim=0)).to(fake.device)
    projected = [(((x - mean) / deviation).flatten(1) @ directions).sort(dim=0).values for x in (mine, theirs)]
    return (projected[0] - projected[1]).abs().mean()


def _patches(planes: Tensor) -> Tensor:
    """Patches (N · PATCHES, C, 49) of `planes` (N, C, h, w), of each picture at places of its own."""
    count, channels, height, width = planes.shape
    tops = torch.randint(height - PATCH + 1, (count, PATCHES, 1, 1))
    lefts = torch.randint(width - PATCH + 1, (count, PATCHES, 1, 1))
    inside = torch.arange(PATCH)
    places = ((tops + inside[:, None]) * width + lefts + inside).flatten(1).to(planes.device)
    found = planes.flatten(2).gather(2, places[:, None].expand(-1, channels, -1))
    return found.view(count, channels, PATCHES, PATCH * PATCH).transpose(1, 2).flatten(0, 1)


def _pyramid(pictures: Tensor) -> Iterator[Tensor]:
    """The levels of the Laplacian pyramid, finest first; the last is what remains, the blurred picture itself."""
    planes = pictures
    while min(planes.shape[2:]) >= 2 * SMALLEST - 1:
        smaller = _blur(planes)[:, :, ::2, ::2]
        spread = torch.zeros_like(planes)
        spread[:, :, ::2, ::2] = smaller
        yield planes - 4 * _blur(spread)
        planes = smaller
    yield planes


def _blur(planes: Tensor) -> Tensor:
    """Rows and columns weighed 1, 4, 6, 4, 1 sixteenths, mirrored beyond the edges."""
    weights = planes.new_tensor([1, 4, 6, 4, 1]) / 16
    channels = planes.shape[1]
    padded = planes  # not by F.pad: on a GPU the sums of its gradient come in any order
    for axis in (2, 3):
        before, after = padded.narrow(axis, 1, 2).flip(axis), padded.narrow(axis, -3, 2).flip(axis)
        padded = torch.cat([before, padded, after], dim=axis)
    down = F.conv2d(padded, weights.view(1, 1, 5, 1).expand(channels, -1, -1, -1), groups=channels)
    return F.conv2d(down, weights.view(1, 1, 1, 5).expand(channels, -1, -1, -1), groups=channels)
