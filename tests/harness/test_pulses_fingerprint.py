"""Fingerprint tracker: how soon a switch shows, and that nothing shows without one."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.disc_trains import SLOTS, train
from captures.model import Int64Array
from harness.judge.pulses.fingerprint import MEMORY, Fingerprint, follow, learn
from harness.judge.pulses.revolution import log_intervals

TRUSTED = 1000  # intervals, ten litres


def switched(rng: np.random.Generator, grade: str, gain: float, at: int) -> Int64Array:
    """Twenty litres; from pulse `at` on a device makes 1 + gain pulses of each."""
    ticks = train(rng, grade, 20)
    tail = ticks[at:].astype(np.float64)
    more = np.interp(np.arange(0, tail.size - 1, 1 / (1 + gain)), np.arange(tail.size), tail)
    return np.concatenate([ticks[:at], np.round(more).astype(np.int64)])


def learnt(ticks: Int64Array) -> Fingerprint:
    found = learn(log_intervals(ticks)[:TRUSTED], SLOTS)
    assert found is not None
    return found


@pytest.mark.parametrize(("gain", "median_l"), [(0.01, 0.7), (0.02, 0.5), (0.05, 0.3), (0.10, 0.2)])
def test_a_switch_shows_within_the_litres_asked_for(gain: float, median_l: float) -> None:
    """statistics.md section 7.4: median delay at a false alarm of 1e-4 per 10 L, nominal pulser."""
    delays = []
    for seed in range(9):
        at = 1200 + 7 * seed
        ticks = switched(np.random.default_rng(seed), "nominal", gain, at)
        begin = TRUSTED - SLOTS
        slip = follow(log_intervals(ticks)[begin:], learnt(ticks), begin % SLOTS)
        first = slip.first(1e-4)
        assert first is not None
        assert first + begin >= at
        later = min(first + 40, slip.log_e.size - 1)
        onset, told = slip.slips.greatest(later)
        assert abs(onset + begin - at) < 60
        assert 0.4 * gain <= told <= 2.5 * gain
        delays.append((first + begin - at) / 100)
    assert float(np.median(delays)) <= median_l


def test_an_honest_delivery_stays_quiet() -> None:
    for seed in range(40):
        grade = ("nominal", "weak", "poor")[seed % 3]
        ticks = train(np.random.default_rng(seed), grade, 20)
        slip = follow(log_intervals(ticks)[TRUSTED:], learnt(ticks), TRUSTED % SLOTS)
        assert slip.first(1e-3) is None


def test_patterns_of_a_poor_pulser_do_not_agree() -> None:
    assert learnt(train(np.random.default_rng(3), "nominal", 20)).agreement > 0.9
    assert learnt(train(np.random.default_rng(3), "poor", 20)).agreement < 0.4


def test_evidence_is_that_of_the_pulses_seen_so_far() -> None:
    """What comes later changes nothing of what was known: live end and offline are one."""
    ticks = switched(np.random.default_rng(5), "nominal", 0.02, 1300)
    x, print_ = log_intervals(ticks)[TRUSTED:], learnt(ticks)
    whole, part = follow(x, print_, 0), follow(x[:400], print_, 0)
    assert part.log_e == pytest.approx(whole.log_e[:400], abs=1e-9)
    for pulse in range(0, 400, 40):
        assert part.slips.greatest(pulse) == whole.slips.greatest(pulse)
    assert whole.slips.greatest(0) == (0, 0.0)  # nothing is followed yet


def test_evidence_is_the_mean_of_the_likelihood_ratios_of_every_onset_and_gain() -> None:
    """By the formula, one onset and gain after the other."""
    ticks = switched(np.random.default_rng(6), "nominal", 0.01, 1300)
    x, print_ = log_intervals(ticks)[TRUSTED:][:600], learnt(ticks)
    found = follow(x, print_, 0)
    slips = found.slips
    held = [slice(int(o), min(int(o) + MEMORY, x.size)) for o in slips.onsets]
    total, best = np.zeros(x.size), np.full(x.size, -np.inf)
    for o, weight, slot in zip(held, slips.weight, slips.slot, strict=True):
        for g in range(len(slips.gains)):
            e = slips.expected[: o.stop - o.start, g, slot]
            ratio = np.cumsum(e * slips.innovations[o] - e**2 / 2) + weight
            total[o] += np.exp(ratio)
            total[o.stop :] += np.exp(ratio[-1])
            best[o] = np.maximum(best[o], ratio)
    begun = np.searchsorted(slips.onsets, np.arange(x.size), "right")
    not_yet = 1 - np.concatenate([[0.0], np.cumsum(np.exp(slips.weight)) * len(slips.gains)])[begun]
    assert found.log_e == pytest.approx(np.log(total + not_yet), abs=1e-9)
    for pulse in (200, 350, 500, 599):
        onset, gain = slips.greatest(pulse)
        number, g = int(np.flatnonzero(slips.onsets == onset)[0]), slips.gains.index(gain)
        e = slips.expected[: pulse + 1 - onset, g, slips.slot[number]]
        own = float(np.sum(e * slips.innovations[onset : pulse + 1] - e**2 / 2)) + float(slips.weight[number])
        assert own == pytest.approx(best[pulse], abs=1e-9)


def test_a_short_stretch_teaches_nothing() -> None:
    assert learn(log_intervals(train(np.random.default_rng(1), "nominal", 3)), SLOTS) is None
