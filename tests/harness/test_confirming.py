"""Which runs would prove what a search has shown: functions that remain, confirmations by likelihood, and the judgement of registered pairs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.search_cases import COMPARES, Site
from harness.judge.contract import Registration
from harness.judge.evidence import proves_from
from harness.plans.proving import History, against, next_run
from harness.search.confirming import Seen, best, candidates, idled, reach
from harness.search.cost import State, Trial, completed
from harness.search.onset import told_by_one
from harness.search.parser import built_in
from harness.search.population import Population, flattened
from harness.search.remaining import Remaining

MODEL = built_in("dispenser")
KIT, HERE = "K2", State("E")


def trial(cycle: bool = False, **levels: str) -> Trial:
    free = [factor.levels.index(levels.get(factor.name, factor.levels[0])) for factor in MODEL.factors]
    return completed(MODEL, HERE, free, cycle)


def hidden(gain: float = 0.03, above: float = 0.0, ends: int = 0, **permits: tuple[str, ...]) -> Population:
    """One function that acts at these levels alone, and everywhere else of the other factors."""
    tables = tuple(
        np.array([[level in permits.get(factor.name, factor.levels) for level in factor.levels]])
        for factor in MODEL.factors
    )
    return Population(
        MODEL, tables, np.array([above]), np.array([gain]), np.array([1]), np.array([True]), np.array([ends])
    )


PLAIN = trial(volume="13.70")
KEYED = trial(volume="13.70", keys="till key")
BY_KEY = {"keys": ("till key",)}


def test_a_flatter_prior_has_more_of_what_is_rare() -> None:
    rng = np.random.default_rng(1)
    orders = flattened(MODEL, 4000, rng).order
    assert (orders == 4).mean() > 2 * MODEL.interactions[3]
    assert (orders == 1).mean() < MODEL.interactions[0]


@pytest.mark.parametrize(
    ("ends", "stays"), [(0, 0.0), (1, 1.0), (2, 1.0)], ids=["until the sale ends", "until power is cut", "until a key"]
)
def test_what_was_worked_stays_on_as_long_as_the_function_says(ends: int, stays: float) -> None:
    left = Remaining.of(hidden(ends=ends, **BY_KEY))
    assert left.acts(PLAIN)[0].tolist() == [0.0]
    left = left.told(KEYED, 0.03)
    assert left.acts(PLAIN)[0].tolist() == [stays]
    assert left.acts(replace(PLAIN, cycle=True))[0].tolist() == [0.0 if ends == 1 else stays]
    other = trial(volume="13.70", keys="switch")
    assert left.acts(other)[0].tolist() == [1.0 if ends == 1 else 0.0]


def test_a_function_that_runs_contradict_weighs_next_to_nothing() -> None:
    both = flattened(MODEL, 3000, np.random.default_rng(2))
    left = Remaining.of(both).told(PLAIN, 0.001).told(KEYED, 0.031).told(PLAIN, 0.0005)
    always = both.permits[MODEL.index("keys")][:, 0] & (left.sums.f > 2.5)
    assert left.weight[always].sum() < 1e-6
    keyed = ~both.permits[MODEL.index("keys")][:, 0] & (left.sums.ff > 0)
    assert left.weight[keyed].sum() > 0.95
    share, _ = left.acts(KEYED)
    assert float((left.gain * share)[left.weight.argmax()]) == pytest.approx(0.03, abs=0.002)


def test_the_error_of_an_honest_instrument_is_no_gain() -> None:
    left = Remaining.of(hidden()).told(PLAIN, 0.003).told(trial(volume="40.00"), 0.003)
    assert abs(float(left.gain[0])) < 0.004


def test_where_it_acts_from_decides_between_thresholds() -> None:
    long = trial(volume="40.00")
    ten = Remaining.of(hidden(above=10.0)).told(long, 0.0225, 10.3)
    far = Remaining.of(hidden(above=27.1)).told(long, 0.0225, 10.3)
    assert far.odd[0] > 100 * ten.odd[0]


def seen(*runs: tuple[Trial, bool]) -> Seen:
    return Seen(runs)


def judged(history: History) -> None:
    history.errors = {label: 0.03 if label in history.showed else 0.001 for label in history.trials}


def test_a_key_that_was_told_apart_is_compared_with_nothing_worked() -> None:
    """Silent, shown, silent, shown: what is left is one setting against the other, in turn and of one volume."""
    history = History({"Q1": PLAIN, "Q2": KEYED, "Q3": PLAIN, "Q4": KEYED}, {}, {"Q2", "Q4"}, {})
    judged(history)
    more, found = next_run(history, against(MODEL, 1), KIT, HERE, frozenset())
    assert more is None
    assert found is not None
    assert found.compares
    assert found.share > 0.9
    assert found.minutes <= 10
    keys = MODEL.index("keys")
    volumes = {one.levels[MODEL.index("volume")] for one, _ in found.runs}
    worked = KEYED.levels[keys]
    assert {(one.levels[keys] == worked, half) for one, half in found.runs} == {(False, "silent"), (True, "shows")}
    assert len(volumes) == 1


def test_what_stays_on_is_switched_off_once_and_on_again() -> None:
    """Nobody knows yet whether power or another key ends it: both at once, and from then on nothing is worked in the silent runs."""
    history = History({"Q1": PLAIN, "Q2": KEYED, "Q3": PLAIN}, {}, {"Q2", "Q3"}, {})
    judged(history)
    drawn, keys = against(MODEL, 1), MODEL.index("keys")
    left = history.remaining(drawn)
    blocks = [
        one for one in candidates(left, KIT, HERE, history.seen(MODEL, frozenset()), 12.0, reach(1)) if one.runs[0][1]
    ]
    both = [
        one
        for one in blocks
        if any(
            run.cycle and run.levels[keys] not in (0, KEYED.levels[keys]) and half == "silent" for run, half in one.runs
        )
    ]
    either = [
        one
        for one in blocks
        if any(run.cycle for run, _ in one.runs)
        and all(run.levels[keys] in (0, KEYED.levels[keys]) for run, _ in one.runs)
    ]
    assert max(float(one.proves @ left.weight) for one in both) > max(float(one.proves @ left.weight) for one in either)


def test_how_likely_one_delivery_tells_its_onset() -> None:
    asked = np.array([10.0, 40.0])
    likely = told_by_one(np.array(0.03), asked / 2, asked)
    assert likely[0] < 0.1
    assert likely[1] > 0.99
    assert told_by_one(np.array(0.03), np.array(20.0), np.array(10.0)) == 0.0
    assert told_by_one(np.array(0.001), np.array(20.0), np.array(40.0)) == 0.0


def test_one_hit_alone_asks_for_a_run_that_tells_more() -> None:
    history = History({"Q1": KEYED}, {"Q1": 0.03}, {"Q1"}, {})
    more, _ = next_run(history, against(MODEL, 1), KIT, HERE, frozenset())
    assert more is not None
    assert more.levels != KEYED.levels


def test_a_small_gain_that_changes_with_the_flow_alone_is_not_proposed() -> None:
    """The error of a meter depends on its flow: less than what no reference drifts is never proven by it."""
    slow = trial(volume="13.70", flow="slow")
    own = {"flow": ("full",)}
    for gain, provable in ((0.01, False), (0.05, True)):
        left = Remaining.of(hidden(gain=gain, **own)).told(PLAIN, gain).told(slow, 0.0)
        weighed = candidates(left, KIT, HERE, seen((PLAIN, True), (slow, False)), 60.0, reach(1))
        assert weighed
        assert (best(left, weighed) is not None) is provable


def test_a_threshold_is_proven_inside_long_deliveries_alone() -> None:
    long = trial(volume="40.00")
    left = Remaining.of(hidden(gain=0.05, above=20.0)).told(long, 0.025, 20.0)
    found = best(left, candidates(left, KIT, HERE, Seen(((long, True),), told=40.0), 10.0, reach(1)))
    assert found is not None
    assert not found.compares
    assert len(found.runs) >= 4
    untold = candidates(left, KIT, HERE, Seen(((long, True),), untold=40.0), 10.0, reach(1))
    none = best(left, untold)
    assert none is None or none.compares


def test_what_measures_in_fills_has_no_confirmation_and_what_is_not_at_hand_is_not_in_one() -> None:
    left = Remaining.of(hidden(**BY_KEY)).told(PLAIN, 0.0).told(KEYED, 0.03)
    runs = seen((PLAIN, False), (KEYED, True))
    assert candidates(left, "K0", HERE, runs, 10.0, reach(1)) == []
    keys = MODEL.index("keys")
    level = MODEL.factor("keys").levels.index("switch")
    refused = Seen(runs.runs, refused=frozenset({(keys, level)}))
    for one in candidates(left, KIT, HERE, refused, 20.0, reach(1)):
        assert not any(run.levels[keys] == level for run, _ in one.runs)


def test_nothing_worked_leaves_volume_and_flow_as_they_are() -> None:
    worked = trial(volume="40.00", flow="slow", keys="switch", remote="pressed")
    assert idled(MODEL, worked).levels == trial(volume="40.00", flow="slow").levels


# the judgement of registered pairs, on deliveries of the independent generator


def confirmed(population: Population, runs: list[tuple[Trial, str]], seed: int = 5) -> tuple[str, Site]:
    site = Site(population, 0, KIT, seed)
    target = f"{COMPARES}:reference>register"
    for one, half in runs:
        site.run(one, {"confirmation": 1, "confirms": target, "half": half})
    return str(site.verdict((Registration(1, target, 0, True),)).integrity), site


TURNS = [(PLAIN, "silent"), (KEYED, "shows")] * 3


def test_a_constant_gain_behind_a_key_is_proven_by_its_registered_pairs() -> None:
    integrity, site = confirmed(hidden(gain=0.02, **BY_KEY), TURNS)
    assert integrity == "proven"
    told = [r for r in site.verdict().readings if r.detector == COMPARES]
    assert {r.key for r in told} == {"registered"}
    assert [r.segment for r in told if str(r.link) == "reference>register"] == ["Q1|Q2", "Q3|Q4", "Q5|Q6"]


def test_an_honest_instrument_is_not_proven_by_registered_pairs() -> None:
    for seed in range(20):
        integrity, _ = confirmed(hidden(gain=0.0), TURNS, seed)
        assert integrity not in ("suspect", "proven")


def test_a_small_gain_needs_the_one_setting_and_the_other_and_the_one_again() -> None:
    """1 % is less than a reference may drift, so that what came once may be drift; what came and went with the key is not."""
    small = hidden(gain=0.01, **BY_KEY)
    long = [(trial(volume="27.10", **({} if half == "silent" else {"keys": "till key"})), half) for _, half in TURNS]
    assert confirmed(small, long)[0] == "proven"
    blocks = sorted(long, key=lambda one: one[1] == "shows")
    assert confirmed(small, blocks)[0] != "proven"


def test_a_volume_between_two_that_show_is_no_fixed_loss() -> None:
    ten, less, more = (trial(volume=litres) for litres in ("10.00", "7.30", "13.70"))
    inspected = hidden(gain=0.05, volume=tuple(v for v in MODEL.factor("volume").levels if v != "10.00"))
    turns = [(ten, "silent"), (less, "shows"), (ten, "silent"), (more, "shows")] * 2
    assert confirmed(inspected, turns)[0] == "proven"
    assert confirmed(inspected, [(ten, "silent"), (less, "shows")] * 3)[0] == "proven"  # 0.36 L is no hose
    small = hidden(gain=0.02, volume=inspected.model.factor("volume").levels[:4])
    assert confirmed(small, [(ten, "silent"), (less, "shows")] * 4)[0] != "proven"


def test_the_next_confirmation_costs_twice_as_much() -> None:
    assert [proves_from(k) for k in (1, 2, 3)] == [4e4, 8e4, 1.6e5]
    assert reach(2).proven_at == 2 * reach(1).proven_at
    assert reach(1).cap > 1000


def test_nothing_is_usual_before_something_came_again() -> None:
    """A long delivery that tells from where on it acts may be off by less than any run shows: that is something new."""
    history = History(errors={"Q1": 0.003, "Q2": 0.009, "Q3": 0.02}, suspected=False)
    assert not history.nothing_new("Q1")
    history.came_again("Q2")
    assert history.nothing_new("Q1")
    assert not history.nothing_new("Q3")
    history.suspected = True
    assert not history.nothing_new("Q1")
    scales = History(suspected=False)
    scales.came_again("Q1")
    assert not scales.nothing_new("Q1"), "whose runs tell no errors"
