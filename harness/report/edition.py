"""An acceptance edition as it is shown: every limit, condition, piece of equipment and test with clause, grade and standing."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from fixtures.language import Bilingual, mark, tell, translate
from harness.report.protocol import FORMULAS
from harness.report.wording import said
from protocols.acceptance import Edition, Limit
from protocols.acceptance.clauses import Condition, Equipment, Judged, Stated, Test
from protocols.acceptance.edition import MPE

OF_LIMIT = mark("{quantity}; {applies}")
OF_ONE = mark("{id}  {quantity}: {limits}")
STANDING = mark("[{grade}, {state}] {clause}; {source}")
CHANGE = mark("{bounds}; changes by at most {change} {unit}")
MOST = mark("at most {most} of the limit {of}")
TEST = mark("{stimulus}: {points}; repeats: {repeats}")
INFLUENCE = mark("influence: {influence}; set for it: {severity}")
AGAINST = mark("against the test {test}")
OF_LOAD = mark("that of the load")
HEADS = {"condition": mark("Conditions"), "equipment": mark("Equipment"), "test": mark("Tests, in this order")}


def edition_lines(own: Edition) -> list[str]:
    """What of an edition is not stated is not there: most have limits alone."""
    lines = [f"{own.id}  {tell(own.title)}", tell(own.legal_basis), ""]
    for limit in own.limits:
        lines += [
            f"{limit.id} = {_figure(limit)}",
            "    " + translate(OF_LIMIT, quantity=tell(limit.quantity), applies=tell(limit.applies)),
            f"    {standing(limit)}",
        ]
    if own.conditions:
        lines += ["", translate(HEADS["condition"])]
        for condition in own.conditions:
            lines += [
                translate(OF_ONE, id=condition.id, quantity=tell(condition.quantity), limits=_bounds(condition)),
                f"    {standing(condition.stated)}",
            ]
    if own.equipment:
        lines += ["", translate(HEADS["equipment"])]
        for one in own.equipment:
            most = translate(MOST, most=one.most, of=one.of)
            lines += [
                translate(OF_ONE, id=one.id, quantity=tell(one.quantity), limits=most),
                f"    {standing(one.stated)}",
            ]
    if own.tests:
        lines += ["", translate(HEADS["test"])]
        for test in own.tests:
            lines += _test_lines(own, test)
    return lines


def edition_document(own: Edition) -> dict[str, Any]:
    """JSON-ready."""
    return {
        "id": own.id, "title": own.title, "family": own.family, "in_force": own.in_force, "legal_basis": own.legal_basis, "use": own.use,
        "limits": [_limit(limit) for limit in own.limits], "conditions": [_condition(one) for one in own.conditions],
        "equipment": [_equipment(one) for one in own.equipment], "tests": [_test(own, test) for test in own.tests],
    }  # fmt: skip


def standing(of: Limit | Stated) -> str:
    """How good a source is, who compared it, and where it stands."""
    state = of.compared or (tell(mark("verified")) if of.verified else tell(mark("unverified")))
    return translate(STANDING, grade=of.grade, state=state, clause=said(of.clause), source=of.source)


def _test_lines(own: Edition, test: Test) -> list[str]:
    points = ", ".join(test.points) or "-"
    done = translate(TEST, stimulus=test.stimulus, points=points, repeats=test.repeats)
    lines = [f"{test.id}  {Bilingual(test.title, test.title_zh or test.title).said}", f"    {'; '.join([done, *(f'{key} = {value}' for key, value in test.settings.items())])}"]  # fmt: skip
    if test.influence:
        lines.append("    " + translate(INFLUENCE, influence=test.influence, severity=test.severity))
    if test.against:
        lines.append("    " + translate(AGAINST, test=test.against))
    for one in test.judged:
        held = mark("    {formula} ({what}): {limit} = {figure}")
        figure = _held_against(own, one)
        lines.append(
            translate(held, formula=one.formula, what=tell(FORMULAS[one.formula]), limit=one.limit, figure=figure)
        )
    return [*lines, f"    {standing(test.stated)}"]


def _held_against(own: Edition, judged: Judged) -> str:
    known = {limit.id: limit for limit in own.limits}
    return _figure(known[judged.limit]) if judged.limit in known else translate(OF_LOAD)


def _bounds(one: Condition) -> str:
    parts = [] if one.low is None else [f">= {one.low} {one.unit}"]
    parts += [] if one.high is None else [f"<= {one.high} {one.unit}"]
    bounds = ", ".join(parts) or "-"
    return bounds if one.change is None else translate(CHANGE, bounds=bounds, change=one.change, unit=one.unit)


def _figure(limit: Limit) -> str:
    return f"{limit.value} {tell(limit.unit)}" if limit.unit != "1" else str(limit.value)


def _stated(of: Limit | Stated) -> dict[str, Any]:
    return {
        "clause": of.clause,
        "source": of.source,
        "grade": of.grade,
        "verified": of.verified,
        "compared": of.compared,
    }


def _limit(limit: Limit) -> Mapping[str, Any]:
    step = {"accuracy_class": limit.accuracy_class, "upto_e": str(limit.upto_e)} if limit.is_step else {}
    return {
        "id": limit.id, "quantity": limit.quantity, "value": str(limit.value), "unit": limit.unit, **_stated(limit), "applies": limit.applies, **step,
    }  # fmt: skip


def _condition(one: Condition) -> Mapping[str, Any]:
    bounds = {key: _decimal(value) for key, value in (("low", one.low), ("high", one.high), ("change", one.change))}
    return {"id": one.id, "quantity": one.quantity, "unit": one.unit, **bounds, **_stated(one.stated)}


def _equipment(one: Equipment) -> Mapping[str, Any]:
    return {"id": one.id, "quantity": one.quantity, "most": str(one.most), "of": one.of, **_stated(one.stated)}


def _test(own: Edition, test: Test) -> Mapping[str, Any]:
    """A limit that only the load tells has no value here."""
    known = {limit.id: limit for limit in own.limits}
    judged = [
        {"formula": one.formula, "limit": one.limit, "value": str(known[one.limit].value), "unit": known[one.limit].unit}
        if one.limit in known else {"formula": one.formula, "limit": MPE, "value": None, "unit": None}
        for one in test.judged
    ]  # fmt: skip
    return {
        "id": test.id, "title": test.title, "stimulus": test.stimulus, "points": list(test.points), "repeats": test.repeats,
        "settings": dict(test.settings), "judged": judged, "influence": test.influence, "severity": test.severity, "against": test.against,
        **_stated(test.stated),
    }  # fmt: skip


def _decimal(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
