"""What somebody read in the print of an edition, typed as options of `acceptance verify` or asked for one by one."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from fixtures.language import mark, translate
from harness.exits import UsageError
from harness.output import comment
from protocols.acceptance import Edition
from protocols.acceptance.clauses import Test
from protocols.acceptance.compared import Read, ReadClause
from protocols.acceptance.figures import WHAT, WRITTEN, clauses

FIGURE, CLAUSE = "LIMIT=FIGURE or LIMIT=FIGURE@CLAUSE", "KIND:ID=FIGURES@CLAUSE"


@dataclass
class Printed:
    limits: dict[str, Read] = field(default_factory=dict)
    clauses: list[ReadClause] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.limits) + len(self.clauses)


def typed(figures: Sequence[str], of_clauses: Sequence[str]) -> Printed:
    """UsageError for what has another form; whether it is what the file says is another question."""
    found = Printed()
    for one in figures:
        id, equals, rest = one.partition("=")
        value, _, clause = rest.partition("@")
        try:
            found.limits[id.strip()] = Read(Decimal(value.strip()), clause.strip())
        except InvalidOperation as error:
            raise UsageError(f"--figure expected {FIGURE}, got {one!r}") from error
        if not equals or not id:
            raise UsageError(f"--figure expected {FIGURE}, got {one!r}")
    for one in of_clauses:
        kind, _, rest = one.partition(":")
        id, _, read = rest.partition("=")
        said, _, clause = read.partition("@")
        if kind not in WHAT or not all(part.strip() for part in (id, said, clause)):
            raise UsageError(f"--clause expected {CLAUSE} with one of {', '.join(WHAT)}, got {one!r}")
        found.clauses.append(ReadClause(kind, id.strip(), said.strip(), clause.strip()))
    return found


def asked(own: Edition) -> Printed:
    """Each limit and clause is asked for without its figures: who sees them confirms them."""
    if not sys.stdin.isatty():
        raise UsageError(f"expected --figure {FIGURE}, or --clause {CLAUSE}, where nobody can be asked")
    comment(translate(mark("As printed, FIGURE or FIGURE@CLAUSE; an empty line leaves a limit as it is.")))
    figures, of_clauses = [], []
    for limit in own.limits:
        if not limit.verified:
            line = input(f"{limit.id} ({limit.quantity}, {limit.unit}): ").strip()
            figures += [f"{limit.id}={line}"] if line else []
    for kind, known in clauses(own).items():
        for id, one in known.items():
            if not one.stated.verified:
                what = one.title if isinstance(one, Test) else one.quantity
                line = input(f"{kind} {id} ({what}), {WRITTEN[kind]}@CLAUSE: ").strip()
                of_clauses += [f"{kind}:{id}={line}"] if line else []
    return typed(figures, of_clauses)
