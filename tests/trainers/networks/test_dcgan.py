"""DCGAN's networks: published parameter counts, sizes, first weights, features; and the fully connected ones."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from trainers.networks.dcgan import DCGANDiscriminator, DCGANGenerator, MinibatchDiscrimination, initialise
from trainers.networks.discriminators import without_batch_norm
from trainers.networks.mlp import MLPDiscriminator, MLPGenerator, mlp_discriminator, mlp_generator


def count(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


# MMagic's DCGAN at 64×64: 1024 channels at 4×4, and a bias in each layer that no batch norm follows.
MMAGIC_GENERATOR = (
    (100 * 1024 * 16 + 2 * 1024)  # 4×4: kernel of 16, no bias; weight and bias of batch norm
    + (1024 * 512 * 16 + 2 * 512)  # 8×8
    + (512 * 256 * 16 + 2 * 256)  # 16×16
    + (256 * 128 * 16 + 2 * 128)  # 32×32
    + (128 * 3 * 16 + 3)  # 64×64, with a bias
)
MMAGIC_DISCRIMINATOR = (
    (3 * 128 * 16 + 128)  # 32×32, with a bias
    + (128 * 256 * 16 + 2 * 256)  # 16×16
    + (256 * 512 * 16 + 2 * 512)  # 8×8
    + (512 * 1024 * 16 + 2 * 1024)  # 4×4
    + (1024 * 1 * 16 + 1)  # 1×1, with a bias
)


def test_parameters_are_as_many_as_in_the_tutorial() -> None:
    assert count(DCGANGenerator(64, base_channels=512, latent_size=100)) == 3_576_704
    assert count(DCGANDiscriminator(64, base_channels=512)) == 2_765_568


def test_parameters_are_as_many_as_in_mmagic() -> None:
    assert MMAGIC_GENERATOR == 12_658_435 and MMAGIC_DISCRIMINATOR == 11_036_289
    assert count(DCGANGenerator(64, base_channels=1024, bias=True)) == MMAGIC_GENERATOR
    assert count(DCGANDiscriminator(64, base_channels=1024, bias=True)) == MMAGIC_DISCRIMINATOR


@pytest.mark.parametrize("size", [32, 64, 128])
def test_sizes_and_ranges(size: int) -> None:
    generator, discriminator = DCGANGenerator(size, 64, latent_size=10), DCGANDiscriminator(size, 64)
    initialise(generator, torch.Generator().manual_seed(0))
    with torch.no_grad():
        pictures = generator(torch.randn(2, 10))
        assert pictures.shape == (2, 3, size, size)
        assert float(pictures.abs().max()) <= 1
        assert torch.equal(generator(torch.ones(2, 10, 1, 1)), generator(torch.ones(2, 10)))
        assert discriminator(pictures).shape == (2,)


@pytest.mark.parametrize("size", [32, 64, 128])
def test_the_width_at_4_by_4_is_base_channels(size: int) -> None:
    generator, discriminator = DCGANGenerator(size, 64), DCGANDiscriminator(size, 64)
    shapes: list[torch.Size] = []
    for block in generator.blocks:
        block.register_forward_hook(lambda _module, _inputs, output: shapes.append(output.shape))
    with torch.no_grad():
        features = discriminator.judge(generator(torch.randn(2, 100))).features
    wanted = [(2, 64 >> i, 4 << i, 4 << i) for i in range(size.bit_length() - 3)]
    assert [tuple(shape) for shape in shapes] == wanted
    assert [tuple(layer.shape) for layer in features] == wanted[::-1]


def test_batch_norm_is_where_the_paper_has_it() -> None:
    generator, discriminator = DCGANGenerator(64, 32), DCGANDiscriminator(64, 32)
    assert sum(isinstance(m, nn.BatchNorm2d) for m in generator.modules()) == 4  # not before the tanh
    assert sum(isinstance(m, nn.BatchNorm2d) for m in discriminator.modules()) == 3  # not after the picture
    slopes = {m.negative_slope for m in discriminator.modules() if isinstance(m, nn.LeakyReLU)}
    assert slopes == {0.2}


def test_a_generator_without_batch_norm_still_runs() -> None:
    with torch.no_grad():
        assert without_batch_norm(DCGANGenerator(32, 16))(torch.randn(1, 100)).shape == (1, 3, 32, 32)


def test_first_weights() -> None:
    for network in (DCGANGenerator(64, 256), DCGANDiscriminator(64, 256, bias=True)):
        initialise(network, torch.Generator().manual_seed(0))
        convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
        weights = torch.cat([m.weight.detach().flatten() for m in convolutions])
        assert float(weights.mean()) == pytest.approx(0, abs=2e-4)
        assert float(weights.std()) == pytest.approx(0.02, rel=0.01)
        norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
        gains = torch.cat([m.weight.detach() for m in norms])
        assert float(gains.mean()) == pytest.approx(1, abs=5e-3)
        assert float(gains.std()) == pytest.approx(0.02, rel=0.15)
        assert not any(bool(m.bias.any()) for m in [*convolutions, *norms] if m.bias is not None)


def test_first_weights_are_a_function_of_their_source() -> None:
    made = []
    for global_seed, seed in ((0, 5), (1, 5), (1, 6)):
        torch.manual_seed(global_seed)
        network = DCGANGenerator(32, 16)
        initialise(network, torch.Generator().manual_seed(seed))
        made.append(torch.cat([weight.detach().flatten() for weight in network.parameters()]))
    assert torch.equal(made[0], made[1]) and not torch.equal(made[1], made[2])


def test_initialise_passes_over_batch_norm_without_weights() -> None:
    initialise(nn.Sequential(nn.BatchNorm2d(3, affine=False)), torch.Generator())


def test_an_auxiliary_classifier_sits_beside_the_verdict() -> None:
    pictures = torch.rand(2, 3, 32, 32)
    judgement = DCGANDiscriminator(32, 16, classes=7).judge(pictures)
    assert judgement.class_logits is not None and judgement.class_logits.shape == (2, 7)
    assert DCGANDiscriminator(32, 16).judge(pictures).class_logits is None


@pytest.mark.parametrize(("size", "base", "words"), [(48, 64, "not 48"), (64, 12, "multiple of 8"), (64, 0, "not 0")])
def test_impossible_networks_are_refused(size: int, base: int, words: str) -> None:
    for network in (DCGANGenerator, DCGANDiscriminator):
        with pytest.raises(ValueError, match=words):
            network(size, base)


def test_fully_connected_networks_take_any_shape() -> None:
    generator = MLPGenerator(latent_size=5, shape=(3, 4, 6), width=8, layers=3)
    discriminator = MLPDiscriminator(shape=(3, 4, 6), width=8, layers=3)
    samples = generator(torch.randn(7, 5))
    assert samples.shape == (7, 3, 4, 6)
    judgement = discriminator.judge(samples)
    assert judgement.logits.shape == (7,)  # type: ignore[union-attr]
    assert [layer.shape for layer in judgement.features] == [(7, 8)] * 3
    assert count(MLPGenerator(5, (2,), 8, 1)) == 5 * 8 + 8 + 8 * 2 + 2
    with pytest.raises(ValueError, match="one hidden layer"):
        MLPGenerator(layers=0)


def test_dropout_leaves_out_hidden_numbers_in_training_alone() -> None:
    torch.manual_seed(0)
    network = mlp_discriminator(8, width=400, dropout=0.25)
    pictures = torch.rand(8, 3, 8, 8)
    left_out = [float((layer == 0).float().mean()) for layer in network.judge(pictures).features]
    assert left_out == pytest.approx([0.25, 0.25], abs=0.05)
    assert all(bool((layer != 0).all()) for layer in network.eval().judge(pictures).features)
    assert network.state_dict().keys() == mlp_discriminator(8, width=400).state_dict().keys()
    with pytest.raises(ValueError, match="from 0 to below 1, not 1.5; 0.5 is usual"):
        mlp_discriminator(8, dropout=1.5)


def test_a_spectral_discriminator_has_a_bounded_slope_and_no_batch_norm() -> None:
    torch.manual_seed(0)
    network = DCGANDiscriminator(32, 32, bias=True, norm="spectral", labels=2)
    initialise(network, torch.Generator().manual_seed(0))
    assert not any(isinstance(m, nn.BatchNorm2d) for m in network.modules())
    pictures, labels = torch.rand(4, 3, 32, 32), torch.tensor([0, 1, 0, 1])
    with torch.no_grad():
        for _ in range(50):  # a step of the power method each
            network(pictures, labels)
    for layer in (*(block[0] for block in network.blocks), network.verdict):
        assert float(torch.linalg.svdvals(layer.weight.detach().flatten(1))[0]) == pytest.approx(1, abs=0.02)
    network.eval()
    with torch.no_grad():  # a picture's verdict does not depend on the others
        torch.testing.assert_close(network(pictures, labels)[:1], network(pictures[:1], labels[:1]))
    with pytest.raises(ValueError, match="“norm” is “batch” or “spectral”, not “layer”"):
        DCGANDiscriminator(32, 32, norm="layer")  # type: ignore[arg-type]


def test_a_spectral_norm_knows_the_first_weights_that_are_drawn() -> None:
    """Were it what the norm measured before they were drawn, the first slopes would be several times too small or large."""
    torch.manual_seed(0)
    network = DCGANDiscriminator(32, 32, norm="spectral").eval()
    initialise(network, torch.Generator().manual_seed(0))
    assert not network.training
    for layer in (*(block[0] for block in network.blocks), network.verdict):
        assert float(torch.linalg.svdvals(layer.weight.detach().flatten(1))[0]) == pytest.approx(1, abs=0.1)


def test_a_spectral_norm_bounds_every_layer_that_judges() -> None:
    torch.manual_seed(0)
    network = DCGANDiscriminator(16, 16, norm="spectral", labels=3, classes=3, codes=(4, 0))
    initialise(network, torch.Generator().manual_seed(0))
    assert network.projection is not None and network.classifier is not None and network.reader is not None
    for layer in (network.projection, network.classifier, network.reader[0], network.reader[2]):
        for _ in range(100):
            _ = layer.weight
        largest = float(torch.linalg.svdvals(layer.weight.detach().flatten(1))[0])  # type: ignore[operator]
        assert largest == pytest.approx(1, abs=0.05), layer


def test_weights_from_before_the_spectral_norm_was_on_every_layer_are_taken_over() -> None:
    torch.manual_seed(0)
    network = DCGANDiscriminator(16, 16, norm="spectral", labels=3, classes=2)
    earlier = {name: value.clone() for name, value in network.state_dict().items()}
    plain = {"projection.weight": torch.randn(3, 16), "classifier.weight": torch.randn(2, 16, 4, 4)}
    for name, value in plain.items():
        layer = name.removesuffix(".weight")
        earlier = {n: v for n, v in earlier.items() if not n.startswith(f"{layer}.param")} | {name: value}
    adapted = network.adapted(earlier)
    assert adapted is not None and set(adapted) >= set(network.state_dict())
    network.load_state_dict(earlier)  # as a checkpoint of a run has it
    network.eval()
    for name, layer in (("projection", network.projection), ("classifier", network.classifier)):
        weight = plain[f"{name}.weight"]
        assert layer is not None
        torch.testing.assert_close(
            layer.weight, weight / torch.linalg.svdvals(weight.flatten(1))[0], rtol=1e-4, atol=1e-5
        )
    assert network.adapted({"blocks.0.0.bias": torch.zeros(1)}) is None


def test_minibatch_discrimination_sees_how_alike_a_batch_is() -> None:
    torch.manual_seed(0)
    layer = MinibatchDiscrimination(6, 2)
    features = torch.randn(3, 6)
    m = (features @ layer.products.weight.detach().T).view(3, 2, 8)
    closeness = torch.zeros(3, 2)
    for i in range(3):
        for j in range(3):
            if i != j:
                closeness[i] += torch.exp(-(m[i] - m[j]).abs().sum(1))
    torch.testing.assert_close(layer(features), (closeness @ layer.verdict.weight.T).flatten())
    network = DCGANDiscriminator(8, 8, minibatch=4).eval()
    with torch.no_grad():
        assert network.minibatch is not None
        network.minibatch.verdict.weight.fill_(1.0)
        network.minibatch.products.weight.mul_(20)
        one = torch.rand(1, 3, 8, 8)
        alike, unlike = one.expand(4, -1, -1, -1), torch.cat([one, torch.rand(3, 3, 8, 8)])
        assert float(network(alike)[0] - network(unlike)[0]) > 3  # four kernels, three others at the distance 0


@pytest.mark.parametrize("size", [8, 16])
def test_small_pictures_are_drawn_and_judged(size: int) -> None:
    generator, discriminator = DCGANGenerator(size, 16, 5), DCGANDiscriminator(size, 16)
    pictures = generator(torch.randn(2, 5))
    assert pictures.shape == (2, 3, size, size) and discriminator(pictures).shape == (2,)


def test_fully_connected_networks_draw_pictures_and_heed_labels() -> None:
    torch.manual_seed(0)
    generator, discriminator = mlp_generator(8, 5, labels=3), mlp_discriminator(8, labels=3)
    z, labels = torch.randn(1, 5).expand(3, -1), torch.arange(3)
    pictures = generator(z, labels)
    assert pictures.shape == (3, 3, 8, 8) and float(pictures.detach().abs().max()) <= 1
    assert not torch.equal(pictures[0], pictures[1])
    assert len(set(discriminator(pictures[:1].expand(3, -1, -1, -1), labels).tolist())) == 3


def test_a_label_begins_as_small_as_is_asked() -> None:
    torch.manual_seed(0)
    usual, small = DCGANGenerator(32, 32, labels=40), DCGANGenerator(32, 32, labels=40, label_deviation=0.1)
    for network, deviation in ((usual, 1.0), (small, 0.1)):
        initialise(network, torch.Generator().manual_seed(0))
        assert network.embedding is not None
        assert float(network.embedding.weight.detach().std()) == pytest.approx(deviation, rel=0.1)
