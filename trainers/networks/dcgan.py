"""The generator and the discriminator of DCGAN.

Radford et al. 2016, "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks",
figure 1 and section 3. Pictures are RGB in [-1, 1]. To the paper's networks come, where they are asked for, labels (Mirza &
Osindero 2014, "Conditional Generative Adversarial Nets") and codes (`trainers.networks.codes`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.parametrizations import spectral_norm

from trainers.networks.codes import expand, width_of
from trainers.networks.discriminators import Judgement

SIZES = (8, 16, 32, 64, 128)
SLOPE = 0.2  # of LeakyReLU below 0: section 4 of the paper
DEVIATION = 0.02  # of all first weights: the same section
POWER_ITERATIONS = 15  # by which the largest singular value of first weights is found, as torch does for those it draws
EMBEDDING = 32  # numbers that a label is for the generator
Norm = Literal["batch", "spectral"]
WIDTH = 8  # products that minibatch discrimination compares by, for each of its numbers
ORIGINAL, VECTORS = (
    ".parametrizations.weight.original",
    ".parametrizations.weight.0.",
)  # torch's names of a spectral norm's parts
READER = 128  # channels of the layer that codes are read from: InfoGAN, appendix C


class DCGANGenerator(nn.Module):
    """`z` (N, latent_size), and `label` and `codes` where it has them → pictures (N, channels, size, size) in [-1, 1].

    A transposed convolution turns `z` into `base_channels` maps of 4×4; each of the others, kernel 4, stride 2, padding 1,
    doubles the size and, but for the last, halves the channels. Batch norm and ReLU follow each but the last, which
    ends in a hyperbolic tangent. `bias` gives the last one a bias, as MMagic does; PyTorch's tutorial leaves it out.

    With `labels` > 0 it also takes `label`, int64 (N) below `labels`, whose embedding is joined to `z`: figure 1 of the
    conditional GAN's paper. With `codes`, the kinds of `trainers.networks.codes`, it takes `codes` (N, K), joined to `z`
    likewise.

    `label_deviation` is the standard deviation of the embedding's first numbers, beside 1 for those of `z`. What a label asks
    for is the same in every step, and what a `z` asks for is not, so the weights of labels grow faster, and batch norm makes
    the part of `z` the smaller for it, until each label is one picture. A tenth leaves `z` the time to count.
    """

    def __init__(
        self,
        size: int = 64,
        base_channels: int = 512,
        latent_size: int = 100,
        channels: int = 3,
        bias: bool = False,
        labels: int = 0,
        codes: Sequence[int] = (),
        label_deviation: float = 1.0,
    ) -> None:
        super().__init__()
        widths = _widths(size, base_channels)
        self.latent_size = latent_size
        self.codes = tuple(codes)
        self.embedding = nn.Embedding(labels, EMBEDDING) if labels else None
        if self.embedding is not None:
            nn.init.normal_(self.embedding.weight, std=label_deviation)
        inputs = latent_size + (EMBEDDING if labels else 0) + width_of(self.codes)
        self.blocks = nn.Sequential(_enlarging_block(inputs, widths[0], stride=1, padding=0))
        for wide, narrow in pairwise(widths):
            self.blocks.append(_enlarging_block(wide, narrow, stride=2, padding=1))
        self.picture = nn.ConvTranspose2d(widths[-1], channels, 4, stride=2, padding=1, bias=bias)

    def forward(self, z: Tensor, label: Tensor | None = None, codes: Tensor | None = None) -> Tensor:
        inputs = [z.flatten(1)]
        if self.embedding is not None:
            assert label is not None, "this generator is conditional"
            inputs.append(self.embedding(label))
        if self.codes:
            assert codes is not None, "this generator has codes"
            inputs.append(expand(codes, self.codes))
        return torch.tanh(self.picture(self.blocks(torch.cat(inputs, dim=1)[:, :, None, None])))


class DCGANDiscriminator(nn.Module):
    """Pictures (N, channels, size, size) in [-1, 1] → logits (N,); the generator's mirror.

    Convolutions, kernel 4, stride 2, padding 1, halve the size to 4×4, where there are `base_channels` maps; LeakyReLU
    follows each, and batch norm comes between but for the first. A last convolution sees the 4×4 whole. With `classes` a
    second one beside it classifies: an auxiliary classifier. `bias` gives a bias to the layers without batch norm.

    With `norm` "spectral" each convolution's weights, as a matrix of a row an output channel, are divided by the largest
    singular value, and there is no batch norm (Miyato et al. 2018, "Spectral Normalization for Generative Adversarial
    Networks", equation 8): the slope of the verdict is bounded, and a picture's does not depend on the rest of its batch.

    With `labels` > 0 it also takes `label`, int64 (N): the logit is increased by the product of an embedding of the label
    with the sum of the 4×4 (Miyato & Koyama 2018, "cGANs with Projection Discriminator", equation 3), which teaches a
    label better than joining it to the picture does. With `codes` it also reads the codes off a picture: InfoGAN's Q. With
    `minibatch` > 0 as many numbers tell it how alike the pictures of a batch are: `MinibatchDiscrimination`.
    """

    def __init__(
        self,
        size: int = 64,
        base_channels: int = 512,
        channels: int = 3,
        classes: int = 0,
        bias: bool = False,
        labels: int = 0,
        codes: Sequence[int] = (),
        norm: Norm = "batch",
        minibatch: int = 0,
    ) -> None:
        super().__init__()
        if norm not in ("batch", "spectral"):
            raise ValueError(f"“norm” is “batch” or “spectral”, not “{norm}”.")
        widths = _widths(size, base_channels)[::-1]
        batch_norm = norm == "batch"
        self.blocks = nn.ModuleList([_reducing_block(channels, widths[0], norm=False, bias=bias)])
        for narrow, wide in pairwise(widths):
            self.blocks.append(_reducing_block(narrow, wide, norm=batch_norm, bias=bias and not batch_norm))
        self.verdict = nn.Conv2d(widths[-1], 1, 4, bias=bias)
        self.classifier = nn.Conv2d(widths[-1], classes, 4) if classes else None
        self.projection = nn.Embedding(labels, widths[-1]) if labels else None
        if self.projection is not None:
            nn.init.zeros_(self.projection.weight)  # no label counts before it is learned
        self.reader = None
        if codes:
            layers = (nn.Conv2d(widths[-1], READER, 4), nn.LeakyReLU(SLOPE), nn.Conv2d(READER, width_of(codes), 1))
            self.reader = nn.Sequential(*layers)
        self.minibatch = MinibatchDiscrimination(widths[-1] * 16, minibatch) if minibatch else None
        if norm == "spectral":
            if self.projection is not None:
                nn.init.normal_(self.projection.weight, std=DEVIATION)  # what is 0 has no norm
            for layer in [layer for layer in self.modules() if isinstance(layer, nn.Conv2d | nn.Embedding)]:
                spectral_norm(layer)
        self.taken_over = False  # whether weights of an earlier version were loaded, which were in another order
        self.register_load_state_dict_pre_hook(_adapting)

    def adapted(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor] | None:
        """`weights` of a network of an earlier version, which had no spectral norm where this one has; None for others."""
        wanted = self.state_dict()
        found = dict(weights)
        for name in [name for name in wanted if name.endswith(ORIGINAL)]:
            layer = name.removesuffix(ORIGINAL)
            if name in found or f"{layer}.weight" not in found:
                continue
            weight = found.pop(f"{layer}.weight")
            if not bool(weight.any()):  # as a projection began, and what is 0 has no norm
                found |= {part: value for part, value in wanted.items() if part.startswith(f"{layer}.parametrizations")}
                continue
            left, _, right = torch.linalg.svd(weight.float().flatten(1), full_matrices=False)
            found |= {name: weight, f"{layer}{VECTORS}_u": left[:, 0].clone(), f"{layer}{VECTORS}_v": right[0].clone()}
        return found if found.keys() >= wanted.keys() else None

    def forward(self, pictures: Tensor, label: Tensor | None = None) -> Tensor:
        return self.judge(pictures, label).logits  # type: ignore[return-value]

    def judge(self, pictures: Tensor, label: Tensor | None = None) -> Judgement:
        """Logits (N,); as features what each LeakyReLU returns, from the largest maps to the 4×4; class and code logits."""
        features: list[Tensor] = []
        x = pictures
        for block in self.blocks:
            x = block(x)
            features.append(x)
        class_logits = None if self.classifier is None else self.classifier(x).flatten(1)
        code_logits = None if self.reader is None else self.reader(x).flatten(1)
        logits = self.verdict(x).flatten()
        if self.projection is not None:
            assert label is not None, "this discriminator is conditional"
            logits = logits + (self.projection(label) * x.sum(dim=(2, 3))).sum(dim=1)
        if self.minibatch is not None:
            logits = logits + self.minibatch(x.flatten(1))
        return Judgement(logits, features, class_logits, code_logits)


class MinibatchDiscrimination(nn.Module):
    """Features (N, F) → what is added to the logits (N,) for how close each picture is to the others of its batch.

    Salimans et al. 2016, "Improved Techniques for Training GANs", section 3.2: each of `kernels` numbers is the sum, over the
    other pictures, of exp(-‖M - M'‖₁), M being `WIDTH` products of the features. A last layer that the numbers are joined to is
    the same as one of their own beside it, whose result is added.
    """

    def __init__(self, features: int, kernels: int) -> None:
        super().__init__()
        self.kernels = kernels
        self.products = nn.Linear(features, kernels * WIDTH, bias=False)
        self.verdict = nn.Linear(kernels, 1, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        products = self.products(features).float().unflatten(1, (self.kernels, WIDTH))
        distances = (products[:, None] - products[None]).abs().sum(3)
        closeness = torch.exp(-distances).sum(1) - 1  # each is at the distance 0 from itself
        return self.verdict(closeness).flatten()


def _adapting(module: nn.Module, state: dict[str, Tensor], prefix: str, *_: object) -> None:
    """Bring `state`, that of a discriminator of an earlier version, over before it is loaded."""
    assert isinstance(module, DCGANDiscriminator)
    own = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
    if (adapted := module.adapted(own)) is None or adapted.keys() == own.keys():
        return
    module.taken_over = True
    for name in own:
        del state[prefix + name]
    state.update({prefix + name: value for name, value in adapted.items()})


def initialise(module: nn.Module, generator: torch.Generator) -> None:
    """Draw the first weights of `module` in place: N(0, 0.02), those of batch norm N(1, 0.02); biases are 0.

    The draws depend on `generator`, which lives on the CPU, and on the order of the layers, not on the module's device.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            spectral = getattr(layer, "parametrizations", None)
            _draw(spectral.weight.original if spectral is not None else layer.weight, 0.0, generator)
            if spectral is not None:
                _find_norm(layer)
        elif isinstance(layer, nn.Embedding) and hasattr(layer, "parametrizations"):
            _find_norm(layer)
            continue
        elif isinstance(layer, _BatchNorm) and layer.affine:
            _draw(layer.weight, 1.0, generator)
        else:
            continue
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


def _find_norm(layer: nn.Module) -> None:
    """Bring what the spectral norm of `layer` knows of its largest singular value up to its weights, which are new."""
    training = layer.training
    layer.train()
    for _ in range(POWER_ITERATIONS):
        _ = layer.weight  # each look takes one step of the power iteration
    layer.train(training)


def _draw(weight: Tensor, mean: float, generator: torch.Generator) -> None:
    with torch.no_grad():
        weight.copy_(torch.randn(weight.shape, generator=generator) * DEVIATION + mean)


def _widths(size: int, base_channels: int) -> list[int]:
    """The channels at 4×4, 8×8 and so on to half of `size`. Raises ValueError where there is no such network."""
    if size not in SIZES:
        raise ValueError(f"DCGAN makes pictures of 8, 16, 32, 64 or 128 pixels, not {size}.")
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
