"""A whole acceptance protocol: conditions, equipment, and each result of each test, from a recorded run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from captures.errors import IntegrityError
from harness.acceptance import reasons
from harness.acceptance.liquids import OF_LIQUIDS
from harness.acceptance.observed import Act, by_test
from harness.acceptance.result import STANDARDS, Asked, Done, Formula, Result, Setting, faults
from harness.acceptance.scales import OF_SCALES, raw_error
from harness.acceptance.taximeters import OF_TAXIMETERS
from harness.derive.parts import number, told
from harness.derive.recorded import Recorded
from harness.editions import edition_of
from harness.judge.contract import Segment
from harness.metrology.decision import Decision, Rule
from harness.metrology.errors import MetrologyError
from harness.plans.acceptance import AFTER, BEFORE, condition_key
from harness.report.document import plain
from protocols.acceptance import AcceptanceError, Edition
from protocols.acceptance.clauses import Condition, Equipment

FORMULAS: Mapping[str, Mapping[str, Formula]] = {
    "dispenser": OF_LIQUIDS, "gas-dispenser": OF_LIQUIDS, "scale": OF_SCALES, "taximeter": OF_TAXIMETERS,
}  # fmt: skip
OF_DELIVERIES = ("mean-error", "error")
ERRORS: Mapping[str, tuple[str, ...]] = {  # formulas of the error of indication; faults are counted in the first
    "dispenser": OF_DELIVERIES, "gas-dispenser": OF_DELIVERIES, "scale": ("weighing-error",), "taximeter": ("distance-error",),
}  # fmt: skip
COUNTED: Mapping[str, Formula] = {  # what a fault is counted in: errors as they are, that at zero among them
    **{family: FORMULAS[family][errors[0]] for family, errors in ERRORS.items()}, "scale": raw_error,
}  # fmt: skip
FAULT, COMPLETE = "fault", "complete"
LATE = "ISO/IEC 17025:2017, 6.4.9"
WHEN = {BEFORE: reasons.BEFORE, AFTER: reasons.AFTER}


@dataclass(frozen=True)
class Flag:
    """Something that a clause asks for and that was not so: what rests on it decides nothing."""

    id: str
    text: str
    clause: str
    verified: bool


def protocol(
    recorded: Recorded,
    found: Sequence[Segment],
    readings: Sequence[Mapping[str, Any]],
    rule: Rule,
    late: Sequence[str] = (),
) -> dict[str, Any] | None:
    """JSON-ready; None of a run that did no test of an edition.  `late`: stations whose values rest on a standard past its due day."""
    edition = edition_of(recorded.bench)  # one that cannot be read is no fault of the journal
    try:
        acts = by_test(recorded)
        return _told(recorded, edition, found, readings, rule, late, acts) if acts else None
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise IntegrityError(
            f"the tests of an edition in this journal do not belong together ({type(error).__name__}: {error}); "
            "this journal was not written by a run of this version"
        ) from None


def _told(
    recorded: Recorded,
    edition: Edition,
    found: Sequence[Segment],
    readings: Sequence[Mapping[str, Any]],
    rule: Rule,
    late: Sequence[str],
    acts: Mapping[str, Sequence[Act]],
) -> dict[str, Any]:
    bench = recorded.bench
    setting = Setting(edition, bench.profile, bench.reference, {one.id: one for one in found}, rule, readings)
    rows = [
        row
        for test in edition.tests
        for row in _results(setting, Done(test, tuple(acts.get(test.id, ()))), test.id in acts)
    ]
    stated = told(recorded).stated
    flags = [
        *(flag for one in edition.conditions for flag in _condition(one, stated)),
        *(flag for one in edition.equipment for flag in _equipment(one, rows)),
        *_nominal(setting, acts),
        *(Flag("overdue", reasons.OVERDUE.format(what=station), LATE, False) for station in late),
        *([] if recorded.status == COMPLETE else [Flag("status", reasons.CUT.format(status=recorded.status), "", False)]),
    ]  # fmt: skip
    document: dict[str, Any] = plain(
        {
            "edition": edition.id, "title": edition.title, "use": edition.use, "rule": str(rule),
            "decision": str(overall(rows, flags)), "searched": searched(recorded),
            "conditions": [
                {"id": one.id, "quantity": one.quantity, "unit": one.unit, "before": stated.get(condition_key(one, BEFORE), ""),
                 "after": stated.get(condition_key(one, AFTER), ""), "low": one.low, "high": one.high, "change": one.change,
                 "clause": one.stated.clause, "verified": one.stated.verified}
                for one in edition.conditions
            ],
            "tests": [
                {"id": test.id, "title": test.title, "title_zh": test.title_zh, "clause": test.stated.clause, "source": test.stated.source, "grade": test.stated.grade,
                 "verified": test.stated.verified, "influence": test.influence, "severity": test.severity, "done": test.id in acts,
                 "results": [asdict(row) for row in rows if row.test == test.id]}
                for test in edition.tests
            ],
            "flags": [asdict(flag) for flag in flags],
        }
    )  # fmt: skip
    return document


def searched(recorded: Recorded) -> bool:
    """Whether a search or a confirmation came behind the tests: then integrity was asked for."""
    return any(body.get("kind") == "step" and body["step"].get("type") == "Purpose" for _, body in recorded.entries)


def overall(rows: Sequence[Result], flags: Sequence[Flag]) -> Decision:
    """Fails where one result does; passes where all do and nothing that a clause asks for was missing."""
    decisions = {row.decision for row in rows}
    if Decision.FAIL in decisions:
        return Decision.FAIL
    return Decision.INCONCLUSIVE if flags or not rows or Decision.INCONCLUSIVE in decisions else Decision.PASS


def _results(setting: Setting, done: Done, begun: bool) -> list[Result]:
    if begun and not done.acts:  # the plan found nothing to do: a scale that takes no tare, or computes no price
        return []
    asked = [Asked(setting, done, judged) for judged in done.test.judged]
    return [row for one in asked for row in (_computed(one) if begun else [one.missing("", "", reasons.NOT_DONE)])]


def _computed(asked: Asked) -> list[Result]:
    """A figure beyond what the edition has a limit for, a load typed beyond Max, decides nothing and loses no other result."""
    try:
        return _judged(asked)
    except (AcceptanceError, MetrologyError, ArithmeticError) as error:
        return [asked.missing("", "", reasons.BROKEN.format(why=error))]


def _judged(asked: Asked) -> list[Result]:
    if asked.test.stimulus == "stated":
        return _stated(asked)
    family, formula = asked.edition.family, asked.judged.formula
    if formula == FAULT:
        return faults(asked, COUNTED[family](asked))
    if formula in ERRORS[family]:
        asked.setting.known.update({(asked.test.id, row.at): row for row in COUNTED[family](asked)})
    return FORMULAS[family][formula](asked)


def _stated(asked: Asked) -> list[Result]:
    """What the operator counted or read: exactly, at most or at least the limit."""
    low, high = {
        "stated-exactly": (asked.most - 0.5, asked.most + 0.5),
        "stated-most": (-math.inf, asked.most),
        "stated-least": (asked.most, math.inf),
    }[asked.judged.formula]
    unit, rows = asked.edition.limit(asked.judged.limit).unit, []
    for act in (act for act in asked.done.acts if act.kind == "Inquire"):
        value, at = number(act.value.get("value")), str(act.step["key"])
        if value is None:
            rows.append(asked.missing(at, unit, reasons.NO_NUMBER.format(label=at)))
        else:
            rows.append(asked.held(at, "" if unit == "1" else unit, 1, float(value), (low, high), [act.place]))
    return rows or [asked.missing("", unit, reasons.NOBODY)]


def _condition(one: Condition, stated: Mapping[str, str]) -> list[Flag]:
    told_by = {when: number(stated.get(condition_key(one, when))) for when in (BEFORE, AFTER)}
    found: list[str] = []
    for when, value in told_by.items():
        fields = {"what": one.quantity, "when": WHEN[when]}
        if value is None:
            found.append(reasons.UNREAD.format(**fields))
        elif (one.low is not None and value < one.low) or (one.high is not None and value > one.high):
            text = reasons.ABOVE if one.low is None else reasons.BELOW if one.high is None else reasons.BEYOND
            found.append(text.format(**fields, value=value, unit=one.unit, low=one.low, high=one.high))
    before, after = told_by[BEFORE], told_by[AFTER]
    if one.change is not None and before is not None and after is not None and abs(after - before) > one.change:
        found.append(
            reasons.CHANGED.format(what=one.quantity, value=abs(after - before), unit=one.unit, most=one.change)
        )
    return [Flag(one.id, text, one.stated.clause, one.stated.verified) for text in found]


def _equipment(one: Equipment, rows: Sequence[Result]) -> list[Flag]:
    """The standard's share in the budgets of the results that are held against that limit, twice for the expanded one."""
    ratios = []
    for row in rows:
        known = [part["contribution"] for part in row.budget if part["name"] in STANDARDS]
        if row.limit == one.of and known and row.high:
            ratios.append(2 * abs(known[0]) / row.high)
    if not ratios:
        text = reasons.UNKNOWN.format(what=one.quantity, of=one.of) if any(row.limit == one.of for row in rows) else ""
        return [Flag(one.id, text, one.stated.clause, one.stated.verified)] if text else []
    if max(ratios) <= float(one.most):
        return []
    text = reasons.UNCERTAIN.format(what=one.quantity, got=f"{max(ratios):.3f}", of=one.of, most=one.most)
    return [Flag(one.id, text, one.stated.clause, one.stated.verified)]


def _nominal(setting: Setting, acts: Mapping[str, Sequence[Any]]) -> list[Flag]:
    """A level that stands at the mark of the capacity in every run of a test is the nominal, not a reading (fuel_dispensers.md 3.2)."""
    if setting.reference.get("kind") != "prover_neck":
        return []
    found = []
    for test, own in acts.items():
        levels = [(number(act.value.get("h0_mm")), number(act.value.get("h_mm"))) for act in own if act.kind == "Prove"]
        if len(levels) > 1 and all(mark is not None and mark == level for mark, level in levels):
            text = reasons.NOMINAL.format(test=test, litres=setting.reference["capacity_l"])
            found.append(Flag("nominal", text, "V_B is the neck's reading (fuel_dispensers.md 3.2)", False))
    return found


def tests_of(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(document.get("protocol", {}).get("tests", ()))
