"""Whole runs on the simulated taxi, and what a trip of them is: held to what the simulation knows to be true."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import harness.inspection as inspection
from captures.journal import read_lines
from harness.benches import find, world
from harness.derive import read_recorded, segments
from harness.derive.trips import CLOCK_U_S, _offset_s
from harness.judge.contract import Segment, SegmentKind
from harness.judge.distances import distance, pulses
from harness.plans import PlanSpec, blocks
from harness.plans.ability import Ability
from harness.step import Confirm, Drive, Hire, Phase, Plan, PowerCycle, Read, Stand, Vacate, Wait, Work

Case = tuple[list[Segment], dict[str, Any], Mapping[str, Any], Path]


def _steps(can: Ability) -> Plan:
    """A raid in a few minutes: watched, two controls worked, the surveyed stretch before and after a power cut."""
    yield from blocks.before()
    yield from blocks.badge()
    yield Confirm("safety", "Handbrake on")
    yield Phase("bench", "as received")
    yield from blocks.identity()
    for label, hired in (("B1", True), ("B2", False)):
        yield Stand(label, hired)
        yield Wait(10, "the car stands")
        yield Vacate(label)
    yield Stand("C1")
    for control in ("horn", "gear"):
        yield Work(control)
        yield Wait(3, "the car stands")
    yield Vacate("C1")
    yield from _surveyed("D1")
    yield from blocks.preservation()
    if (yield from blocks.decided("E")):
        yield Phase("E", "power away")
        yield PowerCycle(5)
        yield from _surveyed("F1")
    yield from blocks.identity_again()
    yield from blocks.closing("Sealed unchanged")


def _surveyed(label: str) -> Plan:
    yield Hire(label)
    yield Read("meter", label)
    yield Drive(label, Decimal(1000), Decimal(60), "steady", surveyed=True)
    yield Read("meter", label)
    yield Vacate(label)
    yield Read("receipt", label)


SHORT = PlanSpec("short-raid", "taximeter", frozenset({"fare"}), _steps, "for tests only")


def inspected(folder: Path, kit: str, plan: str | PlanSpec, cheat: str | None = None) -> Case:
    bench = find(f"taximeter-{kit.lower()}")
    site = world(bench, cheat, 1)
    done = inspection.inspect(plan, bench, folder / "case", world=site)
    assert done.result.status == "complete", done.result.why
    journal = folder / "case" / "data" / "journal"
    return segments(read_recorded(journal)), site.truth(), done.document, journal


@pytest.fixture(scope="module")
def raid(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return inspected(tmp_path_factory.mktemp("raid"), "K2", SHORT)


@pytest.fixture(scope="module")
def ride(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return inspected(tmp_path_factory.mktemp("ride"), "K0", "taximeter-ride")


def test_a_raid_leaves_watches_and_surveyed_trips(raid: Case) -> None:
    own, truth, document, _ = raid
    assert [one.id for one in own] == ["B1", "B2", "C1", "D1", "F1"]
    assert [one.kind is SegmentKind.SOAK for one in own] == [True, True, True, False, False]
    assert [one.context["hired"] for one in own] == [True, False, True, True, True]
    assert [mark.kind for mark in own[2].marks if mark.kind.startswith("control-")] == ["control-horn", "control-gear"]
    assert [one.state for one in own] == ["power-0"] * 4 + ["power-1"]
    assert document["integrity"] in ("no_evidence", "inconclusive")
    assert document["conformity"] == "pass"
    assert len(truth["rides"]) == 4  # of B1, C1, D1 and F1


def test_pulses_and_reference_of_a_surveyed_trip_are_those_that_were_driven(raid: Case) -> None:
    own, truth, _, _ = raid
    profile = {**find("taximeter-k2").profile}
    for segment, leg in zip([one for one in own if one.kind is SegmentKind.TRIP], truth["legs"], strict=True):
        assert segment.context["reference"] == "surveyed"
        assert segment.reference_m == pytest.approx((1000.0, 0.5))
        assert leg["metres"] == pytest.approx(1000, abs=1)
        for station in ("sensor", "input"):
            counted = pulses(segment, segment.trains[f"{station}.A"], profile).size
            assert 940 <= counted <= 1030  # K = 1000/km, installed within -4 % to +1 %, some chatter of a reed
        shown = distance(segment, "distance", profile)
        assert abs(shown.metres - 1000) <= 3 * shown.u


def test_a_trip_is_recorded_by_meter_display_and_receipt_alike_and_names_nobody(raid: Case) -> None:
    own, _, _, journal = raid
    trips = [one for one in own if one.kind is SegmentKind.TRIP]
    for segment in trips:
        assert segment.registers["record_fare"].values == segment.registers["fare"].values[-1:]
        assert segment.registers["receipt_fare"].values[-1] == segment.registers["fare"].values[-1]
        assert segment.context["heartbeats"]
        assert segment.traces["speed"].steps.max() >= 35
        assert segment.complete
    numbers = [record["number"] for record in trips[-1].context["records"]]
    assert len(set(numbers)) == len(numbers) >= 1
    told = json.dumps([one.context for one in own], default=str)
    assert '"driver"' not in told
    assert '"licence"' not in told
    assert any(line.body["kind"] == "wire" for line in read_lines(journal))


def test_a_ride_is_measured_by_the_receiver_and_dated_by_it(ride: Case) -> None:
    own, truth, document, _ = ride
    assert [(one.id, one.kind, one.context["covert"]) for one in own] == [
        ("A1", SegmentKind.TRIP, True),
        ("A2", SegmentKind.TRIP, True),
    ]
    assert {key for key in document["coverage"][0]} >= {"text", "answered"}
    for number, segment in enumerate(own):
        assert segment.reference_m is not None
        metres, u = segment.reference_m
        driven = sum(leg["metres"] for leg in truth["legs"][5 * number : 5 * number + 5])
        assert abs(metres - driven) < 4 * u < 0.2 * driven
        assert len(segment.registers["fare"].values) == 6
        hour = (segment.window_ns[0] + segment.context["civil_ns"]) // 3_600_000_000_000 % 24
        assert hour in (10, 11)  # the simulated day begins at 10:20 local time


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("08:15:30 08:15:02", (28.0, CLOCK_U_S)),
        ("00:00:05 23:59:55", (10.0, CLOCK_U_S)),
        ("23:59:00 00:01:00", (-120.0, CLOCK_U_S)),
        ("not shown", None),
        ("8:15 8:15", None),
        ("24:00:00 08:15:02", None),
        ("08:61:00 08:15:02", None),
        ("", None),
    ],
)
def test_two_clocks_read_beside_each_other(text: str, expected: tuple[float, float] | None) -> None:
    assert _offset_s(text) == expected
