"""CUSUM against the published delays, GLR against CUSUM, and both against plain definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.judge.pulses.sequential import cusum, glr, run_length, shiryaev_roberts, threshold

TABLE = [  # ARL, d, h in nats, mean delay: statistics.md section 4
    (1e3, 0.25, 3.27, 82.0),
    (1e3, 0.5, 4.30, 31.2),
    (1e3, 1.0, 5.08, 10.7),
    (1e4, 0.1, 3.87, 595.0),
    (1e4, 0.25, 5.46, 151.0),
    (1e4, 0.5, 6.53, 48.5),
    (1e4, 1.0, 7.29, 15.0),
    (1e4, 2.0, 7.63, 4.6),
]
SERIES = st.lists(st.floats(-5, 5), min_size=1, max_size=60).map(np.array)


@pytest.mark.parametrize(("arl", "d", "h", "delay"), TABLE)
def test_thresholds_and_delays_are_those_of_the_table(arl: float, d: float, h: float, delay: float) -> None:
    exact = threshold(arl, d)
    assert exact == pytest.approx(h, rel=0.015)
    assert run_length(exact, d, d) == pytest.approx(delay, rel=0.03)
    assert run_length(exact, d, 0.0) == pytest.approx(arl, rel=1e-6)


def test_simulated_delays_are_the_computed_ones() -> None:
    rng = np.random.default_rng(7)
    h = threshold(1e3, 0.5)
    delays = [int(np.argmax(cusum(rng.normal(0.5, 1, 600), 0.5) > h)) + 1 for _ in range(2000)]
    assert float(np.mean(delays)) == pytest.approx(run_length(h, 0.5, 0.5), rel=0.05)


def _first(x: np.ndarray[tuple[int], np.dtype[np.float64]], h: float) -> int:
    over = np.flatnonzero(x > h)
    return int(over[0]) + 1 if over.size else x.size


def test_not_knowing_the_size_costs_at_most_a_quarter() -> None:
    """GLR, one-sided, against CUSUM that knows d, at the same measured mean time between false alarms."""
    rng = np.random.default_rng(11)
    quiet = [np.maximum.accumulate(glr(rng.normal(size=6000), 1000, 1)[0]) for _ in range(200)]
    levels = np.arange(5.0, 8.0, 0.05)
    lengths = [float(np.mean([np.searchsorted(run, h) + 1 for run in quiet])) for h in levels]
    h = float(levels[int(np.argmax(np.array(lengths) >= 1e3))])
    for d in (0.5, 1.0):
        delays = [_first(glr(rng.normal(d, 1, 300), 300, 1)[0], h) for _ in range(1500)]
        assert max(delays) < 300
        assert float(np.mean(delays)) <= 1.25 * 1.06 * run_length(
            threshold(1e3, d), d, d
        )  # 6 %: chance in 200 and 1500 runs


@settings(max_examples=50)
@given(SERIES, st.floats(0.1, 2))
def test_the_recursions_are_their_definitions(x: np.ndarray[tuple[int], np.dtype[np.float64]], d: float) -> None:
    w, r, found_w, found_r = 0.0, 0.0, [], []
    for value in x:
        step = d * float(value) - d * d / 2
        w = max(0.0, w + step)
        r = (1 + r) * np.exp(step)
        found_w.append(w)
        found_r.append(np.log(r))
    assert cusum(x, d) == pytest.approx(found_w, abs=1e-9)
    assert shiryaev_roberts(x, d) == pytest.approx(found_r, abs=1e-9)


@settings(max_examples=50)
@given(SERIES)
def test_with_all_lags_glr_is_its_definition(x: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    total = np.concatenate([[0.0], np.cumsum(x)])
    expected = [max((total[t] - total[k]) ** 2 / (2 * (t - k)) for k in range(t)) for t in range(1, x.size + 1)]
    best, onset = glr(x, x.size, growth=1.0)
    assert best == pytest.approx(expected, abs=1e-9)
    t = x.size
    assert (total[t] - total[onset[-1]]) ** 2 / (2 * (t - onset[-1])) == pytest.approx(best[-1], abs=1e-9)
