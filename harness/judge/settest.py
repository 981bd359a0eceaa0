"""The reading of an exact law: a value inside or outside the set that an honest instrument can show.

A value outside may still be a misread digit or a damaged frame that passes its checksum: rare per segment (q), so a
violation multiplies evidence by no more than the odds 1/q allow; three of them, or photographed readings, are asked
for before the word `proven` (field_rules.md section 6, condition 2).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from harness.judge.contract import Link, Reading, Shape, View
from harness.judge.evalue import bet


def violation(
    detector: str,
    segment: str,
    link: Link,
    view: View,
    value: Decimal,
    low: Decimal,
    high: Decimal,
    at: Mapping[str, Any],
    shape: Shape | None,
    sure: bool = False,
) -> Reading:
    """One law at one segment: `value` against the admitted closed interval [low, high], all in one unit.

    `sure` when the value cannot be a single misreading: photographed, or repeated at rest over the wire.
    """
    q = view.parameters["q_sure"] if sure else view.parameters["q"]
    middle = (low + high) / 2
    half = float((high - low) / 2)
    broken = not low <= value <= high
    scale = float(middle) if middle else None
    excess = float(value - middle)
    interval = None
    if scale:
        ends = sorted(((excess - half) / scale, (excess + half) / scale))
        interval = (ends[0], ends[1])
    return Reading(
        detector,
        segment,
        link,
        bet(broken, q, view.validation),
        p=q if broken else 1.0,
        hits=int(broken),
        effect=excess / scale if scale else None,
        interval=interval,
        mde=2 * half / scale if scale else None,
        shape=shape if broken else None,
        at=dict(at) | {"value": str(value), "low": str(low), "high": str(high)},
    )
