"""Gas dispensers end to end: what each kit proves, honest causes, raw readings to quantities, and no engine that knows."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import harness.inspection as inspection
from fixtures.benchfile import BenchFile, parse
from fixtures.errors import BenchError
from fixtures.sim.gas.medium import LPG_PER_C, line_over_base
from fixtures.sim.gas.station import GasScenario, build_gas
from harness.benches import find, scenario, world
from harness.derive import gas_reference
from harness.derive.recorded import read_recorded
from harness.derive.segments import segments
from harness.editions import edition
from harness.exits import UsageError
from harness.expected import Expected, expected
from harness.families import family_tests
from harness.judge.contract import Link, Reading, Segment, SegmentKind, Validation, View
from harness.judge.laws.parameters import DETECTOR, effect, same
from harness.judge.parameter_facts import certificate_confirms
from harness.plans import PLANS
from harness.plans.ability import Ability
from harness.plans.order import check_order, dry_run
from harness.report.progress import Progress
from harness.report.text import verdict_text
from harness.step import Confirm, Deliver, Inquire, Prove, Read, Weigh

HOT_C = 36.0
VIEW = View({"sealed_meter_factor": "1.0000"}, DETECTOR.parameters, Validation(6200, 0))


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "Progress", lambda *_: lambda *step: None)


def raided(
    case: Path, bench: BenchFile, cheat: str | None, seed: int = 1, temperature_c: float | None = None, **changes: Any
) -> dict[str, Any]:
    base = replace(scenario(bench, None, seed), **changes)
    medium: Any = bench.profile["medium"]
    station = build_gas(GasScenario(base, medium, cheat, temperature_c=temperature_c))
    document = dict(inspection.inspect("gas-raid", bench, case, world=station).document)
    assert document["status"] == "complete", document["why"]
    return document


@pytest.mark.parametrize("row", expected("gas"), ids=lambda row: f"{row.cheat}-{row.kit}")
def test_expected_verdict(tmp_path: Path, row: Expected) -> None:
    bench = find(f"gas-{row.kit.lower()}")
    temperature = HOT_C if row.cheat == "fuel.C29" else None
    document = raided(tmp_path / "case", bench, None if row.cheat == "honest" else row.cheat, temperature_c=temperature)
    assert document["integrity"] == row.integrity, verdict_text(document)
    assert document["conformity"] in row.conformity
    assert row.reason
    assert not document["conformity_detail"]["verified"]
    assert "this limit is unverified" in verdict_text(document)
    if not row.link:
        assert document["findings"] == []
        return
    finding = next(found for found in document["findings"] if found["level"] == row.integrity)
    assert finding["link"] == row.link
    assert row.cheat.split(":")[0] in finding["catalogue_ids"]
    if row.integrity == "proven":
        assert all(finding["conditions"].values())
        assert all(honest["excluded_by"] for honest in finding["explanations"])
    else:
        assert finding["limits"]


def test_what_an_uncompensated_dispenser_shows_follows_the_temperature(tmp_path: Path) -> None:
    """The same switch is 6 % too much in the heat, nothing at 15 C, and too little in the cold."""
    bench = find("gas-lpg-k0")
    errors = {}
    for temperature in (5.0, 15.0, HOT_C):
        case = tmp_path / str(temperature)
        document = raided(case, bench, "fuel.C29", temperature_c=temperature, calibration_error=0.0)
        groups = [g for g in document["conformity_detail"]["groups"] if g["flow"] == "full"]
        errors[temperature] = math.fsum(g["error"] for g in groups) / len(groups)
        level = {found["link"]: found["level"] for found in document["findings"]}["sealed>parameters"]
        assert level == ("suspect" if temperature == 15.0 else "proven")
    for temperature, error in errors.items():
        assert error == pytest.approx(line_over_base(temperature) - 1, abs=0.002)
    assert errors[HOT_C] == pytest.approx(0.0588, abs=0.002)


def test_a_factor_changed_with_a_certificate_is_not_proven(tmp_path: Path) -> None:
    """The bench file says what the type file says; a verification has set another factor since, and certified it."""
    bench = find("gas-cng-k0")
    typed = parse(bench.text.replace('sealed_meter_factor = "1.0000"', 'sealed_meter_factor = "0.9700"'), "other")
    document = raided(tmp_path / "case", typed, None)  # the menu and the certificate say 1.0000
    [finding] = document["findings"]
    assert (finding["link"], finding["level"]) == ("sealed>parameters", "suspect")
    opened = {honest["cause"] for honest in finding["explanations"] if not honest["excluded_by"]}
    assert "the parameter was changed at a verification, with a certificate" in opened
    assert "an adjustment that brought the meter back within its limits" in opened


def test_an_undeclared_parameter_is_never_accused(tmp_path: Path) -> None:
    bench = find("gas-cng-k0")
    silent = parse(bench.text.replace('sealed_meter_factor = "1.0000"\n', ""), "undeclared")
    document = raided(tmp_path / "case", silent, "fuel.C30")
    assert all(found["link"] != "sealed>parameters" for found in document["findings"])


@pytest.mark.parametrize("seed", range(3))
def test_an_honest_dispenser_with_misread_digits_is_not_accused(tmp_path: Path, seed: int) -> None:
    document = raided(tmp_path / "case", find("gas-lpg-k0"), None, 700 + seed, reading_error_rate=0.01)
    assert document["integrity"] in ("no_evidence", "inconclusive"), verdict_text(document)
    assert document["conformity"] != "fail"


def test_quantities_carry_the_unit_of_the_instrument(tmp_path: Path) -> None:
    bench = find("gas-lpg-k1")
    raided(tmp_path / "case", bench, None)
    found = segments(read_recorded(tmp_path / "case" / "data" / "journal"))
    units = {(name, register.unit) for segment in found for name, register in segment.registers.items()}
    assert {("display", "L15"), ("register", "L15"), ("totaliser", "L15"), ("amount", "CNY")} <= units
    [first] = [segment for segment in found if segment.id == "B1"]
    assert dict(first.context["parameters"]) == {
        "meter_factor": "1.0000",
        "density_kg_m3": "540.0",
        "compensation": "on",
    }


def test_a_cylinder_on_a_balance_by_hand() -> None:
    """13.700 kg by the balance: the weights' own buoyancy takes 1.2/8000 of it away; the cylinder's cancels."""
    reference = {"kind": "cylinder", "u_g": "2"}
    readings = {"tare_kg": Decimal("64.210"), "gross_kg": Decimal("77.910"), "density_15_kg_m3": Decimal("540.0")}
    mass, u = gas_reference.quantity(reference, {"quantity_unit": "kg"}, readings)
    assert mass == pytest.approx(13.697945, abs=1e-6)
    assert u == pytest.approx(math.hypot(0.002 * math.sqrt(2), gas_reference.U_VENT_KG))
    litres, u_l = gas_reference.quantity(reference, {"quantity_unit": "L15"}, readings)
    assert litres == pytest.approx(25.366565, abs=1e-5)
    assert u_l == pytest.approx(litres * math.hypot(u / mass, 5e-4))
    for wrong in ({"gross_kg": Decimal(64)}, {"tare_kg": None}):
        with pytest.raises(ValueError, match="expected"):
            gas_reference.quantity(reference, {"quantity_unit": "kg"}, readings | wrong)
    meter = {"kind": "master_meter", "u_rel": "0.001"}
    mass, u = gas_reference.quantity(
        meter, {"quantity_unit": "kg"}, {"before_kg": Decimal("100"), "after_kg": Decimal("112.5")}
    )
    assert (mass, u) == (pytest.approx(12.5), pytest.approx(0.0125))


@pytest.mark.parametrize(
    ("name", "value", "sealed", "equal"),
    [
        ("meter_factor", "1.0000", "1.000", True),
        ("meter_factor", "1.0300", "1.0000", False),
        ("meter_factor", "1.0004", "1.00", True),  # the sealed value shows two digits
        ("density_kg_m3", "540", "540.0", True),
        ("density_kg_m3", "520.0", "540.0", False),
        ("compensation", "ON", "on", True),
        ("compensation", "off", "on", False),
    ],
)
def test_a_parameter_is_compared_to_the_digits_both_show(name: str, value: str, sealed: str, equal: bool) -> None:
    assert same(name, value, sealed) is equal


def test_what_an_edited_parameter_makes_of_the_indication() -> None:
    assert effect("meter_factor", "1.0300", "1.0000", None, LPG_PER_C) == pytest.approx(0.03)
    assert effect("density_kg_m3", "500", "540", None, LPG_PER_C) == pytest.approx(0.08)
    assert effect("compensation", "off", "on", 35.0, LPG_PER_C) == pytest.approx(0.056)
    assert effect("compensation", "off", "on", None, LPG_PER_C) is None


def _read_at(id: str, factor: str, certificate: str = "meter factor 1.0000") -> Segment:
    context = {"parameters": {"meter_factor": factor}, "stated_certificate": certificate}
    return Segment(id, SegmentKind.DELIVERY, "C", "power-0", (0, 1), context)


def test_the_law_speaks_where_the_menu_was_read_and_one_misreading_proves_nothing() -> None:
    readings = DETECTOR.judge([_read_at("a", "1.0000"), _read_at("b", "1.0800"), _read_at("c", "1.0000")], VIEW)
    assert [reading.hits for reading in readings] == [0, 1, 0]
    assert readings[1].e < 20
    assert readings[1].at["parameters"] == {"meter_factor": ("1.0000", "1.0800")}
    silent = Segment("d", SegmentKind.DELIVERY, "C", "power-0", (0, 1), {})
    assert DETECTOR.judge([silent], VIEW) == []
    undeclared = View({}, DETECTOR.parameters, Validation(6200, 0))
    later = DETECTOR.judge([_read_at("a", "1.0200"), _read_at("b", "1.0200"), _read_at("c", "1.0000")], undeclared)
    assert [reading.hits for reading in later] == [0, 0, 1]  # only the change
    misread = DETECTOR.judge([_read_at("a", "1.0200"), *(_read_at(i, "1.0000") for i in "bcd")], undeclared)
    assert [reading.hits for reading in misread] == [1, 0, 0, 0]  # a first number misread is no standard for the others


@pytest.mark.parametrize(
    ("text", "confirmed"),
    [
        ("meter factor 1.0000; density 540", True),
        ("流量计系数 1.0000，密度 540", True),
        ("流量计系数：1.0200", False),
        ("Meter factor: 1.000", True),
        ("meter factor 1.0300", False),
        ("none", False),
        ("factor 1.0000", False),
    ],
)
def test_a_certificate_confirms_only_what_it_states(text: str, confirmed: bool) -> None:
    hit = Reading(
        "parameter-law", "a", Link("sealed", "parameters"), 15.0, hits=1,
        at={"parameters": {"meter_factor": ("1.0000", "1.0300")}},
    )  # fmt: skip
    assert certificate_confirms([hit], [_read_at("a", "1.0300", text)]) is confirmed


def test_the_plan_keeps_the_order_opens_no_vessel_and_only_reads_the_menu() -> None:
    stations = frozenset({"reference", "display", "amount", "totaliser", "parameters"})
    can = Ability(stations, False, False, Decimal(25), Decimal("5.60"))
    planned = dry_run(PLANS["gas-raid"].steps(can))
    check_order(planned)
    safety = next(step for step in planned if isinstance(step, Confirm) and step.key == "safety")
    assert "staff connects, vents and disconnects" in safety.text
    assert not any(isinstance(step, Prove) for step in planned)
    assert not any("petrol" in step.text for step in planned if isinstance(step, Inquire))
    assert sum(isinstance(step, Weigh) for step in planned) == 11
    menus = [step.label for step in planned if isinstance(step, Read) and step.what == "parameters"]
    assert menus == ["B1", "C1", "C2", "C3", "E1", "E2", "E3"]  # never before the first known delivery under control


def test_progress_counts_in_the_quantity_sold(capsys: pytest.CaptureFixture[str]) -> None:
    told = Progress(lambda: 61_000_000_000, "kg")
    for moment in ("begin", "end"):
        told(0, 2, Deliver("A1", Decimal("13.70")), moment)
    told(1, 2, Read("display", "A1"), "begin")
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "2 steps at the most: what turns out not to be needed is left out",
        "[ 1/2]   1:01    0.0 kg  deliver A1: 13.70 kg, full flow",
        "[ 2/2]   1:01   13.7 kg  read display after A1",
    ]


def test_each_medium_is_held_to_its_own_limits() -> None:
    for name, mpe in (("jjg996-2012", 0.010), ("jjg1114-2015", 0.015), ("lpg-cn", 0.010)):
        limits = edition(name)
        assert float(limits.limit("mpe").value) == mpe
        assert not any(limit.verified for limit in limits.limits)
        tests = family_tests(limits)
        assert tests.detectors["constant-gain"].parameters["bound"] == pytest.approx(2 * mpe)
        assert all(f"{test}/{spec.version}" in tests.validations for test, spec in tests.detectors.items())
    assert "parameter-law" not in family_tests(edition("jjg443-2023")).detectors
    assert "edge-balance" not in family_tests(edition("jjg996-2012")).detectors


def test_what_cannot_be_is_refused() -> None:
    bench = find("gas-cng-k0")
    with pytest.raises(UsageError, match="sold by mass"):
        world(bench, "fuel.C29", 1)
    with pytest.raises(UsageError, match="not built for gas"):
        world(bench, "fuel.C09", 1)
    for old, new, message in (
        ('medium = "cng"', 'medium = "h2"', "medium expected one of cng, lng, lpg"),
        ('u_g = "2"\n', "", "u_g is missing"),
        ("quantity_resolution", "volume_resolution_l", "unknown key"),
    ):
        with pytest.raises(BenchError, match=message):
            parse(bench.text.replace(old, new, 1), "gas")
