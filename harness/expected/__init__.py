"""What `demo` must find: the expected verdict per (cheat, kit), as data, with the reason where the kit cannot prove it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files

from fixtures.profile import TAXI_FAMILY

OCCASIONS = {"K3": "bench"}  # a kit -> what follows the family in the name of its plan; raid where it is not named
TAXI_OCCASIONS = {"K0": "ride", **OCCASIONS}  # a passenger has eyes, a receiver and the receipt, and raids nobody


@dataclass(frozen=True)
class Expected:
    """`link` is empty where nothing is found.  `also`: what another draw of the trader's whims may give instead."""

    cheat: str
    kit: str
    integrity: str
    conformity: tuple[str, ...]
    link: str
    reason: str
    also: tuple[str, ...] = ()

    def allows(self, integrity: str) -> bool:
        return integrity == self.integrity or integrity in self.also


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
            tuple(row.get("also", ())),
        )
        for row in data["row"]
    )


def catalogued(cheat: str) -> str:
    """The id under which the catalogue has a simulated cheat: without its variant, and of several the first."""
    return cheat.partition("+")[0].partition(":")[0]


def plan_of(family: str, kit: str) -> str:
    """The plan that the rows of `kit` are about."""
    occasions = TAXI_OCCASIONS if family == TAXI_FAMILY else OCCASIONS
    return f"{family}-{occasions.get(kit, 'raid')}"


def expected_row(family: str, cheat: str, kit: str) -> Expected | None:
    return next((row for row in expected(family) if row.cheat == cheat and row.kit == kit), None)
