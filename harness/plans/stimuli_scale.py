"""What the tests of an edition do to a scale: loads of known mass, each with its changeover point (R 76-1:2006, A.4.4 to A.4.11)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from fixtures.errors import BenchError
from fixtures.language import mark
from harness.metrology.weighing import STEP_E
from harness.plans.ability import Ability, ScaleAbility
from harness.plans.blocks import Steps
from harness.plans.price_scale_raid import own, scale_of, typed
from harness.step import Changeover, Keys, Load, Read, Wait
from protocols.acceptance.clauses import Test

NEAR_ZERO_E = 10  # beyond what zero tracking takes for zero (scales.md 2C)
CORNERS = ("centre", "front left", "front right", "back left", "back right")
SECTIONS = ("front", "middle", "back")
QUARTER_S = 900
CREEP = ("0", "15", "30")  # minutes
TARE, ZERO = "tare", "zero"


def load_kg(scale: ScaleAbility, point: str) -> Decimal:
    """The load that a point such as "500 e", "0.5 Max" or "2 kg" asks for, as near as the weights at hand make it."""
    figure, unit = point.split()
    e, most = scale.intervals[0][1], scale.intervals[-1][0]
    wanted = Decimal(figure) * {"e": e, "kg": Decimal(1), "Max": most, "Min": 20 * e}[unit]
    if wanted > most:
        raise BenchError(f"a test asks for {point}, which is more than Max = {most} kg")
    return scale.weights(wanted)


def interval(scale: ScaleAbility, load: Decimal) -> Decimal:
    return next((e for most, e in scale.intervals if load <= most), scale.intervals[-1][1])


def _fine(can: Ability, label: str, load: Decimal, position: str = "centre", tare: Decimal = Decimal(0)) -> Steps:
    """A load, its indication, and its changeover point; the interval is that of the net load."""
    yield Load(label, load, position)
    yield Read("weighing", label)
    yield Changeover(label, STEP_E * interval(scale_of(can), load - tare))


def _near_zero(can: Ability, label: str) -> Steps:
    yield from _fine(can, label, scale_of(can).weights(NEAR_ZERO_E * scale_of(can).intervals[0][1]))


def _loading(can: Ability, test: Test, label: str) -> Steps:
    scale = scale_of(can)
    numbers = list(range(1, len(test.points) + 1))
    for repeat in range(1, test.repeats + 1):
        yield from _near_zero(can, f"{label}.0.{repeat}")
        for number in numbers:
            yield from _fine(can, f"{label}.{number}.{repeat}", load_kg(scale, test.points[number - 1]))
        if test.settings.get("order") == "rising and falling":
            for number in numbers[-2::-1]:
                yield from _fine(can, f"{label}.{number}.{repeat}f", load_kg(scale, test.points[number - 1]))
        yield Load(f"{label}.e.{repeat}", Decimal(0))


def _positions(can: Ability, test: Test, label: str) -> Steps:
    scale = scale_of(can)
    places: Sequence[str] = SECTIONS if scale.intervals[-1][0] >= 1000 else CORNERS
    for number, point in enumerate(test.points, 1):
        for repeat in range(1, test.repeats + 1):
            yield from _near_zero(can, f"{label}.0.{repeat}")
            for place, position in enumerate(places, 1):
                yield from _fine(can, f"{label}.{number}.{repeat}p{place}", load_kg(scale, point), position)
            yield Load(f"{label}.e.{repeat}", Decimal(0))


def _zero(can: Ability, test: Test, label: str) -> Steps:
    key = own(scale_of(can), ZERO)
    if not key:
        return  # nobody can set it to zero: the test does not apply
    for repeat in range(1, test.repeats + 1):
        yield Load(f"{label}.e.{repeat}", Decimal(0))
        yield Keys((key,))
        yield from _near_zero(can, f"{label}.0.{repeat}")
    yield Load(f"{label}.e.0", Decimal(0))


def _tare(can: Ability, test: Test, label: str) -> Steps:
    """A tare load taken off by the key, and what is shown of a little more (A.4.6.2)."""
    scale = scale_of(can)
    key = own(scale, TARE)
    if not key:
        return  # it takes no tare: the test does not apply
    little = scale.weights(NEAR_ZERO_E * scale.intervals[0][1])
    for number, point in enumerate(test.points, 1):
        for repeat in range(1, test.repeats + 1):
            here, load = f"{label}.{number}.{repeat}", load_kg(scale, point)
            yield Load(f"{here}t", load)
            yield Keys((key,))
            yield from _fine(can, here, load + little, tare=load)
            yield Load(f"{here}e", Decimal(0))
            yield Keys((key,))


def _discrimination(can: Ability, test: Test, label: str) -> Steps:
    """A load, then 1.4 e more put on gently: the indication has to change (A.4.8.2)."""
    scale = scale_of(can)
    for number, point in enumerate(test.points, 1):
        for repeat in range(1, test.repeats + 1):
            load, here = load_kg(scale, point), f"{label}.{number}.{repeat}"
            yield Load(here, load)
            yield Read("weighing", here)
            yield Load(f"{here}m", load + Decimal("1.4") * interval(scale, load))
            yield Read("weighing", f"{here}m")
    yield Load(f"{label}.e.0", Decimal(0))


def _creep(can: Ability, test: Test, label: str) -> Steps:
    """One load for half an hour, and the empty scale after it (A.4.11)."""
    scale = scale_of(can)
    still = mark("the load lies still, nobody touches the scale")
    for number, point in enumerate(test.points, 1):
        for repeat in range(1, test.repeats + 1):
            here, load = f"{label}.{number}.{repeat}", load_kg(scale, point)
            yield from _near_zero(can, f"{label}.0.{repeat}")
            yield Load(here, load)
            for minute in CREEP:
                if minute != CREEP[0]:
                    yield Wait(QUARTER_S, still)
                yield Read("weighing", f"{here}m{minute}")
                yield Changeover(f"{here}m{minute}", STEP_E * interval(scale, load))
            yield from _near_zero(can, f"{here}z")
    yield Load(f"{label}.e.0", Decimal(0))


def _pricing(can: Ability, test: Test, label: str) -> Steps:
    """A unit price typed over the empty scale, then loads, each read with its price; nothing where no unit price can be typed."""
    scale = scale_of(can)
    if not scale.priced:
        return
    for repeat in range(1, test.repeats + 1):
        yield from typed(can, f"{label}.e.{repeat}")
        for number, point in enumerate(test.points, 1):
            yield Load(f"{label}.{number}.{repeat}", load_kg(scale, point))
            yield Read("weighing", f"{label}.{number}.{repeat}")
    yield Load(f"{label}.e.0", Decimal(0))


OF_SCALES: Mapping[str, Callable[[Ability, Test, str], Steps]] = {
    "loading": _loading, "positions": _positions, "zero": _zero, "tare": _tare, "discrimination": _discrimination, "creep": _creep, "pricing": _pricing,
}  # fmt: skip
