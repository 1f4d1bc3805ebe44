"""How a discriminator is asked, and batch norm taken out of it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from trainers.networks.dcgan import DCGANDiscriminator
from trainers.networks.discriminators import Judgement, judge, without_batch_norm


class Plain(nn.Module):
    def forward(self, pictures: Tensor, labels: Tensor | None = None) -> Tensor:
        score = pictures.flatten(1).sum(1)
        return score if labels is None else score + labels


class Showing(Plain):
    def judge(self, pictures: Tensor) -> Judgement:
        return Judgement(self(pictures), [pictures])


class Residual(nn.Module):
    """Named layers, one norm in two places, and one that no convolution precedes."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.BatchNorm2d(3)
        self.conv = nn.Conv2d(3, 4, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.again = nn.Sequential(nn.Conv2d(4, 4, 1), self.norm)
        self.dense = nn.Linear(4, 6, bias=False)
        self.dense_norm = nn.BatchNorm1d(6)
        self.kept = nn.InstanceNorm2d(4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.kept(self.again(self.norm(self.conv(self.first(x)))))
        return self.dense_norm(self.dense(x.mean((2, 3))))


def norms(module: nn.Module) -> list[nn.Module]:
    return [m for m in module.modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d)]


def test_any_module_can_be_asked() -> None:
    pictures, labels = torch.ones(2, 3, 1, 1), torch.tensor([0, 5])
    assert judge(Plain(), pictures).logits.tolist() == [3, 3]  # type: ignore[union-attr]
    assert judge(Plain(), pictures, labels).logits.tolist() == [3, 8]  # type: ignore[union-attr]
    assert judge(Plain(), pictures).features == ()
    assert judge(Showing(), pictures).features[0] is pictures


def test_batch_norm_is_gone_and_biases_are_back() -> None:
    torch.manual_seed(0)
    original = Residual()
    state = {name: value.clone() for name, value in original.state_dict().items()}
    result = without_batch_norm(original)
    assert isinstance(result, Residual)
    assert norms(result) == [] and len(norms(original)) == 3
    assert isinstance(result.kept, nn.InstanceNorm2d)
    assert result.conv.bias is not None and result.conv.bias.detach().tolist() == [0] * 4
    assert result.dense.bias is not None and len(result.dense.bias) == 6
    torch.testing.assert_close(result.again[0].bias, original.again[0].bias)  # it had one
    assert original.conv.bias is None
    for name, value in original.state_dict().items():
        assert torch.equal(value, state[name])
    assert any(weight is result.conv.bias for weight in result.parameters())
    assert result(torch.rand(2, 3, 5, 5)).shape == (2, 6)


def test_a_bare_batch_norm_becomes_an_identity() -> None:
    assert isinstance(without_batch_norm(nn.BatchNorm2d(3)), nn.Identity)


@pytest.mark.parametrize("size", [32, 64, 128])
def test_pictures_no_longer_depend_on_the_rest_of_their_batch(size: int) -> None:
    torch.manual_seed(0)
    discriminator = DCGANDiscriminator(size, base_channels=32)
    pictures = torch.rand(4, 3, size, size)
    alone = without_batch_norm(discriminator)
    with torch.no_grad():
        assert not torch.allclose(discriminator(pictures)[:2], discriminator(pictures[:2]), atol=1e-3)
        torch.testing.assert_close(alone(pictures)[:2], alone(pictures[:2]))


def test_a_bias_is_given_only_where_batch_norm_was() -> None:
    def count(module: nn.Module) -> int:
        return sum(weight.numel() for weight in module.parameters())

    original = DCGANDiscriminator(64, base_channels=32)
    # widths 4, 8, 16, 32: batch norm has two numbers a channel where the bias has one
    assert count(without_batch_norm(original)) == count(original) - (8 + 16 + 32)


def test_the_copy_keeps_type_and_device_of_its_weights() -> None:
    result = without_batch_norm(nn.Sequential(nn.Conv2d(1, 2, 1, bias=False), nn.BatchNorm2d(2)).double())
    assert result.get_submodule("0").bias.dtype == torch.float64  # type: ignore[union-attr]
