"""Batches of instruments clustered by station, prepackages, and records that look written."""

from __future__ import annotations

from decimal import Decimal
from importlib.resources import files

import numpy as np
import pytest

from harness.metrology.batch import Verified, above_zero, power
from harness.metrology.errors import MetrologyError
from harness.metrology.prepackage import factor, judge, load_rules, parse
from harness.metrology.records import all_same, heaping, identical, terminal_digits, too_alike


def region(rng: np.random.Generator, stations: int, each: int, mean: float, between: float = 0.12, within: float = 0.15) -> list[Verified]:  # fmt: skip
    return [
        Verified(f"S{n}", float(mean + own + within * rng.standard_normal()))
        for n in range(stations)
        for own in [between * rng.standard_normal()]
        for _ in range(each)
    ]


def test_an_honest_region_is_not_accused_where_a_naive_test_would_be() -> None:
    """300 regions of 20 stations at 1 %: 3 expected; taken one by one instruments of a station give many times as many."""
    from scipy import stats

    rng, told, naive = np.random.default_rng(1), 0, 0
    for _ in range(300):
        records = region(rng, 20, 6, 0.0)
        told += above_zero(records, 0.01).above_zero
        naive += bool(stats.ttest_1samp([one.error for one in records], 0.0, alternative="greater").pvalue < 0.01)
    assert told <= 9  # binomial 99.7 %
    assert naive > 3 * max(told, 4)


def test_an_honest_region_is_not_accused_by_a_standard_that_reads_low() -> None:
    """What one standard does to every error of a region is as much a part of its mean as its owners' doing."""
    rng, told, without = np.random.default_rng(5), 0, 0
    for _ in range(300):
        records = region(rng, 40, 6, 0.05 * rng.standard_normal())
        told += above_zero(records, 0.01, 0.05).above_zero
        without += above_zero(records, 0.01).above_zero
    assert told <= 9  # binomial 99.7 %
    assert without > 3 * max(told, 4)
    with pytest.raises(MetrologyError, match="common standard uncertainty from 0 on"):
        above_zero(records, 0.01, -0.1)


def test_a_shifted_region_is_found_as_often_as_the_power_says() -> None:
    rng = np.random.default_rng(2)
    found = sum(above_zero(region(rng, 40, 6, 0.10), 1e-3).above_zero for _ in range(200)) / 200
    assert found == pytest.approx(power(0.10, 40, 6, 0.12, 0.15, 1e-3), abs=0.07)


@pytest.mark.parametrize(("stations", "expected"), [(10, 0.09), (20, 0.43), (40, 0.91), (80, 1.00)])
def test_the_power_is_that_of_the_table(stations: int, expected: float) -> None:
    assert power(0.10, stations, 6, 0.12, 0.15, 1e-3) == pytest.approx(expected, abs=0.025)


def test_spreads_between_and_within_stations_are_told_apart() -> None:
    found = above_zero(region(np.random.default_rng(3), 400, 6, 0.02), 1e-3)
    assert found.between == pytest.approx(0.12, abs=0.015)
    assert found.within == pytest.approx(0.15, abs=0.01)
    assert found.instruments == 2400
    assert found.low < found.mean


def test_too_few_stations_and_errors_that_are_none_are_refused() -> None:
    with pytest.raises(MetrologyError, match="5 stations and more, got 2"):
        above_zero([Verified("a", 0.1), Verified("a", 0.2), Verified("b", 0.1)], 0.01)
    with pytest.raises(MetrologyError, match="numbers"):
        above_zero([Verified(str(n), float("nan")) for n in range(6)], 0.01)


# prepackages


@pytest.mark.parametrize(
    ("n", "k"), [(10, 1.028), (13, 0.847), (20, 0.640), (30, 0.503), (50, 0.379), (80, 0.295), (125, 0.234)]
)
def test_factors_of_the_mean_are_those_printed(n: int, k: float) -> None:
    assert round(factor(n), 3) == k


@pytest.mark.parametrize(
    ("nominal", "t"),
    [("50", "4.5"), ("75", "4.5"), ("150", "6.8"), ("250", "9.0"), ("333", "10.0"), ("500", "15.0"), ("750", "15.0"), ("1001", "16"),
     ("10000", "150"), ("12000", "150"), ("25000", "250")],
)  # fmt: skip
def test_tolerable_deficiencies_are_rounded_up(nominal: str, t: str) -> None:
    assert load_rules().tolerable(Decimal(nominal)) == Decimal(t)


def lot(mean: float, n: int = 80) -> list[Decimal]:
    values = np.random.default_rng(4).normal(mean, 2.0, n)
    return [Decimal(f"{value:.1f}") for value in values]


def test_a_lot_is_rejected_by_its_mean_or_by_its_short_packages() -> None:
    rules, nominal = load_rules(), Decimal(500)
    fine = judge(lot(500.5), nominal, 3000, rules)
    assert fine.accepted
    assert fine.permitted == 5
    assert not judge(lot(498.0), nominal, 3000, rules).mean_kept
    few = [*lot(501.0)[:74], *[Decimal("484.9")] * 6]
    short = judge(few, nominal, 3000, rules)
    assert short.short == 6
    assert not short.accepted
    far = judge([*lot(501.0)[:79], Decimal("469.9")], nominal, 3000, rules)
    assert far.far == 1
    assert not far.accepted


def test_an_honest_lot_is_rejected_by_its_mean_once_in_two_hundred() -> None:
    rng, rules = np.random.default_rng(5), load_rules()
    rejected = sum(
        not judge([Decimal(f"{v:.3f}") for v in rng.normal(500.0, 2.0, 80)], Decimal(500), 3000, rules).mean_kept
        for _ in range(1000)
    )
    assert 0 <= rejected <= 15  # 5 expected, binomial 99.99 %


def test_lots_that_cannot_be_judged_are_refused() -> None:
    rules = load_rules()
    with pytest.raises(MetrologyError, match="80 packages of a lot of 3000, got 79"):
        judge(lot(500.0, 79), Decimal(500), 3000, rules)
    with pytest.raises(MetrologyError, match="nominal quantity"):
        judge(lot(500.0), Decimal(0), 3000, rules)
    with pytest.raises(MetrologyError, match="contents"):
        judge([*lot(500.0), Decimal("NaN")], Decimal(500), 3000, rules)
    with pytest.raises(MetrologyError, match="a lot of 1 to"):
        judge(lot(500.0), Decimal(500), 0, rules)
    with pytest.raises(MetrologyError, match=r"ours.toml, line 1"):
        parse('id = "ours"', "ours.toml")
    text = (files("harness.metrology") / "prepackage.toml").read_text("utf-8")
    line = text.splitlines().index("percent = 4.5") + 1
    with pytest.raises(MetrologyError, match=rf"ours.toml, line {line}: deficiency: percent expected a number"):
        parse(text.replace("percent = 4.5", 'percent = "4.5"'), "ours.toml")
    assert not rules.verified


# records


def test_honest_records_look_honest_and_written_ones_do_not() -> None:
    rng = np.random.default_rng(6)
    honest = [int(v) for v in np.round(rng.normal(0, 60, 500))]
    assert terminal_digits(honest).p > 1e-3
    habit = [5 * round(v / 5) if rng.random() < 0.5 else v for v in honest]
    assert terminal_digits(habit).p < 1e-6
    errors = rng.normal(0, 0.0015, 4000)
    assert heaping(errors, 0.003, 0.0003).p > 1e-3
    pushed = np.where((np.abs(errors) > 0.003) & (np.abs(errors) < 0.0036), np.sign(errors) * 0.0029, errors)
    assert heaping(pushed, 0.003, 0.0003).p < 1e-4
    runs = rng.normal(0, 0.0005, (60, 3)) + rng.normal(0, 0.001, (60, 1))
    assert too_alike(runs.tolist(), 0.0004).p > 1e-3
    assert too_alike((runs * 0.3).tolist(), 0.0004).p < 1e-6
    steps = np.round(rng.normal(0, 1.5, (80, 3)) + rng.uniform(-20, 20, (80, 1))).astype(int)
    assert identical(steps.tolist(), 1.5).p > 1e-3
    copied = steps.copy()
    copied[:25] = copied[:25, :1]
    assert identical(copied.tolist(), 1.5).p < 1e-6


def test_false_alarms_of_the_record_tests_stay_below_their_level() -> None:
    """300 honest sets of records at 1 %."""
    rng, told = np.random.default_rng(7), dict.fromkeys(("digits", "heaping", "alike", "same"), 0)
    for _ in range(300):
        told["digits"] += terminal_digits([int(v) for v in np.round(rng.normal(0, 60, 200))]).p < 0.01
        told["heaping"] += heaping(rng.normal(0, 0.002, 1500), 0.003, 0.0003).p < 0.01
        told["alike"] += too_alike(rng.normal(0, 1.0, (40, 3)).tolist(), 1.0).p < 0.01
        steps = np.round(rng.normal(0, 1.0, (60, 3)) + rng.uniform(-20, 20, (60, 1))).astype(int)
        told["same"] += identical(steps.tolist(), 1.0).p < 0.01
    assert max(told.values()) <= 9, told


def test_how_often_rounded_runs_agree_by_chance() -> None:
    rng = np.random.default_rng(8)
    steps = np.round(rng.normal(0, 0.8, (200_000, 3)) + rng.uniform(-0.5, 0.5, (200_000, 1)))
    assert all_same(3, 0.8) == pytest.approx((np.ptp(steps, axis=1) == 0).mean(), rel=0.03)


def test_what_is_too_little_is_not_tested() -> None:
    assert terminal_digits([1, 2, 3]).reason
    assert heaping([0.001] * 10, 0.003, 0.0003).reason
    assert too_alike([[1.0, 2.0]], 1.0).reason
    assert identical([[1, 1, 1]], 1.0).reason
