"""What a verdict says of how its run was made: whoever reads it sees each cut, and what was left out thereby."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any

import pytest

from captures.errors import IntegrityError
from harness import step as step_module
from harness.benches import find
from harness.derive.corrections import corrected
from harness.derive.history import history
from harness.derive.recorded import Recorded
from harness.derive.site import by_instrument
from harness.derive.spans import spans, standing
from harness.inspection import RENEWED
from harness.report.history import MOST, STEPS, made

SECOND_NS = 1_000_000_000
SALE = {"type": "Deliver", "label": "C1", "volume_l": "45.30", "until_l": "18"}
READ = {"type": "Read", "what": "display", "label": "C1"}
WEIGH = {"type": "Weigh", "label": "C1", "portion": 1}
OFFICERS = {"type": "Inquire", "key": "officers", "text": "Who is there?", "private": True}


def step(n: int, t_s: int, body: Mapping[str, Any], attempt: int = 1, **more: Any) -> dict[str, Any]:
    return {"kind": "step", "n": n, "attempt": attempt, "t_ns": t_s * SECOND_NS, "step": body, **more}


def outcome(n: int, t_s: int, **value: Any) -> dict[str, Any]:
    return {"kind": "outcome", "n": n, "attempt": 1, "t_ns": t_s * SECOND_NS, "value": value}


def recorded(*bodies: Mapping[str, Any], bench: str = "dispenser-k0") -> Recorded:
    entries = [(f"0001.jsonl:{number}", body) for number, body in enumerate(bodies, 2)]
    found = corrected(standing(entries))
    return Recorded({}, find(bench), {}, {}, found, "complete", "", 1.0, spans(entries))


BEGUN = (
    {"kind": "span", "t_ns": 0},
    step(0, 1, OFFICERS),
    outcome(0, 2, private="officers", sha256="ab" * 32),
    step(1, 10, SALE),
    outcome(1, 50),
    step(2, 51, READ),
    outcome(2, 60, volume_l="18.00", amount="135.36"),
    step(3, 61, WEIGH),
    outcome(3, 90, gross_g="14500", tare_g="1500", earlier=[]),
)
GAP = {
    "kind": "gap", "from_ns": 91 * SECOND_NS, "to_ns": 211 * SECOND_NS, "utc_from": "2026-03-01T09:00:00", "utc_to": "2026-03-01T11:00:00", "why": "the program was cut",
    "cut": {"n": 4, "step": {"type": "Continue", "label": "C1"}},
}  # fmt: skip
CUT = (*BEGUN, step(4, 91, {"type": "Continue", "label": "C1"}), GAP, {"kind": "span", "t_ns": 211 * SECOND_NS})


def test_a_part_that_was_measured_and_begun_anew_is_told_with_its_readings() -> None:
    """Somebody who sees that a part shows a cheat and kills the program has it begin anew, but not unseen."""
    told = history(recorded(*CUT, step(1, 220, SALE, attempt=2), outcome(1, 250)))
    assert told["starts"] == 2
    [gap] = told["gaps"]
    assert (gap["from_s"], gap["to_s"], gap["in"], gap["why"]) == (91, 211, "Continue C1", "the program was cut")
    assert [(one["step"], one["attempt"], one["value"]) for one in told["superseded"]] == [
        ("Deliver C1", 1, {}),
        ("Read display C1", 1, {"volume_l": "18.00", "amount": "135.36"}),
        ("Weigh C1", 1, {"gross_g": "14500", "tare_g": "1500", "earlier": []}),
        ("Continue C1", 1, None),
    ]
    text = "\n".join(made({"history": told}))
    assert "started 2 times" in text
    assert "120.0 s from 91.0 s of the run on, in Continue C1: the program was cut" in text
    assert "by the calendar 2026-03-01T09:00:00 to 2026-03-01T11:00:00 UTC" in text
    assert "NOT judged" in text
    assert "Weigh C1, attempt 1, begun at 61.0 s: gross_g 14500, tare_g 1500" in text
    assert "Continue C1, attempt 1, begun at 91.0 s: not finished" in text


def test_a_run_that_went_through_says_nothing() -> None:
    told = history(recorded(*BEGUN))
    assert told == {
        "starts": 1, "gaps": [], "superseded": [], "extensions": [], "changes": [], "corrections": [], "clock_steps": [], "taken_as_done": [],
    }  # fmt: skip
    assert made({"history": told}) == made({}) == []


def test_what_people_said_of_people_is_not_told_again() -> None:
    told = history(recorded(*CUT, step(0, 220, OFFICERS, attempt=2)))
    assert told["superseded"][0]["step"] == "Inquire officers"
    assert told["superseded"][0]["value"] is None
    assert "other steps done again: 1" in "\n".join(made({"history": told}))


def test_losses_changes_corrections_clocks_and_what_was_taken_as_done_are_told() -> None:
    told = history(
        recorded(
            {"kind": "span", "t_ns": 0},
            step(0, 1, SALE),
            outcome(0, 2, fault="2 samples lost"),
            step(0, 3, SALE, attempt=2),
            outcome(0, 4),
            step(1, 5, {"type": "PowerCycle", "off_s": 60}),
            outcome(1, 6, off_s=60, after_cut=True),
            {"kind": "change", "what": "plan, line 3", "expected": "a", "got": ""},
            {"kind": "correction", "n": 0, "key": "read-display C1 volume_l", "field": "x", "first": "1", "now": "2"},
            {"kind": "clock-step", "t_ns": 9, "set_ns": -3_600 * SECOND_NS, "slept_ns": 0},
        )
    )
    assert told["superseded"][0]["value"] == {"fault": "2 samples lost"}
    assert told["taken_as_done"] == [{"place": "0001.jsonl:8", "step": "PowerCycle"}]
    text = "\n".join(made({"history": told}))
    for said in (
        "fault 2 samples lost", "operator said so: PowerCycle", "plan, line 3: a -> -", "volume_l: 1 -> 2 (0001.jsonl:10)",
        "clock was set by -3600.0 s",
    ):  # fmt: skip
        assert said in text


def test_a_verdict_stays_a_few_screens_and_the_document_whole() -> None:
    many = [
        {"kind": "correction", "n": 0, "key": f"k{n}", "field": "x", "first": "1", "now": "2"} for n in range(MOST + 5)
    ]
    told = history(recorded(*many))
    assert len(told["corrections"]) == MOST + 5
    assert "  and 5 more" in made({"history": told})


def test_each_instrument_of_a_site_tells_its_own_and_every_gap() -> None:
    walk = {"type": "Instrument", "id": "N2", "product": "95"}
    bodies = (
        {"kind": "span", "t_ns": 0},
        step(0, 1, walk),
        {**outcome(0, 2), "instrument": "N2"},
        step(1, 3, SALE, instrument="N2"),
        GAP,
        {"kind": "span", "t_ns": 211 * SECOND_NS},
        step(0, 220, walk, attempt=2),
        {**outcome(0, 221), "instrument": "N2"},
        step(1, 222, SALE, attempt=2, instrument="N2"),
    )
    whole = recorded(*bodies, bench="site-k0")
    views = {id: history(view) for id, view in by_instrument(whole).items()}
    assert [len(views[id]["gaps"]) for id in ("N1", "N2")] == [1, 1]
    assert [[one["step"] for one in views[id]["superseded"]] for id in ("N1", "N2")] == [[], ["Deliver C1"]]
    assert [one["step"] for one in history(whole)["superseded"]] == ["Instrument N2", "Deliver C1"]


def test_a_gap_that_lacks_its_end_is_named() -> None:
    with pytest.raises(IntegrityError, match=r"0001\.jsonl:2: a gap record"):
        history(recorded({"kind": "gap", "from_ns": 1}))


def test_steps_and_accepted_differences_are_told_in_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHORTMEASURE_LANG", "zh_CN")
    assert set(STEPS) == {name for name, one in vars(step_module).items() if is_dataclass(one) and hasattr(one, "cut")}
    told = history(recorded(
        *CUT,
        step(1, 5, {"type": "Read", "what": "display", "label": "V1"}),
        outcome(1, 6, after_cut=True),
        {"kind": "change", "what": RENEWED.what, "expected": RENEWED.expected, "got": RENEWED.got},
        {"kind": "change", "what": "bench, line 3", "expected": "instrument N1", "got": ""},
    ))  # fmt: skip
    text = "\n".join(made({"history": told}))
    assert "读取 显示值 V1" in text
    assert "  模拟设备：本次运行开始时所用的 -> 恢复运行时新建的" in text.replace("模拟设备: ", "模拟设备：")
    assert "  设备文件第 3 行: instrument N1 -> -" in text
    assert not re.search(r"\b(Weigh|Deliver|Read|Prove)\b", text), text
