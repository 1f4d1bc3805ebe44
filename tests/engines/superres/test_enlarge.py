"""Enlarge: any size, any strength, within a mask; through true small models."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from engines.edit.resampling import resized_rows
from engines.errors import Cancelled, ModelError
from engines.models.model import Model, open_model
from engines.pictures.picture import Picture
from engines.progress import Progress
from engines.superres import enlarge as enlarging
from engines.superres.enlarge import enlarge
from engines.superres.upscale import upscale
from tests.models import tiny_superres


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Model]:
    with open_model(tiny_superres(tmp_path_factory.mktemp("models") / "tiny-x2.onnx", 2), device="cpu") as opened:
        yield opened


@pytest.fixture
def picture(photo_pixels: np.ndarray) -> Picture:
    return Picture(photo_pixels, source=Path("photo.jpg"))


def plain(picture: Picture, width: int, height: int) -> np.ndarray:
    return resized_rows(picture.pixels, width, height, 0, height)


def test_by_default_it_is_upscale_itself(picture: Picture, model: Model) -> None:
    result = enlarge(picture, model)
    np.testing.assert_array_equal(result.pixels, upscale(picture, model).pixels)
    assert result.source == picture.source


def test_a_size_between_is_reduced_from_what_the_model_makes(picture: Picture, model: Model) -> None:
    result = enlarge(picture, model, size=(150, 112))
    assert (result.width, result.height) == (150, 112)
    np.testing.assert_array_equal(result.pixels, plain(upscale(picture, model), 150, 112))


def test_beyond_its_scale_the_model_runs_on_its_own_result(picture: Picture, model: Model) -> None:
    twice = upscale(upscale(picture, model), model)
    np.testing.assert_array_equal(enlarge(picture, model, size=(384, 288)).pixels, twice.pixels)
    between = enlarge(picture, model, size=(300, 225)).pixels.astype(int)
    assert np.abs(between - plain(twice, 300, 225)).max() <= 1  # in bands it may be rounded otherwise
    with pytest.raises(ModelError, match="at most"):
        enlarge(picture, model, size=(385, 288))


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_strength_is_a_way_between_plain_and_the_model(picture: Picture, model: Model, depth: type) -> None:
    if depth == np.uint16:
        picture = Picture(picture.pixels.astype(np.uint16) * 257)
    low, high = plain(picture, 192, 144), upscale(picture, model).pixels
    np.testing.assert_array_equal(enlarge(picture, model, strength=0.0).pixels, low)
    half = enlarge(picture, model, strength=0.5).pixels.astype(float)
    assert np.abs(half - (low.astype(float) + high) / 2).max() <= 0.5
    with pytest.raises(ValueError):
        enlarge(picture, model, strength=1.5)


def test_a_mask_leaves_the_rest_plainly_enlarged(picture: Picture, model: Model) -> None:
    mask = np.zeros((72, 96), np.uint8)
    mask[:, 48:] = 255
    result = enlarge(picture, model, mask=mask).pixels
    np.testing.assert_array_equal(result[:, :94], plain(picture, 192, 144)[:, :94])
    np.testing.assert_array_equal(result[:, 98:], upscale(picture, model).pixels[:, 98:])
    with pytest.raises(ValueError, match="that shape"):
        enlarge(picture, model, mask=mask[1:])


def test_progress_only_ever_rises_and_ends_with_all(picture: Picture, model: Model) -> None:
    seen: list[tuple[int, int]] = []
    enlarge(picture, model, size=(300, 225), strength=0.7, tile=48, progress=Progress(lambda *r: seen.append(r[:2])))
    done = [each[0] for each in seen]
    assert done == sorted(done) and len({each[1] for each in seen}) == 1
    assert done[-1] == seen[-1][1]


def test_rows_are_finished_as_soon_as_they_are_made(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the model and what comes after it are mixed alike all along, and the pace of late is that of the rest."""
    monkeypatch.setattr(enlarging, "BAND", 10)
    picture = Picture(np.random.default_rng(2).integers(0, 256, (240, 40, 3), np.uint8))
    seen: list[tuple[int, int, str]] = []
    result = enlarge(picture, model, size=(60, 360), tile=40, progress=Progress(lambda *report: seen.append(report)))
    made = [number for number, report in enumerate(seen) if report[2].startswith("tile")][1:]
    finished = [number for number, report in enumerate(seen) if report[2] == "finishing"]
    assert len(made) == 7 and len(finished) == 36
    between = [sum(before < number < after for number in finished) for before, after in pairwise([*made, len(seen)])]
    assert all(4 <= each <= 6 for each in between[1:-1]) and sum(between) == 36
    assert np.abs(result.pixels.astype(int) - plain(upscale(picture, model), 60, 360)).max() <= 1


def test_cancel_stops_it_also_while_it_finishes(picture: Picture, model: Model) -> None:
    def report(done: int, total: int, text: str) -> None:
        if text == "finishing":
            progress.cancel()

    progress = Progress(report)
    with pytest.raises(Cancelled):
        enlarge(picture, model, size=(300, 225), progress=progress)
        progress.check()
