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


def recoherence(ticks: Int64Array, real: Int64Array, slots: int) -> Recoherence | None:
    """Of a train (n,) and of what is left of it without the suspects (m,); None where it is too short."""
    both = coherence(ticks, slots), coherence(real, slots)
    return None if both[0] is None or both[1] is None else Recoherence(both[0], both[1])
