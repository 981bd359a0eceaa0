"""A taximeter before a pulse source in the laboratory: speeds from walking pace to 200 km/h, ramps, a long trip past every tier.

The verification bench stops at 90 km/h (taximeters.md 2.1); what acts above it, after some kilometres, beyond some fare or at
some hour shows only where a trip is taken there.
"""

from __future__ import annotations

from decimal import Decimal

from fixtures.language import mark
from harness.plans import blocks
from harness.plans.ability import Ability
from harness.plans.blocks import Steps
from harness.plans.taximeter_raid import Last, pressed, seized, taxi_of, watched
from harness.step import Confirm, Drive, Hire, Inquire, Judge, Phase, Plan, PowerCycle, Read, Vacate

SPEEDS_KM_H = ("3", "8", "11.9", "12.1", "20", "40", "60", "80", "100", "120", "160", "200")
SECONDS = 60  # at each speed, and RUN_M at least
RUN_M = 200
RAMPS_KM_H = ("120", "120", "60")
SEIZED_KM_H, SEIZED_M = ("40", "60", "80", "40"), 2000
LONG_LEG_M, LONG_KM_H = "5000", "120"
LONG_LEGS = (
    11,
    5,
    5,
)  # past tiers at 15, 20, 25, 35 and 50 km, and fares of 200; twice more past those that passengers reach


def steps(can: Ability, last: Last | None = None) -> Plan:
    yield from blocks.before()
    yield from blocks.badge()
    yield Confirm(
        "safety",
        mark("Meter on its own supply, pulse source at its input by an isolated line, nothing of the car connected"),
    )
    yield Phase("bench", mark("identity and state as received"))
    yield from blocks.identity(blocks.TAXIMETER)
    yield Inquire("certificate", mark("K of the certificate of verification, and its date; or `none`"))
    yield from watched("B1", hired=True)
    yield Phase("bench", mark("each speed for itself, hired"))
    yield from speeds(can, "S")
    yield Phase("bench", mark("ramps from rest and back"))
    for number, most in enumerate(RAMPS_KM_H, 1):
        yield from trip(f"V{number}", [(Decimal(3000), Decimal(most))], "ramp")
    yield Phase("bench", mark("a long trip past every tier, and two past those that passengers reach"))
    for number, legs in enumerate(LONG_LEGS, 1):
        yield from trip(f"L{number}", [(Decimal(LONG_LEG_M), Decimal(LONG_KM_H))] * legs)
    yield Phase("D", mark("preservation decided"))
    yield from blocks.preservation()
    remote = yield from seized()
    if remote:
        yield Phase("D", mark("the seized remote: at standstill, then some speeds again"))
        yield from pressed("R")
        for number, speed in enumerate(SEIZED_KM_H, 1):
            yield from trip(f"P{number}", [(Decimal(SEIZED_M), Decimal(speed))])
    yield Judge()
    dark = yield from blocks.decided("E")
    if dark:
        yield Phase("E", mark("power away, then the speeds again"))
        yield PowerCycle(30)
        yield from watched("E1", hired=True)
        yield from speeds(can, "F")
    if last is not None:
        yield from last(can, remote, dark)
    yield from blocks.identity_again(blocks.TAXIMETER)
    yield from blocks.closing(mark("Pulse source off, meter vacant, sealed unchanged and handed over"))


def speeds(can: Ability, letter: str) -> Steps:
    for number, speed in enumerate(SPEEDS_KM_H, 1):
        if Decimal(speed) <= max(taxi_of(can).most_km_h, Decimal(200)):
            metres = max(Decimal(RUN_M), (Decimal(speed) / Decimal("3.6") * SECONDS).quantize(Decimal(1)))
            yield from trip(f"{letter}{number}", [(metres, Decimal(speed))])


def trip(label: str, legs: list[tuple[Decimal, Decimal]], course: str = "steady") -> Steps:
    """Hired, driven leg by leg with a reading after each, vacant."""
    yield Hire(label)
    yield Read("meter", label)
    for metres, speed in legs:
        yield Drive(label, metres, speed, course)
        yield Read("meter", label)
    yield Vacate(label)
