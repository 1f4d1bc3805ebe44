"""The cap: which states leave memory first when all open documents together hold more than they may."""

from __future__ import annotations

from collections.abc import Sequence

from app.states.state import State

SHARE = 0.25  # of the machine's memory, where nobody set another cap
LEAST = 256 << 20  # bytes: a cap below it would send every photo to disk


def default_bytes() -> int:
    """The cap where nobody set one."""
    import psutil

    return max(LEAST, int(psutil.virtual_memory().total * SHARE))


def by_need(states: Sequence[State], index: int) -> list[State]:
    """The states of one document, the one that is needed least first: far from where it stands, and undone before done.

    The two that are shown and compared, `index` and the one before it, come last; just before them the first, the original.
    """

    def need(number: int) -> tuple[int, int]:
        if number == index:
            return (3, 0)
        if number == index - 1:
            return (2, 0)
        if number == 0:
            return (1, 0)
        return (0, -abs(number - index) * 2 - (number > index))

    return [states[number] for number in sorted(range(len(states)), key=need)]


def surplus(ordered: Sequence[State], keep: Sequence[State], cap: int) -> list[State]:
    """Of the states in memory, the needed least first, those that have to go until no more than `cap` bytes are held.

    Those in `keep` stay whatever they take.
    """
    held = [state for state in ordered if state.is_held]
    too_much = sum(state.bytes for state in held) - cap
    going: list[State] = []
    for state in held:
        if too_much <= 0:
            break
        if not any(state is kept for kept in keep):
            going.append(state)
            too_much -= state.bytes
    return going
