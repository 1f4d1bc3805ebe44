"""Translate: a picture from one domain to another, such as day to night, at its own size and in bands of rows.

There are two methods. To **redraw**, the network paints every pixel, tile by tile. A tile is what the network would make of
the whole picture, to less than half an 8-bit level, as long as it sees `card.overlap` pixels around what is kept. That holds
for networks without normalisation, or with one for each pixel. Instance normalisation would see other means in each tile, and
no blending of borders hides that; the overlap of such a model is infinite, and it is only run on a whole picture.

To **relight**, the network sees the whole picture, reduced to the size it was trained to see, and what it makes of the
colours is carried to the full size (`engines.translation.relighting`). The photo keeps its detail, there are no tiles that
could have borders, and a large picture costs little more than a small one. Redrawing changes what things look like, relighting
the light on them. A network that says how colours change, instead of painting, only relights.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engines.colour.profiles import Space
from engines.edit.blend import check_strength
from engines.edit.mask_file import load_mask
from engines.errors import ModelError, OutOfMemory, TargetError
from engines.models.card import ModelCard
from engines.models.model import Model
from engines.pictures.formats import MAX_PIXELS
from engines.pictures.picture import Picture
from engines.pictures.reading import open_picture
from engines.pictures.writing import PictureWriter
from engines.pixels import Mask, Pixels
from engines.progress import Progress
from engines.tiles.row_source import PixelRows, RowSource
from engines.tiles.tile_runner import WHOLE_PIXELS
from engines.translation.redrawing import redrawn
from engines.translation.relighting import VIEW, relit

METHODS = ("auto", "redraw", "relight")
NEAR_VIEW = 1.25  # how far above its view a network is still trusted to see what is there


@dataclass(frozen=True)
class TranslateOutcome:
    """What became of a file: the size written in pixels, the method, where the model ran, and what the person should know."""

    width: int
    height: int
    method: str
    provider: str
    notices: tuple[str, ...]


def method_for(width: int, height: int, card: ModelCard, method: str = "auto") -> str:
    """ "redraw" or "relight" for a picture of that size: with "auto" what the network can still see is redrawn.

    Raises ValueError for an unknown method, ModelError where the model cannot redraw a picture of that size.
    """
    if method not in METHODS:
        raise ValueError(f"the method is “{method}”, not one of {', '.join(METHODS)}")
    if card.outputs:
        if method == "redraw":
            raise ModelError(
                f"“{card.name}” says how light and colours change, and paints no picture; use the method relight."
            )
        return "relight"
    whole = not math.isinf(card.overlap) or width * height <= WHOLE_PIXELS
    if method == "auto":
        return "redraw" if whole and min(width, height) <= NEAR_VIEW * (card.view or VIEW) else "relight"
    if method == "redraw" and not whole:
        raise ModelError(
            f"“{card.name}” must see a whole picture at once and cannot redraw one this large; use the method relight."
        )
    return method


def translate(
    picture: Picture,
    model: Model,
    *,
    method: str = "auto",
    strength: float = 1.0,
    mask: Mask | None = None,
    tile: int | None = None,
    progress: Progress | None = None,
) -> Picture:
    """`picture` translated by `model`, whole and in memory, with its metadata.

    Raises as `translate_bands` does, and OutOfMemory where the result does not fit.
    """
    space = Space(picture.metadata.icc)
    try:
        pixels = np.empty_like(picture.pixels)
        top = 0
        source = PixelRows(picture.pixels)
        for band in translate_bands(
            source, model, space=space, method=method, strength=strength, mask=mask, tile=tile, progress=progress
        ):
            pixels[top : top + band.shape[0]] = band
            top += band.shape[0]
    except MemoryError as error:
        raise OutOfMemory(
            f"A picture of {picture.width}×{picture.height} pixels does not fit in memory a second time; translate it on the"
            " command line, which streams."
        ) from error
    pixels.flags.writeable = False
    notices = () if space.notice is None else (space.notice,)
    return replace(picture, pixels=pixels, metadata=replace(picture.metadata, icc=space.result_icc), notices=notices)


def translate_file(
    source: Path,
    target: Path,
    model: Model,
    *,
    method: str = "auto",
    strength: float = 1.0,
    mask: Path | None = None,
    tile: int | None = None,
    format: str | None = None,
    quality: int | None = None,
    strip: bool = False,
    max_pixels: int = MAX_PIXELS,
    overwrite_source: bool = False,
    progress: Progress | None = None,
) -> TranslateOutcome:
    """Translate the file `source` to the file `target`, streaming: JPEG, PNG and TIFF are never whole in memory.

    `mask` is a picture, see `engines.edit.mask_file`. `format`, `quality` (1 to 100) and `strip` are those of
    `engines.pictures.writing.PictureWriter`. The target appears only when it is whole. Raises PictureError, TargetError, and
    what `translate_bands` raises.
    """
    progress = progress or Progress()
    if mask and target.exists() and mask.exists() and target.samefile(mask):
        raise TargetError(f"“{target}” is the mask; name another file for the result.")
    with open_picture(source, max_pixels=max_pixels) as reader:
        method = method_for(reader.width, reader.height, model.card, method)
        space = Space(reader.metadata.icc)
        with PictureWriter(
            target,
            reader.width,
            reader.height,
            reader.channels,
            reader.dtype,
            replace(reader.metadata, icc=space.result_icc),
            format=format,
            quality=quality,
            strip=strip,
            source=source,
            overwrite_source=overwrite_source,
        ) as writer:
            masked = load_mask(mask, reader.width, reader.height, max_pixels=max_pixels) if mask else None
            for band in translate_bands(
                reader, model, space=space, method=method, strength=strength, mask=masked, tile=tile, progress=progress
            ):
                writer.write(band)
                del band  # so that it is gone before the next one is made
            progress.check()  # the last moment at which nothing has been written
        notices = (*reader.notices, *((space.notice,) if space.notice else ()), *writer.notices)
        return TranslateOutcome(reader.width, reader.height, method, model.provider, notices)


def translate_bands(
    source: RowSource,
    model: Model,
    *,
    space: Space | None = None,
    method: str = "auto",
    strength: float = 1.0,
    mask: Mask | None = None,
    tile: int | None = None,
    progress: Progress | None = None,
) -> Iterator[Pixels]:
    """The rows of the translated picture from top to bottom, in bands (rows, W, C) of the source's depth and channels.

    `space` is that of the picture's colours, by default sRGB; the bands are in the space of `space.result_icc`. `strength`
    (0 to 1) and `mask` (H, W) say how much of the change is applied, see `engines.edit.blend`; alpha stays as it is. `tile` is
    the side in pixels of what is run at once, by default what memory allows; where memory runs out it is halved, and
    `progress.notice` says so. To relight, the source is read twice. Progress counts pixels, of both readings and, times
    30, of the network's, which take that much longer.

    Raises ModelError where the model cannot do it or returns what is no picture, PictureError where the source changes
    between the readings, OutOfMemory, Cancelled, and ValueError for a method, strength or mask that is none.
    """
    card = model.card
    if card.task != "image-translation":
        raise ModelError(f"“{card.name}” is a model for {card.task}, not image-translation; choose another.")
    check_strength(strength)
    if mask is not None and mask.shape != (source.height, source.width):
        raise ValueError(f"a mask for {source.height} × {source.width} pixels has that shape, not {mask.shape}")
    way = redrawn if method_for(source.width, source.height, card, method) == "redraw" else relit
    yield from way(source, model, space or Space(None), strength, mask, tile, progress or Progress())
