"""Names beside the journal: which answer holds when the program was cut between the file of names and its line."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import harness.private
from captures.case import Case, verify_case
from captures.journal import read_lines
from captures.verify import verify
from captures.verify_parties import salted
from fixtures.clock import VirtualClock
from fixtures.recorder import Recorder
from fixtures.sim.remote import RemoteWorld
from harness.asked import recorded_answers
from harness.benches import find, world
from harness.inspection import Inspection, inspect, resume
from harness.plans.miniature import MINIATURE
from harness.private import Parties
from harness.software import software


def bodies(case: Path) -> list[Mapping[str, Any]]:
    return [line.body for line in read_lines(case / "data" / "journal")]


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    return Recorder.create(Case.create(tmp_path / "case").journal, VirtualClock(), {})


def test_an_answer_that_the_journal_does_not_name_was_not_given(recorder: Recorder) -> None:
    """A correction, cut between the file and its line: the step is finished and not asked again, so the first holds."""
    parties = Parties(recorder.folder)
    recorder.entry("private", key="officers", sha256=parties.keep("officers", "A 1107"))
    recorder.entry("private", key="witness", sha256=parties.keep("witness", "C"))
    recorder.sync()
    parties.keep("officers", "B 1108")
    recorder.abandon()
    assert Parties(recorder.folder).latest() == {"officers": "A 1107", "witness": "C"}
    assert [one["value"] for one in parties.read()] == ["A 1107", "C", "B 1108"]  # nothing that was said is thrown away


def test_the_answer_that_the_journal_names_last_holds(recorder: Recorder) -> None:
    parties = Parties(recorder.folder)
    parties.keep("officers", "A 1107")  # cut here; asked again
    recorder.entry("private", key="officers", sha256=parties.keep("officers", "B 1108"))
    recorder.entry("private", key="officers", sha256=parties.keep("officers", "A 1107"))
    recorder.close("complete")
    assert parties.latest() == {"officers": "A 1107"}


def test_an_answer_that_is_gone_from_the_file_is_not_replaced_by_an_earlier_one(recorder: Recorder) -> None:
    parties = Parties(recorder.folder)
    recorder.entry("private", key="officers", sha256=parties.keep("officers", "A 1107"))
    recorder.entry("private", key="officers", sha256=salted("ab" * 16, "B 1108"))
    recorder.close("complete")
    assert parties.latest() == {}


@pytest.mark.skipif(sys.platform == "win32", reason="a program is killed by a signal")
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_run_killed_between_the_file_and_its_line_asks_again_and_names_what_it_was_told_then(
    tmp_path: Path, nth: int
) -> None:
    from benchmarks.kill_runs import Kill, program

    software()  # hashed once, here: the child inherits it
    file, case = find("dispenser-k0"), tmp_path / "case"
    site = world(file, None, 3)

    def dies(remote: RemoteWorld) -> Inspection:
        """In a process of its own: killed when the n-th answer is on the disk and no line names it yet."""
        written, left = harness.private.put_file, [nth]

        def put(*arguments: Any) -> None:
            written(*arguments)
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)

        harness.private.put_file = put  # type: ignore[assignment]
        return inspect(MINIATURE, file, case, world=remote, lifelike=True)

    assert program(site, dies, Kill(), tmp_path / "document.json").killed
    journal = case / "data" / "journal"
    named = [body["key"] for body in bodies(case) if body["kind"] == "private"]
    kept = [one["key"] for one in Parties(journal).read()]
    assert (len(named), len(kept)) == (nth - 1, nth)
    cut = kept[-1]
    assert cut not in Parties(journal).latest()
    site.operator._nameplate[cut] = "another name 2211"  # he says another name when he is asked again
    done = resume(case, plan=MINIATURE, world=site)
    assert done.result.status == "complete"
    assert Parties(journal).latest()[cut] == "another name 2211"
    assert [value for key, value in recorded_answers(Case.open(case)) if key == f"ask {cut}"] == ["another name 2211"]
    values = {body["value"]["private"]: body["value"]["sha256"] for body in bodies(case)
              if body["kind"] == "outcome" and "private" in body["value"]}  # fmt: skip
    by_digest = {one["sha256"]: one["value"] for one in Parties(journal).read()}
    assert by_digest[values[cut]] == "another name 2211"
    assert verify_case(case).complete
    told = verify(case)
    assert any("1 answers that the journal does not name" in note for note in told.notes)
