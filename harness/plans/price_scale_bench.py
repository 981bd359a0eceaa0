"""Laboratory procedure for a price-computing scale: loads and keys by instruments, its line heard from the start.

As received first, nothing touched (it may have been armed when it was seized); then odd loads, every ordered pair of keys with
the load lying still, pairs with keys that change the display, power away, and the same loads again.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from fixtures.language import mark
from harness.plans import blocks
from harness.plans.ability import Ability
from harness.plans.key_search import LOADS_KG, Code, another, by_lot, every_pair, moves, search_held, search_unloaded
from harness.plans.price_scale_raid import (
    ODD_KG,
    closed,
    dark,
    documented,
    harmless,
    modes_of_display,
    odd,
    own,
    rounds,
    scale_of,
)
from harness.plans.weighings import Steps, hear, hear_long, press, weigh
from harness.step import Confirm, Load, Phase, Plan, PowerCycle

ZERO = "zero"
BLOCKS = 12  # of four trials each, by lot
REPEATS = 5  # fresh loads on which a code is shown again


def steps(can: Ability, last: blocks.Last | None = None) -> Plan:
    scale = scale_of(can)
    yield from blocks.before()
    yield from blocks.badge()
    yield Confirm("safety", mark("Scale level and warmed up, loader clear of hands, nothing on the pan"))
    yield Phase("bench", mark("identity and state as received"))
    yield from blocks.identity(blocks.SCALE)
    yield Phase("bench", mark("as received: nothing touched"))
    yield from weigh(can, "B0", Decimal(0))
    yield from odd(can, "B")
    yield from rounds(can, "S")
    yield from weigh(can, "B9", Decimal(0))
    load = max(scale.load(mass) for mass in ODD_KG[:2])  # beyond what a zero key sets to zero
    still = [key for key in scale.keys if key in harmless(scale) or key in (scale.clear_key, own(scale, ZERO))]
    others, kept = [key for key in scale.keys if key not in still], harmless(scale)
    found: list[Code] = []
    if scale.keys:
        yield Phase("bench", mark("documented codes, over an empty pan"))
        found = yield from search_unloaded(can, "D", load, documented(scale), kept, REPEATS)
    if not found and still:
        yield Phase("bench", mark("every ordered pair of keys, the load lying still"))
        found = yield from search_held(can, "L", load, every_pair(still), kept, REPEATS)
    if not found and others:
        yield Phase("bench", mark("pairs with keys that change the display, over an empty pan"))
        pairs = [(a, b) for a in scale.keys for b in scale.keys if a in others or b in others]
        found = yield from search_unloaded(can, "P", load, pairs, kept, REPEATS)
    other = another(kept, found)
    for number, code in enumerate(found, 1):
        if other and set(code) <= set(kept):
            yield from by_lot(can, f"R{number}", code, other, BLOCKS)
    yield from weigh(can, "K0", Decimal(0))
    yield from modes_of_display(can)
    if cut := (yield from dark(can)):
        for number, code in enumerate(found, 1):
            yield from _from_power_up(can, f"F{number}.", code, kept)
    if last is not None:
        yield from last(can, cut)
    yield from closed()


def _from_power_up(can: Ability, label: str, code: Code, still: Sequence[str]) -> Steps:
    """What a mode that lasts until power is cut does: the code once after each power-up, as often as the load is weighed
    otherwise for it; of several codes that it may be this tells the one that is.  Over a load that lies still, or over the
    empty pan where its keys change the display by their own work, the load weighed before and after."""
    for again in range(1, REPEATS + 1):
        here, load = f"{label}{again}", scale_of(can).load(LOADS_KG[again % len(LOADS_KG)])
        yield Load(f"{here}z", Decimal(0))
        yield PowerCycle(5)
        before = yield from hear_long(can, here, load)
        if set(code) <= set(still):
            after = yield from press(can, here, code)
        else:
            yield from hear(can, f"{here}y", Decimal(0))
            yield from press(can, f"{here}y", code)
            after = yield from hear_long(can, f"{here}x", load)
        if not moves(scale_of(can), before, after):
            return
