"""A photo: a picture together with the pyramid it is shown from; made off the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QCoreApplication

from app.photos import pyramid
from app.photos.pyramid import Pyramid
from engines.pictures import picture as pictures
from engines.pictures.picture import Picture
from engines.progress import Progress

translate = QCoreApplication.translate

FIRST_LOOK = 1400  # pixels, the longer side at least: about as many as a window has


@dataclass(frozen=True, eq=False)
class Photo:
    """What the window works on. Neither part ever changes, so a photo may be shared by threads and by undo."""

    picture: Picture
    pyramid: Pyramid

    def describe(self) -> str:
        """Its size and depth, as the status bar shows them."""
        picture = self.picture
        parts = [
            f"{picture.width} × {picture.height}",
            megapixels(picture.width * picture.height),
            translate("photo", "{depth} bit").format(depth=picture.depth),
        ]
        if picture.has_alpha:
            parts.append(translate("photo", "alpha"))
        return "  ·  ".join(parts)


def megapixels(pixels: int) -> str:
    """A number of pixels as a person reads it: "12.2 MP"."""
    millions = pixels / 1e6
    return f"{millions:.1f} MP" if millions >= 0.095 else f"{millions:.2g} MP"


def load(path: Path, on_first_look: Callable[[Photo], None] | None = None, *, progress: Progress) -> Photo:
    """Read the photo at `path`; `on_first_look` is given it much reduced as soon as that can be, if it is a large one.

    Raises PictureError and Cancelled.
    """
    progress.check()
    from engines.pictures.first_look import first_look  # late: a window starts without the decoders

    if on_first_look is not None and (small := first_look(path, FIRST_LOOK)) is not None:
        on_first_look(of(small, progress=Progress(within=progress)))
        progress.check()
    return of(pictures.load(path), progress=Progress(within=progress))  # after the decoding, which says nothing


def of(picture: Picture, *, progress: Progress) -> Photo:
    """`picture` made ready to be shown. Progress counts pixels. Raises Cancelled."""
    return Photo(picture, pyramid.build(picture.pixels, picture.metadata.icc, progress=progress))
