"""The survey: every kind of trouble in a folder is found, said with a remedy, and nothing else is."""

from __future__ import annotations

import os
import shutil
import struct
import sys
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from tests.conftest import SAMPLES
from tests.rights import as_another_user
from tests.search import examples
from trainers.data.generation import RAREST
from trainers.survey import duplicates, label_survey
from trainers.survey.label_survey import count_labels
from trainers.survey.survey import Survey, list_pictures, overlap, survey


@pytest.fixture(scope="module")
def large() -> Image.Image:
    """A photograph, 900 pixels wide."""
    with Image.open(SAMPLES / "picos-de-europa.jpg") as image:
        full = image.convert("RGB")
    return full.resize((900, round(full.height * 900 / full.width)), Image.Resampling.LANCZOS)


@pytest.fixture
def folder(tmp_path: Path, large: Image.Image) -> Path:
    """A folder with one good photograph."""
    place = tmp_path / "photos"
    place.mkdir()
    large.save(place / "good.jpg", quality=95)
    return place


def kinds(found: Survey) -> dict[str, str]:
    return {finding.path.name: finding.kind for finding in found.findings}


def test_a_good_photograph_has_nothing_wrong(folder: Path, large: Image.Image) -> None:
    found = survey([folder])
    assert (found.pictures, found.readable, found.usable, found.findings) == (1, 1, 1, ())
    assert found.sides == (large.height, large.height, large.width)
    assert found.sentences()[0].startswith("There is 1 picture, 1 of use")


COPIES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "saved again": lambda image: image,
    "smaller": lambda image: image.resize((540, round(image.height * 0.6)), Image.Resampling.LANCZOS),
    "cropped": lambda image: image.crop((9, 6, image.width - 9, image.height - 6)),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.12),
}


@pytest.mark.parametrize("change", COPIES)
def test_copies_are_found_and_the_better_one_kept(folder: Path, large: Image.Image, change: str) -> None:
    COPIES[change](large).save(folder / "copy.jpg", quality=70)
    found = survey([folder])
    assert list(kinds(found).values()) == ["duplicate"]
    assert found.findings[0].like is not None and found.usable == 1
    assert "look" in found.sentences()[1] and "learns them by heart" in found.sentences()[1]


def test_another_part_of_one_scene_is_no_copy(folder: Path, large: Image.Image) -> None:
    third = large.width // 3
    large.crop((0, 0, 2 * third, large.height)).save(folder / "left.jpg", quality=95)
    large.crop((third, 0, large.width, large.height)).save(folder / "right.jpg", quality=95)
    assert "duplicate" not in kinds(survey([folder])).values()


def test_blurred_and_enlarged_pictures_are_told_apart(folder: Path, large: Image.Image) -> None:
    with Image.open(SAMPLES / "seeding.jpg") as image:
        other = image.convert("RGB")
    other.filter(ImageFilter.GaussianBlur(4)).save(folder / "blurred.jpg", quality=92)
    small = large.resize((large.width // 3, large.height // 3), Image.Resampling.LANCZOS)
    small.resize((3 * small.width, 3 * small.height), Image.Resampling.BICUBIC).transpose(
        Image.Transpose.FLIP_LEFT_RIGHT
    ).save(folder / "enlarged.jpg", quality=92)
    found = survey([folder])
    assert kinds(found) == {"blurred.jpg": "blurred", "enlarged.jpg": "upscaled"}
    said = " ".join(found.sentences())
    assert "blurred all over: leave it out" in said and "enlarged from fewer pixels: use the originals" in said


def bomb() -> bytes:
    """A PNG that says it has 60,000 × 60,000 pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    )


def test_what_cannot_be_read_is_said_of_each_file(folder: Path, photo: Path) -> None:
    (folder / "empty.jpg").touch()
    (folder / "text.jpg").write_text("no picture")
    (folder / "cut.jpg").write_bytes(photo.read_bytes()[:1500])
    (folder / "bomb.png").write_bytes(bomb())
    os.symlink(folder / "nowhere.jpg", folder / "link.jpg")
    os.symlink(folder / "circle.jpg", folder / "circle.jpg")
    found = survey([folder])
    words = {finding.path.name: finding.sentence for finding in found.findings}
    assert set(kinds(found).values()) == {"unreadable"} and found.readable == 1
    assert "is empty" in words["empty.jpg"] and "is not a picture" in words["text.jpg"]
    assert "damaged" in words["cut.jpg"] and "too large" in words["bomb.png"]
    assert "leads nowhere" in words["link.jpg"] and "round in a circle" in words["circle.jpg"]


def test_a_picture_that_vanishes_meanwhile_is_said(folder: Path) -> None:
    shutil.copy(folder / "good.jpg", folder / "vanishes.jpg")

    def progress(done: int, total: int, text: str) -> None:
        (folder / "vanishes.jpg").unlink(missing_ok=True)

    found = survey([folder], progress=progress)
    assert kinds(found).get("vanishes.jpg") == "unreadable"


def test_pictures_too_small_and_too_few_are_said(folder: Path, photo: Path) -> None:
    shutil.copy(photo, folder / "small.jpg")
    found = survey([folder], smallest=192, task="super-resolution")
    assert kinds(found) == {"small.jpg": "too small"}
    assert "1 picture is smaller than the crop of 192 pixels" in found.sentences()[1]
    assert "1 picture is too few to train on: add some, 30 or more in all." in found.sentences()[-1]


def test_empty_and_missing_folders_are_said(tmp_path: Path, photo: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "notes.txt").write_text("none")
    assert "There are no pictures here (1 other files were passed over)" in survey([empty]).sentences()[0]
    assert "does not exist: check its name" in " ".join(survey([tmp_path / "none"]).sentences())
    assert "is a file: name the folder it is in" in " ".join(survey([photo]).sentences())


def test_links_to_folders_are_said_and_not_followed(folder: Path) -> None:
    os.symlink(folder, folder / "circle")
    found = survey([folder])
    assert found.pictures == 1 and kinds(found) == {"circle": "folder"}
    assert survey([folder, folder]).pictures == 1


def test_names_that_differ_only_in_case_are_said(folder: Path) -> None:
    shutil.copy(folder / "good.jpg", folder / "GOOD.jpg")
    if len(list(folder.iterdir())) == 1:
        pytest.skip("this file system does not tell them apart")
    assert Counter(finding.kind for finding in survey([folder]).findings)["name"] == 1


@pytest.mark.skipif(sys.platform == "win32", reason="rights are another matter there")
def test_a_folder_without_rights_is_said(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0)
    for place in (tmp_path, *tmp_path.parents):
        if "pytest" in str(place):
            place.chmod(0o755)
    try:
        said = as_another_user(lambda: " ".join(survey([tmp_path]).sentences()))
    finally:
        locked.chmod(0o700)
    assert "may not be read, and what is in it was left out: change its rights" in said


def test_progress_is_told_and_can_end_it(folder: Path) -> None:
    class Enough(Exception):
        pass

    def progress(done: int, total: int, text: str) -> None:
        if text.startswith("picture"):
            raise Enough

    with pytest.raises(Enough):
        survey([folder], progress=progress)


def test_many_pictures_are_listed_once_in_order(tmp_path: Path, photo: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for index in range(3000):
        os.link(photo, folder / f"{index:05}.jpg")
    listing = list_pictures([folder])
    assert [path.name for path in listing.paths] == [f"{index:05}.jpg" for index in range(3000)]


def test_two_domains_must_not_share_pictures(tmp_path: Path) -> None:
    day, night = tmp_path / "day", tmp_path / "night"
    (day / "inner").mkdir(parents=True), night.mkdir()
    assert overlap([day], [night]) is None
    assert "Both domains are the folder" in (overlap([day], [day / ".." / "day"]) or "")
    assert "lies within" in (overlap([day], [day / "inner"]) or "")
    assert "lies within" in (overlap([day / "inner"], [day]) or "")


@examples(20)
@given(st.permutations(range(6)))
def test_findings_do_not_depend_on_the_order_of_files(order: list[int]) -> None:
    random = np.random.default_rng(0)
    scenes = [random.integers(0, 256, (32, 32), np.uint8) for _ in range(3)]
    copies = [np.clip(scene.astype(int) + bright, 0, 255).astype(np.uint8) for scene in scenes for bright in (0, 6)]
    chosen = [copies[index] for index in order]
    hashes = np.array([duplicates.perceptual_hash(copy) for copy in chosen], np.uint64)
    kept = duplicates.find_copies(hashes, chosen, [1.0] * 6)
    assert sorted(Counter(order[original] // 2 for original in kept).items()) == [(0, 2), (1, 2), (2, 2)]


@examples(30)
@given(st.integers(0, 1000), st.floats(0.8, 1.2), st.integers(-20, 20))
def test_the_hash_hardly_minds_brightness_and_contrast(seed: int, gain: float, shift: int) -> None:
    copy = np.random.default_rng(seed).integers(60, 180, (32, 32), np.uint8)
    changed = np.clip(np.round(copy * gain + shift), 0, 255).astype(np.uint8)
    apart = np.bitwise_count(duplicates.perceptual_hash(copy) ^ duplicates.perceptual_hash(changed))
    assert int(apart) <= 6


def coloured(place: Path, **counts: int) -> Path:
    """A folder of so many pictures of each colour: a disc of it on white, no two of one size and place."""
    place.mkdir(parents=True, exist_ok=True)
    for colour, count in counts.items():
        for index in range(count):
            image = Image.new("RGB", (64, 64), "white")
            ImageDraw.Draw(image).ellipse((8 + index, 10, 40 + index, 50 - index), fill=colour)
            image.save(place / f"{colour}{index}.png")
    return place


def test_without_sub_folders_dominant_colours_are_counted(tmp_path: Path) -> None:
    folder = coloured(tmp_path / "discs", red=3, blue=2)
    (folder / "broken.png").write_text("no picture")
    found = survey([folder], task="image-generation")
    assert found.labels is not None and found.labels.colours
    assert found.labels.counts == (("red", 3), ("blue", 2))
    assert "No sub-folders give labels; by dominant colour there are: “red” 3, “blue” 2." in found.sentences()


def test_pictures_of_a_single_colour_give_no_labels(tmp_path: Path) -> None:
    said = " ".join(survey([coloured(tmp_path / "discs", green=3)], task="image-generation").sentences())
    assert "all pictures are green: make sub-folders, or train without labels." in said


@pytest.mark.parametrize("mode", ["P", "L", "1", "LA", "RGBA", "CMYK", "I;16"])
def test_colours_are_found_in_pictures_of_every_kind(tmp_path: Path, mode: str) -> None:
    image = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    ImageDraw.Draw(image).ellipse((6, 6, 34, 34), fill=(0, 0, 200, 255))
    name = "disc.jpg" if mode == "CMYK" else "disc.png"
    flat = image if mode == "RGBA" else Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    if mode == "I;16":
        Image.fromarray(np.full((40, 40), 30_000, np.uint16)).save(tmp_path / name)
    elif mode in ("RGBA", "LA", "P"):
        flat.convert(mode).save(tmp_path / name)
    else:
        flat.convert("RGB").convert(mode).save(tmp_path / name)
    found = survey([tmp_path], task="image-generation")
    wanted = {"P": "blue", "RGBA": "blue", "CMYK": "blue", "I;16": "grey"}.get(mode)
    assert found.labels is not None and found.readable == 1
    name, count = found.labels.counts[0]
    assert count == 1 and (name == wanted if wanted else name in ("black", "grey", "white"))


def test_sub_folders_are_labels_and_those_too_uneven_are_said(tmp_path: Path) -> None:
    coloured(tmp_path / "discs" / "Warm", red=12), coloured(tmp_path / "discs" / "cold" / "inner", blue=1)
    found = survey([tmp_path / "discs"], task="image-generation")
    assert found.labels is not None and not found.labels.colours
    assert found.labels.counts == (("Warm", 12), ("cold", 1))
    said = found.sentences()
    assert "Labels are the names of sub-folders, with so many pictures: “Warm” 12, “cold” 1." in said
    assert any(
        "very uneven, “Warm” with 12 pictures and “cold” with 1: add to the small ones" in sentence for sentence in said
    )
    coloured(tmp_path / "discs" / "cold", cyan=1)  # six to one: uneven, but not very
    assert "uneven" not in " ".join(survey([tmp_path / "discs"], task="image-generation").sentences())


def test_labels_that_training_refuses_are_said(tmp_path: Path) -> None:
    assert label_survey.RAREST == RAREST
    said = count_labels(["a"] * 8 + ["b"] * 80, colours=False).sentences()
    assert len(said) == 1 and "uneven" not in said[0]  # ten times as many, and not more
    said = count_labels(["a"] * 7 + ["b"] * 8, colours=False).sentences()
    assert said[1:] == [
        "Training refuses labels of fewer than 8 pictures, here “a” (7): add some to it, or take its folder out."
    ]
    coloured(tmp_path / "warm", red=2), coloured(tmp_path / "cold", blue=1)
    said = survey([tmp_path], task="image-generation").sentences()
    assert any("here “warm” (2), “cold” (1): add some to them, or take their folders out" in one for one in said)


def test_what_becomes_of_rare_colours_is_said() -> None:
    assert len(count_labels(["red"] * 9 + ["blue"] * 8, colours=True).sentences()) == 1
    said = count_labels(["red"] * 9 + ["blue"] * 8 + ["pink"], colours=True).sentences()
    assert said[1:] == [
        "Rare colours are put together with others, which leaves “red”, “blue”: add pictures to keep them apart."
    ]
    said = count_labels(["red"] * 9 + ["blue"] * 7, colours=True).sentences()
    assert "so they give no labels: add some, make sub-folders, or train without labels." in said[1]


def test_a_sub_folder_of_which_nothing_can_be_read_gives_no_label(tmp_path: Path) -> None:
    coloured(tmp_path / "warm", red=3, green=2), (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "text.png").write_text("no picture")
    found = survey([tmp_path], task="image-generation")
    said = found.sentences()
    assert f"No picture in the sub-folder “{tmp_path / 'broken'}” can be read: replace some, or remove it." in said
    assert found.labels is not None and found.labels.colours
    assert found.labels.counts == (("red", 3), ("green", 2))  # as training has it: one folder is left, so colours count
    coloured(tmp_path / "cold", blue=1)
    found = survey([tmp_path], task="image-generation")
    assert found.labels is not None and found.labels.counts == (("warm", 5), ("cold", 1))


def test_sub_folders_without_pictures_and_alike_names_are_said(tmp_path: Path) -> None:
    for name in ("Day", "night"):
        coloured(tmp_path / name, red=1, blue=1)
    (tmp_path / "none" / "deeper").mkdir(parents=True)
    (tmp_path / ".hidden").mkdir()
    found = survey([tmp_path], task="image-generation")
    assert [(finding.kind, finding.path.name) for finding in found.findings if finding.kind != "duplicate"] == [
        ("folder", "none")
    ]
    assert f"There is no picture in the sub-folder “{tmp_path / 'none'}”: add some, or remove it." in found.sentences()
    coloured(tmp_path / "day", green=1)
    if len(list(tmp_path.glob("[dD]ay"))) == 1:
        pytest.skip("this file system does not tell them apart")
    found = survey([tmp_path], task="image-generation")
    assert found.labels is not None and sum(count for _, count in found.labels.counts) == 5
    assert len(found.labels.counts) == 2
    assert "differ only in case, and are one label: rename one if they are two." in " ".join(found.sentences())


@pytest.mark.parametrize("task", [None, "super-resolution", "image-translation"])
def test_other_tasks_hear_nothing_of_labels(tmp_path: Path, task: str | None) -> None:
    coloured(tmp_path / "one", red=1), coloured(tmp_path / "two", blue=1), (tmp_path / "three").mkdir()
    found = survey([tmp_path], task=task)
    assert found.labels is None and "label" not in " ".join(found.sentences())
    assert not {finding.kind for finding in found.findings} & {"folder", "name"}
