"""Rotor signature: do the pulses carry the pattern of the declared rotor, all the way and no other?

Of a rotor with m magnets what comes again turn after turn has the period m or one that divides it.  Null of `other`: of the
declared rotor no other period agrees from block to block (pulses/signature.py, binomial).  Null of `lost`: where the pattern of m stands in
one part of the drive it stands in every other, at any speed above walking pace: agreement does not depend on the speed (Fisher's
exact test between the slower and the faster half).  A rotor whose magnets stand evenly has no pattern, and the absence of one accuses nobody.
Asked only where the papers say that the pulses come straight from a magnet rotor and how many magnets it has: ABS rings, controllers and
conditioners give pulses out anew, which is honest where declared.  What is found is a property of a device, or another rotor: alone at most suspect.
Source: taximeters.md 1 (C10, C35) and 6 (D5).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

from captures.model import PulseTrain
from harness.judge.account import Kind
from harness.judge.chain import stations, upstream_of
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, SegmentKind, Shape, View
from harness.judge.disc import edges
from harness.judge.evalue import bet
from harness.judge.pulses.signature import TURNS, agreeing, p_of, patterns, roughness, without
from harness.judge.quantities import number
from harness.judge.trains import channels, gaps_in_window

NAME = "rotor-signature"


def _reading(segment: Segment, train: PulseTrain, link: Link, magnets: int, view: View) -> Reading:
    def mute(reason: str) -> Reading:
        return Reading(NAME, segment.id, link, 1.0, reason=reason)

    if gaps_in_window(segment, train):
        return mute(f"gap in {train.name}")
    ticks = edges(segment, train)
    y = roughness(ticks)
    usual = float(np.median(np.diff(ticks))) if ticks.size > 1 else 0.0
    most = int(view.parameters["most_period_pulses"])
    pairs = int(view.parameters["min_pairs"])
    if y.size < 2 * TURNS * most * pairs:
        return mute(f"{train.name}: too few pulses in motion to tell a rotor's turn")
    rest = without(y, magnets) if magnets > 1 else y
    others = [q for q in range(2, most + 1) if magnets % q]
    p_other, period = min(((p_of(agreeing(patterns(rest, q))) * len(others), q) for q in others), default=(1.0, 0))
    p_lost, at = _lost(ticks, y, magnets, pairs) if magnets > 1 else (1.0, {})
    # what the recorder's own steps make of an even train comes again as well
    if (
        _amplitude(rest if p_other <= p_lost else y, period if p_other <= p_lost else magnets) * usual
        < view.parameters["ticks"]
    ):
        p_other = p_lost = 1.0
    lost = p_lost < view.parameters["q"] / 2
    p = min(1.0, 2 * (p_lost if lost else min(p_other, p_lost)))
    hit = p < view.parameters["q"]
    if hit:
        at = {"lost": True, **at} if lost else {"slots": period, "declared": magnets}
    return Reading(
        NAME,
        segment.id,
        link,
        bet(hit, view.parameters["q"], view.validation),
        p=p,
        hits=int(hit),
        shape=(Shape.SWITCHED if lost else Shape.CONSTANT) if hit else None,
        at={"station": train.station, "channel": train.channel, **(at if hit else {})},
    )


def _amplitude(y: np.ndarray[Any, np.dtype[np.float64]], period: int) -> float:
    """Root mean square of the pattern of a period over all blocks, as a share of an interval."""
    found = patterns(y, period) if period > 1 else np.zeros((0, 1))
    return float(np.sqrt(np.mean(found.mean(axis=0) ** 2))) if found.size else 0.0


def _lost(
    ticks: np.ndarray[Any, np.dtype[np.int64]], y: np.ndarray[Any, np.dtype[np.float64]], magnets: int, pairs: int
) -> tuple[float, dict[str, Any]]:
    """p of the pattern standing in one half of the speeds and not in the other, and the period in ticks that parts them."""
    agree = agreeing(patterns(y, magnets))
    size = 2 * TURNS * magnets
    d = np.diff(ticks)[: agree.size * size].reshape(agree.size, size)
    pace = np.median(d, axis=1)
    parting = float(np.median(pace))
    slow, fast = agree[pace > parting], agree[pace <= parting]
    if min(slow.size, fast.size) < pairs:
        return 1.0, {}
    table = np.array([[slow.sum(), (~slow).sum()], [fast.sum(), (~fast).sum()]], dtype=np.int64)
    # one of the halves has to carry the pattern: two coins differ by chance alone
    present = min(p_of(slow), p_of(fast))
    p = float(stats.fisher_exact(table)[1])
    return (p, {"parted_ticks": round(parting)}) if present < 1e-3 else (1.0, {})


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    """One reading a tap of each trip; what the sensor shows is not told of the input again."""
    readings: list[Reading] = []
    magnets = number(view.profile, "magnets")
    for segment in segments:
        if segment.kind is not SegmentKind.TRIP:
            continue
        observed, before = stations(segment), 0
        for station in ("sensor", "input"):
            taps = channels(segment, station)
            if not taps:
                continue
            link = Link(upstream_of(station, observed), station)
            if view.profile.get("sensor_class") != "magnet-rotor" or magnets is None:
                why = "whether the pulses come straight from a rotor, and of how many magnets, is not declared"
                readings.append(Reading(NAME, segment.id, link, 1.0, reason=why))
                continue
            reading = _reading(segment, next(iter(taps.values())), link, int(magnets), view)
            if before and reading.hits:
                reading = Reading(NAME, segment.id, link, 1.0, reason="the sensor shows the same")
            before = reading.hits
            readings.append(reading)
    return readings


DETECTOR = DetectorSpec(
    name=NAME,
    version=1,
    kind="detector",
    null="what comes again turn after turn has the period of the declared rotor, and stands at every speed",
    needs="one channel of sensor or input, a declared magnet rotor, some thousand pulses in motion",
    parameters={"most_period_pulses": 12.0, "min_pairs": 12.0, "ticks": 2.0, "q": 1e-4},
    judge=judge,
    one_by_one=True,
    weight=0.5,
    mechanism="the pattern of the pulses is not that of the declared rotor, or comes and goes with the speed",
    telling=92,
    shows=Kind.DISC,
    witness="pulses",
    device_type=True,
)
