"""What steps and outcomes tell: seals that prove something, numbers that are numbers, records that lack something."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from captures.errors import IntegrityError
from harness.benches import find
from harness.derive.parts import number, told
from harness.derive.recorded import Recorded
from harness.derive.sales import Reports
from harness.derive.visits import Visit
from protocols.dispensing import SaleState

SALE = {
    "type": "Deliver",
    "label": "A1",
    "volume_l": "7.30",
    "amount": None,
    "flow": "full",
    "covert": False,
    "press_at_l": None,
}


def recorded(*bodies: Mapping[str, Any]) -> Recorded:
    entries = [(f"0001.jsonl:{i}", body) for i, body in enumerate(bodies, 2)]
    return Recorded({}, find("dispenser-k0"), {}, {}, entries, "complete", "", 1.0)


@pytest.mark.parametrize(
    ("before", "after", "unchanged"),
    [
        ("meter 01823; board 01824", "meter 01823; board 01824", True),
        ("封印 01823 完好", "封印 01823 完好", True),
        ("meter 01823; board 01824", "meter 01823; board 01825", False),
        ("", "", False),
        *[
            (word, word, False)
            for word in (
                "none",
                "None",
                "N/A",
                "?",
                "unreadable",
                "01823 broken",
                "无",
                "01823 破损",
                "not shown",
                "intact",
            )
        ],
    ],
)
def test_only_seals_that_were_read_can_be_unchanged(before: str, after: str, unchanged: bool) -> None:
    assert Visit({"seals_before": before, "seals_after": after}).seals_unchanged is unchanged


@pytest.mark.parametrize(
    "text", ["NaN", "Infinity", "-inf", "1e999999", "１３.７", "13,70", "", "1_0", "0x1", None, [], "1" * 40]
)
def test_what_is_no_plain_number_is_no_reading(text: object) -> None:
    assert number(text) is None


def test_decimals_stay_exact() -> None:
    assert str(number("13.70")) == "13.70"
    assert number("-0.01") == Decimal("-0.01")


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "step", "step": {"type": "Deliver", "label": "A1"}},
        {"kind": "step", "t_ns": "soon", "step": SALE},
        {"kind": "step", "t_ns": 1, "step": None},
        {"kind": "step", "t_ns": 1, "step": {"type": "Deliver"}},
        {"kind": "outcome", "t_ns": 1, "value": None},
        {"kind": "mark", "t_ns": 1, "u_ns": 0, "source": "stranger", "mark": "x", "payload": {}},
    ],
)
def test_a_record_that_lacks_what_it_must_hold_is_named(body: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match=r"0001\.jsonl:"):
        told(recorded({"kind": "step", "t_ns": 0, "step": {"type": "Read", "what": "totaliser", "label": "x"}}, body))


def test_a_bad_reading_costs_that_reading_alone() -> None:
    tale = told(
        recorded(
            {"kind": "step", "t_ns": 1, "step": SALE},
            {"kind": "outcome", "t_ns": 5, "value": {}},
            {"kind": "step", "t_ns": 6, "step": {"type": "Read", "what": "totaliser", "label": "A1"}},
            {"kind": "outcome", "t_ns": 7, "value": {"volume_l": "NaN"}},
        )
    )
    assert [part.end_ns for part in tale.parts] == [5]
    assert tale.parts[0].total_after is None


def test_another_sale_on_the_wire_is_seen() -> None:
    filling, done = SaleState.DELIVERING, SaleState.COMPLETE
    one = Reports(states=[(1, SaleState.AUTHORISED), (2, filling), (9, done)])
    two = Reports(states=[(2, filling), (9, done), (12, filling), (19, done)])
    assert one.sales_begun(0, 20) == 1
    assert two.sales_begun(0, 20) == 2
    assert two.sales_begun(0, 10) == 1


def test_a_sale_whose_last_frames_were_missed_was_not_heard_to_the_end() -> None:
    from harness.derive.sales import Poll

    polls = [Poll(5, 1, 100, 100)]
    assert Reports(polls=polls, states=[(9, SaleState.COMPLETE)]).heard_to_the_end(0, 20)
    assert not Reports(polls=polls, states=[]).heard_to_the_end(0, 20)
    assert not Reports(polls=polls, states=[(9, SaleState.COMPLETE)], lost_ns=[8]).heard_to_the_end(0, 20)
    assert not Reports(polls=[], states=[(9, SaleState.COMPLETE)]).heard_to_the_end(0, 20)
