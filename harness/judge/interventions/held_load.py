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


def transitions(readings: Sequence[Shown], bound_kg: float) -> list[tuple[Shown, Shown]]:
    """(before, after) wherever a reading lies beyond the bound from the one before it and a key was pressed in between; what moves
    by itself is rest-step's."""
    return [(a, b) for a, b in pairwise(readings) if a.pressed != b.pressed and abs(float(b.kg - a.kg)) >= bound_kg]


def excursions(found: Sequence[tuple[Shown, Shown]], bound_kg: float) -> int:
    """Transitions, a way back to where the one right before it came from not counted: a misread digit goes away and back."""
    count, left = 0, None
    for before, after in found:
        back = left is not None and left[1] is before and abs(float(after.kg - left[0].kg)) < bound_kg
        count, left = count + (not back), None if back else (before, after)
    return count


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
    found = transitions(own, bound * (1 - 1e-9))
    hits = excursions(found, bound * (1 - 1e-9))
    sure = all(one.sure for one in own)
    q = view.parameters["q" if sure else "q_eye"]
    p = float(stats.binom.sf(hits - 1, len(own) - 1, q)) if hits else 1.0
    load = segment.load_kg[0] if segment.load_kg is not None and segment.load_kg[0] > 0 else float(own[0].kg)
    sizes = sorted(_away(pair, load) for pair in found)
    effect = sizes[len(sizes) // 2] / load if sizes and load else None
    return Reading(
        NAME,
        segment.id,
        link,
        calibrate(p, view.validation),
        p=p,
        hits=hits,
        effect=effect,
        interval=None if effect is None else (effect - e / load, effect + e / load),
        mde=bound / load if load else None,
        shape=Shape.SWITCHED if hits else None,
        at={
            "held": True,
            "sure": sure,
            "pressed": len(own) - 1,
            "still": _still(own, found),
            **(_located(segment, found, load, own, bound) if hits else {}),
        },
    )


def _away(pair: tuple[Shown, Shown], load: float) -> float:
    """How far the reading that is farther from the load lies from the other, kg."""
    near, far = sorted((float(one.kg) for one in pair), key=lambda kg: abs(kg - load))
    return far - near


def _still(own: Sequence[Shown], found: Sequence[tuple[Shown, Shown]]) -> list[str]:
    """Keys and codes after which nothing had moved."""
    quiet = [(a, b) for a, b in pairwise(own) if a.pressed != b.pressed and (a, b) not in found]
    return sorted({" ".join(b.pressed[len(a.pressed) :]) for a, b in quiet})


def _stays_s(at: Shown, own: Sequence[Shown], ends: Sequence[tuple[int, int, str]], bound_kg: float) -> float:
    """How long after the press it was still shown, with nothing pressed since."""
    since = ends[len(at.pressed) - 1][1] if 0 < len(at.pressed) <= len(ends) else at.t_ns
    alike = [one.t_ns for one in own if one.pressed == at.pressed and abs(float(one.kg - at.kg)) < bound_kg]
    return (max(alike) - since) / 1e9


def _located(
    segment: Segment, found: Sequence[tuple[Shown, Shown]], load: float, own: Sequence[Shown], bound: float
) -> dict[str, Any]:
    """After which keys it moved away from the load, by how much, and when first; back again where it only did that."""
    away = [(a, b) for a, b in found if abs(float(b.kg) - load) > abs(float(a.kg) - load)] or list(found)
    codes = [" ".join(b.pressed[len(a.pressed) :]) for a, b in away]
    ends = presses(segment)
    first = len(away[0][1].pressed) - 1  # the last press before the first reading away
    return {
        "onset_ns": ends[first][1] if 0 <= first < len(ends) else away[0][1].t_ns,
        "codes": codes,
        "levels_kg": [[str(a.kg), str(b.kg)] for a, b in away],
        "base_kg": load,
        "stays_s": max(_stays_s(b, own, ends, bound) for _, b in away),
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
    witness="weight-line",
    telling=40,
    one_by_one=True,
    shows=Kind.WEIGHED,
)
