"""`duskroom project`: the photo is read here, a child process with torch looks for its latent, the result is written here."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from app.cli.console import Console
from app.core.paths import model_folders
from engines.errors import Cancelled, DuskroomError, ModelError, TargetError, shown
from engines.models.library import ModelEntry, ModelLibrary
from engines.pictures.formats import MAX_PIXELS
from trainers.runs import events

TEXT = "duskroom"  # what the PNG's text with z and label is called


@dataclass(frozen=True)
class Options:
    """How to project, as the command line's options of the same names say; None leaves the choice to Duskroom."""

    model: str | None
    label: str | None = None
    seed: int = 0
    max_pixels: int | None = None
    overwrite_source: bool = False
    existing: str | None = None

    def find(self) -> ModelEntry:
        """The model that does it. Raises ModelError."""
        return ModelLibrary(model_folders()).find(self.model, task="image-generation")


def project_one(console: Console, photo: Path, target: Path, options: Options) -> None:
    """Find the latent whose picture is nearest to `photo`, write that picture to `target` (.png), and say how near it is.

    z, label, codes, distance and PSNR are in the file, as JSON in a PNG text called “duskroom”. Raises DuskroomError.
    """
    start = time.monotonic()
    need_torch()
    entry = options.find()
    assert entry.card is not None
    label = None
    if options.label is not None:
        from engines.generation.generate import label_index

        label = label_index(entry.card, options.label)
    from engines.atomic import AtomicFile, write_all

    _check_target(target, photo, entry.path, options.overwrite_source)
    from app.cli.drawing import is_newer, numbered

    there = os.path.lexists(target) and not target.is_dir()  # a folder is refused below
    if there and not (options.overwrite_source and _is_same(target, photo)):
        match options.existing:
            case "overwrite":
                pass
            case "number":
                target = numbered(target)
            case "newer" if is_newer(entry.path, target) or is_newer(photo, target):
                pass
            case None:
                raise TargetError(
                    f"“{shown(target)}” is already there; choose another name, or add --existing overwrite."
                )
            case _:
                console.say(f"{target}: already there", "done", target=str(target), skipped=True)
                return
    result = AtomicFile(target)  # says now what would stop it at the end
    with tempfile.TemporaryDirectory(prefix="duskroom-") as folder:
        prepared, found = Path(folder) / "photo.bmp", Path(folder) / "found.png"
        _prepare(console, photo, prepared, options.max_pixels or MAX_PIXELS)
        arguments = [str(entry.path.absolute()), str(prepared), str(found), "--seed", str(options.seed)]
        if label is not None:
            arguments += ["--label", str(label)]
        _follow(console, arguments)
        content = found.read_bytes()
        values = read_projection(found)
        with result:
            write_all(result.file, memoryview(content))
    seconds = time.monotonic() - start
    named = f"{values['label']}, " if values["label"] is not None else ""
    text = f"distance {values['distance']:.1f} of 255, {values['psnr']:.1f} dB, {entry.card.name}, {seconds:.1f} s"
    console.say(f"{target}: {named}{text}", "done", target=str(target), seconds=round(seconds, 3), **values)


def read_projection(path: Path) -> dict[str, Any]:
    """What a picture written by `project_one` says of itself: model, z, label, codes, distance, psnr and seed.

    Raises ValueError where it says nothing.
    """
    from PIL import Image

    with Image.open(path) as image:
        image.load()
        values = json.loads(getattr(image, "text", {}).get(TEXT, ""))
    if not isinstance(values, dict) or "z" not in values:
        raise ValueError(f"{path} holds no latent")
    return values


def need_torch() -> None:
    """Raise DuskroomError where torch is not installed."""
    try:
        there = importlib.util.find_spec("torch") is not None
    except (ImportError, ValueError):
        there = False
    if not there:
        raise DuskroomError(
            "Finding a photo in a model needs torch, which is not installed; install it with: pip install torch"
        )


def _check_target(target: Path, photo: Path, model: Path, overwrite_source: bool) -> None:
    if target.suffix.lower() != ".png":
        raise TargetError(f"“{target.name}” is not a PNG, which keeps the latent with the picture; name it with .png.")
    for kept in (model,) if overwrite_source else (model, photo):
        with contextlib.suppress(OSError):
            if target.samefile(kept):
                allowed = ", or allow it with --overwrite-source" if kept == photo else ""
                raise TargetError(f"“{target}” would overwrite what it is made from; choose another name{allowed}.")


def _is_same(one: Path, other: Path) -> bool:
    """Whether both are one file."""
    try:
        return one.samefile(other)
    except OSError:
        return False


def _prepare(console: Console, photo: Path, prepared: Path, max_pixels: int) -> None:
    """Write `photo` to `prepared` as trainers read it: 8-bit sRGB, on white where it is transparent. Raises PictureError."""
    import numpy as np
    from PIL import Image

    from engines.colour.profiles import Space
    from engines.pictures.picture import load

    picture = load(photo, max_pixels=max_pixels)
    space = Space(picture.metadata.icc)
    for notice in (*picture.notices, *([space.notice] if space.notice else [])):
        console.notice(notice)
    side = min(picture.width, picture.height)
    top, left = (picture.height - side) // 2, (picture.width - side) // 2
    pixels = picture.pixels[top : top + side, left : left + side]
    colours = space.to_srgb(np.ascontiguousarray(pixels[..., :3]))
    shades = colours.astype(np.float32) / np.iinfo(colours.dtype).max
    if picture.has_alpha:
        alpha = pixels[..., 3:].astype(np.float32) / np.iinfo(pixels.dtype).max
        shades = shades * alpha + (1 - alpha)
    Image.fromarray(np.rint(shades * 255).astype(np.uint8)).save(prepared)


def _follow(console: Console, arguments: list[str]) -> None:
    """Run the child until it ends and show how far it is; where the console is cancelled, end it."""
    console.progress.check()
    failure: str | None = None
    with tempfile.TemporaryFile() as words, _started(arguments, words) as child:
        try:
            with console.progress.interruptible(lambda: _kill(child)):
                assert child.stdout is not None
                for content in child.stdout:
                    match events.from_line(content):
                        case events.Working(text, done, total) if not console.progress.cancelled:
                            console.progress(done, total, text)
                        case events.Failed(text):
                            failure = text
                        case _:
                            pass
                status = child.wait()
        except Cancelled:
            pass
        finally:
            _kill(child)
            child.wait()
        console.progress.check()
        if failure is not None:
            raise DuskroomError(failure)
        if status:
            raise ModelError(_why_ended(status, words))


def _started(arguments: list[str], words: IO[bytes]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", "-m", "trainers.project", *arguments, "--parent", str(os.getpid())]
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,  # its end tells the child that we are gone
            stdout=subprocess.PIPE,
            stderr=words,
            start_new_session=os.name != "nt",  # Ctrl-C reaches this process, which ends the child
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError as error:
        why = error.strerror or error
        raise DuskroomError(f"The search cannot be started ({why}); close other programs and try again.") from error


_killing = threading.Lock()


def _kill(child: subprocess.Popen[bytes]) -> None:
    """End the child at once: it writes its file whole or not at all. From any thread."""
    with _killing:
        if child.poll() is None:
            with contextlib.suppress(OSError):
                if sys.platform == "win32":
                    child.kill()
                else:
                    os.killpg(child.pid, signal.SIGKILL)


def _why_ended(status: int, words: IO[bytes]) -> str:
    words.seek(0)
    lines = [line.strip() for line in words.read(1 << 16).decode("utf-8", "replace").splitlines() if line.strip()]
    if status in (-9, -15):
        return (
            f"The search was ended from outside (signal {-status}), as the system does when memory runs out; close other "
            "programs and try again."
        )
    return f"The search ended unexpectedly ({lines[-1] if lines else f'exit status {status}'}); try again."
