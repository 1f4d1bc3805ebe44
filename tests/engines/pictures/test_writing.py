"""Writing: whole or not at all, whatever the target, the disk or the process does."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from engines.atomic import LEFTOVER_PATTERN, AtomicFile
from engines.errors import DuskroomError, TargetError
from engines.metadata.metadata import Metadata
from engines.pictures.formats import WRITABLE_FORMATS
from engines.pictures.picture import Picture, load, save
from engines.pictures.reading import open_picture
from engines.pictures.writing import PictureWriter

SUFFIXES = [known.suffixes[0] for known in WRITABLE_FORMATS]
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def noise():
    """A megapixel that no format makes small."""
    return Picture(np.random.default_rng(3).integers(0, 256, (1000, 1000, 3), np.uint8))


@pytest.fixture
def small():
    return Picture(np.random.default_rng(4).integers(0, 256, (30, 40, 3), np.uint8))


def _threads():
    return [thread for thread in threading.enumerate() if not isinstance(thread, threading._DummyThread)]


def _writer(target, picture, **options):
    return PictureWriter(
        target, picture.width, picture.height, picture.pixels.shape[2], picture.pixels.dtype, Metadata(), **options
    )


def _refused(target, picture, said, **options):
    """The constructor refuses with one sentence, and leaves nothing behind."""
    with pytest.raises(TargetError, match=said) as caught:
        _writer(target, picture, **options)
    assert str(caught.value).endswith((".", "?"))
    assert "\n" not in str(caught.value)


# T1: places that cannot be written


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_missing_folder_is_told_before_the_work(tmp_path, small, suffix):
    """T1."""
    _refused(tmp_path / "none" / f"a{suffix}", small, "does not exist; create it")


def test_a_folder_or_a_file_in_the_way_is_told(tmp_path, small):
    """T1."""
    (tmp_path / "a.png").mkdir()
    _refused(tmp_path / "a.png", small, "is a folder")
    (tmp_path / "b").write_text("here first")
    _refused(tmp_path / "b" / "a.png", small, "is a file, not a folder")
    os.mkfifo(tmp_path / "pipe.png")
    _refused(tmp_path / "pipe.png", small, "not an ordinary file")
    (tmp_path / "round.png").symlink_to("round.png")
    _refused(tmp_path / "round.png", small, "link|circle")
    _refused(tmp_path / "a\0b.png", small, "null")
    assert (tmp_path / "b").read_text() == "here first"


def test_a_name_that_is_too_long_is_told(tmp_path, small):
    """T1."""
    with pytest.raises(TargetError, match="too long"):
        save(small, tmp_path / ("n" * 300 + ".png"))
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def disk(tmp_path):
    """Mount a small disk of its own: `disk("size=1m")` gives its folder."""
    mounted = []

    def mount(options):
        folder = tmp_path / f"disk{len(mounted)}"
        folder.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True)
        if done.returncode:
            pytest.skip("this user may not mount a disk")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        if subprocess.run(["umount", folder], capture_output=True).returncode:
            subprocess.run(["umount", "--lazy", folder], check=True)
            pytest.fail("a file on the disk was left open")


def test_a_read_only_folder_is_told(tmp_path, small, disk):
    """T1."""
    folder = disk("size=1m,ro") if os.getuid() == 0 else tmp_path / "locked"
    if os.getuid():
        folder.mkdir(mode=0o500)
    _refused(folder / "a.png", small, "cannot be written to|read-only")


# T2: disks that fill up


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_disk_gets_a_sentence_and_keeps_the_old_file(noise, small, disk, suffix):
    """T2."""
    folder = disk("size=256k")
    target = folder / f"a{suffix}"
    save(small, target)
    before = target.read_bytes()
    with pytest.raises(TargetError, match="disk is full"):
        save(noise, target)
    assert target.read_bytes() == before
    assert [path.name for path in folder.iterdir()] == [target.name]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_limit_on_files_gets_a_sentence_and_no_leftovers(tmp_path, noise, suffix):
    """T2: for those who may not mount a disk, the same half-written state."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(TargetError, match="larger than this disk allows"):
            save(noise, tmp_path / f"a{suffix}")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_a_disk_with_just_enough_room_holds_a_whole_file(small, disk):
    """T2: what is written on a nearly full disk is either whole or refused, never cut."""
    folder = disk("size=64k")
    (folder / "ballast").write_bytes(bytes(48_000))
    written = 0
    for suffix in SUFFIXES:
        try:
            save(small, folder / f"a{suffix}")
        except TargetError as error:
            assert "disk is full" in str(error)
            assert not (folder / f"a{suffix}").exists()
        else:
            assert load(folder / f"a{suffix}").pixels.shape == small.pixels.shape
            written += 1
    assert written > 0
    assert not list(folder.glob(LEFTOVER_PATTERN))


# T3: the source


def test_the_source_is_not_overwritten_under_any_of_its_names(tmp_path, small, monkeypatch):
    """T3."""
    source = tmp_path / "a.png"
    save(small, source)
    os.link(source, tmp_path / "hard.png")
    (tmp_path / "soft.png").symlink_to(source)
    monkeypatch.chdir(tmp_path)
    for target in (source, "a.png", "./a.png", tmp_path / "x" / ".." / "a.png", "hard.png", "soft.png"):
        (tmp_path / "x").mkdir(exist_ok=True)
        _refused(target, small, "would be overwritten", source=source)
    _writer(tmp_path / "b.png", small, source=source)
    _writer(source, small, source=source, overwrite_source=True)


def test_a_source_may_be_replaced_while_it_is_read(tmp_path, noise):
    """T3: asked for, it streams from the old file into the new one."""
    source = tmp_path / "a.png"
    save(noise, source)
    with (
        open_picture(source) as reader,
        PictureWriter(
            source,
            reader.width,
            reader.height,
            3,
            reader.dtype,
            reader.metadata,
            source=source,
            overwrite_source=True,
        ) as writer,
    ):
        while len(band := reader.read(64)):
            writer.write(255 - band)
    assert np.array_equal(load(source).pixels, 255 - noise.pixels)


# T5, T6: processes that die, and processes that meet

CHILD = """
import sys, numpy as np
from engines.metadata.metadata import Metadata
from engines.pictures.writing import PictureWriter
target, value, pause = sys.argv[1], int(sys.argv[2]), len(sys.argv) > 3
with PictureWriter(target, 300, 4000, 3, np.uint8, Metadata()) as writer:
    for band in range(40):
        writer.write(np.full((100, 300, 3), value, np.uint8))
        if pause and band == 20:
            print("half", flush=True)
            sys.stdin.read()
"""


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_kill_while_saving_leaves_the_old_file_whole(tmp_path, small, suffix):
    """T5."""
    target = tmp_path / f"a{suffix}"
    save(small, target)
    before = target.read_bytes()
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, target, "7", "pause"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"half\n"
        child.send_signal(signal.SIGKILL)
    assert target.read_bytes() == before
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left[1:] == [target.name]
    assert list(tmp_path.glob(LEFTOVER_PATTERN)) == [tmp_path / left[0]]
    assert str(child.pid) in left[0]


def test_of_two_programs_that_write_one_file_the_last_wins_whole(tmp_path):
    """T6."""
    target = tmp_path / "a.png"
    children = [subprocess.Popen([sys.executable, "-c", CHILD, target, str(value)], cwd=ROOT) for value in (50, 200)]
    assert [child.wait() for child in children] == [0, 0]
    assert np.unique(load(target).pixels).tolist() in ([50], [200])
    assert list(tmp_path.iterdir()) == [target]


def test_two_writers_in_one_process_do_not_mix(tmp_path, small):
    """T6."""
    target = tmp_path / "a.png"
    other = Picture(255 - small.pixels)
    with _writer(target, small) as first:
        first.write(small.pixels[:10])
        with _writer(target, other) as second:
            second.write(other.pixels)
        assert np.array_equal(load(target).pixels, other.pixels)
        first.write(small.pixels[10:])
    assert np.array_equal(load(target).pixels, small.pixels)


# What is left when something fails


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("rows", [0, 1, 1000])
def test_an_exception_in_the_block_leaves_nothing_and_no_thread(tmp_path, noise, suffix, rows):
    target = tmp_path / f"a{suffix}"
    target.write_bytes(b"old")
    before = _threads()
    files = len(os.listdir("/proc/self/fd"))
    with pytest.raises(KeyboardInterrupt), _writer(target, noise) as writer:
        writer.write(noise.pixels[:rows])
        raise KeyboardInterrupt
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]
    assert _threads() == before
    assert len(os.listdir("/proc/self/fd")) == files


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_too_few_and_too_many_rows_are_a_mistake_and_write_nothing(tmp_path, small, suffix):
    with pytest.raises(ValueError, match="20 of 30 rows"), _writer(tmp_path / f"a{suffix}", small) as writer:
        writer.write(small.pixels[:20])
    with pytest.raises(ValueError, match="more than 30"), _writer(tmp_path / f"a{suffix}", small) as writer:
        writer.write(small.pixels)
        writer.write(small.pixels[:1])
    with pytest.raises(ValueError, match="do not fit"), _writer(tmp_path / f"a{suffix}", small) as writer:
        writer.write(small.pixels[:, 1:])
    with pytest.raises(ValueError, match="inside its with block"):
        _writer(tmp_path / f"a{suffix}", small).write(small.pixels)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
def test_a_failing_encoder_does_not_hold_up_who_writes(noise, disk, suffix):
    """However slowly or quickly rows come, the failure reaches the writer and nobody waits for ever."""
    folder = disk("size=128k")
    for height in (1, 100, 1000):
        with pytest.raises(TargetError, match="disk is full"), _writer(folder / f"a{suffix}", noise) as writer:
            for start in range(0, 1000, height):
                writer.write(noise.pixels[start : start + height])
                time.sleep(0.0002)
        assert list(folder.iterdir()) == []


# Links, modes, options


def test_a_link_is_written_through(tmp_path, small):
    (tmp_path / "far").mkdir()
    real = tmp_path / "far" / "real.png"
    link = tmp_path / "link.png"
    for before in (None, b"old"):
        with contextlib.suppress(FileNotFoundError):
            link.unlink()
        if before:
            real.write_bytes(before)
        link.symlink_to(Path("far") / "real.png")
        save(small, link)
        assert link.is_symlink()
        assert np.array_equal(load(real).pixels, small.pixels)
    assert [path.name for path in (tmp_path / "far").iterdir()] == ["real.png"]


def test_modes_are_those_of_a_plain_open_or_of_the_old_file(tmp_path, small):
    before = os.umask(0o027)
    try:
        save(small, tmp_path / "new.png")
        (tmp_path / "plain").touch()
        (tmp_path / "old.png").touch()
        (tmp_path / "old.png").chmod(0o604)
        save(small, tmp_path / "old.png")
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"new.png": 0o640, "plain": 0o640, "old.png": 0o604}


@pytest.mark.parametrize("quality", [0, 101, -5, True])
def test_a_quality_out_of_range_gets_a_sentence(tmp_path, small, quality):
    _refused(tmp_path / "a.jpg", small, "from 1 to 100", quality=quality)
    _refused(tmp_path / "a.png", small, "from 1 to 100", quality=quality)


def test_quality_means_nothing_to_a_lossless_format(tmp_path, small):
    save(small, tmp_path / "a.png", quality=1)
    assert np.array_equal(load(tmp_path / "a.png").pixels, small.pixels)


def test_the_format_overrides_the_suffix(tmp_path, small):
    save(small, tmp_path / "a.jpg", format="png")
    assert np.array_equal(load(tmp_path / "a.jpg").pixels, small.pixels)
    save(small, tmp_path / "noending", format="TIFF")
    assert (tmp_path / "noending").read_bytes()[:4] in (b"II*\0", b"MM\0*")


@pytest.mark.parametrize("name", ["a", "a.xcf", "a.gif"])
def test_an_ending_that_names_no_format_gets_a_sentence(tmp_path, small, name):
    _refused(tmp_path / name, small, r"\.jpg, \.png, \.webp, \.tif, \.avif")


@pytest.mark.parametrize(("suffix", "side"), [(".webp", 16_384), (".jpg", 65_501), (".avif", 16_385)])
def test_a_side_too_long_is_refused_with_the_formats_that_hold_it(tmp_path, suffix, side):
    with pytest.raises(TargetError, match=r"choose .*PNG.*TIFF"):
        PictureWriter(tmp_path / f"a{suffix}", side, 1, 3, np.uint8, Metadata())
    with pytest.raises(TargetError, match=r"choose .*PNG.*TIFF"):
        PictureWriter(tmp_path / f"a{suffix}", 1, side, 3, np.uint8, Metadata())


def test_alpha_is_laid_on_white_exactly(tmp_path):
    """Rounded to the nearest, at 8 and at 16 bit, as a slow calculation has it."""
    from engines.pictures.writing import _on_white

    for dtype in (np.uint8, np.uint16):
        top = int(np.iinfo(dtype).max)
        rows = np.random.default_rng(0).integers(0, top, (50, 60, 4), dtype, endpoint=True)
        exact = (rows[..., :3].astype(float) * rows[..., 3:] + (top - rows[..., 3:].astype(float)) * top) / top
        found, transparent = _on_white(rows)
        assert transparent
        assert found.dtype == dtype
        assert np.abs(found - exact).max() <= 0.5 + 1e-9


def test_an_atomic_file_serves_other_writers_too(tmp_path):
    target = tmp_path / "notes.txt"
    with AtomicFile(target) as atomic:
        atomic.file.write(b"whole")
        assert not target.exists()
    assert target.read_bytes() == b"whole"
    with pytest.raises(DuskroomError), AtomicFile(target) as atomic:
        atomic.file.write(b"half")
        raise DuskroomError("stop")
    assert target.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [target]


def test_memory_does_not_grow_with_the_picture(tmp_path):
    """A process streams 4 and then 28 megapixels from file to file; the second takes hardly more than the first."""
    script = """
import sys, resource, numpy as np
from engines.metadata.metadata import Metadata
from engines.pictures.reading import open_picture
from engines.pictures.writing import PictureWriter
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
rng = np.random.default_rng(0)
band = np.linspace(0, 250, 4000)[None, :, None] + rng.integers(0, 6, (100, 4000, 3))
band = band.astype(np.uint8)  # as smooth as photographs are: of a JPEG the compressed bytes are held
def stream(suffix, height):
    first, second = f"{sys.argv[1]}/a.{suffix}", f"{sys.argv[1]}/b.{suffix}"
    with PictureWriter(first, 4000, height, 3, np.uint8, Metadata()) as writer:
        for _ in range(height // 100): writer.write(band)
    with open_picture(first) as reader, PictureWriter(second, 4000, height, 3, np.uint8, Metadata()) as writer:
        while len(rows := reader.read(100)): writer.write(rows)
for suffix in ("jpg", "png"): stream(suffix, 1000)
before = peak()
for suffix in ("jpg", "png"): stream(suffix, 7000)
print(before, peak())
"""
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path], cwd=ROOT, capture_output=True, text=True, check=True
    )
    before, after = map(float, done.stdout.split())
    assert after < before + 30, f"{before:.0f} MB became {after:.0f} MB; the larger picture alone is 84 MB"
