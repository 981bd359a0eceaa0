"""Code gap: are there readings that the scale never shows, and does it step by the interval on its nameplate?

Null for skipped codes (within one declared interval and one unit): on a slow ramp every code between the ends is shown; what is
poured in lumps skips codes at places that keep no period and do not come again on the next ramp.  Random loads fall into every
residue class alike.  A gain applied after rounding skips every 1/(1 - 1/g)-th code.  A ramp counts where the plan says that one
was poured (context `ramp`) and each code shown was shown `least` times.
Null for the interval: the display steps by the declared e; loads that are no round masses fall into every residue class of its
multiples alike.  What steps otherwise may be another approved variant: at most a suspicion (its honest cause is never excluded
by what is shown).  Or digits were misread.  Source: statistics.md 2d; field_rules.md 4; scales.md 1A row S28.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from scipy import stats

from captures.model import Int64Array, SampledTrace
from harness.judge.account import Kind
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, View
from harness.judge.evalue import calibrate
from harness.judge.intervals import Interval, intervals
from harness.judge.loads import OUT_OF_RANGE, loadings, observed, untouched, weighable
from harness.judge.weights.codes import Missing, interval, never_shown, ramp, repeated_p

NAME = "code-gap"
UPDATE_MS = 200  # between two new readings of an indicator that does not say: slow ones [D]
FEWEST = 8  # loads that tell of the interval
ROUND_E = 10  # loads of so many whole intervals are round: a set of weights has no others


@dataclass(frozen=True)
class Poured:
    """One ramp: what it skipped, in codes of `step_kg`."""

    segment: str
    missing: Missing
    step_kg: Decimal


def _within(values: Sequence[Decimal], one: Interval, least: Decimal) -> list[Decimal]:
    return [value for value in values if least < abs(value) <= one.max_kg]


def thinned(trace: SampledTrace, update_ns: int) -> Int64Array:
    """One reading for each update of the indicator: frames between repeat the one before.  Steps (n,) of the trace."""
    good = np.flatnonzero((trace.flags & np.uint8(OUT_OF_RANGE)) == 0)
    if not good.size:
        return trace.steps[:0]
    slots = (trace.times_ns[good] - trace.times_ns[good[0]]) // update_ns
    first = np.r_[True, np.diff(slots) > 0]
    return np.asarray(trace.steps[good[first]], dtype=np.int64)


def poured(segment: Segment, station: str, one: Interval, least: Decimal, view: View) -> Poured | str:
    """The ramp in this loading within one interval, or why there is none."""
    trace = segment.traces[station]
    if trace.garbage:
        return "what came on the line was no reading in part"
    update_ns = int(view.profile.get("update_ms", UPDATE_MS)) * 1_000_000
    steps = thinned(trace, update_ns)
    inside = steps[(np.abs(steps) > int(least / trace.step)) & (np.abs(steps) <= int(one.max_kg / trace.step))]
    per = interval(inside)
    found = ramp(inside // per) if per else None
    if found is None or found.visited < view.parameters["codes"]:
        return "the ramp visits too few codes"
    if found.least_readings < view.parameters["least"]:
        return "the ramp was too fast"
    return Poured(segment.id, found, per * trace.step)


def _ramps(segments: Sequence[Segment], station: str, view: View) -> list[Reading]:
    """Of each ramp the regularity of what it skipped; of several, what all of them skipped."""
    readings: list[Reading] = []
    link, least = Link("load", station), Decimal(0)
    for one in intervals(view.profile):
        own = [poured(segment, station, one, least, view) for segment in segments]
        least = one.max_kg
        good = [ramp for ramp in own if isinstance(ramp, Poured)]
        if not good and own:
            readings += [Reading(NAME, s.id, link, 1.0, reason=str(why)) for s, why in zip(segments, own, strict=True)]
        together = repeated_p([ramp.missing for ramp in good])
        for ramp_ in good:
            p = min(1.0, 2 * min(ramp_.missing.p, together if ramp_ is good[-1] else 1.0))
            readings.append(_of_ramp(ramp_, p, link, view))
    return readings


def _of_ramp(own: Poured, p: float, link: Link, view: View) -> Reading:
    hit, gain = p < view.parameters["q"], own.missing.gain
    told = gain is not None and own.missing.gain_interval is not None
    ends = own.missing.gain_interval or (1.0, 1.0)
    return Reading(
        NAME,
        own.segment,
        link,
        calibrate(p, view.validation),
        p=p,
        hits=len(own.missing.codes) if hit else 0,
        effect=gain - 1 if hit and told and gain is not None else None,
        interval=(min(ends) - 1, max(ends) - 1) if hit and told else None,
        mde=6 / max(own.missing.visited, 1),
        shape=Shape.CONSTANT if hit else None,
        at={
            "missing": hit,
            "codes": own.missing.visited,
            "skipped_kg": tuple(str(code * own.step_kg) for code in own.missing.codes[:20]),
            **({"period_codes": own.missing.period} if own.missing.period and hit else {}),
        },
    )


def _loads(segments: Sequence[Segment], station: str, view: View) -> list[Reading]:
    """All readings of single loads: the interval they step by, and classes of codes that none of many loads shows."""
    readings, least = list[Reading](), Decimal(0)
    for one in intervals(view.profile):
        own = [(segment, seen.kg) for segment in segments if (seen := untouched(segment, station)) is not None]
        inside = [(segment, kg) for segment, kg in own if least < abs(kg) <= one.max_kg]
        least = one.max_kg
        if inside:
            sure = station in segments[0].traces
            readings.append(_of_loads(inside, one, Link("load", station), sure, view))
    return readings


def _of_loads(inside: Sequence[tuple[Segment, Decimal]], one: Interval, link: Link, sure: bool, view: View) -> Reading:
    names = "|".join(segment.id for segment, _ in inside)
    odd = list(
        dict.fromkeys(kg for segment, kg in inside if segment.load_kg is None or _odd(segment.load_kg[0], one.e_kg))
    )
    if len(odd) < FEWEST:
        return Reading(NAME, names, link, 1.0, reason=f"fewer than {FEWEST} loads that are no round masses")
    off = [kg for kg in odd if kg % one.e_kg]
    q = view.parameters["q_sure" if sure else "q_eye"]
    p_finer = float(stats.binom.sf(len(off) - 1, len(odd), q)) if off else 1.0
    codes = np.array([int(kg / one.e_kg) for kg in odd], dtype=np.int64)
    wider = interval(codes) if not off else 1
    # every multiple from the one seen on could have been found
    p_wider = sum(float(m) ** -(codes.size - 1) for m in range(wider, 4 * wider)) if wider > 1 else 1.0
    never = never_shown(codes // wider) if not off else None
    p_never = never.p if never is not None else 1.0
    p = min(1.0, 3 * min(p_finer, p_wider, p_never))
    hit = p < view.parameters["q"]
    missing = hit and p_never < min(p_finer, p_wider)
    gain = never.gain - 1 if missing and never is not None else None
    return Reading(
        NAME,
        names,
        link,
        calibrate(p, view.validation),
        p=p,
        hits=len(odd) if hit else 0,
        effect=gain,
        interval=None if gain is None or never is None else (1 / never.period, 1 / max(never.period - 2, 1)),
        shape=Shape.CONSTANT if hit else None,
        at={
            "missing": missing,
            "loads": len(odd),
            "declared_e_kg": str(one.e_kg),
            **({"finer_readings": len(off)} if off else {"interval_kg": str(wider * one.e_kg)}),
        },
    )


def _odd(load_kg: float, e_kg: Decimal) -> bool:
    """Whether a load is no round mass."""
    return load_kg > 0 and bool(round(load_kg / float(e_kg)) % ROUND_E)


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    own = [s for s in weighable(segments, view.profile) if set(s.context.get("units", ("kg",))) <= {"kg"}]
    found = []
    for station in dict.fromkeys(name for segment in own for name in observed(segment)):
        here = [s for s in own if station in observed(s) and s.context.get("ramp") is not True]
        found += _loads(here, station, view) if here else []
        slow = [s for s in loadings(segments) if s.context.get("ramp") is True and station in s.traces]
        found += _ramps(slow, station, view) if slow else []
    return found


DETECTOR = DetectorSpec(
    name=NAME,
    version=1,
    kind="law",
    null="within one interval and unit every code is shown, at the declared interval, lumps of a ramp and misread digits apart",
    needs="a slow ramp on the scale's line, or many loads that are no round masses",
    parameters={"codes": 30.0, "least": 3.0, "q": 1e-3, "q_eye": 0.02, "q_sure": 3e-4},
    judge=judge,
    mechanism="some weights are never shown, or the display steps otherwise than declared",
    telling=58,
    shows=Kind.WEIGHED,
)
