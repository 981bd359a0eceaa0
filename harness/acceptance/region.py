"""The errors of many instruments from their cases, each with the station it stands at: what the mean of a region is made of.

Instruments of one station were adjusted by the same hands, so a mean needs to know which belong together.  A site names itself in its bench
file; a case of one instrument states no place of its own, and taking each for a station would accuse honest regions far more often than said: it
is asked for.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from captures.case import Case
from captures.journal_files import journal_files
from harness.acceptance.protocol import ERRORS, tests_of
from harness.acceptance.result import STANDARDS
from harness.derive import read_recorded
from harness.derive.parts import told
from harness.editions import edition_of
from harness.judging import judge_path
from harness.metrology.errors import NotComparable
from protocols.acceptance.edition import MPE

UNSAID = ("", "none", "not shown", "not read")  # answers that name nothing


@dataclass(frozen=True)
class Stations:
    """How the station of a case of one instrument is known: the answer to question `key`, or `of` by the folder's name, or each case is `alone`."""

    key: str = ""
    of: Mapping[str, str] = field(default_factory=dict)
    alone: bool = False


@dataclass(frozen=True)
class Row:
    """One instrument.  `error` in `unit` ("1" is relative), positive where it shows too much; `common`: standard uncertainty that it has from the
    standard, None where the case does not tell it apart from the rest."""

    case: str
    family: str
    instrument: str
    station: str
    error: float
    unit: str
    common: float | None


def rows(paths: Iterable[Path], stations: Stations) -> list[Row]:
    """NotComparable for a case without an error or a station, one given twice, or cases of several families or units."""
    found: list[Row] = []
    journals: dict[str, Path] = {}
    for path in paths:
        document = judge_path(path)
        head = _head(path)
        if head in journals:
            raise NotComparable(f"{path}: expected each run once, got that of {journals[head]} again; leave one out")
        journals[head] = path
        found += _rows(path, document, stations)
    for what, got in (("family", {row.family for row in found}), ("unit", {row.unit for row in found})):
        if len(got) > 1:
            raise NotComparable(
                f"expected errors of one {what}, got {', '.join(sorted(got))}; give those of one {what} alone"
            )
    met: dict[tuple[str, str], str] = {}
    for row in found:
        first = met.setdefault((row.station, row.instrument), row.case)
        if first != row.case:
            raise NotComparable(
                f"{row.case}: expected each instrument once, got {row.instrument} of {row.station} again, as in {first}; leave one out"
            )
    return found


def common(found: Iterable[Row]) -> float | None:
    """What all errors may have in common, the greatest of any; None where a case does not tell."""
    known = [row.common for row in found]
    return None if None in known else max((one for one in known if one is not None), default=0.0)


def _rows(path: Path, document: Mapping[str, Any], stations: Stations) -> list[Row]:
    recorded = read_recorded(Case.open(path).journal)
    family = edition_of(recorded.bench).family
    if recorded.bench.site is not None:
        # of the survey: the full plan of those that were chosen must not weigh more
        errors = document["batch"]["errors"]
        if not errors:
            raise NotComparable(
                f"{path}: expected an instrument whose error was measured, got none; leave the case out"
            )
        return [
            Row(path.name, family, id, str(document["site"]), one["error"], "1", one["u"])
            for id, one in errors.items()
        ]  # fmt: skip
    error = _error(document, family)
    if error is None:
        raise NotComparable(
            f"{path}: expected an error of indication, got none (run {document['status']}); leave the case out"
        )
    station = _station(path, told(recorded).stated, stations)
    return [Row(path.name, family, str(document["instrument"]), station, *error)]


def _station(path: Path, stated: Mapping[str, str], stations: Stations) -> str:
    if stations.alone:
        return f"{path.absolute()}"
    if stations.key:
        answer = " ".join(stated.get(stations.key, "").split()).casefold()  # spacing and case are the typist's
        if answer in UNSAID:
            keys = ", ".join(key for key, value in stated.items() if value)
            raise NotComparable(
                f"{path}: expected an answer to {stations.key!r} that names the station, got {answer or 'none'}; there are {keys}"
            )
        return answer
    if path.name in stations.of:
        return stations.of[path.name]
    if stations.of:
        raise NotComparable(f"{path}: expected a row of that file with case {path.name}, got none")
    raise NotComparable(
        f"{path}: expected to know which station its instrument stands at, got a case of one instrument, which does not say; "
        "--stations FILE names the station of each case, --station-of KEY takes an answer of the run, --each-a-station counts every case for itself"
    )


def _error(document: Mapping[str, Any], family: str) -> tuple[float, str, float | None] | None:
    """Mean over the points of the tests without influence.  Without such a test the mean over all groups of deliveries, not that of the gravest
    one: where limits differ on the two sides, as a taximeter's, the gravest lies more often above."""
    tested = [
        row
        for test in tests_of(document)
        for row in test["results"]
        if not test["influence"]
        and row["formula"] in ERRORS[family]
        and row["limit"] == MPE
        and row["value"] is not None
    ]
    if tested:
        mean = math.fsum(row["value"] for row in tested) / len(tested)
        shares = [abs(part["contribution"]) for row in tested for part in row["budget"] if part["name"] in STANDARDS]
        return mean, str(tested[0]["unit"]), max(shares, default=0.0)
    groups = document["conformity_detail"]["groups"]
    if not groups:
        return None
    weight = math.fsum(group["n"] for group in groups)
    mean = math.fsum(group["n"] * group["error"] / group.get("load", 1.0) for group in groups) / weight
    return mean, "1", None


def _head(path: Path) -> str:
    """The end of its journal, which no other run has."""
    journal = Case.open(path).journal
    return hashlib.sha256((journal / journal_files(journal)[-1]).read_bytes()).hexdigest()
