"""Shows Duskroom on a sample photo: the window where there is a display, else the command line and a picture of it."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = Path("assets/samples/seeding.jpg")
OUT = Path("build")
PYTHON = Path(sys.executable)
DUSKROOM = PYTHON.with_name("duskroom")  # set-up put it beside the Python that runs this


def has_display() -> bool:
    """Whether a window can be opened: always on macOS and Windows, elsewhere with an X or a Wayland display."""
    if sys.platform in {"darwin", "win32"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def run(program: Path, *arguments: str | Path, **environment: str) -> int:
    """Run a program of the environment in the checkout, show the command, and return its exit status."""
    words = [str(argument) for argument in arguments]
    print(f"$ {program.parent.parent.name}/{program.parent.name}/{program.name} {shlex.join(words)}", flush=True)
    return subprocess.run([str(program), *words], cwd=ROOT, env={**os.environ, **environment}, check=False).returncode


def main() -> int:
    if has_display():
        return run(DUSKROOM, SAMPLE)
    (ROOT / OUT).mkdir(exist_ok=True)
    upscaled = OUT / f"{SAMPLE.stem}-x2.png"
    window = OUT / "window.png"
    print("There is no display here, so no window can be opened.", flush=True)
    status = run(DUSKROOM, "upscale", SAMPLE, upscaled, "--scale", "2")
    status = status or run(
        PYTHON, "-m", "app.render", window, SAMPLE, "--upscale", "fast-x2", QT_QPA_PLATFORM="offscreen"
    )
    if status == 0:
        print(f"The sample photo, upscaled on the command line: {upscaled}")
        print(f"The window, rendered to a picture: {window}")
    return status


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
