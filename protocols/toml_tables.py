"""Tables of a TOML file that know their lines: every complaint names file, line, table, what was expected and what came.

For files of data (acceptance editions, tariffs).  Nothing is guessed: a key nobody knows and a key that is missing are
errors.  The callers read the text and bound its length.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

MAX_TEXT = 500
_HEADER = re.compile(r"\s*\[\[?\s*([A-Za-z0-9_-]+)\s*\]\]?")
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Table:
    """One TOML table with what is needed to say where in the file it stands; complaints are of type `error_type`."""

    values: Mapping[str, Any]
    name: str
    where: str
    lines: tuple[str, ...]
    first: int
    last: int
    error_type: type[ValueError]

    def line_of(self, key: str) -> int:
        """Line number, from 1, of `key`; the table's own when it is not there."""
        wanted = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=")
        found = (n for n in range(self.first, self.last) if wanted.match(self.lines[n]))
        return next(found, self.first) + 1

    def error(self, key: str, expected: str, got: str) -> ValueError:
        return self.error_type(f"{self.where}, line {self.line_of(key)}: {self.name}: {expected}, got {got}")

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
            raise self.error(key, f"{key} expected printable text of 1 to {MAX_TEXT} characters", shown(value))
        return value

    def one_of(self, key: str, known: tuple[str, ...]) -> str:
        value = self.text(key)
        if value not in known:
            raise self.error(key, f"{key} expected one of {', '.join(known)}", shown(value))
        return value

    def matching(self, key: str, pattern: re.Pattern[str], expected: str) -> str:
        value = self.text(key)
        if not pattern.fullmatch(value):
            raise self.error(key, f"{key} expected {expected}", shown(value))
        return value

    def slug(self, key: str) -> str:
        return self.matching(key, SLUG, "lower-case letters, digits and single hyphens")

    def number(self, key: str) -> Decimal:
        """A number above zero."""
        value = self.values[key]
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise self.error(key, f"{key} expected a number without quotes", shown(value))
        number = Decimal(value)
        if not number.is_finite() or not 0 < number < 10**9:
            raise self.error(key, f"{key} expected a number above 0 and below 10^9", shown(value))
        return number

    def amount(self, key: str, places: int) -> Decimal:
        """A number from zero on with at most `places` decimals."""
        value = self.values[key]
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise self.error(key, f"{key} expected a number without quotes", shown(value))
        number = Decimal(value)
        if not number.is_finite() or not 0 <= number < 10**9 or (number * 10**places) % 1:
            expected = f"{key} expected a number from 0 to below 10^9 with at most {places} decimals"
            raise self.error(key, expected, shown(value))
        return number

    def flag(self, key: str) -> bool:
        value = self.values[key]
        if not isinstance(value, bool):
            raise self.error(key, f"{key} expected true or false", shown(value))
        return value

    def check_verified(self) -> None:
        """Only a value seen in a primary document may be called verified (domain README, rules 1 and 4)."""
        if self.values["verified"] and self.values["grade"] != "V":
            raise self.error(
                "verified", "verified expected false unless grade is V (a primary document was seen)", "true"
            )


def document(text: str, where: str, max_chars: int, error_type: type[ValueError]) -> dict[str, Any]:
    """The TOML in `text`, its numbers exact; `where` begins every complaint."""
    if len(text) > max_chars:
        raise error_type(f"{where}, line 1: expected at most {max_chars} characters, got {len(text)}")
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise error_type(f"{where}, {_syntax_line(error)}: expected TOML, got an error: {error}") from error


def whole(values: Mapping[str, Any], name: str, where: str, text: str, error_type: type[ValueError]) -> Table:
    """What stands before the first table of `text`, as one table of that name; `array` gives the tables behind it."""
    lines = tuple(text.split("\n"))
    found = headers(lines)
    return Table(values, name, where, lines, 0, found[0][0] if found else len(lines), error_type)


def array(top: Table, key: str, most: int, called: str) -> list[Table]:
    """The [[key]] tables behind `top`, 1 to `most` of them and `called` so, each with its own lines; inline tables, or a header inside a text, have the
    lines of the whole file."""
    tables = top.values[key]
    if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        raise top.error(key, f"{key} expected [[{key}]] tables", shown(tables))
    if not 1 <= len(tables) <= most:
        raise top.error(key, f"expected 1 to {most} {called}", str(len(tables)))
    found = headers(top.lines)
    starts = [n for n, (_, name) in enumerate(found) if name == key]
    own = len(starts) == len(tables)
    ends = [*(line for line, _ in found[1:]), len(top.lines)]
    return [
        Table(
            one, f"{key} {shown(one['id'])}" if "id" in one else key, top.where, top.lines, found[starts[n]][0] if own else 0,
            ends[starts[n]] if own else len(top.lines), top.error_type,
        )
        for n, one in enumerate(tables)
    ]  # fmt: skip


def headers(lines: tuple[str, ...]) -> list[tuple[int, str]]:
    """Lines, from 0, on which a table begins, with its name."""
    found = ((n, _HEADER.match(line)) for n, line in enumerate(lines))
    return [(n, match[1]) for n, match in found if match]


def _syntax_line(error: BaseException) -> str:
    found = re.search(r"at line ([0-9]+)", str(error))
    return f"line {found[1]}" if found else "last line" if "end of document" in str(error) else "line 1"


def shown(value: object) -> str:
    """`value` for a message: in ASCII, and no longer than 60 characters."""
    text = ascii(value)
    return text if len(text) <= 60 else text[:57] + "..."
