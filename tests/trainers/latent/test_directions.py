from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from engines.generation.controls import controls_of
from engines.models.card import ModelCard
from tests.generators import LATENT, small_generator
from tests.search import examples
from trainers.latent.appearance import MEASURES, appearance, background, subject
from trainers.latent.directions import MOST, Direction, as_controls, direction_sheet, find_directions

L, SIDE = 10, 32
WHITE = torch.ones(3)
NAMES = list(MEASURES)


def discs(
    *, x: Tensor, y: Tensor, radius: Tensor, colour: Tensor, stretch: Tensor | float = 0.0, behind: Tensor = WHITE
) -> Tensor:
    """Discs before a background, (N, 3, 32, 32) in [0, 1]: places and radii (N) in sides of the picture, `colour` (N, 3)."""
    grid = (torch.arange(SIDE) + 0.5) / SIDE - 0.5
    wide = torch.as_tensor(stretch).exp().expand(len(x))
    across = (grid[None, None, :] - x[:, None, None]) / wide[:, None, None]
    along = (-grid[None, :, None] - y[:, None, None]) * wide[:, None, None]
    inside = ((radius[:, None, None] - (across.square() + along.square()).sqrt()) * SIDE).clamp(0, 1)
    return inside[:, None] * colour[:, :, None, None] + (1 - inside[:, None]) * behind[None, :, None, None]


def one(**changes: Tensor) -> Tensor:
    usual = {"x": torch.zeros(1), "y": torch.zeros(1), "radius": torch.full((1,), 0.25)}
    return discs(**(usual | {"colour": torch.tensor([[0.5, 0.4, 0.3]])} | changes))  # type: ignore[arg-type]


class Drawn(nn.Module):
    """A generator whose z, seen by a layer that mixes it, draws discs: four known directions matter, six do nothing."""

    def __init__(self, labels: int = 0, codes: int = 0) -> None:
        super().__init__()
        seeded = torch.Generator().manual_seed(4)
        self.mixed = nn.Linear(L, L, bias=False)
        with torch.no_grad():
            self.mixed.weight.copy_(torch.linalg.qr(torch.randn(L, L, generator=seeded)).Q)
        self.norm = nn.BatchNorm1d(L, affine=False)
        self.last = nn.Linear(L, L, bias=False)  # the identity; what is drawn is no layer's work
        with torch.no_grad():
            self.last.weight.copy_(torch.eye(L))
        self.labels, self.codes = labels, codes

    def axis(self, number: int) -> np.ndarray:
        """The direction in z that moves what number `number` draws."""
        return self.mixed.weight.detach()[number].numpy()

    def forward(self, z: Tensor, label: Tensor | None = None, codes: Tensor | None = None) -> Tensor:
        assert (label is not None) == bool(self.labels)
        assert (codes is not None) == bool(self.codes)
        a = self.last(self.norm(self.mixed(z)))
        light = 0.45 + 0.08 * a[:, 0]
        warm = 0.06 * a[:, 1]
        colour = torch.stack([light + warm, light, light - warm], dim=1)
        if label is not None:
            colour = colour + torch.stack([0 * light, 0.1 * label.float(), 0 * light], dim=1)
        drawn = discs(x=0.04 * a[:, 3], y=0 * light, radius=0.28 + 0.03 * a[:, 2], colour=colour.clamp(0.05, 0.8))
        return drawn * 2 - 1


def by_name(found: list[Direction]) -> dict[str, Direction]:
    return {direction.name: direction for direction in found}


@pytest.fixture(scope="module")
def found() -> list[Direction]:
    return find_directions(Drawn().eval(), L, seed=1)


@pytest.mark.parametrize(
    ("name", "less", "more"),
    [
        ("brightness", one(), one(colour=torch.tensor([[0.6, 0.5, 0.4]]))),
        ("saturation", one(), one(colour=torch.tensor([[0.6, 0.4, 0.2]]))),
        ("warmth", one(), one(colour=torch.tensor([[0.6, 0.4, 0.2]]))),
        ("greenness", one(), one(colour=torch.tensor([[0.4, 0.6, 0.2]]))),
        ("background brightness", one(behind=torch.full((3,), 0.8)), one()),
        ("size", one(), one(radius=torch.full((1,), 0.35))),
        ("to the right", one(), one(x=torch.full((1,), 0.1))),
        ("upwards", one(), one(y=torch.full((1,), 0.1))),
        ("width", one(), one(stretch=torch.full((1,), 0.3))),
    ],
)
def test_a_measure_is_more_where_there_is_more_of_it(name: str, less: Tensor, more: Tensor) -> None:
    column = NAMES.index(name)
    difference = (appearance(more) - appearance(less))[0, column]
    assert difference > MEASURES[name]


def test_round_is_rounder_than_square_and_ink_has_more_contrast_and_detail() -> None:
    square = torch.ones(1, 3, SIDE, SIDE)
    square[:, :, 8:24, 8:24] = 0.4
    lines = torch.ones(1, 3, SIDE, SIDE)
    lines[:, :, 8:24, 8:24] = 0.7
    lines[:, :, 8:24, 8:24:2] = 0
    measured = {name: appearance(torch.cat([one(), square, lines]))[:, NAMES.index(name)] for name in NAMES}
    assert measured["roundness"][0] > measured["roundness"][1] + MEASURES["roundness"]
    assert measured["contrast"][2] > measured["contrast"][1] + 0.3
    assert measured["detail"][2] > measured["detail"][1] + 0.05
    assert measured["size"][1] == pytest.approx(0.25)


@examples(20)
@given(st.integers(0, 1000), st.sampled_from([8, 16, 33]), st.sampled_from(["flat", "noise", "black"]))
def test_measures_of_any_picture_are_finite(seed: int, side: int, kind: str) -> None:
    pictures = torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(seed))
    if kind != "noise":
        pictures = torch.full_like(pictures, 0.0 if kind == "black" else 0.7)
    assert appearance(pictures).isfinite().all()
    weights = subject(pictures)
    assert weights.min() >= 0
    assert weights.max() <= 1
    if kind != "noise":
        assert (weights == 1).all()
        assert torch.equal(background(pictures), pictures[:, :, 0, 0])


def test_what_is_drawn_is_found_named_and_turned_towards_more(found: list[Direction]) -> None:
    network = Drawn()
    directions = by_name(found)
    for name, number in (("brightness", 0), ("size", 2), ("to the right", 3)):
        assert float(directions[name].vector @ network.axis(number)) > 0.85, name
    assert {"warmth", "saturation"} & set(directions), list(directions)


def test_directions_are_few_unlike_of_unit_length_and_have_a_range_with_nothing_in_it(found: list[Direction]) -> None:
    assert 3 <= len(found) <= MOST
    assert len(by_name(found)) == len(found)
    for direction in found:
        assert direction.vector.dtype == np.float32
        assert np.linalg.norm(direction.vector) == pytest.approx(1, abs=1e-4)
        assert -3 <= direction.low <= -1
        assert 1 <= direction.high <= 3
        assert direction.visible >= 0.2
    cosines = np.abs(np.stack([d.vector for d in found]) @ np.stack([d.vector for d in found]).T)
    assert (cosines - np.eye(len(found)) <= 0.6).all()


def test_a_direction_does_what_its_name_says_on_other_seeds(found: list[Direction]) -> None:
    network = Drawn().eval()
    z = torch.from_numpy(np.random.RandomState(99).standard_normal((20, L)).astype(np.float32))
    for direction in (one for one in found if one.name in NAMES):
        ends = [z + end * torch.from_numpy(direction.vector) for end in (direction.low, direction.high)]
        less, more = (appearance(network(end) * 0.5 + 0.5)[:, NAMES.index(direction.name)] for end in ends)
        assert ((more - less) > 0).float().mean() > 0.9, direction.name


def test_it_is_a_function_of_its_seed_and_leaves_the_network_as_it_was(found: list[Direction]) -> None:
    network = Drawn().train()
    again = find_directions(network, L, seed=1)
    assert network.training
    assert [direction.name for direction in again] == [direction.name for direction in found]
    assert all(np.array_equal(one.vector, other.vector) for one, other in zip(found, again, strict=True))
    assert float(network.norm.running_mean.abs().max()) == 0  # type: ignore[union-attr]
    assert not any(leaf._forward_hooks or leaf._forward_pre_hooks for leaf in network.modules())


@pytest.mark.parametrize(("labels", "codes"), [(3, 0), (0, 2), (3, 2)])
def test_labels_and_codes_are_given_where_there_are_any(labels: int, codes: int) -> None:
    directions = by_name(find_directions(Drawn(labels, codes).eval(), L, labels=labels, codes=codes, seed=1))
    assert "size" in directions
    sheet = direction_sheet(Drawn(labels, codes), list(directions.values()), np.zeros(L, np.float32),
                            label=1 if labels else None, codes=codes, columns=5)  # fmt: skip
    assert sheet.shape == (len(directions) * (96 + 16), 5 * 96, 3)


def test_a_conditional_dcgan_is_looked_into() -> None:
    """Only that part of its first layer counts which sees z: an embedding is joined to it there."""
    labels = ("a", "b")
    for direction in find_directions(small_generator(labels), LATENT, labels=2):
        assert direction.vector.shape == (LATENT,)


class Still(nn.Module):
    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.tensor(value))

    def forward(self, z: Tensor) -> Tensor:
        return self.value.expand(len(z), 3, SIDE, SIDE)


@pytest.mark.parametrize("value", [0.0, 1.0, float("nan")])
def test_where_nothing_changes_there_is_no_direction(value: float) -> None:
    assert find_directions(Still(value), L) == []
    assert direction_sheet(Still(value), [], np.zeros(L, np.float32)).ndim == 3


def test_they_become_controls_that_a_card_is_read_with(found: list[Direction]) -> None:
    controls = as_controls(found)
    card = ModelCard("image-generation", "Discs", latent_size=L, output_size=SIDE, controls=controls)
    read = controls_of(card)
    assert [control.name for control in read] == [direction.name for direction in found]
    for control, direction in zip(read, found, strict=True):
        assert np.allclose(control.vector, direction.vector, atol=1e-4)  # type: ignore[union-attr]
        assert (control.low, control.high) == (direction.low, direction.high)  # type: ignore[union-attr]
