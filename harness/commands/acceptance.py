"""`acceptance list|show|check|new|verify|schema`: regulations as data, with what nobody has compared with the print."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from harness.output import comment, emit

app = typer.Typer(help="Acceptance editions: limits and tests of a regulation, clause by clause.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="one JSON document on stdout")]
Name = Annotated[str, typer.Argument(help="an edition of the list, or a TOML file")]


@app.command("list")
def list_(as_json: Json = False) -> int:
    """The editions that are installed: family, since when in force, how many limits somebody has compared with the print, how many tests."""
    from fixtures.language import mark, tell, translate
    from fixtures.plugins import plugins
    from harness.editions import edition, names
    from harness.exits import printable
    from harness.report.called import family
    from harness.report.columns import column
    from harness.report.errors import error_said
    from harness.report.wording import said

    widths = (20, 15, 12, 14, 7)
    own = [edition(name) for name in names()]
    heads = (mark("edition"), mark("family"), mark("in force"), mark("compared"), mark("tests"))
    lines = ["".join(column(tell(head), width) for head, width in zip(heads, widths, strict=True)).rstrip()]
    for one in own:
        seen = sum(limit.verified for limit in one.limits)
        force = tell(mark("unknown")) if one.in_force == "unknown" else one.in_force
        row = (one.id, family(one.family), force, f"{seen}/{len(one.limits)}", str(len(one.tests) or "-"))
        lines.append("".join(column(cell, width) for cell, width in zip(row, widths, strict=True)) + said(one.title))
    rows = [
        {"id": one.id, "title": one.title, "family": one.family, "in_force": one.in_force, "use": one.use, "limits": len(one.limits),
         "verified": sum(limit.verified for limit in one.limits), "tests": len(one.tests)}
        for one in own
    ]  # fmt: skip
    ending = mark(
        "Unverified: nobody has compared the figure with the print; `shortmeasure acceptance verify` records it."
    )
    for plugin in plugins("acceptance"):
        if plugin.reason:
            text = mark("{name} of {distribution} cannot be used: {reason}\n  what next: {remedy}")
            told = {"name": plugin.name, "distribution": plugin.distribution}
            said_of = {"reason": error_said(plugin.reason), "remedy": error_said(plugin.remedy)}
            comment(printable(translate(text, **told, **said_of)))
    emit("acceptance", {"editions": rows}, "\n".join([*lines, "", translate(ending)]), as_json)
    return 0


@app.command("show")
def show(
    name: Name,
    as_file: Annotated[bool, typer.Option("--toml", help="the file as it stands, to begin one of your own")] = False,
    as_json: Json = False,
) -> int:
    """Every limit, condition, piece of equipment and test of an edition with clause, source and grade."""
    from harness.editions import text_or_file
    from harness.exits import printable
    from harness.report.edition import edition_document, edition_lines
    from protocols.acceptance import parse

    text, where = text_or_file(name)
    own = parse(text, where)
    if as_file and not as_json:
        sys.stdout.write(text)
        return 0
    emit("acceptance-edition", edition_document(own), printable("\n".join(edition_lines(own))), as_json)
    return 0


@app.command("check")
def check(name: Name, as_json: Json = False) -> int:
    """Check an edition file: unknown keys, limits without clause or source, units, steps, tests that nobody can do.  Exit 41 with the line where it
    is wrong."""
    from fixtures.language import mark, translate
    from harness.editions import text_or_file
    from protocols.acceptance import parse
    from protocols.acceptance.figures import clauses

    own = parse(*text_or_file(name))
    open_ = {"limit": [limit.id for limit in own.limits if not limit.verified]}
    open_ |= {
        kind: [id for id, one in known.items() if not one.stated.verified] for kind, known in clauses(own).items()
    }
    counts = {"limit": len(own.limits), **{kind: len(known) for kind, known in clauses(own).items()}}
    heads = (("limit", mark("{id}: limits: {n}, compared with the print: {seen}")), ("condition", mark("{id}: conditions: {n}, compared with the print: {seen}")),
             ("equipment", mark("{id}: equipment: {n}, compared with the print: {seen}")), ("test", mark("{id}: tests: {n}, compared with the print: {seen}")))  # fmt: skip
    lines = []
    for kind, text in heads:
        if counts[kind]:
            lines.append(translate(text, id=own.id, n=counts[kind], seen=counts[kind] - len(open_[kind])))
        if open_[kind]:
            lines.append("    " + translate(mark("unverified: {ids}"), ids=", ".join(open_[kind])))
    document = {
        "id": own.id, "limits": counts["limit"], "unverified": open_["limit"],
        **{f"{kind}s" if kind != "equipment" else kind: counts[kind] for kind in clauses(own)},
        "unverified_clauses": [f"{kind}:{id}" for kind in clauses(own) for id in open_[kind]],
    }  # fmt: skip
    emit("acceptance-check", document, "\n".join(lines), as_json)
    return 0


@app.command("new")
def new(
    id: Annotated[str, typer.Argument(help="of the edition: lower-case letters, digits, hyphens")],
    family: Annotated[str, typer.Option("--family", help="dispenser, gas-dispenser, scale or taximeter")],
    into: Annotated[Path, typer.Option("--into", help="the new file; nothing is overwritten")],
    title: Annotated[str, typer.Option("--title", help="as printed")] = "title as printed",
    as_json: Json = False,
) -> int:  # fmt: skip
    """Begin an edition of your own: a file with one limit and one test to copy, and a word on every key."""
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
    clause: Annotated[
        list[str] | None,
        typer.Option("--clause", help="KIND:ID=FIGURES@CLAUSE of a test (points and repeats, 'test:error-q1=20 L x3@6.2'), a condition (low, high "
                     "and change, - for none: 'condition:humidity=- 85 -@6.1') or equipment ('equipment:measure=0.25@6.1'); may be repeated"),
    ] = None,
    as_json: Json = False,
) -> int:  # fmt: skip
    """Record, clause by clause, what somebody has compared with the print: a file of the laboratory's own, in which these limits, conditions,
    equipment and tests are verified.  Whoever reads the print types its figures; others than the file's are refused."""
    from fixtures.language import mark, translate
    from harness.commands.printed import asked, typed
    from harness.editions import text_or_file
    from harness.exits import UsageError
    from harness.hours import utc_now
    from protocols.acceptance import parse
    from protocols.acceptance.compared import compared
    from protocols.acceptance.figures import clauses

    text, where = text_or_file(name)
    own = parse(text, where)
    if into.exists():
        raise FileExistsError(f"{into} is there already")
    if into.suffix != ".toml":
        raise UsageError(f"--into expected a file that ends in .toml, got {into.name!r}")
    read = typed(figure or (), clause or ()) if figure or clause else asked(own)
    if not len(read):
        raise UsageError("expected a figure of one limit or clause at least, got none")
    done = compared(text, where, read.limits, by, against, utc_now()[:10], tuple(read.clauses))
    with into.open("x", encoding="utf-8") as file:
        file.write(done)
    now = parse(done, str(into))
    left = [limit.id for limit in now.limits if not limit.verified]
    of_clauses = [
        f"{kind}:{id}" for kind, known in clauses(now).items() for id, one in known.items() if not one.stated.verified
    ]
    told = translate(
        mark("{path}: compared now: {n}, still unverified: {left}"),
        path=str(into),
        n=len(read),
        left=len(left) + len(of_clauses),
    )
    document = {
        "file": str(into), "compared": sorted(read.limits), "compared_clauses": [f"{one.kind}:{one.id}" for one in read.clauses],
        "unverified": left, "unverified_clauses": of_clauses,
    }  # fmt: skip
    emit("acceptance-verified", document, told, as_json)
    return 0
