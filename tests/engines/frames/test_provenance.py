"""Provenance: what is written is read back, and nothing that somebody else wrote or that is damaged is taken for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from engines.errors import PictureError
from engines.frames.gif import GifWriter, palette_of
from engines.frames.provenance import KEY, Provenance, read_provenance, sha256_of
from engines.frames.sheet import write_picture
from engines.frames.video import VideoWriter
from engines.generation.route import Route

MADE = Provenance(
    "Tiny", "0" * 64, (0, 2**32 - 1), ("naïve 🍒", 'a "b" \\'), 0.5, {"tilt = slant": -1.5}, Route(9, loop=True), 3,
    "Twice", "f" * 64,
)  # fmt: skip
SUFFIXES = (".png", ".jpg", ".webp", ".tif", ".avif", ".gif", ".mp4")
NOT_SAID = "does not say how it was made; choose one that Duskroom drew"


def write(path: Path, provenance: Provenance = MADE) -> None:
    """A small file of the format that the name says."""
    frames = [np.full((8, 10, 3), 9 * number, np.uint8) for number in range(3)]
    match path.suffix:
        case ".gif":
            writer = GifWriter(path, 10, 8, 25, lambda: palette_of(frames), provenance.comment())
        case ".mp4":
            writer = VideoWriter(path, 10, 8, 25, provenance.comment())
        case _:
            write_picture(path, frames[1], provenance)
            return
    with writer:
        for frame in frames:
            writer.write(frame)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A file of each format."""
    folder = tmp_path_factory.mktemp("made")
    for suffix in SUFFIXES:
        write(folder / f"a{suffix}")
    yield folder


def changed(**changes: object) -> str:
    """The comment of MADE with other values; those that are `...` are left out."""
    values = json.loads(MADE.to_json()) | changes
    return json.dumps({KEY: {key: value for key, value in values.items() if value is not ...}})


def comment_in_png(path: Path, comment: str) -> Path:
    """A PNG with that object, written by somebody else's program."""
    text = PngImagePlugin.PngInfo()
    text.add_itxt(KEY, json.dumps(json.loads(comment)[KEY]))
    Image.new("RGB", (4, 4)).save(path, pnginfo=text)
    return path


numbers = st.floats(-(2.0**100), 2.0**100)
provenances = st.builds(
    Provenance,
    st.text(), st.text(), st.lists(st.integers(0, 2**32 - 1)).map(tuple), st.lists(st.text()).map(tuple), st.floats(0, 1),
    st.dictionaries(st.text(), numbers),
    st.none() | st.builds(Route, st.integers(1, 100_000), st.text(), st.text(), st.booleans()),
    st.none() | st.integers(0, 99_999), st.none() | st.text(), st.none() | st.text(),
)  # fmt: skip


@given(provenances)
def test_what_is_said_is_what_is_read(provenance: Provenance) -> None:
    assert provenance.to_json().isascii()
    assert Provenance.from_values(json.loads(provenance.to_json())) == provenance
    assert json.loads(provenance.comment()) == {KEY: json.loads(provenance.to_json())}


def test_every_format_holds_it(folder: Path) -> None:
    assert [suffix for suffix in SUFFIXES if read_provenance(folder / f"a{suffix}") != MADE] == []


def test_the_file_is_known_by_its_bytes_not_by_its_name(folder: Path, tmp_path: Path) -> None:
    for suffix in SUFFIXES:
        renamed = tmp_path / "a.txt"
        renamed.write_bytes((folder / f"a{suffix}").read_bytes())
        assert read_provenance(renamed) == MADE


def test_what_is_not_there_is_left_out(tmp_path: Path) -> None:
    short = Provenance("Tiny", "0" * 64, (7,))
    assert set(json.loads(short.to_json())) == {"model", "model_sha256", "seeds", "labels", "truncation", "controls"}
    write(tmp_path / "a.png", short)
    assert read_provenance(tmp_path / "a.png") == short


def test_unknown_fields_of_a_newer_version_are_ignored(tmp_path: Path) -> None:
    assert read_provenance(comment_in_png(tmp_path / "a.png", changed(mood="dusk"))) == MADE


def test_fields_that_are_missing_of_another_kind_or_out_of_range_are_nothing(tmp_path: Path) -> None:
    for changes in [
        {"model": ...}, {"model": 5}, {"model_sha256": None}, {"seeds": ...}, {"seeds": "123"}, {"seeds": [1.5]},
        {"seeds": [True]}, {"seeds": [-1]}, {"seeds": [2**32]}, {"seeds": [10**4000]}, {"labels": "apple"},
        {"labels": [1]}, {"truncation": "1"},
        {"truncation": 1.01}, {"truncation": float("nan")}, {"truncation": True}, {"controls": [["a", 1]]},
        {"controls": {"a": "1"}}, {"controls": {"a": float("inf")}}, {"controls": {"a": 10**400}}, {"frames": None},
        {"frames": 0}, {"frames": 100_001}, {"curve": ...}, {"easing": 3}, {"loop": "false"}, {"frame": -1}, {"frame": 1.0},
        {"upscaler": 5}, {"upscaler_sha256": ["f"]},
    ]:  # fmt: skip
        path = comment_in_png(tmp_path / "a.png", changed(**changes))
        with pytest.raises(PictureError, match=NOT_SAID):
            read_provenance(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_damaged_file_is_a_sentence_and_nothing_else(suffix: str, folder: Path, tmp_path: Path) -> None:
    """No other error and no warning, whatever byte is wrong and wherever the file ends."""
    data = (folder / f"a{suffix}").read_bytes()
    random = np.random.RandomState(0)
    for number in range(60):
        damaged = bytearray(data)
        for place in random.randint(0, len(data), 1 + number % 7):
            damaged[place] = random.randint(256)
        if number % 5 == 0:
            del damaged[random.randint(len(data)) :]
        path = tmp_path / f"a{suffix}"
        path.write_bytes(damaged)
        try:
            assert isinstance(read_provenance(path), Provenance)  # the damage is elsewhere
        except PictureError as error:
            assert NOT_SAID in str(error)


def test_files_that_are_no_picture_are_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    for data in [
        b"",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"II*\0",
        b"RIFF\0\0\0\0WEBP",
        b"\0\0\0\x18ftypmp42",
        b"%!PS-Adobe",
        bytes(99),
    ]:
        path.write_bytes(data)
        with pytest.raises(PictureError, match=NOT_SAID):
            read_provenance(path)
    for missing in (tmp_path / "none.png", tmp_path):
        with pytest.raises(PictureError, match="cannot be read"):
            read_provenance(missing)


def test_a_gif_that_claims_more_than_memory_holds_is_read(tmp_path: Path, folder: Path) -> None:
    """Its pixels are not decoded, so that their number does not matter."""
    data = bytearray((folder / "a.gif").read_bytes())
    data[6:10] = b"\xff\xff\xff\xff"
    (tmp_path / "a.gif").write_bytes(data)
    assert read_provenance(tmp_path / "a.gif") == MADE


def test_exif_of_somebody_else_is_nothing(tmp_path: Path) -> None:
    for comment in [
        b"",
        b"ASCII\0\0\0",
        b"ASCII\0\0\0hello",
        b"UNICODE\0{}",
        b"ASCII\0\0\0[1]",
        b"ASCII\0\0\0" + b"[" * 9999,
    ]:
        exif = Image.Exif()
        exif.get_ifd(0x8769)[0x9286] = comment
        Image.new("RGB", (4, 4)).save(tmp_path / "a.jpg", exif=exif)
        with pytest.raises(PictureError, match=NOT_SAID):
            read_provenance(tmp_path / "a.jpg")


def test_a_comment_survives_a_program_that_keeps_exif(folder: Path, tmp_path: Path) -> None:
    keeps: dict[str, Callable[[Image.Image, Path], None]] = {
        ".jpg": lambda image, path: image.save(path, exif=image.info["exif"], quality=50),
        ".webp": lambda image, path: image.save(path, exif=image.info["exif"]),
    }
    for suffix, save in keeps.items():
        with Image.open(folder / f"a{suffix}") as image:
            save(image, tmp_path / f"b{suffix}")
        assert read_provenance(tmp_path / f"b{suffix}") == MADE


def test_the_hash_is_that_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(b"abc")
    assert sha256_of(tmp_path / "a.onnx") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
