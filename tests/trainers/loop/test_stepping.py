"""The loop's parts: seeded draws, micro-batches, too little memory, and what a broken-off update leaves."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from engines.errors import OutOfMemory
from trainers import seeds
from trainers.loop import stepping
from trainers.loop.device import is_out_of_memory
from trainers.loop.run_state import Standing

NUMBERS = st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=4)


@given(NUMBERS, NUMBERS)
def test_draws_are_a_function_of_their_numbers(a: list[int], b: list[int]) -> None:
    first = torch.randn(4, generator=seeds.seeded(*a))
    assert torch.equal(first, torch.randn(4, generator=seeds.seeded(*a)))
    if a != b and [*a, 0] != b and a != [*b, 0]:
        assert not torch.equal(first, torch.randn(4, generator=seeds.seeded(*b)))


@given(st.integers(1, 20), st.integers(1, 25))
def test_micro_batches_are_the_whole_batch(size: int, parts: int) -> None:
    batch = torch.arange(size), torch.arange(size) * 2
    pieces = stepping.split(batch, parts)
    assert len(pieces) == min(size, parts) if parts > 1 else 1
    assert sum(share for share, _ in pieces) == pytest.approx(1)
    for whole, piece in zip(batch, zip(*(piece for _, piece in pieces), strict=True), strict=True):
        assert torch.equal(torch.cat(piece), whole)
    mean = sum(share * float(first.float().mean()) for share, (first, _) in pieces)
    assert mean == pytest.approx(float(batch[0].float().mean()))


@pytest.mark.parametrize(
    ("error", "found"),
    [
        (MemoryError(), True),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 MiB"), True),
        (RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"), True),
        (RuntimeError("shapes cannot be multiplied"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_out_of_memory_is_told_from_other_errors(error: Exception, found: bool) -> None:
    assert is_out_of_memory(error) is found


def test_the_allocators_own_error_is_recognised() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 60, dtype=torch.uint8)
    assert is_out_of_memory(caught.value)


def test_steps_are_halved_down_to_single_pictures() -> None:
    standing = Standing(step=6)
    texts = [stepping.make_smaller(standing, 6).text for _ in range(3)]
    assert standing.micro_batches == 6
    assert "Step 7" in texts[0] and [text.split(" pictures are taken ")[1][0] for text in texts] == ["3", "2", "1"]
    with pytest.raises(OutOfMemory, match="even one picture"):
        stepping.make_smaller(standing, 6)


def test_what_own_parts_draw_is_a_function_of_the_step() -> None:
    def drawn(*numbers: int) -> tuple[float, float]:
        seeds.seed_parts(*numbers)
        return float(torch.rand(())), float(np.random.random())

    assert drawn(1, 2) == drawn(1, 2) != drawn(1, 3)


def test_an_update_that_is_broken_off_leaves_statistics_alone() -> None:
    norm = nn.BatchNorm1d(3)
    with pytest.raises(ValueError), stepping.buffers_kept(norm):
        norm(torch.randn(8, 3) + 5)
        raise ValueError
    assert norm.running_mean.tolist() == [0, 0, 0] and int(norm.num_batches_tracked) == 0  # type: ignore[union-attr, arg-type]
    with stepping.buffers_kept(norm):
        norm(torch.randn(8, 3) + 5)
    assert int(norm.num_batches_tracked) == 1  # type: ignore[arg-type]
