"""UNIT's networks: table 3 of the paper layer by layer, sharing, and norms that a tile cannot tell from the whole."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from tests.search import examples
from trainers.networks.unit import (
    UNIT,
    ChannelNorm,
    Decoder,
    Encoder,
    Translation,
    UNITDiscriminator,
    UNITDiscriminators,
    initialise,
)


def count(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


def convolutions(network: nn.Module) -> list[tuple[int, int, int, int]]:
    """(outputs, kernel, stride, inputs) of each convolution, in order."""
    return [
        (layer.out_channels, layer.kernel_size[0], layer.stride[0], layer.in_channels)
        for layer in network.modules()
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)
    ]


def test_parameters_are_the_papers() -> None:
    assert count(Encoder()) == 18_208_896
    assert count(Decoder()) == 20_353_795
    assert count(UNITDiscriminator()) == 6_274_689


def test_the_encoder_is_table_3() -> None:
    first = [(64, 7, 1, 3), (128, 3, 2, 64), (256, 3, 2, 128)]
    blocks = [(512, 3, 1, 256), (512, 3, 1, 512), (512, 1, 1, 256), *[(512, 3, 1, 512)] * 6]
    assert convolutions(Encoder()) == first + blocks
    assert not any("norm" in type(layer).__name__.lower() for layer in Encoder().modules())


def test_the_generator_is_table_3() -> None:
    assert convolutions(Decoder()) == [(512, 3, 1, 512)] * 8 + [(256, 3, 2, 512), (128, 3, 2, 256), (3, 1, 1, 128)]


def test_the_discriminator_is_table_3() -> None:
    wide = [(64, 3, 2, 3), (128, 3, 2, 64), (256, 3, 2, 128), (512, 3, 2, 256), (1024, 3, 2, 512)]
    assert convolutions(UNITDiscriminator()) == [*wide, (1, 2, 1, 1024)]


@pytest.mark.parametrize("shared", range(5))
def test_shared_layers_are_the_same_parameters(shared: int) -> None:
    network: Any = UNIT(4, shared)
    one, two = network.encoders[0].blocks, network.encoders[1].blocks
    assert [a is b for a, b in zip(one, two, strict=True)] == [index >= 4 - shared for index in range(4)]
    one, two = network.decoders[0].blocks, network.decoders[1].blocks
    assert [a is b for a, b in zip(one, two, strict=True)] == [index < shared for index in range(4)]
    assert count(network) < count(UNIT(4, 0)) or shared == 0


@pytest.mark.parametrize("transposed", [True, False])
@pytest.mark.parametrize("norm", ["none", "channel", "instance"])
def test_pictures_keep_their_size(norm: str, transposed: bool) -> None:
    network = UNIT(4, 1, norm, transposed)  # type: ignore[arg-type]
    with torch.no_grad():
        mean = network.encoders[0](torch.rand(2, 3, 24, 32))
        assert mean.shape == (2, 32, 6, 8)
        picture = network.decoders[1](mean)
    assert picture.shape == (2, 3, 24, 32) and float(picture.abs().max()) <= 1


def test_options_that_cannot_be_are_said() -> None:
    with pytest.raises(ValueError, match="shares 0 to 4 blocks, not 5"):
        UNIT(4, 5)
    with pytest.raises(ValueError, match="no norm called “batch”; choose none, channel, instance"):
        UNIT(4, 1, "batch")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="1 or more"):
        UNITDiscriminator(scales=0)


@given(width=st.sampled_from([2, 4]), depth=st.integers(1, 4), scales=st.integers(1, 3), more=st.integers(0, 40))
@examples(12)
def test_a_discriminator_judges_at_each_scale(width: int, depth: int, scales: int, more: int) -> None:
    side = 2 ** (depth + scales) + more
    with torch.no_grad():
        logits = UNITDiscriminator(width, depth, scales)(torch.rand(2, 3, side, side))
    assert len(logits) == scales
    for scale, patch in enumerate(logits):
        reduced = -(-side // 2**scale)
        for _ in range(depth):
            reduced = -(-reduced // 2)
        assert patch.shape == (2, 1, reduced - 1, reduced - 1)


def test_discriminators_share_nothing() -> None:
    both = UNITDiscriminators(UNITDiscriminator(2, 2), UNITDiscriminator(2, 2))
    assert both.of(0) is not both.of(1) and count(both) == 2 * count(both.of(0))


def test_channel_norm_is_that_of_each_pixel() -> None:
    x = torch.randn(1, 5, 6, 7)
    normed = ChannelNorm(5)(x)
    torch.testing.assert_close(normed.square().mean(1), torch.ones(1, 6, 7), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(ChannelNorm(5)(x[..., 2:5, 3:]), normed[..., 2:5, 3:])


def test_first_weights_keep_the_signal_and_are_a_function_of_the_seed() -> None:
    made: list[UNIT] = []
    for _ in range(2):
        network = UNIT(8, 1)
        initialise(network, torch.Generator().manual_seed(5))
        made.append(network)
    for a, b in zip(made[0].parameters(), made[1].parameters(), strict=True):
        assert torch.equal(a, b)
    with torch.no_grad():
        mean = made[0].encoders[0](torch.rand(2, 3, 32, 32) * 2 - 1)
        picture = made[0].decoders[1](mean)
    assert 0.2 < float(mean.std()) < 20 and float(picture.abs().mean()) < 0.95


def test_one_direction_has_the_names_of_the_whole() -> None:
    network = UNIT(4, 1)
    there = Translation(network, 0)
    assert set(there.state_dict()) < set(network.state_dict())
    assert {name.split(".")[:2][0] + name.split(".")[1] for name in there.state_dict()} == {"encoders0", "decoders1"}
    x = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        assert torch.equal(there(x), network.decoders[1](network.encoders[0](x)))
