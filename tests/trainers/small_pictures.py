"""Pictures of 8 and 16 pixels that a network learns within seconds: digits in a font of 5×7, by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]

FONT = (
    "01110 10001 10011 10101 11001 10001 01110",
    "00100 01100 00100 00100 00100 00100 01110",
    "01110 10001 00001 00010 00100 01000 11111",
    "11111 00010 00100 00010 00001 10001 01110",
    "00010 00110 01010 10010 11111 00010 00010",
    "11111 10000 11110 00001 00001 10001 01110",
    "00110 01000 10000 11110 10001 10001 01110",
    "11111 00001 00010 00100 01000 01000 01000",
    "01110 10001 10001 01110 10001 10001 01110",
    "01110 10001 10001 01111 00001 00010 01100",
)
"""The rows of each digit, 1 where there is ink."""
SHAPES = np.array([[[bit == "1" for bit in row] for row in rows.split()] for rows in FONT], np.float64)
WHITE, BLACK = (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)
COLOURS = {"red": (0.9, 0.1, 0.1), "green": (0.1, 0.65, 0.15), "blue": (0.1, 0.2, 0.9), "yellow": (1.0, 0.9, 0.1)}

Colour = tuple[float, float, float]


def digit(number: int, random: np.random.Generator, ink: Colour = WHITE, paper: Colour = BLACK) -> Pixels:
    """The digit `number`, uint8 (8, 8, 3): one of four places, with 60 to 100 % of its ink."""
    top, left = int(random.integers(2)), int(random.integers(1, 3))
    share = np.zeros((8, 8, 1))
    share[top : top + 7, left : left + 5, 0] = SHAPES[number] * random.uniform(0.6, 1.0)
    pixels = share * np.array(ink) + (1 - share) * np.array(paper)
    return np.clip(np.rint(255 * pixels), 0, 255).astype(np.uint8)


def digits(numbers: NDArray[np.int64], seed: int, ink: Colour = WHITE, paper: Colour = BLACK) -> Pixels:
    """The digits `numbers`, uint8 (N, 8, 8, 3), drawn from `seed`."""
    random = np.random.default_rng(seed)
    return np.stack([digit(int(number), random, ink, paper) for number in numbers])


def on_paper(colour: str, count: int, seed: int) -> Pixels:
    """`count` digits in a darker shade on paper of that colour, uint8 (count, 8, 8, 3)."""
    paper = COLOURS[colour]
    ink = (0.5 * paper[0], 0.5 * paper[1], 0.5 * paper[2])
    return digits(np.arange(count) % 10, seed, ink, paper)


def slopes(tint: Colour, count: int, seed: int) -> Pixels:
    """`count` pictures that go from dark to light in some direction, in shades of `tint`, uint8 (count, 16, 16, 3)."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[-1:1:16j, -1:1:16j]
    angles = random.uniform(0, 2 * np.pi, (count, 1, 1))
    light = 0.5 + random.uniform(0.2, 0.35, (count, 1, 1)) * (np.cos(angles) * x + np.sin(angles) * y)
    return np.clip(np.rint(255 * light[..., None] * np.array(tint)), 0, 255).astype(np.uint8)


def write(pictures: Pixels, folder: Path) -> None:
    """Write `pictures` as files into `folder`, which is made."""
    folder.mkdir(parents=True)
    for index, picture in enumerate(pictures):
        Image.fromarray(picture).save(folder / f"{index:04}.png")
