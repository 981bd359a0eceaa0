"""The coherent fingerprint tracker: when do the pulses slip against the pattern of their own disc?

statistics.md T3.  A trusted stretch gives the pattern f of N slots (log intervals) and the colour of what is left of it: an
autoregression, whose innovations are white whatever the flow does slowly.  After a device has begun at pulse o to make 1 + g
pulses of each, pulse k shows slot k - c(k - o), c = g/(1 + g).  For every o and g on a grid the likelihood ratio of that slip
against none is a martingale under the null, and so is their mean E, weighted beforehand: P(sup E >= 1/alpha) <= alpha
(Ville), with no simulation.

Null: the stretch that follows shows the same pattern and the same innovations, held back at CLIP standard deviations.  The
pattern is taken twice, from the even and from the odd revolutions: what is subtracted and what is predicted must not share
the chance errors of one estimate, or these would speak for a slip.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import solve_toeplitz

from captures.model import Int64Array
from harness.judge.pulses.medians import median
from harness.judge.pulses.revolution import Floats, held_back, less_revolution_mean

GAINS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, -0.01, -0.02, -0.05)
ORDER = 30  # of the autoregression, in pulses
CLIP = 4.0
STRONGEST = 4
STILL = 0.95  # of one: resultant length of the phase of an order over the revolutions
LEAST_REVOLUTIONS = 10
EVERY = 2  # pulses between the onsets on the grid, at its beginning
THIN = 1000  # from twice so many pulses on, onsets lie further apart in proportion to where they are: so does the time
LONGEST = 20  # but so far at most: a slip of a tenth then begins half a slot off its pattern on average
HORIZON = 500.0  # onsets in which the second half of the weight begins
MEMORY = 400  # pulses after an onset in which its slip is followed
TOGETHER, STRETCH = 128, 40  # onsets, and pulses, that are followed at once: they stay in the cache


@dataclass(frozen=True, eq=False)
class Fingerprint:
    """Patterns (N,) of even and odd revolutions in log intervals, `whiten` (ORDER + 1,) filter to innovations, their
    standard deviation `sigma`, `level` of the log intervals, and how well the two patterns agree (-1..1)."""

    even: Floats
    odd: Floats
    whiten: Floats
    sigma: float
    level: float
    agreement: float

    @property
    def slots(self) -> int:
        return int(self.even.size)


@dataclass(frozen=True, eq=False)
class Slips:
    """Likelihood ratios of slips that begin at `onsets` (m,), of weight `weight` (m,, natural log), against `innovations` (n,):
    `expected` (MEMORY, gains, slots) of a slip of each of `gains` from each slot on, `cost` half the sums of their squares,
    `slot` (m,) that each onset falls on."""

    innovations: Floats
    onsets: Int64Array
    weight: Floats
    slot: Int64Array
    expected: Floats
    cost: Floats
    gains: tuple[float, ...]

    def evidence(self, part: slice) -> Floats:
        """Natural logs (k, MEMORY) of the weighted sums over the gains, for `part` of the onsets; behind the last innovation as
        if it had been zero.

        By STRETCH pulses, which stay in the cache, and all the onsets a pulse further at a time: a running sum along memory,
        where every step waits for the last to be stored, takes four times as long."""
        onsets, slot = self.onsets[part], self.slot[part]
        after = np.concatenate([self.innovations, np.zeros(MEMORY)])
        seen = after[np.arange(MEMORY)[:, None] + onsets]
        found = np.empty((onsets.size, MEMORY))
        last = np.zeros(len(self.gains) * onsets.size)
        for begin in range(0, MEMORY, STRETCH):
            now = slice(begin, begin + STRETCH)
            courses = self.expected[now].take(slot, axis=2) * seen[now, None, :]
            for row in courses.reshape(-1, last.size):
                np.add(last, row, row)
                last = row
            last = last.copy()
            courses -= self.cost[now].take(slot, axis=2)
            top = courses.max(axis=1)
            courses -= top[:, None, :]
            np.exp(courses, out=courses)
            found[:, now] = (top + np.log(courses.sum(axis=1))).T
        found += self.weight[part, None]
        return found

    def greatest(self, pulse: int) -> tuple[int, float]:
        """Onset and gain of the greatest likelihood ratio just after `pulse`; (0, 0.0) where no slip is followed."""
        best, found = -np.inf, (0, 0.0)
        first, last = np.searchsorted(self.onsets, (pulse - MEMORY, pulse), "right")
        for number in range(int(first), int(last)):
            o, slot = int(self.onsets[number]), self.slot[number]
            m = pulse + 1 - o
            sums = np.cumsum(self.expected[:m, :, slot] * self.innovations[o : o + m, None], axis=0)[-1]
            courses = sums - self.cost[m - 1, :, slot] + self.weight[number]
            which = int(courses.argmax())
            if float(courses[which]) > best:
                best, found = float(courses[which]), (o, self.gains[which])
        return found


@dataclass(frozen=True, eq=False)
class Slip:
    """After each pulse of the stretch (n,): `log_e` natural log of E; and the `slips` it is the mean of."""

    log_e: Floats
    slips: Slips

    def first(self, alpha: float) -> int | None:
        """Pulse at which E first reaches 1/alpha."""
        over = np.flatnonzero(self.log_e >= -np.log(alpha))
        return int(over[0]) if over.size else None


def learn(x: Floats, slots: int) -> Fingerprint | None:
    """The fingerprint of a trusted stretch of log intervals (n,) in steady flow; None under LEAST_REVOLUTIONS."""
    if x.size < LEAST_REVOLUTIONS * slots:
        return None
    k = np.arange(x.size)
    level = median(x)
    y = held_back(less_revolution_mean(x, slots))
    at = k[slots // 2 : slots // 2 + y.size]
    even, odd = (_fold(y[(at // slots) % 2 == half], at[(at // slots) % 2 == half] % slots, slots) for half in (0, 1))
    foreign = _foreign(y, at, slots)
    even, odd = _without(even, foreign), _without(odd, foreign)
    norm = float(np.sqrt((even @ even) * (odd @ odd)))
    left = held_back(x - level - ((even + odd) / 2)[k % slots])
    moments = np.array([left[: left.size - lag] @ left[lag:] for lag in range(ORDER + 1)]) / left.size
    moments[0] *= 1 + 1e-6
    whiten = np.concatenate([[1.0], -solve_toeplitz(moments[:ORDER], moments[1:])])
    innovations = _filtered(left, whiten)[ORDER:]
    sigma = float(np.sqrt(innovations @ innovations / max(innovations.size - ORDER - slots, 1)))
    return Fingerprint(even, odd, whiten, max(sigma, 1e-9), level, float(even @ odd) / norm if norm > 0 else 0.0)


def _foreign(y: Floats, at: Int64Array, slots: int) -> npt.NDArray[np.intp]:
    """Of the STRONGEST orders those whose phase does not stand still from revolution to revolution: they are not the disc's."""
    whole = y[int(-at[0]) % slots :]
    lines = np.fft.rfft(whole[: whole.size // slots * slots].reshape(-1, slots), axis=1)
    strongest = np.argsort(np.abs(lines).sum(axis=0))[-STRONGEST:]
    still = np.abs(lines.sum(axis=0)) / (np.abs(lines).sum(axis=0) + 1e-300)
    result: npt.NDArray[np.intp] = strongest[still[strongest] < STILL]
    return result


def _without(pattern: Floats, orders: npt.NDArray[np.intp]) -> Floats:
    """A pump that pulsates makes one strong order (and its double), which keeps the pump's time and slips by itself: what
    is followed is the pattern beside it."""
    lines = np.fft.rfft(pattern)
    lines[orders] = 0
    return np.asarray(np.fft.irfft(lines, pattern.size), dtype=np.float64)


def _fold(y: Floats, slot: Int64Array, slots: int) -> Floats:
    count = np.bincount(slot, minlength=slots)
    mean = np.bincount(slot, y, slots) / np.maximum(count, 1)
    return np.asarray(mean - mean.mean(), dtype=np.float64)


def _filtered(x: Floats, whiten: Floats) -> Floats:
    """x (n,) through the filter, from rest."""
    result: Floats = np.convolve(x, whiten)[: x.size]
    return result


def follow(x: Floats, print_: Fingerprint, phase: int, gains: tuple[float, ...] = GAINS) -> Slip:
    """E over a stretch of log intervals (n,) that begins at slot `phase`; the first ORDER pulses fill the filter."""
    n, slots = x.size, print_.slots
    k = np.arange(n)
    slot = (k + phase) % slots
    innovations = _filtered(x - print_.level - print_.even[slot], print_.whiten) / print_.sigma
    innovations[:ORDER] = 0.0
    innovations = np.clip(innovations, -CLIP, CLIP)
    onsets = _onsets(n)
    # where an onset lies and what it weighs is known before anything is seen, and does not depend on how long the stretch
    # will be
    j = np.arange(onsets.size + 1, dtype=np.float64)
    left = HORIZON / (j + HORIZON)  # of the weight, for the onsets from the j-th on
    weight = np.log((left[:-1] - left[1:]) / len(gains))
    expected = _expected(print_, gains)
    slips = Slips(innovations, onsets, weight, slot[onsets], expected, np.cumsum(expected**2, axis=0) / 2, gains)
    log_e = np.log(left[np.searchsorted(onsets, k, "right")])
    # log of the evidence of onsets that are followed no longer, by the pulse they end at
    over = np.full(n + MEMORY, -np.inf)
    for begin in range(0, onsets.size, TOGETHER):
        part = slice(begin, begin + TOGETHER)
        courses = slips.evidence(part)
        over[onsets[part] + MEMORY] = courses[:, -1]
        for o, course in zip(onsets[part].tolist(), courses, strict=True):
            now = log_e[o : o + MEMORY]
            np.logaddexp(now, course[: now.size], out=now)
    log_e = np.logaddexp(log_e, np.logaddexp.accumulate(over)[:n])
    return Slip(log_e, slips)


def _onsets(n: int) -> Int64Array:
    """Pulses (m,) below n at which a slip may begin."""
    places, at = [], ORDER
    while at < n:
        places.append(at)
        at += min(max(EVERY, at // THIN), LONGEST)
    return np.array(places, dtype=np.int64)


def _expected(print_: Fingerprint, gains: tuple[float, ...]) -> Floats:
    """Innovations (MEMORY, gains, slots), in standard deviations, of a slip that begins at each slot."""
    slots, ahead = print_.slots, np.arange(MEMORY)
    ring = np.concatenate([print_.odd, print_.odd[:1]])
    here = (np.arange(slots)[:, None, None] + ahead) % slots
    back = np.array([g / (1 + g) for g in gains])[:, None] * ahead
    moved = np.interp((here - back) % slots, np.arange(slots + 1), ring) - print_.odd[here]
    filtered = np.array([[_filtered(course, print_.whiten) for course in of_gains] for of_gains in moved])
    return np.ascontiguousarray(filtered.transpose(2, 1, 0)) / print_.sigma


def misfit(x: Floats, print_: Fingerprint, gain: float) -> float:
    """Least half sum of squares of the innovations, in nats, of log intervals (n,) under the pattern that slips at `gain`
    (0: stands still) from any slot, in half slots."""
    slots = print_.slots
    ring = np.concatenate([(print_.even + print_.odd) / 2, (print_.even + print_.odd)[:1] / 2])
    place = np.arange(x.size) / (1 + gain)
    least = np.inf
    for phase in np.arange(0, slots, 0.5):
        pattern = np.interp((place + phase) % slots, np.arange(slots + 1), ring)
        left = _filtered(x - print_.level - pattern, print_.whiten)[ORDER:] / print_.sigma
        least = min(least, float(np.sum(np.clip(left, -CLIP, CLIP) ** 2)) / 2)
    return least
