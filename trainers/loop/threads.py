"""How many threads a run on the processor computes with: as many as there are cores, or one where other programs are busy.

Threads wait for each other many times in a step. Where another program holds a core, they wait for their turn on it each
time, and two can be a hundred times slower than one. So a new run makes a short trial. It lives where the trainer's process
starts, and not in `train`: a checkpoint keeps the number (`run_state.Standing.threads`), and a run that goes on has the same,
for sums in another order round otherwise.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import nn

FASTER = 1.1
"""How many times as fast all threads must be as one, to be taken."""
SECONDS = 0.4
"""How long the trial lasts; a step that is under way then is ended."""
VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
CHANNELS, PICTURES, SIDE = 32, 4, 48

Seconds = Sequence[float]


def are_worth_it(several: Seconds, one: Seconds) -> bool:
    """Whether steps that took `several` seconds on all threads were `FASTER` than those that took `one` on one.

    Both are in the order in which they were measured, in turn, and not empty. All that they took together counts, not
    the median: a wait now and then can cost more than all else. The first, which also warms up, and the slowest of
    the others are left out where there are more: one interruption by chance decides nothing.
    """
    return _together(one) >= FASTER * _together(several)


def _together(seconds: Seconds) -> float:
    warm = sorted(seconds[1:] or seconds)
    return sum(warm[:-1] or warm)


def time_steps(threads: int) -> tuple[list[float], list[float]]:
    """Seconds that steps of two small convolutions take, forward and back, on `threads` threads and on one, in turn.

    Leaves torch with `threads`, and its random numbers as they were.
    """
    with torch.random.fork_rng(devices=[]):
        layers = [nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1) for _ in range(2)]
        network = nn.Sequential(layers[0], nn.ReLU(), layers[1])
        pictures = torch.rand(PICTURES, CHANNELS, SIDE, SIDE)
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    pictures = pictures.to(memory_format=torch.channels_last)
    several: list[float] = []
    one: list[float] = []
    ends = time.perf_counter() + SECONDS
    try:
        while not one or time.perf_counter() < ends:
            for number, seconds in ((threads, several), (1, one)):
                torch.set_num_threads(number)
                started = time.perf_counter()
                network(pictures).square().mean().backward()
                seconds.append(time.perf_counter() - started)
    finally:
        torch.set_num_threads(threads)
    return several, one


def choose_threads(
    environment: Mapping[str, str], timed: Callable[[int], tuple[Seconds, Seconds]] | None = None
) -> str:
    """Set how many threads torch computes with. Returns the sentence that says so where it is one of several, else "".

    Where the `environment` names a number, in OMP_NUM_THREADS or MKL_NUM_THREADS, torch has obeyed it already, and nothing is
    tried. `timed` measures as `time_steps` does, which it is by default.
    """
    threads = torch.get_num_threads()
    if threads < 2 or any(environment.get(name) for name in VARIABLES):
        return ""
    several, one = (timed or time_steps)(threads)
    if are_worth_it(several, one):
        return ""
    torch.set_num_threads(1)
    return (
        f"Other programs are busy: training takes one of {threads} cores, which is faster now than all of them. The run keeps "
        "to that, so that it goes on exactly; to choose yourself, set OMP_NUM_THREADS and start a new run."
    )
