"""Random draws that are functions of numbers, such as (seed, step, purpose), so that a resumed run draws the same again."""

from __future__ import annotations

import hashlib

import numpy as np
import torch


def seed_of(*numbers: int | str) -> int:
    """A seed of 63 bits for `numbers`, other ones for any other numbers, be it only one more that is 0.

    numpy's own SeedSequence takes (7, 0) and (7, 0, 0) for the same.
    """
    digest = hashlib.blake2b(repr(numbers).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def seeded(*numbers: int, device: str = "cpu") -> torch.Generator:
    """A generator of random numbers that is a function of `numbers`, such as (seed, step, purpose)."""
    return torch.Generator(device).manual_seed(seed_of(*numbers))


def seed_parts(*numbers: int) -> None:
    """Make what a person's own parts draw, dropout among it, a function of `numbers`: (seed, step, turn, part).

    Those are other numbers than `seeded` gives for the same ones.
    """
    seed = seed_of("parts", *numbers)
    torch.manual_seed(seed)
    np.random.seed(seed & 0xFFFF_FFFF)
