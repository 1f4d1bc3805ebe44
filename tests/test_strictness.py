"""What fails a test although it asserted nothing wrong: warnings, Qt's warnings, and threads left behind."""

from __future__ import annotations

import os
import re
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
    "a thread of our own kind left behind": (
        "from PySide6.QtCore import QThread\nimport time\n"
        "class Sleeps(QThread):\n    def run(self):\n        time.sleep(3)\n"
        "kept = []\n"
        "def test(qapp):\n    kept.append(Sleeps())\n    kept[0].start()",
        "Threads left behind: Sleeps (QThread).",
    ),
    "a warning": ("import warnings\ndef test():\n    warnings.warn('old ways')", "UserWarning: old ways"),
    "a warning of Qt's": (
        "from PySide6.QtCore import qWarning\ndef test():\n    qWarning('bad geometry')",
        "QtWarningMsg: bad geometry",
    ),
    "nothing": ("def test():\n    pass", ""),
}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What pytest says of all of them, each in a file of its own."""
    folder = tmp_path_factory.mktemp("strictness")
    tests = folder / "tests"
    tests.mkdir()
    for name in ("__init__.py", "conftest.py", "search.py", "threads.py"):
        shutil.copy(ROOT / "tests" / name, tests)
    for case, (source, _) in CASES.items():
        (tests / f"test_{_name(case)}.py").write_text(source, encoding="utf-8")
    options = ["-c", ROOT / "pyproject.toml", "--rootdir", folder, "-p", "no:cacheprovider", "-rA"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, tests],
        env={**os.environ, "COLUMNS": "200", "DUSKROOM_TEST_PATIENCE": "2"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    return run.stdout


def _name(case: str) -> str:
    return re.sub(r"\W+", "_", case)


@pytest.mark.parametrize("case", CASES)
def test_it_is_seen(said: str, case: str) -> None:
    words = CASES[case][1]
    failed = re.findall(rf"^(?:FAILED|ERROR) \S*test_{_name(case)}\.py", said, re.MULTILINE)
    assert bool(failed) == bool(words), said
    assert words in said
