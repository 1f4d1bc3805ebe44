"""The networks of UNIT: two encoders into one latent space, two generators out of it, and a discriminator.

Liu, Breuel & Kautz 2017, "Unsupervised Image-to-Image Translation Networks", table 3. Pictures are RGB in [-1, 1].
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrize

from trainers.networks.relighting import BORDER, CELL, TONES, GridDecoder, GridEncoder, relit

SLOPE = 0.01  # of LeakyReLU below 0; the paper names none, and this is torch's own
BLOCKS = 4  # residual blocks of an encoder, and of a generator

MULTIPLE = 4  # a picture is halved twice: its sides are multiples of this

Norm = Literal["none", "channel", "instance"]
Head = Literal["paint", "grid"]
Border = Literal["zeros", "replicate"]


class ChannelNorm(nn.Module):
    """Divides each pixel's features by their root mean square over the channels, and scales each channel.

    What happens at one pixel depends on no other: unlike instance norm it gives the same in a tile as in the whole picture.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        scale = torch.rsqrt(x.float().square().mean(dim=1, keepdim=True) + 1e-6)
        return x * scale.to(x.dtype) * self.weight


NORMS: dict[str, Callable[[int], nn.Module]] = {
    "none": lambda channels: nn.Identity(),
    "channel": ChannelNorm,
    "instance": lambda channels: nn.InstanceNorm2d(channels, affine=True),
}


class ResidualBlock(nn.Module):
    """RESBLK: two 3×3 convolutions about a LeakyReLU, added to their input, or where widths differ to its 1×1 convolution.

    The paper's have no `norm`; here is the depth of the network, so here alone one is put where a recipe asks for it.
    """

    def __init__(self, inputs: int, outputs: int, norm: Norm = "none", border: Border = "zeros") -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1, padding_mode=border)
        self.norm1 = NORMS[norm](outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, padding_mode=border)
        self.norm2 = NORMS[norm](outputs)
        self.shortcut = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = F.leaky_relu(self.norm1(self.conv1(x)), SLOPE)
        return self.shortcut(x) + self.norm2(self.conv2(y))


class Encoder(nn.Module):
    """Pictures (N, 3, H, W) → the mean μ of their latents, (N, 8·width, H/4, W/4): table 3, encoder."""

    def __init__(self, width: int = 64, norm: Norm = "none") -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, padding=3)
        self.conv2 = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1)
        self.conv3 = nn.Conv2d(2 * width, 4 * width, 3, stride=2, padding=1)
        inputs = (4 * width, *[8 * width] * (BLOCKS - 1))
        self.blocks = nn.ModuleList(ResidualBlock(channels, 8 * width, norm) for channels in inputs)

    def forward(self, pictures: Tensor) -> Tensor:
        x = pictures
        for conv in (self.conv1, self.conv2, self.conv3):
            x = F.leaky_relu(conv(x), SLOPE)
        for block in self.blocks:
            x = block(x)
        return x


class Enlarging(nn.Module):
    """Twice the size: DCONV as in the paper, or nearest neighbours and a convolution, which leave no checkerboard."""

    def __init__(self, inputs: int, outputs: int, transposed: bool) -> None:
        super().__init__()
        self.transposed = transposed
        self.conv: nn.Module = (
            nn.ConvTranspose2d(inputs, outputs, 3, stride=2, padding=1, output_padding=1)
            if transposed
            else nn.Conv2d(inputs, outputs, 3, padding=1)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x if self.transposed else F.interpolate(x, scale_factor=2, mode="nearest"))


class Decoder(nn.Module):
    """Latents (N, 8·width, h, w) → pictures (N, 3, 4·h, 4·w) in [-1, 1]: table 3, generator."""

    def __init__(self, width: int = 64, norm: Norm = "none", transposed: bool = True) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(ResidualBlock(8 * width, 8 * width, norm) for _ in range(BLOCKS))
        self.enlarge1 = Enlarging(8 * width, 4 * width, transposed)
        self.enlarge2 = Enlarging(4 * width, 2 * width, transposed)
        self.picture = nn.ConvTranspose2d(2 * width, 3, 1)

    def forward(self, latents: Tensor) -> Tensor:
        x = latents
        for block in self.blocks:
            x = block(x)
        for enlarge in (self.enlarge1, self.enlarge2):
            x = F.leaky_relu(enlarge(x), SLOPE)
        return torch.tanh(self.picture(x))


class UNIT(nn.Module):
    """Two encoders and two generators, domain 0 and domain 1, whose `shared` inmost blocks are the same parameters.

    With the `head` "paint" a generator draws a picture, as in the paper. With "grid" it says what becomes of the source's
    colours, in so many `tones`, and with `lights` what light is added: `trainers.networks.relighting`. `multiple` is what
    sides of pictures are multiples of.
    """

    def __init__(
        self,
        width: int = 64,
        shared: int = 1,
        norm: Norm = "none",
        transposed: bool = True,
        head: Head = "paint",
        tones: int = TONES,
        lights: bool = True,
    ) -> None:
        super().__init__()
        if not 0 <= shared <= BLOCKS:
            raise ValueError(f"UNIT shares 0 to {BLOCKS} blocks, not {shared}.")
        if norm not in NORMS:
            raise ValueError(f"There is no norm called “{norm}”; choose {', '.join(NORMS)}.")
        if head not in ("paint", "grid"):
            raise ValueError(f"There is no head called “{head}”; choose paint or grid.")
        if not 2 <= tones <= 32:
            raise ValueError(f"A grid has 2 to 32 tones, not {tones}.")
        self.shared = shared
        self.head = head
        self.multiple = CELL if head == "grid" else MULTIPLE
        if head == "grid":
            self.encoders = nn.ModuleList(GridEncoder(width, _blocks(8 * width, norm)) for _ in range(2))
            self.decoders = nn.ModuleList(GridDecoder(width, _blocks(8 * width, norm), tones, lights) for _ in range(2))
        else:
            self.encoders = nn.ModuleList(Encoder(width, norm) for _ in range(2))
            self.decoders = nn.ModuleList(Decoder(width, norm, transposed) for _ in range(2))
        for index in range(shared):
            self.encoders[1].blocks[BLOCKS - 1 - index] = self.encoders[0].blocks[BLOCKS - 1 - index]  # type: ignore[index, operator]
            self.decoders[1].blocks[index] = self.decoders[0].blocks[index]  # type: ignore[index, operator]

    def decode(self, domain: int, latents: Tensor, source: Tensor) -> Tensor:
        """The picture of `domain` that the `latents` of the picture `source` stand for, of its size; a grid's is unclamped."""
        made = self.decoders[domain]
        return relit(source, *made(latents, source)) if self.head == "grid" else made(latents)


def _blocks(channels: int, norm: Norm) -> nn.ModuleList:
    """The residual blocks of an encoder or a generator of a grid."""
    return nn.ModuleList(ResidualBlock(channels, channels, norm, BORDER) for _ in range(BLOCKS))


class UNITDiscriminator(nn.Module):
    """Pictures (N, 3, H, W) → logits, one for each patch: table 3, discriminator, `depth` convolutions of stride 2.

    With `scales` above 1 there are as many such networks, each for pictures of half the size of the one before. `slope`
    is LeakyReLU's. Pictures measure 2^(depth + scales) pixels each way or more.
    """

    def __init__(self, width: int = 64, depth: int = 5, scales: int = 1, slope: float = SLOPE) -> None:
        super().__init__()
        if min(width, depth, scales) < 1:
            raise ValueError(f"width, depth and scales are 1 or more, not {width}, {depth} and {scales}.")
        self.scales = nn.ModuleList(_patches(width, depth, slope) for _ in range(scales))

    def forward(self, pictures: Tensor) -> list[Tensor]:
        logits: list[Tensor] = []
        for index, network in enumerate(self.scales):
            # Padding does not count, or borders would be darker on each scale than on the one before.
            pictures = F.avg_pool2d(pictures, 3, 2, 1, count_include_pad=False) if index else pictures
            logits.append(network(pictures))
        return logits


def _patches(width: int, depth: int, slope: float) -> nn.Sequential:
    layers: list[nn.Module] = []
    inputs = 3
    for index in range(depth):
        outputs = width << index
        layers += [nn.Conv2d(inputs, outputs, 3, stride=2, padding=1), nn.LeakyReLU(slope)]
        inputs = outputs
    return nn.Sequential(*layers, nn.Conv2d(inputs, 1, 2))


class UNITDiscriminators(nn.Module):
    """One discriminator for each domain, both made alike."""

    def __init__(self, first: nn.Module, second: nn.Module) -> None:
        super().__init__()
        self.domains = nn.ModuleList((first, second))

    def of(self, domain: int) -> nn.Module:
        """The one that judges pictures of `domain`, 0 or 1."""
        return self.domains[domain]


def initialise(network: nn.Module, generator: torch.Generator) -> None:
    """Draw first weights, in place: convolutions after He et al. 2015, equation 14; biases are 0.

    The last convolution of a residual block starts at a tenth of that: without a norm the sum of eight blocks would
    otherwise grow from block to block. A grid and its lights start at 0. A shared layer is drawn once. Layers under spectral
    norm keep what they were made with, which their norm was measured on.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d) and not parametrize.is_parametrized(module):
            weight = module.weight
            across = weight.shape[0] if isinstance(module, nn.ConvTranspose2d) else weight.shape[1]
            stride = module.stride[0] if isinstance(module, nn.ConvTranspose2d) else 1
            fan_in = across * weight.shape[2] * weight.shape[3] / stride**2
            gain = (2 / (1 + SLOPE**2)) ** 0.5
            with torch.no_grad():
                weight.copy_(torch.randn(weight.shape, generator=generator) * (gain / fan_in**0.5))
                if module.bias is not None:
                    module.bias.zero_()
    with torch.no_grad():
        for module in {id(module): module for module in network.modules()}.values():
            if isinstance(module, ResidualBlock):
                module.conv2.weight.mul_(0.1)
            elif isinstance(module, Decoder):
                module.picture.weight.mul_(0.5)  # so that tanh does not begin at its ends
            elif isinstance(module, GridDecoder):
                module.grid.weight.zero_()
                if module.lights is not None:
                    module.lights.weight.zero_()


class Translation(nn.Module):
    """One direction of a network of two domains: RGB in [-1, 1] of domain `source` to RGB in [-1, 1] of the other.

    Its weights have the names that they have in the whole, such as `encoders.0.conv1.weight`.
    """

    def __init__(self, network: nn.Module, source: int) -> None:
        super().__init__()
        whole: Any = network
        self.source = source
        self.head: Head = head_of(network)
        self.encoders = nn.ModuleDict({str(source): whole.encoders[source]})
        self.decoders = nn.ModuleDict({str(1 - source): whole.decoders[1 - source]})

    def forward(self, pictures: Tensor) -> Tensor:
        made = self.made_of(pictures)
        return relit(pictures, *made) if self.head == "grid" else made

    def made_of(self, pictures: Tensor) -> Any:
        """What the generator makes: pictures, or the grid and the lights that are applied to them."""
        latents = self.encoders[str(self.source)](pictures)
        decoder = self.decoders[str(1 - self.source)]
        return decoder(latents, pictures) if self.head == "grid" else decoder(latents)


def head_of(network: nn.Module) -> Head:
    """The head of a network of two domains; "paint" for one of a person's own that does not say."""
    return getattr(network, "head", "paint")


def multiple_of(network: nn.Module) -> int:
    """What sides of the pictures of a network of two domains are multiples of."""
    return int(getattr(network, "multiple", MULTIPLE))


def decoded(network: Any, domain: int, latents: Tensor, source: Tensor) -> Tensor:
    """The picture of `domain` that `network` makes of the `latents` of `source`; one of a person's own needs no `decode`."""
    if hasattr(network, "decode"):
        return network.decode(domain, latents, source)
    return network.decoders[domain](latents)
