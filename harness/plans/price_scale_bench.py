"""Laboratory procedure for a price-computing scale: loads and keys by instruments, its line heard from the start.

As received first, nothing touched (it may have been armed when it was seized); then odd loads, every ordered pair of keys with
the load lying still, pairs with keys that change the display, power away, and the same loads again.
"""

from __future__ import annotations

from decimal import Decimal

from fixtures.language import mark
from harness.plans import blocks
from harness.plans.ability import Ability
from harness.plans.key_search import Code, every_pair, held, shown_again, unloaded
from harness.plans.price_scale_raid import HELD_KG, another, harmless, odd, scale_of
from harness.plans.weighings import weigh
from harness.step import Confirm, Judge, Phase, Plan, PowerCycle

REPEATS = 5  # fresh loads on which a code is shown again


def steps(can: Ability) -> Plan:
    scale = scale_of(can)
    yield from blocks.before()
    yield from blocks.badge()
    yield Confirm("safety", mark("Scale level and warmed up, loader clear of hands, nothing on the pan"))
    yield Phase("bench", mark("identity and state as received"))
    yield from blocks.identity(k=False)
    yield Phase("bench", mark("as received: nothing touched"))
    yield from weigh(can, "B0", Decimal(0))
    yield from odd(can, "B")
    yield from weigh(can, "B9", Decimal(0))
    load = scale.load(HELD_KG)
    quiet = harmless(scale)
    found: list[Code] = []
    if quiet:
        yield Phase("bench", mark("every ordered pair of keys, the load lying still"))
        yield from held(can, "L1", load, every_pair(quiet), found)
    others = [key for key in scale.keys if key not in quiet]
    if not found and others:
        yield Phase("bench", mark("pairs with keys that change the display, over an empty pan"))
        pairs = [(a, b) for a in scale.keys for b in scale.keys if a in others or b in others]
        yield from unloaded(can, "P", load, pairs, found)
    if found:
        yield Phase("bench", mark("what moved, each code alone on fresh loads"))
        yield from shown_again(can, "M", found, another(scale, found), REPEATS)
    yield from weigh(can, "K0", Decimal(0))
    yield Phase("D", mark("preservation decided"))
    yield from blocks.preservation()
    yield Judge()
    if (yield from blocks.decided("E")):
        yield Phase("E", mark("power away, then the same loads again"))
        yield PowerCycle(30)
        yield from weigh(can, "E0", Decimal(0))
        yield from odd(can, "E")
        yield from weigh(can, "E9", Decimal(0))
    yield from blocks.identity_again(k=False)
    yield from blocks.closing(mark("Everything taken off the scale; it is sealed unchanged and handed over"))
