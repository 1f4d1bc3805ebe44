"""The loop's parts: seeded draws, micro-batches, what a checkpoint refuses, what a broken-off update leaves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from engines.errors import OutOfMemory, RecipeError
from trainers import loop
from trainers.checkpoint import load_best, load_checkpoint, save_checkpoint
from trainers.events import Checkpoint, Held

NUMBERS = st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=4)


@given(NUMBERS, NUMBERS)
def test_draws_are_a_function_of_their_numbers(a: list[int], b: list[int]) -> None:
    first = torch.randn(4, generator=loop.seeded(*a))
    assert torch.equal(first, torch.randn(4, generator=loop.seeded(*a)))
    if a != b and [*a, 0] != b and a != [*b, 0]:
        assert not torch.equal(first, torch.randn(4, generator=loop.seeded(*b)))


@given(st.integers(1, 20), st.integers(1, 25))
def test_micro_batches_are_the_whole_batch(size: int, parts: int) -> None:
    batch = torch.arange(size), torch.arange(size) * 2
    pieces = loop.split(batch, parts)
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
    assert loop.is_out_of_memory(error) is found


def test_the_allocators_own_error_is_recognised() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 60, dtype=torch.uint8)
    assert loop.is_out_of_memory(caught.value)


def test_steps_are_halved_down_to_single_pictures() -> None:
    standing = loop.Standing(step=6)
    texts = [loop.make_smaller(standing, 6).text for _ in range(3)]
    assert standing.micro_batches == 6
    assert "Step 7" in texts[0] and [text.split(" pictures are taken ")[1][0] for text in texts] == ["3", "2", "1"]
    with pytest.raises(OutOfMemory, match="even one picture"):
        loop.make_smaller(standing, 6)


def a_run(folder: Path, **recipe: object) -> tuple[loop.Run, nn.Linear]:
    torch.manual_seed(0)
    layer = nn.Linear(2, 2)
    parts: dict[str, loop.Stateful] = {"network": layer, "optimiser": torch.optim.Adam(layer.parameters())}
    return loop.Run(folder, {"seed": 1, **recipe}, loop.Standing(), parts), layer


def test_a_run_goes_on_where_it_stood(tmp_path: Path) -> None:
    run, layer = a_run(tmp_path)
    assert not run.resume()
    run.standing.step, run.standing.rate_factor, run.standing.threads = 7, 0.5, torch.get_num_threads()
    nn.init.constant_(layer.weight, 3.0)
    run.save()
    other, layer = a_run(tmp_path, rate=1)
    assert other.resume() and other.standing == run.standing and layer.weight.tolist() == [[3, 3], [3, 3]]


def test_the_number_of_threads_is_part_of_a_checkpoint(tmp_path: Path) -> None:
    before = torch.get_num_threads()
    run, _ = a_run(tmp_path)
    run.standing.threads = 1
    run.save()
    try:
        assert a_run(tmp_path)[0].resume() and torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)


def test_a_checkpoint_of_another_recipe_is_refused(tmp_path: Path) -> None:
    run, _ = a_run(tmp_path)
    run.save()
    with pytest.raises(RecipeError, match="trained with seed = 1, the recipe says 2; put the recipe back"):
        a_run(tmp_path, seed=2)[0].resume()
    wide = nn.Linear(3, 3)
    parts: dict[str, loop.Stateful] = {"network": wide, "optimiser": torch.optim.Adam(wide.parameters())}
    with pytest.raises(RecipeError, match="of another recipe"):
        loop.Run(tmp_path, {"seed": 1}, loop.Standing(), parts).resume()
    with pytest.raises(RecipeError, match=r"of another recipe \(optimiser\)"):
        loop.Run(tmp_path, {"seed": 1}, loop.Standing(), {"network": nn.Linear(2, 2)}).resume()


def test_going_back_halves_the_rate_for_good(tmp_path: Path) -> None:
    run, _ = a_run(tmp_path)
    run.standing.step = 5
    run.save()
    for halved in (0.5, 0.25, 0.125):
        run.standing.step = 9
        verdict = run.roll_back("The loss was not a number")
        assert (verdict.step, verdict.guard) == (10, "nan") and "at step 10: back to step 5" in verdict.text
        assert run.standing.step == 5 and run.standing.rate_factor == halved
        saved = load_checkpoint(tmp_path)
        assert saved is not None and saved["standing"]["rate_factor"] == halved
    with pytest.raises(RecipeError, match="again and again; lower “rate”"):
        run.roll_back("The loss was not a number")


def test_going_back_is_not_held_against_a_run_that_got_past_it(tmp_path: Path) -> None:
    run, _ = a_run(tmp_path)
    run.save()
    for step in (2, 4, 6, 8, 10):
        run.standing.step = step
        run.roll_back("The loss was not a number")
        run.standing.step = step + 1
        run.save()
    for _ in range(5):
        run.roll_back("You asked to go back", asked=True)


def test_going_back_keeps_the_best(tmp_path: Path) -> None:
    run, layer = a_run(tmp_path)
    run.save()
    run.standing.step = 4
    run.judged(30.0, {"network": layer})
    run.standing.step = 6
    run.roll_back("The loss was not a number")
    run.standing.step = 2
    run.judged(29.0, {"network": layer})
    assert (run.standing.best, run.standing.best_step, run.standing.worse) == (30.0, 4, 1)
    best = load_best(tmp_path)
    assert best is not None and best["step"] == 4


def test_closing_saves_what_is_not_saved_and_nothing_else(tmp_path: Path) -> None:
    run, _ = a_run(tmp_path)
    run.close()
    first = (tmp_path / "checkpoint.pt").stat()
    run.close()
    assert (tmp_path / "checkpoint.pt").stat().st_mtime_ns == first.st_mtime_ns
    run.standing.rate_factor = 0.5  # a decision, without a step
    run.close()
    saved = load_checkpoint(tmp_path)
    assert saved is not None and saved["standing"]["rate_factor"] == 0.5


def test_a_folder_in_the_place_of_a_checkpoint_is_no_reason_to_wait(tmp_path: Path) -> None:
    run, _ = a_run(tmp_path)
    (tmp_path / "checkpoint.pt" / "inner").mkdir(parents=True)
    (tmp_path / "checkpoint.previous.pt").write_text("a file")
    with pytest.raises(OSError):
        next(run.checkpoint())


def test_what_own_parts_draw_is_a_function_of_the_step() -> None:
    def drawn(*numbers: int) -> tuple[float, float]:
        loop.seed_parts(*numbers)
        return float(torch.rand(())), float(np.random.random())

    assert drawn(1, 2) == drawn(1, 2) != drawn(1, 3)


def test_a_checkpoint_that_cannot_be_written_holds_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "run"
    run, _ = a_run(folder)
    writing = run.checkpoint()
    held = next(writing)
    assert isinstance(held, Held) and "No such file or directory" in held.text and "Make room" in held.text
    folder.mkdir()
    assert isinstance(next(writing), Checkpoint)
    assert load_checkpoint(folder) is not None


def test_an_update_that_is_broken_off_leaves_statistics_alone() -> None:
    norm = nn.BatchNorm1d(3)
    with pytest.raises(ValueError), loop.buffers_kept(norm):
        norm(torch.randn(8, 3) + 5)
        raise ValueError
    assert norm.running_mean.tolist() == [0, 0, 0] and int(norm.num_batches_tracked) == 0  # type: ignore[union-attr, arg-type]
    with loop.buffers_kept(norm):
        norm(torch.randn(8, 3) + 5)
    assert int(norm.num_batches_tracked) == 1  # type: ignore[arg-type]


def test_a_foreign_checkpoint_is_refused(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, {"recipe": {"seed": 1}, "parts": {}, "standing": {}})
    with pytest.raises(RecipeError, match="of another recipe"):
        a_run(tmp_path)[0].resume()
