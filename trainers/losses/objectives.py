"""The formulas of adversarial objectives: what a discriminator and a generator lower, and the penalties on a slope.

Logits are what a discriminator returns before any sigmoid: a tensor of any shape with the batch first, such as (N,) or a
patch discriminator's (N, 1, H, W), or several such tensors, one a scale. A loss is the mean over a tensor, then over scales.
All formulas are computed in float32, whatever precision the networks run in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

Logits = Tensor | Sequence[Tensor]
MARGIN = 24.6
Critic = Callable[[Tensor], Logits]
Penalty = Callable[[Critic, Tensor, Tensor, torch.Generator], Tensor]
"""(discriminator, real, fake, source of random numbers) → scalar, unweighted."""


@dataclass(frozen=True)
class Objective:
    """One way of playing the game: what each side lowers, and what keeps the discriminator within bounds.

    `discriminator(real_logits, fake_logits)` and `generator(fake_logits)` return scalars. Where there is a `margin`, which
    says how far the logits of a real and a fake picture should be apart, (N,), the discriminator's loss takes it as a third
    argument. `penalty`, times
    `penalty_weight`, is added to the discriminator's loss. After each of its steps its weights are clipped to
    [-`clip`, `clip`]. A `per_sample_penalty` speaks of the slope at each single picture, which batch norm would mix with
    the rest of its batch: the discriminator is then built without it. `undecided` is the loss of a discriminator that
    cannot tell real from fake, at best; None where there is no such number.
    """

    discriminator: Callable[..., Tensor]
    generator: Callable[[Logits], Tensor]
    penalty: Penalty | None = None
    penalty_weight: float = 0.0
    clip: float | None = None
    per_sample_penalty: bool = False
    undecided: float | None = None
    margin: Callable[[Tensor, Tensor], Tensor] | None = None

    def judged(self, real_logits: Logits, fake_logits: Logits, real: Tensor, fake: Tensor) -> Tensor:
        """The discriminator's loss for batches of pictures, both (N, C, H, W), and what it says of them."""
        margins = [] if self.margin is None else [self.margin(real, fake)]
        return self.discriminator(real_logits, fake_logits, *margins)


def scales_of(logits: Logits) -> list[Tensor]:
    """The logits as a list of float32 tensors, one a scale."""
    scales = [logits] if isinstance(logits, Tensor) else list(logits)
    if not scales:
        raise ValueError("A discriminator returned an empty list of logits.")
    return [scale.float() for scale in scales]


def _mean(term: Callable[[Tensor], Tensor], logits: Logits) -> Tensor:
    return torch.stack([term(scale).mean() for scale in scales_of(logits)]).mean()


def bce_discriminator(real: Logits, fake: Logits, smoothing: float = 0.0) -> Tensor:
    """-log D(x) - log(1 - D(G(z))), D the sigmoid of the logits: Goodfellow et al. 2014, equation 1.

    With `smoothing` s the target of real pictures is 1 - s and that of fake ones stays 0: Salimans et al. 2016, section 3.4.
    """
    return _mean(lambda x: F.softplus(-x) + smoothing * x, real) + _mean(F.softplus, fake)


def non_saturating_generator(fake: Logits) -> Tensor:
    """-log D(G(z)): Goodfellow et al. 2014, end of section 3."""
    return _mean(lambda x: F.softplus(-x), fake)


def lsgan_discriminator(real: Logits, fake: Logits) -> Tensor:
    """½ (D(x) - 1)² + ½ D(G(z))²: Mao et al. 2017, "Least Squares Generative Adversarial Networks", equation 9."""
    return 0.5 * (_mean(lambda x: (x - 1).square(), real) + _mean(torch.square, fake))


def lsgan_generator(fake: Logits) -> Tensor:
    """½ (D(G(z)) - 1)²: Mao et al. 2017, equation 9."""
    return 0.5 * _mean(lambda x: (x - 1).square(), fake)


def hinge_discriminator(real: Logits, fake: Logits) -> Tensor:
    """max(0, 1 - D(x)) + max(0, 1 + D(G(z))): Lim & Ye 2017, "Geometric GAN"; Miyato et al. 2018, equation 16."""
    return _mean(lambda x: F.relu(1 - x), real) + _mean(lambda x: F.relu(1 + x), fake)


def critic_discriminator(real: Logits, fake: Logits) -> Tensor:
    """D(G(z)) - D(x), minus an estimate of the Wasserstein distance: Arjovsky et al. 2017, equation 2 and algorithm 1."""
    return _mean(lambda x: x, fake) - _mean(lambda x: x, real)


def critic_generator(fake: Logits) -> Tensor:
    """-D(G(z)): Arjovsky et al. 2017, algorithm 1; the hinge objective has the same, Miyato et al. 2018, equation 17."""
    return -_mean(lambda x: x, fake)


def loss_sensitive_discriminator(real: Logits, fake: Logits, margin: Tensor) -> Tensor:
    """max(0, Δ(x, G(z)) + L(x) - L(G(z))), the loss L being minus the logit: Qi 2020, "Loss-Sensitive Generative Adversarial
    Networks on Lipschitz Densities", the second term of equation 6, which is what its author's program lowers. Pictures of
    the two batches are compared in pairs, in the order they have.
    """
    pairs = zip(scales_of(real), scales_of(fake), strict=True)
    terms = [F.relu(margin.view(-1, *[1] * (a.ndim - 1)) - a + b).mean() for a, b in pairs]
    return torch.stack(terms).mean()


def picture_margin(real: Tensor, fake: Tensor) -> Tensor:
    """Δ(x, G(z)) of the loss-sensitive objective: `MARGIN` times the mean absolute difference of the pictures, (N,).

    The paper's author takes 0.002 times its sum over the 12,288 numbers of pictures of 64 pixels, which is the same.
    """
    return MARGIN * (real.float() - fake.float()).abs().flatten(1).mean(1)


def gradient_penalty(discriminator: Critic, real: Tensor, fake: Tensor, generator: torch.Generator) -> Tensor:
    """(‖∇D(x̂)‖ - 1)² at random points x̂ between real and fake pictures: Gulrajani et al. 2017, equation 3."""
    squared = _squared_slopes(discriminator, _between(real, fake, generator))
    # The root has no derivative at 0, where a fresh or dead discriminator may well be.
    return (torch.sqrt(squared + 1e-12) - 1).square().mean()


def divergence_penalty(
    discriminator: Critic, real: Tensor, fake: Tensor, generator: torch.Generator, power: float = 6.0
) -> Tensor:
    """‖∇D(x̂)‖^p at random points x̂ between real and fake pictures: Wu et al. 2018, "Wasserstein Divergence for GANs",
    algorithm 1. Its weight is k; the paper recommends k = 2 and p = 6.
    """
    squared = _squared_slopes(discriminator, _between(real, fake, generator))
    return squared.pow(power / 2).mean()


def r1_penalty(discriminator: Critic, real: Tensor, fake: Tensor, generator: torch.Generator) -> Tensor:
    """½ ‖∇D(x)‖² at the real pictures; its weight is γ: Mescheder et al. 2018, equation 9. Draws nothing."""
    return 0.5 * _squared_slopes(discriminator, real).mean()


def _between(real: Tensor, fake: Tensor, generator: torch.Generator) -> Tensor:
    """A point drawn evenly on the line from each fake picture to a real one; drawn on `generator`'s device."""
    shares = torch.rand(len(real), *[1] * (real.ndim - 1), generator=generator, device=generator.device)
    return torch.lerp(fake.detach().float(), real.detach().float(), shares.to(real.device))


def _squared_slopes(discriminator: Critic, pictures: Tensor) -> Tensor:
    """‖∇D‖² at each picture, shape (N,), where D is the mean of a picture's logits over patches and scales."""
    pictures = pictures.detach().float().requires_grad_()
    with torch.autocast(pictures.device.type, enabled=False):
        scales = scales_of(discriminator(pictures))
        scores = torch.stack([scale.reshape(len(pictures), -1).mean(1) for scale in scales]).mean(0)
        (gradient,) = torch.autograd.grad(scores.sum(), pictures, create_graph=True)
    return gradient.flatten(1).square().sum(1)
