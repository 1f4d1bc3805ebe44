"""What a picture shows, in numbers: colours, and the size, place and form of the subject before its background."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

MEASURES = {
    "brightness": 0.06, "saturation": 0.06, "warmth": 0.06, "greenness": 0.04, "contrast": 0.03, "detail": 0.01,
    "background brightness": 0.05, "size": 0.03, "to the right": 0.02, "upwards": 0.02, "width": 0.06, "roundness": 0.04,
}  # fmt: skip
"""The names, in the order of the columns that `appearance` gives; each says what there is more of where it is greater.

With each comes the difference that a person just notices.
"""

NEAR, FAR = (
    0.06,
    0.18,
)  # of [0, 1]: nearer than this to the background's colour is background, farther than that subject
LEAST = 0.02  # of the picture: what is smaller is no subject, and the whole picture is taken for one
LUMA = (0.299, 0.587, 0.114)


def appearance(pictures: Tensor) -> Tensor:
    """The `MEASURES` of RGB `pictures` (N, 3, H, W) in [0, 1], 8 pixels each way at least, as (N, len(MEASURES)).

    Colours are those of the subject: brightness is mean luma; saturation the mean difference of the greatest and least
    channel; warmth red less blue; greenness green less the mean of the two; contrast the deviation of luma. Detail is the
    mean step of luma to the next pixel. Size is a share of the picture. The place of the subject's middle is in sides of
    the picture from its centre. Width is the logarithm of how many times it is wider than high. Roundness is 1 for an
    ellipse, and less for what has corners, holes or arms.
    """
    weights = subject(pictures)
    total = weights.sum(dim=(1, 2))
    red, green, blue = pictures.unbind(1)
    luma = LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue

    def mean(values: Tensor) -> Tensor:
        return (values * weights).sum(dim=(1, 2)) / total

    brightness = mean(luma)
    contrast = mean((luma - brightness[:, None, None]).square()).sqrt()
    detail = (luma.diff(dim=1).abs().mean(dim=(1, 2)) + luma.diff(dim=2).abs().mean(dim=(1, 2))) / 2
    height, width = luma.shape[1:]
    x = ((torch.arange(width, dtype=luma.dtype) + 0.5) / width - 0.5).expand(height, width)
    y = (0.5 - (torch.arange(height, dtype=luma.dtype) + 0.5) / height)[:, None].expand(height, width)
    right, up = mean(x), mean(y)
    across = mean((x - right[:, None, None]).square()).clamp_min(1e-6)
    along = mean((y - up[:, None, None]).square()).clamp_min(1e-6)
    both = mean((x - right[:, None, None]) * (y - up[:, None, None]))
    # An ellipse of semi-axes a and b has the moments a²/4 and b²/4, and the area π a b.
    ellipse = 4 * torch.pi * (across * along - both.square()).clamp_min(1e-9).sqrt()
    columns = [
        brightness,
        mean(pictures.amax(1) - pictures.amin(1)),
        mean(red - blue),
        mean(green - (red + blue) / 2),
        contrast,
        detail,
        (background(pictures) * pictures.new_tensor(LUMA)).sum(1),
        total / (height * width),
        right,
        up,
        0.5 * (across / along).log(),
        total / (height * width) / ellipse,
    ]
    return torch.stack(columns, dim=1)


def background(pictures: Tensor) -> Tensor:
    """The colour behind the subject of each of `pictures` (N, 3, H, W): the median of those along its edge, (N, 3)."""
    edge = [pictures[:, :, :2].flatten(2), pictures[:, :, -2:].flatten(2)]
    edge += [pictures[:, :, :, :2].flatten(2), pictures[:, :, :, -2:].flatten(2)]
    return torch.cat(edge, dim=2).median(dim=2).values


def subject(pictures: Tensor) -> Tensor:
    """How much each pixel is of the subject, (N, H, W) in [0, 1]: 1 everywhere where nothing stands out.

    What has subject on all four sides of it, such as a highlight as white as the background, is subject too.
    """
    away = (pictures - background(pictures)[:, :, None, None]).abs().amax(1)
    weights = ((away - NEAR) / (FAR - NEAR)).clamp(0, 1)
    sides = [
        turned.cummax(dim=axis).values.flip(axis) if is_turned else turned.cummax(dim=axis).values
        for axis in (1, 2)
        for is_turned, turned in ((False, weights), (True, weights.flip(axis)))
    ]
    weights = torch.stack(sides).amin(dim=0)
    there = weights.mean(dim=(1, 2), keepdim=True) >= LEAST
    return torch.where(there, weights, torch.ones_like(weights))


def coarse(pictures: Tensor, side: int = 16) -> Tensor:
    """`pictures` (N, 3, H, W) reduced to `side` pixels each way at most, (N, numbers): what is seen at a glance."""
    factor = max(1, pictures.shape[-1] // side)
    return F.avg_pool2d(pictures, factor).flatten(1)
