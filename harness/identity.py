"""What an instrument says of itself against its type file, and before the inspection against after it.

A difference is a finding of its own kind: it accuses nobody of a cheating function, and no verdict of integrity or conformity rests on it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from fixtures.benchfile import BenchFile
from fixtures.language import mark
from harness.derive.parts import told
from harness.derive.recorded import Recorded
from protocols.acceptance.type_file import TypeFile, parse_type

NOT_TOLD = re.compile(r"|none|not shown|not read|refused|n/?a|无|未显示|拒绝", re.IGNORECASE)
WHAT = {
    "type_approval": mark("type approval"), "software": mark("software and checksum"), "K": mark("pulses per unit"),
    "software_after": mark("software and checksum, afterwards"), "event_counter_after": mark("event counter, afterwards"),
    "K_after": mark("pulses per unit, afterwards"),
}  # fmt: skip
TWICE = (("software", "software_after"), ("event_counter", "event_counter_after"), ("K", "K_after"))


@dataclass(frozen=True)
class Compared:
    """One statement: `what` by its key, what was `expected`, what was `got`; `agrees` None where nobody told it."""

    what: str
    expected: str
    got: str
    agrees: bool | None


def identity(recorded: Recorded) -> dict[str, Any] | None:
    """Of a run, JSON-ready; None where its bench names no type file and nothing was read twice."""
    stated = told(recorded).stated
    own = type_of(recorded.bench)
    rows = [*([] if own is None else against(own, stated)), *afterwards(stated)]
    if not rows:
        return None
    kind = (
        {}
        if own is None
        else {"type": own.id, "title": own.title, "grade": own.grade, "verified": own.verified, "source": own.source}
    )
    return {**kind, "compared": [asdict(one) for one in rows]}


def type_of(bench: BenchFile) -> TypeFile | None:
    return parse_type(bench.type_text, bench.type_file) if bench.type_text else None


def against(own: TypeFile, stated: Mapping[str, str]) -> list[Compared]:
    """What was stated at the beginning, held against the type."""
    approval, software = stated.get("type_approval", ""), stated.get("software", "")
    programs = [" ".join(part for part in (one.version, one.checksum) if part) for one in own.programs]
    rows = [
        Compared("type_approval", own.approval, approval, _holds(approval, own.approval)),
        Compared("software", " | ".join(programs), software, _any(software, programs)),
    ]
    if own.k is not None:
        rows.append(
            Compared("K", f"{own.k[0]} to {own.k[1]}", stated.get("K", ""), _within(stated.get("K", ""), own.k))
        )
    return rows


def afterwards(stated: Mapping[str, str]) -> list[Compared]:
    """What must not have changed while the officers were there."""
    return [
        Compared(after, stated[before], stated[after], _same(stated[before], stated[after]))
        for before, after in TWICE
        if before in stated and after in stated
    ]


def _untold(said: str) -> bool:
    return NOT_TOLD.fullmatch(said.strip()) is not None


def _plain(text: str) -> str:
    """Letters and digits alone: how a number is set off differs from hand to hand."""
    return re.sub(r"[\W_]", "", text).casefold()


def _holds(said: str, expected: str) -> bool | None:
    return None if _untold(said) else _plain(expected) in _plain(said)


def _any(said: str, programs: list[str]) -> bool | None:
    """Version and checksum of one approved program both stand in what was said."""
    if _untold(said):
        return None
    return any(all(_plain(part) in _plain(said) for part in one.split()) for one in programs)


def _within(said: str, k: tuple[Decimal, Decimal]) -> bool | None:
    try:
        value = Decimal(said.strip())
    except InvalidOperation:
        return None if _untold(said) else False
    return k[0] <= value <= k[1] if value.is_finite() else False


def _same(before: str, after: str) -> bool | None:
    return None if _untold(before) or _untold(after) else _plain(before) == _plain(after)
