"""Load gain: does the scale weigh the same load otherwise after an event, in another state or company?

Null: two fresh loadings that differ in one declared contrast show errors of indication that differ by no more than two
roundings of half an interval each, what an honest scale may differ by between two weighings of one load (R 76 3.6.1:
repeatability within the maximum permissible error; creep and hysteresis are in it), a share of the load that both have alike (out of
adjustment: scale-error's), and what is not known of the masses.
A set test on what is shown: within the bound nothing is claimed, however often.
Contrasts, fixed beforehand: knowledge (weighed by the trader for a customer | openly), state (first sealed state | later),
event (before | after keys or a remote were worked).  Pairs are disjoint and nearest in load.  Source: statistics.md 2a, 2b.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.judge.account import Kind
from harness.judge.contexts import covert
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, View
from harness.judge.evalue import bet
from harness.judge.loads import Shown, e_at, error_kg, loadings, observed, presses, shown, untouched, weighable

NAME = "load-gain"
# few pairs are to be had in company and across a power cut, and all of them must agree; most keys that are pressed do nothing
STAKES = {"knowledge": 0.9, "state": 0.9, "event": 0.3}
# what a pair must have in common: a trader's hand is no key and no power cut
ALIKE = {"knowledge": (), "state": ("knowledge",), "event": ("knowledge", "state")}
Z = 4.0  # standard uncertainties of the masses that the bound allows for


@dataclass(frozen=True)
class Weighed:
    """One loading as a station showed it: load and error in kg with the load's standard uncertainty, e in kg."""

    segment: Segment
    load_kg: float
    error_kg: float
    u_kg: float
    e_kg: float
    sure: bool


def weighed(segment: Segment, station: str, view: View) -> Weighed | str:
    """The loading seen through `station`, or why it cannot be compared."""
    if segment.load_kg is None:
        return "the load is not known"
    found, seen = error_kg(segment, station), untouched(segment, station)
    if found is None or seen is None:
        return "no reading at rest before a key was pressed"
    load = segment.load_kg[0]
    e = e_at(view.profile, max(load, float(seen.kg)))
    if load < view.parameters["min_e"] * e:
        return f"{load:g} kg are too little"
    return Weighed(segment, load, found[0], found[1], e, seen.sure)


Contrast = Callable[[Segment], bool]


def contrasts(segments: Sequence[Segment]) -> dict[str, Contrast]:
    """Name -> which loadings belong to the second group; fixed, never chosen by what was seen."""
    first = segments[0].state if segments else ""
    return {
        "knowledge": lambda segment: not covert(segment),
        "state": lambda segment: segment.state != first,
        "event": lambda segment: bool(segment.context.get("pressed_before")),
    }


def pairs(one: Sequence[Weighed], two: Sequence[Weighed], contrast: str) -> list[tuple[Weighed, Weighed]]:
    """Disjoint pairs across the contrast that agree in all else as far as there are such, nearest loads first."""

    def differ(a: Segment, b: Segment) -> int | None:
        flags = {
            "knowledge": covert(a) != covert(b),
            "state": a.state != b.state,
            "event": bool(a.context.get("pressed_before")) != bool(b.context.get("pressed_before")),
            "position": a.context.get("position") != b.context.get("position"),
        }
        if any(flags[name] for name in ALIKE[contrast]):
            return None
        return sum(bool(flag) for name, flag in flags.items() if name != contrast)

    free = list(two)
    found = []
    for a in one:
        ranked = sorted(
            (d, abs(math.log(a.load_kg / b.load_kg)), i)
            for i, b in enumerate(free)
            if (d := differ(a.segment, b.segment)) is not None
        )
        if ranked:
            found.append((a, free.pop(ranked[0][2])))
    return found


def switched_by(segments: Sequence[Segment], station: str, view: View) -> list[str]:
    """The keys pressed over the empty pan right before a loading that was weighed otherwise, where the load before that was still
    shown as it is, the most frequent first: what was on already was not switched on by them."""
    found, right, keys = Counter[str](), False, ""
    for segment in loadings(segments):
        if segment.load_kg is None:
            right, keys = False, ""
        elif segment.load_kg[0] == 0:
            keys = " ".join(key for _, _, key in presses(segment))
        else:
            readings = [_as_it_is(segment, one, view) for one in shown(segment, station)]
            if right and keys and readings and not readings[0]:
                found[keys] += 1
            right, keys = bool(readings) and readings[-1], ""
    return [keys for keys, _ in found.most_common()]


def _as_it_is(segment: Segment, one: Shown, view: View) -> bool:
    """Whether the load is shown within what may honestly lie between two weighings."""
    load, u = segment.load_kg or (0.0, 0.0)
    near = view.parameters["repeatability_e"] * e_at(view.profile, load) + view.parameters["gain_rel"] * load + Z * u
    return abs(float(one.kg) - load) <= near


def compare(a: Weighed, b: Weighed, link: Link, contrast: str, view: View, codes: Sequence[str] = ()) -> Reading:
    """One pair: the difference of the errors beyond the honest bound, two-sided.  The effect is what the loading that errs
    more shows beside the other, relative to the smaller load.  `codes`: the keys that switched a gain on in this case."""
    delta = b.error_kg - a.error_kg
    bound = 0.5 * (a.e_kg + b.e_kg) + view.parameters["repeatability_e"] * max(a.e_kg, b.e_kg)
    gains, least = (a.error_kg / a.load_kg, b.error_kg / b.load_kg), min(a.load_kg, b.load_kg)
    # what an error within the limits may grow by from one load to the other, and one that both have in proportion to the load
    common = min(map(abs, gains)) if gains[0] * gains[1] > 0 else 0.0
    bound += (view.parameters["gain_rel"] + common) * abs(b.load_kg - a.load_kg)
    bound += Z * math.hypot(a.u_kg, b.u_kg)
    hit = abs(delta) > bound
    certain = a.sure and b.sure
    q = view.parameters["q" if certain else "q_eye"]
    effect = gains[0] - gains[1] if abs(gains[0]) >= abs(gains[1]) else gains[1] - gains[0]
    return Reading(
        NAME,
        f"{a.segment.id}|{b.segment.id}",
        link,
        bet(hit, q, view.validation, STAKES[contrast]),
        p=q if hit else 1.0,
        hits=int(hit),
        effect=effect,
        interval=(effect - bound / least, effect + bound / least),
        mde=2 * bound / least,
        shape=Shape.STATE if hit else None,
        at={
            "contrast": contrast,
            "sure": certain,
            "delta_kg": delta,
            "bound_kg": bound,
            "gains": gains,
            "loads_kg": (a.load_kg, b.load_kg),
            **({"codes": list(codes)} if hit and codes else {}),
        },
        key=contrast,
    )


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    # a tare of one interval that is still held is within two roundings of the bound
    own = [s for s in weighable(segments, view.profile, zero_e=1) if s.load_kg is not None and s.load_kg[0] > 0]
    groups = contrasts(own)
    readings = []
    for station in dict.fromkeys(name for segment in own for name in observed(segment)):
        link = Link("load", station)
        usable = [w for s in own if isinstance(w := weighed(s, station, view), Weighed)]
        codes = switched_by(segments, station, view)
        for name, second in groups.items():
            one = [w for w in usable if not second(w.segment)]
            two = [w for w in usable if second(w.segment)]
            readings += [
                compare(x, y, link, name, view, () if name == "knowledge" else codes) for x, y in pairs(one, two, name)
            ]
    return readings


DETECTOR = DetectorSpec(
    name=NAME,
    version=3,
    kind="intervention",
    null="two loadings on either side of a declared contrast differ in error by no more than rounding, repeatability and the masses allow",
    needs="known loads weighed in both groups, with no key pressed while they lay there",
    parameters={"repeatability_e": 1.5, "gain_rel": 0.001, "min_e": 20.0, "q": 3e-4, "q_eye": 0.02},
    judge=judge,
    mechanism="the same load is weighed otherwise",
    witness="weight-line",
    telling=52,
    shows=Kind.WEIGHED,
)
