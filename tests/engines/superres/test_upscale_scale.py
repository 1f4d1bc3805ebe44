"""A scale below the model's own: files give what the window makes for that size, in any depth, with alpha, at any shape."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engines.edit.resampling import resized_rows
from engines.errors import ModelError
from engines.models.model import Model, open_model
from engines.pictures.picture import Picture, load, save
from engines.progress import Progress
from engines.superres.enlarge import enlarge
from engines.superres.upscale import plan_at, upscale, upscale_file
from tests.models import card_for, tiny_superres


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Model]:
    with open_model(tiny_superres(tmp_path_factory.mktemp("models") / "tiny-x4.onnx", 4), "cpu") as opened:
        yield opened


def picture_of(photo_pixels: np.ndarray, channels: int, dtype: type, height: int, width: int) -> Picture:
    pixels = np.tile(photo_pixels, (3, 2, 1))[:height, :width].astype(dtype)
    if dtype is np.uint16:
        pixels = pixels * 257 + np.arange(width, dtype=np.uint16)[:, None]
    if channels == 4:
        alpha = np.add.outer(np.arange(height) * 7, np.arange(width) * 3) % 256
        pixels = np.dstack([pixels, (np.where(alpha < 90, 0, alpha) * (np.iinfo(dtype).max // 255)).astype(dtype)])
    return Picture(pixels)


@pytest.mark.parametrize("size", [(72, 96), (71, 53), (201, 33), (1, 1), (1, 90), (150, 1)])
@pytest.mark.parametrize("kind", [(3, np.uint8), (4, np.uint8), (3, np.uint16), (4, np.uint16)])
def test_three_is_four_reduced_to_three_quarters(
    model: Model, photo_pixels: np.ndarray, tmp_path: Path, kind: tuple[int, type], size: tuple[int, int]
) -> None:
    picture = picture_of(photo_pixels, *kind, *size)
    source, target = tmp_path / "photo.png", tmp_path / "out.png"
    save(picture, source)
    outcome = upscale_file(source, target, model, scale=3, tile=40)
    assert (outcome.width, outcome.height) == (size[1] * 3, size[0] * 3)
    made = load(target).pixels
    assert made.dtype == kind[1] and made.shape == (size[0] * 3, size[1] * 3, kind[0])
    large = upscale(picture, model, tile=40).pixels
    np.testing.assert_array_equal(made, resized_rows(large, size[1] * 3, size[0] * 3, 0, size[0] * 3))
    inside = enlarge(picture, model, size=(size[1] * 3, size[0] * 3), tile=40)
    np.testing.assert_array_equal(made, inside.pixels)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
def test_file_and_memory_give_the_same_bytes(model: Model, photo: Path, tmp_path: Path, suffix: str) -> None:
    streamed, whole = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    upscale_file(photo, streamed, model, scale=3, tile=40)
    save(enlarge(load(photo), model, size=(288, 216), tile=40), whole)
    assert streamed.read_bytes() == whole.read_bytes()


def test_its_own_scale_is_made_as_ever(model: Model, photo: Path, tmp_path: Path) -> None:
    for name, scale in (("a.png", None), ("b.png", 4)):
        assert upscale_file(photo, tmp_path / name, model, scale=scale, tile=40).width == 384
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    np.testing.assert_array_equal(load(tmp_path / "a.png").pixels, upscale(load(photo), model, tile=40).pixels)


def test_alpha_of_one_value_stays_that_value(model: Model, photo_pixels: np.ndarray, tmp_path: Path) -> None:
    for alpha in (0, 77, 255):
        pixels = np.dstack([photo_pixels, np.full(photo_pixels.shape[:2], alpha, np.uint8)])
        save(Picture(pixels), tmp_path / "photo.png")
        upscale_file(tmp_path / "photo.png", tmp_path / "out.png", model, scale=3)
        result = load(tmp_path / "out.png").pixels
        assert set(np.unique(result[..., 3])) == {alpha}
        plain = enlarge(Picture(photo_pixels), model, size=(288, 216)).pixels
        assert np.abs(result[..., :3].astype(int) - plain).max() <= 1  # of what is seen, and what is not


def test_progress_ends_with_all(model: Model, photo: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    progress = Progress(lambda *report: seen.append(report[:2]))
    upscale_file(photo, tmp_path / "out.png", model, scale=3, tile=40, progress=progress)
    assert seen == sorted(seen) and seen[-1][0] == seen[-1][1]


@pytest.mark.parametrize("scale", [-3, 0, 1, 5])
def test_a_scale_that_cannot_be_writes_nothing(model: Model, photo: Path, tmp_path: Path, scale: int) -> None:
    with pytest.raises(ModelError, match=f"“Tiny ×4” enlarges 4 times, not {scale}; leave out the scale"):
        upscale_file(photo, tmp_path / "out.png", model, scale=scale)
    assert not (tmp_path / "out.png").exists()


def test_what_is_done_is_known_before() -> None:
    todo = plan_at(30, 21, card_for(4), 3)
    assert (todo.width, todo.height, todo.made_width, todo.made_height) == (90, 63, 120, 84)
    assert todo.is_reduced and todo.passes == 1
    assert not plan_at(30, 21, card_for(4), 4).is_reduced and not plan_at(30, 21, card_for(4), None).is_reduced
