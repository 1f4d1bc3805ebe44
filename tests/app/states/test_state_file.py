"""State files: what is written comes back to the last bit, and what is damaged is seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from app.states import state_file
from app.states.state_file import StateError
from engines.errors import Cancelled, TargetError
from engines.metadata.metadata import Metadata
from engines.pictures.picture import Picture
from engines.progress import Progress
from tests.disks import small_disk_at

PIXELS = st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([3, 4])).flatmap(
    lambda shape: st.sampled_from([np.uint8, np.uint16]).flatmap(lambda kind: hnp.arrays(kind, shape))
)
BYTES = st.none() | st.binary(min_size=1, max_size=40)


@given(PIXELS, BYTES, BYTES, BYTES, st.none() | st.sampled_from(["a.jpg", "été “1”.png", "\udcff\udcfe.tif"]))
def test_a_picture_comes_back_as_it_was(tmp_path_factory, pixels, icc, exif, xmp, source) -> None:
    path = tmp_path_factory.mktemp("state") / "one.state"
    given = Picture(pixels, Metadata(icc, exif, xmp), Path(source) if source else None, ("The first of two frames.",))
    state_file.write(given, path, pixels[..., :3].astype(np.uint8), progress=Progress())
    read = state_file.read(path, progress=Progress())
    assert read.pixels.dtype == pixels.dtype and not read.pixels.flags.writeable
    np.testing.assert_array_equal(read.pixels, pixels)
    assert (read.metadata, read.source, read.notices) == (given.metadata, given.source, given.notices)
    seen = state_file.preview(path)
    assert (seen.width, seen.height, seen.depth) == (read.width, read.height, read.depth)
    np.testing.assert_array_equal(seen.thumbnail, pixels[..., :3].astype(np.uint8))


@pytest.fixture
def written(tmp_path: Path, photo_pixels: np.ndarray) -> Path:
    path = tmp_path / "one.state"
    state_file.write(Picture(photo_pixels, Metadata(icc=b"profile")), path, progress=Progress())
    return path


@given(st.data())
def test_any_changed_byte_is_seen(tmp_path_factory, photo_pixels: np.ndarray, data: st.DataObject) -> None:
    path = tmp_path_factory.getbasetemp() / "changed.state"
    state_file.write(Picture(photo_pixels[:4, :4], Metadata(icc=b"profile")), path, progress=Progress())
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    with pytest.raises(StateError, match="damaged"):
        state_file.read(path, progress=Progress())


def test_a_changed_profile_is_seen(written: Path) -> None:
    written.write_bytes(written.read_bytes().replace(b"profile", b"Profile"))
    with pytest.raises(StateError, match="damaged"):
        state_file.read(written, progress=Progress())


@pytest.mark.parametrize("left", [0, 10, 20, 60, 5000, -1])
def test_a_truncated_one_is_seen_also_by_its_preview(written: Path, left: int) -> None:
    written.write_bytes(written.read_bytes()[:left])
    for look in (lambda: state_file.read(written, progress=Progress()), lambda: state_file.preview(written)):
        with pytest.raises(StateError, match="damaged"):
            look()


def test_one_that_is_gone_is_said_to_be(written: Path) -> None:
    written.unlink()
    with pytest.raises(StateError, match="is gone"):
        state_file.read(written, progress=Progress())


def test_cancelled_writing_leaves_nothing(tmp_path: Path, photo_pixels: np.ndarray) -> None:
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        state_file.write(Picture(photo_pixels), tmp_path / "one.state", progress=progress)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_nothing_and_is_one_sentence(tmp_path: Path, photo_pixels: np.ndarray) -> None:
    with small_disk_at(tmp_path / "small", "16k") as disk:
        with pytest.raises(TargetError, match="disk is full"):
            state_file.write(Picture(photo_pixels), disk / "one.state", progress=Progress())
        assert list(disk.iterdir()) == []
