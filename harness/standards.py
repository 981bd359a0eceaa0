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
from fixtures.standards import Standard, undeclared
from harness.derive.recorded import Recorded
from harness.exits import UsageError

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
    notes = [*_no_instrument(recorded.bench), *limits, *_unstated(recorded.bench)]

    def noted(one: Mapping[str, Any]) -> dict[str, Any]:
        return {**one, "notes": [*one["notes"], *notes]}

    whole = (
        noted(document)
        if "notes" in document
        else {**document, "instruments": [noted(one) for one in document["instruments"]]}
    )
    return {**whole, "standards": declared(recorded.bench), "limitations": limits}


def limitations(recorded: Recorded) -> list[str]:
    """Each overdue standard the run used: those overridden on record, and any that real time shows beside them."""
    overridden: dict[str, str] = {}
    days: set[date] = set()
    for _, body in recorded.entries:
        match body.get("kind"):
            case "override":
                name = str(body.get("standard", body.get("what", "")))
                overridden[name] = f"overdue standard used: {body.get('what')}; reason on record: {body.get('why')}"
            case "span" if body.get("clock") in REAL_CLOCKS:
                days |= _day_of(body.get("utc"))
    late = [
        f"overdue standard used and not overridden on record: {named(standard)}, due {standard.due}, used on {max(days).isoformat()} (UTC)"
        for standard in recorded.bench.standards
        if days and standard.overdue(max(days)) and standard.name not in overridden
    ]
    return [*overridden.values(), *late]


def _no_instrument(bench: BenchFile) -> list[str]:
    """What was at the far end of the lines where it was no instrument or person."""
    schemes = {link.url.partition(":")[0] for link in bench.links.values()}
    lines = ["the bench was simulated: this is said of a model, not of an instrument"] if "sim" in schemes else []
    return [
        *lines,
        *(["people's answers came from a file: it does not show when they were given"] if "answers" in schemes else []),
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
