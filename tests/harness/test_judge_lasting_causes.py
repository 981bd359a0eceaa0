"""Honest causes that act in every sale alike: no whole judgement may call them proven."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from benchmarks.generators import delivery, instrument
from benchmarks.shut_watches import watch
from captures.model import PulseTrain, Register
from harness.derive.sales import Reports
from harness.judge.contract import Finding, Integrity, Segment
from protocols.dispensing import SaleState
from tests.harness.test_judge_verdict import K1, K3, verdict

VOLUMES = (13.7, 27.1, 27.1, 20.3)


def sales(stations: str, seed: int = 1) -> list[Segment]:
    """Four sales each in covert, overt and restarted state, one dispenser."""
    rng = np.random.default_rng(seed)
    it = replace(instrument(rng, "nominal"), gain=0.0003)
    plan = [(phase, state, v) for phase, state in (("A", "p0"), ("C", "p0"), ("E", "p1")) for v in VOLUMES]
    return [
        delivery(
            rng, it, volume, id=f"{phase}{i}", phase=phase, state=state, stations=stations, emi=0.0,
            start_ns=i * 300_000_000_000, misread=0.0, context={"ordinal": i, "foreign_sale": False},
        )
        for i, (phase, state, volume) in enumerate(plan)
    ]  # fmt: skip


def with_register(segment: Segment, name: str, **changes: Any) -> Segment:
    changed: Register = replace(segment.registers[name], **changes)
    return replace(segment, registers={**segment.registers, name: changed})


def said(segments: list[Segment], detector: str, **profile: Any) -> list[Finding]:
    return [f for f in verdict(segments, **profile).findings if detector in f.detectors]


def open_causes(finding: Finding) -> str:
    return " | ".join(one.cause for one in finding.explanations if not one.excluded_by)


@pytest.mark.parametrize("stations", [K1, K3])
@pytest.mark.parametrize("held", [0, 1, 2])
def test_a_poll_that_comes_late_in_every_sale(stations: str, held: int) -> None:
    rng = np.random.default_rng(8)
    late = []
    for segment in sales(stations):
        register = segment.registers["register"]
        at = int(len(register.values) * rng.uniform(0.4, 0.8))
        if held:  # the register tells an old value, once or twice
            values = list(register.values)
            values[at : at + held] = [values[at - 1]] * held
            late.append(with_register(segment, "register", values=tuple(values)))
        else:  # a busy host stamps the frame a third of a second late
            times = register.times_ns.copy()
            times[at] += 300_000_000
            late.append(with_register(segment, "register", times_ns=times))
    assert said(late, "course") == []


def test_a_totaliser_that_is_a_sale_late() -> None:
    total, pending, late = Decimal("12345.67"), Decimal("9.10"), []
    for segment in sales(K1):
        before, total = total, total + pending
        pending = segment.registers["register"].values[-1]
        late.append(with_register(segment, "totaliser", values=(before, total)))
    (finding,) = said(late, "totaliser-law")
    assert finding.level is Integrity.SUSPECT
    assert "brought up to date late" in open_causes(finding)


@pytest.mark.parametrize(("carried", "level"), [(False, Integrity.SUSPECT), (True, Integrity.PROVEN)])
def test_a_start_value_that_had_flowed(carried: bool, level: Integrity) -> None:
    begun = []
    for i, segment in enumerate(sales(K1)):
        litres = Decimal("0.35") if i % 4 else Decimal(0)
        if carried:
            for name in ("register", "display"):
                values = tuple(value + litres for value in segment.registers[name].values)
                segment = with_register(segment, name, values=values)
        begun.append(replace(segment, context={**segment.context, "start_by": "wire", "start_l": str(litres)}))
    (finding,) = said(begun, "start-law")
    assert finding.level is level


@pytest.mark.parametrize(("coin", "level"), [("1", Integrity.SUSPECT), ("0.01", Integrity.PROVEN)])
def test_amounts_in_whole_coins(coin: str, level: Integrity) -> None:
    sold = []
    for i, segment in enumerate(sales(K1)):
        litres = Decimal("50.00") if i % 4 == 0 else segment.registers["display"].values[-1]  # 376.00: no coin to round
        exact = litres * Decimal("7.52") * (1 if i % 4 == 0 or coin == "1" else Decimal("1.03"))
        amount = (exact / Decimal(coin)).to_integral_value() * Decimal(coin)
        for name, value in (("display", litres), ("amount", amount)):
            segment = with_register(segment, name, values=(value,) * len(segment.registers[name].values))
        registers = {k: v for k, v in segment.registers.items() if k in ("display", "amount")}
        sold.append(replace(segment, registers=registers, context={**segment.context, "photographed": True}))
    (finding,) = said(sold, "amount-law")
    assert finding.level is level
    assert ("rounding to coins" in open_causes(finding)) is (coin == "1")


def _noise(segment: Segment, hz: float, jitter: float, rng: np.random.Generator) -> Segment:
    """Pulses of 150 us on channel A of the board's line alone, with a time of their own."""
    train: PulseTrain = segment.trains["board.A"]
    n = int(55 * hz)
    at = (2e6 + (np.arange(n) + rng.uniform(-jitter, jitter, n)) * 1e6 / hz).astype(np.int64)
    edges = np.sort(np.concatenate([train.ticks, at, at + 150]))
    edges = edges[np.concatenate([[True], np.diff(edges) > 0])]
    first = int(train.levels[0]) if train.levels is not None and train.levels.size else 1
    levels = ((np.arange(edges.size) + first) % 2).astype(np.uint8)
    return replace(segment, trains={**segment.trains, "board.A": replace(train, ticks=edges, levels=levels)})


@pytest.mark.parametrize(
    ("detector", "hz", "jitter", "decoding"),
    [("oscillator", 3.1, 0.0, "x4"), ("oscillator", 3.1, 0.0, "x1"), ("zero-flow", 20.0, 0.4, "x1")],
)
def test_interference_with_the_nozzle_closed(detector: str, hz: float, jitter: float, decoding: str) -> None:
    rng = np.random.default_rng(2)
    segments = sales(K3)
    for i in range(4):
        segment = _noise(watch(rng, id=f"s{i}", start_ns=(20 + i) * 300_000_000_000, emi=0.0), hz, jitter, rng)
        if detector == "zero-flow":
            segment = replace(segment, trains={k: v for k, v in segment.trains.items() if k.endswith("A")})
        segments.append(segment)
    (finding,) = said(segments, detector, decoding=decoding)
    assert finding.level is Integrity.SUSPECT


@pytest.mark.parametrize(
    ("filling_ns", "lost_ns", "foreign"),
    [([10], [], False), ([10, 50], [], True), ([10], [40], None), ([10], [90], False)],
)
def test_a_lost_frame_may_have_told_of_another_sale(
    filling_ns: list[int], lost_ns: list[int], foreign: bool | None
) -> None:
    states = [
        (t_ns + i, state) for t_ns in filling_ns for i, state in enumerate((SaleState.DELIVERING, SaleState.COMPLETE))
    ]
    assert Reports(states=states, lost_ns=lost_ns).foreign_sale(0, 80) is foreign
