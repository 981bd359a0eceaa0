"""Surveys of a station that were cut: at its second instrument, between two, and inside the lot, which is drawn once."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from captures.case import verify_case
from captures.errors import IntegrityError
from captures.journal import read_lines
from captures.layout import SEED as FILE
from fixtures.sim.remote import RemoteWorld
from fixtures.sim.world import World
from harness.benches import find, world
from harness.draw import commitment
from harness.inspection import Inspection, inspect, resume
from harness.plans import PlanSpec, blocks
from harness.plans.ability import Ability
from harness.plans.site_survey import _measured, _survey
from harness.software import software
from harness.step import Confirm, Instrument, Plan

if sys.platform == "win32":
    pytest.skip("a program is killed by a signal", allow_module_level=True)
from benchmarks.kill_runs import Kill, Start, gaps, program, told

SECOND_NS = 1_000_000_000
SITE = find("site-k0")
CHEAT = "fuel.C09@N4"
SEED = "06" * 16  # draws N4 and N1
WORLD = 4  # its errors lie far inside the limit: a sale that begins anew is read with other reading errors
OTHER_SEED = "0b" * 16  # N1 and N3: what a start of the program that forgot would draw
# each start of the program is given its own seed, as fresh ones are on a real bench: the lots must not follow from it


def _steps(can: Ability) -> Plan:
    """The survey of `site-survey` without the raid on the chosen."""
    assert can.site is not None
    yield from blocks.before()
    yield Confirm("safety", "Lane closed off, extinguisher at hand")
    for one in (yield from _measured(can.site)):
        yield from _survey(one)
    yield Instrument("")
    yield from blocks.badge()
    yield from blocks.closing("Fuel returned by grade to its tank; every instrument left as it was found")


SURVEY = PlanSpec("survey", "dispenser", frozenset({"reference", "display"}), _steps, "for tests only", site=True)


def run_killed(folder: Path, kills: Sequence[Kill]) -> tuple[World, list[Start]]:
    """A survey killed by each of `kills` in turn; the last start ends it."""
    software()  # hashed once, here: every child inherits it
    site, case, out = world(SITE, CHEAT, WORLD), folder / "case", folder / "document.json"
    starts = []
    for number, kill in enumerate([*kills, Kill()]):

        def act(remote: RemoteWorld, number: int = number) -> Inspection:
            if number:
                return resume(case, plan=SURVEY, world=remote, lifelike=True, draw_seed=OTHER_SEED)
            return inspect(SURVEY, SITE, case, world=remote, lifelike=True, draw_seed=SEED)

        starts.append(program(site, act, kill, out))
        assert starts[-1].killed or starts[-1].code == 0, out.with_suffix(".error").read_text("utf-8")
        until_ns = site.now_ns + 20 * SECOND_NS
        while starts[-1].killed and site.now_ns < until_ns:
            site.advance(until_ns)
    assert [start.killed for start in starts] == [True] * len(kills) + [False]
    return site, starts


def bodies(folder: Path) -> list[Mapping[str, Any]]:
    return [line.body for line in read_lines(folder / "case" / "data" / "journal")]


def document(folder: Path) -> dict[str, Any]:
    import json

    return dict(json.loads((folder / "document.json").read_text("utf-8")))


@cache
def uninterrupted() -> tuple[dict[str, Any], tuple[Mapping[str, Any], ...]]:
    with TemporaryDirectory() as folder:
        run_killed(Path(folder), [])
        return document(Path(folder)), tuple(bodies(Path(folder)))


def site_told(found: Mapping[str, Any]) -> dict[str, Any]:
    """What a cut survey and an uninterrupted one must agree in: the site, its lots, and each instrument."""
    each = {one["instrument"]: told({**one, "run": [one["status"]]}) for one in found["instruments"]}
    return {
        "site": [found[key] for key in ("status", "conformity", "integrity", "not_measured")],
        "draw": found["draw"],
        "instruments": each,
    }


def kinds(kind: str, label: str = "", at: str = "") -> list[Mapping[str, Any]]:
    """Steps of the uninterrupted survey, in order."""
    return [
        body for body in uninterrupted()[1]
        if body["kind"] == "step" and body["step"]["type"] == kind and label in ("", body["step"].get("label"))
        and at in ("", body.get("instrument"))
    ]  # fmt: skip


def checked(folder: Path) -> list[Mapping[str, Any]]:
    """The steps of the resumed survey, after it was found to be what nobody cut."""
    expected, got = site_told(uninterrupted()[0]), site_told(document(folder))
    assert got == expected
    assert verify_case(folder / "case").complete
    assert not (folder / "case" / FILE).exists()
    return [body for body in bodies(folder) if body["kind"] == "step"]


def test_the_uninterrupted_survey_shows_the_one_that_cheats() -> None:
    found = site_told(uninterrupted()[0])
    assert found["draw"]["seed"] == SEED
    assert "N4" in found["draw"]["drawn"]
    assert found["instruments"]["N4"]["conformity"] == "fail"
    assert all(found["instruments"][id]["conformity"] != "fail" for id in found["instruments"] if id != "N4")


@pytest.mark.parametrize("at", [1, 2])
@pytest.mark.parametrize(("kind", "label"), [("Deliver", "V1"), ("Weigh", "V1"), ("Shut", "VS")])
def test_a_survey_cut_at_a_later_instrument_goes_on_there(tmp_path: Path, at: int, kind: str, label: str) -> None:
    id = [body["step"]["id"] for body in kinds("Instrument")][at]
    [begun] = kinds(kind, label, id)
    run_killed(tmp_path, [Kill(t_ns=begun["t_ns"] + 6 * SECOND_NS)])
    steps = checked(tmp_path)
    [gap] = gaps(tmp_path / "case")
    assert gap["cut"]["step"]["type"] == kind
    again = [body for body in steps if body["attempt"] > 1]
    assert {body.get("instrument") for body in again} == {id}
    registers = [body for body in bodies(tmp_path) if body["kind"] == "registers"]
    assert [body.get("instrument") for body in registers] == [id]  # whose totaliser was read is not left open


@pytest.mark.parametrize("into_s", [-0.5, 0.5, 5.0])
def test_a_survey_cut_between_two_instruments_walks_on(tmp_path: Path, into_s: float) -> None:
    walk = kinds("Instrument")[1]
    run_killed(tmp_path, [Kill(t_ns=walk["t_ns"] + int(into_s * SECOND_NS))])
    steps = checked(tmp_path)
    sales = [(body.get("instrument"), body["step"]["label"]) for body in steps if body["step"]["type"] == "Deliver"]
    assert len(sales) == len(set(sales))  # none begins anew: each was hung up and read before the walk
    walks = [body["step"]["id"] for body in steps if body["step"]["type"] == "Instrument"]
    assert walks.count(walk["step"]["id"]) == (1 if into_s < 0 else 2)


def outcome_record(kind: str) -> int:
    """How many lines the journal of the uninterrupted survey holds up to the outcome of the first such step."""
    lines = uninterrupted()[1]
    begun = next(i for i, body in enumerate(lines) if body["kind"] == "step" and body["step"]["type"] == kind)
    return next(i for i in range(begun, len(lines)) if lines[i]["kind"] == "outcome") + 1


@pytest.mark.parametrize("kind", ["Commit", "Draw"])
def test_the_lot_is_the_committed_one_wherever_the_program_is_cut(tmp_path: Path, kind: str) -> None:
    """After each line from the step's own to the one behind its outcome; every start has another fresh seed."""
    lines = uninterrupted()[1]
    begun = next(i for i, body in enumerate(lines) if body["kind"] == "step" and body["step"]["type"] == kind) + 1
    for record in range(begun, outcome_record(kind) + 2):
        folder = tmp_path / str(record)
        folder.mkdir()
        run_killed(folder, [Kill(record=record)])
        checked(folder)
        shown = {
            body["value"]["sha256"] for body in bodies(folder)
            if body["kind"] == "outcome" and "sha256" in body["value"]
        }  # fmt: skip
        assert shown & {commitment(SEED), commitment(OTHER_SEED)} == {commitment(SEED)}


def test_a_survey_cut_twice_inside_its_lot_draws_by_the_first_seed(tmp_path: Path) -> None:
    commit = outcome_record("Commit")
    run_killed(tmp_path, [Kill(record=commit - 1), Kill(record=12), Kill(record=3)])
    checked(tmp_path)
    assert document(tmp_path)["draw"]["seed"] == SEED


def test_a_seed_that_was_exchanged_in_between_draws_nothing(tmp_path: Path) -> None:
    site, case = world(SITE, None, WORLD), tmp_path / "case"
    start = program(
        site,
        lambda remote: inspect(SURVEY, SITE, case, world=remote, lifelike=True, draw_seed=SEED),
        Kill(record=outcome_record("Commit") + 1),
        tmp_path / "document.json",
    )
    assert start.killed
    (case / FILE).write_text(OTHER_SEED)
    done = resume(case, plan=SURVEY, world=site, draw_seed=SEED)
    assert isinstance(done.result.error, IntegrityError)
    assert "shown to the parties" in done.result.why
    assert not any("drawn" in body.get("value", {}) for body in bodies(tmp_path))


@pytest.mark.parametrize("left", [None, b"", b"nonsense", OTHER_SEED.encode()])
def test_a_lot_whose_hash_is_on_show_cannot_be_drawn_anew(tmp_path: Path, left: bytes | None) -> None:
    """Cut while the hash is read aloud: the question stands on the wire, no outcome is recorded yet."""
    lines = uninterrupted()[1]
    lot = next(i for i, body in enumerate(lines) if body["kind"] == "lot")
    assert lot < next(i for i, body in enumerate(lines) if body["kind"] == "wire" and i > lot)
    assert lines[lot]["sha256"] == commitment(SEED)
    site, case = world(SITE, None, WORLD), tmp_path / "case"
    start = program(
        site,
        lambda remote: inspect(SURVEY, SITE, case, world=remote, lifelike=True, draw_seed=SEED),
        Kill(record=lot + 2),
        tmp_path / "document.json",
    )
    assert start.killed
    assert not any(body.get("value", {}).get("sha256") == commitment(SEED) for body in bodies(tmp_path))
    if left is None:
        (case / FILE).unlink()
    else:
        (case / FILE).write_bytes(left)
    done = resume(case, plan=SURVEY, world=site, draw_seed=OTHER_SEED)
    assert isinstance(done.result.error, IntegrityError)
    assert "shown to the parties" in done.result.why
    recorded = bodies(tmp_path)
    assert {body["sha256"] for body in recorded if body["kind"] == "lot"} == {commitment(SEED)}
    assert commitment(OTHER_SEED) not in str(recorded)


def test_a_seed_that_was_named_is_not_kept(tmp_path: Path) -> None:
    """Cut between the line that names the seed and the end of its file: nothing is left for a next lot."""
    site, case = world(SITE, CHEAT, WORLD), tmp_path / "case"
    software()
    start = program(
        site,
        lambda remote: inspect(SURVEY, SITE, case, world=remote, lifelike=True, draw_seed=SEED),
        Kill(record=outcome_record("Draw") + 1),
        tmp_path / "document.json",
    )
    assert start.killed
    assert not (case / FILE).exists()
    (case / FILE).write_text(SEED)
    assert resume(case, plan=SURVEY, world=site).result.status == "complete"
    assert not (case / FILE).exists()
