"""A stranger's detector that does wrong says nothing, is named, and costs the others nothing; none claims beyond its validation."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from benchmarks.detectors import DETECTORS
from benchmarks.generators import PROFILE
from harness.catalogue import load_catalogue, load_causes
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Verdict, View
from harness.judge.explain import _sizes
from harness.judge.readings import read
from harness.judge.verdict import judge
from harness.remembered import Memory
from tests.harness.test_judge_verdict import K1, VALID, Edition, raid

LINK = Link("reference", "display")
SEGMENTS = raid(K1)
HIT = Reading("stranger", SEGMENTS[0].id, LINK, 1.0)


def said(*found: Any) -> Callable[[Sequence[Segment], View], Sequence[Reading]]:
    return lambda segments, view: found


def raising(segments: Sequence[Segment], view: View) -> Sequence[Reading]:
    raise KeyError("no such thing")


def leaving(segments: Sequence[Segment], view: View) -> Sequence[Reading]:
    sys.exit("not today")


def spec(judge: Callable[[Sequence[Segment], View], Sequence[Reading]], **more: Any) -> DetectorSpec:
    return DetectorSpec("stranger", 1, "law", "nothing happened", "anything", {}, judge, **more)


def judged(own: DetectorSpec | None, **kept: Any) -> Verdict:
    detectors = dict(DETECTORS) if own is None else {**DETECTORS, own.name: own}
    if kept.get("memory"):
        detectors = Memory().detectors(detectors)
    return judge(
        SEGMENTS, PROFILE, Edition(), load_catalogue(), load_causes(), detectors, VALID, instrument="x", status="complete"
    )  # fmt: skip


ALONE = judged(None)
CYCLE: dict[str, Any] = {}
CYCLE["self"] = CYCLE

WRONG = {
    "raises": (raising, "KeyError: 'no such thing'"),
    "leaves": (leaving, "SystemExit: not today"),
    "returns nothing": (lambda segments, view: None, "TypeError"),
    "clears the segments": (lambda segments, view: segments.clear() or [], "AttributeError"),
    "no reading": (said("hit"), "judge expected to return Readings; got 'hit'"),
    "e as text": (said(replace(HIT, e="7")), "e expected a finite number from 0 on; got '7'"),
    "e not a number": (said(replace(HIT, e=math.nan)), "e expected a finite number"),
    "e without end": (said(replace(HIT, e=math.inf)), "e expected a finite number"),
    "e below 0": (said(replace(HIT, e=-1.0)), "e expected a finite number from 0 on; got -1.0"),
    "p beyond 1": (said(replace(HIT, p=2.0)), "p expected a probability from 0 to 1; got 2.0"),
    "hits below 0": (said(replace(HIT, hits=-1)), "hits expected a number of violations; got -1"),
    "half a hit": (said(replace(HIT, hits=0.5)), "hits expected a number of violations; got 0.5"),
    "shape as text": (said(replace(HIT, shape="constant")), "shape expected a Shape or None"),
    "effect as text": (said(replace(HIT, effect="5 %")), "effect expected a finite number or None"),
    "effect without end": (said(replace(HIT, effect=math.inf)), "effect expected a finite number"),
    "interval without end": (said(replace(HIT, interval=(0.0, math.inf))), "interval expected (low, high)"),
    "mde as text": (said(replace(HIT, mde="5 %")), "mde expected a number or None"),
    "interval turned": (said(replace(HIT, interval=(1.0, 0.0))), "interval expected (low, high)"),
    "another's name": (said(replace(HIT, detector="course")), "detector expected 'stranger'; got 'course'"),
    "another's segment": (said(replace(HIT, segment="Z9")), "segment expected the id of a segment"),
    "no link": (said(replace(HIT, link="reference>display")), "link expected a Link between two stations"),
    "an unknown key": (said(replace(HIT, key="moon")), "key expected"),
    "keys of two kinds": (said(replace(HIT, key="state"), HIT), "key expected"),
    "at that nobody can write down": (said(replace(HIT, at={"x": object()})), "at expected names with numbers"),
    "at without end": (said(replace(HIT, at=CYCLE)), "at expected names with numbers"),
    "a reason and a hit": (said(replace(HIT, reason="too short", hits=1)), "a reading with a reason expected e = 1"),
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("memory", [False, True])
def test_what_is_no_reading_is_told_and_costs_nothing(wrong: str, memory: bool) -> None:
    judge, why = WRONG[wrong]
    told = judged(spec(judge, one_by_one=True), memory=memory)
    lines = [note for note in told.notes if note.startswith("detector stranger failed and says nothing: ")]
    assert len(lines) == 1
    assert why in lines[0]
    assert (told.integrity, told.evidence, told.readings) == (ALONE.integrity, ALONE.evidence, ALONE.readings)


def test_what_nobody_validated_claims_nothing_and_takes_nothing() -> None:
    """Whatever e it returns; and the thresholds of the others are what they were without it."""
    loud = spec(said(*(replace(HIT, segment=one.id, e=1e12, hits=1) for one in SEGMENTS)), weight=1000.0)
    told = judged(loud)
    assert max(one.e for one in told.readings if one.detector == "stranger") == 1.0
    assert told.evidence == ALONE.evidence
    assert (told.integrity, told.findings) == (ALONE.integrity, ALONE.findings)
    assert "without validation, hence without a claim: stranger" in told.notes


def test_no_e_is_above_the_cap_of_its_validation() -> None:
    cap = VALID[f"course/{DETECTORS['course'].version}"].cap
    loud = replace(
        DETECTORS["course"], judge=said(Reading("course", SEGMENTS[0].id, LINK, 1e12), Reading("course", SEGMENTS[1].id, LINK, 2.0))
    )  # fmt: skip
    found = read(SEGMENTS, PROFILE, {"course": loud}, VALID)
    assert [one.e for one in found] == [cap, 2.0]


def test_what_a_verdict_can_write_down_is_taken() -> None:
    at = {"onset_l": Decimal("3.2"), "breaks": [{"at_l": 1.5}], "codes": ("1234",)}
    told = judged(spec(said(replace(HIT, at=at, e=0.5, hits=2, p=0.25, effect=0.05, interval=(0.04, 0.06)))))
    assert [one.at for one in told.readings if one.detector == "stranger"] == [at]
    assert not [note for note in told.notes if "says nothing" in note]


def test_one_of_ours_that_raises_is_a_defect() -> None:
    own = replace(DETECTORS["course"], judge=_as_ours(raising))
    with pytest.raises(KeyError):
        read(SEGMENTS, PROFILE, {"course": own}, VALID, {})


def _as_ours(judge: Callable[..., Any]) -> Callable[..., Any]:
    def own(segments: Sequence[Segment], view: View) -> Sequence[Reading]:
        return judge(segments, view)

    own.__module__ = "harness.judge.detectors.course"
    return own


def test_what_claims_nothing_tells_no_size() -> None:
    """Not even where it declares the method of one of ours: the gain is what our tests measured."""
    hits = [Reading("course", SEGMENTS[0].id, LINK, 9.0, hits=1, effect=0.05, interval=(0.04, 0.06))]
    near = [*hits, replace(hits[0], detector="stranger", e=1.0, effect=0.3, interval=(0.29, 0.31))]
    ours = replace(DETECTORS["course"], method="volume of the reference")
    loud = spec(said(), method="volume of the reference")
    sizes, _, _ = _sizes(near, hits, {"course": ours, "stranger": replace(loud, weight=0.0)})
    assert [one.gain for one in sizes] == [pytest.approx(0.05)]
    sizes, _, _ = _sizes(near, hits, {"course": ours, "stranger": loud})  # a validated one is heard
    assert sizes[0].gain != pytest.approx(0.05)
