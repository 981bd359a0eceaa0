"""Trigger models, functions drawn from them, proposals, narrowing of a hit, coverage and its bound."""

from __future__ import annotations

import math
from collections.abc import Generator
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.search.bound import bound
from harness.search.cost import Cost, State, Trial, after, allowed, completed, cost
from harness.search.coverage import combined, coverage
from harness.search.covering import DesignError, array, uncovered
from harness.search.model import ModelError
from harness.search.narrow import Need, factors_that_matter, minimal, runs_needed, threshold
from harness.search.parser import built_in, parse
from harness.search.population import draw, hits
from harness.search.scheduler import Scheduler, settings

MODEL = built_in("dispenser")
TEXT = """
[model]
id = "two"
family = "two"
unit = "L"
quantity = "volume"
interactions = [1.0]
gains = [0.05]
source = "a test"
grade = "D"
verified = false

[[factor]]
name = "volume"
title_en = "litres"
title_zh = "升"
weight = 1.0
levels = ["5", "20"]
thresholds = true

[[factor]]
name = "keys"
title_en = "keys"
title_zh = "按键"
weight = 1.0
levels = ["none", "code"]
needs = ["", "key"]
triggers = [0, 1]

[[act]]
name = "key"
phase = "D"
minutes = 0.5
actions = 2
destroys = "what any key clears"

[[kit]]
name = "K2"
minutes = 1.0
actions = 2
per_fill = 0
least = 0.03
share = 0.0
"""


def walked(dialogue: Generator[Any, bool, Any], shows: Any) -> tuple[Any, list[Any]]:
    """What a dialogue comes to when `shows(one)` answers it, and what it tried."""
    tried = []
    try:
        one = next(dialogue)
        while True:
            tried.append(one)
            one = dialogue.send(shows(one))
    except StopIteration as ended:
        return ended.value, tried


# ------------------------------------------------------------------------------------------------------------------ models


def test_every_built_in_model_reads_and_says_that_its_prior_is_an_assumption() -> None:
    assert not MODEL.verified
    assert MODEL.grade == "D"
    assert sum(MODEL.interactions) == pytest.approx(1)
    assert math.prod(len(one.levels) for one in MODEL.factors) == 38_016  # the factors of statistics.md 3e
    with pytest.raises(ModelError, match="expected a family with a trigger model, got 'spoon'"):
        built_in("spoon")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('quantity = "volume"', 'quantity = "mass"', "line 6: model: quantity expected a factor with thresholds"),
        ("interactions = [1.0]", "interactions = [0.5]", "line 7: model: interactions expected shares that make 1"),
        ('levels = ["5", "20"]', 'levels = ["20", "5"]', "line 18: factor: levels with thresholds expected rising"),
        ('needs = ["", "key"]', 'needs = ["", "hammer"]', "line 27: factor: needs expected one of the acts key"),
        ('phase = "D"', 'phase = "Z"', "line 32: act: phase expected one of A, B"),
        ("[[kit]]", "[[kid]]", "line 37: expected one of the tables model"),
        ("verified = false", "verified = true", "verified expected false unless grade is V"),
        ("gains = [0.05]", "gains = [nan]", "line 8: model: gains expected numbers from 0"),
        ("least = 0.03", "", "kit: expected the key 'least', got none"),
        ('source = "a test"', 'sauce = "a test"', "unknown key 'sauce'"),
    ],
)
def test_a_model_that_is_none_is_refused_with_its_line(old: str, new: str, said: str) -> None:
    assert parse(TEXT, "m.toml").id == "two"
    with pytest.raises(ModelError, match=said):
        parse(TEXT.replace(old, new, 1), "m.toml")


@given(st.text(max_size=300))
def test_any_text_is_a_model_or_a_clear_error(text: str) -> None:
    with pytest.raises(ModelError, match=r"^m\.toml, "):
        parse(text + "\n[strange]\n", "m.toml")


# -------------------------------------------------------------------------------------------------------------- population


def test_functions_have_as_many_conditions_as_the_prior_says_and_act_somewhere() -> None:
    drawn = draw(MODEL, 4000, np.random.default_rng(1), evasive=0.7)
    shares = [float((drawn.order == k).mean()) for k in (1, 2, 3, 4)]
    assert shares == pytest.approx(MODEL.interactions, abs=0.03)
    assert float(drawn.evades.mean()) == pytest.approx(0.7, abs=0.03)
    assert all(bool(permits.any(axis=1).all()) for permits in drawn.permits)
    again = draw(MODEL, 4000, np.random.default_rng(1), evasive=0.7)
    assert all((a == b).all() for a, b in zip(drawn.permits, again.permits, strict=True))


def test_a_function_above_a_volume_acts_on_what_lies_above_it() -> None:
    model = parse(TEXT, "m.toml")
    drawn = draw(model, 200, np.random.default_rng(2), evasive=0.0, weights=[1.0, 0.0])
    assert set(drawn.above.tolist()) == {5.0}
    assert (drawn.active((1, 0)) == 15.0).all()
    assert (drawn.active((0, 0)) == 0.0).all()
    assert drawn.shows("K2")[0].tolist() == [[False, True]] * 200  # 5 % of 15 L


# ---------------------------------------------------------------------------------------------------------- cost and order


def test_what_destroys_may_be_done_from_its_phase_on_alone() -> None:
    assert allowed(MODEL, "C") == frozenset()
    assert allowed(MODEL, "D") == {"key", "remote"}
    assert allowed(MODEL, "E") == {"key", "remote", "power"}
    assert "price" in allowed(MODEL, "bench")
    assert "clock" not in allowed(MODEL, "bench")


def test_a_run_costs_its_flow_its_fills_and_its_acts() -> None:
    plain = completed(MODEL, State(), [0] * 10, cycle=False)
    forty = Trial((10, *plain.levels[1:]))
    assert cost(MODEL, "K2", forty).minutes == pytest.approx(0.6 + 1.0)
    assert cost(MODEL, "K0", forty).minutes == pytest.approx(4.0 + 4.0 + 1.0)  # two fills of 20 L
    assert cost(MODEL, "K2", Trial(forty.levels, cycle=True)).minutes == pytest.approx(1.6 + 3.0)
    assert cost(MODEL, "K2", forty).quantity == 40.0


def test_power_away_makes_fresh_and_first_for_a_while() -> None:
    state = State("E")
    first = completed(MODEL, state, [0] * 10, cycle=True)
    assert [MODEL.factors[f].levels[first.levels[f]] for f in (5, 9)] == ["fresh", "first"]
    state = after(MODEL, "K2", state, first)
    for expected in (("fresh", "2 to 5"),) * 4:
        own = completed(MODEL, state, [0] * 10, cycle=False)
        assert (MODEL.factors[5].levels[own.levels[5]], MODEL.factors[9].levels[own.levels[9]]) == expected
        state = after(MODEL, "K2", state, own)
    assert MODEL.factors[9].levels[completed(MODEL, state, [0] * 10, cycle=False).levels[9]] == "6 and more"


# --------------------------------------------------------------------------------------------------------------- scheduler


def searched(seed: int, minutes: float, phase: str = "E", kit: str = "K2", refuse: str = "") -> list[Any]:
    scheduler, state, left, found = Scheduler(MODEL, kit, seed), State(phase), minutes, []
    if refuse == "power":
        scheduler.power = False
    elif refuse:
        scheduler.refuse(refuse, "pressed")
    while (one := scheduler.propose(state, Cost(left, math.inf, 0))) is not None:
        found.append(one)
        scheduler.tell(one.trial)
        state, left = after(MODEL, kit, state, one.trial), left - one.cost.minutes
    return found


def test_a_seed_gives_the_same_search_and_another_another() -> None:
    assert [one.trial for one in searched(3, 20)] == [one.trial for one in searched(3, 20)]
    assert [one.trial for one in searched(3, 20)] != [one.trial for one in searched(4, 20)]


@pytest.mark.parametrize("phase", ["C", "D", "E"])
def test_a_search_keeps_to_its_phase_and_budget(phase: str) -> None:
    found = searched(5, 25, phase)
    assert sum(one.cost.minutes for one in found) <= 25
    acts = allowed(MODEL, phase)
    for one in found:
        needs = {factor.needs[level] for factor, level in zip(MODEL.factors, one.trial.levels, strict=True)}
        assert needs <= {""} | acts
        assert not one.trial.cycle or "power" in acts


def test_a_run_that_was_left_out_said_nothing_and_another_is_proposed() -> None:
    scheduler = Scheduler(built_in("dispenser"), "K2", 3)
    budget = Cost(60.0, math.inf, 0)
    first = scheduler.propose(State("E"), budget)
    assert first is not None
    scheduler.skip(first.trial)
    assert scheduler.left == pytest.approx(1.0)
    second = scheduler.propose(State("E"), budget)
    assert second is not None
    assert second.trial.levels != first.trial.levels
    scheduler.tell(second.trial)
    assert scheduler.left < 0.95


def test_by_hand_nobody_walks_for_nothing() -> None:
    """Between fills of minutes a run works what the one before it did: no place is gone to anew."""
    model, budget = built_in("dispenser"), Cost(90.0, math.inf, 0)
    for seed in range(5):
        scheduler, needs = Scheduler(model, "K0", seed), list[set[str]]()
        for _ in range(12):
            found = scheduler.propose(State("E"), budget)
            assert found is not None
            needs.append({f.needs[n] for f, n in zip(model.factors, found.trial.levels, strict=True)})
            scheduler.tell(found.trial)
        anew = [now - before for before, now in pairwise(needs)]
        assert sum(map(len, anew)) <= 2


def test_what_was_refused_is_never_proposed_again() -> None:
    assert any(MODEL.factors[6].levels[one.trial.levels[6]] == "pressed" for one in searched(6, 20))
    assert all(one.trial.levels[6] == 0 for one in searched(6, 20, refuse="remote"))
    assert all(not one.trial.cycle for one in searched(6, 40, refuse="power"))


def test_a_proposal_is_explained_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    [one, *_] = searched(7, 5)
    why = one.why(MODEL)
    assert "\n" not in why
    assert "% of what the model leaves" in why
    monkeypatch.setenv("SHORTMEASURE_LANG", "zh")
    assert "模型" in one.why(MODEL).said


def test_half_an_hour_shows_most_of_a_population_of_another_draw_and_never_more_than_the_bound() -> None:
    drawn = draw(MODEL, 400, np.random.default_rng(100), evasive=0.7)
    shows, seen = drawn.shows("K2"), np.zeros(400, dtype=bool)
    for one in searched(8, 30):
        seen |= hits(shows, one.trial.levels)
    most = bound(drawn, "K2", 30, "E")
    assert 0.7 < float(seen.mean()) <= most <= 1.0


def test_the_bound_of_a_small_model_is_what_one_counts_by_hand() -> None:
    model = parse(TEXT, "m.toml")
    drawn = draw(model, 100, np.random.default_rng(3), evasive=0.0)
    assert len(settings(model, "C")) == 2
    above = float((drawn.above > 0).mean())
    assert bound(drawn, "K2", 30, "C") == pytest.approx(above)  # keys are not to be had in phase C
    assert bound(drawn, "K2", 30, "D") == pytest.approx(1.0)
    assert bound(drawn, "K2", 0.5, "D") == 0.0  # no run is so short


# --------------------------------------------------------------------------------------------------------------- narrowing


@given(st.integers(1, 399), st.integers(400, 800), st.integers(1, 799))
def test_bisection_finds_a_threshold_in_log2_runs(low: int, high: int, cut: int) -> None:
    cut = min(max(cut, low + 1), high)  # acts from `cut` tenths on
    found, tried = walked(threshold(low / 10, high / 10, 0.1), lambda value: value >= cut / 10 - 1e-9)
    assert found.above
    assert found.silent < cut / 10 <= found.acts + 1e-9
    assert found.acts - found.silent <= 0.1 + 1e-9
    assert len(tried) <= runs_needed(low / 10, high / 10, 0.1) + 1


def test_a_function_that_stops_above_a_value_is_bisected_as_well() -> None:
    found, _ = walked(threshold(40.0, 5.0, 0.2), lambda value: value <= 20.0)
    assert not found.above
    assert found.acts <= 20.0 < found.silent
    assert found.silent - found.acts == pytest.approx(0.2)
    with pytest.raises(ValueError, match="expected a range"):
        runs_needed(5, 5, 0.1)


@given(st.lists(st.sampled_from("0123456789*#FPT"), min_size=3, max_size=24), st.data())
def test_a_key_sequence_is_minimised_exactly(keys: list[str], data: st.DataObject) -> None:
    at = sorted(data.draw(st.lists(st.integers(0, len(keys) - 1), min_size=1, max_size=3, unique=True)))
    code = tuple(keys[n] for n in at)

    def works(tried: tuple[str, ...]) -> bool:
        left = iter(tried)
        return all(key in left for key in code)  # in this order, others in between

    found, tried = walked(minimal(keys), works)
    assert found == code
    assert len(tried) == len(set(tried)) <= len(keys) ** 2 + 8


def test_one_factor_at_a_time_tells_what_a_hit_needs() -> None:
    hit, plain = (3, 1, 2, 0, 1), (0, 0, 0, 0, 0)
    found, tried = walked(factors_that_matter(hit, plain, range(5)), lambda one: one[1] == 1 and one[4] == 1)
    assert found == {0: Need.NONE, 1: Need.NEEDED, 2: Need.NONE, 4: Need.NEEDED}
    assert len(tried) == 4


def test_what_latched_is_told_from_what_is_not_needed() -> None:
    on = True  # the hit has switched it on

    def shows(levels: tuple[int, ...]) -> bool:
        nonlocal on
        on = on != bool(levels[1])
        return on and levels[0] == 1

    found, _ = walked(factors_that_matter((1, 1, 1), (0, 0, 0), range(3), worked=[1]), shows)
    assert found == {0: Need.NEEDED, 1: Need.LATCHED, 2: Need.NONE}


# ---------------------------------------------------------------------------------------------------------------- coverage


def test_coverage_counts_combinations_and_classes() -> None:
    drawn = draw(MODEL, 4000, np.random.default_rng(9))
    runs = [one.trial for one in searched(9, 30)]
    found = coverage(drawn, runs, "K2", "E")
    assert found.runs == len(runs)
    assert 0 < found.pairs[0] < found.pairs[1]
    assert found.triples[0] / found.triples[1] < found.pairs[0] / found.pairs[1]
    shares = {name: share for name, share, _ in found.shown}
    assert shares["1"] > shares["4"]
    assert shares["clock"] < 0.6, "no raid reaches another hour"
    assert coverage(drawn, [], "K2", "E").pairs[0] == 0


def test_a_covering_array_covers_and_one_row_less_does_not() -> None:
    sizes = [len(one.levels) for one in MODEL.factors]
    for t, rows in ((2, array(sizes, 2)), (3, array(sizes, 3))):
        assert uncovered(sizes, rows, t) == 0
        assert uncovered(sizes, rows[:-1], t) > 0
        assert len(rows) >= math.prod(sorted(sizes)[-t:])
    with pytest.raises(ValueError, match="expected 1 to 2 factors"):
        array([2, 2], 3)


def test_without_the_extra_one_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "covertable", None)
    with pytest.raises(DesignError, match=r"shortmeasure\[design\]"):
        array([2, 2], 2)


def test_every_pair_of_the_array_is_counted_as_tried() -> None:
    model = parse(TEXT, "m.toml")
    rows = [Trial(row) for row in array([2, 2], 2)]
    assert combined(model, rows, 2, "D") == (4, 4)
    assert combined(model, rows, 2, "C") == (2, 2)
    assert Decimal(model.factors[0].levels[1]) == 20
