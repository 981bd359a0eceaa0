"""Does the pattern of the disc come together again when the suspect pulses are left out?  statistics.md T1 and T2.

Pulses put between real ones move every slot behind them by one: the pattern that comes again after N slots falls apart.  Left
out again, it comes together; had they been pulses of the disc itself, leaving them out would be what tears it apart.  The
score is that of pulses/order_gain.py at the declared N, without a search: the whitened power at the harmonics of N slots,
without the two greatest.  Null of its p: no pattern comes again after N.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from captures.model import Int64Array
from harness.judge.pulses.order_gain import (
    LEAST_REVOLUTIONS,
    MOST_HARMONICS,
    TRIMMED,
    pattern,
    spectrum,
    tail,
    terms,
)

SHOWN = 1e-6  # p from which a pattern is there
NATS = 15.0  # of score by which one train must show it better than the other


@dataclass(frozen=True)
class Coherence:
    """How well the pattern comes again after the declared slots: `score` in nats over the noise, `p` that there is none."""

    score: float
    p: float


@dataclass(frozen=True)
class Recoherence:
    """The pattern with the suspects and without them.  `again`: True where it is there without them, and better by NATS than
    with them; False where it is the other way round; None where neither can be said."""

    with_suspects: Coherence
    without: Coherence

    @property
    def again(self) -> bool | None:
        if self.without.p < SHOWN and self.without.score > self.with_suspects.score + NATS:
            return True
        if self.with_suspects.p < SHOWN and self.with_suspects.score > self.without.score + NATS:
            return False
        return None

    def at(self) -> dict[str, Any]:
        """What a reading says of it; nothing where it cannot be said."""
        if self.again is None:
            return {}
        return {
            "recoheres": self.again,
            "slot_score_with": round(self.with_suspects.score, 1),
            "slot_p_with": self.with_suspects.p,
            "slot_score_without": round(self.without.score, 1),
            "slot_p_without": self.without.p,
        }


def coherence(ticks: Int64Array, slots: int) -> Coherence | None:
    """Of a strictly increasing train of equal edges (n,); None for fewer than LEAST_REVOLUTIONS in steady motion."""
    y = pattern(ticks, slots)
    if y.size < LEAST_REVOLUTIONS * slots:
        return None
    harmonics = min(MOST_HARMONICS, int(0.45 * slots))
    each = terms(spectrum(y, slots), slots, np.zeros(1), harmonics)[:, 0]
    score = float(np.sort(each)[: harmonics - TRIMMED].sum())
    return Coherence(score, tail(score, harmonics))


def slipped(ticks: Int64Array, suspects: Int64Array) -> Int64Array:
    """The train (n,) as if every suspect (indices (k,)) had been a slot of its own: the interval that it divides comes twice.
    Short intervals at regular places would make a pattern themselves; what is left is that the slots behind them slip."""
    d = np.diff(ticks)
    whole = d[suspects - 1] + d[suspects]
    d[suspects - 1] = d[suspects] = whole
    return np.cumsum(np.concatenate([ticks[:1], d]))


def recoherence(
    ticks: Int64Array, suspects: Int64Array, slots: int, every_n: float | None = None
) -> Recoherence | None:
    """Of a train (n,) with and without its suspects (indices (k,)); None where it is too short, or where they come after every
    n-th pulse and the disc holds a whole number of n, or n of discs: what is not quite mended there comes again with it."""
    if every_n is not None and min(abs(r - round(r)) for r in (slots / every_n, every_n / slots) if r > 0.9) < 0.1:
        return None
    suspects = suspects[(suspects > 0) & (suspects < ticks.size - 1)]
    both = coherence(slipped(ticks, suspects), slots), coherence(np.delete(ticks, suspects), slots)
    return None if both[0] is None or both[1] is None else Recoherence(both[0], both[1])
