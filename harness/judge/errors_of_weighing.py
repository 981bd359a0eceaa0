"""Whether one loading of a search is off so far that it is made again: what a scale shows of a known load, before and after keys.

It says where to look, and proves nothing.  Limits: R 76-1:2006 3.5.1, as data of the edition (judge/intervals.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.judge.contract import Segment, SegmentKind
from harness.judge.intervals import mpe_kg
from harness.judge.key_effects import KEY_EFFECTS, WeightRule, effect_of
from harness.judge.loads import EYES, REMOTE, Shown, changing, e_at, observed, presses, shown

BEYOND_MPE = 2  # times the limit, as scale-error asks for
FEWEST = 2  # readings by eye, where there are as many
Z = 4.0  # standard uncertainties of the load


def shows(segment: Segment, profile: Mapping[str, Any]) -> bool:
    """Whether readings at rest lie further from the load than twice the limit, half an interval and the masses allow.

    Readings after a key that honestly makes another weight of it (tare, zero, hold) are left out; in another unit the display is the same
    load where the reader said which unit it was.  Of many readings
    by eye after keys, in one unit, one alone is a digit misread and two are off; the one before any key stands alone: a key may clear it.
    """
    if segment.kind is not SegmentKind.LOADING or segment.load_kg is None or segment.load_kg[0] <= 0:
        return False
    load, u = segment.load_kg
    most = mpe_kg(profile, load)
    if most is None:
        return False
    bound = BEYOND_MPE * most + 0.5 * e_at(profile, load) + Z * u
    for station in observed(segment):
        told = _comparable(segment, station, profile)
        units = dict(segment.context.get("unit_of", ()))
        for unit in {units.get(one.t_ns) for one in told}:
            own = [one for one in told if units.get(one.t_ns) == unit]
            off = [one for one in own if abs(float(one.kg) - load) > bound]
            if len(off) >= min(FEWEST, len(own)) or any(one.sure or not one.pressed for one in off):
                return True
    return False


def _comparable(segment: Segment, station: str, profile: Mapping[str, Any]) -> list[Shown]:
    """The readings of `station` that are the weight of the load whatever was pressed."""
    told = dict(segment.context.get("unit_of", ())) if station in EYES else {}
    may, effects = changing(profile), tuple(profile.get(KEY_EFFECTS, ()))

    def ends(key: str) -> bool:
        known = effect_of(effects, key)
        return key != REMOTE and may(key) and (known is None or known.weight is not WeightRule.CONVERTED or not told)

    ended = frozenset(filter(ends, {key for _, _, key in presses(segment)}))
    return [one for one in shown(segment, station) if ended.isdisjoint(one.pressed) and (not told or one.t_ns in told)]
