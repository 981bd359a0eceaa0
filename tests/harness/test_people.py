"""Steps that people carry out: what is journalled of photos, loads, drives, waits, marks, names and corrections."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from captures.case import Case, verify_case
from captures.errors import IntegrityError
from captures.journal import read_lines
from fixtures.answers_file import lines, load
from fixtures.bench import Bench
from fixtures.capability import Correction
from fixtures.opening import open_bench
from fixtures.plugins import specs
from harness.answering import answered
from harness.asked import recorded_answers
from harness.benches import find, with_answers, world
from harness.enact import Enactor
from harness.people import People
from harness.private import Parties
from harness.step import Choose, Drive, Inquire, Load, Mark, Outcome, Photo, Step, Wait

FILE = find("dispenser-k0-prover")


class Acting:
    """An enactor on a bench in which a file answers; `journal` is what it wrote."""

    def __init__(self, folder: Path, *answers: tuple[str, str]) -> None:
        path = folder / "raid.answers"
        path.write_text("\n".join(lines(answers)), "utf-8")
        self.case = Case.create(folder / "case")
        file = with_answers(FILE, f"answers:{path}")
        self.bench: Bench = open_bench(file, specs("instruments"), self.case.journal, {}, answers=load(path))
        self.enactor = Enactor(self.bench, dict, "0" * 32)

    def act(self, number: int, step: Step) -> Outcome:
        self.enactor.people.step = number
        return self.enactor.act(step)

    def journal(self, kind: str) -> list[dict[str, Any]]:
        self.bench.recorder.sync()
        return [dict(line.body) for line in read_lines(self.case.journal) if line.body["kind"] == kind]


@contextmanager
def acting(folder: Path, *answers: tuple[str, str]) -> Iterator[Acting]:
    made = Acting(folder, *answers)
    try:
        yield made
    finally:
        made.bench.recorder.close("complete")
        made.bench.close()


def test_a_photo_becomes_an_original_of_the_case(tmp_path: Path) -> None:
    (tmp_path / "IMG 1.JPG").write_bytes(b"\xff\xd8 board")
    step = Photo("board", "Photograph the board")
    with acting(tmp_path, ("photo board file", "IMG 1.JPG"), ("photo board file", "none")) as one:
        found = one.act(7, step)
        assert one.act(8, step) == {"file": None}
    assert found == {"file": "0001-board.jpg", "sha256": sha256(b"\xff\xd8 board").hexdigest()}
    [original] = verify_case(tmp_path / "case").originals
    assert (original.name, original.sha256) == (found["file"], found["sha256"])


def test_loads_and_drives_by_hand_say_what_was_done_in_truth(tmp_path: Path) -> None:
    answers = (("place L1 mass_kg", "1999.5"), ("place L2 mass_kg", "0"), ("drive D1 distance_m", "1001.3"))
    with acting(tmp_path, *answers) as one:
        assert one.act(0, Load("L1", Decimal(2000), "front left")) == {"mass_kg": "1999.5"}
        assert one.act(1, Load("L2", Decimal(0))) == {"mass_kg": "0"}
        assert one.act(2, Drive("D1", Decimal(1000), Decimal(40))) == {"distance_m": "1001.3"}
        sent = "".join(text for body in one.journal("wire") if body["dir"] == "tx" for _, text in body["reads"])
    assert "2000 kg of weights on the scale, and nothing else, front left" in sent
    assert "take everything off the scale" in sent
    assert "never while driving" in sent


def test_instruments_load_and_drive_where_the_bench_has_them(tmp_path: Path) -> None:
    class Machine:
        def __init__(self) -> None:
            self.done: list[object] = []

        def place(self, mass_kg: Decimal, position: str) -> dict[str, str]:
            self.done.append((mass_kg, position))
            return {"mass_kg": str(mass_kg)}

        def unload(self) -> None:
            self.done.append("unload")

        def drive(self, distance_m: Decimal, speed_km_h: Decimal) -> dict[str, str]:
            return {"distance_m": str(distance_m)}

    with acting(tmp_path) as one:
        machine = Machine()
        one.bench.file = replace(one.bench.file, roles={**one.bench.file.roles, "load": "m", "drive": "m"})
        one.bench.drivers["m"] = machine  # type: ignore[assignment]
        assert one.act(0, Load("L1", Decimal(20))) == {"mass_kg": "20"}
        assert one.act(1, Load("L2", Decimal(0))) == {"mass_kg": "0"}
        assert one.act(2, Drive("D1", Decimal(500), Decimal(40))) == {"distance_m": "500"}
        assert machine.done == [(Decimal(20), "centre"), "unload"]


def test_waits_and_marks_stand_in_the_journal_at_their_time(tmp_path: Path) -> None:
    with acting(tmp_path, ("mark passed", "done")) as one:
        assert one.act(0, Wait(90, "the fuel comes to rest")) == {}
        assert one.act(1, Mark("begin")) == {}
        assert one.act(2, Mark("passed", "Enter when the vehicle passes the first post")) == {}
        begin, passed = one.journal("mark")
    assert (begin["mark"], begin["source"], begin["t_ns"], begin["u_ns"]) == ("begin", "runner", 90 * 10**9, 0)
    assert (passed["mark"], passed["source"], passed["u_ns"]) == ("passed", "operator", 10**9)


def test_a_private_answer_is_kept_beside_its_digest_and_earlier_ones_stay(tmp_path: Path) -> None:
    step = Inquire("officers", "The two officers", private=True)
    with acting(tmp_path, ("ask officers", "A 1107"), ("ask officers", "B 1108")) as one:
        first, second = one.act(0, step), one.act(1, step)
        if os.name == "posix":
            assert stat.S_IMODE((one.case.path / "data" / "parties.json").stat().st_mode) == 0o600
        kept = Parties(one.case.journal).read()
        assert [entry["value"] for entry in kept] == ["A 1107", "B 1108"]
        assert [entry["sha256"] for entry in kept] == [first["sha256"], second["sha256"]]
        assert len({entry["salt"] for entry in kept}) == 2
        assert [body["sha256"] for body in one.journal("private")] == [first["sha256"], second["sha256"]]


@pytest.mark.parametrize(
    "text", ["{", "[[]]", '[{"key": "k", "sha256": "0", "salt": "s", "value": "v"}]', '[{"key": 1}]', "{}"]
)
def test_a_file_of_names_that_was_changed_is_refused(tmp_path: Path, text: str) -> None:
    case = Case.create(tmp_path / "case")
    (case.path / "data" / "parties.json").write_text(text)
    with pytest.raises(IntegrityError, match=r"parties\.json"):
        Parties(case.journal).read()


def test_the_same_simulation_keeps_the_same_salt(tmp_path: Path) -> None:
    found = []
    for name in ("one", "two"):
        case = Case.create(tmp_path / name)
        bench = open_bench(FILE, specs("instruments"), case.journal, {}, world=world(FILE, None, 1))
        enactor = Enactor(bench, dict, "0" * 32)
        found.append(enactor.act(Inquire("officers", "The two officers", private=True)))
        bench.recorder.close("complete")
        bench.close()
    assert found[0] == found[1]


class Typing:
    """An officer whose earlier answers are changed while he is asked the next question."""

    def __init__(self, changed: list[Any]) -> None:
        self.asked, self._changed = 0, changed

    def ask(self, verb: str, text: str, **parameters: Any) -> dict[str, Any]:
        self.asked += 1
        return {"value": "told"}

    def corrections(self) -> list[Any]:
        found, self._changed = (self._changed, []) if self.asked == 2 else ([], self._changed)
        return found


def test_a_correction_names_the_step_of_the_answer_it_changes(tmp_path: Path) -> None:
    from fixtures.capability import Correction
    from harness.people import People

    with acting(tmp_path) as one:
        people = People(one.bench, Typing([Correction(1, "ask software", "value", "V3.12", "V3.13")]))
        for number, key in ((4, "software"), (9, "K")):
            people.step = number
            people.inquire(Inquire(key, key))
        [body] = one.journal("correction")
    assert body == {
        "kind": "correction", "n": 4, "key": "ask software", "field": "value", "first": "V3.12", "now": "V3.13",
    }  # fmt: skip


def test_answers_of_a_repeated_step_are_those_of_its_last_attempt(tmp_path: Path) -> None:
    with acting(tmp_path, ("ask K", "100"), ("ask software", "V1"), ("ask software", "V2")) as one:
        for number, key in ((0, "K"), (1, "software"), (1, "software")):
            one.bench.recorder.entry("step", n=number, t_ns=0, step={})
            one.act(number, Inquire(key, key))
    assert recorded_answers(one.case) == [("ask K", "100"), ("ask software", "V2")]


def test_a_choice_is_the_outcome(tmp_path: Path) -> None:
    with acting(tmp_path, ("choose preservation", "2")) as one:
        options = (("seize", "seize"), ("accept", "accept"))
        assert one.act(0, Choose("preservation", "Decide", options)) == {"value": "accept"}
        [answer] = one.journal("answer")
    assert answer["said"] == {"choose preservation": "accept"}


def test_paths_in_the_journal_do_not_name_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose home the answers and photos lie in is nobody's business in court."""
    home = tmp_path / "zhangsan"
    home.mkdir()
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(home))
    (home / "IMG.jpg").write_bytes(b"board")
    (home / "raid.answers").write_text("\n".join(lines([("photo board file", "IMG.jpg")])), "utf-8")
    case = Case.create(tmp_path / "case")
    file, answers = answered(FILE, home / "raid.answers", no_input=False)
    bench = open_bench(file, specs("instruments"), case.journal, {}, answers=answers)
    bench.open()
    assert Enactor(bench, dict, "0" * 32).act(Photo("board", "Photograph the board"))["file"] == "0001-board.jpg"
    bench.recorder.close("complete")
    bench.close()
    written = (case.journal / "0001.jsonl").read_text("ascii")
    assert "zhangsan" not in written
    assert "answers:~" in written
    assert load(Path("~/raid.answers")).left() == load(home / "raid.answers").left()
    assert [answer for _, answer in recorded_answers(case)] == [str(Path("~/IMG.jpg"))]


class Second:
    """Another officer of the bench, who changes what he read before when he is asked next."""

    def __init__(self) -> None:
        self.asked = 0
        self.changes: list[Correction] = []

    def ask(self, verb: str, text: str, **parameters: Any) -> dict[str, Any]:
        self.asked += 1
        return {"volume_l": "10.00"}

    def corrections(self) -> list[Correction]:
        found, self.changes = self.changes, []
        return found


def test_what_a_second_officer_corrects_belongs_to_the_step_he_was_asked_in(tmp_path: Path) -> None:
    with acting(tmp_path) as one:
        people, second = People(one.bench, one.enactor.people._operator), Second()
        people.step = 30
        people.through(second).ask("read-display", "Read", label="A1")
        people.step = 35
        second.changes = [Correction(1, "read-display A1 volume_l", "volume_l", "10.00", "10.20")]
        people.through(second).ask("read-display", "Read", label="A2")
        assert [body["n"] for body in one.journal("answer")] == [30, 35]
        assert [(body["n"], body["now"]) for body in one.journal("correction")] == [(30, "10.20")]
