"""`tariffs explain`: which tariffs and constants explain the course of a displayed fare, and which cannot."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.commands.tariffs import app as app
from harness.commands.tariffs import choices_of, number_of
from harness.output import emit

if TYPE_CHECKING:
    from protocols.tariff import Answer, Trip


@app.command("explain")
def explain(
    course: Annotated[Path, typer.Argument(help="a CSV of time_s,distance_m from the hire to the end")],
    display: Annotated[Path, typer.Argument(help="a CSV of time_s,fare: what the display showed, on the same clock")],
    tariff: Annotated[list[str] | None, typer.Option("--tariff", help="a tariff of the list or a TOML file; may be repeated; all of the list without")] = None,
    choose: Annotated[list[str] | None, typer.Option("--choose", help="KEY=ALTERNATIVE of what is left open, with one --tariff")] = None,
    k: Annotated[str, typer.Option("--k", help="range of the ratio of the meter's metres to those of the course")] = "0.5:2",
    clock: Annotated[str, typer.Option("--clock", help="range of the ratio of its waiting seconds to true ones")] = "0.5:4",
    tolerance: Annotated[str, typer.Option("--tolerance", help="seconds by which a reading of the display may be off")] = "1",
    slack: Annotated[str, typer.Option("--slack", help="metres by which the distance since the hire may be off")] = "0",
    speed: Annotated[str, typer.Option("--speed-slack", help="km/h by which the meter's own speed may differ from that of the course")] = "2",
    update: Annotated[str, typer.Option("--update", help="seconds over which the meter takes its speed; 0: from count to count")] = "0",
    at: Annotated[str, typer.Option("--at", help="local hour of the hire, HH:MM")] = "12:00",
    day: Annotated[str, typer.Option("--day", help="day of the week: mon, tue, wed, thu, fri, sat, sun")] = "mon",
    force: Annotated[list[str] | None, typer.Option("--force", help="also ask with this window (night, suburb) holding all the time")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False,
) -> int:  # fmt: skip
    """Which tariffs, and with which constants, explain the fares a display showed; the rest is proven impossible.  Exit 20
    when none does."""
    from fixtures.language import mark, translate
    from harness.exits import Exit, UsageError, printable
    from harness.tariffs import S_NS, civil_ns, logged, read_display
    from harness.tariffs import tariff as find
    from protocols.tariff import Constant, Hypothesis, Meter, answers, names, solve

    own = [find(name) for name in (tariff or names())]
    chosen = choices_of(choose or ())
    if chosen and len(own) != 1:
        raise UsageError("--choose expected one --tariff beside it")
    ranges = {Constant.K_RATIO: _range(k, "--k"), Constant.CLOCK_RATIO: _range(clock, "--clock")}
    asked = [Hypothesis("as declared", ranges)]
    asked += [Hypothesis(f"{window} all the time", ranges, frozenset({window})) for window in force or ()]
    for window in force or ():
        if not any(window == w.id for one in own for w in one.first({}).rule.windows):
            raise UsageError(f"--force expected a window of these tariffs, got {window!r}")
    meter = Meter(update_ns=int(_least(update, "--update") * S_NS))
    trip = logged(course, civil_ns(at, day), ())
    shown = read_display(display, _least(tolerance, "--tolerance"))
    if (gap := _longest_gap(trip)) > _least(tolerance, "--tolerance"):
        raise UsageError(
            f"--tolerance expected no less than the longest step of the course in which it moves, {gap} s, got {tolerance}"
        )
    given = {own[0].id: chosen} if chosen else {}
    found = answers(
        solve(
            own,
            asked,
            trip,
            shown,
            meter,
            given,
            float(_least(slack, "--slack")),
            float(_least(speed, "--speed-slack")),
        )
    )
    explained = [one for one in found if one.explained is not False]
    head = mark("readings of the display: {n}; tariffs that explain them: {few} of {all}")
    lines = [translate(head, n=len(shown), few=len({one.tariff for one in explained}), all=len(own)), ""]
    for one in sorted(found, key=lambda one: one.explained is False):
        lines += _told(one)
    document = {"readings": len(shown), "answers": [_row(one) for one in found]}
    emit("tariff-explanations", document, printable("\n".join(lines)), as_json)
    return Exit.OK if explained else Exit.INCONCLUSIVE


def _longest_gap(trip: Trip) -> Decimal:
    """The longest time, s, between two rows of a course with a distance in it: within it nobody knows when it grew."""
    import numpy as np

    grew = np.diff(trip.counts) > 0
    gaps = np.diff(trip.times_ns)[grew]
    return Decimal(int(gaps.max()) if len(gaps) else 0) / 10**9


def _told(one: Answer) -> list[str]:
    from fixtures.language import mark, tell, translate

    name = one.tariff if one.hypothesis == "as declared" else f"{one.tariff} ({one.hypothesis})"
    if one.failure is not None:
        text = mark("{name}: impossible from reading {index} on, fare {fare} at {time_s:.1f} s")
        seen = one.failure.shown
        return [
            translate(text, name=name, index=one.failure.index + 1, fare=f"{seen.fare:f}", time_s=seen.time_ns / 1e9)
        ]
    state = tell(mark("possible") if one.explained else mark("not excluded, no example found"))
    count = mark("{name}: {state}, {possible} of {readings} readings of what is left open")
    lines = [translate(count, name=name, state=state, possible=one.possible, readings=one.readings)]
    texts = (mark("ratio of K {low:.5f} to {high:.5f}"), mark("ratio of the waiting clock {low:.5f} to {high:.5f}"))
    for (low, high), text in zip(one.hull.values(), texts, strict=False):
        lines.append("    " + translate(text, low=low, high=high))
    if not one.complete:
        lines.append(
            "    " + translate(mark("the search was cut short: the intervals may be too wide, never too narrow"))
        )
    return lines


def _row(one: Answer) -> dict[str, Any]:
    failure = one.failure
    return {
        "tariff": one.tariff, "hypothesis": one.hypothesis,
        "explained": {True: "yes", False: "no", None: "open"}[one.explained],
        "possible": one.possible, "readings": one.readings, "complete": one.complete,
        "intervals": {constant.name.lower(): list(ends) for constant, ends in one.hull.items()},
        "failure": None if failure is None else {"reading": failure.index + 1, "time_ns": failure.shown.time_ns, "fare": f"{failure.shown.fare:f}"},
        "examples": [dict(example.choices) for example in one.examples[:20]],
    }  # fmt: skip


def _range(text: str, name: str) -> tuple[float, float]:
    from harness.exits import UsageError

    low, colon, high = text.partition(":")
    ends = float(number_of(low, name)), float(number_of(high if colon else low, name))
    if not 0.01 <= ends[0] <= ends[1] <= 100:
        raise UsageError(f"{name} expected LOW:HIGH between 0.01 and 100, got {text!r}")
    return ends


def _least(text: str, name: str) -> Decimal:
    from harness.exits import UsageError

    value = number_of(text, name)
    if not 0 <= value <= 100_000:
        raise UsageError(f"{name} expected a number from 0 to 100000, got {text!r}")
    return value
