"""What an instrument says of itself, against its type file and read twice; the whole way through a case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import harness.inspection as inspection
from fixtures.benchfile import load
from fixtures.errors import BenchError
from harness.benches import find, world
from harness.identity import WHAT, afterwards, against
from harness.judging import judge_journal
from harness.report.text import verdict_text
from protocols.acceptance import AcceptanceError
from protocols.acceptance.type_file import parse_type

TYPE = """\
id = "sim-2"
title = "model dispenser SIM-2"
family = "dispenser"
approval = "2019F123-44"
k_low = 95
k_high = 105
source = "type examination record 12"
grade = "P"
verified = false

[[software]]
version = "V3.11"
checksum = "77AA"

[[software]]
version = "V3.12"
"""
STATED = {"type_approval": "No. 2019 f 123/44", "software": "v3.12, shown at start", "K": "100"}


def agreeing(stated: dict[str, str], text: str = TYPE) -> dict[str, bool | None]:
    return {one.what: one.agrees for one in against(parse_type(text, "type.toml"), stated)}


def test_what_the_nameplate_says_is_held_against_the_type() -> None:
    assert agreeing(STATED) == {"type_approval": True, "software": True, "K": True}
    assert agreeing({**STATED, "type_approval": "2019F123-45"})["type_approval"] is False
    assert agreeing({**STATED, "software": "V3.13"})["software"] is False
    assert agreeing({**STATED, "software": "V3.11 checksum 77AB"})["software"] is False
    assert agreeing({**STATED, "software": "V3.11 checksum 77AA"})["software"] is True
    assert [agreeing({**STATED, "K": said})["K"] for said in ("94.9", "105", "many", "NaN", "not shown")] == [False, True, False, False, None]  # fmt: skip
    assert agreeing({}) == {"type_approval": None, "software": None, "K": None}
    assert "K" not in agreeing(STATED, TYPE.replace("k_low = 95\nk_high = 105\n", ""))


def test_what_was_read_twice_must_not_have_changed() -> None:
    stated = {"software": "V3.12 8C1F", "software_after": "v3.12-8c1f", "event_counter": "0007", "event_counter_after": "0008", "K": "none", "K_after": "100"}  # fmt: skip
    assert {one.what: one.agrees for one in afterwards(stated)} == {
        "software_after": True, "event_counter_after": False, "K_after": None,
    }  # fmt: skip
    assert afterwards({"software": "V1"}) == []


@given(st.text(max_size=40))
def test_nothing_said_breaks_a_comparison(said: str) -> None:
    for one in against(parse_type(TYPE, "type.toml"), {"type_approval": said, "software": said, "K": said}):
        assert one.agrees in (True, False, None)
        assert one.what in WHAT


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('approval = "2019F123-44"', "", "line 1: type file: expected the key 'approval'"),
        ("k_low = 95", "k_low = 195", "line 5: .*k_low expected up to k_high = 105"),
        ("k_low = 95\n", "", "k_low and k_high expected together"),
        ("verified = false", "verified = true", "verified expected false unless grade is V"),
        ('checksum = "77AA"', "sum = 1", "line 13: software: .*unknown key 'sum'"),
        ('family = "dispenser"', 'family = "elevator"', "family expected one of"),
        ("[[software]]\nversion = \"V3.11\"\nchecksum = \"77AA\"\n\n[[software]]\nversion = \"V3.12\"\n", "software = []", "1 to 50"),
    ],
)  # fmt: skip
def test_a_type_file_that_is_wrong_is_told_by_its_line(old: str, new: str, why: str) -> None:
    assert old in TYPE
    with pytest.raises(AcceptanceError, match=why):
        parse_type(TYPE.replace(old, new), "type.toml")


def bench_with(folder: Path, text: str) -> Path:
    built_in = find("dispenser-k2").text
    path = folder / "bench.toml"
    path.write_text(built_in.replace("[instrument]\n", '[instrument]\ntype_file = "type.toml"\n'), "utf-8")
    (folder / "type.toml").write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(("text", "agrees"), [(TYPE, True), (TYPE.replace("2019F123-44", "2019F123-99"), False)])
def test_a_difference_stands_in_the_verdict_and_accuses_of_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, agrees: bool
) -> None:
    monkeypatch.setattr(inspection, "Progress", lambda *_: lambda *step: None)
    bench = load(bench_with(tmp_path, text))
    done = inspection.inspect(
        "dispenser-raid", bench, tmp_path / "case", world=world(bench, None, 1), draw_seed="0123456789abcdef" * 2
    )
    assert done.document["integrity"] == "no_evidence"
    (tmp_path / "type.toml").unlink()
    again: dict[str, Any] = dict(judge_journal(tmp_path / "case" / "data" / "journal"))
    own = again["identity"]
    assert (own["type"], own["verified"]) == ("sim-2", False)
    told = {one["what"]: one["agrees"] for one in own["compared"]}
    assert told["type_approval"] is agrees
    assert told["event_counter_after"] is True
    said = verdict_text(again)
    assert "unverified" in said
    assert ("type approval: DIFFERS: expected 2019F123-99, got 2019F123-44" in said) is not agrees
    monkeypatch.setenv("SHORTMEASURE_LANG", "zh")
    assert ("型式批准：不一致" in verdict_text(again)) is not agrees


def test_a_type_file_that_is_not_there_or_is_none_stops_before_anything_is_made(tmp_path: Path) -> None:
    path = bench_with(tmp_path, "id = 1")
    bench = load(path)
    with pytest.raises(AcceptanceError, match=r"type\.toml, line 1"):
        inspection.inspect("dispenser-raid", bench, tmp_path / "case", world=world(bench, None, 1))
    assert not (tmp_path / "case").exists()
    (tmp_path / "type.toml").unlink()
    with pytest.raises(BenchError, match="expected a type file, but it cannot be read"):
        load(path)
