"""Weight, unit price and price that stood on a scale together: by eyes, on its ticket, on its line.

Three numbers count as one reading when they were taken at one instant, at rest.  What a key shows for a moment in the price's
place (a sum, the change due) is no price: nothing is taken between such a key and the next change of load.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np

from captures.model import Flag, Register
from harness.judge.contract import Segment
from harness.judge.key_effects import KEY_EFFECTS, effect_of
from harness.judge.loads import REST_NS, presses
from harness.judge.weights.price import MODES, Frame, exact, rounded

BASES: Mapping[str, tuple[str, ...]] = {  # weight shown in -> what its unit price may be for, the usual one first
    "kg": ("kg", "100 g"), "g": ("kg", "100 g"), "100 g": ("100 g", "kg"), "jin": ("jin", "kg"), "500 g": ("500 g", "kg"),
    "liang": ("liang", "jin"), "t": ("t", "kg"),
}  # fmt: skip
SPELLINGS = {"100g": "100 g", "500g": "500 g"}
REPEATS = 3  # frames of a line that say the same: no damaged one


@dataclass(frozen=True)
class Priced:
    """One reading: `frame` with its weight in kg and `units` in which the weight may have been shown; `bound_kg`, how far the
    weight that the price was computed from may lie from the one shown; `sure`: no single misreading."""

    t_ns: int
    frame: Frame
    units: tuple[str, ...]
    sure: bool

    def on(self, basis: str) -> Frame:
        return replace(self.frame, basis=basis)


def units_at(segment: Segment, t_ns: int) -> tuple[str, ...]:
    """The unit shown at an instant of reading; all that were shown while the load lay there, where no instant is told."""
    told = dict(segment.context.get("unit_of", ()))
    names = (told[t_ns],) if t_ns in told else tuple(segment.context.get("units", ())) or ("kg",)
    return tuple(SPELLINGS.get(name, name) for name in names)


def bases(one: Priced) -> tuple[str, ...]:
    """What its unit price may be for."""
    return tuple(dict.fromkeys(basis for unit in one.units for basis in BASES.get(unit, ("kg",))))


def displayed(segment: Segment, profile: Mapping[str, Any]) -> list[Priced]:
    """What was read of the display at once, in time order."""
    photographed = segment.context.get("photographed") is True
    return [
        one
        for one in _at_once(segment, "display", "unit_price", "price", photographed)
        if not sums_before(segment, one.t_ns, profile)
    ]


def printed(segment: Segment) -> list[Priced]:
    """What was read of tickets at once."""
    return _at_once(segment, "ticket", "ticket_unit_price", "ticket_price", segment.context.get("photographed") is True)


def sums_before(segment: Segment, t_ns: int, profile: Mapping[str, Any]) -> bool:
    """Whether a key was pressed in this loading, before an instant, that may show a sum or change in the price's place; a key
    that nothing is known of may."""
    effects = tuple(profile.get(KEY_EFFECTS, ()))
    for begin, _, key in presses(segment):
        known = effect_of(effects, key)
        if begin <= t_ns and key != "remote" and (known is None or known.momentary):
            return True
    return False


def _at_once(segment: Segment, weight: str, unit_price: str, price: str, sure: bool) -> list[Priced]:
    names = (weight, unit_price, price)
    if not all(name in segment.registers for name in names):
        return []
    columns = [_by_time(segment.registers[name]) for name in names]
    found = []
    for t_ns, kg in columns[0].items():
        if t_ns in columns[1] and t_ns in columns[2]:
            frame = Frame(kg, "kg", columns[1][t_ns], "kg", columns[2][t_ns])
            if _priced(frame):
                found.append(Priced(t_ns, frame, units_at(segment, t_ns), sure))
    return found


def _by_time(register: Register) -> dict[int, Decimal]:
    return dict(zip(register.times_ns.tolist(), register.values, strict=True))


def _priced(frame: Frame) -> bool:
    """Goods lie there at a price: nothing is asked for an empty scale, and no price is one."""
    return frame.weight > 0 and frame.unit_price > 0 and frame.price > 0


def sent(segment: Segment) -> list[Priced]:
    """What the line said at rest in one frame, and said again, before any key was pressed there: one reading each.  A line says
    kilograms while the display and its price are in jin, and a price of the digit before."""
    trace = segment.traces.get("weight")
    columns = [segment.registers.get(f"weight.{name}") for name in ("unit_price", "price")]
    if trace is None or not trace.times_ns.size or columns[0] is None or columns[1] is None:
        return []
    begin, until = segment.window_ns
    until = min([until, *(start for start, _, _ in presses(segment))])
    told = columns[0]
    at = np.searchsorted(trace.times_ns, told.times_ns + told.u_ns)
    at_most = np.minimum(at, trace.times_ns.size - 1)
    good = (at < trace.times_ns.size) & (trace.times_ns[at_most] == told.times_ns + told.u_ns)
    good &= (told.times_ns >= begin + REST_NS) & (told.times_ns < until)
    good &= (trace.flags[at_most] & np.uint8(Flag.OVERLOAD | Flag.UNDERLOAD)) == 0
    if Flag.STABLE in trace.told:
        good &= (trace.flags[at_most] & np.uint8(Flag.STABLE)) != 0
    prices, seen = _by_time(columns[1]), dict[tuple[int, Decimal, Decimal], list[int]]()
    steps, times_ns = trace.steps[at_most].tolist(), told.times_ns.tolist()
    for k in np.flatnonzero(good).tolist():
        if times_ns[k] in prices:
            seen.setdefault((steps[k], told.values[k], prices[times_ns[k]]), []).append(times_ns[k])
    found = []
    for (shown, unit_price, price), times in seen.items():
        frame = Frame(shown * trace.step, "kg", unit_price, "kg", price)
        if len(times) >= REPEATS and _priced(frame):
            found.append(Priced(times[-1], frame, ("kg",), sure=True))
    return found


@dataclass(frozen=True)
class Rule:
    """How a price may follow from what is shown: rounding `modes`, money `step`, and `half_kg`, how far the weight it was
    computed from may lie from the one shown (0 where the papers say how the price is rounded)."""

    modes: tuple[str, ...]
    step: Decimal
    half_kg: Decimal = Decimal(0)

    def span(self, frame: Frame) -> tuple[Decimal, Decimal]:
        """The least and the most price that the frame's own weight and unit price admit."""
        ends = [exact(replace(frame, weight=max(frame.weight + side, Decimal(0)))) for side in (-self.half_kg, self.half_kg)]  # fmt: skip
        return (
            min(rounded(ends[0], self.step, mode) for mode in self.modes),
            max(rounded(ends[1], self.step, mode) for mode in self.modes),
        )

    def explains(self, frame: Frame) -> bool:
        """An exact rule admits only what one of the modes gives; else everything between the ends."""
        if not self.half_kg:
            value = exact(frame)
            return any(rounded(value, self.step, mode) == frame.price for mode in self.modes)
        low, high = self.span(frame)
        return low <= frame.price <= high


def rule(profile: Mapping[str, Any], resolution: Decimal, half_kg: Decimal) -> Rule:
    """As the profile declares it; undeclared, any rounding of any weight that shows as this one."""
    step = max(resolution, Decimal(str(profile.get("price_step", resolution))))
    declared = str(profile.get("price_rounding", ""))
    return Rule((declared,), step) if declared in MODES else Rule(tuple(MODES), step, half_kg)


def slips(value: Decimal) -> Iterator[Decimal]:
    """What one slip of an eye or a finger makes of a number: a digit wrong, or two neighbours exchanged."""
    text = str(value)
    for at, digit in enumerate(text):
        if digit.isdigit():
            yield from (Decimal(text[:at] + other + text[at + 1 :]) for other in "0123456789" if other != digit)
    for at, (one, other) in enumerate(pairwise(text)):
        if one.isdigit() and other.isdigit() and one != other:
            yield Decimal(text[:at] + other + one + text[at + 2 :])


def one_slip(frame: Frame, own: Rule) -> bool:
    """Whether one slip, in one of the three numbers, explains the frame."""
    return (
        any(own.explains(replace(frame, weight=value)) for value in slips(frame.weight))
        or any(own.explains(replace(frame, unit_price=value)) for value in slips(frame.unit_price))
        or any(own.explains(replace(frame, price=value)) for value in slips(frame.price))
    )


def basis_of(readings: Sequence[Priced], own: Mapping[int, Rule]) -> dict[tuple[str, ...], str]:
    """What the unit price is for, by the units shown: of the possible ones the one that explains most readings of the case.
    `own`: the rule of each reading, by its place."""
    found = {}
    for units in dict.fromkeys(one.units for one in readings):
        mine = [(one, own[i]) for i, one in enumerate(readings) if one.units == units]
        possible = bases(mine[0][0])
        found[units] = max(possible, key=lambda basis: sum(r.explains(one.on(basis)) for one, r in mine))
    return found
