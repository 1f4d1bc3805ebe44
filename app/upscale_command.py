"""`duskroom upscale` and `duskroom batch … upscale`: one function for a file, called once or for each of a folder."""

from __future__ import annotations

import time
from pathlib import Path

from app.console import Console, Failure
from app.paths import model_folders
from engines.batch import batch, plan_batch
from engines.library import ModelLibrary
from engines.model import Model, open_model
from engines.progress import Progress
from engines.reading import MAX_PIXELS
from engines.upscale import upscale_file


def _open(console: Console, model: str | None, scale: int | None, device: str) -> Model:
    entry = ModelLibrary(model_folders()).find(model, task="super-resolution", scale=scale)
    opened = open_model(entry.path, device)
    if opened.opening_notice:
        console.notice(opened.opening_notice)
    return opened


def upscale_one(
    console: Console,
    source: Path,
    target: Path,
    *,
    model: str | None,
    scale: int | None,
    tile: int | None,
    device: str,
    format: str | None,
    quality: int | None,
    strip: bool,
    max_pixels: int | None,
    overwrite_source: bool,
) -> None:
    """Upscale one file and say what became of it."""
    start = time.monotonic()
    with _open(console, model, scale, device) as opened:
        outcome = upscale_file(
            source,
            target,
            opened,
            tile=tile,
            format=format,
            quality=quality,
            strip=strip,
            max_pixels=max_pixels or MAX_PIXELS,
            overwrite_source=overwrite_source,
            progress=console.progress,
        )
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
    console: Console,
    folder: Path,
    out_folder: Path,
    *,
    model: str | None,
    scale: int | None,
    tile: int | None,
    device: str,
    format: str | None,
    quality: int | None,
    strip: bool,
    max_pixels: int | None,
    recursive: bool,
    existing: str,
) -> None:
    """Upscale every picture of a folder, a line each. Raises Failure where one failed; the others are done."""
    tasks = plan_batch(folder, out_folder, format=format, recursive=recursive, existing=existing)
    if not tasks:
        console.say(f"There are no pictures in “{folder}”.", "done", done=0, skipped=0, failed=0)
        return
    with _open(console, model, scale, device) as opened:

        def one(source: Path, target: Path, progress: Progress) -> tuple[str, ...]:
            outcome = upscale_file(
                source,
                target,
                opened,
                tile=tile,
                format=format,
                quality=quality,
                strip=strip,
                max_pixels=max_pixels or MAX_PIXELS,
                progress=progress,
            )
            return outcome.notices

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
