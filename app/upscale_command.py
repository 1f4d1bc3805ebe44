"""`duskroom upscale` and `duskroom batch … upscale`: one function for a file, called once or for each of a folder."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from app.console import Console, Failure
from app.paths import model_folders
from engines.batch import batch, plan_batch
from engines.library import ModelLibrary
from engines.model import Model, open_model
from engines.progress import Progress
from engines.reading import MAX_PIXELS
from engines.upscale import UpscaleOutcome, upscale_file


@dataclass(frozen=True)
class Options:
    """How to upscale, as the command line's options of the same names say; None leaves the choice to Duskroom."""

    model: str | None
    scale: int | None
    tile: int | None
    device: str
    format: str | None
    quality: int | None
    strip: bool
    max_pixels: int | None
    overwrite_source: bool = False


def _open(console: Console, options: Options) -> Model:
    library = ModelLibrary(model_folders())
    entry = library.find(options.model, task="super-resolution", scale=options.scale)
    opened = open_model(entry.path, options.device, spinning=True)
    if opened.opening_notice:
        console.notice(opened.opening_notice)
    return opened


def _upscale(source: Path, target: Path, opened: Model, options: Options, progress: Progress) -> UpscaleOutcome:
    return upscale_file(
        source,
        target,
        opened,
        tile=options.tile,
        format=options.format,
        quality=options.quality,
        strip=options.strip,
        max_pixels=options.max_pixels or MAX_PIXELS,
        overwrite_source=options.overwrite_source,
        progress=progress,
    )


def upscale_one(console: Console, source: Path, target: Path, options: Options) -> None:
    """Upscale one file and say what became of it."""
    start = time.monotonic()
    with _open(console, options) as opened:
        outcome = _upscale(source, target, opened, options, console.progress)
        for notice in outcome.notices:
            console.notice(notice)
        seconds = time.monotonic() - start
        console.say(
            f"{target}: {outcome.width}×{outcome.height} pixels, {opened.card.name} on {outcome.provider}, {seconds:.1f} s",
            "done",
            target=str(target),
            width=outcome.width,
            height=outcome.height,
            model=opened.card.name,
            provider=outcome.provider,
            seconds=round(seconds, 3),
        )


def upscale_folder(
    console: Console, folder: Path, out_folder: Path, options: Options, *, recursive: bool, existing: str
) -> None:
    """Upscale every picture of a folder, a line each. Raises Failure where one failed; the others are done."""
    tasks = plan_batch(folder, out_folder, format=options.format, recursive=recursive, existing=existing)
    if not tasks:
        console.say(f"There are no pictures in “{folder}”.", "done", done=0, skipped=0, failed=0)
        return
    with _open(console, options) as opened:

        def one(source: Path, target: Path, progress: Progress) -> tuple[str, ...]:
            return _upscale(source, target, opened, options, progress).notices

        counts = {"done": 0, "skipped": 0, "failed": 0}
        for outcome in batch(tasks, one, console.progress):
            counts[outcome.status] += 1
            words = " ".join(outcome.words)
            name = outcome.source.relative_to(folder)
            console.say(
                f"{outcome.status:8}{name}" + (f": {words}" if words else ""),
                "outcome",
                source=str(outcome.source),
                target=str(outcome.target) if outcome.target else None,
                status=outcome.status,
                words=words,
            )
        summary = f"{counts['done']} done, {counts['skipped']} skipped, {counts['failed']} failed, on {opened.provider}"
        console.say(summary, "done", provider=opened.provider, **counts)
    if counts["failed"]:
        which = "One picture" if counts["failed"] == 1 else f"{counts['failed']} pictures"
        raise Failure(f"{which} of {len(tasks)} could not be upscaled; the lines above say why.")
