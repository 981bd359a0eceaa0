"""What a taximeter was given: counts of distance with their instants, the hire, and what was declared.

Times are integer ns of one clock; `civil_ns` is what must be added to get local civil time (see civil.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from protocols.tariff.rule import TariffError

MAX_DISTANCE_M = 5_000_000
MAX_SPAN_NS = 14 * 86_400 * 10**9
MIN_UPDATE_NS = 1_000_000
NO_HYSTERESIS = Decimal(0)
MM_PER_M = 1000


@dataclass(frozen=True, eq=False)
class Trip:
    """Cumulative `counts` (N,) at `times_ns` (N,), both never falling; `before` is the count before the first of them.

    A count is `metres_per_count` long.  The trip is what happens in (hired_ns, vacated_ns].  TariffError for arrays that do
    not fit together, a count of no length, an empty trip, and one longer than 14 days or 5000 km.
    """

    times_ns: NDArray[np.int64]
    counts: NDArray[np.int64]
    metres_per_count: Fraction
    hired_ns: int
    vacated_ns: int
    civil_ns: int = 0
    before: int = 0
    declared: frozenset[str] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        if self.times_ns.shape != self.counts.shape or self.times_ns.ndim != 1:
            raise TariffError(f"trip: expected one count an instant, got {self.times_ns.shape} and {self.counts.shape}")
        if (np.diff(self.times_ns) < 0).any():
            raise TariffError(
                f"trip: expected instants that never fall, got a step back after row {_falls(self.times_ns)}"
            )
        if (np.diff(self.counts) < 0).any() or (len(self.counts) and self.counts[0] < self.before):
            raise TariffError(
                f"trip: expected counts that never fall, got a step back after row {_falls(self.counts)}; a counter that wraps is unwrapped first"
            )
        if self.metres_per_count <= 0:
            raise TariffError(f"trip: expected metres per count above 0, got {self.metres_per_count}")
        if not 0 < self.vacated_ns - self.hired_ns <= MAX_SPAN_NS:
            span = self.vacated_ns - self.hired_ns
            raise TariffError(f"trip: expected its end after its hire, within 14 days, got {span / 1e9:g} s")
        if self.distance_m > MAX_DISTANCE_M:
            raise TariffError(f"trip: expected at most {MAX_DISTANCE_M} m, got {float(self.distance_m):.0f} m")

    @classmethod
    def of_pulses(
        cls, times_ns: NDArray[np.int64], pulses_per_km: Decimal | int, hired_ns: int, vacated_ns: int, civil_ns: int = 0,
        declared: frozenset[str] = frozenset(),
    ) -> Trip:  # fmt: skip
        """A train of pulses, one count each; `pulses_per_km` is the K of the meter."""
        length = metres_per_pulse(Decimal(pulses_per_km))
        counts = np.arange(1, len(times_ns) + 1, dtype=np.int64)
        return cls(np.asarray(times_ns, np.int64), counts, length, hired_ns, vacated_ns, civil_ns, 0, declared)

    @classmethod
    def of_distance(
        cls, times_ns: NDArray[np.int64], distance_m: NDArray[np.float64], hired_ns: int, vacated_ns: int, civil_ns: int = 0,
        declared: frozenset[str] = frozenset(),
    ) -> Trip:  # fmt: skip
        """Cumulative metres at instants (GNSS, speed integral, roller), taken to the millimetre."""
        if not np.isfinite(distance_m).all():
            raise TariffError("trip: expected finite distances, got a gap or an infinity; cut the trip there")
        counts = np.rint(np.asarray(distance_m, np.float64) * MM_PER_M).astype(np.int64)
        before = int(counts[0]) if len(counts) else 0
        times = np.asarray(times_ns, np.int64)
        return cls(times, counts, Fraction(1, MM_PER_M), hired_ns, vacated_ns, civil_ns, before, declared)

    def count_at(self, times_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        """The count reached at each instant."""
        at = np.searchsorted(self.times_ns, times_ns, "right")
        return self._reached[at]

    @cached_property
    def _reached(self) -> NDArray[np.int64]:
        """Counts (N + 1,) before the first instant and from each on: asked for at every replay."""
        return np.concatenate(([self.before], self.counts)).astype(np.int64)

    @property
    def inside(self) -> slice:
        """Rows in (hired, vacated]."""
        first, last = np.searchsorted(self.times_ns, [self.hired_ns, self.vacated_ns], "right")
        return slice(int(first), int(last))

    @cached_property
    def distance_m(self) -> Fraction:
        first, last = self.count_at(np.array([self.hired_ns, self.vacated_ns]))
        return int(last - first) * self.metres_per_count


@dataclass(frozen=True, slots=True)
class Meter:
    """How a meter departs from the trip it was given, and how it tells low speed.

    k_ratio         its metres to those of the trip: 1.05 reads 5 % too much
    clock_ratio     its waiting seconds to true ones
    clock_offset_ns what its clock of the day is ahead
    update_ns       0: the speed of each interval between counts; else the mean over windows of this length from the hire on
    hysteresis_kmh  once slow it is fast again only so much above the limit
    """

    k_ratio: Fraction = Fraction(1)
    clock_ratio: Fraction = Fraction(1)
    clock_offset_ns: int = 0
    update_ns: int = 0
    hysteresis_kmh: Decimal = NO_HYSTERESIS

    def __post_init__(self) -> None:
        if self.k_ratio <= 0 or self.clock_ratio <= 0:
            raise TariffError(f"meter: expected ratios above 0, got {self.k_ratio} and {self.clock_ratio}")
        if self.update_ns and self.update_ns < MIN_UPDATE_NS:
            raise TariffError(f"meter: expected an update of 0 or from 1 ms on, got {self.update_ns} ns")
        if self.hysteresis_kmh < 0:
            raise TariffError(f"meter: expected a hysteresis from 0 km/h on, got {self.hysteresis_kmh}")


def metres_per_pulse(pulses_per_km: Decimal) -> Fraction:
    """The length of a pulse; TariffError unless K is a number above 0."""
    if not pulses_per_km.is_finite() or pulses_per_km <= 0:
        raise TariffError(f"K expected above 0 pulses per km, got {pulses_per_km}; read it off the certificate")
    return MM_PER_M / Fraction(pulses_per_km)


def pulses_per_km_of_wheel(circumference_mm: Decimal, pulses_per_turn: Decimal) -> Fraction:
    """K of a wheel that rolls `circumference_mm` under load in a turn; TariffError for a wheel of no size."""
    for name, value, unit in (
        ("wheel circumference", circumference_mm, "mm"),
        ("pulses per turn", pulses_per_turn, ""),
    ):
        if not value.is_finite() or value <= 0:
            raise TariffError(
                f"{name} expected above 0{' ' + unit if unit else ''}, got {value}; measure it under load"
            )
    return Fraction(1_000_000) * Fraction(pulses_per_turn) / Fraction(circumference_mm)


def _falls(values: NDArray[np.int64]) -> int:
    falls = np.flatnonzero(np.diff(values) < 0)
    return int(falls[0]) if len(falls) else 0
