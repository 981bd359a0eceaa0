"""A price scale whose trigger is searched for: every scheduled test of the raid or bench plan first, then runs chosen one by one.

A run is one load: what is worked over the empty pan, the load put on and read, a group of keys pressed one by one while it lies still with a
reading after each (field_rules.md section 8), another unit and back.  A key of a group that moves the reading is pressed in turn with another
at once, because some modes end with any key.  What the bench cannot do is told to the search, and stands in its coverage as not tried.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from decimal import Decimal
from functools import partial

from fixtures.language import mark
from harness.plans import acceptance, price_scale_bench, price_scale_raid
from harness.plans.ability import Ability, ScaleAbility
from harness.plans.key_search import another, moves
from harness.plans.price_scale_raid import PRICE, UNIT, harmless, own, scale_of
from harness.plans.scale_search import beyond, emptied, kit_of, lacks
from harness.plans.trigger_search import Family, Run, search
from harness.plans.weighings import Steps, press, weigh
from harness.plans.worked import barred
from harness.search.cost import State
from harness.search.fits import Runs, check, wrong
from harness.search.model import Factor, Model
from harness.search.parser import built_in
from harness.step import Outcome, Plan, Press, Step

FAMILY = "price-scale"
DARK_MIN, DARK_RUNS = 7.0, 9  # minutes and loads of the scheduled tests behind the power cut [D]
FRESH = 3  # fresh loads on which a key that moved the reading, and no other brought back, is pressed alone
TURNS = 6  # times that a key which moved the reading is pressed again, in turn with another
STILL = "none"  # level of the factor keys
MEMORY, DIGITS, OTHERS = "memory keys", "digit keys", "other keys"
GROUPS = (MEMORY, DIGITS, OTHERS)
DIGIT_KEYS = frozenset({*"0123456789", "00", "."})  # as the catalogue of keys calls them
MEMORY_KEY = re.compile("M[1-9]")
RUNS = Runs(
    FAMILY,
    needed=frozenset({"load", "keys", "remote", "unit", "price", "zero"}),
    may=frozenset({"tare", "power", "ordinal", "clock"}),
    quantity="load",
    rate="",
    levels={
        "remote": frozenset({"not pressed", "pressed"}), "unit": frozenset({"kg", "other"}), "price": frozenset({"as found", "typed"}),
        "zero": frozenset({"not pressed", "pressed"}), "tare": frozenset({"none", "container"}), "clock": frozenset({"day", "night"}),
    },
    first={"remote": "not pressed", "unit": "kg", "price": "as found", "zero": "not pressed", "keys": STILL},
    whole=True,
)  # fmt: skip
HANDLED = mark(
    "Both officers confirm: what is worked in this search saves, stores and calibrates nothing and switches nothing but this instrument; a unit price is typed as for a customer"
)


def raid(can: Ability, model: Model | None = None) -> Plan:
    yield from price_scale_raid.steps(can, partial(_searched, model))


def bench(can: Ability, model: Model | None = None) -> Plan:
    yield from price_scale_bench.steps(can, partial(_searched, model))


def annex(can: Ability, model: Model | None = None) -> Plan:
    """The tests of an edition first: what a hidden function could still do when they are over."""
    yield from acceptance.steps(can, partial(_searched, model))


def check_fits(model: Model, where: str) -> None:
    """ModelError where a run of `model` asks for something that no run here does."""
    check(model, RUNS, where)
    keys = [key for level in model.factor("keys").levels[1:] if level not in GROUPS for key in level.split()]
    if writing := [key for key in keys if barred(key)]:
        raise wrong(where, "keys that write nothing, open no settings and switch no power", ", ".join(writing))


def _searched(model: Model | None, can: Ability, dark: bool) -> Plan:
    """`dark`: power was cut, so it may be cut again."""
    model = model or built_in(FAMILY)
    scale = scale_of(can)
    family = Family(model, _run, beyond(model, scale, _lacks), handled=HANDLED)
    yield from search(can, family, kit_of(scale), State("E", DARK_MIN, DARK_RUNS) if dark else State("D"))


def _lacks(scale: ScaleAbility, factor: Factor, level: str) -> bool:
    """As `lacks`, with keys that the pad does not have, and what no test of a weighing speaks of."""
    match factor.name, level:
        case "keys", _:
            return level != STILL and not keys_of(scale, level)
        case "unit", "other":
            return not own(scale, UNIT)
        case "price", "typed":
            return not _priced(scale)
        case "tare", "container":
            return True
        case _:
            return lacks(scale, factor, level)


def _priced(scale: ScaleAbility) -> bool:
    """Whether a unit price can be typed."""
    return scale.priced and set(PRICE) <= set(scale.keys)


def keys_of(scale: ScaleAbility, level: str) -> tuple[str, ...]:
    """The keys of a level by their labels on this scale: of a group all that it has, of a code each one; () where one is missing."""
    from harness.catalogue import load_key_effects
    from harness.judge.key_effects import effect_of

    if level not in GROUPS:
        keys = tuple(own(scale, key) for key in level.split())
        return keys if all(keys) else ()
    effects = load_key_effects()
    found: dict[str, list[str]] = {group: [] for group in GROUPS}
    for key in harmless(scale):
        known = effect_of(effects, key)
        label = key if known is None else known.label
        found[DIGITS if label in DIGIT_KEYS else MEMORY if MEMORY_KEY.fullmatch(label) else OTHERS].append(key)
    return tuple(found[level])


def _run(can: Ability, run: Run) -> Generator[Step, Outcome, None]:
    """What is worked over the empty pan, then one load."""
    scale, levels = scale_of(can), run.levels
    keys = () if levels["keys"] == STILL else keys_of(scale, levels["keys"])
    held = levels["keys"] in GROUPS
    empty = yield from emptied(can, run)
    if levels["price"] == "typed":
        yield from press(can, empty, PRICE, eyes=True)
    if keys and not held:
        yield from press(can, empty, keys)
    if levels["remote"] == "pressed":
        yield Press("remote")
    load, moved = scale.load(run.asked), ""
    before = yield from weigh(can, run.label, load)
    if held:
        moved = yield from _one_by_one(can, run.label, keys, before)
    if levels["unit"] == "other":
        if _priced(scale):  # keys before may have left none, and where nothing is charged no price tells of a unit
            yield from press(can, run.label, PRICE, eyes=True)
        for _ in range(2):
            yield from press(can, run.label, (own(scale, UNIT),), eyes=True)
    if moved:
        yield from _alone(can, run.label, load, moved)


def _one_by_one(can: Ability, label: str, keys: Sequence[str], before: Decimal | None) -> Generator[Step, Outcome, str]:
    """`keys` over the load that lies still, until one of them moves the reading each time that it is pressed; the last of those that moved it
    and that no other key brought back, "" for none."""
    scale, stays = scale_of(can), ""
    for key in keys:
        after = yield from press(can, label, (key,))
        moved = moves(scale, before, after)
        before = before if after is None else after
        if not moved:
            continue
        other = another(harmless(scale), [(key,)])
        turns, stays = 0, key
        while other and turns < TURNS:
            aside = yield from press(can, label, (other,))
            if not moves(scale, before, aside):
                before = before if aside is None else aside
                break
            again = yield from press(can, label, (key,))
            back, before = moves(scale, aside, again), before if again is None else again
            if not back:
                break
            turns += 1
        if turns:
            return ""
    return stays


def _alone(can: Ability, label: str, load: Decimal, key: str) -> Steps:
    """The same load put on afresh and `key` pressed over it alone: what stays until the goods are taken off, or longer, shows again, and among
    few readings more plainly than among many.  A reading that was wrong shows nothing more, and ends it."""
    scale = scale_of(can)
    for again in range(1, FRESH + 1):
        here = f"{label}.{again}"
        yield from weigh(can, f"{here}z", Decimal(0))
        lies = yield from weigh(can, here, load)
        after = yield from press(can, here, (key,))
        if not (moves(scale, load, lies) or moves(scale, lies, after)):
            return
