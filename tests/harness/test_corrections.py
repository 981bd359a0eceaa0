"""A correction is read beside the first answer and counts; what it touches can no longer be two readings alike."""

from __future__ import annotations

from typing import Any

import pytest

from harness.derive.corrections import Entry, corrected


def outcome(n: int, **value: Any) -> Entry:
    return f"0001.jsonl:{n}", {"kind": "outcome", "n": n, "t_ns": n, "value": value}


def correction(n: int, field: str, first: str | None, now: str | None) -> Entry:
    body = {"kind": "correction", "n": n, "key": f"prove C1 {field}", "field": field, "first": first, "now": now}
    return "0001.jsonl:99", body


def values(*entries: Entry) -> list[dict[str, Any]]:
    return [dict(body["value"]) for _, body in corrected(entries) if body["kind"] == "outcome"]


def test_the_later_answer_counts_and_the_others_stay() -> None:
    read = outcome(1, h_mm="31.7", h0_mm="66", read_twice=True, earlier=[{"h_mm": "31.7"}])
    [first, second] = values(read, outcome(2, h_mm="1"), correction(1, "h_mm", "31.7", "31.5"))
    assert first == {"h_mm": "31.5", "h0_mm": "66", "read_twice": False, "earlier": [{"h_mm": "31.7"}]}
    assert second == {"h_mm": "1"}
    assert read[1]["value"]["h_mm"] == "31.7"


def test_one_made_before_its_outcome_is_in_it_already() -> None:
    assert values(correction(1, "h_mm", "1", "2"), outcome(1, h_mm="2", read_twice=True)) == [
        {"h_mm": "2", "read_twice": True}
    ]


def test_corrections_follow_each_other_and_what_was_left_out_may_be_filled_in() -> None:
    changes = [correction(1, "code", None, "64"), correction(1, "code", "64", "65")]
    assert values(outcome(1, volume_l="1"), *changes) == [{"volume_l": "1", "code": "65"}]


def test_names_changed_leave_nothing_in_the_outcome() -> None:
    private = outcome(1, private="officers", sha256="a")
    change = {"kind": "correction", "n": 1, "key": "ask officers", "field": "value", "first": "a", "now": "b"}
    assert values(private, ("0001.jsonl:9", change)) == [{"private": "officers", "sha256": "a"}]


def test_a_correction_without_its_parts_is_refused() -> None:
    with pytest.raises(KeyError):
        corrected([outcome(1, h_mm="1"), ("0001.jsonl:9", {"kind": "correction", "n": 1})])


def test_what_was_read_before_a_run_went_on_is_not_the_reading_of_the_step_that_follows() -> None:
    """Both stand under one number: a misread totaliser that was put right must not become the sale's."""
    registers: Entry = "0002.jsonl:5", {"kind": "registers", "t_ns": 5, "totaliser": {"volume_l": "100.0"}}
    body = {"kind": "correction", "n": 7, "key": "read-totaliser resume volume_l", "field": "volume_l"}
    change: Entry = "0002.jsonl:9", {**body, "first": "100.0", "now": "101.0"}
    found = corrected([registers, outcome(7, volume_l="120.0"), change])
    assert found[0][1]["totaliser"] == {"volume_l": "101.0"}
    assert found[1][1]["value"] == {"volume_l": "120.0"}
    assert registers[1]["totaliser"] == {"volume_l": "100.0"}
    assert values(outcome(7, volume_l="120.0"), change) == [{"volume_l": "120.0"}]


def test_a_reading_that_was_taken_again_is_not_replaced_by_what_the_first_one_is_corrected_to() -> None:
    read = outcome(1, gross_g="14501", read_twice=True, earlier=[{"gross_g": "14500"}])
    [value] = values(read, correction(1, "gross_g", "14500", "15400"))
    assert (value["gross_g"], value["read_twice"]) == ("14501", False)


def test_another_photo_takes_the_place_of_the_first() -> None:
    body = {"kind": "correction", "n": 1, "key": "photo board file", "field": "file", "first": "~/a.jpg"}
    change: Entry = "0001.jsonl:9", {**body, "now": "0002-board.jpg"}
    [value] = values(outcome(1, file="0001-board.jpg", sha256="a"), change)
    assert value["file"] == "0002-board.jpg"
