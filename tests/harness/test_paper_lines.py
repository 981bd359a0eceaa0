"""Texts of a report: lines set as blocks, harmless texts, CSV cells that nothing computes, characters that no face has."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.paper.as_csv import cell
from harness.paper.fonts import missing, shown
from harness.paper.harmless import IDEOGRAPHS, UNSEEN, breakable, harmless
from harness.paper.layout import blocks
from harness.paper.model import Bullets, Facts, Paragraph, Tone


def test_lines_of_a_verdict_become_blocks() -> None:
    lines = [
        "What the case had to answer:", "  - first", "  - second", "", "  size        +3 % too much", "              than before", "  ! overdue [5.1]",
        "示值误差      不合格  实测\n            未经核实",
    ]  # fmt: skip
    assert blocks(lines) == (
        Paragraph("What the case had to answer:"),
        Bullets(("first", "second")),
        Facts((("size", "+3 % too much"), ("", "than before"))),
        Paragraph("overdue [5.1]", Tone.WARNING),
        Facts((("示值误差", "不合格  实测"), ("", "未经核实"))),
    )


@given(st.text())
def test_nothing_invisible_is_left_and_nothing_is_lost(text: str) -> None:
    found = harmless(text)
    assert all(one == "\n" or unicodedata.category(one) not in UNSEEN or ord(one) in IDEOGRAPHS for one in found)
    assert harmless(found) == found
    rest = found
    for one in text:  # every character stands there, as itself or by its number
        told = one if rest.startswith(one) and harmless(one) == one else f"<U+{ord(one):04X}>"
        assert rest.startswith(told)
        rest = rest[len(told) :]
    assert rest == ""


@pytest.mark.parametrize(
    ("text", "found"),
    [("\u202e0001", "<U+202E>0001"), ("a\x00b\x1b[31m", "a<U+0000>b<U+001B>[31m"), ("two\nlines", "two\nlines"), ("张三 <b>&amp;#{}$", "张三 <b>&amp;#{}$")],
)  # fmt: skip
def test_what_turns_the_writing_is_shown_by_its_number(text: str, found: str) -> None:
    assert harmless(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("=1+1", "'=1+1"), ("@SUM(A1)", "'@SUM(A1)"), ("-2+3+cmd|' /C calc'!A0", "'-2+3+cmd|' /C calc'!A0"), ("+ok", "'+ok"), ("\tx", "'\tx"),
        ("+2.94 %", "+2.94 %"), ("-0.0365 %", "-0.0365 %"), ("-1.5e-05", "-1.5e-05"), ("+1.5×10⁻⁶ e", "+1.5×10⁻⁶ e"), ("+0.5 e", "+0.5 e"), ("-", "'-"), ("text", "text"), ("", ""),
    ],
)  # fmt: skip
def test_no_cell_of_a_table_is_computed(text: str, found: str) -> None:
    assert cell(text) == found


def test_a_character_that_no_face_has_stands_there_by_its_number() -> None:
    assert shown("王\U0002b740龘 ±0.3 %") == "王<U+2B740>龘 ±0.3 %"
    assert missing(["王\U0002b740", "\U0002b740\n", "plain"]) == ["\U0002b740"]


def test_a_word_of_ten_thousand_characters_may_be_broken() -> None:
    found = breakable("x" * 10_000)
    assert max(map(len, found.split("\u200b"))) <= 40
    assert found.replace("\u200b", "") == "x" * 10_000
    assert breakable("短语 and words") == "短语 and words"
