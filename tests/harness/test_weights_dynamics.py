"""Time constants from rounded readings against the stated scatter; loads told from switches; rates that cannot be."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from captures.model import Int64Array
from harness.judge.pulses.sequential import Floats
from harness.judge.weights.dynamics import Transient, compared_p, switch_ratio, transient
from harness.judge.weights.slope import DriveOn, impossible, overshoot
from harness.judge.weights.tracking import LEGAL_D_PER_S, absorbed, pull

SCATTER_MS = [(100, 10, 2.1), (100, 20, 1.7), (100, 80, 1.5), (1000, 10, 0.17), (1000, 80, 0.17)]  # statistics.md 2c


def response(
    rng: np.random.Generator, hz: float, size: float, tau: float, noise: float = 0.05
) -> tuple[Floats, Int64Array]:
    t = np.arange(0, 4, 1 / hz) + rng.uniform(0, 1 / hz) - 1
    y = 500 + rng.uniform() + size * ((1 - np.exp(-np.maximum(t, 0) / tau)) if tau else t > 0)
    return t, np.round(y + rng.normal(0, noise, t.size)).astype(np.int64)


def fitted(rng: np.random.Generator, hz: float, size: float, tau: float) -> Transient:
    found = transient(*response(rng, hz, size, tau), 0.05)
    assert found is not None
    return found


@pytest.mark.parametrize(("size", "hz", "stated_ms"), SCATTER_MS)
def test_time_constants_scatter_no_more_than_stated(size: float, hz: float, stated_ms: float) -> None:
    rng = np.random.default_rng([1, int(size), int(hz)])
    found = [fitted(rng, hz, size, 0.25) for _ in range(30)]
    # the sd of 30 runs is itself known to 13 %
    assert 1e3 * np.std([one.tau_s for one in found]) <= stated_ms * 1.25
    assert np.mean([one.tau_s for one in found]) == pytest.approx(0.25, abs=2e-3)
    pulls = np.array([(one.tau_s - 0.25) / one.u_tau_s for one in found])
    assert np.sqrt(np.mean(pulls**2)) < 1.5
    assert max(one.misfit for one in found) == 0


@pytest.mark.parametrize("hz", [10, 20, 80])
def test_a_load_is_told_from_a_switch(hz: float) -> None:
    rng = np.random.default_rng([2, int(hz)])
    for _ in range(8):
        load, switch = response(rng, hz, 20, 0.25), response(rng, hz, 20, 0.0)
        put, turned = transient(*load, 0.05), transient(*switch, 0.05)
        assert put is not None
        assert turned is not None
        assert put.log_ratio > 20
        assert turned.log_ratio < 10
        assert (switch_ratio(*switch, 0.05, 0.25) or 0) > 20
        assert (switch_ratio(*load, 0.05, 0.25) or 0) < -20


def test_one_mixed_reading_is_a_switch_too() -> None:
    seen = np.array([100] * 10 + [113] + [120] * 10)
    found = transient(np.arange(21) / 10, seen, 0.05)
    assert found is not None
    assert found.log_ratio < 5


def test_time_constants_of_one_filter_agree_and_of_two_do_not() -> None:
    rng = np.random.default_rng(3)
    p = [compared_p(fitted(rng, 20, 100, 0.25), fitted(rng, 20, 120, 0.25)) for _ in range(40)]
    assert sum(x is not None and x <= 0.05 for x in p) <= stats.binom.isf(1e-4, 40, 0.05)
    for _ in range(10):
        apart = compared_p(fitted(rng, 20, 100, 0.25), fitted(rng, 20, 100, 0.30))
        assert apart is not None
        assert apart < 1e-6


def test_steps_of_unlike_size_are_not_compared() -> None:
    """A cut-out filter lets large steps through at once: its tau depends on the size."""
    rng = np.random.default_rng(4)
    assert compared_p(fitted(rng, 20, 100, 0.25), fitted(rng, 20, 300, 0.1)) is None
    assert compared_p(fitted(rng, 20, 100, 0.25), fitted(rng, 20, -100, 0.25)) is None


def test_a_response_of_another_shape_is_not_sure_of_its_time_constant() -> None:
    t = np.arange(0, 4, 0.05) - 1
    wrong = np.round(500 + 100 * np.clip(t / 1.0, 0, 1)).astype(np.int64)  # moving average over a second
    found = transient(t, wrong, 0.05)
    assert found is not None
    assert found.misfit > 1


def test_nothing_that_moves_is_none() -> None:
    assert transient(np.arange(20) / 10, np.full(20, 7), 0.05) is None
    assert transient(np.zeros(20), np.arange(20), 0.05) is None
    assert transient(np.arange(3) / 10, np.array([1, 5, 9]), 0.05) is None
    assert switch_ratio(np.arange(20) / 10, np.full(20, 7), 0.05, 0.2) is None


# ------------------------------------------------------------------------------------------------------------ drive-on


def truck(rng: np.random.Generator, filter_s: float, damping: float, axles: int) -> tuple[Int64Array, Floats]:
    """A deck of second order, 3 Hz, behind a first-order filter; axles at least 0.25 s apart."""
    at = np.cumsum(rng.uniform(0.25, 1.0, axles))
    weights = rng.uniform(100, 500, axles)
    omega = 2 * np.pi * 3

    def slope(t: float, y: Floats) -> Floats:
        load = float(weights[at <= t].sum())
        return np.array([y[1], omega**2 * (load - y[0]) - 2 * damping * omega * y[1], (y[0] - y[2]) / filter_s])

    times = np.arange(0, float(at[-1]) + 2, 0.05)
    solved = integrate.solve_ivp(slope, (0, times[-1]), [0, 0, 0], t_eval=times, max_step=0.02)
    return (times * 1e9).astype(np.int64), np.asarray(solved.y[2])


def test_no_truck_exceeds_the_bound() -> None:
    rng = np.random.default_rng(5)
    for _ in range(12):
        damping, filter_s = rng.uniform(0.3, 0.6), rng.uniform(0.1, 0.6)
        times, y = truck(rng, filter_s, damping, int(rng.integers(2, 7)))
        bound = DriveOn(500, 0.25, 0.0, filter_s, overshoot(damping))
        assert impossible(times, np.round(y).astype(np.int64), bound) == []


def test_a_gain_switched_on_a_standing_truck_exceeds_it() -> None:
    times = np.arange(0, 5, 0.05)
    seen = np.where(times > 2.5, 1500, 1200)
    (jump,) = impossible((times * 1e9).astype(np.int64), seen, DriveOn(500, 0.25, 0.05, 0.3))
    assert jump.size == 300
    assert jump.most < 150
    # where neither filter nor mounting is declared an axle may appear at once, two may not
    assert impossible((times * 1e9).astype(np.int64), seen, DriveOn(500, 0.25)) == []
    assert impossible((times * 1e9).astype(np.int64), seen * 3, DriveOn(500, 0.25))[0].size == 900
    # two frames that arrived together may have been sent half a second apart
    assert impossible((times * 1e9).astype(np.int64), seen, DriveOn(500, 0.25, 0.05, 0.3), late_ns=500_000_000) == []
    with pytest.raises(ValueError, match="above 0"):
        DriveOn(0, 0.25)


# ------------------------------------------------------------------------------------------------------- zero tracking


def tracked(
    added_per_s: float, limit: float, seconds: float = 40, within: float = 20.0
) -> tuple[Int64Array, Floats, Int64Array]:
    """Weights added evenly; a tracker that takes off at most `limit` steps a second while the reading is `within` of zero."""
    t, zero, seen, pan = np.arange(0, seconds, 0.1), 0.0, [], []
    for now in t:
        load = added_per_s * now
        if abs(load - zero) <= within:
            zero += float(np.clip(load - zero, -0.1 * limit, 0.1 * limit))
        pan.append(load)
        seen.append(round(load - zero))
    return (t * 1e9).astype(np.int64), np.array(pan), np.array(seen, dtype=np.int64)


def test_absorbed_weight_proves_the_rate_and_never_more() -> None:
    for added, limit in ((0.05, 0.5), (0.5, 0.5), (2.0, 2.0), (2.0, 0.5), (5.0, 0.0)):
        found = absorbed(*tracked(added, limit))
        assert (0.0 if found is None else found.rate) <= min(added, limit) + 1e-9
    wide = absorbed(*tracked(2.0, 2.0))
    assert wide is not None
    assert wide.rate > 0.9 * 2.0 > LEGAL_D_PER_S
    assert absorbed(*tracked(5.0, 0.0)) is None


def test_a_pull_at_one_rate_is_told_from_settling() -> None:
    t = np.arange(0, 40, 0.1)
    times = (t * 1e9).astype(np.int64)
    constant = pull(times, np.round(10.2 - 0.3 * np.minimum(t, 34)).astype(np.int64))
    assert constant is not None
    assert constant.rate == pytest.approx(-0.3, abs=4 * constant.u_rate)
    assert constant.constant_p > 0.01
    settling = pull(times, np.round(10.2 * np.exp(-t / 8)).astype(np.int64))
    assert settling is not None
    assert settling.constant_p < 0.005
    assert pull(times, np.full(t.size, 3)) is None
    with pytest.raises(ValueError, match="settled"):
        absorbed(np.arange(20_001), np.zeros(20_001), np.zeros(20_001, dtype=np.int64))
    assert pull(times, np.where(t > 20, 9, 0)) is None


def test_rates_of_noisy_pulls_keep_their_level() -> None:
    rng, t = np.random.default_rng(6), np.arange(0, 40, 0.1)
    found = []
    for _ in range(300):
        seen = np.round(rng.uniform(0, 1) + 0.4 * t + rng.normal(0, 0.05, t.size)).astype(np.int64)
        one = pull((t * 1e9).astype(np.int64), seen)
        assert one is not None
        found.append(one)
    assert sum(one.constant_p <= 0.01 for one in found) <= stats.binom.isf(1e-5, 300, 0.01)
    assert np.std([(one.rate - 0.4) / one.u_rate for one in found]) < 1.3
