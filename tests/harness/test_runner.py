"""Whole runs over the simulated bench: determinism, and what is left when a line, a device or a person fails."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from captures.case import Case, verify_case
from captures.errors import IntegrityError
from captures.journal import read_lines
from fixtures.bench import Bench
from fixtures.errors import BenchError, DataLost, InstrumentError, StopAsked
from fixtures.opening import open_bench
from fixtures.plugins import specs
from fixtures.sim.build import build
from fixtures.sim.scenario import AnalyserLoss
from fixtures.sim.world import World
from harness.benches import find, scenario
from harness.derive import read_recorded, segments
from harness.plans.miniature import MINIATURE
from harness.runner import RunResult, find_plan, run
from harness.step import Deliver, Step

SECOND_NS = 1_000_000_000


def run_case(path: Path, kit: str, world: World, at: tuple[str, Any] | None = None) -> tuple[Case, RunResult]:
    """One run in virtual time; `at` = (delivery label, act) does something to the world when that delivery begins."""
    case = Case.create(path)
    bench = open_bench(
        find(f"dispenser-{kit.lower()}"), specs("instruments"), case.journal, {"tool": "test"}, world=world
    )

    def watch(number: int, total: int, step: Step, moment: str) -> None:
        if at is not None and isinstance(step, Deliver) and step.label == at[0] and moment == "begin":
            world.after(8 * SECOND_NS, at[1])

    plan = find_plan("dispenser-bench" if kit == "K3" else "dispenser-raid")
    return case, run(plan, bench, lambda: {}, watch)


def world_of(kit: str, cheat: str | None = None, seed: int = 1, **changes: Any) -> World:
    return build(replace(scenario(find(f"dispenser-{kit.lower()}"), cheat, seed), **changes))


def journal_hash(case: Case) -> str:
    return hashlib.sha256(b"".join(p.read_bytes() for p in sorted(case.journal.iterdir()))).hexdigest()


@pytest.mark.parametrize("kit", ["K0", "K2", "K3"])
def test_the_same_seed_gives_the_same_journal_bytes(tmp_path: Path, kit: str) -> None:
    cases = [run_case(tmp_path / str(i), kit, world_of(kit, "fuel.C09"))[0] for i in range(2)]
    assert journal_hash(cases[0]) == journal_hash(cases[1])
    other, _ = run_case(tmp_path / "other", kit, world_of(kit, "fuel.C09", seed=2))
    assert journal_hash(other) != journal_hash(cases[0])


@pytest.mark.parametrize("kit", ["K0", "K1", "K2", "K3"])
def test_an_honest_run_is_complete_and_every_station_is_derived(tmp_path: Path, kit: str) -> None:
    case, result = run_case(tmp_path / "case", kit, world_of(kit))
    assert (result.status, result.why) == ("complete", "")
    assert verify_case(case.path).complete
    recorded = read_recorded(case.journal)
    deliveries = [s for s in segments(recorded) if s.kind == "delivery"]
    assert all(s.complete for s in deliveries)
    for segment in deliveries:
        assert segment.registers["display"].values[-1] > 4
        assert (segment.reference_l is not None) == (kit in ("K0", "K1"))
        if kit != "K0":
            assert segment.registers["register"].values[-1] == segment.registers["display"].values[-1]
        if kit == "K3":
            assert segment.trains["encoder.A"].ticks.size == segment.trains["board.A"].ticks.size


def test_nothing_of_the_truth_enters_the_case(tmp_path: Path) -> None:
    case, _ = run_case(tmp_path / "case", "K3", world_of("K3", "fuel.C09"))
    text = b"".join(p.read_bytes() for p in case.journal.iterdir())
    assert b"fuel.C09" not in text
    assert b"PulseAdder" not in text


def unplug(world: World, port: str) -> Any:
    return lambda: world.ports[port].unplug("cable pulled")


@pytest.mark.parametrize("port", ["analyser", "dart", "relay", "operator"])
def test_an_unplugged_line_ends_the_run_and_keeps_what_came_before(tmp_path: Path, port: str) -> None:
    world = world_of("K3", "fuel.C09")
    case, result = run_case(tmp_path / "case", "K3", world, ("R2", unplug(world, port)))
    assert result.status == "error"
    assert isinstance(result.error, InstrumentError)
    assert "cable pulled" in result.why
    assert port in result.why
    report = verify_case(case.path)
    assert report.complete  # the last line says how it ended
    found = segments(read_recorded(case.journal))
    assert [s.id for s in found] == ["B1", "B2", "B3", "R1", "R2"]
    assert all(s.complete for s in found[:4])
    assert not found[4].complete
    assert found[3].trains["board.A"].ticks.size > found[3].trains["encoder.A"].ticks.size  # the card was on by then


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (AnalyserLoss("overflow", 3.0), "aborted the run"),
        (AnalyserLoss("wrong_count", 3.0, 2), "bytes were lost on the way"),
        (AnalyserLoss("silent_loss", 3.0, 5), "bytes were lost on the way"),
    ],
)
def test_a_capture_that_lost_data_is_never_accepted(tmp_path: Path, loss: AnalyserLoss, message: str) -> None:
    case, result = run_case(tmp_path / "case", "K3", world_of("K3", losses=(loss,)))
    assert result.status == "error"
    assert message in result.why
    assert verify_case(case.path).complete
    cut = segments(read_recorded(case.journal))[-1]
    assert not cut.complete
    assert all(train.gaps for train in cut.trains.values())


def test_a_loss_that_nobody_goes_on_after_ends_the_run_as_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who does not begin anew refuses no inspection: the fault of the recorder stands in the record."""

    def refused(*_: object) -> None:
        raise StopAsked("the operator did not confirm", resumable=False)

    monkeypatch.setattr("harness.runner.tell_lost", refused)
    _, result = run_case(tmp_path / "case", "K3", world_of("K3", losses=(AnalyserLoss("overflow", 3.0),)))
    assert result.status == "error"
    assert isinstance(result.error, DataLost)
    assert "aborted the run" in result.why


def with_ports_swapped(kit: str, first: str, second: str) -> Any:
    from fixtures.benchfile import parse

    bench = find(f"dispenser-{kit.lower()}")
    text = (
        bench.text.replace(f"sim:{first}", "sim:@")
        .replace(f"sim:{second}", f"sim:{first}")
        .replace("sim:@", f"sim:{second}")
    )
    return parse(text, "swapped")


@pytest.mark.parametrize(("first", "second"), [("dart", "analyser"), ("relay", "analyser"), ("operator", "analyser")])
def test_the_wrong_device_at_a_port_is_named(tmp_path: Path, first: str, second: str) -> None:
    case = Case.create(tmp_path / "case")
    world = world_of("K3")
    bench = open_bench(with_ports_swapped("K3", first, second), specs("instruments"), case.journal, {}, world=world)
    result = run(find_plan("dispenser-bench"), bench, lambda: {}, lambda *step: None)
    assert result.status == "error"
    assert isinstance(result.error, InstrumentError)
    assert f"sim:{first}" in result.why
    assert "expected the identity SRPICO" in result.why
    assert verify_case(case.path).complete


def test_a_silent_tap_says_what_to_check(tmp_path: Path) -> None:
    case = Case.create(tmp_path / "case")
    world = world_of("K1")
    world.ports["tap_device"].outward = lambda data: None
    bench = open_bench(find("dispenser-k1"), specs("instruments"), case.journal, {}, world=world)
    result = run(find_plan("dispenser-raid"), bench, lambda: {}, lambda *step: None)
    assert result.status == "error"
    assert "expected DART frames in both directions" in result.why


def test_a_missing_simulation_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="need a simulated world"):
        open_bench(find("dispenser-k0"), specs("instruments"), tmp_path, {})


@pytest.mark.parametrize("kit", ["K1", "K3"])
def test_a_recorded_run_can_be_played_again(tmp_path: Path, kit: str) -> None:
    """Every byte the drivers send must be what they sent then, and what is recorded is the same again."""
    from fixtures.benchfile import parse

    case, _ = run_case(tmp_path / "case", kit, world_of(kit, "fuel.C09"))
    bench = find(f"dispenser-{kit.lower()}")
    again = parse(bench.text.replace('url = "sim:', f'url = "replay:{case.journal.as_posix()}#'), "replay")
    second = Case.create(tmp_path / "again")
    opened = open_bench(again, specs("instruments"), second.journal, {"tool": "test"})
    plan = find_plan("dispenser-bench" if kit == "K3" else "dispenser-raid")
    result = run(plan, opened, lambda: {}, lambda *step: None)
    assert (result.status, result.why) == ("complete", "")
    first, played = (segments(read_recorded(c.journal)) for c in (case, second))
    assert [s.id for s in first] == [s.id for s in played]
    for one, other in zip(first, played, strict=True):
        assert {n: t.ticks.tolist() for n, t in one.trains.items()} == {
            n: t.ticks.tolist() for n, t in other.trains.items()
        }
        assert {n: r.values for n, r in one.registers.items()} == {n: r.values for n, r in other.registers.items()}


@pytest.mark.parametrize(
    ("port", "rates", "message"),
    [
        ("dart", {"flip": 0.0005}, ""),
        ("dart", {"insert": 0.002, "drop": 0.0005, "repeat": 0.0005, "split": 0.05}, ""),
        ("dart", {"flip": 0.06}, "bytes came that are no DART frame"),
        ("analyser", {"flip": 1e-6}, ""),  # one delivery is lost and begun anew
        ("analyser", {"flip": 1e-4}, "on the way"),
        ("analyser", {"drop": 2e-5}, "bytes were lost on the way"),
        ("analyser", {"insert": 1e-5}, "bytes were lost on the way"),
        ("operator", {"flip": 0.02}, "operator on operator"),
    ],
)
def test_noise_on_a_line_is_survived_or_named(tmp_path: Path, port: str, rates: dict[Any, float], message: str) -> None:
    """Frames are checked and asked again; what cannot be repeated ends the run.  Never does noise become a reading."""
    from fixtures.sim.faults import FaultScript, inject

    world = world_of("K3")
    faulty = inject(
        world.ports[port], to_bench=FaultScript(3, rates), to_device=FaultScript(4, rates if port == "dart" else {})
    )
    case, result = run_case(tmp_path / "case", "K3", world)
    assert faulty.to_bench.injected
    assert (result.status == "complete") == (message == ""), result.why
    assert message in result.why
    assert verify_case(case.path).complete
    for segment in segments(read_recorded(case.journal)):
        if segment.complete and "display" in segment.registers and "register" in segment.registers:
            assert segment.registers["register"].values[-1] == segment.registers["display"].values[-1]


# a run whose end fails too


SMALL = "dispenser-k0"


def ended_badly(
    path: Path, monkeypatch: pytest.MonkeyPatch, *breaks: tuple[Any, str, Any], at: Any = None
) -> RunResult:
    """A miniature raid that `at` breaks off in its first sale, if given; `breaks`: (whose, which method, what it does)."""
    case = Case.create(path)
    bench = open_bench(find(SMALL), specs("instruments"), case.journal, {"tool": "test"}, world=world_of("K0"))
    for whose, name, does in breaks:
        monkeypatch.setattr(whose, name, does)

    def watch(number: int, total: int, step: Step, moment: str) -> None:
        if at is not None and isinstance(step, Deliver) and moment == "begin":
            at(bench)

    return run(MINIATURE, bench, lambda: {}, watch)


def breaking(error: Exception) -> Any:
    def breaks(*_: Any, **__: Any) -> None:
        raise error

    return breaks


def stopping(bench: Bench) -> None:
    bench.stop = StopAsked("stopped by the operator", resumable=False)


def last_line(path: Path) -> Mapping[str, Any]:
    assert verify_case(path).complete
    return [line.body for line in read_lines(path / "data" / "journal")][-1]


@pytest.mark.parametrize("at", [None, stopping])
def test_what_arrived_last_and_could_not_be_recorded_leaves_the_bench_at_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: Any
) -> None:
    slept, rested = InstrumentError("the computer slept"), list[str]()
    safe = Bench.make_safe

    def resting(bench: Bench) -> list[str]:
        rested.append("all")
        return safe(bench)

    result = ended_badly(
        tmp_path / "case", monkeypatch, (Bench, "drain", breaking(slept)), (Bench, "make_safe", resting), at=at
    )
    assert (result.status, result.error, rested) == ("error", slept, ["all"])
    last = last_line(tmp_path / "case")
    assert (last["kind"], last["status"]) == ("end", "error")
    assert "what had arrived could not all be recorded: the computer slept" in last["why"]
    kinds = [line.body["kind"] for line in read_lines(tmp_path / "case" / "data" / "journal")]
    assert kinds.count("untrusted") == 1
    assert ("clean_up" in kinds) == (at is not None)  # a drain that failed keeps nobody from hanging up


@pytest.mark.parametrize(
    "error", [IntegrityError("a photo was changed"), KeyError("seals"), OSError(5, "input/output")]
)
def test_a_clean_up_that_fails_in_any_way_has_a_last_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def clean_up(can: object) -> Any:
        raise error
        yield

    monkeypatch.setattr(sys.modules[__name__], "MINIATURE", replace(MINIATURE, clean_up=clean_up))
    result = ended_badly(tmp_path / "case", monkeypatch, at=stopping)
    assert (result.status, result.error) == ("error", error)
    assert result.why.startswith("stopped by the operator; the clean-up was not finished: ")
    assert last_line(tmp_path / "case")["why"] == result.why


def test_the_first_error_of_all_is_the_run_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = BenchError("no such valve"), InstrumentError("the computer slept")

    def at(bench: Bench) -> None:
        raise first

    result = ended_badly(tmp_path / "case", monkeypatch, (Bench, "drain", breaking(second)), at=at)
    assert result.error is first
    assert result.why.startswith("no such valve; what had arrived")
    assert last_line(tmp_path / "case")["status"] == "error"


def test_a_stop_while_the_bench_is_made_safe_waits_until_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first driver hears of it in the middle, a later one breaks: all are tried, and nothing escapes."""
    tried: list[str] = []
    case = Case.create(tmp_path / "case")
    bench = open_bench(find("dispenser-k3"), specs("instruments"), case.journal, {"tool": "test"}, world=world_of("K3"))
    asked = StopAsked("interrupted by SIGTERM", resumable=True)

    def safe(name: str) -> Any:
        def at_rest() -> None:
            tried.append(name)
            if len(tried) == 1:
                raise asked
            if len(tried) == 3:
                raise TypeError("a plugin's own")

        return at_rest

    for name, driver in bench.drivers.items():
        monkeypatch.setattr(driver, "make_safe", safe(name))
    with pytest.raises(TypeError, match="a plugin's own"):
        bench.make_safe()
    names = list(bench.drivers)
    assert len(names) >= 3
    assert tried == [names[0], *names]
    assert bench.stop is asked
    with pytest.raises(StopAsked):
        bench.wait(bench.now_ns())
    bench.recorder.close("stopped")
    bench.close()


def test_a_run_that_is_stopped_again_while_it_ends_has_its_last_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Bench] = []
    plain = Bench._at_rest

    def at_rest(bench: Bench, driver: Any) -> None:
        if not made:
            made.append(bench)
            bench.stop = StopAsked("interrupted by SIGTERM", resumable=True)
        plain(bench, driver)

    result = ended_badly(tmp_path / "case", monkeypatch, (Bench, "_at_rest", at_rest), at=stopping)
    assert (result.status, result.error) == ("stopped", None)
    assert result.why == "stopped by the operator; the clean-up was not finished: interrupted by SIGTERM"
    assert last_line(tmp_path / "case")["why"] == result.why
