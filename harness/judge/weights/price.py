"""Price to pay = displayed weight x displayed unit price, rounded to the money step: exact decimals, every admissible mode.

A set test at level 0: a frame either follows from its own weight and unit price under a rounding mode, or it does not
(statistics.md 2d, scales.md 2D).  A scale must keep to one mode; which mode is consistent with all its frames is reported, and
a frame that no mode explains breaks the law by itself.  Weight and unit price are taken as displayed, to their last digit;
the unit price is for one basis: a kilogram, 100 g, a jin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Context, Decimal
from fractions import Fraction

MODES = {"half-up": ROUND_HALF_UP, "half-even": ROUND_HALF_EVEN, "down": ROUND_DOWN, "up": ROUND_UP}
UNIT_KG = {
    "kg": Decimal(1), "g": Decimal("0.001"), "100 g": Decimal("0.1"), "jin": Decimal("0.5"), "500 g": Decimal("0.5"),
    "liang": Decimal("0.05"), "t": Decimal(1000),
}  # fmt: skip
_DIGITS = 15  # before or after the point, in any number of a display
_EXACT = Context(prec=60)


@dataclass(frozen=True)
class Frame:
    """What a scale showed at once: `weight` in `unit`, `unit_price` for one `basis`, `price` to pay."""

    weight: Decimal
    unit: str
    unit_price: Decimal
    basis: str
    price: Decimal


def exact(frame: Frame) -> Decimal:
    """Weight x unit price without any rounding.  Raises ValueError for a unit that is not known or a number that is none."""
    for unit in (frame.unit, frame.basis):
        if unit not in UNIT_KG:
            raise ValueError(f"price: unit {unit!r} is not known, expected one of {', '.join(UNIT_KG)}")
    numbers = (frame.weight, frame.unit_price, frame.price)
    if not all(number.is_finite() and abs(number.adjusted()) <= _DIGITS for number in numbers):
        raise ValueError(f"price: expected numbers, got {frame.weight} x {frame.unit_price} = {frame.price}")
    in_kg = _EXACT.multiply(frame.weight, UNIT_KG[frame.unit])
    return _EXACT.divide(_EXACT.multiply(in_kg, frame.unit_price), UNIT_KG[frame.basis])


def rounded(value: Decimal, step: Decimal, mode: str) -> Decimal:
    """`value` in whole `step`s by a mode of MODES; "up" is away from zero."""
    return _EXACT.multiply(_EXACT.divide(value, step).to_integral_value(MODES[mode]), step)


@dataclass(frozen=True)
class Modes:
    """Indices of the frames that break each mode; `consistent` modes are broken by none, `unexplained` frames break all.
    `telling`: frames whose price is not the same in all modes."""

    broken: dict[str, tuple[int, ...]]
    unexplained: tuple[int, ...]
    telling: int

    @property
    def consistent(self) -> tuple[str, ...]:
        return tuple(mode for mode, frames in self.broken.items() if not frames)


def modes(frames: Sequence[Frame], step: Decimal, admissible: Sequence[str] = tuple(MODES)) -> Modes:
    """Every frame under every `admissible` mode, money step `step`.  Raises ValueError for a step not above 0."""
    if step <= 0:
        raise ValueError(f"price: expected a money step above 0, got {step}")
    broken: dict[str, list[int]] = {mode: [] for mode in admissible}
    telling = 0
    for i, frame in enumerate(frames):
        value = exact(frame)
        prices = {mode: rounded(value, step, mode) for mode in admissible}
        telling += len(set(prices.values())) > 1
        for mode, price in prices.items():
            if price != frame.price:
                broken[mode].append(i)
    unexplained = set(range(len(frames))).intersection(*broken.values()) if admissible else set(range(len(frames)))
    return Modes({mode: tuple(found) for mode, found in broken.items()}, tuple(sorted(unexplained)), telling)


def factor(frames: Sequence[Frame], step: Decimal) -> tuple[Fraction, Fraction] | None:
    """(least, most) factor f for which every price lies within one money step of f x weight x unit price, whatever the
    rounding; None where no one factor does.  1.05 in jin only: the conversion was changed; in all units: a hidden price or
    weight."""
    low, high = Fraction(0), None
    for frame in frames:
        value = Fraction(exact(frame))
        if value <= 0:
            continue
        low = max(low, (Fraction(frame.price) - Fraction(step)) / value)
        most = (Fraction(frame.price) + Fraction(step)) / value
        high = most if high is None else min(high, most)
    return (low, high) if high is not None and low < high else None
