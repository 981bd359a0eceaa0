"""A run at a scale is cut while keys are pressed: nobody presses them twice unasked, and nobody is told of nozzles."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from captures.journal import read_lines
from harness.benches import find, world
from harness.plans import PlanSpec, blocks
from harness.plans.ability import Ability
from harness.plans.price_scale_raid import odd, scale_of
from harness.plans.weighings import press, weigh
from harness.step import Confirm, Phase, Plan

if sys.platform == "win32":
    pytest.skip("a program is killed by a signal", allow_module_level=True)
from benchmarks.kill_runs import Kill, trial

S = 1_000_000_000


def _steps(can: Ability) -> Plan:
    yield from blocks.before()
    yield from blocks.badge()
    yield Confirm("safety", "Nothing lies on the scale")
    yield Phase("bench", "as received, then keys")
    yield from blocks.identity(blocks.SCALE)
    yield from odd(can, "B")
    yield from weigh(can, "L1", scale_of(can).load("1.19"))
    yield from press(can, "L1", ("2", "1"))
    yield from press(can, "L1", ("3",))
    yield from blocks.preservation()
    yield from blocks.identity_again(blocks.SCALE)
    yield from blocks.closing("Everything taken off the scale; it is sealed unchanged and handed over")


PLAN = PlanSpec("keys", "price-scale", frozenset({"display"}), _steps, "for tests only")
Lines = list[dict[str, Any]]


def _run(folder: Path, kills: list[Kill]) -> Lines:
    bench = find("price-scale-k0")
    done = trial(PLAN, bench, world(bench, None, 3), folder, kills, [20 * S] * len(kills))
    assert done.document["run"] == ["complete", ""]
    return [dict(line.body) for line in read_lines(folder / "case" / "data" / "journal")]


@cache
def _keys_ns() -> int:
    """When the first keys are asked for."""
    with TemporaryDirectory() as folder:
        lines = _run(Path(folder), [])
    return next(int(one["t_ns"]) for one in lines if one["kind"] == "step" and one["step"]["type"] == "Keys")


def _asked(lines: Lines) -> str:
    return "".join(
        str(read[1]) for one in lines if one["kind"] == "wire" and one["dir"] == "tx" for read in one["reads"]
    )


@pytest.mark.parametrize(("after_ms", "asked"), [(1000, True), (4000, False)])
def test_keys_that_were_pressed_are_not_pressed_again(tmp_path: Path, after_ms: int, asked: bool) -> None:
    """Cut while the officer was pressing he says that he did; cut afterwards it is on record."""
    lines = _run(tmp_path, [Kill(t_ns=_keys_ns() + after_ms * 1_000_000)])
    marks = [one["mark"] for one in lines if one["kind"] == "mark" and str(one["mark"]).startswith("press-")]
    assert marks == ["press-2", "press-1", "press-3"]
    told = _asked(lines)
    assert told.count('"verb": "keys"') == 2
    assert ("was_done" in told) is asked


def test_who_goes_on_is_told_what_has_to_lie_on_the_scale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHORTMEASURE_LANG", "en")
    told = _asked(_run(tmp_path, [Kill(t_ns=_keys_ns() + 4 * S)]))
    assert "On the scale has to lie what lay there then: 1.19 kg" in told
    assert "nozzle" not in told
    assert "on record so far" not in told  # keys are steps of their own, no remotes that were left on
    assert '"what": "display"' not in told  # volume and amount, which no scale shows
