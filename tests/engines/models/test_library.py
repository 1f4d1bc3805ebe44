"""The library: what there is, what suits, and what is refused on the way in."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.errors import CardError, ModelError, TargetError
from engines.models import copying
from engines.models.library import ModelLibrary, shipped_folder
from engines.models.pair import COMPANION, companion_of, pair_of
from engines.progress import Progress
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


@pytest.mark.parametrize("wanted", [None, "four", "Tiny ×4"])
def test_a_scale_that_no_model_has_is_made_by_a_larger_one(
    library: ModelLibrary, tmp_path: Path, wanted: str | None
) -> None:
    tiny_superres(tmp_path / "ships" / "eight.onnx", 8)
    assert library.find(wanted, task="super-resolution", scale=3).name == "four"
    assert library.find("eight", task="super-resolution", scale=3).name == "eight"
    assert library.find(tmp_path / "ships" / "four.onnx", task="super-resolution", scale=3).name == "four"
    for name, scale in (("four", 1), ("four", 2), ("two", 3)):  # ×2 there is already
        with pytest.raises(ModelError, match=rf"“{name}” enlarges \d times, not {scale}; leave out the scale"):
            library.find(name, task="super-resolution", scale=scale)


def test_a_model_of_that_scale_goes_before_a_larger_one(library: ModelLibrary, tmp_path: Path) -> None:
    assert library.find(task="super-resolution", scale=3).name == "four"
    tiny_superres(tmp_path / "own" / "three.onnx", 3)
    assert library.find(task="super-resolution", scale=3).name == "three"
    with pytest.raises(ModelError, match="“four” enlarges 4 times, not 3"):
        library.find("four", task="super-resolution", scale=3)


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
    assert [entry.name for entry in library.add(file)] == ["mine.int8"]
    assert (tmp_path / "own" / "mine.int8.onnx").read_bytes() == cut
    library.remove("mine.int8")
    assert not list((tmp_path / "own").iterdir())


def test_it_takes_a_file(library: ModelLibrary, tmp_path: Path) -> None:
    path = tiny_superres(tmp_path / "else" / "three.onnx", 3)
    assert library.find(path, task="super-resolution").card == card_for(3, overlap=2)


@pytest.mark.parametrize(
    ("wanted", "task", "scale", "words"),
    [
        (None, "super-resolution", 5, "enlarges 5 times; the scales there are: 2 and 4"),
        (None, "super-resolution", 0, "×0 enlarges nothing"),
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
    assert [entry.name for entry in library.add(file)] == ["mine"]
    assert library.find(task="super-resolution", scale=3).path == tmp_path / "own" / "mine.onnx"
    assert (tmp_path / "own" / ("mine" + COMPANION)).read_bytes() == b"weights"
    with pytest.raises(ModelError, match="already has a model “mine”"):
        library.add(file)
    library.remove("mine")
    assert not list((tmp_path / "own").iterdir())


NAMES = ["mine.back.onnx", "mine.onnx", "mine.training.safetensors"]


def save_pair(folder: Path, name: str = "mine", recipe: str = "") -> tuple[Path, Path]:
    """Both directions of a translation and the companion that they share."""
    there = tiny_translation(folder / f"{name}.onnx", card=translation_card(recipe=recipe))
    back = tiny_translation(
        folder / f"{name}.back.onnx", card=translation_card(domains=("night", "day"), recipe=recipe)
    )
    companion_of(there).write_bytes(b"weights")
    return there, back


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def added(library: ModelLibrary, file: Path) -> tuple[list[str], list[str]]:
    """The names of what `file` brings into the library, and what is said meanwhile."""
    said: list[str] = []
    return [entry.name for entry in library.add(file, progress=Progress(notice=said.append))], said


@pytest.mark.parametrize("chosen", [0, 1])
def test_both_directions_of_a_translation_are_added_and_removed_as_one(
    library: ModelLibrary, tmp_path: Path, chosen: int
) -> None:
    files = save_pair(tmp_path / "new")
    names = ["mine", "mine.back"]
    if chosen:
        names.reverse()
    assert added(library, files[chosen]) == (names, [])
    assert names_in(tmp_path / "own") == NAMES
    for file in files:
        with pytest.raises(ModelError, match=f"already has a model “{file.stem}”"):
            library.add(file)
    library.remove(names[0])
    assert names_in(tmp_path / "own") == []


def test_both_directions_of_a_run_are_added_under_its_recipes_name(library: ModelLibrary, tmp_path: Path) -> None:
    for file in save_pair(tmp_path / "run", "model", '{"name": "day-night"}'):
        library.add(file)
        assert names_in(tmp_path / "own") == [name.replace("mine", "day-night") for name in NAMES]
        library.remove("day-night")


def test_both_directions_with_a_companion_each_are_added_and_removed_as_one(
    library: ModelLibrary, tmp_path: Path
) -> None:
    there, back = save_pair(tmp_path / "new")
    companion_of(back).write_bytes(b"more weights")
    assert added(library, there) == (["mine", "mine.back"], [])
    assert (tmp_path / "own" / "mine.back.training.safetensors").read_bytes() == b"more weights"
    library.remove("mine")
    assert names_in(tmp_path / "own") == []


@pytest.mark.parametrize(
    ("chosen", "gone", "missing"),
    [
        ("mine.onnx", ["mine.back.onnx"], "“mine.back.onnx”"),
        ("mine.back.onnx", ["mine.onnx"], "“mine.onnx”"),
        ("mine.onnx", ["mine.training.safetensors"], "“mine.training.safetensors”"),
        ("mine.back.onnx", ["mine.onnx", "mine.training.safetensors"], "“mine.onnx”, “mine.training.safetensors”"),
    ],
)
def test_what_a_translation_lacks_is_said_and_can_follow(
    library: ModelLibrary, tmp_path: Path, chosen: str, gone: list[str], missing: str
) -> None:
    new = tmp_path / "new"
    save_pair(new)
    for name in gone:
        (new / name).rename(tmp_path / name)
    _, said = added(library, new / chosen)
    assert said == [f"“{chosen}” cannot be trained on without {missing}; import it again with that beside it."]
    assert names_in(tmp_path / "own") == [name for name in NAMES if name not in gone]
    with pytest.raises(ModelError, match="already has a model"):
        library.add(new / chosen)
    for name in gone:
        (tmp_path / name).rename(new / name)
    assert added(library, new / chosen)[1] == []
    assert names_in(tmp_path / "own") == NAMES


def test_a_direction_whose_own_companion_holds_the_other_lacks_nothing(library: ModelLibrary, tmp_path: Path) -> None:
    there = tiny_translation(tmp_path / "mine.onnx")
    table = b'{"__metadata__":{},"discriminator.a":{},"encoders.1.conv1.weight":{}}'
    companion_of(there).write_bytes(len(table).to_bytes(8, "little") + table)
    assert added(library, there) == (["mine"], [])


def test_one_direction_alone_is_removed_with_its_companion(library: ModelLibrary, tmp_path: Path) -> None:
    there, back = save_pair(tmp_path / "new")
    there.unlink()
    library.add(back)
    library.remove("mine.back")
    assert names_in(tmp_path / "own") == []


def test_a_model_that_only_has_the_name_of_the_other_direction_stays_by_itself(
    library: ModelLibrary, tmp_path: Path
) -> None:
    there, back = save_pair(tmp_path / "new")
    tiny_superres(there, 3)
    assert [entry.name for entry in library.add(back)] == ["mine.back"]
    assert names_in(tmp_path / "own") == ["mine.back.onnx"]
    library.add(there)
    library.remove("mine.back")
    assert names_in(tmp_path / "own") == ["mine.onnx", "mine.training.safetensors"]


def test_a_pair_of_which_a_name_is_taken_is_not_added(library: ModelLibrary, tmp_path: Path) -> None:
    there, _ = save_pair(tmp_path / "new")
    tiny_superres(tmp_path / "own" / "mine.back.onnx", 3)
    with pytest.raises(ModelError, match="already has a model “mine.back”"):
        library.add(there)
    assert names_in(tmp_path / "own") == ["mine.back.onnx"]


def test_the_companion_of_a_model_that_is_there_is_not_replaced(library: ModelLibrary, tmp_path: Path) -> None:
    there, back = save_pair(tmp_path / "new")
    library.add(there)
    companion_of(there).write_bytes(b"other weights")
    with pytest.raises(ModelError, match="already has a model “mine.back”"):
        library.add(back)
    assert (tmp_path / "own" / "mine.training.safetensors").read_bytes() == b"weights"
    for file in (tmp_path / "own").glob("*.onnx"):  # as somebody does by hand
        file.unlink()
    library.add(back)
    assert (tmp_path / "own" / "mine.training.safetensors").read_bytes() == b"other weights"


def test_another_direction_that_is_damaged_is_named_and_nothing_added(library: ModelLibrary, tmp_path: Path) -> None:
    there, back = save_pair(tmp_path / "new")
    whole = back.read_bytes()
    for damaged in (b"text", whole[: len(whole) // 2]):
        back.write_bytes(damaged)
        with pytest.raises(ModelError, match="mine.back.onnx"):
            library.add(there)
        assert not (tmp_path / "own").exists()
    back.write_bytes(whole)
    library.add(there)
    (tmp_path / "own" / "mine.back.onnx").write_bytes(b"text")
    library.remove("mine")
    assert names_in(tmp_path / "own") == ["mine.back.onnx"]
    library.remove("mine.back")
    assert names_in(tmp_path / "own") == []


def test_a_pair_that_cannot_be_copied_or_removed_whole_is_left_as_it_was(
    library: ModelLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, back = save_pair(tmp_path / "new")
    rename = copying.os.replace

    def replace(source: Path, target: Path) -> None:
        if "mine.back.onnx" in (Path(source).name, Path(target).name):
            raise PermissionError(13, "Permission denied")
        rename(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(copying.os, "replace", replace)
        with pytest.raises(TargetError, match="cannot be copied"):
            library.add(there)
    assert names_in(tmp_path / "own") == []
    library.add(back)
    monkeypatch.setattr(copying.os, "replace", replace)
    with pytest.raises(ModelError, match="cannot be deleted"):
        library.remove("mine")
    assert names_in(tmp_path / "own") == NAMES


def test_the_model_of_a_run_is_added_under_its_recipes_name(library: ModelLibrary, tmp_path: Path) -> None:
    for name, recipe in (("first", '{"name": "faces"}'), ("second", '{"name": "../../faces"}'), ("third", "[]")):
        file = tiny_superres(tmp_path / name / "model.onnx", card=card_for(2, overlap=2, recipe=recipe))
        file.with_name("model.training.safetensors").write_bytes(b"companion")
        (entry,) = library.add(file)
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
            shared = pair_of(entry.path)[0] if entry.card.task == "image-translation" else entry.path
            assert companion_of(shared).exists()
    size = {
        suffix: sum(f.stat().st_size for f in shipped_folder().glob("*" + suffix)) for suffix in (".onnx", COMPANION)
    }
    assert size[".onnx"] < 25e6 and size[COMPANION] < 15e6
