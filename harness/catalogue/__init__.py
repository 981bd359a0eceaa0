"""Cheat functions, honest causes and validations as data, and their loader.  Unknown keys are errors."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from harness.judge.catalogue import CheatEntry
from harness.judge.causes import HonestCause
from harness.judge.contract import Shape, Validation
from harness.judge.facts import FACTS
from harness.judge.intervals import MPE, ZERO_TRACKING
from harness.judge.key_effects import CHANGES, KEY_EFFECTS, KeyEffect, WeightRule
from harness.judge.laws.fare_replay import TARIFF
from harness.judge.laws.self_lock import LockRule
from harness.judge.sensor_class import SENSORS, SensorClass
from harness.tariffs import tariff
from protocols.acceptance import Edition

MAX_BYTES = 1 << 20
FAMILIES = {
    "fuel.toml": "dispenser",
    "scale.toml": "price-scale",
    "truck.toml": "truck-scale",
    "taxi.toml": "taximeter",
}
CAUSES = ("causes_fuel.toml", "causes_gas.toml", "causes_scale.toml")
CAUSES_OF = {
    "taximeter": ("causes_taxi.toml",)
}  # families whose tests of pulses are those of dispensers, under causes of their own
_ENTRY = {
    "id": str,
    "title_en": str,
    "title_zh": str,
    "breaks": list,
    "triggers": list,
    "shapes": list,
    "reverts": list,
    "magnitude": str,
    "sources": list,
    "grade": str,
    "verified": bool,
}
_CAUSE = {
    "cause": str,
    "detectors": list,
    "links": list,
    "contrasts": list,
    "excluded_by": list,
    "source": str,
    "grade": str,
    "ids": list,
}
_OPTIONAL: Mapping[str, Mapping[str, tuple[str, ...]]] = {"cause": {"ids": ()}}
_RULE = {
    "edition": str,
    "code": str,
    "after": str,
    "limit_rel": float,
    "sales": int,
    "meaning": str,
    "clause": str,
    "source": str,
    "grade": str,
    "verified": bool,
}
_KEY = {
    "labels": list,
    "aliases": list,
    "changes": list,
    "weight": str,
    "momentary": bool,
    "expected_en": str,
    "expected_zh": str,
    "source": str,
    "grade": str,
}
_SENSOR = {
    "name": str,
    "spacing_rel": float,
    "bounce_us": int,
    "update_ms": int,
    "latency_ms": int,
    "rotor_signature": bool,
    "timer_lattice": bool,
    "divides": bool,
    "source": str,
    "grade": str,
}
_CURVE = {
    "name": str,
    "version": int,
    "n_null": int,
    "false_hits": int,
    "generators": list,
    "seed": int,
    "commit": str,
    "note": str,
}


class CatalogueError(ValueError):
    """Catalogue data that cannot be used; says which file, which entry and what was expected."""


def load_table(resource: str, key: str, schema: Mapping[str, type]) -> list[dict[str, Any]]:
    """The entries `key` of a data file, each with exactly the keys and types of `schema`."""
    data = (files(__name__) / resource).read_bytes()
    if len(data) > MAX_BYTES:
        raise CatalogueError(f"{resource}: expected at most {MAX_BYTES} bytes, got {len(data)}")
    document = tomllib.loads(data.decode("utf-8"))
    _same_keys(f"{resource}", document, [key])
    entries: list[dict[str, Any]] = document[key]
    for number, entry in enumerate(entries, 1):
        where = f"{resource}, {key} {number}"
        for name, absent in _OPTIONAL.get(key, {}).items():
            entry.setdefault(name, list(absent))
        _same_keys(where, entry, schema)
        for name, kind in schema.items():
            if type(entry[name]) is not kind:
                raise CatalogueError(f"{where}: {name} expected {kind.__name__}, got {entry[name]!r}")
    return entries


def _same_keys(where: str, got: Mapping[str, Any], expected: Iterable[str]) -> None:
    wanted = set(expected)
    if set(got) != wanted:
        odd, lacking = sorted(set(got) - wanted), sorted(wanted - set(got))
        raise CatalogueError(f"{where}: unknown keys {odd or 'none'}, missing keys {lacking or 'none'}")


@cache
def load_catalogue() -> tuple[CheatEntry, ...]:
    """All documented cheat functions."""
    result = []
    for resource, family in FAMILIES.items():
        for entry in load_table(resource, "cheat", _ENTRY):
            for shape in entry["shapes"]:
                if shape not in set(Shape):
                    raise CatalogueError(f"{resource}, {entry['id']}: shape {shape!r} is not one of {', '.join(Shape)}")
            lists = {k: tuple(entry[k]) for k in ("breaks", "triggers", "shapes", "reverts", "sources")}
            result.append(CheatEntry(family=family, **{**entry, **lists}))
    ids = [entry.id for entry in result]
    if len(set(ids)) != len(ids):
        raise CatalogueError("an id stands twice in the catalogue")
    return tuple(result)


def cheats_of(family: str) -> tuple[CheatEntry, ...]:
    """The functions documented for a family of instruments; all of them for a family that has none of its own."""
    own = tuple(entry for entry in load_catalogue() if entry.family == family)
    return own or load_catalogue()


@cache
def load_causes(family: str = "") -> tuple[HonestCause, ...]:
    """The honest causes of a family of editions; every fact they name must be one that facts.py computes."""
    result = []
    for entry in [entry for name in CAUSES_OF.get(family, CAUSES) for entry in load_table(name, "cause", _CAUSE)]:
        alternatives = tuple(tuple(names) for names in entry["excluded_by"])
        unknown = {name for names in alternatives for name in names} - set(FACTS)
        if unknown:
            raise CatalogueError(f"honest cause {entry['cause']!r}: unknown facts {sorted(unknown)}")
        lists = {k: tuple(entry[k]) for k in ("detectors", "links", "contrasts", "ids")}
        result.append(HonestCause(**{**entry, **lists, "excluded_by": alternatives}))
    return tuple(result)


@cache
def load_self_lock() -> tuple[LockRule, ...]:
    """What the self-lock must show after which sales, by edition."""
    return tuple(LockRule(**entry) for entry in load_table("self_lock.toml", "rule", _RULE))


@cache
def load_key_effects(resource: str = "key_effects.toml") -> tuple[KeyEffect, ...]:
    """What every listed key of a price-computing scale may do, one entry a label; no two keys share a name."""
    result: list[KeyEffect] = []
    for number, entry in enumerate(load_table(resource, "key", _KEY), 1):
        where = f"{resource}, key {number}"
        labels, lists = entry.pop("labels"), {name: tuple(entry[name]) for name in ("aliases", "changes")}
        if unknown := sorted(set(lists["changes"]) - set(CHANGES)):
            raise CatalogueError(f"{where}: changes expected some of {', '.join(CHANGES)}, got {', '.join(unknown)}")
        if entry["weight"] not in set(WeightRule):
            raise CatalogueError(f"{where}: weight expected one of {', '.join(WeightRule)}, got {entry['weight']!r}")
        if (entry["weight"] != WeightRule.KEPT) != ("weight" in lists["changes"]):
            raise CatalogueError(f"{where}: weight = {entry['weight']!r} and changes = {entry['changes']} contradict")
        if not labels or (lists["aliases"] and len(labels) > 1):
            raise CatalogueError(f"{where}: expected one label, or several without aliases, got {labels}")
        rule = {**entry, **lists, "weight": WeightRule(entry["weight"])}
        result.extend(KeyEffect(label=label, **rule) for label in labels)
    names = [name for one in result for name in {key.casefold() for key in (one.label, *one.aliases)}]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise CatalogueError(f"{resource}: two keys are named {', '.join(twice)}")
    return tuple(result)


@cache
def load_sensor_classes() -> Mapping[str, SensorClass]:
    """What an honest sensor of each class does to its pulses, by the name of the class."""
    return {entry["name"]: SensorClass(**entry) for entry in load_table("sensor_classes.toml", "class", _SENSOR)}


def with_rules(profile: Mapping[str, Any], edition: Edition) -> Mapping[str, Any]:
    """The declared profile with the data that its tests need: self-lock rules of the edition it declares; of a scale the steps
    of its maximum permissible errors and what its keys may honestly do; of a taximeter what honest sensors of each class do."""
    if edition.family == "taximeter":
        tariffs = {TARIFF: tariff(str(profile["tariff"]))} if "tariff" in profile else {}
        return {**profile, SENSORS: load_sensor_classes(), **tariffs}
    if edition.family == "scale":
        steps = edition.mpe_steps(str(profile.get("accuracy_class", "III")), profile.get("limits") != "initial")
        return {
            **profile,
            MPE: steps,
            ZERO_TRACKING: float(edition.limit("zero-tracking").value),
            KEY_EFFECTS: load_key_effects(),
        }
    return {**profile, "self_lock_rules": load_self_lock()} if "self_lock" in profile else profile


@cache
def load_validations(resource: str = "validation.toml") -> Mapping[str, Validation]:
    """Measured false hits by "name/version"."""
    curves = load_table(resource, "curve", _CURVE)
    return {f"{c['name']}/{c['version']}": Validation(c["n_null"], c["false_hits"], c["commit"]) for c in curves}
