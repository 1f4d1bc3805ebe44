"""`duskroom translate` and `duskroom batch … translate`: one function for a file, called once or for each of a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.cli.console import Console
from app.cli.pictures import FileOptions, do_folder, do_one
from app.core.paths import model_folders
from engines.models.library import ModelEntry, ModelLibrary
from engines.models.model import Model
from engines.progress import Progress
from engines.translation.translate import TranslateOutcome, translate_file


@dataclass(frozen=True)
class Options:
    """How to translate, as the command line's options of the same names say; None leaves the choice to Duskroom."""

    model: str | None
    to: str | None
    strength: float
    mask: Path | None
    method: str
    files: FileOptions

    def find(self) -> ModelEntry:
        """The model that does it. Raises ModelError."""
        return ModelLibrary(model_folders()).find(self.model, task="image-translation", domain=self.to)

    def __call__(self, source: Path, target: Path, opened: Model, progress: Progress) -> TranslateOutcome:
        return translate_file(
            source,
            target,
            opened,
            method=self.method,
            strength=self.strength,
            mask=self.mask,
            progress=progress,
            **self.files.for_file(),
        )


def translate_one(console: Console, source: Path, target: Path, options: Options) -> None:
    """Translate one file and say what became of it."""
    do_one(console, source, target, options, options.find(), options.files)


def translate_folder(
    console: Console, folder: Path, out_folder: Path, options: Options, *, recursive: bool, existing: str
) -> None:
    """Translate every picture of a folder, a line each. Raises Failure where one failed; the others are done."""
    do_folder(
        console,
        folder,
        out_folder,
        options,
        options.find,
        options.files,
        recursive=recursive,
        existing=existing,
        done="translated",
    )
