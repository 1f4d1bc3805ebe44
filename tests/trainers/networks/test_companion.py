"""A companion: it holds what a model file lacks, what was folded as factors, and gives all of it back."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load as loaded
from torch import Tensor, nn

from engines.errors import ModelError
from trainers.networks.companion import FACTOR, companion_bytes, completed

HERE = Path("mine.training.safetensors")


def network() -> nn.Sequential:
    torch.manual_seed(3)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 5, 3))


def stored(file: dict[str, Tensor], whole: nn.Module) -> dict[str, Tensor]:
    return loaded(companion_bytes(file, whole, {}, {}))


def test_what_the_file_has_is_left_out() -> None:
    whole = network()
    file = {name: value for name, value in whole.state_dict().items() if not name.startswith("1.")}
    assert set(stored(file, whole)) == {"1.weight", "1.bias"}


@pytest.mark.parametrize("sides", [(4, 1, 1, 1), (1, 3, 1, 1)], ids=["out", "in"])
def test_a_weight_folded_by_channels_is_kept_as_its_factor(sides: tuple[int, ...]) -> None:
    whole = network()
    factor = 0.5 + torch.rand(sides)
    file = dict(whole.state_dict()) | {"0.weight": whole.state_dict()["0.weight"] / factor}
    companion = stored(file, whole)
    assert set(companion) == {FACTOR + "0.weight"}
    torch.testing.assert_close(companion[FACTOR + "0.weight"], factor, rtol=1e-5, atol=0)
    back = completed(file, companion, HERE)
    torch.testing.assert_close(back["0.weight"], whole.state_dict()["0.weight"], rtol=1e-5, atol=1e-7)


def test_a_weight_changed_otherwise_is_kept_whole_in_half_precision() -> None:
    whole = network()
    file = dict(whole.state_dict()) | {"0.weight": whole.state_dict()["0.weight"].flip(2)}
    companion = stored(file, whole)
    assert set(companion) == {"0.weight"} and companion["0.weight"].dtype == torch.float16
    back = completed(file, companion, HERE)["0.weight"]
    assert back.dtype == torch.float32
    torch.testing.assert_close(back, whole.state_dict()["0.weight"], rtol=1e-3, atol=1e-7)


def test_what_half_precision_cannot_hold_stays_as_it_is() -> None:
    whole = network()
    with torch.no_grad():
        whole[0].weight.mul_(1e6)
    companion = stored({}, whole)
    assert companion["0.weight"].dtype == torch.float32 and companion["0.bias"].dtype == torch.float16


def test_a_factor_of_what_no_file_gave_is_left_aside() -> None:
    assert completed({}, {FACTOR + "0.weight": torch.ones(4, 1, 1, 1)}, HERE) == {}


@pytest.mark.parametrize("sides", [(5, 1, 1, 1), (4, 1, 1), (1, 1, 1, 2)])
def test_a_factor_that_does_not_fit_is_the_companion_of_another(sides: tuple[int, ...]) -> None:
    file = {"0.weight": torch.rand(4, 3, 3, 3)}
    with pytest.raises(ModelError, match=r"“mine.training.safetensors” is the companion of another model; copy"):
        completed(file, {FACTOR + "0.weight": torch.ones(sides)}, HERE)
