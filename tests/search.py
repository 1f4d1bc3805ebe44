"""How far hypothesis searches: the same few examples each time in `make test`, many random ones in `make fuzz`."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

IS_FUZZ = os.environ.get("HYPOTHESIS_PROFILE") == "fuzz"
WIDER = 10  # times the examples, where the search is random


def load_profile() -> None:
    """No deadline: the time a test takes is never its verdict. Only `make fuzz` draws at random, and keeps what failed."""
    common = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
    settings.register_profile("same", max_examples=40, derandomize=True, database=None, **common)
    settings.register_profile("fuzz", max_examples=40 * WIDER, **common)
    settings.load_profile("fuzz" if IS_FUZZ else "same")


def examples(count: int) -> settings:
    """`count` examples for one test, and so many times more in a random search."""
    return settings(max_examples=count * (WIDER if IS_FUZZ else 1))
