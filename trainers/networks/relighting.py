"""The head of UNIT that relights: its generators do not paint a picture, they say what becomes of the source's colours.

From the shared latent, which is a sixteenth of the picture's size, come affine colour maps on a bilateral grid, one for each
of several tones (Gharbi et al. 2017, "Deep Bilateral Learning for Real-Time Image Enhancement", sections 3.1 to 3.3), and a
layer of lights that is added. Both are enlarged and applied to the source, so that its detail stays whatever the size. Both
begin at zero: the first output is the photo. Pictures are RGB in [-1, 1].
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CELL = 16  # pixels each way of a cell of the grid; sides of pictures are multiples of it
TONES = 6  # colour maps of a cell, for luminance from black to white
MAP = 12  # numbers of an affine colour map: for each colour of the result three factors and a constant
LUMINANCE = (0.299, 0.587, 0.114)
SLOPE = 0.1  # of LeakyReLU below 0
# What lies beyond a picture. Zeros tell a network how far the border of its crop is: it learned to paint bands of sky along the
# top of whole pictures.
BORDER: Literal["replicate"] = "replicate"
LOUDNESS = 3.0  # of latents, whose noise has a deviation of 1


def _conv(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, 1, padding_mode=BORDER), nn.LeakyReLU(SLOPE))


def _twice(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


class Surroundings(nn.Module):
    """Adds to every place what the mean over the whole picture says: whether it is noon, or fog."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.linear = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + F.leaky_relu(self.linear(x.mean((2, 3))), SLOPE)[:, :, None, None]


class GridEncoder(nn.Module):
    """Pictures (N, 3, H, W) → the mean of their latents, (N, 8·width, H/16, W/16).

    `blocks` are residual blocks, at the size of the latents; the last are those that both domains may share. The mean square of
    the latents at each place is `LOUDNESS` squared, and so the KL term always the same. What relights reconstructs a photo by
    doing nothing, so nothing else would hold the latents above their noise: left alone they fell to a third of it within a
    few hundred steps, and the maps no longer knew what they were for.
    """

    def __init__(self, width: int, blocks: nn.ModuleList) -> None:
        super().__init__()
        self.reduce = nn.Sequential(
            _conv(3, width, 2),
            _conv(width, 2 * width, 2),
            _conv(2 * width, 4 * width, 2),
            _conv(4 * width, 8 * width, 2),
        )
        self.surroundings = Surroundings(8 * width)
        self.blocks = blocks

    def forward(self, pictures: Tensor) -> Tensor:
        x = self.surroundings(self.reduce(pictures))
        for block in self.blocks:
            x = block(x)
        return x * (LOUDNESS * torch.rsqrt(x.float().square().mean(1, keepdim=True) + 1e-6)).to(x.dtype)


class GridDecoder(nn.Module):
    """Latents (N, 8·width, H/16, W/16), and the picture that they are of → its grid and its lights.

    The grid is (N, 12·tones, H/16, W/16), the lights (N, 3, H, W): see `relit`. Lights come of a U-Net (Ronneberger et al.
    2015) whose way down sees the picture, since a lamp is smaller than a cell; `lights` False leaves them 0.
    """

    def __init__(self, width: int, blocks: nn.ModuleList, tones: int = TONES, lights: bool = True) -> None:
        super().__init__()
        self.blocks = blocks
        self.grid = nn.Conv2d(8 * width, MAP * tones, 1)
        self.down = nn.ModuleList([_conv(3, width, 2), _conv(width, 2 * width, 2), _conv(2 * width, 4 * width, 2)])
        self.up = nn.ModuleList([_conv(12 * width, 4 * width), _conv(6 * width, 2 * width), _conv(3 * width, width)])
        self.fine = _conv(width + 3, width)
        self.lights = nn.Conv2d(width, 3, 3, padding=1, padding_mode=BORDER) if lights else None

    def forward(self, latents: Tensor, picture: Tensor) -> tuple[Tensor, Tensor]:
        x = latents
        for block in self.blocks:
            x = block(x)
        grid = self.grid(F.avg_pool2d(x, 3, 1, 1, count_include_pad=False))
        if self.lights is None:
            return grid, torch.zeros_like(picture)
        finer = [picture]
        for layer in self.down:
            finer.append(layer(finer[-1]))
        for layer in self.up:
            x = layer(torch.cat([_twice(x), finer.pop()], 1))
        return grid, self.lights(self.fine(torch.cat([_twice(x), finer.pop()], 1)))


def relit(picture: Tensor, grid: Tensor, lights: Tensor) -> Tensor:
    """`picture` (N, 3, H, W) in [-1, 1] with the colour maps of its `grid` applied and its `lights` added, unclamped.

    The grid, (N, 12·tones, H/16, W/16), has for each tone three rows of four numbers, a row for each colour of the result:
    what is added of red, green and blue, as shares of their distance from black, and a constant. It is enlarged by
    quadratic B-splines, and interpolated over tones by the luminance, which tone 0 has at black and the last at white.
    Computed in float32 whatever the precision around it.
    """
    with torch.autocast(picture.device.type, enabled=False):
        x, maps = picture.float(), grid.float()
        tones = maps.shape[1] // MAP
        luminance = (x * x.new_tensor(LUMINANCE)[:, None, None]).sum(1, keepdim=True)
        place = ((luminance + 1) * ((tones - 1) / 2)).clamp(0, tones - 1)
        shares = (1 - (place - torch.arange(tones, device=x.device)[:, None, None]).abs()).clamp_min(0)
        # As products of matrices a third as long as by interpolate(), whose way back is slow on a processor.
        down, across = (_enlarging(cells, x.device) for cells in maps.shape[2:])
        maps = (down @ (maps @ across.T)).unflatten(1, (tones, MAP))
        mixed = (shares[:, :, None] * maps).sum(1).unflatten(1, (3, 4))
        above = torch.cat([x + 1, torch.ones_like(place)], 1)
        return x + (mixed * above[:, None]).sum(2) + lights.float()


def _enlarging(cells: int, device: torch.device) -> Tensor:
    """The matrix (16·cells, cells) that enlarges a row of numbers, each in the middle of its cell, by quadratic B-splines.

    Their slope has no jumps, where straight lines between the middles would show as creases in an even sky. Beyond the ends
    the last number is repeated.
    """
    place = (torch.arange(CELL * cells, device=device) + 0.5) / CELL - 0.5
    away = (place[:, None] - torch.arange(-1, cells + 1, device=device)).abs()
    shares = torch.where(away < 0.5, 0.75 - away.square(), 0.5 * (1.5 - away).clamp_min(0).square())
    matrix = shares[:, 1:-1].clone()
    matrix[:, 0] += shares[:, 0]
    matrix[:, -1] += shares[:, -1]
    return matrix
