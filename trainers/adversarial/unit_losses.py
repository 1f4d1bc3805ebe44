"""The terms of UNIT's loss, as functions of pictures and networks: equations 2 to 8 of Liu, Breuel & Kautz 2017."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engines.errors import RecipeError
from trainers.adversarial.sides import frozen
from trainers.data.translation import Pixels, Range, SkyRanges, to_tensor
from trainers.losses.objectives import Objective
from trainers.losses.patch_distance import patch_distance
from trainers.networks.discriminators import judge
from trainers.networks.relighting import LUMINANCE
from trainers.networks.unit import decoded, head_of, multiple_of

Noise = Callable[[Tensor, str], Tensor]
"""(mean of the latents, which draw) → unit Gaussian noise of the mean's shape, on its device."""
Perceptual = Callable[[Tensor, Tensor], Tensor]
"""(pictures, others), both (N, 3, H, W) in [-1, 1] → scalar."""
Changed = Callable[[Tensor, int], Tensor]
"""(pictures, domain) → the pictures as the discriminator sees them: changed at random."""

SUBSCRIPTS = ("₁", "₂")
CHROMA = 3.0  # so much more the chroma of a sky counts than its luminance
FAINT = 1e-4  # the variance of luminance, in [-1, 1], below which contrast is hardly seen: that of 1.3 levels of 255


@dataclass(frozen=True)
class Terms:
    """The generators' loss: unweighted `terms` by name, the `total` to go backward from, and the translated `fakes`.

    `fakes[d]` are pictures of domain d made from those of the other.
    """

    terms: dict[str, Tensor]
    total: Tensor
    fakes: tuple[Tensor, Tensor] = field(repr=False)


def kl_divergence(mean: Tensor) -> Tensor:
    """How far a Gaussian of unit variance about `mean` is from one about 0, up to the factor ½: the mean of μ².

    Equation 3's KL(q || p) is ½ Σ μ²; as a mean it does not depend on the latents' size.
    """
    return mean.float().square().mean()


def sampled(mean: Tensor, noise: Noise, which: str) -> Tensor:
    """Latents drawn about `mean` with unit variance: section 2, "VAE", by its reparameterisation."""
    return mean + noise(mean, which).to(mean.dtype)


def distance(output: Tensor, truth: Tensor) -> Tensor:
    """The mean absolute difference: a Laplacian likelihood, which equation 3's -log p is up to factor and constant."""
    return F.l1_loss(output.float(), truth.float())


def lost_structure(output: Tensor, source: Tensor, window: int = 9) -> Tensor:
    """How little of the light and dark of `source` is left in `output`: 1 less the local correlation of their luminance.

    From 0, where within every window of so many pixels the one is a rising line of the other, to 2, where it is a falling
    one: a negative. Windows count by the contrast that the source has in them. Brightness, contrast and colour may change;
    without it networks find it as easy to turn day into night by a negative, which the cycle undoes. Both (N, 3, H, W) in
    [-1, 1]. After the zero-normalised cross-correlation of template matching; no part of the paper.
    """
    weights = torch.tensor(LUMINANCE, device=output.device)[:, None, None]
    x, y = ((picture.float() * weights).sum(1, keepdim=True) for picture in (source, output))
    mean_x, mean_y, xx, yy, xy = (F.avg_pool2d(z, window, 2) for z in (x, y, x * x, y * y, x * y))
    variance_x, variance_y = (xx - mean_x**2).clamp_min(0), (yy - mean_y**2).clamp_min(0)
    correlation = (xy - mean_x * mean_y) / torch.sqrt((variance_x + FAINT) * (variance_y + FAINT))
    contrast = torch.sqrt(variance_x + FAINT).detach()
    return (1 - (contrast * correlation).sum((1, 2, 3)) / contrast.sum((1, 2, 3))).mean()


def beyond_range(output: Tensor) -> Tensor:
    """The mean square of how far numbers leave [-1, 1], which what is not drawn by tanh may do."""
    return F.relu(output.float().abs() - 1).square().mean()


def sky_colour(output: Tensor, sky: Tensor, ranges: SkyRanges) -> Tensor:
    """How far the colour of the sky leaves that of skies of the domain: the mean over its pixels of squares, summed over axes.

    `output` (N, 3, H, W) in [-1, 1]; `sky` (N, 1, H, W), 1 where there is sky; `ranges` those of luminance and of red and blue
    less luminance, which count `CHROMA` times: grey and violet are as far apart to the eye as dusk and night. Without any sky
    it is 0. No part of the paper: where a photo's sky is blown out nothing else tells a network that it is one.
    """
    red, _, blue = output.float().unbind(1)
    light = (output.float() * output.new_tensor(LUMINANCE)[:, None, None]).sum(1)
    axes = torch.stack([light, CHROMA * (red - light), CHROMA * (blue - light)], dim=1)
    low, high = (
        output.new_tensor([ranges[0][end], CHROMA * ranges[1][end], CHROMA * ranges[2][end]])[:, None, None].float()
        for end in (0, 1)
    )
    beyond = (F.relu(axes - high).square() + F.relu(low - axes).square()).sum(1, keepdim=True)
    return (beyond * sky).sum() / sky.sum().clamp_min(1.0)


def ground_light(output: Tensor, sky: Tensor, light: tuple[float, float]) -> Tensor:
    """How far the mean luminance of what is no sky leaves the range `light`: the mean square over pictures.

    `output` and `sky` as for `sky_colour`. A picture that is all sky counts as its whole. No part of the paper: lawns and
    asphalt under an open sky fill many a photo, and stay as light as by day where only their texture is judged.
    """
    luminance = (output.float() * output.new_tensor(LUMINANCE)[:, None, None]).sum(1, keepdim=True)
    ground = (1 - sky).clamp_min(1e-3)
    mean = (luminance * ground).sum((1, 2, 3)) / ground.sum((1, 2, 3))
    return (F.relu(mean - light[1]) + F.relu(light[0] - mean)).square().mean()


@dataclass(frozen=True)
class Batch:
    """What the generators' step sees of both domains, all (N, C, H, W) in [-1, 1].

    `sources` are translated; `reals` are the same pictures with the colours that they have. `skies` are where there is sky,
    from 0 to 1, and `ranges` the colours of skies and the luminance of ground of either domain; None where no term asks for
    them.
    """

    sources: tuple[Tensor, Tensor]
    reals: tuple[Tensor, Tensor]
    skies: tuple[Tensor, Tensor] | None = None
    ranges: tuple[tuple[SkyRanges, Range], tuple[SkyRanges, Range]] | None = None


def generators_loss(
    network: Any,
    discriminators: Any,
    objective: Objective,
    batch: Batch,
    noise: Noise,
    weights: Mapping[str, float],
    *,
    reconstructing: bool = True,
    cycle: bool = True,
    perceptual: Perceptual | None = None,
    changed: Changed | None = None,
) -> Terms:
    """What encoders and generators lower, for a batch of each domain: equation 2, and the terms that the paper has not.

    `weights` has the recipe's names: "adversarial" (λ0), "kl" (λ1), "reconstruction" (λ2), "cycle_kl" (λ3), "cycle" (λ4), and
    those of `trainers.recipes.adversarial.Weights`; a further term of weight 0 is not computed. Not `reconstructing` the
    latents are the encoder's mean, without noise, reconstruction or KL, which is CycleGAN. The discriminators see what
    `changed` makes of a translation; their weights get no gradient.
    """
    terms: dict[str, Tensor] = {}
    real = batch.sources
    means = [network.encoders[d](real[d]) for d in (0, 1)]
    latents = [sampled(means[d], noise, f"latent {d}") if reconstructing else means[d] for d in (0, 1)]
    fakes: list[Any] = [None, None]
    for d in (0, 1):
        here, there = SUBSCRIPTS[d], SUBSCRIPTS[1 - d]
        fake = fakes[1 - d] = decoded(network, 1 - d, latents[d], real[d])
        if reconstructing:
            terms[f"kl{here}"] = kl_divergence(means[d])
            terms[f"reconstruction{here}"] = distance(decoded(network, d, latents[d], real[d]), real[d])
        if cycle:
            # As a picture is, also where it is not drawn by tanh: what lies beyond would be a hiding-place.
            shown = fake.clamp(-1, 1) if head_of(network) == "grid" else fake
            back = network.encoders[1 - d](shown)
            if reconstructing:
                # Equation 8 has both KL terms; the first is that of the picture itself once more.
                terms[f"cycle_kl{here}"] = kl_divergence(means[d]) + kl_divergence(back)
                back = sampled(back, noise, f"cycle {d}")
            terms[f"cycle{here}"] = distance(decoded(network, d, back, shown), real[d])
        with frozen(discriminators.of(1 - d)):
            logits = judge(discriminators.of(1 - d), fake if changed is None else changed(fake, 1 - d)).logits
            terms[f"adversarial{there}"] = objective.generator(logits)
        if perceptual is not None:
            terms[f"perceptual{there}"] = perceptual(fake, real[d])
        if weights.get("structure"):
            terms[f"structure{there}"] = lost_structure(fake, real[d])
        if weights.get("identity"):
            own = batch.reals[1 - d]
            terms[f"identity{there}"] = distance(decoded(network, 1 - d, network.encoders[d](own), own), own)
        if weights.get("patches"):
            terms[f"patches{there}"] = patch_distance(fake, batch.reals[1 - d])
        if weights.get("range"):
            terms[f"range{there}"] = beyond_range(fake)
        if batch.skies is not None and batch.ranges is not None:
            of_skies, of_ground = batch.ranges[1 - d]
            if weights.get("sky"):
                terms[f"sky{there}"] = sky_colour(fake, batch.skies[d], of_skies)
            if weights.get("ground"):
                terms[f"ground{there}"] = ground_light(fake, batch.skies[d], of_ground)
    total = torch.stack([weights[name[:-1]] * term.float() for name, term in terms.items()]).sum()
    return Terms(terms, total, (fakes[0], fakes[1]))


@torch.no_grad()
def translated(network: Any, pictures: Tensor, source: int, noise: Noise | None) -> Tensor:
    """Pictures of domain `source` as ones of the other; from the mean of the latents where there is no `noise`."""
    mean = network.encoders[source](pictures)
    latents = mean if noise is None else sampled(mean, noise, f"latent {source}")
    return decoded(network, 1 - source, latents, pictures)


def translate_picture(network: Any, picture: Pixels, source: int) -> Pixels:
    """One picture of domain `source`, uint8 (H, W, 3), as one of the other domain, of the same size."""
    height, width = picture.shape[:2]
    multiple = multiple_of(network)
    padded = np.pad(picture, ((0, -height % multiple), (0, -width % multiple), (0, 0)), mode="edge")
    device = next(network.parameters()).device
    seen = to_tensor([padded]).to(device)
    check_shape(output := translated(network, seen, source, None), seen)
    return to_pixels(output)[0][:height, :width]


def check_shape(fake: Tensor, real: Tensor) -> None:
    """Raise RecipeError where the network does not return pictures of the size it is given."""
    if fake.shape != real.shape:
        raise RecipeError(
            f"The network makes {tuple(fake.shape)} of {tuple(real.shape)}; it must keep the size of a picture."
        )


def to_pixels(pictures: Tensor) -> Pixels:
    """Pictures (N, 3, H, W) in [-1, 1] as uint8 (N, H, W, 3)."""
    return levels(pictures).permute(0, 2, 3, 1).cpu().numpy()


def levels(pictures: Tensor) -> Tensor:
    """Numbers in [-1, 1] as uint8 from 0 to 255; what is beyond is cut off."""
    return ((pictures.detach().float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)


class Pool:
    """The last `size` translated pictures of each domain: Shrivastava et al. 2017, section 2.3, as CycleGAN uses it.

    They are kept in 8 bits, as pictures are.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._kept: list[list[Tensor]] = [[], []]

    def add(self, domain: int, pictures: Tensor) -> None:
        """Take `pictures` (N, 3, H, W) in [-1, 1] in, for the oldest ones."""
        self._kept[domain] = [*self._kept[domain], *levels(pictures).cpu().contiguous().unbind()][-self.size :]

    def draw(self, domain: int, count: int, generator: torch.Generator) -> Tensor | None:
        """`count` pictures (count, 3, H, W) in [-1, 1], each by even chance one of the newest or any.

        None where there are none yet.
        """
        kept = self._kept[domain]
        if not kept:
            return None
        newest = torch.rand(count, generator=generator) < 0.5
        any_of = torch.randint(len(kept), (count,), generator=generator)
        chosen = [
            kept[max(0, len(kept) - count) + index % min(count, len(kept))]
            if newest[index]
            else kept[int(any_of[index])]
            for index in range(count)
        ]
        return torch.stack(chosen).float().div_(127.5).sub_(1)

    def state_dict(self) -> dict[str, Any]:
        """The pictures of both domains."""
        return {str(d): torch.stack(kept) if kept else None for d, kept in enumerate(self._kept)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with what `state_dict` gave."""
        self._kept = [[] if state[str(d)] is None else list(state[str(d)].unbind()) for d in (0, 1)]


def parts_of(network: nn.Module) -> int:
    """How many of the network's blocks both domains share; 1 for a network of a person's own that does not say."""
    return int(getattr(network, "shared", 1))
