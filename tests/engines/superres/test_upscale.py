"""Upscaling: tiled is untiled, bands are the whole, alpha and depth survive, and running out of memory costs nothing."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engines.errors import Cancelled, ModelError, OutOfMemory
from engines.metadata.metadata import Metadata
from engines.models.model import Model, open_model
from engines.pictures.picture import Picture, load, save
from engines.progress import Progress
from engines.superres.upscale import upscale, upscale_bands, upscale_file, upscaled_size
from engines.tiles.row_source import PixelRows
from tests.conftest import ROOT
from tests.models import broken_output, card_for, tiny_superres
from tests.search import examples


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return open_model(tiny_superres(tmp_path_factory.mktemp("models") / "tiny.onnx", 2), "cpu")


def picture_of(pixels: np.ndarray) -> Picture:
    pixels = pixels.copy()
    pixels.flags.writeable = False
    return Picture(pixels=pixels, metadata=Metadata(None, None, None), source=None, notices=())


def levels_apart(a: Picture, b: Picture) -> int:
    return int(np.abs(a.pixels.astype(np.int32) - b.pixels.astype(np.int32)).max())


@examples(25)
@given(st.integers(1, 150), st.integers(1, 150), st.integers(32, 90), st.sampled_from([3, 4]))
def test_tiled_is_untiled(
    model: Model, photo_pixels: np.ndarray, width: int, height: int, tile: int, channels: int
) -> None:
    pixels = np.tile(photo_pixels, (3, 2, 1))[:height, :width]
    if channels == 4:
        alpha = np.add.outer(np.arange(height), np.arange(width)) % 256
        pixels = np.dstack([pixels, np.where(alpha < 90, 0, alpha).astype(np.uint8)])
    picture = picture_of(pixels)
    whole = upscale(picture, model, tile=4096)
    tiled = upscale(picture, model, tile=tile)
    assert whole.pixels.shape == (height * 2, width * 2, channels)
    assert levels_apart(whole, tiled) <= 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (3, 3)])
def test_the_smallest_and_the_thinnest(model: Model, shape: tuple[int, int]) -> None:
    result = upscale(picture_of(np.full((*shape, 3), 200, np.uint8)), model)
    assert result.pixels.shape == (shape[0] * 2, shape[1] * 2, 3)


def test_a_model_with_a_minimum_and_a_multiple_gets_what_it_asks_for(tmp_path: Path, photo_pixels: np.ndarray) -> None:
    from engines.models.card import Size

    path = tiny_superres(tmp_path / "m.onnx", card=card_for(2, overlap=2, size=Size(minimum=48, multiple_of=8)))
    seen: list[tuple[int, ...]] = []
    with open_model(path, "cpu") as model:
        run = model.run
        model.run = lambda image, *rest: (seen.append(image.shape), run(image, *rest))[1]  # type: ignore[method-assign]
        small = upscale(picture_of(photo_pixels[:5, :7]), model)
        large = upscale(picture_of(photo_pixels[:71, :93]), model, tile=48)
    assert small.pixels.shape == (10, 14, 3) and large.pixels.shape == (142, 186, 3)
    assert all(side >= 48 and side % 8 == 0 for shape in seen for side in shape[2:])


def test_the_result_looks_like_the_photo(model: Model, photo_pixels: np.ndarray) -> None:
    result = upscale(picture_of(photo_pixels), model)
    back = np.asarray(Image.fromarray(result.pixels).resize((96, 72), Image.Resampling.BOX), np.float32)
    assert float(np.abs(back - photo_pixels).mean()) < 12


def test_16_bits_go_in_and_come_out(model: Model) -> None:
    ramp = np.linspace(0, 65535, 2000).astype(np.uint16).reshape(1, -1, 1).repeat(8, 0).repeat(3, 2)
    result = upscale(picture_of(ramp), model)
    assert result.pixels.dtype == np.uint16
    assert len(np.unique(result.pixels[..., 0])) > 1000


@pytest.mark.parametrize("alpha", [0, 77, 255])
def test_alpha_of_one_value_stays_that_value(model: Model, photo_pixels: np.ndarray, alpha: int) -> None:
    plain = upscale(picture_of(photo_pixels), model)
    with_alpha = np.dstack([photo_pixels, np.full(photo_pixels.shape[:2], alpha, np.uint8)])
    result = upscale(picture_of(with_alpha), model)
    assert set(np.unique(result.pixels[..., 3])) == {alpha}
    np.testing.assert_array_equal(result.pixels[..., :3], plain.pixels)


def test_colour_under_transparency_does_not_bleed(model: Model) -> None:
    """A white disc on transparent black, and on transparent red: the disc's visible pixels come out the same."""
    y, x = np.mgrid[:40, :40]
    inside = (x - 20) ** 2 + (y - 20) ** 2 < 150
    results = []
    for hidden in ((0, 0, 0), (255, 0, 0)):
        pixels = np.zeros((40, 40, 4), np.uint8)
        pixels[..., :3] = hidden
        pixels[inside] = 255
        results.append(upscale(picture_of(pixels), model).pixels)
    seen = results[0][..., 3] > 0
    np.testing.assert_array_equal(results[0][seen], results[1][seen])
    sure = inside.repeat(2, 0).repeat(2, 1)
    plain = upscale(picture_of(np.full((40, 40, 3), 255, np.uint8)), model).pixels
    assert int(results[0][..., :3][sure].min()) >= int(plain[8:-8, 8:-8].min()) - 1


def test_metadata_travels(model: Model, photo: Path, tmp_path: Path) -> None:
    picture = load(photo)
    result = upscale(picture, model)
    assert result.metadata == picture.metadata
    assert not result.pixels.flags.writeable


def test_progress_counts_pixels_and_ends_at_the_whole(model: Model, photo_pixels: np.ndarray) -> None:
    reports: list[tuple[int, int, str]] = []
    progress = Progress(lambda *report: reports.append(report))
    upscale(picture_of(photo_pixels), model, tile=40, progress=progress)
    done = [report[0] for report in reports]
    assert done[0] == 0 and done == sorted(done) and done[-1] == 96 * 72 * 4
    assert {report[1] for report in reports} == {96 * 72 * 4}
    assert len(reports) > 5 and reports[-1][2] == f"tile {len(reports) - 1} of {len(reports) - 1}"
    assert np.ptp(np.diff(done)) <= 1  # tiles of one shape take as long, whatever they keep


def test_cancel_stops_between_two_tiles(model: Model, photo_pixels: np.ndarray) -> None:
    progress = Progress(lambda done, total, text: progress.cancel() if done else None)
    with pytest.raises(Cancelled):
        upscale(picture_of(photo_pixels), model, tile=40, progress=progress)


def test_bands_are_the_whole(model: Model, photo_pixels: np.ndarray) -> None:
    picture = picture_of(np.tile(photo_pixels, (4, 1, 1)))
    bands = [band.copy() for band in upscale_bands(PixelRows(picture.pixels), model, tile=64)]
    assert len(bands) > 3
    np.testing.assert_array_equal(np.concatenate(bands), upscale(picture, model, tile=64).pixels)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
def test_file_and_memory_give_the_same_bytes(model: Model, photo: Path, tmp_path: Path, suffix: str) -> None:
    streamed, whole = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    outcome = upscale_file(photo, streamed, model, tile=40)
    save(upscale(load(photo), model, tile=40), whole)
    assert (outcome.width, outcome.height, outcome.provider) == (192, 144, "CPU")
    assert streamed.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize(
    ("what", "words"), [("nan", "not numbers"), ("black", "black picture"), ("shape", "card promises")]
)
def test_a_model_that_is_not_what_it_says_writes_nothing(tmp_path: Path, photo: Path, what: str, words: str) -> None:
    target = tmp_path / "out.png"
    target.write_bytes(b"whole")
    with open_model(broken_output(tmp_path / "m.onnx", what), "cpu") as model, pytest.raises(ModelError, match=words):
        upscale_file(photo, target, model)
    assert target.read_bytes() == b"whole"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_black_photo_may_stay_black(tmp_path: Path) -> None:
    with open_model(broken_output(tmp_path / "m.onnx", "black"), "cpu") as model:
        assert not upscale(picture_of(np.zeros((9, 9, 3), np.uint8)), model).pixels.any()


def test_a_tile_without_a_middle_is_said(tmp_path: Path, photo_pixels: np.ndarray) -> None:
    words = "A tile of 64 pixels is too small .* at least 68"
    path = tiny_superres(tmp_path / "m.onnx", card=card_for(2, overlap=30))
    with open_model(path, "cpu") as model, pytest.raises(ModelError, match=words):
        upscale(picture_of(photo_pixels), model, tile=64)


def test_a_model_that_sees_everything_is_run_whole_or_refused(tmp_path: Path, photo_pixels: np.ndarray) -> None:
    with open_model(tiny_superres(tmp_path / "m.onnx", card=card_for(2, overlap=float("inf"))), "cpu") as model:
        seen: list[tuple[int, ...]] = []
        run = model.run
        model.run = lambda image, *rest: (seen.append(image.shape), run(image, *rest))[1]  # type: ignore[method-assign]
        upscale(picture_of(photo_pixels), model, tile=40)
        assert seen == [(1, 3, 72, 96)]
        huge = picture_of(np.zeros((1, 1, 3), np.uint8).repeat(2100, 0).repeat(2100, 1))
        with pytest.raises(ModelError, match="see a whole picture at once"):
            upscale(huge, model)


def test_another_task_is_refused(tmp_path: Path, photo_pixels: np.ndarray) -> None:
    path = tiny_superres(tmp_path / "m.onnx", card=card_for(2, task="image-translation", domains=("day", "night")))
    with open_model(path, "cpu") as model, pytest.raises(ModelError, match="not super-resolution"):
        upscale(picture_of(photo_pixels), model)


def test_the_size_is_known_before() -> None:
    assert upscaled_size(30, 20, card_for(4)) == (120, 80)


def test_memory_that_runs_out_halves_the_tile_and_goes_on(model: Model, photo_pixels: np.ndarray) -> None:
    """The model refuses what is larger than 50 pixels a side, as ONNX Runtime does where memory ends."""
    picture = picture_of(np.tile(photo_pixels, (3, 3, 1)))
    expected = upscale(picture, model, tile=4096)
    said: list[str] = []
    asked: list[int] = []
    run = model.run

    def small_only(image: np.ndarray, *rest: object) -> np.ndarray:
        asked.append(max(image.shape[2:]))
        if max(image.shape[2:]) > 50:
            raise OutOfMemory("There is not enough memory.")
        return run(image, *rest)  # type: ignore[arg-type]

    model.run = small_only  # type: ignore[method-assign]
    try:
        result = upscale(picture, model, tile=192, progress=Progress(notice=said.append))
    finally:
        del model.run
    assert levels_apart(result, expected) <= 1
    assert len(said) == 2 and "going on with" in said[0]
    assert sum(side > 50 for side in asked) == 2  # it does not try again what failed


def test_memory_that_never_suffices_is_said(model: Model, photo_pixels: np.ndarray) -> None:
    def never(*_: object) -> np.ndarray:
        raise OutOfMemory("There is not enough memory.")

    model.run = never  # type: ignore[method-assign]
    try:
        with pytest.raises(OutOfMemory, match="even in its smallest tiles"):
            upscale(picture_of(photo_pixels), model)
    finally:
        del model.run


REAL_LIMIT = """
import resource, sys
from pathlib import Path
import numpy as np
sys.path.insert(0, sys.argv[1])
from engines.models.model import open_model
from engines.pictures.picture import load, save
from engines.progress import Progress
from engines.superres.upscale import upscale
folder = Path(sys.argv[2])
with open_model(folder / "wide.onnx", "cpu", threads=1) as model:
    picture = load(folder / "photo.png")
    expected = upscale(picture, model, tile=64).pixels
    with open("/proc/self/statm") as statm:
        used = int(statm.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 150 * 2**20, resource.RLIM_INFINITY))
    said = []
    result = upscale(picture, model, tile=1024, progress=Progress(notice=said.append)).pixels
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print(len(said), int(np.abs(result.astype(int) - expected).max()))
    print(said[0])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_AS")
def test_a_real_failure_to_allocate_halves_the_tile_and_goes_on(tmp_path: Path, photo_pixels: np.ndarray) -> None:
    """ONNX Runtime itself runs out: the process may take 150 MB more, the network wants several times that."""
    tiny_superres(tmp_path / "wide.onnx", 2, hidden=128)
    Image.fromarray(np.tile(photo_pixels, (14, 10, 1))).save(tmp_path / "photo.png")
    run = subprocess.run(
        [sys.executable, "-c", REAL_LIMIT, str(ROOT), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    first, said = run.stdout.splitlines()
    notices, apart = map(int, first.split())
    assert notices >= 1 and apart <= 1
    assert "Memory ran out with tiles of" in said


def test_a_source_that_shrinks_while_it_is_read_writes_nothing(
    model: Model, photo_pixels: np.ndarray, tmp_path: Path
) -> None:
    source = tmp_path / "photo.png"
    random = np.random.default_rng(0).integers(0, 256, (600, 400, 3), np.uint8)
    Image.fromarray(random).save(source)

    def cut(done: int, _total: int, _text: str) -> None:
        if done:
            source.write_bytes(source.read_bytes()[:1000])

    from engines.errors import PictureError

    with pytest.raises(PictureError):
        upscale_file(source, tmp_path / "out.png", model, tile=64, progress=Progress(cut))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photo.png"]


def test_no_thread_is_left_when_it_is_cancelled(model: Model, photo: Path, tmp_path: Path) -> None:
    before = threading.active_count()
    progress = Progress(lambda done, total, text: progress.cancel() if done else None)
    with pytest.raises(Cancelled):
        upscale_file(photo, tmp_path / "out.jpg", model, tile=40, progress=progress)
    assert not (tmp_path / "out.jpg").exists()
    assert threading.active_count() <= before
