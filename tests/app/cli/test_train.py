"""`duskroom train` and `export`, for real: the README's own network from recipe to upscaled photo, stop, resume, failures."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image

from app.cli import train
from app.cli.console import Console
from app.cli.train import train_recipe
from engines.errors import Cancelled, RecipeError, RunError
from engines.models.card import read_card
from engines.pictures.picture import load
from tests.app.cli.test_main import duskroom, fails, start
from tests.conftest import ROOT, SAMPLES
from tests.models import card_for, tiny_superres, tiny_translation, translation_card
from trainers.loop.checkpoint import load_checkpoint
from trainers.recipes.superres import SuperResolution
from trainers.runs.events import Exported
from trainers.runs.run_folder import locked, read_recipe_values


@pytest.fixture
def studio(tmp_path: Path, photo_pixels: np.ndarray) -> Path:
    """A folder with what the README tells to write: a network, a recipe, and photographs."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme[readme.index("### Design your own") : readme.index("<!-- train: end -->")]
    blocks = dict(re.findall(r"```(python|toml)\n(.*?)```", section, re.DOTALL))
    (tmp_path / "my_networks.py").write_text(blocks["python"], encoding="utf-8")
    (tmp_path / "my-recipe.toml").write_text(blocks["toml"], encoding="utf-8")
    (tmp_path / "photos").mkdir()
    for index in range(3):
        Image.fromarray(np.roll(photo_pixels, 17 * index, axis=1)).save(tmp_path / "photos" / f"{index}.png")
    return tmp_path


def change(recipe: Path, *changes: tuple[str, str]) -> Path:
    text = recipe.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    recipe.write_text(text, encoding="utf-8")
    return recipe


SHORT = ("scale = 2\n", "scale = 2\nwarm_up = 2\nvalidate_every = 10\ncheckpoint_every = 5\n")


def test_the_readme_from_recipe_to_photo(studio: Path, photo: Path) -> None:
    recipe = change(studio / "my-recipe.toml", ("steps = 5000", "steps = 20"), SHORT)
    run = studio / "runs" / "mine"
    out, _ = duskroom("train", recipe, "--run", run, PYTHONPATH=str(studio))
    assert "from step 0" in out and "step 20: PSNR" in out and "Exported step 20 to" in out
    kept = [json.loads(line)["kind"] for line in (run / "events.jsonl").read_text("utf-8").splitlines()]
    assert "Step" in kept and kept[0] == "Started" and kept[-2:] == ["Finished", "Exported"]
    card = read_card(run / "model.onnx")
    assert (card.name, card.scale) == ("My network ×2", 2)
    assert 1 <= card.overlap <= 5  # 9×9 and 5×5 on the enlarged picture reach 6 of its pixels
    assert "PSNR held out" in card.metrics
    assert (run / "samples" / "00000020.png").exists()
    duskroom("upscale", photo, studio / "large.png", "--model", run / "model.onnx")
    assert load(studio / "large.png").pixels.shape == (144, 192, 3)
    with pytest.raises(RecipeError, match="takes its network from “my_networks:MyNetwork”"):
        train_recipe(Console(), run / "model.onnx", None, resume=False, photos=[studio / "photos"])
    for end in (".onnx", ".training.safetensors"):
        shutil.copy(run / f"model{end}", studio / f"mine{end}")
    duskroom("models", "import", studio / "mine.onnx")
    assert "mine" in duskroom("models")[0]


@pytest.mark.skipif(os.name == "nt", reason="signals are not sent like this there")
def test_stopped_it_keeps_a_checkpoint_and_resumes(studio: Path) -> None:
    recipe = change(studio / "my-recipe.toml", ("steps = 5000", "steps = 400"), SHORT)
    run = studio / "run"
    process = start("train", recipe, "--run", run, "--json", PYTHONPATH=str(studio))
    assert process.stdout is not None
    while '"validation"' not in process.stdout.readline():
        pass
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)  # whoever presses twice still keeps the checkpoint
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert re.fullmatch(r"Stopped at step \d+, with a checkpoint; resume it with --resume\.\n", err)
    assert (run / "checkpoint.pt").exists() and not (run / "model.onnx").exists()
    stopped = [line for line in map(json.loads, out.splitlines()) if line["event"] == "stopped"]
    checkpoint = load_checkpoint(run)
    assert checkpoint is not None and len(stopped) == 1 and checkpoint["standing"]["step"] == stopped[0]["step"]
    before = (run / "recipe.json").read_bytes()
    other = change(studio / "my-recipe.toml", ("first = 32", "first = 16"))
    said = fails("train", other, "--run", run, "--resume", PYTHONPATH=str(studio))
    assert "put the recipe back, or start in another folder" in said
    assert (run / "recipe.json").read_bytes() == before and not list(run.glob(".asked*"))
    change(other, ("first = 16", "first = 32"))
    (run / "best.pt").write_bytes((run / "best.pt").read_bytes()[:500])
    duskroom("export", run, studio / "last.onnx", PYTHONPATH=str(studio))
    assert "add --resume" in fails("train", recipe, "--run", run, PYTHONPATH=str(studio))
    change(recipe, ("steps = 400", "steps = 40"))
    out, _ = duskroom("train", recipe, "--run", run, "--resume", "--json", PYTHONPATH=str(studio))
    said_then = [json.loads(line) for line in out.splitlines()]
    assert {"run", "started", "progress", "validation", "checkpoint", "exported"} <= {e["event"] for e in said_then}
    assert next(event for event in said_then if event["event"] == "started")["step"] >= 10


def test_what_is_wrong_is_one_sentence(studio: Path, tmp_path: Path) -> None:
    recipe = studio / "my-recipe.toml"
    good = recipe.read_text(encoding="utf-8")
    path = {"PYTHONPATH": str(studio)}

    def said(old: str, new: str, **environment: str) -> str:
        recipe.write_text(good.replace(old, new), encoding="utf-8")
        return fails("train", recipe, "--run", tmp_path / "none" / "run", **{**path, **environment})

    assert "“scale” is 99" in said("scale = 2", "scale = 99")
    assert "is not a field" in said("patch", "path")
    assert "cannot be imported" in said("version", "version", PYTHONPATH="")
    assert "has no “Mine”" in said(":MyNetwork", ":Mine")
    assert "no option “third”" in said("first = 32", "third = 32")
    assert "does not exist" in said('photos = ["photos"]', 'photos = ["pictures"]')
    recipe.write_text(good, encoding="utf-8")
    (tmp_path / "file").touch()
    assert "cannot be written" in fails("train", recipe, "--run", tmp_path / "file" / "run", **path)
    assert "no checkpoint in" in fails("train", recipe, "--run", tmp_path / "new", "--resume", **path)
    assert "no run folder" in fails("export", tmp_path / "nowhere", tmp_path / "x.onnx")
    (tmp_path / "empty").mkdir()
    assert "no checkpoint in" in fails("export", tmp_path / "empty", tmp_path / "x.onnx")
    assert "no recipe at" in fails("train", tmp_path / "none.toml")


def test_without_torch_training_says_what_to_install(studio: Path, tmp_path: Path) -> None:
    """A folder before torch on the path makes it unfindable, as if it were not installed; upscaling does not need it."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "class Hide:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] == 'torch':\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Hide())\n",
        encoding="utf-8",
    )
    assert "pip install torch" in fails("train", studio / "my-recipe.toml", PYTHONPATH=str(tmp_path))
    duskroom("upscale", ROOT / "assets" / "samples" / "seeding.jpg", tmp_path / "x.jpg", PYTHONPATH=str(tmp_path))


@pytest.mark.soak
@pytest.mark.skipif(os.name == "nt", reason="processes are not killed like this there")
def test_killed_it_goes_on_from_its_last_checkpoint(studio: Path) -> None:
    recipe = change(studio / "my-recipe.toml", ("steps = 5000", "steps = 4000"), SHORT)
    run = studio / "run"
    process = start("train", recipe, "--run", run, "--json", PYTHONPATH=str(studio))
    assert process.stdout is not None
    checkpoint = 0
    while checkpoint < 10:
        event = json.loads(process.stdout.readline())
        checkpoint = event["step"] if event["event"] == "checkpoint" else checkpoint
    for child in psutil.Process(process.pid).children():
        child.kill()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1 and "signal 9" in err and "resume it with --resume" in err
    change(recipe, ("steps = 4000", "steps = 60"))
    out, _ = duskroom("train", recipe, "--run", run, "--resume", PYTHONPATH=str(studio))
    first = re.search(r"from step (\d+)", out)
    assert first and int(first[1]) >= 10 and "Exported" in out


class Watched(Console):
    """A console that is cancelled, as by Ctrl-C, when the event `until` is said."""

    def __init__(self, until: str) -> None:
        super().__init__(as_json=True)
        self._until = until

    def say(self, text: str, event: str, /, **values: Any) -> None:
        super().say(text, event, **values)
        if event == self._until:
            self.progress.cancel()


SHIPPED = ROOT / "assets" / "models" / "fast-x2.onnx"


def test_a_model_is_trained_on_from_its_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    with pytest.raises(Cancelled):
        train_recipe(Watched("started"), SHIPPED, run, resume=False, photos=[SAMPLES])
    values = read_recipe_values(run)
    assert values["start_from"] == str(SHIPPED) and values["data"]["photos"] == [str(SAMPLES)]  # type: ignore[index]
    assert values["network"] == {"kind": "fast", "options": {"channels": 32, "blocks": 10}}
    assert (run / "checkpoint.pt").exists()
    said = [json.loads(line)["event"] for line in capsys.readouterr().out.splitlines()]
    assert said[0] == "run" and "started" in said and said[-1] == "stopped"


def test_a_model_is_trained_on_by_its_name_with_lower_rates() -> None:
    wanted = train._wanted(Path("fast-x2"), [SAMPLES])
    assert isinstance(wanted, SuperResolution) and wanted.start_from == SHIPPED
    learned = json.loads(read_card(SHIPPED).recipe)
    assert 0 < wanted.rate < 0.5 * learned["rate"] and 0 < wanted.muon_rate < 0.5 * learned["muon_rate"]


def test_an_export_tells_its_step_and_what_rounding_cost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tiny_superres(tmp_path / "m.onnx", card=card_for(2, overlap=2, metrics={"PSNR loss Set5": 0.0251}))
    train._show(Console(), Exported(str(path), 12000))
    assert capsys.readouterr().out == f"Exported step 12,000 to “{path}”. Rounding cost 0.025 dB on Set5.\n"


def test_what_cannot_be_trained_on_from_is_said(tmp_path: Path, studio: Path) -> None:
    console = Console()
    with pytest.raises(RecipeError, match="name their folder with --photos"):
        train_recipe(console, SHIPPED, None, resume=False)
    with pytest.raises(RecipeError, match="names its own pictures"):
        train_recipe(console, studio / "my-recipe.toml", None, resume=False, photos=[SAMPLES])
    with pytest.raises(RecipeError, match="neither a recipe nor a model called “fast-x9”; check the path, or see"):
        train_recipe(console, Path("fast-x9"), None, resume=False, photos=[SAMPLES])
    with locked(tmp_path), pytest.raises(RunError, match="is being trained in already, by process"):
        train_recipe(console, SHIPPED, tmp_path, resume=False, photos=[SAMPLES])


def test_a_translation_is_trained_on_with_a_folder_for_each_domain(tmp_path: Path) -> None:
    recipe = json.dumps({"task": "image-translation", "name": "day-night", "domains": ["day", "night"], "steps": 9})
    model = tiny_translation(tmp_path / "day-night.onnx", card=translation_card(recipe=recipe))
    folders = [tmp_path / "day", tmp_path / "night"]
    wanted = train._wanted(model, folders)
    assert wanted.data.photos == folders and wanted.start_from == model
    card = translation_card(recipe=recipe, domains=("night", "day"))
    back = tiny_translation(tmp_path / "day-night.back.onnx", card=card)
    assert train._wanted(back, folders[::-1]).data.photos == folders
    with pytest.raises(RecipeError, match="hold two folders, for day and night"):
        train._wanted(model, folders[:1])
