"""The tests of an acceptance edition, clause by clause, on whatever instrument its bench has: each test is a stimulus of its family at its points.

The edition says what is done, how often and what is computed of it; how it is done stands in `STIMULI` of the families.  Every number is read and
recorded as it was shown; nothing is computed here (harness/acceptance).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from fixtures.errors import BenchError
from fixtures.language import Bilingual, Sentence, mark
from harness.plans import blocks
from harness.plans.ability import Ability
from harness.plans.blocks import Steps
from harness.plans.sale import sale
from harness.plans.stimuli_scale import OF_SCALES
from harness.plans.stimuli_taximeter import OF_TAXIMETERS
from harness.step import Clause, Confirm, Inquire, Phase, Plan
from protocols.acceptance import Edition
from protocols.acceptance.clauses import Condition, Test

UNITS = {"C": mark("°C")}  # of conditions, as they are written
BEFORE, AFTER = "before", "after"  # of a condition's readings: key of the answer is `condition.<id>.before`
CONDITION = mark("{quantity}, in {unit}: type the reading, or `not read`")
SET = mark("Set for the test `{title}`: {severity}. Confirm when it holds")
AWAY = mark("Take away: {severity}. Confirm when the instrument stands as before")

PLATES = {
    "gas-dispenser": blocks.GAS,
    "scale": blocks.SCALE,
    "taximeter": blocks.TAXIMETER,
}


def steps(can: Ability, last: blocks.Last | None = None) -> Plan:
    """BenchError where the edition has no tests, or asks for what nobody has on this bench."""
    edition = can.edition
    if edition is None or not edition.tests:
        raise BenchError(
            f"expected an acceptance edition with tests, got {edition.id if edition else 'none'}, which has limits alone; "
            "`shortmeasure acceptance list` shows which have tests"
        )
    if can.scale is not None and can.scale.several_ranges:
        raise BenchError(
            "expected a scale of one range, or of several intervals: which range one stays in is not followed by these tests yet"
        )
    yield Phase("bench", mark("application, identity and conditions"))
    yield from blocks.commission()
    yield Confirm(
        "safety",
        mark("Bench, supplies and vessels are safe to work with, an extinguisher is at hand where anything flows"),
    )
    plate = PLATES.get(edition.family, blocks.DISPENSER)
    yield from blocks.identity(plate)
    yield from _conditions(edition, BEFORE)
    for number, test in enumerate(edition.tests, 1):
        yield from _test(can, test, f"T{number}")
    yield Clause("")
    yield from _conditions(edition, AFTER)
    if last is not None:
        yield from last(can, False)
    yield from blocks.identity_again(plate)
    yield Confirm("closing", mark("Instrument returned as it was brought, nothing of the bench left at it"))


def condition_key(one: Condition, when: str) -> str:
    return f"condition.{one.id}.{when}"


def _conditions(edition: Edition, when: str) -> Steps:
    for one in edition.conditions:
        yield Inquire(
            condition_key(one, when),
            Sentence(CONDITION, quantity=Sentence(one.quantity), unit=Sentence(UNITS.get(one.unit, one.unit))),
        )


def _test(can: Ability, test: Test, label: str) -> Steps:
    yield Phase("bench", _title(test))
    yield Clause(test.id)
    if test.influence:
        yield Confirm(f"{test.id}.set", Sentence(SET, title=_title(test), severity=test.severity))
    yield from STIMULI[test.stimulus](can, test, label)
    if test.influence:
        yield Confirm(f"{test.id}.away", Sentence(AWAY, severity=test.severity))


def _title(test: Test) -> str:
    return Bilingual(test.title, test.title_zh or test.title)


def _delivery(can: Ability, test: Test, label: str) -> Steps:
    for number, point in enumerate(test.points, 1):
        quantity = point.split()[0]
        if not can.whole and not can.measures(Decimal(quantity)):
            raise BenchError(
                f"test {test.id}: expected a reference that measures {point}, got one that does not reach it"
            )
        for repeat in range(1, test.repeats + 1):
            yield from sale(can, f"{label}.{number}.{repeat}", quantity, flow=test.settings.get("flow", "full"))


def _stated(can: Ability, test: Test, label: str) -> Steps:
    text = test.settings.get("prompt", test.title)
    for repeat in range(1, test.repeats + 1):
        key = f"{test.id}.{repeat}" if test.repeats > 1 else test.id
        yield Inquire(key, Bilingual(text, test.settings.get("prompt_zh", text)))


Stimulus = Callable[[Ability, Test, str], Steps]
STIMULI: Mapping[str, Stimulus] = {"delivery": _delivery, "stated": _stated, **OF_SCALES, **OF_TAXIMETERS}
