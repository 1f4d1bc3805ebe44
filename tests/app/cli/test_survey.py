"""`duskroom survey`, for real: what it prints, and as JSON."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.app.cli.test_main import duskroom


def test_it_says_what_it_finds_and_where(photo: Path) -> None:
    shutil.copy(photo, photo.parent / "copy.jpg")
    (photo.parent / "broken.jpg").write_text("no picture")
    out, err = duskroom("survey", photo.parent, "--smallest", 48)
    assert "There are 3 pictures, 1 of use; shorter sides from 72 pixels" in out
    assert "1 picture cannot be read: leave it out, or replace it." in out
    assert "1 picture looks like copies of others: leave it out" in out
    assert f"unreadable {photo.parent / 'broken.jpg'}" in out and "Traceback" not in err


def test_it_says_it_as_lines_of_json(photo: Path) -> None:
    (photo.parent / "broken.jpg").write_text("no picture")
    out, _ = duskroom("survey", photo.parent, "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    found = next(line for line in lines if line["event"] == "finding" and line["kind"] == "unreadable")
    assert (
        found["path"].endswith("broken.jpg")
        and found["text"] == "“broken.jpg” is not a picture, whatever its name says."
    )


def test_a_missing_folder_is_a_sentence(tmp_path: Path) -> None:
    out, _ = duskroom("survey", tmp_path / "none")
    assert "does not exist: check its name" in out and "There are no pictures here" in out


def test_for_a_generator_it_says_the_labels(photo: Path) -> None:
    for name, count in (("sea", 2), ("sky", 1)):
        (photo.parent / name).mkdir()
        for index in range(count):
            shutil.copy(photo, photo.parent / name / f"{index}.jpg")
    (photo.parent / "none").mkdir()
    photo.unlink()
    out, err = duskroom("survey", photo.parent, "--task", "image-generation")
    assert "Labels are the names of sub-folders, with so many pictures: “sea” 2, “sky” 1." in out
    assert "Training refuses labels of fewer than 8 pictures, here “sea” (2), “sky” (1)" in out
    assert f"There is no picture in the sub-folder “{photo.parent / 'none'}”" in out and "Traceback" not in err
    out, _ = duskroom("survey", photo.parent)
    assert "abel" not in out and "sub-folder" not in out


def test_of_many_files_of_a_kind_a_person_reads_the_first(photo: Path) -> None:
    for index in range(25):
        shutil.copy(photo, photo.parent / f"copy{index:02}.jpg")
    out, _ = duskroom("survey", photo.parent)
    assert sum(line.startswith("  duplicate ") for line in out.splitlines()) == 21
    assert out.splitlines()[-1] == "  duplicate  and 5 more; --json lists all."
    listed, _ = duskroom("survey", photo.parent, "--json")
    assert sum(json.loads(line).get("kind") == "duplicate" for line in listed.splitlines()) == 25


def test_copies_may_be_a_camera_s_or_a_group_s(photo: Path) -> None:
    shutil.copy(photo, photo.parent / "copy.jpg")
    out, _ = duskroom("survey", photo.parent, "--task", "image-translation")
    assert "leave it out, or where fixed cameras took them, name those by the recipe's “camera”" in out
    out, _ = duskroom("survey", photo.parent, "--task", "image-generation")
    assert "leave it out, or name such groups by the recipe's “group”" in out


def test_a_handful_is_too_few_for_any_task(photo: Path) -> None:
    out, _ = duskroom("survey", photo.parent, "--smallest", 48)
    assert "There is 1 picture, 1 of use" in out
    assert "1 picture is too few to train on: add some, 30 or more in all." in out
