"""Start law: a sale begins at zero.

Null (a set test): when the nozzle is lifted and nothing has flowed, the register (by wire) or the display (by eye) shows
no more than the hose took up when pressure came, `dilation_l`; where the pulses are tapped, no more than they make.  What
the instrument shows before it has zeroed is the sale before and no start value: derivation leaves it out on the wire,
and a display that still equals the last sale is not counted.  A digit may be misread.
Source: fuel_dispensers.md 1.3 (C24); hose dilation: engineering value [D].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation

import numpy as np

from harness.judge.account import Kind
from harness.judge.chain import stations, upstream_of
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, SegmentKind, Shape, View
from harness.judge.quantities import at_rest
from harness.judge.settest import violation
from harness.judge.volumes import track

NAME = "start-law"


def _start(segment: Segment) -> Decimal | None:
    try:
        value = Decimal(str(segment.context["start_l"]))
    except (KeyError, InvalidOperation):
        return None
    return value if value.is_finite() else None


def _pulsed(segment: Segment, view: View) -> tuple[str, Decimal] | None:
    """The tapped station nearest the board and the litres it had counted when the start value was heard."""
    t_ns, u_ns = segment.context.get("start_ns"), segment.context.get("start_u_ns", 0)
    for station in ("board", "encoder"):
        if not isinstance(t_ns, int) or station not in stations(segment):
            continue
        found = track(segment, station, view.profile)
        clocks = [train.clock for name, train in segment.trains.items() if name.startswith(f"{station}.")]
        skew = max((segment.clocks[c].u_ns for c in clocks if c in segment.clocks), default=0)
        if not isinstance(found, str):
            n = int(np.searchsorted(found.t_ns, t_ns + int(u_ns) + skew, "right"))
            return station, Decimal(n) * Decimal(repr(found.step_l))
    return None


def _segment(segment: Segment, before: Segment | None, view: View) -> Reading | None:
    value = _start(segment)
    if value is None or segment.kind is not SegmentKind.DELIVERY:
        return None
    by_wire = segment.context.get("start_by") == "wire"
    name = "register" if by_wire else "display"
    observed = stations(segment)
    link = Link(upstream_of(name, observed - {"amount", "totaliser"}), name)
    last = at_rest(before.registers.get(name)) if before is not None else None
    if not by_wire and value and before is not None and before.span != segment.span:
        why = "the display may still have shown a sale made while nobody recorded"
        return Reading(NAME, segment.id, link, 1.0, reason=why)
    if not by_wire and value and value == last:
        return Reading(NAME, segment.id, link, 1.0, reason="the display still showed the sale before")
    step = view.decimal("volume_resolution_l") or Decimal("0.01")
    pulsed = _pulsed(segment, view) if by_wire else None
    if pulsed is not None:
        link = Link(pulsed[0], name)
        high = pulsed[1] + step + Decimal(1) / Decimal(str(view.profile["pulses_per_litre"]))
    else:
        high = Decimal(str(view.parameters["dilation_l"])) + step
    reading = violation(
        NAME,
        segment.id,
        link,
        view,
        value,
        Decimal(0),
        high,
        {"at_rest": True, "start_l": str(value), "pulses_tapped": pulsed is not None},
        Shape.EXTRA,
        sure=by_wire or bool(segment.context.get("photographed")),
    )
    total = at_rest(segment.registers.get(name))
    return _against(reading, value, high, total)


def _against(reading: Reading, value: Decimal, high: Decimal, total: Decimal | None) -> Reading:
    """Effect and smallest visible effect as shares of the whole sale, where its end was read."""
    if not total:
        return replace(reading, effect=None, interval=None, mde=None)
    share, most = float(value / total), float(high / total)
    return replace(reading, effect=share, interval=(share - most, share), mde=most)


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    readings = []
    before: Segment | None = None
    for segment in segments:
        reading = _segment(segment, before, view)
        if reading is not None:
            readings.append(reading)
        before = segment
    return readings


DETECTOR = DetectorSpec(
    name=NAME,
    version=1,
    kind="law",
    null="before anything flowed a sale shows no more than the hose took up, or than the pulses tapped make, or a digit was "
    "misread, or the sale before still stood there",
    needs="the first register value of the new sale on the wire, or the display read after lifting and before opening",
    parameters={"dilation_l": 0.1, "q": 0.02, "q_sure": 3e-4},
    judge=judge,
    weight=0.5,
    mechanism="the sale does not begin at zero",
    telling=26,
    shows=Kind.START,
)
