"""Reduce: what a model makes, brought to a smaller size as its rows come, so that it is never whole in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from engines.edit.resampling import resized_rows, rows_ready, rows_under
from engines.pixels import Pixels
from engines.superres.estimate import Plan

BAND = 128  # rows at a time: cancelling is quick, and the memory it takes small


def reduced_bands(bands: Iterable[Pixels], plan: Plan, *, step: int = BAND) -> Iterator[Pixels]:
    """The rows of `plan`'s result from top to bottom, `step` at a time, the last ones fewer: (rows, plan.width, C).

    `bands` are the rows of what the model makes, (rows, plan.made_width, C), however many at a time: the result is that of
    `engines.edit.resampling.resized_rows` on all of them at once, to the last bit. No more of them is kept than is needed.
    """
    tall, height = plan.made_height, plan.height
    kept: Pixels | None = None
    first = there = done = 0  # the first row that is kept, the rows that have come, the rows that have gone
    for band in bands:
        for start in range(0, band.shape[0], step):
            part = band[start : start + step]
            kept = part.copy() if kept is None else np.concatenate([kept, part])
            there += part.shape[0]
            ready = rows_ready(there, tall, height)
            while done < ready and (ready == height or done + step <= ready):
                bottom = min(done + step, height)
                yield resized_rows(kept, plan.width, height, done, bottom, first=first, tall=tall)
                done = bottom
                if done < height:
                    needed = max(first, rows_under(tall, height, done, done + 1)[0])
                    kept, first = kept[needed - first :].copy(), needed
            del part
        del band  # so that it is gone before the next one is made
