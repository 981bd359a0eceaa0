"""Drive-on: what is shown changes faster than a vehicle can roll on and the indicator can follow.

Null, declared: between two readings the weight changes by no more than the declared `ramp_kg_s` allows, two intervals and what the
line wanders besides; without `ramp_source` the bound is not used.  Null, learned: vehicles come and go axle by axle, so that
none takes less than a second and an eighth of the time that the middle one of the others takes, of which four were seen, at a
line that renews its readings fast enough to show it.  A simulator plugged in for the cells (T09)
brings everything at once; a remote (T01 to T08) adds what no axle brings.  Source: scales.md 0.5, 1D; statistics.md 2c.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from captures.model import Int64Array
from harness.judge.account import Kind
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, View
from harness.judge.evalue import bet
from harness.judge.events import first_of_each
from harness.judge.weight_line import NS, SILENCE_NS, WITNESS, Frames, meets, streams, vehicles, wander, whole, worked

NAME = "drive-on"


@dataclass(frozen=True)
class Ramp:
    """How one change of load came: its whole `size` in steps, the `seconds` from a twentieth of it to all but a twentieth, and
    when that began."""

    size: float
    seconds: float
    at_ns: int


def jumps(line: Frames, kg_s: float, view: View) -> Int64Array:
    """Times (k,) of separate changes, within one to four frames, faster than the bound."""
    _, between = wander(line)
    spare = view.parameters["spare_e"] * line.e + view.parameters["times_wander"] * between
    late_s = line.update_ns / NS + view.parameters["late_s"]
    over = np.zeros(len(line), dtype=np.bool_)
    for apart in range(1, min(4, len(line) - 1) + 1):
        seconds = (line.times_ns[apart:] - line.times_ns[:-apart]) / NS + late_s
        moved = np.abs(line.steps[apart:] - line.steps[:-apart]) * line.step_kg
        over[:-apart] |= moved > kg_s * seconds + spare * line.step_kg
    at = np.flatnonzero(over)
    return line.times_ns[at[first_of_each(at, 8)]] if at.size else line.times_ns[:0]


def ramp(line: Frames, begin_ns: int, rest_ns: int, view: View) -> Ramp | str:
    """How the load came between `begin_ns` and its being at rest, or why that cannot be told."""
    way = line.between(begin_ns, rest_ns)
    times, steps = line.times_ns[way], line.steps[way]
    if times.size < 8 or 2 * line.update_ns > round(view.parameters["jump_s"] * NS):
        return "the line renews its readings too slowly to show how a vehicle comes"
    if int(np.diff(times).max()) > min(SILENCE_NS, 3 * line.update_ns) or any(
        a < rest_ns and b > begin_ns for a, b in line.holes
    ):
        return "a silence or garbage while the load came"
    size = float(np.median(steps[-3:]) - np.median(steps[:3]))
    if abs(size) < view.parameters["least_e"] * line.e:
        return "no vehicle came or went"
    done = (steps - np.median(steps[:3])) / size
    first, last = int(np.argmax(done > 0.05)), int(np.flatnonzero(done < 0.95)[-1])
    return Ramp(size, max(float(times[last] - times[first]), 0.0) / NS + line.update_ns / NS, int(times[first]))


def _learned(found: Ramp, others: Sequence[Ramp], view: View) -> str:
    """Why the other drive-ons allow no claim; "" where they do."""
    if len(others) - 1 < view.parameters["least_others"]:
        return "neither a bound with its source nor four other vehicles that came or went"
    return ""


def _jumped(found: Ramp, others: Sequence[Ramp], view: View) -> bool:
    usual = float(np.median([one.seconds for one in others if one is not found]))
    return found.seconds < min(view.parameters["jump_s"], usual / view.parameters["times"])


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    if not vehicles(view.profile):
        return []
    kg_s = view.profile.get("ramp_kg_s") if str(view.profile.get("ramp_source", "")).strip() else None
    lines = [(segment, station, whole(segment, station, view.profile)) for segment, station in streams(segments)]
    came = [_came(segment, station, line, view) for segment, station, line in lines]
    others = [one for one in came if isinstance(one, Ramp)]
    readings = []
    for (segment, station, line), one in zip(lines, came, strict=True):
        if kg_s is not None:
            readings.append(_declared(segment, station, line, float(kg_s), view))
        else:
            why = one if isinstance(one, str) else _learned(one, others, view)
            readings.append(
                Reading(NAME, segment.id, Link("load", station), 1.0, reason=why)
                if why or isinstance(one, str)
                else _told(segment, station, _jumped(one, others, view), {"seconds": round(one.seconds, 2)}, [one.at_ns], view)
            )  # fmt: skip
    return readings


def _came(segment: Segment, station: str, line: Frames, view: View) -> Ramp | str:
    if not len(line):
        return "no frame"
    return ramp(line, int(line.times_ns[0]), segment.window_ns[0] + round(view.parameters["after_rest_s"] * NS), view)


def _declared(segment: Segment, station: str, line: Frames, kg_s: float, view: View) -> Reading:
    if line.seconds < 2:
        return Reading(NAME, segment.id, Link("load", station), 1.0, reason="no line to follow")
    spans = worked(segment, NS // 2, 5 * NS)
    found = [t for t in jumps(line, kg_s, view).tolist() if not meets([*spans, *line.holes], t, t + NS)]
    return _told(segment, station, bool(found), {"ramp_kg_s": kg_s}, found, view)


def _told(segment: Segment, station: str, hit: bool, at: dict[str, Any], times: list[int], view: View) -> Reading:
    held = hit and all(t > segment.window_ns[0] + 3 * NS for t in times)
    return Reading(
        NAME,
        segment.id,
        Link("load", station),
        bet(hit, view.parameters["q"], view.validation),
        p=view.parameters["q"] if hit else 1.0,
        hits=max(len(times), 1) if hit else 0,
        shape=(Shape.SWITCHED if held else Shape.EXTRA) if hit else None,
        at={**at, "sure": True, **({"onset_ns": times[0], "held": held} if hit else {})},
    )


DETECTOR = DetectorSpec(
    name=NAME,
    version=1,
    kind="detector",
    null="a vehicle comes axle by axle, and what is shown of it rises no faster than its bound, declared or learned, allows",
    needs="the line of a truck scale while vehicles drive on, renewed twice a second; a declared bound with its source, or four other vehicles",
    parameters={
        "jump_s": 1.0, "times": 8.0, "least_others": 4.0, "least_e": 100.0, "after_rest_s": 2.0,
        "spare_e": 2.0, "times_wander": 5.0, "late_s": 0.05, "q": 3e-4,
    },
    judge=judge,
    mechanism="the weight of a vehicle comes faster than it can drive on",
    telling=43,
    witness=WITNESS,
    shows=Kind.WEIGHED,
)  # fmt: skip
