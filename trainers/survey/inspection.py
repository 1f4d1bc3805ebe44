"""One picture looked at before training: whether it can be read, how large and how sharp it is, and a small copy of it."""

from __future__ import annotations

import errno
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from trainers.survey import duplicates, sharpness
from trainers.survey.dominant_colours import dominant_colour

MAX_PIXELS = 89_478_485  # what training opens without asking: Pillow's own limit
COLOUR_SIDE = 64  # pixels of a middle square whose dominant colour is looked for
_AHEAD = 16  # pictures in work or waiting at a time
_ORIENTATION = 0x0112
_TURNS = {
    2: (Image.Transpose.FLIP_LEFT_RIGHT,),
    3: (Image.Transpose.ROTATE_180,),
    4: (Image.Transpose.FLIP_TOP_BOTTOM,),
    5: (Image.Transpose.TRANSPOSE,),
    6: (Image.Transpose.ROTATE_270,),
    7: (Image.Transpose.TRANSVERSE,),
    8: (Image.Transpose.ROTATE_90,),
}


@dataclass(frozen=True, slots=True)
class Look:
    """What remains of one picture once it was looked at."""

    width: int = 0
    height: int = 0
    bytes: int = 0
    verdict: sharpness.Verdict = "sharp"
    copy: NDArray[np.uint8] | None = None
    hash: np.uint64 = np.uint64(0)  # noqa: RUF009  (it never changes)
    colour: str | None = None  # the dominant one, where it was asked for
    problem: str | None = None


def looks_at(paths: Sequence[Path], *, colours: bool = False) -> Iterator[tuple[Path, Look]]:
    """Each of `paths` with what was seen of it, with `colours` its dominant one too, in order.

    Two are looked at at once, and few are begun ahead.
    """
    pending: deque[tuple[Path, Future[Look]]] = deque()
    with ThreadPoolExecutor(2, thread_name_prefix="survey") as pool:
        try:
            for path in paths:
                pending.append((path, pool.submit(_look, path, colours)))
                if len(pending) >= _AHEAD:
                    first, future = pending.popleft()
                    yield first, future.result()
            while pending:
                first, future = pending.popleft()
                yield first, future.result()
        finally:
            for _, future in pending:
                future.cancel()


def _look(path: Path, colours: bool) -> Look:
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size == 0:
                return Look(problem="is empty")
            with Image.open(file) as image:
                if image.width * image.height > MAX_PIXELS:
                    return Look(problem=f"claims to be {image.width}×{image.height} pixels, which is too large")
                return _look_at(image, size, colours)
    except FileNotFoundError:
        return Look(problem="leads nowhere" if path.is_symlink() else "vanished while it was being looked at")
    except PermissionError:
        return Look(problem="may not be read; change its rights")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return Look(problem="claims to be too large for a photograph")
    except UnidentifiedImageError:
        return Look(problem="is not a picture, whatever its name says")
    except MemoryError:
        return Look(problem="does not fit in memory")
    except OSError as error:
        if error.errno == errno.ELOOP:
            return Look(problem="is a link that leads round in a circle")
        return Look(problem=f"cannot be read from its disk ({error.strerror})" if error.errno else "is damaged")
    except Exception:  # Pillow's plugins raise whatever damaged bytes lead them to
        return Look(problem="is damaged")


def _look_at(image: Image.Image, size: int, colours: bool) -> Look:
    width, height = image.size
    turns = _TURNS.get(image.getexif().get(_ORIENTATION, 1), ())
    if image.format == "JPEG" and not colours:
        image.draft("L", image.size)  # colour is not needed: half the work of decoding
    grey = image.convert("L") if image.mode[:4] != "I;16" else image.point(lambda value: value / 256).convert("L")
    luma = np.asarray(grey)
    verdict = sharpness.judge(luma) if min(luma.shape) >= sharpness.LEAST else "sharp"
    upright = grey.resize((duplicates.SIDE, duplicates.SIDE), Image.Resampling.BOX)
    for turn in turns:
        upright = upright.transpose(turn)
    if turns and turns[0] in _SWAPS:
        width, height = height, width
    copy = np.asarray(upright)
    colour = _colour(grey if image.mode[0] in "IF" else image) if colours else None
    return Look(width, height, size, verdict, copy, duplicates.perceptual_hash(copy), colour)


def _colour(image: Image.Image) -> str:
    """The dominant colour of the middle square, which training takes, on white where it is transparent."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    if image.has_transparency_data:
        image = image.convert("RGBA")
    elif image.mode in ("P", "1"):  # whose pixels cannot be averaged
        image = image.convert("RGB")
    box = (left, top, left + side, top + side)
    middle = image.resize((COLOUR_SIDE, COLOUR_SIDE), Image.Resampling.BOX, box, reducing_gap=3)
    if middle.mode == "RGBA":
        middle = Image.alpha_composite(Image.new("RGBA", middle.size, "white"), middle)
    return dominant_colour(np.asarray(middle.convert("RGB")))


_SWAPS = (
    Image.Transpose.TRANSPOSE,
    Image.Transpose.TRANSVERSE,
    Image.Transpose.ROTATE_90,
    Image.Transpose.ROTATE_270,
)
