"""`acceptance list|show|check|new|verify|schema`: regulations as data, with what nobody has compared with the print."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.output import comment, emit

if TYPE_CHECKING:
    from protocols.acceptance import Edition, Limit
    from protocols.acceptance.compared import Read

app = typer.Typer(help="Acceptance editions: the limits of a regulation, clause by clause.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="one JSON document on stdout")]
Name = Annotated[str, typer.Argument(help="an edition of the list, or a TOML file")]


@app.command("list")
def list_(as_json: Json = False) -> int:
    """The editions that are installed: family, since when in force, how many limits somebody has compared with the print."""
    from fixtures.language import mark, tell, translate
    from harness.editions import edition, names
    from harness.report.columns import column

    widths = (20, 15, 12, 14)
    own = [edition(name) for name in names()]
    heads = (mark("edition"), mark("family"), mark("in force"), mark("compared"))
    lines = ["".join(column(tell(head), width) for head, width in zip(heads, widths, strict=True)).rstrip()]
    for one in own:
        seen = sum(limit.verified for limit in one.limits)
        force = tell(mark("unknown")) if one.in_force == "unknown" else one.in_force
        row = (one.id, one.family, force, f"{seen}/{len(one.limits)}")
        lines.append("".join(column(cell, width) for cell, width in zip(row, widths, strict=True)) + one.title)
    rows = [
        {"id": one.id, "title": one.title, "family": one.family, "in_force": one.in_force, "use": one.use, "limits": len(one.limits),
         "verified": sum(limit.verified for limit in one.limits)}
        for one in own
    ]  # fmt: skip
    ending = mark(
        "Unverified: nobody has compared the figure with the print; `shortmeasure acceptance verify` records it."
    )
    emit("acceptance", {"editions": rows}, "\n".join([*lines, "", translate(ending)]), as_json)
    return 0


@app.command("show")
def show(name: Name, as_json: Json = False) -> int:
    """Every limit of an edition with clause, source and grade."""
    from harness.editions import text_or_file
    from harness.exits import printable
    from protocols.acceptance import parse

    own = parse(*text_or_file(name))
    lines = [f"{own.id}  {own.title}", own.legal_basis, ""]
    for limit in own.limits:
        lines += [f"{limit.id} = {_figure(limit)}", f"    {limit.quantity}; {limit.applies}", f"    {_standing(limit)}"]
    document = {
        "id": own.id, "title": own.title, "family": own.family, "in_force": own.in_force, "legal_basis": own.legal_basis, "use": own.use,
        "limits": [_row(limit) for limit in own.limits],
    }  # fmt: skip
    emit("acceptance-edition", document, printable("\n".join(lines)), as_json)
    return 0


@app.command("check")
def check(name: Name, as_json: Json = False) -> int:
    """Check an edition file: unknown keys, limits without clause or source, units, steps.  Exit 41 with the line where it is wrong."""
    from fixtures.language import mark, translate
    from harness.editions import text_or_file
    from protocols.acceptance import parse

    own = parse(*text_or_file(name))
    open_ = [limit.id for limit in own.limits if not limit.verified]
    text = translate(mark("{id}: limits: {n}, compared with the print: {seen}"), id=own.id, n=len(own.limits), seen=len(own.limits) - len(open_))  # fmt: skip
    more = [translate(mark("unverified: {ids}"), ids=", ".join(open_))] if open_ else []
    emit(
        "acceptance-check",
        {"id": own.id, "limits": len(own.limits), "unverified": open_},
        "\n".join([text, *more]),
        as_json,
    )
    return 0


@app.command("new")
def new(
    id: Annotated[str, typer.Argument(help="of the edition: lower-case letters, digits, hyphens")],
    family: Annotated[str, typer.Option("--family", help="dispenser, gas-dispenser, scale or taximeter")],
    into: Annotated[Path, typer.Option("--into", help="the new file; nothing is overwritten")],
    title: Annotated[str, typer.Option("--title", help="as printed")] = "title as printed",
    as_json: Json = False,
) -> int:  # fmt: skip
    """Begin an edition of your own: a file with one limit to copy, and a word on every key."""
    from fixtures.language import mark, translate
    from protocols.acceptance.beginning import beginning

    text = beginning(id, family, title, into.name)
    with into.open("x", encoding="utf-8") as file:
        file.write(text)
    told = translate(mark("{path}: fill it in, then `shortmeasure acceptance check {path}`"), path=str(into))
    emit("acceptance-new", {"file": str(into)}, told, as_json)
    return 0


@app.command("schema")
def schema() -> int:
    """JSON Schema of an edition file, for an editor."""
    import json

    from protocols.acceptance.schema import schema as made

    sys.stdout.write(json.dumps(made(), indent=1) + "\n")
    return 0


@app.command("verify")
def verify(
    name: Name,
    by: Annotated[str, typer.Option("--by", help="who compared")],
    against: Annotated[str, typer.Option("--against", help='what with, as "printed JJG 443-2015, first edition"')],
    into: Annotated[Path, typer.Option("--into", help="the new file; nothing is overwritten")],
    figure: Annotated[
        list[str] | None,
        typer.Option("--figure", help="LIMIT=FIGURE or LIMIT=FIGURE@CLAUSE as printed; may be repeated. Without it each is asked for"),
    ] = None,
    as_json: Json = False,
) -> int:  # fmt: skip
    """Record, clause by clause, what somebody has compared with the print: a file of the laboratory's own, in which these limits are verified.
    Whoever reads the print types its figure; another than the file's is refused."""
    from fixtures.language import mark, translate
    from harness.editions import text_or_file
    from harness.exits import UsageError
    from harness.hours import utc_now
    from protocols.acceptance import parse
    from protocols.acceptance.compared import compared

    text, where = text_or_file(name)
    own = parse(text, where)
    if into.exists():
        raise FileExistsError(f"{into} is there already")
    if into.suffix != ".toml":
        raise UsageError(f"--into expected a file that ends in .toml, got {into.name!r}")
    read = _typed(figure) if figure else _asked(own)
    if not read:
        raise UsageError("expected a figure of one limit at least, got none")
    done = compared(text, where, read, by, against, utc_now()[:10])
    with into.open("x", encoding="utf-8") as file:
        file.write(done)
    left = [limit.id for limit in parse(done, str(into)).limits if not limit.verified]
    told = translate(
        mark("{path}: compared now: {n}, still unverified: {left}"), path=str(into), n=len(read), left=len(left)
    )
    emit("acceptance-verified", {"file": str(into), "compared": sorted(read), "unverified": left}, told, as_json)
    return 0


def _typed(figures: list[str]) -> dict[str, Read]:
    from decimal import Decimal, InvalidOperation

    from harness.exits import UsageError
    from protocols.acceptance.compared import Read

    found: dict[str, Read] = {}
    for one in figures:
        id, equals, rest = one.partition("=")
        value, _, clause = rest.partition("@")
        try:
            found[id.strip()] = Read(Decimal(value.strip()), clause.strip())
        except InvalidOperation as error:
            raise UsageError(f"--figure expected LIMIT=FIGURE or LIMIT=FIGURE@CLAUSE, got {one!r}") from error
        if not equals or not id:
            raise UsageError(f"--figure expected LIMIT=FIGURE or LIMIT=FIGURE@CLAUSE, got {one!r}")
    return found


def _asked(own: Edition) -> dict[str, Read]:
    """Each limit is asked for without its figure: who sees it confirms it."""
    from fixtures.language import mark, translate
    from harness.exits import UsageError

    if not sys.stdin.isatty():
        raise UsageError("expected --figure LIMIT=FIGURE where nobody can be asked")
    comment(translate(mark("As printed, FIGURE or FIGURE@CLAUSE; an empty line leaves a limit as it is.")))
    typed = []
    for limit in own.limits:
        if not limit.verified:
            line = input(f"{limit.id} ({limit.quantity}, {limit.unit}): ").strip()
            typed += [f"{limit.id}={line}"] if line else []
    return _typed(typed)


def _figure(limit: Limit) -> str:
    return f"{limit.value} {limit.unit}" if limit.unit != "1" else str(limit.value)


def _standing(limit: Limit) -> str:
    from fixtures.language import mark, tell

    state = limit.compared or (tell(mark("verified")) if limit.verified else tell(mark("unverified")))
    return f"[{limit.grade}, {state}] {limit.clause}; {limit.source}"


def _row(limit: Limit) -> dict[str, Any]:
    step = {"accuracy_class": limit.accuracy_class, "upto_e": str(limit.upto_e)} if limit.is_step else {}
    return {
        "id": limit.id, "quantity": limit.quantity, "value": str(limit.value), "unit": limit.unit, "clause": limit.clause, "source": limit.source,
        "grade": limit.grade, "verified": limit.verified, "compared": limit.compared, "applies": limit.applies, **step,
    }  # fmt: skip
