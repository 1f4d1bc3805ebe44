"""What every test gets: settings of its own, no display, few threads, a photo, and no thread left behind."""

from __future__ import annotations

import gc
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

# These are read when Qt, torch, numpy and libvips are first imported, and by every program that a test starts.
_HOME = tempfile.TemporaryDirectory(prefix="duskroom-tests-")
os.environ["DUSKROOM_HOME"] = _HOME.name
if not os.environ.get("DUSKROOM_TEST_DISPLAY"):
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VIPS_CONCURRENCY"):
    os.environ.setdefault(variable, "1")
# Where Python is told to keep no bytecode, each of the hundreds of programs that tests start would compile all modules anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

import numpy as np
import pytest
from PIL import Image

from tests import search, threads

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "assets" / "samples"

PATIENCE = float(os.environ.get("DUSKROOM_TEST_PATIENCE", "20"))
"""Seconds that a thread has to end after its test; many, for the machine may be busy."""

search.load_profile()


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Set aside what the imports have made: the garbage collector need not go through it again after each test."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    _HOME.cleanup()


@pytest.fixture(autouse=True)
def private_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder where Duskroom keeps settings, models and logs: empty, and this test's alone."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("DUSKROOM_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def no_thread_left_behind(private_home: Path) -> Iterator[None]:
    """Fail a test whose threads, Python's or Qt's, still run `PATIENCE` seconds after it."""
    before = set(threading.enumerate())
    threads.watch_qt()
    yield
    deadline = time.monotonic() + PATIENCE
    while left := threads.of_python(before) + threads.of_qt():
        if time.monotonic() > deadline:
            pytest.fail(f"Threads left behind: {', '.join(left)}.")
        time.sleep(0.01)


@pytest.fixture(scope="session")
def photo_pixels() -> np.ndarray:
    """A piece of a real photograph: (72, 96, 3) uint8 RGB, read-only."""
    left, top = 400, 230  # the middle of the dandelion: fine hairs, light and dark
    with Image.open(SAMPLES / "seeding.jpg") as image:
        pixels = np.array(image.convert("RGB").crop((left, top, left + 96, top + 72)))
    pixels.flags.writeable = False
    return pixels


@pytest.fixture
def photo(photo_pixels: np.ndarray, tmp_path: Path) -> Path:
    """The same piece as a file: a JPEG 96 pixels wide and 72 high, in the test's own folder."""
    path = tmp_path / "photo.jpg"
    Image.fromarray(photo_pixels).save(path, quality=92)
    return path
