"""The pictures of two domains: found, balanced by camera, cropped at many scales; every draw a function of its place."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engines.errors import RecipeError
from trainers.data.translation import (
    ANY_SKY,
    Domain,
    Pictures,
    camera_of,
    chances_of,
    coloured,
    deviation,
    ground_range,
    read_pictures,
    reduced,
    sky_ranges,
)
from trainers.recipes.recipe import ImageTranslation, from_values


def returned(generator: Generator[Any, Any, Pictures]) -> Pictures:
    while True:
        try:
            next(generator)
        except StopIteration as end:
            return end.value


@pytest.fixture
def folders(tmp_path: Path, photo_pixels: np.ndarray) -> list[Path]:
    """Six pictures a domain, of which three are of the camera 96x."""
    made: list[Path] = []
    for domain, light in (("day", 1.0), ("night", 0.3)):
        folder = tmp_path / domain
        folder.mkdir()
        for index in range(6):
            piece = photo_pixels[index : index + 64, index : index + 80] * light
            name = f"96x72_{index}.png" if index < 3 else f"street_{index}.png"
            Image.fromarray(piece.astype(np.uint8)).save(folder / name)
        made.append(folder)
    return made


def recipe_for(folders: list[Path], **changes: object) -> ImageTranslation:
    values: dict[str, object] = {
        "task": "image-translation",
        "name": "tiny",
        "domains": ["day", "night"],
        "crop": 32,
        "view": 64,
        "seed": 1,
        "steps": 2,
        "data": {"photos": [str(folder) for folder in folders], "hold_out": 6},
    }
    recipe = from_values(values | changes)
    assert isinstance(recipe, ImageTranslation)
    return recipe


def test_pictures_are_found_and_held_out(folders: list[Path]) -> None:
    pictures = returned(read_pictures(recipe_for(folders)))
    for domain in pictures.domains:
        assert len(domain.training) == 5 and len(domain.held_out) == 1
    day, night = pictures.batch(0, 0, 0, 3)[0], pictures.batch(0, 0, 1, 3)[0]
    assert day.shape == (3, 3, 32, 32) and float(day.mean()) > float(night.mean())
    assert float(day.min()) >= -1 and float(day.max()) <= 1


def test_a_folder_for_validation_is_never_trained_on(folders: list[Path], tmp_path: Path) -> None:
    others = [tmp_path / "valid" / folder.name for folder in folders]
    for folder, other in zip(folders, others, strict=True):
        shutil.copytree(folder, other)
    data = {"photos": [str(f) for f in folders], "validation": [str(f) for f in others]}
    pictures = returned(read_pictures(recipe_for(folders, data=data)))
    assert [len(domain.held_out) for domain in pictures.domains] == [6, 6]
    with pytest.raises(RecipeError, match="for all of them are in “validation” too"):
        returned(read_pictures(recipe_for(folders, data=data | {"validation": data["photos"]})))


def test_what_teaches_nothing_is_left_out_and_said(folders: list[Path]) -> None:
    Image.new("RGB", (64, 64), (2, 2, 2)).save(folders[1] / "black.png")
    (folders[1] / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 and no more")
    pictures = returned(read_pictures(recipe_for(folders, leave_out="^street_5")))
    words = " ".join(pictures.left_out)
    assert "“black.png” is nearly of one brightness" in words and "“broken.jpg” cannot be read" in words
    assert "1 pictures of day by their names" in words


def test_one_camera_weighs_no_more_than_so_many_pictures() -> None:
    cameras = ["a"] * 8 + ["b"] * 2 + ["", ""]
    chances = np.diff(chances_of(cameras, 4.0), prepend=0.0)
    assert chances[:8].sum() == pytest.approx(4 / 8) and chances[8:10].sum() == pytest.approx(2 / 8)
    assert chances[10] == pytest.approx(1 / 8)


@given(st.lists(st.sampled_from(["", "a", "b"]), min_size=1, max_size=30), st.floats(0.1, 20))
def test_chances_are_a_distribution(cameras: list[str], per_camera: float) -> None:
    chances = chances_of(cameras, per_camera)
    assert chances[-1] == pytest.approx(1) and (np.diff(chances, prepend=0.0) > 0).all()


def test_cameras_by_their_names() -> None:
    assert camera_of("640x480_20151101.jpg", r"^(\d+x\d+)_") == "640x480"
    assert camera_of("campus_1.jpg", r"^(\d+x\d+)_") == ""
    assert camera_of("cam7.jpg", r"cam\d") == "cam7" and camera_of("cam7.jpg", "") == ""


def domain_of(photo: np.ndarray) -> Domain:
    return Domain([photo, photo[::-1].copy()], np.array([0.5, 1.0]), [photo])


def test_every_draw_is_a_function_of_its_place(photo_pixels: np.ndarray) -> None:
    made = [Pictures((domain_of(photo_pixels), domain_of(photo_pixels)), [], 7, 32, 64, 0.3, True) for _ in range(2)]
    first, second = (pictures.batch(4, 1, 0, 3) for pictures in made)
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert torch.equal(made[0].batch(4, 1, 0, 1)[0], first[0][:1])  # the first of a larger batch is the same
    for other in (made[0].batch(4, 0, 0, 3), made[0].batch(5, 1, 0, 3), made[0].batch(4, 1, 1, 3)):
        assert not torch.equal(first[0], other[0])
    assert not torch.equal(first[0], first[1])  # what is translated has other colours


def test_without_jitter_source_and_real_are_the_same(photo_pixels: np.ndarray) -> None:
    pictures = Pictures((domain_of(photo_pixels), domain_of(photo_pixels)), [], 7, 32, 64, 0.0, False)
    assert torch.equal(*pictures.batch(0, 0, 0, 2))


@pytest.mark.parametrize("shape", [(8, 500, 3), (31, 33, 3), (300, 40, 3)])
def test_pictures_smaller_than_a_crop_are_enlarged(shape: tuple[int, int, int]) -> None:
    photo = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    pictures = Pictures((domain_of(photo), domain_of(photo)), [], 7, 64, 128, 0.0, True)
    assert pictures.batch(0, 0, 0, 4)[0].shape == (4, 3, 64, 64)


def test_colours_change_within_bounds(photo_pixels: np.ndarray) -> None:
    changed = coloured(photo_pixels, 0.2, np.random.default_rng(0))
    assert changed.shape == photo_pixels.shape and changed.dtype == np.uint8
    assert 0 < np.abs(changed.astype(int) - photo_pixels).mean() < 60


def test_large_pictures_are_reduced_in_memory(photo_pixels: np.ndarray) -> None:
    assert reduced(photo_pixels, 24).shape == (24, 32, 3)
    assert reduced(photo_pixels, 1000) is photo_pixels
    assert deviation(np.full((4, 4, 3), 9, np.uint8)) == 0


def test_what_memory_has_no_room_for_is_left_out_and_said(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for domain in ("day", "night"):
        (tmp_path / domain).mkdir()
        for index in range(6):
            picture = Image.fromarray(random.integers(0, 256, (400, 500, 3), np.uint8))
            picture.save(tmp_path / domain / f"{index}.png")
    folders = [tmp_path / "day", tmp_path / "night"]
    data = {"photos": [str(folder) for folder in folders], "megapixels": 1}
    pictures = returned(read_pictures(recipe_for(folders, view=400, data=data)))
    assert [len(domain.training) for domain in pictures.domains] == [2, 2]
    assert "4 pictures of day, for which there is no room in “megapixels”" in pictures.left_out


def with_skies(folders: list[Path], tmp_path: Path) -> list[Path]:
    """Masks for the pictures in `folders`: the upper half is sky, but for the last picture, which has none."""
    made: list[Path] = []
    for folder in folders:
        masks = tmp_path / "skies" / folder.name
        masks.mkdir(parents=True)
        for place, path in enumerate(sorted(folder.iterdir())):
            mask = np.zeros((32, 40), np.uint8)
            mask[: 0 if place == 5 else 16] = 255
            Image.fromarray(mask).save(masks / f"{path.stem}.png")
        made.append(masks)
    return made


def test_masks_are_cut_as_their_pictures_are(folders: list[Path], tmp_path: Path) -> None:
    for folder in folders:  # pictures that are their own masks
        for path in folder.iterdir():
            pixels = np.zeros((64, 80, 3), np.uint8)
            pixels[: 0 if path.name == "street_5.png" else 32] = 200
            Image.fromarray(pixels).save(path)
    masks = [str(path) for path in with_skies(folders, tmp_path)]
    recipe = recipe_for(folders, skies=masks, weights={"sky": 1.0}, contrast=0.0)
    pictures = returned(read_pictures(recipe))
    for step in range(4):
        real, _ = pictures.batch(step, 0, 1, 3)
        sky = pictures.skies(step, 0, 1, 3)
        assert sky.shape == (3, 1, 32, 32)
        light = (real[:, :1] + 1) / 2 * 255 / 200
        assert float((light - sky).abs().mean()) < 0.03


def test_light_skies_are_those_of_the_middle_half() -> None:
    pictures = [np.full((4, 4, 3), level, np.uint8) for level in (140, 160, 200, 220, 250)]
    skies = [np.full((4, 4), 255, np.uint8) for _ in pictures]
    assert sky_ranges(pictures, skies)[0] == pytest.approx((160 / 127.5 - 1, 220 / 127.5 - 1), abs=1e-5)
    assert ground_range(pictures, skies) == ANY_SKY[0]
    for sky in skies:
        sky[:2] = 0
    for picture in pictures:
        picture[:2] //= 2
    low, high = (0.1, 0.5)  # the ground is dark: 70, 80, 100, 110 and 125
    wanted = np.quantile(np.array([70, 80, 100, 110, 125]) / 127.5 - 1, (low, high))
    assert ground_range(pictures, skies) == pytest.approx(tuple(wanted), abs=1e-5)


def test_the_colours_of_skies_are_those_of_the_middle_half_and_of_dark_ones_the_darker(
    folders: list[Path], tmp_path: Path
) -> None:
    for place, path in enumerate(sorted(folders[1].iterdir())):
        grey = 20 * (place + 1)
        Image.fromarray(np.full((64, 80, 3), (grey, grey, grey + 2 * place), np.uint8)).save(path)
    masks = [str(path) for path in with_skies(folders, tmp_path)]
    data = {"photos": [str(folder) for folder in folders], "hold_out": 1000}
    recipe = recipe_for(folders, skies=masks, weights={"sky": 1.0}, contrast=0.0, data=data)
    night = returned(read_pictures(recipe)).domains[1]
    light, red, blue = night.sky_ranges
    # 20, 40, 60, 80 and 100, the blue of them 0, 2, 4, 6 and 8 more; of 120 nothing is sky. Of the dark the darker half.
    assert light == pytest.approx(((28 + 0.114 * 0.8) / 127.5 - 1, (60 + 0.114 * 4) / 127.5 - 1), abs=1e-5)
    assert red == pytest.approx((-0.114 * 6 / 127.5, -0.114 * 2 / 127.5), abs=1e-5)
    assert blue == pytest.approx((0.886 * 2 / 127.5, 0.886 * 6 / 127.5), abs=1e-5)
    assert sky_ranges([np.zeros((4, 4, 3), np.uint8)], [np.zeros((4, 4), np.uint8)]) == ANY_SKY


def test_a_mask_that_is_missing_is_said(folders: list[Path], tmp_path: Path) -> None:
    masks = with_skies(folders, tmp_path)
    (masks[1] / "street_4.png").unlink()
    recipe = recipe_for(folders, skies=[str(path) for path in masks], weights={"sky": 1.0})
    with pytest.raises(
        RecipeError, match="where there is sky in “street_4.png”, cannot be read; label the pictures again"
    ):
        returned(read_pictures(recipe))


def test_what_serves_less_well_than_it_seems_is_told(folders: list[Path]) -> None:
    pictures = returned(read_pictures(recipe_for(folders, crop=64, view=96)))
    assert pictures.told == ()
    told = returned(
        read_pictures(recipe_for(folders, crop=80, view=96, data={"photos": [str(f) for f in folders]}))
    ).told
    assert [words.split(";")[0] for words in told[::2]] == [
        f"6 of 6 pictures of {name} are smaller than a crop of 80 pixels, and are enlarged for it"
        for name in ("day", "night")
    ]
    assert all(
        words.startswith(f"There is no picture of {name} to hold out")
        for words, name in zip(told[1::2], ("day", "night"), strict=True)
    )
