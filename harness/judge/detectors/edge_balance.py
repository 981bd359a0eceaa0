"""Edge balance: do the pulses that enter the board equal those that left the encoder?

Null: every edge at the board follows one edge of the encoder within the latency tolerance, channel by channel; at
most `max_honest_events` separate disturbances (EMI bursts, switching) per segment and a net count below
`min_effect` are honest.  Both directions.  Needs both taps on one clock.  Source: statistics.md sections 1c T8, 1d;
fuel_dispensers.md r2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from captures.model import Int64Array, PulseTrain
from harness.judge.chain import stations
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, SegmentKind, Shape, View
from harness.judge.evalue import bet_on_count
from harness.judge.events import first_of_each, period, place, poisson_p
from harness.judge.matching import balance, match
from harness.judge.quantities import number
from harness.judge.trains import channels, inside, micro, same_clock, segment_window, ticks_of, to_ns

LINK = Link("encoder", "board")
NAME = "edge-balance"


@dataclass(frozen=True, eq=False)
class _Channel:
    """One channel's violations: `ticks` (k,), `net` (k,), `at` (k,) upstream index; `edges` upstream."""

    ticks: Int64Array
    net: Int64Array
    at: Int64Array
    edges: int
    per_pulse: int
    moved: int


def _window(segment: Segment, up: PulseTrain, down: PulseTrain) -> tuple[int, int]:
    a, b = segment_window(segment, up), segment_window(segment, down)
    return max(a[0], b[0]), min(a[1], b[1])


def _compare(segment: Segment, up: PulseTrain, down: PulseTrain, parameters: dict[str, int]) -> _Channel:
    window, gaps = _window(segment, up, down), up.gaps + down.gaps
    ups, downs = up.ticks[inside(up.ticks, window, gaps)], down.ticks[inside(down.ticks, window, gaps)]
    found = match(ups, downs, parameters["latency"], parameters["skew"])
    result = balance(found, parameters["burst"])
    # beside the border of what was observed an edge may have lost its partner
    margin = parameters["latency"] + parameters["skew"]
    clear = (result.ticks >= window[0] + margin) & (result.ticks <= window[1] - margin)
    for begin, end in gaps:
        clear &= (result.ticks < begin - margin) | (result.ticks > end + margin)
    moved = int(found.surplus.size + found.deficit.size) - int(np.abs(result.net).sum())
    per_pulse = 2 if up.levels is not None else 1
    return _Channel(result.ticks[clear], result.net[clear], result.at[clear], int(ups.size), per_pulse, moved)


def _segment(segment: Segment, view: View) -> Reading | None:
    ups, downs = channels(segment, "encoder"), channels(segment, "board")
    if not {"encoder", "board"} <= stations(segment):
        return None
    pairs = [(name, ups[name], downs[name]) for name in ups if name in downs]
    if not pairs:
        return Reading(NAME, segment.id, LINK, 1.0, reason="no channel tapped at both stations")
    for _, up, down in pairs:
        if not same_clock(up, down):
            return Reading(NAME, segment.id, LINK, 1.0, reason=f"{up.name} and {down.name} are not on one clock")
        if up.edge is not down.edge:
            return Reading(NAME, segment.id, LINK, 1.0, reason=f"{up.name} and {down.name} hold different edges")
    tick_s = pairs[0][1].tick_s
    assert tick_s is not None
    ticks = {key: ticks_of(micro(view.parameters[f"{key}_us"]), tick_s) for key in ("latency", "skew", "burst")}
    results = {name: _compare(segment, up, down, ticks) for name, up, down in pairs}
    return _reading(segment, view, results, pairs[0][1], ticks["burst"])


def _merged(results: dict[str, _Channel], burst: int) -> tuple[Int64Array, Int64Array]:
    """Violations of all channels (k,), one per burst, and the pulse index (k,) each lies at."""
    ticks = np.concatenate([r.ticks for r in results.values()])
    pulse = np.concatenate([np.maximum(r.at, 0) // r.per_pulse for r in results.values()])
    order = np.argsort(ticks, kind="stable")
    ticks, pulse = ticks[order], pulse[order]
    first = first_of_each(ticks, burst)
    return ticks[first], pulse[first]


def _reading(segment: Segment, view: View, results: dict[str, _Channel], train: PulseTrain, burst: int) -> Reading:
    ticks, pulse = _merged(results, burst)
    surplus = {name: int(r.net[r.net > 0].sum()) for name, r in results.items()}
    deficit = {name: int(-r.net[r.net < 0].sum()) for name, r in results.items()}
    edges = sum(r.edges for r in results.values())
    net = sum(surplus.values()) - sum(deficit.values())
    hits = int(ticks.size)
    at: dict[str, Any] = {"surplus": surplus, "deficit": deficit, "edges": edges}
    moved = sum(r.moved for r in results.values())
    if moved > 0.01 * max(edges, 1):
        at["retimed"] = moved
        if hits < view.parameters["min_hits"]:
            return Reading(NAME, segment.id, LINK, 1.0, at=at, reason="counts agree, edges re-timed beyond the latency")
    shut = segment.kind is SegmentKind.SHUT
    large = shut or abs(net) > view.parameters["min_effect"] * edges
    hit = hits >= view.parameters["min_hits"] and large
    effect = net / edges if edges else None
    interval = ((net - 2) / edges, (net + 2) / edges) if edges else None
    shape = None
    if hit:
        shape = Shape.EXTRA if shut else Shape.CONSTANT
        at |= _where(segment, view, train, ticks, pulse, max(r.edges // r.per_pulse for r in results.values()))
        shape = at.pop("shape", shape) if not shut else shape
    pulses = edges / sum(r.per_pulse for r in results.values())
    return Reading(
        NAME,
        segment.id,
        LINK,
        bet_on_count(hits if hit else 0, view.parameters, view.validation),
        p=poisson_p(hits) if large else 1.0,
        hits=hits if hit else 0,
        effect=effect,
        interval=interval,
        mde=max(view.parameters["min_hits"] / pulses, view.parameters["min_effect"]) if pulses else None,
        shape=shape,
        at=at,
    )


def _where(
    segment: Segment, view: View, train: PulseTrain, ticks: Int64Array, pulse: Int64Array, pulses: int
) -> dict[str, Any]:
    """Onset in host time and litres, end, and the period in pulses, as far as clock and profile allow."""
    at: dict[str, Any] = {}
    every = period(pulse)
    if every is not None:
        at["every_n"] = every
    stamps = to_ns(segment, train, ticks)
    per_litre = number(view.profile, "pulses_per_litre")
    if per_litre is None:
        if stamps is not None:
            at["onset_ns"] = int(stamps[0])
        return at
    litres: npt.NDArray[np.float64] = pulse / float(per_litre)
    course = place(litres, pulses / float(per_litre))
    if course is not None:
        at |= {"shape": course.shape, "onset_l": course.onset_l, "onset_interval_l": course.onset_interval_l}
        if course.end_l is not None:
            at["end_l"] = course.end_l
    if stamps is not None:
        at["onset_ns"] = int(stamps[0])
    return at


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    return [reading for segment in segments if (reading := _segment(segment, view)) is not None]


DETECTOR = DetectorSpec(
    name=NAME,
    version=1,
    kind="law",
    null="every edge at the board follows one edge of the encoder within the latency tolerance; separate disturbances "
    "are rare and short",
    needs="encoder and board tapped on one clock",
    parameters={
        "latency_us": 500.0,
        "skew_us": 20.0,
        "burst_us": 50_000.0,
        "min_hits": 3.0,
        "many_hits": 5.0,
        "q_few": 0.015,
        "min_effect": 5e-4,
        "q": 3e-4,
    },
    judge=judge,
)
