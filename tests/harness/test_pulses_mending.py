"""A train without what was put in, and whether its disc comes together again."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.disc_trains import SLOTS, train
from captures.model import Int64Array
from harness.judge.pulses.mending import put_in
from harness.judge.pulses.recoherence import recoherence, slipped


def mixed(seed: int, gain: float, delay: float, grade: str = "nominal") -> tuple[Int64Array, Int64Array]:
    """A train of 10 L into which edges were put at random, and these."""
    rng = np.random.default_rng([seed, round(1000 * gain)])
    ticks = train(rng, grade, 10.0)
    at = np.flatnonzero(rng.random(ticks.size - 1) < gain)
    extra = ticks[at] + ((ticks[at + 1] - ticks[at]) * delay).astype(np.int64)
    return np.union1d(ticks, extra), extra


@pytest.mark.parametrize("gain", [0.02, 0.1, 0.2])
def test_edges_put_in_are_found_beside_each_other_too(gain: float) -> None:
    found = put = false = 0
    for seed in range(10):
        ticks, extra = mixed(seed, gain, 0.5)
        suspects = ticks[put_in(ticks)]
        found, put = found + int(np.isin(suspects, extra).sum()), put + extra.size
        false += int((~np.isin(suspects, extra)).sum())
    assert found >= 0.9 * put
    assert false <= 0.03 * put


@pytest.mark.parametrize("grade", ["nominal", "weak", "poor"])
def test_nothing_is_taken_from_an_undisturbed_train(grade: str) -> None:
    for seed in range(5):
        ticks = train(np.random.default_rng(seed), grade, 20.0)
        assert put_in(ticks).size == 0


def test_without_them_the_disc_comes_together_and_without_its_own_pulses_it_falls_apart() -> None:
    for seed in range(6):
        ticks, _ = mixed(seed, 0.05, 0.3)
        again = recoherence(ticks, put_in(ticks), SLOTS)
        assert again is not None
        assert again.again is True
        plain = train(np.random.default_rng(seed), "nominal", 10.0)
        own = np.sort(np.random.default_rng(seed).choice(np.arange(5, plain.size - 5), 40, replace=False))
        torn = recoherence(plain, own[np.diff(own, prepend=0) > 1], SLOTS)
        assert torn is not None
        assert torn.again is not True


def test_where_the_disc_shows_nothing_nothing_is_said() -> None:
    for seed in range(6):
        ticks, _ = mixed(seed, 0.05, 0.5, "poor")
        again = recoherence(ticks, put_in(ticks), SLOTS)
        assert again is not None
        assert again.at() == {}
    short, _ = mixed(1, 0.05, 0.5)
    assert recoherence(short[:300], put_in(short[:300]), SLOTS) is None
    assert recoherence(short, put_in(short), SLOTS, every_n=10.0) is None
    assert recoherence(short, put_in(short), SLOTS, every_n=20.0) is not None


def test_a_slot_more_for_each_and_no_odd_interval() -> None:
    ticks = np.array([0, 10, 14, 20, 30], dtype=np.int64)
    assert slipped(ticks, np.array([2])).tolist() == [0, 10, 20, 30, 40]
