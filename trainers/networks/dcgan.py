"""The generator and the discriminator of DCGAN.

Radford et al. 2016, "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks",
figure 1 and section 3. Pictures are RGB in [-1, 1].
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from trainers.networks.discriminators import Judgement

SIZES = (32, 64, 128)
SLOPE = 0.2  # of LeakyReLU below 0: section 4 of the paper
DEVIATION = 0.02  # of all first weights: the same section


class DCGANGenerator(nn.Module):
    """`z` (N, latent_size) → pictures (N, channels, size, size) in [-1, 1].

    A transposed convolution turns `z` into `base_channels` maps of 4×4; each of the others, kernel 4, stride 2, padding 1,
    doubles the size and, but for the last, halves the channels. Batch norm and ReLU follow each but the last, which
    ends in a hyperbolic tangent. `bias` gives the last one a bias, as MMagic does; PyTorch's tutorial leaves it out.
    """

    def __init__(
        self,
        size: int = 64,
        base_channels: int = 512,
        latent_size: int = 100,
        channels: int = 3,
        bias: bool = False,
    ) -> None:
        super().__init__()
        widths = _widths(size, base_channels)
        self.latent_size = latent_size
        self.blocks = nn.Sequential(_enlarging_block(latent_size, widths[0], stride=1, padding=0))
        for wide, narrow in pairwise(widths):
            self.blocks.append(_enlarging_block(wide, narrow, stride=2, padding=1))
        self.picture = nn.ConvTranspose2d(widths[-1], channels, 4, stride=2, padding=1, bias=bias)

    def forward(self, z: Tensor) -> Tensor:
        return torch.tanh(self.picture(self.blocks(z.flatten(1)[:, :, None, None])))


class DCGANDiscriminator(nn.Module):
    """Pictures (N, channels, size, size) in [-1, 1] → logits (N,); the generator's mirror.

    Convolutions, kernel 4, stride 2, padding 1, halve the size to 4×4, where there are `base_channels` maps; LeakyReLU
    follows each, and batch norm comes between but for the first. A last convolution sees the 4×4 whole. With `classes` a
    second one beside it classifies: an auxiliary classifier. `bias` gives a bias to the layers without batch norm.
    """

    def __init__(
        self,
        size: int = 64,
        base_channels: int = 512,
        channels: int = 3,
        classes: int = 0,
        bias: bool = False,
    ) -> None:
        super().__init__()
        widths = _widths(size, base_channels)[::-1]
        self.blocks = nn.ModuleList([_reducing_block(channels, widths[0], norm=False, bias=bias)])
        for narrow, wide in pairwise(widths):
            self.blocks.append(_reducing_block(narrow, wide, norm=True, bias=False))
        self.verdict = nn.Conv2d(widths[-1], 1, 4, bias=bias)
        self.classifier = nn.Conv2d(widths[-1], classes, 4) if classes else None

    def forward(self, pictures: Tensor) -> Tensor:
        return self.judge(pictures).logits  # type: ignore[return-value]

    def judge(self, pictures: Tensor) -> Judgement:
        """Logits (N,); as features what each LeakyReLU returns, from the largest maps to the 4×4; and class logits."""
        features: list[Tensor] = []
        x = pictures
        for block in self.blocks:
            x = block(x)
            features.append(x)
        class_logits = None if self.classifier is None else self.classifier(x).flatten(1)
        return Judgement(self.verdict(x).flatten(), features, class_logits)


def initialise(module: nn.Module, generator: torch.Generator) -> None:
    """Draw the first weights of `module` in place: N(0, 0.02), those of batch norm N(1, 0.02); biases are 0.

    The draws depend on `generator`, which lives on the CPU, and on the order of the layers, not on the module's device.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            _draw(layer.weight, 0.0, generator)
        elif isinstance(layer, _BatchNorm) and layer.affine:
            _draw(layer.weight, 1.0, generator)
        else:
            continue
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


def _draw(weight: Tensor, mean: float, generator: torch.Generator) -> None:
    with torch.no_grad():
        weight.copy_(torch.randn(weight.shape, generator=generator) * DEVIATION + mean)


def _widths(size: int, base_channels: int) -> list[int]:
    """The channels at 4×4, 8×8 and so on to half of `size`. Raises ValueError where there is no such network."""
    if size not in SIZES:
        raise ValueError(f"DCGAN makes pictures of 32, 64 or 128 pixels, not {size}.")
    halvings = size.bit_length() - 4
    if base_channels <= 0 or base_channels % 2**halvings:
        raise ValueError(f"At {size} pixels “base_channels” is a multiple of {2**halvings}, not {base_channels}.")
    return [base_channels >> i for i in range(halvings + 1)]


def _enlarging_block(inputs: int, outputs: int, stride: int, padding: int) -> nn.Sequential:
    return nn.Sequential(
        nn.ConvTranspose2d(inputs, outputs, 4, stride, padding, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


def _reducing_block(inputs: int, outputs: int, norm: bool, bias: bool) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Conv2d(inputs, outputs, 4, 2, 1, bias=bias)]
    if norm:
        layers.append(nn.BatchNorm2d(outputs))
    return nn.Sequential(*layers, nn.LeakyReLU(SLOPE, inplace=True))
