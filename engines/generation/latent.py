"""Latents: from seeds to points `z`, and ways between them, in numpy alone.

A generator learned from standard normal `z`. In many dimensions nearly all of these lie close to a sphere of radius
√latent_size, so a way between two of them keeps to the sphere: on the straight line between, `z` is shorter than any that the
generator has seen. Here `z` is float32 (latent_size,), several are (N, latent_size); the arithmetic is in float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.errors import DuskroomError
from engines.generation.sphere import PARALLEL, Vectors, between, bezier, handles, polar, turn, units

Latent = NDArray[np.float32]
_Way = Callable[[int, Vectors], tuple[Vectors, Vectors]]  # piece and shares of it → directions and lengths

MAX_SEED = 2**32 - 1  # the last that numpy's RandomState takes
MAX_FRAMES = 100_000  # of a path: an hour at 25 a second

_STEPS = 256  # in which the length of a piece of curve is measured
_LENGTH_COUNTS = 0.5  # what a change of length counts where a turn by one radian counts 1


def _linear(t: NDArray[np.float64]) -> NDArray[np.float64]:
    return t


def _smooth(t: NDArray[np.float64]) -> NDArray[np.float64]:
    return t * t * (3 - 2 * t)


def _smoother(t: NDArray[np.float64]) -> NDArray[np.float64]:
    return t * t * t * (10 + t * (6 * t - 15))


CURVES = ("catmull-rom", "slerp", "lerp")
EASINGS: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "linear": _linear,
    "smooth": _smooth,
    "smoother": _smoother,
}


class LatentError(DuskroomError):
    """A seed, a latent, a code or a path is not one."""


def latent(seed: int, size: int) -> Latent:
    """The `z` of `size` numbers that `seed` (0 to 2³² − 1) stands for, the same on every machine and for ever.

    Raises LatentError for a seed that is out of range.
    """
    if not 0 <= seed <= MAX_SEED:
        raise LatentError(f"The seed {seed} is not between 0 and {MAX_SEED}; choose another.")
    return np.random.RandomState(seed).standard_normal(size).astype(np.float32)


def latents(seeds: Sequence[int], size: int) -> Latent:
    """A `z` for each of `seeds`: (len(seeds), size). Raises as `latent` does."""
    return np.stack([latent(seed, size) for seed in seeds]) if len(seeds) else np.empty((0, size), np.float32)


def lerp(a: NDArray[Any], b: NDArray[Any], t: float | NDArray[Any]) -> Latent:
    """The point at `t` (0 to 1) on the straight line from `a` to `b`, each (latent_size,).

    For an array of `t` there is a point each: (*t.shape, latent_size).
    """
    start, end = np.asarray(a, np.float64), np.asarray(b, np.float64)
    at = np.asarray(t, np.float64)[..., None]
    return (start * (1 - at) + end * at).astype(np.float32)


def slerp(a: NDArray[Any], b: NDArray[Any], t: float | NDArray[Any]) -> Latent:
    """The point at `t` (0 to 1) on the great arc from `a` to `b`, as `lerp`: its direction turns evenly, its length is linear.

    Between opposite directions every way is as short; the one that is taken depends on `a` alone. Where `a` or `b` is 0, the
    direction is the other's.
    """
    directions, lengths = polar(np.stack([np.asarray(a, np.float64), np.asarray(b, np.float64)]))
    at = np.asarray(t, np.float64)
    return _point(turn(directions[0], directions[1], at), lengths[0] * (1 - at) + lengths[1] * at)


def catmull_rom(
    before: NDArray[Any] | None,
    start: NDArray[Any],
    end: NDArray[Any],
    after: NDArray[Any] | None,
    t: float | NDArray[Any],
) -> Latent:
    """The point at `t` (0 to 1) between `start` and `end` on a smooth curve on the sphere through all four, as `lerp`.

    `before` and `after` are None where the curve begins or ends. Its length is linear, as that of `slerp`. It is centripetal:
    it makes no loops between its points, however unevenly they lie (Yuksel et al. 2011, "Parameterization and Applications
    of Catmull-Rom Curves"), and drawn as a Bézier curve whose straight lines are great arcs (Shoemake 1985).
    """
    known = [np.asarray(point, np.float64) for point in (before, start, end, after) if point is not None]
    directions, lengths = polar(np.stack(known))
    first = 0 if before is None else 1
    leaving, arriving = handles(directions, loop=False)
    at = np.asarray(t, np.float64)
    turned = bezier(directions[first], leaving[first], arriving[first + 1], directions[first + 1], at)
    return _point(turned, lengths[first] * (1 - at) + lengths[first + 1] * at)


def path(
    keyframes: NDArray[Any], frames: int, *, curve: str = "catmull-rom", easing: str = "linear", loop: bool = False
) -> Latent:
    """`frames` points on a way through `keyframes` (K, latent_size), K ≥ 2: (frames, latent_size).

    The first is the first keyframe. The last is the last keyframe or, in a `loop`, the one before the first comes again:
    shown over and over, the frames neither jump nor halt. `curve` is one of CURVES: smoothly through all keyframes, along
    great arcs from one to the next, or along straight lines. The smooth loop through two keyframes is the great circle
    through them; the other curves go there and back.

    The speed is constant all the way: that of the angle, on straight lines that of the distance. `easing`, one of EASINGS,
    slows it down at each keyframe. Raises LatentError for fewer keyframes or frames, and numbers that are not finite.
    """
    points = _checked(keyframes, frames, curve, easing)
    points = points[np.any(points != np.roll(points, 1, axis=0), axis=1) | (np.arange(len(points)) == 0)]
    if loop and len(points) > 2 and np.array_equal(points[0], points[-1]):
        points = points[:-1]  # the loop closes by itself
    if len(points) < 2:
        return np.repeat(points, frames, axis=0).astype(np.float32)
    if loop and len(points) == 2 and curve == "catmull-rom" and _span_a_plane(points):
        points = np.concatenate([points, -points])

    way = _straight(points) if curve == "lerp" else _on_sphere(points, curve, loop)
    pieces = len(points) if loop else len(points) - 1
    unit = float(np.linalg.norm(points, axis=1).mean())
    steps = np.linspace(0, 1, _STEPS + 1)
    measured = [_distances(*way(piece, steps), unit) for piece in range(pieces)]
    ends = np.cumsum([0.0, *(float(distances[-1]) for distances in measured)])
    wanted = np.arange(frames) * (float(ends[-1]) / (frames if loop else max(1, frames - 1)))
    piece_of = np.clip(np.searchsorted(ends, wanted, side="right") - 1, 0, pieces - 1)

    result = np.empty((frames, points.shape[1]), np.float32)
    for piece, distances in enumerate(measured):
        mine, whole = piece_of == piece, float(distances[-1])
        if mine.any():
            share = np.clip((wanted[mine] - ends[piece]) / (whole or 1.0), 0, 1)
            result[mine] = _point(*way(piece, np.interp(EASINGS[easing](share) * whole, distances, steps)))
    return result


def analogy(a: NDArray[Any], b: NDArray[Any], c: NDArray[Any]) -> Latent:
    """`a` − `b` + `c`, at the length that is typical of a latent, √latent_size: what `a` has and `b` has not, given to `c`."""
    wanted = np.asarray(a, np.float64) - np.asarray(b, np.float64) + np.asarray(c, np.float64)
    directions, _ = units(wanted)
    return (directions * math.sqrt(wanted.shape[-1])).astype(np.float32)


def truncate(z: NDArray[Any], truncation: float) -> Latent:
    """`z` drawn towards the middle: 1 leaves it, 0 gives the generator's most ordinary picture. Raises LatentError."""
    if not 0 <= truncation <= 1:
        raise LatentError(f"The truncation {truncation:g} is not between 0 and 1; choose another.")
    return (np.asarray(z, np.float64) * truncation).astype(np.float32)


def along(z: NDArray[Any], direction: NDArray[Any], amount: float | NDArray[Any]) -> Latent:
    """`z` moved by `amount` times `direction` (latent_size,); for an array of amounts a `z` each, as `lerp`."""
    return (
        np.asarray(z, np.float64) + np.asarray(amount, np.float64)[..., None] * np.asarray(direction, np.float64)
    ).astype(np.float32)


def _checked(keyframes: NDArray[Any], frames: int, curve: str, easing: str) -> Vectors:
    points = np.asarray(keyframes, np.float64)
    if points.ndim != 2 or len(points) < 2:
        raise LatentError("A path needs two keyframes at least; name another seed.")
    if not np.isfinite(points).all():
        raise LatentError("A keyframe of the path holds values that are not numbers; choose another.")
    if not 1 <= frames <= MAX_FRAMES:
        raise LatentError(f"A path of {frames} frames cannot be made; choose from 1 to {MAX_FRAMES} frames.")
    for what, value, known in (("curve", curve, CURVES), ("easing", easing, tuple(EASINGS))):
        if value not in known:
            raise LatentError(f"There is no {what} “{value[:40]}”; choose {', '.join(known)}.")
    return points


def _straight(points: Vectors) -> _Way:
    def way(piece: int, t: Vectors) -> tuple[Vectors, Vectors]:
        end = points[(piece + 1) % len(points)]
        return points[piece] * (1 - t)[:, None] + end * t[:, None], np.ones_like(t)

    return way


def _on_sphere(points: Vectors, curve: str, loop: bool) -> _Way:
    directions, lengths = polar(points)
    leaving, arriving = handles(directions, loop)

    def way(piece: int, t: Vectors) -> tuple[Vectors, Vectors]:
        end = (piece + 1) % len(points)
        if curve == "slerp":
            turned = turn(directions[piece], directions[end], t)
        else:
            turned = bezier(directions[piece], leaving[piece], arriving[end], directions[end], t)
        return turned, lengths[piece] * (1 - t) + lengths[end] * t

    return way


def _point(directions: Vectors, lengths: Vectors) -> Latent:
    return (directions * lengths[..., None]).astype(np.float32)


def _distances(directions: Vectors, lengths: Vectors, unit: float) -> Vectors:
    """How far each point is from the first along the way; a change of length counts a little, in units of `unit`.

    Without that a way that only grows longer, such as one from 0, would have no extent and be jumped over.
    """
    turned = np.linalg.norm(np.diff(directions, axis=0), axis=1)
    steps = np.hypot(turned, _LENGTH_COUNTS / unit * np.diff(lengths))
    return np.concatenate([[0.0], np.cumsum(steps)])


def _span_a_plane(points: Vectors) -> bool:
    directions, _ = polar(points)
    _, sine, _ = between(directions[0], directions[1])
    return float(sine) > PARALLEL
