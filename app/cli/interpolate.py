"""`duskroom interpolate`: a path through seeds, as a GIF, a video, a sheet, or a folder of frames."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from app.cli.console import Console
from app.cli.drawing import (
    GeneratorOptions,
    Task,
    folder_at,
    is_folder,
    labels_in_turn,
    listed_labels,
    numbered,
    open_models,
    settled,
    was_made_so,
)
from engines.atomic import target_error
from engines.errors import TargetError, shown
from engines.frames.gif import PALETTE_FRAMES, GifWriter, palette_of
from engines.frames.provenance import made_by
from engines.frames.sheet import write_picture, write_sheet
from engines.generation.drawing import Drawing, Frame, checked, draw
from engines.generation.route import FramePath, Route, usual_frames

SUFFIXES = (".gif", ".mp4", ".png")
DIGITS = 4  # of a frame's number at least

_FRAME = re.compile(r"frame-(\d+)\.png")


@dataclass(frozen=True)
class Options:
    """Where the path goes, as the command line's options of the same names say; `frames` None leaves it to Duskroom."""

    seeds: tuple[int, ...]
    frames: int | None
    fps: float
    curve: str
    easing: str
    loop: bool
    generator: GeneratorOptions


def interpolate(console: Console, out: Path, options: Options) -> None:
    """Draw the path that `options` describe to `out` and say what became of it.

    `out` ends in .gif, .mp4 or, for a sheet, .png; or it is a folder, which gets a file for each frame. Frames are written
    as they are drawn. Raises DuskroomError; then what was not there whole is not there at all.
    """
    start = time.monotonic()
    into_folder = is_folder(out, SUFFIXES)
    given = options.generator
    frames = options.frames
    if frames is None:
        frames = usual_frames(len(options.seeds), options.fps, options.loop)
    route = Route(frames, options.curve, options.easing, options.loop)
    with open_models(console, given) as models:
        card = models.generator.card
        labels = listed_labels(card, given.labels) or labels_in_turn(card, options.seeds)
        drawing = checked(card, Drawing(options.seeds, labels, given.truncation, given.controls))
        path = FramePath(card, drawing, route)
        provenance = made_by(models.generator, drawing, route, models.upscaler)
        task = Task(console, models, path, drawing, provenance, given.existing, "frame")
        if into_folder:
            target = _folder(out, task)
            kept = _write_folder(target, task)
        elif (target := settled(out, given.existing, models)) is None:
            target, kept = out, frames
        else:
            _write_file(target, task, options.fps, path.keyframes)
            kept = 0
        task.say_done(target, kept, start, keyframes=path.keyframes)


def _write_file(target: Path, task: Task, fps: float, keyframes: list[int]) -> None:
    """Write all frames as one file, in the format that its name says."""
    suffix, comment = target.suffix.lower(), task.provenance.comment()
    if suffix == ".png":
        write_sheet(target, task.frames(), task.points.count, *task.size, task.provenance)
        return
    if suffix == ".gif":
        writer = GifWriter(target, *task.size, fps, lambda: palette_of(_some(task)), comment)
    else:
        from engines.frames.video import VideoWriter  # PyAV is large, and needed here alone

        writer = VideoWriter(target, *task.size, fps, comment, keyframes)
    with writer:
        for frame in task.frames():
            writer.write(frame)


def _some(task: Task) -> Iterator[Frame]:
    """Frames from all over the path, not enlarged: their colours are those of all."""
    numbers = np.unique(np.linspace(0, task.points.count - 1, PALETTE_FRAMES).astype(np.int64)).tolist()
    return draw(task.models.generator, task.points, task.drawing, numbers, progress=task.console.progress)


def _folder(out: Path, task: Task) -> Path:
    """The folder to write frames to. Raises TargetError where there are frames in it and nobody said what becomes of them."""
    if not _frames_in(out):
        return out
    if task.existing is None:
        raise TargetError(
            f"“{shown(out)}” already holds frames; choose another folder, or go on with them by --existing skip, or"
            " replace them by --existing overwrite."
        )
    return numbered(out) if task.existing == "number" else out


def _write_folder(out: Path, task: Task) -> int:
    """Write a file for each frame; how many were there already. Raises TargetError where a frame there is of another path."""
    count = task.points.count
    digits = max(DIGITS, len(str(count)))
    names = [f"frame-{number + 1:0{digits}}.png" for number in range(count)]
    with folder_at(out):
        there = _frames_in(out)
        kept = {number for number, name in enumerate(names) if name in there and _stays(out / name, number, task)}
        wanted = [number for number in range(count) if number not in kept]
        if wanted:
            for number, frame in zip(wanted, task.frames(wanted), strict=True):
                task.models.refuse(out / names[number])
                write_picture(out / names[number], frame, replace(task.provenance, frame=number))
        if others := there - set(names):
            task.console.notice(f"“{shown(out)}” also holds {len(others)} other frames, which are not of this path.")
    return len(kept)


def _frames_in(folder: Path) -> set[str]:
    """The names of the frames in `folder`; none where it is not there. Raises TargetError where it cannot be read."""
    try:
        return {path.name for path in folder.iterdir() if _FRAME.fullmatch(path.name)}
    except (FileNotFoundError, NotADirectoryError):
        return set()
    except OSError as error:
        raise target_error(folder, error) from error


def _stays(path: Path, number: int, task: Task) -> bool:
    """Whether the frame that is there is kept. Raises TargetError where it is not this one and must not be replaced."""
    if task.existing == "overwrite" or (task.existing == "newer" and task.models.are_newer(path)):
        return False
    if was_made_so(path, replace(task.provenance, frame=number)):
        return True
    raise TargetError(
        f"“{shown(path)}” is a frame of another path; choose another folder, or add --existing overwrite."
    )
