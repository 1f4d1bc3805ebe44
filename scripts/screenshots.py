"""Renders the pictures of the README from the real window into assets/screenshots, in both themes, with a sample photo."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path("assets/screenshots")
SAMPLE = "assets/samples/seeding.jpg"

SHOTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("window-dark.png", (SAMPLE, "--upscale", "fast-x2", "--theme", "dark")),
    ("window-light.png", (SAMPLE, "--upscale", "fast-x2", "--theme", "light")),
    ("first-page-dark.png", ("--theme", "dark", "--size", "1024x700")),
    ("first-page-light.png", ("--theme", "light", "--size", "1024x700", "--language", "de")),
    ("save-dark.png", (SAMPLE, "--theme", "dark", "--do", "save_as")),
    ("save-light.png", (SAMPLE, "--theme", "light", "--do", "save_as", "--language", "de")),
    ("shortcuts-dark.png", ("--theme", "dark", "--do", "shortcuts")),
    ("preferences-light.png", ("--theme", "light", "--do", "preferences")),
)
"""A file's name, and what `python -m app.render` is asked for."""


def main(wanted: list[str]) -> int:
    """Render those named in `wanted`, all where none is named. Gives the exit status."""
    (ROOT / FOLDER).mkdir(parents=True, exist_ok=True)
    for name, arguments in SHOTS:
        if wanted and name not in wanted:
            continue
        out = str(FOLDER / name)
        done = subprocess.run(
            [sys.executable, "-m", "app.render", out, *arguments],
            cwd=ROOT,
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "HOME": "/home/artist"},  # whose folder Save As proposes
            check=False,
        )
        if done.returncode != 0:
            return done.returncode
        print(out, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
