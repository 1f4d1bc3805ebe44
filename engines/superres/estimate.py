"""Estimate: what has to be done to bring a picture to a size, and what that costs, known before any model is opened."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engines.errors import ModelError

MOST_PASSES = 2
"""How often a model is run on what it made: a third time would only enlarge its own inventions."""

TYPICAL_SPEED = 400_000.0  # pixels that a model takes in a second, where that has not been seen: a small one, two cores
# Seconds for each pixel of the result, on one core, as measured with pictures of 6 and 24 megapixels:
REDUCING = 35e-9  # what the model makes to its size
BLENDING = 25e-9  # with a plain enlargement, and making that
SHOWING = 3e-9  # all that the window needs to draw it
CONVERTING = 25e-9  # its colours from a profile, on the way to that


@dataclass(frozen=True)
class Plan:
    """What has to be done for a size: the model `passes` times, and a reduction where `is_reduced`.

    `width` and `height` are the result's in pixels, `made_width` and `made_height` what the model makes, which enlarges
    `scale` times.
    """

    width: int
    height: int
    passes: int
    made_width: int
    made_height: int
    worked: int  # pixels that go into the model, all passes together
    scale: int

    @property
    def is_reduced(self) -> bool:
        """Whether what the model makes is larger than what is wanted."""
        return (self.width, self.height) != (self.made_width, self.made_height)


def plan(width: int, height: int, scale: int, size: tuple[int, int] | None = None) -> Plan:
    """How `width` × `height` becomes `size` by a model that enlarges `scale` times; None: once through the model.

    Raises ModelError, with a remedy, where the size is smaller than the picture or beyond `MOST_PASSES`.
    """
    if size is None:
        return Plan(width * scale, height * scale, 1, width * scale, height * scale, width * height, scale)
    wanted_width, wanted_height = size
    if wanted_width < width or wanted_height < height:
        raise ModelError(
            f"{wanted_width}×{wanted_height} pixels are fewer than the picture's {width}×{height}; resize it instead."
        )
    factor, passes, worked = scale, 1, width * height
    while width * factor < wanted_width or height * factor < wanted_height:
        if passes == MOST_PASSES or scale == 1:
            raise ModelError(
                f"{wanted_width}×{wanted_height} pixels are more than this model makes of {width}×{height};"
                f" choose at most {width * factor}×{height * factor}."
            )
        worked += width * height * factor**2
        factor *= scale
        passes += 1
    return Plan(wanted_width, wanted_height, passes, width * factor, height * factor, worked, scale)


@dataclass(frozen=True)
class Cost:
    """What a plan costs, all in one unit: a pixel that the model makes.

    `made` are those themselves. To bring them to their size and blend them costs as much as `finished` of them would, and
    to make the result ready to be shown as much as `shown`. So an hour of a slow model is not followed by as long a last
    stretch as a minute of a quick one.
    """

    made: int
    finished: int
    shown: int

    @property
    def total(self) -> int:
        """Everything."""
        return self.made + self.finished + self.shown


def cost(plan: Plan, *, blends: bool = False, converts: bool = False, speed: float | None = None) -> Cost:
    """What `plan` costs with a model that takes `speed` pixels in a second (None: not known yet).

    `blends` is whether a strength or a mask mixes the result with a plain enlargement, `converts` whether its colours are
    converted to be shown.
    """
    made = plan.worked * plan.scale**2
    a_second = (speed or TYPICAL_SPEED) * plan.scale**2
    area = plan.width * plan.height
    finishing = REDUCING * plan.is_reduced + BLENDING * blends
    showing = SHOWING + CONVERTING * converts
    return Cost(made, math.ceil(area * finishing * a_second), math.ceil(area * showing * a_second))


def seconds_for(plan: Plan, speed: float, *, blends: bool = False) -> float:
    """How long `plan` takes, from the first pixel to a picture that can be shown, as `cost` has it."""
    return cost(plan, blends=blends, speed=speed).total / (speed * plan.scale**2)
