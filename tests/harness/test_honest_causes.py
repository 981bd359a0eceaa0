"""Whole honest inspections with one honest cause each: none of them may become `proven`."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import harness.derive as derive
import harness.inspection as inspection
import harness.judging as judging
from captures.model import PulseTrain, Register, frozen_int64
from fixtures.benchfile import parse
from fixtures.sim.build import build
from fixtures.sim.encoder import Edges
from fixtures.sim.honest import EFFECTS, declared, undeclared
from fixtures.sim.mechanisms import CheatPart, CheatSpec, PulseAdder, Trigger, TriggerKind
from fixtures.sim.plant import Block, Plant
from fixtures.sim.pulse_line import PulseLine
from fixtures.sim.till import Till
from harness.benches import find, scenario, with_profile
from harness.catalogue import load_causes
from harness.judge.contract import Segment, SegmentKind
from harness.report.text import verdict_text

Patch = pytest.MonkeyPatch
CATALOGUE = Path(__file__).parents[2] / "harness" / "catalogue"
REFERENCE_FROM_NS = 150_000_000_000  # phase A is over by then


@pytest.fixture(autouse=True)
def quiet(monkeypatch: Patch) -> None:
    monkeypatch.setattr(inspection, "Progress", lambda *_: lambda *step: None)


def inspected(
    case: Path, kit: str, seed: int = 1, declared: tuple[str, str] = ("", ""), **changes: Any
) -> dict[str, Any]:
    bench = find(f"dispenser-{kit.lower()}")
    if declared[0]:
        assert declared[0] in bench.text
        bench = parse(bench.text.replace(*declared), "edited")
    world = build(replace(scenario(bench, None, seed), **changes))
    plan = "dispenser-bench" if kit == "K3" else "dispenser-raid"
    return dict(inspection.inspect(plan, bench, case, world=world).document)


def seen_otherwise(monkeypatch: Patch, change: Callable[[Segment], Segment]) -> None:
    """The bench saw every segment as `change` makes it."""
    derived = derive.segments
    monkeypatch.setattr(judging, "segments", lambda recorded: [change(segment) for segment in derived(recorded)])


def honest(document: dict[str, Any], worst: tuple[str, ...] = ("no_evidence", "inconclusive")) -> None:
    assert document["status"] == "complete"
    assert document["integrity"] in worst, verdict_text(document)


def _dilated(segment: Segment, cycles: int) -> Segment:
    """The hose gives way before the board zeroes: whole cycles at encoder and board ahead of the sale."""
    if segment.kind is not SegmentKind.DELIVERY or "encoder.A" not in segment.trains:
        return segment
    trains = dict(segment.trains)
    for station, late in (("encoder", 0), ("board", 3)):
        a, b = trains[f"{station}.A"], trains[f"{station}.B"]
        assert a.levels is not None
        assert b.levels is not None
        turn = [(int(t), "A", int(x)) for t, x in zip(a.ticks[:4], a.levels[:4], strict=True)]
        turn += [(int(t), "B", int(x)) for t, x in zip(b.ticks[:4], b.levels[:4], strict=True)]
        first = sorted(turn)[:4]
        begin = first[0][0] - 200_000
        for name, train in (("A", a), ("B", b)):
            added = [
                (begin - (cycles - k) * 40_000 + j * 10_000 + late, level)
                for k in range(cycles)
                for j, (_, channel, level) in enumerate(first)
                if channel == name
            ]
            trains[f"{station}.{name}"] = _ahead(train, added)
    return replace(segment, trains=trains)


def _ahead(train: PulseTrain, added: list[tuple[int, int]]) -> PulseTrain:
    assert train.levels is not None
    ticks = np.concatenate([np.array([t for t, _ in added], dtype=np.int64), train.ticks])
    levels = np.concatenate([np.array([x for _, x in added], dtype=np.uint8), train.levels]).astype(np.uint8)
    return replace(train, ticks=frozen_int64(ticks), levels=levels)


def test_hose_dilation_before_the_register_zeroes(tmp_path: Path, monkeypatch: Patch) -> None:
    seen_otherwise(monkeypatch, lambda segment: _dilated(segment, 2))
    honest(inspected(tmp_path / "case", "K3"))


@pytest.mark.parametrize("decoding", [4, 1])
def test_bursts_on_the_line_of_the_board(tmp_path: Path, monkeypatch: Patch, decoding: int) -> None:
    rng = np.random.default_rng(7)
    clean = PulseLine.pass_on

    def noisy(line: PulseLine, edges: Edges, start_ns: int, end_ns: int, supplied: bool) -> Edges:
        passed = clean(line, edges, start_ns, end_ns, supplied)
        if rng.random() >= 0.005:  # of a block of 50 ms: every 10 s
            return passed
        begin = end_ns - 50_000_000 + int(rng.integers(5_000_000, 40_000_000))
        k = int(np.searchsorted(passed.times_ns, begin))
        times = begin + np.arange(6, dtype=np.int64) * 60_000
        if not 0 < k < len(passed) or times[-1] >= passed.times_ns[k]:
            return passed
        level = int(passed.states[k - 1])
        states = np.tile(np.array([level ^ 1, level], dtype=passed.states.dtype), 3)
        return Edges(
            np.concatenate([passed.times_ns[:k], times, passed.times_ns[k:]]),
            np.concatenate([passed.states[:k], states, passed.states[k:]]),
        )

    monkeypatch.setattr(PulseLine, "pass_on", noisy)
    declared = ('decoding = "x4"', 'decoding = "x1"') if decoding == 1 else ("", "")
    honest(inspected(tmp_path / "case", "K3", declared=declared, decoding=decoding))


@pytest.mark.parametrize("kit", ["K1", "K2"])
def test_the_price_is_changed_in_the_middle(tmp_path: Path, monkeypatch: Patch, kit: str) -> None:
    started = Till.__init__

    def init(till: Till, world: Any, *rest: Any) -> None:
        started(till, world, *rest)
        world.after(250_000_000_000, lambda: setattr(till, "_price", till._price - 10))

    monkeypatch.setattr(Till, "__init__", init)
    honest(inspected(tmp_path / "case", kit))


def _cut(segment: Segment) -> Segment:
    """The polls that carry the final value were not heard, nor was the end."""
    registers = dict(segment.registers)
    for name in ("register", "register_amount"):
        own: Register | None = registers.get(name)
        if own is not None:
            keep = [i for i, value in enumerate(own.values) if value != own.values[-1]]
            if keep:
                registers[name] = replace(
                    own,
                    times_ns=frozen_int64(own.times_ns[keep]),
                    u_ns=frozen_int64(own.u_ns[keep]),
                    values=tuple(own.values[i] for i in keep),
                )
    return replace(segment, registers=registers, context=dict(segment.context) | {"wire_end": False})


@pytest.mark.parametrize("kit", ["K1", "K2"])
def test_the_last_polls_of_every_sale_are_lost(tmp_path: Path, monkeypatch: Patch, kit: str) -> None:
    seen_otherwise(monkeypatch, _cut)
    honest(inspected(tmp_path / "case", kit))


@pytest.mark.parametrize("heard", [True, None])
@pytest.mark.parametrize("kit", ["K0", "K1", "K2"])
def test_another_customer_between_the_totals(tmp_path: Path, monkeypatch: Patch, kit: str, heard: bool | None) -> None:
    def other(segment: Segment) -> Segment:
        own = segment.registers.get("totaliser")
        if own is None or segment.id not in ("A1", "A2", "A3", "B1", "C1", "C2"):
            return segment
        values = (own.values[0] - Decimal("21.37"), *own.values[1:])
        registers = dict(segment.registers) | {"totaliser": replace(own, values=values)}
        return replace(segment, registers=registers, context=dict(segment.context) | {"foreign_sale": heard})

    seen_otherwise(monkeypatch, other)
    honest(inspected(tmp_path / "case", kit))


def test_the_reference_drifts_from_phase_b_on(tmp_path: Path, monkeypatch: Patch) -> None:
    steady = Plant.run

    def run(plant: Plant, start_ns: int, blocks: int = 1) -> Block:
        drawn = plant.drawn
        if start_ns > REFERENCE_FROM_NS:
            plant.drawn = replace(drawn, reference_error=drawn.reference_error + 0.01)
        try:
            return steady(plant, start_ns, blocks)
        finally:
            plant.drawn = drawn

    monkeypatch.setattr(Plant, "run", run)
    honest(inspected(tmp_path / "case", "K2"), ("no_evidence", "inconclusive", "suspect"))


def test_a_k_declared_wrongly(tmp_path: Path) -> None:
    declared = ('pulses_per_litre = "100"', 'pulses_per_litre = "101"')
    honest(inspected(tmp_path / "case", "K3", declared=declared), ("no_evidence", "inconclusive", "suspect"))


def test_an_adder_on_the_one_channel_that_counts_is_one_finding(tmp_path: Path) -> None:
    cheat = CheatSpec("own", (CheatPart(Trigger(TriggerKind.ALWAYS), PulseAdder(0.05, single_channel=True)),))
    declared = ('decoding = "x4"', 'decoding = "x1"')
    document = inspected(tmp_path / "case", "K3", declared=declared, decoding=1, cheat=cheat)
    proven = [finding for finding in document["findings"] if finding["level"] == "proven"]
    assert [finding["link"] for finding in proven] == ["encoder>board"], verdict_text(document)
    assert "fuel.C09" in proven[0]["catalogue_ids"]


@pytest.mark.parametrize("seed", range(1, 6))
@pytest.mark.parametrize("kit", ["K0", "K2"])
def test_misread_digits_fail_no_instrument(tmp_path: Path, kit: str, seed: int) -> None:
    document = inspected(tmp_path / "case", kit, seed, reading_error_rate=0.03)
    assert document["conformity"] != "fail", verdict_text(document)
    assert document["integrity"] != "proven", verdict_text(document)


AT_THE_DISPENSER = [name for name, effect in EFFECTS.items() if effect.place in ("wet", "pulses", "board")]
WITH_PAPERS = [name for name in AT_THE_DISPENSER if EFFECTS[name].declares]


def _site(case: Path, kit: str, seed: int, effect: str, papers: bool) -> dict[str, Any]:
    bench = find(f"dispenser-{kit.lower()}")
    world = build(scenario(bench, None, seed, honest=(effect,)))
    stated = declared((effect,)) if papers else undeclared((effect,))
    plan = "dispenser-bench" if kit == "K3" else "dispenser-raid"
    return dict(inspection.inspect(plan, with_profile(bench, stated), case, world=world).document)


def _names_the_cause(document: dict[str, Any], effect: str) -> None:
    """Never `proven`; a suspicion says that what acted here has not been excluded."""
    assert document["status"] == "complete", document["why"]
    assert document["integrity"] != "proven", verdict_text(document)
    ids = {cause.cause: set(cause.ids) for cause in load_causes()}
    for finding in document["findings"]:
        if finding["level"] == "suspect":
            said = {name for one in finding["explanations"] if not one["excluded_by"] for name in ids[one["cause"]]}
            assert said & set(EFFECTS[effect].causes), verdict_text(document)


# every effect at two of three kits in turn; all of them, alone and in pairs: benchmarks/inspections.py honest
SITES = [
    (effect, kit)
    for number, effect in enumerate(AT_THE_DISPENSER)
    for turn, kit in enumerate(("K0", "K2", "K3"))
    if (number + turn) % 3
]


@pytest.mark.parametrize(("effect", "kit"), SITES)
def test_a_site_with_one_honest_effect(tmp_path: Path, effect: str, kit: str) -> None:
    _names_the_cause(_site(tmp_path / "case", kit, 1, effect, papers=True), effect)


@pytest.mark.parametrize("kit", ["K2", "K3"])
@pytest.mark.parametrize("effect", WITH_PAPERS)
def test_incomplete_papers_accuse_nobody(tmp_path: Path, effect: str, kit: str) -> None:
    document = _site(tmp_path / "case", kit, 2, effect, papers=False)
    assert document["integrity"] in ("no_evidence", "inconclusive"), verdict_text(document)


def test_every_effect_is_listed_among_the_causes() -> None:
    files = (tomllib.loads((CATALOGUE / f"causes_{name}.toml").read_text("utf-8")) for name in ("fuel", "gas"))
    listed = {name for file in files for cause in file["cause"] for name in cause.get("ids", ())}
    assert {name for effect in EFFECTS.values() for name in effect.causes} == listed
