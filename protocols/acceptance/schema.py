"""JSON Schema (draft 2020-12) of an acceptance edition, for editors that complete and check TOML by one; the parser is what decides."""

from __future__ import annotations

from typing import Any

from protocols.acceptance.clause_schema import conditions, equipment, of_family, tests, verified_by_print
from protocols.acceptance.edition import GRADES
from protocols.acceptance.parser import CLASSES, FAMILIES, LIMIT_KEYS, MAX_LIMITS, UNITS, USES
from protocols.toml_tables import MAX_TEXT, SLUG

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    text = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT}
    number = {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 10**9}
    slug = {"type": "string", "pattern": f"^{SLUG.pattern}$"}
    stated = {
        "clause": text, "source": text, "grade": {"enum": list(GRADES)}, "verified": {"type": "boolean"}, "compared": text,
    }  # fmt: skip
    limit = {
        "id": slug, "quantity": text, "value": number, "unit": {"enum": list(UNITS)}, **stated, "applies": text,
        "accuracy_class": {"enum": list(CLASSES)}, "upto_e": number, "upto_l": number,
    }  # fmt: skip
    return {
        "$schema": DRAFT,
        "title": "Acceptance edition of shortmeasure",
        "type": "object",
        "additionalProperties": False,
        "required": ["id", "title", "family", "in_force", "legal_basis", "use", "limit"],
        "properties": {
            "id": slug, "title": text, "family": {"enum": list(FAMILIES)},
            "in_force": {"type": "string", "pattern": "^([0-9]{4}(-[0-9]{2}-[0-9]{2})?|unknown)$"}, "legal_basis": text, "use": {"enum": list(USES)},
            "limit": {
                "type": "array", "minItems": 1, "maxItems": MAX_LIMITS,
                "items": {
                    "type": "object", "additionalProperties": False, "required": list(LIMIT_KEYS), "properties": limit,
                    "dependentRequired": {"accuracy_class": ["upto_e"], "upto_e": ["accuracy_class"]}, "allOf": [verified_by_print()],
                },
            },
            "condition": conditions(slug, text, stated), "equipment": equipment(slug, text, number, stated),
            "test": tests(slug, text, number, stated),
        },
        "allOf": [of_family(family) for family in FAMILIES],
    }  # fmt: skip
