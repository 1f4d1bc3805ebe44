"""What fails a test although it asserted nothing wrong: warnings, Qt's warnings, and threads left behind."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

CASES = {
    "a thread left behind": (
        "import threading, time\ndef test():\n    threading.Thread(target=time.sleep, args=(3,), name='leaky').start()",
        "Threads left behind: leaky.",
    ),
    "a Qt thread left behind": (
        "from PySide6.QtCore import QThreadPool\nimport time\n"
        "def test(qapp):\n    QThreadPool.globalInstance().start(lambda: time.sleep(3))",
        "Threads left behind: 1 of the global QThreadPool.",
    ),
    "a warning": ("import warnings\ndef test():\n    warnings.warn('old ways')", "UserWarning: old ways"),
    "a warning of Qt's": (
        "from PySide6.QtCore import qWarning\ndef test():\n    qWarning('bad geometry')",
        "QtWarningMsg: bad geometry",
    ),
    "nothing": ("def test():\n    pass", ""),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_seen(case: str, tmp_path: Path) -> None:
    source, words = CASES[case]
    tests = tmp_path / "tests"
    tests.mkdir()
    shutil.copy(ROOT / "tests" / "conftest.py", tests)
    (tests / "test_it.py").write_text(source, encoding="utf-8")
    options = ["-c", ROOT / "pyproject.toml", "--rootdir", tmp_path, "-p", "no:cacheprovider"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, tests],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == bool(words), run.stdout + run.stderr
    assert words in run.stdout
