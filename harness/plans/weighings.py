"""A load put on a scale and everything that is read of it; keys pressed while it lies there."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from decimal import Decimal

from fixtures.language import mark
from harness.plans.ability import Ability
from harness.step import Keys, Load, Outcome, Read, Step, Wait

Steps = Generator[Step, Outcome, None]
Weighing = Generator[Step, Outcome, Decimal | None]
AT_REST_S = 1
WATCH_S, WATCH_HEARD_S = 1.5, 0.5  # before eyes read; before the line is heard, where what moves is seen on its way


def read(can: Ability, label: str) -> Weighing:
    """What is displayed now; None where no number stands there."""
    shown = (yield Read("weighing", label)).get("weight")
    return _number(shown)


def hear(can: Ability, label: str, mass_kg: Decimal) -> Weighing:
    """Load, then what the line says at rest: by eye where nobody listens to one."""
    assert can.scale is not None
    if not can.scale.streamed:
        return (yield from weigh(can, label, mass_kg))
    yield Load(label, mass_kg)
    return _number((yield Read("line", label)).get("shown"))


def hear_long(can: Ability, label: str, mass_kg: Decimal) -> Weighing:
    """As `hear`, and nobody touches a key before the line has said it for long enough to be a reading at rest."""
    shown = yield from hear(can, label, mass_kg)
    yield Wait(AT_REST_S, mark("the load lies still"))
    return shown


def weigh(can: Ability, label: str, mass_kg: Decimal, position: str = "centre", *, covert: bool = False) -> Weighing:
    """Load, then the display at rest; ticket and record where the bench has them."""
    yield Load(label, mass_kg, position, covert)
    shown = yield from read(can, label)
    for what in ("ticket", "record"):
        if what in can.stations and mass_kg:
            yield Read(what, label)
    return shown


def press(can: Ability, label: str, keys: Sequence[str], *, eyes: bool = False) -> Weighing:
    """Press `keys` while the load `label` lies there; what is shown afterwards, by the line where one is listened to and the
    display is not asked for."""
    assert can.scale is not None
    told = yield Keys(tuple(keys), WATCH_HEARD_S if can.scale.streamed and can.scale.presses else WATCH_S)
    if can.scale.streamed and not eyes:
        return _number(told.get("shown"))
    return (yield from read(can, label))


def _number(text: object) -> Decimal | None:
    try:
        value = Decimal(str(text))
    except ArithmeticError:
        return None
    return value if value.is_finite() else None
