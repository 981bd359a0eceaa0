"""Conformity of a taximeter with its maximum permissible errors of the distance, with uncertainty (JCGM 106:2012, section 7).

The limits are not the same on both sides: installed in a vehicle a meter may show 1 % too much and 4 % too little.  Of each trip
with a reference E = (D - R)/R, D as displayed, else as recorded, else the pulses at the input over the declared K.  Trips of one phase and sealed state are one
group: what their references have in common is not averaged out.  The gravest group counts.

Satellites and the vehicle's own speed decide nothing inside the limits (taximeters.md 3: 0.5 to 1 % at the best): a group that
rests on them is `fail` where the error lies SURE uncertainties beyond a limit, else inconclusive.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

from harness.judge.conformity import decide
from harness.judge.contract import Conformity, ConformityResult, Segment, SegmentKind
from harness.judge.distances import FROM_SATELLITES, LEAST_M, SHOWN, Distance, distance
from harness.metrology.decision import Tolerance, conforming

_GRAVITY = {Conformity.PASS: 0, Conformity.INCONCLUSIVE: 1, Conformity.FAIL: 2}
FLOOR = "mpe-floor"
SURE = 3.0  # standard uncertainties beyond a limit at which satellites decide: gaps and bounds are no normal errors
METER_ALONE = "meter-only"


class HasLimits(Protocol):
    limits: tuple[Any, ...]

    def limit(self, id: str) -> Any: ...


Told = tuple[str, Distance]  # station, and what it says


def shown(segment: Segment, profile: Mapping[str, Any]) -> tuple[Told, Told] | None:
    """What tells the distance best, because a display of 0.1 km tells little of one kilometre; and what the passenger saw, which is the
    same where the display agrees with it or was not read.  None where nothing was read."""
    found = [(station, distance(segment, station, profile)) for station in ("distance", "record", "input")]
    told = [(station, one) for station, one in found if not one.why_not]
    if not told:
        return None
    best = min(told, key=lambda one: (one[1].u, one[0]))
    seen = next((one for one in told if one[0] == "distance"), best)
    apart = abs(best[1].metres - seen[1].metres) > seen[1].most + best[1].most
    return best, seen if apart else best


def _one(segment: Segment, profile: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]] | None:
    true, said = distance(segment, "reference", profile), shown(segment, profile)
    if true.why_not or said is None or true.metres < LEAST_M or not segment.complete:
        return None
    by = str(segment.context.get("reference", ""))
    best, seen = (
        {"segment": segment.id, "station": station, "error": (one.metres - true.metres) / true.metres, "u": one.u / true.metres,
         "common": math.hypot(true.u, one.u if station in SHOWN else 0.0) / true.metres, "metres": true.metres, "satellites": by in FROM_SATELLITES}
        for station, one in said
    )  # fmt: skip
    return best, seen


def _as_seen(members: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> list[dict[str, Any]]:
    """The limits are those of what the passenger sees: where the display is not what the pulses make, twice to the same side, it is
    held to them itself.  Once is a digit misread."""
    sides = [_side(best, seen) for best, seen in members]
    twice = {side for side in sides if side and sides.count(side) > 1}
    return [seen if side in twice else best for side, (best, seen) in zip(sides, members, strict=True)]


def _side(best: Mapping[str, Any], seen: Mapping[str, Any]) -> int:
    """1 where the display makes more of the pulses, -1 less, 0 where it is what they make."""
    return 0 if seen["station"] == best["station"] else 1 if seen["error"] > best["error"] else -1


def _group(members: Sequence[dict[str, Any]], edition: HasLimits) -> dict[str, Any]:
    n = len(members)
    mean = math.fsum(one["error"] for one in members) / n
    # of two trips as well: a stretch noted wrongly makes one of them unlike the other, and decides nothing
    scatter = math.sqrt(math.fsum((one["error"] - mean) ** 2 for one in members) / (n - 1)) if n >= 2 else 0.0
    own = max(scatter, math.sqrt(math.fsum(one["u"] ** 2 for one in members) / n)) / math.sqrt(n)
    u = max(math.hypot(max(one["common"] for one in members), own), 1e-6)
    over, under = (float(edition.limit(id).value) for id in ("mpe", "mpe-under"))
    if any(limit.id == FLOOR for limit in edition.limits):
        least = float(edition.limit(FLOOR).value) / min(one["metres"] for one in members)
        over, under = max(over, least), max(under, least)
    p = conforming(mean, u, Tolerance(-under, over))
    decided = decide(mean, u, over, under)
    if any(one["satellites"] for one in members):
        beyond = mean - SURE * u > over or mean + SURE * u < -under
        decided = Conformity.FAIL if beyond else Conformity.INCONCLUSIVE
    return {"error": mean, "u": u, "n": n, "p_conform": p, "limit": over if mean > 0 else under, "conformity": decided,
            "station": members[0]["station"], "segments": [one["segment"] for one in members]}  # fmt: skip


def conformity(segments: Sequence[Segment], profile: Mapping[str, Any], edition: HasLimits) -> ConformityResult:
    """The verdict on the first axis, with the limit on the side on which the error lies."""
    groups: dict[tuple[str, str], list[tuple[dict[str, Any], dict[str, Any]]]] = {}
    for segment in segments:
        if segment.kind is SegmentKind.TRIP and (one := _one(segment, profile)) is not None:
            groups.setdefault((segment.phase, segment.state), []).append(one)
    over, under = edition.limit("mpe"), edition.limit("mpe-under")
    verified = bool(over.verified and under.verified)
    results = [
        {"phase": phase, "state": state} | _group(_as_seen(own), edition) for (phase, state), own in groups.items()
    ]
    if not results:
        limit = float(Decimal(over.value))
        return ConformityResult(Conformity.INCONCLUSIVE, None, None, limit, str(over.clause), verified)
    worst = max(results, key=lambda group: (_GRAVITY[group["conformity"]], abs(group["error"]) / group["limit"]))
    clause = str((over if worst["error"] > 0 else under).clause)
    return ConformityResult(
        worst["conformity"], worst["error"], worst["u"], worst["limit"], clause, verified, tuple(results)
    )
