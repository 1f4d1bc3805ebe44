"""Axes of a generator's latent that are worth a look: where its first layer, or what is measured of its pictures, moves most.

They are the singular vectors of the first layer that sees `z` (Shen & Zhou 2021, "Closed-Form Factorization of Latent
Semantics in GANs"), the principal axes of its activations, regressed back to `z` (Härkönen et al. 2020, "GANSpace"), and
for each measure the direction along which it rises fastest, alone and with what the others share taken out (Shen et al.
2020, "InterFaceGAN", section 3.2).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd

ACTIVATIONS = 400  # latents whose activations have their principal axes taken
AXES = 10  # of each kind
BATCH = 16

Render = Callable[[Tensor, Tensor], Tensor]
"""`z` (N, latent_size) and labels, int64 (N), to pictures (N, 3, S, S) in [0, 1]."""


def candidates(generator: nn.Module, render: Render, z: Tensor, label: Tensor, measures: Tensor) -> list[Tensor]:
    """Unit vectors (latent_size,) along which `generator` may change something worth a look.

    `z` (N, latent_size) and `label` (N) are latents to try, `measures` (N, M) what was measured of their pictures, less the
    label's mean and in deviations. `render` runs the generator, which is in evaluation mode.
    """
    found = [*_singular_vectors(generator, render, z.shape[1], label[:1])]
    found += [*_principal_axes(generator, render, z[:ACTIVATIONS], label[:ACTIVATIONS]), *_steepest(z, measures)]
    return [vector / vector.norm() for vector in found if bool(vector.isfinite().all()) and float(vector.norm()) > 1e-6]


def _singular_vectors(generator: nn.Module, render: Render, size: int, label: Tensor) -> list[Tensor]:
    """The left singular vectors of the first layer's map of `z`: it alone, of what a layer sees, is moved here.

    The layer is linear, and so is the batch norm after it, so that steps along the axes give the map's rows.
    """
    steps = torch.cat([torch.zeros(1, size), torch.eye(size)])
    seen = _seen(generator, render, steps, label.expand(size + 1), through_norm=True)
    if seen is None:
        return []
    rows = (seen[1:] - seen[:1]).double()
    _, vectors = torch.linalg.eigh(rows @ rows.T)
    return [vectors[:, -1 - axis].float() for axis in range(min(AXES, size))]


def _principal_axes(generator: nn.Module, render: Render, z: Tensor, label: Tensor) -> list[Tensor]:
    """The principal axes of what the first layer hands on, each regressed back to `z`."""
    seen = _seen(generator, render, z, label, through_norm=False)
    if seen is None:
        return []
    for one in label.unique():
        seen[label == one] -= seen[label == one].mean(dim=0)
    seen = seen.double()
    values, vectors = torch.linalg.eigh(seen @ seen.T)
    scores = vectors * values.clamp_min(0).sqrt()
    regressed = torch.linalg.lstsq(z.double(), scores[:, -AXES:]).solution
    return [regressed[:, -1 - axis].float() for axis in range(min(AXES, regressed.shape[1]))]


def _steepest(z: Tensor, measures: Tensor) -> list[Tensor]:
    """For each measure the direction along which it rises fastest, by ridge regression; then the same less the others'."""
    z, wanted = z.double(), measures.double()
    gram = z.T @ z
    slopes = torch.linalg.solve(gram + 0.05 * len(z) * torch.eye(len(gram)), z.T @ wanted)
    slopes = slopes / slopes.norm(dim=0).clamp_min(1e-9)
    shared = slopes.T @ slopes
    apart = slopes @ torch.linalg.inv(shared + 0.2 * torch.eye(len(shared)))
    return [column.float() for column in torch.cat([slopes, apart], dim=1).T]


class _Seen(Exception):
    """What was to be seen has been seen, and the rest of the network need not run."""


def _seen(generator: nn.Module, render: Render, z: Tensor, label: Tensor, *, through_norm: bool) -> Tensor | None:
    """What the first layer makes of `z`, (N, numbers): through the batch norm after it, or all that the next layer is given.

    None where the network has no such layers.
    """
    leaves = [module for module in generator.modules() if not list(module.children())]
    layers: list[nn.Module] = []
    caught: list[Tensor] = []
    norms = (nn.BatchNorm1d, nn.BatchNorm2d)

    def before(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        if not layers or module is layers[0]:
            return
        if through_norm and not isinstance(module, norms):
            caught.append(latest[0])
            raise _Seen
        if isinstance(module, nn.Linear | _ConvNd):
            caught.append(inputs[0].detach().float().flatten(1).cpu())
            raise _Seen

    def after(module: nn.Module, _: tuple[Tensor, ...], output: Tensor) -> None:
        if not layers and isinstance(module, nn.Linear | _ConvNd):
            layers.append(module)
        if layers:
            latest[:] = [output.detach().float().flatten(1).cpu().clone()]  # a ReLU would change it in place

    latest: list[Tensor] = []
    hooks = [leaf.register_forward_pre_hook(before) for leaf in leaves]
    hooks += [leaf.register_forward_hook(after) for leaf in leaves]
    try:
        for some, theirs in zip(z.split(BATCH), label.split(BATCH), strict=True):
            layers.clear()
            try:
                render(some, theirs)
            except _Seen:
                continue
            return None
    finally:
        for hook in hooks:
            hook.remove()
    return torch.cat(caught)
