"""Conformity of a taximeter with its maximum permissible errors of the distance, with uncertainty (JCGM 106:2012, section 7).

The limits are not the same on both sides: installed in a vehicle a meter may show 1 % too much and 4 % too little.  Of each trip
with a reference E = (D - R)/R, D as displayed, else as recorded, else the pulses at the input over the declared K.  Trips of one phase and sealed state are one
group: what their references have in common is not averaged out.  The gravest group counts.

Satellites and the vehicle's own speed decide nothing inside the limits (taximeters.md 3: 0.5 to 1 % at the best): a group that
rests on them is `fail` where the error with its uncertainty lies beyond, else inconclusive.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

from scipy import stats

from harness.judge.conformity import decide
from harness.judge.contract import Conformity, ConformityResult, Segment, SegmentKind
from harness.judge.distances import FROM_SATELLITES, LEAST_M, SHOWN, distance

_GRAVITY = {Conformity.PASS: 0, Conformity.INCONCLUSIVE: 1, Conformity.FAIL: 2}
FLOOR = "mpe-floor"
METER_ALONE = "meter-only"


class HasLimits(Protocol):
    limits: tuple[Any, ...]

    def limit(self, id: str) -> Any: ...


def conformance(error: float, u: float, over: float, under: float) -> float:
    """P(-under <= true error <= over) for a normal state of knowledge; JCGM 106, formula (7.2) two-sided."""
    return float(stats.norm.cdf((over - error) / u) - stats.norm.cdf((-under - error) / u))


def shown(segment: Segment, profile: Mapping[str, Any]) -> tuple[str, float, float] | None:
    """Station, metres and standard uncertainty of what is held to the reference: what tells it best, because a display of 0.1 km
    tells little of one kilometre; None where nothing was read.  Pulses stand for the distance only as far as the display, where it was
    read, is what they make: the limits are those of what the passenger sees."""
    found = [(station, distance(segment, station, profile)) for station in ("distance", "record", "input")]
    told = [(one.u, station, one) for station, one in found if not one.why_not]
    seen = next((one for _, station, one in told if station == "distance"), None)
    if seen is not None:
        told = [(u, s, one) for u, s, one in told if abs(one.metres - seen.metres) <= seen.most + one.most]
    u, station, best = min(told, key=lambda one: one[:2], default=(0.0, "", None))
    return None if best is None else (station, best.metres, u)


def _one(segment: Segment, profile: Mapping[str, Any]) -> dict[str, Any] | None:
    true, said = distance(segment, "reference", profile), shown(segment, profile)
    if true.why_not or said is None or true.metres < LEAST_M or not segment.complete:
        return None
    station, metres, u = said
    by = str(segment.context.get("reference", ""))
    return {"segment": segment.id, "station": station, "error": (metres - true.metres) / true.metres, "u": u / true.metres,
            "common": math.hypot(true.u, u if station in SHOWN else 0.0) / true.metres, "metres": true.metres, "satellites": by in FROM_SATELLITES}  # fmt: skip


def _group(members: Sequence[dict[str, Any]], edition: HasLimits) -> dict[str, Any]:
    n = len(members)
    mean = math.fsum(one["error"] for one in members) / n
    scatter = math.sqrt(math.fsum((one["error"] - mean) ** 2 for one in members) / (n - 1)) if n >= 3 else 0.0
    own = max(scatter, math.sqrt(math.fsum(one["u"] ** 2 for one in members) / n)) / math.sqrt(n)
    u = max(math.hypot(max(one["common"] for one in members), own), 1e-6)
    over, under = (float(edition.limit(id).value) for id in ("mpe", "mpe-under"))
    if any(limit.id == FLOOR for limit in edition.limits):
        least = float(edition.limit(FLOOR).value) / min(one["metres"] for one in members)
        over, under = max(over, least), max(under, least)
    p = conformance(mean, u, over, under)
    decided = decide(p)
    if decided is not Conformity.FAIL and any(one["satellites"] for one in members):
        decided = Conformity.INCONCLUSIVE
    return {"error": mean, "u": u, "n": n, "p_conform": p, "limit": over if mean > 0 else under, "conformity": decided,
            "station": members[0]["station"]}  # fmt: skip


def conformity(segments: Sequence[Segment], profile: Mapping[str, Any], edition: HasLimits) -> ConformityResult:
    """The verdict on the first axis, with the limit on the side on which the error lies."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for segment in segments:
        if segment.kind is SegmentKind.TRIP and (one := _one(segment, profile)) is not None:
            groups.setdefault((segment.phase, segment.state), []).append(one)
    over, under = edition.limit("mpe"), edition.limit("mpe-under")
    verified = bool(over.verified and under.verified)
    results = [{"phase": phase, "state": state} | _group(own, edition) for (phase, state), own in groups.items()]
    if not results:
        limit = float(Decimal(over.value))
        return ConformityResult(Conformity.INCONCLUSIVE, None, None, limit, str(over.clause), verified)
    worst = max(results, key=lambda group: (_GRAVITY[group["conformity"]], abs(group["error"]) / group["limit"]))
    clause = str((over if worst["error"] > 0 else under).clause)
    return ConformityResult(
        worst["conformity"], worst["error"], worst["u"], worst["limit"], clause, verified, tuple(results)
    )
