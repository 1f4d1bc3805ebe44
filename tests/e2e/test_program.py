"""The program as it is started: the window of `python -m app`, and `python -m app.render`."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.models import tiny_superres

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: object, status: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def listens(process: int) -> bool:
    """Whether a process has set up what it does when it is told to end."""
    status = Path(f"/proc/{process}/status").read_text()
    caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt"))
    # Python itself catches SIGINT from its first moment, so SIGTERM tells for both
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux whether the program is ready for a signal")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_window_opens_a_photo_and_a_signal_closes_it_in_order(
    private_home: Path, photo: Path, number: signal.Signals
) -> None:
    program = subprocess.Popen([sys.executable, "-m", "app", str(photo)], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    try:
        while not listens(program.pid):
            assert program.poll() is None
            time.sleep(0.05)
        time.sleep(1)  # so that it has a window and reads its photo
        program.send_signal(number)
        program.send_signal(number)  # as by somebody who presses twice
        _, complaints = program.communicate(timeout=30)
    finally:
        program.kill()
    assert program.returncode == 0
    assert complaints.replace("This plugin does not support propagateSizeHints()", "").strip() == ""
    assert json.loads((private_home / "settings" / "settings.json").read_text())["geometry"]


def test_before_the_first_paint_nothing_heavy_is_loaded() -> None:
    """In the program itself, with the whole window built, when the canvas's neighbour is painted first."""
    source = """
import json, sys
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication
application = QApplication([])
from app.main_window import MainWindow
heavy = {"torch", "onnxruntime", "pydantic", "pyqtgraph", "av", "pyvips"}
class FirstPaint(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            print(json.dumps(sorted(heavy & sys.modules.keys())), flush=True)
            watched.removeEventFilter(self)
            watched.close_at_once()
        return False
watch = FirstPaint()
window = MainWindow()
window.installEventFilter(watch)
window.show()
application.exec()
"""
    done = subprocess.run(
        [sys.executable, "-c", source], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []


def test_render_draws_the_window_with_photo_and_divider(private_home: Path, photo: Path, tmp_path: Path) -> None:
    model = tiny_superres(tmp_path / "tiny.onnx", 2)
    out = tmp_path / "out.png"
    run("app.render", out, photo, "--size", "1000x700", "--upscale", model, "--zoom", "100")
    with Image.open(out) as image:
        pixels = np.asarray(image.convert("RGB"))
    assert pixels.shape == (700, 1000, 3)
    with Image.open(photo) as image:
        mean = np.asarray(image.convert("RGB")).mean(axis=(0, 1))
    centre = pixels[300:440, 250:440].reshape(-1, 3)
    assert np.abs(centre - mean).sum(axis=1).min() < 30  # colours of the photo, and not of the surround
    assert not (private_home / "settings").exists()


def test_render_says_what_is_wrong(photo: Path, tmp_path: Path) -> None:
    assert "--size" in run("app.render", tmp_path / "o.png", photo, "--size", "large", status=2)
    assert "cannot be written" in run("app.render", tmp_path / "missing" / "o.png", photo, status=1)
    assert "nosuch" in run("app.render", tmp_path / "o.png", photo, "--upscale", "nosuch", status=1)


def test_the_window_needs_no_settings_folder_that_can_be_written(photo: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder should be")
    source = (
        "from PySide6.QtCore import QTimer; import app.main_window as m; from app.__main__ import run_window;"
        "from PySide6.QtWidgets import QApplication;"
        "QTimer.singleShot(0, lambda: None);"
        "old = m.MainWindow.show\n"
        "def show(self):\n    old(self); QTimer.singleShot(500, self.close)\n"
        "m.MainWindow.show = show\n"
        f"import sys; sys.exit(run_window([{str(photo)!r}]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", source],
        cwd=ROOT,
        env={**os.environ, "DUSKROOM_HOME": str(blocked)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def start_without_window(**environment: str) -> str:
    """What the program says on standard error, on Linux, where it can open no window: it ends in order."""
    if sys.platform != "linux":
        pytest.skip("elsewhere there is always a display")
    kept = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    done = subprocess.run(
        [sys.executable, "-m", "app"],
        cwd=ROOT,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr.count("\n") == 1 and done.stderr.endswith(".\n"), done.stderr
    return done.stderr


def test_without_a_display_it_says_so_and_does_not_crash() -> None:
    told = start_without_window()
    assert "no display" in told and "duskroom --help" in told


def test_with_a_display_that_is_not_there_it_says_so_and_does_not_crash() -> None:
    told = start_without_window(DISPLAY=":4095")
    if "Qt needs" not in told:  # this system has what Qt needs to find out
        assert "could not connect to display :4095" in told and "duskroom --help" in told


@pytest.mark.parametrize("soname", ["libxcb-cursor.so.0", "libEGL.so.1"])
def test_without_a_library_of_the_system_it_names_the_package_and_does_not_crash(soname: str, tmp_path: Path) -> None:
    """An empty file goes before the system's own library, and neither Qt nor the program can load that."""
    (tmp_path / soname).touch()
    told = start_without_window(DISPLAY=":4095", LD_LIBRARY_PATH=str(tmp_path))
    assert told.startswith("Qt needs ") and soname in told
    if shutil.which("apt-get"):
        package = {"libxcb-cursor.so.0": "libxcb-cursor0", "libEGL.so.1": "libegl1"}[soname]
        assert re.search(rf"run `sudo apt-get install -y [^`]*\b{package}\b", told)


def test_a_mistyped_option_is_wrong_usage_and_not_a_photo() -> None:
    assert "--nosuch" in run("app", "--nosuch", status=2)
