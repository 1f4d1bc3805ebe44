"""Directions on the unit sphere of any dimension: turning from one to another, and smooth curves through several.

Everything is float64 and broadcasts: a direction is (..., L) of length 1, a share `t` of a way (...).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float64]

PARALLEL = 1e-9  # the sine of an angle below which two directions span no plane


def polar(points: Vectors) -> tuple[Vectors, Vectors]:
    """Directions, of length 1, and lengths of `points` (K, L); 0 has the direction of the point before it, or after it."""
    directions, lengths = units(points)
    there = np.flatnonzero(lengths)
    if len(there):
        nearest = np.searchsorted(there, np.arange(len(points)), side="right") - 1
        directions = directions[there[np.maximum(nearest, 0)]]
    return directions, lengths


def units(points: Vectors) -> tuple[Vectors, Vectors]:
    """`points` (..., L) brought to length 1, and the lengths they had; 0 stays."""
    lengths = np.linalg.norm(points, axis=-1)
    return points / np.where(lengths > 0, lengths, 1)[..., None], lengths


def between(start: Vectors, end: Vectors) -> tuple[Vectors, Vectors, Vectors]:
    """The direction, at right angles to `start`, in which `end` lies, and the sine and the cosine of the angle between."""
    cosine = (start * end).sum(axis=-1)
    across = end - cosine[..., None] * start
    towards, sine = units(across)
    flat = sine < PARALLEL
    if flat.any():
        some = np.zeros_like(start)
        np.put_along_axis(some, np.abs(start).argmin(axis=-1, keepdims=True), 1, axis=-1)
        some, _ = units(some - (some * start).sum(axis=-1)[..., None] * start)
        towards = np.where(flat[..., None], some, towards)
    return towards, sine, cosine


def turn(start: Vectors, end: Vectors, t: Vectors) -> Vectors:
    """The directions that share `t` of the turn from `start` to `end`; all broadcast against each other."""
    towards, sine, cosine = between(start, end)
    angle = (np.arctan2(sine, cosine) * t)[..., None]
    return np.cos(angle) * start + np.sin(angle) * towards


def handles(directions: Vectors, loop: bool) -> tuple[Vectors, Vectors]:
    """The inner points of the Bézier curves: the one that leaves each of `directions`, and the one that arrives there."""
    towards, sine, cosine = between(directions, np.roll(directions, -1, axis=0))
    ahead = np.arctan2(sine, cosine)[:, None]
    to_next = towards * ahead
    back, _, _ = between(directions, np.roll(directions, 1, axis=0))
    behind = np.roll(ahead, 1, axis=0)
    # To an opposite every way back is as short: it is the one by which the arc came, so that all is one arc.
    came = np.sin(behind) * np.roll(directions, 1, axis=0) - np.cos(behind) * np.roll(towards, 1, axis=0)
    to_last = np.where(np.roll(sine, 1)[:, None] < PARALLEL, came, back) * behind
    time_ahead, time_behind = np.sqrt(ahead), np.sqrt(behind)  # square roots make it centripetal
    there = (time_ahead > 0) & (time_behind > 0)
    after, before = np.where(there, time_ahead, 1), np.where(there, time_behind, 1)
    speed = np.where(there, (before * to_next / after - after * to_last / before) / (after + before), 0)
    if not loop:
        speed[0] = to_next[0] / (time_ahead[0] or 1)
        speed[-1] = -to_last[-1] / (time_behind[-1] or 1)
    return _moved(directions, speed * time_ahead / 3), _moved(directions, -speed * time_behind / 3)


def _moved(directions: Vectors, tangents: Vectors) -> Vectors:
    """Where one comes from `directions` along great arcs as long, and in the directions of, `tangents`."""
    towards, angle = units(tangents)
    return np.cos(angle)[:, None] * directions + np.sin(angle)[:, None] * towards


def bezier(start: Vectors, leaving: Vectors, arriving: Vectors, end: Vectors, t: Vectors) -> Vectors:
    """De Casteljau's construction of a cubic curve, with great arcs for straight lines."""
    middle = turn(leaving, arriving, t)
    return turn(turn(turn(start, leaving, t), middle, t), turn(middle, turn(arriving, end, t), t), t)
