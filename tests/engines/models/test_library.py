"""The library: what there is, what suits, and what is refused on the way in."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.errors import CardError, ModelError, TargetError
from engines.models.library import COMPANION, ModelLibrary, shipped_folder
from tests.models import card_for, tiny_superres, tiny_translation, translation_card


@pytest.fixture
def library(tmp_path: Path) -> ModelLibrary:
    tiny_superres(tmp_path / "ships" / "two.onnx", 2)
    tiny_superres(tmp_path / "ships" / "four.onnx", 4)
    return ModelLibrary([tmp_path / "ships", tmp_path / "own"])


def test_it_lists_what_there_is(library: ModelLibrary, tmp_path: Path) -> None:
    (tmp_path / "ships" / "broken.onnx").write_text("text")
    (tmp_path / "ships" / "notes.txt").touch()
    entries = {entry.name: entry for entry in library.entries()}
    assert list(entries) == ["four", "two", "broken"]
    assert entries["broken"].card is None and "broken.onnx" in (entries["broken"].problem or "")


def test_the_smallest_scale_is_the_default(library: ModelLibrary) -> None:
    assert library.find(task="super-resolution").name == "two"
    assert library.find(task="super-resolution", scale=4).name == "four"


@pytest.mark.parametrize("wanted", ["four", "Tiny ×4"])
def test_it_finds_by_name_and_by_title(library: ModelLibrary, wanted: str) -> None:
    assert library.find(wanted, task="super-resolution").name == "four"


def test_float_goes_before_int8_which_has_a_name_of_its_own(library: ModelLibrary, tmp_path: Path) -> None:
    card = card_for(2, overlap=2, name="Tiny ×2 int8", precision="int8", float_model="two.onnx")
    tiny_superres(tmp_path / "ships" / "a.int8.onnx", card=card)
    assert "a.int8" in {entry.name for entry in library.entries()}
    assert library.find(task="super-resolution").name == "two"
    assert library.find(task="super-resolution", scale=2).name == "two"
    for wanted in ("a.int8", "Tiny ×2 int8", tmp_path / "ships" / "a.int8.onnx"):
        assert library.find(wanted, task="super-resolution").path.name == "a.int8.onnx"
    (tmp_path / "ships" / "two.onnx").unlink()
    assert library.find(task="super-resolution").name == "a.int8"


def test_a_translation_is_found_by_the_domain_it_goes_to(library: ModelLibrary, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model for image-translation"):
        library.find(task="image-translation", domain="night")
    night = tiny_translation(tmp_path / "own" / "night.onnx")
    assert library.find(task="image-translation").name == "night"  # there is but one direction
    tiny_translation(tmp_path / "own" / "day.onnx", card=translation_card(domains=("night", "Day"), name="Tiny day"))
    assert library.find(task="image-translation", domain="NIGHT").name == "night"
    assert library.find(task="image-translation", domain="day").name == "day"
    assert library.find("Tiny day", task="image-translation").name == "day"
    assert library.find(night, task="image-translation", domain="Night").name == "night"
    with pytest.raises(ModelError, match="translates to “dusk”; the domains there are: Day, night"):
        library.find(task="image-translation", domain="dusk")
    with pytest.raises(ModelError, match="translate day to night, night to Day; say which domain"):
        library.find(task="image-translation")
    with pytest.raises(ModelError, match="“night” translates day to night, not to day"):
        library.find("night", task="image-translation", domain="day")
    with pytest.raises(ModelError, match="not image-translation"):
        library.find("two", task="image-translation")


def test_a_model_in_int8_is_added_as_it_is(library: ModelLibrary, tmp_path: Path) -> None:
    """It is that file which is tried, also where the processor would rather have another one."""
    tiny_superres(tmp_path / "new" / "mine.onnx", 3)
    card = card_for(3, overlap=2, precision="int8", float_model="mine.onnx")
    file = tiny_superres(tmp_path / "new" / "mine.int8.onnx", 3, card=card)
    cut = file.read_bytes()
    assert library.add(file).name == "mine.int8"
    assert (tmp_path / "own" / "mine.int8.onnx").read_bytes() == cut
    library.remove("mine.int8")
    assert not list((tmp_path / "own").iterdir())


def test_it_takes_a_file(library: ModelLibrary, tmp_path: Path) -> None:
    path = tiny_superres(tmp_path / "else" / "three.onnx", 3)
    assert library.find(path, task="super-resolution").card == card_for(3, overlap=2)


@pytest.mark.parametrize(
    ("wanted", "task", "scale", "words"),
    [
        (None, "super-resolution", 3, "enlarges 3 times; the scales there are: 2 and 4"),
        ("two", "super-resolution", 4, "enlarges 2 times, not 4"),
        ("five", "super-resolution", None, "no model “five” in the library; the models there are: four, two"),
        ("two", "image-translation", None, "is a model for super-resolution, not image-translation"),
        (None, "image-translation", None, "no model for image-translation"),
        ("none/here.onnx", "super-resolution", None, "no model at"),
        ("weights.pth", "super-resolution", None, "no model at"),
    ],
)
def test_what_is_not_there_is_said(
    library: ModelLibrary, wanted: str | None, task: str, scale: int | None, words: str
) -> None:
    with pytest.raises(ModelError, match=words):
        library.find(wanted, task=task, scale=scale)


def test_a_model_is_added_with_its_companion_and_removed(library: ModelLibrary, tmp_path: Path) -> None:
    file = tiny_superres(tmp_path / "new" / "mine.onnx", 3)
    file.with_name("mine" + COMPANION).write_bytes(b"weights")
    assert library.add(file).name == "mine"
    assert library.find(task="super-resolution", scale=3).path == tmp_path / "own" / "mine.onnx"
    assert (tmp_path / "own" / ("mine" + COMPANION)).read_bytes() == b"weights"
    with pytest.raises(ModelError, match="already has a model “mine”"):
        library.add(file)
    library.remove("mine")
    assert not list((tmp_path / "own").iterdir())


def test_both_directions_of_a_run_are_added_under_its_recipes_name(library: ModelLibrary, tmp_path: Path) -> None:
    recipe = '{"name": "day-night"}'
    there = tiny_translation(tmp_path / "model.onnx", card=translation_card(recipe=recipe))
    back = tiny_translation(
        tmp_path / "model.back.onnx", card=translation_card(domains=("night", "day"), recipe=recipe)
    )
    assert [library.add(file).name for file in (there, back)] == ["day-night", "day-night.back"]


def test_the_model_of_a_run_is_added_under_its_recipes_name(library: ModelLibrary, tmp_path: Path) -> None:
    for name, recipe in (("first", '{"name": "faces"}'), ("second", '{"name": "../../faces"}'), ("third", "[]")):
        file = tiny_superres(tmp_path / name / "model.onnx", card=card_for(2, overlap=2, recipe=recipe))
        file.with_name("model.training.safetensors").write_bytes(b"companion")
        entry = library.add(file)
        assert entry.name == ("faces" if name == "first" else "model")
        if name != "first":
            library.remove("model")
    assert (tmp_path / "own" / "faces.training.safetensors").exists()


def test_those_that_ship_cannot_be_removed(library: ModelLibrary) -> None:
    with pytest.raises(ModelError, match="those that ship cannot be removed"):
        library.remove("two")


def test_what_is_no_model_is_not_added(library: ModelLibrary, tmp_path: Path) -> None:
    text = tmp_path / "text.onnx"
    text.write_text("hello")
    checkpoint = tmp_path / "weights.pth"
    checkpoint.write_bytes(b"PK")
    newer = tiny_superres(tmp_path / "bare.onnx")
    newer.write_bytes(newer.read_bytes().replace(b"card.version\x12\x011", b"card.version\x12\x019"))
    for file, error in ((text, ModelError), (checkpoint, ModelError), (newer, CardError)):
        with pytest.raises(error):
            library.add(file)
    assert not (tmp_path / "own").exists()


def test_a_library_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    library = ModelLibrary([tmp_path / "file" / "own"])
    with pytest.raises(TargetError, match="cannot be copied"):
        library.add(tiny_superres(tmp_path / "mine.onnx"))


def test_the_models_that_ship_can_be_used() -> None:
    entries = ModelLibrary([shipped_folder()]).entries()
    assert {"fast-x2", "fast-x4"} <= {entry.name for entry in entries}
    for entry in entries:
        assert entry.card is not None, entry.problem
        assert entry.ships and entry.card.licence and entry.card.training_data.licence and entry.card.metrics
        if entry.card.precision == "int8":  # it is trained on through its float model
            assert (shipped_folder() / entry.card.float_model).exists()
            assert max(v for k, v in entry.card.metrics.items() if k.startswith("PSNR loss")) <= 0.2
        else:
            assert (shipped_folder() / (entry.name + COMPANION)).exists()
    size = {
        suffix: sum(f.stat().st_size for f in shipped_folder().glob("*" + suffix)) for suffix in (".onnx", COMPANION)
    }
    assert size[".onnx"] < 60e6 and size[COMPANION] < 40e6
