"""Raid on a taxi in service, phases A to E of field_rules.md section 3, without its own ride (plan taximeter-ride).

Hands off first: the meter is hired and watched at standstill before anybody works anything; then every control of the driver,
one at a time, with the handbrake on, each marked, because a device is worked by what a driver touches anyway.  Then runs along a
surveyed stretch; power goes last.  Nobody who drives answers a prompt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from fixtures.language import mark
from fixtures.questions import NO_YES
from harness.plans import blocks
from harness.plans.ability import Ability, TaxiAbility
from harness.plans.blocks import Decided, Steps
from harness.step import (
    Choose,
    Confirm,
    Drive,
    Hire,
    Inquire,
    Judge,
    Phase,
    Plan,
    PowerCycle,
    Press,
    Read,
    Stand,
    Vacate,
    Wait,
    Work,
)

SOAK_S = 120
AFTER_S = 8  # a device that adds a lump needs no longer
PASSES = 3  # of every control, in turn
SPEEDS_KM_H = ("40", "60")
SEIZED_KM_H = ("40", "60", "40", "60")  # a law of single violations needs four of them
LEGS = 2  # there and back in one hire: one stretch alone is few steps of a display
BEYOND_M = 10000  # of one hire: what is added behind the start distance (2 to 3 km) shows in three readings of the fare and more by then
Last = Callable[
    [Ability, bool, bool], Plan
]  # what comes after every scheduled test; whether a remote was seized, and power cut


def steps(can: Ability, last: Last | None = None) -> Plan:
    yield from blocks.before()
    yield Confirm(
        "safety",
        mark("Handbrake and chocks at hand for the soak, marshal on the surveyed stretch; who drives answers nothing"),
    )
    yield Phase("B", mark("control taken: driver beside the car, remotes and phones laid down; hands off the meter"))
    yield Confirm(
        "control",
        mark(
            "The driver stands beside the car, remotes and switches found are laid down and named; nobody touches the meter"
        ),
    )
    yield from blocks.badge()
    yield from blocks.identity(blocks.TAXIMETER)
    yield Inquire(
        "meter_clock",
        mark(
            "Date and time that the taximeter shows, and by a radio-controlled or network clock, as `08:15:30 08:15:02`; or `not shown`"
        ),
    )
    yield from watched("B1", hired=True)
    yield from watched("B2", hired=False)
    yield Phase("C", mark("every control at standstill, then the surveyed stretch"))
    yield from worked(can, "C")
    yield from surveyed(can, "D")
    yield from beyond(can, "D", 1 + len(SPEEDS_KM_H))
    yield Phase("D", mark("preservation decided"))
    yield from blocks.preservation()
    remote = yield from seized()
    if remote:
        yield Phase("D", mark("the seized remote: at standstill, then along the surveyed stretch"))
        yield from pressed("R")
        yield from surveyed(can, "G", SEIZED_KM_H)
    yield Judge()
    dark = yield from blocks.decided("E")
    if dark:
        yield Phase("E", mark("power away from meter and sensor, then watched and driven again"))
        yield PowerCycle(30)
        yield from watched("E1", hired=True)
        yield from surveyed(can, "F")
    if last is not None:
        yield from last(can, remote, dark)
    yield from blocks.identity_again(blocks.TAXIMETER)
    yield from blocks.closing(mark("Car at standstill, meter vacant, everything sealed unchanged and handed over"))


def taxi_of(can: Ability) -> TaxiAbility:
    assert can.taxi is not None
    return can.taxi


def watched(label: str, *, hired: bool) -> Steps:
    """Standstill with hands off: nothing may be counted by distance."""
    yield Stand(label, hired)
    yield Read("meter", label)
    yield Wait(SOAK_S, mark("the car stands, handbrake on, nobody touches anything"))
    yield Read("meter", label)
    yield Vacate(label)


def worked(can: Ability, letter: str) -> Steps:
    """Every control of the driver in turn, hired and at standstill, in `PASSES` hires: what comes again comes in another hire."""
    for number in range(1, PASSES + 1):
        label = f"{letter}{number}"
        yield Stand(label, hired=True)
        yield Read("meter", label)
        for control in taxi_of(can).controls:
            yield Work(control)
            yield Wait(AFTER_S, mark("the car stands, nobody touches anything"))
        yield Read("meter", label)
        yield Vacate(label)


def seized() -> Decided:
    """Whether there is a remote to press; if so, on record who presses it (field_rules.md section 2).  Without an answer (a dry run): yes."""
    found = yield Choose("remote_seized", mark("Was a remote seized from driver or car"), NO_YES)
    if found.get("value", "yes") != "yes":
        return False
    yield blocks.presser()
    return True


def pressed(letter: str) -> Steps:
    """The seized remote, hired and at standstill, in `PASSES` hires: what it latches stays for the run that follows."""
    for number in range(1, PASSES + 1):
        label = f"{letter}{number}"
        yield Stand(label, hired=True)
        yield Read("meter", label)
        yield Press("remote")
        yield Wait(AFTER_S, mark("the car stands, nobody touches anything"))
        yield Read("meter", label)
        yield Vacate(label)


def surveyed(can: Ability, letter: str, speeds: Sequence[str] = SPEEDS_KM_H) -> Steps:
    """Hired along the surveyed stretch, there and back, and again; the receipt of each."""
    for number, speed in enumerate(speeds, 1):
        yield from carried(can, f"{letter}{number}", speed, LEGS)


def beyond(can: Ability, letter: str, first: int) -> Steps:
    """Hires far beyond the start distance, until which many a tariff asks one fare whatever the meter counts; a fare that is wrong
    once may be a digit misread, so there are as many as there are speeds."""
    legs = max(LEGS, -int(-BEYOND_M // taxi_of(can).stretch_m))
    for number, speed in enumerate(SPEEDS_KM_H, first):
        yield from carried(can, f"{letter}{number}", speed, legs)


def carried(can: Ability, label: str, speed: str, legs: int) -> Steps:
    """One hire of so many stretches, and its receipt."""
    yield Hire(label)
    yield Read("meter", label)
    for _ in range(legs):
        yield Drive(label, taxi_of(can).stretch_m, Decimal(speed), "steady", surveyed=True)
        yield Read("meter", label)
    yield Vacate(label)
    if "record" in can.stations:
        yield Read("receipt", label)


def clean_up(can: Ability) -> Plan:
    """Where a run ends before its plan: the car stands, vacant."""
    yield Confirm("standstill", mark("The run ends here. The car stands with its handbrake on, the meter is vacant"))
    yield Inquire("seals_left", mark("Numbers and state of all seals as they are left now"))
