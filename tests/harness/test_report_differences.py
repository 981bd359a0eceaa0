"""What a check of a case found, in Chinese: everything that it can say of a difference is known; names and figures stay."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from captures import bag
from captures.bag import Difference
from harness.report.differences import NOTES, SIDES, WHAT, difference_said, differences_said, note_said
from harness.report.errors import error_said
from harness.report.forms import sentence
from harness.report.places import place_said

CAPTURES = Path(bag.__file__).parent
CHECKS = ("bag.py", "verify.py", "verify_parties.py", "verify_seal.py")
LINES = ("journal_line.py", "journal.py")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHORTMEASURE_LANG", "zh_CN")


def text_of(node: ast.expr | None) -> str | None:
    """A text with `x1` for each field; None where it is none, or nothing but a field."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            told = "".join(part.value if isinstance(part, ast.Constant) else "x1" for part in parts)
            return told if told != "x1" else None
        case _:
            return None


def said_by_the_check() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each text that stands in a Difference, or in a variable of that name, with the templates that should know it."""
    for name in CHECKS:
        for node in ast.walk(ast.parse((CAPTURES / name).read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="Difference"), args=[_, what, *sides]):
                    yield from ((text, WHAT) for text in [text_of(what)] if text is not None)
                    yield from ((text, SIDES) for side in sides[:2] if (text := text_of(side)) is not None)
                case ast.Call(func=ast.Name(id="unread"), args=[_, expected, *_]):
                    yield from ((text, SIDES) for text in [text_of(expected)] if text is not None)
                case ast.Assign(targets=[ast.Name(id="what")], value=value):
                    yield from ((text, WHAT) for text in [text_of(value)] if text is not None)
                case ast.Call(func=ast.Attribute(value=ast.Name(id="notes"), attr="append"), args=[value]):
                    yield from ((text, NOTES) for text in [text_of(value)] if text is not None)


def said_of_a_line() -> Iterator[str]:
    """What is wrong with one line of a journal: what such an error says, and what the functions return that explain it."""
    for name in LINES:
        for node in ast.walk(ast.parse((CAPTURES / name).read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="BadLine"), args=[value]):
                    yield from (text for text in [text_of(value)] if text is not None)
                case ast.FunctionDef(name="explain_order" | "_explain_layout" | "_misplaced"):
                    returned = [text_of(one.value) for one in ast.walk(node) if isinstance(one, ast.Return)]
                    yield from (text for text in returned if text is not None)


def test_everything_that_is_wrong_with_a_line_is_known() -> None:
    found = {re.sub("; x1 gone$", "; line 7 is gone", text) for text in said_of_a_line()}
    assert len(found) > 12
    assert {text for text in found if text not in SIDES and sentence(text, SIDES) is None} == set()


def test_everything_the_check_can_say_is_known() -> None:
    found = set(said_by_the_check())
    assert len(found) > 60
    unknown = {text for text, templates in found if text not in templates and sentence(text, templates) is None}
    assert unknown == {"fetch.txt"}  # the name of the file


@pytest.mark.usefixtures("chinese")
def test_a_difference_and_its_sides_are_told_and_names_stay() -> None:
    one = Difference("data/a\x1b.bin", "changed, sha256 in manifest-sha256.txt line 3", "ab" * 32, "at most 5 bytes", 7)
    assert difference_said(one) == (
        f"data/a\\x1b.bin 第 7 行：已改变，sha256 见 manifest-sha256.txt 第 3 行：应为 {'ab' * 32}，实为至多 5 字节"
    )
    strange = Difference("x", "a thing nobody wrote", "\x1b[2J", "{not} a field")
    assert difference_said(strange) == "x：a thing nobody wrote：应为 \\x1b[2J，实为 {not} a field"
    for what in WHAT:
        assert CHINESE.search(difference_said(Difference("x", re.sub(r"\{\w+\}", "1", what), "1", "2")).split("：")[1])


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize(
    ("got", "expected"),
    [
        ("deleted line: expected sequence 3, got 5; lines 3 to 4 are gone", "有行被删除：序号应为 3，实为 5；第 3 至 4 行缺失"),
        ("no file 0001.jsonl", "没有文件 0001.jsonl"),
        ("no data/parties.json", "没有 data/parties.json"),
        ("12 bytes with SHA-256 ab", "12 字节，SHA-256 为 ab"),
        ("12 bytes", "12 字节"),
        ("swapped lines: expected sequence 3, got 4; 3 stands at line 9", "行的顺序被调换：序号应为 3，实为 4；3 在第 9 行"),
    ],
)  # fmt: skip
def test_the_nearest_sentence_is_taken(got: str, expected: str) -> None:
    assert (
        difference_said(Difference("x", "missing", "none", got)).removeprefix("x：缺失：应为无，实为").strip()
        == expected
    )


@pytest.mark.usefixtures("chinese")
def test_every_note_is_told() -> None:
    for note in NOTES:
        told = note_said(re.sub(r"\{\w+\}", "N1", note))
        assert CHINESE.search(told), note
        assert told.count("N1") == note.count("{")
    assert note_said("a note nobody wrote") == "a note nobody wrote"


def test_in_english_it_is_the_check_s_own_line() -> None:
    one = Difference("x", "missing", "the file", "none", 2)
    assert difference_said(one) == str(one)
    assert note_said("time stamps: a note") == "time stamps: a note"


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize("between", ["\n", "; "])
def test_differences_in_the_message_of_an_error_are_told_as_alone(between: str) -> None:
    found = [
        Difference("data/journal/0001.jsonl", "the journal is not as written", "an unbroken chain",
                   "swapped lines: expected sequence 3, got 5; 3 stands at line 7", 4),
        Difference("extra.txt", "added, no part of a sealed case", "no such file", "2 bytes"),
        Difference("bag-info.txt", "Payload-Oxum", "10.8", "9.7"),
    ]  # fmt: skip
    alone = ("；" if between == "; " else between).join(difference_said(one) for one in found)
    assert differences_said(between.join(map(str, found))) == alone
    assert error_said(between.join(f"c1: {one}" for one in found)).startswith(
        "c1：data/journal/0001.jsonl 第 4 行：日志"
    )
    assert differences_said("raid.toml: something else: expected a, got b") is None
    assert differences_said(f"{found[0]}\n" * 1000) is None


@pytest.mark.usefixtures("chinese")
def test_a_line_of_a_file_is_a_place_in_chinese() -> None:
    assert place_said("c1/0001.jsonl line 93") == "c1/0001.jsonl 第 93 行"
    assert place_said("c1/0001.jsonl line 1 (byte 0)") == "c1/0001.jsonl 第 1 行（第 0 字节起）"
    assert place_said("on line") == "on line"
