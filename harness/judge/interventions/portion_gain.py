"""Portion gain: is a later part of one sale counted differently from its beginning, when each part is measured?

The nozzle is shut inside a sale, the measure emptied, and the sale goes on: what the display gained over a part stands
against what the measure held.  Null: within one sale the parts differ in gain by no more than an honest bound plus a
fixed volume a fill (film, first litre, hose), and another one where one part was stopped by hand and the other by the
preset; each part repeats within the uncertainty of its fill and display.  Two contrasts, fixed beforehand: `portion`, the first measured part
against every later one of the same sale (Bonferroni), and `place`, the same part of a sale before and after power was
cut.  Only parts whose displays were confirmed and whose fill was read twice are sure; others win no more than the odds
against a misread number.  Source: field_rules.md section 5; fuel_dispensers.md 1.1, 7.1, 7.4.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from scipy import stats

from captures.model import Register
from harness.judge.contract import DetectorSpec, Link, Portion, Reading, Segment, SegmentKind, Shape, View
from harness.judge.evalue import bet, calibrate
from harness.judge.quantities import number

NAME = "portion-gain"
EYE_STAKE = 0.9  # few sales are measured in parts: all of them must agree
SAME_PLACE_L = 0.5  # a stop by hand


@dataclass(frozen=True)
class Part:
    """One measured part of a sale: displayed over measured volume, its relative standard uncertainty, litres."""

    portion: Portion
    ratio: float
    u: float
    litres: float
    sure: bool


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    sales = [s for s in segments if s.kind is SegmentKind.DELIVERY and s.portions]
    readings = []
    for station in ("display", "register"):
        link = Link("reference", station)
        measured = [(sale, parts(sale, station, view)) for sale in sales if _indicates(sale, station)]
        readings += [_inside(sale, found, link, view) for sale, found in measured]
        readings += _places(measured, link, view)
    return readings


def _indicates(segment: Segment, station: str) -> bool:
    """The board's register where a wire tells it, else the display."""
    return station == ("register" if "register" in segment.registers else "display")


def parts(segment: Segment, station: str, view: View) -> list[Part]:
    """The measured parts large enough to speak, in the order of the sale."""
    found = []
    for portion in segment.portions:
        shown = _shown(segment, portion, station, view)
        litres, u_l = portion.reference_l
        if shown is None or litres < view.parameters["min_l"]:
            continue
        indicated, u_shown, confirmed = shown
        u = math.hypot(math.hypot(u_l, u_shown) / litres, view.parameters["repeatability"])
        found.append(Part(portion, indicated / litres, u, litres, confirmed and portion.fill_sure))
    return sorted(found, key=lambda part: part.portion.from_l)


def _shown(segment: Segment, portion: Portion, station: str, view: View) -> tuple[float, float, bool] | None:
    """Litres indicated for a part, their standard uncertainty, and whether no single misread number made them."""
    if station == "display":
        step = float(number(view.profile, "volume_resolution_l") or Decimal("0.01"))
        ends = 1 if portion.from_l == 0 else 2
        return float(portion.to_l - portion.from_l), step * math.sqrt(ends / 12), portion.displays_sure
    register = segment.registers["register"]
    before = (Decimal(0), True) if portion.from_l == 0 else _held(register, portion.window_ns[0])
    after = _held(register, portion.window_ns[1])
    if before is None or after is None or after[0] <= before[0]:
        return None
    apart = max(abs(before[0] - portion.from_l), abs(after[0] - portion.to_l))
    confirmed = (before[1] and after[1]) or (portion.displays_sure and apart <= register.resolution)
    return float(after[0] - before[0]), float(register.resolution) * math.sqrt(2 / 12), confirmed


def _held(register: Register, t_ns: int) -> tuple[Decimal, bool] | None:
    """What the register held at `t_ns`, and whether it had been heard twice by then."""
    i = int(np.searchsorted(register.times_ns, t_ns, "right")) - 1
    if i < 0:
        return None
    return register.values[i], i > 0 and register.values[i - 1] == register.values[i]


def _bound(a: Part, b: Part, view: View) -> float:
    """How far the gains of two honest parts may lie apart."""
    own = view.parameters
    fixed_l = own["fixed_l"] + (own["stop_l"] if a.portion.stop != b.portion.stop else 0.0)
    return own["bound"] + fixed_l * (1 / a.litres + 1 / b.litres)


def _excess(first: Part, later: Part, view: View) -> tuple[float, float, float, float]:
    """Relative difference of gain, its standard uncertainty, the honest bound, and the two-sided p beyond it."""
    delta, u = later.ratio / first.ratio - 1, math.hypot(first.u, later.u)
    bound = _bound(first, later, view)
    return delta, u, bound, min(1.0, 2 * float(stats.norm.sf((abs(delta) - bound) / u)))


def _inside(segment: Segment, found: Sequence[Part], link: Link, view: View) -> Reading:
    """The first measured part against every later one of the same sale."""
    if not segment.complete:
        return Reading(NAME, segment.id, link, 1.0, reason="the sale was cut", key="portion")
    if len(found) < 2:
        return Reading(NAME, segment.id, link, 1.0, reason="fewer than two parts were measured", key="portion")
    first, later = found[0], found[1:]
    tests = [_excess(first, part, view) for part in later]
    m, q = len(later), view.parameters["q"]
    p = min(1.0, m * min(test[3] for test in tests))
    hits = [m * test[3] < q for test in tests]
    certain = all(part.sure for part in found)
    far = max(range(m), key=lambda i: abs(tests[i][0]) - tests[i][2])
    delta, u, _, _ = tests[far]
    z = float(stats.norm.isf(q / (2 * m))) + 1.2816
    at = {
        "sure": certain,
        "span_l": (float(first.portion.from_l), float(later[-1].portion.to_l)),
        "gains": tuple(part.ratio - 1 for part in found),
    }
    if any(hits):
        at |= _onset(first, later, hits)
    return Reading(
        NAME,
        segment.id,
        link,
        _e(any(hits), p, certain, view),
        p=p if certain else max(p, view.parameters["q_eye"]),
        hits=sum(hits),
        effect=delta,
        interval=(delta - 1.96 * u, delta + 1.96 * u),
        # the part in which it would show least
        mde=max(test[2] + z * test[1] for test in tests),
        shape=Shape.SWITCHED if any(hits) else None,
        at=at,
        key="portion",
    )


def _onset(first: Part, later: Sequence[Part], hits: Sequence[bool]) -> dict[str, object]:
    """Where it begins: inside the first part that shows it, at the share of that part which the last ones suggest."""
    k = hits.index(True)
    part = later[k]
    begin, end = float(part.portion.from_l), float(part.portion.to_l)
    full = max((abs(p.ratio / first.ratio - 1) for p in later[k:]), default=0.0)
    share = min(1.0, abs(part.ratio / first.ratio - 1) / full) if full else 1.0
    excess_l = min(abs(p.ratio / first.ratio - 1) * p.litres for p, hit in zip(later, hits, strict=True) if hit)
    return {
        "excess_l": excess_l,
        "onset_l": end - share * (end - begin),
        "onset_interval_l": (float(first.portion.from_l), end),
    }


def _places(measured: Sequence[tuple[Segment, Sequence[Part]]], link: Link, view: View) -> list[Reading]:
    """The same part of two sales, one of the first sealed state and one of a later one; each part is used once."""
    whole = [(sale, found) for sale, found in measured if sale.complete]
    first = [entry for entry in whole if entry[0].state == whole[0][0].state]
    later = [entry for entry in whole if entry[0].state != whole[0][0].state]
    return [
        _place(f"{one.id}|{two.id}", a, b, link, view)
        for (one, mine), (two, theirs) in zip(first, later, strict=False)
        for a in mine
        for b in theirs
        if _same_place(a.portion, b.portion)
    ]


def _same_place(a: Portion, b: Portion) -> bool:
    return max(abs(float(a.from_l - b.from_l)), abs(float(a.to_l - b.to_l))) <= SAME_PLACE_L


def _place(ids: str, a: Part, b: Part, link: Link, view: View) -> Reading:
    delta, u, bound, p = _excess(b, a, view)
    hit, certain = p < view.parameters["q"], a.sure and b.sure
    return Reading(
        NAME,
        ids,
        link,
        _e(hit, p, certain, view),
        p=p if certain else max(p, view.parameters["q_eye"]),
        hits=int(hit),
        effect=delta,
        interval=(delta - 1.96 * u, delta + 1.96 * u),
        mde=bound + (float(stats.norm.isf(view.parameters["q"] / 2)) + 1.2816) * u,
        shape=Shape.STATE if hit else None,
        at={
            "sure": certain,
            "span_l": (float(a.portion.from_l), float(a.portion.to_l)),
            "excess_l": abs(delta) * min(a.litres, b.litres),
        },
        key="place",
    )


def _e(hit: bool, p: float, certain: bool, view: View) -> float:
    if certain:
        return calibrate(p, view.validation)
    # one misread number explains one sale: it wins no more than the odds against that
    return bet(hit, view.parameters["q_eye"], view.validation, EYE_STAKE)


DETECTOR = DetectorSpec(
    name=NAME,
    version=1,
    kind="detector",  # a reading needs one sale: its parts are compared with each other
    null="the measured parts of one sale differ in gain by no more than an honest bound and a fixed volume a fill",
    needs="two measured parts of one sale, display or register before and after each",
    parameters={
        "bound": 0.002,
        "fixed_l": 0.04,
        "stop_l": 0.02,
        "repeatability": 0.0006,
        "min_l": 5.0,
        "q": 1e-4,
        "q_eye": 0.05,  # six numbers read by eye a sale
    },
    judge=judge,
    weight=0.5,
    mechanism="parts of one sale are counted differently",
    telling=50,
)
