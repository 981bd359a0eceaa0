"""What a Chinese input method leaves is understood, and one record says it in one way."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.language import speaking
from fixtures.questions import DONE, NO_YES, Choice, NotDone, Number, PhotoFile, Question, Shown, Slip, Text
from fixtures.typed import ABSENT, HALF, half_width, recorded

FULL = {chr(half): chr(full) for full, half in HALF.items() if isinstance(half, int)}


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("无", "none"), ("无。", "none"), ("“无”", "none"), ("None", "none"), ("拒绝", "refused"), ("不显示", "not shown"), ("未标注", "not shown"),
        ("未读取", "not read"), ("未张贴", "not posted"), ("２１．５", "21.5"), ("21。5", "21.5"), ("０８：１５：３０　０８：１５：０２", "08:15:30 08:15:02"),
        ("无异议。", "无异议。"), ("表 01823，完好", "表 01823，完好"), ("V3.12", "V3.12"), ("", ""),
    ],
)  # fmt: skip
def test_an_answer_is_kept_neutral_and_what_is_said_otherwise_as_it_was_said(said: str, kept: str) -> None:
    assert recorded(said) == kept
    if said:
        assert Text().read(said) == kept


def test_the_same_words_are_taken_whichever_language_is_spoken() -> None:
    for language in ("zh", "en"):
        with speaking(language):
            assert [Choice(NO_YES).read(said) for said in ("否", "no", "是", "yes", "１")] == [
                "no",
                "no",
                "yes",
                "yes",
                "no",
            ]
            assert Choice((("seize", "seize board or instrument"),)).read("扣押主板或整机") == "seize"
            assert (PhotoFile().read("无"), PhotoFile().read("none")) == (None, None)
            assert Shown("0", "9").read("超载") == "overload"
            assert Question("read-parameters", "").fields["compensation"][1].read("开") == "on"
            assert DONE[""][1].read("完成") is True
            with pytest.raises(NotDone):
                DONE[""][1].read("未完成，阀门卡住")


COMPENSATION = Question("read-parameters", "").fields["compensation"][1]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        *((said, "on") for said in ("on", "ON", "ＯＮ", "开", "开。", "开启", "打开", "启用", "已启用", "是", "“开启”")),
        *((said, "off") for said in ("off", "ＯＦＦ", "关", "关闭", "关闭。", "停用", "已关闭", "未启用", "\u3000关闭")),
        ("none", "none"), ("无", "none"), ("不显示", "not shown"), ("未标注", "not shown"), ("拒绝", "refused"), ("未读取", "not read"),
    ],
)  # fmt: skip
def test_a_switch_is_on_or_off_by_any_of_its_words(said: str, kept: str) -> None:
    assert COMPENSATION.read(said) == kept


@pytest.mark.parametrize("said", ["开关", "开/关", "on off", "1", "no", "否", "温度补偿", "好像关了", "", "。"])
def test_another_answer_for_a_switch_is_asked_again(said: str) -> None:
    """It was kept as text and compared with nothing: a compensation switched off was missed."""
    with speaking("en"), pytest.raises(Slip, match=r"expected one of on, off, none, .*not shown.*, got"):
        COMPENSATION.read(said)
    with speaking("zh"), pytest.raises(Slip, match=r"应为 开, 关, 无.* 之一，现为"):
        COMPENSATION.read(said)


@given(st.decimals(-999, 999, places=3))
def test_a_number_in_full_width_is_the_number(number: Decimal) -> None:
    text = f"{number:f}"
    wide = "".join(FULL[one] for one in text)
    assert half_width(wide) == text
    assert Number("-999", "999").read(wide) == Number("-999", "999").read(text.replace(".", "。")) == number
    assert Shown("-999", "999").read(wide) == text


@given(st.text())
def test_only_words_of_the_tool_and_mere_figures_are_changed(said: str) -> None:
    kept = recorded(said)
    assert kept == said or kept in ABSENT.values() or set(kept) <= set("0123456789.:/+- ")
    assert recorded(kept) == kept


@pytest.mark.parametrize("said", ["十二", "1２,5", "12.5kg", "。", "٣"])
def test_what_is_no_number_stays_one(said: str) -> None:
    with pytest.raises(Slip):
        Number("0", "100").read(said)


def test_a_question_leaves_out_what_the_instrument_does_not_have() -> None:
    own = Question("read-weighing", "Read", "C1", without=("unit_price", "price"))
    assert list(own.fields) == ["weight", "unit", "stable"]
