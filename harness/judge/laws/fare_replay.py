"""Fare replay: does the displayed fare follow from the declared tariff, the distance and the time of the trip?

The fare engine (protocols/tariff) replays the pulses at the meter's input over the sealed K, else those of the sensor, else the reference within the
limits of the distance, into the course of the fare.  What the sources of a tariff leave open (steps, rounding, what waits within the start price) are readings that
an honest meter may follow.  Null: one reading of the tariff, under one set of surcharges that may be declared,
makes every fare that was read, seen up to `late_s` before it was typed.  A set test: no noise is assumed.  With more readings than
can be tried nothing is claimed.  Both directions; who loses is not asked.  Source: taximeters.md 2.4, 6 (D10); field_rules.md section 4 (fare).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import chain, combinations

import numpy as np

from captures.model import Register
from harness.judge.account import Kind
from harness.judge.chain import stations, upstream_of
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, SegmentKind, Shape, View
from harness.judge.distances import pulses
from harness.judge.evalue import bet
from harness.judge.sensor_class import per_m_at
from harness.judge.trains import channels, gaps_in_window, to_ns
from protocols.tariff import engine
from protocols.tariff.civil import boundaries
from protocols.tariff.readings import CLOCK_NS, relevant
from protocols.tariff.rule import Rule, TariffError, Window
from protocols.tariff.tariff import Tariff
from protocols.tariff.trip import Meter, Trip

NAME = "fare-replay"
TARIFF = "tariff_rule"  # key of the profile under which the declared tariff is handed in (catalogue.with_rules)
S = 1_000_000_000
OF_REFERENCE = (
    Fraction(93, 100),
    Fraction(1),
    Fraction(106, 100),
)  # of a distance by the reference: limits, wear and its own error
Spans = Sequence[tuple[Decimal, Decimal]]  # the least and the most that may have been shown, at each reading
Way = tuple[int, Decimal]  # mean over so many ns, hysteresis in km/h
SLOW: tuple[Way, ...] = tuple(
    (update, hysteresis) for update in (0, S // 4, S // 2, S, 2 * S) for hysteresis in (Decimal(0), Decimal(1))
)  # how a meter may tell low speed: by each interval of its pulses or over so long, and fast again only so many km/h above
BY_REFERENCE_NS = 8 * S  # more by which a reading may be late where no pulse tells when the vehicle moved
ACCUMULATION = "time.accumulation"  # unknown of a tariff of mode S
HIRED = (SegmentKind.TRIP, SegmentKind.SOAK)  # at standstill the tariff makes a fare of time alone
NEAR = Decimal("0.2")  # of a fare: another way of telling low speed moves none by as much
SURE = 3  # fares that break a rule before it is no digit misread
KEPT = 8  # rules that explained a trip
NOTED_NS = 2 * S  # by which a hire may have been noted late
AHEAD_NS = S  # a reading is typed after it was seen, never before
MOST_RUNS = 32768  # of one case, on trips that no rule known by then explains: what is not explained is not judged
MOST_DECLARED = 3  # surcharges by declaration that are tried in all sets


@dataclass
class _Tried:
    """Rules that explained a trip, each with the way of telling low speed that did, the latest first, and how often the engine ran."""

    rules: list[tuple[Rule, Way]] = field(default_factory=list)
    runs: int = 0


@dataclass(frozen=True, eq=False)
class Replayable:
    """One trip for the engine, of a meter's own counts or of a distance, and the fares that were read."""

    trip: Trip
    ratios: tuple[Fraction, ...]
    register: Register
    civil_ns: tuple[int, ...]  # between host time and the meter's clock: as known, or at the least and the most too
    hires_ns: tuple[int, ...]  # when the hire began: as noted, or at the earliest and the latest
    made: dict[frozenset[str], list[Trip]] = field(default_factory=dict)

    def trips(self, declared: frozenset[str]) -> list[Trip]:
        """The trip as the engine takes it, by each instant of the hire and hour; the same objects every time: the engine knows them again."""
        if declared not in self.made:
            self.made[declared] = [
                replace(self.trip, hired_ns=hired, civil_ns=civil, declared=declared)
                for hired in self.hires_ns
                for civil in self.civil_ns
            ]
        return self.made[declared]


def _trip(segment: Segment, view: View) -> tuple[Trip, tuple[Fraction, ...]] | str:
    hired, vacated = (
        int(segment.context.get(name, at))
        for name, at in zip(("hired_ns", "vacated_ns"), segment.window_ns, strict=True)
    )
    for station in ("input", "sensor"):
        per_m, taps = per_m_at(view.profile, station), channels(segment, station)
        if not taps or per_m is None:
            continue
        train = next(iter(taps.values()))
        if gaps_in_window(segment, train):
            return f"gap in {train.name}"
        stamps = to_ns(segment, train, pulses(segment, train, view.profile))
        if stamps is None:
            return f"{train.name}: its clock is not tied to the host's"
        return Trip.of_pulses(stamps, Decimal(str(round(per_m * 1000, 6))), hired, vacated), (Fraction(1),)
    trace = segment.traces.get("reference")
    # who rocks a car at standstill moves its meter and no receiver
    if trace is None or trace.steps.size < 2 or segment.kind is SegmentKind.SOAK:
        return "neither pulses nor a reference over time"
    metres = np.maximum.accumulate(trace.steps - trace.steps[0]).astype(np.float64) * float(trace.step)
    return Trip.of_distance(trace.times_ns, metres, hired, vacated), OF_REFERENCE


def replayable(segment: Segment, tariff: Tariff, view: View) -> Replayable | str:
    register = segment.registers.get("fare")
    if register is None or not register.values:
        return "the fare was not read"
    found = _trip(segment, view)
    if isinstance(found, str):
        return found
    known = segment.context.get("civil_ns")
    if known is None and _windows(tariff):
        return "the hour of the day is not known, and the tariff changes with it"
    trip = found[0]
    first = min(max(int(register.times_ns[0]), trip.hired_ns), trip.vacated_ns - 1)
    # noted a little after it, or at the latest when a fare was read
    told = "hired_ns" in segment.context
    hires = (trip.hired_ns, max(trip.hired_ns - NOTED_NS, segment.window_ns[0])) if told else (trip.hired_ns, first)
    return Replayable(trip, found[1], register, _hours(segment, trip, tariff, int(known or 0)), hires)


def _hours(segment: Segment, trip: Trip, tariff: Tariff, civil_ns: int) -> tuple[int, ...]:
    """What the meter takes for the hour: true time and its offset where somebody compared the clocks.  Where nobody did, and the tariff
    changes with the hour during or near the trip, prices may change earlier or later: a wrong clock is `clock-offset`'s to find."""
    offset = segment.context.get("clock_offset_s")
    u_ns = CLOCK_NS
    if isinstance(offset, tuple):
        civil_ns, u_ns = civil_ns + int(float(offset[0]) * S), int(3 * float(offset[1]) * S)
    near = [trip.hired_ns + civil_ns - u_ns, trip.vacated_ns + civil_ns + u_ns]
    changes = bool(boundaries(_windows(tariff), *near))
    return (civil_ns, civil_ns - u_ns, civil_ns + u_ns) if changes else (civil_ns,)


@lru_cache(maxsize=8)
def _windows(tariff: Tariff) -> tuple[Window, ...]:
    """Every window that some reading of the tariff has, as one that runs with the hour."""
    return tuple(replace(window, at_hire=False) for rule in tariff.singly("window") for window in rule.windows)


def _declared(case: Replayable, rule: Rule) -> Iterator[frozenset[str]]:
    """Sets of what may have been declared for a trip and acts on the display: tiers taken away, conditions.  What is added at
    payment is not displayed."""
    far = case.trip.distance_m * max(case.ratios)
    own = {tier.unless for tier in rule.tiers if tier.unless and tier.above_m < far}
    own |= {window.condition for window in rule.windows if window.condition}
    few = sorted(own)[:MOST_DECLARED]
    return (frozenset(one) for one in chain.from_iterable(combinations(few, n) for n in range(len(few) + 1)))


def _span(
    case: Replayable, rule: Rule, declared: frozenset[str], late_ns: int, tried: _Tried, ways: Sequence[Way] = SLOW,
    ratios: Sequence[Fraction] = (),
) -> Spans:  # fmt: skip
    """What the display may have shown at each reading, under one rule and declaration, hired at the earliest or the latest, by any of
    the `ways` of telling low speed; over all ratios of the case where none are named."""
    trips = case.trips(declared)
    courses = [
        engine.fare(rule, trip, Meter(k_ratio=ratio, update_ns=update, hysteresis_kmh=hysteresis))
        for trip in trips
        for ratio in ratios or case.ratios
        for update, hysteresis in ways
    ]
    tried.runs += len(courses)
    late_ns += BY_REFERENCE_NS if len(case.ratios) > 1 else 0
    register = case.register
    reads = np.stack((register.times_ns - register.u_ns - late_ns, register.times_ns + register.u_ns + AHEAD_NS))
    shown = np.stack(
        [
            course.steps_shown(np.minimum(np.maximum(reads, course.times_ns[0]), case.trip.vacated_ns))
            for course in courses
        ]
    )
    step = rule.display.step
    least, most = shown.min(axis=(0, 1)).tolist(), shown.max(axis=(0, 1)).tolist()
    return [(step * low, step * high) for low, high in zip(least, most, strict=True)]


def _broken(case: Replayable, spans: Spans, share: Decimal = Decimal(0)) -> int:
    """How many of the fares that were read lie outside `spans`, widened by a share of them."""
    return sum(
        not (1 - share) * low <= value <= (1 + share) * high
        for value, (low, high) in zip(case.register.values, spans, strict=True)
    )


def _may_explain(case: Replayable, spans: Spans) -> bool:
    """Whether another way of telling low speed could make the fares, but for what may be digits misread."""
    value, (low, high) = case.register.values[-1], spans[-1]
    if (1 - NEAR) * low <= value <= (1 + NEAR) * high:
        return True
    return len(spans) >= SURE > _broken(case, spans, NEAR)


def _search(case: Replayable, tariff: Tariff, late_ns: int, tried: _Tried) -> tuple[int, list[Spans]]:
    """How many of the fares break the rule that they break least (0: it explains them), and what all rules that were tried allow at each
    reading.  TariffError where not all can be tried."""
    seen: list[Spans] = []
    least = len(case.register.values)
    known, before = list(tried.rules), tried.runs
    first_tried = {id(rule) for rule, _ in known}
    outer = tuple(dict.fromkeys((min(case.ratios), max(case.ratios))))
    for rule, way in chain(known, ((rule, SLOW[0]) for rule in _fresh(case, tariff))):
        for declared in _declared(case, rule):
            if tried.runs >= MOST_RUNS and id(rule) not in first_tried:
                raise TariffError(
                    f"{MOST_RUNS} replays explained nothing, and not all readings of the tariff were tried"
                )
            spans = _span(case, rule, declared, late_ns, tried, (way,), outer)
            if not _may_explain(case, spans):
                seen.append(spans)  # what lies between moves no fare by so much either
                least = min(least, max(1, _broken(case, spans, NEAR)))
                continue
            if outer != case.ratios:
                spans = _span(case, rule, declared, late_ns, tried, (way,))
            if _broken(case, spans):
                # no meter but one tells low speed in one way: the first that explains it is tried first on the next trip
                spans = _span(case, rule, declared, late_ns, tried)
                if not _broken(case, spans):
                    singly = (w for w in SLOW if not _broken(case, _span(case, rule, declared, late_ns, tried, (w,))))
                    way = next(singly, way)
            broken = _broken(case, spans)
            if not broken:
                if id(rule) in first_tried:
                    tried.runs = before  # a long day by one rule exhausts nothing
                tried.rules = [(rule, way), *(one for one in known if one[0] is not rule)][:KEPT]
                return 0, seen
            seen.append(spans)
            least = min(least, broken)
    return least, seen


def _fresh(case: Replayable, tariff: Tariff) -> Iterator[Rule]:
    """The readings of the tariff that can differ on this trip, asked for only where none of the earlier ones explains it."""
    own = case.trip
    ratios = (min(case.ratios), max(case.ratios))
    rule = tariff.first({}).rule
    conditions = frozenset(window.condition for window in rule.windows if window.condition)
    at_hour = replace(own, civil_ns=case.civil_ns[0], declared=conditions)  # under them all that can matter does
    # whether metres and seconds fill one unit decides what else can matter: asked for each
    joint = next((unknown for unknown in tariff.unknowns if unknown.key == ACCUMULATION), None)
    for chosen in [{}] if joint is None else [{joint.key: one} for one in joint.alternatives]:
        yield from (reading.rule for reading in relevant(tariff, at_hour, chosen, "displayed", ratios))


def _reading(segment: Segment, tariff: Tariff, view: View, tried: _Tried) -> Reading:
    link = Link(upstream_of("fare", stations(segment)), "fare")

    def mute(reason: str) -> Reading:
        return Reading(NAME, segment.id, link, 1.0, reason=reason)

    try:
        case = replayable(segment, tariff, view)
        if isinstance(case, str):
            return mute(case)
        broken, seen = _search(case, tariff, int(view.parameters["late_s"] * S), tried)
    except TariffError as error:
        return mute(f"the trip cannot be replayed: {error}")
    values = case.register.values
    low = [min(spans[i][0] for spans in seen) for i in range(len(values))] if seen else list(values)
    high = [max(spans[i][1] for spans in seen) for i in range(len(values))] if seen else list(values)
    beyond = [
        max(Decimal(0), value - most) - max(Decimal(0), least - value)
        for value, least, most in zip(values, low, high, strict=True)
    ]
    middle = (low[-1] + high[-1]) / 2
    effect = None if not broken or not middle else float((values[-1] - middle) / middle)
    half = float((high[-1] - low[-1]) / 2 / middle) if middle else 0.0
    q = view.parameters["q" if broken < SURE else "q_sure"]
    at = {
        "tariff": tariff.id,
        "value": str(values[-1]),
        "low": str(low[-1]),
        "high": str(high[-1]),
        "readings": len(values),
    }
    # an extra that is added by hand is there from some moment on and grows no further
    grown = {one for one in beyond if one}
    at_all: dict[str, object] = (
        {**at, "beyond_extras": len(grown) >= 3, "verified": tariff.verified} if broken else dict(at)
    )
    return Reading(
        NAME,
        segment.id,
        link,
        bet(broken > 0, q, view.validation),
        p=q if broken else 1.0,
        hits=broken,
        effect=effect,
        interval=None if effect is None else (effect - half, effect + half),
        shape=Shape.CONSTANT if broken else None,
        at=at_all,
    )


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    """One reading a trip, or a hired watch at standstill, whose fare was read; a rule that explained one is tried first on the next."""
    tariff = view.profile.get(TARIFF)
    trips = [
        one
        for one in segments
        if one.kind in HIRED and "fare" in one.registers and one.context.get("hired") is not False
    ]
    if not isinstance(tariff, Tariff):
        return [
            Reading(NAME, one.id, Link(upstream_of("fare", stations(one)), "fare"), 1.0, reason="no tariff is declared")
            for one in trips
        ]
    tried = _Tried()
    return [_reading(one, tariff, view, tried) for one in trips]


DETECTOR = DetectorSpec(
    name=NAME,
    version=3,
    kind="law",
    null="one reading of the declared tariff makes every fare that was read, of the distance and time of the trip",
    needs="the displayed fare, a declared tariff, and pulses at the input or a reference over time",
    parameters={"late_s": 7.0, "q": 0.005, "q_sure": 3e-4},
    judge=judge,
    mechanism="the fare is not what the declared tariff makes of distance and time",
    telling=26,
    shows=Kind.FARE,
    method="replay of the tariff",
)
