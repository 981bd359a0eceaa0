"""Register law: register = K x board input, at rest, with the sealed K.

Null (a set test): the register at rest lies within one pulse, one resolution step, the admitted counts and a fixed
volume per delivery of what the declared decoding makes of the edges at the board.  The fixed volume is what the meter
turns before the register zeroes and after it froze (hose dilation and recoil): `start_stop_l`, and up to `offset_l`
where one and the same offset explains all deliveries.  Only an excess that grows with the volume, or that is not the
same in every delivery, breaks the law.  Without a sealed K the law is silent: then only a change between segments
speaks (gain_change).  Source: field_rules.md sections 4 and 6; fuel_dispensers.md r3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from harness.judge.account import Kind
from harness.judge.chain import stations
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, SegmentKind, Shape, View
from harness.judge.quantities import Counts, at_rest, calibrated, counts, divided, ended, repeats_at_rest
from harness.judge.settest import violation

NAME = "register-law"
LINK = Link("board", "register")


@dataclass(frozen=True)
class _Case:
    """One delivery: what the register shows at rest and the litres [low, high] that the edges allow."""

    segment: Segment
    link: Link
    value: Decimal
    low: Decimal
    high: Decimal
    found: Counts
    repeats: int


def _case(segment: Segment, view: View) -> _Case | Reading | None:
    observed = stations(segment)
    register = segment.registers.get("register")
    station = "board" if "board" in observed else "encoder"
    if register is None or station not in observed or segment.kind is SegmentKind.SHUT:
        return None  # nothing is sold with the nozzle shut: the register keeps the sale before
    link = Link(station, "register")
    value = at_rest(register)

    def mute(reason: str) -> Reading:
        return Reading(NAME, segment.id, link, 1.0, reason=reason)

    if not view.profile.get("sealed_k"):
        return mute("K is not declared as sealed")
    why = divided(view.profile) or calibrated(view.profile)
    if why:
        return mute(f"{why}; only a change speaks")
    if value is None or not segment.complete:
        return mute("no reading at rest")
    if not ended(segment):
        return mute("the end of the sale was not heard")
    found = counts(segment, station, view.profile)
    if isinstance(found, str):
        return mute(found)
    slack = Decimal(str(view.parameters["pulses"])) / Decimal(str(view.profile["pulses_per_litre"]))
    slack += register.resolution + Decimal(str(view.parameters["start_stop_l"]))
    low, high = found.low / found.per_litre - slack, found.high / found.per_litre + slack
    return _Case(segment, link, value, low, high, found, repeats_at_rest(register))


def _common_offset(cases: Sequence[_Case], most: Decimal) -> Decimal:
    """The one volume that, added to every delivery of the case, explains what all registers show; 0 where none does."""
    least, greatest = max(c.value - c.high for c in cases), min(c.value - c.low for c in cases)
    if least > greatest:
        return Decimal(0)
    offset = min(max(least, Decimal(0)), greatest)
    return offset if abs(offset) <= most else Decimal(0)


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    found = [case for segment in segments if (case := _case(segment, view)) is not None]
    cases = [case for case in found if isinstance(case, _Case)]
    offset = _common_offset(cases, Decimal(str(view.parameters["offset_l"]))) if cases else Decimal(0)
    litres = [float(case.value) for case in cases]
    span = max(litres) - min(litres) if litres else 0.0
    return [case if isinstance(case, Reading) else _reading(case, offset, span, view) for case in found]


def _seen_from(case: _Case, span: float, most: float) -> float | None:
    """The smallest gain that no fixed offset hides: beyond the greatest one, or told by `span` litres of difference."""
    if not case.value:
        return None
    width, volume = float(case.high - case.low), abs(float(case.value))
    beyond = (most + width) / volume
    return max(width / volume, min(beyond, 2 * width / span) if span else beyond)


def _reading(case: _Case, offset: Decimal, span: float, view: View) -> Reading:
    at: dict[str, object] = {
        "repeats": case.repeats,
        "counts": (case.found.low, case.found.high),
        "at_rest": ended(case.segment),
    }
    if offset:
        at["offset_l"] = str(offset)
    reading = violation(
        NAME,
        case.segment.id,
        case.link,
        view,
        case.value,
        case.low + min(offset, Decimal(0)),
        case.high + max(offset, Decimal(0)),
        at,
        Shape.CONSTANT,
        sure=case.repeats >= 3,
    )
    return replace(reading, mde=_seen_from(case, span, view.parameters["offset_l"]))


DETECTOR = DetectorSpec(
    name=NAME,
    version=2,
    kind="law",
    null="the register at rest is explained by the edges at the board, the sealed K, the declared decoding and a fixed "
    "volume at start and stop",
    needs="board (or encoder) tapped, register read after the end of the sale, sealed K declared",
    parameters={"pulses": 1.0, "start_stop_l": 0.05, "offset_l": 0.2, "q": 0.005, "q_sure": 3e-4},
    judge=judge,
    mechanism="the register is not the sealed K times the board's input",
    telling=16,
    shows=Kind.FACTOR,
    sized=True,
)
