"""Quadrature: do the two channels of a pulser move as one shaft moves them?

Null: in steady motion the channels change in turn.  A channel that changes twice in a row while the motion before
and after it keeps its direction (a jog), or both channels changing at one tick, happens in bursts only, at an honest rate
per observed second; irregularities at a regular spacing in steps are no burst, however rare.  Where encoder and board are
tapped on one clock and a register tells what the board counts, its line is judged here by regular spacing alone: what else
is on it belongs to edge balance and the register law, which know whether it is counted (a contact that bounces a hundred
times a sale adds nothing to the walk of two channels).
A contact that bounces beside its own edge moves a decoder of both channels there and back: where such a one is declared,
that is no violation either, up to 0.6 % of the edges and unless it is regular (docs/honest_causes.md `bounce`).
Reversals of a shaft that is moved by hand, or stops, are no violation: jogs count only between `steady` steps of the
same direction on either side.  Source: statistics.md T5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from captures.model import Int64Array
from harness.judge.account import Kind
from harness.judge.chain import stations, upstream_of
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, SegmentKind, Shape, View
from harness.judge.evalue import bet_on_count
from harness.judge.events import (
    HONEST_EVENTS,
    HONEST_REGULAR,
    counted,
    first_of_each,
    least_counted,
    place,
    poisson_p,
)
from harness.judge.pulses.gray import Walk, decode
from harness.judge.pulses.medians import median
from harness.judge.pulses.suspects import Estimate, every
from harness.judge.quantities import number
from harness.judge.trains import (
    channels,
    clipped,
    compared,
    gaps_in_window,
    micro,
    same_clock,
    segment_window,
    ticks_of,
    to_ns,
)

NAME = "quadrature"
BESIDE = 0.5  # of a usual step: bounce that lasts longer would reach the other channel's edge
MOST_BOUNCE = 0.006  # of the edges (docs/honest_causes.md `bounce`)


@dataclass(frozen=True, eq=False)
class _Irregular:
    """Separate irregularities in steady motion: `ticks` (k,), `index` (k,) steps that the walk had gone before each; counts;
    share of steps that lie in steady motion."""

    ticks: Int64Array
    index: Int64Array
    jogs_a: int
    jogs_b: int
    double: int
    steady_share: float


def irregularities(walk: Walk, steady: int, burst: int, bounce: int = 0) -> _Irregular:
    """Jogs and double steps with `steady` equal steps right before and after the disturbed stretch (<= 4 steps).

    Stretches on one channel that end within `bounce` ticks of the edge they lie beside are left out: a contact bounces there and
    back beside its own edge; but not at a regular spacing, nor beside more than MOST_BOUNCE of the edges."""
    direction = walk.direction.astype(np.int64)
    n = direction.size
    odd = walk.double.copy()
    odd[1:] |= direction[1:] * direction[:-1] < 0
    places = np.flatnonzero(odd)
    # stretches of neighbouring odd steps
    starts = places[np.concatenate([[True], np.diff(places) > 4])] if places.size else places
    ends = places[np.concatenate([np.diff(places) > 4, [True]])] if places.size else places
    total = np.concatenate([[0], np.cumsum(direction)])
    ok = (starts - 1 >= steady) & (ends + 1 + steady <= n)
    starts, ends = starts[ok], ends[ok]
    before = total[starts - 1] - total[np.maximum(starts - 1 - steady, 0)]
    after = total[np.minimum(ends + 1 + steady, n)] - total[ends + 1]
    kept = (np.abs(before) >= steady) & (before == after) & (ends - starts <= 6)
    starts, ends = starts[kept], ends[kept]
    if bounce and starts.size:
        beside = _beside(walk, starts, ends, bounce)
        steps = every(np.abs(total[starts]) // 4)
        regular = steps is not None and steps.p < HONEST_REGULAR
        if not regular and np.count_nonzero(beside) <= MOST_BOUNCE * walk.edges:
            starts, ends = starts[~beside], ends[~beside]
    ticks = walk.ticks[starts]
    first = first_of_each(ticks, burst)
    windowed = np.abs(total[steady:] - total[:-steady]) == steady if n >= steady else np.zeros(0, dtype=bool)
    is_double = walk.double[starts] if starts.size else np.zeros(0, dtype=bool)
    on_a = walk.channel_a[starts]
    return _Irregular(
        ticks[first],
        np.maximum.accumulate(np.abs(total[starts[first]])).astype(np.int64),
        int(np.count_nonzero(on_a & ~is_double)),
        int(np.count_nonzero(~on_a & ~is_double)),
        int(np.count_nonzero(is_double)),
        float(windowed.mean()) if windowed.size else 0.0,
    )


def _beside(walk: Walk, starts: Int64Array, ends: Int64Array, bounce: int) -> npt.NDArray[np.bool_]:
    """Which stretches (k,) from step `starts` to `ends` are on one channel and end soon after the edge before them."""
    usual = median(np.diff(walk.ticks))
    brief = walk.ticks[ends] - walk.ticks[starts - 1] <= min(bounce, BESIDE * usual)
    before_a = np.concatenate([[0], np.cumsum(walk.channel_a)])
    doubles = np.concatenate([[0], np.cumsum(walk.double)])
    of_a = before_a[ends + 1] - before_a[starts - 1]
    single = doubles[ends + 1] == doubles[starts - 1]  # both channels at one tick are no bounce of either
    result: npt.NDArray[np.bool_] = brief & single & ((of_a == 0) | (of_a == ends - starts + 2))
    return result


def _station(segment: Segment, station: str, link: Link, view: View) -> tuple[Reading, int] | None:
    taps = channels(segment, station)
    if "A" not in taps or "B" not in taps:
        return None
    a, b = taps["A"], taps["B"]

    def mute(reason: str, at: dict[str, Any] | None = None) -> tuple[Reading, int]:
        return Reading(NAME, segment.id, link, 1.0, at=at or {}, reason=reason), 0

    if a.levels is None or b.levels is None or not same_clock(a, b) or a.tick_s is None:
        return mute(f"{station}: both channels with both edges on one clock are needed")
    if gaps_in_window(segment, a) or gaps_in_window(segment, b):
        return mute(f"gap in {station}")
    a_ticks, a_levels = clipped(segment, a)
    b_ticks, b_levels = clipped(segment, b)
    assert a_levels is not None
    assert b_levels is not None
    if segment.kind is SegmentKind.SHUT:
        return None  # nothing moves: edge balance and the register speak
    walk = decode(a_ticks, a_levels, b_ticks, b_levels)
    if walk.edges < view.parameters["min_edges"]:
        return mute(f"{station}: {walk.edges} edges are too few")
    cancels = view.profile.get("decoding") in ("x2", "x4")
    found = irregularities(
        walk,
        int(view.parameters["steady"]),
        ticks_of(micro(view.parameters["burst_us"]), a.tick_s),
        ticks_of(micro(view.parameters["bounce_us"]), a.tick_s) if cancels else 0,
    )
    at: dict[str, Any] = {
        "station": station,
        "jogs_a": found.jogs_a,
        "jogs_b": found.jogs_b,
        "double": found.double,
        "edges_a": int(a_ticks.size),
        "edges_b": int(b_ticks.size),
    }
    if found.steady_share < view.parameters["min_steady_share"] and found.ticks.size < view.parameters["min_hits"]:
        return mute(f"{station}: steady motion in {found.steady_share:.0%} of the steps only", at)
    if found.steady_share < 0.5:
        return mute(f"{station}: the shaft stops and turns", at)
    first, last = segment_window(segment, a)
    seconds = max(float((last - first) * a.tick_s), 0.0)
    per_s = view.parameters["honest_per_s"]
    hits = int(found.ticks.size)
    excess = (found.jogs_a + found.jogs_b) / walk.edges * 2
    large = excess + found.double / walk.edges > view.parameters["min_effect"]
    steps = every(found.index // 4) if large else None
    regular = steps is not None and steps.p < HONEST_REGULAR
    told = {"register", "display"} & set(segment.registers)  # what the board made of its line: a law judges that
    large = large and (regular or station != "board" or not (told and compared(segment)))
    violations = (hits if regular else counted(hits, seconds, per_s, view.parameters)) if large else 0
    shape = None
    if violations:
        shape, where = _where(segment, view, found, walk, steps if regular else None, to_ns(segment, a, found.ticks))
        at |= where
    elif hits:
        at["noise_events"] = hits
    p = poisson_p(hits, HONEST_EVENTS + per_s * seconds)
    reading = Reading(
        NAME,
        segment.id,
        link,
        bet_on_count(violations, view.parameters, view.validation),
        p=(min(p, HONEST_REGULAR) if regular else p) if violations else 1.0,
        hits=violations,
        effect=abs(int(a_ticks.size) - int(b_ticks.size)) / walk.edges if violations else 0.0,
        mde=least_counted(seconds, per_s, view.parameters) / (walk.edges / 4),
        shape=shape,
        at=at,
    )
    return reading, hits


def _where(
    segment: Segment, view: View, found: _Irregular, walk: Walk, regular: Estimate | None, stamps: Int64Array | None
) -> tuple[Shape, dict[str, Any]]:
    at: dict[str, Any] = {}
    if stamps is not None:
        at["onset_ns"] = int(stamps[0])
    if regular is not None:
        at |= regular.told("every_n")
    per_litre = number(view.profile, "pulses_per_litre")
    if per_litre is None:
        return Shape.CONSTANT, at
    litres: npt.NDArray[np.float64] = found.index / (4 * float(per_litre))
    course = place(litres, walk.edges / (4 * float(per_litre)))
    if course is None:
        return Shape.CONSTANT, at
    return course.shape, at | {"onset_l": course.onset_l, "onset_interval_l": course.onset_interval_l}


def _segment(segment: Segment, view: View) -> list[Reading]:
    observed = stations(segment)
    readings: list[Reading] = []
    upstream = 0
    names: list[str] = [name for name in ("encoder", "board") if name in observed]
    names += sorted({name.split(".", 1)[0] for name in segment.trains} - {"encoder", "board", "reference"})
    for station in names:
        link = Link(upstream_of(station, observed), station)
        result = _station(segment, station, link, view)
        if result is None:
            continue
        reading, hits = result
        if station == "board" and hits and upstream >= 0.8 * hits:
            reading = Reading(NAME, segment.id, link, 1.0, at=reading.at, reason="the encoder shows the same")
        if station == "encoder":
            upstream = hits
        readings.append(reading)
    return readings


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    return [reading for segment in segments for reading in _segment(segment, view)]


DETECTOR = DetectorSpec(
    name=NAME,
    version=6,
    kind="detector",
    null="in steady motion the two channels change in turn; what breaks the turn comes in bursts at an honest rate",
    needs="channels A and B of one station, both edges, one clock",
    parameters={
        "steady": 4.0,
        "burst_us": 50_000.0,
        "bounce_us": 1_000.0,
        "min_edges": 200.0,
        "min_steady_share": 0.5,
        "min_hits": 3.0,
        "many_hits": 5.0,
        "q_few": 0.015,
        "min_effect": 5e-4,
        "honest_per_s": 0.5,
        "q": 3e-4,
    },
    judge=judge,
    one_by_one=True,
    mechanism="the channels of the pulser do not move as one shaft moves them",
    telling=38,
    shows=Kind.CHANNEL,
    witness="pulses",
)
