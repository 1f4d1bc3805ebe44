"""Crops: aligned pairs, draws that depend on seed, step and index alone, and unreadable pictures."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engines.errors import RecipeError
from tests.rights import as_another_user
from trainers.data.degrade import bicubic, crop_to_multiple
from trainers.data.photos import PairedCrops, arrange, find_photos, finding_photos, read_photo, read_photos
from trainers.export.export_run import finished


@pytest.fixture
def photos(photo_pixels: np.ndarray) -> list[np.ndarray]:
    return [photo_pixels, photo_pixels[::-1, :71].copy()]


def test_the_reduction_is_pillows_bicubic(photo_pixels: np.ndarray) -> None:
    expected = np.asarray(Image.fromarray(photo_pixels).resize((48, 36), Image.Resampling.BICUBIC))
    np.testing.assert_array_equal(bicubic(photo_pixels, 2), expected)


def test_sides_become_multiples() -> None:
    assert crop_to_multiple(np.zeros((11, 13, 3), np.uint8), 4).shape == (8, 12, 3)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_a_pair_shows_the_same_place(photos: list[np.ndarray], scale: int) -> None:
    crops = PairedCrops(photos, scale, seed=1, candidates=2)
    small, large = crops.batch(0, 6, 12)
    assert small.shape == (6, 3, 12, 12) and large.shape == (6, 3, 12 * scale, 12 * scale)
    reduced = torch.nn.functional.avg_pool2d(large, scale)
    assert float((reduced - small).abs().mean()) < 0.02
    assert float(small.min()) >= 0 and float(small.max()) <= 1


def test_draws_depend_on_seed_step_and_index_alone(photos: list[np.ndarray]) -> None:
    first = PairedCrops(photos, 2, seed=1)
    second = PairedCrops(photos, 2, seed=1)
    for step in range(3):
        second.batch(step, 2, 12)  # what was drawn before does not matter
    torch.testing.assert_close(first.batch(7, 4, 12)[0][:2], second.batch(7, 2, 12)[0], rtol=0, atol=0)
    assert not torch.equal(first.batch(7, 4, 12)[0], first.batch(8, 4, 12)[0])
    assert not torch.equal(first.batch(7, 4, 12)[0], PairedCrops(photos, 2, seed=2).batch(7, 4, 12)[0])


def test_more_candidates_give_more_detail(photos: list[np.ndarray]) -> None:
    def detail(candidates: int) -> float:
        small, _ = PairedCrops(photos, 2, seed=3, candidates=candidates).batch(0, 48, 8)
        return float(small.diff(dim=-1).abs().mean())

    assert detail(8) > detail(1)


def test_all_eight_ways_to_lay_a_crop_are_drawn() -> None:
    corner = np.zeros((16, 16, 3), np.uint8)
    corner[:4, :8] = 255
    _, large = PairedCrops([corner], 1, seed=0).batch(0, 200, 16)
    assert len({tuple(picture.flatten().tolist()) for picture in large}) == 8


def test_photos_are_found_once_in_a_fixed_order(tmp_path: Path, photo_pixels: np.ndarray) -> None:
    for name in ("b.jpg", "a.PNG", "notes.txt", ".hidden.jpg", "inner/c.jpg"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        if path.suffix == ".txt":
            path.write_text("no picture")
        else:
            Image.fromarray(photo_pixels).save(path)
    found = find_photos([tmp_path, tmp_path / "inner"])
    assert [path.name for path in found] == ["a.PNG", "b.jpg", "c.jpg"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="does not exist"):
        find_photos([tmp_path / "none"])


@pytest.mark.skipif(sys.platform == "win32", reason="rights are another matter there")
def test_a_folder_without_rights_is_named(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0)
    for place in (tmp_path, *tmp_path.parents):
        if "pytest" in str(place):
            place.chmod(0o755)

    def look() -> str:
        unreadable: list[str] = []
        find_photos([tmp_path], unreadable)
        try:
            find_photos([locked])
        except RecipeError as error:
            unreadable.append(str(error))
        return "; ".join(unreadable)

    try:
        said = as_another_user(look)
    finally:
        locked.chmod(0o700)
    assert "locked” cannot be read (Permission denied)" in said
    assert "locked” cannot be read; check its rights" in said


def test_many_photos_are_found_in_pieces(tmp_path: Path, photo: Path) -> None:
    for index in range(2000):
        (tmp_path / f"{index % 40:02}").mkdir(exist_ok=True)
        os.link(photo, tmp_path / f"{index % 40:02}" / f"{index}.jpg")
    pieces = list(finding_photos([tmp_path]))
    assert len(pieces) == 41 and len(find_photos([tmp_path])) == 2001
    run = arrange(find_photos([tmp_path]), 64, 1, seed=0)
    steps = 0
    while True:
        try:
            next(run)
            steps += 1
        except StopIteration as end:
            shelves = end.value
            break
    assert steps >= 20 and sum(len(shelf) for shelf in shelves.shelves) == 2001
    assert len(shelves.shelves) == pytest.approx(2001 * 96 * 72 / 1e6, abs=1.5)
    assert [shelves.at(step) for step in (0, 1999, 2000, 2000 * len(shelves.shelves))] == [0, 0, 1, 0]


def test_shelves_are_not_filled_by_the_draws_of_the_first_crop(tmp_path: Path) -> None:
    paths = [tmp_path / f"{index:02}.png" for index in range(40)]
    for path in paths:
        Image.new("RGB", (200, 200)).save(path)
    for seed in range(3):
        filled = [path for shelf in finished(arrange(paths, 64, 1, seed)).shelves for path in shelf]
        first_crop = np.random.default_rng((seed, 0, 0)).permutation(len(paths))
        assert sorted(filled) == paths and filled != [paths[index] for index in first_crop]


def test_what_cannot_be_used_is_said(tmp_path: Path, photo: Path) -> None:
    text, cut, empty = tmp_path / "text.jpg", tmp_path / "cut.jpg", tmp_path / "empty.png"
    text.write_text("no picture")
    cut.write_bytes(photo.read_bytes()[:900])
    empty.touch()
    photos, left_out = read_photos([photo, text, cut, empty], 64)
    assert len(photos) == 1 and len(left_out) == 3
    _, too_small = read_photos([photo], 500)
    assert "smaller than the crop of 500 pixels" in too_small[0]


def test_a_photo_is_read_upright(tmp_path: Path, photo_pixels: np.ndarray) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "turned.png"
    Image.fromarray(photo_pixels).save(path, exif=exif)
    np.testing.assert_array_equal(read_photo(path), np.rot90(photo_pixels, -1))
