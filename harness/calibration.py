"""What was measured of each detector: operating curves as data, and whether they are those of the detector that is here.

Curves are made by benchmarks/curves.py and stand in catalogue/curves.toml, by detector and version, with a digest of what
that version said of the fixed streams (fixed_streams.py).  They are stale when the version or that digest is another: what
was measured is then not what judges.  How many honest segments an e-value may claim by is another fact, and has its home in
validation.toml.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from fixtures.language import Sentence, mark
from harness.catalogue import CatalogueError, load_table, load_validations
from harness.fixed_streams import cases
from harness.judge.contract import DetectorSpec, Reading, Validation, View

RESOURCE = "curves.toml"
POWER = 0.9  # share detected from which on an effect counts as seen
DIGITS = 4  # significant ones that a number of the output must keep from machine to machine
MOST = 1e9  # litres, sales, effects
LEAST = 1e-12  # probabilities below are all alike
COMMAND = "python benchmarks/curves.py --only {name}"
_HASHED_WITH = Validation(10_000, 0)  # so that what the detector was validated with does not change its digest
_CURVE = {
    "detector": str, "version": int, "digest": str, "commit": str, "elsewhere": str, "population": list,
}  # fmt: skip
_POPULATION = {
    "cheat": str, "unit": str, "generator": str, "grade": str, "flow": str, "axis": str, "amounts": list, "effects": list,
    "seeds": int, "found": list, "mute": list,
}  # fmt: skip


@dataclass(frozen=True)
class Population:
    """One cheat on one kind of instrument: of `seeds` cases at each effect and amount, how many the detector found.

    `effects` (e,) in `unit`, the first may be 0: honest, then `found` are false hits.  `amounts` (a,) are litres or sales
    (`axis`).  `found`, `mute` (e, a): cases with a hit, and cases in which it said that it cannot speak.
    """

    cheat: str
    unit: str
    generator: str
    grade: str
    flow: str
    axis: str
    amounts: tuple[float, ...]
    effects: tuple[float, ...]
    seeds: int
    found: tuple[tuple[int, ...], ...]
    mute: tuple[tuple[int, ...], ...]

    def share(self, effect: int, amount: int) -> float:
        """Share found at the `effect`-th effect and `amount`-th amount."""
        return self.found[effect][amount] / self.seeds

    def least(self, amount: int) -> float | None:
        """The smallest measured effect that is found with POWER, as every larger one is; None where none is."""
        seen = None
        for i in reversed(range(len(self.effects))):
            if self.effects[i] <= 0 or self.share(i, amount) < POWER:
                break
            seen = self.effects[i]
        return seen

    @property
    def honest(self) -> tuple[int, int] | None:
        """False hits and honest cases that were tried; None where none was."""
        if not self.effects or self.effects[0] != 0:
            return None
        return sum(self.found[0]), self.seeds * len(self.amounts)


@dataclass(frozen=True)
class Curves:
    """What was measured of one version of one detector; `elsewhere` says why nothing was, or where."""

    detector: str
    version: int
    digest: str
    commit: str
    elsewhere: str
    populations: tuple[Population, ...]


@cache
def load_curves() -> Mapping[str, Curves]:
    """Measured curves by detector.  Raises CatalogueError when the data cannot be used."""
    try:
        entries = load_table(RESOURCE, "curve", _CURVE)
    except CatalogueError:
        raise
    except (OSError, ValueError, TypeError, RecursionError) as error:  # not there, no TOML, nothing that holds curves
        raise CatalogueError(f"{RESOURCE}: {error}") from None
    result: dict[str, Curves] = {}
    for entry in entries:
        name = entry["detector"]
        if name in result:
            raise CatalogueError(f"{RESOURCE}: {name} stands twice")
        populations = tuple(_population(name, body) for body in entry.pop("population"))
        if not populations and not entry["elsewhere"]:
            raise CatalogueError(f"{RESOURCE}, {name}: neither measured nor said why not")
        result[name] = Curves(populations=populations, **entry)
    return result


def _population(name: str, body: Any) -> Population:
    where = f"{RESOURCE}, {name}"
    if type(body) is not dict or set(body) != set(_POPULATION):
        got = sorted(body) if isinstance(body, dict) else body
        raise CatalogueError(f"{where}: expected {', '.join(_POPULATION)}, got {got}")
    if odd := [key for key, kind in _POPULATION.items() if type(body[key]) is not kind]:
        raise CatalogueError(f"{where}: {odd[0]} expected {_POPULATION[odd[0]].__name__}, got {body[odd[0]]!r:.80}")
    for key in ("amounts", "effects"):
        if not body[key] or not all(type(x) in (int, float) and 0 <= x <= MOST for x in body[key]):
            raise CatalogueError(f"{where}: {key} expected numbers from 0 on, got {body[key]!r:.80}")
    for key in ("found", "mute"):
        rows = body[key]
        if len(rows) != len(body["effects"]) or any(
            type(row) is not list or len(row) != len(body["amounts"]) for row in rows
        ):
            raise CatalogueError(f"{where}: {key} expected a row of {len(body['amounts'])} for each effect")
        if any(type(count) is not int or not 0 <= count <= body["seeds"] for row in rows for count in row):
            raise CatalogueError(f"{where}: {key} expected counts of at most {body['seeds']} cases")
    if body["seeds"] < 1:
        raise CatalogueError(f"{where}: seeds expected at least 1, got {body['seeds']}")
    lists = {key: tuple(float(x) for x in body[key]) for key in ("amounts", "effects")}
    tables = {key: tuple(tuple(row) for row in body[key]) for key in ("found", "mute")}
    return Population(**{**body, **lists, **tables})


def digest(spec: DetectorSpec) -> str:
    """SHA-256 of the detector's parameters and of all it says of the fixed streams, numbers to DIGITS digits.

    Reasons are left out but for whether there is one: how a sentence is put changes no curve."""
    said = {
        name: [
            _told(reading) for reading in spec.judge(case.segments, View(case.profile, spec.parameters, _HASHED_WITH))
        ]
        for name, case in cases().items()
    }
    body = {"parameters": _plain(dict(spec.parameters)), "readings": said}
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _told(reading: Reading) -> Any:
    numbers = [reading.e, _probability(reading.p), reading.hits, reading.effect, reading.interval, reading.mde]
    return _plain([reading.segment, str(reading.link), *numbers, reading.shape, bool(reading.reason), reading.at, reading.key])  # fmt: skip


def _probability(p: float | None) -> float | None:
    return None if p is None else max(p, LEAST)


def _plain(value: Any) -> Any:
    """`value` as JSON holds it, numbers rounded; text of exact decimals stays as it is."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list | np.ndarray):
        return [_plain(inner) for inner in value]
    if isinstance(value, Enum | Decimal | Fraction):
        return str(value)
    if isinstance(value, float):
        return f"{value + 0.0:.{DIGITS}g}"  # + 0.0: no negative zero
    return value


def stale(spec: DetectorSpec, curves: Curves | None) -> str:
    """Why the curves do not hold for this detector; "" when they do."""
    if curves is None:
        return Sentence(mark("no curves were measured"))
    if curves.version != spec.version:
        return Sentence(mark("measured at version {was}, this is version {now}"), was=curves.version, now=spec.version)
    try:
        own = digest(spec)
    except Exception as error:  # a stranger's detector may raise anything
        return Sentence(mark("it fails on the fixed streams: {error}"), error=f"{type(error).__name__}: {error}")
    if own != curves.digest:
        return Sentence(mark("parameters or output on the fixed streams are not those that were measured"))
    return ""


def validation(spec: DetectorSpec) -> Validation | None:
    """What this version may claim by, from the families' validations; None where it was not validated."""
    key = f"{spec.name}/{spec.version}"
    return next((found[key] for found in map(load_validations, _validations()) if key in found), None)


def _validations() -> list[str]:
    names = sorted(entry.name for entry in files("harness.catalogue").iterdir())
    return [name for name in names if name.startswith("validation") and name.endswith(".toml")]
