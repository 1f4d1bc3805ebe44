"""`duskroom upscale` and `duskroom batch … upscale`: one function for a file, called once or for each of a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.cli.console import Console
from app.cli.pictures import FileOptions, do_folder, do_one
from app.core.paths import model_folders
from engines.models.library import ModelEntry, ModelLibrary
from engines.models.model import Model
from engines.models.scales import how_made
from engines.progress import Progress
from engines.superres.upscale import UpscaleOutcome, upscale_file


@dataclass(frozen=True)
class Options:
    """How to upscale, as the command line's options of the same names say; None leaves the choice to Duskroom."""

    model: str | None
    scale: int | None
    files: FileOptions

    def find(self, console: Console) -> ModelEntry:
        """The model that does it; where what it makes is reduced, that is told. Raises ModelError."""
        entry = ModelLibrary(model_folders()).find(self.model, task="super-resolution", scale=self.scale)
        own = entry.card.scale if entry.card is not None else None
        if self.scale is not None and own is not None and (sentence := how_made(self.scale, entry.name, own)):
            console.notice(sentence)
        return entry

    def __call__(self, source: Path, target: Path, opened: Model, progress: Progress) -> UpscaleOutcome:
        return upscale_file(source, target, opened, scale=self.scale, progress=progress, **self.files.for_file())


def upscale_one(console: Console, source: Path, target: Path, options: Options) -> None:
    """Upscale one file and say what became of it."""
    do_one(console, source, target, options, options.find(console), options.files)


def upscale_folder(
    console: Console, folder: Path, out_folder: Path, options: Options, *, recursive: bool, existing: str
) -> None:
    """Upscale every picture of a folder, a line each. Raises Failure where one failed; the others are done."""
    do_folder(
        console,
        folder,
        out_folder,
        options,
        lambda: options.find(console),
        options.files,
        recursive=recursive,
        existing=existing,
        done="upscaled",
    )
