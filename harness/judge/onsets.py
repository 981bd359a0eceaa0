"""Where inside a delivery something begins and ends: in litres, in seconds, and after which mark.

A detector locates by litres, by time or by both; what it leaves out is read off the course of the same delivery.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from captures.model import Int64Array, Mark
from harness.judge.account import Place
from harness.judge.contract import Finding, Reading, Segment, Shape
from harness.judge.trains import clipped, to_ns
from harness.judge.volumes import Track, track

BESIDE_NS = 2_000_000_000  # a mark that near before an onset may be what it follows


def _began(segment: Segment) -> int:
    """Host time of the delivery's first pulse; the begin of its window where no train is tied to the host's clock."""
    first = [int(stamps[0]) for train in segment.trains.values() if (stamps := _stamps(segment, train.name)).size]
    return min(first, default=segment.window_ns[0])


def _stamps(segment: Segment, name: str) -> Int64Array:
    train = segment.trains[name]
    stamps = to_ns(segment, train, clipped(segment, train)[0][:1])
    return np.zeros(0, dtype=np.int64) if stamps is None else stamps


def _course(segment: Segment, profile: Mapping[str, Any]) -> Track | None:
    """Volume over time by the station nearest to the meter that could be followed."""
    for station in ("encoder", "reference", "board", "register"):
        found = track(segment, station, profile)
        if not isinstance(found, str):
            return found
    return None


def _place(
    segment: Segment, litres: float | None, interval_l: tuple[float, float] | None, t_ns: int | None, profile: Mapping[str, Any]
) -> Place:  # fmt: skip
    """A place given by litres, by time or by both; the other is read off the delivery's course."""
    course = _course(segment, profile) if (litres is None) != (t_ns is None) else None
    if course is not None and t_ns is None and litres is not None:
        t_ns = int(np.interp(litres, course.litres, course.t_ns.astype(np.float64)))
    elif course is not None and litres is None and t_ns is not None:
        litres = float(np.interp(t_ns, course.t_ns, course.litres))
    mark, lag_s = _before(segment, t_ns, _latest(litres, interval_l, t_ns, segment, profile))
    return Place(
        segment.id,
        None if litres is None else round(litres, 3),
        None if interval_l is None else (round(float(interval_l[0]), 3), round(float(interval_l[1]), 3)),
        None if t_ns is None else round((t_ns - _began(segment)) / 1e9, 3),
        mark,
        lag_s,
    )


def _latest(
    litres: float | None, interval_l: tuple[float, float] | None, t_ns: int | None, segment: Segment, profile: Mapping[str, Any]
) -> int | None:  # fmt: skip
    """When at the latest it began: at the upper end of its interval in litres."""
    if t_ns is None or interval_l is None or litres is None or interval_l[1] <= litres:
        return t_ns
    course = _course(segment, profile)
    if course is None:
        return t_ns
    return max(t_ns, int(np.interp(interval_l[1], course.litres, course.t_ns.astype(np.float64))))


def _before(segment: Segment, t_ns: int | None, latest_ns: int | None) -> tuple[str, float | None]:
    """The mark nearest to a time, where one lies within two seconds (and its own uncertainty) of it, and not surely after it:
    nothing follows what comes later."""
    if t_ns is None or latest_ns is None:
        return "", None
    at, latest = t_ns, latest_ns

    def distance(mark: Mark) -> int:
        return max(0, abs(at - mark.t_ns) - mark.u_ns)

    near = [mark for mark in segment.marks if distance(mark) <= BESIDE_NS and mark.t_ns - mark.u_ns <= latest]
    if not near:
        return "", None
    nearest = min(near, key=distance)
    return nearest.kind, round((at - nearest.t_ns) / 1e9, 3)


def onset(finding: Finding, reading: Reading, by_id: Mapping[str, Segment], profile: Mapping[str, Any]) -> Place | None:
    """Where it begins inside the delivery of one reading; None where it acts from the first pulse on."""
    inside = reading.shape in (Shape.SWITCHED, Shape.THRESHOLD)
    if not inside or finding.shape is Shape.CONSTANT or reading.segment not in by_id:
        return None
    litres, t_ns = reading.at.get("onset_l") or None, reading.at.get("onset_ns")
    if litres is None and (t_ns is None or "onset_l" in reading.at):
        return None  # an onset at no litres: it was there from the beginning and ended inside
    segment = by_id[reading.segment]
    return _place(segment, litres, reading.at.get("onset_interval_l"), None if t_ns is None else int(t_ns), profile)


def end(reading: Reading, by_id: Mapping[str, Segment], profile: Mapping[str, Any]) -> Place | None:
    litres = reading.at.get("end_l")
    if litres is None or reading.segment not in by_id:
        return None
    return _place(by_id[reading.segment], float(litres), None, None, profile)


def one_each(places: Sequence[Place]) -> list[Place]:
    """One place a delivery: the one told in both litres and seconds, else the first."""
    found: dict[str, Place] = {}
    for place in places:
        old = found.get(place.segment)
        if old is None or ((old.litres is None or old.seconds is None) and place.litres is not None):
            found[place.segment] = place
    return list(found.values())
