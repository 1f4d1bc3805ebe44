"""Projected discriminators: what is fixed stays fixed, what learns learns, and the features are nobody's weights."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch

from engines.errors import RecipeError
from trainers.losses.tables import make_objective
from trainers.networks.projected import ProjectedDiscriminator


def test_a_head_for_each_depth_and_two_for_raw_colours() -> None:
    pictures = torch.rand(2, 3, 128, 128) * 2 - 1
    plain, raw = ProjectedDiscriminator(8)(pictures), ProjectedDiscriminator(8, raw=True)(pictures)
    assert [tuple(logits.shape) for logits in plain] == [(2, 1, side, side) for side in (16, 8, 8, 4)]
    assert [tuple(logits.shape) for logits in raw[4:]] == [(2, 1, 32, 32), (2, 1, 16, 16)]


def test_features_and_projections_are_not_learned_and_features_not_kept() -> None:
    network = ProjectedDiscriminator(8, raw=True)
    assert all("heads" in name for name, _ in network.named_parameters())
    kept = network.state_dict()
    assert sum(value.numel() for value in kept.values()) < 20_000  # EfficientNet-Lite0 has 4.7 million
    other = ProjectedDiscriminator(8, raw=True)
    assert all(torch.equal(value, other.get_buffer(name)) for name, value in kept.items() if "projection" in name)
    assert copy.deepcopy(network).features is network.features


def test_it_learns_to_tell_two_kinds_of_pictures_apart() -> None:
    torch.manual_seed(0)
    objective = make_objective("hinge")
    network = ProjectedDiscriminator(16, raw=True)
    optimiser = torch.optim.Adam(network.parameters(), 2e-3, betas=(0.0, 0.99))
    checks = torch.ones(1, 1, 64, 64)
    checks[..., ::4, :] = -1
    for _ in range(30):
        real = (checks * 0.5).expand(4, 3, 64, 64) + 0.1 * torch.randn(4, 3, 64, 64)
        fake = 0.1 * torch.randn(4, 3, 64, 64)
        loss = objective.discriminator(network(real), network(fake))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert float(loss.detach()) < 0.5  # 2 cannot tell


def test_the_slope_of_a_head_is_bounded() -> None:
    """Spectral norm: no head's layer stretches anything by more than 1, whatever its weights grow to."""
    network = ProjectedDiscriminator(8)
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if name.endswith("original"):
                weight.mul_(100)
    for _ in range(20):
        network(torch.rand(1, 3, 64, 64))
    for head in network.heads:
        for layer in head.children():
            if isinstance(layer, torch.nn.Conv2d):
                assert float(torch.linalg.matrix_norm(layer.weight.detach().flatten(1), 2)) < 1.05


def test_what_cannot_be_made_is_said(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="“width” is 1 or more"):
        ProjectedDiscriminator(0)
    with pytest.raises(RecipeError, match="come from a file"):
        ProjectedDiscriminator(8, features="vgg16")
    with pytest.raises(RecipeError, match="There are no features called “x”"):
        ProjectedDiscriminator(8, features="x")


@pytest.mark.parametrize("size", [8, 20, 64])
def test_pictures_of_any_size_are_judged(size: int) -> None:
    logits = ProjectedDiscriminator(8, raw=size > 16)(torch.rand(2, 3, size, size))
    assert all(head.shape[0] == 2 and head.numel() > 0 for head in logits)


def test_a_label_changes_the_verdict_of_every_patch_and_slopes_stay_bounded() -> None:
    torch.manual_seed(0)
    network = ProjectedDiscriminator(8, labels=3).eval()
    pictures = torch.rand(1, 3, 64, 64).expand(3, -1, -1, -1)
    for logits in network(pictures, torch.arange(3)):
        assert bool((logits[0] != logits[1]).any()) and bool((logits[1] != logits[2]).any())
    alike = network(pictures, torch.tensor([1, 1, 1]))
    assert all(torch.allclose(logits[0], logits[2]) for logits in alike)
    with torch.no_grad():
        for embedding in network.embeddings:
            embedding.parametrizations.weight.original.mul_(100)  # type: ignore[union-attr]
    network.train()
    for _ in range(30):
        network(pictures, torch.arange(3))
    for embedding in network.embeddings:
        assert float(torch.linalg.matrix_norm(embedding.weight.detach(), 2)) < 1.05  # type: ignore[arg-type]


def test_what_heads_find_can_be_matched() -> None:
    judged = ProjectedDiscriminator(8).judge(torch.rand(2, 3, 64, 64))
    assert [features.shape[1] for features in judged.features] == [8] * 4
