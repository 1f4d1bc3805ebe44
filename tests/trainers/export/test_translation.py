"""A translation exported: two files that together are the network, one companion, and what is said where one is missing."""

from __future__ import annotations

import shutil
from pathlib import Path

import onnx
import pytest
import torch
from onnx import numpy_helper
from safetensors.torch import load_file, save_file
from torch import nn

from engines.errors import ModelError
from engines.models.card import ModelCard, Size, read_card
from engines.models.pair import back_of, companion_of
from tests.models import tiny_translation, translation_card
from trainers.export.export import export_translation
from trainers.export.onnx_graph import smallest
from trainers.networks.companion import FACTOR
from trainers.networks.unit import UNIT, Translation, UNITDiscriminator, UNITDiscriminators, initialise
from trainers.networks.weights import read_weights

CARDS = (
    ModelCard("image-translation", "Day to night", domains=("day", "night"), size=Size(4, 4)),
    ModelCard("image-translation", "Night to day", domains=("night", "day"), size=Size(4, 4)),
)
NAMES = ["mine.back.onnx", "mine.onnx", "mine.training.safetensors"]


def network() -> UNIT:
    """One whose biases of a width are all equal: the exporter merges what is equal."""
    made = UNIT(4)
    initialise(made, torch.Generator().manual_seed(1))
    for name, value in made.named_parameters():
        if name.endswith("bias"):
            nn.init.constant_(value, 0.01)
    return made


def discriminators() -> UNITDiscriminators:
    made = UNITDiscriminators(UNITDiscriminator(2, 2), UNITDiscriminator(2, 2))
    initialise(made, torch.Generator().manual_seed(2))
    return made


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    export_translation(network(), CARDS, folder / "mine.onnx", further={"discriminator": discriminators()})
    return folder


@pytest.fixture
def mine(exported: Path, tmp_path: Path) -> Path:
    """The way there, with the way back and the companion beside it."""
    return Path(shutil.copytree(exported, tmp_path / "models")) / "mine.onnx"


def old_companions(mine: Path) -> None:
    """One for each direction, with all that its file lacks, as they were before both shared one."""
    judging = {f"discriminator.{name}": value for name, value in discriminators().state_dict().items()}
    for file in (mine, back_of(mine)):
        there = {tensor.name for tensor in onnx.load(file).graph.initializer}
        lacking = {name: value for name, value in network().state_dict().items() if name not in there}
        save_file({name: value.half().clone() for name, value in (lacking | judging).items()}, companion_of(file))


def test_both_files_are_the_network_to_the_last_bit_and_the_companion_judges(mine: Path) -> None:
    assert sorted(path.name for path in mine.parent.iterdir()) == NAMES
    for file in (mine, back_of(mine)):
        found = read_weights(file, UNIT(4))
        assert found.keys() == network().state_dict().keys()
        assert all(torch.equal(found[name], value) for name, value in network().state_dict().items())
        judging = read_weights(file, discriminators(), "discriminator")
        assert judging is not None
        assert all(torch.equal(judging[name], value.half()) for name, value in discriminators().state_dict().items())
    companion = load_file(companion_of(mine))
    assert {name.partition(".")[0] for name in companion} == {"discriminator"}
    assert {value.dtype for value in companion.values()} == {torch.float16}


def test_weights_that_are_equal_keep_their_names(mine: Path) -> None:
    for source, file in enumerate((mine, back_of(mine))):
        names = {tensor.name for tensor in onnx.load(file).graph.initializer}
        assert set(Translation(network(), source).state_dict()) <= names


def test_in_fp16_both_files_are_the_network_but_for_rounding(tmp_path: Path) -> None:
    target = tmp_path / "mine.onnx"
    export_translation(network(), CARDS, target, precision="fp16")
    found = read_weights(target, UNIT(4))
    kept = [smallest(Translation(network(), source)) for source in (0, 1)]
    assert kept[0] and kept[1]
    for name, value in network().state_dict().items():
        assert torch.equal(found[name], value if name in kept[0] | kept[1] else value.half().float())
    assert [read_card(file).precision for file in (target, back_of(target))] == ["fp16", "fp16"]


@pytest.mark.parametrize("start", NAMES[:2])
@pytest.mark.parametrize("missing", NAMES)
def test_what_is_missing_is_named(mine: Path, start: str, missing: str) -> None:
    if start == missing:
        return
    mine.with_name(missing).unlink()
    with pytest.raises(
        ModelError,
        match=f"“{start}” is one direction of a translation, and training needs both and their companion; "
        f"put “{missing}” beside it.",
    ):
        read_weights(mine.with_name(start), UNIT(4))


def test_all_that_is_missing_is_named(mine: Path) -> None:
    mine.unlink()
    companion_of(mine).unlink()
    with pytest.raises(ModelError, match="put “mine.onnx” and “mine.training.safetensors” beside it"):
        read_weights(back_of(mine), UNIT(4))


def test_files_of_two_translations_are_not_mixed(mine: Path) -> None:
    model = onnx.load(back_of(mine))
    for tensor in model.graph.initializer:
        if tensor.name.endswith("blocks.3.conv1.weight"):  # which both directions share
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor) * 2, tensor.name))
    onnx.save(model, back_of(mine))
    with pytest.raises(ModelError, match="“mine.onnx” and “mine.back.onnx” are not the two directions of one"):
        read_weights(mine, UNIT(4))
    tiny_translation(back_of(mine), card=translation_card(domains=("dusk", "day")))
    with pytest.raises(ModelError, match="“mine.onnx” and “mine.back.onnx” are not the two directions of one"):
        read_weights(mine, UNIT(4))


def test_another_network_is_told_from_a_missing_file(mine: Path) -> None:
    with pytest.raises(ModelError, match="it is another network"):
        read_weights(mine, UNIT(8))


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("start", NAMES[:2])
def test_companions_of_each_direction_are_read(mine: Path, start: str, alone: bool) -> None:
    old_companions(mine)
    file = mine.with_name(start)
    if alone:
        for path in mine.parent.iterdir():
            if path not in (file, companion_of(file)):
                path.unlink()
    found = read_weights(file, UNIT(4))
    for name, value in network().state_dict().items():
        torch.testing.assert_close(found[name], value, rtol=1e-3, atol=1e-7)
    judging = read_weights(file, discriminators(), "discriminator")
    assert judging is not None and len(judging) == len(discriminators().state_dict())


class Normed(UNIT):
    """A network of one's own, whose batch norm, which has seen pictures, is worked into the convolution before it."""

    def __init__(self) -> None:
        super().__init__(4)
        for encoder in self.encoders:
            encoder.conv1 = nn.Sequential(encoder.conv1, nn.BatchNorm2d(4))
            for _ in range(3):
                encoder(torch.rand(2, 3, 16, 16))


def test_what_neither_file_has_lies_in_the_companion(tmp_path: Path) -> None:
    torch.manual_seed(0)
    whole, target = Normed(), tmp_path / "mine.onnx"
    old = companion_of(back_of(target))
    old.write_bytes(b"of an earlier export")
    export_translation(whole.eval(), CARDS, target)
    assert not old.exists()
    for file in (target, back_of(target)):
        found = read_weights(file, Normed())
        for name, value in whole.state_dict().items():
            torch.testing.assert_close(found[name], value, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("missing", ["there", "back"])
def test_folded_norms_leave_the_missing_direction_named(tmp_path: Path, missing: str) -> None:
    there = tmp_path / "mine.onnx"
    torch.manual_seed(0)
    export_translation(Normed().eval(), CARDS, there)
    assert any(name.startswith(FACTOR) for name in load_file(companion_of(there)))
    gone, kept = (there, back_of(there)) if missing == "there" else (back_of(there), there)
    gone.unlink()
    with pytest.raises(ModelError, match=f"is one direction of a translation.*put “{gone.name}”.* beside it"):
        read_weights(kept, Normed())
