"""Whether breaks inside several deliveries lie at the same volumes: a threshold or windows, or a hand on a switch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from harness.judge.contract import Reading

SLACK_L = 0.5  # between two intervals that still mean one place
MARGIN_L = 1.6  # a break this close to the end of what was followed would not have been found
SHARE = 0.75  # of the pairs of deliveries that reach a place and agree on it


@dataclass(frozen=True)
class Place:
    """A volume with its interval, litres; for a common one `seen` of the `reached` deliveries show it."""

    at_l: float
    low_l: float
    high_l: float
    seen: int = 1
    reached: int = 1


def places(reading: Reading) -> list[Place]:
    """Where one delivery breaks: every break that was fitted, else its onset."""
    at = reading.at
    if at.get("breaks"):
        return [Place(b["at_l"], *b["interval_l"]) for b in at["breaks"]]
    return [Place(float(at["onset_l"]), *at["onset_interval_l"])] if at.get("onset_l") else []


def _reaches(reading: Reading, place: Place) -> bool:
    span = reading.at.get("span_l")
    return span is None or float(span[0]) + MARGIN_L <= place.at_l <= float(span[1]) - MARGIN_L


def _has(own: Sequence[Place], place: Place) -> bool:
    return any(max(p.low_l, place.low_l) <= min(p.high_l, place.high_l) + SLACK_L for p in own)


def same(hits: Sequence[Reading]) -> bool:
    """Two or more deliveries break at one volume, and what one shows the others that reach it show as well.

    One place at least has to be shown by every delivery that reaches it: by both of two, else by two others and by half
    of them (a window late in the sale is reached by the longer ones alone).
    """
    own = [(reading, found) for reading in hits if (found := places(reading))]
    pairs = agreed = 0
    everywhere = False
    enough = min(len(own) - 1, max(2, len(own) // 2))
    for i, (_, mine) in enumerate(own):
        for place in mine:
            others = [found for j, (reading, found) in enumerate(own) if j != i and _reaches(reading, place)]
            seen = sum(_has(found, place) for found in others)
            pairs, agreed = pairs + len(others), agreed + seen
            everywhere |= seen == len(others) >= enough
    return len(own) >= 2 and everywhere and agreed >= SHARE * pairs


def common(hits: Sequence[Reading]) -> list[Place]:
    """The volumes at which most deliveries that reach them break, in order; each stands once."""
    own = [(reading, found) for reading in hits if (found := places(reading))]
    left = sorted((p for _, found in own for p in found), key=lambda p: p.at_l)
    result: list[Place] = []
    while left:
        group = [p for p in left if _has([left[0]], p)]
        left = [p for p in left if p not in group]
        middle = Place(median(p.at_l for p in group), max(p.low_l for p in group), min(p.high_l for p in group))
        reached = [found for reading, found in own if _reaches(reading, middle) or _has(found, middle)]
        seen = sum(any(p in group for p in found) for found in reached)
        if seen >= 2 and seen >= SHARE * len(reached):
            ends = (
                middle.low_l,
                middle.at_l,
                middle.high_l,
            )  # intervals that hardly overlap can leave their median out
            result.append(Place(middle.at_l, min(ends), max(ends), seen, len(reached)))
    return result
