"""Estimate: what has to be done to bring a picture to a size, known before any model is opened."""

from __future__ import annotations

from dataclasses import dataclass

from engines.errors import ModelError

MOST_PASSES = 2
"""How often a model is run on what it made: a third time would only enlarge its own inventions."""


@dataclass(frozen=True)
class Plan:
    """What has to be done for a size: the model `passes` times, and a reduction where `is_reduced`.

    `width` and `height` are the result's in pixels, `made_width` and `made_height` what the model makes.
    """

    width: int
    height: int
    passes: int
    made_width: int
    made_height: int
    worked: int  # pixels that go into the model, all passes together

    @property
    def is_reduced(self) -> bool:
        """Whether what the model makes is larger than what is wanted."""
        return (self.width, self.height) != (self.made_width, self.made_height)


def plan(width: int, height: int, scale: int, size: tuple[int, int] | None = None) -> Plan:
    """How `width` × `height` becomes `size` by a model that enlarges `scale` times; None: once through the model.

    Raises ModelError, with a remedy, where the size is smaller than the picture or beyond `MOST_PASSES`.
    """
    if size is None:
        return Plan(width * scale, height * scale, 1, width * scale, height * scale, width * height)
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
    return Plan(wanted_width, wanted_height, passes, width * factor, height * factor, worked)
