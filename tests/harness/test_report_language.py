"""Reports in both languages: everything the judge can say is known, figures are never touched, English stays as it was."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.language import translated
from fixtures.plugins import specs
from harness.catalogue import load_causes
from harness.judge import findings
from harness.judge.contract import DetectorSpec
from harness.report import wording
from harness.report.causes import CAUSES
from harness.report.text import verdict_text
from harness.report.wording import chain, mechanism, said

JUDGE = Path(findings.__file__).parent
DETECTORS: dict[str, DetectorSpec] = dict(specs("detectors"))
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHORTMEASURE_LANG", "zh_CN")


def asked() -> Iterator[str]:
    """Texts of the questions a case has to answer, as the judge writes them."""
    for module in sorted(JUDGE.glob("questions*.py")):
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="ask" | "ending" | "Question"), args=args, keywords=keywords):
                    missing = [key.value for key in keywords if key.arg == "missing"]
                    yield from (
                        one.value
                        for one in [*args, *missing]
                        if isinstance(one, ast.Constant) and isinstance(one.value, str) and one.value
                    )
                case ast.Assign(targets=[ast.Name()], value=ast.Constant(value=str(text))):
                    yield text


def test_the_questions_are_found_where_they_are_written() -> None:
    found = set(asked())
    assert {
        "does the display show the register",
        "does the display show what the line says",
        "no load was weighed",
    } <= found
    assert len(found) > 40


@pytest.mark.usefixtures("chinese")
def test_everything_the_judge_can_say_of_a_finding_is_in_the_catalogue() -> None:
    tables = [value for name, value in vars(findings).items() if name.isupper() and isinstance(value, dict)]
    laws = [text for table in tables for text in table.values()]
    texts = [text.removeprefix(" ") for text in laws if isinstance(text, str)]
    mechanisms = {spec.mechanism for spec in DETECTORS.values()}
    assert len(mechanisms) == len(DETECTORS)  # each says something, and something of its own
    assert mechanisms <= set(wording.MECHANISMS)
    assert set(DETECTORS) <= set(wording.TESTS)
    texts += [findings.DEVICE_TYPE, findings.SEARCHED, *mechanisms]
    assert len(texts) > 30
    causes = (*load_causes(), *load_causes("taximeter"))
    assert {cause.cause for cause in causes} <= set(CAUSES)
    facts = {fact for cause in causes for together in cause.excluded_by for fact in together}
    for text in [*texts, *CAUSES, *facts, *asked()]:
        assert CHINESE.search(translated(text) or ""), text


@pytest.mark.usefixtures("chinese")
def test_a_finding_of_every_law_in_every_context_is_told_in_chinese() -> None:
    for law in wording.MECHANISMS:
        for size in ("", *wording.SIZES):
            for context in ("", *wording.CONTEXTS):
                told = mechanism(f"{law}{size} {context}".rstrip())
                assert CHINESE.search(told)
                assert not re.search("[a-z]{4}", told), told


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("evidence below the threshold of proof: e = 6.88e+04, threshold 1.25e+05", "证据强度低于检出阈值：e = 68800，阈值 125000"),
        ("not excluded: misread or mistyped digits", "未排除：误读或误录数字"),
        ("declared decodes_both", "器具资料标明主板解码双通道"),
        ("does the error begin or change inside a delivery, up to beyond 20.5 L", "一次加注过程中（直至 20.5 L 以上）误差是否出现或变化"),
        ("a sentence nobody wrote", "a sentence nobody wrote"),
    ],
)  # fmt: skip
def test_a_sentence_with_figures(text: str, expected: str) -> None:
    assert said(text) == expected


@pytest.mark.usefixtures("chinese")
def test_links_of_the_chain() -> None:
    assert chain("reference>display") == "标准器>显示值"


@given(st.text(max_size=60))
def test_english_is_left_as_it_is(text: str) -> None:
    assert said(text) == text
    assert mechanism(text) == text


def verdict(integrity: str) -> dict[str, Any]:
    finding = {
        "level": integrity, "link": "display>amount", "mechanism": "the amount is not the price times the volume",
        "effect": 0.05, "interval": [0.04, 0.06], "at": {"upper_mode": ["A2", "A5"]}, "segments": ["A1"],
        "detectors": ["amount-law"], "evidence": 1e6, "threshold": 1e5, "threshold_source": "1/(alpha w)",
        "basis": "prespecified", "catalogue_ids": [], "limits": [],
        "explanations": [{"cause": "misread or mistyped digits", "excluded_by": "read_twice + photographed"}],
    }  # fmt: skip
    return {
        "instrument": "N1", "status": "stopped", "why": "stopped by the operator", "integrity": integrity,
        "conformity": "inconclusive", "conformity_detail": {"error": None}, "findings": [finding], "notes": [],
        "coverage": [{"text": "was anything measured", "answered": False, "required": True, "why": "not read", "mde": None}],
    }  # fmt: skip


@pytest.mark.usefixtures("chinese")
def test_proven_reads_as_features_detected_never_as_a_judgement_of_guilt() -> None:
    text = verdict_text(verdict("proven"))
    assert text.startswith("技术分析报告：N1（现场检查，非检定）")
    assert re.search("检出.*特征", text)
    assert "作弊成立" not in text
    assert "已排除，依据：两人读数一致 + 读数已拍照" in text
    assert "仅出现在 A2、A5 各次加注" in text
    assert "检查中止：操作人员中止" in text
    assert "是否进行了测量：未能回答（未读取）" in text


def test_the_same_in_english() -> None:
    text = verdict_text(verdict("proven"))
    assert text.startswith("Technical analysis of N1: on-site examination, not verification\n\nRUN STOPPED: stopped by")
    assert "integrity   PROVEN: features of a cheating function were detected" in text
    assert "  honest      misread or mistyped digits: excluded by read_twice + photographed" in text
    assert "  - was anything measured: NOT ANSWERED (not read)" in text
