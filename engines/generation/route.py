"""Animation: where each frame lies on a path through seeds, so that every seed is itself one of the frames.

`engines.generation.latent.path` spreads frames evenly over the whole path, and a keyframe then falls between two of them.
Here each piece of the path takes a whole number of frames, in proportion to its length: the speed is even within a piece,
from one to the next it differs by less than a frame, and the picture at a keyframe is the very picture that its seed gives by
itself.

A label cannot be half of two. Where two keyframes have different labels, frames nearer to the first have its label, the
others that of the second: it switches once, halfway.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.generation.drawing import Drawing, label_indices, latent_size
from engines.generation.latent import (
    CURVES,
    EASINGS,
    MAX_FRAMES,
    Latent,
    LatentError,
    catmull_rom,
    latents,
    lerp,
    slerp,
)
from engines.models.card import ModelCard

SECONDS = 2  # that a piece takes where nobody says how many frames there are

_STEPS = 256  # in which the length of a piece is measured


@dataclass(frozen=True)
class Route:
    """How a path goes through its keyframes: `frames` in all, along a `curve` of `engines.generation.latent.CURVES`, with an
    `easing` of EASINGS, and back to the first where it is a `loop`, whose first frame follows its last."""

    frames: int
    curve: str = "catmull-rom"
    easing: str = "linear"
    loop: bool = False


def usual_frames(seeds: int, fps: float, loop: bool) -> int:
    """How many frames a path through that many seeds has where nobody says: SECONDS from one to the next."""
    pieces = seeds if loop else seeds - 1
    return max(1, min(MAX_FRAMES, round(SECONDS * fps * pieces) + (0 if loop else 1)))


class FramePath:
    """The points of a path through the seeds of a drawing: `engines.generation.drawing.Points`.

    `keyframes` are the numbers of the frames that show the seeds. Raises LatentError where there are fewer than two seeds,
    two that follow each other are the same, or the route is none; ModelError as `label_indices`.
    """

    def __init__(self, card: ModelCard, drawing: Drawing, route: Route) -> None:
        _check(route)
        drawing = _closed(drawing) if route.loop else drawing
        _check_seeds(drawing.seeds, route.loop)
        self._points = latents(drawing.seeds, latent_size(card))
        self._labels = label_indices(card, drawing)
        if route.loop and len(self._points) == 2 and route.curve == "catmull-rom":
            # The smooth loop through two points is the great circle, as `engines.generation.latent.path` has it.
            self._points = np.concatenate([self._points, -self._points])
            self._labels = None if self._labels is None else np.tile(self._labels, 2)
        self._route = route
        pieces = len(self._points) if route.loop else len(self._points) - 1
        self._ways = [_piece(self._points, piece, route) for piece in range(pieces)]
        self._travelled = [_travelled(way) for way in self._ways]
        self._starts = _shared(route.frames if route.loop else route.frames - 1, self._travelled, route)
        starts = self._starts[:-1] if route.loop else self._starts
        self.keyframes = [int(start) for start in starts[: len(drawing.seeds)]]

    @property
    def count(self) -> int:
        """How many frames there are."""
        return self._route.frames

    def at(self, numbers: NDArray[np.int64]) -> tuple[Latent, NDArray[np.int64] | None]:
        """As `engines.generation.drawing.Points`."""
        z = np.empty((len(numbers), self._points.shape[1]), np.float32)
        nearest = np.empty(len(numbers), np.int64)
        piece_of = np.clip(np.searchsorted(self._starts, numbers, side="right") - 1, 0, len(self._ways) - 1)
        for piece in sorted({int(piece) for piece in piece_of}):
            mine = piece_of == piece
            start, end = self._starts[piece], self._starts[piece + 1]
            share = EASINGS[self._route.easing]((numbers[mine] - start) / (end - start))
            travelled = self._travelled[piece]
            t = _times(share, travelled)
            z[mine] = self._ways[piece](t)
            nearest[mine] = (piece + (share >= 0.5)) % len(self._points)
        # A keyframe is what its seed gives, without the rounding of a way there.
        at_start = numbers == self._starts[piece_of]
        z[at_start] = self._points[piece_of[at_start]]
        if not self._route.loop:
            z[numbers == self._starts[-1]] = self._points[-1]
        return z, None if self._labels is None else self._labels[nearest]


def _check(route: Route) -> None:
    if not 1 <= route.frames <= MAX_FRAMES:
        raise LatentError(f"A path of {route.frames} frames cannot be made; choose from 1 to {MAX_FRAMES} frames.")
    for what, value, known in (("curve", route.curve, CURVES), ("easing", route.easing, tuple(EASINGS))):
        if value not in known:
            raise LatentError(f"There is no {what} “{value[:40]}”; choose {', '.join(known)}.")


def _closed(drawing: Drawing) -> Drawing:
    """`drawing` without a last seed that is the first again: the loop closes by itself."""
    seeds, labels = drawing.seeds, drawing.labels
    each = len(labels) == len(seeds)
    if len(seeds) < 3 or seeds[0] != seeds[-1] or (each and labels[0] != labels[-1]):
        return drawing
    return replace(drawing, seeds=seeds[:-1], labels=labels[:-1] if each else labels)


def _check_seeds(seeds: Any, loop: bool) -> None:
    if len(seeds) < 2:
        raise LatentError("A path needs two keyframes at least; name another seed.")
    for number, seed in enumerate(seeds if loop else seeds[:-1]):
        if seed == seeds[(number + 1) % len(seeds)]:
            raise LatentError(f"The path would stand still between seed {seed} and seed {seed}; leave one of them out.")


def _piece(points: Latent, piece: int, route: Route) -> Callable[[NDArray[Any]], Latent]:
    """The way from keyframe `piece` to the next, from shares (n,) of it to points (n, latent_size)."""
    count = len(points)
    start, end = points[piece], points[(piece + 1) % count]
    if route.curve == "lerp":
        return lambda t: lerp(start, end, t)
    if route.curve == "slerp":
        return lambda t: slerp(start, end, t)
    before = points[(piece - 1) % count] if route.loop or piece > 0 else None
    after = points[(piece + 2) % count] if route.loop or piece + 2 < count else None
    return lambda t: catmull_rom(before, start, end, after, t)


def _travelled(way: Callable[[NDArray[Any]], Latent]) -> NDArray[np.float64]:
    """How far each of _STEPS + 1 points of a piece is from its start, along it."""
    points = way(np.linspace(0, 1, _STEPS + 1)).astype(np.float64)
    return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])


def _times(share: NDArray[np.float64], travelled: NDArray[np.float64]) -> NDArray[np.float64]:
    """The parameters of a piece at which these shares of its length are behind."""
    return np.asarray(np.interp(share * travelled[-1], travelled, np.linspace(0, 1, _STEPS + 1)), np.float64)


def _shared(steps: int, travelled: list[NDArray[np.float64]], route: Route) -> NDArray[np.int64]:
    """The number of the frame at which each piece starts, and of the one at which the last ends: `steps` frames later."""
    pieces = len(travelled)
    if steps < pieces:
        least = route.frames + pieces - steps
        raise LatentError(
            f"This path needs {least} frames at least, so that each keyframe is one; ask for more frames."
        )
    ends = np.cumsum([0.0, *(float(distances[-1]) for distances in travelled)])
    starts = np.rint(ends / ends[-1] * steps).astype(np.int64)
    for piece in range(1, pieces):
        starts[piece] = min(max(starts[piece], starts[piece - 1] + 1), steps - (pieces - piece))
    return starts
