"""Load line: does one straight line explain what known loads show, or does the error depend on the load?

Null (a set test): readings of one sealed state and company lie on one line r = g L + b within half an interval of rounding, an
interval of repeatability or half the maximum permissible error at that load, whichever is more (a load cell bends: R 76-1:2006
3.5, 3.6), and four standard uncertainties of the masses.  A wrong weight put on or a misread digit lifts single loads off the
line: loads off it are told from those by their number (binomial, `q` a load; `q_eye` where people read the display).
Loads off the line must all err to one side.  Tried beforehand: weights of round mass against all others, then the fewest
neighbouring loads.  Source: scales.md 1A row S21; statistics.md 2a; design.md section 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from scipy import stats

from harness.judge.account import Kind
from harness.judge.contexts import covert
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, View
from harness.judge.evalue import calibrate
from harness.judge.intervals import intervals, mpe_kg
from harness.judge.interventions.load_gain import Weighed, weighed
from harness.judge.loads import observed, untouched, weighable
from harness.judge.pulses.sequential import Floats
from harness.judge.weights.affine import admitted, breaking, line

NAME = "load-line"
Z = 4.0
FEWEST = 5
ROUND_DIGITS = frozenset({(1,), (2,), (5,)})  # of a single weight of a set: 1, 2, 5 times a power of ten (R 111-1)


@dataclass(frozen=True)
class Off:
    """Places of the loads off the line, `how` they were told from the rest, their mean excess relative to their load."""

    places: tuple[int, ...]
    how: str
    excess: float


def is_round(load_kg: float) -> bool:
    """Whether a load is a single weight of a set, which scales are verified with."""
    return Decimal(str(round(load_kg, 6))).normalize().as_tuple().digits in ROUND_DIGITS


def off_line(loads: Floats, shown: Floats, half: Floats, unit_kg: float) -> Off | None:
    """Which loads (n,), in steps of `unit_kg`, no line shares with the rest; None where one line explains all."""
    if admitted(loads, shown, half).any:
        return None
    round_ones = np.array([is_round(float(load) * unit_kg) or load == 0 for load in loads])
    for spared in (round_ones, ~round_ones | (loads == 0)):
        if (
            2 < spared.sum() < loads.size
            and np.ptp(loads[spared]) > 0
            and admitted(loads[spared], shown[spared], half[spared]).any
        ):
            return _off(loads, shown, ~spared, "round")
    window = breaking(loads, shown, half)
    if window is None:
        return None
    inside = np.zeros(loads.size, dtype=np.bool_)
    inside[list(window.inside)] = True
    return _off(loads, shown, inside, "window")


def _off(loads: Floats, shown: Floats, inside: np.ndarray[tuple[int], np.dtype[np.bool_]], how: str) -> Off:
    fit = line(loads[~inside], shown[~inside])
    away = (shown - (fit.gain * loads + fit.offset))[inside] / np.maximum(np.abs(loads[inside]), 1e-9)
    return Off(tuple(np.flatnonzero(inside).tolist()), how, float(np.mean(away)))


def _half_kg(one: Weighed, view: View) -> float:
    bend = (mpe_kg(view.profile, one.load_kg) or 0.0) / 2
    return 0.5 * one.e_kg + max(view.parameters["repeatability_e"] * one.e_kg, bend) + Z * one.u_kg


def _reading(own: Sequence[Weighed], link: Link, view: View) -> Reading:
    names = "|".join(one.segment.id for one in own)
    if len({one.load_kg for one in own}) < FEWEST:
        return Reading(NAME, names, link, 1.0, reason=f"fewer than {FEWEST} different known loads in one state")
    unit = float(min(one.e_kg for one in intervals(view.profile)))  # kg to the smallest interval, the kernel's step
    loads = np.array([one.load_kg for one in own]) / unit
    shown = np.array([one.load_kg + one.error_kg for one in own]) / unit
    half = np.array([_half_kg(one, view) for one in own]) / unit
    found = off_line(loads, shown, half, unit)
    sure = all(one.sure for one in own)
    q = view.parameters["q" if sure else "q_eye"]
    laden = [float(h / x) for h, x in zip(half, loads, strict=True) if x > 0]
    mde = 2 * float(np.median(laden))
    if found is None:
        return Reading(NAME, names, link, calibrate(1.0, view.validation), p=1.0, mde=mde)
    away = _away(loads, shown, found)
    one_sided = bool(np.all(away > 0) or np.all(away < 0))
    # a window holds loads that lie on the line between two that do not: those were not lifted off it
    lifted = int((np.abs(away) > half[list(found.places)]).sum())
    count = lifted if one_sided else 0
    p = float(stats.binom.sf(count - 1, len(own), q)) if count else 1.0
    width = float(np.median(half[list(found.places)] / np.maximum(loads[list(found.places)], 1.0)))
    inside = [own[place] for place in found.places]
    return Reading(
        NAME,
        names,
        link,
        calibrate(p, view.validation),
        p=p,
        hits=count,
        effect=found.excess if count else None,
        interval=(found.excess - width, found.excess + width) if count else None,
        mde=mde,
        shape=Shape.THRESHOLD if count else None,
        at={
            "sure": sure,
            "off_loads_kg": tuple(sorted(one.load_kg for one in inside)),
            "on_loads_kg": tuple(sorted(one.load_kg for one in own if one not in inside)),
            "told_by": found.how,
            "one_sided": one_sided,
            "excess_each": tuple(float(one) for one in away / np.maximum(loads[list(found.places)], 1.0)),
            **({"from_kg": min(one.load_kg for one in inside), "to_kg": max(one.load_kg for one in inside)} if found.how == "window" else {}),
        },
    )  # fmt: skip


def _away(loads: Floats, shown: Floats, off: Off) -> Floats:
    inside = np.zeros(loads.size, dtype=np.bool_)
    inside[list(off.places)] = True
    fit = line(loads[~inside], shown[~inside])
    return np.asarray((shown - (fit.gain * loads + fit.offset))[inside], dtype=np.float64)


def groups(segments: Sequence[Segment]) -> dict[tuple[str, bool, bool], list[Segment]]:
    """Loadings of one sealed state and company, before and after keys were pressed each for themselves."""
    found: dict[tuple[str, bool, bool], list[Segment]] = {}
    for segment in segments:
        pressed = bool(segment.context.get("pressed_before"))
        found.setdefault((segment.state, covert(segment), pressed), []).append(segment)
    return found


def _weighed(segment: Segment, station: str, view: View) -> Weighed | None:
    """As load-gain takes a loading, and the empty scale as well."""
    seen = untouched(segment, station)
    if segment.load_kg is not None and segment.load_kg[0] == 0 and seen is not None:
        return Weighed(segment, 0.0, float(seen.kg), 0.0, float(intervals(view.profile)[0].e_kg), seen.sure)
    found = weighed(segment, station, view)
    return found if isinstance(found, Weighed) else None


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    own = [s for s in weighable(segments, view.profile) if s.load_kg is not None]
    found = []
    for station in dict.fromkeys(name for segment in own for name in observed(segment)):
        for members in groups(own).values():
            usable = [one for segment in members if (one := _weighed(segment, station, view)) is not None]
            if usable:
                found.append(_reading(usable, Link("load", station), view))
    return found


DETECTOR = DetectorSpec(
    name=NAME,
    version=2,
    kind="law",
    null="known loads of one state lie on one straight line within rounding, repeatability, honest bending and the masses' uncertainty",
    needs="five different known loads of one state and company, read before a key was pressed",
    parameters={"repeatability_e": 1.0, "min_e": 1.0, "q": 0.005, "q_eye": 0.02},
    judge=judge,
    mechanism="the error depends on the load as no straight line does",
    witness="weight-line",
    telling=54,
    shows=Kind.WEIGHED,
)
