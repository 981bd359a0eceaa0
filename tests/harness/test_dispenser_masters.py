"""Whole runs on a laboratory bench whose dispenser speaks another protocol: the verdicts are those of DART."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from captures.case import Case, verify_case
from captures.model import Direction
from fixtures.benchfile import BenchFile, parse
from fixtures.binding import check
from fixtures.errors import BenchError, InstrumentError
from fixtures.opening import open_bench
from fixtures.plugins import specs
from fixtures.sim.build import Site, build
from fixtures.sim.faults import FaultScript, inject
from harness.benches import find, scenario
from harness.derive import read_recorded, segments
from harness.derive.growing import Growing
from harness.derive.sales import dispenser_reports
from harness.derive.streams import Whole, heard
from harness.judge.contract import Segment
from harness.judging import judge_case
from harness.plans import PlanSpec
from harness.plans.miniature import miniature
from harness.runner import RunResult, find_plan, run

MS = 1_000_000
PROTOCOLS = ["azt", "gilbarco"]
SMALL = miniature("1.30", 2)


def speaking(protocol: str, more: str = "") -> BenchFile:
    """The laboratory bench, its dispenser on a port of this protocol."""
    text = find("dispenser-k3").text
    text = text.replace("dart-master", f"{protocol}-master").replace("sim:dart", f"sim:{protocol}")
    return parse(text.replace("address = 0x50\n", more), "bench.toml")


def site_of(bench: BenchFile, cheat: str | None = None, seed: int = 1) -> Site:
    return build(scenario(bench, cheat, seed))


def run_on(
    bench: BenchFile, path: Path, world: Any, plan: PlanSpec | str, speed: float = 1.0
) -> tuple[Case, RunResult]:
    case = Case.create(path)
    opened = open_bench(bench, specs("instruments"), case.journal, {"tool": "test"}, world=world, speed=speed)
    return case, run(find_plan(plan) if isinstance(plan, str) else plan, opened, lambda: {}, lambda *step: None)


def sold(case: Case) -> list[Segment]:
    return [segment for segment in segments(read_recorded(case.journal)) if segment.kind == "delivery"]


def assert_true(case: Case, site: Site, *, to_the_end: bool = True) -> None:
    """Whatever happened on the line, what was derived is what the board showed."""
    found = sold(case)
    assert len(found) == len(site.sales)
    for segment, truth in zip(found, site.sales, strict=True):
        register = segment.registers["register"]
        assert register.values[-1] * 100 == truth.register_steps
        assert list(register.values) == sorted(register.values)
        assert segment.registers["register_amount"].values[-1] * 100 == truth.amount_steps
        assert segment.context["wire_end"] or not to_the_end
        assert segment.context["price"] == "7.52"


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    ("cheat", "integrity", "link"), [(None, "no_evidence", ""), ("fuel.C02", "proven", "board>register")]
)
def test_a_laboratory_inspection_runs_to_its_verdict(
    tmp_path: Path, protocol: str, cheat: str | None, integrity: str, link: str
) -> None:
    bench = speaking(protocol)
    case, result = run_on(bench, tmp_path / "case", site_of(bench, cheat), "dispenser-bench")
    assert (result.status, result.why) == ("complete", "")
    assert verify_case(case.path).complete
    found = heard(bench)
    assert found is not None
    assert found.codec == f"{protocol}/1"
    document = judge_case(case)
    assert document["integrity"] == integrity
    assert [finding["link"] for finding in document["findings"]] == [link] * bool(link)
    origins = {segment.registers["register"].origin.codec for segment in sold(case)}
    assert origins == {f"{protocol}/1"}
    identity = next(
        body["identity"] for _, body in read_recorded(case.journal).entries
        if body.get("kind") == "instrument" and body["name"] == "master"
    )  # fmt: skip
    assert identity["evidence"] == "third-party code only"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_growing_journal_tells_the_same(tmp_path: Path, protocol: str) -> None:
    bench = speaking(protocol)
    site = site_of(bench)
    case, result = run_on(bench, tmp_path / "case", site, SMALL)
    assert result.status == "complete", result.why
    assert_true(case, site)
    growing = Growing(case.journal)
    early = [segment.registers for segment in segments(growing.look(last=True), growing)]
    late = [segment.registers for segment in segments(read_recorded(case.journal))]
    assert repr([{n: replace(r, origin=None) for n, r in one.items()} for one in early]) == repr(
        [{n: replace(r, origin=None) for n, r in one.items()} for one in late]
    )


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_tap_on_both_directions_hears_what_the_master_heard(tmp_path: Path, protocol: str) -> None:
    """What the master said, as a tap has it: on a line of its own, stamped when its last character was in."""
    bench = speaking(protocol)
    site = site_of(bench)
    case, _ = run_on(bench, tmp_path / "case", site, SMALL)
    recorded = read_recorded(case.journal)
    own, line = Whole(recorded).reports(), heard(bench)
    assert own is not None
    assert line is not None
    char_ns = line.spec.line.char_ns()
    both = [
        replace(chunk, link="host", direction=Direction.RX, t_ns=chunk.t_ns + len(chunk.data) * char_ns)
        if chunk.direction is Direction.TX
        else chunk
        for chunk in recorded.chunks[line.device]
    ]
    both.sort(key=lambda chunk: chunk.t_ns)
    tapped = dispenser_reports(both, line.device, line.dialogue(), 1.0)
    assert [(poll.volume, poll.amount) for poll in tapped.polls] == [(poll.volume, poll.amount) for poll in own.polls]
    assert (tapped.states, tapped.totals, tapped.prices) == (own.states, own.totals, own.prices)
    # the question is stamped later, so the interval is shorter: it lies in the other
    for poll, other in zip(tapped.polls, own.polls, strict=True):
        assert abs(poll.t_ns - other.t_ns) + poll.u_ns <= other.u_ns + 1


def every(nth: int, delay_ms: int, site: Site, port: str) -> Callable[[bytes], None]:
    """Holds every nth answer back."""
    transmit, count = site.ports[port].transmit, 0

    def late(data: bytes) -> None:
        nonlocal count
        count += 1
        if count % nth:
            transmit(data)
        else:
            site.after(delay_ms * MS, partial(transmit, data))

    return late


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(("nth", "delay_ms"), [(5, 300), (5, 700), (7, 1_500), (11, 2_600)])
def test_late_answers_are_never_taken_for_new_ones(tmp_path: Path, protocol: str, nth: int, delay_ms: int) -> None:
    bench = speaking(protocol)
    site = site_of(bench)
    site.ports[protocol].outward = every(nth, delay_ms, site, protocol)
    case, result = run_on(bench, tmp_path / "case", site, SMALL)
    assert result.status == "complete", result.why
    # later than anything is waited out: an end may be held to be unheard, a value never to be another one
    assert_true(case, site, to_the_end=delay_ms < 1_000)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("rates", [{"drop": 0.003}, {"flip": 0.003}, {"insert": 0.002, "repeat": 0.002, "split": 0.05}])
def test_noise_on_the_line_is_survived(tmp_path: Path, protocol: str, rates: dict[Any, float]) -> None:
    bench = speaking(protocol)
    site = site_of(bench)
    faulty = inject(site.ports[protocol], to_bench=FaultScript(5, rates), to_device=FaultScript(6, rates))
    case, result = run_on(bench, tmp_path / "case", site, SMALL)
    assert faulty.to_bench.injected
    assert result.status == "complete", result.why
    assert_true(case, site)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_dead_line_is_named(tmp_path: Path, protocol: str) -> None:
    bench = speaking(protocol)
    site = site_of(bench)
    site.ports[protocol].outward = lambda data: None
    _, result = run_on(bench, tmp_path / "case", site, SMALL)
    assert isinstance(result.error, InstrumentError)
    assert "nothing came in time" in result.why


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_recorded_run_can_be_played_again(tmp_path: Path, protocol: str) -> None:
    bench = speaking(protocol)
    case, _ = run_on(bench, tmp_path / "case", site_of(bench), SMALL)
    again = parse(bench.text.replace('url = "sim:', f'url = "replay:{case.journal.as_posix()}#'), "replay")
    again = parse(again.text.replace(f"#{protocol}", "#dart"), "replay")  # the link's name in the bench file
    second, result = run_on(again, tmp_path / "again", None, SMALL)
    assert (result.status, result.why) == ("complete", "")
    assert [s.registers["register"].values for s in sold(case)] == [
        s.registers["register"].values for s in sold(second)
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no pseudo-terminals")
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_over_a_real_pseudo_terminal_and_at_a_wrong_rate(tmp_path: Path, protocol: str) -> None:
    from tests.harness.test_ptys import SPEED, served

    bench = speaking(protocol)
    site = site_of(bench)
    with served(site, bench) as real:
        case, result = run_on(real, tmp_path / "case", None, SMALL, SPEED)
    assert (result.status, result.why) == ("complete", "")
    assert_true(case, site)
    with served(site_of(bench), bench) as real:
        slow = parse(real.text.replace("[links.dart]\n", "[links.dart]\nbaud = 2400\n"), "slow")
        _, result = run_on(slow, tmp_path / "slow", None, SMALL, SPEED)
    assert isinstance(result.error, InstrumentError)
    line = specs("protocols")[protocol].line
    assert f"{line.baud} {line.data_bits}{line.parity}{line.stop_bits}" in result.why


@pytest.mark.parametrize(
    ("protocol", "price", "more", "message"),
    [
        ("azt", "100.00", "", "price expected at most 9999 steps of price_resolution 0.01 .4 digits"),
        ("azt", "100.00", "price_digits = 6\n", ""),
        ("azt", "7.52", "price_digits = 0\n", "price_digits: expected 1 to 10"),
        ("azt", "7.52", "channel = 30\n", "channel: expected 1 to 224"),
        ("gilbarco", "100.00", "", "price expected at most 9999 steps of price_resolution 0.01 .4 digits"),
        ("gilbarco", "100.00", "price_digits = 6\n", ""),
        ("gilbarco", "7.52", "volume_digits = 7\n", "volume_digits: expected 6 or 8"),
        ("gilbarco", "7.52", "pump = 17\n", "pump: expected 1 to 16"),
    ],
)
def test_what_the_wire_cannot_carry_is_refused(protocol: str, price: str, more: str, message: str) -> None:
    bench = speaking(protocol, more)
    bench = parse(bench.text.replace('price = "7.52"', f'price = "{price}"'), "bench.toml")
    if not message:
        assert check(bench, specs("instruments"))
        return
    with pytest.raises(BenchError, match=message):
        check(bench, specs("instruments"))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_dispenser_is_taken_up_again_after_a_power_cycle(tmp_path: Path, protocol: str) -> None:
    bench = speaking(protocol)
    site = site_of(bench)
    case, result = run_on(bench, tmp_path / "case", site, SMALL)
    assert result.status == "complete", result.why
    assert [segment.phase for segment in sold(case)] == ["B", "B", "E", "E"]
    assert_true(case, site)
