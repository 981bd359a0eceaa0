"""Register law: register = K x board input, at rest, with the sealed K.

Null (a set test): the register at rest lies within one pulse, one resolution step and the admitted count of what the
declared decoding makes of the edges at the board.  Without a sealed K the law is silent: then only a change between
segments speaks (gain_change).  Source: field_rules.md section 4; fuel_dispensers.md r3.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from harness.judge.chain import stations
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, View
from harness.judge.quantities import at_rest, counts, repeats_at_rest
from harness.judge.settest import violation

NAME = "register-law"
LINK = Link("board", "register")


def _segment(segment: Segment, view: View) -> Reading | None:
    observed = stations(segment)
    register = segment.registers.get("register")
    station = "board" if "board" in observed else "encoder"
    if register is None or station not in observed:
        return None
    link = Link(station, "register")
    value = at_rest(register)

    def mute(reason: str) -> Reading:
        return Reading(NAME, segment.id, link, 1.0, reason=reason)

    if not view.profile.get("sealed_k"):
        return mute("K is not declared as sealed")
    if view.profile.get("electronic_calibration") or view.profile.get("blending"):
        return mute("the board may legitimately correct or blend; only a change speaks")
    if value is None or not segment.complete:
        return mute("no reading at rest")
    found = counts(segment, station, view.profile)
    if isinstance(found, str):
        return mute(found)
    slack = Decimal(str(view.parameters["pulses"])) * found.per_litre / Decimal(str(view.profile["pulses_per_litre"]))
    low = (found.low - slack) / found.per_litre - register.resolution
    high = (found.high + slack) / found.per_litre + register.resolution
    return violation(
        NAME,
        segment.id,
        link,
        view,
        value,
        low,
        high,
        {"repeats": repeats_at_rest(register), "counts": (found.low, found.high), "at_rest": True},
        Shape.CONSTANT,
        sure=repeats_at_rest(register) >= 3,
    )


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    return [reading for segment in segments if (reading := _segment(segment, view)) is not None]


DETECTOR = DetectorSpec(
    name=NAME,
    version=1,
    kind="law",
    null="the register at rest is explained by the edges at the board, the sealed K and the declared decoding",
    needs="board (or encoder) tapped, register read at rest, sealed K declared",
    parameters={"pulses": 1.0, "q": 0.005, "q_sure": 3e-4},
    judge=judge,
)
