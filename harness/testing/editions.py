"""Checks of an acceptance edition: what a parser alone does not see.

`check_edition` needs nothing but the `EditionSpec`: the file parses, everything it states says where it stands, and its figures are of the size
that such limits have (a percent typed as a fraction is a hundred times too large).  Whether a figure is the printed one no check can know: that
takes `shortmeasure acceptance verify` and somebody with the print.  The same holds for a slip that leaves a limit of a usual size.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from importlib.resources import files

from fixtures.language import tell
from harness.editions import JUDGED_BY
from harness.report.edition import edition_lines, standing
from harness.testing.wanted import Broken, want
from protocols.acceptance import AcceptanceError, Edition, EditionSpec, Limit, parse
from protocols.acceptance.beginning import TEXT, TITLE
from protocols.acceptance.clauses import Condition, Equipment, Stated, Test
from protocols.acceptance.edition import API_VERSION, MPE, MPE_FACTOR

ERRORS = ("error", "mean-error", "distance-error", "time-error")  # formulas of a relative error
SCATTER = ("repeatability", "range")  # of one, which is no larger than the error itself may be
USUAL = Decimal("0.0002"), Decimal("0.05")  # a relative limit of trade: 0.02 % to 5 %
USUAL_E = Decimal("0.1"), Decimal(5)  # a limit in verification scale intervals
USUAL_FACTOR = Decimal(1), Decimal(4)  # errors in service as a multiple of those on initial verification
APART = 20  # times: further from the limit `mpe` no other limit of the same kind lies
BOUNDS = {"C": (-60, 100), "%": (0, 100)}  # what a condition in this unit can be
TO_BE_FILLED_IN = frozenset(re.findall(r'= "([^"{}]{12,})"', TEXT)) | {
    TITLE
}  # what `acceptance new` leaves for its author


def text_of(spec: EditionSpec) -> str:
    """The file that a specification names."""
    try:
        return (files(spec.package) / spec.resource).read_text("utf-8")
    except (ModuleNotFoundError, OSError, UnicodeDecodeError, TypeError) as error:
        wanted = f"{spec.id}: expected {spec.resource} in the package {spec.package}, as UTF-8"
        raise Broken(f"{wanted}; got {type(error).__name__}: {error}") from error


def parsed(spec: EditionSpec) -> Edition:
    """The edition behind a specification; Broken with file and line where it is none."""
    try:
        return parse(text_of(spec), spec.resource)
    except AcceptanceError as error:
        raise Broken(str(error)) from error


def check_id(spec: EditionSpec, own: Edition) -> None:
    want(own.id == spec.id, f"{spec.resource}: id expected that of the specification, {spec.id!r}", own.id)


def check_edition(spec: EditionSpec) -> None:
    """It parses, states where everything stands, says what nobody has compared, and its figures are of a usual size."""
    want(spec.api == API_VERSION, f"api: expected {API_VERSION}; adapt the plugin to this contract", spec.api)
    own = parsed(spec)
    check_id(spec, own)
    want(own.title not in TO_BE_FILLED_IN, f"{spec.resource}: title expected to be filled in", own.title)
    want(own.legal_basis not in TO_BE_FILLED_IN, f"{spec.resource}: legal_basis expected to be filled in", own.legal_basis)  # fmt: skip
    for where, one in _stated(own):
        _check_stated(f"{spec.resource}, {where}", one)
    _check_printed(spec, own)
    for limit in own.limits:
        _check_size(f"{spec.resource}, limit {limit.id}", own, limit)
    for equipment in own.equipment:
        where = f"{spec.resource}, equipment {equipment.id}"
        want(equipment.most <= 1, f"{where}: most expected a share of the limit, at most 1 (0.3334 is a third)", equipment.most)  # fmt: skip
    for condition in own.conditions:
        _check_condition(f"{spec.resource}, condition {condition.id}", condition)
    if own.tests:
        check_judgeable(spec, own)


def _stated(own: Edition) -> Iterator[tuple[str, Limit | Stated]]:
    for limit in own.limits:
        yield f"limit {limit.id}", limit
    kinds: tuple[tuple[str, tuple[Condition | Equipment | Test, ...]], ...] = (
        ("condition", own.conditions), ("equipment", own.equipment), ("test", own.tests),
    )  # fmt: skip
    for kind, known in kinds:
        for one in known:
            yield f"{kind} {one.id}", one.stated


def _check_stated(where: str, one: Limit | Stated) -> None:
    for key in ("clause", "source", "applies"):
        text = str(getattr(one, key, "stated"))
        want(text.strip() != "" and text not in TO_BE_FILLED_IN, f"{where}: {key} expected to be filled in", text)
    want(one.verified or not one.compared, f"{where}: compared expected only where verified = true", one.compared)
    want(not one.verified or one.grade == "V", f"{where}: verified expected false unless grade is V", one.grade)


def _check_printed(spec: EditionSpec, own: Edition) -> None:
    """Whoever looks at the edition is told of each figure that nobody has compared."""
    printed = "\n".join(edition_lines(own))
    for where, one in _stated(own):
        told = one.verified or tell("unverified") in standing(one)
        want(told and standing(one) in printed, f"{spec.resource}, {where}: expected to be shown as unverified", standing(one))  # fmt: skip


def _formulas(own: Edition, limit: Limit) -> set[str]:
    return {judged.formula for test in own.tests for judged in test.judged if judged.limit == limit.id}


def _check_size(where: str, own: Edition, limit: Limit) -> None:
    formulas = _formulas(own, limit)
    error = limit.id == MPE or limit.id.startswith(f"{MPE}-") or bool(formulas & {*ERRORS, *SCATTER})
    if limit.is_step or (limit.unit == "e" and formulas):
        _within(where, limit.value, *USUAL_E, "a limit in e")
    elif limit.id == MPE_FACTOR:
        _within(where, limit.value, *USUAL_FACTOR, "a multiple of the errors on initial verification")
    elif limit.unit == "1" and error:
        low, high = USUAL
        told = f"{where}: value expected a fraction from {low} to {high} (0.003 is 0.3 %); was a percent typed, or divided by 100 twice?"
        want(low <= limit.value <= high, told, f"{limit.value}, which is {limit.value * 100:f} %")
        _check_beside(where, own, limit, bool(formulas & set(SCATTER)))
    elif limit.unit == "L" and limit.upto_l is not None:
        _within(where, limit.value / limit.upto_l, *USUAL, f"in L, as a share of its {limit.upto_l} L,")


def _check_beside(where: str, own: Edition, limit: Limit, scatter: bool) -> None:
    """Against the limit `mpe` of the same edition: one of another size is a slip, or is no error of this kind."""
    base = next((one.value for one in own.limits if one.id == MPE and one.unit == "1"), None)
    if base is None:
        return
    ratio = limit.value / base
    want(Decimal(1) / APART <= ratio <= APART, f"{where}: value expected within {APART} times of {MPE} = {base}", limit.value)  # fmt: skip
    want(not scatter or ratio <= 1, f"{where}: repeatability expected at most {MPE} = {base}", limit.value)


def _within(where: str, value: Decimal, low: Decimal, high: Decimal, what: str) -> None:
    want(low <= value <= high, f"{where}: value expected {what} from {low} to {high}", value)


def _check_condition(where: str, one: Condition) -> None:
    low, high = BOUNDS.get(one.unit, (None, None))
    for key in ("low", "high"):
        bound = getattr(one, key)
        if bound is not None and low is not None and high is not None and one.quantity:
            want(low <= bound <= high, f"{where}: {key} expected from {low} to {high} {one.unit}", bound)
    want(one.change is None or one.change > 0, f"{where}: change expected above 0", one.change)


def check_judgeable(spec: EditionSpec, own: Edition) -> None:
    """An edition with tests has the limits that its family is judged by (harness/editions.py)."""
    known = {limit.id for limit in own.limits}
    lacking = [id for id in JUDGED_BY.get(own.family, (MPE,)) if id not in known]
    want(not lacking, f"{spec.resource}: a {own.family} with tests expected the limits it is judged by", f"no {', '.join(lacking)}")  # fmt: skip
    steps = own.family != "scale" or any(limit.is_step for limit in own.limits)
    want(steps, f"{spec.resource}: a scale with tests expected steps of the maximum permissible error (upto_e)", "none")
