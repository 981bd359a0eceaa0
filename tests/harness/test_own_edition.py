"""A laboratory's own acceptance edition beside its bench file: used, kept in the case, judged again without the file."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

import harness.inspection as inspection
from captures.journal import read_lines
from fixtures.benchfile import from_header, kept, load
from fixtures.errors import BenchError
from harness.benches import find, world
from harness.catalogue import load_self_lock
from harness.changes import Change, changes, plan_record, refuse_other_instrument
from harness.editions import JUDGED_BY, edition, edition_of, names, text_of
from harness.judging import judge_journal
from protocols.acceptance import AcceptanceError, parse
from protocols.acceptance.compared import Read, compared

LOTS = "0123456789abcdef" * 2


@pytest.fixture
def bench_path(tmp_path: Path) -> Path:
    """The built-in K2 bench, its edition replaced by a file in which the limit is verified."""
    built_in = find("dispenser-k2")
    text, where = text_of(built_in.edition)
    mpe = parse(text, where).limit("mpe").value
    own = compared(text, where, {"mpe": Read(mpe, "5.1")}, "Li Wei", "print", "2026-01-01")
    (tmp_path / "ours.toml").write_text(own, "utf-8")
    path = tmp_path / "bench.toml"
    path.write_text(built_in.text.replace(f'edition = "{built_in.edition}"', 'edition = "ours.toml"'), "utf-8")
    return path


def test_the_edition_is_kept_in_the_case_and_judged_again_without_its_file(
    bench_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspection, "Progress", lambda *_: lambda *step: None)
    bench = load(bench_path)
    assert edition_of(bench).limit("mpe").verified
    done = inspection.inspect("dispenser-raid", bench, tmp_path / "case", world=world(bench, None, 1), draw_seed=LOTS)
    assert done.document["status"] == "complete", done.document["why"]
    (tmp_path / "ours.toml").unlink()
    header = next(line.body for line in read_lines(tmp_path / "case" / "data" / "journal"))
    assert header["limits"]["verified"]["mpe"] is True
    assert header["limits"]["sha256"] is not None
    assert edition_of(from_header(header, "case")).limit("mpe").compared == "Li Wei, 2026-01-01, print"
    again = judge_journal(tmp_path / "case" / "data" / "journal")
    for key in ("conformity_detail", "findings", "integrity", "status"):
        assert json.dumps(again[key], default=str) == json.dumps(done.document[key], default=str), key
    assert again["conformity_detail"]["clause"] == "5.1"


def test_another_edition_is_a_change_and_no_run_goes_on_with_it(bench_path: Path) -> None:
    bench = load(bench_path)
    header = {"bench": bench.text, "edition_text": bench.edition_text}
    other = replace(bench, edition_text=bench.edition_text.replace("0.003", "0.004"))
    assert "edition" in {change.what.split(",")[0] for change in changes(header, [], other)}
    with pytest.raises(BenchError, match="acceptance edition"):
        refuse_other_instrument(bench, other)
    refuse_other_instrument(bench, bench)


def test_every_file_beside_the_bench_file_is_compared_line_by_line(bench_path: Path) -> None:
    bench = replace(load(bench_path), type_file="type.toml", type_text='id = "sim-2"\ngrade = "P"\n')
    header = {**kept(bench), **plan_record([])}
    assert changes(header, [], bench) == []
    graded = replace(bench, type_text=bench.type_text.replace("P", "C"))
    assert changes(header, [], graded) == [Change("type file, line 2", 'grade = "P"', 'grade = "C"')]
    alone = replace(bench, type_file="", type_text="")
    assert [(one.what, one.got) for one in changes(header, [], alone)] == [
        ("type file, line 1", ""),
        ("type file, line 2", ""),
    ]
    other = replace(bench, edition_text=bench.edition_text.replace("0.003", "0.004"))
    assert {one.what.split(",")[0] for one in changes(header, [], other)} == {"edition"}


def test_an_edition_that_is_not_there_or_is_none_is_told(bench_path: Path) -> None:
    own = bench_path.parent / "ours.toml"
    own.write_text("id = 1", "utf-8")
    with pytest.raises(AcceptanceError, match=r"ours\.toml, line 1"):
        edition_of(load(bench_path))
    own.write_bytes(b"\xff")
    with pytest.raises(BenchError, match="UTF-8"):
        load(bench_path)
    own.unlink()
    with pytest.raises(BenchError, match="expected an acceptance edition, but it cannot be read"):
        load(bench_path)
    with pytest.raises(BenchError, match=r"expected the text of ours\.toml"):
        edition_of(replace(find("dispenser-k2"), edition="ours.toml"))


@pytest.mark.parametrize("bench", ["price-scale-k0", "dispenser-k2"])
def test_an_edition_that_limits_nothing_is_refused_before_anything_is_measured(bench: str) -> None:
    lacking = "got jjf2184-2025, which has no steps of the maximum permissible error, zero-tracking; shortmeasure acceptance show"
    with pytest.raises(BenchError, match=lacking):
        edition_of(replace(find(bench), edition="jjf2184-2025"))


@pytest.mark.parametrize("family", ["dispenser", "gas-dispenser", "taximeter"])
def test_an_edition_of_ones_own_needs_the_limits_that_its_family_is_judged_by(family: str) -> None:
    text = next(text_of(name)[0] for name in names() if edition(name).family == family)
    text = re.split(r"\n\[\[(?:condition|equipment|test)\]\]", text)[
        0
    ]  # limits alone: what names a limit has to have it
    for id in JUDGED_BY.get(family, ("mpe",)):
        own = replace(
            find("dispenser-k2"), edition="ours.toml", edition_text=text.replace(f'id = "{id}"\n', 'id = "other"\n')
        )
        with pytest.raises(BenchError, match=f"which has no {id};"):
            edition_of(own)


@pytest.mark.parametrize("name", ["jjg443-2015", "jjg443-2023"])
def test_the_self_lock_is_judged_by_the_counts_of_the_edition(name: str) -> None:
    own, rules = edition(name), {rule.code: rule for rule in load_self_lock()}
    assert float(own.limit("self-lock").value) == rules["64"].limit_rel
    assert int(own.limit("self-lock-abnormal").value) == rules["64"].sales
    assert int(own.limit("self-lock-strange").value) == rules["63"].sales
