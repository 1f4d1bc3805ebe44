"""Validations and samples, made at the steps that the recipe names, and made up for after a stop in the midst of one."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from trainers.loop.run_state import Run, Stateful
from trainers.runs.events import Event, Sample, TrainerCommand, Validation
from trainers.runs.guards import score_of

Events = Generator[Event, TrainerCommand | None, Any]


def obeying(work: Events, obey: Any) -> Events:
    """Do `work`, and what is commanded at each of its events. Returns what `work` returns."""
    while True:
        try:
            event = next(work)
        except StopIteration as end:
            return end.value
        yield from obey((yield event))


def judging_step(
    run: Run,
    every: int,
    last: int,
    measure: Callable[[], Events],
    sample: Callable[[], Path],
    best: Mapping[str, Stateful],
    obey: Any,
) -> Events:
    """Validate and sample where that is due, every `every` steps and at step `last`, and it has not been done.

    At step 0 it is due where a run starts from a model: its standing says that nothing was judged yet.

    `measure` yields Working now and then and returns the metrics by name, none where nothing can be measured; the parts
    `best` are kept where they are the best so far. `sample` writes a sample.
    """
    step = run.standing.step
    if run.standing.judged_at == step or (step % every and step != last):
        return
    metrics = yield from obeying(measure(), obey)
    judged = Validation(step, metrics)
    yield from run.holding(partial(run.judged, score_of(judged), best, next(iter(metrics), "")))
    if metrics:
        yield from obey((yield judged))
    path = yield from run.holding(sample)
    yield from obey((yield Sample(step, str(path))))
