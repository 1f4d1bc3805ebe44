"""The super-resolution networks: sizes, published parameter counts, limits of our own, published checkpoints by key."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from engines.errors import ModelError
from tests.conftest import ROOT
from trainers.networks.superres import NETWORKS, SRCNN, Fast, MSRResNet, load_published
from trainers.recipes.recipe import load

PUBLISHED_COUNTS = [
    # SRCNN 9-1-5 with 64 and 32 filters on RGB: weights and biases of the three layers
    (SRCNN(4), 3 * 64 * 81 + 64 + 64 * 32 + 32 + 32 * 3 * 25 + 3),
    # MSRResNet, as MMagic and BasicSR build it
    (MSRResNet(2), 1_369_859),
    (MSRResNet(3), 1_554_499),
    (MSRResNet(4), 1_517_571),
]


def count(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


@pytest.mark.parametrize(("network", "parameters"), PUBLISHED_COUNTS)
def test_the_parameters_are_as_many_as_published(network: nn.Module, parameters: int) -> None:
    assert count(network) == parameters


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_a_network_enlarges_by_its_scale_at_odd_sizes(kind: str, scale: int) -> None:
    network = NETWORKS[kind](scale=scale).eval()
    with torch.no_grad():
        assert network(torch.rand(1, 3, 13, 18)).shape == (1, 3, 13 * scale, 18 * scale)


def test_msrresnet_knows_its_scales() -> None:
    with pytest.raises(ValueError, match="2, 3 or 4"):
        MSRResNet(5)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_msrresnet_begins_as_published_at_a_tenth_of_he_s_weights(scale: int) -> None:
    """BasicSR's: normal, with a deviation of a tenth of √(2 / inputs), and no bias, in every convolution."""
    torch.manual_seed(0)
    convolutions = [part for part in MSRResNet(scale).modules() if isinstance(part, nn.Conv2d)]
    assert len(convolutions) == 37 if scale == 4 else 36
    for conv in convolutions:
        assert conv.bias is not None and not conv.bias.detach().any()
        weight = conv.weight.detach()
        assert float(weight.std()) == pytest.approx(0.1 * (2 / (conv.in_channels * 9)) ** 0.5, rel=0.1)
        assert float(weight.abs().max() / weight.std()) > 2.5, "not uniform"


@pytest.mark.parametrize(("recipe", "limit"), [("fast-x4", 55.0), ("fast-x2", 110.0)])
def test_the_shipped_fast_networks_keep_their_budget(recipe: str, limit: float) -> None:
    """At most 22 convolutions of 3×3 in sequence, and `limit` GFLOP for a megapixel of output, 2 FLOP a multiply-add."""
    made = load(ROOT / "assets" / "recipes" / f"{recipe}.toml")
    network = Fast(made.scale, **made.network.options)
    convolutions = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    operations = 0

    def add(module: nn.Module, _inputs: object, output: torch.Tensor) -> None:
        nonlocal operations
        assert isinstance(module, nn.Conv2d)
        operations += 2 * output[0].numel() * module.in_channels * module.kernel_size[0] * module.kernel_size[1]

    for convolution in convolutions:
        convolution.register_forward_hook(add)
    with torch.no_grad():
        output = network(torch.rand(1, 3, 64, 64))
    assert len(convolutions) <= 22
    assert operations / (output.shape[2] * output.shape[3]) * 1e6 / 1e9 <= limit


def test_an_untrained_fast_network_is_near_bilinear() -> None:
    torch.manual_seed(0)
    image = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        difference = Fast(2)(image) - nn.functional.interpolate(image, scale_factor=2.0, mode="bilinear")
    assert float(difference.abs().mean()) < 0.1


def basicsr_names(scale: int) -> dict[str, tuple[int, ...]]:
    """The keys and shapes of BasicSR's MSRResNet checkpoints, written out from its published files."""
    shapes: dict[str, tuple[int, ...]] = {"conv_first.weight": (64, 3, 3, 3), "conv_first.bias": (64,)}
    for block in range(16):
        for conv in ("conv1", "conv2"):
            shapes[f"body.{block}.{conv}.weight"] = (64, 64, 3, 3)
            shapes[f"body.{block}.{conv}.bias"] = (64,)
    wide = 64 * (9 if scale == 3 else 4)
    for name in ("upconv1", "upconv2") if scale == 4 else ("upconv1",):
        shapes[f"{name}.weight"], shapes[f"{name}.bias"] = (wide, 64, 3, 3), (wide,)
    shapes["conv_hr.weight"], shapes["conv_hr.bias"] = (64, 64, 3, 3), (64,)
    shapes["conv_last.weight"], shapes["conv_last.bias"] = (3, 64, 3, 3), (3,)
    return shapes


def mmagic_names(scale: int) -> dict[str, tuple[int, ...]]:
    """The same in MMagic's words: `generator.`, `trunk_net` and a convolution inside each upsampling module."""
    return {
        "generator."
        + name.replace("body.", "trunk_net.")
        .replace("upconv1.", "upsample1.upsample_conv.")
        .replace("upconv2.", "upsample2.upsample_conv."): shape
        for name, shape in basicsr_names(scale).items()
    }


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("names", [basicsr_names, mmagic_names])
def test_published_msrresnet_checkpoints_load_by_key(scale: int, names) -> None:
    weights = {name: torch.full(shape, 0.01) for name, shape in names(scale).items()}
    network = MSRResNet(scale)
    key = "params" if names is basicsr_names else "state_dict"
    load_published(network, {key: weights})
    assert all(bool((weight == 0.01).all()) for weight in network.state_dict().values())


@pytest.mark.parametrize("prefix", ["", "generator."])
def test_published_srcnn_checkpoints_load_by_key(prefix: str) -> None:
    shapes = {"conv1": (64, 3, 9, 9), "conv2": (32, 64, 1, 1), "conv3": (3, 32, 5, 5)}
    weights: dict[str, object] = {}
    for name, shape in shapes.items():
        weights[f"{prefix}{name}.weight"] = torch.zeros(shape)
        weights[f"{prefix}{name}.bias"] = torch.zeros(shape[0])
    network = SRCNN(4)
    load_published(network, weights)
    assert not network.conv1.weight.detach().any()


def test_a_checkpoint_of_another_network_is_named() -> None:
    with pytest.raises(ModelError, match="lacks “conv_first.weight”"):
        load_published(MSRResNet(4), {"conv1.weight": torch.zeros(64, 3, 9, 9)})


def test_a_checkpoint_of_another_scale_is_named() -> None:
    weights = {name: torch.zeros(shape) for name, shape in basicsr_names(3).items()}
    with pytest.raises(ModelError, match="upconv1"):
        load_published(MSRResNet(2), weights)


def test_what_is_left_over_is_named() -> None:
    weights: dict[str, object] = dict(SRCNN(2).state_dict())
    weights["conv4.weight"] = torch.zeros(1)
    with pytest.raises(ModelError, match="conv4.weight"):
        load_published(SRCNN(2), weights)


@pytest.mark.parametrize(("channels", "blocks"), [(12, 2), (8, 3), (12, 4)])
def test_a_larger_network_begins_as_the_smaller_one_and_learns_with_all_it_has(channels: int, blocks: int) -> None:
    torch.manual_seed(1)
    small, large = Fast(2, 8, 2), Fast(2, channels, blocks)
    grown = large.adapted(small.state_dict())
    assert grown is not None
    large.load_state_dict(grown)
    image = torch.rand(2, 3, 11, 14)
    torch.testing.assert_close(large(image), small(image), rtol=0, atol=1e-6)
    optimiser = torch.optim.Adam(large.parameters(), 1e-3)
    for _ in range(2):  # of a block that adds nothing the first layer learns once the second does
        optimiser.zero_grad()
        large(image).square().mean().backward()
        optimiser.step()
    learning = {name: weight.grad.abs().sum() for name, weight in large.named_parameters() if weight.grad is not None}
    assert len(learning) == len(grown) and all(learning.values())
    assert all(not torch.equal(value, grown[name]) for name, value in large.state_dict().items())


@pytest.mark.parametrize("other", [Fast(4, 8, 2), Fast(2, 16, 2), Fast(2, 8, 5), MSRResNet(2, 8, 2), SRCNN(2)])
def test_a_network_is_not_grown_from_another_scale_kind_or_a_larger_one(other: nn.Module) -> None:
    assert Fast(2, 12, 4).adapted(other.state_dict()) is None
