"""A verdict as one versioned JSON document, and the courses that the plots are drawn from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any

import numpy as np

from harness.judge.contract import Finding, Reading, Segment, Verdict
from harness.report.indicated import indicated, untouched_loads
from protocols.acceptance import Edition

NUMBER_DIGITS = 12


def verdict_document(
    verdict: Verdict,
    edition: Edition,
    segments: Sequence[Segment],
    *,
    why: str,
    kit: str,
    quantity: str = "L",
    profile: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Everything that was found, what it rests on, and what could not be seen; `profile`: what is declared of the instrument,
    by which its indications are read."""
    profile = profile or {}
    untouched = untouched_loads(segments, profile)
    return {
        "instrument": verdict.instrument,
        "kit": kit,
        "quantity": quantity,  # unit of what is delivered, driven or weighed: of every key that ends in _l or names litres
        "status": str(verdict.status),
        "why": why,
        "conformity": str(verdict.conformity.conformity),
        "integrity": str(verdict.integrity),
        "conformity_detail": {
            **plain(asdict(verdict.conformity)),
            "edition": edition.id,
            "edition_title": edition.title,
        },
        "findings": [_finding(finding) for finding in verdict.findings],
        "coverage": [plain(asdict(question)) for question in verdict.coverage],
        "readings": [_reading(reading) for reading in verdict.readings],
        "budget": plain(asdict(verdict.budget)) if verdict.budget is not None else None,
        "evidence": [{**plain(asdict(one)), "link": str(one.link)} for one in verdict.evidence],
        "segments": [_segment(segment, profile, untouched) for segment in segments],
        "notes": list(verdict.notes),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {**plain(asdict(finding)), "link": str(finding.link)}


def _reading(reading: Reading) -> dict[str, Any]:
    return {**plain(asdict(reading)), "link": str(reading.link)}


def _segment(segment: Segment, profile: Mapping[str, Any], untouched: frozenset[str]) -> dict[str, Any]:
    register = segment.registers.get("register")
    return {
        "id": segment.id, "instrument": segment.instrument, "kind": str(segment.kind), "phase": segment.phase, "state": segment.state,
        "begin_s": segment.window_ns[0] / 1e9, "end_s": segment.window_ns[1] / 1e9, "complete": segment.complete,
        "register_l": None if register is None or not register.values else str(register.values[-1]),
        **plain(indicated(segment, profile, untouched)),
        "edges": {name: int(train.ticks.size) for name, train in segment.trains.items()},
        "context": plain(dict(segment.context)),
    }  # fmt: skip


def plain(value: Any) -> Any:
    """`value` as JSON data: decimals and fractions as text, arrays as lists, non-finite numbers as null."""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return [plain(item) for item in value.tolist()]
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, Decimal | Fraction):
        return str(value)
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return float(f"{value:.{NUMBER_DIGITS}g}") if np.isfinite(value) else None
    return value


def as_json_bytes(document: Mapping[str, Any]) -> bytes:
    return (json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False, sort_keys=True) + "\n").encode()
