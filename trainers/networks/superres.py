"""Super-resolution networks: each takes RGB in [0, 1], shape (N, 3, H, W), and returns (N, 3, scale*H, scale*W).

The output is not clamped: training needs the gradient of values just outside [0, 1]. Export clamps.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engines.errors import ModelError


def enlarge(x: Tensor, scale: int, mode: str) -> Tensor:
    """Interpolate `x` (N, C, H, W) to `scale` times its size; pixel centres align as Pillow's do."""
    return F.interpolate(x, scale_factor=float(scale), mode=mode, align_corners=False)


class SRCNN(nn.Module):
    """The three-layer network of Dong et al., "Image Super-Resolution Using Deep Convolutional Networks".

    The 9-1-5 setting of section 4.1 with 64 and 32 filters, on RGB; the input is first enlarged by bicubic
    interpolation, as in section 3. Layer names are those of the published checkpoints in MMagic.
    """

    def __init__(self, scale: int = 4, channels: tuple[int, int] = (64, 32)) -> None:
        super().__init__()
        first, second = channels
        self.scale = scale
        self.conv1 = nn.Conv2d(3, first, 9, padding=4)
        self.conv2 = nn.Conv2d(first, second, 1)
        self.conv3 = nn.Conv2d(second, 3, 5, padding=2)

    def forward(self, image: Tensor) -> Tensor:
        x = enlarge(image, self.scale, "bicubic")
        x = torch.relu(self.conv1(x))
        x = torch.relu(self.conv2(x))
        return self.conv3(x)


def _begin_small(conv: nn.Conv2d) -> None:
    """Draw the weights as He et al. 2015 (equation 10) do, a tenth as large, and no bias: Wang et al., ESRGAN, section 3.1."""
    nn.init.kaiming_normal_(conv.weight)
    conv.weight.data.mul_(0.1)
    nn.init.zeros_(conv.bias)  # type: ignore[arg-type]


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions about a ReLU, added to their input: SRResNet's block with batch norm removed."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        for conv in (self.conv1, self.conv2):
            _begin_small(conv)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv2(torch.relu(self.conv1(x)))


class MSRResNet(nn.Module):
    """SRResNet (Ledig et al., figure 4) as later work modified it: no batch norm, bilinear skip, LeakyReLU 0.1.

    ×2 and ×3 enlarge by one pixel shuffle, ×4 by two of ×2. `upconv1` and `upconv2` are the convolutions that feed the
    shuffles. Names and shapes are BasicSR's, and so are the first weights: every convolution begins at a tenth of He's.
    `load_published` also takes MMagic's names, which nest those convolutions one level deeper; but MMagic's network has no
    LeakyReLU after a shuffle, so weights that it trained are a start to train on from and no finished network here.
    """

    def __init__(self, scale: int = 4, channels: int = 64, blocks: int = 16) -> None:
        super().__init__()
        if scale not in (2, 3, 4):
            raise ValueError(f"MSRResNet enlarges 2, 3 or 4 times, not {scale}.")
        self.scale = scale
        self.conv_first = nn.Conv2d(3, channels, 3, padding=1)
        self.body = nn.Sequential(*(ResidualBlock(channels) for _ in range(blocks)))
        step = 3 if scale == 3 else 2
        self.upconv1 = nn.Conv2d(channels, channels * step * step, 3, padding=1)
        if scale == 4:
            self.upconv2 = nn.Conv2d(channels, channels * 4, 3, padding=1)
        self.pixel_shuffle = nn.PixelShuffle(step)
        self.conv_hr = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv_last = nn.Conv2d(channels, 3, 3, padding=1)
        for conv in (
            self.conv_first,
            self.upconv1,
            *([self.upconv2] if scale == 4 else []),
            self.conv_hr,
            self.conv_last,
        ):
            _begin_small(conv)

    def forward(self, image: Tensor) -> Tensor:
        x = F.leaky_relu(self.conv_first(image), 0.1)
        x = self.body(x)
        x = F.leaky_relu(self.pixel_shuffle(self.upconv1(x)), 0.1)
        if self.scale == 4:
            x = F.leaky_relu(self.pixel_shuffle(self.upconv2(x)), 0.1)
        x = self.conv_last(F.leaky_relu(self.conv_hr(x), 0.1))
        return x + enlarge(image, self.scale, "bilinear")


class FastBlock(nn.Module):
    """Two 3×3 convolutions about a LeakyReLU, added to their input; the second starts small, so the sum starts as the input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        with torch.no_grad():
            self.conv2.weight.mul_(0.1)
            self.conv2.bias.zero_()  # type: ignore[union-attr]

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv2(F.leaky_relu(self.conv1(x), 0.1))


class Fast(nn.Module):
    """Our own network for the CPU: everything happens at the small size, and one pixel shuffle enlarges.

    A convolution, `blocks` residual blocks, a convolution and a pixel shuffle correct a bilinear enlargement. Every
    operation is one that ONNX Runtime fuses into its blocked convolutions, which is why the activation is LeakyReLU
    and not PReLU, and why `channels` serves best as a multiple of 16.
    """

    def __init__(self, scale: int = 4, channels: int = 48, blocks: int = 10) -> None:
        super().__init__()
        self.scale = scale
        self.head = nn.Conv2d(3, channels, 3, padding=1)
        self.body = nn.Sequential(*(FastBlock(channels) for _ in range(blocks)))
        self.tail = nn.Conv2d(channels, 3 * scale * scale, 3, padding=1)
        with torch.no_grad():
            self.tail.weight.mul_(0.1)
            self.tail.bias.zero_()  # type: ignore[union-attr]

    def forward(self, image: Tensor) -> Tensor:
        correction = self.tail(self.body(self.head(image)))
        return F.pixel_shuffle(correction, self.scale) + enlarge(image, self.scale, "bilinear")

    def adapted(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor] | None:
        """This network's weights such that it computes what the smaller `Fast` of the same scale does whose are `weights`.

        Its channels and blocks come first; the rest keeps the first weights it has, but nothing of it reaches the picture until
        it has learned: Chen, Goodfellow & Shlens 2016, "Net2Net", section 2, with zeros where the paper splits weights. None
        where `weights` are no such network's.
        """
        if "head.weight" not in weights:
            return None
        channels, blocks = len(weights["head.weight"]), 0
        while f"body.{blocks}.conv1.weight" in weights:
            blocks += 1
        own = {name: value.clone() for name, value in self.state_dict().items()}
        smaller = Fast(self.scale, channels, blocks).state_dict()
        if any(
            name not in own or name not in weights or weights[name].shape != smaller[name].shape for name in smaller
        ):
            return None
        if channels > len(own["head.weight"]):
            return None
        for name, value in own.items():
            outputs = slice(None) if name.startswith("tail") else slice(channels)
            if name not in smaller:
                if ".conv2." in name:
                    value[:channels] = 0
            elif value.ndim == 1:
                value[outputs] = weights[name].to(value)
            else:
                seen = weights[name].shape[1]
                value[outputs, seen:] = 0
                value[outputs, :seen] = weights[name].to(value)
        return own


def load_published(network: nn.Module, state: dict[str, object]) -> None:
    """Load the weights of a checkpoint published by BasicSR or MMagic into SRCNN or MSRResNet, by key.

    `state` is what `torch.load(..., weights_only=True)` gives: the weights themselves, or a mapping that holds them under
    "params_ema", "params" or "state_dict". Raises ModelError where a key is missing, left over or of another shape.
    """
    for key in ("params_ema", "params", "state_dict"):
        inner = state.get(key)
        if isinstance(inner, dict):
            state = inner
            break
    weights = {_published_name(name): value for name, value in state.items() if isinstance(value, Tensor)}
    weights = {name: value for name, value in weights.items() if not name.startswith("step_counter")}
    wanted = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    for name, shape in wanted.items():
        if name not in weights:
            raise ModelError(f"The checkpoint lacks “{name}”; it is of another network or another setting of it.")
        if tuple(weights[name].shape) != shape:
            raise ModelError(
                f"In the checkpoint “{name}” has shape {tuple(weights[name].shape)}, not {shape}; "
                "choose the scale and width that it was trained with."
            )
    if left_over := sorted(set(weights) - set(wanted)):
        raise ModelError(
            f"The checkpoint also holds “{left_over[0]}”, which this network lacks; choose another network."
        )
    network.load_state_dict(weights)


def _published_name(name: str) -> str:
    for prefix in ("generator_ema.", "generator.", "module."):
        name = name.removeprefix(prefix)
    name = name.replace("trunk_net.", "body.")
    for ours, theirs in (("upconv1", "upsample1.upsample_conv"), ("upconv2", "upsample2.upsample_conv")):
        name = name.replace(theirs, ours)
    return name


NETWORKS: dict[str, type[nn.Module]] = {"srcnn": SRCNN, "msrresnet": MSRResNet, "fast": Fast}
