"""What came on the lines of a scale and does not count, by loading: how often, why, and which readings it silences.

A line that repeats one reading over a change of load says nothing of the loads it is repeated for, unless somebody saw the
same on the display: then the scale itself shows it, and that is to be judged.  A line that broadcasts and is silent although
nobody cut power is told as well: the scale was off, or the cable was out.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from captures.model import Flag, Mark, Register, SampledTrace, frozen_int64
from harness.derive.indications import Line
from harness.derive.spans import NEVER_NS
from harness.derive.stuck import WHY, Change, stuck
from harness.judge.intervals import Interval

OUT = "overload or underload told of a load within the weighing range"
SILENT = "nothing came on the line"
OTHER = "other reasons"
MOST_REASONS = 20  # by loading; a hostile line has a reason a frame
REST_NS = 300_000_000  # what a judge may take for a reading at rest (harness/judge/loads.py) is surely not left in
SILENCE_NS = 2_000_000_000  # the slowest broadcasts say something every second [U]
AGREES_E = 1  # two roundings of one weight, or what an anti-flicker hysteresis holds back, differ by no more


@dataclass(frozen=True)
class Loaded:
    """One load: touched at `begin_ns`, at rest at `rest_ns` (None: it never was), followed to `until_ns`; its mass as said by
    the people; what they read on the display while it lay there, kg."""

    begin_ns: int
    rest_ns: int | None
    until_ns: int
    span: int
    mass_kg: Decimal | None
    displayed_kg: Sequence[Decimal]


class LineFaults:
    """`counts(k)`: of loading k, `own(station, k)`: its readings without what does not count.  `most`: the largest weighing interval;
    `cuts`: spans in which power was away because the plan said so, or nobody listened."""

    def __init__(
        self, lines: Mapping[str, Line], loads: Sequence[Loaded], most: Interval, cuts: Sequence[tuple[int, int]]
    ) -> None:
        self._lines, self._loads, e_kg = lines, loads, most.e_kg
        self._begins = [load.begin_ns for load in loads]
        self._dead = {name: _dead(line.trace, loads, e_kg) for name, line in lines.items()}
        self._counts: list[dict[str, Counter[str]]] = [{} for _ in loads]
        self._restarted: set[int] = set()
        self._ends: dict[int, int] = {}
        for name, line in lines.items():
            spans = [(loads[k].begin_ns, end_ns, WHY) for k, end_ns in self._dead[name].items()]
            spans += [(one.begin_ns, one.end_ns, one.why) for one in line.faults]
            within = [one for one in loads if one.mass_kg is not None and 0 <= one.mass_kg <= most.max_kg]
            spans += [(a, b, OUT) for one in within for a, b in _out_of_range(line.trace, one)]
            silent = silences(line, cuts) if loads else []
            spans += [(a, b, SILENT) for a, b in silent]
            self._count(name, spans)
            for a_ns, b_ns in silent:
                self._restart(line.trace, a_ns, b_ns, e_kg)

    def _restart(self, trace: SampledTrace, a_ns: int, b_ns: int, e_kg: Decimal) -> None:
        """A loading that lay at rest ends where the line fell silent, and the next one begins on a scale that may have started
        anew, unless it says of the same load what it said before."""
        first, last = self._at(a_ns), self._at(b_ns)
        load = self._loads[first]
        at_rest = first == last and load.rest_ns is not None and load.rest_ns <= a_ns
        own = trace.steps[slice(*np.searchsorted(trace.times_ns, (b_ns, load.until_ns)).tolist())]
        before = trace.steps[max(0, int(np.searchsorted(trace.times_ns, a_ns, "right")) - 1)]
        if at_rest and own.size and abs(int(own[-1]) - int(before)) * trace.step <= e_kg:
            return
        if load.rest_ns is not None and load.rest_ns <= a_ns < load.until_ns:
            self._ends[first] = min(a_ns + 1, self._ends.get(first, a_ns + 1))
            self._restarted.add(first + 1)
        else:
            self._restarted.add(first)
        self._restarted |= set(range(first + 1, last + 1))

    def _at(self, t_ns: int) -> int:
        return max(0, bisect_right(self._begins, t_ns) - 1)

    def restarted(self, k: int) -> bool:
        """Since the load before was at rest the line fell silent and came back with another weight, or with another load: the
        scale may have been off and has taken what lay on it for its zero."""
        return k in self._restarted

    def fell_silent_ns(self, k: int) -> int:
        """When its line fell silent so that what was said and shown of loading k afterwards may be of another zero."""
        return self._ends.get(k, NEVER_NS)

    def taken_away_ns(self, k: int) -> int:
        """When every line had come back from half of the load for good while nobody had put on another; NEVER_NS where it had
        not, or never was there."""
        load, found = self._loads[k], 0
        if not load.mass_kg or load.rest_ns is None:
            return NEVER_NS
        for name in self._lines:
            trace = self.own(name, k)
            lies = trace.times_ns[trace.steps * float(trace.step) > float(load.mass_kg) / 2]
            if not lies.size or lies[-1] <= load.rest_ns:
                return NEVER_NS
            found = max(found, int(lies[-1]) + 1)
        return found or NEVER_NS

    def _count(self, station: str, spans: Sequence[tuple[int, int, str]]) -> None:
        """Each counts where it began; where it goes on it is named, with 0."""
        for begin_ns, end_ns, why in spans if self._begins else ():
            first, last = self._at(begin_ns), self._at(end_ns)
            for k in range(first, last + 1):
                own = self._counts[k].setdefault(station, Counter())
                known = why if why in own or len(own) < MOST_REASONS else OTHER
                own[known] += k == first

    def counts(self, k: int) -> dict[str, dict[str, int]]:
        """Stretches that do not count and began between this load's being touched and the next one's, by station and reason;
        those before the first load with it."""
        return {station: dict(sorted(own.items())) for station, own in self._counts[k].items()}

    def own(self, station: str, k: int) -> SampledTrace:
        load = self._loads[k]
        trace = self._lines[station].trace.between(load.begin_ns, min(load.until_ns, self.fell_silent_ns(k)))
        end_ns = self._dead[station].get(k)
        if end_ns is None:
            return trace
        kept = trace.times_ns > end_ns
        return replace(
            trace, times_ns=frozen_int64(trace.times_ns[kept]), steps=frozen_int64(trace.steps[kept]), flags=trace.flags[kept],
            garbage=tuple(sorted([*trace.garbage, (load.begin_ns, end_ns)])),
        )  # fmt: skip

    def told(self, k: int) -> dict[str, Register]:
        """Prices and unit prices that the lines told while the load was put on and lay there, by "weight.price" and so on."""
        load, found = self._loads[k], {}
        for name, line in self._lines.items():
            begin_ns = max(load.begin_ns, self._dead[name].get(k, -1) + 1)
            for own in line.registers.values():
                first, last = (
                    int(i)
                    for i in np.searchsorted(own.times_ns, (begin_ns, min(load.until_ns, self.fell_silent_ns(k))))
                )
                if last > first:
                    found[own.station] = replace(
                        own, times_ns=frozen_int64(own.times_ns[first:last]), u_ns=frozen_int64(own.u_ns[first:last]),
                        values=own.values[first:last],
                    )  # fmt: skip
        return found


def _dead(trace: SampledTrace, loads: Sequence[Loaded], e_kg: Decimal) -> dict[int, int]:
    """Loadings for which the line repeated what it said before them -> when it last did."""
    found: dict[int, int] = {}
    for span in sorted({load.span for load in loads}):
        own = [k for k, load in enumerate(loads) if load.span == span and load.rest_ns is not None]
        changes = [
            Change(loads[k].begin_ns, loads[k].rest_ns or 0, mass)
            for k in own
            if (mass := loads[k].mass_kg) is not None
        ]
        known = {loads[k].rest_ns: k for k in own}
        spans = stuck(trace, changes, 2 * e_kg, REST_NS) if len(changes) > 1 else []
        seen: dict[int, list[bool]] = {}  # whether the display said the same, by what the line has repeated
        for one in spans:
            said = int(trace.steps[np.searchsorted(trace.times_ns, one.since_ns)]) * trace.step
            displayed = loads[known[one.begin_ns]].displayed_kg
            seen.setdefault(one.since_ns, []).extend(abs(kg - said) <= AGREES_E * e_kg for kg in displayed)
        for one in spans:
            if not seen[one.since_ns] or not all(seen[one.since_ns]):
                found[known[one.begin_ns]] = one.end_ns
    return found


def _out_of_range(trace: SampledTrace, load: Loaded) -> list[tuple[int, int]]:
    """Stretches at rest in which the line has no weight for this load."""
    if load.rest_ns is None:
        return []
    own = trace.between(load.rest_ns, load.until_ns)
    out = np.diff(own.having(Flag.OVERLOAD | Flag.UNDERLOAD).astype(np.int8), prepend=0, append=0)
    begins, ends = np.flatnonzero(out == 1), np.flatnonzero(out == -1) - 1
    return list(zip(own.times_ns[begins].tolist(), own.times_ns[ends].tolist(), strict=True))


def silences(line: Line, cuts: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Stretches of a line that broadcasts in which nothing came, neither readings nor anything else, outside `cuts`."""
    if not line.broadcasts or not line.trace.times_ns.size:
        return []
    edges = [t_ns for fault in line.faults for t_ns in (fault.begin_ns, fault.end_ns)]
    came = np.sort(np.concatenate([line.trace.times_ns, np.array(edges, np.int64)]))
    within = [(fault.begin_ns, fault.end_ns) for fault in line.faults] + list(cuts)
    return [
        (a, b)
        for k in np.flatnonzero(np.diff(came) >= SILENCE_NS).tolist()
        for a, b in [(int(came[k]), int(came[k + 1]))]
        if not any(begin < b and end > a for begin, end in within)
    ]


def power_cuts(marks: Sequence[Mark], after_ns: int) -> list[tuple[int, int]]:
    """Spans from each power-off that the plan asked for to `after_ns` behind the power-on: a scale tests itself first."""
    found, off_ns = [], None
    for mark in marks:
        if mark.kind == "power-off":
            off_ns = mark.t_ns
        elif mark.kind == "power-on" and off_ns is not None:
            found.append((off_ns, mark.t_ns + after_ns))
            off_ns = None
    return found if off_ns is None else [*found, (off_ns, 2**62)]
