"""Laws of a whole visit: sales begin at zero, nothing counts with the nozzle shut, sums, re-start, self-lock."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from benchmarks.generators import PROFILE, Tamper, delivery, instrument
from benchmarks.shut_watches import watch
from captures.model import Origin, Register
from harness.catalogue import load_self_lock
from harness.judge.contract import DetectorSpec, Reading, Segment, SegmentKind, Shape, Validation, View
from harness.judge.laws import restart, self_lock, start, visit_totaliser, zero

CENT = Decimal("0.01")


def run(spec: DetectorSpec, *segments: Segment, profile: dict[str, Any] = PROFILE) -> list[Reading]:
    return list(spec.judge(segments, View(profile, spec.parameters, Validation(10_000, 0))))


def column(station: str, *values: str) -> Register:
    times = np.arange(len(values), dtype=np.int64) * 500_000_000
    return Register(station, times, times * 0, tuple(map(Decimal, values)), CENT, "L", Origin("test", ""))


def sale(id: str, end: str, total: tuple[str, str], *, state: str = "s1", i: int = 0, **context: Any) -> Segment:
    known = {"wire_end": True, "foreign_sale": False} | context
    registers = {"register": column("register", "0.00", end, end), "totaliser": column("totaliser", *total)}
    return Segment(id, SegmentKind.DELIVERY, "C", state, (i, i + 1), known, registers=registers)


# start value


@pytest.mark.parametrize(("value", "broken"), [("0.00", False), ("0.08", False), ("0.30", True)])
def test_a_sale_begins_at_zero(value: str, broken: bool) -> None:
    (reading,) = run(start.DETECTOR, sale("a", "7.30", ("0", "1"), start_l=value, start_by="wire"))
    assert bool(reading.hits) is broken
    assert reading.shape is (Shape.EXTRA if broken else None)
    assert reading.mde == pytest.approx(0.11 / 7.3)


def test_nobody_heard_the_start() -> None:
    assert run(start.DETECTOR, sale("a", "7.30", ("0", "1"))) == []


def test_a_display_that_was_not_zeroed_yet_is_no_start_value() -> None:
    one = Segment("a", SegmentKind.DELIVERY, "C", "s", (0, 1), {}, registers={"display": column("display", "13.70")})
    two = Segment(
        "b",
        SegmentKind.DELIVERY,
        "C",
        "s",
        (2, 3),
        {"start_l": "13.70", "start_by": "eye"},
        registers={"display": column("display", "7.30")},
    )
    (reading,) = run(start.DETECTOR, one, two)
    assert reading.reason == "the display still showed the sale before"
    other = Segment("b", two.kind, "C", "s", (2, 3), {**two.context, "start_l": "0.40"}, registers=two.registers)
    (reading,) = run(start.DETECTOR, one, other)
    assert reading.hits == 1
    assert reading.e < 30  # one number read by eye


@pytest.mark.parametrize(("carried", "broken"), [(0.0, False), (0.05, True)])
def test_pulses_that_are_tapped_account_for_the_hose(carried: float, broken: bool) -> None:
    rng = np.random.default_rng(71)
    segment = delivery(rng, instrument(rng, "nominal"), 7.3, tamper=Tamper(start_l=carried), emi=0.0)
    register = segment.registers["register"]
    context = {**segment.context, "start_l": str(register.values[0]), "start_by": "wire"}
    context |= {"start_ns": int(register.times_ns[0]), "start_u_ns": int(register.u_ns[0])}
    (reading,) = run(start.DETECTOR, replace(segment, context=context))
    assert str(reading.link) == "board>register"
    assert reading.at["pulses_tapped"]
    assert bool(reading.hits) is broken


# nozzle closed


def test_honest_watches_advance_nothing() -> None:
    rng = np.random.default_rng(72)
    for i in range(200):
        (reading,) = run(zero.DETECTOR, watch(rng, id=f"s{i}", seconds=60.0))
        assert reading.spoke
        assert not reading.hits


@pytest.mark.parametrize("hz", [0.8, 2.0, 10.0])
def test_a_register_that_runs_with_the_nozzle_closed(hz: float) -> None:
    (reading,) = run(zero.DETECTOR, watch(np.random.default_rng(73), seconds=60.0, oscillator_hz=hz))
    assert reading.hits >= 3
    assert reading.shape is Shape.EXTRA
    assert float(reading.at["litres"]) == pytest.approx(hz * 59 / 100, abs=0.2)


def test_a_lone_damaged_frame_is_no_advance() -> None:
    shut = Segment(
        "s",
        SegmentKind.SHUT,
        "C",
        "s1",
        (0, 60 * 10**9),
        {"seconds": 60},
        registers={"register": column("register", *["0.00"] * 60, "7.00", *["0.00"] * 60)},
    )
    (reading,) = run(zero.DETECTOR, shut)
    assert reading.spoke
    assert not reading.hits


# rows of sales


def test_the_sum_of_a_row() -> None:
    row = [sale(f"d{i}", "10.00", (f"{100 + 10 * i}.00", f"{110 + 10 * i}.00"), i=2 * i) for i in range(4)]
    (reading,) = run(visit_totaliser.DETECTOR, *row)
    assert reading.spoke
    assert not reading.hits
    assert reading.mde is not None
    assert reading.mde < 0.004


def test_under_recording_is_told_with_its_ratio() -> None:
    row = [sale(f"d{i}", "10.00", (f"{100 + i}.00", f"{101 + i}.00"), i=2 * i) for i in range(4)]
    (reading,) = run(visit_totaliser.DETECTOR, *row)
    assert reading.hits
    assert reading.at["recorded_ratio"] == pytest.approx(0.1)
    low, high = reading.at["recorded_ratio_interval"]
    assert low < 0.1 < high


def test_other_peoples_sales_count_as_far_as_they_were_heard() -> None:
    one = sale("a", "10.00", ("100.00", "110.00"))
    heard = sale("b", "10.00", ("110.00", "145.50"), i=2, foreign_sale=True, heard_l=("25.50",))
    (reading,) = run(visit_totaliser.DETECTOR, one, heard)
    assert reading.spoke
    assert not reading.hits
    unheard = sale("b", "10.00", ("110.00", "145.50"), i=2, foreign_sale=True)
    (reading,) = run(visit_totaliser.DETECTOR, one, unheard)
    assert "not heard" in reading.reason
    hidden = sale("b", "10.00", ("110.00", "120.00"), i=2, foreign_sale=True, heard_l=("25.50",))
    (reading,) = run(visit_totaliser.DETECTOR, one, hidden)
    assert reading.hits
    nobody_watched = sale("b", "10.00", ("110.00", "145.50"), i=2, foreign_sale=None)
    (reading,) = run(visit_totaliser.DETECTOR, one, nobody_watched)
    assert "not observed" in reading.reason


# power away


def restarted(shift: str, *, later: int = 3) -> list[Segment]:
    row, total = [], Decimal("100.00")
    for i in range(3 + later):
        if i == 3:
            total += Decimal(shift)
        state, after = ("s1", total + 10) if i < 3 else ("s2", total + 10)
        before = total - Decimal(shift) if i == 3 else total
        row.append(sale(f"d{i}", "10.00", (str(before), str(after)), state=state, i=2 * i))
        total = after
    return row


def test_a_totaliser_that_comes_back_as_it_was() -> None:
    (reading,) = run(restart.DETECTOR, *restarted("0"))
    assert reading.spoke
    assert not reading.hits


def test_another_totaliser_after_power_came_back() -> None:
    (reading,) = run(restart.DETECTOR, *restarted("-90.00"))
    assert reading.at["step_l"] == "-90.00"
    assert reading.at["beyond_visit"] is True
    assert reading.hits == 3
    assert reading.p is not None
    assert reading.p < 1e-6


def test_what_was_not_saved_may_be_forgotten() -> None:
    (reading,) = run(restart.DETECTOR, *restarted("-10.00"))
    assert reading.hits
    assert reading.at["beyond_visit"] is False  # the honest cause stays open


def test_one_reading_alone_may_be_misread() -> None:
    (reading,) = run(restart.DETECTOR, *restarted("-90.00", later=1))
    assert reading.hits == 1
    assert reading.p == restart.DETECTOR.parameters["q"]


def test_identity_read_again() -> None:
    texts = {"stated_software": "V3.12  8C1F", "stated_software_after": "v3.12 8c1f", "stated_k": "100"}
    row = [sale("a", "5.00", ("0", "5"), **texts), sale("b", "5.00", ("5", "10"), state="s2", i=2, **texts)]
    assert [r.hits for r in run(restart.DETECTOR, *row)] == [0, 0]
    other = {**texts, "stated_software_after": "V3.12 0000"}
    row = [sale("a", "5.00", ("0", "5"), **other), sale("b", "5.00", ("5", "10"), state="s2", i=2, **other)]
    assert [r.hits for r in run(restart.DETECTOR, *row)] == [0, 1]
    refused = {**texts, "stated_software_after": "not shown"}
    row = [sale("a", "5.00", ("0", "5"), **refused), sale("b", "5.00", ("5", "10"), state="s2", i=2, **refused)]
    assert [r.hits for r in run(restart.DETECTOR, *row)] == [0]


# self-lock

LOCKED = {**PROFILE, "self_lock": "jjg443", "self_lock_rules": load_self_lock()}


def locked(gain: float, codes: list[tuple[str, ...]], profile: dict[str, Any] = LOCKED) -> list[Reading]:
    rng = np.random.default_rng(74)
    it = instrument(rng)
    row = [
        delivery(
            rng,
            it,
            7.3,
            id=f"d{i}",
            tamper=Tamper(register_gain=gain),
            stations="encoder board register",
            start_ns=i * 10**12,
            context={"codes": shown},
        )
        for i, shown in enumerate(codes)
    ]
    return run(self_lock.DETECTOR, *row, profile=profile)


def test_a_lock_that_stays_silent() -> None:
    readings = locked(0.03, [()] * 8)
    assert [r.segment for r in readings if r.hits] == ["d5", "d6", "d7"]
    assert all(r.at["expected"] == ("64",) and r.at["verified"] is False for r in readings)
    assert str(readings[0].link) == "encoder>monitor"


def test_a_lock_that_shows_its_code() -> None:
    readings = locked(0.03, [(), (), (), (), (), ("64",), ("64",)])
    assert readings
    assert not any(r.hits for r in readings)


@pytest.mark.parametrize("gain", [0.0, 0.004, -0.004])
def test_below_the_limit_nothing_must_be_shown(gain: float) -> None:
    readings = locked(gain, [()] * 8)
    assert [r.spoke for r in readings] == [False]


def test_fewer_sales_or_no_edition_say_nothing() -> None:
    assert [r.spoke for r in locked(0.03, [()] * 5)] == [False]
    assert locked(0.03, [()] * 8, PROFILE) == []


def test_a_disconnected_encoder_must_be_told() -> None:
    off = {"encoder_off": True, "codes": ()}
    row = [sale(f"d{i}", "5.00", ("0", "5"), i=2 * i, **off) for i in range(3)]
    readings = run(self_lock.DETECTOR, *row, profile=LOCKED)
    assert [r.segment for r in readings if r.hits] == ["d1", "d2"]
    assert readings[0].at["expected"] == ("62", "65")
