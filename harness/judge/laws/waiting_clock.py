"""Waiting clock: does the meter count more waiting than time has passed?

Null: between two readings of the displayed waiting time it advances by no more than the time between them, with the uncertainties of both readings, the time by which
one may have been typed later than the other after it was seen (`late_s`), one
step of its display and the error allowed of a clock.  Whether the vehicle waited is not asked: no clock may run ahead of time.
One-sided: a slow clock harms no customer.  Source: taximeters.md 6 (D11), 2.2 (time 0.1 %, not less than 0.2 s); C25, C26.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from captures.model import Register
from harness.judge.account import Kind
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, SegmentKind, Shape, View
from harness.judge.evalue import bet

NAME = "waiting-clock"
LINK = Link("clock", "waiting")


def _runs(register: Register, view: View) -> tuple[list[float], float, float, float]:
    """Seconds too many of every stretch that can tell (`stretch_s`), the whole advance, the whole time and what is allowed of it."""
    step = float(register.resolution)
    times = [int(t) / 1e9 for t in register.times_ns]
    unsure = [int(u) / 1e9 for u in register.u_ns]
    values = [float(value) for value in register.values]
    least = max(view.parameters["stretch_s"], 4 * step)
    over, i = [], 0
    for j in range(1, len(values)):
        if times[j] - times[i] < least:
            continue
        passed = times[j] - times[i] + unsure[i] + unsure[j]
        allowed = passed * (1 + view.parameters["rate"]) + view.parameters["least_s"] + view.parameters["late_s"] + step
        over.append(values[j] - values[i] - allowed)
        i = j
    whole = times[-1] - times[0]
    return (
        over,
        values[-1] - values[0],
        whole,
        whole * (1 + view.parameters["rate"]) + step + view.parameters["late_s"] + unsure[0] + unsure[-1],
    )


def _reading(segment: Segment, register: Register, view: View) -> Reading:
    def mute(reason: str) -> Reading:
        return Reading(NAME, segment.id, LINK, 1.0, reason=reason)

    if len(register.values) < 2:
        return mute("the waiting time was read once")
    if any(b < a for a, b in zip(register.values, register.values[1:], strict=False)):
        return mute("the waiting time went back: a hire ended between two readings, or a digit was misread")
    over, advance, passed, allowed = _runs(register, view)
    if not over:
        return mute(f"{passed:.0f} s between the readings are too short")
    violated = sum(one > 0 for one in over)
    broken = violated > 0 and advance > allowed
    q = view.parameters["q" if violated < 3 else "q_sure"]
    effect = advance / passed - 1 if passed else None
    width = (allowed - passed) / passed if passed else 0.0
    return Reading(
        NAME,
        segment.id,
        LINK,
        bet(broken, q, view.validation),
        p=q if broken else 1.0,
        hits=violated if broken else 0,
        effect=effect if broken else min(effect or 0.0, 0.0),
        interval=(effect - width, effect + width) if broken and effect is not None else None,
        mde=2 * width if passed else None,
        shape=Shape.CONSTANT if broken else None,
        at={
            "value": str(Decimal(str(round(advance, 3)))),
            "passed_s": round(passed, 3),
            "stretches": len(over),
            "sure": violated >= 3,
        },
    )


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    driven = (SegmentKind.TRIP, SegmentKind.SOAK)
    own = [segment for segment in segments if segment.kind in driven and "waiting" in segment.registers]
    return [_reading(segment, segment.registers["waiting"], view) for segment in own]


DETECTOR = DetectorSpec(
    name=NAME,
    version=1,
    kind="law",
    null="the displayed waiting time advances by no more than the time between two readings",
    needs="the displayed waiting time read twice and more, half a minute apart",
    parameters={"rate": 0.001, "least_s": 0.2, "late_s": 7.0, "stretch_s": 30.0, "q": 0.005, "q_sure": 3e-4},
    judge=judge,
    one_by_one=True,
    mechanism="the meter counts more waiting than time passes",
    telling=30,
    shows=Kind.CLOCK,
)
