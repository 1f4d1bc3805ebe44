"""A first look: a large photo at a fraction of its size, long before the whole of it is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from engines.colour.profiles import profile_space
from engines.errors import PictureError
from engines.metadata.metadata import Metadata, bare_exif, orientation_of
from engines.pictures.containers import jpeg_contents
from engines.pictures.formats import MAX_PIXELS, SNIFF_BYTES, sniff
from engines.pictures.picture import Picture
from engines.pictures.turning import turned

WORTH_IT = 4_000_000  # pixels; what is smaller is there at once


def first_look(path: Path, longest: int) -> Picture | None:
    """The photo at `path` upright, 8 bit, its longer side at least `longest` pixels but reduced by 2, 4 or 8.

    Only a JPEG can be read so: its decoder leaves out what a smaller size does not show. None for every other file, for one
    that is small already, and for one that has anything wrong with it, which reading the whole will tell.
    """
    try:
        with open(path, "rb") as file:
            kind = sniff(file.read(SNIFF_BYTES))
            if kind is None or kind.name != "jpeg":
                return None
            file.seek(0)
            contents = jpeg_contents(file)
            pixels = contents.width * contents.height
            reduction = _reduction(max(contents.width, contents.height), longest)
            if reduction == 1 or not WORTH_IT <= pixels <= MAX_PIXELS:
                return None
            file.seek(0)
            with Image.open(file, formats=("JPEG",)) as image:
                if image.mode not in ("RGB", "L"):
                    return None
                icc = contents.icc if contents.icc and profile_space(contents.icc) == "RGB" else None
                image.draft(None, (contents.width // reduction, contents.height // reduction))
                small = np.asarray(image.convert("RGB"))
    except (OSError, ValueError, IndexError, SyntaxError, MemoryError, PictureError):
        return None
    upright = np.ascontiguousarray(turned(small, orientation_of(bare_exif(contents.exif))))
    upright.flags.writeable = False
    return Picture(upright, Metadata(icc=icc), path)


def _reduction(side: int, longest: int) -> int:
    """The largest of 1, 2, 4 and 8 that leaves `side` at least `longest` pixels."""
    return next((by for by in (8, 4, 2) if side // by >= longest), 1)
