"""Projection: the latent whose picture is nearest to a given one.

Of many random latents the best are followed by Adam, all together; the best of those are refined by the method of Levenberg
and Marquardt (Marquardt 1963, "An Algorithm for Least-Squares Estimation of Nonlinear Parameters"): a latent has few numbers
and a picture many, so that all slopes can be had, and where a picture came from the same network it is found exactly.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from engines.errors import ModelError
from trainers.networks.codes import draw_codes
from trainers.runs.events import Working

CANDIDATES = 384  # random latents to choose the starts from
BATCH = 16
RATE, BETAS = 0.1, (0.9, 0.99)  # of Adam
COARSEST = 4  # pixels of the smallest scale compared
PRIOR = 0.2  # what it costs where z is longer or shorter than usual by its whole usual length
UNUSUAL = 3.0  # deviations of that length which cost nothing: any latent that is drawn has them
REFINED = 3  # starts that are refined to the end
SLOPE_STEP = 1e-2  # of z, for slopes
FOUND = 1e-5  # a loss at which nothing is left to find: more than 50 dB
SETTLED = 1e-3  # of the loss: what a refining step gains at least for another to follow
BEST_PSNR = 99.0  # dB: equal, where 8 bits could not tell


@dataclass(frozen=True, eq=False)
class Projection:
    """What was found: `z`, float32 (latent_size,), `label` and `codes`, float32 (K,), where the network has them.

    `picture` is what the network makes of them, uint8 (S, S, 3). `psnr` is in dB, 99 at most. `distance` is the root mean
    square difference to the target in levels of 255, over all the scales that were compared: 0 where they are the same.
    """

    z: NDArray[np.float32]
    label: int | None
    codes: NDArray[np.float32] | None
    picture: NDArray[np.uint8]
    psnr: float
    distance: float


def project(
    network: nn.Module,
    target: Tensor,
    latent_size: int,
    *,
    label: int | None = None,
    labels: int = 0,
    codes: Sequence[int] = (),
    starts: int = 12,
    steps: int = 50,
    refinements: int = 12,
    seed: int = 0,
) -> Generator[Working, Any, Projection]:
    """Find the latent of `network` whose picture is nearest to `target`, (3, S, S) in [-1, 1]; yields how far it is.

    `network` takes `z` (N, latent_size), label (N) where there are `labels`, and by name `codes` (N, K) of such kinds
    (`trainers.networks.codes`), to (N, 3, S, S) in [-1, 1]; it is used in evaluation mode. Without `label` each is tried.
    `starts` latents are followed for `steps` steps of Adam, the best three of them refined in `refinements` steps at most.
    Near is what differs least in pixels at S, S/2, S/4 and so on to 4, with a weak wish for the usual length of z.
    A function of the network, the target and `seed`. Raises ModelError where the network gives what it must not.
    """
    was_training = network.training
    needed = [weight for weight in network.parameters() if weight.requires_grad]
    network.eval().requires_grad_(False)
    try:
        search = _Search(network, target, latent_size, bool(labels), codes)
        choice = [label] if label is not None or not labels else list(range(labels))
        candidates = max(CANDIDATES, 2 * len(choice))
        total = candidates + 2 * starts * steps + REFINED * refinements * (search.width + 1)
        text = "looking for the nearest picture"

        drawn = search.draw(candidates, choice, seed)
        losses: list[Tensor] = []
        for first in range(0, candidates, BATCH):
            losses.append(search.losses(drawn.part(slice(first, first + BATCH))))
            yield Working(text, first, total)
        points = drawn.part(_best_of_each(torch.cat(losses), drawn.label, starts))
        done = candidates
        for _ in search.descend(points, steps):
            done += 2 * starts
            yield Working(text, min(done, total), total)
        order = search.losses(points).argsort()
        best, least = points.part(order[:1]), float("inf")
        for start in order[:REFINED].tolist():
            one = points.part(slice(start, start + 1))
            for _ in search.refine(one, refinements):
                done += search.width + 1
                yield Working(text, min(done, total), total)
            if (loss := float(search.losses(one))) < least:
                best, least = one, loss
            if least < FOUND:
                break
        yield Working(text, total, total)
        return search.outcome(best)
    finally:
        network.train(was_training)
        for weight in needed:
            weight.requires_grad_(True)


@dataclass
class _Points:
    """Places in the latent: `x` (N, width) are z and the continuous codes, which move; `label` and `fixed` codes do not."""

    x: Tensor
    label: Tensor
    fixed: Tensor

    def part(self, which: slice | Tensor) -> _Points:
        return _Points(self.x[which].clone(), self.label[which], self.fixed[which])

    def repeated(self, x: Tensor) -> _Points:
        """The one place that this is, with each of `x` in its stead."""
        return _Points(x, self.label.expand(len(x)), self.fixed.expand(len(x), -1))


class _Search:
    """One network and one target: what a place costs, and the ways to a cheaper one."""

    def __init__(
        self, network: nn.Module, target: Tensor, latent_size: int, is_conditional: bool, kinds: Sequence[int]
    ) -> None:
        self.network = network
        self.target = target.float()[None]
        self.latent_size = latent_size
        self.is_conditional = is_conditional
        self.kinds = tuple(kinds)
        self.moving = [column for column, kind in enumerate(kinds) if not kind]
        self.width = latent_size + len(self.moving)
        halvings = max(0, int(math.log2(max(1, target.shape[-1] // COARSEST))))
        self.scales = 1 + halvings

    def draw(self, count: int, choice: Sequence[int | None], seed: int) -> _Points:
        """`count` random places, the labels of `choice` in turn."""
        drawn = np.random.RandomState(seed).standard_normal((count, self.latent_size)).astype(np.float32)
        codes = draw_codes(self.kinds, count, torch.Generator().manual_seed(seed))
        label = torch.tensor([choice[index % len(choice)] or 0 for index in range(count)])
        return _Points(torch.cat([torch.from_numpy(drawn), codes[:, self.moving]], dim=1), label, codes)

    def pictures(self, points: _Points) -> Tensor:
        """(N, 3, S, S) in [-1, 1]. Raises ModelError where the network gives another shape."""
        label_too = [points.label] if self.is_conditional else []
        codes_too = {"codes": self._codes(points)} if self.kinds else {}
        pictures = self.network(points.x[:, : self.latent_size], *label_too, **codes_too)
        if pictures.shape != (len(points.x), *self.target.shape[1:]):
            raise ModelError(
                f"The model gives {tuple(pictures.shape)} where pictures of {self.target.shape[-1]} pixels were promised; "
                "export it again."
            )
        return pictures

    def residuals(self, points: _Points) -> Tensor:
        """What differs, (N, numbers): the sum of its squares is a place's loss, the prior's part the last of it."""
        difference = self.pictures(points) - self.target
        columns: list[Tensor] = []
        for _ in range(self.scales):
            columns.append(difference.flatten(1) / math.sqrt(difference[0].numel()))
            difference = F.avg_pool2d(difference, 2)
        length = points.x[:, : self.latent_size].norm(dim=1, keepdim=True) / math.sqrt(self.latent_size)
        columns.append(math.sqrt(PRIOR) * F.softshrink(length - 1, UNUSUAL / math.sqrt(2 * self.latent_size)))
        return torch.cat(columns, dim=1)

    @torch.no_grad()
    def losses(self, points: _Points) -> Tensor:
        """The loss of each place, (N). Raises ModelError where the network gives what is not a number."""
        losses = self.residuals(points).square().sum(dim=1)
        if not bool(losses.isfinite().all()):
            raise ModelError("The model gives values that are not numbers; export it again, or choose another one.")
        return losses

    def descend(self, points: _Points, steps: int) -> Generator[None]:
        """Move all of `points` together by Adam, the rate falling to 0 along a cosine; yields after each step."""
        mean, square = torch.zeros_like(points.x), torch.zeros_like(points.x)
        for step in range(steps):
            slopes: list[Tensor] = []
            for some in torch.arange(len(points.x)).split(BATCH):
                part = points.part(some)
                part.x.requires_grad_(True)
                slopes += torch.autograd.grad(self.residuals(part).square().sum(), part.x)
            # Written out: torch's own Adam takes seconds to be imported, half the time that all of this takes.
            slope = torch.cat(slopes)
            mean.lerp_(slope, 1 - BETAS[0])
            square.lerp_(slope.square(), 1 - BETAS[1])
            deviation = (square / (1 - BETAS[1] ** (step + 1))).sqrt() + 1e-12
            rate = RATE * 0.5 * (1 + math.cos(math.pi * step / steps))
            points.x -= rate * mean / (1 - BETAS[0] ** (step + 1)) / deviation
            self._keep_codes(points)
            yield

    @torch.no_grad()
    def refine(self, point: _Points, steps: int) -> Generator[None]:
        """Move the one place `point` to the least loss near it; yields after each step."""
        damping = 1e-3
        least = float(self.losses(point))
        for _ in range(steps):
            here = self.residuals(point)
            slopes = self._slopes(point, here)
            normal, downhill = (slopes @ slopes.T).double(), -(slopes @ here[0]).double()
            scale = normal.diagonal().mean().clamp_min(1e-12)
            before = least
            for _ in range(6):
                step = torch.linalg.solve(normal + damping * scale * torch.eye(len(normal)), downhill)
                tried = point.repeated(point.x + step.float())
                self._keep_codes(tried)
                loss = float(self.residuals(tried).square().sum())
                if loss < least:  # which is false of what is not a number
                    point.x, least, damping = tried.x, loss, max(damping / 8, 1e-9)
                    break
                damping *= 4
            yield
            if least < FOUND or before - least < SETTLED * before:
                return

    def _slopes(self, point: _Points, here: Tensor) -> Tensor:
        """How `residuals` change with each number of the place `point`, (width, numbers)."""
        steps = torch.eye(self.width) * SLOPE_STEP
        moved = [self.residuals(point.repeated(point.x + some)) for some in steps.split(BATCH)]
        return (torch.cat(moved) - here) / SLOPE_STEP

    def _codes(self, points: _Points) -> Tensor:
        codes = points.fixed.clone()
        codes[:, self.moving] = points.x[:, self.latent_size :]
        return codes

    def _keep_codes(self, points: _Points) -> None:
        with torch.no_grad():
            points.x[:, self.latent_size :].clamp_(-1, 1)

    @torch.no_grad()
    def outcome(self, point: _Points) -> Projection:
        """What is told of the one place `point`."""
        picture = self.pictures(point).clamp(-1, 1)
        difference = picture - self.target
        error = float((difference / 2).square().mean())
        squares = [float(F.avg_pool2d(difference, 2**scale).square().mean()) for scale in range(self.scales)]
        pixels = ((picture[0] * 0.5 + 0.5) * 255).round().to(torch.uint8).permute(1, 2, 0)
        return Projection(
            point.x[0, : self.latent_size].numpy().copy(),
            int(point.label[0]) if self.is_conditional else None,
            self._codes(point)[0].numpy().copy() if self.kinds else None,
            pixels.numpy().copy(),
            min(BEST_PSNR, -10 * math.log10(max(error, 1e-12))),
            127.5 * math.sqrt(sum(squares) / len(squares)),
        )


def _best_of_each(losses: Tensor, label: Tensor, count: int) -> Tensor:
    """The places of the `count` least of `losses`, of which each label has its best one as long as there is room."""
    order = losses.argsort()
    seen: set[int] = set()
    first: list[int] = []
    for place in order.tolist():
        if (one := int(label[place])) not in seen:
            seen.add(one)
            first.append(place)
    rest = [place for place in order.tolist() if place not in first]
    return torch.tensor([*first, *rest][:count])
