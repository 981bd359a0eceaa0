"""What a certificate's text says of the compensation: a wrong `on` would exclude an honest cause."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.judge.contract import Link, Reading, Segment, SegmentKind
from harness.judge.parameter_facts import certificate_confirms
from harness.judge.stated_switch import STATES, switched


def confirms(text: str, name: str, sealed: str) -> bool:
    at = {"parameters": {name: (sealed, "other")}}
    hit = Reading("parameter-law", "a", Link("sealed", "parameters"), 15.0, hits=1, at=at)
    context = {"parameters": {name: "other"}, "stated_certificate": text}
    return certificate_confirms([hit], [Segment("a", SegmentKind.DELIVERY, "C", "power-0", (0, 1), context)])


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("meter factor 1.0000; density 540.0; compensation on", "on"),
        ("Temperature Compensation: OFF.", "off"),
        ("compensation switch: off", "off"),
        ("compensation is on, density 540", "on"),
        ("温度补偿开", "on"),
        ("温度补偿：关", "off"),
        ("温度补偿开关：关", "off"),
        ("温度补偿开关：开", "on"),
        ("温度补偿开关＝ＯＦＦ", "off"),
        ("温度补偿　关闭。", "off"),
        ("温度补偿：开启；密度 540", "on"),
        ("温度补偿打开，密度５４０", "on"),
        ("温度补偿功能：启用", "on"),
        ("温度补偿功能已停用", "off"),
        ("温度补偿未启用", "off"),
        ("温度补偿（开）", "on"),
        ("温度补偿：“关”", "off"),
        ("温度补偿：关 密度：540", "off"),
        ("compensation off; verified on 2026-01-01", "off"),
        ("密度、温度补偿均合格；温度补偿：开", "on"),
        # it names the switch, or both, or takes it back
        ("温度补偿开关", ""),
        ("温度补偿开关：", ""),
        ("温度补偿 开 关：关", ""),
        ("温度补偿：开/关", ""),
        ("温度补偿：开、关", ""),
        ("温度补偿 开□ 关☑", ""),
        ("温度补偿：□开 ☑关", ""),
        ("compensation on/off: off", ""),
        ("compensation on request", ""),
        ("compensation: only", ""),
        ("温度补偿关系", ""),
        ("温度补偿开始日期 2026-01-01", ""),
        ("温度补偿：开，现已关闭", ""),
        ("温度补偿：开；温度补偿：关", ""),
        ("压力补偿：开；温度补偿：关", ""),
        ("温度补偿：开；未启用温度补偿", ""),
        ("停用温度补偿：开", ""),
        ("compensation on; compensation off", ""),
        ("compensation off, now on", ""),
        ("compensation off; compensation on for LPG", ""),
        ("none", ""),
        ("", ""),
    ],
)
def test_a_certificate_says_on_or_off_or_nothing(text: str, state: str) -> None:
    assert [sealed for sealed in ("on", "off") if confirms(text, "compensation", sealed)] == [state] * bool(state)


@pytest.mark.parametrize(
    ("text", "confirmed"),
    [
        ("流量计系数：１．００００", True),
        ("ＭＥＴＥＲ　ＦＡＣＴＯＲ＝1.0000", True),
        ("meter factor 1.0000; meter factor 1.00", True),
        ("meter factor 1.0000; meter factor 1.0300", False),
        ("meter factor 1.0300; meter factor 1.0000", False),
        ("流量计系数：１．０３００", False),
    ],
)
def test_figures_in_full_width_are_figures_and_two_values_state_none(text: str, confirmed: bool) -> None:
    assert confirms(text, "meter_factor", "1.0000") is confirmed


@given(st.text(alphabet="温度补偿开关启用停闭打未已：:;，,。/ 、onff密", max_size=24))
def test_no_text_says_both_and_what_is_taken_back_says_nothing(text: str) -> None:
    assert switched(text) in ("", "on", "off")
    for word, state in STATES.items():
        assert switched(f"{text};补偿:{word}") in ("", state)
