"""Makes a rule of filled tables, and refuses what contradicts itself: tiers and windows that overlap, empty nights, units
that do not fit together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from protocols.tariff.civil import DAYS, day_seconds, overlap
from protocols.tariff.rule import (
    Applies,
    Charge,
    Discount,
    Display,
    Distance,
    Extra,
    Mode,
    Rounding,
    Rule,
    Start,
    Tier,
    Time,
    Window,
)
from protocols.toml_tables import Table, shown

TRIPLE = ("source", "grade", "verified")
ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Schema:
    many: bool
    keys: tuple[str, ...]
    optional: tuple[str, ...] = ()


TABLES: dict[str, Schema] = {
    "start": Schema(False, ("price", "distance_m")),
    "distance": Schema(False, ("price", "per_m", "step_m", "charge")),
    "time": Schema(
        False, ("price", "per_s", "free_s", "charge"), ("step_s", "below_kmh", "accumulation", "within_start")
    ),
    "tier": Schema(True, ("id", "from_m"), ("to_m", "extra", "step_m", "unless")),
    "window": Schema(
        True, ("id", "kind", "from", "to", "decided"),
        ("days", "condition", "start", "unit", "time", "start_price", "unit_price", "flat", "flat_shown", "by"),
    ),
    "extra": Schema(True, ("id", "amount", "applies")),
    "discount": Schema(False, ("above", "share", "shown")),
    "display": Schema(False, ("step", "rounding", "paid_step", "paid_rounding")),
    "combine": Schema(False, ("factors",)),
}  # fmt: skip
KINDS = ("night", "peak", "float", "zone")
PLACES_M = 6  # a metre to the micrometre
PLACES_S = 9  # a second to the nanosecond


def rule(top: Table, tables: Sequence[tuple[str, Table]]) -> Rule:
    """The rule that `tables` state; TariffError with file, line and what was expected."""
    for name, table in tables:
        table.check_keys((*TABLES[name].keys, *TRIPLE), TABLES[name].optional)
    by_name = {name: [table for other, table in tables if other == name] for name in TABLES}
    for name in ("start", "distance", "display"):
        if not by_name[name]:
            raise top.error(name, f"expected a table [{name}]", "none; state it")
    mode = Mode(top.one_of("mode", tuple(one.value for one in Mode)))
    start = _start(by_name["start"][0])
    distance = _distance(by_name["distance"][0])
    time = _time(by_name["time"][0], mode) if by_name["time"] else None
    if mode is Mode.S and time is None:
        raise top.error("mode", "mode S expected a table [time]", "none; a single tariff needs both")
    return Rule(
        mode=mode,
        start=start,
        distance=distance,
        time=time,
        tiers=_tiers(by_name["tier"], start),
        windows=_windows(by_name["window"], start, distance, mode),
        extras=tuple(_extra(table) for table in by_name["extra"]),
        discount=_discount(by_name["discount"][0]) if by_name["discount"] else None,
        display=_display(by_name["display"][0]),
        sum_factors=bool(by_name["combine"]) and by_name["combine"][0].one_of("factors", ("sum", "product")) == "sum",
    )


def _start(table: Table) -> Start:
    return Start(table.amount("price", 6), table.amount("distance_m", PLACES_M))


def _distance(table: Table) -> Distance:
    return Distance(
        table.number("price"), _length(table, "per_m"), _length(table, "step_m"), Charge(_charge(table))
    )  # fmt: skip


def _charge(table: Table) -> str:
    return table.one_of("charge", tuple(one.value for one in Charge))


def _length(table: Table, key: str) -> Decimal:
    """A length or a time that steps are made of: not below 1, or a hostile file makes a step of every pulse."""
    own = table.amount(key, PLACES_M)
    if own < 1:
        raise table.error(key, f"{key} expected a number from 1 on", shown(table.values[key]))
    return own


def _time(table: Table, mode: Mode) -> Time:
    below = table.number("below_kmh") if "below_kmh" in table.values else None
    if mode is Mode.CN and below is None:
        raise table.error("below_kmh", "mode CN expected the key 'below_kmh'", "none; state it")
    if mode is Mode.D and below is not None:
        raise table.error("below_kmh", "mode D expected no below_kmh: its clock always runs", shown(str(below)))
    joint = False
    if mode is Mode.S:
        table.check_keys((*TABLES["time"].keys, *TRIPLE, "accumulation"), TABLES["time"].optional)
        joint = table.one_of("accumulation", ("joint", "separate")) == "joint"
        if joint and table.amount("free_s", PLACES_S):
            raise table.error(
                "free_s",
                "free_s expected 0: seconds that fill the units of distance have none free",
                shown(table.values["free_s"]),
            )
    elif "accumulation" in table.values:
        raise table.error("accumulation", f"mode {mode.value} expected no accumulation", "one; only mode S joins units")
    if "within_start" not in table.values:
        table.check_keys((*TABLES["time"].keys, *TRIPLE, "within_start"), TABLES["time"].optional)
    return Time(
        table.number("price"), _length(table, "per_s"),
        _length(table, "step_s" if "step_s" in table.values else "per_s"), table.amount("free_s", PLACES_S), below,
        Charge(_charge(table)), joint, table.flag("within_start"),
    )  # fmt: skip


def _tiers(tables: Sequence[Table], start: Start) -> tuple[Tier, ...]:
    """Tiers as they follow each other; the last has no end, and what lies before the first is the unit price alone."""
    found: list[Tier] = []
    end: Decimal | None = start.distance_m
    for table in tables:
        if ("extra" in table.values) == ("step_m" in table.values):
            raise table.error("extra", "expected one of extra and step_m", "both or neither")
        begin = _length(table, "from_m")
        if not found and begin < start.distance_m:
            raise table.error("from_m", f"from_m expected from the start distance {start.distance_m} m on", str(begin))
        if found and (end is None or begin < end):
            upto = "has no end" if end is None else f"ends at {end} m"
            raise table.error("from_m", f"tiers must not overlap; {found[-1].id} {upto}", str(begin))
        if found and end is not None and begin > end:
            raise table.error("from_m", f"tiers must leave no gap; {found[-1].id} ends at {end} m", str(begin))
        end = _length(table, "to_m") if "to_m" in table.values else None
        if end is not None and end <= begin:
            raise table.error("to_m", f"to_m expected above from_m = {begin}", str(end))
        tier = Tier(
            table.slug("id"),
            begin,
            table.amount("extra", 6) if "extra" in table.values else Decimal(0),
            _length(table, "step_m") if "step_m" in table.values else None,
            table.slug("unless") if "unless" in table.values else "",
        )
        _once(table, tier.id, [other.id for other in found])
        found.append(tier)
    if found and end is not None:
        expected = f"tiers must leave no gap; {found[-1].id}, the last, expected no to_m"
        raise tables[-1].error("to_m", expected, str(end))
    return tuple(found)


def _windows(tables: Sequence[Table], start: Start, distance: Distance, mode: Mode) -> tuple[Window, ...]:
    found: list[Window] = []
    for table in tables:
        window = _window(table, start, distance, mode)
        _once(table, window.id, [other.id for other in found])
        if mode is Mode.S and window.time != window.unit:
            raise table.error("time", "mode S expected no time, or the factor of unit", str(window.time))
        for other in found:
            if other.kind == window.kind and overlap(window, other):
                raise table.error("from", f"expected not to overlap the {window.kind} window {other.id}", "an overlap")
        found.append(window)
    return tuple(found)


def _window(table: Table, start: Start, distance: Distance, mode: Mode) -> Window:
    begin, end = day_seconds(table, "from"), day_seconds(table, "to")
    if begin == end or begin >= 86_400 or end == 0:
        raise table.error(
            "to", 'expected a window that is not empty ("00:00" to "24:00" is the whole day)',
            f"{table.text('from')} to {table.text('to')}",
        )  # fmt: skip
    by = table.one_of("by", ("price", "shorter-steps")) if "by" in table.values else "price"
    unit = _factor(table, "unit", distance.price)
    flat = table.amount("flat", 6) if "flat" in table.values else Decimal(0)
    return Window(
        id=table.slug("id"),
        kind=table.one_of("kind", KINDS),
        from_s=begin,
        to_s=end,
        days=_days(table),
        condition=table.slug("condition") if "condition" in table.values else "",
        start=_factor(table, "start", start.price),
        unit=unit,
        time=unit if mode is Mode.S and "time" not in table.values else _factor(table, "time", ONE),
        flat=flat,
        flat_shown=table.flag("flat_shown") if "flat_shown" in table.values else True,
        shorter_steps=by == "shorter-steps",
        at_hire=table.one_of("decided", ("at-hire", "running")) == "at-hire",
    )


def _factor(table: Table, key: str, price: Decimal) -> Fraction:
    """The factor `key`, or the price it makes of `price`; 1 where neither is stated."""
    instead = f"{key}_price"
    if key in table.values and instead in table.values:
        raise table.error(key, f"expected one of {key} and {instead}", "both")
    if instead in table.values:
        return Fraction(table.number(instead)) / Fraction(price)
    return Fraction(table.number(key)) if key in table.values else Fraction(1)


def _days(table: Table) -> frozenset[int]:
    own = table.values.get("days", [])
    if not isinstance(own, list) or not all(day in DAYS for day in own):
        raise table.error("days", f"days expected a list of {', '.join(DAYS)}", shown(own))
    return frozenset(DAYS.index(day) for day in own)


def _extra(table: Table) -> Extra:
    return Extra(
        table.slug("id"), table.number("amount"), Applies(table.one_of("applies", tuple(one.value for one in Applies)))
    )


def _discount(table: Table) -> Discount:
    share = table.number("share")
    if share >= 1:
        raise table.error("share", "share expected below 1", str(share))
    return Discount(table.amount("above", 6), share, table.flag("shown"))


def _display(table: Table) -> Display:
    roundings = tuple(one.value for one in Rounding)
    return Display(
        table.number("step"),
        Rounding(table.one_of("rounding", roundings)),
        table.number("paid_step"),
        Rounding(table.one_of("paid_rounding", roundings)),
    )


def _once(table: Table, id: str, before: Sequence[str]) -> None:
    if id in before:
        raise table.error("id", "id expected to be used once", shown(id))
