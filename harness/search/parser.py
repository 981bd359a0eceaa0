"""A trigger model from its TOML file; every complaint names file, line, what was expected and what came."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

from harness.search.model import ENDINGS, PHASES, STATES, Act, Evasion, Factor, Kit, Model, ModelError
from protocols.toml_tables import Table, document, headers, shown

MAX_CHARS = 64_000
MAX_LEVELS, MAX_FACTORS = 30, 16
LEVELS_OF = {"power": 2, "ordinal": 3}  # of a state: long, fresh; first, 2 to 5, 6 and more


@cache
def built_in(family: str) -> Model:
    """The model of the tree for that family.  ModelError where there is none."""
    found = files(__package__) / "models" / f"{family.replace('-', '_')}.toml"
    if not found.is_file():
        raise ModelError(f"expected a family with a trigger model, got {family!r}")
    return parse(found.read_text("utf-8"), found.name)


def parse(text: str, where: str) -> Model:
    """Raises ModelError, which names the line."""
    data = document(text, where, MAX_CHARS, ModelError)
    tables = _tables(text, data, where)
    [head] = tables.get("model", [])[:1] or [_none(where, "model")]
    head.check_keys(
        ("id", "family", "unit", "interactions", "gains", "source", "grade", "verified"), ("quantity", "rate", "whole")
    )
    head.flag("verified")
    head.check_verified()
    acts = tuple(_act(one) for one in tables.get("act", []))
    factors = tuple(_factor(one, {act.name for act in acts}) for one in tables.get("factor", []))
    names = tuple(one.name for one in factors)
    if not 1 <= len(factors) <= MAX_FACTORS or len(set(names)) < len(names):
        raise ModelError(f"{where}, line 1: expected 1 to {MAX_FACTORS} factors, each with a name of its own, got {', '.join(names)}")  # fmt: skip
    model = Model(
        head.slug("id"), head.slug("family"), head.text("unit"), str(head.values.get("quantity", "")), str(head.values.get("rate", "")),
        _shares(head, "interactions"), _numbers(head, "gains"), head.text("source"), head.text("grade"), head.flag("verified"), factors, acts,
        tuple(_evasion(one, factors) for one in tables.get("evasion", [])),
        tuple(_cleared(one) for one in tables.get("cleared", [])),
        tuple(_kit(one) for one in tables.get("kit", [])),
        head.flag("whole") if "whole" in head.values else False,
    )  # fmt: skip
    if model.quantity and (model.quantity not in names or not model.factor(model.quantity).thresholds):
        raise head.error("quantity", "quantity expected a factor with thresholds = true", shown(model.quantity))
    if model.rate and (model.rate not in names or not model.factor(model.rate).rates):
        raise head.error("rate", "rate expected a factor with rates", shown(model.rate))
    if len(model.interactions) > sum(not one.state for one in factors):
        raise head.error("interactions", f"expected at most {len(factors)} shares", shown(head.values["interactions"]))
    return model


def _tables(text: str, data: dict[str, Any], where: str) -> dict[str, list[Table]]:
    lines = tuple(text.splitlines())
    found = headers(lines)
    known = ("model", "factor", "act", "evasion", "cleared", "kit")
    result: dict[str, list[Table]] = {}
    for n, (first, name) in enumerate(found):
        if name not in known:
            raise ModelError(f"{where}, line {first + 1}: expected one of the tables {', '.join(known)}, got {name}")
        last = found[n + 1][0] if n + 1 < len(found) else len(lines)
        own = data[name] if isinstance(data[name], list) else [data[name]]
        place = len(result.setdefault(name, []))
        if place < len(own) and isinstance(own[place], dict):
            result[name].append(Table(own[place], name, where, lines, first, last, ModelError))
    if strange := [key for key in data if key not in known]:
        raise ModelError(f"{where}, line 1: expected one of the tables {', '.join(known)}, got {shown(strange[0])}")
    return result


def _none(where: str, name: str) -> Table:
    raise ModelError(f"{where}, line 1: expected a table [{name}], got none; state it")


def _factor(table: Table, acts: set[str]) -> Factor:
    table.check_keys(
        ("name", "title_en", "title_zh", "weight", "levels"),
        ("levels_zh", "needs", "triggers", "minutes", "rates", "thresholds", "state", "plain"),
    )
    levels = _texts(table, "levels")
    if not 2 <= len(levels) <= MAX_LEVELS or len(set(levels)) < len(levels):
        raise table.error("levels", f"levels expected 2 to {MAX_LEVELS} different ones", shown(table.values["levels"]))
    state = str(table.values.get("state", ""))
    if state not in STATES:
        raise table.error("state", f"state expected {' or '.join(STATES[1:])}", shown(state))
    if state and len(levels) != LEVELS_OF[state]:
        raise table.error("levels", f"a state {state} has {LEVELS_OF[state]} levels", str(len(levels)))
    needs = _texts(table, "needs", empty=True) if "needs" in table.values else ("",) * len(levels)
    for one in needs:
        if one and one not in acts:
            raise table.error("needs", f"needs expected one of the acts {', '.join(sorted(acts))}", shown(one))
    plain = str(table.values.get("plain", levels[0]))
    if plain not in levels:
        raise table.error("plain", f"plain expected one of {', '.join(levels)}", shown(plain))
    found = Factor(
        table.text("name"), (table.text("title_en"), table.text("title_zh")), float(table.number("weight")), levels,
        _texts(table, "levels_zh") if "levels_zh" in table.values else levels, needs,
        _numbers(table, "triggers") if "triggers" in table.values else (1.0,) * len(levels),
        _numbers(table, "minutes") if "minutes" in table.values else (0.0,) * len(levels),
        _numbers(table, "rates") if "rates" in table.values else (),
        table.flag("thresholds") if "thresholds" in table.values else False, state, levels.index(plain),
    )  # fmt: skip
    for key, value in (("levels_zh", found.levels_zh), ("needs", needs), ("minutes", found.minutes), ("triggers", found.triggers), ("rates", found.rates)):  # fmt: skip
        if value and len(value) != len(levels):
            raise table.error(key, f"{key} expected one for each of the {len(levels)} levels", str(len(value)))
    if found.thresholds:
        try:
            numbers = [float(level) for level in levels]
        except ValueError:
            numbers = []
        if not numbers or any(b <= a for a, b in pairwise(numbers)) or numbers[0] <= 0:
            raise table.error(
                "levels", "levels with thresholds expected rising numbers above zero", shown(list(levels))
            )
    if not any(found.triggers):
        raise table.error("triggers", "triggers expected one above zero", shown(list(found.triggers)))
    if any(rate <= 0 for rate in found.rates):
        raise table.error("rates", "rates expected numbers above zero", shown(list(found.rates)))
    return found


def _act(table: Table) -> Act:
    table.check_keys(("name", "phase", "minutes", "actions", "destroys"))
    return Act(
        table.text("name"), table.one_of("phase", PHASES), float(table.amount("minutes", 6)), int(table.amount("actions", 0)),
        table.text("destroys"),
    )  # fmt: skip


def _evasion(table: Table, factors: tuple[Factor, ...]) -> Evasion:
    table.check_keys(("factor", "levels", "share"))
    name, levels = table.text("factor"), _texts(table, "levels")
    own = next((one for one in factors if one.name == name), None)
    if own is None:
        raise table.error("factor", f"factor expected one of {', '.join(one.name for one in factors)}", shown(name))
    if not levels or set(levels) - set(own.levels) or not set(own.levels) - set(levels):
        raise table.error("levels", f"levels expected some, not all, of {', '.join(own.levels)}", shown(list(levels)))
    return Evasion(name, levels, _share(table, "share"))


def _cleared(table: Table) -> tuple[str, float]:
    table.check_keys(("by", "share"))
    return table.one_of("by", ENDINGS), _share(table, "share")


def _kit(table: Table) -> Kit:
    table.check_keys(("name", "minutes", "actions", "per_fill", "least", "share"))
    return Kit(
        table.text("name"), float(table.amount("minutes", 6)), int(table.amount("actions", 0)), float(table.amount("per_fill", 6)),
        float(table.amount("least", 6)), float(table.amount("share", 6)),
    )  # fmt: skip


def _share(table: Table, key: str) -> float:
    value = float(table.amount(key, 6))
    if value > 1:
        raise table.error(key, f"{key} expected a share from 0 to 1", shown(value))
    return value


def _shares(table: Table, key: str) -> tuple[float, ...]:
    found = _numbers(table, key)
    if abs(sum(found) - 1) > 1e-6:
        raise table.error(key, f"{key} expected shares that make 1", f"{sum(found):.6g}")
    return found


def _numbers(table: Table, key: str) -> tuple[float, ...]:
    value = table.values[key]
    if not isinstance(value, list) or not value or len(value) > MAX_LEVELS:
        raise table.error(key, f"{key} expected a list of 1 to {MAX_LEVELS} numbers", shown(value))
    found = []
    for one in value:
        if isinstance(one, bool) or (not isinstance(one, (int, float)) and not hasattr(one, "as_tuple")):
            raise table.error(key, f"{key} expected numbers without quotes", shown(one))
        if not 0 <= float(one) < 1e9:
            raise table.error(key, f"{key} expected numbers from 0 to below 10^9", shown(one))
        found.append(float(one))
    return tuple(found)


def _texts(table: Table, key: str, *, empty: bool = False) -> tuple[str, ...]:
    value = table.values[key]
    if not isinstance(value, list) or not all(
        isinstance(one, str) and (one or empty) and len(one) <= 60 and one.isprintable() for one in value
    ):
        raise table.error(key, f"{key} expected a list of short texts", shown(value))
    return tuple(value)
