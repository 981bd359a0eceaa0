"""Observations at a scale that can exclude an honest cause: how a difference grows with the load, how large it is beside the
maximum permissible error, whether it comes and goes, what else explains it.

A fact is false where what it needs was not observed (facts.py).  Sizes are those of the readings that hit, in kg at their load.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations, pairwise

from harness.judge.contract import Reading
from harness.judge.ground import Ground
from harness.judge.intervals import intervals, mpe_kg
from harness.judge.key_effects import KEY_EFFECTS, effect_of
from harness.judge.loads import REMOTE
from harness.judge.weight_line import vehicles

HONEST_MPE = 4.0  # eccentric load, tilt, temperature, creep, a weak battery: each within one on an approved scale [D]
GOODS_REL, GOODS_KG = 0.02, 0.010  # what goods lose or gain between two weighings: drying, dripping, a bag [D]
UNITS = (2.0, 10.0, 20.0, 1000.0, 2.2046, 1.6535, 35.274)  # of a kilogram: jin, 100 g, liang, g, lb, catty, oz
UNIT_REL = 0.005
ALIKE = 0.25  # sizes of one mechanism scatter by no more of themselves
VEHICLE_TARE = 0.15  # of its gross mass: no vehicle that carries goods is lighter [D]
TARES_APART = 0.05  # tares of different vehicles are no nearer to one share of their gross mass [D]
PERSON_KG = 300.0  # two heavy people who get on or off together [D]
GROWN = 2 / 3  # of all pairs of loads: half of them agree where the difference has nothing to do with the load
OTHER_KEYS = 3
BALANCE_SHARE = 0.25  # of a difference that the officers' own balance may be out by
RADIO_S = 30.0  # nobody speaks on a radio for longer without a break [D]


@dataclass(frozen=True)
class Size:
    """One difference: `kg` at `load_kg`, signed."""

    load_kg: float
    kg: float


def sizes(ground: Ground) -> list[Size]:
    """Of every hit, in order; [] where one of them has none in kg."""
    loads = {s.id: s.load_kg[0] for s in ground.segments if s.load_kg is not None}
    found = [_size(reading, loads) for reading in ground.hits]
    return [one for one in found if one is not None] if all(one is not None for one in found) else []


def _size(reading: Reading, loads: Mapping[str, float]) -> Size | None:
    at = reading.at
    if "delta_kg" in at and "loads_kg" in at:
        kg = abs(float(at["delta_kg"]))
        return Size(min(map(float, at["loads_kg"])), kg if (reading.effect or 0) >= 0 else -kg)
    if "error_kg" in at and "load_kg" in at:
        return Size(float(at["load_kg"]), float(at["error_kg"]))
    if "off_loads_kg" in at and reading.effect is not None:
        load = min(map(float, at["off_loads_kg"]))
        return Size(load, reading.effect * load)
    load = loads.get(reading.segment, 0.0) or float(at.get("base_kg", 0.0))
    if load <= 0 and {"value", "low", "high"} <= set(at):
        middle = (Decimal(at["low"]) + Decimal(at["high"])) / 2
        return Size(float(middle), float(Decimal(at["value"]) - middle)) if middle > 0 else None
    return Size(load, reading.effect * load) if load > 0 and reading.effect is not None else None


def _grows(ground: Ground) -> bool:
    """The difference grows with the load, in most pairs of loads that differ: no tare, packaging or remainder of one mass, nor
    several of them at loads as they come, makes it."""
    found = sorted(sizes(ground), key=lambda one: one.load_kg)
    if len(found) < 2:
        return False
    apart = [(a, b) for a, b in combinations(found, 2) if b.load_kg > 1.3 * a.load_kg]
    grown = sum(a.kg * b.kg > 0 and abs(b.kg) > 1.2 * abs(a.kg) for a, b in apart)
    return bool(apart) and grown >= GROWN * len(apart)


def _no_tare(ground: Ground) -> bool:
    """It grows with the load, and is no tare of vehicles, which grows with them as well: below what a vehicle weighs empty, or
    one share of three and more loads that differ."""
    if not _grows(ground):
        return False
    if not vehicles(ground.profile):
        return True
    shares = [abs(one.kg / one.load_kg) for one in sizes(ground) if one.load_kg > 0]
    even = len(shares) >= 3 and max(shares) - min(shares) <= TARES_APART * max(shares)
    return bool(shares) and (max(shares) < VEHICLE_TARE or even)


def _no_sum_key(ground: Ground) -> bool:
    """None of the keys that it followed may show a sum, a count or the change due for a moment; a key that nothing is known of
    may."""
    effects = tuple(ground.profile.get(KEY_EFFECTS, ()))
    told = [" ".join(reading.at.get("codes", (reading.at.get("sequence", ""),))).split() for reading in ground.hits]
    keys = {key for codes in told for key in codes} - {REMOTE}
    known = [effect_of(effects, key) for key in keys]
    return bool(told) and all(told) and all(one is not None and not one.momentary for one in known)


def _beyond_honest(ground: Ground) -> bool:
    """Every difference is several times what the scale may err by at that load."""
    found = sizes(ground)
    limits = [mpe_kg(ground.profile, one.load_kg) for one in found]
    return bool(found) and all(
        limit is not None and abs(one.kg) > HONEST_MPE * limit for one, limit in zip(found, limits, strict=True)
    )


def _beyond_goods(ground: Ground) -> bool:
    found = sizes(ground)
    return bool(found) and all(abs(one.kg) > max(GOODS_KG, GOODS_REL * one.load_kg) for one in found)


def _same_mass(ground: Ground) -> bool:
    """Three or more differences of one mass, whatever the load."""
    found = [one.kg for one in sizes(ground)]
    return len(found) >= 3 and max(found) - min(found) <= ALIKE * max(map(abs, found))


def _effects(ground: Ground) -> list[float]:
    return [reading.effect for reading in ground.hits if reading.effect is not None]


def _one_way(ground: Ground) -> bool:
    """All of them read more: no tare that was stored under a key takes mass away."""
    found = _effects(ground)
    return len(found) == len(ground.hits) > 0 and min(found) > 0


def _no_unit(ground: Ground) -> bool:
    """No ratio of two units of mass is within reach of any of the differences; where keys are named, of those of one key that
    moved two readings or more: another key may change the unit beside it."""
    known = [ratio for unit in UNITS for ratio in (unit, 1 / unit)]
    of_key = [[1 + moved for _, moved in found] for found in _shares(ground).values() if len(found) >= 2]
    told = of_key or [[1 + effect for effect in _effects(ground)]]
    return any(ratios and all(abs(r / unit - 1) > UNIT_REL for r in ratios for unit in known) for ratios in told)


def _shares(ground: Ground) -> dict[str, list[tuple[str, float]]]:
    """By key or code that is named: (loading, share of the load) of every move away from it."""
    found: dict[str, list[tuple[str, float]]] = {}
    for reading in ground.hits:
        at, base = reading.at, float(reading.at.get("base_kg", 0))
        for code, levels in zip(at.get("codes", ()), at.get("levels_kg", ()), strict=False):
            if code and base > 0:
                found.setdefault(code, []).append((reading.segment, abs(float(levels[1]) - float(levels[0])) / base))
    return found


def _one_level(ground: Ground) -> bool:
    """Three or more of the differences, and half of them at least, are one share of loads that differ: what spoils one weighing
    spoils no other alike, and a function of several levels shows others beside it."""
    found = [one for one in sizes(ground) if one.load_kg > 0]
    for one in found:
        share = one.kg / one.load_kg
        alike = [other for other in found if abs(other.kg / other.load_kg - share) <= ALIKE / 2 * abs(share)]
        loads = [other.load_kg for other in alike]
        if len(alike) >= 3 and 2 * len(alike) >= len(found) and max(loads) > 1.3 * min(loads):
            return True
    return False


def _no_remote(ground: Ground) -> bool:
    """Nobody pressed a remote while the loads that show it lay there."""
    return bool(ground.segments) and not any(
        mark.kind == "press-remote" for segment in ground.segments for mark in segment.marks
    )


def _comes_and_goes(ground: Ground) -> bool:
    """Three or more remainders of one size, and between them the scale empty at zero, with nobody the wiser."""
    hits = [(int(r.at["t_ns"]), float(r.at["offset_kg"])) for r in ground.hits if {"t_ns", "offset_kg"} <= set(r.at)]
    clean = [int(r.at["t_ns"]) for r in ground.others if "t_ns" in r.at]
    if len(hits) < 3 or len(hits) < len(ground.hits):
        return False
    e = float(intervals(ground.profile)[0].e_kg)
    offsets = [kg for _, kg in hits]
    alike = max(offsets) - min(offsets) <= max(ALIKE * max(map(abs, offsets)), 2 * e)
    between = any(a < t < b for (a, _), (b, _) in pairwise(sorted(hits)) for t in clean)
    return alike and between


def _bounded(ground: Ground) -> bool:
    """Loads below and above those that are off the line lie on it: nothing that touches, binds or ends its travel there."""
    told = [reading.at for reading in ground.hits]
    return bool(told) and all(
        at.get("on_loads_kg")
        and at.get("off_loads_kg")
        and any(0 < load < min(at["off_loads_kg"]) for load in at["on_loads_kg"])
        and max(at["on_loads_kg"]) > max(at["off_loads_kg"])
        for at in told
    )


def _key_locked(ground: Ground) -> bool:
    """One key or code moved the reading of three or more loads that lay still, of each two times or more and by as much each
    time; what else happened to the scale knows nothing of keys."""
    for found in _shares(ground).values():
        of_load: dict[str, list[float]] = {}
        for segment, share in found:
            of_load.setdefault(segment, []).append(share)
        again = [shares for shares in of_load.values() if len(shares) >= 2]
        if len(again) >= 3 and all(max(shares) - min(shares) <= ALIKE * max(shares) for shares in again):
            return True
    return False


def _keys_differ(ground: Ground) -> bool:
    """Other keys were worked over loads that lay still, and nothing moved, or no key was worked at all: a sag of the battery under
    lamp and beeper, or a push, comes with any key."""
    moved = {code for reading in ground.hits for code in reading.at.get("codes", ())}
    still = {code for reading in (*ground.hits, *ground.others) for code in reading.at.get("still", ())}
    return moved == {REMOTE} or len(still - moved) >= OTHER_KEYS


def _even_excess(ground: Ground) -> bool:
    """Three or more loads off the line by the same share: not one wrong mass among them."""
    told = [reading.at.get("excess_each", ()) for reading in ground.hits]
    return bool(told) and all(
        len(each) >= 3 and max(each) - min(each) <= ALIKE * max(map(abs, each)) + 0.005 for each in told
    )


def _codes_missing(ground: Ground) -> bool:
    return bool(ground.hits) and all(reading.at.get("missing") is True for reading in ground.hits)


def _counter(ground: Ground) -> bool:
    """The event counter of the adjustment reads after the visit what it read before."""
    pairs = {(s.context.get("stated_counter"), s.context.get("stated_counter_after")) for s in ground.segments}
    return bool(pairs) and all(before and before == after for before, after in pairs)


def _balance(ground: Ground) -> bool:
    """What was weighed openly was put on the balance that told the covert loads, too, and it showed their mass to a quarter of each
    difference."""
    seen = [segment.context.get("balance") for segment in ground.segments]
    shares = [abs(effect) for effect in _effects(ground)]
    return (
        bool(seen and shares)
        and None not in seen
        and all(abs(shown / marked - 1) <= BALANCE_SHARE * min(shares) for marked, shown in filter(None, seen))
    )


def _steps(ground: Ground) -> list[float]:
    """Sizes in kg of all steps that were followed on the line."""
    return [float(one["kg"]) for reading in ground.hits for one in reading.at.get("steps", ())]


def _steps_alike(ground: Ground) -> bool:
    """Three or more steps of one size, or of one share of their loads: no two touches, gusts or bystanders are alike."""
    found = sorted(map(abs, _steps(ground)))
    e = float(intervals(ground.profile)[-1].e_kg)
    shares = sorted(map(abs, _effects(ground)))
    even = len(shares) >= 3 and shares[-1] - shares[0] <= ALIKE * shares[-1]
    return even or (len(found) >= 3 and found[-1] - found[0] <= max(ALIKE * found[-1], 2 * e))


def _sudden(ground: Ground) -> bool:
    """Every step that could be compared with loads of like size came at once: all of them, or three and more."""
    told = [reading.at["sudden"] for reading in ground.hits if "sudden" in reading.at]
    return bool(told) and all(told) and len(told) >= min(3, len(ground.hits))


def _beyond_person(ground: Ground) -> bool:
    found = _steps(ground)
    return bool(found) and min(map(abs, found)) > PERSON_KG


def _outlasts_radio(ground: Ground) -> bool:
    return bool(ground.hits) and all(float(reading.at.get("stays_s", 0)) > RADIO_S for reading in ground.hits)


def _says(key: str, value: bool = True) -> Callable[[Ground], bool]:
    return lambda ground: bool(ground.hits) and all(reading.at.get(key) is value for reading in ground.hits)


TESTS: Mapping[str, Callable[[Ground], bool]] = {
    "grows_with_load": _grows,
    "no_tare": _no_tare,
    "no_sum_key": _no_sum_key,
    "beyond_honest_change": _beyond_honest,
    "beyond_goods": _beyond_goods,
    "reads_more": _one_way,
    "not_a_unit": _no_unit,
    "no_remote": _no_remote,
    "comes_and_goes": _comes_and_goes,
    "window_bounded": _bounded,
    "even_excess": _even_excess,
    "codes_missing": _codes_missing,
    "counter_unchanged": _counter,
    "beyond_interval": _says("beyond_interval"),
    "beyond_one_slip": _says("one_slip", False),
    "same_mass": _same_mass,
    "across_units": _says("across_units"),
    "randomised": _says("randomised"),
    "sudden": _sudden,
    "like_size": _says("like_size"),
    "steps_alike": _steps_alike,
    "key_locked": _key_locked,
    "keys_differ": _keys_differ,
    "balance_checked": _balance,
    "one_level": _one_level,
    "beyond_person": _beyond_person,
    "outlasts_radio": _outlasts_radio,
    "no_hold_mode": lambda ground: ground.profile.get("hold_mode") is False,
    "no_article_tax": lambda ground: ground.profile.get("article_tax") is False,
}
