"""The steps of a distance charge: at which distance each is due, and what it costs before windows."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from protocols.tariff.rule import Charge, Distance, Rule, Start, TariffError, Tier

UM = 10**6
MAX_STEPS = 6_000_000


@dataclass(frozen=True, eq=False, slots=True)
class Ladder:
    """Step i is due at `at_um[i]` (beyond it if `strict`) and costs kinds[kind[i]] = (price, share of the tier)."""

    at_um: NDArray[np.int64]
    kind: NDArray[np.int64]
    kinds: tuple[tuple[Fraction, Fraction], ...]
    strict: bool


def ladder(rule: Rule, limit_um: int) -> Ladder:
    """The steps up to `limit_um` at least; the limit is taken to the next power of two, so trips share them."""
    return _ladder(rule.start, rule.distance, rule.tiers, 1 << max(limit_um, UM * 1000).bit_length())


@lru_cache(maxsize=64)
def _ladder(start: Start, distance: Distance, tiers: tuple[Tier, ...], limit_um: int) -> Ladder:
    """Steps follow each other from the start distance on.

    Over the beginning of a tier with a share, a step costs what its parts cost; a tier with a step of its own begins a new
    step at once (a step begun was charged whole, one not completed is not charged).
    """
    begun = distance.charge is Charge.BEGUN
    kinds: dict[tuple[Fraction, Fraction], int] = {}
    ats: list[NDArray[np.int64]] = []
    own: list[NDArray[np.int64]] = []

    def add(begins: NDArray[np.int64], length: int, price: Fraction, share: Fraction) -> None:
        ats.append(begins if begun else begins + length)
        own.append(np.full(len(begins), kinds.setdefault((price, share), len(kinds))))

    price, at = distance.step_price, _um(start.distance_m)
    length, share = _um(distance.step_m), Fraction(0)
    for tier, end in zip((None, *tiers), (*(_um(t.above_m) for t in tiers), limit_um), strict=True):
        if tier is not None:
            if tier.step_m is not None:
                at, length = max(at, _um(tier.above_m)), _um(tier.step_m)
            share = Fraction(tier.extra)
        end = min(end, limit_um)
        whole = max(0, (end - at) // length)
        if whole + sum(map(len, ats)) > MAX_STEPS:
            raise TariffError(f"expected at most {MAX_STEPS} steps in a trip, got steps of {distance.step_m} m")
        add(at + length * np.arange(whole, dtype=np.int64), length, price, share)
        at += whole * length
        following = tiers[0] if tier is None and tiers else _after(tiers, tier)
        if at < end and following is not None:
            if following.step_m is not None:
                if begun:
                    add(np.array([at], np.int64), length, price, share)
                at = end
            else:
                add(np.array([at], np.int64), length, price, _mean_share(at, at + length, tiers))
                at += length
    if begun:
        add(np.array([at], np.int64), length, price, share)
    return Ladder(np.concatenate(ats), np.concatenate(own).astype(np.int64), tuple(kinds), begun)


def _after(tiers: tuple[Tier, ...], tier: Tier | None) -> Tier | None:
    later = [other for other in tiers if tier is not None and other.above_m > tier.above_m]
    return later[0] if later else None


def _mean_share(begin: int, end: int, tiers: tuple[Tier, ...]) -> Fraction:
    """The share of a step over several tiers, weighted with the length in each."""
    edges = [*(_um(tier.above_m) for tier in tiers), 1 << 62]
    parts = (
        Fraction(tier.extra) * max(0, min(end, edges[k + 1]) - max(begin, edges[k])) for k, tier in enumerate(tiers)
    )
    return sum(parts, Fraction(0)) / (end - begin)


def _um(metres: Decimal) -> int:
    return int(metres * UM)
