"""Reads an acceptance edition: the limits of one regulation in one edition, as TOML.

Every limit says where its number comes from and how good that source is (domain grades); nothing is taken over that
the file does not state.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from protocols.acceptance.edition import GRADES, MPE_FACTOR, AcceptanceError, Edition, Limit

MAX_CHARS = 64 * 1024
MAX_LIMITS = 200
MAX_TEXT = 500

FAMILIES = ("dispenser", "gas-dispenser", "scale", "taximeter")
USES = ("verification",)
UNITS = ("1", "payment step", "L", "mL", "s", "e", "e/s", "d", "d/s")
CLASSES = ("III", "IIII")
UNKNOWN_DATE = "unknown"

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}-[0-9]{2})?")
_EDITION_KEYS = ("id", "title", "family", "in_force", "legal_basis", "use", "limit")
_LIMIT_KEYS = ("id", "quantity", "value", "unit", "clause", "source", "grade", "verified", "applies")
_STEP_KEYS = ("accuracy_class", "upto_e")  # both or neither: a step of the maximum permissible error of scales


@dataclass(frozen=True, slots=True)
class _Table:
    """One TOML table with what is needed to say where in the file it stands."""

    values: Mapping[str, Any]
    name: str
    where: str
    lines: tuple[str, ...]
    first: int
    last: int

    def line_of(self, key: str) -> int:
        """Line number, from 1, of `key`; the table's own when it is not there."""
        wanted = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=")
        found = (n for n in range(self.first, self.last) if wanted.match(self.lines[n]))
        return next(found, self.first) + 1

    def error(self, key: str, expected: str, got: str) -> AcceptanceError:
        return AcceptanceError(f"{self.where}, line {self.line_of(key)}: {self.name}: {expected}, got {got}")

    def check_keys(self, known: tuple[str, ...], optional: tuple[str, ...] = ()) -> None:
        for key in self.values:
            if key not in known and key not in optional:
                raise self.error(key, f"expected the keys {', '.join((*known, *optional))}", f"unknown key {key!r}")
        for key in known:
            if key not in self.values:
                raise self.error(key, f"expected the key {key!r}", "none; state it")

    def text(self, key: str) -> str:
        value = self.values[key]
        if not isinstance(value, str) or not value.strip() or len(value) > MAX_TEXT or not value.isprintable():
            raise self.error(key, f"{key} expected printable text of 1 to {MAX_TEXT} characters", _shown(value))
        return value

    def one_of(self, key: str, known: tuple[str, ...]) -> str:
        value = self.text(key)
        if value not in known:
            raise self.error(key, f"{key} expected one of {', '.join(known)}", _shown(value))
        return value

    def matching(self, key: str, pattern: re.Pattern[str], expected: str) -> str:
        value = self.text(key)
        if not pattern.fullmatch(value):
            raise self.error(key, f"{key} expected {expected}", _shown(value))
        return value

    def number(self, key: str) -> Decimal:
        value = self.values[key]
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise self.error(key, f"{key} expected a number without quotes", _shown(value))
        number = Decimal(value)
        if not number.is_finite() or not 0 < number < 10**9:
            raise self.error(key, f"{key} expected a number above 0 and below 10^9", _shown(value))
        return number

    def flag(self, key: str) -> bool:
        value = self.values[key]
        if not isinstance(value, bool):
            raise self.error(key, f"{key} expected true or false", _shown(value))
        return value


def parse(text: str, where: str) -> Edition:
    """The edition written in `text`; `where` (a file name) begins every AcceptanceError."""
    if len(text) > MAX_CHARS:
        raise AcceptanceError(f"{where}, line 1: expected at most {MAX_CHARS} characters, got {len(text)}")
    try:
        document = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise AcceptanceError(f"{where}, {_syntax_line(error)}: expected TOML, got an error: {error}") from error
    lines = tuple(text.split("\n"))
    starts = [n for n, line in enumerate(lines) if re.match(r"\s*\[\[\s*limit\s*\]\]", line)]
    top = _Table(document, "edition", where, lines, 0, starts[0] if starts else len(lines))
    top.check_keys(_EDITION_KEYS)
    tables = document["limit"]
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise top.error("limit", "limit expected [[limit]] tables", _shown(tables))
    if not 1 <= len(tables) <= MAX_LIMITS:
        raise top.error("limit", f"expected 1 to {MAX_LIMITS} limits", str(len(tables)))
    ends = [*starts[1:], len(lines)]
    if len(starts) != len(tables):  # inline tables, or a header inside a text: say the file's first line
        starts, ends = [0] * len(tables), [len(lines)] * len(tables)
    limits: list[Limit] = []
    for values, first, last in zip(tables, starts, ends, strict=True):
        table = _Table(values, f"limit {_shown(values.get('id', '?'))}", where, lines, first, last)
        limit = _limit(table)
        if any(other.id == limit.id for other in limits):
            raise table.error("id", "id expected to be used once", _shown(limit.id))
        _check_step(table, limit, limits)
        limits.append(limit)
    if any(limit.is_step for limit in limits) and not any(limit.id == MPE_FACTOR for limit in limits):
        raise top.error("limit", f"limits with upto_e expected a limit {MPE_FACTOR!r} too", "none; state it")
    return Edition(
        id=top.matching("id", _ID, "lower-case letters, digits and single hyphens"),
        title=top.text("title"),
        family=top.one_of("family", FAMILIES),
        in_force=_date(top),
        legal_basis=top.text("legal_basis"),
        use=top.one_of("use", USES),
        limits=tuple(limits),
    )


def _limit(table: _Table) -> Limit:
    stepped = any(key in table.values for key in _STEP_KEYS)
    table.check_keys((*_LIMIT_KEYS, *_STEP_KEYS) if stepped else _LIMIT_KEYS, () if stepped else _STEP_KEYS)
    limit = Limit(
        id=table.matching("id", _ID, "lower-case letters, digits and single hyphens"),
        quantity=table.text("quantity"),
        value=table.number("value"),
        unit=table.one_of("unit", UNITS),
        clause=table.text("clause"),
        source=table.text("source"),
        grade=table.one_of("grade", GRADES),
        verified=table.flag("verified"),
        applies=table.text("applies"),
        accuracy_class=table.one_of("accuracy_class", CLASSES) if stepped else "",
        upto_e=table.number("upto_e") if stepped else None,
    )
    if limit.verified and limit.grade != "V":
        raise table.error("verified", "verified expected false unless grade is V (a primary document was seen)", "true")
    return limit


def _check_step(table: _Table, limit: Limit, before: list[Limit]) -> None:
    """A step of the maximum permissible error is in e, and the steps of a class rise."""
    if limit.upto_e is None:
        if limit.id == MPE_FACTOR and limit.unit != "1":
            raise table.error("unit", f'unit of {MPE_FACTOR} expected "1"', _shown(limit.unit))
        return
    if limit.unit != "e":
        raise table.error("unit", 'unit of a limit with upto_e expected "e"', _shown(limit.unit))
    lower = [one for one in before if one.accuracy_class == limit.accuracy_class and one.upto_e is not None]
    if lower and (lower[-1].upto_e or 0) >= limit.upto_e:
        raise table.error(
            "upto_e", f"upto_e expected above the {lower[-1].upto_e} of {lower[-1].id}", str(limit.upto_e)
        )


def _date(table: _Table) -> str:
    value = table.text("in_force")
    if value != UNKNOWN_DATE and not _DATE.fullmatch(value):
        raise table.error("in_force", f'in_force expected "YYYY-MM-DD", "YYYY" or "{UNKNOWN_DATE}"', _shown(value))
    return value


def _syntax_line(error: BaseException) -> str:
    found = re.search(r"at line ([0-9]+)", str(error))
    return f"line {found[1]}" if found else "last line" if "end of document" in str(error) else "line 1"


def _shown(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= 60 else text[:57] + "..."
