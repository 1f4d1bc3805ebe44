"""Where a run stands: what a checkpoint keeps and refuses, going back, and a disk that cannot be written."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from engines.errors import RecipeError
from trainers.loop.checkpoint import load_best, load_checkpoint, save_checkpoint
from trainers.loop.run_state import Run, Standing, Stateful, check_same_run
from trainers.recipes.recipe import from_values
from trainers.runs.events import Checkpoint, Held, Verdict


def a_run(folder: Path, **recipe: object) -> tuple[Run, nn.Linear]:
    torch.manual_seed(0)
    layer = nn.Linear(2, 2)
    parts: dict[str, Stateful] = {"network": layer, "optimiser": torch.optim.Adam(layer.parameters())}
    return Run(folder, {"seed": 1, **recipe}, Standing(), parts), layer


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
    parts: dict[str, Stateful] = {"network": wide, "optimiser": torch.optim.Adam(wide.parameters())}
    with pytest.raises(RecipeError, match="of another recipe"):
        Run(tmp_path, {"seed": 1}, Standing(), parts).resume()
    with pytest.raises(RecipeError, match=r"of another recipe \(optimiser\)"):
        Run(tmp_path, {"seed": 1}, Standing(), {"network": nn.Linear(2, 2)}).resume()


def test_a_checkpoint_of_an_earlier_recipe_had_what_is_the_default_now(tmp_path: Path) -> None:
    """Fields that have come since, and features that were a path, do not make it another run."""
    values = {
        "task": "image-translation",
        "name": "a",
        "domains": ["day", "night"],
        "steps": 9,
        "data": {"photos": ["d", "n"]},
    }
    earlier = from_values({**values, "weights": {"perceptual": 1.0}, "features": "vgg.pth"}).model_dump(mode="json")
    now = dict(earlier)
    earlier["weights"] = {name: value for name, value in earlier["weights"].items() if name not in ("sky", "patches")}
    earlier["features"] = "vgg.pth"
    del earlier["skies"], earlier["augment"]
    check_same_run(now, earlier)
    with pytest.raises(RecipeError, match="was trained with weights = "):
        check_same_run(now, earlier | {"weights": {"perceptual": 2.0}})
    with pytest.raises(RecipeError, match="was trained with augment = "):
        check_same_run(now, earlier | {"augment": ["cutout"]})


def test_an_upscaling_run_of_an_earlier_recipe_had_adam_s_numbers_of_then() -> None:
    now = from_values(
        {
            "task": "super-resolution",
            "name": "a",
            "scale": 2,
            "network": {"kind": "fast"},
            "data": {"photos": ["p"]},
            "stages": [{"steps": 99}],
        }
    ).model_dump(mode="json")
    earlier = {name: value for name, value in now.items() if name not in ("beta1", "beta2", "weight_decay", "restarts")}
    assert len(earlier) == len(now) - 4
    check_same_run(now, earlier)
    check_same_run(now | {"restarts": 7}, earlier)  # a schedule may change
    for changed in ({"beta1": 0.5}, {"beta2": 0.999}, {"weight_decay": 0.1}):
        with pytest.raises(RecipeError, match=f"was trained with {next(iter(changed))} = "):
            check_same_run(now | changed, earlier)


def test_what_was_gained_is_told_against_the_model_at_the_start(tmp_path: Path) -> None:
    run, layer = a_run(tmp_path)
    assert run.gained() == ""
    run.judged(-0.52, {"network": layer}, "SWD")
    run.save()
    assert run.gained().startswith("No step was better than the model that training started from (SWD 0.52)")
    run.standing.step = 4
    run.judged(-0.6, {"network": layer}, "SWD")
    assert run.standing.best_step == 0 and load_best(tmp_path)["step"] == 0  # type: ignore[index]
    run.standing.step = 1000
    run.judged(-0.4, {"network": layer}, "SWD")
    run.roll_back("You asked to go back", asked=True)
    assert run.gained() == ("The model that training started from had SWD 0.52; the best since is 0.4, at step 1,000.")


def test_going_back_halves_the_rate_for_good(tmp_path: Path) -> None:
    run, _ = a_run(tmp_path)
    run.standing.step = 5
    run.save()
    for halved in (0.5, 0.25, 0.125):
        run.standing.step = 9
        verdict = run.roll_back("The loss was not a number")
        assert isinstance(verdict, Verdict) and (verdict.step, verdict.guard) == (10, "nan")
        assert "at step 10: back to step 5" in verdict.text
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


def test_a_checkpoint_that_cannot_be_written_holds_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "run"
    run, _ = a_run(folder)
    writing = run.checkpoint()
    held = next(writing)
    assert isinstance(held, Held) and "No such file or directory" in held.text and "Make room" in held.text
    folder.mkdir()
    assert isinstance(next(writing), Checkpoint)
    assert load_checkpoint(folder) is not None


def test_a_foreign_checkpoint_is_refused(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, {"recipe": {"seed": 1}, "parts": {}, "standing": {}})
    with pytest.raises(RecipeError, match="of another recipe"):
        a_run(tmp_path)[0].resume()
