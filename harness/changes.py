"""What differs between the run that was cut and the one that would go on, line by line."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fixtures.benchfile import EDITION_KEY, TYPE_KEY, BenchFile, beside
from fixtures.errors import BenchError
from harness.plans.order import dry_run
from harness.replay import Replay, differs
from harness.software import software
from harness.standing import Finished, Standing
from harness.step import Plan, Step, described
from harness.worlds import people_of, world_of

# what an instrument says of itself differs from start to start in these, and it is the same instrument
VOLATILE = ("state", "reading", "banner", "tare_g", "mode")
BESIDE = {EDITION_KEY: "edition", TYPE_KEY: "type file"}
SHOWN = 20  # lines of difference in an error; the journal holds them all


class ResumeError(Exception):
    """The run cannot go on as it was: another plan, bench, version or instrument (exit 41)."""


@dataclass(frozen=True)
class Change:
    """One difference; "" where there is nothing on that side."""

    what: str
    expected: str
    got: str


def plan_record(steps: Sequence[Step]) -> dict[str, Any]:
    """The dry run of a plan for the header: its steps, and the SHA-256 over them."""
    lines = [_line(described(step)) for step in steps]
    return {"dry_run_sha256": hashlib.sha256("\n".join(lines).encode()).hexdigest(), "dry_run": lines}


def version_record() -> dict[str, str]:
    """What has to be the same for a run to go on by itself."""
    found = software()
    return {"version": str(found["version"]), "files_sha256": str(found["files_sha256"])}


def changes(
    header: Mapping[str, Any], steps: Sequence[Step], bench: BenchFile, further: Sequence[str] = ()
) -> list[Change]:
    """Every difference of plan, bench text, files beside it and tool from what the header of the journal says; `further`: the
    lines of what the plan was gone on with after its end."""
    recorded = header.get("software") or {}
    known = {"version": str(header.get("version", "")), "files_sha256": str(recorded.get("files_sha256", ""))}
    found = [
        Change(f"tool {key}", known[key], now)
        for key, now in version_record().items()
        if known[key] and known[key] != now
    ]
    now = plan_record(steps)
    if further or header.get("dry_run_sha256") != now["dry_run_sha256"]:
        found += _by_line("plan", [*map(str, header.get("dry_run", ())), *further], now["dry_run"])
    found += _by_line("bench", str(header["bench"]).splitlines(), bench.text.splitlines())
    for key, text in beside(bench).items():
        found += _by_line(BESIDE[key], str(header.get(key, "")).splitlines(), text.splitlines())
    return found


def differences(standing: Standing, plan: Callable[[], Plan], bench: BenchFile) -> list[Change]:
    """Everything in which the run that would go on differs from the one recorded, steps that it yields included."""
    found = changes(standing.header, dry_run(plan()), bench, standing.extensions_planned)
    replay = Replay(plan)
    odd = replay.follow(standing.finished)
    if odd is None and standing.cut is not None and replay.step is not None and differs(replay.step, standing.cut[1]):
        odd = Finished(standing.cut[0], standing.cut[1], {})
    if odd is not None:
        now = "" if replay.step is None else _line(described(replay.step))
        found.append(Change(f"step {odd.n}", _line(odd.step), now))
    return found


def identity_changes(recorded: Mapping[str, Mapping[str, Any]], told: Mapping[str, Mapping[str, Any]]) -> list[Change]:
    """Instruments that say something else of themselves than when the run began."""
    found = []
    for name, before in recorded.items():
        one, two = _lasting(before), _lasting(told.get(name, {}))
        if one != two:
            found.append(Change(f"instrument {name}", one, two))
    return found


def refuse_other_instrument(before: BenchFile, now: BenchFile) -> None:
    """BenchError where the bench file differs in what the verdict rests on: one case is judged by one declaration."""
    for what, one, two in (
        ("instrument under test", (before.instrument_id, before.family, before.edition), (now.instrument_id, now.family, now.edition)),
        ("acceptance edition", before.edition_text, now.edition_text),
        ("type file", before.type_text, now.type_text),
        ("profile", before.profile, now.profile),
        ("reference", before.reference, now.reference),
        ("site", before.site, now.site),
        ("stations", before.stations, now.stations),
        ("roles", before.roles, now.roles),
        ("kit", before.kit, now.kit),
        ("instruments", _wiring(before), _wiring(now)),
    ):  # fmt: skip
        if one != two:
            raise BenchError(
                f"{now.where}: the {what} declared here is not the one this run began with; a case is judged by one "
                "declaration. Go on with the bench as it was (only ports, rates and legal basis of its links may change), or "
                "begin a new case"
            )


def refuse_other_world(header: Mapping[str, Any], before: BenchFile, now: BenchFile) -> None:
    """BenchError where there is something else at the far end of the lines, or somebody else answers, than when the run
    began: one verdict cannot be of an instrument and of a model, nor of what a person saw and what a file says."""
    one, two = str(header.get("world") or world_of(before)), world_of(now)
    asked, asked_now = header.get("people") or people_of(before), people_of(now)
    for what, expected, got in (
        ("at the far end of the lines is", one, two),
        ("people's questions are answered by", ", ".join(map(str, asked)), ", ".join(asked_now)),
    ):
        if expected != got:
            raise BenchError(
                f"{now.where}: {what}: expected {expected}, as this run began, got {got}; a case is of one kind throughout. "
                "Go on with the bench as it was (one that is served on pseudo-terminals has to be served again first), or "
                "begin a new case"
            )


def shown(found: Sequence[Change]) -> str:
    """The differences for an operator: `-` what was recorded, `+` what there is now."""
    lines: list[str] = []
    for change in found:
        lines += [f"  {change.what}"] if not lines or change.what not in lines[-1] else []
        lines += [f"    - {change.expected}"] if change.expected else []
        lines += [f"    + {change.got}"] if change.got else []
    more = [] if len(lines) <= SHOWN else [f"    and {len(lines) - SHOWN} more lines"]
    return "\n".join([*lines[:SHOWN], *more])


def _by_line(what: str, before: Sequence[str], now: Sequence[str]) -> list[Change]:
    found = []
    matcher = difflib.SequenceMatcher(a=list(before), b=list(now), autojunk=False)
    for tag, a, a_end, b, b_end in matcher.get_opcodes():
        if tag == "equal":
            continue
        for i in range(max(a_end - a, b_end - b)):
            old = before[a + i] if a + i < a_end else ""
            new = now[b + i] if b + i < b_end else ""
            found.append(Change(f"{what}, line {(a if old else b) + i + 1}", old, new))
    return found


def _line(body: Mapping[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, sort_keys=True)


def _lasting(identity: Mapping[str, Any]) -> str:
    kept = {key: value for key, value in identity.items() if key not in VOLATILE}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True, default=str)


def _wiring(bench: BenchFile) -> list[tuple[str, str, Mapping[str, str], Mapping[str, Any]]]:
    return [(entry.name, entry.driver, entry.links, entry.options) for entry in bench.instruments.values()]
