"""Which tests a family of instruments has, with which parameters, and what was measured of their false hits."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from fixtures.plugins import specs
from harness.catalogue import CatalogueError, load_validations
from harness.judge.contract import DetectorSpec, Validation
from harness.judge.taps import through
from protocols.acceptance import Edition

KEYS = {"name", "validation", "only", "detectors"}
MOST_TRIPS = "most_trips"  # of such a test: how many trips it is asked of, where it tells a type of device
OF_TAPS = "taps"  # tests of a dispenser's pulses that judge the two taps of a taximeter (harness/judge/taps.py)


# laws that say of each sale what they say of it alone, beside the tests that are asked one by one
BY_SALE = frozenset({"amount-law", "display-law", "register-law", "totaliser-law", "zero-law"})


def speaks_alone(spec: DetectorSpec) -> bool:
    """Whether a test says of a segment what it says of that one alone."""
    return spec.one_by_one or spec.name in BY_SALE


@dataclass(frozen=True)
class FamilyTests:
    """Detectors by name and validations by "name/version", as `judge` takes them."""

    detectors: Mapping[str, DetectorSpec]
    validations: Mapping[str, Validation]


def family_tests(edition: Edition) -> FamilyTests:
    """The tests of the edition's family.

    A family that families.toml does not name has every test but those that only others have.  Changed parameters are
    another test: it claims by its own validation alone.  Raises CatalogueError when the data cannot be used.
    """
    known: Mapping[str, DetectorSpec] = specs("detectors")
    own = next((family for family in _families() if family["name"] == edition.family), None)
    if own is None:
        others = {name for family in _families() for name in family["only"]}
        return FamilyTests({name: spec for name, spec in known.items() if name not in others}, load_validations())
    chosen = {name: spec for name, spec in known.items() if edition.family in spec.families}
    chosen |= {
        name: _with(known[name], changes, edition) for name, changes in own["detectors"].items() if name in known
    }
    for name, changes in own.get(OF_TAPS, {}).items():
        if name in known:
            rest = {key: value for key, value in changes.items() if key != MOST_TRIPS}
            chosen[name] = through(_with(known[name], rest, edition), int(changes.get(MOST_TRIPS, 0)))
    return FamilyTests(chosen, load_validations(own["validation"]))


def _with(spec: DetectorSpec, changes: Mapping[str, float], edition: Edition) -> DetectorSpec:
    mpe = float(edition.limit("mpe").value) if "bound_mpe" in changes else 0.0
    own = {
        ("bound" if key == "bound_mpe" else key): value * (mpe if key == "bound_mpe" else 1)
        for key, value in changes.items()
    }
    if unknown := sorted(set(own) - set(spec.parameters)):
        raise CatalogueError(f"families.toml: {spec.name} has no parameters {', '.join(unknown)}")
    return replace(spec, parameters={**spec.parameters, **own})


@cache
def _families() -> tuple[Mapping[str, Any], ...]:
    document = tomllib.loads((files("harness.catalogue") / "families.toml").read_text("utf-8"))
    for number, family in enumerate(document["family"], 1):
        if set(family) - {OF_TAPS} != KEYS:
            raise CatalogueError(
                f"families.toml, family {number}: expected the keys {', '.join(sorted(KEYS))}, perhaps {OF_TAPS}, got {sorted(family)}"
            )
    return tuple(document["family"])
