"""What travels with a picture's pixels: the colour profile, EXIF and XMP, each in one normal form."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from engines.metadata import exif as exif_format
from engines.metadata import xmp as xmp_format

Keep = Literal["all", "no place", "copyright", "none"]
"""What of a picture's metadata a file gets; the colour profile, which the pixels need, is always kept."""

KEEPS: tuple[Keep, ...] = ("all", "no place", "copyright", "none")

_ARTIST, _COPYRIGHT, _MAKER_NOTE = 0x013B, 0x8298, 0x927C
_EXIF_PREFIX = b"Exif\0\0"


@dataclass(frozen=True)
class Metadata:
    """`icc` is an ICC profile. `exif` begins with its TIFF header (`II*\\0` or `MM\\0*`), without the `Exif\\0\\0` that
    JPEG puts before it; its orientation is 1, and it holds no thumbnail and no pixel dimensions. `xmp` is the XML
    packet.
    """

    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None

    def stripped(self) -> Metadata:
        """Only what the pixels need to be shown right: the profile."""
        return Metadata(icc=self.icc)

    def kept(self, keep: Keep) -> Metadata:
        """What is left of it: all, all but the place, only who made it and whose it is, or nothing but the profile.

        Maker notes go with the place: cameras write places into them too, each in its own undocumented way.
        """
        if keep == "all":
            return self
        if keep == "none":
            return self.stripped()
        exif = _without_place(self.exif) if keep == "no place" else _only_ownership(self.exif)
        xmp = xmp_format.without_place(self.xmp) if keep == "no place" else xmp_format.only_ownership(self.xmp)
        return Metadata(self.icc, exif, xmp)

    @property
    def steps(self) -> tuple[dict[str, Any], ...]:
        """The recipe: the neural steps that made the picture, in order, objects of plain JSON; () where none are told."""
        return xmp_format.steps_of(self.xmp)

    def with_steps(self, steps: Sequence[Mapping[str, Any]]) -> Metadata:
        """The same with a recipe of exactly these steps in its XMP. Raises `TypeError` for what is not plain JSON."""
        return replace(self, xmp=xmp_format.with_steps(self.xmp, steps))

    @property
    def tells_place(self) -> bool:
        """Whether it says where the photo was taken, as far as it can be read."""
        with contextlib.suppress(ValueError):
            if self.exif and exif_format.parse(self.exif).gps:
                return True
        return bool(self.xmp) and xmp_format.without_place(self.xmp) not in (None, self.xmp)


def _without_place(exif: bytes | None) -> bytes | None:
    """Built anew, so that no byte of the place stays behind; damaged EXIF is left out."""
    try:
        found = exif_format.parse(exif) if exif else None
    except ValueError:
        return None
    if found is None:
        return None
    rest = tuple(entry for entry in found.exif if entry.tag != _MAKER_NOTE)
    return exif_format.build(replace(found, exif=rest, gps=()))


def _only_ownership(exif: bytes | None) -> bytes | None:
    try:
        found = exif_format.parse(exif) if exif else None
    except ValueError:
        return None
    main = tuple(entry for entry in found.main if entry.tag in (_ARTIST, _COPYRIGHT)) if found else ()
    return exif_format.build(replace(found, main=main, exif=(), gps=())) if found and main else None


def bare_exif(exif: bytes | None) -> bytes | None:
    """EXIF from any library in the form `Metadata` documents, but not yet made upright; None where there is none."""
    if not exif:
        return None
    while exif.startswith(_EXIF_PREFIX):  # some programs put it there twice
        exif = exif[len(_EXIF_PREFIX) :]
    return exif or None


def orientation_of(exif: bytes | None) -> int:
    """The EXIF orientation 1..8; 1 where there is none, or one that means nothing."""
    return exif_format.orientation(exif) if exif else 1


def upright_metadata(icc: bytes | None, exif: bytes | None, xmp: bytes | None) -> Metadata:
    """Metadata for pixels whose orientation is baked in. Damaged EXIF is left out."""
    return Metadata(icc=icc or None, exif=exif_format.upright(exif) if exif else None, xmp=_upright_xmp(xmp))


def _upright_xmp(xmp: bytes | None) -> bytes | None:
    """XMP may repeat the orientation as `tiff:Orientation`, and who trusts it would turn the picture again."""
    if not xmp:
        return None
    for quote in (b'"', b"'"):
        for value in b"2345678":
            old = b"tiff:Orientation=" + quote + bytes([value]) + quote
            xmp = xmp.replace(old, b"tiff:Orientation=" + quote + b"1" + quote)
    for value in b"2345678":
        old = b"<tiff:Orientation>" + bytes([value]) + b"</tiff:Orientation>"
        xmp = xmp.replace(old, b"<tiff:Orientation>1</tiff:Orientation>")
    return xmp
