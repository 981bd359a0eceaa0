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
from protocols.acceptance import Edition
from protocols.acceptance.clauses import Test

NEAR_ZERO_E = 10  # beyond what zero tracking takes for zero (scales.md 2C)
CORNERS = ("centre", "front left", "front right", "back left", "back right")
SECTIONS = ("front", "middle", "back")
QUARTER_S = 900
CREEP = ("0", "15", "30")  # minutes
TARE, ZERO = "tare", "zero"
STEP, LEAST = "step", "min-load"


def loads(can: Ability, test: Test) -> list[tuple[int, Decimal]]:
    """The number of each point of a test and the load that it asks for; a point that the instrument does not have is left out."""
    found = ((number, load_kg(can, point)) for number, point in enumerate(test.points, 1))
    return [(number, load) for number, load in found if load is not None]


def load_kg(can: Ability, point: str) -> Decimal | None:
    """The load that a point such as "500 e", "0.5 Max", "1 step" or "2 kg" asks for, as near as the weights at hand make it; None of a step of
    the maximum permissible error that ends beyond Max.  BenchError where the point itself lies there."""
    scale = scale_of(can)
    figure, unit = point.split()
    wanted = _step(can, figure) if unit == STEP else Decimal(figure) * _unit(can, unit)
    if wanted is None:
        return None
    if wanted > scale.intervals[-1][0]:
        raise BenchError(f"a test asks for {point}, which is more than Max = {scale.intervals[-1][0]} kg")
    return scale.weights(wanted)


def _unit(can: Ability, unit: str) -> Decimal:
    scale = scale_of(can)
    e = scale.intervals[0][1]
    if unit == "Min":
        return _edition(can).limit(f"{LEAST}-{scale.accuracy_class.lower()}").value * e  # in e: R 76-1:2006, Table 3
    return {"e": e, "kg": Decimal(1), "Max": scale.intervals[-1][0]}[unit]


def _step(can: Ability, number: str) -> Decimal | None:
    """Where so many steps of the class end, counted in the interval in which that is (R 76-1:2006, 3.5.1 and 3.3)."""
    scale = scale_of(can)
    ends = [step.upto_e for step in _edition(can).steps(scale.accuracy_class) if step.upto_e is not None]
    at = int(number) - 1
    if not 0 <= at < len(ends):
        raise BenchError(f"a test asks for the end of step {number}, and class {scale.accuracy_class} has {len(ends)}")
    return next((ends[at] * e for most, e in scale.intervals if ends[at] * e <= most), None)


def _edition(can: Ability) -> Edition:
    if can.edition is None:
        raise BenchError("expected an acceptance edition, got none; name one as `edition` under [instrument]")
    return can.edition


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
    rising = loads(can, test)
    for repeat in range(1, test.repeats + 1):
        yield from _near_zero(can, f"{label}.0.{repeat}")
        for number, load in rising:
            yield from _fine(can, f"{label}.{number}.{repeat}", load)
        if test.settings.get("order") == "rising and falling":
            for number, load in rising[-2::-1]:
                yield from _fine(can, f"{label}.{number}.{repeat}f", load)
        yield Load(f"{label}.e.{repeat}", Decimal(0))


def _positions(can: Ability, test: Test, label: str) -> Steps:
    scale = scale_of(can)
    places: Sequence[str] = SECTIONS if scale.intervals[-1][0] >= 1000 else CORNERS
    for number, load in loads(can, test):
        for repeat in range(1, test.repeats + 1):
            yield from _near_zero(can, f"{label}.0.{repeat}")
            for place, position in enumerate(places, 1):
                yield from _fine(can, f"{label}.{number}.{repeat}p{place}", load, position)
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
    for number, load in loads(can, test):
        for repeat in range(1, test.repeats + 1):
            here = f"{label}.{number}.{repeat}"
            yield Load(f"{here}t", load)
            yield Keys((key,))
            yield from _fine(can, here, load + little, tare=load)
            yield Load(f"{here}e", Decimal(0))
            yield Keys((key,))


def _discrimination(can: Ability, test: Test, label: str) -> Steps:
    """A load, then 1.4 e more put on gently: the indication has to change (A.4.8.2)."""
    scale = scale_of(can)
    for number, load in loads(can, test):
        for repeat in range(1, test.repeats + 1):
            here = f"{label}.{number}.{repeat}"
            yield Load(here, load)
            yield Read("weighing", here)
            yield Load(f"{here}m", load + Decimal("1.4") * interval(scale, load))
            yield Read("weighing", f"{here}m")
    yield Load(f"{label}.e.0", Decimal(0))


def _creep(can: Ability, test: Test, label: str) -> Steps:
    """One load for half an hour, and the empty scale after it (A.4.11)."""
    scale = scale_of(can)
    still = mark("the load lies still, nobody touches the scale")
    for number, load in loads(can, test):
        for repeat in range(1, test.repeats + 1):
            here = f"{label}.{number}.{repeat}"
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
        for number, load in loads(can, test):
            yield Load(f"{label}.{number}.{repeat}", load)
            yield Read("weighing", f"{label}.{number}.{repeat}")
    yield Load(f"{label}.e.0", Decimal(0))


OF_SCALES: Mapping[str, Callable[[Ability, Test, str], Steps]] = {
    "loading": _loading, "positions": _positions, "zero": _zero, "tare": _tare, "discrimination": _discrimination, "creep": _creep, "pricing": _pricing,
}  # fmt: skip
