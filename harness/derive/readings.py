"""What each message of a scale's line means as a reading, and which way of writing a weight is the line's own.

Unit and number of decimals of a line do not change by themselves.  Where most readings have three decimals, one with two has
lost a digit or its point has moved; it stands for no weight.  Weights of another unit are used where they come often enough
to be a setting of the scale, and exactly as many kilograms as they say.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from captures.model import Flag, Int64Array, UInt8Array
from protocols.contract import Message
from protocols.indication import Indicating, Indication
from protocols.wire import yaohua

KILOGRAMS = {
    "kg": Decimal(1), "g": Decimal("0.001"), "mg": Decimal("0.000001"), "t": Decimal(1000), "jin": Decimal("0.5"),
    "lb": Decimal("0.45359237"), "ct": Decimal("0.0002"),
}  # fmt: skip
HEAVIEST_KG = 1_000_000  # more than any scale weighs
COARSEST = 2  # decimal exponent of a last digit: x100 (protocols.md 3.2)
FINEST = -12  # decimal exponent of a last digit in kg: with the heaviest still inside 64 bit
SETTING = 5  # readings of another unit, or with other decimals, that are a setting and no accident of the line
FLAGS = (
    ("stable", Flag.STABLE), ("net", Flag.NET), ("zero", Flag.ZERO), ("overload", Flag.OVERLOAD), ("underload", Flag.UNDERLOAD),
)  # fmt: skip
OUT = Flag.OVERLOAD | Flag.UNDERLOAD
NONE = Flag(0)


@dataclass(frozen=True, slots=True)
class Said:
    """One message: `kg` None where it carries no weight; `reading`: it counts, with a weight or out of range; `fault` why it
    does not although it should."""

    reading: bool = False
    kg: Decimal | None = None
    unit: str = ""
    decimals: int = 0
    flags: Flag = NONE
    told: Flag = NONE
    fault: str = ""
    unit_price: Decimal | None = None
    price: Decimal | None = None


NOTHING = Said()


def said(message: Message, unstated: str) -> Said:
    """What `message` says; `unstated`: the unit of weights sent without one.  Asked by commands, prices are answers of their own."""
    found = message.indication() if isinstance(message, Indicating) else None
    if isinstance(message, yaohua.Answer) and message.command is yaohua.Command.PRICE_OR_VEHICLE:
        return Said(unit_price=message.value)
    if isinstance(message, yaohua.Answer) and message.command is yaohua.Command.AMOUNT_OR_CARGO:
        return Said(price=message.value)
    if found is None:
        return NOTHING
    flags = told = NONE
    for name, flag in FLAGS:
        value = getattr(found, name)
        told |= flag if value is not None else NONE
        flags |= flag if value else NONE
    prices = [price if price is not None and price.is_finite() else None for price in (found.unit_price, found.price)]
    if found.weight is None or flags & OUT:
        return Said(bool(flags & OUT), flags=flags, told=told, unit_price=prices[0], price=prices[1])
    unit = found.unit or unstated
    fault = _fault(found, unit)
    if fault:
        return Said(told=told, fault=fault)
    return Said(True, found.weight * KILOGRAMS[unit], unit, -_exponent(found.weight), flags, told, "", *prices)


def _fault(found: Indication, unit: str) -> str:
    weight = found.weight
    assert weight is not None
    if not weight.is_finite():
        return f"{weight} is no weight"
    if unit not in KILOGRAMS:
        return f"unit {unit[:8]!r}, expected one of {', '.join(KILOGRAMS)}"
    finest = _exponent(weight) + _exponent(KILOGRAMS[unit])
    if finest < FINEST or _exponent(weight) > COARSEST or abs(weight) * KILOGRAMS[unit] > HEAVIEST_KG:
        return f"{weight} {unit}: no scale weighs that"
    return ""


@dataclass(frozen=True, slots=True)
class Interval:
    """A declared weighing interval: e up to `max_kg`, from `from_kg` on."""

    from_kg: Decimal
    max_kg: Decimal
    e_kg: Decimal

    def writes(self, one: Said) -> bool:
        """A weight in this interval is written with the decimals of its e; up to Max + 9 e (R 76 3.9.1.1 [U])."""
        assert one.kg is not None
        inside = self.from_kg <= abs(one.kg) <= self.max_kg + 9 * self.e_kg
        return inside and one.unit == "kg" and one.decimals == max(0, -_exponent(self.e_kg))


def out_of_format(told: Sequence[Said], which: Int64Array, declared: Sequence[Interval]) -> list[str]:
    """For each of `told` why it is not in the format of the line, "" where it is; `which` (n,) is how often each came."""
    counts = np.bincount(which, minlength=len(told)) if len(told) else np.zeros(0, np.int64)
    formats: dict[str, Counter[int]] = {}
    for one, count in zip(told, counts, strict=True):
        if one.kg is not None and count:
            formats.setdefault(one.unit, Counter())[one.decimals] += int(count)
    most = max((sum(decimals.values()) for decimals in formats.values()), default=0)
    usual = {unit: _usual(unit, decimals, declared) for unit, decimals in formats.items()}
    found = []
    for one in told:
        why = ""
        if one.kg is not None and one.unit in formats:
            total = sum(formats[one.unit].values())
            if total < min(SETTING, most):
                why = f"{total} readings in {one.unit}, all others in another unit"
            elif one.decimals != usual[one.unit] and not any(interval.writes(one) for interval in declared):
                why = (
                    f"decimal point in another place: {one.decimals} decimals of {one.unit}, expected {usual[one.unit]}"
                )
        found.append(why)
    return found


def _usual(unit: str, decimals: Counter[int], declared: Sequence[Interval]) -> int:
    """The decimals of the smallest declared e where they come often enough, else those that most readings have."""
    if declared and unit == "kg":
        own = max(0, -_exponent(declared[0].e_kg))
        if decimals[own] >= min(SETTING, decimals.total() // 2 + 1):
            return own
    return decimals.most_common(1)[0][0]


def in_steps(told: Sequence[Said], used: Sequence[bool]) -> tuple[Int64Array, UInt8Array, Decimal]:
    """Steps and flags (m,) of each of `told`, and the step in kg: the largest of which every weight that is `used`, and the
    last digit it was written with, is a whole multiple."""
    weights = [one for one, use in zip(told, used, strict=True) if use and one.kg is not None]
    digits = {Decimal(1).scaleb(-one.decimals) * KILOGRAMS[one.unit] for one in weights}
    finest = min(map(_exponent, digits), default=-3)
    step = math.gcd(*(int(digit.scaleb(-finest)) for digit in digits)) if digits else 1
    steps = [
        int(one.kg.scaleb(-finest)) // step if use and one.kg is not None else 0
        for one, use in zip(told, used, strict=True)
    ]
    flags = np.array([int(one.flags) for one in told], np.uint8)
    return np.array(steps, np.int64), flags, Decimal(step).scaleb(finest)


def _exponent(value: Decimal) -> int:
    """Of the last digit as written; `value` is finite."""
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    return exponent
