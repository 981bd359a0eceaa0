"""Runs on a bench that drives the dispenser itself, and remotes that were pressed: cut, resumed, and the same verdict."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from captures.journal import read_lines
from fixtures.benchfile import BenchFile, parse
from harness.benches import find, world
from harness.derive import read_recorded, segments
from harness.plans import PlanSpec, blocks
from harness.plans.ability import Ability
from harness.plans.sale import read_out, sale
from harness.step import Confirm, Deliver, Inquire, Phase, Plan, Press, Read

if sys.platform == "win32":
    pytest.skip("a program is killed by a signal", allow_module_level=True)
from benchmarks.kill_runs import Kill, Trial, checked, gaps, trial

SECOND_NS = 1_000_000_000
VOLUME_L = "5.30"
Verdict = tuple[dict[str, Any], tuple[Mapping[str, Any], ...]]


def _steps(can: Ability, inside: bool) -> Plan:
    yield from blocks.before()
    yield from blocks.badge()
    yield Confirm("safety", "Vessels earthed, extinguisher at hand")
    yield Phase("bench", "as received, then with the remote")
    yield from blocks.identity()
    yield Read("totaliser", "start")
    for n in (1, 2, 3):
        yield from sale(can, f"B{n}", VOLUME_L)
    yield Inquire("remote", "Officer who presses the seized remote", private=True)
    if inside:
        yield Deliver("R0", Decimal(VOLUME_L), press_at_l=Decimal("2.50"))
        yield from read_out(can, "R0")
    else:
        yield Press("remote")
    for n in (1, 2, 3):
        yield from sale(can, f"R{n}", VOLUME_L)
    yield from blocks.preservation()
    yield from blocks.identity_again()
    yield from blocks.closing("Litres returned to the tank of their grade; dispenser left unchanged")


def plan(inside: bool = False) -> PlanSpec:
    return PlanSpec("pressed", "dispenser", frozenset({"display"}), lambda can: _steps(can, inside), "for tests only")


def bench(by_hand: bool = False) -> BenchFile:
    """Kit K3; `by_hand`: its relay has no contact at the remote, an officer presses it."""
    file = find("dispenser-k3")
    return parse(file.text.replace('\nremote = "relay"', ""), file.where) if by_hand else file


@cache
def uninterrupted(cheat: str, *, inside: bool = False, by_hand: bool = False) -> Verdict:
    """The verdict of a run that nobody killed, and its bodies."""
    file = bench(by_hand)
    with TemporaryDirectory() as folder:
        done = trial(plan(inside), file, world(file, cheat or None, 3), Path(folder), [], [])
        return dict(done.document), tuple(bodies(Path(folder)))


def bodies(folder: Path) -> list[Mapping[str, Any]]:
    return [line.body for line in read_lines(folder / "case" / "data" / "journal")]


def begun(lines: tuple[Mapping[str, Any], ...] | list[Mapping[str, Any]], kind: str, label: str = "") -> int:
    """When the first step of that kind began."""
    return next(
        int(body["t_ns"]) for body in lines
        if body["kind"] == "step" and body["step"]["type"] == kind and label in ("", body["step"].get("label"))
    )  # fmt: skip


def killed(folder: Path, cheat: str, t_ns: int, *, inside: bool = False, by_hand: bool = False) -> Trial:
    file = bench(by_hand)
    done = trial(plan(inside), file, world(file, cheat or None, 3), folder, [Kill(t_ns=t_ns)], [20 * SECOND_NS])
    assert done.starts[0].killed
    return done


@pytest.mark.parametrize(
    ("cheat", "label", "into_s"),
    [("", "B2", 2), ("", "R1", 7), ("fuel.C09", "B3", 5), ("fuel.C09", "R1", 7), ("fuel.C09", "R3", 2)],
)
def test_a_delivery_that_the_bench_drives_is_cut_and_begins_anew(
    tmp_path: Path, cheat: str, label: str, into_s: int
) -> None:
    expected, lines = uninterrupted(cheat)
    assert (expected["integrity"] == "proven") is bool(cheat)
    done = killed(tmp_path, cheat, begun(lines, "Deliver", label) + into_s * SECOND_NS)
    assert checked(tmp_path, bench(), done, expected) == []
    [gap] = gaps(tmp_path / "case")
    assert (gap["cut"]["step"]["type"], gap["cut"]["step"]["label"]) == ("Deliver", label)
    assert done.document["history"]["superseded"][0]["step"] == f"Deliver {label}"
    found = segments(read_recorded(tmp_path / "case" / "data" / "journal"))
    assert [s.id for s in found] == ["B1", "B2", "B3", "R1", "R2", "R3"]
    assert all(s.complete and {"encoder.A", "board.A"} <= set(s.trains) for s in found)


def pressed(lines: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [body for body in lines if body["kind"] == "mark" and body["mark"] == "press-remote"]


@pytest.mark.parametrize("after_ms", [0, 70, 290])
def test_a_remote_that_a_relay_was_pressing_is_not_pressed_again(tmp_path: Path, after_ms: int) -> None:
    """The record shows the closed relay: nobody is asked, and a function that the press switched on stays on."""
    expected, lines = uninterrupted("fuel.C09")
    done = killed(tmp_path, "fuel.C09", begun(lines, "Press") + after_ms * 1_000_000 + 1_000_000)
    assert checked(tmp_path, bench(), done, expected) == []
    mine = bodies(tmp_path)
    assert sum(body["kind"] == "pressed" for body in mine) == 1
    [mark] = pressed(mine)
    [gap] = gaps(tmp_path / "case")
    assert mark["t_ns"] + mark["u_ns"] == gap["from_ns"]
    assert not any("was_done" in str(body.get("said")) for body in mine)
    found = {s.id: s for s in segments(read_recorded(tmp_path / "case" / "data" / "journal"))}
    assert found["R1"].context["events"] == ("press-remote",)
    assert found["B3"].context["events"] == ()


def test_a_press_inside_a_delivery_that_begins_anew_was_a_press(tmp_path: Path) -> None:
    """The delivery that does not stand switched it on, the one that stands off: neither is hidden."""
    _, lines = uninterrupted("fuel.C09", inside=True)
    at = next(int(body["t_ns"]) for body in lines if body["kind"] == "pressed")
    done = killed(tmp_path, "fuel.C09", at + 200_000_000, inside=True)
    assert done.document["run"] == ["complete", ""]
    mine = bodies(tmp_path)
    marks = pressed(mine)
    assert [body["t_ns"] == at for body in marks] == [True, False]
    asked = [body for body in mine if body["kind"] == "wire" and body["link"] == "operator" and body["dir"] == "tx"]
    assert "presses of the remote on record so far: 1" in "".join(
        text for body in asked for _, text, *_ in body["reads"]
    )
    found = {s.id: s for s in segments(read_recorded(tmp_path / "case" / "data" / "journal"))}
    assert found["R0"].context["events"] == ("press-remote", "press-remote")
    attempts = [one["step"] for one in done.document["history"]["superseded"]]
    assert attempts == ["Deliver R0"]


@pytest.mark.parametrize(("into_s", "again"), [(-1, False), (0.5, True)])
def test_a_remote_pressed_by_hand_leaves_its_mark_after_a_cut(tmp_path: Path, into_s: float, again: bool) -> None:
    """Cut while the officer was at it: he says that he did it, and every sale behind it counts as one with a key worked."""
    expected, lines = uninterrupted("fuel.C09", by_hand=True)
    assert expected["integrity"] == "proven"
    done = killed(tmp_path, "fuel.C09", begun(lines, "Press") + int(into_s * SECOND_NS), by_hand=True)
    assert checked(tmp_path, bench(by_hand=True), done, expected) == []
    mine = bodies(tmp_path)
    [mark] = pressed(mine)
    assert bool(mark["payload"].get("after_cut")) is again
    if again:
        assert mark["source"] == "operator"
        assert mark["t_ns"] == begun(lines, "Press")
        assert [one["step"] for one in done.document["history"]["taken_as_done"]] == ["Press remote"]
    found = {s.id: s for s in segments(read_recorded(tmp_path / "case" / "data" / "journal"))}
    assert found["R1"].context["events"] == ("press-remote",)
