"""Weighing intervals of a scale as declared: Max_i and e_i in kg, which holds at a load, and the maximum permissible error there.

R 76-1:2006, T.3.2.6 (multi-interval), T.3.2.7 (multiple range), 3.5.1 (limits in e, by the load in e); the figures come with the
edition, as data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

MPE = "mpe_steps"  # key of the profile: ((up to so many e, limit in e), ...) as the edition has them for class and use
ZERO_TRACKING = (
    "zero_tracking_d_s"  # key of the profile: the rate at which zero tracking may correct, as the edition has it, d/s
)
_NONE = "999999999/999999999"  # nothing declared: every bound in e is out of reach, no claim rests on e


@dataclass(frozen=True, slots=True)
class Interval:
    """Up to `max_kg` the verification scale interval is `e_kg`."""

    max_kg: Decimal
    e_kg: Decimal


def intervals(profile: Mapping[str, Any]) -> tuple[Interval, ...]:
    """The declared intervals, rising."""
    return _stated(str(profile.get("intervals", _NONE)))


@lru_cache(64)
def _stated(text: str) -> tuple[Interval, ...]:
    pairs = (pair.split("/") for pair in text.split())
    return tuple(Interval(Decimal(most), Decimal(e)) for most, e in pairs)


def interval_at(profile: Mapping[str, Any], load_kg: float | Decimal) -> Interval:
    """The interval in which a load lies; the last one beyond Max."""
    own = intervals(profile)
    return next((one for one in own if abs(float(load_kg)) <= float(one.max_kg)), own[-1])


def coarsest_e(profile: Mapping[str, Any], load_kg: float | Decimal) -> Decimal:
    """The largest e that a reading of this load may honestly have: of ranges, any that holds it."""
    own = intervals(profile)
    return own[-1].e_kg if profile.get("multi_range") is True else interval_at(profile, load_kg).e_kg


def mpe_kg(profile: Mapping[str, Any], load_kg: float) -> float | None:
    """The maximum permissible error at a load, kg; None where no edition gave its steps, none reaches so far, or no interval is
    declared to count them in."""
    if "intervals" not in profile:
        return None
    e = coarsest_e(profile, load_kg)
    steps = profile.get(MPE, ())
    return next((float(limit * e) for upto, limit in steps if abs(load_kg) <= float(upto * e)), None)
