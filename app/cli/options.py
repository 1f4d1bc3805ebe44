"""The options that several commands of the command line take, with their help texts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer


def one_of(*known: str) -> Callable[[str | None], str | None]:
    """A check that a value is one of `known`."""

    def check(value: str | None) -> str | None:
        if value is not None and value not in known:
            raise typer.BadParameter(f"“{value}” is none of {', '.join(known)}.")
        return value

    return check


def between(low: float, high: float) -> Callable[[float | None], float | None]:
    """A check that a number is in that range, in which typer's own finds “nan”."""

    def check(value: float | None) -> float | None:
        if value is not None and not low <= value <= high:
            raise typer.BadParameter(f"{value:g} is not between {low:g} and {high:g}.")
        return value

    return check


def scale_of(text: str) -> int:
    """The whole number from 1 up that `text` is. Raises BadParameter."""
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit() and digits.strip("0")):
        raise typer.BadParameter(f"“{digits[:40]}” is no scale; write a whole number from 2 up, such as 2, 3 or 4.")
    return int(digits[:20])  # longer ones are beyond every model as well


def seeds_of(text: str) -> tuple[int, ...]:
    """The whole numbers in `text`, between commas. Raises BadParameter."""
    seeds: list[int] = []
    for part in text.split(","):
        if not (part.strip().isascii() and part.strip().isdigit()):
            raise typer.BadParameter(
                f"“{part.strip()[:40]}” is no seed; write whole numbers with commas between, such as 1,2,3.",
                param_hint="--seeds",
            )
        seeds.append(int(part.strip()[:20]))  # longer ones are out of range as well
    return tuple(seeds)


def controls_of(settings: Sequence[str] | None) -> dict[str, float]:
    """What NAME=VALUE, several times, says. A name may hold “=”, a value cannot. Raises BadParameter."""
    values: dict[str, float] = {}
    for setting in settings or ():
        name, equals, number = setting.rpartition("=")
        try:
            value = float(number) if equals and name.strip() else math.nan
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise typer.BadParameter(
                f"“{setting[:80]}” is not NAME=VALUE with a number for VALUE.", param_hint="--control"
            )
        if name in values:
            raise typer.BadParameter(f"“{name[:40]}” is set twice; set it once.", param_hint="--control")
        values[name] = value
    return values


Model = Annotated[
    str | None, typer.Option("--model", help="A model's name in the library, or a file.", metavar="NAME|FILE")
]
Scale = Annotated[
    int | None,
    typer.Option(
        "--scale",
        parser=scale_of,
        help="How many times to enlarge; where no model does exactly that, a larger scale is reduced to it.",
        metavar="N",
    ),
]
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
To = Annotated[
    str | None,
    typer.Option(
        "--to", help="What to turn it into, such as night; default: where models go one way only.", metavar="DOMAIN"
    ),
]
Strength = Annotated[
    float | None,
    typer.Option("--strength", callback=between(0, 1), help="How much of the change to apply, 0 to 1; default: 1."),
]
Mask = Annotated[
    Path | None,
    typer.Option("--mask", help="A picture, white where to apply the change and black where not.", metavar="FILE"),
]
Method = Annotated[
    str | None,
    typer.Option(
        "--method",
        help="redraw: paint every pixel anew; relight: keep the photo's detail, change its light; default: auto, by size.",
        metavar="METHOD",
        callback=one_of("auto", "redraw", "relight"),
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite-source", help="Allow OUT to be IN.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print events as JSON lines.")]
Existing = Annotated[
    str | None,
    typer.Option(
        "--existing",
        help="What to do with results that are there: skip, newer, number, overwrite.",
        metavar="WHAT",
        callback=one_of("skip", "newer", "number", "overwrite"),
    ),
]
Recursive = Annotated[bool, typer.Option("--recursive", help="Sub-folders too.")]
Weights = Annotated[
    str,
    typer.Option(
        "--weights",
        help="How they are stored: float32, fp16 or int8.",
        metavar="KIND",
        callback=one_of("float32", "fp16", "int8"),
    ),
]
Photos = Annotated[
    list[Path] | None,
    typer.Option("--photos", help="Folders of pictures, to train a model on.", metavar="FOLDER"),
]

# Of the commands that draw with a generator.
Count = Annotated[
    int, typer.Option("--count", min=1, max=100_000, help="How many pictures, of this seed and the next.")
]
Seed = Annotated[int, typer.Option("--seed", min=0, max=2**32 - 1, help="The seed of the first.")]
Label = Annotated[
    str | None,
    typer.Option(
        "--label",
        help="What to draw, of the labels the model has; default: each in turn, from one seed to the next.",
        metavar="NAME",
    ),
]
Labels = Annotated[
    list[str] | None,
    typer.Option(
        "--label",
        help="One label for all seeds, or one for each, with commas between; it switches halfway between two. For a label "
        "that has a comma itself, repeat --label for each seed. Default: as sample draws the seeds.",
        metavar="NAME,…",
    ),
]
StartSeed = Annotated[
    int, typer.Option("--seed", min=0, max=2**32 - 1, help="Of the latents from which the search starts.")
]
KeptLabel = Annotated[str | None, typer.Option("--label", help="Keep to this label; default: try all.", metavar="NAME")]
Task = Annotated[
    str | None,
    typer.Option(
        "--task",
        callback=one_of("super-resolution", "image-translation", "image-generation"),
        help="What is to be trained; for image-generation the labels are told.",
        metavar="TASK",
    ),
]
Truncation = Annotated[
    float,
    typer.Option(
        "--truncation", callback=between(0, 1), help="1: all that the model can draw; towards 0: the more ordinary."
    ),
]
Controls = Annotated[
    list[str] | None,
    typer.Option("--control", help="Move a direction or a code of the model; may be repeated.", metavar="NAME=VALUE"),
]
Sheet = Annotated[bool, typer.Option("--sheet", help="All pictures on one sheet, in a folder besides each by itself.")]
Columns = Annotated[
    int | None,
    typer.Option("--columns", min=1, max=1000, help="How many pictures stand in a row of the sheet; implies --sheet."),
]
Upscale = Annotated[
    str | None, typer.Option("--upscale", help="Enlarge each picture by this model.", metavar="NAME|FILE")
]
Seeds = Annotated[str, typer.Option("--seeds", help="The keyframes, such as 1,2,3.", metavar="N,N,…")]
Frames = Annotated[
    int | None, typer.Option("--frames", min=1, max=100_000, help="Default: two seconds from one seed to the next.")
]
Fps = Annotated[float, typer.Option("--fps", callback=between(0.1, 240), help="Frames a second; a GIF has 50 at most.")]
Curve = Annotated[
    str,
    typer.Option(
        "--curve",
        help="catmull-rom (smoothly through all), slerp or lerp.",
        metavar="C",
        callback=one_of("catmull-rom", "slerp", "lerp"),
    ),
]
Easing = Annotated[
    str,
    typer.Option(
        "--easing",
        help="linear, or smooth or smoother: slower at each seed.",
        metavar="E",
        callback=one_of("linear", "smooth", "smoother"),
    ),
]
Loop = Annotated[
    bool, typer.Option("--loop", help="Lead back to the first seed, so that it can repeat without a seam.")
]
