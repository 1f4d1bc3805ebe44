"""What travels with a picture's pixels: the colour profile, EXIF and XMP, each in one normal form."""

from __future__ import annotations

from dataclasses import dataclass

from engines import exif as exif_format

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
