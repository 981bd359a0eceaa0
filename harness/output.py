"""Results on stdout, for people or as one JSON document; commentary on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

SCHEMA = "shortmeasure/1"


def emit(kind: str, document: Mapping[str, Any], text: str, as_json: bool) -> None:
    """One result: `document` as JSON with schema and kind, or `text` for people."""
    if as_json:
        sys.stdout.write(
            json.dumps({"schema": SCHEMA, "kind": kind, **document}, ensure_ascii=False, allow_nan=False) + "\n"
        )
    else:
        sys.stdout.write(text.rstrip("\n") + "\n")


def comment(text: str) -> None:
    """Commentary for people: progress, notes, where files went."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
