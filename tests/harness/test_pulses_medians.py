"""Medians are those of numpy to the last digit."""

from __future__ import annotations

import numpy as np
import pytest

from harness.judge.pulses.medians import median, medians


@pytest.mark.parametrize("n", [*range(1, 35), 255, 256, 1000, 1001])
def test_medians_are_those_of_numpy_to_the_last_digit(n: int) -> None:
    rng = np.random.default_rng(n)
    for x in (rng.normal(size=(4, n)), np.round(rng.normal(size=(4, n)), 1), rng.integers(-3, 4, (4, n)), rng.integers(0, 10**15, (4, n))):  # fmt: skip
        assert medians(x).tolist() == np.median(x, axis=1).tolist()
        assert median(x[0]) == float(np.median(x[0]))


def test_the_array_is_left_as_it_is() -> None:
    x = np.array([3, 1, 2, 5])
    assert median(x) == 2.5
    assert x.tolist() == [3, 1, 2, 5]


def test_there_is_no_median_of_nothing() -> None:
    with pytest.raises(IndexError, match="out of bounds"):
        median(np.zeros(0))
