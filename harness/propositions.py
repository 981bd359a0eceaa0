"""The pairs of propositions and the verbal scale as data, and a document told on a scale.

The judge gives a number and two sentences; words for the number are a convention, kept apart from it so that a laboratory
can bring its own without judging anew.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

from harness.catalogue import MAX_BYTES, CatalogueError
from harness.judge.account import Kind
from harness.judge.likelihood import Propositions

MOST = 1e300  # a band from infinity on is none
_PAIR = {
    "kinds": list, "sensor_class": str, "hp_en": str, "hp_zh": str, "hd_en": str, "hd_zh": str, "source": str, "grade": str,
}  # fmt: skip
_SCALE = {"name": str, "source": str, "edition": str, "grade": str, "verified": bool, "band": list}
_BAND = {"at_least": float, "en": str, "zh": str}


@dataclass(frozen=True)
class Band:
    """Words for ratios from `at_least` on."""

    at_least: float
    en: str
    zh: str


@dataclass(frozen=True)
class Scale:
    """A verbal scale with where it was taken from; `bands` in ascending order; `sha256` of its file."""

    name: str
    source: str
    edition: str
    grade: str
    verified: bool
    bands: tuple[Band, ...]
    sha256: str

    def band(self, ratio: float) -> Band | None:
        """The band of a ratio; None below the first."""
        return next((band for band in reversed(self.bands) if ratio >= band.at_least), None)

    def cited(self) -> dict[str, Any]:
        """What a document says of it."""
        return {
            "name": self.name, "source": self.source, "edition": self.edition, "grade": self.grade,
            "verified": self.verified, "sha256": self.sha256,
        }  # fmt: skip


@cache
def load_propositions() -> tuple[Propositions, ...]:
    """All pairs; for every kind one for any sensor class at least, but for what only papers about a type make a question."""
    document = tomllib.loads((files("harness.catalogue") / "propositions.toml").read_text("utf-8"))
    result = []
    for number, entry in enumerate(document["pair"], 1):
        where = f"propositions.toml, pair {number}"
        _checked(where, entry, _PAIR)
        unknown = sorted(set(entry["kinds"]) - set(Kind.__members__))
        if unknown:
            raise CatalogueError(f"{where}: unknown kinds {', '.join(unknown)}")
        result.append(Propositions(**{**entry, "kinds": tuple(Kind[name] for name in entry["kinds"])}))
    return tuple(result)


@cache
def default_scale() -> Scale:
    """The scale that is shipped."""
    return parse_scale((files("harness.catalogue") / "verbal_scale.toml").read_bytes(), "verbal_scale.toml")


def read_scale(path: Path) -> Scale:
    """A laboratory's own scale.  CatalogueError when it cannot be used, OSError when it cannot be read."""
    with path.open("rb") as file:
        return parse_scale(file.read(MAX_BYTES + 1), path.name)


def parse_scale(data: bytes, where: str) -> Scale:
    """A scale from its TOML; `where` begins every CatalogueError."""
    if len(data) > MAX_BYTES:
        raise CatalogueError(f"{where}: expected at most {MAX_BYTES} bytes")
    try:
        document = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # of the encoding, the syntax, a number too long, nesting too deep
        raise CatalogueError(f"{where}: {error}") from None
    _checked(where, document, _SCALE)
    bands = []
    for number, entry in enumerate(document["band"], 1):
        if not isinstance(entry, dict):
            raise CatalogueError(f"{where}, band {number}: expected a table")
        if type(entry.get("at_least")) is int and entry["at_least"] <= MOST:
            entry = {**entry, "at_least": float(entry["at_least"])}
        _checked(f"{where}, band {number}", entry, _BAND)
        if not entry["at_least"] <= MOST:  # NaN is not
            raise CatalogueError(f"{where}, band {number}: at_least expected at most {MOST:g}, got {entry['at_least']}")
        bands.append(Band(**entry))
    if not bands or bands[0].at_least != 1.0 or any(a.at_least >= b.at_least for a, b in pairwise(bands)):
        raise CatalogueError(f"{where}: expected bands in ascending order, the first from 1 on")
    named = {key: document[key] for key in _SCALE if key != "band"}
    return Scale(**named, bands=tuple(bands), sha256=hashlib.sha256(data).hexdigest())


def on_scale(document: Mapping[str, Any], scale: Scale) -> dict[str, Any]:
    """A verdict document, of one instrument or of a site, with every ratio told on `scale`."""
    told = dict(document)
    if "instruments" in told:
        told["instruments"] = [on_scale(one, scale) for one in told["instruments"]]
    if "findings" in told:
        told["findings"] = [_finding(finding, scale) for finding in told["findings"]]
    return {**told, "verbal_scale": scale.cited()}


def _finding(finding: Mapping[str, Any], scale: Scale) -> dict[str, Any]:
    ratio = finding.get("likelihood")
    if not ratio:
        return dict(finding)
    band = scale.band(float(ratio["at_least"]))
    words = {"en": "", "zh": ""} if band is None else {"en": band.en, "zh": band.zh}
    return {**finding, "likelihood": {**ratio, "verbal": words}}


def _checked(where: str, got: Mapping[str, Any], schema: Mapping[str, type]) -> None:
    odd, lacking = sorted(set(got) - set(schema)), sorted(set(schema) - set(got))
    if odd or lacking:
        raise CatalogueError(f"{where}: unknown keys {odd or 'none'}, missing keys {lacking or 'none'}")
    for name, kind in schema.items():
        if type(got[name]) is not kind:
            raise CatalogueError(f"{where}: {name} expected {kind.__name__}, got {got[name]!r}")
