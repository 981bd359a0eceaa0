"""What is done after a plan has come to its end: a search for what switches something, or a confirmation of what was found.

An extension is registered whole before its first step: kind, number, target, what is worked and every delivery.  Nothing in
it follows from what it sees, so the number of its segments is no choice among looks (statistics.md 5: discovery and
proof never share data).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from itertools import chain
from typing import Any

from fixtures.language import mark
from harness.plans import blocks
from harness.plans.ability import Ability
from harness.plans.order import HARMLESS
from harness.plans.portions import long_l, long_sale, parts
from harness.plans.sale import sale
from harness.plans.worked import plain, writes
from harness.step import CONFIRMATION, SEARCH, Confirm, Inquire, Phase, Plan, PowerCycle, Press, Purpose, Shut

MOST, MOST_WORKED = 8, 12  # deliveries of a confirmation, things worked in a search
WORDS = re.compile(r"[^\W_][\w +*#.-]{0,39}")
FLOWS = ("full", "slow")
PLAIN = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")
LONGEST_S = 3600
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
class Repeated:
    """One delivery, or with `shut_s` a nozzle held shut for so long, as it was asked before."""

    volume_l: Decimal = Decimal(0)
    amount: Decimal | None = None
    flow: str = "full"
    press_at_l: Decimal | None = None
    shut_s: int = 0


@dataclass(frozen=True)
class Extension:
    """`number`: of a confirmation its k, of a search how many there were.  `target`, "detector:link", of a confirmation.
    `worked`: what is pressed or typed; of a search each before and after its delivery, of a confirmation once before its
    deliveries and once between them and the same again, so that a switch is on for one half and off for the other.
    `against`: of a confirmation that compares, what its `repeats` are compared with, as many, in turn with them.  `worked` comes before
    each of the repeats, and where they differ in something else (`alike`) before each of both.  `dark`: what is worked stays on, so power
    is cut, and all of `against` comes first.
    `kept`: None while it stands whole; else it was given up after so many of its steps, and only its closing follows."""

    kind: str
    number: int
    repeats: tuple[Repeated, ...]
    worked: tuple[str, ...] = ()
    target: str = ""
    kept: int | None = None
    against: tuple[Repeated, ...] = ()
    alike: bool = False
    dark: bool = False


def recorded(extension: Extension) -> dict[str, Any]:
    """As it stands in the journal: decimals as text."""
    compared = {"against": _listed(extension.against), "alike": extension.alike, "dark": extension.dark}
    return {
        "of": extension.kind, "number": extension.number, "target": extension.target,
        "worked": list(extension.worked), "repeats": _listed(extension.repeats),
        **(compared if extension.against else {}),
    }  # fmt: skip


def _listed(repeats: Sequence[Repeated]) -> list[dict[str, Any]]:
    return [{key: _text(value) for key, value in asdict(one).items()} for one in repeats]


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
    listed, worked, against = body["repeats"], body["worked"], body.get("against", [])
    if not isinstance(listed, list) or not isinstance(worked, list) or not isinstance(against, list):
        raise TypeError("expected lists of deliveries and of what is worked")
    alike, dark = body.get("alike", False), body.get("dark", False)
    if type(alike) is not bool or type(dark) is not bool or (kind == SEARCH and against):
        raise ValueError("expected yes or no, and of a search nothing to compare with")
    most = len(listed) > MOST or len(against) > MOST
    if against and len(against) != len(listed):
        raise ValueError(f"expected as many deliveries to compare with, got {len(against)} for {len(listed)}")
    if not listed or most or len(worked) > MOST_WORKED or (kind == SEARCH and not worked):
        raise ValueError(f"expected 1 to {MOST} deliveries and at most {MOST_WORKED} things worked")
    for what in worked:
        if not isinstance(what, str) or WORDS.fullmatch(what) is None or not plain(what) or writes(what):
            raise ValueError(f"expected something that may be worked, got {what!r}")
    half = tuple(map(_asked, against))
    return Extension(
        kind, number, tuple(map(_asked, listed)), tuple(worked), target, against=half, alike=alike, dark=dark
    )


def _asked(one: Mapping[str, Any]) -> Repeated:
    volume_l, shut_s, flow = _litres(one["volume_l"]), one["shut_s"], one["flow"]
    if type(shut_s) is not int or not 0 <= shut_s <= LONGEST_S:
        raise ValueError(f"expected whole seconds up to {LONGEST_S}, got {shut_s!r}")
    if flow not in FLOWS:
        raise ValueError(f"expected flow {' or '.join(FLOWS)}, got {flow!r}")
    if (volume_l > 0) == (shut_s > 0):
        raise ValueError("expected a volume above zero, or seconds of a nozzle held shut")
    amount = None if one["amount"] is None else _litres(one["amount"])
    press_at_l = None if one["press_at_l"] is None else _litres(one["press_at_l"])
    return Repeated(volume_l, amount, flow, press_at_l, shut_s)


def _litres(text: object) -> Decimal:
    if not isinstance(text, str) or PLAIN.fullmatch(text) is None:
        raise ValueError(f"expected a plain decimal, got {text!r}")
    return Decimal(text)


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
    yield Phase("E" if extension.dark else "bench", TITLES[extension.kind])
    if REMOTE in extension.worked or any(one.press_at_l is not None for one in extension.repeats):
        yield blocks.presser()
    if extension.worked:
        yield Confirm(HARMLESS, NOTHING_WRITTEN)
    if extension.kind == SEARCH:
        yield Purpose(SEARCH)
        yield from _search(can, extension)
    else:
        yield Purpose(CONFIRMATION, extension.number, extension.target)
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
            yield from _repeat(can, f"T{extension.number}-{number}", one)


def _confirmation(can: Ability, extension: Extension) -> Plan:
    number = 0
    if extension.against:
        yield from _compared(can, extension)
        return
    for _ in range(2 if extension.worked else 1):
        for what in extension.worked:
            yield Press(what)
        for one in extension.repeats:
            number += 1
            yield from _repeat(can, f"K{extension.number}-{number}", one)


def _compared(can: Ability, extension: Extension) -> Plan:
    """In turn what is not to show it and what is, so that nothing that drifts makes the difference; where what was worked stays on until
    power is cut, first all of the one and then all of the other."""
    silent = [(one, extension.alike) for one in extension.against]
    shows = [(one, True) for one in extension.repeats]
    if extension.dark:
        yield PowerCycle(OFF_S)
    turns = chain(silent, shows) if extension.dark else chain.from_iterable(zip(silent, shows, strict=True))
    for number, (one, works) in enumerate(turns, 1):
        for what in extension.worked if works else ():
            yield Press(what)
        yield from _repeat(can, f"K{extension.number}-{number}", one)


def _repeat(can: Ability, label: str, one: Repeated) -> Plan:
    if one.shut_s:
        yield Shut(label, one.shut_s)
    elif parts(can) and one.volume_l == long_l(can):
        yield from long_sale(can, label)
    else:
        yield from sale(
            can, label, str(one.volume_l), amount=_text(one.amount), flow=one.flow, press_at_l=_text(one.press_at_l)
        )  # fmt: skip


def extended(plan: Plan, can: Ability, extensions: Sequence[Extension]) -> Plan:
    """`plan`, and after its end the extensions in their order."""
    yield from plan
    for extension in extensions:
        yield from steps(can, extension)


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value
