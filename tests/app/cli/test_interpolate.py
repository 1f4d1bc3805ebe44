"""`duskroom interpolate`: the same path as a GIF, a video, a sheet and frames, and one sentence for what is no path."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from engines.frames.provenance import read_provenance, sha256_of
from engines.generation.route import Route
from tests.app.cli.test_main import start
from tests.app.cli.test_sample import LABELS, Said, names, pixels, save_broken, save_generator
from tests.app.cli.test_sample import duskroom as duskroom  # fixtures
from tests.app.cli.test_sample import fails as fails
from tests.app.cli.test_sample import model as model
from tests.disks import small_disk_at
from tests.engines.generation.test_generate import SIDE
from tests.models import tiny_superres

Fails = Callable[..., str]


def test_the_same_path_in_every_form(duskroom: Said, model: Path, tmp_path: Path) -> None:
    asked = ("--model", model, "--seeds", "3, 1,2", "--label", "apple", "--frames", 12, "--loop", "--control", "pull=1")
    for name in ("a.gif", "a.mp4", "a.png", "a"):
        out, err = duskroom("interpolate", tmp_path / name, *asked)
        assert out.startswith(f"{tmp_path / name}: 12 frames of 32×32 pixels, Tiny fruits on CPU, ") and err == ""
    frames = [tmp_path / "a" / f"frame-{number:04}.png" for number in range(1, 13)]
    assert names(tmp_path / "a") == [frame.name for frame in frames]
    whole = replace(read_provenance(tmp_path / "a.gif"))
    assert (whole.seeds, whole.labels, whole.controls) == ((3, 1, 2), ("apple",), {"pull": 1.0})
    assert whole.route == Route(12, "catmull-rom", "linear", True) and whole.model_sha256 == sha256_of(model)
    assert read_provenance(tmp_path / "a.mp4") == read_provenance(tmp_path / "a.png") == whole
    assert [read_provenance(frame) for frame in frames] == [replace(whole, frame=number) for number in range(12)]

    shown = np.stack([pixels(frame) for frame in frames]).astype(int)
    sheet = pixels(tmp_path / "a.png")
    for number in range(12):
        row, column = divmod(number, 4)
        place = np.s_[1 + 33 * row : 33 + 33 * row, 1 + 33 * column : 33 + 33 * column]
        np.testing.assert_array_equal(sheet[place], shown[number])
    with Image.open(tmp_path / "a.gif") as image:
        assert image.n_frames == 12 and image.info["duration"] == 40  # type: ignore[attr-defined]
        for number in (0, 11):
            image.seek(number)
            assert np.abs(np.asarray(image.convert("RGB")) - shown[number]).mean() < 25
    with av.open(tmp_path / "a.mp4") as video:
        assert sum(1 for _ in video.decode(video=0)) == 12


def test_at_a_keyframe_is_what_sample_draws_of_the_seed(duskroom: Said, model: Path, tmp_path: Path) -> None:
    asked = ("--model", model, "--truncation", 0.9, "--control", "kind=1")
    labels = [argument for label in LABELS[1:4] for argument in ("--label", label)]
    out, _ = duskroom("interpolate", tmp_path / "p", "--seeds", "5,6,7", "--frames", 9, *labels, *asked, "--json")
    done = json.loads(out.splitlines()[-1])
    assert done["count"] == 9 and done["keyframes"][0] == 0 and done["keyframes"][-1] == 8
    for seed, label, number in zip((5, 6, 7), LABELS[1:4], done["keyframes"], strict=True):
        alone = tmp_path / f"{seed}.png"
        duskroom("sample", alone, "--seed", seed, "--label", label, *asked)
        np.testing.assert_array_equal(pixels(alone), pixels(tmp_path / "p" / f"frame-{number + 1:04}.png"))


def test_labels_as_a_list(duskroom: Said, fails: Fails, tmp_path: Path) -> None:
    labels = ("plum", "plum, dried", "-“fig”", "été 🍐", "plum,fig")
    model = save_generator(tmp_path / "model.onnx", labels=labels)
    target = tmp_path / "a.gif"
    asked = ("interpolate", target, "--model", model, "--frames", 5, "--existing", "overwrite", "--seeds")
    for seeds, given, wanted in (
        ("1,2,3", ("PLUM,-“fig”, été 🍐",), ("plum", "-“fig”", "été 🍐")),
        ("1,2", ("-“fig”,plum",), ("-“fig”", "plum")),
        ("1,2", ("Plum, Dried",), ("plum, dried",)),  # a label that has a comma itself
        ("1,2", ("plum, dried", "plum"), ("plum, dried", "plum")),
        ("1,2,3", ("plum, dried", "plum,-“fig”"), ("plum, dried", "plum", "-“fig”")),
        ("1,2", ("plum,fig",), ("plum,fig",)),
        ("6,4,15", (), ("plum, dried", "plum,fig", "plum")),  # in turn
    ):
        duskroom(*asked, seeds, *(f"--label={text}" for text in given))
        assert read_provenance(target).labels == wanted
    target.unlink()
    assert "has no label “”" in fails(*asked, "1,2,3", "--label", "plum,,été 🍐")
    assert "has no label “pear”" in fails(*asked, "1,2", "--label", "plum,pear")
    assert "3 labels do not go with 2 seeds" in fails(*asked, "1,2", "--label", "plum,été 🍐,plum")
    assert names(tmp_path) == ["model.onnx"]


def test_each_frame_is_enlarged(duskroom: Said, model: Path, tmp_path: Path) -> None:
    upscaler = tiny_superres(tmp_path / "twice.onnx")
    asked = (
        "--model",
        model,
        "--seeds",
        "1,2",
        "--frames",
        3,
        "--label",
        "apple",
        "--upscale",
        upscaler,
        "--fps",
        12.5,
    )
    for name in ("a.gif", "a.mp4"):
        assert f"3 frames of {2 * SIDE}×{2 * SIDE} pixels" in duskroom("interpolate", tmp_path / name, *asked)[0]
        assert read_provenance(tmp_path / name).upscaler == "Tiny ×2"
    with av.open(tmp_path / "a.mp4") as video:
        stream = video.streams.video[0]
        assert (stream.width, stream.height, float(stream.average_rate or 0)) == (2 * SIDE, 2 * SIDE, 12.5)


def test_two_seconds_a_piece_where_nobody_says(duskroom: Said, model: Path, tmp_path: Path) -> None:
    asked = ("--model", model, "--seeds", "1,2,3", "--label", "apple", "--fps", 5)
    assert "21 frames" in duskroom("interpolate", tmp_path / "a.gif", *asked)[0]
    assert "30 frames" in duskroom("interpolate", tmp_path / "b.gif", *asked, "--loop")[0]


def test_what_is_there_stays_unless_asked(duskroom: Said, fails: Fails, model: Path, tmp_path: Path) -> None:
    target = tmp_path / "a.gif"
    asked = ("--model", model, "--frames", 4, "--label", "apple")
    duskroom("interpolate", target, *asked, "--seeds", "1,2")
    before = target.read_bytes()
    assert "“a.gif” is already there" in fails("interpolate", target, *asked, "--seeds", "1,3")
    assert "4 already there" in duskroom("interpolate", target, *asked, "--seeds", "1,3", "--existing", "skip")[0]
    assert target.read_bytes() == before
    duskroom("interpolate", target, *asked, "--seeds", "1,3", "--existing", "number")
    assert names(tmp_path) == ["a 2.gif", "a.gif"]
    duskroom("interpolate", target, *asked, "--seeds", "1,3", "--existing", "overwrite")
    assert target.read_bytes() == (tmp_path / "a 2.gif").read_bytes() != before


def test_frames_of_two_paths_never_mix_unasked(duskroom: Said, fails: Fails, model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "p"
    asked = ("interpolate", folder, "--model", model, "--label", "apple")
    duskroom(*asked, "--seeds", "1,2", "--frames", 6)
    assert "“p” already holds frames" in fails(*asked, "--seeds", "1,2", "--frames", 6)
    (folder / "frame-0002.png").unlink()
    again = duskroom(*asked, "--seeds", "1,2", "--frames", 6, "--existing", "skip")[0]
    assert "6 frames of 32×32 pixels, 5 already there" in again and len(names(folder)) == 6
    assert "is a frame of another path" in fails(*asked, "--seeds", "1,3", "--frames", 6, "--existing", "skip")
    (folder / "frame-0003.png").write_text("no picture")
    assert "is a frame of another path" in fails(*asked, "--seeds", "1,2", "--frames", 6, "--existing", "skip")
    duskroom(*asked, "--seeds", "1,3", "--frames", 6, "--existing", "number")
    assert len(names(tmp_path / "p 2")) == 6
    _, err = duskroom(*asked, "--seeds", "1,3", "--frames", 4, "--existing", "overwrite")
    assert "“p” also holds 2 other frames, which are not of this path." in err
    np.testing.assert_array_equal(pixels(folder / "frame-0004.png"), pixels(tmp_path / "p 2" / "frame-0006.png"))
    for name in names(folder):
        os.utime(folder / name, (1, 1))
    duskroom(*asked, "--seeds", "2,3", "--frames", 6, "--existing", "newer")
    assert {read_provenance(folder / name).seeds for name in names(folder)} == {(2, 3)}


def test_wrong_usage_ends_with_2(duskroom: Said, model: Path, tmp_path: Path) -> None:
    asked = ("interpolate", tmp_path / "a.gif", "--model", model)
    for seeds in ("", ",", "1,,x", "1,,2", "1,2,", "x", "-1,2", "1.5,2", "1;2", "٣,2", "0x1,2", "1 2,3"):
        assert (
            "is no seed; write whole numbers with commas between" in duskroom(*asked, f"--seeds={seeds}", status=2)[1]
        )
    for option, value in (
        ("--frames", 0), ("--frames", -3), ("--frames", 100_001), ("--fps", 0), ("--fps", "nan"), ("--fps", 241),
        ("--curve", "spiral"), ("--easing", "fast"), ("--truncation", -0.1), ("--existing", "maybe"), ("--control", "x"),
    ):  # fmt: skip
        assert option in duskroom(*asked, "--seeds", "1,2", option, value, status=2)[1]
    assert "--seeds" in duskroom(*asked, status=2)[1]
    assert names(tmp_path) == []


def test_what_is_no_path_is_said(fails: Fails, model: Path, tmp_path: Path) -> None:
    asked = ("interpolate", tmp_path / "a.gif", "--model", model, "--label", "apple")
    two = ("--label", "Cherry pie")
    for more, words in (
        (("--seeds", "1"), "needs two keyframes at least"),
        (("--seeds", "1,1"), "stand still between seed 1 and seed 1"),
        (("--seeds", "1,2,2,3"), "stand still between seed 2 and seed 2"),
        (("--seeds", "1,2,3", "--frames", 2), "needs 3 frames at least"),
        (("--seeds", f"1,{2**32}"), "The seed 4294967296 is not between"),
        (("--seeds", "1," + "9" * 50), "is not between 0 and 4294967295"),
        (("--seeds", "1,2,3", *two), "2 labels do not go with 3 seeds"),
        (("--seeds", "1,2", *two, *two), "3 labels do not go with 2 seeds"),
        (("--seeds", "1,2", "--label", "pear"), "has no label “pear”"),
        (("--seeds", "1,2", "--control", "lift=1"), "no control “lift”"),
        (("--seeds", "1,2", "--fps", 60), "A GIF shows 0.1 to 50 frames a second, not 60"),
        (("--seeds", "1,2", "--upscale", "nothing"), "no model “nothing”"),
    ):
        assert words in fails(*asked, *more)
    assert names(tmp_path) == []


def test_targets_and_models_that_cannot_be_are_said(fails: Fails, model: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    more = ("--seeds", "1,2", "--frames", 3, "--label", "apple")
    asked = ("--model", model, *more)
    none = fails("interpolate", tmp_path / "a.webm", *asked)
    assert (
        none
        == "“a.webm” names no file for this; let it end in .gif, .mp4 or .png, or name a folder, without an ending."
    )
    for name in ("a.jpg", "a.onnx", ".gif", "a.gif.part"):
        assert "names no file" in fails("interpolate", tmp_path / name, *asked)
    assert "is a file, not a folder" in fails("interpolate", tmp_path / "file", *asked)
    for name in ("a.gif", "a.mp4", "a.png"):
        assert "does not exist" in fails("interpolate", tmp_path / "none" / name, *asked)
    mine = tmp_path / "mine.onnx"
    mine.write_bytes(model.read_bytes())
    (tmp_path / "a.mp4").symlink_to(mine)
    assert "is the model itself" in fails(
        "interpolate", tmp_path / "a.mp4", "--model", mine, *more, "--existing", "overwrite"
    )
    (tmp_path / "a.mp4").unlink()
    for what, words in (("nan", "not numbers"), ("black", "black pictures"), ("shape", "where its card promises")):
        broken = save_broken(tmp_path / "broken.onnx", what)
        for name in ("b.gif", "b.mp4", "b.png", "b"):
            assert words in fails("interpolate", tmp_path / name, "--model", broken, *more)
    assert names(tmp_path) == ["broken.onnx", "file", "mine.onnx"] and mine.read_bytes() == model.read_bytes()


def test_a_full_disk_leaves_the_old_file(fails: Fails, model: Path, tmp_path: Path) -> None:
    more = ("--model", model, "--seeds", "1,2,3", "--frames", 400, "--label", "apple", "--existing", "overwrite")
    with small_disk_at(tmp_path / "small", "24k") as place:
        for name in ("a.gif", "a.mp4", "a.png"):
            (place / name).write_bytes(b"the old one")
            assert fails("interpolate", place / name, *more).startswith(
                f"The disk is full, so “{name}” was not written"
            )
            assert (place / name).read_bytes() == b"the old one"
        assert names(place) == ["a.gif", "a.mp4", "a.png"]


def test_help(duskroom: Said) -> None:
    out, _ = duskroom("interpolate", "--help")
    assert "Usage: duskroom interpolate" in out
    assert all(
        option in out for option in ("--seeds", "--frames", "--loop", "--fps", "--curve", "--easing", "--upscale")
    )


@pytest.mark.skipif(os.name == "nt", reason="signals are not sent like this there")
@pytest.mark.parametrize("name", ["a.gif", "a.mp4"])
def test_a_signal_stops_it_at_once_and_leaves_nothing(model: Path, tmp_path: Path, name: str) -> None:
    slow = tiny_superres(tmp_path / "slow.onnx", 2, hidden=2048)
    target = tmp_path / "out" / name
    target.parent.mkdir()
    process = start(
        "interpolate", target, "--model", model, "--seeds", "1,2", "--label", "apple", "--frames", 5000,
        "--upscale", slow, "--json",
    )  # fmt: skip
    assert process.stdout is not None
    while (line := process.stdout.readline()) and json.loads(line).get("done", 0) < 1:
        pass
    assert line, "it ended by itself"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGINT and err == "Stopped.\n"
    assert names(target.parent) == []
