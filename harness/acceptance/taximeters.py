"""Formulas of taximeters: distance, time, fare (OIML R 21:2007, MI-007; JJG 517-2016 installed)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from harness.acceptance import reasons
from harness.acceptance.observed import LABEL, Act
from harness.acceptance.result import Done, Result, Setting, held, missing, names, summed
from harness.derive.parts import number
from harness.judge.conformity_taxi import METER_ALONE
from harness.judge.contract import Segment
from harness.judge.distances import Distance, distance
from harness.metrology.uncertainty import Quantity
from protocols.acceptance.clauses import Judged

METER, METER_FLOOR = "mpe-meter", "mpe-meter-floor"  # of a meter alone, where the edition has others for one in a car
UNDER, FLOOR, TIME_FLOOR = "mpe-under", "mpe-floor", "time-floor"
SEEN_S = 1.0  # standard uncertainty of when a figure that was read aloud stood there [D]
REPLAY = "fare-replay"


def _labels(done: Done, kind: str) -> list[tuple[str, str]]:
    found = []
    for act in done.acts:
        own = LABEL.fullmatch(act.label)
        if act.kind == kind and own is not None:
            again = f", #{own['repeat']}" if done.test.repeats > 1 else ""
            found.append((act.label, done.at(int(own["point"])) + again))
    return found


def _limits(setting: Setting, judged: Judged, size: float, floor: str) -> tuple[float, float]:
    """Relative: too little, too much; neither is less than the floor that the edition states."""
    known = names(setting.edition)
    if setting.profile.get("limits") == METER_ALONE and judged.limit == "mpe" and METER in known:
        least = float(setting.edition.limit(METER_FLOOR).value) / size if METER_FLOOR in known else 0.0
        most = max(float(setting.edition.limit(METER).value), least)
        return -most, most
    least = float(setting.edition.limit(floor).value) / size if floor in known else 0.0
    over = max(float(setting.edition.limit(judged.limit).value), least)
    both = judged.limit == "mpe" and UNDER in known
    under = max(float(setting.edition.limit(UNDER).value), least) if both else over
    return -under, over


def distance_error(setting: Setting, done: Done, judged: Judged) -> list[Result]:
    rows = []
    for label, at in _labels(done, "Hire"):
        segment = setting.segments.get(label)
        true = None if segment is None else _true(segment, setting.profile)
        seen = None if segment is None else distance(segment, "distance", setting.profile)
        if (
            true is None
            or true.why_not
            or seen is None
            or seen.why_not
            or true.metres <= 0
            or not (segment and segment.complete)
        ):
            rows.append(missing(setting, done, judged, at, "1", reasons.NOT_MEASURED.format(label=label)))
            continue
        parts = [
            Quantity("distance shown", 0.0, seen.u / true.metres, "1", source="resolution of the display"),
            Quantity("reference", 0.0, true.u / true.metres, "1", source="certificate of the standard"),
        ]
        found = summed((seen.metres - true.metres) / true.metres, parts)
        rows.append(
            held(setting, done, judged, at, "1", 1, found, _limits(setting, judged, true.metres, FLOOR), [label])
        )
    return rows or [missing(setting, done, judged, "", "1", reasons.NOTHING)]  # fmt: skip


def _true(segment: Segment, profile: Mapping[str, Any]) -> Distance:
    """What the distance was: of a meter alone the pulses at its input over K, where they were counted, for they are what it is given."""
    counted = distance(segment, "input", profile)
    if profile.get("limits") == METER_ALONE and not counted.why_not:
        return counted
    return distance(segment, "reference", profile)


def time_error(setting: Setting, done: Done, judged: Judged) -> list[Result]:
    """Waiting time as shown at the end less that at the beginning, against the bench's clock."""
    rows = []
    for label, at in _labels(done, "Stand"):
        reads = [act for act in done.acts if act.kind == "Read" and act.label == label]
        told = [number(act.value.get("waiting_s")) for act in reads]
        if len(reads) < 2 or told[0] is None or told[-1] is None:
            rows.append(missing(setting, done, judged, at, "1", reasons.NO_TIME.format(label=label)))
            continue
        true = (reads[-1].t_ns - reads[0].t_ns) / 1e9
        parts = [
            Quantity("instants of reading", 0.0, SEEN_S * math.sqrt(2) / true, "1", source="read aloud"),
            Quantity.within("seconds shown", 0.0, _step(told) / true, "1", source="resolution of the display"),
        ]
        found = summed((float(told[-1] - told[0]) - true) / true, parts)
        rows.append(
            held(setting, done, judged, at, "1", 1, found, _limits(setting, judged, true, TIME_FLOOR), _places(reads))
        )
    return rows or [missing(setting, done, judged, "", "1", reasons.NOTHING)]


def fare_error(setting: Setting, done: Done, judged: Judged) -> list[Result]:
    """How many fares that were read the declared tariff does not make, whatever its open readings: none may be (protocols/tariff)."""
    rows = []
    for label, at in (*_labels(done, "Hire"), *_labels(done, "Stand")):
        own = [one for one in setting.readings if one["detector"] == REPLAY and one["segment"] == label]
        if not own or own[0]["reason"]:
            why = own[0]["reason"] if own else reasons.NO_TARIFF
            rows.append(missing(setting, done, judged, at, "fares", reasons.FARE.format(label=label, why=why)))
            continue
        rows.append(
            held(
                setting,
                done,
                judged,
                at,
                "fares",
                1,
                float(own[0]["hits"]),
                (-math.inf, float(setting.edition.limit(judged.limit).value)),
                [label],
            )
        )
    return rows or [missing(setting, done, judged, "", "fares", reasons.NOTHING)]


def _step(told: Sequence[object]) -> float:
    """Half of the last digit shown."""
    return 0.5 * 10.0 ** max(-len(str(one).partition(".")[2]) for one in told)


def _places(acts: list[Act]) -> list[str]:
    return [act.place for act in acts]


OF_TAXIMETERS: Mapping[str, Callable[[Setting, Done, Judged], list[Result]]] = {
    "distance-error": distance_error, "time-error": time_error, "fare-error": fare_error,
}  # fmt: skip
