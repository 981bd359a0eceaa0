"""Formulas of taximeters: distance, time, fare (OIML R 21:2007, MI-007; JJG 517-2016 installed)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from harness.acceptance import reasons
from harness.acceptance.observed import LABEL, Act
from harness.acceptance.result import Asked, Formula, Result, names, summed
from harness.derive.parts import number
from harness.judge.conformity_taxi import METER_ALONE
from harness.judge.contract import Segment
from harness.judge.distances import Distance, distance
from harness.metrology.uncertainty import Quantity
from protocols.acceptance.edition import MPE

METER, METER_FLOOR = "mpe-meter", "mpe-meter-floor"  # of a meter alone, where the edition has others for one in a car
UNDER, FLOOR, TIME_FLOOR = "mpe-under", "mpe-floor", "time-floor"
SEEN_S = 1.0  # standard uncertainty of when a figure that was read aloud stood there [D]
REPLAY = "fare-replay"


def _labels(asked: Asked, kind: str) -> list[tuple[str, str]]:
    found = []
    for act in asked.done.acts:
        own = LABEL.fullmatch(act.label)
        if act.kind == kind and own is not None:
            again = f", #{own['repeat']}" if asked.test.repeats > 1 else ""
            found.append((act.label, asked.done.at(int(own["point"])) + again))
    return found


def _limits(asked: Asked, size: float, floor: str) -> tuple[float, float]:
    """Relative: too little, too much; neither is less than the floor that the edition states."""
    known, over, under, least = names(asked.edition), asked.judged.limit, asked.judged.limit, floor
    if over == MPE and asked.profile.get("limits") == METER_ALONE and METER in known:
        over, under, least = METER, METER, METER_FLOOR
    elif over == MPE and UNDER in known:
        under = UNDER

    def value(limit: str) -> float:
        return float(asked.edition.limit(limit).value)

    smallest = value(least) / size if least in known else 0.0
    return -max(value(under), smallest), max(value(over), smallest)


def distance_error(asked: Asked) -> list[Result]:
    rows = []
    for label, at in _labels(asked, "Hire"):
        segment = asked.setting.segments.get(label)
        if segment is None or not segment.complete:
            rows.append(asked.missing(at, "1", reasons.NOT_MEASURED.format(label=label)))
            continue
        true, seen = _true(segment, asked.profile), distance(segment, "distance", asked.profile)
        if true.why_not or seen.why_not or true.metres <= 0:
            rows.append(asked.missing(at, "1", reasons.NOT_MEASURED.format(label=label)))
            continue
        parts = [
            Quantity("distance shown", 0.0, seen.u / true.metres, "1", source="resolution of the display"),
            Quantity("reference", 0.0, true.u / true.metres, "1", source="certificate of the standard"),
        ]
        found = summed((seen.metres - true.metres) / true.metres, parts)
        rows.append(asked.held(at, "1", 1, found, _limits(asked, true.metres, FLOOR), [label]))
    return rows or [asked.missing("", "1", reasons.NOTHING)]


def _true(segment: Segment, profile: Mapping[str, Any]) -> Distance:
    """What the distance was: of a meter alone the pulses at its input over K, where they were counted, for they are what it is given."""
    counted = distance(segment, "input", profile)
    if profile.get("limits") == METER_ALONE and not counted.why_not:
        return counted
    return distance(segment, "reference", profile)


def time_error(asked: Asked) -> list[Result]:
    """Waiting time as shown at the end less that at the beginning, against the bench's clock."""
    rows = []
    for label, at in _labels(asked, "Stand"):
        reads = [act for act in asked.done.acts if act.kind == "Read" and act.label == label]
        told = [number(act.value.get("waiting_s")) for act in reads]
        if len(reads) < 2 or told[0] is None or told[-1] is None:
            rows.append(asked.missing(at, "1", reasons.NO_TIME.format(label=label)))
            continue
        true = (reads[-1].t_ns - reads[0].t_ns) / 1e9
        parts = [
            Quantity("instants of reading", 0.0, SEEN_S * math.sqrt(2) / true, "1", source="read aloud"),
            Quantity.within("seconds shown", 0.0, _step(told) / true, "1", source="resolution of the display"),
        ]
        found = summed((float(told[-1] - told[0]) - true) / true, parts)
        rows.append(asked.held(at, "1", 1, found, _limits(asked, true, TIME_FLOOR), _places(reads)))
    return rows or [asked.missing("", "1", reasons.NOTHING)]


def fare_error(asked: Asked) -> list[Result]:
    """How many fares that were read the declared tariff does not make, whatever its open readings: none may be (protocols/tariff)."""
    rows = []
    for label, at in (*_labels(asked, "Hire"), *_labels(asked, "Stand")):
        own = [one for one in asked.setting.readings if one["detector"] == REPLAY and one["segment"] == label]
        if not own or own[0]["reason"]:
            why = own[0]["reason"] if own else reasons.NO_TARIFF
            rows.append(asked.missing(at, "fares", reasons.FARE.format(label=label, why=why)))
            continue
        limits = -math.inf, asked.most
        rows.append(asked.held(at, "fares", 1, float(own[0]["hits"]), limits, [label]))
    return rows or [asked.missing("", "fares", reasons.NOTHING)]


def _step(told: Sequence[object]) -> float:
    """Half of the last digit shown."""
    return 0.5 * 10.0 ** max(-len(str(one).partition(".")[2]) for one in told)


def _places(acts: list[Act]) -> list[str]:
    return [act.place for act in acts]


OF_TAXIMETERS: Mapping[str, Formula] = {
    "distance-error": distance_error, "time-error": time_error, "fare-error": fare_error,
}  # fmt: skip
