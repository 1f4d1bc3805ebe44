"""What a file will hold of a picture, known before it is written: pixels, depth, alpha, profile, rotation, metadata."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engines.metadata.metadata import Metadata
from engines.metadata.xmp import with_steps
from engines.pictures.embedding import jpeg_segments
from engines.pictures.formats import Format

Fate = Literal["kept", "changed", "lost", "absent"]
"""`absent`: there is nothing of it, neither in the picture nor in the file."""

PARTS = ("pixels", "depth", "alpha", "profile", "rotation", "camera data", "place", "xmp", "recipe")


@dataclass(frozen=True)
class Kept:
    """The fate of each of `PARTS`, by its name."""

    fates: dict[str, Fate]

    @property
    def losses(self) -> tuple[str, ...]:
        """The parts that are lost or changed, in the order of `PARTS`."""
        return tuple(part for part in PARTS if self.fates[part] in ("lost", "changed"))


def kept_by(format: Format, *, depth: int, has_alpha: bool, before: Metadata, after: Metadata) -> Kept:
    """What a file of `format` keeps of a picture with the metadata `before`, written with the metadata `after`.

    Pixels are `changed` where the format compresses them with loss, or lays them on white. Depth is `changed` where 16 bits
    are rounded to 8. The rotation is baked into the pixels, and so kept by every format and seen by every program.
    """
    written = fitting(format, after)
    flattened = has_alpha and not format.holds_alpha
    rounded = depth == 16 and not format.holds_16_bit
    fates: dict[str, Fate] = {
        "pixels": "changed" if format.quality is not None or flattened or rounded else "kept",
        "depth": "changed" if rounded else "kept",
        "alpha": ("lost" if flattened else "kept") if has_alpha else "absent",
        "profile": _fate(before.icc, written.icc),
        "rotation": "kept",
        "camera data": _fate(before.exif, written.exif),
        "place": ("kept" if written.tells_place else "lost") if before.tells_place else "absent",
        "xmp": _fate_of_xmp(before.xmp, written),
        "recipe": ("kept" if written.steps else "lost") if before.steps or after.steps else "absent",
    }
    return Kept(fates)


def fitting(format: Format, metadata: Metadata) -> Metadata:
    """The part of `metadata` that fits into the format."""
    if format.name != "jpeg":
        return metadata
    icc, exif, xmp = metadata.icc, metadata.exif, metadata.xmp
    if icc and jpeg_segments(Metadata(icc=icc))[1]:
        icc = None
    if exif and jpeg_segments(Metadata(exif=exif))[1]:
        exif = None
    if xmp and jpeg_segments(Metadata(xmp=xmp))[1]:
        xmp = None
    return Metadata(icc, exif, xmp)


def _fate(before: bytes | None, after: bytes | None) -> Fate:
    if not before:
        return "absent"
    return "lost" if not after else "kept" if before == after else "changed"


def _fate_of_xmp(before: bytes | None, written: Metadata) -> Fate:
    """Of what a packet said apart from the recipe, which it may have gained."""
    if not before:
        return "absent"
    if not written.xmp or written.xmp == with_steps(None, written.steps):
        return "lost"
    return "kept" if written.xmp == with_steps(before, written.steps) else "changed"
