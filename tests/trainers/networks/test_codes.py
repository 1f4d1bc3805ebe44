"""Codes that a generator learns to give a meaning: how they are drawn, given to a network, scored and shown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engines.generation.controls import Categorical, Continuous, codes_of, controls_of
from engines.models.card import ModelCard
from tests.search import examples
from trainers.networks.codes import code_controls, draw_codes, expand, information_loss, width_of
from trainers.recipes.adversarial import Codes

KINDS = (3, 0, 5)


def drawn(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_codes_are_alike_likely_and_a_function_of_the_generator() -> None:
    codes = draw_codes(KINDS, 6000, drawn(0))
    assert codes.shape == (6000, 3) and codes.dtype == torch.float32
    assert torch.equal(codes, draw_codes(KINDS, 6000, drawn(0)))
    assert not torch.equal(codes, draw_codes(KINDS, 6000, drawn(1)))
    for column, values in ((0, 3), (2, 5)):
        counts = torch.bincount(codes[:, column].long(), minlength=values)
        assert len(counts) == values and torch.equal(codes[:, column], codes[:, column].round())
        assert float((counts / 6000 - 1 / values).abs().max()) < 0.03
    lying = codes[:, 1]
    assert -1 <= float(lying.min()) < -0.99 and 0.99 < float(lying.max()) <= 1
    assert abs(float(lying.mean())) < 0.03 and abs(float(lying.std()) - 3**-0.5) < 0.02
    assert float(torch.corrcoef(codes.T).fill_diagonal_(0).abs().max()) < 0.05


def test_categorical_codes_are_one_hot_and_continuous_ones_stay() -> None:
    codes = torch.tensor([[2.0, -0.25, 0.0], [0.0, 1.0, 4.0]])
    assert expand(codes, KINDS).tolist() == [[0, 0, 1, -0.25, 1, 0, 0, 0, 0], [1, 0, 0, 1, 0, 0, 0, 0, 1]]
    assert width_of(KINDS) == 9


def test_without_codes_there_is_nothing_to_draw_expand_or_lose() -> None:
    codes = draw_codes((), 4, drawn(0))
    assert codes.shape == expand(codes, ()).shape == (4, 0) and width_of(()) == 0
    assert float(information_loss(torch.zeros(4, 0), codes, ())) == 0 and code_controls(()) == {}


@examples(30)
@given(st.lists(st.integers(2, 9) | st.just(0), max_size=5), st.integers(0, 6), st.integers(0, 99))
def test_what_is_expanded_tells_the_codes(kinds: Sequence[int], count: int, seed: int) -> None:
    codes = draw_codes(kinds, count, drawn(seed))
    wide = expand(codes, kinds)
    assert codes.shape == (count, len(kinds)) and wide.shape == (count, width_of(kinds))
    parts = wide.split([kind or 1 for kind in kinds], dim=1) if kinds else ()
    for column, (kind, part) in enumerate(zip(kinds, parts, strict=True)):
        if not kind:
            assert torch.equal(part[:, 0], codes[:, column])
            continue
        assert torch.equal(part.sum(dim=1), torch.ones(count))
        assert count == 0 or torch.equal(part.argmax(dim=1).float(), codes[:, column])


def test_information_loss_against_a_case_by_hand() -> None:
    codes = torch.tensor([[1.0, 0.5], [0.0, -1.0]])
    # Of two values, logits log 3 apart are probabilities of 3/4 and 1/4.
    logits = torch.tensor([[0.0, math.log(3), 0.1], [0.0, math.log(3), -0.4]])
    categorical = -(math.log(3 / 4) + math.log(1 / 4)) / 2
    continuous = ((0.1 - 0.5) ** 2 + (-0.4 + 1) ** 2) / 2 / 2
    assert float(information_loss(logits, codes, (2, 0))) == pytest.approx(categorical + 0.1 * continuous, abs=1e-6)
    weighed = information_loss(logits, codes, (2, 0), continuous=2.0)
    assert float(weighed) == pytest.approx(categorical + 2 * continuous, abs=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_gradients_lead_to_codes_that_are_read_off_rightly(dtype: torch.dtype) -> None:
    codes = draw_codes(KINDS, 8, drawn(0))
    logits = torch.zeros(8, width_of(KINDS), dtype=dtype, requires_grad=True)
    loss = information_loss(logits, codes, KINDS)
    assert loss.dtype == torch.float32
    loss.backward()
    assert logits.grad is not None and logits.grad.dtype == dtype
    assert float(information_loss(logits.detach() - 4 * logits.grad, codes, KINDS)) < float(loss.detach())
    # The true code's logit alone is to rise, and the mean is to move towards the code.
    towards = -logits.grad.float()
    assert torch.equal(towards[:, :3] > 0, expand(codes, KINDS)[:, :3] > 0)
    assert torch.equal(towards[:, 3].sign(), codes[:, 1].sign())


def test_a_card_takes_codes_as_controls() -> None:
    plain = ModelCard(task="image-generation", name="coded", description="", latent_size=8, output_size=32)
    kinds = Codes(categorical=[3, 100], continuous=2).kinds
    card = replace(plain, controls=code_controls(kinds))
    assert controls_of(card) == (
        Categorical("code 1", 0, 3),
        Categorical("code 2", 1, 100),
        Continuous("code 3", 2, -1, 1),
        Continuous("code 4", 3, -1, 1),
    )
    assert codes_of(card) == controls_of(card)
