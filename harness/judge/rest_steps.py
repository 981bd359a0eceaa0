"""Steps of a line while one load lies at rest: the level moved and stayed.

A candidate of the kernel (weights/steps.py: two plateaus farther apart than noise and creep allow) counts when it is as large as
asked for beyond what this line wanders of itself, when it took no longer than a load takes to settle, and when the codes of the
two plateaus do not overlap.  The last three hold for any correlation of wind, sway and vibration, of which the kernel knows
nothing: a level that drifts gets there slowly, one that sways comes back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.judge.contract import Segment
from harness.judge.weight_line import NS, SILENCE_NS, Frames, at_rest, wander
from harness.judge.weights.plateau import plateaus
from harness.judge.weights.steps import CREEP, Step, steps

LEAST_S = 2.0  # that a plateau lasts
SUDDEN_S = 2.0  # that a step lasts at most: a filter that settles longer hides no more than it shows
NOISE_E = 0.25  # e: scatter that every line is granted
TIMES_WANDER = 5.0
_SHORTEST_S = 10.0
_NEAR = 0.9  # of the bound: the ends of a plateau fill no whole window


@dataclass(frozen=True, eq=False)
class Followed:
    """A line at rest and its steps; `bound`: the smallest one that would have counted, in steps of the line."""

    line: Frames
    bound: float
    found: tuple[Step, ...]


def followed(
    segment: Segment, station: str, profile: Mapping[str, Any], bound_e: float, least_s: float = LEAST_S
) -> Followed | str:
    """The steps of at least `bound_e` intervals while the load lay there, or why there is nothing to say."""
    line = at_rest(segment, station, profile)
    if line.seconds < _SHORTEST_S:
        return "the load did not lie still for ten seconds"
    inside, between = wander(line)
    hysteresis = float(profile.get("display_hysteresis_e", 0) or 0)
    bound = (bound_e + hysteresis) * line.e + TIMES_WANDER * between
    if _range(line, least_s / 2) < _NEAR * bound:
        return Followed(line, bound, ())
    noise = max(NOISE_E * line.e, 1.5 * inside)
    levels = plateaus(line.times_ns, line.steps, noise, line.update_ns, round(least_s * NS), 0, SILENCE_NS)
    kept = []
    for step in steps(levels, line.steps, CREEP * line.e):
        low, high = sorted((step.before, step.after), key=lambda i: float(levels.mean[i]))
        apart = int(levels.low[high]) > int(levels.high[low])
        took = int(levels.from_ns[step.after] - levels.to_ns[step.before])
        if abs(step.size) >= bound * (1 - 1e-9) and apart and took <= SUDDEN_S * NS and _heard(line, step):
            kept.append(step)
    return Followed(line, bound, tuple(kept))


def _range(line: Frames, seconds: float) -> float:
    """Greatest less least of the means over so many seconds: no two plateaus lie farther apart."""
    size = max(1, round(seconds * NS / max(line.frame_ns, 1)))
    if len(line) <= size or int(np.ptp(line.steps)) == 0:
        return float(np.ptp(line.steps))
    total = np.concatenate([[0], np.cumsum(line.steps - line.steps[0])])
    return float(np.ptp(total[size:] - total[:-size])) / size


def _heard(line: Frames, step: Step) -> bool:
    """No garbage lies on the way from one level to the other."""
    return not any(a <= step.to_ns and b >= step.from_ns for a, b in line.holes)


def separate(found: Sequence[Step], bound: float) -> list[Step]:
    """Steps of which one that leads back to where the one before began counts with it: there and back is one."""
    kept: list[Step] = []
    back = False
    for step in found:
        if kept and not back and abs(step.size + kept[-1].size) < bound:
            back = True
            continue
        kept.append(step)
        back = False
    return kept
