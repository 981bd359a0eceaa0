"""What each measurement showed and what the reference said of it, in the unit of the quantity, as the officers read it aloud."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from harness.judge.contract import Segment, SegmentKind
from harness.judge.distances import distance
from harness.judge.errors_of_indication import indicated as of_sale
from harness.judge.intervals import intervals
from harness.judge.loads import Shown, loadings, observed, shown, undisturbed, weighable
from harness.judge.quantities import volume

WAYS = ("distance", "record_km")  # registers of a distance: as displayed, as recorded
DIGITS = 12  # more of a number, arithmetic made up


def untouched_loads(segments: Sequence[Segment], profile: Mapping[str, Any]) -> frozenset[str]:
    """Ids of the loads whose weight as shown is held against the load: behind a tare or another unit the scale honestly shows something else."""
    if not loadings(segments) or not intervals(profile):
        return frozenset()
    return frozenset(segment.id for segment in weighable(segments, profile))


def indicated(segment: Segment, profile: Mapping[str, Any], untouched: frozenset[str] = frozenset()) -> dict[str, Any]:
    """What was shown, what the reference said, their difference, and the step of the display; None where one was not read, or the two are
    not to be compared.  A misread digit stands as it was read.  Of a load it is the first reading, before any key; what else was shown of
    it is `later`: each other weight once, as it was first read, with an error only where no key that may honestly change it was pressed."""
    steps = [segment.registers[name].resolution for name in ("display", *WAYS) if name in segment.registers]
    step = float(steps[0]) if steps else None
    if segment.kind is SegmentKind.LOADING:
        return {**_of_load(segment, profile, segment.id in untouched), "step_l": step}
    said, true = _values(segment, profile)
    display = _displayed(segment)
    return {"display_l": display, **_compared(said, true), "reference_l": true, "step_l": step, "later": []}


def _displayed(segment: Segment) -> str | None:
    """As it was read at the end; of a trip the advance is held against the way, not what stood there."""
    display = segment.registers.get("display")
    if display is None or not display.values or segment.kind is SegmentKind.TRIP:
        return None
    return str(display.values[-1])


def _compared(said: float | None, true: float | None) -> dict[str, float | None]:
    error = None if said is None or true is None else float(_exact(said) - _exact(true))
    return {"indicated_l": said, "error_l": error}


def _exact(value: float) -> Decimal:
    return Decimal(f"{value:.{DIGITS}g}")


def _of_load(segment: Segment, profile: Mapping[str, Any], untouched: bool) -> dict[str, Any]:
    load = None if segment.load_kg is None else float(segment.load_kg[0])
    stations = [readings for name in reversed(observed(segment)) if (readings := shown(segment, name))]
    readings = next((one for one in stations if not one[0].pressed), stations[0] if stations else [])
    first = readings[0] if readings and not readings[0].pressed else None
    free = undisturbed(readings, profile) if untouched else []
    others: dict[Decimal, Shown] = {}
    for one in readings:
        if first is None or one.kg != first.kg:
            others.setdefault(one.kg, one)
    return {
        **_reading(first, load, first in free),
        "reference_l": load,
        "later": [
            {"at_s": one.t_ns / 1e9, "after_keys": bool(one.pressed), **_reading(one, load, one in free)}
            for one in others.values()
        ],
    }


def _reading(one: Shown | None, load: float | None, compared: bool) -> dict[str, Any]:
    if one is None:
        return {"display_l": None, **_compared(None, None)}
    said = float(one.kg)
    return {"display_l": str(one.kg), **_compared(said, load if compared else None)}


def _values(segment: Segment, profile: Mapping[str, Any]) -> tuple[float | None, float | None]:
    match segment.kind:
        case SegmentKind.DELIVERY:
            said, true = of_sale(segment, profile), volume(segment, "reference", profile)
            return None if said.why_not else said.litres, None if true.why_not else true.litres
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
