"""Parts of a taximeter's run -> segments: one a trip, from hired to vacant, or a watch at standstill.

What people read becomes registers, exactly as shown; pulses of the taps, what the meter's link says, the car's own speed and a
receiver's fixes belong to the trip in which they came.  Distance is known where the trip was driven along a surveyed stretch
or a source counted it; else a receiver tells it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np

from captures.model import Direction, Mark, Origin, Register, SampledTrace, WireChunk, frozen_int64
from harness.derive import gnss
from harness.derive.gnss_fixes import Track, fixes
from harness.derive.instruments import CLOCK
from harness.derive.lateness import late_ns
from harness.derive.meter_link import meter_link
from harness.derive.obd import car_speed
from harness.derive.parts import Part, Told, number
from harness.derive.recorded import Recorded
from harness.derive.spans import NEVER_NS
from harness.derive.streams import Streams
from harness.judge.contract import Segment, SegmentKind

RECEIVER, OBD, SOURCE = "gnss-nmea", "obd-elm327", "scpi-source"
ROLLERS = ("modbus-roller", "modbus-roller-motor")
AFTER_NS = 15_000_000_000  # a record follows the end of its trip within so long
READ_FIELDS = (  # what was read, field -> register, key of the profile that holds its last digit, where it declares none
    ("meter", "fare", "fare", "fare_step", "0.1"),
    ("meter", "distance_km", "distance", "distance_resolution_km", "0.1"),
    ("meter", "waiting_s", "waiting", "", "1"),
    ("receipt", "fare", "receipt_fare", "fare_step", "0.1"),
    ("receipt", "distance_km", "receipt_km", "distance_resolution_km", "0.1"),
    ("receipt", "waiting_s", "receipt_waiting", "", "1"),
)
SURVEY_U_REL = 0.001  # of a surveyed stretch, begin and end by eye, where none is declared [D]
CLOCK_READ = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})\s+(\d{1,2}):(\d{2}):(\d{2})\Z")
SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS
METER_TIME = "%Y%m%d%H%M%S"  # of a hire that the meter tells
HALF_DAY_S = 43_200
CLOCK_U_S = 1.0  # two clocks read one after the other


class Trips:
    """`segment(part)` of each part that is a trip or a watch; the same face as the deliveries' own deriver."""

    def __init__(self, recorded: Recorded, tale: Told, streams: Streams) -> None:
        self._recorded, self._profile, self._tale = recorded, recorded.bench.profile, tale
        self._spans = {span.n: span for span in recorded.spans}
        self._last_ns = max([streams.last_ns(), *(part.end_ns or part.begin_ns for part in tale.parts)], default=0)
        windows = [(part.begin_ns, self._end_ns(part)) for part in tale.parts]
        self._runs = streams.runs(windows)
        self._link, self._track, self._speed = meter_link(recorded), _track(recorded), _car_speed(recorded)

    def made_from(self, part: Part) -> str:
        runs = [
            (run.clock, run.complete) for run in self._runs if part.begin_ns <= run.window_ns[0] < self._end_ns(part)
        ]
        marks = [mark for mark in self._tale.marks if part.begin_ns < mark.t_ns <= self._end_ns(part)]
        return repr((part, part.visit.resealed, self._spans[part.span], runs, marks))

    def segment(self, part: Part) -> Segment:
        end_ns = self._end_ns(part)
        inside = [run for run in self._runs if part.begin_ns <= run.window_ns[0] < end_ns]
        marks = tuple(mark for mark in self._tale.marks if part.begin_ns < mark.t_ns <= end_ns)
        reference, by = self._reference(part, part.begin_ns, end_ns)
        stands = str(part.step["type"]) == "Stand"
        return Segment(
            id=part.label,
            kind=SegmentKind.SOAK if stands else SegmentKind.TRIP,
            phase=part.phase,
            state=part.state,
            window_ns=(part.begin_ns, end_ns),
            context=self._context(part, marks, by, stands=stands),
            trains={n: train for run in inside for n, train in run.trains.items() if train.station != CLOCK},
            registers=self._registers(part, end_ns),
            clocks={run.clock.clock: run.clock for run in inside},
            marks=marks,
            complete=part.end_ns is not None and all(run.complete for run in inside),
            span=part.span,
            traces=self._traces(part, end_ns),
            reference_m=reference,
        )

    def _end_ns(self, part: Part) -> int:
        if part.end_ns is not None:
            return part.end_ns
        return max(part.begin_ns, min(part.next_ns or NEVER_NS, self._last_ns, self._spans[part.span].end_ns))

    def _reference(self, part: Part, begin_ns: int, end_ns: int) -> tuple[tuple[float, float] | None, str]:
        """Metres that were driven in a part of the trip, or all of it, with their standard uncertainty, and who knows them."""
        legs = [leg for leg in part.legs if begin_ns < leg[2] <= end_ns]
        driven = [float(metres) for *_, one in legs if (metres := number(one.get("distance_m"))) is not None]
        if legs and len(driven) == len(legs) and self._counted(part):
            by = "surveyed" if all(step.get("surveyed") for step, *_ in legs) else "source"
            u_rel = float(self._recorded.bench.reference.get("u_rel", SURVEY_U_REL))
            return (math.fsum(driven), math.fsum(driven) * u_rel), by
        if self._track is None or not len(self._track):
            return None, ""
        found = gnss.distance(self._track, begin_ns, end_ns)
        known = found.reference_m or found.bounded_m
        return known, "gnss" if known is not None else ""

    def _legs(self, part: Part) -> tuple[tuple[int, int, float, float], ...]:
        """From each reading of the meter to the next: both instants, and metres that were driven between with their standard
        uncertainty; a leg is left out where nobody knows them."""
        read = [
            taken[0]
            for what, taken in part.shown
            if what == "meter" and number(taken[2].get("distance_km")) is not None
        ]
        found = []
        for begin_ns, end_ns in pairwise(read):
            known, _ = self._reference(part, begin_ns, end_ns)
            if known is not None:
                found.append((begin_ns, end_ns, *known))
        return tuple(found)

    def _fed(self) -> bool:
        """A generator gives the pulses, and no wheel."""
        bench = self._recorded.bench
        driving = bench.instruments.get(bench.roles.get("drive", ""))
        return driving is not None and driving.driver == SOURCE

    def _on_rollers(self) -> bool:
        """Wheels turn under a vehicle that stands: neither satellites nor wheels of the other axle tell that it moves."""
        bench = self._recorded.bench
        names = (bench.roles.get("drive", ""), bench.stations.get("reference", ""))
        return any(name in bench.instruments and bench.instruments[name].driver in ROLLERS for name in names)

    def _pressed(self, part: Part) -> tuple[str, ...]:
        """What was pressed before the trip and may still act: nothing cut the power since."""
        since = min(other.begin_ns for other in self._tale.parts if other.state == part.state)
        return tuple(
            mark.kind
            for mark in self._tale.marks
            if since <= mark.t_ns <= part.begin_ns and mark.kind.startswith("press-")
        )

    def _counted(self, part: Part) -> bool:
        """Every leg ran along a surveyed stretch, or on an instrument that counts: nobody estimated it."""
        return "drive" in self._recorded.bench.roles or all(step.get("surveyed") for step, *_ in part.legs)

    def _context(self, part: Part, marks: Sequence[Mark], by: str, *, stands: bool) -> dict[str, Any]:
        """What was recorded about the trip.  A key is absent where nobody observed it."""
        step, stated = part.step, part.visit.stated
        until = self._end_ns(part) + AFTER_NS
        until = min(until, part.next_ns or until)
        told = self._told(part.begin_ns, until)
        hired = [t for t, _ in told.get("meter_times", ()) if t < self._end_ns(part)]
        tariffs = [str(taken[2]["tariff"]) for what, taken in part.shown if what == "meter" and taken[2].get("tariff")]
        offset = _offset_s(str(stated.get("meter_clock", "")))
        found: dict[str, Any] = {
            **part.purpose,
            "hired": bool(step.get("hired", True)),
            "covert": bool(step.get("covert", False)),
            "events": tuple(mark.kind for mark in marks if mark.kind.startswith(("press-", "control-"))),
            "photographed": False,
            "seals_unchanged": part.visit.seals_unchanged,
            **({"resealed": part.visit.resealed} if part.visit.resealed else {}),
            "stated_k": stated.get("K", ""),
            "stated_software": stated.get("software", ""),
            "stated_software_after": stated.get("software_after", ""),
        }
        speeds = [float(step["speed_km_h"]) for step, *_ in part.legs]
        optional = {
            "reference": by, "handbrake": True if stands else None,
            "hired_ns": hired[0] if hired else None, "tariff": tariffs[-1] if tariffs else None, "clock_offset_s": offset,
            "civil_ns": self._civil_ns(told, offset),
            "pressed": self._pressed(part), "fed": self._fed() or None, "on_rollers": self._on_rollers() or None, "legs_m": self._legs(part), "top_kmh": max(speeds, default=None), "certificate_k": number(stated.get("certificate")),
        }  # fmt: skip
        return found | told | {key: value for key, value in optional.items() if value not in (None, "", [], ())}

    def _told(self, begin_ns: int, until_ns: int) -> dict[str, Any]:
        """What was said on the meter's link in this trip.  Of records those that are new, and the newest one before them: what nobody
        takes is sent again for ever, and makes no gap beside a new one."""
        if self._link is None:
            return {}
        found = self._link.during(begin_ns, until_ns).context()
        before = self._link.during(0, begin_ns).context().get("records", [])
        new = [record for record in found.pop("records", []) if record not in before]
        last = sorted(before, key=lambda record: int(record["number"]))[-1:]
        return found | ({"records": last + new} if new else {})

    def _civil_ns(self, told: Mapping[str, Any], offset: tuple[float, float] | None) -> int | None:
        """What is added to the run's clock to get local civil time, by the receiver's own; where there is none by the clock of the
        meter, as it told the hire, less its offset where somebody compared it.  None where nobody told either."""
        offset_min = number(self._profile.get("clock_utc_offset_min"))
        if self._track is not None and len(self._track) and offset_min is not None:
            return int(np.median(self._track.utc_ns - self._track.at_ns)) + int(offset_min * MINUTE_NS)
        for at_ns, shown in told.get("meter_times", ()):
            try:
                civil = datetime.strptime(shown, METER_TIME).replace(tzinfo=UTC)
            except ValueError:
                continue  # digits that are no time
            ahead_ns = 0 if offset is None else int(offset[0] * SECOND_NS)
            return int(civil.timestamp()) * SECOND_NS - int(at_ns) - ahead_ns
        return None

    def _registers(self, part: Part, end_ns: int) -> dict[str, Register]:
        result = {}
        for what, field, name, key, usual in READ_FIELDS:
            taken = [one for read, one in part.shown if read == what and number(one[2].get(field)) is not None]
            if taken:
                step = Decimal(str(self._profile.get(key, usual)))
                result[name] = self._register(
                    name, [(t, Decimal(str(one[field]))) for t, _, one in taken], step, Origin("operator", taken[0][1])
                )
        if self._link is not None:
            until = min(end_ns + AFTER_NS, part.next_ns or end_ns + AFTER_NS)
            result |= self._link.during(part.begin_ns, until).registers(str(self._profile.get("currency", "CNY")))
        return result

    def _register(self, name: str, read: Sequence[tuple[int, Decimal]], step: Decimal, origin: Origin) -> Register:
        unit = "km" if name == "distance" or name.endswith("_km") else "s" if "waiting" in name else str(self._profile.get("currency", "CNY"))  # fmt: skip
        times = frozen_int64([t for t, _ in read])
        return Register(
            name, times, frozen_int64([0] * len(read)), tuple(value for _, value in read), step, unit, origin
        )

    def _traces(self, part: Part, end_ns: int) -> dict[str, SampledTrace]:
        found = {}
        if self._speed is not None and (cut := _during(self._speed, part.begin_ns, end_ns)) is not None:
            found["speed"] = cut
        if self._track is not None and len(self._track):
            whole = gnss.travelled(self._track)
            if (cut := _during(whole, part.begin_ns, end_ns)) is not None:
                found["reference"] = cut
        return found


def _bound(recorded: Recorded, driver: str) -> tuple[str, list[list[WireChunk]]] | None:
    """The line of the instrument with this driver, and what came on it by start of the program; None where the bench has none."""
    entry = next((one for one in recorded.bench.instruments.values() if one.driver == driver), None)
    if entry is None:
        return None
    link = entry.links["line"]
    return link, [list(recorded.during(span).chunks.get(link, ())) for span in recorded.spans]


def _track(recorded: Recorded) -> Track | None:
    found = _bound(recorded, RECEIVER)
    if found is None:
        return None
    spans = [[chunk for chunk in chunks if chunk.direction is Direction.RX] for chunks in found[1]]
    return fixes(spans, late_ns=late_ns(recorded, found[0]))


def _car_speed(recorded: Recorded) -> SampledTrace | None:
    found = _bound(recorded, OBD)
    if found is None:
        return None
    link, spans = found
    return car_speed(spans, late_ns=late_ns(recorded, link), place=recorded.places.get(link, "")).trace


def _during(trace: SampledTrace, begin_ns: int, end_ns: int) -> SampledTrace | None:
    """What of `trace` came in the window; None where nothing did."""
    first, last = np.searchsorted(trace.times_ns, (begin_ns, end_ns))
    if first >= last:
        return None
    garbage = tuple((a, b) for a, b in trace.garbage if a < end_ns and b > begin_ns)
    return replace(
        trace, times_ns=frozen_int64(trace.times_ns[first:last]), steps=frozen_int64(trace.steps[first:last]), flags=trace.flags[first:last], garbage=garbage
    )  # fmt: skip


def _offset_s(text: str) -> tuple[float, float] | None:
    """Meter's clock less the other one, in seconds within half a day, with its standard uncertainty; None where not read so."""
    found = CLOCK_READ.match(text.strip())
    if found is None:
        return None
    h, m, s, oh, om, os = map(int, found.groups())
    if max(h, oh) > 23 or max(m, om, s, os) > 59:
        return None
    apart = (h - oh) * 3600 + (m - om) * 60 + s - os
    return float((apart + HALF_DAY_S) % (2 * HALF_DAY_S) - HALF_DAY_S), CLOCK_U_S
