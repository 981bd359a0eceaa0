"""An instrument's clock against the host's: the lower envelope of (tick, arrival) pairs."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from captures.model import ClockMap

RATE_BOUND = 1e-4  # crystal of a microcontroller board, with margin; vendor documents state 30 to 50 ppm
ARRIVAL_NS = 5_000_000  # what a USB adapter may hold bytes back at the least, one-sided
UNTIED_NS = 1_000_000_000


def lower_envelope(
    clock: str,
    pairs: Sequence[tuple[int, int]],
    ns_per_tick: Fraction,
    start_ns: int,
    speed: float,
    rate_bound: float = RATE_BOUND,
    late_ns: int = 0,
) -> ClockMap:
    """Bytes can arrive late, never early, so the earliest line under all pairs is the truth's bound.

    `pairs` (tick, arrival in ns) in time order; without any the clock is tied to `start_ns` only roughly.  `speed` of
    the recording clock; `late_ns`: how late this link's arrivals are at worst, where the run has tested it.
    """
    if not pairs:
        return ClockMap(clock, start_ns, ns_per_tick, UNTIED_NS, rate_bound)
    offset = min(t_ns - int(tick * ns_per_tick) for tick, t_ns in pairs)
    span_ns = pairs[-1][1] - pairs[0][1]
    return ClockMap(
        clock, offset, ns_per_tick, int(max(ARRIVAL_NS * speed, late_ns) + rate_bound * span_ns), rate_bound
    )
