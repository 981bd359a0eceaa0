"""Which readings of a tariff make a difference on one trip: what it leaves open about nights does not matter by day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np

from protocols.tariff.civil import boundaries, holds
from protocols.tariff.engine import spells
from protocols.tariff.rule import Rule, TariffError, Time, Window
from protocols.tariff.tariff import Reading, Tariff
from protocols.tariff.trip import Meter, Trip

MAX_READINGS = 20_000
CLOCK_NS = 600 * 10**9
JOINT = ("below_kmh", "per_s", "price")  # what there is of a time charge whose seconds fill the units of distance


def relevant(
    tariff: Tariff, trip: Trip, choices: Mapping[str, str], of: str = "paid", k_ratios: tuple[Fraction, Fraction] | None = None
) -> list[Reading]:  # fmt: skip
    """The readings that may differ on `trip` in what is asked `of` ("accrued", "displayed" or "paid"); their `choices`
    are only those that matter.

    k_ratios  least and greatest ratio of the meter's metres to those of the trip
    TariffError where more than 20000 are left.
    """
    tariff.check(choices)
    low, high = k_ratios or (Fraction(1), Fraction(1))
    matters = set(_matters(tariff, trip, choices, of, low, high))
    fixed = {u.key: u.alternatives[0] for u in tariff.unknowns if u.key not in matters} | dict(choices)
    found: list[Reading] = []
    seen: set[Rule] = set()
    for reading in tariff.readings(fixed):
        if reading.rule.joint:  # steps of time alone make no difference then
            plain = replace(reading.rule, time=_plain(reading.rule))
            if plain in seen:
                continue
            seen.add(plain)
        if len(found) == MAX_READINGS:
            raise TariffError(
                f"tariff {tariff.id}: expected at most {MAX_READINGS} readings of what it leaves open, got more; choose some alternatives"
            )
        found.append(Reading({key: one for key, one in reading.choices.items() if key in matters}, reading.rule))
    return found


def _plain(rule: Rule) -> Time | None:
    own = rule.time
    return own and replace(own, step_s=own.per_s, charge=rule.distance.charge, within_start=True)


def _matters(
    tariff: Tariff, trip: Trip, choices: Mapping[str, str], of: str, low: Fraction, high: Fraction
) -> Iterable[str]:
    keys = [unknown.key for unknown in tariff.unknowns]
    rule = tariff.first(choices).rule
    reached = any(Fraction(t.above_m) < trip.distance_m * high for t in rule.under(trip.declared).tiers)
    held = {w.id for w in rule.under(trip.declared).windows if _may_hold(tariff, trip, choices, w.id)}
    waits = any(  # by any way of telling speed: half of it would be slow
        len(spells(r, trip, Meter(k_ratio=low / 2))) for r in _alternatives(tariff, choices, ["time.below_kmh"])
    )  # fmt: skip
    kinds = list(_alternatives(tariff, choices, ["time.accumulation", "start.distance_m"]))
    joint = all(r.joint for r in kinds)
    # a trip that ends within the start distance has no step of distance, unless seconds fill its units
    beyond = any(r.joint or Fraction(r.start.distance_m) <= trip.distance_m * high for r in kinds)
    for key in keys:
        table, name = key.split(".")[0], key.split(".")[1]
        if table == "window":
            yield from [key] if name in held else []
        elif table == "time":
            yield from [key] if waits and (name in JOINT or not joint) else []
        elif table == "combine":
            yield from [key] if held and (reached or len(held) > 1) else []
        elif table == "distance":
            yield from [key] if beyond else []
        elif table == "tier":
            yield from [key] if reached else []
        elif table in ("display", "discount"):
            yield from [key] if of != "accrued" else []
        elif table == "extra":
            yield from [key] if of == "paid" else []
        else:
            yield key


def _alternatives(tariff: Tariff, choices: Mapping[str, str], keys: Iterable[str]) -> Iterable[Rule]:
    """Rules over all alternatives of `keys`, the first of everything else."""
    own = [u for u in tariff.unknowns if u.key in keys and u.key not in choices]
    for picked in product(*(u.alternatives for u in own)):
        yield tariff.first(dict(choices) | {u.key: one for u, one in zip(own, picked, strict=True)}).rule


def _may_hold(tariff: Tariff, trip: Trip, choices: Mapping[str, str], id: str) -> bool:
    """Whether the window `id` holds at some instant of the trip under some alternative of its own."""
    edges = (f"window.{id}.from", f"window.{id}.to", f"window.{id}.days", f"window.{id}.decided")
    return any(
        holds_during(window, trip)
        for rule in _alternatives(tariff, choices, edges)
        for window in rule.windows
        if window.id == id
    )


def holds_during(window: Window, trip: Trip) -> bool:
    """Whether a window holds at the hire or, where it runs with the hour, at any instant of the trip, by a clock that may
    be CLOCK_NS off."""
    first, last = trip.hired_ns + trip.civil_ns - CLOCK_NS, trip.vacated_ns + trip.civil_ns + CLOCK_NS
    hire = [first, first + CLOCK_NS, first + 2 * CLOCK_NS]
    at = np.array([*hire, *boundaries([window], first, last)], np.int64)
    return bool(holds(window, at).any())
