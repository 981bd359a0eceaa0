"""Reads a tariff: one city and edition as TOML, every value with source and grade, every unknown with its alternatives.

A key stands in its table or in one [[unknown]]; never in both, never in neither.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from math import prod
from typing import Any

from protocols.acceptance.edition import GRADES
from protocols.tariff.build import TABLES, TRIPLE, rule
from protocols.tariff.civil import day_seconds
from protocols.tariff.rule import Rule, TariffError
from protocols.tariff.tariff import Golden, Tariff, Unknown, Value
from protocols.toml_tables import Table, document, headers, shown

MAX_CHARS = 64 * 1024
MAX_TABLES = 100
MAX_READINGS = 1 << 20

_TOP = ("id", "title", "title_zh", "city", "country", "in_force", "currency", "utc_offset_min", "mode", "gaps")
_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}-[0-9]{2})?|unknown")
_UNKNOWN = ("key", "alternatives", "reason", *TRIPLE)
_GOLDEN = ("distance_m", "low_s", "at", "fare", "of", "declared", "given", *TRIPLE)
_OF = ("accrued", "displayed", "paid")


def parse(text: str, where: str) -> Tariff:
    """The tariff written in `text`; `where` (a file name) begins every TariffError."""
    values = document(text, where, MAX_CHARS, TariffError)
    lines = tuple(text.split("\n"))
    found = headers(lines)
    top_end = found[0][0] if found else len(lines)
    top_values = {key: one for key, one in values.items() if key in _TOP or not _is_table(one)}
    top = Table(top_values, "tariff", where, lines, 0, top_end, TariffError)
    top.check_keys(_TOP)
    tables = list(_tables(values, where, lines, found, top))
    unknowns, alternatives = _unknowns([t for name, t in tables if name == "unknown"])
    facts = [(name, table) for name, table in tables if name in TABLES]
    for _, table in facts:
        _check_triple(table)
    build = _builder(top, facts, unknowns, alternatives)
    tariff = Tariff(
        id=top.slug("id"),
        title=top.text("title"),
        title_zh=top.text("title_zh"),
        city=top.text("city"),
        country=top.matching("country", re.compile("[A-Z]{2}"), "two capital letters (ISO 3166)"),
        in_force=top.matching("in_force", _DATE, '"YYYY-MM-DD", "YYYY" or "unknown"'),
        currency=top.matching("currency", re.compile("[A-Z]{3}"), "three capital letters (ISO 4217)"),
        utc_offset_min=_offset(top),
        mode=top.one_of("mode", ("S", "D", "CN")),
        gaps=_texts(top, "gaps"),
        values=tuple(value for name, table in facts for value in _values(name, table)),
        unknowns=tuple(unknown for unknown, _ in unknowns),
        golden=(),
        build=build,
    )
    return replace(tariff, golden=tuple(_golden(table, tariff) for name, table in tables if name == "golden"))


def _tables(
    values: Mapping[str, Any], where: str, lines: tuple[str, ...], found: list[tuple[int, str]], top: Table
) -> Iterator[tuple[str, Table]]:
    """Every table of the file with its name; those of [[arrays]] one by one."""
    many = {**{name: one.many for name, one in TABLES.items()}, "unknown": True, "golden": True}
    count = 0
    for name, one in values.items():
        if name in _TOP:
            continue
        if name not in many:
            head = next((n for n, other in found if other == name), top.line_of(name) - 1)
            at = Table({}, "tariff", where, lines, head, len(lines), TariffError)
            raise at.error("", f"expected the tables {', '.join(many)}", f"unknown table {name!r}")
        own = one if many[name] and isinstance(one, list) else [one]
        count += len(own)
        begins = [n for n, head in found if head == name]
        for k, table in enumerate(own):
            if not isinstance(table, dict) or isinstance(one, list) != many[name]:
                form = f"[[{name}]] tables" if many[name] else f"one table [{name}]"
                raise top.error(name, f"expected {form}", shown(one))
            first = begins[k] if len(begins) == len(own) else 0
            last = (
                min((n for n, _ in found if n > first), default=len(lines)) if len(begins) == len(own) else len(lines)
            )
            label = f"{name} {shown(table['id'])}" if "id" in table else name
            yield name, Table(table, label, where, lines, first, last, TariffError)
    if count > MAX_TABLES:
        raise top.error("id", f"expected at most {MAX_TABLES} tables", str(count))


def _is_table(one: object) -> bool:
    return isinstance(one, dict) or (isinstance(one, list) and bool(one) and isinstance(one[0], dict))


def _unknowns(tables: list[Table]) -> tuple[list[tuple[Unknown, Table]], list[tuple[Any, ...]]]:
    unknowns: list[tuple[Unknown, Table]] = []
    alternatives: list[tuple[Any, ...]] = []
    for table in tables:
        table.check_keys(_UNKNOWN)
        _check_triple(table)
        if table.values["verified"]:
            raise table.error("verified", "verified expected false: what is unknown cannot be verified", "true")
        key = table.text("key")
        if any(other.key == key for other, _ in unknowns):
            raise table.error("key", "key expected to be declared once", shown(key))
        own = table.values["alternatives"]
        if not isinstance(own, list) or not 1 <= len(own) <= 16 or len({str(one) for one in own}) != len(own):
            raise table.error("alternatives", "alternatives expected a list of 1 to 16 different values", shown(own))
        texts = tuple(_text(one) for one in own)
        unknowns.append((Unknown(key, texts, table.text("reason"), *_triple(table)), table))
        alternatives.append(tuple(own))
    return unknowns, alternatives


def _builder(
    top: Table,
    facts: list[tuple[str, Table]],
    unknowns: list[tuple[Unknown, Table]],
    alternatives: list[tuple[Any, ...]],
) -> Callable[[tuple[int, ...]], Rule]:
    """Makes the rule of a choice; every alternative has been tried, beside the first of all others."""
    if (number := prod(map(len, alternatives))) > MAX_READINGS:
        raise top.error("id", f"expected at most {MAX_READINGS} combinations of unknowns", str(number))
    targets = [_target(unknown.key, table, facts) for unknown, table in unknowns]
    spots = {(id(table), key): source for (table, key), (_, source) in zip(targets, unknowns, strict=True)}

    def build(choice: tuple[int, ...]) -> Rule:
        filled = {id(table): dict(table.values) for _, table in facts}
        for (table, key), own, k in zip(targets, alternatives, choice, strict=True):
            filled[id(table)][key] = own[k]
        return rule(top, [(name, _Filled.of(table, filled[id(table)], spots)) for name, table in facts])

    first = (0,) * len(alternatives)
    build(first)
    for at, own in enumerate(alternatives):
        for k in range(1, len(own)):
            build((*first[:at], k, *first[at + 1 :]))
    return build


class _Filled(Table):
    """A table with alternatives filled in: complaints about those name the line of their [[unknown]]."""

    spots: Mapping[str, Table]

    @classmethod
    def of(cls, table: Table, values: Mapping[str, Any], spots: Mapping[tuple[int, str], Table]) -> Table:
        own = cls(values, table.name, table.where, table.lines, table.first, table.last, table.error_type)
        object.__setattr__(own, "spots", {key: one for (ident, key), one in spots.items() if ident == id(table)})
        return own

    def line_of(self, key: str) -> int:
        return self.spots[key].line_of("alternatives") if key in self.spots else Table.line_of(self, key)


def _target(key: str, declared: Table, facts: list[tuple[str, Table]]) -> tuple[Table, str]:
    """The table and key that an unknown fills: "distance.step_m", or "window.night.unit" with the id of the table."""
    parts = key.split(".")
    for name, table in facts:
        path = [name, str(table.values.get("id", ""))] if TABLES[name].many else [name]
        if parts[:-1] == path:
            if parts[-1] in table.values:
                raise declared.error("key", f"{key} expected in its table or here, not in both", "both")
            if parts[-1] not in (*TABLES[name].keys, *TABLES[name].optional):
                raise declared.error("key", f"key expected one of {', '.join(TABLES[name].keys)}", shown(parts[-1]))
            return table, parts[-1]
    raise declared.error("key", "key expected TABLE.KEY, or TABLE.ID.KEY, of a table of this file", shown(key))


def _golden(table: Table, tariff: Tariff) -> Golden:
    table.check_keys(_GOLDEN)
    _check_triple(table)
    given = table.values["given"]
    if not isinstance(given, dict):
        raise table.error("given", "given expected a table of unknowns and their alternatives", shown(given))
    chosen = {key: _text(one) for key, one in given.items()}
    try:
        tariff.check(chosen)
    except TariffError as error:
        raise table.error("given", str(error), shown(given)) from error
    return Golden(
        table.amount("distance_m", 6), table.amount("low_s", 6), day_seconds(table, "at"), table.amount("fare", 6),
        table.one_of("of", _OF), frozenset(_texts(table, "declared")), chosen, *_triple(table),
    )  # fmt: skip


def _values(name: str, table: Table) -> Iterator[Value]:
    ident = f".{table.values['id']}" if TABLES[name].many else ""
    for key, one in table.values.items():
        if key not in (*TRIPLE, "id"):
            yield Value(f"{name}{ident}.{key}", _text(one), *_triple(table))


def _check_triple(table: Table) -> None:
    for key in TRIPLE:
        if key not in table.values:
            raise table.error(key, f"expected the key {key!r}", "none; state it")
    table.text("source")
    table.one_of("grade", GRADES)
    table.flag("verified")
    table.check_verified()


def _triple(table: Table) -> tuple[str, str, bool]:
    return table.text("source"), table.text("grade"), table.flag("verified")


def _texts(table: Table, key: str) -> tuple[str, ...]:
    own = table.values[key]
    if not isinstance(own, list) or not all(isinstance(one, str) and one.isprintable() and one for one in own):
        raise table.error(key, f"{key} expected a list of printable texts", shown(own))
    return tuple(own)


def _offset(top: Table) -> int:
    value = top.values["utc_offset_min"]
    if isinstance(value, bool) or not isinstance(value, int) or not -14 * 60 <= value <= 14 * 60:
        raise top.error("utc_offset_min", "utc_offset_min expected whole minutes from -840 to 840", shown(value))
    return value


def _text(one: object) -> str:
    """A value as people write it: the form in which a reading is chosen by hand."""
    if isinstance(one, bool):
        return "true" if one else "false"
    if isinstance(one, Decimal):
        return f"{one:f}"
    if isinstance(one, list):
        return ", ".join(_text(part) for part in one)
    return str(one)
