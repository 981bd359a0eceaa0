"""The empty scale: creep, drift of one interval and a tare are honest; a base kept back and a load that does not go are seen."""

from __future__ import annotations

import pytest

from harness.judge.contract import Segment, Shape
from harness.judge.laws import zero_return
from tests.weighed import begin_s, loading, run, shown_as, stream

LOADS = (0.531, 1.187, 2.653, 5.219)


def alternating(offset: float = 0.0, gain: float = 0.0) -> list[Segment]:
    """Empty, load, empty, load ... as a scale with this offset and gain shows them."""
    masses = [0.0, *(mass for load in LOADS for mass in (load, 0.0))]
    return [loading(n, m, [shown_as(m * (1 + gain) + offset)]) for n, m in enumerate(masses)]


@pytest.mark.parametrize("offset", [0.0, 0.005, -0.005])
def test_one_interval_is_honest(offset: float) -> None:
    readings = run(zero_return.DETECTOR, *alternating(offset))
    assert len(readings) == len(LOADS) + 1
    assert not any(one.hits for one in readings)


def test_a_gain_leaves_the_empty_scale_alone() -> None:
    assert not any(one.hits for one in run(zero_return.DETECTOR, *alternating(gain=0.1)))


def test_a_base_kept_back_equals_the_errors_of_the_loads() -> None:
    readings = run(zero_return.DETECTOR, *alternating(-0.100))
    assert [one.hits for one in readings] == [1] * len(readings)
    assert {one.shape for one in readings} == {Shape.EXTRA}
    assert all(one.at["equals_error"] and one.at["offset_kg"] == pytest.approx(-0.1) for one in readings)
    # one remainder that stays is one event, however often it is looked at
    assert readings[0].e > 10
    assert [one.e for one in readings[1:]] == [1.0] * (len(readings) - 1)


def test_a_remainder_that_comes_again_after_zero_is_another_one() -> None:
    offsets = ("0.060", "0.060", "0.000", "0.060", "0.065", "0.000", "0.060")
    readings = run(zero_return.DETECTOR, *(loading(n, 0.0, [kg]) for n, kg in enumerate(offsets)))
    assert [one.hits for one in readings] == [1, 1, 0, 1, 1, 0, 1]
    assert [one.e > 1 for one in readings] == [True, False, False, True, False, False, True]


def test_power_that_was_cut_ends_a_remainder() -> None:
    own = [loading(0, 0.0, ["0.060"]), loading(1, 0.0, ["0.060"], state="power-1")]
    assert all(one.e > 10 for one in run(zero_return.DETECTOR, *own))


def test_a_remainder_beside_honest_loads_is_no_offset_of_theirs() -> None:
    own = alternating()
    own[4] = loading(4, 0.0, ["0.060"])
    hit = [one for one in run(zero_return.DETECTOR, *own) if one.hits]
    assert [one.segment for one in hit] == ["L4"]
    assert hit[0].at["equals_error"] is False
    assert hit[0].at["after_load"] is True


def test_a_tare_or_a_zero_key_before_is_not_compared_until_zero_was_seen() -> None:
    own = [
        loading(0, 0.531, ["0.530"], keys=[(5, "tare")]),
        loading(1, 0.0, ["-0.530"]),
        loading(2, 0.0, ["0.000"]),
        loading(3, 0.0, ["-0.530"]),
    ]
    readings = run(zero_return.DETECTOR, *own)
    assert [(one.spoke, one.hits) for one in readings] == [(False, 0), (True, 0), (True, 1)]


def test_a_net_line_says_nothing() -> None:
    line = stream([-0.53] * 30, begin_s(1), flags=[2] * 30)
    (reading,) = run(zero_return.DETECTOR, loading(1, 0.0, line=line))
    assert reading.reason == "a tare is held"


def test_ranges_stay_in_the_larger_interval() -> None:
    own = [loading(0, 0.0, ["0.005"])]
    for multi, hits in ((True, 0), (False, 1)):
        (reading,) = run(zero_return.DETECTOR, *own, intervals="6/0.002 15/0.005", multi_range=multi)
        assert reading.hits == hits
