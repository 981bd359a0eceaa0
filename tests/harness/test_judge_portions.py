"""Sales measured in parts: honest ones stay silent, a gain that begins later shows, a misread number proves nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from scipy import stats

from benchmarks.generators import PROFILE, instrument
from benchmarks.part_sales import PLANS, part_sale
from harness.judge.contract import Portion, Reading, Segment, Shape, Status, Validation, View
from harness.judge.interventions.portion_gain import DETECTOR, judge
from harness.judge.questions import questions

VIEW = View(PROFILE, DETECTOR.parameters, Validation(10_000, 0))


def case(seed: int, **more: Any) -> list[Segment]:
    """Three sales of one dispenser, the last after a power cut."""
    rng = np.random.default_rng([5, seed])
    it = instrument(rng)
    states = ("power-0", "power-0", "power-1")
    return [
        part_sale(rng, it, id=f"p{i}", state=state, start_ns=i * 2 * 10**12, **more) for i, state in enumerate(states)
    ]


def inside(segments: Sequence[Segment]) -> list[Reading]:
    return [reading for reading in judge(segments, VIEW) if reading.key == "portion"]


def test_honest_sales_in_parts() -> None:
    readings = [r for seed in range(150) for r in judge(case(seed, plan=seed % len(PLANS), wired=seed % 2 == 0), VIEW)]
    assert len(readings) > 600
    assert all(reading.spoke for reading in readings)
    assert sum(bool(reading.hits) for reading in readings) <= stats.binom.isf(1e-6, len(readings), 1e-4)
    assert np.mean([reading.e for reading in readings]) <= 1.0


def test_honest_sales_with_misread_numbers_gain_nothing_on_average() -> None:
    readings = [r for seed in range(200) for r in judge(case(seed, misread=0.01), VIEW)]
    wrong = [reading for reading in readings if reading.hits]
    assert wrong, "the generator misreads nothing"
    assert not any(reading.at["sure"] for reading in wrong)
    assert np.mean([reading.e for reading in readings]) <= 1.0


@pytest.mark.parametrize("wired", [False, True])
@pytest.mark.parametrize("plan", range(len(PLANS)))
def test_a_gain_that_begins_at_twenty_litres(plan: int, wired: bool) -> None:
    """4 % beyond 20 L: below it nothing, so the first part is clean and the later ones are not."""
    for seed in range(20):
        segments = case(seed, plan=plan, gain=0.04, from_l=20.0, wired=wired)
        for reading in inside(segments):
            assert reading.hits
            assert reading.link.downstream == ("register" if wired else "display")
            assert reading.shape is Shape.SWITCHED
            low, high = reading.at["onset_interval_l"]
            assert low <= 20.0 <= high
            assert reading.at["onset_l"] == pytest.approx(20.0, abs=3.0 if plan == 0 else 8.0)
            assert 0.02 < reading.effect < 0.045
            assert reading.at["excess_l"] > 0.15


def test_a_gain_at_the_mde_is_seen_in_nine_cases_of_ten() -> None:
    seen = []
    for seed in range(120):
        [clean, *_] = inside(case(seed))
        size = clean.mde
        [reading, *_] = inside(case(seed, gain=size, from_l=18.0))
        seen.append(bool(reading.hits))
    assert np.mean(seen) >= 0.85


def test_the_same_part_before_and_after_power_was_cut() -> None:
    rng = np.random.default_rng(3)
    it = instrument(rng)
    armed = part_sale(rng, it, id="C4", state="power-0", gain=0.03)
    quiet = part_sale(rng, it, id="E3", state="power-1", start_ns=2 * 10**12)
    places = [reading for reading in judge([armed, quiet], VIEW) if reading.key == "place"]
    assert [reading.segment for reading in places] == ["C4|E3"] * 3
    assert all(reading.hits and reading.shape is Shape.STATE for reading in places)
    assert all(reading.effect == pytest.approx(0.03, abs=0.004) for reading in places)
    assert not any(reading.hits for reading in inside([armed]))  # the same from its first litre on


def test_a_part_stopped_by_hand_and_one_by_the_preset_may_differ_by_a_stop() -> None:
    sale = case(1)[0]
    one, two, three = sale.portions
    by_hand = replace(sale, portions=(one, two, replace(three, stop="hand")))
    assert inside([sale])[0].mde > inside([by_hand])[0].mde


def test_what_was_read_once_wins_only_the_odds_against_a_slip() -> None:
    segment = case(2, gain=0.04, from_l=20.0)[0]
    once = replace(segment, portions=tuple(replace(p, fill_sure=False) for p in segment.portions))
    [sure], [unsure] = inside([segment]), inside([once])
    assert unsure.p == DETECTOR.parameters["q_eye"]
    assert 15 < unsure.e < 20 < sure.e


def test_a_cut_sale_or_a_single_part_says_why_it_is_mute() -> None:
    segment = case(3)[0]
    [cut] = inside([replace(segment, complete=False)])
    assert cut.reason == "the sale was cut"
    [single] = inside([replace(segment, portions=segment.portions[:1])])
    assert "fewer than two parts" in single.reason
    assert judge([replace(segment, portions=())], VIEW) == []


def question(segments: Sequence[Segment], readings: Sequence[Reading]) -> Any:
    return next(q for q in questions(segments, readings, Status.COMPLETE) if "inside a delivery" in q.text)


def test_parts_beyond_the_largest_can_answer_the_question() -> None:
    segments = case(4)
    assert question(segments, judge(segments, VIEW)).answered
    early = [replace(s, portions=s.portions[:1]) for s in segments]
    open_question = question(early, judge(early, VIEW))
    assert not open_question.answered
    assert "fewer than two parts" in open_question.why


def test_parts_that_end_before_the_can_is_full_do_not_answer_it() -> None:
    def shorter(portion: Portion) -> Portion:
        return replace(portion, from_l=portion.from_l * Decimal("0.4"), to_l=portion.to_l * Decimal("0.4"),
                       reference_l=(portion.reference_l[0] * 0.4, portion.reference_l[1] * 0.4))  # fmt: skip

    segments = [replace(s, portions=tuple(map(shorter, s.portions[:2]))) for s in case(4)]
    readings = judge(segments, VIEW)
    assert any(reading.spoke for reading in readings)
    assert not question(segments, readings).answered
