"""Which codes of keys a case has tried at a scale, and which none of its presses could reach (field_rules.md section 8).

A pair counts when its second key was followed by a reading of the load, or when it was pressed over an empty pan and a load was
weighed right after it.  What is typed while the scale starts, and what is longer than two keys, is no pair: a black box has no
end of those.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from harness.judge.contract import Segment
from harness.judge.loads import loadings, observed, presses, shown

UNREACHED = "codes of more than two keys, and codes typed while the scale starts, were not reached by pressing keys: of these there is no end"


def pairs_tried(segments: Sequence[Segment]) -> frozenset[tuple[str, str]]:
    """Ordered pairs of keys that were followed by a reading of a load."""
    own = loadings(segments)
    found: set[tuple[str, str]] = set()
    for segment, after in zip(own, [*own[1:], None], strict=True):
        keys = [key for _, _, key in presses(segment)]
        if len(keys) < 2:
            continue
        empty = segment.load_kg is not None and segment.load_kg[0] == 0
        seen = {len(one.pressed) for name in observed(segment) for one in shown(segment, name)}
        found |= {pair for n, pair in enumerate(pairwise(keys), 2) if not empty and n in seen}
        if empty and after is not None and after.load_kg is not None and after.load_kg[0] > 0 and observed(after):
            found.add((keys[-2], keys[-1]))
    return frozenset(found)


def notes(segments: Sequence[Segment], profile: Mapping[str, Any]) -> list[str]:
    """What the presses of a case tried and what they cannot reach; nothing where no key was pressed."""
    keys = of_profile(profile)
    if not keys or not any(presses(segment) for segment in segments):
        return []
    tried = {pair for pair in pairs_tried(segments) if set(pair) <= set(keys)}
    return [
        f"codes of keys: {len(tried)} of {len(keys) ** 2} ordered pairs were tried, each followed by a reading of a load",
        UNREACHED,
    ]


def of_profile(profile: Mapping[str, Any]) -> list[str]:
    """The declared keys without those that are never pressed."""
    never = set(str(profile.get("forbidden_keys", "")).split())
    return [key for key in str(profile.get("keys", "")).split() if key not in never]
