"""Error of indication of one delivery, E = (V_indicated - V_ref) / V_ref: positive when the customer is short.

Sign and formula: fuel_dispensers.md sections 0 and 3.2 (JJG 443).  A digit misread by an officer is no error of the
instrument: `misread` names the deliveries whose displayed volume other observations contradict.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.judge.contract import Segment, SegmentKind
from harness.judge.quantities import Quantity, at_rest, ended, number, unit_price, volume
from harness.judge.reading_errors import amount_agrees

NOMINAL: Mapping[str, Any] = {}
BEYOND_MPE, SHOWN_L = 2, 0.03  # times the limit, and litres, by which one run of a search is off to be gone on with


def indicated(segment: Segment, profile: Mapping[str, Any], misread: bool = False) -> Quantity:
    """What the customer is shown: the display, else the board's register, which also stands for a misread display."""
    shown = volume(segment, "display", profile)
    return volume(segment, "register", profile) if misread or shown.why_not else shown


@dataclass(frozen=True)
class Told:
    """The relative error of one delivery, with what is not known of it: `common` to all that one reference measured, `run` of this one alone."""

    error: float
    common: float
    run: float


def told(segment: Segment, profile: Mapping[str, Any], wrong: bool = False) -> Told | None:
    """None where nothing was shown or measured; `wrong`: the display was misread, the register stands for it."""
    shown, true = indicated(segment, profile, wrong), volume(segment, "reference", profile)
    if shown.why_not or true.why_not or true.litres <= 0:
        return None
    own = float(number(profile, "reference_u_rel") or 0) if segment.reference_l is None else true.u / true.litres
    rest = math.sqrt(max((true.u / true.litres) ** 2 - own**2, 0.0))
    return Told((shown.litres - true.litres) / true.litres, own, math.hypot(shown.u / true.litres, rest))


def misread(segments: Sequence[Segment], profile: Mapping[str, Any]) -> frozenset[str]:
    """Ids of deliveries whose display, read by eye, disagrees with the register at rest or with the displayed amount,
    while most deliveries agree.  A display that its amount confirms is what the customer was shown, whatever the
    register says."""
    apart: set[str] = set()
    tests = (_near_register, _near_amount)
    for test in tests:
        results = {segment.id: agrees for segment in segments if (agrees := test(segment, profile)) is not None}
        odd = {id for id, agrees in results.items() if not agrees}
        if 2 * len(odd) < len(results):
            apart |= odd
    return frozenset(segment.id for segment in segments if segment.id in apart and not _confirmed(segment, profile))


def _confirmed(segment: Segment, profile: Mapping[str, Any]) -> bool:
    """Photographed, or two readings that would have to be wrong in a way that fits."""
    near = _near_register(segment, profile)
    return bool(segment.context.get("photographed")) or near is True or amount_agrees(segment, profile)


def _near_register(segment: Segment, profile: Mapping[str, Any]) -> bool | None:
    """Display and register agree as the display law asks; None where one of them was not observed at rest."""
    register, display = segment.registers.get("register"), segment.registers.get("display")
    value, shown = at_rest(register), at_rest(display)
    if register is None or display is None or value is None or shown is None or not ended(segment):
        return None
    step = max(register.resolution, number(profile, "volume_resolution_l") or register.resolution, display.resolution)
    return abs(shown - value) < register.resolution + step


def _near_amount(segment: Segment, profile: Mapping[str, Any]) -> bool | None:
    """Displayed amount and volume fit; None where one of them, or the price, was not observed."""
    seen = "display" in segment.registers and "amount" in segment.registers
    return amount_agrees(segment, profile) if seen and unit_price(segment, profile) is not None else None


def replaceable(segment: Segment, profile: Mapping[str, Any]) -> bool:
    """The register at rest was observed and may stand for a misread display."""
    return _near_register(segment, profile) is not None


def error_of_indication(segment: Segment, profile: Mapping[str, Any] = NOMINAL) -> float | None:
    """E of a delivery, or None where display or reference is missing.  Without a profile only a weighed delivery or
    one whose register followed it can speak: a pulse reference needs its declared pulses per litre."""
    if segment.kind is not SegmentKind.DELIVERY:
        return None
    found = told(segment, profile)
    return None if found is None else found.error


def shows(segment: Segment, limit: float, profile: Mapping[str, Any] = NOMINAL) -> bool:
    """Whether one run of a search is off so far that it is made again: BEYOND_MPE times the `limit`, and SHOWN_L at least, which neither
    resolution nor the hose makes.  It says where to look, and proves nothing."""
    error, true = error_of_indication(segment, profile), volume(segment, "reference", profile)
    return error is not None and abs(error) > BEYOND_MPE * limit and abs(error) * true.litres > SHOWN_L


def errors_of_parts(segment: Segment) -> list[float]:
    """E of each part of a sale that was measured on its own."""
    return [float(part.to_l - part.from_l) / part.reference_l[0] - 1 for part in segment.portions]
