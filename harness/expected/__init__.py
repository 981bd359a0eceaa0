"""What `demo` must find: the expected verdict per (cheat, kit), as data, with the reason where the kit cannot prove it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class Expected:
    """`link` and `possible` are empty where nothing is found."""

    cheat: str
    kit: str
    integrity: str
    conformity: tuple[str, ...]
    link: str
    reason: str


def expected(family: str) -> tuple[Expected, ...]:
    """All rows of the family's table."""
    data = tomllib.loads((files(__name__) / f"{family}.toml").read_text("utf-8"))
    return tuple(
        Expected(
            row["cheat"],
            row["kit"],
            row["integrity"],
            tuple(row["conformity"]),
            row.get("link", ""),
            row.get("reason", ""),
        )
        for row in data["row"]
    )


def expected_row(family: str, cheat: str, kit: str) -> Expected | None:
    return next((row for row in expected(family) if row.cheat == cheat and row.kit == kit), None)
