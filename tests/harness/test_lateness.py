"""What the self-test of the links says of an adapter reaches the uncertainty of everything that rests on its stamps."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captures.journal import JournalWriter, read_lines
from captures.model import Direction, WireChunk
from fixtures.timing import MS, rectangular_u_ns
from harness.benches import find, world
from harness.derive import Recorded, read_recorded, segments
from harness.derive.clocks import ARRIVAL_NS, lower_envelope
from harness.derive.lateness import late_ns
from harness.derive.sales import HOST_NS, dispenser_reports
from harness.inspection import inspect
from harness.judging import judge_journal
from protocols.contract import Role
from protocols.wire import dart

FRAME = dart.PROTOCOL.encode(dart.Data(0x50, 1, (dart.Filled(5, 0),)), Role.DEVICE)
ANSWER_NS = dart.DartDialogue.answer_ns
LINE_NS = len(FRAME) * dart.PROTOCOL.line.char_ns()


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The journal of an honest dispenser on the laboratory bench, in simulated time."""
    case, bench = tmp_path_factory.mktemp("lateness") / "case", find("dispenser-k3")
    inspect("dispenser-bench", bench, case, world=world(bench, None, 1))
    return case / "data" / "journal"


def through_an_adapter(journal: Path, folder: Path, timer_ms: int, *, tested: bool) -> Path:
    """The same run with an adapter on the dispenser's line that hands bytes over at the ticks of its timer."""
    timer_ns = timer_ms * MS
    lines = [line.body for line in read_lines(journal)]
    folder.mkdir()
    with JournalWriter.create(folder, lines[0]) as writer:
        for body in lines[1:]:
            if body["kind"] == "wire" and (body["link"], body["dir"]) == ("dart", "rx"):
                held = [[-(-t_ns // timer_ns) * timer_ns, *rest] for t_ns, *rest in body["reads"]]
                body = {**body, "reads": held}
            writer.append(body)
            if body["kind"] == "span" and tested:
                seen = {"n": 100, "p50_ns": timer_ns // 2, "p99_ns": timer_ns, "u_ns": rectangular_u_ns(timer_ns)}
                writer.append({"kind": "timing", "t_ns": 0, "link": "dart", "how": "100 identity queries", **seen})
        writer.sync()
    return folder


def recorded_with(*entries: dict[str, Any]) -> Recorded:
    bench = find("dispenser-k1")
    return Recorded({}, bench, {}, {}, [("0001.jsonl:3", {"kind": "timing", **e}) for e in entries], "", "", 1.0)


def test_a_bad_adapter_accuses_nobody(honest: Path, tmp_path: Path) -> None:
    """At 255 ms, the most an FTDI chip can be set to, polls scatter by more than the register's own step."""
    for timer_ms in (16, 255):
        journal = through_an_adapter(honest, tmp_path / str(timer_ms), timer_ms, tested=True)
        document = judge_journal(journal)
        assert document["integrity"] == "no_evidence", timer_ms
        assert document["findings"] == []
    # the entry is what does it: taken for the stamps of an idle host, the same bytes accuse an honest trader
    untested = judge_journal(through_an_adapter(honest, tmp_path / "untested", 255, tested=False))
    assert [finding["detectors"] for finding in untested["findings"]] == [["course"]]


def test_what_could_be_seen_is_said_to_be_less(honest: Path, tmp_path: Path) -> None:
    def smallest(journal: Path) -> float:
        readings = judge_journal(journal)["readings"]
        return min(
            r["mde"] for r in readings if r["detector"] == "course" and r["link"] == "board>register" and r["mde"]
        )

    tested, untested = (
        through_an_adapter(honest, tmp_path / str(tested), 16, tested=tested) for tested in (True, False)
    )
    assert smallest(honest) < smallest(untested) < smallest(tested)


def test_simulated_time_is_exact(honest: Path) -> None:
    assert not [line for line in read_lines(honest) if line.body["kind"] == "timing"]
    recorded = read_recorded(honest)
    assert late_ns(recorded, "dart") == 0
    registers = [s.registers["register"] for s in segments(recorded) if "register" in s.registers]
    assert registers
    longest = (LINE_NS * 4 + ANSWER_NS + HOST_NS) // 2  # frames with more than the volume in them
    assert all(int(register.u_ns.max()) < longest for register in registers)


@given(st.integers(0, 300 * MS), st.integers(0, ANSWER_NS), st.floats(0, 1))
def test_a_poll_surely_held_in_its_interval(late: int, before: int, share: float) -> None:
    """`before` the frame the register was read, `share` of the bound the adapter held the frame back."""
    held_ns = int(max(HOST_NS, late) * share)
    read_ns = 10**9
    arrived_ns = read_ns + before + LINE_NS + held_ns
    came = [WireChunk(arrived_ns, "dart", Direction.RX, FRAME)]
    [poll] = dispenser_reports(came, "dart", dart.DartDialogue(dart.PROTOCOL), 1.0, late).polls
    assert poll.t_ns - poll.u_ns - 1 <= read_ns <= poll.t_ns + poll.u_ns + 1  # halves are cut off


@pytest.mark.parametrize("late", [0, 3 * MS, 40 * MS])
def test_a_clock_is_tied_no_closer_than_its_arrivals_are_stamped(late: int) -> None:
    pairs = [(i * 1000, i * MS) for i in range(10)]
    tied = lower_envelope("c", pairs, Fraction(1000), 0, 1.0, 0.0, late)
    assert tied.u_ns == max(ARRIVAL_NS, late)


def test_the_worst_start_of_the_program_counts() -> None:
    recorded = recorded_with({"link": "tap", "u_ns": 5}, {"link": "tap", "u_ns": 7}, {"link": "other", "u_ns": 9000})
    assert late_ns(recorded, "tap") == math.ceil(7 * math.sqrt(12))
    assert late_ns(recorded, "nowhere") == 0


@pytest.mark.parametrize("entry", [{"link": "tap"}, {"link": "tap", "u_ns": "x"}, {"link": "tap", "u_ns": -1}])
def test_an_entry_that_lacks_what_it_promises_is_refused(entry: dict[str, Any]) -> None:
    with pytest.raises((KeyError, ValueError)):
        late_ns(recorded_with(entry), "tap")
