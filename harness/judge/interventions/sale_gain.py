"""Gain per sale: do some sales of one context count more than the others of the same context?

Null: all sales of one sealed state, flow and station pair have one gain, except for a fixed volume per delivery of at
most `fixed_l` (first litre, hose, stop mode), a wander of at most `bound`, and each sale's repeatability, resolution and
count.  Alternative: two clusters, as where a function is armed sale by sale (fuel_dispensers.md C07, C27).
Statistic: the weighted difference of the cluster means; every way to divide the n sales in two is paid for
(2^(n-1) - 1, a union bound), and the fixed volume takes the value that speaks most for honesty.
A sale hits when the two clusters are told apart so, and it alone deviates from the larger cluster.  Needs `min_sales`
sales, `min_exact` where both stations count; else no power.  Source: statistics.md 3a; fuel_dispensers.md 7.2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from harness.judge.chain import stations
from harness.judge.contexts import slow
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, SegmentKind, Shape, View
from harness.judge.evalue import bet
from harness.judge.interventions.gain_change import EYE_STAKE, Gain, exact, gain, links
from harness.judge.quantities import ended
from harness.judge.reading_errors import sure

NAME = "sale-gain"
SAME_VOLUME = 0.05
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Split:
    """The clearest division in two: which sales are the larger cluster, its mean and se, the upper mode, and p."""

    larger: npt.NDArray[np.bool_]
    mean: float
    se: float
    upper: npt.NDArray[np.bool_]
    difference: float
    u: float
    p: float
    offset_l: float


def _wander(gains: Sequence[Gain], link: Link, view: View) -> Floats:
    """The honest bound (n,) of each sale's relative gain against the others."""
    if exact(link):
        return np.array([view.parameters["exact_counts_l"] / g.litres for g in gains])
    return np.array([view.parameters["bound_gas" if g.gassy else "bound"] / 2 for g in gains])


def split(ratios: Floats, u: Floats, bound: Floats) -> Split:
    """The division of the sorted gains (n,) that separates most beyond the bound, n >= 2."""
    n = ratios.size
    order = np.argsort(ratios, kind="stable")
    weight = 1 / u**2
    best: Split | None = None
    ways = 2.0 ** (n - 1) - 1
    for k in range(1, n):
        low, high = order[:k], order[k:]
        means = [float(np.average(ratios[part], weights=weight[part])) for part in (low, high)]
        ses = [float(1 / np.sqrt(weight[part].sum())) for part in (low, high)]
        widths = [float(np.average(bound[part], weights=weight[part])) for part in (low, high)]
        se = math.hypot(*ses)
        z = (means[1] - means[0] - widths[0] - widths[1]) / se
        p = min(1.0, ways * float(stats.norm.sf(z)))
        if best is None or p < best.p or (p == best.p and means[1] - means[0] > best.difference):
            upper = np.zeros(n, dtype=bool)
            upper[high] = True
            larger = ~upper if k >= n - k else upper
            i = 0 if k >= n - k else 1
            best = Split(larger, means[i], ses[i], upper, means[1] - means[0], se, p, 0.0)
    assert best is not None
    return best


def honest_split(gains: Sequence[Gain], link: Link, view: View) -> Split:
    """The split under the fixed volume per delivery that explains most of it."""
    litres = np.array([g.litres for g in gains])
    ratios, u = np.array([g.ratio for g in gains]), np.array([g.u for g in gains])
    bound = _wander(gains, link, view)
    most = view.parameters["fixed_l"]
    found = [(split(ratios - offset / litres, u, bound), float(offset)) for offset in np.linspace(-most, most, 21)]
    top, offset = max(found, key=lambda one: (one[0].p, -one[0].difference))
    return Split(top.larger, top.mean, top.se, top.upper, top.difference, top.u, top.p, offset)


def _readings(gains: Sequence[Gain], link: Link, view: View) -> list[Reading]:
    q = view.parameters["q"]
    found = honest_split(gains, link, view)
    bound = _wander(gains, link, view)
    upper = tuple(g.segment.id for g, up in zip(gains, found.upper, strict=True) if up)
    # only sales of one volume in both modes tell that it is not the volume that makes the difference
    litres = np.array([g.litres for g in gains])
    alike = bool((np.abs(litres[found.upper][:, None] / litres[~found.upper][None, :] - 1) < SAME_VOLUME).any())
    two = found.p < q
    # told as measured, without the fixed volume that was granted for the test
    plain = float(np.average([g.ratio for g in gains], weights=[larger / g.u**2 for g, larger in zip(gains, found.larger, strict=True)]))  # fmt: skip
    result = []
    for i, g in enumerate(gains):
        ratio = g.ratio - found.offset_l / g.litres
        u = math.hypot(g.u, found.se)
        width = float(bound[i]) + (0.0 if exact(link) else view.parameters["bound"] / 2)
        delta = ratio - found.mean
        own_p = min(1.0, 2 * float(stats.norm.sf((abs(delta) - width) / u)))
        effect = g.ratio - plain
        hit = two and not found.larger[i] and own_p < q
        certain = all(sure(g.segment, name, view.profile) for name in (link.upstream, link.downstream))
        at: dict[str, object] = {"sure": certain, "sales": len(gains)}
        if two:
            at |= {
                "upper_mode": upper,
                "same_volumes": alike,
                "modes": (found.difference, found.u),
                "p_two_modes": found.p,
            }
        odds = q if certain else view.parameters["q_eye"]
        result.append(
            Reading(
                NAME,
                g.segment.id,
                link,
                bet(hit, odds, view.validation) if certain else bet(hit, odds, view.validation, EYE_STAKE),
                p=max(own_p, found.p, 0.0 if certain else odds) if hit else 1.0,
                hits=int(hit),
                effect=effect if hit else 0.0,
                interval=(effect - 1.96 * u, effect + 1.96 * u) if hit else None,
                mde=2 * width + (float(stats.norm.isf(q / (2 * 2 ** (len(gains) - 1)))) + 1.2816) * u,
                shape=Shape.STATE if hit else None,
                at=at,
            )
        )
    return result


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    deliveries = [segment for segment in segments if segment.kind is SegmentKind.DELIVERY]
    readings = []
    for link in links(deliveries):
        groups: dict[tuple[str, bool], list[Gain]] = {}
        for segment in deliveries:
            if {link.upstream, link.downstream} <= stations(segment):
                found = gain(segment, link, view)
                if link.downstream == "register" and not ended(segment):
                    found = "the end of the sale was not heard"
                if isinstance(found, str):
                    readings.append(Reading(NAME, segment.id, link, 1.0, reason=found))
                else:
                    groups.setdefault((segment.state, slow(segment)), []).append(found)
        least = int(view.parameters["min_exact" if exact(link) else "min_sales"])
        for gains in groups.values():
            if len(gains) < least:
                why = f"{len(gains)} sales of one context are too few to see two modes: {least} are needed"
                readings += [Reading(NAME, g.segment.id, link, 1.0, reason=why) for g in gains]
            else:
                readings += _readings(gains, link, view)
    order = {segment.id: i for i, segment in enumerate(segments)}
    return sorted(readings, key=lambda reading: order[reading.segment])


DETECTOR = DetectorSpec(
    name=NAME,
    version=2,
    kind="intervention",
    null="all sales of one state and flow have one gain, but for a fixed volume per delivery, an honest wander and their "
    "repeatability",
    needs="five sales of one context with a neighbouring pair of stations, three where both stations count",
    parameters={
        "bound": 0.002,
        "bound_gas": 0.03,
        "exact_counts_l": 0.03,
        "repeatability": 0.0006,
        "offset_l": 0.01,
        "fixed_l": 0.1,
        "min_l": 2.0,
        "min_sales": 5,
        "min_exact": 3,
        "q": 1e-4,
        "q_eye": 0.02,
    },
    judge=judge,
    weight=0.5,
    mechanism="some sales of one context count more than the others",
    telling=54,
)
