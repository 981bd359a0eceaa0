"""An encoder that fails shows what a device would; a second tap behind it clears nobody, and none of it is `proven`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from benchmarks import generators
from benchmarks.curves import own_detectors
from captures.model import Int64Array, PulseTrain
from harness.catalogue import load_catalogue, load_causes, load_validations
from harness.editions import edition
from harness.judge.contract import DetectorSpec, Integrity, Segment, Validation, Verdict, View
from harness.judge.detectors.quadrature import irregularities
from harness.judge.pulses.gray import Walk, decode
from harness.judge.verdict import judge

SLOTS = 50
Chosen = Callable[[int], bool]
DETECTORS: dict[str, DetectorSpec] = own_detectors()


def chattering(train: PulseTrain, chosen: Chosen, late: float, wide: float, times: int = 1) -> PulseTrain:
    """A contact that opens `times` after the rising edges of the pulses `chosen`: `late` and `wide` in shares of the half pitch."""
    assert train.levels is not None
    t = train.ticks
    rise = np.flatnonzero(train.levels == 1)[:-1]
    more: list[int] = []
    for k, j in enumerate(rise):
        if chosen(k):
            half = int(t[j + 1] - t[j])
            for n in range(times):
                begin = int(t[j]) + int(half * (late + 2 * n * wide))
                more += [begin, begin + int(half * wide)]
    ticks = np.concatenate([t, np.array(more, dtype=np.int64)])
    order = np.argsort(ticks, kind="stable")
    levels = np.concatenate([train.levels, np.tile(np.array([0, 1], np.uint8), len(more) // 2)])
    return replace(train, ticks=ticks[order], levels=levels[order])


def as_tapped(segment: Segment, a: PulseTrain) -> Segment:
    """The encoder's channel A as `a`, and the board's lines as the encoder's, a few ticks later."""
    seen = {"A": a, "B": segment.trains["encoder.B"]}
    trains = {**segment.trains, "encoder.A": a}
    for channel, train in seen.items():
        old = segment.trains[f"board.{channel}"]
        trains[f"board.{channel}"] = replace(old, ticks=train.ticks + 5, levels=train.levels)
    return replace(segment, trains=trains, context={**segment.context, "photographed": True})


def deliveries(count: int, seed: int = 3) -> list[Segment]:
    rng = np.random.default_rng(seed)
    it = generators.instrument(rng, "nominal")
    return [
        generators.delivery(rng, it, 20.0, id=f"d{i + 1}", start_ns=i * 200_000_000_000, emi=0.0) for i in range(count)
    ]


def judged(segments: list[Segment], decoding: str, *names: str) -> Verdict:
    profile: dict[str, Any] = {**generators.PROFILE, "decoding": decoding}
    validations = load_validations()
    valid = {
        f"{n}/{s.version}": validations.get(f"{n}/{s.version}", Validation(12_000, 0)) for n, s in DETECTORS.items()
    }
    return judge(
        segments, profile, edition("jjg443-2023"), load_catalogue(), load_causes(), {n: DETECTORS[n] for n in names}, valid,
        instrument="i", status="complete",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("slots", "times", "decoding", "late"),
    [
        ((5,), 1, "x1", 0.08),
        ((5,), 3, "x1", 0.08),
        ((5, 24), 1, "x1", 0.08),
        ((5, 18, 40), 1, "x1", 0.08),
        ((5, 24), 1, "x4", 0.18),
    ],
)
def test_bad_slots_of_the_disc_are_never_proven(slots: tuple[int, ...], times: int, decoding: str, late: float) -> None:
    segments = [
        as_tapped(s, chattering(s.trains["encoder.A"], lambda k: k % SLOTS in slots, late, 0.03, times))
        for s in deliveries(3)
    ]
    verdict = judged(segments, decoding, "quadrature", "split", "edge-balance", "slots")
    assert any(reading.hits for reading in verdict.readings), "it looks like a device"
    assert verdict.integrity is not Integrity.PROVEN
    left = [e.cause for f in verdict.findings for e in f.explanations if not e.excluded_by]
    assert any("the encoder itself fails" in cause for cause in left)


def test_a_contact_that_chatters_now_and_then_is_no_proven_course() -> None:
    rng = np.random.default_rng(8)
    segments = []
    for s in deliveries(6):
        on = float(rng.uniform(300, 700))
        off = on + float(rng.uniform(500, 700))
        bad = chattering(
            s.trains["encoder.A"], lambda k, on=on, off=off: k % SLOTS in (5, 24) and on < k < off, 0.08, 0.03
        )  # type: ignore[misc]
        segments.append(replace(as_tapped(s, bad), registers={}))
    verdict = judged(segments, "x1", "course")
    assert any(reading.hits for reading in verdict.readings)
    assert verdict.integrity is not Integrity.PROVEN


def read(segment: Segment) -> list[Any]:
    spec = DETECTORS["quadrature"]
    return list(spec.judge([segment], View(generators.PROFILE, spec.parameters, Validation(12_000, 0))))


def test_short_pulses_at_a_regular_spacing_are_no_bounce() -> None:
    [segment] = deliveries(1)
    a = segment.trains["encoder.A"]
    rng = np.random.default_rng(1)
    alone = {n: t for n, t in segment.trains.items() if n.startswith("encoder")}
    regular = replace(segment, trains={**alone, "encoder.A": chattering(a, lambda k: k % 10 == 3, 0.02, 0.02)})
    [reading] = read(regular)
    assert reading.hits
    assert reading.at["every_n"] == 10
    rare = replace(
        segment, trains={**alone, "encoder.A": chattering(a, lambda _: bool(rng.random() < 0.01), 0.02, 0.02)}
    )
    assert not read(rare)[0].hits
    many = replace(
        segment, trains={**alone, "encoder.A": chattering(a, lambda _: bool(rng.random() < 0.1), 0.02, 0.02)}
    )
    assert read(many)[0].hits


def test_both_channels_at_one_tick_are_no_bounce() -> None:
    step, doubled = 1000, 20
    ticks = np.arange(0, 4000 * step, step, dtype=np.int64)
    a, b = ticks[::2], ticks[1::2]
    places = b[50 : 50 + 30 * doubled : 30] + 300
    both = np.sort(np.concatenate([places, places + 30]))

    def walked(first: Int64Array, second: Int64Array) -> Walk:
        levels = [(np.arange(x.size) % 2 == 0).astype(np.uint8) for x in (first, second)]
        return decode(first, levels[0], second, levels[1])

    walk = walked(np.sort(np.concatenate([a, both])), np.sort(np.concatenate([b, both])))
    assert irregularities(walk, 4, 10, 0).double == irregularities(walk, 4, 10, 1000).double == doubled
