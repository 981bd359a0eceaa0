"""`report` and `show` as their users give them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.exits import Exit
from harness.paper.behind import behind
from harness.paper.model import Kind
from harness.paper.source import read_source
from tests.commands import document, shortmeasure
from tests.papers import inspected


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return inspected("dispenser", tmp_path_factory.mktemp("command"))


def test_files_are_written_and_named(case: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    files = {name: tmp_path / name for name in ("r.html", "r.pdf", "r.xml")}
    code, out, err = shortmeasure(
        capfd, "report", case, "--lang", "zh,en", "--html", files["r.html"], "--pdf", files["r.pdf"], "--junit", files["r.xml"], "--csv", tmp_path / "t"
    )  # fmt: skip
    assert (code, out) == (Exit.OK, "")
    assert all(str(path) in err and path.stat().st_size > 500 for path in files.values())
    assert files["r.pdf"].read_bytes().startswith(b"%PDF-1.7")
    assert {"zh-places.csv", "en-places.csv"} <= {path.name for path in (tmp_path / "t").iterdir()}


def test_what_lies_there_already_is_not_written_over(
    case: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    page, other = tmp_path / "r.html", tmp_path / "r.xml"
    page.write_text("of another case")
    code, _, err = shortmeasure(capfd, "report", case, "--html", page, "--junit", other)
    assert (code, "there is such a file, which is not this report" in err) == (Exit.PRECONDITION, True), err
    assert (page.read_text(), other.exists()) == ("of another case", False)
    page.unlink()
    for _ in range(2):  # the same report once more changes nothing
        assert shortmeasure(capfd, "report", case, "--html", page)[0] == Exit.OK


@pytest.mark.parametrize(
    ("kind", "lang", "columns"),
    [("raid", "en", ("reference", "error of indication")), ("record", "zh", ("标准器", "示值误差"))],
)
def test_each_delivery_has_its_reference_and_error(
    case: Path, capfd: pytest.CaptureFixture[str], kind: str, lang: str, columns: tuple[str, str]
) -> None:
    report = document(capfd, "report", case, "--lang", lang, "--kind", kind)
    [table] = [
        block
        for section in report["parts"][0]["sections"]
        for block in section["blocks"]
        if block["type"] == "table" and block["name"] == "measurements"
    ]
    assert "; step of the display: 0.01 L" in table["caption"] or "；显示分度：0.01 L" in table["caption"]
    true, error = map(table["columns"].index, columns)
    told = [row for row in table["rows"] if row[true] != "-"]
    assert len(told) > 5
    for row in told:
        assert float(row[true - 1]) - float(row[true]) == pytest.approx(float(row[error]), rel=0.01, abs=1e-3)
        assert row[error + 1].endswith(" %")


def test_it_is_printed_where_no_file_is_named(case: Path, capfd: pytest.CaptureFixture[str]) -> None:
    told = document(capfd, "report", case, "--lang", "zh", "--kind", "notice")
    assert (told["kind"], [part["title"] for part in told["parts"]]) == ("notice", ["计量情况告知书"])
    assert "技术分析报告" in shortmeasure(capfd, "report", case, "--lang", "zh")[1]
    assert json.loads(shortmeasure(capfd, "report", case, "--schema")[1])["$id"] == "shortmeasure-report/1"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--lang", "de"), "--lang expected zh, en or both, got 'de'"), (("--lang", "zh,zh"), "--lang expected"),
        (("--kind", "novel"), f"--kind expected one of {', '.join(Kind)}"), (("--kind", "comparison"), "--against CASE together"),
        (("--kind", "laboratory"), "did the tests of an edition"), (("--html", "absent/r.html"), "No such file"),
    ],
)  # fmt: skip
def test_wrong_command_lines(
    case: Path, capfd: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    code, _, err = shortmeasure(capfd, "report", case, *arguments)
    assert code == Exit.USAGE
    assert message in err


def test_bytes_behind_a_finding(case: Path, capfd: pytest.CaptureFixture[str]) -> None:
    told = document(capfd, "show", case, 1)
    finding = told["finding"]
    assert [one["place"]["segment"] for one in told["behind"]] == [id for id in finding["segments"]]
    for one in told["behind"]:
        assert len(one["lines"]) == 40
        assert one["lines"][0]["place"] == one["place"]["first"]
        wires = [line for line in one["lines"] if line["kind"] == "wire"]
        assert wires
        assert all(bytes.fromhex(read) for line in wires for _, read in line["reads"])
    whole = document(capfd, "show", case, 1, "--all")
    assert all(one["left_out"] == 0 and one["lines"][-1]["place"] == one["place"]["last"] for one in whole["behind"])
    assert "more lines; --all prints them" in shortmeasure(capfd, "show", case, 1)[1]
    for which, complaint in (
        ("9", "expected a finding from 1 to 1, got 9"),
        ("Z1", "expected the number of a finding, a measurement (A1, "),
        ("0009.jsonl:1", "expected a line of the journal, got 0009.jsonl:1"),
    ):
        code, _, err = shortmeasure(capfd, "show", case, which)
        assert (code, complaint in err) == (Exit.USAGE, True), err


def test_a_figure_of_a_report_leads_to_the_line_it_was_read_on(case: Path, capfd: pytest.CaptureFixture[str]) -> None:
    report = document(capfd, "report", case, "--lang", "en")
    tables = {
        block["name"]: block
        for section in report["parts"][0]["sections"]
        for block in section["blocks"]
        if block["type"] == "table"
    }
    places = {place["segment"] for place in report["places"]}
    assert all(set(rests) <= places for rests in tables["errors"]["rests"])
    assert sum(map(len, tables["errors"]["rests"])) == sum(int(row[3]) for row in tables["errors"]["rows"])
    runs = tables["measurements"]
    displays = {line for place in report["places"] for what, line in place["read"] if what == "display"}
    read = [
        (row[5], line)
        for row, lines in zip(runs["rows"], runs["rests"], strict=True)
        for line in lines
        if line in displays
    ]
    assert len(read) > 5
    for displayed, line in read[:3]:
        [told] = document(capfd, "show", case, line)["behind"]
        assert [one["place"] for one in told["lines"]] == [line]
        assert displayed in told["lines"][0]["says"]
    [told] = document(capfd, "show", case, runs["rows"][0][0])["behind"]
    assert told["place"]["segment"] == runs["rows"][0][0]
    assert told["lines"][0]["place"] == told["place"]["first"]


def test_of_a_site_what_is_behind_is_of_the_instrument_of_the_finding(tmp_path: Path) -> None:
    """Two instruments of a site have segments of one id."""
    site = inspected("site-taps", tmp_path)
    source = read_source(site)
    [one] = [verdict for verdict in source.verdicts if verdict["findings"]]
    assert one["instrument"] == "N3"
    windows = {f"N3 {segment['id']}": (segment["begin_s"], segment["end_s"]) for segment in one["segments"]}
    finding, found = behind(site, "1")
    assert finding is not None
    assert [heard.place.segment for heard in found] == [f"N3 {id}" for id in finding["segments"]]
    assert all((heard.place.begin_s, heard.place.end_s) == windows[heard.place.segment] for heard in found)
