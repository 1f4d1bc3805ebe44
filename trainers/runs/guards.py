"""Guards: what a run's losses and validations say about its health, in words that a person can act on."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from trainers.runs.events import Event, Started, Step, Validation, Verdict

GUARDS = {
    "nan": "a loss or a gradient was no longer a number; the run went back to its last checkpoint",
    "memory": "a step did not fit in memory; it is made in smaller parts",
    "diverging": "the loss grows instead of falling",
    "plateau": "validation does not get better any more",
    "overfitting": "the training loss falls while validation gets worse",
    "discriminator ahead": "the discriminator is sure of nearly every picture, so the generator learns nothing from it",
    "collapsed": "the generator draws nearly the same picture whatever it starts from",
}

MEMORY = 50.0  # steps that a smoothed loss remembers
SETTLED = 100  # steps before a verdict on losses: what comes first is always wild
GROWTH = 2.5  # how many times its lowest a smoothed loss grows before the run diverges
EARLY_GROWTH = 25.0  # the same before it has settled
LEAD = 0.985  # of the way from a discriminator that cannot tell to one that is sure of every picture: far ahead
LEAD_STEPS = 150  # for so many steps
SPREAD = 0.2  # how different samples are, the data's pictures being 1, when a generator has collapsed
SPREAD_FALL = 0.4  # or the part of the largest spread so far that is left
SPREAD_STEPS = 100  # for so many steps
SPREAD_RISE = 1.1  # by how much of its lowest it has to rise in that time to be on its way up
FIRST_SPREAD = 300  # steps before which all samples are alike in any run
PLATEAU_VALIDATIONS = 8  # validations without a better one
OVERFIT_DROP = 0.02  # by how much of its best a validation metric falls when a run overfits
HIGHER_IS_BETTER = ("PSNR", "SSIM", "MS-SSIM")


@dataclass
class Smoothed:
    """A running mean that forgets over `MEMORY` steps, whatever part of the steps it sees."""

    value: float = 0.0
    weight: float = 0.0

    def add(self, value: float, steps: float) -> float:
        """Take `value` in, which stands for `steps` steps, and return the mean."""
        keep = math.exp(-steps / MEMORY)
        self.weight = keep * self.weight + (1 - keep)
        self.value += (1 - keep) / self.weight * (value - self.value)
        return self.value


@dataclass
class Guards:
    """Watches one run from its beginning: `see` takes each event and returns what it gives reason to say.

    Each kind of trouble is said once until it has passed. What was done about a NaN or too little memory, trainers say
    themselves. `in_use` are the objective and the auxiliary losses of the recipe: what is used already is no advice.
    """

    patience: int = PLATEAU_VALIDATIONS
    in_use: frozenset[str] = frozenset()
    _losses: dict[str, Smoothed] = field(default_factory=dict[str, Smoothed])
    _lowest: dict[str, float] = field(default_factory=dict[str, float])
    _first: int | None = None
    _last: int = 0
    _ahead_since: int | None = None
    _same_since: int | None = None
    _widest: float = 0.0
    _narrowest: float = math.inf
    _best: float | None = None
    _worse: int = 0
    _loss_at_best: float = math.inf
    _recent: deque[float] = field(default_factory=lambda: deque[float](maxlen=3))
    _said: set[str] = field(default_factory=set[str])

    def see(self, event: Event) -> list[Verdict]:
        """What `event` gives reason to say; nothing for most."""
        match event:
            case Started():
                self._first, self._last = (event.step if self._first is None else self._first), event.step
                return []
            case Step():
                return self._see_step(event)
            case Validation():
                return self._see_validation(event)
            case _:
                return []

    def _see_step(self, event: Step) -> list[Verdict]:
        if self._first is None:
            self._first = event.step - 1
        steps = max(1, event.step - self._last)
        self._last = event.step
        for name, value in event.losses.items():
            if math.isfinite(value):
                self._losses.setdefault(name, Smoothed()).add(value, steps)
        settled = event.step - self._first >= SETTLED
        growth = GROWTH if settled else EARLY_GROWTH
        # Where networks learn against each other, the loss of one rises as the other learns.
        against = any(name.startswith("discriminator") for name in self._losses)
        found = [] if against else [self._diverging(event.step, growth)]
        if "lead" in event.watched:
            found.append(self._ahead(event.step, self._smooth("lead", event.watched["lead"], steps)))
        if "spread" in event.watched:
            found.append(self._same(event.step, self._smooth("spread", event.watched["spread"], steps)))
        return [verdict for verdict in found if verdict is not None]

    def _smooth(self, name: str, value: float, steps: int) -> float:
        return self._losses.setdefault(f"watched {name}", Smoothed()).add(value, steps)

    def _diverging(self, step: int, growth: float) -> Verdict | None:
        for name, smoothed in self._losses.items():
            if name.startswith("watched "):
                continue
            lowest = self._lowest[name] = min(self._lowest.get(name, math.inf), smoothed.value)
            if lowest > 0 and smoothed.value > growth * lowest:
                return self._say(
                    "diverging",
                    step,
                    f"The loss “{name}” has grown to {smoothed.value / lowest:.1f} times its lowest: the learning rate is too "
                    "high. Go back to the last checkpoint with half the rate.",
                )
        self._said.discard("diverging")
        return None

    def _ahead(self, step: int, lead: float) -> Verdict | None:
        if lead < LEAD:
            self._ahead_since = None
            self._said.discard("discriminator ahead")
            return None
        self._ahead_since = step if self._ahead_since is None else self._ahead_since
        if step - self._ahead_since < LEAD_STEPS:
            return None
        return self._say(
            "discriminator ahead",
            step,
            f"The discriminator has been sure of nearly every picture for {LEAD_STEPS} steps, and the generator learns little "
            "from it. Lower the discriminator's rate, give the generator more steps, or use more pictures.",
        )

    def _same(self, step: int, spread: float) -> Verdict | None:
        self._widest = max(self._widest, spread)
        if spread > max(SPREAD, SPREAD_FALL * self._widest):
            self._same_since = None
            self._narrowest = math.inf
            self._said.discard("collapsed")
            return None
        self._same_since = step if self._same_since is None else self._same_since
        # One that has only begun draws ever more different pictures: it is slow, and not collapsed.
        if spread > SPREAD_RISE * self._narrowest:
            self._same_since, self._narrowest = step, spread
        self._narrowest = min(self._narrowest, spread)
        if step - self._same_since < SPREAD_STEPS or step - (self._first or 0) < FIRST_SPREAD:
            return None
        advice = ["Go back to an earlier checkpoint with half the rate"]
        if "mode-seeking" not in self.in_use:
            advice.append("add the auxiliary loss “mode-seeking” for the generator")
        others = [f"“{name}”" for name in ("hinge", "wgan-gp") if name not in self.in_use]
        advice.append(f"choose another objective, such as {' or '.join(others)}")
        return self._say(
            "collapsed",
            step,
            f"The generated pictures differ only {spread:.0%} as much as the training pictures do: the generator has "
            f"collapsed. {', '.join(advice[:-1])}, or {advice[-1]}.",
        )

    def _see_validation(self, event: Validation) -> list[Verdict]:
        same = self._same(event.step, event.metrics["spread"]) if "spread" in event.metrics else None
        return [*([same] if same else []), *self._see_score(event)]

    def _see_score(self, event: Validation) -> list[Verdict]:
        score = score_of(event)
        if score is None:
            return []
        loss = min((s.value for n, s in self._losses.items() if not n.startswith("watched ")), default=math.inf)
        if self._best is None or score > self._best + 1e-4 * abs(self._best):
            self._best, self._worse, self._loss_at_best = score, 0, loss
            self._said -= {"plateau", "overfitting"}
            return []
        self._worse += 1
        self._recent.append(score)
        if self._worse < self.patience or "diverging" in self._said:
            return []
        mean = sum(self._recent) / len(self._recent)
        if mean < self._best - OVERFIT_DROP * abs(self._best) and loss < 0.95 * self._loss_at_best:
            verdict = self._say(
                "overfitting",
                event.step,
                f"Validation has got worse for {self._worse} measurements while the loss still falls: the network learns the "
                "training pictures by heart. Use more pictures, or export the best checkpoint and stop.",
            )
        else:
            verdict = self._say(
                "plateau",
                event.step,
                f"Validation has not got better for {self._worse} measurements: the network has learned what it can at this "
                "learning rate. Export the best checkpoint and stop, or lower the rate.",
            )
        return [verdict] if verdict else []

    def _say(self, kind: str, step: int, text: str) -> Verdict | None:
        if kind in self._said:
            return None
        self._said.add(kind)
        return Verdict(step, kind, text)


def score_of(event: Validation) -> float | None:
    """One number for how good a validation is, higher being better: its first metric, or the negative of a distance."""
    for name, value in event.metrics.items():
        return value if name in HIGHER_IS_BETTER else -value
    return None


def verdicts(events: Iterable[Event]) -> list[Verdict]:
    """What the guards say of a recorded run, with what its trainer said itself, in order."""
    guards = Guards()
    found: list[Verdict] = []
    for event in events:
        if isinstance(event, Verdict) and event.guard in ("nan", "memory"):
            found.append(event)
        found.extend(guards.see(event))
    return found
