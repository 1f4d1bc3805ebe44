"""What the commands that draw with a generator share: its options, opening it, and what becomes of files that are there."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.cli.console import Console
from app.core.paths import model_folders
from engines.atomic import target_error
from engines.errors import ModelError, PictureError, TargetError, shown
from engines.frames.provenance import Provenance, read_provenance
from engines.generation.drawing import Drawing, Frame, Points, draw, drawn_size
from engines.generation.generate import label_index
from engines.models.card import ModelCard
from engines.models.library import ModelLibrary
from engines.models.model import Model, open_model

EXISTING = ("skip", "newer", "number", "overwrite")


@dataclass(frozen=True)
class GeneratorOptions:
    """How to draw, as the command line's options of the same names say; None leaves the choice to Duskroom.

    `existing` is one of EXISTING, or None: then a file that is there is kept, and the person told.
    """

    model: str | None = None
    labels: tuple[str, ...] = ()
    truncation: float = 1.0
    controls: Mapping[str, float] = field(default_factory=dict[str, float])
    upscale: str | None = None
    device: str = "auto"
    existing: str | None = None


@dataclass(frozen=True)
class Models:
    """The generator, and what enlarges its pictures where that was asked for."""

    generator: Model
    upscaler: Model | None

    @property
    def names(self) -> str:
        """What a person is told did the work."""
        more = f" and {self.upscaler.card.name}" if self.upscaler else ""
        return f"{self.generator.card.name}{more} on {self.generator.provider}"

    def refuse(self, target: Path) -> None:
        """Raise TargetError where `target` is a model's own file, under any of its names."""
        for model in filter(None, (self.generator, self.upscaler)):
            with contextlib.suppress(OSError):
                if target.samefile(model.path):
                    raise TargetError(
                        f"“{shown(target)}” is the model itself and would be overwritten; choose another name."
                    )

    def are_newer(self, than: Path) -> bool:
        """Whether one of them has changed since the file `than` was written."""
        return any(is_newer(model.path, than) for model in (self.generator, self.upscaler) if model is not None)


@contextlib.contextmanager
def open_models(console: Console, options: GeneratorOptions) -> Iterator[Models]:
    """The models that do it, open for as long as the block runs. Raises ModelError."""
    library = ModelLibrary(model_folders())
    generator = library.find(options.model, task="image-generation")
    upscaler = library.find(options.upscale, task="super-resolution") if options.upscale is not None else None
    with contextlib.ExitStack() as stack:
        opened = [
            stack.enter_context(open_model(entry.path, options.device, spinning=True))
            for entry in (generator, upscaler)
            if entry is not None
        ]
        for notice in dict.fromkeys(model.opening_notice for model in opened if model.opening_notice):
            console.notice(notice)
        yield Models(opened[0], opened[1] if len(opened) > 1 else None)


@dataclass(frozen=True)
class Task:
    """What is to be drawn, and by what; `noun` is what one of its pictures is called."""

    console: Console
    models: Models
    points: Points
    drawing: Drawing
    provenance: Provenance
    existing: str | None
    noun: str

    @property
    def size(self) -> tuple[int, int]:
        """The width and height of each picture in pixels."""
        return drawn_size(self.models.generator, self.points, self.drawing, self.models.upscaler)

    def frames(self, numbers: Sequence[int] | None = None) -> Iterator[Frame]:
        """The pictures of these numbers, by default all, enlarged where that was asked for; each counts once it is used."""
        progress, upscaler = self.console.progress, self.models.upscaler
        total = self.points.count if numbers is None else len(numbers)
        progress(0, total, f"{self.noun} 1 of {total}")
        drawn = draw(self.models.generator, self.points, self.drawing, numbers, upscaler=upscaler, progress=progress)
        for done, frame in enumerate(drawn, 1):
            yield frame
            progress(done, total, f"{self.noun} {done} of {total}")

    def say_done(self, target: Path, kept: int, start: float, **values: Any) -> None:
        """Say what became of it, `kept` pictures of which were there already, since the monotonic time `start`."""
        (width, height), count, seconds = self.size, self.points.count, time.monotonic() - start
        noun = self.noun if count == 1 else f"{self.noun}s"
        there = f", {kept} already there" if kept else ""
        self.console.say(
            f"{target}: {count} {noun} of {width}×{height} pixels{there}, {self.models.names}, {seconds:.1f} s",
            "done",
            target=str(target),
            count=count,
            kept=kept,
            width=width,
            height=height,
            model=self.models.generator.card.name,
            provider=self.models.generator.provider,
            seconds=round(seconds, 3),
            **values,
        )


def labels_in_turn(card: ModelCard, seeds: Sequence[int]) -> tuple[str, ...]:
    """The label that each seed takes where none is named: the model's in turn, so that a seed always has the same one."""
    return tuple(card.labels[seed % len(card.labels)] for seed in seeds) if card.labels else ()


def listed_labels(card: ModelCard, given: Sequence[str]) -> tuple[str, ...]:
    """The labels that `given` names, each text one of `card` or several with commas between.

    A label that has a comma itself is found where its text is that label alone. Those the card does not have stay as written.
    """
    return tuple(label for text in given for label in ([text] if _is_label(card, text) else text.split(",")))


def _is_label(card: ModelCard, text: str) -> bool:
    try:
        label_index(card, text)
    except ModelError:
        return False
    return True


def was_made_so(path: Path, provenance: Provenance) -> bool:
    """Whether the file at `path` says that it was made by the same models, of the same seeds, with the same settings."""
    try:
        return read_provenance(path) == provenance
    except PictureError:
        return False


def is_folder(out: Path, suffixes: tuple[str, ...]) -> bool:
    """Whether OUT is to be a folder: it is one, or its name has no suffix. Otherwise it must have one of `suffixes`.

    Raises TargetError.
    """
    if os.path.isdir(out):  # which, unlike a Path's, is no error where the person may not look
        return True
    if out.suffix.lower() in suffixes:
        return False
    if not out.suffix and out.name.lower() not in suffixes:  # a name such as “.png” is forgotten rather than meant
        return True
    known = f"{', '.join(suffixes[:-1])} or {suffixes[-1]}"
    raise TargetError(
        f"“{shown(out)}” names no file for this; let it end in {known}, or name a folder, without an ending."
    )


def settled(target: Path, existing: str | None, models: Models) -> Path | None:
    """Where to write what was to go to `target`, after a look at what is there; None where that stays. Raises TargetError."""
    models.refuse(target)
    if not os.path.lexists(target) or existing == "overwrite":
        return target
    if existing is None:
        raise TargetError(f"“{shown(target)}” is already there; choose another name, or add --existing overwrite.")
    if existing == "number":
        return numbered(target)
    return target if existing == "newer" and models.are_newer(target) else None


def is_newer(file: Path, than: Path) -> bool:
    """Whether `file` has changed since the file `than` was written; also where that cannot be told."""
    try:
        return file.stat().st_mtime > than.stat().st_mtime
    except OSError:
        return True


def numbered(target: Path) -> Path:
    """`target`, or the first of “NAME 2”, “NAME 3” and so on that is not there."""
    number, candidate = 2, target
    while os.path.lexists(candidate):
        candidate = target.with_name(f"{target.stem} {number}{target.suffix}")
        number += 1
    return candidate


@contextlib.contextmanager
def folder_at(out: Path) -> Iterator[None]:
    """The folder `out` for files written in the block; taken away again where it was made for them and got none.

    Raises TargetError where it cannot be made.
    """
    there = os.path.isdir(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise TargetError(f"“{shown(out)}” is a file, not a folder; choose another name.") from error
    except OSError as error:
        raise target_error(out, error) from error
    try:
        yield
    finally:
        if not there:
            with contextlib.suppress(OSError):
                out.rmdir()
