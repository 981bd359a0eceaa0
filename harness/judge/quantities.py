"""How much each station says was delivered in one segment, with what it cannot know (litres; GUM first order)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np

from captures.model import Register
from harness.judge.contract import Segment
from harness.judge.pulses import gray
from harness.judge.trains import channels, clipped, gaps_in_window

EDGES = {"x1": 1, "x2": 2, "x4": 4}


@dataclass(frozen=True)
class Quantity:
    """Volume in litres with a standard uncertainty of what differs from run to run, or why there is none."""

    litres: float
    u: float
    why_not: str = ""


@dataclass(frozen=True)
class Counts:
    """Edges per decoded litre, and the least and greatest count an honest decoder may have made of them."""

    low: int
    high: int
    per_litre: Decimal


def number(profile: Mapping[str, Any], key: str) -> Decimal | None:
    value = profile.get(key)
    return None if value is None else Decimal(str(value))


def counts(segment: Segment, station: str, profile: Mapping[str, Any]) -> Counts | str:
    """Decoded counts of an encoder or board tap (declared decoding x1, x2, x4), or why there are none.

    With both channels the decoder may subtract reverse steps (hose recoil) or not: both are admitted, so the count
    lies between net and gross; a x1 or x2 board may as well count the edges of A and never look at B.  With one
    channel the x1 count of rising edges is used.
    """
    ppl = number(profile, "pulses_per_litre")
    if ppl is None:
        return "pulses per litre not declared"
    taps = channels(segment, station)
    if not taps:
        return f"{station} not tapped"
    lost = [train.name for train in taps.values() if gaps_in_window(segment, train)]
    if lost:
        return f"gap in {', '.join(lost)}"
    both = [name for name in ("A", "B") if name in taps and taps[name].levels is not None]
    decoding = str(profile.get("decoding", "x1"))
    factor = EDGES.get(decoding)
    if factor is None:
        return f"decoding {decoding!r} is not one of x1, x2, x4"
    if len(both) == 2:
        a_ticks, a_levels = clipped(segment, taps["A"])
        b_ticks, b_levels = clipped(segment, taps["B"])
        assert a_levels is not None
        assert b_levels is not None
        steps = gray.decode(a_ticks, a_levels, b_ticks, b_levels)
        net, gross = abs(int(steps.direction.sum(dtype=np.int64))), steps.edges
        low, high = net * factor // 4, -(-gross * factor // 4)
        own = {"x1": int(np.count_nonzero(a_levels == 1)), "x2": int(a_ticks.size)}
        high = max(high, own.get(decoding, 0))
        return Counts(low, high, ppl * factor)
    train = next(iter(taps.values()))
    ticks, levels = clipped(segment, train)
    rising = int(ticks.size) if levels is None else int(np.count_nonzero(levels == 1))
    return Counts(rising, rising, ppl)


def divided(profile: Mapping[str, Any]) -> str:
    """Why one encoder or board input is not held to carry the whole delivery, "" where the papers say it does.

    Blending and twin meters feed one register from two encoders, of which a bench may tap one (field_rules.md section 4);
    what nobody declared is not held against the instrument.
    """
    if profile.get("blending") is True or profile.get("topology") == "twin":
        return "declared: several meters make up one delivery, this one carries a part"
    if profile.get("blending") is not False or profile.get("topology") not in ("direct", "divided"):
        return "whether one meter makes up the whole delivery is not declared"
    return ""


def calibrated(profile: Mapping[str, Any]) -> str:
    """Why the register need not follow the pulses in one ratio, "" where the papers say that it does."""
    if profile.get("electronic_calibration") is True:
        return "declared: the board may correct or scale the pulses"
    if profile.get("electronic_calibration") is not False:
        return "whether the board corrects or scales the pulses is not declared"
    return ""


def at_rest(register: Register | None) -> Decimal | None:
    """The value at rest: the last reading."""
    return register.values[-1] if register is not None and register.values else None


def ended(segment: Segment) -> bool:
    """The register's last reading came after the pump had reported the end of the sale: observed, or it did not."""
    return segment.context.get("wire_end") is True


def unit_price(segment: Segment, profile: Mapping[str, Any]) -> Decimal | None:
    """The unit price observed for this sale; the profile's only where it declares that the price is fixed."""
    price = segment.context.get("price")
    if price is None and profile.get("price_fixed") is True:
        price = profile.get("price")
    if price is None:
        return None
    try:
        value = Decimal(str(price))
    except InvalidOperation:
        return None
    return value if value.is_finite() and value > 0 else None


def repeats_at_rest(register: Register | None) -> int:
    """How many of the last readings agree (a damaged frame does not repeat)."""
    if register is None or not register.values:
        return 0
    last, n = register.values[-1], 0
    for value in reversed(register.values):
        if value != last:
            break
        n += 1
    return n


def volume(segment: Segment, station: str, profile: Mapping[str, Any]) -> Quantity:
    """Delivered litres by one station.

    `u` holds resolution, count and the reference's stated uncertainty; repeatability of the instrument is the
    caller's business.
    """
    if station == "reference":
        return _reference(segment, profile)
    if station in ("encoder", "board"):
        part = divided(profile)
        if part:
            return Quantity(0.0, 0.0, part)
        found = counts(segment, station, profile)
        if isinstance(found, str):
            return Quantity(0.0, 0.0, found)
        per = float(found.per_litre)
        half = (found.high - found.low) / 2
        return Quantity((found.low + half) / per, (half + 1.0) / per / math.sqrt(3))
    register = segment.registers.get(station)
    value = at_rest(register)
    if register is None or value is None:
        return Quantity(0.0, 0.0, f"{station} not read")
    return Quantity(float(value), float(register.resolution) / math.sqrt(12))


def _reference(segment: Segment, profile: Mapping[str, Any]) -> Quantity:
    if segment.reference_l is not None:
        litres, u = segment.reference_l
        return Quantity(float(litres), float(u))
    train = segment.trains.get("reference.P")
    k = number(profile, "reference_pulses_per_litre")
    if train is None or k is None:
        return Quantity(0.0, 0.0, "no reference measured this delivery")
    if gaps_in_window(segment, train):
        return Quantity(0.0, 0.0, "gap in reference.P")
    ticks, levels = clipped(segment, train)
    n = int(ticks.size) if levels is None else int(np.count_nonzero(levels == 1))
    litres = n / float(k)
    u_rel = float(number(profile, "reference_u_rel") or Decimal(0))
    return Quantity(litres, math.hypot(litres * u_rel, 1.0 / float(k) / math.sqrt(6)))
