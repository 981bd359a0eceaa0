"""The figures that turn raw readings into litres: coefficients and standard uncertainties as data, each with its source."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files

KEYS = {"name": str, "value": str, "unit": str, "source": str, "grade": str, "verified": bool}
PRODUCTS = {  # what a nameplate, a nozzle or an officer says -> the product whose coefficient holds
    "petrol": ("petrol", "gasoline", "汽油", "89", "92", "93", "95", "97", "98", "e5", "e10"),
    "kerosene": ("kerosene", "煤油"),
    "diesel": ("diesel", "柴油", "0", "-10", "-20", "-35"),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` in `unit`; `source` with its `grade`; `verified`: the printed text was seen."""

    name: str
    value: float
    unit: str
    source: str
    grade: str
    verified: bool


@cache
def figures() -> dict[str, Figure]:
    """All figures by name.  ValueError when the table cannot be used, saying which entry and what was expected."""
    table = tomllib.loads((files(__package__) / "references.toml").read_text("utf-8"))
    result: dict[str, Figure] = {}
    for number, entry in enumerate(table["figure"], 1):
        where = f"references.toml, figure {number}"
        if set(entry) != set(KEYS) or any(type(entry[key]) is not kind for key, kind in KEYS.items()):
            raise ValueError(f"{where}: expected the keys {', '.join(KEYS)} of their kinds, got {entry!r}")
        value = Decimal(entry["value"])
        if not value.is_finite() or value <= 0 or entry["name"] in result:
            raise ValueError(f"{where}: {entry['name']} expected a positive number, named once, got {entry['value']}")
        result[entry["name"]] = Figure(**{**entry, "value": float(value)})
    return result


def figure(name: str) -> float:
    return figures()[name].value


def product(said: str) -> str:
    """ "petrol", "kerosene" or "diesel" from what was said of the fuel ("92#", "0号柴油", "Diesel"), else "unknown"."""
    text = said.strip().lower().replace("号", "#").replace("no.", "")
    for name, words in PRODUCTS.items():
        if any(word in text for word in words if not word.lstrip("-").isdigit()):
            return name
    number = text.rstrip("#").strip()
    return next((name for name, words in PRODUCTS.items() if number in words), "unknown")
