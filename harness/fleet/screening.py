"""Every test over one file of trips: who stands out of the fleet, with counts and adjusted p-values, and never a verdict.

alpha is of the whole file: it is divided by the number of tests made, and within a test over its units (Holm).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from harness.fleet.bounds import Tariffed, bounds, metered
from harness.fleet.cells import MICRO, Ints
from harness.fleet.city import IN
from harness.fleet.doubled import Doubled
from harness.fleet.kinds import KINDS, OF_INSTRUMENTS, TOO_FEW, Kind
from harness.fleet.lattice import Gap, Residues
from harness.fleet.mapping import Mapped
from harness.fleet.rates import FEWEST_UNITS, Floats, Honest, fit, holm, interval, p_values
from harness.fleet.records import DOUBLED, ORDINARY, Reading, Trips, reading, trips
from harness.fleet.scale import Scales, Speeds
from harness.fleet.tally import DAY_S, Counted, Tally
from harness.fleet.together import Together

ALPHA = 0.05  # of a file: at most one honest fleet in twenty lists anybody
OTHERS_TOO = 3  # trips of other drivers on the same vehicle that did it
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Listed:
    """One unit that stands out: `hits` of `of`, the interval of its rate, or of its gain (`scale`); p adjusted over the test."""

    unit: str
    hits: int
    of: int
    trips_hit: int
    trips: int
    low: float
    high: float
    p: float
    adjusted: float
    excess: int = 0  # millionths of money above the ceiling (`above`) or above the median of ordinary fares (`doubled`)
    gain: float | None = None
    gap: Gap | None = None
    together: tuple[
        tuple[str, int], ...
    ] = ()  # a vehicle's drivers, or a driver's vehicles, with the trips hit, the most first


@dataclass(frozen=True)
class Test:
    """One test on vehicles or drivers.  `why_not`: it was not made; `honest`: what it learned of the fleet."""

    kind: Kind
    noun: str
    units: int
    hits: int
    of: int
    listed: tuple[Listed, ...] = ()
    honest: Honest | None = None
    spread: float | None = None
    alpha: float | None = None
    why_not: str = ""
    on_vehicles: int = 0  # drivers who stand out, but only on listed vehicles on which others did it too
    x: Ints | None = None
    n: Ints | None = None
    adjusted: Floats | None = None


@dataclass(frozen=True)
class Screening:
    """A whole file."""

    path: str
    mapped: Mapped
    read: Reading
    alpha: float
    tests: tuple[Test, ...]
    tariff: Tariffed | None = None

    @property
    def made(self) -> tuple[Test, ...]:
        return tuple(test for test in self.tests if not test.why_not)

    @property
    def listed(self) -> int:
        return sum(len(test.listed) for test in self.tests)


class _Counts:
    """All that is counted of a file."""

    def __init__(self, mapped: Mapped, tariff: Tariffed | None) -> None:
        self.mapped, self.tariff = mapped, tariff
        kinds = [kind for kind in KINDS.values() if kind.per == "days" and kind.id != "doubled"]
        self.tallies = {(kind.id, noun): Tally() for kind in kinds for noun in mapped.units}
        self.residues, self.speeds, self.doubled = Residues(), Speeds(), Doubled(mapped.units)
        self.with_whom = {kind.id: Together() for kind in kinds}
        self.with_whom["doubled"] = self.doubled.together
        self.instrument = mapped.units[0]  # the vehicle, where there is one: what a meter does belongs to it

    def add(self, some: Trips) -> None:
        mapped, size = self.mapped, some.start_s.size
        none, day = np.zeros(size, dtype=np.int64), some.start_s // DAY_S
        step = round(mapped.distance_step * MICRO)
        inside, moved = some.inside == IN, some.distance > 0
        doubled, ordinary = some.rate == DOUBLED, some.rate == ORDINARY
        events: dict[str, tuple[Bools, Bools, Ints]] = {
            "fast": (moved, self._fast(some), none),
            "off-lattice": (moved, some.distance % step != 0, none),
            "waiting": (some.waiting_s >= 0, some.waiting_s >= some.duration_s + mapped.time_step_s + mapped.waiting_s, none),
        }  # fmt: skip
        if self.tariff is not None:
            own, fare = bounds(self.tariff, some, mapped), metered(some, mapped)
            above = fare > own.ceiling
            events["above"] = (ordinary, above, fare - own.ceiling)
            events["below"] = (ordinary, fare < own.floor, none)
        for kind, (exposed, shown, _) in events.items():
            hit = exposed & shown
            self.with_whom[kind].add({noun: codes[hit] for noun, codes in some.unit.items()})
        for (kind, noun), tally in self.tallies.items():
            if kind in events:
                exposed, shown, excess = events[kind]
                unit, hit = some.unit[noun], shown & exposed
                tally.exposed(unit[exposed], day[exposed])
                tally.hit(unit[hit], day[hit], excess[hit])
        self.doubled.add(some, inside & ordinary, inside & doubled, metered(some, mapped), mapped)
        meter = some.unit[self.instrument]
        whole = moved & (some.distance % step == 0)
        self.residues.add(meter[whole], some.distance[whole] // step)
        self.speeds.add(meter, some.start_s, some.duration_s, some.distance)

    def counted(self, kind: Kind, noun: str, units: int) -> Counted:
        return self.doubled.counted(noun, units) if kind.id == "doubled" else self.tallies[kind.id, noun].counted(units)

    def _fast(self, some: Trips) -> Bools:
        """Distance and duration as short and as long as their rounding allows."""
        metres = (some.distance / MICRO - float(self.mapped.distance_step)) * float(self.mapped.metres)
        seconds = some.duration_s + 2 * self.mapped.time_step_s
        result: Bools = metres / seconds * 3.6 > float(self.mapped.max_speed_kmh)
        return result


def screen(path: Path, mapped: Mapped, tariff: Tariffed | None = None, alpha: float = ALPHA) -> Screening:
    """Read the file once and make every test its columns allow.  Raises FleetError for a file that is useless as a whole."""
    read, counts = reading(mapped), _Counts(mapped, tariff)
    for some in trips(path, mapped, read):
        counts.add(some)
    counts.doubled.close()
    planned = [
        (kind, noun, _why_not(kind, noun, mapped, tariff is not None))
        for kind in KINDS.values()
        for noun in mapped.units
    ]
    counted = [(kind, noun, why or _too_few(kind, noun, counts, read)) for kind, noun, why in planned]
    share = alpha / max(sum(not why for _, _, why in counted), 1)
    tests = tuple(
        _not_made(kind, noun, why, counts, read) if why else _made(kind, noun, counts, read, share)
        for kind, noun, why in counted
    )
    tests = tuple(_rather_vehicle(test, tests) for test in tests)
    return Screening(str(path), mapped, read, alpha, tests, tariff)


def _why_not(kind: Kind, noun: str, mapped: Mapped, tariff: bool) -> str:
    if kind.id == "doubled" and not (mapped.doubled and mapped.located):
        return kind.needs
    if kind.id in ("above", "below") and not tariff:
        return kind.needs
    if kind.id == "waiting" and "waiting" not in mapped.columns:
        return kind.needs
    return OF_INSTRUMENTS if kind.of_meter and noun != mapped.units[0] else ""


def _too_few(kind: Kind, noun: str, counts: _Counts, read: Reading) -> str:
    units = len(read.rosters[noun].ids)
    if kind.per == "days":
        units = int((counts.counted(kind, noun, units).days > 0).sum())
    elif kind.id in ("tens", "gaps"):
        units = int((counts.residues.heaped(units)[1] > 0).sum())
    elif kind.id == "scale" and counts.speeds.scales(units) is None:
        units = 0
    return TOO_FEW if units < FEWEST_UNITS else ""


def _not_made(kind: Kind, noun: str, why: str, counts: _Counts, read: Reading) -> Test:
    """The counts are told all the same."""
    units = len(read.rosters[noun].ids)
    if kind.per == "days" and why is TOO_FEW:
        own = counts.counted(kind, noun, units)
        return Test(kind, noun, units, int(own.hit_days.sum()), int(own.days.sum()), why_not=why)
    return Test(kind, noun, units, 0, 0, why_not=why)


def _made(kind: Kind, noun: str, counts: _Counts, read: Reading, alpha: float) -> Test:
    ids = read.rosters[noun].ids
    if kind.id == "scale":
        scales = counts.speeds.scales(len(ids))
        assert scales is not None
        return _scale(kind, noun, ids, scales, alpha)
    if kind.id == "gaps":
        return _gaps(kind, noun, ids, counts.residues, alpha)
    if kind.id == "tens":
        heaped, of = counts.residues.heaped(len(ids))
        own = Counted(of, of, heaped, heaped, np.zeros(len(ids), dtype=np.int64))
    else:
        own = counts.counted(kind, noun, len(ids))
    test = _rate(kind, noun, ids, own, alpha)
    return test if kind.per == "trips" else replace(test, listed=_with_whom(test, noun, counts, read))


def _with_whom(test: Test, noun: str, counts: _Counts, read: Reading) -> tuple[Listed, ...]:
    """The listed units with whom they were seen."""
    other = next((one for one in read.rosters if one != noun), None)
    if other is None:
        return test.listed
    code = {id: at for at, id in enumerate(read.rosters[noun].ids)}
    names, seen = read.rosters[other].ids, counts.with_whom[test.kind.id]
    return tuple(
        replace(one, together=tuple((names[at], trips_) for at, trips_ in seen.of(noun, code[one.unit])))
        for one in test.listed
    )


def _rather_vehicle(test: Test, tests: Sequence[Test]) -> Test:
    """Drivers who did it only on listed vehicles, on which other drivers did it too, are not listed: the vehicle is."""
    if test.noun != "driver" or not test.listed:
        return test
    vehicles = [one for other in tests if other.kind is test.kind and other.noun == "vehicle" for one in other.listed]
    shared = {one.unit: dict(one.together) for one in vehicles}

    def of_vehicle(one: Listed) -> bool:
        return bool(one.together) and all(
            sum(trips_ for driver, trips_ in shared.get(vehicle, {}).items() if driver != one.unit) >= OTHERS_TOO
            for vehicle, _ in one.together
        )

    kept = tuple(one for one in test.listed if not of_vehicle(one))
    return replace(test, listed=kept, on_vehicles=len(test.listed) - len(kept))


def _rate(kind: Kind, noun: str, ids: Sequence[str], own: Counted, alpha: float) -> Test:
    there = np.flatnonzero(own.days > 0)
    x, n = own.hit_days[there], own.days[there]
    honest = fit(x, n, alpha, kind.differ)
    p = p_values(honest, x, n)
    adjusted = holm(p)
    listed = []
    for at in _order(adjusted, p, alpha - honest.beta):
        unit, (low, high) = int(there[at]), interval(int(x[at]), int(n[at]))
        listed.append(
            Listed(
                ids[unit], int(x[at]), int(n[at]), int(own.hit_trips[unit]), int(own.trips[unit]), low, high,
                float(p[at]), float(adjusted[at]), int(own.excess[unit]),
            )
        )  # fmt: skip
    return Test(
        kind,
        noun,
        there.size,
        int(x.sum()),
        int(n.sum()),
        tuple(listed),
        honest,
        alpha=alpha,
        x=x,
        n=n,
        adjusted=adjusted,
    )


def _gaps(kind: Kind, noun: str, ids: Sequence[str], residues: Residues, alpha: float) -> Test:
    p, gaps = residues.gaps(len(ids))
    adjusted = holm(p)
    listed = []
    for at in _order(adjusted, p, alpha):
        gap = gaps[at]
        if gap is not None:
            low, high = interval(0, gap.trips)
            listed.append(
                Listed(ids[at], 0, gap.trips, 0, gap.trips, low, high, float(p[at]), float(adjusted[at]), gap=gap)
            )
    return Test(kind, noun, len(ids), len(listed), len(ids), tuple(listed), alpha=alpha)


def _scale(kind: Kind, noun: str, ids: Sequence[str], scales: Scales, alpha: float) -> Test:
    adjusted = holm(scales.p)
    listed = []
    for at in _order(adjusted, scales.p, alpha):
        trips_, (low, high) = int(scales.trips[at]), scales.interval(int(at))
        gain = float(np.expm1(scales.log_factor[at]))
        listed.append(
            Listed(
                ids[int(scales.unit[at])],
                trips_,
                trips_,
                trips_,
                trips_,
                low,
                high,
                float(scales.p[at]),
                float(adjusted[at]),
                gain=gain,
            )
        )
    return Test(
        kind, noun, scales.unit.size, len(listed), scales.unit.size, tuple(listed), spread=scales.spread, alpha=alpha
    )


def _order(adjusted: Floats, p: Floats, alpha: float) -> list[int]:
    """Units at or below alpha, the rarest first."""
    found = np.flatnonzero(adjusted <= alpha)
    return [int(at) for at in found[np.lexsort((found, p[found]))]]
