"""Text of an edition -> its conditions, equipment and tests, or an AcceptanceError with file, line, what was expected and what came."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from protocols.acceptance.clauses import Condition, Equipment, Judged, Stated, Test
from protocols.acceptance.edition import GRADES
from protocols.acceptance.stimuli import INFLUENCES, LIMIT_UNITS, STIMULI
from protocols.toml_tables import Table, array, shown

MOST_TESTS, MOST_CONDITIONS, MOST_POINTS, MOST_REPEATS, MOST_JUDGED = 100, 30, 30, 50, 10
STATED = ("clause", "source", "grade", "verified")
COMPARED = "compared"
CONDITION_KEYS = ("id", "quantity", "unit", *STATED)
EQUIPMENT_KEYS = ("id", "quantity", "most", "of", *STATED)
TEST_KEYS = ("id", "title", "stimulus", "repeats", "judged", *STATED)
UNITS = {"quantity": "L|kg", "load": "e|kg|Max|Min", "distance": "m", "time": "s"}  # of a point, by what it is
WRITTEN = {
    "quantity": '"20 L" or "5 kg"',
    "load": '"500 e", "0.5 Max", "1 Min", "1 step" or "2 kg"',
    "distance": '"1000 m"',
    "time": '"300 s"',
}
ONE_POINT = ("positions", "creep")  # each series has one error near zero
BOUNDS = ("low", "high", "change")
TEST_OPTIONS = ("points", "title_zh", "influence", "severity", "against", COMPARED)


def conditions(top: Table) -> tuple[Condition, ...]:
    found: dict[str, Condition] = {}
    for table in _tables(top, "condition", MOST_CONDITIONS):
        table.check_keys(CONDITION_KEYS, (*BOUNDS, COMPARED))
        own = {key: _signed(table, key) for key in BOUNDS if key in table.values}
        if not own:
            raise table.error("id", f"a condition expected one of {', '.join(BOUNDS)}", "none")
        if "low" in own and "high" in own and own["low"] >= own["high"]:
            raise table.error("high", f"high expected above low = {own['low']}", str(own["high"]))
        one = Condition(table.slug("id"), table.text("quantity"), table.text("unit"), _stated(table), **own)
        found[_once(table, one.id, found)] = one
    return tuple(found.values())


def equipment(top: Table, limits: Mapping[str, str]) -> tuple[Equipment, ...]:
    """`limits`: unit by id, "" where it is that of each step."""
    found: dict[str, Equipment] = {}
    for table in _tables(top, "equipment", MOST_CONDITIONS):
        table.check_keys(EQUIPMENT_KEYS, (COMPARED,))
        one = Equipment(
            table.slug("id"), table.text("quantity"), table.number("most"), _limit(table, "of", limits), _stated(table)
        )
        found[_once(table, one.id, found)] = one
    return tuple(found.values())


def tests(top: Table, family: str, limits: Mapping[str, str]) -> tuple[Test, ...]:
    found: dict[str, Test] = {}
    for table in _tables(top, "test", MOST_TESTS):
        name = table.one_of("stimulus", tuple(STIMULI)) if "stimulus" in table.values else ""
        settings = tuple(STIMULI[name].settings) if name else ()
        table.check_keys(TEST_KEYS, (*TEST_OPTIONS, *settings))
        one = _test(table, family, limits)
        if one.against and one.against not in found:
            raise table.error("against", "against expected the id of a test before this one", shown(one.against))
        found[_once(table, one.id, found)] = one
    return tuple(found.values())


def _test(table: Table, family: str, limits: Mapping[str, str]) -> Test:
    name = table.text("stimulus")
    stimulus = STIMULI[name]
    if family not in stimulus.families:
        can = ", ".join(other for other, one in STIMULI.items() if family in one.families)
        raise table.error("stimulus", f"stimulus of a {family} expected one of {can}", shown(name))
    if ("influence" in table.values) != ("severity" in table.values):
        raise table.error("influence", "influence and severity expected together", "one of them")
    judged = _judged(table, stimulus.formulas, limits)
    faults = any(one.formula == "fault" for one in judged)
    if faults != ("against" in table.values):
        raise table.error("against", "against and the formula fault expected together", "one of them")
    return Test(
        id=table.slug("id"),
        title=table.text("title"),
        title_zh=table.text("title_zh") if "title_zh" in table.values else "",
        stimulus=name,
        points=_points(table, stimulus.point, 1 if name in ONE_POINT else MOST_POINTS),
        repeats=_repeats(table),
        judged=judged,
        stated=_stated(table),
        settings={key: _setting(table, key, known) for key, known in stimulus.settings.items() if key in table.values},
        influence=table.one_of("influence", INFLUENCES) if "influence" in table.values else "",
        severity=table.text("severity") if "severity" in table.values else "",
        against=table.text("against") if "against" in table.values else "",
    )


def _judged(table: Table, formulas: tuple[str, ...], limits: Mapping[str, str]) -> tuple[Judged, ...]:
    own = table.values["judged"]
    if not isinstance(own, list) or not 1 <= len(own) <= MOST_JUDGED or not all(isinstance(one, dict) for one in own):
        raise table.error(
            "judged", 'judged expected a list such as [{ formula = "mean-error", limit = "mpe" }]', shown(own)
        )
    found, line = [], table.line_of("judged") - 1
    for one in own:
        inner = Table(one, f"{table.name}: judged", table.where, table.lines, line, table.last, table.error_type)
        inner.check_keys(("formula", "limit"))
        formula = inner.text("formula")
        if formula not in formulas:
            expected = f"formula of this stimulus expected one of {', '.join(formulas)}"
            raise table.error("judged", expected, shown(formula))
        if inner.text("limit") not in limits:
            raise table.error("judged", "limit expected the id of a [[limit]] of this file", shown(one["limit"]))
        units, unit = LIMIT_UNITS.get(formula, ()), limits[inner.text("limit")]
        if unit and units and unit not in units:
            raise table.error("judged", f"{formula} expected a limit in {' or '.join(units)}", f"one in {unit}")
        found.append(Judged(formula, inner.text("limit")))
    return tuple(found)


def _points(table: Table, what: str, most: int) -> tuple[str, ...]:
    own = table.values.get("points", [])
    if not what and own:
        raise table.error("points", "this stimulus expected no points", shown(own))
    if not what:
        return ()
    pattern = re.compile(point_pattern(what))
    if not isinstance(own, list) or not 1 <= len(own) <= most:
        raise table.error("points", f"points expected 1 to {most} texts such as {WRITTEN[what]}", shown(own))
    for one in own:
        if not isinstance(one, str) or not pattern.fullmatch(one):
            raise table.error("points", f"a point of this stimulus expected {WRITTEN[what]}", shown(one))
    return tuple(own)


def point_pattern(what: str) -> str:
    """A figure above zero and its unit, or the number of a step of the maximum permissible error."""
    figure = rf"(?=[0-9.]*[1-9])[0-9]{{1,9}}(\.[0-9]{{1,6}})? ({UNITS[what]})"
    return f"({figure}|[1-9] step)" if what == "load" else figure


def _repeats(table: Table) -> int:
    repeats = table.number("repeats")
    if repeats % 1 or repeats > MOST_REPEATS:
        raise table.error("repeats", f"repeats expected a whole number from 1 to {MOST_REPEATS}", str(repeats))
    return int(repeats)


def _setting(table: Table, key: str, known: tuple[str, ...] | type[str] | type[Decimal]) -> str:
    if isinstance(known, tuple):
        return table.one_of(key, known)
    return table.text(key) if known is str else str(table.number(key))


def _tables(top: Table, key: str, most: int) -> list[Table]:
    return array(top, key, most, f"{key} tables") if key in top.values else []


def _stated(table: Table) -> Stated:
    stated = Stated(
        table.text("clause"), table.text("source"), table.one_of("grade", GRADES), table.flag("verified"),
        table.text(COMPARED) if COMPARED in table.values else "",
    )  # fmt: skip
    table.check_verified()
    return stated


def _limit(table: Table, key: str, limits: Mapping[str, str]) -> str:
    name = table.text(key)
    if name not in limits:
        raise table.error(key, f"{key} expected the id of a [[limit]] of this file", shown(name))
    return name


def _once(table: Table, id: str, found: Mapping[str, object]) -> str:
    if id in found:
        raise table.error("id", "id expected to be used once", shown(id))
    return id


def _signed(table: Table, key: str) -> Decimal:
    value = table.values[key]
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not Decimal(value).is_finite():
        raise table.error(key, f"{key} expected a number without quotes", shown(value))
    return Decimal(value)
