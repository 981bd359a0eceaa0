"""What operators are told beside the findings: why a run ended, which functions are possible, in columns of their language."""

from __future__ import annotations

import copy
import json
import pickle
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.language import Sentence, mark, tell
from harness.catalogue import load_catalogue
from harness.commands import build_app
from harness.exits import ERRORS, HEADLINES, run_app
from harness.judge.evidence import CONTRASTS, PORTIONS, REGISTERED
from harness.report import wording
from harness.report.columns import cells, column
from harness.report.errors import error_said
from harness.report.possible import FEW, possible
from harness.report.stops import stop_reason
from harness.report.text import CONTRAST

CHINESE = re.compile(r"[\u4e00-\u9fff]")
ALL = [entry.id for entry in load_catalogue() if entry.family == "dispenser"]
OF_SCALES = [entry.id for entry in load_catalogue() if entry.family == "price-scale"]


@pytest.fixture
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHORTMEASURE_LANG", "zh_CN")


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize(
    ("why", "expected"),
    [
        ("", ""),
        ("stopped by the operator", "操作人员中止"),
        ("interrupted by SIGTERM", "被系统信号 SIGTERM 中断"),
        ("the program was cut", "程序被中断"),
        (
            "stopped by the operator; the clean-up was not finished: interrupted by SIGTERM",
            "操作人员中止；收尾工作未完成：被系统信号 SIGTERM 中断",
        ),
        (
            "link tap (serial:/dev/ttyUSB0): expected an answer within 2 s, but it did not come; check that this device is at "
            "this port and switched on",
            "线路 tap（serial:/dev/ttyUSB0）：2 秒内未收到应有的内容（回答）；请检查该设备是否接在此口并已通电",
        ),
        ("raid.answers: no answer to 'ask K'; add a line `ask K = ...`", "raid.answers：缺少 'ask K' 的回答；请加一行 `ask K = ...`"),
        ("confirmation 2 ends here: a delivery of it was cut, and none is made twice", "确认 2 到此结束：其中一次加注被中断，任何一次都不得重做"),
        ("something nobody foresaw; stopped by the operator", "操作人员中止；系统信息：something nobody foresaw"),
    ],
)  # fmt: skip
def test_why_a_run_ended_is_told_in_chinese(why: str, expected: str) -> None:
    assert stop_reason(why) == expected


@pytest.mark.usefixtures("chinese")
@given(st.text(max_size=80))
def test_nothing_that_was_said_is_lost(why: str) -> None:
    told = stop_reason(f"{why}; stopped by the operator")
    parts = [part for part in why.split("; ") if part and not CHINESE.search(tell(part)) and error_said(part) == part]
    assert all(part in told for part in parts)


@given(st.text(max_size=80))
def test_english_is_left_as_it_was_recorded(why: str) -> None:
    assert stop_reason(why) == why


def test_many_possible_functions_are_counted_by_where_they_act() -> None:
    told = possible(ALL, "reference>display")
    assert told.startswith(f"{len(ALL)} known functions, by where they mainly act: meter, encoder or hydraulics ")
    counts = [int(number) for number in re.findall(r" (\d+)(?:;| \()", told)]
    assert sum(counts) == len(ALL)
    assert "fuel.C01" not in told
    assert len(told) < 300


def test_a_group_is_of_the_link_that_is_broken() -> None:
    wide = [entry.id for entry in load_catalogue() if "register>display" in entry.breaks]
    assert len(wide) > FEW
    told = possible(wide, "register>display")
    assert "display and its board" in told
    assert "pulser line" not in told


def test_functions_of_scales_are_counted_by_where_they_act() -> None:
    told = possible(OF_SCALES, "load>weight")
    assert told.startswith(
        f"{len(OF_SCALES)} known functions, by where they mainly act: load receptor, load cells or their cables "
    )
    assert sum(int(number) for number in re.findall(r" (\d+)(?:;| \()", told)) == len(OF_SCALES)
    assert "not in this catalogue" not in told


@pytest.mark.parametrize(
    ("family", "count"), [("dispenser", 35), ("price-scale", 28), ("truck-scale", 23), ("taximeter", 35), ("", 121)]
)
def test_cheats_are_listed_by_family(family: str, count: int, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_app(build_app(), ["cheats", *([family] if family else []), "--json"], {}) == 0
    rows = json.loads(capfd.readouterr().out)["cheats"]
    assert len(rows) == count
    assert {row["family"] for row in rows} == (
        {family} if family else {"dispenser", "price-scale", "truck-scale", "taximeter"}
    )
    built = {row["id"] for row in rows if row["built"]}
    assert built >= {
        id for id in ("fuel.C09", "scale.S01", "scale.S26", "truck.T01", "truck.T20") if id in {r["id"] for r in rows}
    }
    assert not built & {"scale.S27", "scale.S28", "truck.T13"}


def test_few_possible_functions_are_named() -> None:
    assert possible(["fuel.C16"], "reference>encoder") == "fuel.C16 Code disc with more slots, different encoder"
    assert possible([], "reference>encoder") == "no known function fits"
    assert possible(["fuel.X99"], "reference>encoder") == "fuel.X99"
    assert "not in this catalogue 6" in possible([f"fuel.X{n}" for n in range(6)], "reference>encoder")


@pytest.mark.usefixtures("chinese")
def test_possible_functions_in_chinese() -> None:
    assert not re.search(
        "[a-z]{4}", possible(ALL, "reference>display").replace("verdict.json", "").replace("shortmeasure cheats", "")
    )
    assert CHINESE.search(possible(["fuel.C16"], "reference>encoder"))


def test_a_chinese_character_is_two_cells_wide() -> None:
    assert cells("加油机 K") == 8
    assert [cells(column(text, 10)) for text in ("disk", "磁盘", "")] == [10, 10, 10]
    assert column("gas-dispenser", 4) == "gas-dispenser"


@pytest.mark.usefixtures("chinese")
def test_a_sentence_is_english_where_it_is_stored_and_chinese_where_it_is_told() -> None:
    inner = Sentence(mark("standard {name}, certificate {certificate}"), name="prover", certificate="V-{17}")
    outer = Sentence(mark("{who}: due {due}, {left} days left"), who=inner, due="2027-01-31", left=3)
    assert outer == "standard prover, certificate V-{17}: due 2027-01-31, 3 days left"
    assert json.dumps(outer) == json.dumps(str(outer))
    for same in (outer, copy.deepcopy(outer), pickle.loads(pickle.dumps(outer))):
        assert tell(same) == "标准器 prover，证书 V-{17}：有效期至 2027-01-31，还剩 3 天"


@pytest.mark.usefixtures("chinese")
def test_every_remedy_and_headline_is_told_in_chinese() -> None:
    assert set(HEADLINES) <= {name for name, _, _ in ERRORS}
    for text in [*HEADLINES.values(), *(remedy for _, _, remedy in ERRORS)]:
        assert CHINESE.search(tell(text)), text


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize(
    "arguments",
    [["doctor"], ["plan", "list"], ["plan", "show", "dispenser-raid"], ["plan", "show", "gas-raid"], ["cheats"]],
)
def test_results_are_chinese_for_people_and_know_no_language_as_json(
    arguments: list[str], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SHORTMEASURE_CASES", str(tmp_path))
    run_app(build_app(), arguments, {})
    lines = [line for line in capfd.readouterr().out.splitlines() if line.strip()]
    spoken = [line for line in lines if CHINESE.search(line)]
    assert len(spoken) >= len(lines) - 3, [line for line in lines if line not in spoken]
    run_app(build_app(), [*arguments, "--json"], {})
    document = json.loads(capfd.readouterr().out)
    document.pop("cheats", None)  # they carry both titles
    assert not CHINESE.search(json.dumps(document, ensure_ascii=False))


@pytest.mark.usefixtures("chinese")
def test_an_error_says_what_happened_and_what_next_in_chinese(capfd: pytest.CaptureFixture[str]) -> None:
    assert run_app(build_app(), ["plan", "show", "nothing", "--json"], {}) == 2
    said = capfd.readouterr()
    assert said.err.startswith("shortmeasure: 应为检查方案，实为 'nothing'；现有 dispenser-raid")
    assert "  下一步：`shortmeasure plan list` 列出现有各项\n" in said.err
    document = json.loads(said.out)
    assert document["message"].startswith("expected a plan, got 'nothing'")
    assert document["remedy"] == "`shortmeasure plan list` lists what there is"


def test_the_version_and_nothing_else(capfd: pytest.CaptureFixture[str]) -> None:
    from importlib.metadata import version

    assert run_app(build_app(), ["--version"], {}) == 0
    said = capfd.readouterr()
    assert (said.out, said.err) == (f"{version('shortmeasure')}\n", "")


def test_every_contrast_of_the_evidence_has_words() -> None:
    assert set(CONTRAST) == set(CONTRASTS) | set(PORTIONS) | set(REGISTERED)


@pytest.mark.usefixtures("chinese")
def test_a_link_in_a_sentence_is_told_as_a_chain() -> None:
    told = wording.said(
        "over reference>register +2.18% and more was also seen in C4, E3, where this break does not act"
    )
    assert "标准器>主板寄存值" in told
