"""An excess that is a fixed volume per sale (E falls as 1/v), or a share of the volume (E stays), over several sales.

Weighted least squares of the excess in litres over the litres delivered, offset + gain x litres; where the scatter exceeds
the stated uncertainties both are widened by it.  A fixed volume is what an incomplete zero leaves (fuel_dispensers.md
C24), but hose and first litre as well: this names the size, it accuses nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.judge.contract import Reading, Segment
from harness.judge.quantities import at_rest

LEAST_RATIO = 1.5  # of the largest to the smallest sale: less does not tell the two apart
CLEAR = 4.0  # standard uncertainties
SMALL_L, SMALL_REL = 0.05, 0.003  # what is not worth a word
_LEAST_U_L = 0.005


@dataclass(frozen=True)
class OffsetGain:
    """Offset in litres and relative gain with standard uncertainties; `kind`: "offset", "gain", "both" or ""."""

    offset_l: float
    u_l: float
    gain: float
    u: float
    kind: str


def litres(segment: Segment) -> float | None:
    """What the segment's sale came to by register, display, or what was asked."""
    for name in ("register", "display"):
        value = at_rest(segment.registers.get(name))
        if value:
            return float(value)
    asked = segment.context.get("asked_l")
    return float(asked) if asked else None


def offset_or_gain(readings: Sequence[Reading], segments: Sequence[Segment]) -> OffsetGain | None:
    """The fit over all readings of one process that give an effect with its interval; None where they cannot tell."""
    by_id = {segment.id: segment for segment in segments}
    points = []
    for reading in readings:
        volume = litres(by_id[reading.segment]) if reading.segment in by_id else None
        if volume and reading.effect is not None and reading.interval is not None:
            u = (reading.interval[1] - reading.interval[0]) / (2 * 1.96)
            points.append((volume, reading.effect * volume, max(u * volume, _LEAST_U_L)))
    if len(points) < 3 or max(p[0] for p in points) < LEAST_RATIO * min(p[0] for p in points):
        return None
    v, excess, u_l = (np.array(column, dtype=np.float64) for column in zip(*points, strict=True))
    design = np.column_stack([np.ones_like(v), v]) / u_l[:, None]
    solution, _, rank, _ = np.linalg.lstsq(design, excess / u_l, rcond=None)
    if rank < 2:
        return None
    left = excess / u_l - design @ solution
    scale = max(1.0, float(left @ left) / (v.size - 2))
    u_offset, u_gain = np.sqrt(np.diag(np.linalg.inv(design.T @ design)) * scale)
    offset, gain = map(float, solution)
    fixed = abs(offset) > max(CLEAR * u_offset, SMALL_L)
    share = abs(gain) > max(CLEAR * u_gain, SMALL_REL)
    kind = "both" if fixed and share else "offset" if fixed else "gain" if share else ""
    return OffsetGain(offset, float(u_offset), gain, float(u_gain), kind)
