"""What is done after a plan has come to its end: a search for what switches something, or a confirmation of what was found.

An extension is registered whole before its first step: kind, number, target, what is worked and every delivery.  Nothing in
it follows from what it sees, so the number of its segments is no choice among looks (statistics.md 5: discovery and
proof never share data).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fixtures.language import mark
from harness.plans import blocks
from harness.plans.ability import Ability
from harness.plans.order import HARMLESS
from harness.plans.portions import long_l, long_sale, parts
from harness.plans.repeated import SHOWS, SILENT, Repeated, listed, read_one, read_worked, text
from harness.plans.sale import sale
from harness.step import CONFIRMATION, SEARCH, Confirm, Inquire, Phase, Plan, PowerCycle, Press, Purpose, Shut

MOST = 10  # deliveries of a confirmation
OFF_S = 30
REMOTE = "remote"
SAFETY = mark(
    "As before: lane closed off or vapour extraction on, vessels earthed, extinguisher at hand, no plastic cans, no telephone in the zone"
)
NOTHING_WRITTEN = mark(
    "Both officers confirm: what is worked in this visit, as it was registered, writes, saves, calibrates and prices nothing and switches no power"
)
CLOSED = mark("Litres delivered returned to the tank of their grade and recorded; dispenser sealed unchanged")
TITLES = {
    SEARCH: mark("search: each thing worked, then a delivery, twice"),
    CONFIRMATION: mark("confirmation: what showed it, delivered afresh"),
}


@dataclass(frozen=True)
class Extension:
    """`number`: of a confirmation its k, of a search how many there were.  `target`, "detector:link", of a confirmation.
    `worked`: what is pressed or typed; of a search each before and after its delivery, of a confirmation once before its
    deliveries and once between them and the same again, so that a switch is on for one half and off for the other.
    A confirmation that compares has `repeats` of both halves, each with what is worked before it.
    `kept`: None while it stands whole; else it was given up after so many of its steps, and only its closing follows."""

    kind: str
    number: int
    repeats: tuple[Repeated, ...]
    worked: tuple[str, ...] = ()
    target: str = ""
    kept: int | None = None

    @property
    def pressed(self) -> frozenset[str]:
        """Everything that is worked in it."""
        return frozenset(self.worked).union(*(one.worked for one in self.repeats))


def recorded(extension: Extension) -> dict[str, Any]:
    """As it stands in the journal: decimals as text."""
    return {
        "of": extension.kind, "number": extension.number, "target": extension.target,
        "worked": list(extension.worked), "repeats": listed(extension.repeats),
    }  # fmt: skip


def read(body: Mapping[str, Any]) -> Extension:
    """Raises KeyError, TypeError, ValueError or ArithmeticError where it is not what `recorded` wrote of something that may be
    done: a journal is read by others than who wrote it."""
    kind, number, target = body["of"], body["number"], body["target"]
    if kind not in TITLES:
        raise ValueError(f"expected {' or '.join(TITLES)}, got {kind!r}")
    if type(number) is not int or number < 1:
        raise ValueError(f"expected a number from 1 on, got {number!r}")
    if not isinstance(target, str) or (":" in target) != (kind == CONFIRMATION) or (kind == SEARCH and target):
        raise ValueError(f"expected the target detector:link of a confirmation, none of a search, got {target!r}")
    found, worked = body["repeats"], read_worked(body["worked"])
    if not isinstance(found, list):
        raise TypeError("expected a list of deliveries")
    if not 1 <= len(found) <= MOST or (kind == SEARCH and not worked):
        raise ValueError(f"expected 1 to {MOST} deliveries, and of a search something worked")
    repeats = tuple(map(read_one, found))
    halves = [one.half for one in repeats]
    if any(halves) and (kind == SEARCH or not all(halves) or halves.count(SILENT) != halves.count(SHOWS)):
        raise ValueError("expected as many deliveries to be silent as to show it, of a confirmation")
    return Extension(kind, number, repeats, worked, target)


def steps(can: Ability, extension: Extension) -> Plan:
    """The extension as a visit of its own: what the officers settle, who is there, seals as found, deliveries, closing; of one
    that was given up what was done of it, and the closing; nothing where nothing was."""
    visit = _visit(can, extension)
    if extension.kept is None:
        yield from visit
    elif extension.kept > 0:
        yield from _first(visit, extension.kept)
        yield from blocks.identity_again()
        yield from blocks.closing(CLOSED)


def _first(plan: Plan, count: int) -> Plan:
    step = next(plan)
    for _ in range(count - 1):
        outcome = yield step
        try:
            step = plan.send(outcome)
        except StopIteration:
            return
    yield step


def _visit(can: Ability, extension: Extension) -> Plan:
    yield from blocks.before()
    yield from blocks.badge()
    yield Confirm("safety", SAFETY)
    yield Inquire("seals_again", mark("Numbers and state of all seals, as found now"))
    # power is cut where the officers had decided for it: the phase says so to whoever reads the order
    yield Phase("E" if any(one.dark for one in extension.repeats) else "bench", TITLES[extension.kind])
    if REMOTE in extension.pressed or any(one.press_at_l is not None for one in extension.repeats):
        yield blocks.presser()
    if extension.pressed:
        yield Confirm(HARMLESS, NOTHING_WRITTEN)
    if extension.kind == SEARCH:
        yield Purpose(SEARCH)
        yield from _search(can, extension)
    else:
        yield from _confirmation(can, extension)
    yield from blocks.identity_again()
    yield from blocks.closing(CLOSED)


def _search(can: Ability, extension: Extension) -> Plan:
    """Twice each: a switch that the first press put on is put off again, and what acts on the next sale alone acts twice."""
    number = 0
    for what in extension.worked:
        for one in (*extension.repeats, *extension.repeats):
            number += 1
            yield Press(what)
            yield from repeat(can, f"T{extension.number}-{number}", one)


def _confirmation(can: Ability, extension: Extension) -> Plan:
    """Once, and where something is worked once more behind it; of what compares each half on record before it is delivered."""
    number, half = 0, ""
    if not any(one.half for one in extension.repeats):
        yield Purpose(CONFIRMATION, extension.number, extension.target)
    for _ in range(2 if extension.worked else 1):
        for what in extension.worked:
            yield Press(what)
        for one in extension.repeats:
            if one.half != half:
                half = one.half
                yield Purpose(CONFIRMATION, extension.number, extension.target, half)
            number += 1
            yield from repeat(can, f"K{extension.number}-{number}", one)


def repeat(can: Ability, label: str, one: Repeated, *, whole: bool = False) -> Plan:
    """One delivery, with what is done before it; `whole`: measured as a whole also where the plan measures a long sale in parts."""
    if one.dark:
        yield PowerCycle(OFF_S)
    for what in one.worked:
        yield Press(what)
    if one.shut_s:
        yield Shut(label, one.shut_s)
    elif not whole and parts(can) and one.volume_l == long_l(can):
        yield from long_sale(can, label)
    else:
        yield from sale(
            can, label, str(one.volume_l), amount=text(one.amount), flow=one.flow, press_at_l=text(one.press_at_l)
        )  # fmt: skip


def extended(plan: Plan, can: Ability, extensions: Sequence[Extension]) -> Plan:
    """`plan`, and after its end the extensions in their order."""
    yield from plan
    for extension in extensions:
        yield from steps(can, extension)
