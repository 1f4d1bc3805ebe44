"""Memory: how much is free, and how much an upscaled photo will take."""

from __future__ import annotations

MOST_OF_FREE = 0.7  # a result that needs more than this share of what is free is warned of
SMALLER_LEVELS = 1 / 3  # of the 8-bit picture: all levels of its pyramid but the first


def free_bytes() -> int:
    """Memory that programs may still take without swapping, in bytes."""
    import psutil  # late: the window starts without it

    return int(psutil.virtual_memory().available)


def bytes_upscaled(width: int, height: int, channels: int, depth: int, scale: int) -> int:
    """What the result of upscaling holds in memory while it is open, in bytes: its pixels and its pyramid."""
    return bytes_open(width * scale, height * scale, channels, depth)


def bytes_open(width: int, height: int, channels: int, depth: int) -> int:
    """What a picture of that size holds in memory while it is open, in bytes: its pixels and its pyramid."""
    samples = width * height * channels
    shown = samples * (1 + SMALLER_LEVELS if depth == 16 else SMALLER_LEVELS)
    return round(samples * depth / 8 + shown)
