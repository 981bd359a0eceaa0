"""Conformity with the maximum permissible error, with uncertainty (JCGM 106:2012, section 7).

Per group of deliveries (phase, sealed state, flow) the mean error of indication E of n deliveries has the standard
uncertainty u = sqrt(u_ref^2 + (s^2 + u_read^2)/n): the reference's own error is common to all, the rest averages out.
Conformance probability p_c = Phi((T - E)/u) - Phi((-T - E)/u); pass from 0.95 up, fail from 0.05 down, inconclusive
between.  The gravest group counts.

A misread digit is no error of the instrument.  A display that register or amount contradict, while most deliveries
agree, gives way to the register or is left out; in a group read by eye alone one delivery far from all others is left
out, and such a group, or one of two and fewer that nothing confirms, is at most inconclusive.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import stdev
from typing import Any, Protocol

from scipy import stats

from harness.judge.contexts import slow
from harness.judge.contract import Conformity, ConformityResult, Segment, SegmentKind
from harness.judge.errors_of_indication import misread, replaceable, told
from harness.judge.quantities import number, volume
from harness.judge.reading_errors import sure
from harness.metrology.decision import Tolerance, conforming

PASS, FAIL = 0.95, 0.05
OUTLIER = 10.0  # spreads of the others
REPEATABILITY = 0.0006  # relative, one delivery, until three deliveries of the group tell it
MINIMUM_L = 5.0  # smaller deliveries have limits of their own


class HasLimits(Protocol):
    def limit(self, id: str) -> Any: ...


def decide(error: float, u: float, over: float, under: float) -> Conformity:
    """Of the limits -`under` and `over`: conforming by the probability that the true error lies between them, not conforming by that of
    the side on which it would lie.  What is so uncertain that it may lie beyond either limit decides nothing."""
    above, below = float(stats.norm.sf((over - error) / u)), float(stats.norm.cdf((-under - error) / u))
    if 1 - above - below >= PASS:
        return Conformity.PASS
    return Conformity.FAIL if 1 - max(above, below) <= FAIL else Conformity.INCONCLUSIVE


_GRAVITY = {Conformity.PASS: 0, Conformity.INCONCLUSIVE: 1, Conformity.FAIL: 2}


def _outlier(errors: Sequence[float]) -> int | None:
    """Index of the one error that lies more than ten spreads from the mean of all others."""
    if len(errors) < 3:
        return None
    middle = sorted(errors)[len(errors) // 2]
    i = max(range(len(errors)), key=lambda k: abs(errors[k] - middle))
    others = [error for k, error in enumerate(errors) if k != i]
    spread = max(stdev(others), REPEATABILITY)
    return i if abs(errors[i] - math.fsum(others) / len(others)) > OUTLIER * spread else None


def _group(
    members: Sequence[Segment], profile: Mapping[str, Any], limit: float, doubted: frozenset[str]
) -> dict[str, Any] | None:
    errors, commons, runs, ids = [], [], [], []
    notes: dict[str, Any] = {}
    eyes_only, confirmed = True, False
    for segment in members:
        wrong = segment.id in doubted
        if wrong and not replaceable(segment, profile):
            notes.setdefault("outlier", []).append(segment.id)
            continue
        found = told(segment, profile, wrong)
        if found is None or volume(segment, "reference", profile).litres < MINIMUM_L:
            continue
        ids.append(segment.id)
        eyes_only &= "display" in segment.registers and not replaceable(segment, profile)
        confirmed |= segment.context.get("photographed") is True or sure(segment, "display", profile)
        errors.append(found.error)
        commons.append(found.common)
        runs.append(found.run)
    if not errors:
        return None
    far = _outlier(errors) if eyes_only else None
    if far is not None:
        notes.setdefault("outlier", []).append(ids[far])
        del errors[far], commons[far], runs[far], ids[far]
    n = len(errors)
    if eyes_only and n < 3 and not confirmed:
        notes["unconfirmed"] = True
    mean = math.fsum(errors) / n
    # three deliveries and more tell their own scatter; fewer borrow the model's
    prior = float(number(profile, "repeatability_rel") or REPEATABILITY)
    s = prior
    if n >= 3:
        own = math.sqrt(math.fsum((e - mean) ** 2 for e in errors) / (n - 1))
        s = max(own, prior / 2)
    u = math.sqrt(max(commons) ** 2 + (s**2 + max(runs) ** 2) / n)
    p = conforming(mean, u, Tolerance.about_zero(limit))
    decided = Conformity.INCONCLUSIVE if notes else decide(mean, u, limit, limit)
    return {"error": mean, "u": u, "n": n, "p_conform": p, "conformity": decided, "segments": ids, **notes}


def conformity(segments: Sequence[Segment], profile: Mapping[str, Any], edition: HasLimits) -> ConformityResult:
    """The verdict on the first axis, with the limit's clause and whether it was verified."""
    limit = edition.limit("mpe")
    value = float(limit.value)
    groups: dict[tuple[str, str, str], list[Segment]] = {}
    for segment in segments:
        if segment.kind is SegmentKind.DELIVERY and segment.complete:
            flow = "slow" if slow(segment) else "full"
            groups.setdefault((segment.phase, segment.state, flow), []).append(segment)
    deliveries = [segment for members in groups.values() for segment in members]
    doubted = misread(deliveries, profile)
    results = []
    for (phase, state, flow), members in groups.items():
        found = _group(members, profile, value, doubted)
        if found is not None:
            results.append({"phase": phase, "state": state, "flow": flow} | found)
    if not results:
        nothing = Conformity.INCONCLUSIVE
        return ConformityResult(nothing, None, None, value, str(limit.clause), bool(limit.verified))
    worst = max(results, key=lambda group: (_GRAVITY[group["conformity"]], abs(group["error"])))
    return ConformityResult(
        worst["conformity"],
        worst["error"],
        worst["u"],
        value,
        str(limit.clause),
        bool(limit.verified),
        tuple(results),
    )
