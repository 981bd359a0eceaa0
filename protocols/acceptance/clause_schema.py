"""JSON Schema of the conditions, equipment and tests of an edition, made of the tables that their parser reads by.

Whether a limit of that name is there, and whether an id is used once, no schema tells.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from protocols.acceptance.clause_parser import (
    BOUNDS,
    CONDITION_KEYS,
    EQUIPMENT_KEYS,
    MOST_CONDITIONS,
    MOST_JUDGED,
    MOST_POINTS,
    MOST_REPEATS,
    MOST_TESTS,
    TEST_KEYS,
    point_pattern,
)
from protocols.acceptance.stimuli import INFLUENCES, STIMULI, Stimulus

Schema = dict[str, Any]


def conditions(slug: Schema, text: Schema, stated: Schema) -> Schema:
    bounds = {key: {"type": "number"} for key in BOUNDS}
    one = _table(CONDITION_KEYS, {"id": slug, "quantity": text, "unit": text, **bounds, **stated})
    return _array(MOST_CONDITIONS, {**one, "anyOf": [{"required": [key]} for key in BOUNDS]})


def equipment(slug: Schema, text: Schema, number: Schema, stated: Schema) -> Schema:
    return _array(
        MOST_CONDITIONS, _table(EQUIPMENT_KEYS, {"id": slug, "quantity": text, "most": number, "of": slug, **stated})
    )


def tests(slug: Schema, text: Schema, number: Schema, stated: Schema) -> Schema:
    formulas = sorted({formula for one in STIMULI.values() for formula in one.formulas})
    judged = _table(("formula", "limit"), {"formula": {"enum": formulas}, "limit": slug})
    kinds: dict[object, Schema] = {str: text, Decimal: number}
    settings = {
        key: {"enum": list(known)} if isinstance(known, tuple) else kinds[known]
        for one in STIMULI.values()
        for key, known in one.settings.items()
    }
    one = _table(
        TEST_KEYS,
        {
            "id": slug, "title": text, "title_zh": text, "stimulus": {"enum": list(STIMULI)},
            "points": {"type": "array", "maxItems": MOST_POINTS, "items": {"type": "string"}},
            "repeats": {"type": "integer", "minimum": 1, "maximum": MOST_REPEATS},
            "judged": {"type": "array", "minItems": 1, "maxItems": MOST_JUDGED, "items": judged},
            "influence": {"enum": list(INFLUENCES)}, "severity": text, "against": slug, **settings, **stated,
        },
    )  # fmt: skip
    fault = {"properties": {"judged": {"contains": {"properties": {"formula": {"const": "fault"}}}}}}
    own = [_of_stimulus(name, stimulus, tuple(settings)) for name, stimulus in STIMULI.items()]
    return _array(
        MOST_TESTS,
        {
            **one,
            "dependentRequired": {"influence": ["severity"], "severity": ["influence"]},
            "allOf": [
                *one["allOf"], {"if": fault, "then": {"required": ["against"]}, "else": {"properties": {"against": False}}}, *own,
            ],
        },
    )  # fmt: skip


def of_family(family: str) -> Schema:
    """An edition of a family asks for what can be done to it."""
    own = [name for name, stimulus in STIMULI.items() if family in stimulus.families]
    return {
        "if": {"properties": {"family": {"const": family}}},
        "then": {"properties": {"test": {"items": {"properties": {"stimulus": {"enum": own}}}}}},
    }


def verified_by_print() -> Schema:
    return {
        "if": {"properties": {"verified": {"const": True}}},
        "then": {"properties": {"grade": {"const": "V"}}},
    }


def _of_stimulus(name: str, stimulus: Stimulus, settings: tuple[str, ...]) -> Schema:
    """What a test of this stimulus has: its points, its formulas, and no settings of another."""
    points: Schema = {"maxItems": 0}
    if stimulus.point:
        points = {"minItems": 1, "items": {"pattern": f"^{point_pattern(stimulus.point)}$"}}
    then: Schema = {
        "properties": {
            "points": points,
            "judged": {"items": {"properties": {"formula": {"enum": list(stimulus.formulas)}}}},
            **{key: False for key in settings if key not in stimulus.settings},
        }
    }
    if stimulus.point:
        then["required"] = ["points"]
    return {"if": {"properties": {"stimulus": {"const": name}}}, "then": then}


def _table(required: tuple[str, ...], properties: Schema) -> Schema:
    found: Schema = {
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": properties,
    }
    return {**found, "allOf": [verified_by_print()]} if "verified" in properties else found


def _array(most: int, items: Schema) -> Schema:
    return {"type": "array", "minItems": 1, "maxItems": most, "items": items}
