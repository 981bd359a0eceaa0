"""Raid on a truck scale in use, phases A to E of field_rules.md section 3.

A loaded test vehicle of known mass, weighed elsewhere, drives on as a customer's does; once the office is secured the same
vehicle stands there again: a remote acts while a vehicle stands, so it is watched for minutes with clock and radio; then front,
middle and back of the deck, both directions, the empty deck before and after each, and indicator, ticket and record beside
each other.  Nobody is on the deck while a vehicle moves.
"""

from __future__ import annotations

from decimal import Decimal

from fixtures.language import mark
from harness.plans import blocks
from harness.plans.ability import Ability
from harness.plans.price_scale_raid import clean_up as clean_up
from harness.plans.price_scale_raid import scale_of
from harness.plans.weighings import Steps, read, weigh
from harness.step import Confirm, Inquire, Judge, Phase, Plan, PowerCycle, Wait

LOADS_KG = ("31000", "17000", "43000", "24000")  # where so many vehicles or loadings are at hand
WATCH_S = 180
OTHER_SCALE = mark(
    "A vehicle that was weighed openly, on the verified scale that told the covert ones: kg held to be and kg shown, as `31000 31020`; or `none`"
)
POSITIONS = ("front", "middle", "back")


def steps(can: Ability, last: blocks.Last | None = None) -> Plan:
    scale = scale_of(can)
    yield from blocks.before()
    yield Confirm(
        "safety",
        mark(
            "Our drivers know what to do and are no officers to look at; nobody of ours is on the deck while a vehicle moves"
        ),
    )
    yield Phase("A", mark("covert: our vehicle is weighed as any customer's"))
    for number, about in enumerate(LOADS_KG, 1):
        yield from weigh(can, f"A{number}", scale.load(about), "middle", covert=True)
    yield Phase("B", mark("control taken: office, computer, remotes and indicator; hands off"))
    yield Confirm(
        "control",
        mark(
            "Office, computer and remotes are secured, nobody touches the indicator; traffic on the deck is stopped, a marshal stands at either end, nobody is on the deck while a vehicle moves"
        ),
    )
    yield from blocks.badge()
    yield from blocks.identity(blocks.SCALE)
    yield Inquire("own_balance", OTHER_SCALE)
    yield from weigh(can, "B0", Decimal(0))
    yield from weigh(can, "B1", scale.load(LOADS_KG[0]), "middle")
    yield Phase("C", mark("constant load with clock and radio watch, positions, zero, ticket and record"))
    yield from _watched(can)
    yield from positions(can, "P", scale.load(LOADS_KG[0]))
    yield from others(can, "C")
    yield from dark_and_closed(can, mark("power away with the deck empty, then the same vehicles again"), last)


def dark_and_closed(can: Ability, title: str, last: blocks.Last | None = None) -> Plan:
    """Phases D and E, `title`d so: what power away clears and what comes back, if the officers decide for it; what comes `last`; and the
    closing."""
    yield Phase("D", mark("preservation decided"))
    yield from blocks.preservation()
    yield Judge()
    dark = yield from blocks.decided("E")
    if dark:
        yield Phase("E", title)
        yield PowerCycle(30)
        yield from weigh(can, "E0", Decimal(0))
        yield from others(can, "E")
    if last is not None:
        yield from last(can, dark)
    yield from blocks.identity_again(blocks.SCALE)
    yield from blocks.closing(mark("Deck clear, indicator and computer sealed unchanged and handed over"))


def _watched(can: Ability) -> Steps:
    """The vehicle stands; what is shown is read at its beginning, middle and end while nobody does anything."""
    yield Inquire("radio_watch", mark("Receivers at 315, 390, 418 and 433 MHz: who listens, or `none`"))
    yield from weigh(can, "W1", scale_of(can).load(LOADS_KG[0]), "middle")
    for _ in range(2):
        yield Wait(
            WATCH_S // 2, mark("the vehicle stands, nobody touches anything; transmissions are noted with the minute")
        )
        yield from read(can, "W1")
    yield from weigh(can, "W0", Decimal(0))


def positions(can: Ability, letter: str, load: Decimal) -> Steps:
    """One load at each end and in the middle of the deck, the empty deck after each."""
    for number, position in enumerate(POSITIONS, 1):
        yield from weigh(can, f"{letter}{number}", load, position)
        yield from weigh(can, f"{letter}{number}z", Decimal(0))


def others(can: Ability, letter: str) -> Steps:
    for number, about in enumerate(LOADS_KG, 1):
        yield from weigh(can, f"{letter}{number}", scale_of(can).load(about), "middle")
    yield from weigh(can, f"{letter}9", Decimal(0))
