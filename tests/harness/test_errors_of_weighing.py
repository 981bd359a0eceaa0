"""Which loadings of a search are made again: far off before a key, in another unit, by line or by eye; never for one digit misread."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from benchmarks.generators_scale import Run, drawn, profile
from captures.model import Register
from harness.catalogue import with_rules
from harness.editions import edition
from harness.judge.contract import Segment
from harness.judge.errors_of_weighing import shows

EDITION = edition("jjg539-2016")
KEYS = ("M1", "M2", "M3")


def loading(
    gains: Sequence[float],
    *,
    keys: Sequence[str] = KEYS,
    wired: bool = False,
    in_jin: Collection[int] = (),
    kg: float = 2.4,
) -> tuple[Segment, dict[str, Any]]:
    """One loading of a scale in which nobody misreads, and what the scale declares."""
    rng = np.random.default_rng(5)
    chain = drawn(rng, truck=False)
    while not (chain.sure and chain.intervals[0][1] == Decimal("0.005")):
        chain = drawn(rng, truck=False)
    run = Run(replace(chain, wired=wired), rng)
    run.load("Q1", kg, "E", "power-0", keys=keys, gains=gains, in_jin=in_jin)
    [segment] = run.found
    if in_jin:
        times = segment.registers["display"].times_ns.tolist()
        units = tuple((t, "jin" if n in in_jin else "kg") for n, t in enumerate(times))
        segment = replace(segment, context={**segment.context, "unit_of": units})
    return segment, dict(with_rules(profile(chain), EDITION))


def misread(segment: Segment, place: int) -> Segment:
    """Its displayed weight at one reading a kilogram too much."""
    own = segment.registers["display"]
    values = [value + (n == place) for n, value in enumerate(own.values)]
    wrong = Register(own.station, own.times_ns, own.u_ns, tuple(values), own.resolution, own.unit, own.origin)
    return replace(segment, registers={**segment.registers, "display": wrong})


@pytest.mark.parametrize("wired", [False, True])
def test_an_honest_loading_shows_nothing(wired: bool) -> None:
    assert not shows(*loading([0.0] * 4, wired=wired))


@pytest.mark.parametrize(
    ("gains", "wired", "seen"),
    [
        ([0.05, 0, 0, 0], False, True),  # before any key: the first of them may clear it
        ([0, 0.05, 0.05, 0], False, True),
        ([0, 0, 0.05, 0], False, False),  # one by eye among many
        ([0, 0, 0.05, 0], True, True),  # the line is not misread
        ([0.001] * 4, True, False),
    ],
)
def test_what_is_off_is_told_from_a_digit_misread(gains: Sequence[float], wired: bool, seen: bool) -> None:
    assert shows(*loading(gains, wired=wired)) is seen


def test_one_digit_misread_after_a_key_shows_nothing_and_before_any_it_does() -> None:
    segment, declared = loading([0.0] * 4)
    assert not shows(misread(segment, 2), declared)
    assert shows(misread(segment, 0), declared)


def test_a_gain_in_another_unit_shows_and_the_unit_itself_does_not() -> None:
    keys = ("unit", "unit")
    assert shows(*loading([0, 0.05, 0], keys=keys, in_jin=[1]))
    assert not shows(*loading([0, 0, 0], keys=keys, in_jin=[1]))


def test_what_a_tare_takes_off_shows_nothing() -> None:
    assert not shows(*loading([0, -0.9, -0.9], keys=("tare", "M1")))


def test_nothing_is_said_without_a_load_or_a_limit() -> None:
    segment, declared = loading([0.5] * 4)
    assert shows(segment, declared)
    assert not shows(replace(segment, load_kg=None), declared)
    assert not shows(segment, {})
