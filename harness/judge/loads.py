"""What a scale showed of the load that lies on it: by eyes or on its line, before anybody touched a key and after each press.

A stream repeats itself: what counts as a reading at rest is a stretch in which every frame that says anything says it stands
still.  Marks of presses part a loading into stretches of constant state: within one nothing was done to the scale.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from captures.model import Flag, SampledTrace
from harness.judge.contract import Segment, SegmentKind
from harness.judge.intervals import coarsest_e, intervals
from harness.judge.key_effects import KEY_EFFECTS, WeightRule, effect_of

STREAMS = ("weight",)
EYES = ("display",)
REMOTE = "remote"
OUT_OF_RANGE = Flag.OVERLOAD | Flag.UNDERLOAD
RESTARTED = (
    "may_have_restarted"  # key of the context: its line fell silent and came back with another weight of the same load
)
LEAST_E = 20  # smallest load that a scale of class III may weigh, in e (R 76-1:2006, 3.2)
REST_NS = 300_000_000  # a stretch at rest lasts at least so long


@dataclass(frozen=True)
class Shown:
    """One reading at rest of a station: kg as shown, when, and the presses in this loading that came before it."""

    t_ns: int
    kg: Decimal
    pressed: tuple[str, ...]
    sure: bool = False  # it cannot be one misreading: many frames say it


def loadings(segments: Sequence[Segment]) -> list[Segment]:
    """The finished loadings, in order."""
    return [s for s in segments if s.kind is SegmentKind.LOADING and s.complete]


def weighable(segments: Sequence[Segment], profile: Mapping[str, Any], zero_e: int = 0) -> list[Segment]:
    """The finished loadings whose first reading is the weight of the load: no key that may honestly change what is displayed was
    pressed since power-up, nor may the scale have started anew under a load (which makes it its zero), or the empty scale has
    shown zero since.  Where it sells and the empty scale shows less than zero by a load, and nobody pressed a key, it has taken
    one for its zero at some time since it showed zero last: none of these loadings is used.

    `zero_e`: how many intervals from zero count as zero shown.  A test whose bound holds a tare of so much asks for no more, else
    a function that leaves one interval on the empty scale would end all comparison."""
    may, near = changing(profile), zero_e * intervals(profile)[0].e_kg
    lost = profile.get("trade") == "selling"  # to the trader's own cost
    found: list[Segment] = []
    since, open_keys, state = 0, False, None  # how many were found when the empty scale last showed zero
    for segment in loadings(segments):
        open_keys &= segment.state == state
        open_keys |= segment.context.get(RESTARTED) is True
        state = segment.state
        empty = segment.load_kg is not None and segment.load_kg[0] == 0
        readings = [one for name in observed(segment) for one in shown(segment, name)]
        if empty and any(abs(one.kg) <= near and not one.pressed for one in readings):
            open_keys, since = False, len(found)
        below = [one for one in readings if one.kg <= -LEAST_E * coarsest_e(profile, 0)]
        if lost and empty and below and not open_keys and not any(map(presses, [*found[since:], segment])):
            del found[since:]
            open_keys = True
        if not open_keys:
            found.append(segment)
        for _, end_ns, key in presses(segment):
            zero_after = empty and any(abs(one.kg) <= near and one.t_ns >= end_ns for one in readings)
            open_keys |= may(key) and not zero_after
        if empty and any(abs(one.kg) <= near and len(one.pressed) == len(presses(segment)) for one in readings):
            open_keys = False
    return found


def observed(segment: Segment) -> tuple[str, ...]:
    """The stations that show the weight in this loading."""
    eyes = tuple(name for name in EYES if name in segment.registers)
    return (*(name for name in STREAMS if name in segment.traces), *eyes)


def presses(segment: Segment) -> list[tuple[int, int, str]]:
    """(earliest, latest, key) of each press in the loading, in order."""
    return [
        (m.t_ns, m.t_ns + m.u_ns, m.kind.removeprefix("press-")) for m in segment.marks if m.kind.startswith("press-")
    ]


# a segment is immutable, and every test of a scale asks for its readings
_KNOWN: WeakKeyDictionary[Segment, dict[str, list[Shown]]] = WeakKeyDictionary()


def shown(segment: Segment, station: str) -> list[Shown]:
    """The readings at rest of `station` in this loading, one a stretch between presses for a stream."""
    known = _KNOWN.setdefault(segment, {})
    if station not in known:
        known[station] = _shown(segment, station)
    return list(known[station])


def _shown(segment: Segment, station: str) -> list[Shown]:
    own, before = presses(segment), _pressed_by(segment)
    if station in segment.registers:
        register = segment.registers[station]
        times = register.times_ns.tolist()
        return [Shown(t_ns, kg, before(t_ns)) for t_ns, kg in zip(times, register.values, strict=True)]
    trace = segment.traces.get(station)
    if trace is None:
        return []
    begins = [segment.window_ns[0], *(end for _, end, _ in own)]
    stops = [*(start for start, _, _ in own), segment.window_ns[1]]
    found = []
    for n, (a, b) in enumerate(zip(begins, stops, strict=True)):
        seen = _at_rest(trace, a, b)
        if seen is not None:
            found.append(Shown(*seen, before(a) if n else (), sure=True))
    return found


def _pressed_by(segment: Segment) -> Callable[[int], tuple[str, ...]]:
    """The keys whose presses had ended by an instant, in the order of the presses; thousands of presses are asked for often."""
    own = presses(segment)
    keys, ends = tuple(key for _, _, key in own), [end for _, end, _ in own]
    if ends == sorted(ends):
        return lambda t_ns: keys[: bisect_right(ends, t_ns)]
    return lambda t_ns: tuple(key for _, end, key in own if end <= t_ns)


def _at_rest(trace: SampledTrace, begin_ns: int, until_ns: int) -> tuple[int, Decimal] | None:
    """When and what was last said at rest in a stretch: the last run of equal readings that lasts REST_NS and of which none says it moves."""
    first, last = (int(np.searchsorted(trace.times_ns, t)) for t in (begin_ns, until_ns))
    if last - first < 2 or any(a < until_ns and b > begin_ns for a, b in trace.garbage):
        return None
    flags, steps, times = trace.flags[first:last], trace.steps[first:last], trace.times_ns[first:last]
    bad = (flags & np.uint8(OUT_OF_RANGE)) != 0
    if Flag.STABLE in trace.told:
        bad |= (flags & np.uint8(Flag.STABLE)) == 0
    cuts = np.flatnonzero((np.diff(steps) != 0) | bad[1:] | bad[:-1]) + 1
    starts, ends = np.concatenate(([0], cuts)), np.concatenate((cuts, [steps.size]))
    for a, b in zip(starts[::-1].tolist(), ends[::-1].tolist(), strict=True):
        if not bad[a] and times[b - 1] - times[a] >= REST_NS:
            return int(times[b - 1]), int(steps[a]) * trace.step
    return None


def untouched(segment: Segment, station: str) -> Shown | None:
    """What it showed of this load before any key was pressed while it lay there."""
    return next((one for one in shown(segment, station) if not one.pressed), None)


def error_kg(segment: Segment, station: str) -> tuple[float, float] | None:
    """Error of indication E = I - L in kg with the standard uncertainty of the load; None where either is missing."""
    seen = untouched(segment, station)
    if seen is None or segment.load_kg is None:
        return None
    mass, u = segment.load_kg
    return float(seen.kg) - mass, u


def e_at(profile: Mapping[str, Any], load_kg: float) -> float:
    """The coarsest verification scale interval that a reading of this load may honestly have, kg."""
    return float(coarsest_e(profile, load_kg))


def changing(profile: Mapping[str, Any]) -> Callable[[str], bool]:
    """Whether the own work of a key may change what is displayed as weight: what follows it until the next loading is compared
    with nothing before.  A key that nothing is known of may; a remote has no honest work at all."""
    effects = tuple(profile.get(KEY_EFFECTS, ()))

    @cache
    def may(key: str) -> bool:
        known = effect_of(effects, key)
        return key != REMOTE and (known is None or known.weight is not WeightRule.KEPT)

    return may


def undisturbed(readings: Sequence[Shown], profile: Mapping[str, Any]) -> list[Shown]:
    """The readings before the first key that may honestly change what is displayed."""
    may = changing(profile)
    ended = frozenset(key for key in frozenset[str]().union(*(one.pressed for one in readings)) if may(key))
    return [one for one in readings if ended.isdisjoint(one.pressed)]


def around(segment: Segment, trace: SampledTrace, seen: Shown) -> tuple[Decimal, Decimal] | None:
    """Least and most that the line said at rest in the stretch between presses in which `seen` was read; None where it did not
    come to rest in it."""
    before = [end for _, end, _ in presses(segment) if end <= seen.t_ns]
    after = [start for start, _, _ in presses(segment) if start >= seen.t_ns]
    begin, until = max(before, default=segment.window_ns[0]), min(after, default=segment.window_ns[1])
    if _at_rest(trace, begin, until) is None:
        return None
    own = trace.between(begin, until)
    rest = ~own.having(OUT_OF_RANGE) & (
        own.having(Flag.STABLE) if Flag.STABLE in own.told else np.ones(own.steps.size, np.bool_)
    )
    return int(own.steps[rest].min()) * trace.step, int(own.steps[rest].max()) * trace.step
