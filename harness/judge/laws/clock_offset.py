"""Clock offset: does the meter's clock stand off the legal time by more than a clock that nobody sets drifts in a year?

The context `clock_offset_s` holds what was read: meter's clock less legal time of its place (value, standard uncertainty), in seconds.
Null: |offset| is at most `drift_s` (a quartz clock, 20 ppm over the year between two verifications is 10 minutes).  A tariff
that changes by the hour makes an offset money, but a clock has no mind: alone a matter of conformity.  Source: taximeters.md 1 (C30: a meter 6 minutes fast) and 6 (D11); the bound [D].
"""

from __future__ import annotations

from collections.abc import Sequence

from scipy import stats

from harness.judge.account import Kind
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, View
from harness.judge.evalue import bet

NAME = "clock-offset"
LINK = Link("clock", "waiting")


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    readings = []
    for segment in segments:
        told = segment.context.get("clock_offset_s")
        if not isinstance(told, (tuple, list)) or len(told) != 2:
            continue
        offset, u = float(told[0]), max(float(told[1]), 0.5)
        p = min(1.0, 2 * float(stats.norm.sf((abs(offset) - view.parameters["drift_s"]) / u)))
        hit = p < view.parameters["q"]
        readings.append(
            Reading(
                NAME, segment.id, LINK, bet(hit, view.parameters["q"], view.validation), p=p, hits=int(hit),
                shape=Shape.CONSTANT if hit else None, at={"offset_s": round(offset, 1), "u_s": round(u, 1)},
            )
        )  # fmt: skip
    return readings


DETECTOR = DetectorSpec(
    name=NAME,
    version=1,
    kind="law",
    null="the meter's clock stands off legal time by no more than a quartz clock drifts between two verifications",
    needs="the meter's clock read beside legal time",
    parameters={"drift_s": 600.0, "q": 3e-4},
    judge=judge,
    one_by_one=True,
    mechanism="the clock of the meter stands off legal time",
    telling=60,
    shows=Kind.CLOCK,
    conformity_alone=True,
)
