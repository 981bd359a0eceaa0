"""`plugin new|check`: begin a plugin, and hold one to its contract without writing a test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.output import comment, emit

if TYPE_CHECKING:
    from fixtures.plugins import Plugin
    from harness.testing.conformance import Sheet

app = typer.Typer(
    help="Plugins: protocols, instruments, detectors and acceptance editions of your own.", no_args_is_help=True
)
GROUPS_OF = {
    "protocol": ("protocols",), "instrument": ("protocols", "instruments"), "detector": ("detectors",), "acceptance": ("acceptance",),
}  # fmt: skip
Json = Annotated[bool, typer.Option("--json", help="one JSON document on stdout")]


@app.command("new")
def new(
    kind: Annotated[str, typer.Argument(help="protocol, instrument, detector or acceptance")],
    name: Annotated[str, typer.Argument(help="name of the plugin, such as nci-ecr")],
    to: Annotated[Path, typer.Option("--to", help="folder in which its own folder is made")] = Path("."),
    family: Annotated[
        str, typer.Option("--family", help="of an acceptance edition: dispenser, gas-dispenser, scale or taximeter")
    ] = "",
    as_json: Json = False,
) -> int:
    """Begin a plugin: a small distribution that installs, with tests that fail exactly where you have to fill in."""
    from fixtures.language import mark, translate
    from fixtures.plugins import plugins
    from harness.beginnings import begin

    files = begin(kind, name, to, family)
    home = to / f"shortmeasure-{name}"
    lines = [str(path) for path in files]
    emit("plugin-new", {"folder": str(home), "files": lines}, "\n".join(lines), as_json)
    for group in GROUPS_OF[kind]:
        for taken in (one for one in plugins(group) if one.name == name):
            told = mark(
                "{group} {name} is there already, from {distribution}: yours would not be loaded beside it; give it another name"
            )
            comment(translate(told, group=group, name=name, distribution=taken.distribution))
    comment(translate(mark("next: cd {home}; pip install -e '.[test]' && pytest"), home=home))
    comment(
        translate(mark("docs/plugins.md goes through a protocol step by step"))
        if kind == "protocol"
        else translate(
            mark("its README.md says what to fill in; docs/plugins.md and docs/plugin_reference.md have the rest")
        )
    )
    return 0


@app.command("check")
def check(
    what: Annotated[str, typer.Argument(help="folder of a plugin, an installed distribution, or the name of a plugin")],
    as_json: Json = False,
) -> int:
    """Hold a plugin to its contract and print the conformance sheet, with the evidence class of each vector.  Exit 70 where it fails."""
    from dataclasses import asdict

    from harness.exits import Exit
    from harness.testing.conformance import sheet

    sheets = []
    found = _found(what)
    for plugin in found:
        comment(f"{plugin.group} {plugin.name} ...")
        sheets.append(sheet(plugin, beside=found))
    document = {"sheets": [{**asdict(one), "conforms": one.conforms} for one in sheets]}
    emit("plugin-check", document, "\n\n".join("\n".join(_lines(one)) for one in sheets), as_json)
    sys.stdout.flush()
    return int(Exit.OK if all(one.conforms for one in sheets) else Exit.PLUGIN)


def _found(what: str) -> list[Plugin]:
    from fixtures.plugins import GROUPS, plugins
    from harness.exits import UsageError
    from harness.plugin_folder import plugins_in

    if Path(what).is_dir():
        return plugins_in(Path(what))
    known = [plugin for group in GROUPS for plugin in plugins(group)]
    found = [one for one in known if what in (one.name, one.distribution, f"{one.group}/{one.name}")]
    if not found:
        raise UsageError(
            f"plugin check: expected a folder with a pyproject.toml, an installed distribution or a plugin's name, got {what!r}; "
            "`shortmeasure plugins` lists what is installed"
        )
    return found


def _lines(one: Sheet) -> Iterator[str]:
    from fixtures.language import mark, tell, translate
    from harness.exits import printable
    from harness.report.called import evidence as resting_on
    from harness.report.columns import column

    yes, no = translate(mark("kept")), translate(mark("NOT KEPT"))
    untried = translate(mark("not tried"))
    head = (
        mark("DOES NOT CONFORM: {group} {name} ({distribution})")
        if not one.conforms
        else mark("CONFORMS: {group} {name} ({distribution})")
        if one.whole
        else mark("CONFORMS as far as it was tried: {group} {name} ({distribution})")
    )
    yield printable(translate(head, group=one.group, name=one.name, distribution=one.distribution))
    if one.path:
        yield printable(translate(mark("checked: {path}, SHA-256 {digest}"), path=one.path, digest=one.sha256 or "-"))
    if one.evidence:
        standing = translate(mark("verified") if one.verified else mark("unverified"))
        yield printable(
            translate(
                mark("rests on: {evidence}, {standing}; {reference}"),
                evidence=resting_on(one.evidence),
                standing=standing,
                reference=one.reference,
            )
        )
    for held in one.held:
        yield printable(
            f"  {column(untried if not held.tried else yes if held.kept else no, 9)} {tell(held.name)}"
            + (f"\n            {held.said}" if held.said else "")
        )
    for name, sender, evidence, source in one.vectors:
        yield printable(f"  {column(translate(mark('vector')), 9)} {name} ({sender}): {resting_on(evidence)}; {source}")
