"""Control lock: do pulses come with one of the driver's controls, and not with the others?

At stand-still every control is worked several times, in one soak or several of one sealed state, each working a mark (`control-NAME`).  A working is answered where pulses that
no rocking explains begin within `window_s` after it.  Null: which workings are answered has nothing to do with which
control was worked (disturbances, rocking by hand, a passer-by): then the answered ones are a random draw of all, and the number of
them that fall to one control is hypergeometric, exactly; the smallest of all controls is paid for by their number.  Where
sensor and input are both tapped pulses of the sensor are left out: what turns the wheel is no wire.  Source: taximeters.md 6 (D13) and 1 (C06 to C08, C23, C27).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from captures.model import Int64Array
from harness.judge.account import Kind
from harness.judge.chain import stations, upstream_of
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, SegmentKind, Shape, View
from harness.judge.disc import edges
from harness.judge.evalue import bet
from harness.judge.pulses.matching import match
from harness.judge.sensor_class import per_m_at
from harness.judge.trains import channels, gaps_in_window, same_clock, to_ns

NAME = "control-lock"
PREFIX = "control-"
S = 1_000_000_000


def _pulses(segment: Segment, station: str) -> Int64Array | str:
    """Host times (n,) of the pulses at a tap, without those that the sensor's tap shows as well; or why there are none."""
    train = next(iter(channels(segment, station).values()))
    if gaps_in_window(segment, train):
        return f"gap in {train.name}"
    own = edges(segment, train)
    other = channels(segment, "sensor").get(train.channel) if station == "input" else None
    if other is not None and train.tick_s is not None and same_clock(train, other):
        found = match(edges(segment, other), own, int(0.005 / float(train.tick_s)), 0)
        own = found.surplus
    stamps = to_ns(segment, train, own)
    return f"{train.name}: its clock is not tied to the host's" if stamps is None else stamps


@dataclass(frozen=True)
class _Answers:
    """Of one soak: the controls worked, in order, those of them that were answered, and when the first answer began."""

    names: list[str]
    answered: list[str]
    first: int | None


def _answers(segment: Segment, station: str, view: View) -> _Answers | str:
    marks = [mark for mark in segment.marks if mark.kind.startswith(PREFIX)]
    per_m, stamps = per_m_at(view.profile, station), _pulses(segment, station)
    if per_m is None or isinstance(stamps, str):
        return "K of the meter is not declared" if per_m is None else str(stamps)
    names = [mark.kind.removeprefix(PREFIX) for mark in marks]
    window, least = int(view.parameters["window_s"] * S), max(3, int(view.parameters["rock_m"] * per_m) + 2)
    answered: list[str] = []
    first: int | None = None
    ends = [*(mark.t_ns - mark.u_ns for mark in marks[1:]), marks[-1].t_ns + window]
    for mark, name, following in zip(marks, names, ends, strict=True):
        begin = mark.t_ns - mark.u_ns
        a, b = np.searchsorted(stamps, (begin, min(begin + window, max(following, begin + 1))))
        if b - a >= least:
            answered.append(name)
            first = int(stamps[a]) if first is None else first
    return _Answers(names, answered, first)


def _tap(segment: Segment) -> str | None:
    """The tap at which answers are looked for; None where none is, or nothing was worked."""
    observed = stations(segment)
    marked = any(mark.kind.startswith(PREFIX) for mark in segment.marks)
    return next((name for name in ("input", "sensor") if marked and name in observed), None)


def _reading(soaks: Sequence[Segment], station: str, view: View) -> Reading:
    """Of all soaks of one state together, told of the last of them."""
    last = soaks[-1]
    link = Link(upstream_of(station, stations(last)), station)
    told = [_answers(segment, station, view) for segment in soaks]
    spoke = [one for one in told if isinstance(one, _Answers)]

    def mute(reason: str) -> Reading:
        return Reading(NAME, last.id, link, 1.0, reason=reason)

    names, answered = [name for one in spoke for name in one.names], [name for one in spoke for name in one.answered]
    worked, hit_by = Counter(names), Counter(answered)
    if len(names) < view.parameters["min_workings"] or len(worked) < 2:
        why = next((one for one in told if isinstance(one, str)), "")
        return mute(why or f"{len(names)} workings of {len(worked)} controls are too few")
    p, control = 1.0, ""
    for name, n in worked.items():
        if (k := hit_by[name]) >= view.parameters["min_answered"]:
            own = float(stats.hypergeom.sf(k - 1, len(names), len(answered), n)) * len(worked)
            if own < p:
                p, control = own, name
    hit = p < view.parameters["q"]
    first = next((one.first for one in spoke if one.first is not None), None)
    at: dict[str, Any] = {"answered": dict(hit_by), "workings": len(names)}
    if hit:
        at |= {"control": control, "worked": worked[control], "mark": PREFIX + control} | (
            {} if first is None else {"onset_ns": first}
        )
    return Reading(
        NAME,
        last.id,
        link,
        bet(hit, view.parameters["q"], view.validation),
        p=p,
        hits=hit_by[control] if hit else 0,
        shape=Shape.EXTRA if hit else None,
        at=at,
    )


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    """One reading of each sealed state in which controls were worked."""
    groups: dict[tuple[str, str], list[Segment]] = {}
    for segment in segments:
        station = _tap(segment) if segment.kind is SegmentKind.SOAK else None
        if station is not None:
            groups.setdefault((segment.state, station), []).append(segment)
    return [_reading(soaks, station, view) for (_, station), soaks in groups.items()]


DETECTOR = DetectorSpec(
    name=NAME,
    version=2,
    kind="detector",
    null="which workings are followed by pulses has nothing to do with which control was worked",
    needs="soaks with twelve marked workings of two controls and more, and a tap tied to the host's clock",
    parameters={"window_s": 3.0, "rock_m": 1.0, "min_workings": 12.0, "min_answered": 3.0, "q": 0.005},
    judge=judge,
    mechanism="pulses come with one of the driver's controls, and not with the others",
    telling=20,
    shows=Kind.ADDED,
)
