"""The steps of the basic tools: what each does to a photo's pixels, and how the history remembers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from app.canvas.look import Area, Look
from app.photos.photo import Photo
from app.tools.work import Work

if TYPE_CHECKING:
    from engines.edit.adjust import Adjustments
    from engines.edit.geometry import Crop, Turn
    from engines.pixels import Mask
    from engines.progress import Progress

Step = tuple[Work, Mapping[str, Any]]
"""The work, and what is remembered of it."""

# The engines are imported where they are used: the window is on screen before.


def adjusting(wanted: Adjustments) -> Step:
    """All pixels adjusted, where the mask lets."""
    from engines.edit.adjust import adjust

    def work(photo: Photo, mask: Mask | None, progress: Progress) -> tuple[Any, Mask | None]:
        picture = photo.picture
        return adjust(picture.pixels, wanted, picture.metadata.icc, mask=mask, progress=progress), None

    return work, {"tool": "adjust", **asdict(wanted)}


def cropping(frame: Crop) -> Step:
    """Cropped to `frame`, straightened by its angle."""
    from engines.edit.geometry import crop

    def work(photo: Photo, mask: Mask | None, progress: Progress) -> tuple[Any, Mask | None]:
        pixels = crop(photo.picture.pixels, frame, progress=progress)
        return pixels, None if mask is None else crop(mask[..., None], frame)[..., 0]

    return work, {"tool": "crop", **asdict(frame)}


def turning(how: Turn) -> Step:
    """Rotated by 90° or flipped."""
    from engines.edit.geometry import turn

    def work(photo: Photo, mask: Mask | None, progress: Progress) -> tuple[Any, Mask | None]:
        progress.check()
        return turn(photo.picture.pixels, how), None if mask is None else turn(mask, how)

    return work, {"tool": "turn", "how": how}


def resizing(width: int, height: int) -> Step:
    """Of another size."""
    from engines.edit.mask_shapes import fitted
    from engines.edit.resize import resize

    def work(photo: Photo, mask: Mask | None, progress: Progress) -> tuple[Any, Mask | None]:
        pixels = resize(photo.picture.pixels, width, height, progress=progress)
        return pixels, None if mask is None else fitted(mask, width, height)

    return work, {"tool": "resize", "width": width, "height": height}


def look_of(wanted: Adjustments, mask: Mask | None) -> Look:
    """What adjusting would give, quickly, for the part in sight."""
    from engines.edit.adjust import preview
    from engines.edit.blend import blend

    quick = preview(wanted)

    def look(pixels: Any, area: Area) -> Any:
        made = quick(pixels)
        if mask is None:
            return made
        left, top, right, bottom = area.box
        step = area.step  # a pixel of a smaller level takes the mask at its middle
        rows = [min(row * step + step // 2, mask.shape[0] - 1) for row in range(top, bottom)]
        columns = [min(column * step + step // 2, mask.shape[1] - 1) for column in range(left, right)]
        made[..., :3] = blend(pixels[..., :3], made[..., :3], 1.0, mask[rows][:, columns])
        return made

    return look
