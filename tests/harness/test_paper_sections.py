"""Pieces of a report: what a device says of itself, the chain in its order, and where an examination was made."""

from __future__ import annotations

from typing import Any

import pytest

from fixtures.language import speaking
from harness.paper.chain_figure import chain_figure
from harness.paper.itself import itself
from harness.report.examined import Examined, examined


def seen(*links: str, detector: str = "amount-law") -> list[dict[str, Any]]:
    return [{"link": link, "detector": detector} for link in links]


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        (
            [*seen("board>register", detector="restart-law"), *seen("display>totaliser", "display>amount", "reference>display")],
            "reference → display → amount → totaliser",
        ),
        (seen("clock>waiting", "fare>record", "distance>fare", "input>distance", "reference>input"), "reference → input → distance → fare → record → clock → waiting"),
        (seen("display>price", "weight>display", "load>weight"), "load → weight → display → price"),
    ],
)  # fmt: skip
def test_the_chain_is_told_in_the_order_of_the_instrument(readings: list[dict[str, Any]], expected: str) -> None:
    figure = chain_figure({"readings": readings, "findings": []})
    assert figure is not None
    assert figure.alt == f"chain: {expected}; no link broken"


def test_a_device_calls_itself_in_words() -> None:
    counts = {"readings": 75, "garbage_bytes": 0}
    identity = {
        "protocol": "cas",
        "evidence": "vendor document",
        "counts": counts,
        "settings": {"output": {"set": "OUTP"}},
    }
    with speaking("zh"):
        assert itself(identity) == "协议 cas；协议依据 厂家文件；接收 读数个数 75、无法识别的字节 0"
        assert itself({"counts": {"ISU": {"frames": 1}}}) == "接收 ISU（帧 1）"
    assert itself({"console": False}) == itself({}) == "-"
    assert itself({"masses_kg": ["0", "0.5"]}) == "masses, kg 0, 0.5"


@pytest.mark.parametrize(
    ("phases", "expected"),
    [
        ("ABCE", Examined.SITE), (["bench", "D", "E"], Examined.LABORATORY), (["A", "bench"], Examined.SITE), ([""], Examined.RECORDED), ([], Examined.SITE),
    ],
)  # fmt: skip
def test_a_report_says_where_it_was_examined(phases: list[str], expected: Examined) -> None:
    assert examined({"segments": [{"phase": phase} for phase in phases]}) is expected
    with speaking("zh"):
        assert len({one.title for one in Examined}) == len({one.subtitle for one in Examined}) == 3
