"""What each measurement showed and what the reference said of it, in the unit of the quantity, as the officers read it aloud."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from harness.judge.contract import Segment, SegmentKind
from harness.judge.distances import distance
from harness.judge.errors_of_indication import indicated as of_sale
from harness.judge.intervals import intervals
from harness.judge.loads import loadings, observed, shown, weighable
from harness.judge.quantities import volume

WAYS = ("distance", "record_km")  # registers of a distance: as displayed, as recorded


def untouched_loads(segments: Sequence[Segment], profile: Mapping[str, Any]) -> frozenset[str]:
    """Ids of the loads whose weight as shown is held against the load: behind a tare or another unit the scale honestly shows something else."""
    if not loadings(segments) or not intervals(profile):
        return frozenset()
    return frozenset(segment.id for segment in weighable(segments, profile))


def indicated(segment: Segment, profile: Mapping[str, Any], untouched: frozenset[str] = frozenset()) -> dict[str, Any]:
    """What was shown, what the reference said, their difference, and the step of the display; None where one was not read, or the two are
    not to be compared.  A misread digit stands as it was read."""
    said, true = _values(segment, profile)
    compared = segment.kind is not SegmentKind.LOADING or segment.id in untouched
    error = said - true if compared and said is not None and true is not None else None
    steps = [segment.registers[name].resolution for name in ("display", *WAYS) if name in segment.registers]
    return {"indicated_l": said, "reference_l": true, "error_l": error, "step_l": float(steps[0]) if steps else None}


def _values(segment: Segment, profile: Mapping[str, Any]) -> tuple[float | None, float | None]:
    match segment.kind:
        case SegmentKind.DELIVERY:
            said, true = of_sale(segment, profile), volume(segment, "reference", profile)
            return None if said.why_not else said.litres, None if true.why_not else true.litres
        case SegmentKind.LOADING:
            readings = [
                one for station in reversed(observed(segment)) for one in shown(segment, station)[:1] if not one.pressed
            ]
            load = None if segment.load_kg is None else float(segment.load_kg[0])
            return float(readings[0].kg) if readings else None, load
        case SegmentKind.TRIP:
            way = distance(segment, "reference", profile)
            return _way_km(segment), None if way.why_not else way.metres / 1000
        case _:
            return None, None


def _way_km(segment: Segment) -> float | None:
    """The advance of the distance displayed, from zero where it was read at the end alone; as recorded where no eye read it."""
    for name in WAYS:
        if (register := segment.registers.get(name)) is not None and register.values:
            begin = register.values[0] if len(register.values) > 1 else Decimal(0)
            return float(register.values[-1] - begin)
    return None
