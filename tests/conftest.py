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

import numpy as np
import pytest
from PIL import Image

from tests import search

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "assets" / "samples"

WITHOUT_QT = (ROOT / "tests" / "engines", ROOT / "tests" / "trainers")
"""Tests of floors that know no Qt: looking for its threads takes longer than most of them."""
PATIENCE = float(os.environ.get("DUSKROOM_TEST_PATIENCE", "20"))
"""Seconds that a thread has to end after its test; many, for the machine may be busy."""

search.load_profile()


def pytest_unconfigure() -> None:
    _HOME.cleanup()


@pytest.fixture(autouse=True)
def private_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder where Duskroom keeps settings, models and logs: empty, and this test's alone."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("DUSKROOM_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def no_thread_left_behind(private_home: Path, request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test whose threads, Python's or Qt's, still run `PATIENCE` seconds after it."""
    before = set(threading.enumerate())
    without_qt = any(floor in request.path.parents for floor in WITHOUT_QT)
    yield
    deadline = time.monotonic() + PATIENCE
    while left := _python_threads(before) + ([] if without_qt else _qt_threads()):
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


def _python_threads(before: set[threading.Thread]) -> list[str]:
    # A dummy stands for a thread that Python did not start and whose end it cannot see; Qt's are counted as Qt's.
    return [
        thread.name
        for thread in threading.enumerate()
        if thread not in before and not isinstance(thread, threading._DummyThread)
    ]


def _qt_threads() -> list[str]:
    core = sys.modules.get("PySide6.QtCore")
    if core is None:
        return []
    names = [f"{type(thread).__name__} (QThread)" for thread in _qt_thread_objects()]
    busy = core.QThreadPool.globalInstance().activeThreadCount()
    return names + ([f"{busy} of the global QThreadPool"] if busy else [])


def _qt_thread_objects() -> list:
    """Every QThread that runs now, the main thread apart; found among the objects that the garbage collector knows."""
    core = sys.modules.get("PySide6.QtCore")
    if core is None:
        return []
    from shiboken6 import isValid

    main = core.QCoreApplication.instance().thread() if core.QCoreApplication.instance() else None
    kinds = _kinds_of(core.QThread)  # comparing types is several times as quick as asking for subclasses
    threads = [item for item in gc.get_objects() if type(item) in kinds]
    return [thread for thread in threads if thread is not main and isValid(thread) and thread.isRunning()]


def _kinds_of(kind: type) -> set[type]:
    return {kind}.union(*map(_kinds_of, kind.__subclasses__()))
