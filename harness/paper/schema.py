"""JSON Schema of a report, so that other programs may rely on it; a new version has a new name (model.SCHEMA)."""

from __future__ import annotations

from typing import Any

from harness.paper.model import SCHEMA, Kind, Tone

TEXT: dict[str, Any] = {"type": "string"}
TEXTS = {"type": "array", "items": TEXT}
BLOCKS: dict[str, dict[str, Any]] = {
    "paragraph": {"text": TEXT, "tone": {"enum": [str(one) for one in Tone]}},
    "bullets": {"items": TEXTS},
    "facts": {"rows": {"type": "array", "items": {**TEXTS, "minItems": 2, "maxItems": 2}}},
    "table": {
        "name": TEXT,
        "columns": TEXTS,
        "rows": {"type": "array", "items": TEXTS},
        "caption": TEXT,
        "rests": {"type": "array", "items": TEXTS},
    },
    "figure": {"name": TEXT, "svg": TEXT, "caption": TEXT, "alt": TEXT},
    "blanks": {"labels": TEXTS},
}


def schema() -> dict[str, Any]:
    block = {"oneOf": [_object({"type": {"const": name}, **own}) for name, own in BLOCKS.items()]}
    section = _object({"id": TEXT, "title": TEXT, "blocks": {"type": "array", "items": block}, "traces": TEXTS})
    part = _object(
        {
            "lang": {"enum": ["zh", "en"]},
            "title": TEXT,
            "subtitle": TEXT,
            "sections": {"type": "array", "items": section},
        }
    )
    number = {"type": "number"}
    read = {"type": "array", "items": {**TEXTS, "minItems": 2, "maxItems": 2}}
    place = _object({"segment": TEXT, "begin_s": number, "end_s": number, "first": TEXT, "last": TEXT, "read": read})
    own = _object(
        {
            "kind": {"enum": [str(one) for one in Kind]}, "case": TEXT, "digest": TEXT, "journal_head": TEXT, "made_utc": TEXT, "tool": TEXT,
            "parts": {"type": "array", "minItems": 1, "items": part}, "places": {"type": "array", "items": place}, "document": {"type": "object"},
        }
    )  # fmt: skip
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA,
        "title": "shortmeasure report",
        **own,
    }


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
