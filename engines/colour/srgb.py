"""sRGB's curve between levels and light, on numbers from 0 to 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


def decode(values: Numbers) -> Numbers:
    """Light 0 to 1 of values 0 to 1, by sRGB's curve."""
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def encode(light: Numbers) -> Numbers:
    """Values 0 to 1 of light 0 to 1, by sRGB's curve."""
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * np.maximum(light, 0.0031308) ** (1 / 2.4) - 0.055)
