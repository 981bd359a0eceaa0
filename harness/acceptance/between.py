"""Results that two cases have in common, held against each other: En, zeta and z of each (ISO 13528), from their verdict documents.

What is compared is what judging gave: the results of a protocol, by test, formula and point; of runs without one the error of each group of
deliveries or weighings.  Two editions state two things under one name, so nothing is compared across them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fixtures.language import mark
from harness.acceptance.protocol import tests_of
from harness.metrology.comparison import Score, Standing, en, z, zeta
from harness.metrology.errors import NotComparable

PROTOCOL, CONFORMITY = "protocol", "conformity"
ALONE = mark("only one of the two cases has it")
EXACT = mark("it has no uncertainty")
LOAD = "load"  # of a group of weighings, whose errors are in kg
Key = tuple[str, str, str]  # test, formula, point


@dataclass(frozen=True)
class Stated:
    """One result of one case; `u` is a standard uncertainty, `k` the coverage factor of its expanded one."""

    value: float
    u: float
    k: float
    unit: str


@dataclass(frozen=True)
class Compared:
    test: str
    formula: str
    at: str
    own: Stated
    reference: Stated
    scores: tuple[Score, ...]

    @property
    def standing(self) -> Standing:
        """The gravest of its scores."""
        return max((one.standing for one in self.scores), key=list(Standing).index)


@dataclass(frozen=True)
class LeftOut:
    test: str
    formula: str
    at: str
    why: str


@dataclass(frozen=True)
class Comparison:
    """`basis`: PROTOCOL or CONFORMITY.  `shared`: certificates of standards that both rest on; what is not known of them is the same in both,
    so that the scores come out too small."""

    edition: str
    basis: str
    instruments: tuple[str, str]
    shared: tuple[str, ...]
    rows: tuple[Compared, ...]
    left_out: tuple[LeftOut, ...]


def between(own: Mapping[str, Any], reference: Mapping[str, Any], spread: float = 0.0, k: float = 2.0) -> Comparison:
    """`spread`: standard deviation for the comparison in the unit of the results, 0 for no z; `k`: where the results state none.

    NotComparable for documents of sites, of other editions or units, or with nothing in common.
    """
    for document in (own, reference):
        if "instruments" in document:
            raise NotComparable(
                f"expected a case of one instrument, got the site {document['site']}; compare a run of one of its instruments"
            )
    ours, theirs = (str(document["conformity_detail"]["edition"]) for document in (own, reference))
    if ours != theirs:
        raise NotComparable(f"expected two cases judged by one edition, got {ours} and {theirs}")
    if own["quantity"] != reference["quantity"]:
        raise NotComparable(f"expected results of one quantity, got {own['quantity']} and {reference['quantity']}")
    basis = PROTOCOL if tests_of(own) and tests_of(reference) else CONFORMITY
    found, against = (
        _tested(document) if basis == PROTOCOL else _grouped(document, k) for document in (own, reference)
    )
    rows, left_out = [], []
    for key in dict.fromkeys((*found, *against)):
        one, other = found.get(key), against.get(key)
        if one is None or other is None:
            left_out.append(LeftOut(*key, ALONE))
        elif one.unit != other.unit:
            raise NotComparable(f"{', '.join(key)}: expected one unit, got {one.unit} and {other.unit}")
        elif not (one.u or other.u):
            left_out.append(LeftOut(*key, EXACT))
        else:
            rows.append(Compared(*key, one, other, _scores(one, other, spread)))
    if not rows:
        raise NotComparable(
            "expected a result with uncertainty that both cases have (same test, formula and point), got none: "
            f"one has {_listed(found)}, the other {_listed(against)}"
        )
    units = {row.own.unit for row in rows}
    if spread and len(units) > 1:
        raise NotComparable(f"expected results of one unit for --spread, got {', '.join(sorted(units))}; leave it out")
    held = _certificates(reference)
    return Comparison(
        ours, basis, (str(own["instrument"]), str(reference["instrument"])),
        tuple(one for one in _certificates(own) if one in held), tuple(rows), tuple(left_out),
    )  # fmt: skip


def _scores(one: Stated, other: Stated, spread: float) -> tuple[Score, ...]:
    scores = [
        en(one.value, one.k * one.u, other.value, other.k * other.u),
        zeta(one.value, one.u, other.value, other.u),
    ]
    return (*scores, *([z(one.value, other.value, spread)] if spread else []))


def _tested(document: Mapping[str, Any]) -> dict[Key, Stated]:
    """What could be computed.  A test that gives several results at one point gives them in the same order in every run."""
    found: dict[Key, Stated] = {}
    met: Counter[Key] = Counter()
    for test in tests_of(document):
        for row in test["results"]:
            key = str(row["test"]), str(row["formula"]), str(row["at"])
            met[key] += 1
            if row["value"] is not None:
                at = key[2] if met[key] == 1 else f"{key[2]} ({met[key]})"
                found[(*key[:2], at)] = Stated(row["value"], row["u"], row["k"], row["unit"])
    return found


def _grouped(document: Mapping[str, Any], k: float) -> dict[Key, Stated]:
    """The mean error of each group; of weighings the error at the load that decides, another load being another point."""
    found = {}
    for group in document["conformity_detail"]["groups"]:
        at = [group["state"], *([group["flow"]] if "flow" in group else []), *([f"{group[LOAD]:g} kg"] if LOAD in group else [])]  # fmt: skip
        unit = "kg" if LOAD in group else "1"
        found[(str(group["phase"]), "error", ", ".join(at))] = Stated(group["error"], group["u"], k, unit)
    return found


def _listed(found: Mapping[Key, Stated]) -> str:
    return "; ".join(" ".join(key) for key in list(found)[:5]) or "none at all"


def _certificates(document: Mapping[str, Any]) -> list[str]:
    return [str(one["certificate"]) for one in document.get("standards", ()) if one.get("certificate")]
