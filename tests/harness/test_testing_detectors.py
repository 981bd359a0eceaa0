"""Every detector of the tree against the public kit, and the kit against detectors with a fault of one kind each."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import count
from typing import Any

import numpy as np
import pytest

from fixtures.plugins import specs
from harness import testing
from harness.editions import edition
from harness.families import family_tests
from harness.fixed_streams import cases
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Validation, View
from harness.judge.evalue import bet, calibrate
from harness.testing import Broken, Case
from harness.testing.streams import HONEST

DETECTORS: dict[str, DetectorSpec] = dict(specs("detectors"))
LINK = Link("register", "display")
FIXED = cases()
HERE = {"numbers": FIXED["numbers"], "lock": FIXED["lock"]}  # cheap, and every segment has a display
Judge = Callable[[Sequence[Segment], View], list[Reading]]


def off_by(segment: Segment) -> float | None:
    """Litres by which the display differs from the register."""
    shown, register = segment.registers.get("display"), segment.registers.get("register")
    if shown is None or register is None or not shown.values or not register.values:
        return None
    return float(shown.values[-1] - register.values[-1])


def own(segment: Segment, view: View) -> Reading:
    """A sound test of one sale: the display is the register."""
    off = off_by(segment)
    if off is None:
        return Reading("own", segment.id, LINK, 1.0, reason="no display and register at rest")
    hit = abs(off) > view.parameters["step_l"]
    e = bet(hit, view.parameters["q"], view.validation)
    return Reading("own", segment.id, LINK, e, p=1e-4 if hit else 0.5, hits=int(hit), effect=off / 3.0)


def sound(segments: Sequence[Segment], view: View) -> list[Reading]:
    return [own(segment, view) for segment in segments]


OWN = DetectorSpec(
    name="own", version=1, kind="law", null="the display at rest is the register", needs="display and register", judge=sound,
    parameters={"step_l": 0.02, "q": 3e-4}, mechanism="the display is not the register", telling=50, one_by_one=True,
)  # fmt: skip


def with_judge(judge: Judge, **more: Any) -> DetectorSpec:
    return replace(OWN, judge=judge, **more)


@pytest.mark.parametrize("name", sorted(DETECTORS))
def test_every_detector_of_the_tree(name: str) -> None:
    assert DETECTORS[name].name == name
    testing.check_detector(DETECTORS[name])


def test_a_sound_detector_of_a_stranger_passes() -> None:
    testing.check_detector(OWN)
    testing.check_null(OWN, runs=30)
    testing.check_power(OWN, [power_case(number) for number in range(4)])


def power_case(number: int, off: str = "0.40") -> tuple[str, Case, Case]:
    """A sale that is honest, and one whose display shows more."""
    honest = FIXED["numbers"].segments[number % 4]
    display = honest.registers["display"]
    more = replace(display, values=tuple(value + Decimal(off) for value in display.values))
    cheating = replace(honest, registers={**honest.registers, "display": more})
    return f"{off} L, sale {number}", *(Case((one,), FIXED["numbers"].profile) for one in (honest, cheating))  # type: ignore[return-value]


SPECIFICATIONS = (
    ({"name": "My Detector"}, "name: expected lower-case"),
    ({"api": 9}, "api: expected 1"),
    ({"version": 0}, "version: expected"),
    ({"kind": "test"}, "kind: expected one of law, detector, intervention"),
    ({"null": "none"}, "null: expected a sentence"),
    ({"needs": " "}, "needs: expected"),
    ({"weight": -1.0}, "weight: expected"),
    ({"weight": 12.0}, "weight: expected a share from 0 to 1"),
    ({"weight": float("nan")}, "weight: expected"),
    ({"mechanism": ""}, "mechanism: expected the sentence"),
    ({"telling": 100}, "telling: expected a rank"),
    ({"parameters": {"latency": 500.0}}, "latency expected its unit behind it, as in latency_us"),
    ({"parameters": {"most_window": 500.0}}, "most_window expected its unit behind it"),
    ({"parameters": {"q": "0.01"}}, "q expected a finite number"),
    ({"parameters": {"q": float("inf")}}, "q expected a finite number"),
    ({"parameters": {"Q": 0.01}}, "expected a name in lower case"),
)


@pytest.mark.parametrize(("changed", "message"), SPECIFICATIONS, ids=lambda value: str(value)[:40])
def test_a_specification_that_is_not_filled_in_is_told(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(Broken, match=re.escape(message)):
        testing.check_detector(replace(OWN, **changed), HERE)


def counting() -> Judge:
    """A hidden global counter: what is judged later is believed less."""
    calls = count(1)
    return lambda segments, view: [replace(own(one, view), mde=1.0 / next(calls)) for one in segments]


def remembering() -> Judge:
    """What was said of a segment of that name is said again, of whichever case."""
    known: dict[str, Reading] = {}
    return lambda segments, view: [known.setdefault(one.id, own(one, view)) for one in segments]


def popping(segments: Sequence[Segment], view: View) -> list[Reading]:
    for segment in segments:
        segment.context.pop("preset", None)  # type: ignore[attr-defined]
    return sound(segments, view)


def scaling(segments: Sequence[Segment], view: View) -> list[Reading]:
    for segment in segments:
        for train in segment.trains.values():
            np.subtract(train.ticks, 1, out=train.ticks)
    return sound(segments, view)


def sorting(segments: list[Segment], view: View) -> list[Reading]:
    segments.sort(key=lambda segment: segment.context.get("asked_l", ""))
    return sound(segments, view)


def settling(segments: Sequence[Segment], view: View) -> list[Reading]:
    view.parameters["q"] = 0.01  # type: ignore[index]
    return sound(segments, view)


def neighbourly(segments: Sequence[Segment], view: View) -> list[Reading]:
    usual = float(np.median([off_by(one) or 0.0 for one in segments])) if segments else 0.0
    return [replace(own(one, view), mde=usual + len(segments)) for one in segments]


def unaware(segments: Sequence[Segment], view: View) -> list[Reading]:
    last = segments[-1].registers["display"].values[-1]
    return [replace(own(one, view), at={"last": last}) for one in segments]


def each(change: Callable[[Reading, View], dict[str, Any]]) -> Judge:
    """The sound test, with something else in each reading that spoke."""

    def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
        found = sound(segments, view)
        return [replace(one, **change(one, view)) if one.spoke else one for one in found]

    return judge


FAULTS: tuple[tuple[str, Judge, str], ...] = (
    ("a hidden counter", counting(), "no state between calls"),
    ("a memory by name", remembering(), "no state between calls"),
    ("changes the context", popping, "expected to leave its input as it is; got \"changed: segment 'copy-0-n0': context"),
    ("changes ticks", scaling, "leave its input as it is; got \"changed: segment 'copy-0-n0': trains"),
    ("sorts what it is given", sorting, "'tuple' object has no attribute 'sort'"),
    ("changes parameters", settling, "changed: view.parameters"),
    ("looks at neighbours", neighbourly, "one_by_one expected the same of segment 'n0' alone as in company"),
    ("fails without a segment", unaware, "no exception; got IndexError"),
    ("an e-value without a cap", each(lambda one, _: {"e": 0.5 / (one.p or 1.0) ** 0.5}), "e expected at most 2, the cap of its validation"),
    ("a p-value for e", each(lambda one, _: {"e": one.p}), "e expected an e-value (large is evidence against the null); got 'the p-value itself'"),
    ("p in percent", each(lambda one, _: {"p": 100 * (one.p or 0.0)}), "p expected a probability from 0 to 1; got 50.0"),
    ("e is no number", each(lambda _, __: {"e": float("nan")}), "e expected a finite number from 0 on; got nan"),
    ("e below nothing", each(lambda _, __: {"e": -0.5}), "e expected a finite number from 0 on"),
    ("claims beside a reason", each(lambda _, __: {"reason": "no reference", "e": 1.5}), "a reading with a reason expected e = 1"),
    ("another's name", each(lambda _, __: {"detector": "split"}), "detector expected 'own'; got 'split'"),
    ("an interval upside down", each(lambda _, __: {"interval": (0.1, -0.1)}), "interval expected (low, high)"),
    ("an effect that is no number", each(lambda _, __: {"effect": float("nan")}), "effect expected a finite number or None"),
)  # fmt: skip


@pytest.mark.parametrize(("judge", "message"), [fault[1:] for fault in FAULTS], ids=[fault[0] for fault in FAULTS])
def test_a_fault_is_named(judge: Judge, message: str) -> None:
    with pytest.raises(Broken, match=re.escape(message)):
        testing.check_detector(with_judge(judge), HERE)


def test_a_detector_of_no_weight_claims_nothing() -> None:
    with pytest.raises(Broken, match="weight 0 expected to claim nothing"):
        testing.check_detector(replace(OWN, weight=0.0), HERE)


def test_comparing_segments_is_allowed_to_a_detector_that_says_so() -> None:
    def beside(segments: Sequence[Segment], view: View) -> list[Reading]:
        return [replace(own(one, view), mde=float(len(segments))) for one in segments]

    testing.check_detector(with_judge(beside, one_by_one=False), HERE)


def test_a_claim_of_what_holds_nothing_is_told() -> None:
    def bold(segments: Sequence[Segment], view: View) -> list[Reading]:
        return [Reading("own", one.id, LINK, bet(True, 3e-4, view.validation), hits=1) for one in segments]

    with pytest.raises(Broken, match="nothing to judge expected a reason, or no hit"):
        testing.check_detector(with_judge(bold), HERE)


NULLS = (
    "amount-law",
    "totaliser-law",
    "register-law",
    "dead-time",
    "edge-balance",
    "weight-law",
    "held-load",
    "rate-bound",
)


@pytest.mark.parametrize("name", NULLS)
def test_detectors_of_the_tree_keep_their_word_on_honest_streams(name: str) -> None:
    testing.check_null(DETECTORS[name], runs=24)


def test_nobody_is_accused_on_the_honest_streams() -> None:
    """Every detector of a family on cases of it: no hit, and a good part of them speaks."""
    for kind, standing in (("dispenser", "jjg443-2023"), ("scale", "jjg539-2016"), ("taximeter", "jjg517-2016")):
        spoke = 0
        tests = family_tests(edition(standing)).detectors
        made = [HONEST[kind](np.random.default_rng([3, seed])) for seed in range(2)]
        for name, spec in tests.items():
            found = [one for case in made for one in spec.judge(case.segments, View(case.profile, spec.parameters, Validation(10_000, 0)))]  # fmt: skip
            assert not [one for one in found if one.hits], (kind, name)
            spoke += any(one.spoke for one in found)
        assert spoke >= len(tests) // 3, kind


def sold(rng: np.random.Generator) -> Case:
    """One honest sale, of which the register and the display are known."""
    value = (Decimal(int(rng.integers(100, 9000))).scaleb(-2),)
    sale = FIXED["numbers"].segments[0]
    known = {name: replace(sale.registers["display"], station=name, values=value) for name in ("register", "display")}
    return Case((replace(sale, registers=known),), FIXED["numbers"].profile)


def eager(share: float) -> DetectorSpec:
    """Calls so many honest sales false, by what they sold."""

    def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
        found = []
        for segment in segments:
            register = segment.registers["register"]
            hit = int(register.values[-1] * 100) * 7919 % 1000 < 1000 * share
            found.append(Reading("own", segment.id, LINK, calibrate(1e-6 if hit else 0.5, view.validation)))
        return found

    return with_judge(judge)


def test_e_values_that_are_too_large_on_honest_streams_are_counted() -> None:
    testing.check_null(eager(0.0), sold)
    testing.check_null(OWN, sold)
    told = r"e of 20 and more expected in at most 31 of 300 honest cases \(0\.05 of them, by chance once in 10000\); got '\d+ of 300'"
    with pytest.raises(Broken, match=told):
        testing.check_null(eager(0.5), sold)
    with pytest.raises(Broken, match=r"e of 200 and more expected in at most \d+ of 300 honest cases \(0\.005"):
        testing.check_null(eager(0.07), sold)


def test_a_detector_of_no_weight_is_held_to_its_hits_and_probabilities() -> None:
    """Its e is 1 whatever it saw: one that hits in every honest case passed."""
    hitting = with_judge(lambda segments, _: [Reading("own", one.id, LINK, 1.0, hits=1) for one in segments])
    with pytest.raises(
        Broken, match=r"own on your honest streams: hits expected in at most 31 of 300 .*; got '300 of 300'"
    ):
        testing.check_null(replace(hitting, weight=0.0), sold)
    sure = with_judge(lambda segments, _: [Reading("own", one.id, LINK, 1.0, p=0.01) for one in segments])
    with pytest.raises(Broken, match=r"p of 0\.05 and less expected in at most 31 of 300 honest cases"):
        testing.check_null(replace(sure, weight=0.0), sold)


def test_a_detector_that_is_silent_on_honest_streams_is_asked_for_its_own() -> None:
    with pytest.raises(Broken, match="give segments_of for what it needs; got 'it says nothing: no reading at all'"):
        testing.check_null(DETECTORS["fare-replay"])
    with pytest.raises(Broken, match="it says nothing: the encoder is tapped on the same clock"):
        testing.check_null(DETECTORS["gain-onset"])


def test_power_is_counted_and_misses_are_named() -> None:
    rows = [power_case(number, "0.40" if number < 2 else "0.01") for number in range(6)]
    with pytest.raises(
        Broken, match=r"expected at least 3 of 6 cheating cases found .*got '2; missed 0\.01 L, sale 2,"
    ):
        testing.check_power(OWN, rows)
    testing.check_power(OWN, rows * 2, at_least=0.4)


def test_too_few_cases_bear_out_no_power() -> None:
    with pytest.raises(Broken, match=r"cases: expected at least 2 to bear out a share of 0\.9; got 1"):
        testing.check_power(OWN, [power_case(0)])


def test_a_detector_that_never_speaks_is_told_as_such() -> None:
    rows = [power_case(number) for number in range(2)]
    with pytest.raises(Broken, match=r"it says nothing on '0\.40 L, sale 0': .*few"):
        testing.check_power(DETECTORS["channel-phase"], rows)


def test_hits_on_the_honest_half_are_false_alarms() -> None:
    rows = [power_case(number) for number in range(4)]
    swapped = [(label, cheating, cheating) for label, _, cheating in rows]
    with pytest.raises(Broken, match=r"expected hits in at most 2 of 4 honest cases .*got '4: 0\.40 L, sale 0"):
        testing.check_power(OWN, swapped)
