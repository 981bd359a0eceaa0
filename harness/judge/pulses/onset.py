"""Where does the pulse rate step, by how much, and how surely?  One train, nothing to hold it to (statistics.md T9, T10).

The rate is seen once a revolution, so that the pattern of the disc is out of it, as its logarithm.  What the flow does is
coloured: an autoregression of order one, estimated beside the step itself, whitens it first.  For every place the likelihood
ratio of two levels against one is taken; its greatest is the step, and what lies within 1.92 nats of it its 95 % interval.
Neither claims a cause: a valve steps the flow as well as a device steps the pulses.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from captures.model import Int64Array
from harness.judge.pulses.revolution import Floats, log_intervals, steady

LEAST = 8  # stretches
MARGIN = 2  # stretches at either end in which no step is looked for
STEEPEST = 0.95  # of the autoregression
_NEAR = 1.92  # nats: chi-square of one degree of freedom at 95 %, halved


@dataclass(frozen=True)
class Step:
    """The strongest step: after edge `edge` of the train, surely between `first` and `last`; `size`: relative change of the
    rate with standard uncertainty `u`; `nats`: log likelihood ratio."""

    edge: int
    first: int
    last: int
    size: float
    u: float
    nats: float


def rates(ticks: Int64Array, stretch: int) -> tuple[Floats, int]:
    """Logs (m,) of the mean rate of each `stretch` pulses in steady motion, and the edge where the first begins."""
    part = steady(ticks)
    begin = part.start + stretch  # the first fills the hose
    x = log_intervals(ticks)[begin : part.stop]
    count = max(x.size // stretch, 0)
    return -x[: count * stretch].reshape(count, stretch).mean(axis=1), begin


def scan(x: Floats) -> Floats:
    """Twice the gain in sum of squares (n - 1,) of two means of x (n,) over one, with the step behind each place."""
    k = np.arange(1, x.size)
    total = np.cumsum(x)
    return np.asarray((total[:-1] - k / x.size * total[-1]) ** 2 / (k * (x.size - k) / x.size), dtype=np.float64)


def _level(x: Floats, place: int) -> Floats:
    """x (n,) less its mean before and behind `place`."""
    return np.concatenate([x[:place] - x[:place].mean(), x[place:] - x[place:].mean()])


def step(ticks: Int64Array, stretch: int) -> Step | None:
    """The strongest step of the rate of a strictly increasing train (n,), by `stretch` pulses; None under LEAST of them."""
    x, begin = rates(ticks, stretch)
    if x.size < LEAST:
        return None
    place, colour = 0, 0.0
    gain = np.zeros(x.size - 1)
    for _ in range(3):
        white = x[1:] - colour * x[:-1]  # a step at `place` of x is one of 1 - colour here
        left = _level(white, place - 1) if place else white - white.mean()
        variance = max(float(left @ left) / max(white.size - 3, 1), 1e-12)
        gain = np.full(x.size - 1, -np.inf)
        gain[1:] = scan(white) / (2 * variance)
        gain[: MARGIN - 1] = gain[x.size - MARGIN :] = -np.inf
        place = int(gain.argmax()) + 1
        rest = _level(x, place)
        power = float(rest @ rest)
        colour = float(np.clip(rest[1:] @ rest[:-1] / power, 0.0, STEEPEST)) if power > 0 else 0.0
    near = np.flatnonzero(gain >= gain.max() - _NEAR) + 1
    size = float(x[place:].mean() - x[:place].mean())
    # the long-run variance of an autoregression is that of its innovations over (1 - colour)^2
    u = np.sqrt(variance * (1 / place + 1 / (x.size - place))) / (1 - colour)
    first, last = int(near[0]) - 1, int(near[-1]) + 1  # it may lie anywhere in the stretches beside
    middle, low, high = (begin + at * stretch for at in (place, max(first, 0), min(last, x.size)))
    return Step(middle, low, high, float(np.expm1(size)), float(u * np.exp(size)), float(gain.max()))
