"""Whether one trip of a search is off so far that it is made again; it says where to look, and proves nothing.

A taximeter may be honest with 4 % too little and, a year after its verification, with 3.5 % too much (taximeters.md 0, finding 5), so a trip shows
something where it is off by more than limit and wear make, or tells more than the other trips of the same taxi: tyres and K are the same in all of them.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from harness.judge.conformity_taxi import METER_ALONE, HasLimits, shown
from harness.judge.contract import Segment, SegmentKind
from harness.judge.distances import FROM_SATELLITES, LEAST_M, distance

WEAR = 0.025  # of a year, in tyres (taximeters.md 0)
SATELLITES_REL = 0.0075  # of a receiver, beside its own uncertainty (laws/distance_scale.py)
BEYOND = 2  # times the limit, by which a trip tells more than others
SURE = 3.0  # standard uncertainties
OTHERS = 2  # trips, of which the usual error is


def shows(segment: Segment, every: Sequence[Segment], limits: HasLimits, profile: Mapping[str, Any]) -> bool:
    """`every`: all segments of the taxi, those of other plans and `segment` among them."""
    found = _error(segment, profile)
    if found is None:
        return False
    error, u = found
    limit = float(limits.limit("mpe").value)
    wear = 0.0 if profile.get("limits") == METER_ALONE else WEAR
    if error - SURE * u > limit + wear:
        return True
    others = [known for one in every if one.id != segment.id and (known := _error(one, profile)) is not None]
    if len(others) < OTHERS:
        return False
    usual = statistics.median(error for error, _ in others)
    apart = math.hypot(u, statistics.median(u for _, u in others))
    return error - usual > BEYOND * limit + SURE * apart


def _error(segment: Segment, profile: Mapping[str, Any]) -> tuple[float, float] | None:
    """(relative error, standard uncertainty) of the station that tells most; None where no distance or no reference is known."""
    true, said = distance(segment, "reference", profile), shown(segment, profile)
    if segment.kind is not SegmentKind.TRIP or true.why_not or said is None or true.metres < LEAST_M:
        return None
    own = SATELLITES_REL if str(segment.context.get("reference", "")) in FROM_SATELLITES else 0.0
    return max(
        ((one.metres - true.metres) / true.metres, math.hypot(one.u / true.metres, true.u / true.metres, own))
        for _, one in said
    )
