"""`shortmeasure acceptance`: the list, limits with their standing, a laboratory's comparison with the print, the schema."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.editions import names, text_of
from harness.exits import Exit
from protocols.acceptance import AcceptanceError, parse
from protocols.acceptance.compared import Read, compared
from tests.commands import document, shortmeasure

EDITION, WHERE = text_of("jjg443-2023")
PRINT = "printed JJG 443-2023, first edition"


def test_the_list_has_every_edition_and_says_what_nobody_compared(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = {row["id"]: row for row in document(capfd, "acceptance", "list")["editions"]}
    assert set(rows) == set(names())
    assert rows["jjg443-2023"]["verified"] == 0 < rows["jjg443-2023"]["limits"]
    assert {name: row["tests"] for name, row in rows.items()} == {
        name: len(parse(*text_of(name)).tests) for name in names()
    }
    assert (rows["jjg443-2023"]["tests"], rows["jjf2184-2025"]["tests"]) == (4, 0)
    monkeypatch.setenv("SHORTMEASURE_LANG", "zh")
    code, out, _ = shortmeasure(capfd, "acceptance", "list")
    assert code == Exit.OK
    assert "未核实" in out


def test_every_limit_is_shown_with_its_clause_and_standing(capfd: pytest.CaptureFixture[str]) -> None:
    for name in names():
        shown = document(capfd, "acceptance", "show", name)
        assert [row["id"] for row in shown["limits"]] == [limit.id for limit in parse(*text_of(name)).limits]
        assert all(row["clause"] and row["source"] for row in shown["limits"])
    code, out, _ = shortmeasure(capfd, "acceptance", "show", "jjg443-2023")
    assert code == Exit.OK
    own = parse(EDITION, WHERE)
    assert out.count("unverified") == len(own.limits) + len(own.conditions) + len(own.equipment) + len(own.tests)


def test_conditions_equipment_and_tests_are_shown_with_what_they_ask_for(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in names():
        own, shown = parse(*text_of(name)), document(capfd, "acceptance", "show", name)
        for key, clauses in (("conditions", own.conditions), ("equipment", own.equipment), ("tests", own.tests)):
            assert [row["id"] for row in shown[key]] == [one.id for one in clauses]
            assert all(row["clause"] and row["source"] and row["grade"] for row in shown[key])
    shown = document(capfd, "acceptance", "show", "jjg443-2023")
    assert shown["conditions"][1] | {"source": ""} == {
        "id": "liquid-temperature", "quantity": "temperature of the liquid", "unit": "C", "low": None, "high": "30", "change": None,
        "clause": "not stated in the copies read", "source": "", "grade": "U", "verified": False, "compared": "",
    }  # fmt: skip
    assert (shown["equipment"][0]["most"], shown["equipment"][0]["of"]) == ("0.3334", "mpe")
    [first, *_] = shown["tests"]
    assert (first["stimulus"], first["points"], first["repeats"], first["settings"]) == ("delivery", ["20 L"], 3, {"flow": "full"})  # fmt: skip
    assert first["judged"][0] == {"formula": "mean-error", "limit": "mpe", "value": "0.003", "unit": "1"}
    weighing = document(capfd, "acceptance", "show", "oiml-r76-2006")["tests"][0]["judged"]
    assert weighing == [{"formula": "weighing-error", "limit": "mpe", "value": None, "unit": None}]
    _, out, _ = shortmeasure(capfd, "acceptance", "show", "jjg443-2023")
    for text in (
        "Tests, in this order", "delivery: 20 L; repeats: 3; flow = full", "mean-error (mean error): mpe = 0.003",
        "ambient temperature: >= -20 C, <= 40 C; changes by at most 3 C", "at most 0.3334 of the limit mpe",
    ):  # fmt: skip
        assert text in out
    _, out, _ = shortmeasure(capfd, "acceptance", "show", "oiml-r76-2006")
    assert "weighing-error (error Ec): mpe = that of the load" in out
    _, out, _ = shortmeasure(capfd, "acceptance", "show", "oiml-r117-2007")
    assert "influence: temperature; set for it: liquid 10 C warmer" in out
    monkeypatch.setenv("SHORTMEASURE_LANG", "zh")
    _, out, _ = shortmeasure(capfd, "acceptance", "show", "jjg443-2023")
    assert "重复次数：3" in out


def test_the_file_of_an_edition_is_shown_to_be_copied(capfd: pytest.CaptureFixture[str]) -> None:
    assert shortmeasure(capfd, "acceptance", "show", "jjg443-2023", "--toml")[:2] == (Exit.OK, EDITION)


def test_a_check_says_how_many_tests_there_are_and_which_nobody_compared(capfd: pytest.CaptureFixture[str]) -> None:
    told = document(capfd, "acceptance", "check", "oiml-r76-2006")
    assert (told["conditions"], told["equipment"], told["tests"]) == (1, 1, 8)
    assert told["unverified_clauses"][:3] == ["condition:ambient-temperature", "equipment:weights", "test:weighing"]
    _, out, _ = shortmeasure(capfd, "acceptance", "check", "oiml-r76-2006")
    assert "tests: 8, compared with the print: 0\n    unverified: weighing, repeatability, " in out
    _, out, _ = shortmeasure(capfd, "acceptance", "check", "jjf2184-2025")
    assert "tests" not in out


def test_what_a_laboratory_compared_stands_in_a_file_of_its_own(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    own = tmp_path / "ours.toml"
    asked = ["verify", "jjg443-2023", "--by", "Li Wei", "--against", PRINT, "--into", str(own), "--figure", "mpe=0.0030@5.1", "--figure", "repeatability=0.001"]  # fmt: skip
    assert sorted(document(capfd, "acceptance", *asked)["compared"]) == ["mpe", "repeatability"]
    edition = parse(own.read_text("utf-8"), own.name)
    mpe, other = edition.limit("mpe"), edition.limit("amount")
    assert (mpe.verified, mpe.grade, mpe.clause) == (True, "V", "5.1")
    assert mpe.compared.startswith("Li Wei, 2")
    assert mpe.compared.endswith(PRINT)
    assert not other.verified
    assert len(own.read_text("utf-8").splitlines()) == len(EDITION.splitlines()) + 2, "comments and all else stay"
    code, out, _ = shortmeasure(capfd, "acceptance", "check", str(own))
    assert code == Exit.OK
    assert "mpe-minimum-quantity, amount, self-lock" in out
    again, _, err = shortmeasure(capfd, "acceptance", *asked)
    assert again == Exit.PRECONDITION
    assert "never overwritten" in err
    more = tmp_path / "more.toml"
    document(
        capfd, "acceptance", "verify", str(own), "--by", "Wang", "--against", PRINT, "--into", str(more),
        "--figure", "mpe=0.003",
    )  # fmt: skip
    assert parse(more.read_text("utf-8"), "more").limit("mpe").compared.startswith("Wang, ")


@pytest.mark.parametrize(
    ("figure", "exit_code", "why"),
    [
        ("mpe=0.005", Exit.PRECONDITION, "expected the 0.003 of the file"),
        ("mpf=0.003", Exit.PRECONDITION, "expected one of the limits mpe"),
        ("mpe=three", Exit.USAGE, "LIMIT=FIGURE"),
        ("mpe", Exit.USAGE, "LIMIT=FIGURE"),
        ("mpe=NaN", Exit.PRECONDITION, "got NaN"),
    ],
)
def test_another_figure_than_the_files_is_not_verified(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, figure: str, exit_code: Exit, why: str
) -> None:
    own = tmp_path / "ours.toml"
    code, _, err = shortmeasure(capfd, "acceptance", "verify", "jjg443-2023", "--by", "Li", "--against", PRINT, "--into", str(own), "--figure", figure)  # fmt: skip
    assert code == exit_code, err
    assert why in err
    assert not own.exists()


def test_conditions_equipment_and_tests_are_compared_by_their_figures_and_clause(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    own = tmp_path / "ours.toml"
    asked = [
        "verify", "jjg517-2016", "--by", "Li Wei", "--against", PRINT, "--into", str(own), "--figure", "mpe=0.01",
        "--clause", "test:distance=20000 m x 3; 40@7.3.1", "--clause", "condition:humidity=- 85 -@6.1", "--clause", "equipment:roller=0.3334 @ 6.2",
    ]  # fmt: skip
    told = document(capfd, "acceptance", *asked)
    assert told["compared_clauses"] == ["test:distance", "condition:humidity", "equipment:roller"]
    assert told["unverified_clauses"] == ["condition:ambient-temperature", "test:distance-fast", "test:clock"]
    edition, before = parse(own.read_text("utf-8"), own.name), parse(*text_of("jjg517-2016"))
    test, condition, equipment = edition.tests[0].stated, edition.conditions[1].stated, edition.equipment[0].stated
    assert [one.clause for one in (test, condition, equipment)] == ["7.3.1", "6.1", "6.2"]
    assert all(one.verified and one.grade == "V" for one in (test, condition, equipment))
    assert test.compared.startswith("Li Wei, 2")
    assert [one.compared.rpartition(": ")[2] for one in (test, condition, equipment)] == ["points and repeats", "low, high and change", "greatest share"]  # fmt: skip
    assert edition.tests[1:] == before.tests[1:]
    assert len(own.read_text("utf-8").splitlines()) == len(text_of("jjg517-2016")[0].splitlines()) + 4
    _, out, _ = shortmeasure(capfd, "acceptance", "check", str(own))
    assert "tests: 3, compared with the print: 1" in out


@pytest.mark.parametrize(
    ("clause", "exit_code", "why"),
    [
        ("test:error-q1=20 L x2@6", Exit.PRECONDITION, "test error-q1 expected the '20 L x3' of the file"),
        ("test:error-q1=5 L x3@6", Exit.PRECONDITION, "of the file"),
        ("test:error-q9=20 L x3@6", Exit.PRECONDITION, "test expected one of error-q1, error-q2, "),
        ("condition:ambient-temperature=-20 40 -@6", Exit.PRECONDITION, "expected the '-20 40 3' of the file"),
        ("equipment:standard-measure=0.3333@6", Exit.PRECONDITION, "expected the '0.3334' of the file"),
        ("test:error-q1=20 L x3", Exit.USAGE, "KIND:ID=FIGURES@CLAUSE"),
        ("test:error-q1=20 L x3@ ", Exit.USAGE, "KIND:ID=FIGURES@CLAUSE"),
        ("limit:mpe=0.003@6", Exit.USAGE, "with one of condition, equipment, test"),
        ("error-q1", Exit.USAGE, "KIND:ID=FIGURES@CLAUSE"),
    ],
)
def test_other_figures_than_a_clause_has_are_not_verified(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, clause: str, exit_code: Exit, why: str
) -> None:
    own = tmp_path / "ours.toml"
    code, _, err = shortmeasure(capfd, "acceptance", "verify", "jjg443-2023", "--by", "Li", "--against", PRINT, "--into", str(own), "--clause", clause)  # fmt: skip
    assert code == exit_code, err
    assert why in err
    assert not own.exists()


def test_whoever_is_asked_sees_no_figure(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, prompts = tmp_path / "ours.toml", []
    said = {"mpe (": "0.003", "condition liquid-temperature": "- 30 -@6.1", "test error-q2": "20 L x3@6.3"}

    def answer(prompt: str) -> str:
        prompts.append(prompt)
        return next((value for start, value in said.items() if prompt.startswith(start)), "")

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", answer)
    told = document(capfd, "acceptance", "verify", "jjg443-2023", "--by", "Li", "--against", PRINT, "--into", str(own))
    assert (told["compared"], told["compared_clauses"]) == (["mpe"], ["condition:liquid-temperature", "test:error-q2"])
    edition = parse(EDITION, WHERE)
    assert len(prompts) == len(edition.limits) + len(edition.conditions) + len(edition.equipment) + len(edition.tests)
    assert not any("20 L" in prompt or "0.003" in prompt for prompt in prompts)


def test_without_figures_and_without_anybody_to_ask_nothing_is_written(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    own = tmp_path / "ours.toml"
    code, _, err = shortmeasure(
        capfd, "acceptance", "verify", "jjg443-2023", "--by", "Li", "--against", PRINT, "--into", str(own)
    )
    assert code == Exit.USAGE
    assert "where nobody can be asked" in err
    code, _, err = shortmeasure(capfd, "acceptance", "verify", "jjg443-2023", "--by", "Li", "--against", PRINT, "--into", str(tmp_path / "a.txt"), "--figure", "mpe=0.003")  # fmt: skip
    assert code == Exit.USAGE


def test_an_edition_of_ones_own_begins_with_a_file_that_checks(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    own = tmp_path / "ours.toml"
    document(capfd, "acceptance", "new", "state-7", "--family", "scale", "--title", '规程 "七"', "--into", str(own))
    edition = parse(own.read_text("utf-8"), own.name)
    assert (edition.id, edition.family, edition.title) == ("state-7", "scale", '规程 "七"')
    assert document(capfd, "acceptance", "check", str(own))["unverified"] == ["tare"]
    again, _, _ = shortmeasure(capfd, "acceptance", "new", "state-7", "--family", "scale", "--into", str(own))
    assert again == Exit.PRECONDITION
    for id, family in (("State 7", "scale"), ("state-7", "elevator")):
        code, _, _ = shortmeasure(
            capfd, "acceptance", "new", id, "--family", family, "--into", str(tmp_path / "b.toml")
        )
        assert code == Exit.PRECONDITION
    assert not (tmp_path / "b.toml").exists()


def test_a_file_that_is_wrong_is_told_by_its_line(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    own = tmp_path / "ours.toml"
    own.write_text(EDITION.replace("clause = ", "claws = ", 1), "utf-8")
    code, _, err = shortmeasure(capfd, "acceptance", "check", str(own))
    assert code == Exit.PRECONDITION
    assert "line " in err
    assert "claws" in err
    own.write_bytes(b"\xff")
    assert shortmeasure(capfd, "acceptance", "check", str(own))[0] == Exit.PRECONDITION
    assert shortmeasure(capfd, "acceptance", "show", str(tmp_path / "none.toml"))[0] == Exit.USAGE
    assert shortmeasure(capfd, "acceptance", "show", "jjg-none")[0] == Exit.PRECONDITION


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_name_breaks_the_file_it_is_written_into(by: str, against: str) -> None:
    try:
        done = compared(
            EDITION, WHERE, {"mpe": Read(parse(EDITION, WHERE).limit("mpe").value, by)}, by, against, "2026-01-01"
        )
    except AcceptanceError:
        return
    limit = parse(done, WHERE).limit("mpe")
    assert limit.compared == f"{by}, 2026-01-01, {against}"
    assert limit.verified


def test_the_schema_takes_every_edition_of_the_tree_and_refuses_what_the_parser_refuses(
    capfd: pytest.CaptureFixture[str],
) -> None:
    code, out, _ = shortmeasure(capfd, "acceptance", "schema")
    assert code == Exit.OK
    validator = jsonschema.Draft202012Validator(json.loads(out))
    validator.check_schema(json.loads(out))
    for name in names():
        validator.validate(tomllib.loads(text_of(name)[0]))
    for old, new in (("verified = false", "verified = true"), ('unit = "1"', 'unit = "acre"'), ("clause =", "claws ="), ("value = 0.003", "value = -1")):  # fmt: skip
        assert old in EDITION
        wrong = EDITION.replace(old, new, 1)
        assert not validator.is_valid(tomllib.loads(wrong)), old
        with pytest.raises(AcceptanceError):
            parse(wrong, "wrong")
