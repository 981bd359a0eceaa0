"""Edge balance: do the pulses that enter the board equal those that left the encoder?

Null: every edge at the board follows one edge of the encoder within the latency tolerance, channel by channel, also where
the latency is longer and drifts; a stretch that one tap did not see is a gap, told and left out on both sides, and where
nothing else shows that it was the tap, that nothing was put in or taken out is not said; what else does not comes in separate disturbances (EMI bursts, switching) at an honest rate per observed second, and changes what
the board counts by less than `min_hits` pulses or `min_effect`.  Counted is what the declared decoding makes of the
edges: the rising edges of A for x1, the walk of both channels for x2 and x4 (a pulse on one channel alone cancels in it;
the quadrature detector sees that), the edges of the one channel where only one is tapped.  Additions at a regular
spacing in pulses are no disturbance, however rare.  Both directions.  Needs both taps on one clock.  Source:
statistics.md sections 1c T8, 1d; fuel_dispensers.md r2; field_rules.md section 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from captures.model import Int64Array, PulseTrain, UInt8Array
from harness.judge.account import Kind
from harness.judge.chain import stations
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
from harness.judge.pulses.gray import net_steps
from harness.judge.pulses.matching import Silence, balance, covered, follow, silences
from harness.judge.pulses.suspects import every, placement, taken_out
from harness.judge.quantities import number
from harness.judge.trains import channels, inside, micro, same_clock, segment_window, ticks_of, to_ns

LINK = Link("encoder", "board")
NAME = "edge-balance"


@dataclass(frozen=True, eq=False)
class _Channel:
    """One channel's violations: `ticks` (k,), `net` (k,), `at` (k,) upstream index; `edges` upstream; of the pulses, by
    their rising edges: `surplus` (s,) ticks downstream, `deficit` (d,) index of the missing ones upstream; stretches in
    which one tap is silent; least and greatest latency where it had to be tracked, in ticks."""

    ticks: Int64Array
    net: Int64Array
    at: Int64Array
    edges: int
    per_pulse: int
    moved: int
    up: tuple[Int64Array, UInt8Array | None]
    down: tuple[Int64Array, UInt8Array | None]
    surplus: Int64Array
    deficit: Int64Array
    silences: tuple[Silence, ...]
    late: tuple[int, int]

    @property
    def whole(self) -> int:
        """Net pulses too many (> 0) at the board: rising edges where both are recorded."""
        return _rising(*self.down) - _rising(*self.up) if self.ticks.size else 0

    @property
    def pulses(self) -> int:
        """Pulses at the encoder."""
        return self.edges // self.per_pulse


def _rising(ticks: Int64Array, levels: UInt8Array | None) -> int:
    return int(ticks.size) if levels is None else int(np.count_nonzero(levels == 1))


def _window(segment: Segment, up: PulseTrain, down: PulseTrain) -> tuple[int, int]:
    a, b = segment_window(segment, up), segment_window(segment, down)
    return max(a[0], b[0]), min(a[1], b[1])


def _compare(
    segment: Segment,
    up: PulseTrain,
    down: PulseTrain,
    parameters: dict[str, int],
    lost: tuple[tuple[int, int], ...] = (),
) -> _Channel:
    window, gaps = _window(segment, up, down), up.gaps + down.gaps + lost
    select_up, select_down = inside(up.ticks, window, gaps), inside(down.ticks, window, gaps)
    ups, downs = up.ticks[select_up], down.ticks[select_down]
    tracked = follow(ups, downs, parameters["latency"], parameters["skew"], parameters["latency_most"])
    found = tracked.found
    result = balance(found, parameters["burst"])
    # beside the border of what was observed an edge may have lost its partner
    margin = parameters["latency"] + parameters["skew"] + max(tracked.high, 0)
    clear = _clear(result.ticks, window, gaps, margin)
    moved = int(found.surplus.size + found.deficit.size) - int(np.abs(result.net).sum())
    per_pulse = 2 if up.levels is not None else 1
    return _Channel(
        result.ticks[clear],
        result.net[clear],
        result.at[clear],
        int(ups.size),
        per_pulse,
        moved,
        (ups, None if up.levels is None else up.levels[select_up]),
        (downs, None if down.levels is None else down.levels[select_down]),
        _pulses(found.surplus[_clear(found.surplus, window, gaps, margin)], downs, down.levels, select_down),
        _index(found.deficit[_clear(found.deficit, window, gaps, margin)], ups, up.levels, select_up),
        tuple(silences(ups, downs, found)) if found.surplus.size or found.deficit.size else (),
        (tracked.low, tracked.high),
    )


def _clear(
    ticks: Int64Array, window: tuple[int, int], gaps: Sequence[tuple[int, int]], margin: int
) -> npt.NDArray[np.bool_]:
    """Which ticks (k,) lie further than `margin` from the borders of what was observed."""
    clear: npt.NDArray[np.bool_] = (ticks >= window[0] + margin) & (ticks <= window[1] - margin)
    for begin, end in gaps:
        clear &= (ticks < begin - margin) | (ticks > end + margin)
    return clear


def _pulses(chosen: Int64Array, ticks: Int64Array, levels: UInt8Array | None, select: slice | Int64Array) -> Int64Array:
    """Of the edges `chosen` (k,) among `ticks` (n,) the rising ones: a pulse has one."""
    if levels is None or not chosen.size:
        return chosen
    rising: Int64Array = chosen[levels[select][np.searchsorted(ticks, chosen)] == 1]
    return rising


def _index(chosen: Int64Array, ticks: Int64Array, levels: UInt8Array | None, select: slice | Int64Array) -> Int64Array:
    """How many pulses begin before each of those `chosen` (k,)."""
    rising = ticks if levels is None or not chosen.size else ticks[levels[select] == 1]
    found: Int64Array = np.searchsorted(rising, _pulses(chosen, ticks, levels, select)).astype(np.int64)
    return found


def _net(results: dict[str, _Channel], decoding: str) -> tuple[float, bool]:
    """Pulses by which the board's count differs from the encoder's, and whether both channels were decoded for it."""
    a, b = results.get("A"), results.get("B")
    if decoding == "x1" and a is not None:
        return float(a.whole), False
    if a is None or b is None:
        return float(next(iter(results.values())).whole), False
    if not a.ticks.size and not b.ticks.size:
        return 0.0, True  # nothing differs: nothing to decode
    steps = []
    for first, second in ((a.up, b.up), (a.down, b.down)):
        if first[1] is None or second[1] is None:
            return float(a.whole), False
        steps.append(abs(net_steps(first[0], first[1], second[0], second[1])))
    return (steps[1] - steps[0]) / 4, True


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
    keys = ("latency", "skew", "burst", "latency_most")
    ticks = {key: ticks_of(micro(view.parameters[f"{key}_us"]), tick_s) for key in keys}
    results = {name: _compare(segment, up, down, ticks) for name, up, down in pairs}
    begin, end = _window(segment, pairs[0][1], pairs[0][2])
    lost = () if segment.kind is SegmentKind.SHUT else _lost(results)
    at: dict[str, Any] = {}
    whole, away = float((end - begin) * tick_s), 0.0
    unproven = ""
    if lost:
        # what a tap did not see is compared by nobody, on either channel: a decoder takes both
        spans = tuple((one.begin, one.end) for _, one in lost)
        taps = ", ".join(sorted({_tap(name, one) for name, one in lost}))
        gap = f"{taps}: silent while the other tap goes on: a gap"
        # pulses over a shaft at rest, at the pace from before, look the same: unless the tap's other channel goes on through
        # it, what was left out is denied by nobody
        unproven = gap if any(not _other_goes_on(results, name, one) for name, one in lost) else ""
        results = {name: _compare(segment, up, down, ticks, spans) for name, up, down in pairs}
        at["silent"] = [_told(name, one, begin, tick_s) for name, one in lost]
        away = float(covered(spans) * tick_s)
        if away > (1 - view.parameters["least_left"]) * whole:
            return Reading(NAME, segment.id, LINK, 1.0, at=at, reason=gap)
    seconds = max(whole - away, 0.0)
    late = [one for result in results.values() for one in result.late]
    if max(late) > 0:
        at["latency_us"] = tuple(round(float(one * tick_s) * 1e6, 1) for one in (min(late), max(late)))
    reading = _reading(segment, view, results, pairs[0][1], ticks["burst"], seconds, at)
    if unproven and reading.spoke and not reading.hits:
        return Reading(NAME, segment.id, LINK, 1.0, at=reading.at, reason=unproven)
    return reading


def _lost(results: dict[str, _Channel]) -> list[tuple[str, Silence]]:
    """Stretches in which a tap saw nothing: the board's, wherever the encoder's edges go on; the encoder's, where those of the
    board keep the pace from before and to after, as an oscillator over a shaft at rest does not, or where the other channel
    of the encoder goes on."""
    return [
        (name, one)
        for name, result in results.items()
        for one in result.silences
        if one.silent == "down" or one.steady or _other_goes_on(results, name, one)
    ]


def _other_goes_on(results: dict[str, _Channel], name: str, one: Silence) -> bool:
    """Whether the other channel of the silent tap has edges through the silence of channel `name`: then the shaft turned,
    or the board was told so."""
    others = [other.up[0] if one.silent == "up" else other.down[0] for key, other in results.items() if key != name]
    return any(_edges_between(ticks, one) >= one.edges // 2 for ticks in others)


def _tap(channel: str, one: Silence) -> str:
    return f"{'encoder' if one.silent == 'up' else 'board'}.{channel}"


def _told(channel: str, one: Silence, begin: int, tick_s: Fraction) -> dict[str, str | int | float]:
    """Which tap was silent, in seconds from the begin of the segment, and how many edges the other one told."""
    from_s, to_s = (round(float((tick - begin) * tick_s), 3) for tick in (one.begin, one.end))
    return {"tap": _tap(channel, one), "from_s": from_s, "to_s": to_s, "edges": one.edges}


def _edges_between(ticks: Int64Array, one: Silence) -> int:
    first, last = np.searchsorted(ticks, (one.begin, one.end))
    return int(last - first)


def _merged(results: dict[str, _Channel], burst: int) -> tuple[Int64Array, Int64Array]:
    """Violations of all channels (k,), one per burst, and the pulse index (k,) each lies at."""
    ticks = np.concatenate([r.ticks for r in results.values()])
    pulse = np.concatenate([np.maximum(r.at, 0) // r.per_pulse for r in results.values()])
    order = np.argsort(ticks, kind="stable")
    ticks, pulse = ticks[order], pulse[order]
    first = first_of_each(ticks, burst)
    return ticks[first], pulse[first]


def _reading(
    segment: Segment,
    view: View,
    results: dict[str, _Channel],
    train: PulseTrain,
    burst: int,
    seconds: float,
    told: dict[str, Any],
) -> Reading:
    ticks, pulse = _merged(results, burst)
    surplus = {name: int(r.net[r.net > 0].sum()) for name, r in results.items()}
    deficit = {name: int(-r.net[r.net < 0].sum()) for name, r in results.items()}
    edges = sum(r.edges for r in results.values())
    events = int(ticks.size)
    net, decoded = _net(results, str(view.profile.get("decoding", "x1")))
    pulses = max(r.pulses for r in results.values())
    at: dict[str, Any] = {"surplus": surplus, "deficit": deficit, "edges": edges, "net_pulses": net} | told
    moved = sum(r.moved for r in results.values())
    if moved > 0.01 * max(edges, 1):
        at["retimed"] = moved
        if events < view.parameters["min_hits"]:
            return Reading(NAME, segment.id, LINK, 1.0, at=at, reason="counts agree, edges re-timed beyond the latency")
    shut = segment.kind is SegmentKind.SHUT
    per_s = view.parameters["honest_per_s" if decoded else "honest_per_s_one_channel"]
    large = abs(net) >= view.parameters["min_hits"] and (shut or abs(net) > view.parameters["min_effect"] * pulses)
    # what nets to nothing is no violation; a decoded event counts only as far as it changed the count
    separate = min(events, int(abs(net))) if decoded else events
    found = every(pulse) if large and 2 * separate >= events else None
    regular = found is not None and found.p < HONEST_REGULAR
    counts = separate if regular else counted(separate, seconds, per_s, view.parameters)
    hits = counts if large else 0
    shape = None
    if hits:
        shape = Shape.EXTRA if shut else Shape.CONSTANT
        at |= _where(segment, view, train, ticks, pulse, pulses) | _pattern(results, train)
        shape = at.pop("shape", shape) if not shut else shape
    elif events:
        at["noise_events"] = events
    least = least_counted(seconds, per_s, view.parameters)
    p = poisson_p(separate, HONEST_EVENTS + per_s * seconds)
    p = min(p, HONEST_REGULAR) if regular else p
    return Reading(
        NAME,
        segment.id,
        LINK,
        bet_on_count(hits, view.parameters, view.validation),
        p=p if hits else 1.0,
        hits=hits,
        effect=net / pulses if pulses else None,
        interval=((net - 1) / pulses, (net + 1) / pulses) if pulses else None,
        mde=max(least / pulses, view.parameters["min_effect"]) if pulses else None,
        shape=shape,
        at=at,
    )


def _pattern(results: dict[str, _Channel], train: PulseTrain) -> dict[str, Any]:
    """Where the pulses put in lie among the real ones of their channel, or those taken out; nothing where edges were moved."""
    assert train.tick_s is not None
    channel = max(results.values(), key=lambda r: r.surplus.size + r.deficit.size)
    if channel.surplus.size > 2 * channel.deficit.size:
        real = np.setdiff1d(_pulses(channel.down[0], *channel.down, slice(None)), channel.surplus, assume_unique=True)
        found = placement(real, channel.surplus, float(train.tick_s))
    elif channel.deficit.size > 2 * channel.surplus.size:
        found = taken_out(channel.deficit)
    else:
        return {}
    return {} if found is None else found.at()


def _where(
    segment: Segment, view: View, train: PulseTrain, ticks: Int64Array, pulse: Int64Array, pulses: int
) -> dict[str, Any]:
    """Onset in host time and litres, and end, as far as clock and profile allow."""
    at: dict[str, Any] = {}
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
    version=4,
    kind="law",
    null="what the board counts follows the encoder within the latency tolerance; separate disturbances come at an honest "
    "rate, or net to nothing",
    needs="encoder and board tapped on one clock",
    parameters={
        "latency_us": 500.0,
        "skew_us": 20.0,
        "latency_most_us": 5_000.0,
        "burst_us": 50_000.0,
        "least_left": 0.5,
        "min_hits": 3.0,
        "many_hits": 5.0,
        "q_few": 0.015,
        "min_effect": 5e-4,
        "honest_per_s": 0.1,
        "honest_per_s_one_channel": 0.5,
        "q": 3e-4,
    },
    judge=judge,
    one_by_one=True,
    mechanism="edges at the board and edges of the encoder differ",
    telling=10,
    shows=Kind.ADDED,
    method="edges of both taps",
    witness="pulses",
)
