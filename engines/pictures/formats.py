"""The table of picture formats: what each is called, what it can hold, and how a file's first bytes give it away."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from engines.errors import TargetError, shown


@dataclass(frozen=True)
class Format:
    """One picture format.

    `quality` is the default of 1..100, or None where the format is lossless and has no such setting. `largest_side` is
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    writable: bool
    holds_alpha: bool
    holds_16_bit: bool
    quality: int | None
    largest_side: int | None


# JPEG: what libjpeg encodes; the format itself would allow 35 more.
# AVIF: the standard decoder refuses pictures of more than 16384 x 16384 pixels, so a longer side may be unreadable.
FORMATS = (
    Format("jpeg", "JPEG", (".jpg", ".jpeg", ".jpe", ".jfif"), True, False, False, 92, 65_500),
    Format("png", "PNG", (".png",), True, True, True, None, None),
    Format("webp", "WebP", (".webp",), True, True, False, 90, 16_383),
    Format("tiff", "TIFF", (".tif", ".tiff"), True, True, True, None, None),
    Format("avif", "AVIF", (".avif",), True, True, False, 80, 16_384),
    Format("bmp", "BMP", (".bmp",), False, True, False, None, None),
    Format("gif", "GIF", (".gif",), False, True, False, None, 65_535),
)

READABLE_SUFFIXES = frozenset(suffix for known in FORMATS for suffix in known.suffixes)
WRITABLE_FORMATS = tuple(known for known in FORMATS if known.writable)

# A 500-megapixel picture takes 1.5 GB when held whole; what claims more is rather a damaged or hostile file.
MAX_PIXELS = 500_000_000

# Bytes needed by `sniff`: the longest signature, AVIF's list of brands included.
SNIFF_BYTES = 64

_SIGNATURES = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"II+\0", "tiff"),
    (b"MM\0+", "tiff"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"BM", "bmp"),
)


def sniff(head: bytes) -> Format | None:
    """The format a file is in by its first `SNIFF_BYTES` bytes, whatever its name says; None where it is none here."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return format_named("webp")
    if head[4:8] == b"ftyp":
        brands = head[8 : max(16, min(int.from_bytes(head[:4], "big"), SNIFF_BYTES))]
        return format_named("avif") if b"avif" in brands or b"avis" in brands else None
    for signature, name in _SIGNATURES:
        if head.startswith(signature):
            return format_named(name)
    return None


def format_named(name: str) -> Format:
    """The format of that name or suffix in any case, with or without its dot; raises `KeyError` for an unknown one."""
    wanted = name.lower().lstrip(".")
    for known in FORMATS:
        if wanted == known.name or f".{wanted}" in known.suffixes:
            return known
    raise KeyError(name)


def target_format(target: str | os.PathLike[str], format: str | None = None) -> Format:
    """The format to write `target` in: `format` where given, by its suffix otherwise.

    Raises `TargetError` with a sentence that lists the known ones.
    """
    known = ", ".join(one.title for one in WRITABLE_FORMATS)
    suffixes = ", ".join(one.suffixes[0] for one in WRITABLE_FORMATS)
    if format is not None:
        try:
            found = format_named(format)
        except KeyError:
            raise TargetError(f"There is no picture format “{format}”; choose one of {known}.") from None
        if not found.writable:
            raise TargetError(f"Duskroom reads {found.title} but does not write it; choose one of {known}.")
        return found
    suffix = Path(target).suffix
    if not suffix:
        raise TargetError(f"“{shown(target)}” has no ending that names a format; add one of {suffixes}.")
    try:
        found = format_named(suffix)
    except KeyError:
        raise TargetError(
            f"“{shown(target)}” ends in {shown(suffix)}, which names no format Duskroom writes; use one of {suffixes}."
        ) from None
    if not found.writable:
        raise TargetError(f"Duskroom reads {found.title} but does not write it; let the name end in one of {suffixes}.")
    return found


def formats_that_hold(width: int, height: int) -> tuple[Format, ...]:
    """The formats a picture of that size can be written in."""
    side = max(width, height)
    return tuple(one for one in WRITABLE_FORMATS if one.largest_side is None or side <= one.largest_side)
