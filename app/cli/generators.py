"""The commands of generators: sample, interpolate and project; none imports its work before it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli import options
from app.cli.console import Console, run


def sample(
    out: Annotated[Path, typer.Argument(metavar="OUT")],
    model: options.Model = None,
    count: options.Count = 1,
    seed: options.Seed = 0,
    label: options.Label = None,
    truncation: options.Truncation = 1.0,
    control: options.Controls = None,
    sheet: options.Sheet = False,
    columns: options.Columns = None,
    upscale: options.Upscale = None,
    device: options.Device = "auto",
    existing: options.Existing = None,
    as_json: options.AsJson = False,
) -> None:
    """Draw pictures of seeds: to the picture OUT, several as a sheet, or each to a file in the folder OUT.

    A model that has labels draws them in turn, from one seed to the next, unless --label names one.
    """
    controls = options.controls_of(control)

    def work(console: Console) -> None:
        from app.cli.drawing import GeneratorOptions
        from app.cli.sample import Options, sample_pictures

        labels = () if label is None else (label,)
        given = GeneratorOptions(model, labels, truncation, controls, upscale, device, existing)
        sample_pictures(console, out, Options(count, seed, sheet or columns is not None, given, columns))

    raise typer.Exit(run(work, as_json))


def interpolate(
    out: Annotated[Path, typer.Argument(metavar="OUT")],
    seeds: options.Seeds,
    model: options.Model = None,
    frames: options.Frames = None,
    loop: options.Loop = False,
    fps: options.Fps = 25.0,
    curve: options.Curve = "catmull-rom",
    easing: options.Easing = "linear",
    label: options.Labels = None,
    truncation: options.Truncation = 1.0,
    control: options.Controls = None,
    upscale: options.Upscale = None,
    device: options.Device = "auto",
    existing: options.Existing = None,
    as_json: options.AsJson = False,
) -> None:
    """Draw a path through seeds: to OUT .gif, .mp4, .png (a sheet), or each frame to a file in the folder OUT."""
    keyframes, controls = options.seeds_of(seeds), options.controls_of(control)

    def work(console: Console) -> None:
        from app.cli import interpolate as interpolate_command
        from app.cli.drawing import GeneratorOptions

        given = GeneratorOptions(model, tuple(label or ()), truncation, controls, upscale, device, existing)
        path = interpolate_command.Options(keyframes, frames, fps, curve, easing, loop, given)
        interpolate_command.interpolate(console, out, path)

    raise typer.Exit(run(work, as_json))


def project(
    photo: Annotated[Path, typer.Argument(metavar="PHOTO")],
    out: Annotated[Path, typer.Argument(metavar="OUT.png")],
    model: options.Model = None,
    label: options.KeptLabel = None,
    seed: options.StartSeed = 0,
    max_pixels: options.MaxPixels = None,
    overwrite_source: options.Overwrite = False,
    existing: options.Existing = None,
    as_json: options.AsJson = False,
) -> None:
    """Find the latent of a generator whose picture is nearest to PHOTO, and write that picture to OUT.png."""

    def work(console: Console) -> None:
        from app.cli.projection import Options, project_one

        project_one(console, photo, out, Options(model, label, seed, max_pixels, overwrite_source, existing))

    raise typer.Exit(run(work, as_json))
