"""A raid with a prover and eyes in which people do everything: from a file of answers, and typed at a terminal."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import harness.inspection as inspection
from captures.case import Case, verify_case
from captures.journal import read_lines
from captures.verify_parties import salted
from fixtures.answers_file import Answers, parse
from fixtures.errors import AnswerError
from harness.answering import answered
from harness.asked import asked, recorded_answers
from harness.benches import find, world
from harness.exits import Exit, classified
from harness.judging import judge_path
from harness.plans import PLANS
from harness.private import Parties
from harness.report.text import verdict_text
from tests.commands import shortmeasure

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples"
BENCH = "dispenser-k0-prover"
CHAIN = ("reference>display", "display>amount", "display>totaliser")


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "Progress", lambda *_: lambda *step: None)


@pytest.fixture(params=["en", "zh_CN"])
def spoken(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("SHORTMEASURE_LANG", request.param)
    return str(request.param)


def raid(case: Path, path: Path) -> tuple[inspection.Inspection, Answers]:
    bench, answers = answered(find(BENCH), path, no_input=False)
    assert answers is not None
    return inspection.inspect("dispenser-raid", bench, case, answers=answers), answers


def prompts(case: Path) -> str:
    """Everything that was asked openly, as it stands in the journal."""
    sent = [body for line in read_lines(case / "data" / "journal") if (body := line.body)["kind"] == "wire"]
    return "".join(
        text for body in sent if body["dir"] == "tx" and not body.get("private") for _, text in body["reads"]
    )


@pytest.mark.parametrize(
    ("name", "integrity", "conformity", "english", "chinese"),
    [
        (
            "k0-honest",
            "no_evidence",
            "pass",
            "NO EVIDENCE of a cheating function",
            "在所进行的检查中未检出作弊功能特征",
        ),
        (
            "k0-cheating",
            "suspect",
            "fail",
            "Finding 1: suspect, link reference>display",
            "发现 1：可疑，环节 标准器>显示值",
        ),
    ],
)
def test_the_examples_end_in_a_verdict_with_the_short_chain(
    tmp_path: Path, spoken: str, name: str, integrity: str, conformity: str, english: str, chinese: str
) -> None:
    begun = time.monotonic()
    done, answers = raid(tmp_path / "case", EXAMPLES / f"{name}.answers")
    assert done.result.status == "complete", done.result.why
    assert answers.left() == ()
    document = done.document
    assert (document["integrity"], document["conformity"]) == (integrity, conformity)
    spoke = {reading["link"] for reading in document["readings"] if not reading["reason"]}
    assert set(CHAIN) <= spoke
    assert "encoder>board" not in spoke
    assert all(question["answered"] for question in document["coverage"])
    text = verdict_text(document)
    assert (chinese if spoken == "zh_CN" else english) in text
    assert ("技术分析报告" in text) is (spoken == "zh_CN")
    assert "作弊成立" not in text
    questions = prompts(tmp_path / "case")
    assert (json.dumps("铭牌").strip('"') in questions) is (spoken == "zh_CN")
    assert ("nameplate" in questions.replace("ask nameplate", "").replace('"label": "nameplate"', "")) is (
        spoken == "en"
    )
    last = [line.body for line in read_lines(tmp_path / "case" / "data" / "journal")][-1]
    assert last["t_ns"] / 1e9 > 150  # a second an answer, and what is waited for
    assert time.monotonic() - begun < last["t_ns"] / 1e9 / 2  # and none of it of the wall clock's


def test_names_stand_in_one_file_and_nowhere_in_the_journal(tmp_path: Path) -> None:
    raid(tmp_path / "case", EXAMPLES / "k0-cheating.answers")
    journal = b"".join(path.read_bytes() for path in (tmp_path / "case" / "data" / "journal").iterdir())
    kept = Parties(tmp_path / "case" / "data" / "journal").read()
    assert [one["key"] for one in kept] == ["officers", "party_name", "witness"]
    bodies = [line.body for line in read_lines(tmp_path / "case" / "data" / "journal")]
    private = {body["key"]: body["sha256"] for body in bodies if body["kind"] == "private"}
    for one in kept:
        assert one["value"].encode() not in journal
        assert one["salt"].encode() not in journal
        assert private[one["key"]] == one["sha256"] == salted(one["salt"], one["value"])
    assert len({one["salt"] for one in kept}) == 3
    withheld = [body for body in bodies if body["kind"] == "wire" and body.get("private")]
    assert len(withheld) == 6  # question and answer of three
    assert all(text == "" and count > 0 for body in withheld for _, text, count in body["reads"])


def test_what_was_answered_is_written_out_and_read_again(tmp_path: Path) -> None:
    example = EXAMPLES / "k0-honest.answers"
    done, _ = raid(tmp_path / "case", example)
    given = [(one.key, one.said) for one in parse(example.read_text("utf-8"), "x")]
    assert recorded_answers(Case.open(tmp_path / "case")) == given
    again = judge_path(tmp_path / "case")
    assert verdict_text(again) == verdict_text(done.document)


def test_a_simulated_raid_answered_again_from_a_file_has_the_same_verdict(tmp_path: Path) -> None:
    bench = find(BENCH)
    first = inspection.inspect("dispenser-raid", bench, tmp_path / "one", world=world(bench, "fuel.C01", 3))
    path = tmp_path / "raid.answers"
    path.write_text("\n".join(f"{key} = {said}" for key, said in recorded_answers(Case.open(tmp_path / "one"))))
    second, answers = raid(tmp_path / "two", path)
    assert answers.left() == ()
    told = [verdict_text(one.document).splitlines() for one in (first, second)]
    (model,), (file,) = ([line for line in lines if line not in others] for lines, others in (told, told[::-1]))
    assert (model[:30], file[:30]) == ("note: the bench was simulated:", "note: people's answers came fr")


def test_the_template_lists_the_keys_of_an_undisturbed_raid() -> None:
    template = [one.key for one in asked(PLANS["dispenser-raid"], find(BENCH))]
    given = [one.key for one in parse((EXAMPLES / "k0-honest.answers").read_text("utf-8"), "x")]
    assert len(template) > 200
    usual = [key for key in template if " E3" not in key]  # repeats the delivery that showed most, whichever it was
    assert set(usual) == {key for key in given if " E3" not in key}
    for key in usual:  # what was read again is one more line
        assert usual.count(key) <= given.count(key), key


def edited(tmp_path: Path, change: Any) -> Path:
    lines = (EXAMPLES / "k0-honest.answers").read_text("utf-8").splitlines()
    path = tmp_path / "raid.answers"
    path.write_text("\n".join(change(lines)) + "\n", "utf-8")
    return path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda lines: lines[:20], r"add a line `prove A1 t_measure_c = ...` after line 20 \(prove A1 t_meter_c\)$"),
        (lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]], "line 4: expected 'ask officers', got 'confirm rec"),
        (lambda lines: [line.replace("volume_l = 20.05", "volume_l = 20,05") for line in lines], "line 15: .*20,05.$"),
        (lambda lines: [line.replace("confirm safety = done", "confirm safety = no, petrol spilt") for line in lines], "petrol"),
    ],
)  # fmt: skip
def test_a_file_that_does_not_fit_ends_the_run_and_says_where(tmp_path: Path, change: Any, message: str) -> None:
    done, _ = raid(tmp_path / "case", edited(tmp_path, change))
    assert done.result.status in ("error", "stopped")
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(done.result.why)
    if isinstance(done.result.error, AnswerError):
        assert classified(done.result.error)[0] is Exit.PRECONDITION
    assert verify_case(tmp_path / "case").lines > 10


def test_the_command_names_what_nobody_asked_for(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = edited(tmp_path, lambda lines: [*lines, "ask shoe_size = 43"])
    code, out, err = shortmeasure(
        capfd, "run", "dispenser-raid", "--bench", BENCH, "--case", tmp_path / "case", "--answers", path
    )
    assert code == Exit.OK
    assert "NO EVIDENCE" in out
    assert "nobody asked for 'ask shoe_size'" in err


def test_no_input_never_waits(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "bench.toml"
    file.write_text(console_bench(), "utf-8")
    code, _, err = shortmeasure(
        capfd, "run", "dispenser-raid", "--bench", file, "--case", tmp_path / "case", "--no-input"
    )
    assert code == Exit.PRECONDITION
    assert "add a line `ask legal_basis = ...`" in err
    code, _, err = shortmeasure(capfd, "run", "--resume", tmp_path / "case", "--bench", file, "--no-input")
    assert (code, "begun with a person at the terminal" in err) == (Exit.USAGE, True)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("run", "dispenser-raid", "--bench", "dispenser-k1", "--case", "c", "--answers", EXAMPLES / "k0-honest.answers"), Exit.PRECONDITION, "would wait for his hands"),
        (("run", "dispenser-raid", "--bench", BENCH, "--case", "c", "--answers", "absent"), Exit.PRECONDITION, "cannot be read"),
        (("plan", "show", "dispenser-raid", "--kit", "K9"), Exit.USAGE, "expected --kit"),
        (("plan", "show", "dispenser-raid", "--kit", "K0", "--bench", BENCH), Exit.USAGE, "got both"),
        (("plan", "show", "nothing"), Exit.USAGE, "expected a plan"),
        (("plan", "show", "dispenser-raid", "--kit", "K3", "--answers"), Exit.PRECONDITION, "a bench where people do everything"),
        (("plan", "show", "site-survey", "--bench", BENCH), Exit.PRECONDITION, "needs a bench file with [site]"),
    ],
)  # fmt: skip
def test_wrong_command_lines(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    arguments: tuple[object, ...],
    code: Exit,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    found, _, err = shortmeasure(capfd, *arguments)
    assert found == code
    assert message in err
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize("name", sorted(PLANS))
def test_a_plan_is_shown_without_a_bench(capfd: pytest.CaptureFixture[str], name: str) -> None:
    code, out, _ = shortmeasure(capfd, "plan", "show", name, "--json")
    document = json.loads(out)
    assert code == Exit.OK
    assert document["kind"] == "plan"
    assert document["cost"]["minutes"] > 20
    assert (document["cost"]["litres"] > 50) is ("scale" not in name and "taximeter" not in name)
    assert document["cost"]["actions"] <= len(document["steps"])
    asked = [step["key"] for step in document["steps"] if "key" in step]
    assert asked[0] == ("commission" if PLANS[name].clauses else "legal_basis")
    assert asked[-1] == "closing"


def test_dry_run_touches_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = shortmeasure(
        capfd, "run", "dispenser-raid", "--bench", BENCH, "--case", tmp_path / "case", "--dry-run"
    )
    assert code == Exit.OK
    assert "operator actions" in out
    assert not (tmp_path / "case").exists()
    assert "dispenser-raid" in shortmeasure(capfd, "plan", "list")[1]


def console_bench() -> str:
    return (
        find(BENCH).text.replace('url = "sim:operator"', 'url = "console:"')
        .replace('driver = "operator"\n', 'driver = "operator"\nconsole = true\n')
    )  # fmt: skip


RUN = "import sys, cli; cli.main()"
PROMPT = b": "
QUIET_S = 0.03  # a prompt is the last thing that comes


def typed(case: Path, bench: Path, language: str, answers: Iterator[str]) -> tuple[int, str]:
    """Runs the raid in a process on a pseudo-terminal and types an answer at every prompt; exit code and all output."""
    master, slave = os.openpty()
    arguments = ["run", "dispenser-raid", "--bench", str(bench), "--case", str(case), "--speed", "40"]
    environment = {**os.environ, "SHORTMEASURE_LANG": language}
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, *arguments], stdin=slave, stdout=slave, stderr=slave, cwd=ROOT, env=environment
    )
    os.close(slave)
    shown = b""
    with os.fdopen(master, "r+b", buffering=0) as terminal:
        while True:
            at_prompt = shown.endswith(PROMPT)
            ready, _, _ = select.select([terminal], [], [], QUIET_S if at_prompt else 120)
            if not ready and at_prompt:
                terminal.write(next(answers).encode() + b"\n")
                shown += b"|"
                continue
            assert ready, f"nothing came for two minutes after {shown[-300:]!r}"
            try:
                data = terminal.read(65536)
            except OSError:  # the other end is closed
                break
            if not data:
                break
            shown += data
    return process.wait(60), shown.decode("utf-8", "replace")


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no pseudo-terminals")
@pytest.mark.parametrize(
    ("name", "language", "code", "told"),
    [
        ("k0-cheating", "zh_CN", Exit.CHEATING, "发现 1：可疑，环节 标准器>显示值"),
        ("k0-honest", "en", Exit.OK, "NO EVIDENCE of a cheating function"),
    ],
)
def test_the_same_raid_typed_at_a_terminal(tmp_path: Path, name: str, language: str, code: Exit, told: str) -> None:
    bench = tmp_path / "bench.toml"
    bench.write_text(console_bench(), "utf-8")
    given = parse((EXAMPLES / f"{name}.answers").read_text("utf-8"), "x")
    keyed = ["" if one.said == "done" else one.said for one in given]
    at = [one.key for one in given].index("prove A1 h_mm")
    right = keyed[at]
    keyed[at : at + 1] = [
        "1l.0",
        "99999",
        "99.0",
        "<",
        right,
    ]  # a slip, out of bounds, a wrong reading and its correction
    found, shown = typed(tmp_path / "case", bench, language, iter(keyed))
    assert found == code, shown[-2000:]
    assert told in shown
    journal = tmp_path / "case" / "data" / "journal"
    [correction] = [line.body for line in read_lines(journal) if line.body["kind"] == "correction"]
    assert (correction["key"], correction["first"], correction["now"]) == ("prove A1 h_mm", "99.0", right)
    assert recorded_answers(Case.open(tmp_path / "case")) == [(one.key, one.said) for one in given]
