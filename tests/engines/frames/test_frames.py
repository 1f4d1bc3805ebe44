"""Drawing and animating: every seed is a frame, frames come one by one, and each file says how it was made."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import Interpolation
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engines.errors import Cancelled, ModelError, PictureError, TargetError
from engines.frames import gif
from engines.frames.gif import GifWriter, palette_of
from engines.frames.provenance import KEY, Provenance, made_by, read, read_provenance
from engines.frames.sheet import GROUND, sheet_columns, sheet_size, write_picture, write_sheet
from engines.frames.video import VideoWriter
from engines.generation import latent
from engines.generation.drawing import Drawing, Samples, checked, draw, drawn_size
from engines.generation.latent import LatentError, latents
from engines.generation.route import FramePath, Route, usual_frames
from engines.models.card import ModelCard
from engines.models.model import Model, open_model
from engines.progress import Progress
from tests.disks import small_disk_at
from tests.exported import CARD, LABELS, LATENT, SIDE, save_broken, save_exported
from tests.models import tiny_superres

ACCURATE = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
PLAIN = replace(CARD, labels=(), controls={})


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Model]:
    with open_model(save_exported(tmp_path_factory.mktemp("models") / "tiny.onnx"), "cpu", threads=1) as opened:
        yield opened


@pytest.fixture(scope="module")
def upscaler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Model]:
    path = tiny_superres(tmp_path_factory.mktemp("models") / "twice.onnx")
    with open_model(path, "cpu", threads=1) as opened:
        yield opened


def drawing(seeds: tuple[int, ...] = (1, 2, 3), labels: tuple[str, ...] = ("apple",), **changes: object) -> Drawing:
    return replace(Drawing(seeds, labels), **changes)  # type: ignore[arg-type]


def samples(model: Model, wanted: Drawing) -> np.ndarray:
    return np.stack(list(draw(model, Samples(model.card, wanted), wanted)))


def frames(model: Model, wanted: Drawing, route: Route) -> list[np.ndarray]:
    return list(draw(model, FramePath(model.card, wanted, route), wanted))


def everything(path: FramePath) -> tuple[np.ndarray, np.ndarray | None]:
    return path.at(np.arange(path.count))


# Drawing


def test_each_seed_draws_its_own_picture_however_many_are_drawn(model: Model) -> None:
    many = samples(model, drawing(tuple(range(40))))
    assert many.shape == (40, SIDE, SIDE, 3) and many.dtype == np.uint8
    np.testing.assert_array_equal(samples(model, drawing((37,)))[0], many[37])
    some = list(draw(model, Samples(model.card, drawing(tuple(range(40)))), drawing(tuple(range(40))), [20, 3]))
    np.testing.assert_array_equal(np.stack(some), many[[20, 3]])
    assert len({picture.tobytes() for picture in many}) == 40


def test_labels_truncation_and_controls_are_seen(model: Model) -> None:
    usual = samples(model, drawing((5,)))
    for changed in (
        drawing((5,), ("Cherry pie",)), drawing((5,), truncation=0.3), drawing((5,), controls={"pull": 2.0}),
        drawing((5,), controls={"tilt = slant": -1.0}), drawing((5,), controls={"kind": 2.0}),
    ):  # fmt: skip
        assert np.abs(samples(model, changed).astype(int) - usual).mean() > 1
    average = samples(model, drawing((5, 6), truncation=0.0))
    np.testing.assert_array_equal(average[0], average[1])


def test_a_direction_is_as_wide_whatever_the_truncation(model: Model) -> None:
    pulled, there = drawing((5,), truncation=0.0, controls={"pull": 2.0}), drawing((5,), truncation=0.0)
    assert np.abs(samples(model, pulled).astype(int) - samples(model, there)).mean() > 1


def test_names_are_found_in_any_case_and_kept_as_the_card_has_them() -> None:
    found = checked(CARD, drawing(labels=("CHERRY PIE",), controls={"Pull": 1.0, "tilt = slant": 0.5}))
    assert found.labels == ("Cherry pie",) and found.controls == {"pull": 1.0, "tilt = slant": 0.5}
    assert checked(CARD, drawing(labels=("NAÏVE 🍒", "-odd “one”", "apple"))).labels == (
        LABELS[2],
        LABELS[3],
        LABELS[0],
    )


def test_what_the_model_cannot_be_asked_for_is_said() -> None:
    for changes, kind, words in [
        ({"labels": ("pear",)}, ModelError, "has no label “pear”; choose “apple”"),
        (
            {"labels": ("apple", "apple")},
            ModelError,
            "2 labels do not go with 3 seeds; name one for all, or one for each.",
        ),
        ({"seeds": (1, -1)}, LatentError, "The seed -1 is not between 0 and 4294967295"),
        ({"seeds": (2**32,)}, LatentError, "The seed 4294967296 is not between"),
        ({"truncation": 1.5}, LatentError, "The truncation 1.5 is not between 0 and 1"),
        ({"truncation": float("nan")}, LatentError, "The truncation nan is not"),
        ({"controls": {"lift": 1.0}}, ModelError, "no control “lift”; choose one of “tilt = slant”, “pull”, “kind”."),
        ({"controls": {"pull": 2.5}}, LatentError, "“pull” is 2.5, not between -2 and 2"),
        ({"controls": {"pull": float("nan")}}, LatentError, "“pull” is nan, not between"),
        ({"controls": {"kind": 0.5}}, LatentError, "“kind” is 0.5, not a whole number"),
        ({"controls": {"kind": 3.0}}, LatentError, "“kind” is 3, not between 0 and 2"),
        ({"controls": {"pull": 1.0, "PULL": 2.0}}, LatentError, "“pull” is set twice"),
    ]:
        with pytest.raises(kind) as error:
            checked(CARD, drawing(**changes))  # type: ignore[arg-type]
        assert words in str(error.value)


def test_labels_and_controls_of_a_model_without_any_are_said(upscaler: Model) -> None:
    with pytest.raises(ModelError, match="has no labels, so it cannot draw “apple”; leave the label out."):
        checked(PLAIN, drawing())
    with pytest.raises(ModelError, match="no control “pull”; it has none, so leave it out."):
        checked(PLAIN, drawing(labels=(), controls={"pull": 1.0}))
    with pytest.raises(ModelError, match="is a model for super-resolution, not image-generation"):
        checked(upscaler.card, drawing(labels=()))


def test_a_label_that_was_left_out_is_said(model: Model) -> None:
    with pytest.raises(ModelError, match="draws what a label says; choose “apple”"):
        samples(model, drawing(labels=()))


def test_a_model_that_returns_no_pictures_is_said(tmp_path: Path) -> None:
    for what, words in [("nan", "not numbers"), ("black", "black pictures"), ("shape", "32×32")]:
        with (
            open_model(save_broken(tmp_path / "m.onnx", what), "cpu") as broken,
            pytest.raises(ModelError, match=words),
        ):
            samples(broken, drawing())


def test_each_picture_is_enlarged(model: Model, upscaler: Model) -> None:
    wanted = drawing()
    points = Samples(model.card, wanted)
    large = list(draw(model, points, wanted, upscaler=upscaler))
    assert [picture.shape for picture in large] == [(2 * SIDE, 2 * SIDE, 3)] * 3
    small = large[0].reshape(SIDE, 2, SIDE, 2, 3).mean((1, 3))
    assert np.abs(small - samples(model, wanted)[0]).mean() < 20
    assert drawn_size(model, points, wanted) == (SIDE, SIDE)
    assert drawn_size(model, points, wanted, upscaler) == (2 * SIDE, 2 * SIDE)


def test_the_size_is_tried_where_the_card_does_not_say(tmp_path: Path) -> None:
    with open_model(save_exported(tmp_path / "m.onnx", output_size=None), "cpu") as opened:
        assert drawn_size(opened, Samples(opened.card, drawing()), drawing()) == (SIDE, SIDE)


def test_cancelling_stops_between_two_pictures(model: Model) -> None:
    progress = Progress()
    pictures = draw(model, Samples(model.card, drawing()), drawing(), progress=progress)
    next(pictures)
    progress.cancel()
    with pytest.raises(Cancelled):
        next(pictures)


# Paths


@given(
    count=st.integers(2, 6), frames=st.integers(12, 90), curve=st.sampled_from(latent.CURVES),
    easing=st.sampled_from(sorted(latent.EASINGS)), loop=st.booleans(),
)  # fmt: skip
def test_every_seed_is_a_frame(count: int, frames: int, curve: str, easing: str, loop: bool) -> None:
    seeds = tuple(range(10, 10 + count))
    path = FramePath(PLAIN, drawing(seeds, ()), Route(frames, curve, easing, loop))
    z, labels = everything(path)
    assert z.shape == (frames, LATENT) and labels is None and np.isfinite(z).all()
    assert path.keyframes == sorted(set(path.keyframes)) and len(path.keyframes) == count
    np.testing.assert_array_equal(z[path.keyframes], latents(seeds, LATENT))
    assert path.keyframes[0] == 0 and (loop or path.keyframes[-1] == frames - 1)
    later = np.array([frames - 1, 0, frames // 2])
    np.testing.assert_array_equal(path.at(later)[0], z[later])  # whatever else is asked for


def test_the_speed_is_even_but_for_what_whole_frames_cost() -> None:
    for curve in latent.CURVES:
        z, _ = everything(path := FramePath(PLAIN, drawing((1, 2, 3, 4), ()), Route(160, curve, loop=True)))
        steps = np.linalg.norm(np.roll(z, -1, axis=0) - z, axis=1)  # also the one from the last to the first
        assert steps.max() / steps.min() < 1.1
        for start, end in zip(path.keyframes, [*path.keyframes[1:], 160], strict=True):
            assert steps[start:end].max() / steps[start:end].min() < 1.03


def test_a_path_is_the_one_that_latents_know_but_for_the_timing() -> None:
    route = Route(200)
    z, _ = everything(FramePath(PLAIN, drawing((1, 2, 3, 4), ()), route))
    even = latent.path(latents((1, 2, 3, 4), LATENT), 4000)
    apart = np.linalg.norm(z[:, None] - even[None], axis=-1).min(axis=1)
    assert apart.max() < 0.01


def test_easing_rests_at_the_seeds() -> None:
    path = FramePath(PLAIN, drawing((1, 2, 3), ()), Route(61, easing="smooth"))
    steps = np.linalg.norm(np.diff(everything(path)[0], axis=0), axis=1)
    middle = path.keyframes[1]
    assert steps[middle] < 0.2 * steps[middle // 2] and steps[middle - 1] < 0.2 * steps[middle // 2]


def test_a_loop_closes_by_itself() -> None:
    there = everything(FramePath(PLAIN, drawing((1, 2, 3), ()), Route(30, loop=True)))[0]
    named = FramePath(PLAIN, drawing((1, 2, 3, 1), ()), Route(30, loop=True))
    np.testing.assert_array_equal(everything(named)[0], there)
    each = FramePath(CARD, drawing((1, 2, 3, 1), ("apple", "Cherry pie", "apple", "apple")), Route(30, loop=True))
    labels = everything(each)[1]
    assert labels is not None and set(labels[each.keyframes[1:2]]) == {1} and labels[0] == labels[-1] == 0


def test_a_smooth_loop_through_two_seeds_is_a_circle() -> None:
    path = FramePath(PLAIN, drawing((1, 2), ()), Route(40, loop=True))
    z, _ = everything(path)
    np.testing.assert_array_equal(z[path.keyframes], latents((1, 2), LATENT))
    steps = np.roll(z, -1, axis=0) - z
    turns = (steps * np.roll(steps, 1, axis=0)).sum(1) / np.linalg.norm(steps, axis=1) ** 2
    assert turns.min() > 0.7  # it turns back nowhere


def test_a_label_switches_once_and_halfway() -> None:
    path = FramePath(CARD, drawing((1, 2, 3), LABELS[:3]), Route(41))
    _, labels = everything(path)
    assert labels is not None and list(labels[path.keyframes]) == [0, 1, 2]
    switches = np.flatnonzero(np.diff(labels)) + 1
    middles = [(a + b) / 2 for a, b in zip(path.keyframes, path.keyframes[1:], strict=False)]
    assert len(switches) == 2 and np.abs(switches - middles).max() <= 1
    one = everything(FramePath(CARD, drawing(labels=("Cherry pie",)), Route(41)))[1]
    assert one is not None and set(one) == {1}


def test_what_is_no_path_is_said() -> None:
    for seeds, route, words in [
        ((), Route(10), "needs two keyframes at least"),
        ((1,), Route(10), "needs two keyframes at least"),
        ((1, 2), Route(0), "A path of 0 frames cannot be made; choose from 1 to 100000 frames."),
        ((1, 2), Route(-5), "A path of -5 frames cannot be made"),
        ((1, 2), Route(100_001), "A path of 100001 frames cannot be made"),
        ((1, 2), Route(1), "needs 2 frames at least"),
        ((1, 2, 3), Route(2, loop=True), "needs 3 frames at least, so that each keyframe is one; ask for more frames."),
        ((1, 1), Route(10), "stand still between seed 1 and seed 1; leave one of them out."),
        ((4, 2, 2, 3), Route(10), "stand still between seed 2 and seed 2"),
        ((1, 1), Route(10, loop=True), "stand still"),
        ((1, 2), Route(10, "spiral"), "There is no curve “spiral”; choose catmull-rom, slerp, lerp."),
        ((1, 2), Route(10, easing="fast"), "There is no easing “fast”; choose linear, smooth, smoother."),
    ]:
        with pytest.raises(LatentError) as error:
            FramePath(PLAIN, drawing(seeds, ()), route)
        assert words in str(error.value)


def test_the_frames_there_are_where_nobody_says() -> None:
    assert usual_frames(3, 25, loop=False) == 101 and usual_frames(3, 25, loop=True) == 150
    assert usual_frames(1, 25, loop=False) == 1 and usual_frames(10_000, 240, loop=True) == latent.MAX_FRAMES


def test_a_keyframe_is_the_picture_of_its_seed(model: Model) -> None:
    wanted = drawing((7, 8, 9), LABELS[1:4], truncation=0.8, controls={"pull": 1.0, "kind": 1.0})
    route = Route(23, easing="smooth", loop=True)
    path = FramePath(model.card, wanted, route)
    there = np.stack(frames(model, wanted, route))[path.keyframes]
    np.testing.assert_array_equal(there, samples(model, wanted))


# Files


@pytest.fixture(scope="module")
def made(model: Model) -> tuple[list[np.ndarray], Provenance]:
    """Frames of a path, and what a file of them says."""
    wanted, route = drawing((1, 2, 3), ("naïve 🍒",), controls={"tilt = slant": 0.25}), Route(24, loop=True)
    return frames(model, wanted, route), made_by(model, wanted, route)


def write_gif(target: Path, pictures: list[np.ndarray], fps: float = 25, comment: str = "") -> None:
    height, width = pictures[0].shape[:2]
    with GifWriter(target, width, height, fps, lambda: palette_of(pictures), comment) as writer:
        for picture in pictures:
            writer.write(picture)


def write_mp4(
    target: Path, pictures: list[np.ndarray], fps: float = 25, comment: str = "", keyframes: tuple[int, ...] = ()
) -> None:
    height, width = pictures[0].shape[:2]
    with VideoWriter(target, width, height, fps, comment, keyframes) as writer:
        for picture in pictures:
            writer.write(picture)


def in_gif(path: Path) -> tuple[np.ndarray, list[int]]:
    """The frames of a GIF, and the milliseconds of each."""
    with Image.open(path) as image:
        shown, took = [], []
        for number in range(image.n_frames):  # type: ignore[attr-defined]
            image.seek(number)
            shown.append(np.asarray(image.convert("RGB")))
            took.append(image.info["duration"])
        return np.stack(shown), took


def in_mp4(path: Path) -> tuple[np.ndarray, list[int]]:
    """The frames of a video, and the numbers of those that stand for themselves."""
    with av.open(path) as video:
        found = list(video.decode(video=0))
        return np.stack([one.to_ndarray(format="rgb24", interpolation=ACCURATE) for one in found]), [
            i for i, f in enumerate(found) if f.key_frame
        ]


def soft(count: int, side: int = 64) -> list[np.ndarray]:
    """Smooth colours that drift a little from frame to frame, right of a part that rests."""
    y, x = np.mgrid[0:side, 0:side] / side
    made: list[np.ndarray] = []
    for number in range(count):
        drift = np.where(x > 0.5, 20 * number / count, 0)
        made.append(np.stack([60 + 120 * x + drift, 40 + 150 * y, 200 - 90 * x + drift], -1).astype(np.uint8))
    return made


def test_a_gif_shows_the_frames_and_repeats(made: tuple[list[np.ndarray], Provenance], tmp_path: Path) -> None:
    pictures, provenance = made
    write_gif(tmp_path / "a.gif", pictures, 25, provenance.comment())
    shown, took = in_gif(tmp_path / "a.gif")
    assert shown.shape == (24, SIDE, SIDE, 3) and took == [40] * 24
    with Image.open(tmp_path / "a.gif") as image:
        assert image.info["loop"] == 0
    assert read_provenance(tmp_path / "a.gif") == provenance


def test_a_gif_takes_as_long_as_it_should(tmp_path: Path) -> None:
    for fps in [0.1, 7, 12.5, 23.976, 30, 50]:
        write_gif(tmp_path / "a.gif", soft(31, 8), fps)
        _, took = in_gif(tmp_path / "a.gif")
        assert sum(took) == pytest.approx(31 * 1000 / fps, abs=10) and min(took) >= 20


def test_a_gif_does_not_flicker(tmp_path: Path) -> None:
    """Where the picture rests the grain rests too; error diffusion and palettes of their own do not give that."""
    pictures = soft(12)
    write_gif(tmp_path / "a.gif", pictures)
    shown = in_gif(tmp_path / "a.gif")[0].astype(int)
    assert np.ptp(shown[:, :, :30], axis=0).max() == 0
    apart = np.abs(shown - np.stack(pictures))
    assert apart.mean() < 4 and np.ptp(shown[:, :, 40:], axis=0).max() > 0


def test_a_gif_of_few_colours_is_exact(tmp_path: Path) -> None:
    pictures = [np.full((9, 7, 3), level, np.uint8) for level in (0, 0, 255)]
    write_gif(tmp_path / "a.gif", pictures)
    shown, _ = in_gif(tmp_path / "a.gif")
    assert np.abs(shown.astype(int) - np.stack(pictures)).max() <= 4


def test_a_video_shows_the_frames_in_true_colours(tmp_path: Path) -> None:
    pictures = soft(30)
    write_mp4(tmp_path / "a.mp4", pictures, 12.5, keyframes=(0, 11, 20))
    shown, alone = in_mp4(tmp_path / "a.mp4")
    assert shown.shape == (30, 64, 64, 3) and {0, 11, 20} <= set(alone)
    apart = np.abs(shown.astype(int) - np.stack(pictures))
    assert apart.mean() < 2 and np.abs(shown.mean((0, 1, 2)) - np.stack(pictures).mean((0, 1, 2))).max() < 1
    with av.open(tmp_path / "a.mp4") as video:
        stream = video.streams.video[0]
        context = stream.codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p") and stream.average_rate == Fraction(25, 2)
        assert (context.colorspace, context.color_primaries, context.color_trc, context.color_range) == (1, 1, 1, 1)
        assert stream.duration * stream.time_base == pytest.approx(30 / 12.5)


def test_a_video_begins_with_its_index(tmp_path: Path) -> None:
    """So a browser plays it while it still loads. What was moved to make room is whole."""
    random = np.random.default_rng(0)
    pictures = [random.integers(0, 256, (64, 64, 3), np.uint8) for _ in range(90)]
    write_mp4(tmp_path / "a.mp4", pictures)
    data, boxes, at = (tmp_path / "a.mp4").read_bytes(), [], 0
    assert len(data) > 2 * 32_768 * 4  # more than FFmpeg moves at once
    while at < len(data):
        boxes.append(data[at + 4 : at + 8])
        at += int.from_bytes(data[at : at + 4], "big")
    assert at == len(data) and boxes.index(b"moov") < boxes.index(b"mdat")
    shown, _ = in_mp4(tmp_path / "a.mp4")
    apart = np.abs(np.stack(pictures)[:, None].astype(int) - shown[[0, 40, 89]]).mean(axis=(2, 3, 4))
    assert list(apart.argmin(axis=0)) == [0, 40, 89]


def test_a_video_of_odd_sides_repeats_its_last_pixels(tmp_path: Path) -> None:
    for width, height in [(33, 17), (5, 4), (2, 3), (1, 1)]:
        picture = np.full((height, width, 3), (200, 60, 30), np.uint8)
        write_mp4(tmp_path / "a.mp4", [picture] * 3)
        shown, _ = in_mp4(tmp_path / "a.mp4")
        assert shown.shape == (3, height + height % 2, width + width % 2, 3)
        assert np.abs(shown.astype(int) - picture[0, 0]).max() < 12


def peak(writer: GifWriter | VideoWriter, count: int) -> int:
    """The bytes that Python holds at most while `count` frames are written."""
    picture = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    tracemalloc.start()
    with writer:
        for number in range(count):
            writer.write(np.roll(picture, number, axis=0))
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


def test_memory_does_not_grow_with_the_frames(tmp_path: Path) -> None:
    """Of what Python allocates; the encoder's own memory is for as many frames as it looks ahead."""

    def of_gif(count: int) -> int:
        return peak(GifWriter(tmp_path / "a.gif", 64, 64, 25, lambda: palette_of(soft(2))), count)

    def of_mp4(count: int) -> int:
        return peak(VideoWriter(tmp_path / "a.mp4", 64, 64, 25), count)

    for of in (of_gif, of_mp4):
        of(10)  # what is loaded and kept by the first
        # The least of three: what else this process does meanwhile is measured too, but not each time.
        assert min(of(300) for _ in range(3)) < of(30) + 100_000


def test_a_sheet_shows_all_pictures_side_by_side(tmp_path: Path) -> None:
    pictures = [np.full((8, 12, 3), 10 * number, np.uint8) for number in range(1, 8)]
    provenance = Provenance("Tiny", "0" * 64, tuple(range(7)))
    assert write_sheet(tmp_path / "s.png", iter(pictures), 7, 12, 8, provenance) == ()
    with Image.open(tmp_path / "s.png") as image:
        sheet = np.asarray(image)
    assert sheet_columns(7) == 3 and sheet.shape[1::-1] == sheet_size(7, 12, 8) == (1 + 3 * 13, 1 + 3 * 9)
    for number, picture in enumerate(pictures):
        row, column = divmod(number, 3)
        np.testing.assert_array_equal(sheet[1 + 9 * row : 9 + 9 * row, 1 + 13 * column : 13 + 13 * column], picture)
    assert (sheet[19:, 15:] == GROUND).all() and (sheet[0] == GROUND).all() and (sheet[:, 0] == GROUND).all()


def test_a_file_says_how_it_was_made(made: tuple[list[np.ndarray], Provenance], tmp_path: Path) -> None:
    for suffix in [".png", ".jpg", ".webp", ".tif", ".avif", ".gif", ".mp4"]:
        pictures, provenance = made
        provenance = replace(provenance, frame=3, upscaler="Tiny ×2", upscaler_sha256="f" * 64)
        path = tmp_path / f"a{suffix}"
        match suffix:
            case ".gif":
                write_gif(path, pictures, comment=provenance.comment())
            case ".mp4":
                write_mp4(path, pictures, comment=provenance.comment())
            case _:
                assert write_picture(path, pictures[0], provenance) == ()
                with Image.open(path) as image:
                    assert np.abs(np.asarray(image.convert("RGB")).astype(int) - pictures[0]).mean() < 25
        assert read_provenance(path) == provenance
        values = read(path)
        assert values["model_sha256"] == provenance.model_sha256 and values["labels"] == ["naïve 🍒"]
        assert (values["frames"], values["curve"], values["easing"], values["loop"]) == (
            24,
            "catmull-rom",
            "linear",
            True,
        )
        assert values["seeds"] == [1, 2, 3] and values["controls"] == {"tilt = slant": 0.25} and values["frame"] == 3


def test_a_png_says_it_where_other_programs_look(tmp_path: Path) -> None:
    provenance = Provenance("Tiny", "0" * 64, (7,), ("apple",))
    write_picture(tmp_path / "a.png", np.zeros((5, 5, 3), np.uint8), provenance)
    with Image.open(tmp_path / "a.png") as image:
        image.load()
        assert json.loads(image.text[KEY])["seeds"] == [7]  # type: ignore[attr-defined]


def test_what_a_file_says_draws_it_again(model: Model, tmp_path: Path) -> None:
    wanted = drawing((11,), ("-odd “one”",), truncation=0.7, controls={"pull": -1.5})
    (picture,) = samples(model, wanted)
    write_picture(tmp_path / "a.png", picture, made_by(model, wanted))
    again = read_provenance(tmp_path / "a.png").drawing
    with Image.open(tmp_path / "a.png") as image:
        np.testing.assert_array_equal(samples(model, checked(model.card, again))[0], np.asarray(image))


def test_what_does_not_fit_a_jpeg_is_said(tmp_path: Path) -> None:
    provenance = Provenance("Tiny", "0" * 64, tuple(range(10**6, 10**6 + 10_000)), controls={})
    notices = write_picture(tmp_path / "a.jpg", np.zeros((5, 5, 3), np.uint8), provenance)
    assert notices == ("The picture's EXIF data is too large for a JPEG and was left out.",)
    write_picture(tmp_path / "a.png", np.zeros((5, 5, 3), np.uint8), provenance)
    assert read_provenance(tmp_path / "a.png") == provenance


def test_a_file_that_says_nothing_is_said(tmp_path: Path, photo: Path) -> None:
    for suffix in [".png", ".jpg", ".gif", ".mp4", ".txt"]:
        path = tmp_path / f"a{suffix}"
        match suffix:
            case ".gif":
                write_gif(path, soft(2))
            case ".mp4":
                write_mp4(path, soft(2))
            case ".txt":
                path.write_text("no picture")
            case _:
                Image.open(photo).save(path)
        with pytest.raises(PictureError, match="does not say how it was made"):
            read_provenance(path)
        path.write_bytes(path.read_bytes()[:30])
        with pytest.raises(PictureError):
            read_provenance(path)
        with pytest.raises(PictureError, match="cannot be read"):
            read_provenance(tmp_path / "none")


def test_a_comment_of_somebody_else_is_nothing(tmp_path: Path) -> None:
    for text in ["[1]", "{}", "{", '{"duskroom": 5}', '{"duskroom": {"model": "a"}}', "[" * 100_000]:
        write_gif(tmp_path / "a.gif", soft(2, 8), comment=text)
        with pytest.raises(PictureError, match="does not say how it was made"):
            read_provenance(tmp_path / "a.gif")


# What goes wrong with files


def write_of(suffix: str) -> object:
    return {".gif": write_gif, ".mp4": write_mp4}.get(suffix) or (
        lambda target, pictures: write_sheet(
            target, iter(pictures), len(pictures), *pictures[0].shape[1::-1], Provenance("Tiny", "0" * 64, (1,))
        )
    )


def test_targets_that_cannot_be_are_said(tmp_path: Path) -> None:
    for suffix in [".gif", ".mp4", ".png"]:
        write = write_of(suffix)
        (tmp_path / f"folder{suffix}").mkdir()
        (tmp_path / "file").write_text("")
        for target, words in (
            (tmp_path / "none" / f"a{suffix}", "does not exist"),
            (tmp_path / f"folder{suffix}", "is a folder"),
            (tmp_path / "file" / f"a{suffix}", "is a file, not a folder"),
            (tmp_path / f"{'a' * 300}{suffix}", "is too long"),
        ):
            with pytest.raises(TargetError, match=words):
                write(target, soft(2, 8))  # type: ignore[operator]


def test_a_full_disk_is_said_and_the_old_file_is_whole(tmp_path: Path) -> None:
    for suffix in [".gif", ".mp4", ".png"]:
        random = np.random.default_rng(0)
        noise = [random.integers(0, 256, (64, 64, 3), np.uint8) for _ in range(40)]
        with small_disk_at(tmp_path / f"small{suffix}", "128k") as place:
            target = place / f"a{suffix}"
            target.write_bytes(b"the old one")
            with pytest.raises(TargetError, match="The disk is full, so “a.* was not written"):
                write_of(suffix)(target, noise)  # type: ignore[operator]
            assert target.read_bytes() == b"the old one" and [p.name for p in place.iterdir()] == [target.name]


def test_what_stops_half_way_leaves_nothing(tmp_path: Path) -> None:
    def broken(error: Exception) -> Iterator[np.ndarray]:
        yield from soft(5)
        raise error

    for error in (Cancelled(), ModelError("gone")):
        with pytest.raises(type(error)):
            write_sheet(tmp_path / "a.png", broken(error), 9, 64, 64, Provenance("Tiny", "0" * 64, (1,)))
        gif_writer = GifWriter(tmp_path / "a.gif", 64, 64, 25, lambda: palette_of(soft(2)))
        for writer in (gif_writer, VideoWriter(tmp_path / "a.mp4", 64, 64, 25)):
            with pytest.raises(type(error)), writer:
                for picture in broken(error):
                    writer.write(picture)
        assert list(tmp_path.iterdir()) == []


def test_a_palette_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def none() -> np.ndarray:
        raise Cancelled

    with pytest.raises(Cancelled), GifWriter(tmp_path / "a.gif", 8, 8, 25, none):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_speed_that_no_gif_has_is_said(tmp_path: Path) -> None:
    for fps in [0, -1, 51, float("nan"), float("inf")]:
        with pytest.raises(TargetError, match="A GIF shows 0.1 to 50 frames a second, not"):
            write_gif(tmp_path / "a.gif", soft(2), fps)


def test_what_no_video_or_gif_holds_is_said(tmp_path: Path) -> None:
    for fps in (0, 241, float("nan")):
        with pytest.raises(TargetError, match="A video shows 0.1 to 240 frames a second, not"):
            VideoWriter(tmp_path / "a.mp4", 8, 8, fps)
    with pytest.raises(TargetError, match="players take no side longer than 4096"):
        VideoWriter(tmp_path / "a.mp4", 5000, 8, 25)
    with pytest.raises(TargetError, match="no side longer than 65535"):
        GifWriter(tmp_path / "a.gif", 70_000, 8, 25, lambda: palette_of([]))


def test_a_model_that_vanished_is_said(model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "path", tmp_path / "gone.onnx")
    with pytest.raises(ModelError, match="“gone.onnx” cannot be read"):
        made_by(model, drawing())


def test_the_grain_has_no_rows_and_moves_by_half_a_step_at_most() -> None:
    grain = gif._grain(64, 48)
    assert grain.shape == (48, 64, 3) and np.abs(grain).max() <= 0.5 and abs(float(grain.mean())) < 0.01
    assert np.abs(grain.mean(axis=1)).max() < 0.05 and np.abs(grain.mean(axis=0)).max() < 0.05


def test_the_exported_generator_is_what_its_card_says(model: Model) -> None:
    assert isinstance(model.card, ModelCard) and model.card.labels == LABELS and len(model.card.controls) == 3
