"""Raid on a price-computing scale in use, phases A to E of field_rules.md section 3.

The trader's own use is observed first: goods bought as customers buy them, weighed afterwards on the officers' own balance.
Then hands off: known odd loads before any key is touched, because any key may clear a mode (section 8).  Then every labelled
key with the load lying still and a reading after each, documented codes, and the same loads again; power goes last.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from decimal import Decimal

from fixtures.language import mark
from harness.plans import blocks
from harness.plans.ability import Ability, ScaleAbility
from harness.plans.key_search import Code, moves, search_unloaded, shown_again
from harness.plans.weighings import Steps, press, weigh
from harness.step import Confirm, Inquire, Judge, Load, Outcome, Phase, Plan, PowerCycle, Step

GOODS_KG = (
    "0.52",
    "0.84",
    "1.37",
    "2.15",
    "0.71",
)  # what customers buy; odd, because round masses are what inspectors bring
ODD_KG = ("0.53", "1.19", "0.87", "2.38", "1.62")
HELD_KG = "0.53"
ROUND_KG, HEAVY_KG = ("0.5", "1", "2"), "7.19"
PRICE = ("1", "7", "6", "3")  # 17.63: with odd loads its products fall between money steps
CODES = (  # documented arm and level sequences (scales.md S02 to S05, S11), most documented first
    ("2", "tare"), ("9",), ("M4",), ("M5",), ("M6",), ("1", "tare"), ("3", "tare"), ("tare", "2"), ("8", "tare"), ("total", "total"),
)  # fmt: skip
REPEATS = 4  # fresh loads on which a key that moved the reading is pressed again
UNIT, TARE = "unit", "tare"
BALANCE = mark(
    "The weights that are used now, together on the officers' own balance: kg marked and kg shown, as `0.53 0.53`; or `none`"
)
SHOWN = 2  # keys or codes that are shown again


def steps(can: Ability, last: blocks.Last | None = None) -> Plan:
    scale = scale_of(can)
    yield from blocks.before()
    yield Confirm(
        "safety",
        mark(
            "Buyers are no officers to look at; the officers' own balance is set up level and out of sight of the stall"
        ),
    )
    yield Phase("A", mark("covert: the trader weighs for us as for any customer"))
    for number, mass in enumerate(GOODS_KG, 1):
        yield from weigh(can, f"A{number}", Decimal(mass), covert=True)
    yield Phase("B", mark("control taken: remotes, keypad and power; hands off the scale"))
    yield Confirm(
        "control",
        mark(
            "Keypad, remotes and power are secured, nobody touches the scale; nothing of a customer lies on it, it is lit and level, weights are at hand"
        ),
    )
    yield from blocks.badge()
    yield from blocks.identity(blocks.SCALE)
    yield Inquire("own_balance", BALANCE)
    yield from weigh(can, "B0", Decimal(0))
    yield from weigh(can, "B1", scale.load(HELD_KG))
    yield Phase("C", mark("odd loads with hands off, then every key with the load lying still"))
    yield from odd(can, "C")
    yield from rounds(can, "S")
    yield from weigh(can, "C0", Decimal(0))
    if scale.keys:
        yield from _keys(can)
        yield from odd(can, "K")
        yield from weigh(can, "K0", Decimal(0))
        yield from modes_of_display(can)
    cut = yield from dark(can)
    if last is not None:
        yield from last(can, cut)
    yield from closed()


def dark(can: Ability) -> Generator[Step, Outcome, bool]:
    """Phases D and E: what power away clears, and what comes back; whether the officers decided for it."""
    yield Phase("D", mark("preservation decided"))
    yield from blocks.preservation()
    yield Judge()
    if not (yield from blocks.decided("E")):
        return False
    yield Phase("E", mark("power away with battery disconnected, then the same loads again"))
    yield PowerCycle(30)
    yield from weigh(can, "E0", Decimal(0))
    yield from odd(can, "E")
    yield from weigh(can, "E9", Decimal(0))
    yield from priced(can, "V")
    return True


def closed() -> Steps:
    yield from blocks.identity_again(blocks.SCALE)
    yield from blocks.closing(mark("Everything taken off the scale; it is sealed unchanged and handed over"))


def scale_of(can: Ability) -> ScaleAbility:
    assert can.scale is not None
    return can.scale


def rounds(can: Ability, letter: str) -> Steps:
    """Masses that inspectors bring, and a heavy one: a function may spare the first and end below the second."""
    for number, mass in enumerate((*ROUND_KG, HEAVY_KG), 1):
        yield from weigh(can, f"{letter}{number}", scale_of(can).load(mass))


def typed(can: Ability, label: str) -> Steps:
    """A unit price typed over the empty scale."""
    scale = scale_of(can)
    if scale.priced and set(PRICE) <= set(scale.keys):
        yield Load(label, Decimal(0))
        yield from press(can, label, PRICE, eyes=True)


def priced(can: Ability, letter: str) -> Steps:
    """A unit price typed in the state that power-up leaves, and loads weighed with it."""
    scale = scale_of(can)
    if scale.priced and set(PRICE) <= set(scale.keys):
        yield from typed(can, f"{letter}0")
        for number, mass in enumerate(ODD_KG[:4], 1):
            yield from weigh(can, f"{letter}{number}", scale.load(mass))


def odd(can: Ability, letter: str) -> Steps:
    for number, mass in enumerate(ODD_KG, 1):
        yield from weigh(can, f"{letter}{number}", scale_of(can).load(mass))


def own(scale: ScaleAbility, label: str) -> str:
    """What the key that the catalogue calls `label` is called on this scale: a Chinese keypad says 去皮 for tare; "" where it
    has none."""
    from harness.catalogue import load_key_effects
    from harness.judge.key_effects import effect_of

    if label in scale.keys:
        return label
    effects = load_key_effects()
    wanted = effect_of(effects, label)
    return next((key for key in scale.keys if wanted is not None and effect_of(effects, key) == wanted), "")


def documented(scale: ScaleAbility) -> list[Code]:
    """CODES by the labels of this scale, those that it has keys for."""
    codes = (tuple(own(scale, key) for key in code) for code in CODES)
    return [code for code in codes if all(code)]


def harmless(scale: ScaleAbility) -> list[str]:
    """Labels of keys whose own work leaves the weight as it is."""
    from harness.catalogue import load_key_effects
    from harness.judge.key_effects import WeightRule, effect_of

    known = {key: effect_of(load_key_effects(), key) for key in scale.keys}
    return [key for key, effect in known.items() if effect is not None and effect.weight is WeightRule.KEPT]


def modes_of_display(can: Ability) -> Steps:
    """Other units, tare and zero by their keys: prices hold in every unit, a tare takes off what it was, zero comes back."""
    scale = scale_of(can)
    if unit := own(scale, UNIT):
        yield from typed(can, "U0")
        for number, mass in enumerate((*ODD_KG, HEAVY_KG), 1):
            label = f"U{number}"
            yield from weigh(can, label, scale.load(mass))
            yield from press(can, label, (unit,), eyes=True)
            yield from press(can, label, (unit,), eyes=True)
    if tare := own(scale, TARE):
        yield from weigh(can, "T1", scale.load(HELD_KG))
        yield from press(can, "T1", (tare,), eyes=True)
        yield from weigh(can, "T2", scale.load(ODD_KG[1]))
        yield from weigh(can, "T0", Decimal(0))
        yield from press(can, "T0", (tare,), eyes=True)
    yield from weigh(can, "Z0", Decimal(0))


def _keys(can: Ability) -> Steps:
    """Every labelled key that does not honestly change the weight, then documented codes; what moved is tried on fresh loads."""
    scale = scale_of(can)
    moved: list[Code] = []
    if harmless(scale):
        yield from _pressed(can, "L1", [(key,) for key in harmless(scale)], moved)
    quiet = harmless(scale)
    codes = list(dict.fromkeys(moved))[:SHOWN]
    if codes and (yield from shown_again(can, "M", codes, quiet, REPEATS)):
        return
    yield from search_unloaded(can, "L2", scale.load(HELD_KG), documented(scale), quiet, REPEATS)


def _pressed(can: Ability, label: str, codes: Sequence[Code], moved: list[Code]) -> Steps:
    """`codes` one after the other while load `label` lies still, each followed by a reading."""
    scale = scale_of(can)
    load = scale.load(HELD_KG)
    before = yield from weigh(can, label, load)
    for code in codes:
        after = yield from press(can, label, code)
        if moves(scale, before, after) and _away(load, before, after):
            moved.append(code)
        before = after if after is not None else before


def _away(load: Decimal, before: Decimal | None, after: Decimal | None) -> bool:
    """A key that brings the reading back to the load is not the one that is looked for."""
    return before is None or after is None or abs(after - load) > abs(before - load)


def clean_up(can: Ability) -> Plan:
    """Where a run ends before its plan: nothing stays on the scale."""
    yield Confirm("unloaded", mark("The run ends here. Everything is taken off the scale"))
    yield Inquire("seals_left", mark("Numbers and state of all seals as they are left now"))
