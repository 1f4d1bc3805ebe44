"""What pixels are, in numbers: the types that every engine speaks of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8 | np.uint16]
"""(H, W, C), RGB or RGBA."""
Mask = NDArray[np.uint8]
"""(H, W), 255 = apply."""
Place = tuple[float, float]
"""x and y, in pixels from the upper left corner."""
Box = tuple[int, int, int, int]
"""left, top, right, bottom; the last two are outside."""
