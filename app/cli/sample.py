"""`duskroom sample`: pictures that a generator draws of seeds, as one file, a folder of files, or a sheet."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass, replace
from pathlib import Path

from app.cli.console import Console
from app.cli.drawing import (
    GeneratorOptions,
    Task,
    folder_at,
    is_folder,
    labels_in_turn,
    open_models,
    settled,
    was_made_so,
)
from engines.frames.provenance import Provenance, made_by
from engines.frames.sheet import write_picture, write_sheet
from engines.generation.drawing import Drawing, Samples, checked
from engines.pictures.formats import WRITABLE_FORMATS

SUFFIXES = tuple(suffix for known in WRITABLE_FORMATS for suffix in known.suffixes)
MOST = 100_000  # samples of one command


@dataclass(frozen=True)
class Options:
    """What to draw: `count` pictures, of `seed` and those that follow it; `sheet` puts them on a sheet, in a folder too.

    `columns` of them stand in a row there; None leaves it to Duskroom.
    """

    count: int
    seed: int
    sheet: bool
    generator: GeneratorOptions
    columns: int | None = None


def sample_pictures(console: Console, out: Path, options: Options) -> None:
    """Draw what `options` say to `out` and say what became of it.

    `out` is a picture file, for several pictures a sheet; or a folder, in which each gets a name with its seed.
    Raises DuskroomError; then what was not there whole is not there at all.
    """
    start = time.monotonic()
    into_folder = is_folder(out, SUFFIXES)
    given = options.generator
    with open_models(console, given) as models:
        card = models.generator.card
        seeds = range(options.seed, options.seed + options.count)
        labels = given.labels or labels_in_turn(card, seeds)
        drawing = checked(card, Drawing(seeds, labels, given.truncation, given.controls))
        provenance = made_by(models.generator, replace(drawing, seeds=()), upscaler=models.upscaler)
        task = Task(console, models, Samples(card, drawing), drawing, provenance, given.existing, "picture")
        if into_folder:
            task.say_done(out, _into_folder(out, task, seeds, options), start)
        elif (target := settled(out, given.existing, models)) is None:
            task.say_done(out, options.count, start)
        else:
            _into_file(target, task, seeds, options)
            task.say_done(target, 0, start)


def _into_file(target: Path, task: Task, seeds: range, options: Options) -> None:
    provenance = replace(task.provenance, seeds=tuple(seeds))
    if options.sheet or len(seeds) > 1:
        notices = write_sheet(target, task.frames(), len(seeds), *task.size, provenance, options.columns)
    else:
        (frame,) = task.frames()
        notices = write_picture(target, frame, provenance)
    for notice in notices:
        task.console.notice(notice)


def _into_folder(out: Path, task: Task, seeds: range, options: Options) -> int:
    """Write a file for each picture, and a sheet of all where asked for; how many were there already.

    Raises TargetError, before anything is drawn, where a file made otherwise is in the way and nobody said what becomes of it.
    """
    labels = task.drawing.labels
    common = f"{plain(labels[0])}-" if len(set(labels)) == 1 else ""
    each: list[Provenance] = []
    with folder_at(out):
        targets: dict[int, Path] = {}
        for number, seed in enumerate(seeds):
            label = labels[number : number + 1] if len(labels) == len(seeds) else labels
            each.append(replace(task.provenance, seeds=(seed,), labels=label))
            prefix = "".join(f"{plain(name)}-" for name in label)
            if (target := _place(out / f"{prefix}seed-{seed}.png", each[-1], task)) is not None:
                targets[number] = target
        whole = replace(task.provenance, seeds=tuple(seeds))
        of_all = _place(out / f"{common}sheet-{seeds[0]}-{seeds[-1]}.png", whole, task) if options.sheet else None
        if targets:
            for (number, target), frame in zip(targets.items(), task.frames(list(targets)), strict=True):
                write_picture(target, frame, each[number])
        if of_all is not None:
            _into_file(of_all, task, seeds, options)
    return len(seeds) - len(targets)


def _place(target: Path, provenance: Provenance, task: Task) -> Path | None:
    """As `settled`, but where nobody said what becomes of files that are there, the very same picture stays."""
    if task.existing is None and os.path.lexists(target) and was_made_so(target, provenance):
        return None
    return settled(target, task.existing, task.models)


def plain(label: str) -> str:
    """`label` as part of a file's name on every system: without what stands for folders, and not too long."""
    name = re.sub(r"[^\w .+-]", "_", label.encode("utf-8", "replace").decode()).strip(" .-")
    while len(name.encode()) > 120:
        name = name[:-1]
    return name or "label"
