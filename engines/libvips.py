"""The one door to libvips: imported late, with its caches off, and quiet."""

from __future__ import annotations

import functools
import logging
from typing import Any


@functools.cache
def libvips() -> Any:
    """The `pyvips` module. Nothing is cached between operations: each picture is decoded once, in order.

    The first call takes about a tenth of a second, which is why nothing imports it at the top of a file.
    """
    # What fails comes back as an exception and becomes a sentence. libvips also warns of each failure from its own
    # threads, one line for each stage it passes, and of every oddity that it can live with.
    logging.getLogger("pyvips").setLevel(logging.ERROR)
    import pyvips

    pyvips.cache_set_max(0)
    pyvips.cache_set_max_mem(0)
    pyvips.cache_set_max_files(0)
    return pyvips
