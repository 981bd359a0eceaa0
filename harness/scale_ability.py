"""What a plan may count on at a scale, from the bench file alone: loads that can be put on, keys that can be pressed."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from fixtures.benchfile import BenchFile
from fixtures.errors import BenchError
from fixtures.kinds import PLAIN
from harness.plans.ability import ScaleAbility
from harness.plans.worked import barred


def scale_ability(file: BenchFile) -> ScaleAbility:
    pairs = (pair.split("/") for pair in str(file.profile["intervals"]).split())
    never = set(str(file.profile.get("forbidden_keys", "")).split())
    keys = tuple(key for key in str(file.profile.get("keys", "")).split() if key not in never and not barred(key))
    _check_places(file, keys)
    return ScaleAbility(
        intervals=tuple((Decimal(most), Decimal(e)) for most, e in pairs),
        masses_kg=tuple(map(Decimal, str(file.reference.get("masses_kg", "")).split())),
        keys=keys,
        clear_key=str(file.profile.get("clear_key", "")),
        streamed="indicate" in file.roles,
        presses="keys" in file.roles,
        priced=file.profile.get("unit_price_keys") is True,
        places_kg=_places(file),
        several_ranges=file.profile.get("multi_range") is True,
        accuracy_class=str(file.profile.get("accuracy_class", "III")),
    )


def _places(file: BenchFile) -> tuple[Decimal, ...]:
    """Masses that the instrument at the role `load` has a place for (its table `masses`); () where hands put loads on."""
    loader = file.instruments.get(file.roles.get("load", ""))
    table = {} if loader is None else loader.options.get("masses", {})
    return tuple(Decimal(kg) for kg in map(str, table) if PLAIN.match(kg)) if isinstance(table, Mapping) else ()


def _check_places(file: BenchFile, keys: tuple[str, ...]) -> None:
    """Raises BenchError for a key that a plan would press and the finger has no place for: hours into the run it would end it."""
    finger = file.instruments.get(file.roles.get("keys", ""))
    table = {} if finger is None else finger.options.get("key_map", {})
    if table and isinstance(table, Mapping) and (missing := [key for key in keys if key not in table]):
        raise BenchError(
            f"{file.where}: [profile] keys expected keys that have a place in key_map of {file.roles['keys']}, got {missing[0]!r}; "
            "give its place, or leave it out of keys"
        )
