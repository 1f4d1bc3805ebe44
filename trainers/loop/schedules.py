"""Learning-rate schedules: the share of the full rate at each step, from a table of names."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from trainers.recipes.recipe import Recipe

Schedule = Callable[[float], float]


def cosine(done: float) -> float:
    """Half a cosine from 1 to 0: Loshchilov and Hutter, SGDR, equation 5, without restarts."""
    return 0.5 * (1 + math.cos(math.pi * done))


def linear(done: float) -> float:
    """A straight line from 1 to 0."""
    return 1 - done


def late_linear(done: float) -> float:
    """1 for the first half, then a straight line to 0, as CycleGAN's training has it (Zhu et al. 2017, section 4)."""
    return min(1.0, 2 * (1 - done))


def halving(done: float) -> float:
    """Halved after each fifth of the steps."""
    return 0.5 ** min(4, int(5 * done))


def constant(done: float) -> float:
    """Always 1."""
    return 1.0


def cosine_restarts(done: float, restarts: int = 3) -> float:
    """`restarts` + 1 half cosines in a row: SGDR with equal periods, each from 1."""
    place = (restarts + 1) * done
    if abs(place - round(place)) < 1e-9:  # a product just below a whole number would end a period twice
        place = round(place)
    return cosine(place % 1 if done < 1 else 1.0)


SCHEDULES: dict[str, Schedule] = {
    "cosine": cosine,
    "cosine-restarts": cosine_restarts,
    "linear": linear,
    "late-linear": late_linear,
    "halving": halving,
    "constant": constant,
}


def share(name: str, step: int, steps: int, *, warm_up: int = 0, floor: float = 0.0, restarts: int = 3) -> float:
    """The share of the full learning rate at `step` (from 0) of `steps`.

    A linear rise over `warm_up` steps, then the schedule called `name` over the rest, from 1 down to `floor`; "cosine-restarts"
    begins anew `restarts` times.
    """
    if step < warm_up:
        return (step + 1) / warm_up
    done = min(1.0, (step - warm_up) / max(1, steps - warm_up))
    schedule = partial(cosine_restarts, restarts=restarts) if name == "cosine-restarts" else SCHEDULES[name]
    return floor + (1 - floor) * schedule(done)


def share_of(recipe: Recipe, step: int) -> float:
    """The share of the full learning rate that `recipe` gives to `step` (from 0)."""
    return share(
        recipe.schedule,
        step,
        recipe.total_steps,
        warm_up=recipe.warm_up,
        floor=recipe.rate_floor,
        restarts=recipe.restarts,
    )
