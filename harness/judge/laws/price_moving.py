"""Price moving: was a ticket printed while the weight was not stable?

Null (a set test): what is printed was printed at rest, within one interval of the reading at rest that follows (R 76-1:2006
4.4.2).  A scale that prints in the moment of an impact sells the overshoot.  Where the line flags its printed frames, these are
held against its own stability flag and the reading at rest after them; else the ticket is held against the line at the moment
the print key was pressed.  What is displayed while it moves is no break: the price follows the weight at once.
A declared hold or averaging mode prints what it held: nothing is compared then.  Source: scales.md 1A row S17, 2C.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from captures.model import Flag, SampledTrace
from harness.judge.account import Kind
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, View
from harness.judge.evalue import bet
from harness.judge.loads import e_at, loadings, presses, shown, undisturbed

NAME = "price-moving"
LINK = Link("weight", "ticket")
BEFORE_NS, AFTER_NS = 500_000_000, 1_000_000_000  # around a press by hand
PRINT_KEYS = ("print",)


@dataclass(frozen=True)
class Print:
    """One print: what it says, the reading at rest in the same loading, kg, and whether it moved at that moment."""

    t_ns: int
    printed_kg: float
    rest_kg: float
    moving: bool


def _flagged(trace: SampledTrace, rest_kg: float) -> list[Print]:
    """Printed frames: runs of the flag are one print."""
    if Flag.PRINT not in trace.told or Flag.STABLE not in trace.told:
        return []
    on = (trace.flags & np.uint8(Flag.PRINT)) != 0
    first = np.flatnonzero(on & ~np.r_[False, on[:-1]])
    step = float(trace.step)
    stable = (trace.flags & np.uint8(Flag.STABLE)) != 0
    return [Print(int(trace.times_ns[i]), int(trace.steps[i]) * step, rest_kg, not bool(stable[i])) for i in first]


def _by_key(segment: Segment, trace: SampledTrace, rest_kg: float, e_kg: float) -> list[Print]:
    """Tickets read, in order, and the print keys pressed before them; moving where the line moved by over an interval."""
    register = segment.registers.get("ticket")
    pressed = [(begin, end) for begin, end, key in presses(segment) if key in PRINT_KEYS]
    if register is None or len(pressed) != len(register.values):
        return []
    found = []
    for (begin, end), kg in zip(pressed, register.values, strict=True):
        first, last = (int(k) for k in np.searchsorted(trace.times_ns, (begin - BEFORE_NS, end + AFTER_NS)))
        near = trace.steps[first:last]
        moving = near.size > 1 and float(np.ptp(near)) * float(trace.step) > e_kg
        found.append(Print(begin, float(kg), rest_kg, moving))
    return found


def _reading(segment: Segment, view: View) -> Reading | None:
    trace = segment.traces.get("weight")
    if trace is None:
        return None
    printed_here = Flag.PRINT in trace.told or "ticket" in segment.registers
    if not printed_here:
        return None

    def mute(reason: str) -> Reading:
        return Reading(NAME, segment.id, LINK, 1.0, reason=reason)

    if view.profile.get("hold_mode") is True:
        return mute("a hold or averaging mode is declared")
    at_rest = undisturbed(shown(segment, "weight"), view.profile)
    if not at_rest:
        return mute("no reading at rest")
    rest_kg = float(at_rest[-1].kg)
    e = e_at(view.profile, rest_kg)
    prints = _flagged(trace, rest_kg) or _by_key(segment, trace, rest_kg, e)
    if not prints:
        return mute("nothing was printed while the line was heard")
    bad = [one for one in prints if one.moving and abs(one.printed_kg - rest_kg) > e * (1 + 1e-9)]
    worst = max(bad or prints, key=lambda one: abs(one.printed_kg - rest_kg))
    effect = (worst.printed_kg - rest_kg) / rest_kg if rest_kg else None
    return Reading(
        NAME,
        segment.id,
        LINK,
        bet(bool(bad), view.parameters["q"], view.validation),
        p=view.parameters["q"] if bad else 1.0,
        hits=len(bad),
        effect=effect if bad else None,
        interval=(effect - e / rest_kg, effect + e / rest_kg) if bad and effect is not None else None,
        mde=2 * e / rest_kg if rest_kg > 0 else None,
        shape=Shape.SWITCHED if bad else None,
        at={"held": True, "moving": True, "onset_ns": bad[0].t_ns, "printed_kg": worst.printed_kg} if bad else {},
    )


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    return [reading for segment in loadings(segments) if (reading := _reading(segment, view)) is not None]


DETECTOR = DetectorSpec(
    name=NAME,
    version=1,
    kind="law",
    null="what is printed was at rest, within one interval of the reading that follows",
    needs="the scale's line while a ticket is printed",
    parameters={"q": 1e-3},
    judge=judge,
    one_by_one=True,
    weight=0.5,
    mechanism="a ticket is printed while the weight is not at rest",
    telling=70,
    shows=Kind.PRINTED,
)
