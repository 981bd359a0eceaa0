"""A screening as a document and as text in the operator's language."""

from __future__ import annotations

from typing import Any

from fixtures.language import mark, tell, translate
from harness.fleet.cells import MICRO, TOLD, Reason
from harness.fleet.screening import Listed, Screening, Test
from harness.report.columns import column

SHOWN = 25  # listed units a test in the text; the document has all
LIMITS = (
    mark("A screening of records: what to look at first.  It proves nothing about a vehicle and nothing about a person; an inspection of the meter decides."),
    mark("The fleet is its own measure: what most units do is taken for honest, so a cheat that most of them share is not seen."),
    mark("A unit that is not listed is not thereby honest: rare use, small factors and records that were forged consistently stay below what counts can show."),
)  # fmt: skip
HEADS = {"days": mark("days with it"), "trips": mark("trips with it"), "gaps": mark("trips"), "scale": mark("trips")}
WITH = {
    "vehicle": mark(" under {count} drivers, most under {unit} ({hit})"),
    "driver": mark(" on {count} vehicles, most on {unit} ({hit})"),
}
NOUNS = {"vehicle": mark("vehicles"), "driver": mark("drivers")}


def document(found: Screening) -> dict[str, Any]:
    """Everything as plain values."""
    read, tariff = found.read, found.tariff
    return {
        "file": found.path, "sha256": read.sha256, "bytes": read.bytes_read, "mapping": found.mapped.name,
        "tariff": None if tariff is None else {"id": tariff.id, "verified": tariff.verified},
        "records": read.rows, "trips": read.taken,
        "left_out": {
            reason.name.lower(): {"records": count, "why": str(TOLD[reason]), "first_records": read.examples[reason]}
            for reason, count in read.refused.items() if count
        },
        "rate_codes_judged_by_nothing": read.other_codes,
        "units": {noun: len(roster.ids) for noun, roster in read.rosters.items()},
        "alpha": found.alpha, "listed": found.listed, "limits": [str(one) for one in LIMITS],
        "tests": [_test(test) for test in found.tests],
    }  # fmt: skip


def _test(test: Test) -> dict[str, Any]:
    honest = test.honest
    return {
        "test": test.kind.id, "of": test.noun, "event": test.kind.event, "null": test.kind.null, "per": test.kind.per,
        "made": not test.why_not, "why_not": test.why_not or None, "units": test.units, "hits": test.hits, "of_all": test.of,
        "alpha": test.alpha,
        "fleet": None if honest is None else {
            "honest_mean": honest.mean, "honest_median": honest.median, "spread_of_log_rate": honest.spread,
            "share_apart": honest.others, "spread_granted": float(honest.edge[:, 1].max()),
        },
        "spread": test.spread, "drivers_only_on_listed_vehicles": test.on_vehicles,
        "explanations": list(test.kind.explanations) if test.listed else [],
        "listed": [_listed(one) for one in test.listed],
    }  # fmt: skip


def _listed(one: Listed) -> dict[str, Any]:
    row: dict[str, Any] = {
        "unit": one.unit, "hits": one.hits, "of": one.of, "trips_hit": one.trips_hit, "trips": one.trips,
        "low": one.low, "high": one.high, "p": one.p, "adjusted_p": one.adjusted,
    }  # fmt: skip
    if one.excess:
        row["money_above"] = f"{one.excess / MICRO:.2f}"
    if one.gain is not None:
        row["gain"] = one.gain
    if one.together:
        row["together_with"] = [{"unit": unit, "trips": trips} for unit, trips in one.together]
    if one.gap is not None:
        row |= {"modulus_steps": one.gap.modulus, "missing_remainder": one.gap.residue}
    return row


def text(found: Screening) -> str:
    read = found.read
    lines = [
        translate(
            mark("{file}: {records} records, {trips} trips, mapping {mapping}"),
            file=found.path, records=read.rows, trips=read.taken, mapping=found.mapped.name,
        ),
        *_left_out(found),
        _tariff(found),
        translate(mark("alpha {alpha:g} for the whole file, over {tests} tests; {listed} units listed"), alpha=found.alpha, tests=len(found.made), listed=found.listed),
    ]  # fmt: skip
    for test in found.tests:
        lines += ["", *_told(test)]
    return "\n".join([*lines, "", *(tell(one) for one in LIMITS)])


def _left_out(found: Screening) -> list[str]:
    read = found.read
    lines = [
        "  "
        + translate(
            mark("left out: {count} records, {why} (records {first} ...)"),
            count=count, why=tell(TOLD[reason]), first=", ".join(map(str, read.examples[reason])),
        )
        for reason, count in read.refused.items() if count and reason is not Reason.TAKEN
    ]  # fmt: skip
    if read.other_codes:
        told = mark("{count} trips under other rate codes: their fares are judged by nothing")
        lines.append("  " + translate(told, count=read.other_codes))
    return lines


def _tariff(found: Screening) -> str:
    if found.tariff is None:
        return translate(mark("no tariff: fares are held to nothing but the fleet's own"))
    told = mark("tariff {id}") if found.tariff.verified else mark("tariff {id}, unverified")
    return translate(told, id=found.tariff.id)


def _told(test: Test) -> list[str]:
    noun = tell(NOUNS[test.noun])
    head = f"{tell(test.kind.title)} ({test.kind.id}, {noun})"
    if test.why_not:
        counts = translate(mark(", seen {hits} times"), hits=test.hits) if test.hits else ""
        return [f"{head}: " + translate(mark("not tested: {why}"), why=tell(test.why_not)) + counts]
    lines = [f"{head}: " + _summary(test)]
    if not test.listed:
        return lines
    lines.append("  " + translate(mark("counted: {event}"), event=tell(test.kind.event)))
    lines.append("  " + translate(mark("null: {text}"), text=tell(test.kind.null)))
    lines += ["  " + row for row in _table(test)]
    lines.append("  " + translate(mark("what else explains it:")))
    return lines + [f"    - {tell(one)}" for one in test.kind.explanations]


def _summary(test: Test) -> str:
    listed = translate(mark("{listed} of {units} listed"), listed=len(test.listed), units=test.units)
    if test.on_vehicles:
        told = mark(", {count} drivers only on listed vehicles on which others did it too")
        listed += translate(told, count=test.on_vehicles)
    if test.honest is not None:
        share = 100 * test.hits / max(test.of, 1)
        told = mark("fleet {hits} of {of} ({share:.3g} %), honest units learned {mean:.3g} %, spread {spread:.2f}")
        return f"{listed}; " + translate(
            told, hits=test.hits, of=test.of, share=share, mean=100 * test.honest.mean, spread=test.honest.spread
        )
    if test.spread is not None:
        return f"{listed}; " + translate(mark("honest vehicles differ by {spread:.1f} %"), spread=100 * test.spread)
    return listed


def _table(test: Test) -> list[str]:
    count = tell(HEADS.get(test.kind.id, HEADS[test.kind.per]))
    heads = (tell(mark("unit")), count, tell(mark("interval, 95 %")), tell(mark("adjusted p")), tell(mark("more")))
    widths = (20, 16, 24, 12, 0)
    lines = ["".join(column(head, width) for head, width in zip(heads, widths, strict=True)).rstrip()]
    for one in test.listed[:SHOWN]:
        counted = f"{one.of}" if test.kind.id in ("gaps", "scale") else f"{one.hits}/{one.of}"
        sign = "+" if one.gain is not None else ""
        span = "" if one.gap is not None else f"{100 * one.low:{sign}.1f} .. {100 * one.high:{sign}.1f} %"
        cells = (one.unit, counted, span, f"{one.adjusted:.1e}", _more(test, one))
        lines.append("".join(column(cell, width) for cell, width in zip(cells, widths, strict=True)).rstrip())
    if len(test.listed) > SHOWN:
        lines.append(translate(mark("... and {more} more, in the --json document"), more=len(test.listed) - SHOWN))
    return lines


def _more(test: Test, one: Listed) -> str:
    if one.gain is not None:
        return translate(mark("distances {gain:+.1f} % against the fleet"), gain=100 * one.gain)
    if one.gap is not None:
        return translate(
            mark("no distance leaves {residue} of {modulus} steps"), residue=one.gap.residue, modulus=one.gap.modulus
        )
    if test.kind.per == "trips":
        return ""
    trips = translate(mark("{hit} of {trips} trips"), hit=one.trips_hit, trips=one.trips)
    if one.together:
        told = WITH[test.noun]
        trips += translate(told, count=len(one.together), unit=one.together[0][0], hit=one.together[0][1])
    if not one.excess:
        return trips
    return trips + translate(mark(", {money:.2f} more than their measure"), money=one.excess / MICRO)
