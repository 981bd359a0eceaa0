"""Zero return: what the empty scale shows before and after loads.

Null (a set test): the empty scale shows zero within `bound_e` of its interval (zero setting to a quarter, rounding to half,
creep back after a load to half an interval of that load: R 76-1:2006 3.9.4.2, 4.5.2).  After a key whose own work moves the zero
or takes a tare nothing is compared until the empty scale showed zero again, nor while the line says that a tare is held.
Or a number was misread.  Drift, dirt, water and goods left behind also leave a remainder: they are honest causes, told apart by
what a remainder does over the visit, never by its being there.

A remainder is laid beside the errors of the loads before and after it: an offset is the same over all loads and on the empty
scale, a gain leaves the empty scale alone.  Source: scales.md 1A rows S14, S16, 1B row T08; statistics.md 2c.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from captures.model import Flag
from harness.judge.account import Kind
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, View
from harness.judge.evalue import bet
from harness.judge.loads import e_at, error_kg, loadings, observed, untouched, weighable

NAME = "zero-return"


def is_empty(segment: Segment) -> bool:
    return segment.load_kg is not None and segment.load_kg[0] == 0


def _net(segment: Segment, station: str) -> bool:
    """The line says that a tare is held."""
    trace = segment.traces.get(station)
    return trace is not None and Flag.NET in trace.told and bool((trace.flags & int(Flag.NET)).any())


def why_not(segment: Segment, station: str, comparable: bool) -> str:
    """Why what this empty loading shows is not compared; "" where it is."""
    if _net(segment, station):
        return "a tare is held"
    if untouched(segment, station) is None:
        return "the empty scale was not read at rest"
    return "" if comparable else "a key that moves the zero was pressed"


def _errors(segments: Sequence[Segment], place: int, station: str) -> list[float]:
    """Errors of the known loads next to an empty loading, in the same sealed state: the last before it, the first after."""
    found = []
    for part in (segments[:place][::-1], segments[place + 1 :]):
        for other in part:
            if other.state == segments[place].state and not is_empty(other):
                error = error_kg(other, station)
                if error is not None:
                    found.append(error[0])
                break
    return found


def _reading(segments: Sequence[Segment], place: int, station: str, reason: str, view: View) -> Reading:
    segment, link = segments[place], Link("load", station)
    seen = untouched(segment, station)
    if reason or seen is None:
        return Reading(NAME, segment.id, link, 1.0, reason=reason)
    remainder = float(seen.kg)
    laden = [one for one in segments[:place] if one.state == segment.state and not is_empty(one)]
    before = laden[-1].load_kg if laden else None
    e, creep = e_at(view.profile, 0.0), 0.5 * e_at(view.profile, before[0]) if before is not None else 0.0
    bound = view.parameters["bound_e"] * e + creep
    hit = abs(remainder) > bound * (1 + 1e-9)
    errors = _errors(segments, place, station)
    beside = [max(e, bound)] * len(errors)
    offset = [abs(error - remainder) <= most for error, most in zip(errors, beside, strict=True)]
    masses = [one.load_kg[0] for one in segments if one.load_kg is not None and one.load_kg[0] > 0]
    typical = median(masses) if masses else None
    q = view.parameters["q" if seen.sure else "q_eye"]
    return Reading(
        NAME,
        segment.id,
        link,
        bet(hit, q, view.validation),
        p=q if hit else 1.0,
        hits=int(hit),
        effect=remainder / typical if typical and hit else None,
        interval=((remainder - bound) / typical, (remainder + bound) / typical) if typical and hit else None,
        mde=2 * bound / typical if typical else None,
        shape=Shape.EXTRA if hit else None,
        at={
            "sure": seen.sure,
            "t_ns": seen.t_ns,
            "after_load": bool(laden),
            "offset_kg": remainder,
            "shown_kg": str(seen.kg),
            "steps_e": remainder / e,
            **({"equals_error": all(offset)} if hit and errors else {}),
        },
    )


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    own = loadings(segments)
    comparable = {segment.id for segment in weighable(segments, view.profile)}
    readings = [
        (segment.state, _reading(own, place, station, why_not(segment, station, segment.id in comparable), view))
        for place, segment in enumerate(own)
        if is_empty(segment)
        for station in observed(segment)
    ]
    return _once_each(readings)


def _once_each(readings: Sequence[tuple[str, Reading]]) -> list[Reading]:
    """A remainder is bet on when it comes.  Until the empty scale shows zero again, or power was cut, what it shows is that
    remainder still, and tells nothing new: dirt and drift lie there at every look."""
    off: dict[tuple[Link, str], bool] = {}
    found = []
    for state, reading in readings:
        there = (reading.link, state)
        standing = off.get(there, False)
        if reading.spoke:
            off[there] = bool(reading.hits)
        found.append(
            replace(reading, e=1.0, at={**reading.at, "standing": True}) if standing and reading.hits else reading
        )
    return found


DETECTOR = DetectorSpec(
    name=NAME,
    version=2,
    kind="law",
    null="the empty scale shows zero within setting, rounding and creep, or something lies on it, or a digit was misread",
    needs="the empty scale read at rest, no tare held and no key pressed that moves the zero",
    parameters={"bound_e": 1.0, "q": 3e-4, "q_eye": 0.02},
    judge=judge,
    mechanism="the empty scale does not show zero",
    witness="weight-line",
    telling=60,
    shows=Kind.ZERO,
)
