"""`duskroom doctor --selftest`: tries what upscaling and training need, a pass or a fail a line."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from app.cli.console import Console, Failure
from app.core.paths import model_folders
from engines.models.library import ModelLibrary
from engines.pictures.picture import Picture, load, save


def examine_by_trying(console: Console) -> None:
    """Run every check and say how it went. Raises Failure where one fails."""
    failed = [name for name, check in _checks(console) if not _passes(console, name, check)]
    failed += _try_trainers(console)
    if failed:
        raise Failure(
            f"{len(failed)} checks failed: {', '.join(failed)}. Install Duskroom again, or run it on the processor."
        )


def _checks(console: Console) -> list[tuple[str, Callable[[], str]]]:
    return [
        ("reads and writes pictures", _try_pictures),
        *((f"runs {name}", lambda path=path: _try_model(path, console)) for name, path in _upscalers()),
    ]


def _upscalers() -> list[tuple[str, Path]]:
    entries = ModelLibrary(model_folders()).entries()
    return [(entry.name, entry.path) for entry in entries if entry.card and entry.card.task == "super-resolution"]


def _passes(console: Console, name: str, check: Callable[[], str]) -> bool:
    try:
        _line(console, name, "pass", check())
    except Exception as error:  # whatever goes wrong is what the self-test is there to find
        console.progress.check()
        _line(console, name, "fail", str(error) or type(error).__name__)
        return False
    return True


def _picture() -> Picture:
    rows, columns = np.mgrid[0:48, 0:64]
    pixels = np.stack([4 * columns, 5 * rows, 255 - 3 * columns], axis=-1).astype(np.uint8)
    pixels.flags.writeable = False
    return Picture(pixels)


def _try_pictures() -> str:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "picture.png")
        save(_picture(), target)
        if not np.array_equal(load(target).pixels, _picture().pixels):
            raise ValueError("a saved picture came back changed")
    return "a PNG came back as it was"


def _try_model(path: Path, console: Console) -> str:
    from engines.models.model import open_model
    from engines.superres.upscale import upscale

    with open_model(path) as model:
        picture = _picture()
        result = upscale(picture, model, progress=console.progress)
        scale = model.card.scale or 1
        enlarged = picture.pixels.repeat(scale, 0).repeat(scale, 1).astype(np.int16)
        if result.pixels.shape != enlarged.shape or np.abs(result.pixels - enlarged).mean() > 8:
            raise ValueError("the picture did not come out as it should")
        return f"on {model.provider}" + (f" ({model.opening_notice})" if model.opening_notice else "")


def _try_trainers(console: Console) -> list[str]:
    """The checks that need torch, in a process of their own. Returns the names of those that failed."""
    if importlib.util.find_spec("torch") is None:
        _line(console, "trains", "skip", "torch is not installed")
        return []
    models = _upscalers()
    command = [sys.executable, "-P", "-m", "trainers.selftest", *([str(models[0][1])] if models else [])]
    failed: list[str] = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8"
    ) as child:
        assert child.stdout is not None
        with console.progress.interruptible(child.kill):
            for text in child.stdout:
                found = json.loads(text)
                _line(console, found["check"], found["outcome"], found["word"])
                if found["outcome"] == "fail":
                    failed.append(found["check"])
    if child.returncode not in (0, 1):
        _line(console, "trains", "fail", f"the trainer ended with status {child.returncode}")
        failed.append("trains")
    return failed


def _line(console: Console, name: str, outcome: str, word: str) -> None:
    console.say(f"{outcome:5} {name:40} {word}", "selftest", check=name, outcome=outcome, word=word)
