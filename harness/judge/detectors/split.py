"""Split and merge: were pulses put between real ones, or taken out, seen from one tap alone?

Null: in steady motion of a pulser every interval resembles its neighbours; a pair of intervals that together makes
one, or an interval that holds two, comes from rare separate disturbances (bounce, hammer, EMI) only.  Where the declared
decoding takes both channels, pulses on one alone are left out: they cancel there.
Where encoder and board are tapped on one clock the board's line belongs to edge balance.
A sensor that stops and turns, too few pulses, or heavy modulation leave the test without power: it then says so.  Version 7:
a pulse put into the first or the last interval of a train, which has neighbours on one side alone and is not counted, is no
turn of the motion either; in a short train its two halves left the test mute.
Statistic and thresholds: statistics.md T1 (split < 1.35 of the local median of six, merge > 1.6).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from captures.model import EdgeKind, Int64Array, PulseTrain
from harness.judge.account import Kind
from harness.judge.chain import stations, upstream_of
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, SegmentKind, Shape, View
from harness.judge.disc import LEAST_SLOTS
from harness.judge.evalue import bet_on_count
from harness.judge.events import first_of_each, place, poisson_p
from harness.judge.pulses.gray import without_jogs
from harness.judge.pulses.intervals import find, motion, whole_at_ends
from harness.judge.pulses.medians import median
from harness.judge.pulses.mending import put_in
from harness.judge.pulses.recoherence import recoherence
from harness.judge.pulses.suspects import CLOSE, at_one_slot, causal, placement, taken_out
from harness.judge.quantities import number
from harness.judge.trains import (
    COMPARED,
    channels,
    clipped,
    compared,
    gaps_in_window,
    micro,
    ticks_of,
    to_ns,
    walked,
)

NAME = "split"
UNSEEN = (
    0.04  # share of the pulses put in that may not have been found, measured up to one in five (docs/split_test.md)
)


_NONE = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Judged:
    """One train of equal edges: separate violations `ticks` (k,) at `pulse` (k,) real pulses, counts, or why none; `train`
    (n,) ticks in motion, `suspects` (s,) all edges of it that were put in, `holes` (m,): real pulses, those missing counted, before each that is missing."""

    ticks: Int64Array
    pulse: Int64Array
    splits: int
    merges: int
    pulses: int
    why_not: str = ""
    train: Int64Array = field(default_factory=lambda: _NONE)
    suspects: Int64Array = field(default_factory=lambda: _NONE)
    holes: Int64Array = field(default_factory=lambda: _NONE)


def _moving(ticks: Int64Array) -> Int64Array:
    """The train without its slow ends: intervals over five times the median (flow under 20 %) at start and stop."""
    d = np.diff(ticks)
    fast = np.flatnonzero(d <= 5 * int(median(d)))
    return ticks[fast[0] : fast[-1] + 2] if fast.size else ticks[:0]


def examine(ticks: Int64Array, burst: int, parameters: dict[str, float]) -> Judged:
    """Judge one train of equal edges (n,), strictly increasing integer ticks; `burst` in ticks."""
    if ticks.size < parameters["min_pulses"]:
        return Judged(_NONE, _NONE, 0, 0, int(ticks.size), f"{ticks.size} pulses are too few")
    ticks = _moving(ticks)
    if ticks.size < parameters["min_pulses"]:
        return Judged(_NONE, _NONE, 0, 0, int(ticks.size), "too few pulses in steady motion")
    usual = int(median(np.diff(ticks)))
    if usual < parameters["min_interval_ticks"]:
        why = f"an interval of {usual} ticks is too coarse a view: record at a higher sample rate"
        return Judged(_NONE, _NONE, 0, 0, int(ticks.size), why)
    found = find(ticks)
    suspects = causal(ticks, found.splits)
    more = put_in(ticks, suspects)  # those beside each other hide
    suspects = more if more.size else suspects
    real = np.ones(ticks.size, dtype=bool)
    real[suspects] = False
    # the steadiness of what is left: what was put in must not speak against its own discovery
    calm = motion(whole_at_ends(ticks[real]))
    if calm.steady_share < parameters["min_steady_share"] or calm.breaks_per_100 > parameters["max_breaks_per_100"]:
        return Judged(_NONE, _NONE, 0, 0, int(ticks.size), "the motion stops, turns or is heavily modulated")
    if calm.stops_per_100 > parameters["max_stops_per_100"]:
        return Judged(_NONE, _NONE, 0, 0, int(ticks.size), "the line rests again and again, as no shaft does")
    if calm.roughness > parameters["max_roughness"]:
        return Judged(_NONE, _NONE, 0, 0, int(ticks.size), "the intervals vary too much from one to the next")
    index = np.sort(np.concatenate([suspects, found.merges]))
    counted = np.cumsum(real)
    index = index[first_of_each(ticks[index], burst)]
    return Judged(
        ticks[index],
        counted[index],
        int(suspects.size),
        int(found.merges.size),
        int(ticks.size),
        train=ticks,
        suspects=suspects,
        holes=counted[found.merges] + np.arange(found.merges.size),
    )


def _equal_edges(segment: Segment, train: PulseTrain, view: View) -> Iterator[tuple[str, Int64Array]]:
    """Rising and falling edges apart: a duty cycle off one half would look like pairs."""
    ticks, levels = clipped(segment, train)
    other = walked(segment, train, view.profile)
    if other is not None and levels is not None:
        ticks, levels = without_jogs(ticks, levels, clipped(segment, other)[0])
    if levels is None or train.edge is not EdgeKind.BOTH:
        yield str(train.edge), ticks
        return
    yield "rising", ticks[levels == 1]
    yield "falling", ticks[levels == 0]


def _train(segment: Segment, train: PulseTrain, link: Link, view: View) -> Reading:
    at: dict[str, Any] = {"station": train.station, "channel": train.channel}
    if train.tick_s is None:
        return Reading(NAME, segment.id, link, 1.0, at=at, reason=f"{train.name}: the source states no sample rate")
    if gaps_in_window(segment, train):
        return Reading(NAME, segment.id, link, 1.0, at=at, reason=f"gap in {train.name}")
    burst = ticks_of(micro(view.parameters["burst_us"]), train.tick_s)
    parameters = dict(view.parameters)
    results = {kind: examine(ticks, burst, parameters) for kind, ticks in _equal_edges(segment, train, view)}
    speaking = [(result.ticks.size, kind) for kind, result in results.items() if not result.why_not]
    if not speaking:
        why = next(iter(results.values())).why_not
        return Reading(NAME, segment.id, link, 1.0, at=at, reason=f"{train.name}: {why}")
    # both edges of one pulse tell the same story: the weaker one counts
    _, kind = min(speaking)
    result = results[kind]
    hits, splits = int(result.ticks.size), result.splits
    share = (result.splits + result.merges) / result.pulses
    hit = hits >= view.parameters["min_hits"] and share > view.parameters["min_effect"]
    shape = None
    other = next((one.why_not for one in results.values() if one.why_not), "")
    if hit and other:  # what is put in has a beginning and an end: both must stand in a motion that can be judged
        return Reading(NAME, segment.id, link, 1.0, at=at, reason=f"{train.name}: {other}")
    if hit:
        shape, where = _where(segment, view, train, result, result.pulses - splits)
        # a delay is counted from the edge that begins a pulse
        at |= where | _what(view, train, results.get("rising", result))
    at |= {"edges": kind, "splits": splits, "merges": result.merges, "pulses": result.pulses}
    net, real = splits - result.merges, result.pulses - splits
    spread = 2 * float(np.sqrt(max(splits + result.merges, 1)))
    return Reading(
        NAME,
        segment.id,
        link,
        bet_on_count(hits if hit else 0, view.parameters, view.validation),
        p=poisson_p(hits) if hit else 1.0,
        hits=hits if hit else 0,
        effect=net / real if hit else 0.0,
        interval=((net - spread) / real, (net + spread + UNSEEN * splits) / real) if hit else None,
        mde=max(1.5 * view.parameters["min_hits"] / real, view.parameters["min_effect"]),
        shape=shape,
        at=at,
    )


def _what(view: View, train: PulseTrain, result: Judged) -> dict[str, Any]:
    """Where the pulses put in lie among the others, or those taken out; and whether the disc's
    pattern is whole again without them: evidence of the mechanism, none of which raises e."""
    assert train.tick_s is not None
    suspects = result.suspects
    if suspects.size < result.holes.size:
        missing = taken_out(result.holes)
        return {} if missing is None else missing.at()
    real = np.delete(result.train, suspects)
    found = placement(real, result.train[suspects], float(train.tick_s), CLOSE)
    at = {} if found is None else found.at()
    slots = number(view.profile, "slots_per_rev")
    if slots is None or slots < LEAST_SLOTS:
        return at
    if at_one_slot(np.searchsorted(real, result.train[suspects]), int(slots)):
        at["at_one_slot"] = True  # a fault of that slot of the disc does that too
    every_n = None if found is None or found.every_n is None else found.every_n.value
    again = recoherence(result.train, suspects, int(slots), every_n)
    return at if again is None else at | again.at()


def _where(segment: Segment, view: View, train: PulseTrain, result: Judged, real: int) -> tuple[Shape, dict[str, Any]]:
    at: dict[str, Any] = {}
    stamps = to_ns(segment, train, result.ticks)
    if stamps is not None:
        at["onset_ns"] = int(stamps[0])
    per_litre = number(view.profile, "pulses_per_litre")
    if per_litre is None:
        return Shape.CONSTANT, at
    litres: npt.NDArray[np.float64] = result.pulse / float(per_litre)
    course = place(litres, real / float(per_litre))
    if course is None:
        return Shape.CONSTANT, at
    return course.shape, at | {"onset_l": course.onset_l, "onset_interval_l": course.onset_interval_l}


def _segment(segment: Segment, view: View) -> Iterator[Reading]:
    if segment.kind is SegmentKind.SHUT:
        return
    observed = stations(segment)
    upstream_hits = 0
    names = sorted({train.station for train in segment.trains.values()} - {"reference"})
    names.sort(key=lambda name: name != "encoder")  # the encoder first
    for station in names:
        link = Link(upstream_of(station, observed), station)
        readings = [_train(segment, train, link, view) for train in channels(segment, station).values()]
        reading = _of_station(readings)
        if station == "board" and compared(segment):
            reading = Reading(NAME, segment.id, link, 1.0, at=reading.at, reason=COMPARED)
        elif station == "encoder":
            upstream_hits = reading.hits
        elif station == "board" and upstream_hits and upstream_hits >= 0.8 * reading.hits:
            reading = Reading(NAME, segment.id, link, 1.0, at=reading.at, reason="the encoder shows the same")
        yield reading


def _of_station(readings: Sequence[Reading]) -> Reading:
    """One reading a station and segment: the channel with most violations; one channel alone may be tampered with.

    The channels see one shaft, so the choice at most doubles the false rate; the validation counts it that way.
    """
    speaking = [reading for reading in readings if reading.spoke]
    return max(speaking, key=lambda reading: reading.hits) if speaking else readings[0]


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    return [reading for segment in segments for reading in _segment(segment, view)]


DETECTOR = DetectorSpec(
    name=NAME,
    version=7,
    kind="detector",
    null="in steady motion each interval resembles its neighbours; disturbances are rare and separate",
    needs="one train of equal edges, forty pulses in steady motion",
    parameters={
        "burst_us": 50_000.0,
        "min_pulses": 40.0,
        "min_steady_share": 0.9,
        "max_breaks_per_100": 1.0,
        "max_stops_per_100": 0.5,
        "min_interval_ticks": 10.0,
        "max_roughness": 0.12,
        "min_hits": 3.0,
        "many_hits": 5.0,
        "q_few": 0.015,
        "min_effect": 5e-4,
        "q": 3e-4,
    },
    judge=judge,
    one_by_one=True,
    mechanism="pulses between pulses, or pulses missing, in steady motion",
    telling=36,
    shows=Kind.ADDED,
    method="pulses between pulses",
    witness="pulses",
)
