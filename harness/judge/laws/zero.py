"""Zero law: with the nozzle closed the register stands still.

Null (a set test): while the motor runs against a closed nozzle the register advances by no more than the hose takes up
(`dilation_l`, thermal changes of its content included) and a leak lets through (`leak_l_min`).  Single damaged frames
advance nothing: only values that the register keeps or goes beyond count.  The pulses of the same watch belong to the
detector zero-flow.  Source: fuel_dispensers.md 1.3 (C08, C25), 7.1 point 6; bounds are engineering values [D].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import numpy as np

from harness.judge.account import Kind
from harness.judge.chain import stations, upstream_of
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, SegmentKind, Shape, View
from harness.judge.quantities import counts
from harness.judge.settest import violation

NAME = "zero-law"


def _kept(values: Sequence[Decimal]) -> list[Decimal]:
    """The greatest value that every later reading reaches, at each reading (n,): a lone high one is no advance."""
    least = list(values)
    for i in range(len(least) - 2, -1, -1):
        least[i] = min(least[i], least[i + 1])
    return least


def _segment(segment: Segment, view: View) -> Reading | None:
    register = segment.registers.get("register")
    if register is None:
        return None
    link = Link(upstream_of("register", stations(segment)), "register")

    def mute(reason: str) -> Reading:
        return Reading(NAME, segment.id, link, 1.0, reason=reason)

    if not segment.complete or len(register.values) < 3:
        return mute("the watch was cut" if not segment.complete else "fewer than three readings of the register")
    seconds = float(register.times_ns[-1] - register.times_ns[0]) / 1e9
    if seconds < view.parameters["min_s"]:
        return mute(f"{seconds:.0f} s with a closed nozzle are too short")
    values = _kept(register.values)
    advance = values[-1] - values[0]
    high = Decimal(str(view.parameters["dilation_l"])) + register.resolution
    high += Decimal(str(round(view.parameters["leak_l_min"] * seconds / 60, 4)))
    metered = counts(segment, "encoder", view.profile)
    if (
        advance > high
        and not isinstance(metered, str)
        and Decimal(metered.high) >= Decimal("0.8") * advance * metered.per_litre
    ):
        return mute("the encoder shows the same: what ran went through the meter")
    # separate violations: steps of the register beyond what is honest
    over = np.array([value - values[0] > high for value in values])
    steps = len({value for value, beyond in zip(values, over, strict=True) if beyond})
    reading = violation(
        NAME,
        segment.id,
        link,
        view,
        advance,
        Decimal(0),
        high,
        {
            "litres": str(advance),
            "seconds": round(seconds, 1),
            "litres_per_min": round(float(advance) * 60 / seconds, 3),
        },
        Shape.EXTRA,
        sure=len(register.values) >= 3 and (register.values[-1] == register.values[-2] or steps >= 3),
    )
    # nothing is delivered: there is no share of a sale to speak of
    return replace(reading, hits=steps if reading.hits else 0, effect=None, interval=None, mde=None)


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    shut = [segment for segment in segments if segment.kind is SegmentKind.SHUT]
    return [reading for segment in shut if (reading := _segment(segment, view)) is not None]


DETECTOR = DetectorSpec(
    name=NAME,
    version=2,
    kind="law",
    null="with the nozzle closed the register advances by no more than a hose takes up and a leak lets through",
    needs="a watch of half a minute with the nozzle closed and the motor on, the register on the wire",
    parameters={"dilation_l": 0.15, "leak_l_min": 0.1, "min_s": 20.0, "q": 0.005, "q_sure": 3e-4},
    judge=judge,
    weight=0.5,
    mechanism="the register advances while the nozzle is closed",
    telling=28,
    shows=Kind.IDLE,
)
