"""What a finding located: volumes, stretches, instants, rates and counts, over the segments that show it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import Any

from harness.judge.contract import Reading, Shape
from harness.judge.places import common

MOST_CODES = 3  # keys or codes that are named
COUNTED = ("slots", "declared", "follows")  # of all hits alike, or not told
MEASURED = (
    "rate_hz",
    "l_per_min",
    "recorded_ratio",
    "start_l",
    "tick_us",
    "period",
    "evened_to",
    "unexplained",
    "rise_l_min_s",
)  # median of the hits


def _course_at(hits: Sequence[Reading], shape: Shape | None) -> dict[str, Any]:
    """Kind of the course, the volumes common to all deliveries, and the gain of every stretch of the longest one."""
    told = [r for r in hits if "breaks" in r.at]
    if not told:
        return {}
    longest = max(told, key=lambda r: float(r.at["span_l"][1]))
    at: dict[str, Any] = {"kind": longest.at["kind"]}
    if shape is Shape.THRESHOLD:
        at["breaks_l"] = [
            {"at_l": round(p.at_l, 2), "interval_l": (round(p.low_l, 2), round(p.high_l, 2)), "deliveries": p.seen}
            for p in common(told)
        ]
    at["stretches"] = [
        {
            "from_l": round(s["from_l"], 2),
            "to_l": round(s["to_l"], 2),
            "gain": round(s["gain"], 5),
            "u": round(s["se"], 5),
        }
        for s in longest.at["stretches"]
    ]
    at["jumps_l"] = [
        {"at_l": round(b["at_l"], 2), "litres": round(b["size"], 3), "u_l": round(b["se"], 3)}
        for b in longest.at["breaks"]
        if b["kind"] == "jump"
    ]
    at["course_of"] = longest.segment
    return at


def located(hits: Sequence[Reading], shape: Shape | None, contrast: str) -> dict[str, Any]:
    """What was located, over the segments that show it."""
    at: dict[str, Any] = {}
    if contrast:
        at["contrast"] = contrast
    onsets = [float(r.at["onset_l"]) for r in hits if r.at.get("onset_l")]
    if onsets and shape is not Shape.CONSTANT:
        at["onset_l"] = round(median(onsets), 3) if shape is Shape.THRESHOLD else [round(x, 3) for x in onsets]
        spans = [r.at["onset_interval_l"] for r in hits if r.at.get("onset_l")]
        if shape is Shape.THRESHOLD:
            at["onset_interval_l"] = (round(max(s[0] for s in spans), 3), round(min(s[1] for s in spans), 3))
            at["onset_interval_l"] = tuple(sorted(at["onset_interval_l"]))
    stamps = {r.segment: r.at["onset_ns"] for r in hits if "onset_ns" in r.at}
    if stamps:
        at["onset_ns"] = stamps
    at |= _course_at(hits, shape)
    modes = [r.at["upper_mode"] for r in hits if "upper_mode" in r.at]
    if modes:
        at["upper_mode"] = list(dict.fromkeys(id for ids in modes for id in ids))
    every = {r.at["every_n"] for r in hits if "every_n" in r.at}
    if len(every) == 1:
        at["every_n"] = every.pop()
    for key in COUNTED:
        values = {r.at[key] for r in hits if key in r.at}
        if len(values) == 1:
            at[key] = values.pop()
    for key in MEASURED:
        numbers = [float(r.at[key]) for r in hits if key in r.at]
        if numbers:
            at[key] = round(median(numbers), 4)
    codes = Counter(code for r in hits for code in r.at.get("codes", ()) if code)
    if codes:
        most = codes.most_common(1)[0][1]
        at["codes"] = [code for code, n in codes.most_common(MOST_CODES) if 3 * n >= most]
    return at
