"""Conformity of a scale with its maximum permissible errors, with uncertainty (JCGM 106:2012, section 7; R 76-1:2006 3.5).

Of each loading with a known mass the error of indication E = I - L, I as displayed before any key was pressed (on the line
where nobody read it).  A displayed weight is known to half an interval: its standard uncertainty is e/sqrt(12), the load's own
is added.  Four loadings of one interval and more that a straight line explains tell their errors together.  The limit is a step function of the load in e, data of the edition.  Loadings of one phase and sealed state are one
group; the gravest group counts.

A misread digit is no error of the instrument: a group of which one loading alone fails, read by eye once, is inconclusive.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

import numpy as np

from harness.judge.conformity import decide
from harness.judge.contract import Conformity, ConformityResult, Segment
from harness.judge.intervals import interval_at, mpe_kg
from harness.judge.loads import error_kg, observed, untouched, weighable
from harness.judge.weights import affine

_GRAVITY = {Conformity.PASS: 0, Conformity.INCONCLUSIVE: 1, Conformity.FAIL: 2}
FEWEST = 4
SCATTER_E = 0.2  # repeatability of one weighing, standard deviation in e [D]
CENTRE = ("centre", "middle", "")


class HasStepLimits(Protocol):
    def mpe(self, load_e: Decimal, accuracy_class: str, in_service: bool) -> Any:
        """The limit (value in e, clause, verified) at a load of so many e."""


def _one(segment: Segment, profile: Mapping[str, Any], edition: HasStepLimits) -> dict[str, Any] | None:
    """Error, u and limit in kg of one loading, with what decides; None where nothing could be formed."""
    station = next((name for name in ("display", "weight") if name in observed(segment)), "")
    found, seen = (error_kg(segment, station), untouched(segment, station)) if station else (None, None)
    if found is None or seen is None or segment.load_kg is None or segment.load_kg[0] <= 0:
        return None
    error, u_load = found
    if mpe_kg(profile, segment.load_kg[0]) is None:
        return None  # no limit reaches so far
    e = interval_at(profile, segment.load_kg[0]).e_kg
    load_e = Decimal(str(segment.load_kg[0])) / e
    in_service = profile.get("limits", "in-service") == "in-service"
    limit = edition.mpe(load_e, str(profile.get("accuracy_class", "III")), in_service)
    most, u = float(limit.value) * float(e), math.hypot(float(e) / math.sqrt(12), u_load)
    decided = decide(error, u, most, most)
    return {
        "segment": segment.id, "error": error, "u": u, "limit": most, "load": segment.load_kg[0], "conformity": decided, "sure": seen.sure,
        "e": float(e), "u_load": u_load,
        "clause": str(limit.clause), "verified": bool(limit.verified),
    }  # fmt: skip


def _on_a_line(members: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The loadings with the errors that a straight line through all of them gives, where one explains them: what rounding hides
    of one loading several tell.  As they are for fewer than FEWEST, of more than one interval, or where no line explains them."""
    steps = {one["e"] for one in members}
    if len(members) < FEWEST or len(steps) > 1:
        return list(members)
    [e] = steps
    loads = np.array([one["load"] / e for one in members])
    shown = loads + np.array([one["error"] / e for one in members])
    u_loads = np.array([one["u_load"] / e for one in members])
    half = affine.half_widths(shown, loads, u_loads, SCATTER_E)
    if float(np.ptp(loads)) <= 0 or not affine.admitted(loads, shown, half).any:
        return list(members)
    fit = affine.line(loads, shown, noise=SCATTER_E)
    found = []
    for one, x in zip(members, loads.tolist(), strict=True):
        error = (fit.gain - 1) * x + fit.offset
        # the masses are of one set: what is not known of them is common to all
        u = math.sqrt(fit.u_offset**2 + (x * fit.u_gain) ** 2 + 2 * x * fit.covariance + (one["u_load"] / e) ** 2)
        decided = decide(error, u, one["limit"] / e, one["limit"] / e)
        found.append({**one, "error": error * e, "u": u * e, "conformity": decided})
    return found


def _group(members: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The gravest loading of a group; alone and seen once, it decides nothing."""
    members = _on_a_line(members)
    worst = max(members, key=lambda one: (_GRAVITY[one["conformity"]], abs(one["error"]) / one["limit"]))
    failing = [one for one in members if one["conformity"] is Conformity.FAIL]
    if len(failing) == 1 and not failing[0]["sure"]:
        return {**worst, "conformity": Conformity.INCONCLUSIVE, "unconfirmed": True, "n": len(members)}
    return {**worst, "n": len(members)}


def conformity(segments: Sequence[Segment], profile: Mapping[str, Any], edition: HasStepLimits) -> ConformityResult:
    """The verdict on the first axis; errors and limits relative to the load of the loading that decides."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for segment in weighable(segments, profile):
        if segment.context.get("position", "centre") in CENTRE and (one := _one(segment, profile, edition)) is not None:
            groups.setdefault((segment.phase, segment.state), []).append(one)
    results = [{"phase": phase, "state": state} | _group(members) for (phase, state), members in groups.items()]
    if not results:
        none = edition.mpe(Decimal(0), str(profile.get("accuracy_class", "III")), True)
        return ConformityResult(Conformity.INCONCLUSIVE, None, None, None, str(none.clause), bool(none.verified))
    worst = max(results, key=lambda group: (_GRAVITY[group["conformity"]], abs(group["error"]) / group["limit"]))
    load = worst["load"]
    return ConformityResult(
        worst["conformity"],
        worst["error"] / load,
        worst["u"] / load,
        worst["limit"] / load,
        worst["clause"],
        all(group["verified"] for group in results),
        tuple(results),
    )
