"""Bench files: every error says where and what next, and the refusals of field_rules.md hold whatever the option."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.benchfile import ROLES, load, parse
from fixtures.binding import check
from fixtures.capacity import pulse_loads
from fixtures.errors import BenchError
from fixtures.plugins import specs
from fixtures.roles import DUTIES
from harness.benches import built_in, find
from harness.runner import check_stations, find_plan

INSTRUMENTS = specs("instruments")


def text(name: str = "dispenser-k3") -> str:
    return find(name).text


@pytest.mark.parametrize("name", built_in())
def test_built_in_benches_check_and_answer_their_plan(name: str) -> None:
    bench = find(name)
    assert len(check(bench, INSTRUMENTS)) == len(bench.instruments)
    pulse_loads(bench, INSTRUMENTS)
    if bench.family == "gas-dispenser":
        plan = "gas-raid"
    elif bench.site is not None:
        plan = "site-survey"
    else:
        plan = f"{bench.family}-{'bench' if bench.kit == 'K3' else 'raid'}"
    check_stations(find_plan(plan), bench)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('kit = "K3"', 'kit = "K9"', "kit expected one of K0, K1, K2, K3"),
        ('place = "lab"', 'place = "lab"\ncolour = "red"', "unknown key 'colour'"),
        ('driver = "lcus"', 'driver = "lcsu"', "expected a known driver, got 'lcsu'"),
        ('may_write = "our own instrument"\n\n[links.dart]', "\n[links.dart]", "the link only listens"),
        ('links = { line = "dart" }', 'links = { lines = "dart" }', "needs links"),
        ('links = { line = "dart" }', 'links = { line = "relay" }', "is claimed by"),
        ('url = "sim:dart"', 'url = "dart"', "expected serial:PORT"),
        ("address = 0x50", 'address = "50"', "address expected a whole number"),
        ("address = 0x50", "adress = 0x50", "unknown key 'adress'"),
        ('deliver = "master"', 'deliver = "relay"', "provides"),
        ('deliver = "master"', 'deliver = "pump"', "which is no instrument"),
        ('operate = "operator"', "", "role operate is missing"),
        ("[profile]", "[profile", "expected TOML"),
        ('max_flow_l_min = "50"', 'max_flow_l_min = "fast"', "expected a number"),
    ],
)
def test_what_is_wrong_is_named(old: str, new: str, message: str) -> None:
    assert old in text()

    def checked() -> None:
        bench = parse(text().replace(old, new, 1), "bench.toml")
        check(bench, INSTRUMENTS)
        pulse_loads(bench, INSTRUMENTS)

    with pytest.raises(BenchError, match=message):
        checked()


def test_unknown_keys_are_named_with_their_line() -> None:
    broken = text().replace('place = "lab"', 'place = "lab"\ncolour = "red"')
    number = broken.splitlines().index('colour = "red"') + 1
    with pytest.raises(BenchError, match=f"bench.toml:{number}:"):
        parse(broken, "bench.toml")


@pytest.mark.parametrize("zone", ["1", "2"])
def test_an_uncertified_instrument_in_a_zone_is_refused(zone: str) -> None:
    raid = text("dispenser-k2").replace(
        'driver = "sigrok-pico"\nlinks = { line = "analyser" }\nzone = "safe"',
        f'driver = "sigrok-pico"\nlinks = {{ line = "analyser" }}\nzone = "{zone}"',
    )
    assert raid != text("dispenser-k2")
    with pytest.raises(BenchError, match=f"zone {zone} without a certificate"):
        check(parse(raid, "raid.toml"), INSTRUMENTS)
    certified = raid.replace(f'zone = "{zone}"', f'zone = "{zone}"\ncertificate = "CNEx 24.1234X"')
    check(parse(certified, "raid.toml"), INSTRUMENTS)


def test_a_pulse_rate_that_no_analyser_carries_is_refused() -> None:
    fast = text().replace('pulses_per_litre = "100"', 'pulses_per_litre = "5000"', 1)
    with pytest.raises(BenchError, match="would have to carry"):
        pulse_loads(parse(fast, "fast.toml"), INSTRUMENTS)


def test_the_load_of_two_quadrature_taps_is_the_rule_s_figure() -> None:
    """field_rules.md 9: two quadrature taps, both edges, 50 L/min, 100 pulses/L are 667 edges/s."""
    without_reference = text().replace(', "reference.P"]', "]")
    [load_] = pulse_loads(parse(without_reference, "b.toml"), INSTRUMENTS)
    assert round(load_.edges_per_s) == 667


def test_a_bench_that_cannot_answer_the_plan_is_refused() -> None:
    with pytest.raises(BenchError, match=r"needs station\(s\) board, encoder"):
        check_stations(find_plan("dispenser-bench"), find("dispenser-k2"))


def test_a_meter_whose_readings_do_not_measure_is_refused_and_a_stranger_s_told() -> None:
    meter = find("dispenser-k0-meter")
    assert not [line for line in check(meter, INSTRUMENTS) if line.startswith("role ")]
    bare = parse(
        meter.text.replace(
            '"siemens-mass6000"',
            '"eh-promass"\nunits = { mass_flow_kg_s = "kg/h", temperature_c = "C", mass_total_kg = "kg" }',
        ),
        "bench",
    )
    with pytest.raises(
        BenchError, match=r"role mass names .*, whose readings hold no density_kg_m3; without it nothing is measured"
    ):
        check(bare, INSTRUMENTS)
    silent = {**INSTRUMENTS, "modbus-coriolis": replace(INSTRUMENTS["modbus-coriolis"], gives=None)}
    [told] = [line for line in check(bare, silent) if line.startswith("role ")]
    assert "has to hold mass_total_kg, density_kg_m3" in told
    assert "the first one of a run is held to it" in told


def test_every_role_says_what_it_asks_for() -> None:
    assert tuple(DUTIES) == ROLES


def prompting(url: str) -> str:
    return (
        text("dispenser-k0-prover").replace('url = "sim:operator"', f'url = "{url}"')
        .replace('driver = "operator"\n', 'driver = "operator"\nconsole = true\n')
    )  # fmt: skip


@pytest.mark.parametrize("url", ["sim:operator", "serial:/dev/ttyUSB0", "socket:tablet:5025"])
def test_prompts_for_eyes_are_refused_where_a_machine_would_answer_them(url: str) -> None:
    with pytest.raises(BenchError, match=f"instrument operator: console = true expected .*console:.*got {url}"):
        check(parse(prompting(url), "bench"), INSTRUMENTS)


@pytest.mark.parametrize("url", ["console:", "answers:a.answers", "replay:case/data/journal#operator"])
def test_prompts_for_eyes_are_taken_at_a_terminal_and_from_its_recording(url: str) -> None:
    assert check(parse(prompting(url), "bench"), INSTRUMENTS)


def test_files_that_are_no_bench(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="cannot be read"):
        load(tmp_path / "absent.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BenchError, match="expected UTF-8"):
        load(tmp_path / "binary.toml")
    (tmp_path / "big.toml").write_bytes(b"#" * (2 << 20))
    with pytest.raises(BenchError, match="expected at most"):
        load(tmp_path / "big.toml")


@given(st.text(max_size=300))
def test_arbitrary_text_is_a_bench_error(garbage: str) -> None:
    with pytest.raises(BenchError):
        parse(garbage, "x")
