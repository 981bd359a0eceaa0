"""Observations of pairs of deliveries that were compared: one setting against another, which an honest cause would have to keep step with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

from harness.judge.contexts import not_by_volume
from harness.judge.contract import Reading, Segment
from harness.judge.ground import Ground

HOSE_L = 0.2  # more than the hose of a dispenser swells, several times over [D]


def paired(ground: Ground) -> list[tuple[Reading, tuple[Segment, Segment]]]:
    """Hits that compare two segments, with both."""
    by_id = {segment.id: segment for segment in ground.segments}
    found = []
    for reading in ground.hits:
        own = [by_id[id] for id in reading.segment.split("|") if id in by_id]
        if len(own) == 2 and reading.effect is not None:
            found.append((reading, (own[0], own[1])))
    return found


def alternated(ground: Ground) -> bool:
    """Three pairs and more, all off in one direction and by nearly the same, whose one setting was changed for the other and back again
    while they were made: a reference that drifts, or air that comes and goes, does not keep step with what the officers do."""
    times, sizes = [], []
    for reading, (one, two) in paired(ground):
        times += [(one.window_ns, 0), (two.window_ns, 1)]
        sizes.append(reading.effect or 0.0)
    halves = [which for _, which in sorted(times)]
    changes = sum(a != b for a, b in pairwise(halves))
    return (
        len(sizes) >= 3
        and len(sizes) == len(ground.hits)
        and changes >= 2
        and min(sizes) * max(sizes) > 0
        and max(map(abs, sizes)) <= 1.5 * min(map(abs, sizes))
    )


def same_preset(ground: Ground) -> bool:
    """Both deliveries of every pair were stopped in the same way."""
    pairs = paired(ground)
    return len(pairs) == len(ground.hits) > 0 and all(
        not_by_volume(one) == not_by_volume(two) for _, (one, two) in pairs
    )


def both_sides(ground: Ground) -> bool:
    """Less and more than the silent volume show alike: a fixed loss or gain per delivery has opposite signs on its two sides."""
    sizes: dict[bool, list[float]] = {True: [], False: []}
    for reading, (one, two) in paired(ground):
        a, b = (float(segment.context.get("asked_l") or 0) for segment in (one, two))
        if min(a, b) > 0 and abs(a / b - 1) >= 0.05:
            sizes[a < b].append(reading.effect or 0.0)
    return all(sizes.values()) and min(map(min, sizes.values())) * max(map(max, sizes.values())) > 0


def beyond_fixed_volume(ground: Ground) -> bool:
    """Every difference, in litres of the smaller delivery, is more than any fixed loss or gain at start and stop."""
    by_id = {segment.id: segment for segment in ground.segments}
    litres = []
    for reading in ground.hits:
        asked = [by_id[id].context.get("asked_l") for id in reading.segment.split("|") if id in by_id]
        if reading.effect is None or not asked or None in asked:
            return False
        litres.append(abs(reading.effect) * min(float(str(one)) for one in asked))
    return bool(litres) and min(litres) > HOSE_L


def same_volumes(ground: Ground) -> bool:
    """Groups compared at the same asked volumes: pairs agree within a twentieth."""
    by_id = {segment.id: segment for segment in ground.segments}
    pairs = [reading.segment.split("|") for reading in ground.hits if "|" in reading.segment]
    if not pairs or any(len(pair) != 2 or id not in by_id for pair in pairs for id in pair):
        return False
    asked = [[by_id[id].context.get("asked_l") for id in pair] for pair in pairs]
    return all(a is not None and b is not None and abs(float(a) / float(b) - 1) < 0.05 for a, b in asked)


TESTS: Mapping[str, Callable[[Ground], bool]] = {
    "alternated": alternated,
    "same_preset": same_preset,
    "both_sides": both_sides,
    "beyond_fixed_volume": beyond_fixed_volume,
    "same_volumes": same_volumes,
}
