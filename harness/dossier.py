"""The dossier of one instrument: what the cases say of it over time, what changed first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fixtures.language import mark, tell, translate
from harness.case_facts import Fact, InstrumentVerdict
from harness.index import CaseRow, Index
from harness.report.columns import column
from harness.report.text import LEVELS

UNKNOWN = ("", "not shown")  # answers that say nothing; `none` does
AFTER = ("_after", "_left")  # questions asked when the visit ends
ASPECT_NAMES = (
    mark("nameplate"),
    mark("type approval"),
    mark("product"),
    mark("K"),
    mark("software"),
    mark("event counter"),
    mark("seals"),
    mark("self-lock codes"),
)
NOT_JUDGED = mark("not judged")
WORLDS = {"simulated": mark("simulated"), "replayed": mark("replayed")}
NOT_SEALED = mark("not sealed")
DECLARED_BY_PAPERS, MENU = "declared ", "parameters "  # how harness/case_facts.py begins such aspects


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of an aspect: in which case, at which question."""

    case: CaseRow
    fact: Fact


@dataclass(frozen=True, slots=True)
class Change:
    """Two readings of one aspect that differ.  `within`: both in one case, that is while officers were there."""

    aspect: str
    before: Reading
    after: Reading

    @property
    def within(self) -> bool:
        return self.before.case.path == self.after.case.path


@dataclass(frozen=True, slots=True)
class Rejudgement:
    """A verdict computed anew (`judge --into`) on a sealed case: no inspection of its own.  `of`: that case, None where
    it is not among these cases."""

    case: CaseRow
    verdict: InstrumentVerdict
    of: CaseRow | None


@dataclass(frozen=True, slots=True)
class Dossier:
    """`aspects`: readings in the order of time, by aspect; `changes` latest first; `verdicts`: one an inspection."""

    instrument: str
    changes: tuple[Change, ...]
    verdicts: tuple[tuple[CaseRow, InstrumentVerdict], ...]
    aspects: dict[str, tuple[Reading, ...]]
    same_nameplate: tuple[str, ...] = ()  # other ids under which the same nameplate was read
    copies: tuple[tuple[CaseRow, CaseRow], ...] = ()  # (copy, case): the same journal and verdict, told once
    again: tuple[Rejudgement, ...] = ()


def dossier(index: Index, instrument: str) -> Dossier:
    """What the cases of `index` say of `instrument`, which is its number on the bench file (`instrument` id)."""
    verdicts, facts = index.verdicts(instrument), index.facts(instrument)
    met = {case.path for case, _ in (*verdicts, *facts)}
    copies = _copies([case for case in index.cases() if case.path in met])
    aspects: dict[str, list[Reading]] = {}
    for case, fact in facts:
        if case.path in copies:
            continue
        aspects.setdefault(fact.aspect, []).append(Reading(case, fact))
    changes = [change for aspect, readings in aspects.items() for change in _changes(aspect, readings)]
    changes.sort(key=lambda change: (change.after.case.started_utc, change.after.fact.order), reverse=True)
    kept = [told for told in verdicts if told[0].path not in copies]
    by_digest = {case.digest: case for case in index.cases() if case.digest and case.path not in copies}
    return Dossier(
        instrument,
        tuple(changes),
        tuple(told for told in kept if not told[0].rejudges),
        {aspect: tuple(readings) for aspect, readings in sorted(aspects.items())},
        tuple(index.same_nameplate(instrument)),
        tuple(copies.values()),
        tuple(Rejudgement(case, told, by_digest.get(case.rejudges)) for case, told in kept if case.rejudges),
    )


def _copies(cases: Sequence[CaseRow]) -> dict[Path, tuple[CaseRow, CaseRow]]:
    """Cases that are copies of another: one visit is no second verdict.  A sealed one counts before one that is not."""
    first: dict[tuple[str, str, str], CaseRow] = {}
    found: dict[Path, tuple[CaseRow, CaseRow]] = {}
    for case in sorted(cases, key=lambda one: (not one.sealed, one.path)):
        kept = first.setdefault((case.head or str(case.path), case.integrity, case.conformity), case)
        if kept is not case:
            found[case.path] = (case, kept)
    return found


def _changes(aspect: str, readings: Sequence[Reading]) -> list[Change]:
    """Each known value against the known value before it."""
    found: list[Change] = []
    last: Reading | None = None
    for reading in readings:
        if plain(reading.fact.value) in UNKNOWN:
            continue
        if last is not None and plain(last.fact.value) != plain(reading.fact.value):
            found.append(Change(aspect, last, reading))
        last = reading
    return found


def plain(value: str) -> str:
    """`value` as it is compared: case and spacing are the typist's."""
    return " ".join(value.split()).casefold()


def dossier_text(found: Dossier) -> str:
    """For people, in their language: differences, then verdicts, then every aspect with its last value."""
    lines = [translate(mark("Instrument {id}"), id=found.instrument), ""]
    changed = mark("What changed ({count}):") if found.changes else mark("Nothing that was read twice has changed.")
    lines.append(translate(changed, count=len(found.changes)))
    for change in found.changes:
        text = (
            mark("  {aspect} changed during the visit") if change.within else mark("  {aspect} changed between visits")
        )
        lines += [
            translate(text, aspect=aspect_name(change.aspect)),
            translate(mark("    was {reading}"), reading=_said(change.before)),
            translate(mark("    now {reading}"), reading=_said(change.after)),
        ]
    if found.same_nameplate:
        text = mark("The same nameplate was read on {ids}.")
        lines.append(translate(text, ids=", ".join(found.same_nameplate)))
    lines += ["", translate(mark("Verdicts ({count}):"), count=len(found.verdicts))]
    for case, verdict in reversed(found.verdicts):
        lines.append(_verdict(case, verdict))
        lines += [_again(one) for one in found.again if one.of is not None and one.of.path == case.path]
    told = {case.path for case, _ in found.verdicts}
    lines += [_again(one) for one in found.again if one.of is None or one.of.path not in told]
    same = mark("  {copy} is a copy of {case}: the same journal, counted once")
    other = mark("  {copy} has the journal of {case} and another digest: it was sealed twice; counted once")
    lines += [
        translate(other if sealed_twice(copy, case) else same, copy=copy.path, case=case.path)
        for copy, case in found.copies
    ]
    lines += ["", translate(mark("Last read:"))]
    for aspect, readings in found.aspects.items():
        known = [reading for reading in readings if plain(reading.fact.value) not in UNKNOWN]
        value = _said(known[-1]) if known else translate(mark("never shown"))
        lines.append(f"  {column(aspect_name(aspect), 24)} {value}")
    return "\n".join(lines)


def sealed_twice(copy: CaseRow, case: CaseRow) -> bool:
    """One journal under two digests: one of them is not what was sealed first, and the paper record says which was."""
    return copy.sealed and case.sealed and copy.digest != case.digest


def aspect_name(aspect: str) -> str:
    """What an aspect (harness/case_facts.py) is called in the operator's language."""
    declared = aspect.removeprefix(DECLARED_BY_PAPERS)
    if declared != aspect:
        return translate(mark("declared {key}"), key=declared)
    if aspect.startswith(MENU):
        return translate(mark("parameter {key}"), key=aspect.removeprefix(MENU))
    return tell(aspect)


def _verdict(case: CaseRow, verdict: InstrumentVerdict) -> str:
    sealed = translate(mark("sealed, digest {digest}..."), digest=case.digest[:16]) if case.sealed else tell(NOT_SEALED)
    text = mark("  {day} integrity {integrity} conformity {conformity} {case} ({sealed}{world})")
    return translate(
        text,
        day=column(case.started_utc[:10] or translate(mark("no date")), 11),
        integrity=column(tell(LEVELS.get(verdict.integrity, NOT_JUDGED)), 13),
        conformity=column(tell(LEVELS.get(verdict.conformity, NOT_JUDGED)), 13),
        case=case.path,
        sealed=sealed,
        world=_world(case),
    )


def _again(one: Rejudgement) -> str:
    if one.of is None:
        text = mark(
            "  judged again {day}: integrity {integrity}, conformity {conformity}, {case}, of a case that is not here (digest {digest}...)"
        )
    else:
        text = mark("    judged again {day}: integrity {integrity}, conformity {conformity}, {case}")
    return translate(
        text,
        day=one.case.started_utc[:10] or translate(mark("no date")),
        integrity=tell(LEVELS.get(one.verdict.integrity, one.verdict.integrity)),
        conformity=tell(LEVELS.get(one.verdict.conformity, one.verdict.conformity)),
        case=one.case.path,
        digest=one.case.rejudges[:16],
    )


def dossier_document(found: Dossier) -> dict[str, Any]:
    return {
        "instrument": found.instrument,
        "changes": [
            {
                "aspect": change.aspect,
                "within_visit": change.within,
                "before": _reading(change.before),
                "after": _reading(change.after),
            }
            for change in found.changes
        ],
        "same_nameplate": list(found.same_nameplate),
        "verdicts": [
            {**_case(case), "integrity": verdict.integrity, "conformity": verdict.conformity}
            for case, verdict in found.verdicts
        ],
        "judged_again": [
            {
                **_case(one.case),
                "integrity": one.verdict.integrity,
                "conformity": one.verdict.conformity,
                "of": None if one.of is None else str(one.of.path),
                "of_digest": one.case.rejudges,
            }
            for one in found.again
        ],
        "copies": [
            {"case": str(copy.path), "of": str(case.path), "sealed_twice": sealed_twice(copy, case)}
            for copy, case in found.copies
        ],
        "aspects": {aspect: [_reading(reading) for reading in readings] for aspect, readings in found.aspects.items()},
    }


def _reading(reading: Reading) -> dict[str, Any]:
    return {**_case(reading.case), "question": reading.fact.key, "value": reading.fact.value}


def _case(case: CaseRow) -> dict[str, Any]:
    return {"case": str(case.path), "started_utc": case.started_utc, "digest": case.digest, "world": case.world}


def _said(reading: Reading) -> str:
    after = reading.fact.key.endswith(AFTER)
    text = (
        mark("{value} (end of visit {day}, {case}{world})") if after else mark("{value} (visit {day}, {case}{world})")
    )
    return translate(
        text,
        value=repr(reading.fact.value),
        day=reading.case.started_utc[:10] or translate(mark("without date")),
        case=reading.case.path,
        world=_world(reading.case),
    )


def _world(case: CaseRow) -> str:
    return "" if case.world in ("", "real") else f", {tell(WORLDS.get(case.world, case.world))}"
