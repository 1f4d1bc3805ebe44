"""Masks: white applies, transparent does not, and another shape is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.edit.mask_file import load_mask
from engines.errors import PictureError


def test_grey_is_taken_as_it_is(tmp_path: Path) -> None:
    grey = np.arange(600, dtype=np.uint16).reshape(20, 30).astype(np.uint8)
    Image.fromarray(grey).save(tmp_path / "m.png")
    np.testing.assert_array_equal(load_mask(tmp_path / "m.png", 30, 20), grey)


def test_colour_becomes_luma_and_what_is_transparent_black(tmp_path: Path) -> None:
    colours = [(255, 255, 255, 255), (255, 0, 0, 255), (255, 255, 255, 0), (255, 255, 255, 128)]
    Image.fromarray(np.array([colours], np.uint8)).save(tmp_path / "m.png")
    assert load_mask(tmp_path / "m.png", 4, 1).tolist() == [[255, 76, 0, 128]]


def test_a_smaller_one_of_the_same_shape_is_enlarged(tmp_path: Path) -> None:
    Image.fromarray(np.repeat(np.array([[0, 255]], np.uint8), 100, 0).repeat(75, 1)).save(tmp_path / "m.png")
    mask = load_mask(tmp_path / "m.png", 601, 400)
    assert mask.shape == (400, 601) and not mask[:, :290].any() and (mask[:, 310:] == 255).all()


@pytest.mark.parametrize("size", [(300, 200), (400, 406), (100, 200), (1, 400)])
def test_another_shape_is_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    Image.new("L", (200, 200)).save(tmp_path / "m.png")
    with pytest.raises(PictureError, match="not the shape of the picture"):
        load_mask(tmp_path / "m.png", *size)


def test_what_is_no_picture_is_said(tmp_path: Path) -> None:
    (tmp_path / "m.png").write_text("no picture")
    with pytest.raises(PictureError, match="m.png"):
        load_mask(tmp_path / "m.png", 4, 4)
