"""Renders the pictures of the README from the real window into assets/screenshots, in both themes, with a sample photo."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path("assets/screenshots")
SAMPLE = "assets/samples/seeding.jpg"
QUALITY = 90  # of WebP: letters stay crisp

SHOTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("window-dark.webp", (SAMPLE, "--upscale", "fast-x2", "--theme", "dark")),
    ("window-light.webp", (SAMPLE, "--upscale", "fast-x2", "--theme", "light")),
    ("first-page-dark.webp", ("--theme", "dark", "--size", "1024x700")),
    ("first-page-light.webp", ("--theme", "light", "--size", "1024x700", "--language", "de")),
    ("save-dark.webp", (SAMPLE, "--theme", "dark", "--do", "save_as")),
    ("save-light.webp", (SAMPLE, "--theme", "light", "--do", "save_as", "--language", "de")),
    ("shortcuts-dark.webp", ("--theme", "dark", "--do", "shortcuts")),
    ("preferences-light.webp", ("--theme", "light", "--do", "preferences")),
)
"""A file's name, and what `python -m app.render` is asked for."""


def main(wanted: list[str]) -> int:
    """Render those named in `wanted`, all where none is named. Gives the exit status."""
    (ROOT / FOLDER).mkdir(parents=True, exist_ok=True)
    for name, arguments in SHOTS:
        if wanted and name not in wanted:
            continue
        with tempfile.TemporaryDirectory(prefix="duskroom-screenshots-") as folder:
            rendered = Path(folder, "window.png")
            done = subprocess.run(
                [sys.executable, "-m", "app.render", str(rendered), *arguments],
                cwd=ROOT,
                env={
                    **os.environ,
                    "QT_QPA_PLATFORM": "offscreen",
                    "HOME": "/home/artist",
                },  # Save As proposes its folder
                check=False,
            )
            if done.returncode != 0:
                return done.returncode
            with Image.open(rendered) as image:
                (ROOT / FOLDER / name).write_bytes(as_webp(image))
        print(FOLDER / name, flush=True)
    return 0


def as_webp(image: Image.Image) -> bytes:
    """The picture as a WebP file: without loss where that is the smaller one, as it is of plain dialogs."""
    files = []
    for options in ({"quality": QUALITY}, {"lossless": True, "quality": 100}):
        file = io.BytesIO()
        image.convert("RGB").save(file, "WEBP", method=6, **options)
        files.append(file.getvalue())
    return min(files, key=len)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
