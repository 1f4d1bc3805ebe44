"""Scales: which of those there are makes the one that is wanted, and what is told of it."""

from __future__ import annotations

import pytest

from engines.errors import ModelError
from engines.models.scales import how_made, scale_for


@pytest.mark.parametrize(
    ("scale", "scales", "made_by"), [(2, [2, 4], 2), (3, [2, 4], 4), (3, [2, 3, 4], 3), (3, [8, 4], 4), (1, [1, 2], 1)]
)
def test_the_scale_itself_goes_before_the_next_larger(scale: int, scales: list[int], made_by: int) -> None:
    assert scale_for(scale, scales) == made_by


@pytest.mark.parametrize(
    ("scale", "words"),
    [
        (0, "×0 enlarges nothing; choose a whole number from 2 up"),
        (-3, "×-3 enlarges nothing"),
        (1, "×1 enlarges nothing"),
        (5, "No model in the library enlarges 5 times; the scales there are: 2 and 4."),
    ],
)
def test_what_makes_no_sense_is_said(scale: int, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        scale_for(scale, [4, 2])


@pytest.mark.parametrize(
    ("scale", "own", "words"),
    [
        (3, 4, "×3 is made by “fast-x4” at ×4, reduced to three quarters."),
        (2, 4, "×2 is made by “fast-x4” at ×4, reduced to half."),
        (5, 8, "×5 is made by “fast-x4” at ×8, reduced to 5/8."),
        (4, 4, ""),
    ],
)
def test_a_reduction_is_told(scale: int, own: int, words: str) -> None:
    assert how_made(scale, "fast-x4", own) == words
