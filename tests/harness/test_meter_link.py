"""What a journal holds of the link between ISU and taximeter: records told once, no names, what the ISU wrote."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from captures.model import Direction, WireChunk
from fixtures.benchfile import InstrumentEntry
from harness.derive.meter_link import MeterLink, meter_link
from harness.derive.recorded import Recorded
from harness.derive.spans import WHOLE
from protocols.contract import Role
from protocols.wire.jt905 import (
    PROTOCOL,
    Body,
    ClockCommand,
    Frame,
    Heartbeat,
    Hired,
    MeterState,
    StatusQuery,
    TripAnswer,
    TripEnd,
    TripQuery,
    Unread,
)

MS = 1_000_000
SECOND = 1_000 * MS
BODIES: dict[str, Any] = {vector.name: vector.messages[0].body for vector in PROTOCOL.vectors}  # type: ignore[attr-defined]
TRIP = BODIES["trip with licence and driver"].trip
LATER = replace(TRIP, number=8, paid_km=Decimal("3.4"), waiting="0105")


def recorded(
    driver: str, links: dict[str, str], said: list[tuple[float, str, Direction, bytes]], late_ns: int = 0
) -> Recorded:
    """A journal with what came on the links of one instrument, and how late arrivals are there at worst."""
    chunks: dict[str, list[WireChunk]] = {}
    for t_s, link, direction, data in said:
        chunks.setdefault(link, []).append(WireChunk(int(t_s * SECOND), link, direction, data))
    bench = SimpleNamespace(instruments={"it": InstrumentEntry("it", driver, links, "lab", "", {})})
    entries = [("", {"kind": "timing", "link": link, "u_ns": late_ns}) for link in links.values()]
    return Recorded(
        {}, cast("Any", bench), chunks, {link: link for link in chunks}, entries, "complete", "", 1.0, WHOLE
    )


def device(body: Body) -> bytes:
    return PROTOCOL.encode(Frame(body), Role.DEVICE)


def host(body: Body) -> bytes:
    return PROTOCOL.encode(Frame(body), Role.HOST)


TAPPED = {"host": "isu", "device": "meter"}
RX, TX = Direction.RX, Direction.TX


def tapped(*said: tuple[float, str, bytes]) -> MeterLink:
    link = meter_link(recorded("taximeter-tap", TAPPED, [(t, name, RX, data) for t, name, data in said]))
    assert link is not None
    return link


def test_a_hire_as_the_tap_heard_it() -> None:
    beat = Heartbeat(MeterState.HIRED | MeterState.ABNORMAL_SPEED, "110100000001", "D-0001")
    wire = device(TripEnd(TRIP))
    link = tapped(
        (1, "meter", device(Hired("20250630081500"))),
        (1.1, "isu", host(StatusQuery("20250630081501"))),
        (5, "meter", device(beat)),
        (9, "meter", wire[:40]),
        (9.04, "meter", wire[40:]),
        (39, "meter", device(TripEnd(TRIP, resent=True))),
        (50, "meter", b"noise"),
        (60, "meter", device(TripEnd(LATER))),
    )
    assert [type(one.body).__name__ for one in link.said] == [
        "Hired", "StatusQuery", "Heartbeat", "TripEnd", "TripEnd", "TripEnd",
    ]  # fmt: skip
    context = link.context()
    assert [record["number"] for record in context["records"]] == ["7", "8"]
    assert context["heartbeats"] == [0x81]
    assert context["meter_times"] == [(SECOND, "20250630081500")]
    assert set(context) == {"records", "heartbeats", "meter_times"}
    assert [(one.why, one.size) for one in link.noise[Role.DEVICE]] == [
        ("bytes outside frames: expected 55 AA first", 5)
    ]
    assert not link.noise[Role.HOST]
    assert not link.unread
    registers = link.registers("CNY")
    assert registers["record_km"].values == (Decimal("12.3"), Decimal("3.4"))
    assert registers["record_fare"].values == (Decimal("15.5"), Decimal("15.5"))
    assert registers["record_waiting"].values == (Decimal(120), Decimal(3900))
    assert [register.resolution for register in registers.values()] == [Decimal("0.1"), Decimal("0.1"), 60]


def test_no_name_and_no_certificate_leaves_the_journal() -> None:
    link = tapped(
        (1, "meter", device(TripEnd(TRIP))),
        (2, "meter", device(BODIES["shift closed"])),
        (3, "meter", device(BODIES["heartbeat, hired, abnormal speed"])),
        (4, "meter", device(BODIES["status"])),
    )
    text = str(link.context())
    for personal in (TRIP.plate, TRIP.licence, TRIP.driver, "BT0001", "110100000001", "D-0001", "425430303031"):
        assert personal not in text


def test_a_trip_s_instant_lies_in_the_time_its_frame_took_and_may_have_been_held_back() -> None:
    said = [(9.0, "meter", RX, device(TripEnd(TRIP)))]
    link = meter_link(recorded("taximeter-tap", TAPPED, said, late_ns=10 * MS))
    assert link is not None
    register = link.registers("CNY")["record_km"]
    long_ns = len(said[0][3]) * PROTOCOL.line.char_ns()
    begin_ns = int(register.times_ns[0] - register.u_ns[0])
    assert begin_ns == pytest.approx(9 * SECOND - long_ns - 34_641_017, abs=4)  # 10 ms times the square root of 12
    assert int(register.times_ns[0] + register.u_ns[0]) == pytest.approx(9 * SECOND, abs=2)


def test_a_segment_is_told_its_own_records() -> None:
    link = tapped(
        (1, "meter", device(TripEnd(TRIP))),
        (11, "meter", device(TripEnd(TRIP))),
        (12, "meter", device(TripEnd(LATER))),
        (13, "meter", device(TripEnd(replace(LATER, number=6), resent=True))),
        (20, "meter", b"\x55\xaa\x00"),
    )
    own = link.during(10 * SECOND, 15 * SECOND)
    assert own.registers("CNY")["record_km"].values == (Decimal("3.4"),)
    assert [record["number"] for record in own.context()["records"]] == ["7", "8", "6"]
    assert own.noise == {Role.HOST: [], Role.DEVICE: []}
    assert link.during(2 * SECOND, 3 * SECOND).context() == {}
    assert link.during(2 * SECOND, 3 * SECOND).registers("CNY") == {}


def test_two_different_records_of_one_number_are_both_told() -> None:
    link = tapped(
        (1, "meter", device(TripEnd(TRIP))), (2, "meter", device(TripEnd(replace(TRIP, amount=Decimal(9)), True)))
    )
    assert [record["amount"] for record in link.context()["records"]] == ["15.5", "9.0"]


def test_what_the_isu_wrote_is_told_and_what_the_bench_asked_is_not_the_isu_s() -> None:
    link = tapped((1, "isu", host(ClockCommand("20250630081500"))), (2, "isu", host(BODIES["tariff query"])))
    assert link.context() == {"isu_wrote": ["ClockCommand"]}
    line = {"line": "meter"}
    said = [
        (1.0, "meter", TX, host(TripQuery(7))),
        (1.1, "meter", RX, device(TripAnswer(TRIP))),
        (2.0, "meter", TX, host(BODIES["tariff query"])),
        (2.1, "meter", RX, device(BODIES["tariff"])),
        (2.2, "meter", RX, device(TripAnswer(None))),
    ]
    asked = meter_link(recorded("taximeter-host", line, said))
    assert asked is not None
    context = asked.context()
    assert [record["number"] for record in context["records"]] == ["7"]
    [tariff] = context["tariffs"]
    assert tariff["with the one-way distance"]["start_km"] == "3.00"
    assert set(tariff) == {"with the one-way distance", "without the one-way distance"}
    assert asked.registers("CNY") == {}


def test_frames_that_are_not_read_are_counted_by_reason() -> None:
    link = tapped((1, "meter", device(Unread(0x1FE7, b"\x01", "a maker's own command"))))
    assert link.unread == {"a maker's own command": 1}


def test_a_bench_that_does_not_stand_at_the_link() -> None:
    assert meter_link(recorded("dart-tap", TAPPED, [])) is None
    empty = meter_link(recorded("taximeter-tap", TAPPED, []))
    assert empty is not None
    assert (list(empty.said), empty.context(), empty.registers("CNY")) == ([], {}, {})
