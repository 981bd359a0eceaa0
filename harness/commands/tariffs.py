"""`tariffs list|show|check|fare`: fares as data, with what their sources leave open."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.output import emit

if TYPE_CHECKING:
    from harness.tariffs import Outcome
    from protocols.tariff import Reading, Tariff

app = typer.Typer(help="Fare tariffs of taximeters, by city and edition.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="one JSON document on stdout")]
Name = Annotated[str, typer.Argument(help="a tariff of the list, or a TOML file")]
MOST_STEPS = 10_000


@app.command("list")
def list_(as_json: Json = False) -> int:
    """The tariffs that come with shortmeasure: city, mode, what is left open."""
    from fixtures.language import mark, tell, translate
    from harness.report.columns import cells, column
    from harness.tariffs import tariff
    from protocols.tariff import names

    own = [tariff(name) for name in names()]
    titles = [_title(one) for one in own]
    wide = max(map(cells, titles)) + 2
    heads = (mark("tariff"), mark("mode"), mark("in force"), mark("left open"))
    lines = ["".join(column(tell(head), width) for head, width in zip(heads, (20, 8, 14, 12), strict=True)).rstrip()]
    for one, title in zip(own, titles, strict=True):
        row = (one.id, one.mode, tell(one.in_force) if one.in_force != "unknown" else tell(mark("unknown")), str(len(one.unknowns)))  # fmt: skip
        lines.append("".join(column(cell, width) for cell, width in zip(row, (20, 8, 14, 12), strict=True)) + column(title, wide).rstrip())  # fmt: skip
    ending = mark("None is verified throughout; `shortmeasure tariffs show NAME` gives every value with its source.")
    rows = [
        {
            "id": one.id, "title": one.title, "title_zh": one.title_zh, "city": one.city, "country": one.country,
            "in_force": one.in_force, "currency": one.currency, "mode": one.mode, "unknowns": len(one.unknowns),
            "readings": one.number_of_readings, "verified": one.verified,
        }
        for one in own
    ]  # fmt: skip
    emit("tariffs", {"tariffs": rows}, "\n".join([*lines, "", translate(ending)]), as_json)
    return 0


@app.command("show")
def show(name: Name, as_json: Json = False) -> int:
    """Every value of a tariff with its source and grade, and every alternative of what its sources leave open."""
    from dataclasses import asdict

    from fixtures.language import mark, tell, translate
    from harness.exits import printable
    from harness.tariffs import tariff

    own = tariff(name)
    unverified = tell(mark("unverified"))
    lines = [f"{own.id}  {_title(own)}  {own.currency}", translate(mark("mode {mode}: {meaning}"), mode=own.mode, meaning=_meaning(own.mode))]  # fmt: skip
    lines += [translate(mark("cross-over speed: {kmh:.2f} km/h"), kmh=float(own.first({}).rule.cross_over_kmh)), ""]
    for value in own.values:
        state = "" if value.verified else f", {unverified}"
        lines.append(f"{value.key} = {value.text}\n    [{value.grade}{state}] {value.source}")
    lines += ["", translate(mark("left open, each alternative is one that an honest meter may follow:"))]
    for unknown in own.unknowns:
        lines.append(f"{unknown.key}: {' | '.join(unknown.alternatives)}\n    [{unknown.grade}, {unverified}] {unknown.reason}; {unknown.source}")  # fmt: skip
    if own.gaps:
        lines += ["", translate(mark("not in this file: {gaps}"), gaps="; ".join(own.gaps))]
    document = {
        "id": own.id, "title": own.title, "title_zh": own.title_zh, "city": own.city, "country": own.country,
        "in_force": own.in_force, "currency": own.currency, "utc_offset_min": own.utc_offset_min, "mode": own.mode,
        "verified": own.verified, "gaps": list(own.gaps), "values": [asdict(value) for value in own.values],
        "unknowns": [asdict(unknown) for unknown in own.unknowns],
        "golden": [
            {"distance_m": str(g.distance_m), "low_s": str(g.low_s), "fare": str(g.fare), "of": g.of,
             "declared": sorted(g.declared), "given": dict(g.given), "source": g.source, "grade": g.grade, "verified": g.verified}
            for g in own.golden
        ],
    }  # fmt: skip
    emit("tariff", document, printable("\n".join(lines)), as_json)
    return 0


@app.command("check")
def check(name: Name, as_json: Json = False) -> int:
    """Check a tariff: its keys, tiers and windows, and that every reading of it gives its golden fares.  Exit 41 when one
    does not."""
    from fixtures.language import mark, translate
    from harness.exits import Exit, printable
    from harness.tariffs import tariff
    from protocols.tariff import failures

    own = tariff(name)
    wrong = failures(own)
    text = translate(
        mark("{id}: golden fares: {golden}, readings of what is left open: {readings}, disagreeing: {wrong}"),
        id=own.id, golden=len(own.golden), readings=own.number_of_readings, wrong=len(wrong),
    )  # fmt: skip
    notes = [] if own.golden else [translate(mark("no golden fare: nothing checks what this file says"))]
    document = {"id": own.id, "golden": len(own.golden), "readings": own.number_of_readings, "failures": wrong}
    emit("tariff-check", document, printable("\n".join([text, *notes, *wrong])), as_json)
    return Exit.PRECONDITION if wrong or not own.golden else Exit.OK


@app.command("fare")
def fare_(
    name: Name,
    km: Annotated[str, typer.Option("--km", help="kilometres driven at one speed")] = "",
    kmh: Annotated[str, typer.Option("--kmh", help="that speed")] = "50",
    standing: Annotated[str, typer.Option("--standing", help="minutes of standing after that")] = "0",
    course: Annotated[Path | None, typer.Option("--course", help="instead: a CSV of time_s,distance_m from hire to end")] = None,
    at: Annotated[str, typer.Option("--at", help="local hour of the hire, HH:MM")] = "12:00",
    day: Annotated[str, typer.Option("--day", help="day of the week: mon, tue, wed, thu, fri, sat, sun")] = "mon",
    declare: Annotated[list[str] | None, typer.Option("--declare", help="an extra or a condition that holds: airport, return, suburb")] = None,
    choose: Annotated[list[str] | None, typer.Option("--choose", help="KEY=ALTERNATIVE of what is left open; may be repeated")] = None,
    steps: Annotated[bool, typer.Option("--steps", help="every step of the first reading, with its instant and cause")] = False,
    as_json: Json = False,
) -> int:  # fmt: skip
    """The fare of a trip: one, or all those that the readings of what is left open give."""
    from fixtures.language import mark, translate
    from harness.exits import UsageError, printable
    from harness.tariffs import civil_ns, driven, logged, outcomes, tariff

    if bool(km) == (course is not None):
        raise UsageError("expected --km or --course, one of them")
    own = tariff(name)
    civil, declared = civil_ns(at, day), tuple(declare or ())
    _check_declared(own, declared)
    if course is not None:
        trip = logged(course, civil, declared)
    else:
        trip = driven(
            number_of(km, "--km"), number_of(kmh, "--kmh"), number_of(standing, "--standing"), civil, declared
        )
    found = outcomes(own, trip, choices_of(choose or ()))
    total = sum(one.readings for one in found)
    head = mark("{id}: {km:.3f} km, {s:.0f} s of low speed (first reading); readings: {n}, different fares: {fares}")  # fmt: skip
    first = found[0].course
    lines = [translate(head, id=own.id, km=float(trip.distance_m) / 1000, s=float(first.slow_s), n=total, fares=len(found))]  # fmt: skip
    for one in found:
        lines.append(translate(mark("displayed {shown} {currency}, paid {paid}; readings: {n}"), shown=f"{one.displayed:f}", currency=own.currency, paid=f"{one.paid:f}", n=one.readings))  # fmt: skip
        if len(found) > 1:
            lines.append(f"    {_told(one.example)}")
    if steps:
        lines += ["", translate(mark("steps of the first reading:")), *_steps(found[0])]
    lines += ["", _provenance(own)]
    document = {
        "tariff": own.id, "currency": own.currency, "verified": own.verified, "distance_m": f"{float(trip.distance_m):.3f}",
        "readings": total,
        "fares": [
            {"displayed": f"{one.displayed:f}", "paid": f"{one.paid:f}", "readings": one.readings,
             "slow_s": f"{float(one.course.slow_s):.3f}", "example": dict(one.example.choices)}
            for one in found
        ],
        **({"steps": _rows(found[0])} if steps else {}),
    }  # fmt: skip
    emit("fare", document, printable("\n".join(lines)), as_json)
    return 0


def _title(own: Tariff) -> str:
    from fixtures.language import language

    return own.title_zh if language() == "zh_CN" else own.title


def _meaning(mode: str) -> str:
    from fixtures.language import mark, tell

    return tell({
        "S": mark("time below a speed, distance above it"),
        "D": mark("time and distance all the way"),
        "CN": mark("distance all the way, and time beside it below a speed"),
    }[mode])  # fmt: skip


def _provenance(own: Tariff) -> str:
    from fixtures.language import mark, translate

    grades = sorted({value.grade for value in own.values})
    text = mark("Tariff values: grades {grades}, unverified where not stated otherwise; {n} things left open.")
    return translate(text, grades=", ".join(grades), n=len(own.unknowns))


def _told(reading: Reading) -> str:
    return ", ".join(f"{key} = {one}" for key, one in reading.choices.items())


def _rows(one: Outcome) -> list[dict[str, Any]]:
    from itertools import islice

    return [
        {"time_s": f"{s.time_ns / 1e9:.3f}", "cause": s.cause.name.lower(), "accrued": f"{float(s.accrued):.4f}", "displayed": f"{s.displayed:f}"}
        for s in islice(one.course.steps(), MOST_STEPS)
    ]  # fmt: skip


def _steps(one: Outcome) -> list[str]:
    from fixtures.language import mark, tell, translate
    from harness.report.columns import column

    causes = {
        "start": mark("start price"), "surcharge": mark("surcharge"), "distance": mark("distance"), "time": mark("time"),
        "unit": mark("distance and time"),
    }  # fmt: skip
    lines = [
        f"{row['time_s']:>12} s  {column(tell(causes[row['cause']]), 20)}{row['displayed']:>12}" for row in _rows(one)
    ]
    if len(one.course.times_ns) > MOST_STEPS:
        lines.append(translate(mark("and {n} more steps"), n=len(one.course.times_ns) - MOST_STEPS))
    return lines


def number_of(text: str, name: str) -> Decimal:
    from harness.exits import UsageError

    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise UsageError(f"{name} expected a number, got {text!r}") from error
    if not value.is_finite():
        raise UsageError(f"{name} expected a finite number, got {text!r}")
    return value


def choices_of(texts: Sequence[str]) -> dict[str, str]:
    from harness.exits import UsageError

    found: dict[str, str] = {}
    for text in texts:
        key, equals, chosen = text.partition("=")
        if not equals or not key or not chosen or key in found:
            raise UsageError(f"--choose expected KEY=ALTERNATIVE, each key once, got {text!r}")
        found[key] = chosen
    return found


def _check_declared(own: Tariff, declared: Sequence[str]) -> None:
    """What a tariff does not know must not be taken silently for nothing."""
    from harness.exits import UsageError
    from protocols.tariff.rule import Applies

    rule = own.first({}).rule
    known = {w.condition for w in rule.windows} | {t.unless for t in rule.tiers}
    known |= {e.id for e in rule.extras if e.applies is Applies.DECLARED}
    for one in declared:
        if one not in known:
            listed = ", ".join(sorted(known - {""})) or "nothing"
            raise UsageError(f"--declare expected what tariff {own.id} knows ({listed}), got {one!r}")
