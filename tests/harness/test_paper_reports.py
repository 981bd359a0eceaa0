"""Reports of every kind for cases of every family, in both languages: their schema, their pages, their HTML, their tables."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as tree
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pikepdf
import pypdfium2
import pytest

from fixtures.language import speaking
from harness.exits import UsageError
from harness.paper.as_csv import COMPUTED, csv_files
from harness.paper.as_html import html
from harness.paper.as_junit import junit
from harness.paper.as_pdf import pdf
from harness.paper.as_text import text
from harness.paper.build import build, build_comparison, report_document
from harness.paper.harmless import throughout
from harness.paper.model import Kind, Paragraph, Part, Report, Table
from harness.paper.pictures import pictures
from harness.paper.schema import schema
from harness.paper.source import read_source
from tests.papers import CASES, HOSTILE, hostile, inspected

VALIDATOR = jsonschema.Draft202012Validator(schema())
BOTH = ("zh", "en")
ENGLISH = re.compile(r"[a-z]{3}")
PAPERS = [(name, kind) for name in CASES if name != "laboratory-2" for kind in (None, Kind.NOTICE, Kind.RECORD)]


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("papers")
    return {name: inspected(name, folder) for name in CASES}


@pytest.fixture(scope="module")
def raid(cases: dict[str, Path]) -> Report:
    return build(cases["dispenser"], BOTH)


def written(pages: bytes) -> str:
    """The text of a PDF without white space: where a line breaks is not what is tested."""
    return re.sub(r"\s", "", "".join(page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(pages)))


@pytest.mark.parametrize(("name", "kind"), PAPERS)
def test_a_report_says_the_same_in_both_languages(cases: dict[str, Path], name: str, kind: Kind | None) -> None:
    report = build(cases[name], BOTH, kind, drawn=False)
    document = json.loads(json.dumps(report_document(report), allow_nan=False))
    VALIDATOR.validate(document)
    zh, en = report.parts
    assert [section.id for section in zh.sections] == [section.id for section in en.sections]
    assert len({section.id for section in en.sections}) == len(en.sections)
    assert zh.title != en.title
    assert re.search("[\u4e00-\u9fff]", zh.title)
    for one, other in zip(zh.sections, en.sections, strict=True):
        assert re.search("[\u4e00-\u9fff]", one.title), one.title
        assert not re.search("[\u4e00-\u9fff]", other.title), other.title
        assert [type(block) for block in one.blocks] == [type(block) for block in other.blocks], one.id
    told = text(report)
    assert "作弊成立" not in told
    assert "of what the model leaves" not in told  # planning values stand in no report (field_rules.md 7)
    if kind is None:
        assert report == build(cases[name], BOTH, drawn=False)


def test_pages_hold_what_the_report_says(raid: Report) -> None:
    pages, missing = pdf(raid)
    assert missing == []
    assert pages == pdf(raid)[0]
    assert len(pages) < 1_000_000
    found = written(pages)
    for part in raid.parts:
        for section in part.sections:
            assert re.sub(r"\s", "", section.title) in found
    with pikepdf.open(io.BytesIO(pages)) as opened:
        assert opened.open_metadata().pdfa_status == "3B"
        assert "/OutputIntents" in opened.Root
        assert "/JavaScript" not in opened.Root.get("/Names", {})
        [attached] = opened.attachments.keys()
        assert attached == "results.json"
        assert json.loads(opened.attachments[attached].get_file().read_bytes()) == raid.document
        faces = [font for page in opened.pages for font in page.Resources.get("/Font", {}).values()]
        assert faces
        for face in faces:
            inner = face.DescendantFonts[0] if "/DescendantFonts" in face else face
            assert any(key in inner.FontDescriptor for key in ("/FontFile", "/FontFile2", "/FontFile3"))


class Read(HTMLParser):
    """Tags, where they lead, and what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.targets: list[str] = []
        self.ids: set[str] = set()
        self.said: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        own = dict(attrs)
        self.targets += [str(own[key]) for key in ("src", "href", "action", "data") if own.get(key)]
        self.ids.add(str(own.get("id", "")))

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def read(page: bytes) -> Read:
    found = Read()
    found.feed(page.decode())
    return found


@pytest.mark.parametrize("name", ["dispenser", "site", "laboratory"])
def test_html_is_one_file_whose_links_lead_to_the_places(cases: dict[str, Path], name: str) -> None:
    report = build(cases[name], BOTH, drawn=False)
    page = html(report)
    assert page == html(report)
    found = read(page)
    assert "script" not in found.tags
    inside = [target for target in found.targets if not target.startswith("data:image/svg+xml;base64,")]
    assert all(target.startswith("#") and target[1:] in found.ids for target in inside), inside
    assert b"default-src 'none'" in page
    if any(section.traces for part in report.parts for section in part.sections):
        assert inside


def test_hostile_texts_are_shown_and_never_carried_out() -> None:
    report = throughout(hostile())
    found = read(html(report))
    assert "script" not in found.tags
    assert "".join(found.said).count("<script>alert(1)</script>") >= 2
    pages, missing = pdf(report)
    assert missing == ["\U0002b740"]
    shown = written(pages).replace("\u200b", "")
    for told in (
        '#panic("x")$x$*bold*_it_`raw`@ref',
        "=heading==another-item",
        "<U+202E>gnp.exe",
        "a<U+0000>b<U+001B>[2Jc",
        "王<U+2B740>",
        "{{7*7}}",
    ):
        assert told in shown, told
    # title, two paragraphs, two bullets, label and text, five cells, two captions, a blank: in both languages nothing is lost
    assert shown.count("x") >= 2 * 13 * 10_000
    for body in csv_files(report).values():
        rows = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""))
        assert not [one for row in rows for one in row if one.startswith(COMPUTED)]
    VALIDATOR.validate(json.loads(json.dumps(report_document(report))))
    tree.fromstring(junit(judged_so(report)))
    assert HOSTILE[5] not in text(report)


def judged_so(report: Report) -> Report:
    finding = {"link": HOSTILE[0], "mechanism": HOSTILE[5], "level": HOSTILE[4], "evidence": 1.0}
    question = {"text": HOSTILE[1], "answered": False, "why": HOSTILE[5]}
    return replace(report, document={"instrument": HOSTILE[5], "findings": [finding], "coverage": [question]})


def test_tables_and_results_for_other_programs(cases: dict[str, Path], raid: Report) -> None:
    files = csv_files(raid)
    tables = [
        block
        for part in raid.parts
        for section in part.sections
        for block in section.blocks
        if isinstance(block, Table)
    ]
    assert len(files) == len(tables)
    [errors] = [body for name, body in files.items() if name == "en-errors.csv"]
    assert errors.decode("utf-8-sig").startswith("phase,power,flow,n,mean error,u,decision,rests on\r\n")
    report = build(cases["laboratory"], ("en",), drawn=False)
    [suite] = tree.fromstring(junit(report))
    protocol: Any = report.document["protocol"]
    assert int(suite.attrib["tests"]) == len(list(suite)) >= sum(len(test["results"]) for test in protocol["tests"])
    failed = [case for case in suite if case.find("failure") is not None]
    assert len(failed) == int(suite.attrib["failures"]) == len(report.document["findings"])


def test_a_laboratory_report_has_the_sheets_of_a_type_evaluation(cases: dict[str, Path]) -> None:
    """Conditions before and after, when each test was done, each figure with its lines, a checklist; the Chinese one leaves no word in English."""
    report = build(cases["laboratory"], BOTH, drawn=False)
    protocol: Any = report.document["protocol"]
    for part in report.parts:
        tables = {
            block.name: block for section in part.sections for block in section.blocks if isinstance(block, Table)
        }
        assert [row[1:3] for row in tables["conditions"].rows] == [
            (one["before"], one["after"]) for one in protocol["conditions"]
        ]
        assert len(tables["checklist"].rows) == len(protocol["tests"])
        results = [test for test in protocol["tests"] if test["results"]]
        assert sum("carried out from" in one or "试验时间" in one for one in paragraphs(part)) == len(results)
        for test in results:
            assert tables[f"results-{test['id']}"].rests == tuple(tuple(row["places"]) for row in test["results"])
        if part.lang == "zh":
            budgets = [
                cell
                for name, table in tables.items()
                if name.startswith("budget-")
                for row in table.rows
                for cell in (row[1], row[4])
            ]
            assert budgets
            assert not [cell for cell in budgets if ENGLISH.search(cell)]


def paragraphs(part: Part) -> list[str]:
    return [block.text for section in part.sections for block in section.blocks if isinstance(block, Paragraph)]


@pytest.mark.parametrize(
    ("name", "drawn"), [("dispenser", {"SIM-NOZZLE-1/evidence"}), ("taximeter", {"SIM-TAXI-1/evidence", "SIM-TAXI-1/fare_steps"})]
)  # fmt: skip
def test_pictures_speak_the_language_of_their_report(cases: dict[str, Path], name: str, drawn: set[str]) -> None:
    source = read_source(cases[name])
    made = {}
    for language in BOTH:
        with speaking(language):
            made[language] = pictures(source)
    assert drawn <= set(made["zh"]) == set(made["en"])
    for key, figure in made["zh"].items():
        assert figure.svg != made["en"][key].svg
        assert re.search("[\u4e00-\u9fff]", figure.caption)
    with speaking("zh"):
        assert pictures(source) == made["zh"]


def test_two_cases_are_compared_on_paper(cases: dict[str, Path]) -> None:
    report = build_comparison(cases["laboratory"], cases["laboratory-2"], BOTH)
    VALIDATOR.validate(json.loads(json.dumps(report_document(report))))
    assert report.kind is Kind.COMPARISON
    [table] = [block for block in report.parts[1].sections[0].blocks if isinstance(block, Table)]
    assert len(table.rows) == len(report.document["results"])
    assert {"En", "zeta"} <= set(table.columns)


def test_what_cannot_be_reported_is_said(cases: dict[str, Path]) -> None:
    with pytest.raises(UsageError, match="did the tests of an edition, got one of plan dispenser-raid"):
        build(cases["dispenser"], ("en",), Kind.LABORATORY)
    with pytest.raises(UsageError, match="expected two cases"):
        build(cases["dispenser"], ("en",), Kind.COMPARISON)


def test_other_commands_do_not_load_what_reports_need() -> None:
    code = "import sys; from harness.commands import build_app; build_app(); print(sorted({'typst', 'jinja2', 'matplotlib', 'fontTools'} & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
