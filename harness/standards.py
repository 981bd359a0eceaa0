"""Standards on the day of a run: past its due day one stops the run, unless an officer overrides it on record.

ISO/IEC 17025:2017 6.4.9 (equipment out of its calibration interval is taken out of service), evidence.md 1.5 item 11.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from fixtures.benchfile import BenchFile
from fixtures.language import Sentence, mark
from fixtures.profile import SCALES
from fixtures.standards import REFERENCE, Standard, undeclared
from harness.derive.recorded import Recorded
from harness.exits import UsageError
from harness.judge.ground import LOAD
from harness.worlds import all_people, schemes, worst_world

LONGEST_REASON = 500
REAL_CLOCKS = ("real",)


class OverdueError(Exception):
    """A standard is past its due day, and nobody has overridden it (exit 41)."""


@dataclass(frozen=True, slots=True)
class Override:
    """An overdue standard that is used all the same, and why."""

    standard: Standard
    on: date
    reason: str

    @property
    def what(self) -> str:
        return f"{named(self.standard)}, due {self.standard.due}, used on {self.on.isoformat()} (UTC)"


def named(standard: Standard) -> str:
    """Name and certificate; a Sentence."""
    if standard.certificate:
        text = mark("standard {name}, certificate {certificate}")
        return Sentence(text, name=standard.name, certificate=standard.certificate)
    return Sentence(mark("standard {name}, no certificate stated"), name=standard.name)


def parsed_overrides(given: Sequence[str]) -> dict[str, str]:
    """NAME=REASON texts as a mapping.  Raises UsageError."""
    result: dict[str, str] = {}
    for text in given:
        name, equals, reason = text.partition("=")
        reason = reason.strip()
        if not equals or not name or not reason or len(reason) > LONGEST_REASON or not reason.isprintable():
            raise UsageError(
                f"--override-standard expected NAME=REASON with a reason of 1 to {LONGEST_REASON} printable characters, got {text[:80]!r}"
            )
        if name in result:
            raise UsageError(f"--override-standard {name}: expected once, got it again")
        result[name] = reason
    return result


def check_due(bench: BenchFile, today: date, reasons: Mapping[str, str]) -> tuple[Override, ...]:
    """The overrides that apply on `today` (UTC).

    Raises OverdueError naming standard, certificate and due day; UsageError for a reason given for a standard that is
    not overdue: a blanket reason would hide the day on which one falls due.
    """
    late = {standard.name: standard for standard in bench.standards if standard.overdue(today)}
    for name in reasons:
        if name not in late:
            known = ", ".join(late) or "none"
            raise UsageError(
                f"--override-standard {name}: expected an overdue standard of {bench.where}, there are {known}"
            )
    if refused := [standard for name, standard in late.items() if name not in reasons]:
        raise OverdueError(_overdue(bench.where, refused, today))
    return tuple(Override(late[name], today, reason) for name, reason in reasons.items())


def _overdue(where: str, refused: Sequence[Standard], today: date) -> str:
    """One line for all of them; said in the operator's language where there is only one, the usual case."""
    lines = [
        Sentence(
            mark("{where}: {who}: expected a due day not before {today} (UTC), got {due}"),
            where=where,
            who=named(standard),
            today=today.isoformat(),
            due=standard.due,
        )
        for standard in refused
    ]
    return lines[0] if len(lines) == 1 else "; ".join(lines)


def declared(bench: BenchFile) -> list[dict[str, str]]:
    """The standards of `bench` for the header; what was not stated is left out."""
    fields = Standard.__dataclass_fields__
    return [{key: value for key in fields if (value := getattr(one, key))} for one in bench.standards]


def with_standards(document: Mapping[str, Any], recorded: Recorded) -> dict[str, Any]:
    """The verdict `document` with the standards it rests on and what limits them; of a site, in each instrument's notes."""
    limits = limitations(recorded)
    notes = [*_no_instrument(recorded), *limits, *_unstated(recorded.bench)]

    def noted(one: Mapping[str, Any]) -> dict[str, Any]:
        return {**one, "notes": [*one["notes"], *notes], **({"limitations": limits} if limits else {})}

    whole = (
        noted(document)
        if "notes" in document
        else {**document, "instruments": [noted(one) for one in document["instruments"]]}
    )
    return {**whole, "standards": declared(recorded.bench), "limitations": limits}


def limitations(recorded: Recorded) -> list[str]:
    """Each overdue standard the run used: those overridden on record, and any that real time shows beside them."""
    overridden = {
        name: f"overdue standard used: {body.get('what')}; reason on record: {body.get('why')}"
        for name, body in _overrides(recorded).items()
    }
    day = _last_day(recorded)
    late = [
        f"overdue standard used and not overridden on record: {named(standard)}, due {standard.due}, used on {day} (UTC)"
        for standard in _hidden(recorded)
    ]
    return [*overridden.values(), *late]


def overdue_stations(recorded: Recorded, view: BenchFile | None = None) -> tuple[str, ...]:
    """The stations of the bench whose values rest on an overdue standard, overridden or not; sorted.

    `recorded`: the whole run, for an override belongs to no instrument; `view`: one instrument of its site.

    What an aid of the officers (a thermometer, a hydrometer) or a balance measures goes into the reference.  What
    cannot be told from the bench file bears on every station: nothing is proven by a guess.
    """
    bench, found = view or recorded.bench, set[str]()
    reference = LOAD if bench.family in SCALES else REFERENCE
    known = {standard.name: standard for standard in recorded.bench.standards}
    late = [known.get(name) for name in _overrides(recorded)] + list(_hidden(recorded))
    for standard in late:
        if standard is None:  # named in the journal and not in this bench file
            found |= {reference, *bench.stations}
        elif standard.of in ("", REFERENCE) or standard.of in (bench.roles.get("weigh"), bench.roles.get("mass")):
            found.add(reference)
        else:
            own = {station for station, name in bench.stations.items() if name == standard.of}
            found |= own or {reference, *bench.stations}
    return tuple(sorted(found))


def _overrides(recorded: Recorded) -> dict[str, Mapping[str, Any]]:
    """The overrides on record by standard, the last of each."""
    return {
        str(body.get("standard", body.get("what", ""))): body
        for _, body in recorded.entries
        if body.get("kind") == "override"
    }


def _hidden(recorded: Recorded) -> list[Standard]:
    """Standards that were overdue on the last day of the run, with no override on record."""
    day, overridden = _last_day(recorded), _overrides(recorded)
    return [
        standard
        for standard in recorded.bench.standards
        if day is not None and standard.overdue(day) and standard.name not in overridden
    ]


def _last_day(recorded: Recorded) -> date | None:
    """The last day, UTC, on which the program was started in real time."""
    days = [
        day
        for _, body in recorded.entries
        if body.get("kind") == "span" and body.get("clock") in REAL_CLOCKS
        for day in _day_of(body.get("utc"))
    ]
    return max(days, default=None)


def _no_instrument(recorded: Recorded) -> list[str]:
    """What was at the far end of the lines, in any start of the run, where it was no instrument or person."""
    told = [recorded.header, *(body for _, body in recorded.entries if body.get("kind") == "world")]
    found, people = schemes(recorded.bench), all_people(told)
    model = "sim" in found or "model" in people or worst_world(told) == "simulated"
    file = "answers" in found or "file" in people
    return [
        *(["the bench was simulated: this is said of a model, not of an instrument"] if model else []),
        *(["people's answers came from a file: it does not show when they were given"] if file else []),
    ]


def _unstated(bench: BenchFile) -> list[str]:
    lines = [f"standard {name}: no certificate, uncertainty and due day declared" for name in undeclared(bench)]
    for standard in bench.standards:
        lacking = [
            what for what, text in (("certificate", standard.certificate), ("due day", standard.due)) if not text
        ]
        if lacking:
            lines.append(f"standard {standard.name}: no {' and no '.join(lacking)} declared")
    return lines


def _day_of(utc: object) -> set[date]:
    try:
        return {date.fromisoformat(str(utc)[:10])}
    except ValueError:
        return set()
