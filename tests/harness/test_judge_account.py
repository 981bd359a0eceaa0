"""The account of a finding: kind, sizes side by side, place, mark, recovered numbers, and what remains possible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchmarks.detectors import DETECTORS
from benchmarks.generators import PROFILE, Tamper
from captures.model import Mark, MarkSource
from fixtures.language import translated
from fixtures.plugins import specs
from harness.judge.account import PLACES, Account, Kind
from harness.judge.contract import (
    Basis,
    Explanation,
    Finding,
    Integrity,
    Link,
    Reading,
    Segment,
    SegmentKind,
    Shape,
    Verdict,
)
from harness.judge.explain import account, simplest
from harness.judge.findings import DEVICE_TYPE
from harness.judge.gain import ALPHA, Measured, agree, half_width, together
from harness.report.account import KINDS, METHODS, account_lines
from harness.report.document import plain
from tests.harness.test_judge_pulse_pattern import multiplied, seen, timed
from tests.harness.test_judge_verdict import K2, K3, only, raid, verdict

LINE = Link("encoder", "board")


def told(found: Verdict) -> Account:
    own = only(found).account
    assert own is not None
    return own


def values(own: Account) -> dict[str, float]:
    return {one.name: one.value for one in own.parameters}


def hit(detector: str, segment: str, effect: float | None, u: float = 1e-4, link: Link = LINE, **at: Any) -> Reading:
    interval = None if effect is None else (effect - 1.96 * u, effect + 1.96 * u)
    return Reading(detector, segment, link, 100.0, 1e-6, 5, effect, interval, shape=Shape.CONSTANT, at=at)


def found(readings: Sequence[Reading], effect: float = 0.04, shape: Shape = Shape.CONSTANT, **at: Any) -> Finding:
    names = tuple(dict.fromkeys(r.detector for r in readings))
    ids = tuple(dict.fromkeys(r.segment for r in readings))
    causes = (Explanation("contact noise", "two_taps_one_clock"), Explanation("a twin meter", ""))
    return Finding(
        "N1", readings[0].link, shape, "", (), names, Integrity.SUSPECT, Basis.PRESPECIFIED, effect, None, 1e6, 1e5, "",
        ids, causes, {}, at, None, (),
    )  # fmt: skip


def explained(readings: Sequence[Reading], segments: Sequence[Segment] = (), **more: Any) -> Account:
    return account(found(readings, **more), readings, segments, PROFILE, DETECTORS)


# ------------------------------------------------------------------------------------------------------ whole judgements


def test_pulses_put_in_regularly_are_counted_in_two_ways_that_agree() -> None:
    own = told(verdict(raid(K3, Tamper(insert_every=25)), decoding="x1"))
    assert own.kind is Kind.PERIODIC
    assert values(own)["every_n"] == 25
    by = {size.method: size for size in own.sizes}
    assert {"edges of both taps", "volume of the reference"} <= set(by)
    for size in by.values():
        assert size.interval[0] <= 0.04 <= size.interval[1] or size.method == "volume of the reference"
        assert size.gain == pytest.approx(0.04, abs=0.004)
    assert own.agree is True
    assert own.gain == by["edges of both taps"].gain  # the sharpest
    assert own.onsets == ()


def test_an_even_multiplication_is_told_as_a_ratio_without_any_reference() -> None:
    segments = []
    for seed in range(4):
        segment = multiplied(seen(seed, litres=25.0, emi=0.0), 1 / 30)
        segments.append(replace(segment, id=f"C{seed}", registers={}, reference_l=None, trains={"board.A": segment.trains["board.A"]}))  # fmt: skip
    own = told(verdict(segments))
    assert own.kind is Kind.MULTIPLIED
    assert own.gain == pytest.approx(1 / 30, abs=2e-4)
    assert (values(own)["ratio_m"], values(own)["ratio_n"]) == (31, 30)
    assert values(own)["period"] == pytest.approx(50 * 31 / 30, abs=0.02)
    assert Kind.DISC in own.possible


def test_an_onset_is_told_in_litres_and_seconds_with_the_mark_before_it() -> None:
    segments = raid(K3, Tamper(register_gain=0.05, from_l=8.0), where="ACE")
    plain_own = told(verdict(segments))
    assert plain_own.follows == ""
    at = {place.segment: place for place in plain_own.onsets}
    pressed = []
    for segment in segments:
        if segment.id in at:
            seconds = at[segment.id].seconds
            assert seconds is not None
            t_ns = min(int(c.to_ns(t.ticks[:1])[0]) for t in segment.trains.values() for c in [segment.clocks[t.clock]])
            t_ns += int(seconds * 1e9) - 700_000_000
            segment = replace(segment, marks=(Mark(t_ns, 1_000_000, MarkSource.RUNNER, "press-remote"),))
        pressed.append(segment)
    own = told(verdict(pressed))
    assert own.kind is Kind.FACTOR
    assert (own.follows, own.followed) == ("press-remote", len(at))
    assert len(at) >= 3
    for place in own.onsets:
        assert place.litres == pytest.approx(8.0, abs=0.8)
        assert place.lag_s == pytest.approx(0.7, abs=0.01)
        assert place.seconds is not None
        assert 3 < place.seconds < 60


@pytest.mark.parametrize(
    ("late_s", "u_ms", "follows"), [(0.8, 1, ""), (0.8, 1_000, "press-remote"), (-0.8, 1, "press-remote")]
)
def test_what_begins_before_a_mark_does_not_follow_it(late_s: float, u_ms: int, follows: str) -> None:
    """A key that was pressed after the gain had come on is not what switched it on."""
    segment = raid(K3)[0]
    at_ns = int(segment.window_ns[0]) + 20_000_000_000
    key = Mark(at_ns + int(late_s * 1e9), u_ms * 1_000_000, MarkSource.RUNNER, "press-remote")
    reading = hit("split", segment.id, 0.04, onset_ns=at_ns)
    switched = replace(reading, shape=Shape.SWITCHED)
    own = account(
        found([switched], shape=Shape.SWITCHED), [switched], [replace(segment, marks=(key,))], PROFILE, DETECTORS
    )
    assert own.follows == follows
    assert own.followed == bool(follows)


def test_a_far_mark_is_not_what_an_onset_follows() -> None:
    segments = raid(K3, Tamper(register_gain=0.05, from_l=8.0))
    far = [
        replace(s, marks=(Mark(s.window_ns[0], 0, MarkSource.RUNNER, "press-remote"),)) for s in segments
    ]  # at the begin, many seconds before
    assert told(verdict(far)).follows == ""


def test_a_timer_alone_is_a_matter_of_type_and_proves_nothing() -> None:
    segments = [
        replace(timed(seen(seed, emi=0.0), 40), id=f"C{seed}", registers={}, reference_l=None) for seed in range(8)
    ]
    finding = only(verdict(segments))
    own = finding.account
    assert own is not None
    assert (finding.detectors, str(finding.link)) == (("timer-lattice",), "reference>board")
    assert finding.evidence > finding.threshold  # however strong
    assert finding.level is Integrity.SUSPECT
    assert DEVICE_TYPE in finding.limits
    assert own.device_type
    assert own.kind is Kind.RETIMED
    assert values(own)["tick_us"] == pytest.approx(40, rel=1e-3)


def test_a_timer_lends_no_place_to_what_is_seen_over_a_wider_link() -> None:
    segments = raid(K2, Tamper(register_gain=0.05), where="A")
    alone = only(verdict(segments))
    with_board = []
    for segment, tapped in zip(segments, raid(K3, Tamper(register_gain=0.05), where="A"), strict=True):
        trains = {**segment.trains, "board.A": timed(tapped, 40).trains["board.A"]}
        with_board.append(replace(segment, trains=trains, clocks={**segment.clocks, **tapped.clocks}))
    both = only(verdict(with_board, sealed_k=None, pulses_per_litre=None))
    assert "timer-lattice" in both.detectors
    assert both.link == alone.link
    assert both.account is not None
    assert not both.account.device_type


def test_what_is_not_determined_leaves_the_true_kind_in() -> None:
    own = told(verdict(raid(K2, Tamper(insert_every=25), where="A")))
    assert [size.method for size in own.sizes] == ["gain-change"]
    assert own.interval is not None
    assert own.interval[0] < 0.04 < own.interval[1]
    assert own.kind is Kind.UNDETERMINED
    assert {Kind.PERIODIC, Kind.FACTOR} <= set(own.possible)
    assert not {Kind.REMOVED, Kind.IDLE, Kind.DISPLAY} & set(own.possible)


# ------------------------------------------------------------------------------------------------------ single readings


@pytest.mark.parametrize(
    ("detector", "at", "kind"),
    [
        ("split", {"pattern": "every n", "every_n": 20}, Kind.PERIODIC),
        ("split", {"pattern": "own oscillator", "oscillator_hz": 7.2}, Kind.OSCILLATOR),
        ("split", {"pattern": "fixed delay", "delay_us": 900.0}, Kind.DELAYED),
        ("split", {"pattern": "random"}, Kind.RANDOM),
        ("split", {}, Kind.ADDED),
        ("edge-balance", {"retimed": 900, "every_n": 20}, Kind.MULTIPLIED),
        ("period-gain", {"period": 51.5}, Kind.MULTIPLIED),
        ("oscillator", {"follows": "time", "rate_hz": 7.2}, Kind.OSCILLATOR),
        ("quadrature", {"every_n": 20}, Kind.CHANNEL),
        ("slots", {"slots": 51, "declared": 50}, Kind.DISC),
        ("timer-lattice", {"tick_us": 40.0}, Kind.RETIMED),
    ],
)
def test_the_kind_is_the_most_particular_that_was_recovered(detector: str, at: dict[str, Any], kind: Kind) -> None:
    own = explained([hit(detector, f"C{i}", 0.04, **at) for i in range(3)])
    assert own.kind is kind
    assert kind not in own.possible


def test_pulses_missing_are_told_as_taken_out() -> None:
    readings = [hit("split", f"C{i}", -0.04, pattern="every n", every_n=25) for i in range(3)]
    own = explained(readings, effect=-0.04)
    assert own.kind is Kind.REMOVED
    assert values(own)["every_n"] == 25


def test_patterns_of_pulses_found_between_pulses_beat_the_period_they_cause() -> None:
    readings = [hit("split", f"C{i}", 0.04, pattern="every n", every_n=25, every_n_u=0.1) for i in range(3)]
    readings += [hit("period-gain", f"C{i}", 0.04, period=52.0) for i in range(3)]
    own = explained(readings)
    assert own.kind is Kind.PERIODIC
    assert [one.u for one in own.parameters if one.name == "every_n"] == [0.1]


def test_what_pulses_between_pulses_do_to_the_disc_is_no_number_of_its_own() -> None:
    readings = [hit("split", f"C{i}", 0.04, pattern="every n", every_n=25, delay_share=0.25) for i in range(3)]
    readings += [hit("slots", f"C{i}", 0.04, slots=52, declared=50) for i in range(3)]
    assert values(explained(readings)) == {"every_n": 25, "delay_share": 0.25}
    assert values(explained(readings[3:])) == {"slots": 52, "declared": 50}


def test_a_rival_pattern_is_left_open() -> None:
    readings = [
        hit("split", f"C{i}", 0.04, pattern="every n", every_n=25, pattern_or="own oscillator") for i in range(3)
    ]
    assert explained(readings).possible == (Kind.OSCILLATOR,)


def test_an_even_multiplication_is_no_pulse_between_pulses_where_those_were_looked_for() -> None:
    gains = [hit("period-gain", f"C{i}", 0.04, period=52.0) for i in range(3)]
    assert Kind.PERIODIC in explained(gains).possible
    looked = [replace(hit("split", "C1", 0.0), hits=0, shape=None)]
    own = account(found(gains), [*gains, *looked], (), PROFILE, DETECTORS)
    assert Kind.PERIODIC not in own.possible


def test_whether_the_pattern_comes_together_is_of_all_deliveries() -> None:
    def recohering(*said: bool | None) -> bool | None:
        return explained([hit("split", f"C{i}", 0.04, recoheres=one) for i, one in enumerate(said)]).coheres

    assert recohering(True, True) is True
    assert recohering(True, None) is True
    assert recohering(True, False) is False
    assert recohering(None) is None


def test_methods_that_do_not_agree_are_named() -> None:
    readings = [hit("edge-balance", f"C{i}", 0.04) for i in range(3)]
    readings += [hit("constant-gain", f"C{i}", 0.08, 1e-3, Link("reference", "display")) for i in range(3)]
    own = explained(readings)
    assert own.agree is False
    assert own.apart == (("edges of both taps", "volume of the reference"),)
    text = "\n".join(account_lines(plain_of(own)))
    assert "edges of both taps and volume of the reference do NOT agree" in text
    # an honest error of 0.3 % lies between them without a word
    near = [
        replace(r, effect=0.0425, interval=(0.0422, 0.0428)) if r.detector == "constant-gain" else r for r in readings
    ]
    assert explained(near).agree is True


def test_one_method_alone_agrees_with_nothing() -> None:
    own = explained([hit("edge-balance", "C1", 0.04)])
    assert own.agree is None
    assert own.apart == ()


def test_honest_causes_come_first() -> None:
    own = explained([hit("split", f"C{i}", 0.04) for i in range(3)])
    assert own.honest == ("a twin meter",)
    remains = next(line for line in account_lines(plain_of(own)) if line.startswith("  remains"))
    assert remains.index("honest causes that nothing excluded (1, below)") < remains.index("or one of")


def plain_of(own: Account) -> dict[str, Any]:
    from dataclasses import asdict

    return dict(plain(asdict(own)))


# -------------------------------------------------------------------------------------------------------------- numbers


@given(
    st.fractions(min_value=Fraction(1, 2), max_value=2, max_denominator=400), st.integers(min_value=10, max_value=10**6)
)
def test_the_simplest_fraction_lies_inside_and_none_is_simpler(middle: Fraction, n: int) -> None:
    low, high = middle - Fraction(1, 4 * n), middle + Fraction(1, 4 * n)
    best = simplest(low, high)
    assert low <= best <= high
    assert best.denominator <= middle.denominator
    for denominator in range(1, min(best.denominator, 60)):
        assert not -(-low * denominator // 1) <= high * denominator


def test_the_interval_holds_however_often_one_looks() -> None:
    """Share of 400 runs in which the true gain ever left the interval, at every n up to 40."""
    rng = np.random.default_rng(7)
    left = 0
    for _ in range(400):
        u = rng.uniform(0.5, 2.0, 40)
        x = rng.normal(0, u)
        weight = np.cumsum(1 / u**2)
        mean = np.cumsum(x / u**2) / weight
        left += any(abs(mean[n]) > half_width(list(u[: n + 1])) for n in range(40))
    assert left <= stats.binom.isf(1e-3, 400, ALPHA)
    assert left > 0  # no empty claim


def test_deliveries_that_differ_are_not_averaged() -> None:
    gain, interval, uniform = together([Measured(0.01, 1e-4), Measured(0.03, 1e-4), Measured(0.05, 1e-4)])
    assert not uniform
    assert gain == 0.03
    assert interval == pytest.approx((0.01 - 1.96e-4, 0.05 + 1.96e-4))
    gain, interval, uniform = together([Measured(0.0300, 1e-4), Measured(0.0301, 1e-4)])
    assert uniform
    assert interval[0] < 0.03 < interval[1]


def test_agreement_is_asked_of_the_deliveries_both_measured() -> None:
    one = {"a": Measured(0.04, 1e-3), "b": Measured(0.04, 1e-3)}
    assert agree(one, {"c": Measured(0.9, 1e-3)}) is None
    assert agree(one, {"a": Measured(0.042, 1e-3), "c": Measured(0.9, 1e-3)}) is True
    assert agree(one, {"a": Measured(0.05, 1e-3)}) is False
    assert agree(one, {"a": Measured(0.05, 1e-3)}, systematic=0.01) is True


def test_every_kind_and_method_has_a_place_and_is_told_in_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHORTMEASURE_LANG", "zh_CN")
    assert set(PLACES) == set(Kind)
    assert set(KINDS) == {str(kind) for kind in Kind}
    assert {spec.method for spec in specs("detectors").values() if spec.method} == set(METHODS)
    assert all(translated(text) for text in (*KINDS, *METHODS))
    own = plain_of(explained([hit("split", f"C{i}", 0.04, pattern="random") for i in range(3)]))
    assert account_lines(own)[0] == "  性质        在无规律位置加入的脉冲"


def test_an_account_of_a_scale_speaks_of_loads_and_of_no_deliveries() -> None:
    size = {"method": "mass of the load", "gain": 0.05, "interval": (0.04, 0.06), "deliveries": 7, "uniform": True}
    onset = {"segment": "C1", "litres": None, "interval_l": None, "seconds": 3.0, "mark": "press-M1", "lag_s": 0.4}
    own = {
        **plain_of(explained([hit("split", f"C{i}", 0.04) for i in range(3)])), "parameters": [], "onsets": [onset], "follows": "press-M1",
        "followed": 1, "agree": None, "apart": [], "kind": str(Kind.WEIGHED),
    }  # fmt: skip
    for uniform in (True, False):
        text = "\n".join(account_lines({**own, "sizes": [{**size, "uniform": uniform}]}))
        assert "7 loads" in text
        assert "mark press-M1 at 1 of 1 loads" in text
        assert "deliver" not in text
    unknown = {**own, "kind": str(Kind.UNDETERMINED), "sizes": [size]}
    assert "deliver" not in "\n".join(account_lines(unknown))


def test_no_segment_is_needed_beside_the_readings() -> None:
    shut = Segment("S1", SegmentKind.SHUT, "C", "s", (0, 1))
    own = explained([replace(hit("zero-flow", "S1", None), shape=Shape.EXTRA)], (shut,), shape=Shape.EXTRA)
    assert own.kind is Kind.ADDED
    assert own.onsets == ()
