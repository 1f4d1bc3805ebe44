"""`duskroom sample`: the pictures it writes and what they are called, and one sentence for what it cannot do."""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from PIL import Image

from app.cli.drawing import folder_at, is_folder
from app.cli.main import main
from app.cli.sample import plain
from app.core import paths
from engines.errors import TargetError
from engines.frames.provenance import read, read_provenance, sha256_of
from engines.generation.drawing import Samples, draw
from engines.models.model import open_model
from tests.app.cli.test_main import start
from tests.disks import small_disk_at
from tests.engines.generation.test_generate import SIDE, SIZE, generator_card, tiny_generator
from tests.models import tiny_superres
from tests.rights import as_another_user

Said = Callable[..., tuple[str, str]]

LABELS = ("apple", "Cherry pie", "naïve 🍒", "-odd “one”")
CONTROLS = {
    "tilt = slant": {"kind": "continuous", "column": 1, "range": [-1, 1]},
    "pull": {"kind": "direction", "vector": [1.0] + [0.0] * (SIZE - 1), "range": [-2, 2]},
    "kind": {"kind": "categorical", "column": 0, "values": 3},
}


def save_generator(path: Path, *, factor: float = 1.0, **changes: Any) -> Path:
    """Write a small generator with labels, a direction and codes, its card with `changes`; 0 times `factor` is black."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fields: dict[str, Any] = {"name": "Tiny fruits", "labels": LABELS, "controls": CONTROLS}
    return tiny_generator(path, generator_card(**(fields | changes)), factor=factor)


def save_broken(path: Path, what: str) -> Path:
    """The generator, but it returns "nan" or "black", or ("shape") pictures of another size than its card says."""
    if what == "shape":
        return save_generator(path, output_size=16)
    return save_generator(path, factor=math.nan if what == "nan" else 0)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_generator(tmp_path_factory.mktemp("models") / "tiny.onnx")


@pytest.fixture
def duskroom(capsys: pytest.CaptureFixture[str]) -> Said:
    """Runs a command in this process; gives what it printed and its errors, after checking its exit status."""

    def run(*arguments: object, status: int = 0) -> tuple[str, str]:
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert code == status, out + err
        assert "Traceback" not in out + err
        return out, err

    return run


@pytest.fixture
def fails(duskroom: Said) -> Callable[..., str]:
    """The one sentence with which a command ends in failure."""

    def run(*arguments: object) -> str:
        _, err = duskroom(*arguments, status=1)
        assert len(err.strip().splitlines()) == 1, err
        return err.strip()

    return run


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_one_picture_and_how_it_was_made(duskroom: Said, model: Path, tmp_path: Path) -> None:
    target = tmp_path / "one.png"
    out, err = duskroom(
        "sample", target, "--model", model, "--seed", 7, "--label", "cherry PIE",
        "--truncation", 0.8, "--control", "tilt = slant=-0.5", "--control", "Kind=2",
    )  # fmt: skip
    assert out.startswith(f"{target}: 1 picture of {SIDE}×{SIDE} pixels, Tiny fruits on CPU, ") and err == ""
    provenance = read_provenance(target)
    assert (provenance.seeds, provenance.labels, provenance.truncation) == ((7,), ("Cherry pie",), 0.8)
    assert provenance.controls == {"tilt = slant": -0.5, "kind": 2.0} and provenance.model_sha256 == sha256_of(model)
    with open_model(model, "cpu") as opened:
        (again,) = draw(opened, Samples(opened.card, provenance.drawing), provenance.drawing)
    np.testing.assert_array_equal(pixels(target), again)
    for suffix in (".jpg", ".webp", ".tif", ".avif"):
        other = target.with_suffix(suffix)
        duskroom("sample", other, "--model", model, "--seed", 7, "--label", "apple")
        assert read_provenance(other).labels == ("apple",)


def test_several_are_a_sheet_or_a_folder_of_the_same_pictures(duskroom: Said, model: Path, tmp_path: Path) -> None:
    asked = ("--model", model, "--label", "apple", "--count", 5, "--seed", 4)
    duskroom("sample", tmp_path / "all.png", *asked)
    out, _ = duskroom("sample", tmp_path / "each", *asked, "--sheet", "--json")
    events = [json.loads(line) for line in out.splitlines()]
    assert events[-1]["event"] == "done" and (events[-1]["count"], events[-1]["kept"]) == (5, 0)
    assert any(event["event"] == "progress" and event["total"] == 5 for event in events)
    wanted = [f"apple-seed-{seed}.png" for seed in range(4, 9)]
    assert names(tmp_path / "each") == [*wanted, "apple-sheet-4-8.png"]
    sheet = pixels(tmp_path / "all.png")
    np.testing.assert_array_equal(pixels(tmp_path / "each" / "apple-sheet-4-8.png"), sheet)
    for number, name in enumerate(wanted):
        row, column = divmod(number, 3)
        place = np.s_[1 + 33 * row : 33 + 33 * row, 1 + 33 * column : 33 + 33 * column]
        np.testing.assert_array_equal(pixels(tmp_path / "each" / name), sheet[place])
        assert read_provenance(tmp_path / "each" / name).seeds == (4 + number,)
    assert read_provenance(tmp_path / "all.png").seeds == (4, 5, 6, 7, 8)
    duskroom("sample", tmp_path / "lone.png", "--model", model, "--label", "apple", "--sheet")
    assert pixels(tmp_path / "lone.png").shape == (34, 34, 3)


def test_columns_of_a_sheet(duskroom: Said, model: Path, tmp_path: Path) -> None:
    asked = ("--model", model, "--label", "apple", "--count", 5)
    side = SIDE + 1  # with what is between
    for columns, rows in ((1, 5), (2, 3), (5, 1), (9, 1)):
        duskroom("sample", target := tmp_path / f"{columns}.png", *asked, "--columns", columns)
        assert pixels(target).shape == (rows * side + 1, min(columns, 5) * side + 1, 3)
    duskroom("sample", tmp_path / "each", *asked, "--columns", 2)
    assert (tmp_path / "each" / "apple-sheet-0-4.png").read_bytes() == (tmp_path / "2.png").read_bytes()
    tall, wide = pixels(tmp_path / "1.png"), pixels(tmp_path / "5.png")
    for number in range(5):
        place = slice(1 + side * number, side + side * number)
        np.testing.assert_array_equal(tall[place, 1:side], wide[1:side, place])


def test_each_is_enlarged_and_the_file_says_by_what(duskroom: Said, model: Path, tmp_path: Path) -> None:
    upscaler = tiny_superres(tmp_path / "twice.onnx")
    asked = ("--model", model, "--label", "apple", "--upscale", upscaler)
    out, _ = duskroom("sample", tmp_path / "a.png", *asked)
    assert f"1 picture of {2 * SIDE}×{2 * SIDE} pixels, Tiny fruits and Tiny ×2 on CPU" in out
    assert pixels(tmp_path / "a.png").shape == (2 * SIDE, 2 * SIDE, 3)
    assert read(tmp_path / "a.png")["upscaler_sha256"] == sha256_of(upscaler)
    duskroom("sample", tmp_path / "b.png", *asked, "--count", 2)
    assert pixels(tmp_path / "b.png").shape == (2 * SIDE + 4, 4 * SIDE + 6, 3)


def test_what_is_there_stays_unless_asked(
    duskroom: Said, fails: Callable[..., str], model: Path, tmp_path: Path
) -> None:
    target = tmp_path / "a.png"
    asked = ("sample", target, "--model", model, "--label", "apple")
    duskroom(*asked)
    before = target.read_bytes()
    assert fails(*asked, "--seed", 1) == ("“a.png” is already there; choose another name, or add --existing overwrite.")
    assert "1 already there" in duskroom(*asked, "--seed", 1, "--existing", "skip")[0]
    assert "1 already there" in duskroom(*asked, "--seed", 1, "--existing", "newer")[0]
    assert target.read_bytes() == before
    duskroom(*asked, "--seed", 1, "--existing", "number")
    assert names(tmp_path) == ["a 2.png", "a.png"] and target.read_bytes() == before
    duskroom(*asked, "--seed", 1, "--existing", "overwrite")
    assert target.read_bytes() == (tmp_path / "a 2.png").read_bytes()
    os.utime(target, (1, 1))
    duskroom(*asked, "--existing", "newer")  # the model is newer than the picture now
    assert target.read_bytes() == before


def test_a_folder_gets_only_what_it_lacks(duskroom: Said, model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "samples"
    asked = ("sample", folder, "--model", model, "--label", LABELS[2])
    duskroom(*asked, "--count", 2)
    assert names(folder) == ["naïve _-seed-0.png", "naïve _-seed-1.png"]
    kept = (folder / "naïve _-seed-1.png").stat().st_mtime_ns
    assert "3 pictures of 32×32 pixels, 2 already there" in duskroom(*asked, "--count", 3)[0]
    assert (folder / "naïve _-seed-1.png").stat().st_mtime_ns == kept and len(names(folder)) == 3
    duskroom(*asked, "--count", 3, "--existing", "number")
    assert len(names(folder)) == 6


def test_a_picture_made_otherwise_is_not_taken_for_the_one_asked_for(
    duskroom: Said, fails: Callable[..., str], model: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "samples"
    asked = ("sample", folder, "--model", model, "--label", "apple", "--count", 2)
    duskroom(*asked)
    before = {name: (folder / name).read_bytes() for name in names(folder)}
    said = fails(*asked, "--count", 3, "--truncation", 0.5)
    assert said == "“apple-seed-0.png” is already there; choose another name, or add --existing overwrite."
    (folder / "apple-seed-2.png").write_text("no picture")
    assert "“apple-seed-2.png” is already there" in fails(*asked, "--count", 3)
    (folder / "apple-seed-2.png").unlink()
    assert {name: (folder / name).read_bytes() for name in names(folder)} == before
    assert "2 already there" in duskroom(*asked, "--truncation", 0.5, "--existing", "skip")[0]
    duskroom(*asked, "--truncation", 0.5, "--existing", "overwrite")
    assert {read_provenance(folder / name).truncation for name in before} == {0.5}


def test_labels_as_parts_of_names() -> None:
    assert [plain(label) for label in ("apple", "a/b\\c:d", "..", "-odd “one”", " café ", "CON.", "")] == [
        "apple", "a_b_c_d", "label", "odd _one_", "café", "CON", "label",
    ]  # fmt: skip
    assert len(plain("ü" * 300).encode()) <= 120 and plain("\ud800a") == "_a"


def test_odd_labels_are_drawn(duskroom: Said, fails: Callable[..., str], model: Path, tmp_path: Path) -> None:
    for number, label in enumerate(LABELS):
        duskroom("sample", tmp_path / f"{number}.png", "--model", model, "--label", label)
        assert read_provenance(tmp_path / f"{number}.png").labels == (label,)
    assert "has no label “”" in fails("sample", tmp_path / "a.png", "--model", model, "--label", "")
    assert "has no label “pear”; choose “apple”" in fails(
        "sample", tmp_path / "a.png", "--model", model, "--label", "pear"
    )


def test_seeds_take_the_labels_in_turn_where_none_is_named(duskroom: Said, model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "turns"
    duskroom("sample", folder, "--model", model, "--seed", 3, "--count", 3, "--sheet")
    wanted = [(3, LABELS[3], "odd _one_"), (4, LABELS[0], "apple"), (5, LABELS[1], "Cherry pie")]
    files = [folder / f"{name}-seed-{seed}.png" for seed, _, name in wanted]
    assert names(folder) == sorted([*(path.name for path in files), "sheet-3-5.png"])
    for (seed, label, _), file in zip(wanted, files, strict=True):
        provenance = read_provenance(file)
        assert (provenance.seeds, provenance.labels) == ((seed,), (label,))
        duskroom("sample", tmp_path / "a.png", "--model", model, "--seed", seed, "--existing", "overwrite")  # by itself
        assert (tmp_path / "a.png").read_bytes() == file.read_bytes()
        duskroom(
            "sample",
            tmp_path / "b.png",
            "--model",
            model,
            "--seed",
            seed,
            f"--label={label}",
            "--existing",
            "overwrite",
        )
        assert (tmp_path / "b.png").read_bytes() == file.read_bytes()
    assert read_provenance(folder / "sheet-3-5.png").labels == tuple(label for _, label, _ in wanted)


def test_a_model_without_labels_needs_none(duskroom: Said, fails: Callable[..., str], tmp_path: Path) -> None:
    bare = save_generator(tmp_path / "models" / "bare.onnx", labels=(), controls={})
    duskroom("sample", tmp_path / "a", "--model", bare, "--count", 2)
    assert names(tmp_path / "a") == ["seed-0.png", "seed-1.png"]
    assert read_provenance(tmp_path / "a" / "seed-1.png").labels == ()
    assert "has no labels, so it cannot draw “apple”; leave the label out." in fails(
        "sample", tmp_path / "b.png", "--model", bare, "--label", "apple"
    )
    assert "has no control “pull”; it has none, so leave it out." in fails(
        "sample", tmp_path / "b.png", "--model", bare, "--control", "pull=1"
    )


def test_wrong_usage_ends_with_2(duskroom: Said, model: Path, tmp_path: Path) -> None:
    for option, value in (
        ("--columns", 0), ("--columns", 1001),
        ("--count", 0), ("--count", -1), ("--count", 100_001), ("--count", "many"), ("--seed", -1), ("--seed", 2**32),
        ("--seed", 1.5), ("--truncation", 1.1), ("--truncation", "nan"), ("--control", "pull"), ("--control", "=1"),
        ("--control", "pull=far"), ("--control", "pull=nan"), ("--control", "pull="), ("--existing", "maybe"),
    ):  # fmt: skip
        assert option in duskroom("sample", tmp_path / "a.png", "--model", model, option, value, status=2)[1]
    twice = ("--control", "pull=1", "--control", "pull=2")
    assert "is set twice" in duskroom("sample", tmp_path / "a.png", "--model", model, *twice, status=2)[1]
    duskroom("sample", status=2)
    assert names(tmp_path) == []


def test_what_the_model_does_not_have_is_said(fails: Callable[..., str], model: Path, tmp_path: Path) -> None:
    asked = ("sample", tmp_path / "a.png", "--model", model, "--label", "apple")
    assert "no control “lift”; choose one of" in fails(*asked, "--control", "lift=1")
    assert "“pull” is 9, not between -2 and 2" in fails(*asked, "--control", "pull=9")
    assert "The seed 4294967296 is not between" in fails(*asked, "--seed", 2**32 - 1, "--count", 2)
    assert "choose auto, cpu, cuda" in fails(*asked, "--device", "tpu")
    assert "is a model for image-generation, not super-resolution" in fails(*asked, "--upscale", model)
    assert names(tmp_path) == []


def test_models_that_cannot_be_used_are_said(fails: Callable[..., str], model: Path, tmp_path: Path) -> None:
    place = tmp_path / "models"
    plain_model = save_generator(place / "good.onnx")

    def changed(name: str, **metadata: str) -> Path:
        file = onnx.load(plain_model)
        for entry in file.metadata_props:
            entry.value = metadata.get(entry.key.replace(".", "_"), entry.value)
        onnx.save(file, place / name)
        return place / name

    bare = onnx.load(plain_model)
    del bare.metadata_props[:]
    onnx.save(bare, place / "bare.onnx")
    (place / "short.onnx").write_bytes(plain_model.read_bytes()[:2000])
    upscaler = tiny_superres(place / "twice.onnx")
    for wanted, words in (
        (place / "bare.onnx", "has no card"),
        (place / "short.onnx", "short.onnx"),
        (changed("newer.onnx", card_version="2"), "newer than this Duskroom knows"),
        (changed("wrong.onnx", card_controls='{"pull": {"kind": "direction"}}'), "its control “pull” has a range"),
        (save_broken(place / "nan.onnx", "nan"), "not numbers"),
        (save_broken(place / "black.onnx", "black"), "black pictures"),
        (save_broken(place / "shape.onnx", "shape"), "promises 1×3×16×16"),
        (upscaler, "is a model for super-resolution, not image-generation"),
        (place / "none.onnx", "none.onnx"),
        ("nothing", "no model “nothing”"),
    ):
        assert words in fails("sample", tmp_path / "a.png", "--model", wanted, "--label", "apple")
        fails("sample", tmp_path / "folder", "--model", wanted, "--label", "apple")
    assert names(tmp_path) == ["models"]


def test_targets_that_cannot_be_are_said(fails: Callable[..., str], model: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    asked = ("--model", model, "--label", "apple")
    none = fails("sample", tmp_path / "a.xyz", *asked)
    assert "“a.xyz” names no file for this; let it end in .jpg," in none and "or name a folder" in none
    assert "names no file" in fails("sample", tmp_path / "a.gif", *asked)
    assert "names no file" in fails("sample", tmp_path / ".png", *asked)
    assert "does not exist" in fails("sample", tmp_path / "none" / "a.png", *asked)
    assert "is a file, not a folder" in fails("sample", tmp_path / "file", *asked)
    assert "is a file" in fails("sample", tmp_path / "file" / "a.png", *asked)
    fails("sample", tmp_path / "file" / "folder", *asked)
    fails("sample", tmp_path / ("a" * 300), *asked)
    assert names(tmp_path) == ["file"]


def test_the_model_is_never_the_target(fails: Callable[..., str], model: Path, tmp_path: Path) -> None:
    mine = shutil.copy(model, tmp_path / "mine.onnx")
    before = Path(mine).read_bytes()
    os.link(mine, tmp_path / "a.png")
    (tmp_path / "b.png").symlink_to("mine.onnx")
    for name in ("a.png", "b.png"):
        words = fails("sample", tmp_path / name, "--model", mine, "--label", "apple", "--existing", "overwrite")
        assert words == f"“{name}” is the model itself and would be overwritten; choose another name."
    assert Path(mine).read_bytes() == before


@pytest.mark.skipif(os.name == "nt", reason="folders have no such rights there")
def test_a_folder_without_rights_is_said() -> None:
    with tempfile.TemporaryDirectory() as place:  # pytest's own folders are closed to the other user as a whole
        os.chmod(place, 0o755)

        def work() -> str:
            said: list[str] = []
            for out in (Path(place) / "deep", Path(place) / "closed" / "deep"):
                try:
                    assert is_folder(out, (".png",))
                    with folder_at(out):
                        said.append("made")
                except TargetError as error:
                    said.append(str(error))
            return " ".join(said)

        (Path(place) / "closed").mkdir(mode=0o700)
        words = "“deep” cannot be written because its folder is read-only; choose another folder."
        assert as_another_user(work) == f"{words} {words}"


def test_a_full_disk_leaves_whole_pictures(fails: Callable[..., str], model: Path, tmp_path: Path) -> None:
    with small_disk_at(tmp_path / "small", "64k") as place:
        words = fails("sample", place / "many", "--model", model, "--label", "apple", "--count", 60)
        assert words.startswith("The disk is full, so “apple-seed-")
        there = names(place / "many")
        assert there and all(read_provenance(place / "many" / name).seeds for name in there)
        assert all(pixels(place / "many" / name).shape == (SIDE, SIDE, 3) for name in there)
        words = fails("sample", place / "all.png", "--model", model, "--label", "apple", "--count", 60)
        assert words.startswith("The disk is full, so “all.png” was not written") and names(place) == ["many"]


def test_the_library_says_what_a_generator_draws(duskroom: Said, fails: Callable[..., str], tmp_path: Path) -> None:
    save_generator(paths.models_folder() / "garden.onnx")
    out, _ = duskroom("models")
    assert (
        "garden           image-generation 32 px; 4 labels: apple, Cherry pie, naïve 🍒, -odd “one”; 3 controls: "
        in out
    )
    listed = [json.loads(line) for line in duskroom("models", "--json")[0].splitlines()]
    (entry,) = (one for one in listed if one["name"] == "garden")
    assert entry["labels"] == list(LABELS) and entry["controls"] == ["tilt = slant", "pull", "kind"]
    assert entry["output_size"] == SIDE
    duskroom("sample", tmp_path / "a.png", "--model", "garden", "--label", "apple")
    duskroom("sample", tmp_path / "b.png", "--model", "Tiny fruits", "--label", "apple")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_project_is_a_command(duskroom: Said, fails: Callable[..., str], model: Path, tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    Image.new("RGB", (40, 40)).save(photo)
    assert "nearest to PHOTO" in duskroom("project", "--help")[0]
    for option, value in (("--seed", -1), ("--seed", 2**32), ("--max-pixels", 0), ("--truncation", 1)):
        assert option in duskroom("project", photo, tmp_path / "a.png", "--model", model, option, value, status=2)[1]
    assert "is not a PNG" in fails("project", photo, tmp_path / "a.jpg", "--model", model)
    assert "has no label “pear”" in fails("project", photo, tmp_path / "a.png", "--model", model, "--label", "pear")
    assert "or allow it with --overwrite-source" in fails("project", photo, photo, "--model", model)
    assert names(tmp_path) == ["photo.png"]


def test_help(duskroom: Said) -> None:
    out, _ = duskroom("sample", "--help")
    assert "Usage: duskroom sample" in out
    assert all(option in out for option in ("--count", "--seed", "--label", "--truncation", "--control", "--upscale"))


@pytest.mark.skipif(os.name == "nt", reason="signals are not sent like this there")
def test_a_signal_leaves_whole_pictures_and_the_rest_can_follow(model: Path, duskroom: Said, tmp_path: Path) -> None:
    slow = tiny_superres(tmp_path / "slow.onnx", 2, hidden=2048)
    asked = ("sample", tmp_path / "out", "--model", model, "--label", "apple", "--count", 500)
    process = start(*asked, "--upscale", slow, "--json")
    assert process.stdout is not None
    while (line := process.stdout.readline()) and json.loads(line).get("done", 0) < 1:
        pass
    assert line, "it ended by itself"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGINT and err == "Stopped.\n"
    there = names(tmp_path / "out")
    assert 0 < len(there) < 500 and not [name for name in there if not name.endswith(".png")]
    found = [read_provenance(tmp_path / "out" / name) for name in there]
    assert len({replace(one, seeds=()).to_json() for one in found}) == 1
    assert all(pixels(tmp_path / "out" / name).shape == (2 * SIDE, 2 * SIDE, 3) for name in there)
