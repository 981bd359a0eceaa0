"""The index of cases and the dossier of instruments: made of folders that anybody may have made."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from benchmarks.finished_case import KEY, TOOL, UTC
from captures.case import Case, write_derived
from captures.case_record import After, CaseRecord, new_case
from captures.journal import JournalWriter
from captures.seal import seal
from harness.benches import find
from harness.case_facts import LONGEST_VALUE, case_facts, text_of
from harness.dossier import dossier, dossier_document, dossier_text
from harness.exits import run_app
from harness.index import DIFFERS, FILE, VERIFIES, Index, cases_root
from harness.results import keep_results

BENCH = find("dispenser-k0").text
IDENTITY = {"K": "100", "software": "2.14 A0F3", "seals_before": "S-1, S-2", "seals_after": "S-1, S-2"}


def case_of(
    path: Path,
    answers: Mapping[str, object] = IDENTITY,
    *,
    day: str = "2026-01-01",
    instrument: object = "N1",
    bench: object = BENCH,
    verdict: object = None,
    more: tuple[Mapping[str, Any], ...] = (),
) -> Path:
    case = Case.create(path)
    head = {"kind": "header", "tool": "shortmeasure", "plan": "dispenser-raid", "kit": "K0", "instrument": instrument}
    with JournalWriter.create(case.journal, {**head, "bench": bench, "world": "real"}) as writer:
        writer.append({"kind": "span", "t_ns": 0, "utc": f"{day}T08:00:00+00:00", "clock": "real", "speed": 1.0})
        for n, (key, value) in enumerate(answers.items()):
            writer.append({"kind": "step", "n": n, "t_ns": n, "step": {"type": "Inquire", "key": key, "text": "?"}})
            writer.append({"kind": "outcome", "n": n, "t_ns": n, "value": {"value": value}})
        for body in more:
            writer.append(body)
        writer.append({"kind": "end", "t_ns": 99, "utc": f"{day}T09:00:00+00:00", "status": "complete", "why": ""})
    told = {"instrument": instrument, "integrity": "no_evidence", "conformity": "pass", "status": "complete"}
    write_derived(case, "verdict.json", json.dumps(told if verdict is None else verdict).encode())
    return path


def listed(root: Path) -> dict[str, tuple[str, str]]:
    with Index(root) as index:
        index.refresh()
        return {str(row.path): (row.state, row.why) for row in index.cases()}


def test_a_case_is_listed_with_what_it_says(tmp_path: Path) -> None:
    case_of(tmp_path / "2026" / "c1")
    with Index(tmp_path) as index:
        assert (index.refresh().read, index.where) == (1, str(tmp_path / FILE))
        (row,) = index.cases()
        assert index.instruments() == ["N1", "SIM-NOZZLE-1"]  # the one answered for, and the one on the bench file
    assert (row.path, row.state, row.plan, row.kit, row.status) == (
        Path("2026/c1"), VERIFIES, "dispenser-raid", "K0", "complete",
    )  # fmt: skip
    assert (row.world, row.conformity, row.integrity, row.started_utc[:10]) == (
        "real", "pass", "no_evidence", "2026-01-01",
    )  # fmt: skip
    assert row.lines == 2 + 2 * len(IDENTITY) + 1


def test_only_what_changed_is_verified_again(tmp_path: Path) -> None:
    for name in ("a", "b"):
        case_of(tmp_path / name)
    with Index(tmp_path) as index:
        assert (index.refresh().read, index.refresh().read) == (2, 0)
    journal = tmp_path / "a" / "data" / "journal" / "0001.jsonl"
    times = journal.stat()
    journal.write_bytes(journal.read_bytes().replace(b"S-1", b"S-7"))
    os.utime(journal, ns=(times.st_atime_ns, times.st_mtime_ns))  # as somebody would who hides it
    with Index(tmp_path) as index:
        done = index.refresh()
        assert (done.read, done.kept) == (1, 1)
        assert index.cases()[0].state == DIFFERS
        assert "line" in index.cases()[0].why
        assert {case.path for case, _ in index.facts("N1")} == {Path("b")}
        assert index.refresh(again=True).read == 2
    for path in sorted((tmp_path / "a").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (tmp_path / "a").rmdir()
    with Index(tmp_path) as index:
        assert index.refresh().gone == 1
        assert [row.path for row in index.cases()] == [Path("b")]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda file: file.write_bytes(b""),
        lambda file: file.write_bytes(b"SQLite format 3\0" + bytes(4000)),
        lambda file: file.write_bytes(b"not a database at all, and long enough to be looked at" * 100),
        lambda file: file.write_bytes(file.read_bytes()[: file.stat().st_size // 2]),
        lambda file: file.write_bytes(
            b"".join((file.read_bytes()[:5000], bytes([255] * 3000), file.read_bytes()[8000:]))
        ),
        lambda file: file.unlink(),
        lambda file: _another_schema(file),
        lambda file: _older(file),
    ],
)
def test_a_spoilt_index_is_made_anew(tmp_path: Path, spoil: Callable[[Path], object]) -> None:
    case_of(tmp_path / "a")
    with Index(tmp_path) as index:
        index.refresh()
    for suffix in ("-wal", "-shm"):
        Path(f"{tmp_path / FILE}{suffix}").unlink(missing_ok=True)
    spoil(tmp_path / FILE)
    with Index(tmp_path) as index:
        index.refresh()
        assert index.where == str(tmp_path / FILE)
        assert [row.state for row in index.cases()] == [VERIFIES]
        assert dossier(index, "N1").aspects["K"]


def _another_schema(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TRIGGER odd AFTER INSERT ON cases BEGIN DELETE FROM cases; END")
    connection.close()


def _older(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA user_version = 0")
    connection.close()


def test_nothing_is_written_through_a_link_nor_into_a_case(tmp_path: Path) -> None:
    root = tmp_path / "root"
    case_of(root / "a")
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (root / FILE).symlink_to(victim)
    with Index(root) as index:
        assert index.refresh().read == 1
        assert index.where.startswith("in memory: ")
    assert victim.read_text() == "precious"
    with Index(root / "a") as index:
        index.refresh()
        assert [row.state for row in index.cases()] == [VERIFIES]
    assert not (root / "a" / FILE).exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    case_of(tmp_path / "a")
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        assert listed(tmp_path) == {"a": (VERIFIES, "")}
    finally:
        tmp_path.chmod(stat.S_IRWXU)


def test_two_programs_at_once(tmp_path: Path) -> None:
    case_of(tmp_path / "a")
    with Index(tmp_path) as one, Index(tmp_path) as two:
        assert one.refresh().read == 1
        assert two.refresh().read == 0
        assert [row.path for row in two.cases()] == [Path("a")]


def test_a_lock_held_by_another_program_costs_the_file_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.index.BUSY_S", 0.01)
    case_of(tmp_path / "a")
    with Index(tmp_path) as index:
        holder = sqlite3.connect(tmp_path / FILE, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        assert index.refresh().read == 1
        assert index.where == "in memory: the index cannot be used (database is locked)"
        holder.close()


def test_hostile_folders_are_named_and_not_read(tmp_path: Path) -> None:
    outside = case_of(tmp_path / "outside")
    root = tmp_path / "root"
    good = case_of(root / "good")
    (root / "linked").symlink_to(outside)
    inner = case_of(root / "inner-link")
    (inner / "data" / "originals" / "x").symlink_to("/etc/passwd")
    os.mkfifo(case_of(root / "pipe") / "data" / "derived" / "pipe")
    empty = root / "empty"
    (empty / "data" / "journal").mkdir(parents=True)
    (root / "huge" / "data" / "journal").mkdir(parents=True)
    with open(root / "huge" / "data" / "journal" / "0001.jsonl", "wb") as handle:
        handle.truncate(1 << 30)  # one endless line of zeros
    found = listed(root)
    assert found.pop("good") == (VERIFIES, "")
    assert "linked" not in found
    assert {state for state, _ in found.values()} == {DIFFERS}
    assert set(found) == {"inner-link", "pipe", "empty", "huge"}
    assert "symbolic link" in found["inner-link"][1]
    assert good.exists()


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        ([], []),
        ({"instrument": 7, "integrity": "proven"}, []),
        ({"instrument": "N1", "integrity": "guilty", "conformity": 10**30}, [("", "")]),
        (
            {"instruments": {"N1": 1}, "instrument": "N1", "integrity": "proven", "conformity": "fail"},
            [("proven", "fail")],
        ),
        (
            {"instruments": [{"instrument": "N1", "integrity": "suspect", "conformity": "pass"}, 3]},
            [("suspect", "pass")],
        ),
    ],
)
def test_verdicts_of_any_shape(tmp_path: Path, verdict: object, expected: list[tuple[str, str]]) -> None:
    case_of(tmp_path / "a", verdict=verdict)
    with Index(tmp_path) as index:
        index.refresh()
        assert [(one.integrity, one.conformity) for _, one in index.verdicts("N1")] == expected


@pytest.mark.parametrize("text", [b"{" * 100_000, b"[1e999]", b'{"instrument":' + b"9" * 100_000 + b"}", b"\xff\xfe"])
def test_a_verdict_that_is_no_json_is_no_verdict(tmp_path: Path, text: bytes) -> None:
    path = case_of(tmp_path / "a")
    write_derived(Case.open(path), "verdict.json", text)
    assert case_facts(Case.open(path)).verdicts == ()
    state, why = listed(tmp_path)["a"]
    assert state == VERIFIES  # the journal does; the verdict beside it is derived
    assert ("expected a verdict as JSON" in why) is (text != b"[1e999]")


@pytest.mark.parametrize(
    "wrong",
    [
        {"instrument": 7},
        {"instrument": ["N1"]},
        {"bench": 10**18},
        {"bench": "[[[["},
        {"bench": {"a": 1}},
        {"answers": {"K": 100}},
        {"answers": {"K": {"value": "x"}}},
        {"answers": {"K": "x" * 100_000}},
        {"answers": {"K": "\ud800\0"}},
        {
            "more": (
                {"kind": "step", "n": "1", "step": {"key": "K"}},
                {"kind": "outcome", "n": True, "value": {"value": "1"}},
            )
        },
        {"more": ({"kind": "step", "n": -(10**17), "step": "K"}, {"kind": "outcome", "n": 0, "value": "1"})},
        {"more": ({"kind": "correction", "n": 0, "now": 5},)},
    ],
)
def test_wrong_types_in_a_chained_journal_hurt_nobody(tmp_path: Path, wrong: dict[str, Any]) -> None:
    case_of(tmp_path / "odd", **wrong)
    case_of(tmp_path / "good", instrument="N2")
    with Index(tmp_path) as index:
        index.refresh()
        assert {str(row.path): row.state for row in index.cases()}["good"] == VERIFIES
        assert "N2" in index.instruments()
        for name in index.instruments():
            assert all(len(fact.value) <= LONGEST_VALUE for _, fact in index.facts(name))


def test_no_person_enters_the_index(tmp_path: Path) -> None:
    private = {"kind": "step", "n": 50, "step": {"type": "Inquire", "key": "K", "text": "?", "private": True}}
    told = {"kind": "outcome", "n": 50, "value": {"value": "Wang Wei 110101"}}
    case_of(tmp_path / "a", {**IDENTITY, "officers": "Li Lei", "witness": "Han Meimei"}, more=(private, told))
    with Index(tmp_path) as index:
        index.refresh()
    raw = b"".join(path.read_bytes() for path in tmp_path.glob(f"{FILE}*"))
    for name in (b"Li Lei", b"Han Meimei", b"Wang Wei"):
        assert name not in raw


def test_a_superseded_answer_is_void_and_a_correction_counts(tmp_path: Path) -> None:
    again = (
        {"kind": "step", "n": 1, "attempt": 2, "step": {"type": "Inquire", "key": "software", "text": "?"}},
        {"kind": "outcome", "n": 1, "attempt": 2, "value": {"value": "2.15 BBBB"}},
        {"kind": "correction", "n": 0, "key": "K", "first": "100", "now": "101"},
    )
    path = case_of(tmp_path / "a", more=again)
    answered = {fact.key: fact.value for fact in case_facts(Case.open(path)).facts if fact.instrument == "N1"}
    assert answered == {"K": "101", "software": "2.15 BBBB"}  # the seals were asked after the cut


def test_one_nameplate_under_two_ids_is_named(tmp_path: Path) -> None:
    for name, plate in (("N1", "Tokheim Q510 77123"), ("N2", "Tokheim Q510 77123"), ("N3", "not shown")):
        case_of(tmp_path / name, {"nameplate": plate}, instrument=name)
    with Index(tmp_path) as index:
        index.refresh()
        assert dossier(index, "N1").same_nameplate == ("N2",)
        assert "The same nameplate was read on N1." in dossier_text(dossier(index, "N2"))
        assert dossier(index, "N3").same_nameplate == ()


def test_a_parameter_read_from_the_menu_of_a_gas_dispenser(tmp_path: Path) -> None:
    def read(n: int, factor: str) -> tuple[Mapping[str, Any], ...]:
        return (
            {"kind": "step", "n": n, "step": {"type": "Read", "what": "parameters", "label": f"C{n}"}},
            {"kind": "outcome", "n": n, "value": {"meter_factor": factor, "Bad Name": "1", "no_text": 3}},
        )

    case_of(tmp_path / "a", {}, more=(*read(0, "1.000"), *read(1, "1.000"), *read(2, "1.045")))
    with Index(tmp_path) as index:
        index.refresh()
        (change,) = dossier(index, "N1").changes
    assert (change.aspect, change.after.fact.value, change.within) == ("parameters meter_factor", "1.045", True)


def test_the_dossier_says_first_what_changed(tmp_path: Path) -> None:
    case_of(tmp_path / "c1")
    case_of(tmp_path / "c2", {**IDENTITY, "K": "104", "seals_before": "s-1,  S-2"}, day="2026-03-01")
    changed = {**IDENTITY, "K": "104", "seals_before": "S-1, S-9", "seals_after": "S-1, S-10", "software": "not shown"}
    case_of(tmp_path / "c3", changed, day="2026-02-01")
    case_of(tmp_path / "other", {"K": "1"}, instrument="N2")
    with Index(tmp_path) as index:
        index.refresh()
        found = dossier(index, "N1")
    told = [(c.aspect, c.before.fact.value, c.after.fact.value, c.within) for c in found.changes]
    assert set(told) == {
        ("K", "100", "104", False),
        ("seals", "S-1, S-2", "S-1, S-9", False),
        ("seals", "S-1, S-9", "S-1, S-10", True),
        ("seals", "S-1, S-10", "s-1,  S-2", False),
    }
    assert told[0][:3] == ("seals", "S-1, S-10", "s-1,  S-2")  # the latest first
    assert [str(case.path) for case, _ in found.verdicts] == ["c1", "c3", "c2"]
    text = dossier_text(found)
    assert text.index("K changed between visits") < text.index("Verdicts (3):") < text.index("Last read:")
    assert "seals changed during the visit" in text
    assert "'2.14 A0F3'" in text
    assert json.dumps(dossier_document(found))


def test_a_copy_of_a_case_is_no_second_verdict(tmp_path: Path) -> None:
    case_of(tmp_path / "c2")
    shutil.copytree(tmp_path / "c2", tmp_path / "c1")
    with Index(tmp_path) as index:
        index.refresh()
        found = dossier(index, "N1")
    assert [str(case.path) for case, _ in found.verdicts] == ["c1"]
    assert {str(one.case.path) for readings in found.aspects.values() for one in readings} == {"c1"}
    assert "c2 is a copy of c1" in dossier_text(found)
    assert dossier_document(found)["copies"] == [{"case": "c2", "of": "c1", "sealed_twice": False}]
    for name, utc in (("c1", "2026-03-01T10:20:30Z"), ("c2", "2026-03-01T11:20:30Z")):
        seal(Case.open(tmp_path / name), KEY, utc=utc, tool=TOOL)
    with Index(tmp_path) as index:
        index.refresh()
        found = dossier(index, "N1")
    assert len(found.verdicts) == 1
    assert "c2 has the journal of c1 and another digest: it was sealed twice" in dossier_text(found)
    assert dossier_document(found)["copies"] == [{"case": "c2", "of": "c1", "sealed_twice": True}]


def rejudged(path: Path, digest: str, integrity: str, utc: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A case as `judge SEALED --into` makes it."""
    monkeypatch.setattr("harness.results.utc_now", lambda: utc)
    case = new_case(path, CaseRecord(path.name, utc, After("c1", digest)))
    verdict = {"instrument": "N1", "integrity": integrity, "conformity": "pass", "status": "complete"}
    keep_results(case, verdict)
    return path


def test_a_verdict_computed_again_is_no_second_inspection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case_of(tmp_path / "c1", day="2026-01-01")
    digest = seal(Case.open(tmp_path / "c1"), KEY, utc=UTC, tool=TOOL).digest
    case_of(tmp_path / "c2", day="2026-02-01")
    rejudged(tmp_path / "r1", digest, "suspect", "2026-05-01T08:00:00Z", monkeypatch)
    rejudged(tmp_path / "r2", "ef" * 32, "inconclusive", "2026-06-01T08:00:00Z", monkeypatch)
    with Index(tmp_path) as index:
        index.refresh()
        found = dossier(index, "N1")
        assert {str(row.path): row.rejudges for row in index.cases()} == {
            "c1": "", "c2": "", "r1": digest, "r2": "ef" * 32,
        }  # fmt: skip
    assert [str(case.path) for case, _ in found.verdicts] == ["c1", "c2"]
    told = [(str(one.case.path), one.verdict.integrity, one.of and str(one.of.path)) for one in found.again]
    assert told == [("r1", "suspect", "c1"), ("r2", "inconclusive", None)]
    lines = dossier_text(found).splitlines()
    (at,) = [number for number, line in enumerate(lines) if " c1 (sealed" in line]
    assert lines[at + 1].startswith("    judged again 2026-05-01: integrity suspect, conformity pass, r1")
    assert lines[at + 2].startswith("  judged again 2026-06-01: integrity inconclusive")
    assert "Verdicts (2):" in lines
    assert [one["of"] for one in dossier_document(found)["judged_again"]] == ["c1", None]


def test_a_run_that_follows_a_sealed_case_is_an_inspection(tmp_path: Path) -> None:
    """`run --after` names a digest as `judge --into` does."""
    case = Case.create(tmp_path / "c1")
    head = {"kind": "header", "tool": "shortmeasure", "instrument": "N1", "after": "ab" * 32}
    with JournalWriter.create(case.journal, head) as writer:
        writer.append({"kind": "end", "status": "complete", "why": ""})
    write_derived(case, "verdict.json", json.dumps({"instrument": "N1", "integrity": "suspect"}).encode())
    with Index(tmp_path) as index:
        index.refresh()
        found = dossier(index, "N1")
    assert (len(found.verdicts), found.again) == (1, ())


def test_the_command(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from harness.commands import build_app

    case_of(tmp_path / "c1", instrument="N\x1b[2J")
    case_of(tmp_path / "c2")
    monkeypatch.setenv("SHORTMEASURE_CASES", str(tmp_path))
    assert run_app(build_app(), ["dossier", "N1", "--json"], {}) == 0
    document = json.loads(capfd.readouterr().out)
    assert (document["kind"], document["instrument"], document["changes"]) == ("dossier", "N1", [])
    assert run_app(build_app(), ["dossier"], {}) == 0
    assert "\x1b" not in capfd.readouterr().out
    assert run_app(build_app(), ["dossier", "N9"], {}) == 2
    assert "N1, SIM-NOZZLE-1" in capfd.readouterr().err
    assert run_app(build_app(), ["dossier", "--root", str(tmp_path / "absent")], {}) == 2


def test_where_the_cases_are() -> None:
    assert cases_root({}) == Path("cases")
    assert cases_root({"SHORTMEASURE_CASES": ""}) == Path("cases")
    assert cases_root({"SHORTMEASURE_CASES": "/x/y"}) == Path("/x/y")


def test_texts_that_no_database_keeps() -> None:
    assert text_of("a\0b\ud800 ") == "a\ufffdb?"
    assert text_of(7) == text_of(None) == ""
