"""The command line: what each command takes and prints; it never imports Qt.

Exit status: 0 done, 1 failed with one sentence on standard error, 2 wrong usage, 128 + the signal's number when stopped.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from app.cli import generators as generators
from app.cli import options
from app.cli.console import Console, run

app = typer.Typer(
    name="duskroom",
    help="Upscale, translate and draw pictures, and train the networks that do it. Without a command the editor opens.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"duskroom {version('duskroom')}")
        raise typer.Exit


@app.callback()
def _all(
    _: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Upscale, translate and draw pictures, and train the networks that do it. Without a command the editor opens."""


@app.command()
def upscale(
    source: Annotated[Path, typer.Argument(metavar="IN")],
    target: Annotated[Path, typer.Argument(metavar="OUT")],
    model: options.Model = None,
    scale: options.Scale = None,
    tile: options.Tile = None,
    device: options.Device = "auto",
    format: options.Format = None,
    quality: options.Quality = None,
    strip: options.Strip = False,
    max_pixels: options.MaxPixels = None,
    overwrite_source: options.Overwrite = False,
    as_json: options.AsJson = False,
) -> None:
    """Upscale the picture IN and write it to OUT."""

    def work(console: Console) -> None:
        from app.cli.pictures import FileOptions
        from app.cli.upscale import Options, upscale_one

        files = FileOptions(tile, device, format, quality, strip, max_pixels, overwrite_source)
        upscale_one(console, source, target, Options(model, scale, files))

    raise typer.Exit(run(work, as_json))


@app.command()
def translate(
    source: Annotated[Path, typer.Argument(metavar="IN")],
    target: Annotated[Path, typer.Argument(metavar="OUT")],
    to: options.To = None,
    model: options.Model = None,
    strength: options.Strength = None,
    mask: options.Mask = None,
    method: options.Method = None,
    tile: options.Tile = None,
    device: options.Device = "auto",
    format: options.Format = None,
    quality: options.Quality = None,
    strip: options.Strip = False,
    max_pixels: options.MaxPixels = None,
    overwrite_source: options.Overwrite = False,
    as_json: options.AsJson = False,
) -> None:
    """Translate the picture IN to another domain, such as night, and write it to OUT."""

    def work(console: Console) -> None:
        from app.cli.pictures import FileOptions
        from app.cli.translate import Options, translate_one

        files = FileOptions(tile, device, format, quality, strip, max_pixels, overwrite_source)
        amount = 1.0 if strength is None else strength
        translate_one(console, source, target, Options(model, to, amount, mask, method or "auto", files))

    raise typer.Exit(run(work, as_json))


@app.command()
def batch(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER")],
    out_folder: Annotated[Path, typer.Argument(metavar="OUT_FOLDER")],
    operation: Annotated[str, typer.Argument(metavar="OPERATION", help="upscale or translate")],
    model: options.Model = None,
    scale: options.Scale = None,
    to: options.To = None,
    strength: options.Strength = None,
    mask: options.Mask = None,
    method: options.Method = None,
    tile: options.Tile = None,
    device: options.Device = "auto",
    format: options.Format = None,
    quality: options.Quality = None,
    strip: options.Strip = False,
    max_pixels: options.MaxPixels = None,
    recursive: options.Recursive = False,
    existing: options.Existing = None,
    as_json: options.AsJson = False,
) -> None:
    """Do OPERATION to every picture in FOLDER and write the results to OUT_FOLDER."""
    if operation not in ("upscale", "translate"):
        raise typer.BadParameter(
            f"“{operation}” is not an operation; choose upscale or translate.", param_hint="OPERATION"
        )
    of_translate = {"--to": to, "--strength": strength, "--mask": mask, "--method": method}
    for option, value in ({"--scale": scale} if operation == "translate" else of_translate).items():
        if value is not None:
            raise typer.BadParameter(f"it means nothing to {operation}; leave it out.", param_hint=option)

    def work(console: Console) -> None:
        from app.cli import translate as translate_command
        from app.cli import upscale as upscale_command
        from app.cli.pictures import FileOptions

        files = FileOptions(tile, device, format, quality, strip, max_pixels)
        what = existing or "skip"
        if operation == "upscale":
            scaled = upscale_command.Options(model, scale, files)
            upscale_command.upscale_folder(console, folder, out_folder, scaled, recursive=recursive, existing=what)
        else:
            amount = 1.0 if strength is None else strength
            changed = translate_command.Options(model, to, amount, mask, method or "auto", files)
            translate_command.translate_folder(console, folder, out_folder, changed, recursive=recursive, existing=what)

    raise typer.Exit(run(work, as_json))


for command in (generators.sample, generators.interpolate, generators.project):
    app.command()(command)


@app.command()
def train(
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE.toml|MODEL.onnx")],
    run_dir: Annotated[Path | None, typer.Option("--run", help="The folder of this run.", metavar="DIR")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint in the run's folder.")] = False,
    photos: options.Photos = None,
    as_json: options.AsJson = False,
) -> None:
    """Train as RECIPE.toml says, and export the model. Ctrl-C stops with a checkpoint; --resume goes on from it.

    Given a model instead, train it on, by the recipe in its card, on the pictures in --photos.
    """

    def work(console: Console) -> None:
        from app.cli.train import train_recipe

        train_recipe(console, recipe, run_dir, resume=resume, photos=photos or ())

    raise typer.Exit(run(work, as_json))


@app.command()
def export(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN_DIR")],
    target: Annotated[Path, typer.Argument(metavar="OUT.onnx")],
    weights: options.Weights = "float32",
    anyway: Annotated[bool, typer.Option("--anyway", help="Write int8 even where it loses much.")] = False,
    as_json: options.AsJson = False,
) -> None:
    """Export the checkpoint in RUN_DIR as the model OUT.onnx, with its companion beside it."""

    def work(console: Console) -> None:
        from app.cli.train import export_run

        export_run(console, run_dir, target, weights, anyway)

    raise typer.Exit(run(work, as_json))


@app.command()
def survey(
    folders: Annotated[list[Path], typer.Argument(metavar="FOLDER ...")],
    smallest: Annotated[
        int | None,
        typer.Option(
            "--smallest",
            min=1,
            max=16384,
            help="The side in pixels that a picture must have at least; default: 96, or 32 for image-generation.",
        ),
    ] = None,
    task: options.Task = None,
    as_json: options.AsJson = False,
) -> None:
    """Look folders of pictures over before training: unreadable ones, copies, blurred and enlarged ones, and their labels."""

    def work(console: Console) -> None:
        from app.cli.survey import survey_folders

        least = smallest or (32 if task == "image-generation" else 96)
        survey_folders(console, folders, least, task)

    raise typer.Exit(run(work, as_json))


@app.command()
def models(
    action: Annotated[str | None, typer.Argument(metavar="[import", help="“import” adds FILE to the library.")] = None,
    file: Annotated[Path | None, typer.Argument(metavar="FILE]")] = None,
    as_json: options.AsJson = False,
) -> None:
    """List the library, a line each; `models import FILE` adds a model to it."""
    if action not in (None, "import"):
        raise typer.BadParameter(f"“{action}” is not known; write: duskroom models import FILE", param_hint="import")
    if (action is None) != (file is None):
        raise typer.BadParameter("name the model file: duskroom models import FILE", param_hint="FILE")

    def work(console: Console) -> None:
        from app.cli.models import import_model, list_models

        if file is None:
            list_models(console)
        else:
            import_model(console, file)

    raise typer.Exit(run(work, as_json))


@app.command()
def doctor(
    selftest: Annotated[
        bool, typer.Option("--selftest", help="Try what training and upscaling need: a pass or a fail a line.")
    ] = False,
    as_json: options.AsJson = False,
) -> None:
    """Say what this installation runs on: devices, versions and folders."""

    def work(console: Console) -> None:
        from app.cli.doctor import examine
        from app.cli.selftest import examine_by_trying

        if selftest:
            examine_by_trying(console)
        else:
            examine(console)

    raise typer.Exit(run(work, as_json))


def main(arguments: list[str] | None = None) -> int:
    """Run the command line with `arguments` (by default the program's own) and return the exit status."""
    try:
        app(args=arguments, prog_name="duskroom")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
