"""Translating: tiled is untiled, both methods agree, the source stays where it should, and what goes wrong is said."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engines.colour.profiles import srgb_profile
from engines.errors import Cancelled, CardError, ModelError, OutOfMemory, PictureError
from engines.libvips import libvips
from engines.metadata.metadata import Metadata
from engines.models.card import Size
from engines.models.model import Model, open_model
from engines.pictures.picture import Picture, load, save
from engines.pictures.reading import open_picture
from engines.progress import Progress
from engines.tiles.row_source import PixelRows
from engines.translation.translate import method_for, translate, translate_bands, translate_file
from tests.conftest import ROOT
from tests.models import (
    broken_translation,
    card_for,
    folded_translation,
    grid_card,
    grid_translation,
    tiny_superres,
    tiny_translation,
    translation_card,
)
from tests.search import examples

BOTH = pytest.mark.parametrize("method", ["redraw", "relight"])


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return open_model(tiny_translation(tmp_path_factory.mktemp("models") / "tiny.onnx"), "cpu")


@pytest.fixture(scope="module")
def folded(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return open_model(folded_translation(tmp_path_factory.mktemp("models") / "folded.onnx"), "cpu")


@pytest.fixture(scope="module")
def small_view(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Sees 32 pixels, so that relighting really reduces the tests' pictures."""
    card = translation_card(view=32)
    return open_model(tiny_translation(tmp_path_factory.mktemp("models") / "view.onnx", card=card), "cpu")


def picture_of(pixels: np.ndarray, icc: bytes | None = None) -> Picture:
    return Picture(pixels=pixels.copy(), metadata=Metadata(icc))


def apart(a: Picture | np.ndarray, b: Picture | np.ndarray) -> int:
    one, other = (getattr(each, "pixels", each).astype(np.int64) for each in (a, b))
    return int(np.abs(one - other).max())


def wide_gamut() -> bytes:
    return bytes(libvips().Image.profile_load("p3"))


# Tiles and methods


@examples(20)
@given(st.integers(1, 150), st.integers(1, 150), st.integers(32, 90), st.sampled_from([3, 4]))
def test_tiled_is_untiled(
    folded: Model, photo_pixels: np.ndarray, width: int, height: int, tile: int, channels: int
) -> None:
    pixels = np.tile(photo_pixels, (3, 2, 1))[:height, :width]
    if channels == 4:
        alpha = np.add.outer(np.arange(height), np.arange(width)) % 256
        pixels = np.dstack([pixels, np.where(alpha < 90, 0, alpha).astype(np.uint8)])
    picture = picture_of(pixels)
    whole = translate(picture, folded, method="redraw", tile=4096)
    tiled = translate(picture, folded, method="redraw", tile=tile)
    assert whole.pixels.shape == picture.pixels.shape
    assert apart(whole, tiled) <= 1


@BOTH
@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (3, 3)])
def test_the_smallest_and_the_thinnest(folded: Model, shape: tuple[int, int], method: str) -> None:
    result = translate(picture_of(np.full((*shape, 3), 200, np.uint8)), folded, method=method)
    assert result.pixels.shape == (*shape, 3)
    assert 0 < int(result.pixels.max()) < 200


def test_the_two_methods_agree_where_nothing_is_reduced(folded: Model, photo_pixels: np.ndarray) -> None:
    picture = picture_of(photo_pixels)
    redrawn, relit = (translate(picture, folded, method=method).pixels.astype(int) for method in ("redraw", "relight"))
    assert np.abs(redrawn - relit).mean() < 2


def test_relit_is_nearly_redrawn_and_keeps_the_photo_s_detail(small_view: Model, photo_pixels: np.ndarray) -> None:
    picture = picture_of(np.tile(photo_pixels, (3, 3, 1)))
    redrawn = translate(picture, small_view, method="redraw").pixels.astype(np.float64)
    relit = translate(picture, small_view, method="relight").pixels.astype(np.float64)
    assert float(np.abs(redrawn - relit).mean()) < 4

    def edges(p: np.ndarray) -> np.ndarray:
        return np.diff(p.mean(axis=2), axis=1).ravel()

    assert float(np.corrcoef(edges(relit), edges(picture.pixels.astype(np.float64)))[0, 1]) > 0.9


def test_what_the_model_can_see_is_redrawn_and_the_rest_relit() -> None:
    seen, unknown = translation_card(view=400), translation_card()
    assert [method_for(side, 3000, seen) for side in (400, 500, 501)] == ["redraw", "redraw", "relight"]
    assert [method_for(3000, side, unknown) for side in (640, 641)] == ["redraw", "relight"]
    assert method_for(9000, 9000, seen, "redraw") == "redraw" and method_for(9, 9, seen, "relight") == "relight"
    everything = translation_card(view=4000, overlap=float("inf"))
    assert [method_for(side, side, everything) for side in (2000, 2001)] == ["redraw", "relight"]
    with pytest.raises(ModelError, match="use the method relight"):
        method_for(2001, 2001, everything, "redraw")
    with pytest.raises(ValueError, match="auto, redraw, relight"):
        method_for(9, 9, seen, "paint")


def test_a_model_that_sees_everything_is_shown_everything(tmp_path: Path, photo_pixels: np.ndarray) -> None:
    path = tiny_translation(tmp_path / "m.onnx", card=translation_card(overlap=float("inf"), view=50))
    with open_model(path, "cpu") as model:
        seen: list[tuple[int, ...]] = []
        run = model.run
        model.run = lambda image, *rest: (seen.append(image.shape), run(image, *rest))[1]  # type: ignore[method-assign]
        translate(picture_of(photo_pixels), model)
        translate(picture_of(photo_pixels), model, method="redraw", tile=40)
    assert seen == [(1, 3, 50, 67), (1, 3, 72, 96)]


def test_the_model_gets_the_sides_it_asks_for(tmp_path: Path, photo_pixels: np.ndarray) -> None:
    card = translation_card(overlap=7, view=41, size=Size(24, 8))
    with open_model(folded_translation(tmp_path / "m.onnx", card=card), "cpu") as model:
        seen: list[tuple[int, ...]] = []
        run = model.run
        model.run = lambda image, *rest: (seen.append(image.shape), run(image, *rest))[1]  # type: ignore[method-assign]
        for method in ("redraw", "relight"):
            translate(picture_of(photo_pixels[:5, :7]), model, method=method)
            translate(picture_of(photo_pixels[:71, :93]), model, method=method, tile=40)
    assert len(seen) > 8 and all(side >= 24 and side % 8 == 0 for shape in seen for side in shape[2:])


# What stays as it is


@examples(15)
@given(
    st.sampled_from([np.uint8, np.uint16]),
    st.sampled_from([3, 4]),
    st.sampled_from(["redraw", "relight"]),
    st.booleans(),
)
def test_no_strength_and_a_black_mask_are_the_source_byte_for_byte(
    small_view: Model, photo_pixels: np.ndarray, dtype: type, channels: int, method: str, profile: bool
) -> None:
    pixels = photo_pixels if channels == 3 else np.dstack([photo_pixels, photo_pixels[..., 0]])
    if dtype == np.uint16:
        pixels = pixels.astype(np.uint16) * 251 + 17
    picture = picture_of(pixels, wide_gamut() if profile else None)
    np.testing.assert_array_equal(translate(picture, small_view, method=method, strength=0.0).pixels, pixels)
    mask = np.zeros((72, 96), np.uint8)
    mask[30:50, 40:70] = 255
    result = translate(picture, small_view, method=method, mask=mask, tile=32).pixels
    np.testing.assert_array_equal(result[mask == 0], pixels[mask == 0])
    whole = translate(picture, small_view, method=method, tile=32).pixels
    np.testing.assert_array_equal(result[mask == 255], whole[mask == 255])
    assert (whole[..., :3] != pixels[..., :3]).any(axis=2).mean() > 0.9


def test_half_the_strength_is_half_way(model: Model, photo_pixels: np.ndarray) -> None:
    picture = picture_of(photo_pixels)
    whole = translate(picture, model).pixels.astype(np.int64)
    half = translate(picture, model, strength=0.5).pixels
    assert apart(half, (whole + photo_pixels) / 2) <= 1


def test_tiles_that_the_mask_leaves_alone_are_not_run(model: Model, photo_pixels: np.ndarray) -> None:
    runs: list[int] = []
    run = model.run
    model.run = lambda *values: (runs.append(1), run(*values))[1]  # type: ignore[method-assign]
    try:
        mask = np.zeros((72, 96), np.uint8)
        mask[:5, :5] = 255
        translate(picture_of(photo_pixels), model, mask=mask, tile=40)
    finally:
        del model.run
    assert len(runs) == 1


@BOTH
def test_16_bits_go_in_and_come_out(small_view: Model, method: str) -> None:
    ramp = np.linspace(0, 65535, 2000).astype(np.uint16).reshape(1, -1, 1).repeat(64, 0).repeat(3, 2)
    result = translate(picture_of(ramp), small_view, method=method)
    assert result.pixels.dtype == np.uint16
    assert len(np.unique(result.pixels[..., 0])) > 1000


@BOTH
def test_alpha_passes_through_and_colour_under_it_does_not_bleed(small_view: Model, method: str) -> None:
    """A grey disc on transparent black, and on transparent red: the disc's visible pixels come out the same."""
    y, x = np.mgrid[:80, :80]
    inside = (x - 40) ** 2 + (y - 40) ** 2 < 600
    results = []
    for hidden in ((0, 0, 0), (255, 0, 0)):
        pixels = np.zeros((80, 80, 4), np.uint8)
        pixels[..., :3] = hidden
        pixels[inside] = (180, 180, 180, 255)
        result = translate(picture_of(pixels), small_view, method=method).pixels
        np.testing.assert_array_equal(result[..., 3], pixels[..., 3])
        results.append(result[inside].astype(np.int32))
    assert int(np.abs(results[0] - results[1]).max()) <= 1
    assert int(np.ptp(results[0], axis=0).max()) <= 12


@BOTH
def test_metadata_travels(small_view: Model, photo: Path, method: str) -> None:
    picture = load(photo)
    result = translate(picture, small_view, method=method)
    assert result.metadata == picture.metadata and not result.pixels.flags.writeable


# Colour


@BOTH
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_wide_gamut_picture_looks_like_its_srgb_self(
    small_view: Model, photo_pixels: np.ndarray, method: str, dtype: type
) -> None:
    """Muted colours, which sRGB holds: translated in Display P3, and seen in sRGB, they are what sRGB gives."""
    from engines.colour.profiles import Space

    space = Space(wide_gamut())
    srgb = (photo_pixels // 2 + 60).astype(np.uint8)
    own = space.from_srgb(srgb.astype(np.uint16) * 257, np.dtype(dtype))
    result = translate(picture_of(own, wide_gamut()), small_view, method=method)
    assert result.metadata.icc == wide_gamut() and result.pixels.dtype == dtype
    expected = translate(picture_of(srgb), small_view, method=method).pixels
    assert apart(np.rint(space.to_srgb(result.pixels) / 257.0), expected) <= 4


def test_srgb_by_its_profile_is_srgb(model: Model, photo_pixels: np.ndarray) -> None:
    plain = translate(picture_of(photo_pixels), model)
    tagged = translate(picture_of(photo_pixels, srgb_profile()), model)
    np.testing.assert_array_equal(plain.pixels, tagged.pixels)
    assert tagged.metadata.icc == srgb_profile()


def test_colours_outside_srgb_stay_outside_when_relit(small_view: Model) -> None:
    """A red that only Display P3 holds: the colour transform is fitted in the picture's own colours, and cuts nothing."""
    from engines.colour.profiles import Space

    pixels = np.zeros((96, 96, 3), np.uint8)
    pixels[...] = np.linspace(90, 255, 96).astype(np.uint8)[:, None, None] * np.array([1.0, 0.1, 0.1])
    space = Space(wide_gamut())
    cut = space.from_srgb(space.to_srgb(pixels), np.dtype(np.uint8))
    assert apart(cut, pixels) > 5
    result = translate(picture_of(pixels, wide_gamut()), small_view, strength=0.5, method="relight").pixels
    assert (np.diff(result[:, 48, 0].astype(int)) >= 0).all() and int(result[-1, 48, 0]) > int(result[-12, 48, 0])


# Files, bands, progress


def test_bands_are_the_whole(folded: Model, small_view: Model, photo_pixels: np.ndarray) -> None:
    picture = picture_of(np.tile(photo_pixels, (4, 1, 1)))
    for model in (folded, small_view):
        bands = [band.copy() for band in translate_bands(PixelRows(picture.pixels), model, tile=64)]
        np.testing.assert_array_equal(np.concatenate(bands), translate(picture, model, tile=64).pixels)


@BOTH
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
def test_file_and_memory_give_the_same_bytes(
    small_view: Model, photo: Path, tmp_path: Path, suffix: str, method: str
) -> None:
    streamed, whole, mask = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}", tmp_path / "mask.png"
    shape = np.zeros((72, 96), np.uint8)
    shape[10:, 20:] = np.arange(76)
    Image.fromarray(shape).save(mask)
    outcome = translate_file(photo, streamed, small_view, method=method, strength=0.8, mask=mask)
    save(translate(load(photo), small_view, method=method, strength=0.8, mask=shape), whole)
    assert (outcome.width, outcome.height, outcome.method, outcome.provider) == (96, 72, method, "CPU")
    assert streamed.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photo_is_relit_upright(
    small_view: Model, photo_pixels: np.ndarray, tmp_path: Path, orientation: int
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(photo_pixels).save(tmp_path / "turned.png", exif=exif)
    translate_file(tmp_path / "turned.png", tmp_path / "out.png", small_view, method="relight")
    expected = translate(load(tmp_path / "turned.png"), small_view, method="relight")
    np.testing.assert_array_equal(load(tmp_path / "out.png").pixels, expected.pixels)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Image.new("L", (60, 50), 180),
        lambda: Image.new("1", (60, 50), 1),
        lambda: Image.new("RGB", (60, 50), (200, 150, 90)).quantize(4),
        lambda: Image.new("CMYK", (60, 50), (10, 20, 30, 0)),
        lambda: Image.fromarray(np.full((50, 60), 40000, np.uint16)),
        lambda: Image.fromarray(np.full((50, 60), 0.7, np.float32)),
    ],
    ids=["grey", "1-bit", "palette", "CMYK", "16-bit grey", "float"],
)
@BOTH
def test_every_kind_of_picture_becomes_colour(small_view: Model, tmp_path: Path, make, method: str) -> None:
    make().save(tmp_path / "in.tif")
    translate_file(tmp_path / "in.tif", tmp_path / "out.tif", small_view, method=method)
    before, after = load(tmp_path / "in.tif").pixels, load(tmp_path / "out.tif").pixels
    assert after.shape == (50, 60, 3) and after.dtype == before.dtype
    middle = after[25, 30] / before[25, 30]
    assert middle[0] < middle[2] < 0.9  # night is dark and blue


@BOTH
def test_progress_counts_up_to_the_whole_without_jumping_back(
    small_view: Model, photo_pixels: np.ndarray, method: str
) -> None:
    reports: list[tuple[int, int, str]] = []
    translate(
        picture_of(photo_pixels), small_view, method=method, tile=40, progress=Progress(lambda *r: reports.append(r))
    )
    done = [report[0] for report in reports]
    assert done[0] == 0 and done == sorted(done) and done[-1] == reports[-1][1] and len(reports) > 4
    expected = 72 * 96 if method == "redraw" else 2 * 72 * 96 + 30 * 32 * 43
    assert {report[1] for report in reports} == {expected}


@BOTH
@pytest.mark.parametrize("at", [0.0, 0.3, 0.99])
def test_cancel_leaves_neither_thread_nor_file(
    small_view: Model, photo: Path, tmp_path: Path, method: str, at: float
) -> None:
    before = threading.active_count()
    progress = Progress(lambda done, total, text: progress.cancel() if done > at * total else None)
    with pytest.raises(Cancelled):
        translate_file(photo, tmp_path / "out.jpg", small_view, method=method, tile=40, progress=progress)
    assert not (tmp_path / "out.jpg").exists() and threading.active_count() <= before


def test_cancel_stops_inside_the_network(tmp_path: Path) -> None:
    """The network would take many seconds; Cancel ends the run that is under way."""
    picture = picture_of(np.full((700, 700, 3), 128, np.uint8))
    path = tiny_translation(tmp_path / "m.onnx", card=translation_card(overlap=2, memory=100), hidden=512)
    with open_model(path, "cpu", threads=1) as model:
        progress = Progress()
        timer = threading.Timer(0.4, progress.cancel)
        timer.start()
        with pytest.raises(Cancelled):
            for _ in range(50):
                translate(picture, model, progress=progress)
        timer.join()


# What goes wrong


@BOTH
@pytest.mark.parametrize(
    ("what", "words"), [("nan", "not numbers"), ("black", "black picture"), ("shape", "card promises")]
)
def test_a_model_that_is_not_what_it_says_writes_nothing(
    tmp_path: Path, photo: Path, what: str, words: str, method: str
) -> None:
    target = tmp_path / "out.png"
    target.write_bytes(b"whole")
    path = broken_translation(tmp_path / "m.onnx", what)
    with open_model(path, "cpu") as model, pytest.raises(ModelError, match=words):
        translate_file(photo, target, model, method=method, tile=40)
    assert target.read_bytes() == b"whole"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_tile_of_night_sky_may_be_black(model: Model, photo_pixels: np.ndarray) -> None:
    """Many tiles come out black and one does not, so the picture is not."""
    run = model.run
    calls: list[int] = []

    def dark_but_once(image: np.ndarray, *rest: object) -> np.ndarray:
        calls.append(1)
        return run(image, *rest) * np.float32(len(calls) == 5)  # type: ignore[arg-type]

    model.run = dark_but_once  # type: ignore[method-assign]
    try:
        result = translate(picture_of(photo_pixels), model, tile=32)
    finally:
        del model.run
    assert len(calls) > 6 and result.pixels.any()


@BOTH
def test_a_dark_photo_may_become_black(tmp_path: Path, method: str) -> None:
    with open_model(broken_translation(tmp_path / "m.onnx", "black"), "cpu") as model:
        assert not translate(picture_of(np.full((9, 9, 3), 10, np.uint8)), model, method=method).pixels.any()


def test_another_task_is_refused(tmp_path: Path, photo_pixels: np.ndarray) -> None:
    with (
        open_model(tiny_superres(tmp_path / "m.onnx", card=card_for(2, overlap=2)), "cpu") as model,
        pytest.raises(ModelError, match="not image-translation"),
    ):
        translate(picture_of(photo_pixels), model)


def test_a_tile_without_a_middle_is_said(tmp_path: Path, photo_pixels: np.ndarray) -> None:
    path = tiny_translation(tmp_path / "m.onnx", card=translation_card(overlap=30))
    with (
        open_model(path, "cpu") as model,
        pytest.raises(ModelError, match="A tile of 64 pixels is too small .* at least 68"),
    ):
        translate(picture_of(photo_pixels), model, tile=64)


def test_numbers_that_are_none(model: Model, photo_pixels: np.ndarray) -> None:
    for strength in (-1.0, 1.5, float("nan")):
        with pytest.raises(ValueError, match="strength"):
            translate(picture_of(photo_pixels), model, strength=strength)
    with pytest.raises(ValueError, match="a mask for"):
        translate(picture_of(photo_pixels), model, mask=np.zeros((3, 3), np.uint8))


@pytest.mark.parametrize("how", ["replaced", "rewritten", "shortened", "deleted"])
def test_a_source_that_changes_between_the_two_readings_writes_nothing(
    small_view: Model, tmp_path: Path, how: str
) -> None:
    source = tmp_path / "photo.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)).save(source)

    def change(_done: int, _total: int, text: str) -> None:
        if not text.startswith("tile") or not source.exists() or source.stat().st_mtime_ns == 1:
            return
        other = tmp_path / "other.png"
        Image.fromarray(np.zeros((200, 300, 3), np.uint8)).save(other)
        match how:
            case "replaced":
                os.replace(other, source)
            case "rewritten":
                source.write_bytes(other.read_bytes())
            case "shortened":
                source.write_bytes(source.read_bytes()[:1000])
            case "deleted":
                source.unlink()
        other.unlink(missing_ok=True)
        if source.exists():
            os.utime(source, ns=(1, 1))

    words = "There is no file" if how == "deleted" else "changed while it was read"
    with pytest.raises(PictureError, match=words):
        translate_file(source, tmp_path / "out.png", small_view, method="relight", progress=Progress(change))
    assert [path.name for path in tmp_path.iterdir() if path != source] == []


def test_a_reader_that_is_rewound_reads_the_same(photo: Path) -> None:
    with open_picture(photo) as reader:
        first = reader.read(50)
        reader.rewind()
        np.testing.assert_array_equal(reader.read(50), first)
        assert len(reader.read(1000)) == 22


@BOTH
def test_memory_that_runs_out_halves_the_tile_and_goes_on(
    small_view: Model, photo_pixels: np.ndarray, method: str
) -> None:
    """The model refuses what is larger than 40 pixels a side, as ONNX Runtime does where memory ends."""
    picture = picture_of(np.tile(photo_pixels, (1, 3, 1)))
    expected = translate(picture, small_view, method=method, tile=4096)
    said: list[str] = []
    run = small_view.run

    def small_only(image: np.ndarray, *rest: object) -> np.ndarray:
        if max(image.shape[2:]) > 40:
            raise OutOfMemory("There is not enough memory.")
        return run(image, *rest)  # type: ignore[arg-type]

    small_view.run = small_only  # type: ignore[method-assign]
    try:
        result = translate(picture, small_view, method=method, tile=144, progress=Progress(notice=said.append))
    finally:
        del small_view.run
    assert apart(result, expected) <= 1
    assert said and all("going on with" in sentence for sentence in said)


REAL_LIMIT = """
import resource, sys
from pathlib import Path
import numpy as np
sys.path.insert(0, sys.argv[1])
from engines.models.model import open_model
from engines.pictures.picture import load
from engines.progress import Progress
from engines.translation.translate import translate
folder = Path(sys.argv[2])
with open_model(folder / "wide.onnx", "cpu", threads=1) as model:
    picture = load(folder / "photo.png")
    expected = translate(picture, model, method="redraw", tile=64).pixels
    with open("/proc/self/statm") as statm:
        used = int(statm.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 150 * 2**20, resource.RLIM_INFINITY))
    said = []
    result = translate(picture, model, method="redraw", tile=1024, progress=Progress(notice=said.append)).pixels
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print(len(said), int(np.abs(result.astype(int) - expected).max()))
    print(said[0])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_AS")
def test_a_real_failure_to_allocate_halves_the_tile_and_goes_on(tmp_path: Path, photo_pixels: np.ndarray) -> None:
    """ONNX Runtime itself runs out: the process may take 150 MB more, the network wants several times that."""
    tiny_translation(tmp_path / "wide.onnx", hidden=128)
    Image.fromarray(np.tile(photo_pixels, (14, 10, 1))).save(tmp_path / "photo.png")
    command = [sys.executable, "-c", REAL_LIMIT, str(ROOT), str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
    first, said = run.stdout.splitlines()
    notices, levels = map(int, first.split())
    assert notices >= 1 and levels <= 1
    assert "Memory ran out with tiles of" in said


# Models that say how colours change


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return open_model(grid_translation(tmp_path_factory.mktemp("models") / "grid.onnx"), "cpu")


def test_a_grid_is_applied_at_full_size(grid: Model, photo_pixels: np.ndarray) -> None:
    picture = picture_of(np.tile(photo_pixels, (3, 2, 1)))
    result = translate(picture, grid)
    assert result.pixels.shape == picture.pixels.shape and result.pixels.mean() < 0.7 * picture.pixels.mean()

    def edges(p: np.ndarray) -> np.ndarray:
        return np.diff(p.astype(np.float64).mean(axis=2), axis=1).ravel()

    # A map may turn dark and bright about, but what is an edge to the pixel stays one.
    assert float(np.corrcoef(np.abs(edges(result.pixels)), np.abs(edges(picture.pixels)))[0, 1]) > 0.9
    deep = picture_of(picture.pixels.astype(np.uint16) * 257)
    assert apart(translate(deep, grid).pixels // 257, result.pixels) <= 1


def test_what_says_how_colours_change_cannot_redraw(grid: Model, photo_pixels: np.ndarray) -> None:
    assert method_for(40, 40, grid.card) == method_for(40, 40, grid.card, "relight") == "relight"
    with pytest.raises(ModelError, match="paints no picture; use the method relight"):
        translate(picture_of(photo_pixels), grid, method="redraw")


def test_grid_bands_file_and_whole_are_the_same(grid: Model, photo_pixels: np.ndarray, tmp_path: Path) -> None:
    large = np.tile(photo_pixels, (9, 9, 1))
    whole = translate(picture_of(large), grid).pixels
    Image.fromarray(large).save(tmp_path / "in.png")
    outcome = translate_file(tmp_path / "in.png", tmp_path / "out.png", grid)
    assert outcome.method == "relight" and np.array_equal(load(tmp_path / "out.png").pixels, whole)
    bands = list(translate_bands(PixelRows(large), grid))
    assert np.array_equal(np.concatenate(bands), whole)


def test_grid_with_alpha_mask_strength_and_a_wide_gamut(grid: Model, photo_pixels: np.ndarray) -> None:
    rgba = np.dstack([photo_pixels, np.full(photo_pixels.shape[:2], 200, np.uint8)])
    rgba[:9, :, 3] = 0
    mask = np.zeros(photo_pixels.shape[:2], np.uint8)
    mask[20:50, 30:60] = 255
    result = translate(picture_of(rgba), grid, mask=mask)
    assert np.array_equal(result.pixels[..., 3], rgba[..., 3])
    assert np.array_equal(result.pixels[mask == 0], rgba[mask == 0])
    assert (result.pixels[mask > 0] != rgba[mask > 0]).any()
    half = translate(picture_of(photo_pixels), grid, strength=0.5).pixels.astype(int)
    full = translate(picture_of(photo_pixels), grid).pixels.astype(int)
    assert np.abs(half - (photo_pixels + full) / 2).max() <= 1
    grey = np.full((60, 80, 3), 128, np.uint8)
    assert apart(translate(picture_of(grey, wide_gamut()), grid), translate(picture_of(grey), grid)) <= 3


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (700, 1), (3, 3), (17, 15)])
def test_grid_of_the_smallest_and_the_thinnest(grid: Model, shape: tuple[int, int]) -> None:
    result = translate(picture_of(np.full((*shape, 3), 200, np.uint8)), grid)
    assert result.pixels.shape == (*shape, 3) and 0 < int(result.pixels.max()) < 200


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"says": "nan"}, "values that are not numbers"),
        ({"says": "black"}, "returned a black picture"),
        ({"says": "small"}, "does not give the grid and lights that its card promises"),
        ({"tones": 1}, "does not give the grid and lights that its card promises"),
    ],
)
def test_a_grid_that_is_none_is_told(
    broken: dict[str, object], said: str, photo_pixels: np.ndarray, tmp_path: Path
) -> None:
    with (
        open_model(grid_translation(tmp_path / "m.onnx", **broken), "cpu") as model,  # type: ignore[arg-type]
        pytest.raises(ModelError, match=said),
    ):
        translate(picture_of(photo_pixels), model)


def test_a_grid_tells_how_far_it_is_and_stops(grid: Model, photo_pixels: np.ndarray) -> None:
    told: list[float] = []
    large = picture_of(np.tile(photo_pixels, (12, 12, 1)))
    translate(large, grid, progress=Progress(lambda done, total, _: told.append(done / total)))
    assert told == sorted(told) and told[-1] == 1
    stop: Progress = Progress(lambda done, total, _: stop.cancel() if done > total / 2 else None)
    with pytest.raises(Cancelled):
        translate(large, grid, progress=stop)


def test_a_card_with_other_outputs_is_refused(tmp_path: Path) -> None:
    path = grid_translation(tmp_path / "m.onnx", card=grid_card(outputs=("depth", "lights")))
    with pytest.raises(CardError, match="“card.outputs” is “depth, lights”, which this Duskroom does not know"):
        open_model(path, "cpu")
    promised = tiny_translation(tmp_path / "n.onnx", card=grid_card())
    with pytest.raises(ModelError, match="give “grid”, “lights”; export it again"):
        open_model(promised, "cpu")
