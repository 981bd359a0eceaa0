"""The floor under the litres of the split test, as docs/split_test.md tells it, against devices that are drawn."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import disc_trains
from benchmarks.split_power import BURST, LEAST_HITS, TARGETS, floor_l, inserted
from harness.judge.events import first_of_each


@pytest.mark.parametrize(("kind", "gain"), TARGETS)
def test_nine_devices_of_ten_have_put_in_three_separate_pulses_at_the_floor(kind: str, gain: float) -> None:
    rng = np.random.default_rng(4)
    steady = (np.arange(3_000) / disc_trains.RATE * 1e6).astype(np.int64)
    litres = []
    for _ in range(1_000):
        extra = inserted(rng, steady, gain, kind, 0.5)
        third = extra[first_of_each(extra, BURST)[LEAST_HITS - 1]]
        litres.append(np.searchsorted(steady, third) / 100)
    floor = floor_l(kind, gain)
    assert 0.86 <= np.mean(np.array(litres) <= floor) <= 0.96  # whole pulses; four standard deviations
    assert np.mean(np.array(litres) <= 0.8 * floor) <= 0.84
    assert floor < TARGETS[kind, gain]
