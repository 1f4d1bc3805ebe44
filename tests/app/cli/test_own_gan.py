"""The README's own GAN, for real: from recipe to model, and on from the model's two files."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.models.card import read_card
from engines.models.model import open_model
from tests.app.cli.test_main import duskroom
from tests.conftest import ROOT
from trainers.recipes.recipe import ImageGeneration, load
from trainers.runs.events import Event, Started, Step
from trainers.train_dcgan import train

SHORT = (
    "steps = 20000\nbatch = 64",
    "steps = 12\nbatch = 4\nvalidate_every = 6\ncheckpoint_every = 4\nalone = 2\nramp = 4",
)


@pytest.fixture
def studio(tmp_path: Path, photo_pixels: np.ndarray) -> Path:
    """A folder with what the README tells to write, and twenty pictures."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme[readme.index("<!-- gan: begin -->") : readme.index("<!-- gan: end -->")]
    blocks = dict(re.findall(r"```(python|toml)\n(.*?)```", section, re.DOTALL))
    (tmp_path / "my_gan.py").write_text(blocks["python"], encoding="utf-8")
    assert SHORT[0] in blocks["toml"]
    (tmp_path / "my-gan.toml").write_text(blocks["toml"].replace(*SHORT) + "hold_out = 5\n", encoding="utf-8")
    (tmp_path / "pictures").mkdir()
    for index in range(20):
        piece = photo_pixels[index : index + 32, 2 * index : 2 * index + 32]
        Image.fromarray(piece).save(tmp_path / "pictures" / f"{index}.png")
    return tmp_path


def test_from_recipe_to_model_and_on_from_it(studio: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = studio / "runs" / "first"
    out, _ = duskroom("train", studio / "my-gan.toml", "--run", first, PYTHONPATH=str(studio))
    assert "step 12: SWD" in out and "Exported step 12 to" in out
    card = read_card(first / "model.onnx")
    assert (card.task, card.name, card.latent_size, card.output_size) == ("image-generation", "my-gan", 64, 32)
    with open_model(first / "model.onnx") as model:
        z = np.random.RandomState(0).standard_normal((3, 64)).astype(np.float32)
        drawn = model.run(z)
    assert drawn.shape == (3, 3, 32, 32) and drawn.min() >= 0 and drawn.max() <= 1 and drawn.std() > 0

    recipe = (studio / "my-gan.toml").read_text(encoding="utf-8")
    (studio / "on.toml").write_text(f'start_from = "{(first / "model.onnx").as_posix()}"\n' + recipe, encoding="utf-8")
    monkeypatch.syspath_prepend(studio)
    on = load(studio / "on.toml")
    assert isinstance(on, ImageGeneration)
    with_both = list(train(on, studio / "runs" / "both"))
    (first / "model.training.safetensors").unlink()
    without = list(train(on, studio / "runs" / "alone"))
    full = steps_of(with_both)[12]
    assert steps_of(with_both)[1] == pytest.approx(full)
    rates = steps_of(without)
    assert rates[1] == 0 and rates[12] == pytest.approx(full)  # alone for two steps, then up over four
    assert any(isinstance(event, Started) for event in without)


def steps_of(events: list[Event]) -> dict[int, float]:
    """The generator's rate in each step."""
    return {event.step: event.rate for event in events if isinstance(event, Step)}
