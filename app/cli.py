"""The command line: what each command takes and prints; it never imports Qt.

Exit status: 0 done, 1 failed with one sentence on standard error, 2 wrong usage, 128 + the signal's number when stopped.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from app.console import Console, run

app = typer.Typer(
    name="duskroom",
    help="Upscale photographs, and train the networks that do it. Without a command the editor opens.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Model = Annotated[
    str | None, typer.Option("--model", help="A model's name in the library, or a file.", metavar="NAME|FILE")
]
Scale = Annotated[int | None, typer.Option("--scale", min=1, max=16, help="How many times to enlarge.")]
Tile = Annotated[
    int | None, typer.Option("--tile", min=32, max=8192, help="Side of a tile in pixels; default: what memory allows.")
]
Device = Annotated[str, typer.Option("--device", help="auto, cpu or cuda.", metavar="DEVICE")]
Format = Annotated[
    str | None,
    typer.Option("--format", help="jpeg, png, webp, tiff or avif; default: by the target's name.", metavar="F"),
]
Quality = Annotated[int | None, typer.Option("--quality", min=1, max=100, help="1 to 100, for JPEG, WebP and AVIF.")]
Strip = Annotated[bool, typer.Option("--strip", help="Leave out EXIF and XMP; the colour profile stays.")]
MaxPixels = Annotated[
    int | None, typer.Option("--max-pixels", min=1, help="Open pictures with up to this many pixels.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print events as JSON lines.")]


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
    """Upscale photographs, and train the networks that do it. Without a command the editor opens."""


@app.command()
def upscale(
    source: Annotated[Path, typer.Argument(metavar="IN")],
    target: Annotated[Path, typer.Argument(metavar="OUT")],
    model: Model = None,
    scale: Scale = None,
    tile: Tile = None,
    device: Device = "auto",
    format: Format = None,
    quality: Quality = None,
    strip: Strip = False,
    max_pixels: MaxPixels = None,
    overwrite_source: Annotated[bool, typer.Option("--overwrite-source", help="Allow OUT to be IN.")] = False,
    as_json: AsJson = False,
) -> None:
    """Upscale the picture IN and write it to OUT."""

    def work(console: Console) -> None:
        from app.upscale_command import Options, upscale_one

        options = Options(model, scale, tile, device, format, quality, strip, max_pixels, overwrite_source)
        upscale_one(console, source, target, options)

    raise typer.Exit(run(work, as_json))


@app.command()
def batch(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER")],
    out_folder: Annotated[Path, typer.Argument(metavar="OUT_FOLDER")],
    operation: Annotated[str, typer.Argument(metavar="OPERATION", help="upscale")],
    model: Model = None,
    scale: Scale = None,
    tile: Tile = None,
    device: Device = "auto",
    format: Format = None,
    quality: Quality = None,
    strip: Strip = False,
    max_pixels: MaxPixels = None,
    recursive: Annotated[bool, typer.Option("--recursive", help="Sub-folders too.")] = False,
    existing: Annotated[
        str,
        typer.Option(
            "--existing", help="What to do with results that are there: skip, newer, number, overwrite.", metavar="WHAT"
        ),
    ] = "skip",
    as_json: AsJson = False,
) -> None:
    """Do OPERATION to every picture in FOLDER and write the results to OUT_FOLDER."""
    if operation != "upscale":
        raise typer.BadParameter(f"“{operation}” is not an operation; choose upscale.", param_hint="OPERATION")
    if existing not in ("skip", "newer", "number", "overwrite"):
        raise typer.BadParameter(f"“{existing}” is none of skip, newer, number, overwrite.", param_hint="--existing")

    def work(console: Console) -> None:
        from app.upscale_command import Options, upscale_folder

        options = Options(model, scale, tile, device, format, quality, strip, max_pixels)
        upscale_folder(console, folder, out_folder, options, recursive=recursive, existing=existing)

    raise typer.Exit(run(work, as_json))


@app.command()
def train(
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE.toml|MODEL.onnx")],
    run_dir: Annotated[Path | None, typer.Option("--run", help="The folder of this run.", metavar="DIR")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint in the run's folder.")] = False,
    photos: Annotated[
        list[Path] | None,
        typer.Option("--photos", help="Folders of pictures, to train a model on.", metavar="FOLDER"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train as RECIPE.toml says, and export the model. Ctrl-C stops with a checkpoint; --resume goes on from it.

    Given a model instead, train it on, by the recipe in its card, on the pictures in --photos.
    """

    def work(console: Console) -> None:
        from app.train_command import train_recipe

        train_recipe(console, recipe, run_dir, resume=resume, photos=photos or ())

    raise typer.Exit(run(work, as_json))


@app.command()
def export(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN_DIR")],
    target: Annotated[Path, typer.Argument(metavar="OUT.onnx")],
    weights: Annotated[
        str, typer.Option("--weights", help="How they are stored: float32, fp16 or int8.", metavar="KIND")
    ] = "float32",
    anyway: Annotated[bool, typer.Option("--anyway", help="Write int8 even where it loses much.")] = False,
    as_json: AsJson = False,
) -> None:
    """Export the checkpoint in RUN_DIR as the model OUT.onnx, with its companion beside it."""
    if weights not in ("float32", "fp16", "int8"):
        raise typer.BadParameter(f"“{weights}” is none of float32, fp16, int8.", param_hint="--weights")

    def work(console: Console) -> None:
        from app.train_command import export_run

        export_run(console, run_dir, target, weights, anyway)

    raise typer.Exit(run(work, as_json))


@app.command()
def survey(
    folders: Annotated[list[Path], typer.Argument(metavar="FOLDER ...")],
    smallest: Annotated[
        int, typer.Option("--smallest", min=1, max=16384, help="The side in pixels that a picture must have at least.")
    ] = 96,
    as_json: AsJson = False,
) -> None:
    """Look folders of pictures over before training: unreadable ones, copies, blurred and enlarged ones."""

    def work(console: Console) -> None:
        from app.survey_command import survey_folders

        survey_folders(console, folders, smallest)

    raise typer.Exit(run(work, as_json))


@app.command()
def models(
    action: Annotated[str | None, typer.Argument(metavar="[import", help="“import” adds FILE to the library.")] = None,
    file: Annotated[Path | None, typer.Argument(metavar="FILE]")] = None,
    as_json: AsJson = False,
) -> None:
    """List the library, a line each; `models import FILE` adds a model to it."""
    if action not in (None, "import"):
        raise typer.BadParameter(f"“{action}” is not known; write: duskroom models import FILE", param_hint="import")
    if (action is None) != (file is None):
        raise typer.BadParameter("name the model file: duskroom models import FILE", param_hint="FILE")

    def work(console: Console) -> None:
        from app.models_command import import_model, list_models

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
    as_json: AsJson = False,
) -> None:
    """Say what this installation runs on: devices, versions and folders."""

    def work(console: Console) -> None:
        from app.doctor import examine
        from app.selftest import examine_by_trying

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
