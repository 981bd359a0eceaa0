"""A bench that `run` refuses before it opens a port is refused by `bench check` and `doctor` too, and leaves no case."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.benches import built_in, find
from harness.exits import Exit
from tests.commands import document, shortmeasure

SIM = r'"sim:\w+"'
FAULTS = [
    ("dispenser-k3", '"sim:analyser"', '"sim:analizer"', "no such simulated port"),
    ("dispenser-k1", '"sim:tap_host"', '"serial:/dev/none"', "they keep different time"),
    ("dispenser-k1", '"sim:operator"', '"tcp:localhost:99"', "expected serial:PORT"),
    ("dispenser-k1", 'driver = "operator"', 'driver = "opperator"', "expected a known driver"),
    ("dispenser-k1", 'edition = "', 'edition = "nonesuch', "expected a known acceptance edition"),
    ("dispenser-k0", SIM, '"console:"', "expected console = true"),
    ("dispenser-k0", SIM, '"console:x"', "expected serial:PORT"),
    ("dispenser-k0", SIM, '"socket:x"', "expected socket:HOST:PORT"),
    ("dispenser-k0", SIM, '"replay:/none#x"', "expected the folder of a journal"),
    ("dispenser-k0", SIM, '"answers:/none"', "expected an answers file"),
    ("dispenser-k1", 'model = "dispenser"', 'model = "car"', "model expected dispenser, got 'car'"),
    ("dispenser-k1", 'model = "dispenser"', 'model = "dispenser"\ngrade = "x"', "grade expected nominal or weak"),
    ("dispenser-k1", 'model = "dispenser"', 'model = "dispenser"\nself_lock = 1', "self_lock expected true or false"),
    ("taximeter-k3", 'model = "taxi"', 'model = "taxi"\nerror_rel = nan', "error_rel expected a number"),
    ("dispenser-k1", r'\[simulation\]\nmodel = "dispenser"', "", r"it has no \[simulation\]"),
    ("dispenser-k3", r"encoder\.B", "encoder.Q", "channel 'encoder.Q' expected one of encoder.A"),
    ("dispenser-k3", r"encoder\.B", "encoder.A", "channel 'encoder.A' expected once"),
    ("dispenser-k3", r"encoder\.B", "encoderB", "channels expected a list such as"),
    ("taximeter-k3", 'tariff = "', 'tariff = "nonesuch', "expected one of the tariffs"),
]
PLAN = {"dispenser-k0": "dispenser-raid", "dispenser-k1": "dispenser-raid", "dispenser-k3": "dispenser-bench", "taximeter-k3": "taximeter-bench"}  # fmt: skip


@pytest.mark.parametrize(("name", "what", "instead", "message"), FAULTS)
def test_three_commands_agree_on_a_faulty_bench(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str, what: str, instead: str, message: str
) -> None:
    text, count = re.subn(what, lambda _: instead, find(name).text)
    assert count
    bench, case = tmp_path / "bench.toml", tmp_path / "new" / "case"
    bench.write_text(text, "utf-8")
    for command in (
        ("bench", "check", bench),
        ("doctor", "--bench", bench, "--cases", tmp_path),
        ("run", PLAN[name], "--bench", bench, "--case", case),
    ):
        code, out, err = shortmeasure(capfd, *command)
        assert code == Exit.PRECONDITION, command
        assert re.search(message, out + err), command
    assert not case.parent.exists()


@pytest.mark.parametrize("name", built_in())
def test_every_bench_that_comes_with_us_passes(capfd: pytest.CaptureFixture[str], name: str) -> None:
    assert document(capfd, "bench", "check", name)["instruments"]


def test_a_port_that_cannot_be_opened_leaves_no_case_either(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    bench, case = tmp_path / "bench.toml", tmp_path / "case"
    bench.write_text(re.sub(SIM, f'"serial:{tmp_path}/none"', find("dispenser-k0").text), "utf-8")
    code, _, _ = shortmeasure(capfd, "run", "dispenser-raid", "--bench", bench, "--case", case)
    assert (code, case.exists()) == (Exit.INSTRUMENT, False)
    assert shortmeasure(capfd, "case", "new", case)[0] == Exit.OK
    before = sorted(case.rglob("*"))
    code, _, _ = shortmeasure(capfd, "run", "dispenser-raid", "--bench", bench, "--case", case)
    assert (code, sorted(case.rglob("*"))) == (Exit.INSTRUMENT, before)
