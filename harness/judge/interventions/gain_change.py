"""Gain change: does the instrument count the same volume differently after an event, in another state or company?

Null: between two fresh segments that differ in one declared contrast the relative gain of a neighbouring pair of
stations differs by at most an honest bound; each segment repeats within its repeatability, resolution and count.
Between two exact stations (encoder to board, board to register) the bound shrinks to counts.
Contrasts, fixed beforehand: knowledge (covert | overt), state (first sealed state | later), volume (short | long),
event (none | a recorded event), flow (full | slow), preset (by volume | by amount or free).  Pairs are disjoint, so their e-values multiply; within one
contrast every segment is used once.  A confirmation has one contrast, the two settings that were registered for it before anything was
delivered, whatever they differ in: its n-th silent run is paired with the n-th that is to show it.  Source: statistics.md 2b, 3a; fuel_dispensers.md C13, 7.1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from scipy import stats

from harness.judge.chain import adjacent, stations
from harness.judge.contexts import covert, eventful, long, not_by_volume, slow
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, SegmentKind, Shape, View
from harness.judge.evalue import bet, calibrate
from harness.judge.evidence import REGISTERED, budgets, confirmation
from harness.judge.quantities import calibrated, volume
from harness.judge.reading_errors import sure
from harness.judge.smoothness import rough

NAME = "gain-change"
EYE_STAKE = 0.9  # few pairs are to be had by hand: all of them must agree
EXACT = ("encoder", "board", "register")
HALVES = ("silent", "shows")  # of a registered pair
[REGISTERED_KEY] = REGISTERED


@dataclass(frozen=True)
class Gain:
    """Downstream over upstream volume of one segment: ratio, relative u, litres.

    `gassy`: the upstream is an in-line reference and the flow was not that of liquid alone: gas turns it as well, and is
    never twice the same.
    """

    segment: Segment
    ratio: float
    u: float
    litres: float
    gassy: bool = False


def gain(segment: Segment, link: Link, view: View) -> Gain | str:
    """The gain of `link` in one segment with the uncertainty of what differs between segments."""
    if not segment.complete:
        return "the delivery was cut"
    up, down = volume(segment, link.upstream, view.profile), volume(segment, link.downstream, view.profile)
    if up.why_not or down.why_not:
        return up.why_not or down.why_not
    if min(up.litres, down.litres) < view.parameters["min_l"]:
        return f"{min(up.litres, down.litres):.2f} L are too little"
    u = math.hypot(up.u, down.u) / up.litres
    if not exact(link):
        u = math.hypot(u, view.parameters["repeatability"], view.parameters["offset_l"] / up.litres)
    inline = link.upstream == "reference" and "reference.P" in segment.trains
    return Gain(segment, down.litres / up.litres, u, up.litres, inline and rough(segment, view.profile))


def exact(link: Link) -> bool:
    """Both stations count: their ratio has no wear, air or temperature in it."""
    return link.upstream in EXACT and link.downstream in EXACT


def corrected_later(link: Link, view: View) -> bool:
    """The board may correct the meter's curve over the flow, so that what lies before the register may bend with it."""
    return bool(calibrated(view.profile)) and len({"encoder", "board"} & {link.upstream, link.downstream}) == 1


def links(segments: Sequence[Segment]) -> list[Link]:
    """Neighbouring pairs observed in any segment, and reference to register or display where stations lie between."""
    found: dict[Link, None] = {}
    for segment in segments:
        seen = stations(segment) - {"amount", "totaliser"}
        for link in adjacent(seen):
            if link != Link("register", "display"):
                found.setdefault(link)
        end = next((name for name in ("register", "display") if name in seen), None)
        if "reference" in seen and end is not None:
            found.setdefault(Link("reference", end))
    return list(found)


Contrast = Callable[[Segment], bool]


def contrasts(segments: Sequence[Segment]) -> dict[str, Contrast]:
    """Name -> which segments belong to the second group; fixed, never chosen by what was seen."""
    first = segments[0].state if segments else ""
    return {
        "knowledge": lambda segment: not covert(segment),
        "state": lambda segment: segment.state != first,
        "volume": long,
        "event": eventful,
        "flow": slow,
        "preset": not_by_volume,
    }


def pairs(one: Sequence[Gain], two: Sequence[Gain], contrast: str) -> list[tuple[Gain, Gain]]:
    """Disjoint pairs across the contrast that agree in all else as far as there are such, nearest volumes first."""

    def distance(a: Gain, b: Gain) -> tuple[int, float] | None:
        differs = {
            "knowledge": covert(a.segment) != covert(b.segment),
            "state": a.segment.state != b.segment.state,
            "event": eventful(a.segment) != eventful(b.segment),
            "flow": slow(a.segment) != slow(b.segment),
            "preset": not_by_volume(a.segment) != not_by_volume(b.segment),
        }
        if contrast != "flow" and differs["flow"]:
            return None  # the honest error of a meter depends on its flow
        if contrast in ("volume", "flow", "preset") and any(
            differs[key] for key in ("knowledge", "state", "flow") if key != contrast
        ):
            return None
        return sum(flag for key, flag in differs.items() if key != contrast), abs(math.log(a.litres / b.litres))

    free = list(two)
    found = []
    for a in one:
        ranked = sorted(((d, i) for i, b in enumerate(free) if (d := distance(a, b)) is not None))
        if ranked:
            found.append((a, free.pop(ranked[0][1])))
    return found


def compare(a: Gain, b: Gain, link: Link, contrast: str, view: View) -> Reading:
    """p and e of one pair: |relative difference| beyond the honest bound, two-sided."""
    delta = a.ratio / b.ratio - 1
    u = math.hypot(a.u, b.u)
    named = contrast != REGISTERED_KEY
    flows = contrast == "flow" if named else a.segment.context.get("flow") != b.segment.context.get("flow")
    stops = contrast == "preset" if named else not_by_volume(a.segment) != not_by_volume(b.segment)
    bound = view.parameters["bound_flow" if flows else "bound"]
    if stops:  # the hose is less full after a preset stop: an offset of its own for each kind of stop
        bound += view.parameters["stop_l"] / min(a.litres, b.litres)
    if a.gassy or b.gassy:
        bound = max(bound, view.parameters["bound_gas"])
    if exact(link) and (link.downstream == "board" or not calibrated(view.profile)):
        bound = view.parameters["exact_counts_l"] * (1 / a.litres + 1 / b.litres)
    p = min(1.0, 2 * float(stats.norm.sf((abs(delta) - bound) / u)))
    hit = p < view.parameters["q"]
    certain = all(sure(g.segment, name, view.profile) for g in (a, b) for name in (link.upstream, link.downstream))
    e = calibrate(p, view.validation)
    if not certain:  # one misread number explains one pair: it wins no more than the odds against that
        e = bet(hit, view.parameters["q_eye"], view.validation, EYE_STAKE)
        p = max(p, view.parameters["q_eye"])
    return Reading(
        NAME,
        f"{a.segment.id}|{b.segment.id}",
        link,
        e,
        p=p,
        hits=int(hit),
        effect=delta,
        interval=(delta - 1.96 * u, delta + 1.96 * u),
        mde=bound + (float(stats.norm.isf(view.parameters["q"] / 2)) + 1.2816) * u,
        shape=Shape.STATE if hit else None,
        at={"contrast": contrast, "gains": (a.ratio - 1, b.ratio - 1), "sure": certain},
        key=contrast,
    )


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    deliveries = [segment for segment in segments if segment.kind is SegmentKind.DELIVERY]
    groups = contrasts(deliveries)
    readings, budget_of = [], budgets(segments)
    for link in links(deliveries):
        gains = [
            gain(segment, link, view) for segment in deliveries if {link.upstream, link.downstream} <= stations(segment)
        ]
        for usable in _by_budget([g for g in gains if isinstance(g, Gain)], budget_of):
            if any(half(g.segment) for g in usable):
                readings += [compare(a, b, link, REGISTERED_KEY, view) for a, b in _halves(usable)]
                continue
            for name, second in groups.items():
                if name == "flow" and corrected_later(link, view):
                    continue
                one = [g for g in usable if not second(g.segment)]
                two = [g for g in usable if second(g.segment)]
                readings += [compare(a, b, link, name, view) for a, b in pairs(one, two, name)]
    return readings


def half(segment: Segment) -> str:
    """Of a run of a confirmation that compares: whether it was registered as `silent` or as what `shows`; "" of any other."""
    return str(segment.context.get("half", "")) if confirmation(segment) is not None else ""


def _halves(gains: Sequence[Gain]) -> list[tuple[Gain, Gain]]:
    """The pairs that were registered, in the order in which they were made."""
    silent, shows = ([g for g in gains if half(g.segment) == one] for one in HALVES)
    return list(zip(silent, shows, strict=False))


def _by_budget(gains: Sequence[Gain], budget_of: Mapping[str, str]) -> list[list[Gain]]:
    """What was scheduled, searched, or made for one confirmation: a pair across two of them would count in neither."""
    found: dict[str, list[Gain]] = {}
    for one in gains:
        found.setdefault(budget_of[one.segment.id], []).append(one)
    return list(found.values())


DETECTOR = DetectorSpec(
    name=NAME,
    version=4,
    kind="intervention",
    null="two fresh segments on either side of a declared contrast differ in gain by no more than an honest bound",
    needs="the same neighbouring pair of stations measured in both groups",
    parameters={
        "bound": 0.002,
        "bound_flow": 0.006,
        "bound_gas": 0.03,
        "exact_counts_l": 0.03,
        "repeatability": 0.0006,
        "offset_l": 0.01,
        "stop_l": 0.03,
        "min_l": 2.0,
        "q": 1e-4,
        "q_eye": 0.02,
    },
    judge=judge,
    mechanism="the same volume is counted differently",
    telling=52,
)
