"""Held load: a load lies at rest, a key is pressed, and what is shown moves.

Null: between two readings of one untouched load an honest scale moves by less than two intervals (one of rounding, one of
creep and drift: R 76-1:2006 3.9.4), whatever key is pressed that has no work with weight.  A reading by eye is wrong now and
then: moves of a station read so often are told from misread digits by their number (binomial, `q_eye` a reading); what many
frames of a line say is not misread, and moves there by a burst at most (`q`).  A move that goes back with the next reading is
one, not two.  After a key that honestly changes what is displayed (tare, zero, unit, hold) nothing more of that loading is
compared.  Source: statistics.md 2b; field_rules.md section 8.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from scipy import stats

from harness.judge.account import Kind
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, View
from harness.judge.evalue import calibrate
from harness.judge.loads import Shown, e_at, loadings, observed, presses, shown, undisturbed

NAME = "held-load"


def moves(readings: Sequence[Shown], bound_kg: float) -> list[tuple[Shown, Shown]]:
    """(before, after) of every move beyond the bound; one that goes back to where it came from is one with its way back."""
    found: list[tuple[Shown, Shown]] = []
    for before, after in pairwise(readings):
        if abs(float(after.kg - before.kg)) < bound_kg:
            continue
        if found and found[-1][1] is before and abs(float(after.kg - found[-1][0].kg)) < bound_kg:
            continue  # the way back
        found.append((before, after))
    return found


def _reading(segment: Segment, station: str, view: View) -> Reading | None:
    seen = shown(segment, station)
    if len(seen) < 2:
        return None
    link = Link("load", station)
    own = undisturbed(seen, view.profile)
    if len(own) < 2:
        return Reading(NAME, segment.id, link, 1.0, reason="only keys were pressed that change what is displayed")
    largest = max(abs(float(one.kg)) for one in own)
    e = e_at(view.profile, largest)
    bound = view.parameters["bound_e"] * e
    found = moves(own, bound * (1 - 1e-9))
    sure = all(one.sure for one in own)
    q = view.parameters["q" if sure else "q_eye"]
    p = float(stats.binom.sf(len(found) - 1, len(own) - 1, q)) if found else 1.0
    load = segment.load_kg[0] if segment.load_kg is not None and segment.load_kg[0] > 0 else largest
    sizes = sorted((float(after.kg - before.kg) for before, after in found), key=abs)
    effect = sizes[len(sizes) // 2] / load if sizes and load else None
    return Reading(
        NAME,
        segment.id,
        link,
        calibrate(p, view.validation),
        p=p,
        hits=len(found),
        effect=effect,
        interval=None if effect is None else (effect - e / load, effect + e / load),
        mde=bound / load if load else None,
        shape=Shape.SWITCHED if found else None,
        at={"held": True, "sure": sure, "pressed": len(own) - 1, **(_located(segment, found) if found else {})},
    )


def _located(segment: Segment, found: Sequence[tuple[Shown, Shown]]) -> dict[str, Any]:
    """After which keys it moved, by how much, and when first."""
    ends = {key: end for _, end, key in presses(segment)}
    keys = [(after.pressed[len(before.pressed) :] or ("",)) for before, after in found]
    first = keys[0][-1]
    return {
        "onset_ns": ends.get(first, found[0][1].t_ns),
        "moved": [
            {"after": " ".join(key).strip(), "from_kg": str(a.kg), "to_kg": str(b.kg)}
            for key, (a, b) in zip(keys, found, strict=True)
        ],
    }


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    return [
        reading
        for segment in loadings(segments)
        for station in observed(segment)
        if (reading := _reading(segment, station, view)) is not None
    ]


DETECTOR = DetectorSpec(
    name=NAME,
    version=1,
    kind="intervention",
    null="what an untouched load shows moves by less than two intervals when keys are pressed that have no work with weight, misread digits apart",
    needs="a load that stays while keys are pressed, its weight read after each",
    parameters={"bound_e": 2.0, "q": 3e-4, "q_eye": 0.02},
    judge=judge,
    mechanism="what an untouched load shows moves when a key is pressed",
    telling=40,
    one_by_one=True,
    shows=Kind.WEIGHED,
)
