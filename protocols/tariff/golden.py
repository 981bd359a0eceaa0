"""Fares that a tariff must give: each is driven and compared in every reading that its `given` leaves."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from protocols.tariff.civil import MONDAY, S_NS
from protocols.tariff.engine import Fare, fare
from protocols.tariff.readings import relevant
from protocols.tariff.tariff import Golden, Tariff
from protocols.tariff.trip import Trip

DRIVEN_KMH = 50  # above every low-speed limit


def drive(golden: Golden) -> Trip:
    """The distance at 50 km/h, then standing still; in whole millimetres, all of it counted when it ends."""
    counts = int(golden.distance_m * 1000)
    driven_ns = counts * 3600 * 1000 // DRIVEN_KMH
    waited_ns = int(golden.low_s * S_NS)
    civil = (MONDAY + golden.at_s) * S_NS
    times, reached = (np.array([one], np.int64)[: 1 if counts else 0] for one in (driven_ns, counts))
    return Trip(times, reached, Fraction(1, 1000), 0, max(driven_ns + waited_ns, 1), civil, 0, golden.declared)


def failures(tariff: Tariff) -> list[str]:
    """One sentence for each golden fare and reading that disagree; empty when the tariff keeps them all."""
    found = []
    for golden in tariff.golden:
        trip = drive(golden)
        for reading in relevant(tariff, trip, golden.given, golden.of):
            got = _asked(fare(reading.rule, trip), golden.of)
            if got != Fraction(golden.fare):
                given = ", ".join(f"{key} = {one}" for key, one in reading.choices.items())
                found.append(
                    f"{tariff.id}: {golden.distance_m} m and {golden.low_s} s expected {golden.fare} {golden.of}, "
                    f"got {float(got):.10g}" + (f" with {given}" if given else "")
                )
    return found


def _asked(course: Fare, of: str) -> Fraction:
    if of == "accrued":
        return course.total
    return Fraction(course.displayed if of == "displayed" else course.paid)
