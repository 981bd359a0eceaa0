"""`detectors`: every test the judge has, what its null is, and what was measured of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fixtures.language import mark
from harness.output import comment, emit

if TYPE_CHECKING:
    from fixtures.plugins import Plugin
    from harness.calibration import Curves, Population

STALE = mark(
    "the measured curves of these detectors are of another version or other parameters: {names}. They judge as before and claim no more than "
    "their validation allows; what they can see is unknown until their authors measure it anew"
)
UNMEASURED = mark(
    "no curves come with these detectors: {names}. They judge all the same and claim no more than their validation allows; which effects they "
    "would miss is not known. There is nothing to mend here"
)


def detectors(
    name: Annotated[str, typer.Argument(help="one detector in detail, or nothing for all")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False,
) -> int:
    """List the detectors: kind, version, null, needs, parameters, validation, measured curves, and whether these are stale.
    Exit 70 when one is broken."""
    from fixtures.errors import unknown
    from fixtures.language import listed, mark, translate
    from fixtures.plugins import plugins
    from harness.exits import Exit, UsageError, printable
    from harness.report.errors import error_said

    found = [plugin for plugin in plugins("detectors") if name in ("", plugin.name)]
    if not found:
        known = [plugin.name for plugin in plugins("detectors")]
        raise unknown(UsageError(f"expected a detector, got {name!r}"), name, known, "shortmeasure detectors")
    broken = [plugin for plugin in found if plugin.spec is None]
    rows = [_row(plugin) for plugin in found if plugin.spec is not None]
    for plugin in broken:
        comment(translate(mark("{name} is broken: {reason}\n  what next: {remedy}"), name=plugin.name, reason=error_said(plugin.reason), remedy=error_said(plugin.remedy)))  # fmt: skip
    for text, names in (
        (STALE, [row["name"] for row in rows if row["stale"] and row["curves"] is not None]),
        (UNMEASURED, [row["name"] for row in rows if row["stale"] and row["curves"] is None]),
    ):
        if names:
            comment(translate(text, names=listed(names)))
    text = "\n".join(_in_detail(rows[0]) if name and rows else _table(rows))
    document = [{**row, "stale": str(row["stale"])} for row in rows]
    emit("detectors", {"detectors": document}, printable(text), as_json)
    return Exit.PLUGIN if broken else Exit.OK


def _row(plugin: Plugin) -> dict[str, Any]:
    from harness.calibration import COMMAND, load_curves, stale, validation

    spec = plugin.spec
    curves, valid = load_curves().get(spec.name), validation(spec)
    return {
        "name": spec.name,
        "distribution": plugin.distribution,
        "kind": spec.kind,
        "version": spec.version,
        "needs": spec.needs,
        "null": spec.null,
        "parameters": dict(spec.parameters),
        "weight": spec.weight,
        "witness": spec.witness,
        "validation": None
        if valid is None
        else {
            "segments": valid.n_null,
            "false_hits": valid.false_hits,
            "cap": round(valid.cap, 1),
            "commit": valid.commit,
        },
        "curves": None if curves is None else _curves(curves),
        "stale": stale(spec, curves),
        "measure": COMMAND.format(name=spec.name),
    }


def _curves(curves: Curves) -> dict[str, Any]:
    return {
        "version": curves.version,
        "commit": curves.commit,
        "elsewhere": curves.elsewhere,
        "populations": [_population(population) for population in curves.populations],
    }


def _population(population: Population) -> dict[str, Any]:
    from dataclasses import asdict

    amounts = range(len(population.amounts))
    honest = population.honest
    return asdict(population) | {
        "false": None if honest is None else {"hits": honest[0], "cases": honest[1]},
        "least_effect": [population.least(j) for j in amounts],
    }


def _table(rows: Sequence[dict[str, Any]]) -> list[str]:
    from fixtures.language import mark, tell, translate
    from harness.report.columns import column

    heads = ("detector", mark("kind"), mark("version"), mark("false hits"), mark("least effect seen"), mark("curves"))
    widths = (18, 13, 8, 12, 28, 0)
    lines = ["".join(column(tell(head), width) for head, width in zip(heads, widths, strict=True))]
    for row in rows:
        cells = (row["name"], tell(row["kind"]), str(row["version"]), _false_hits(row), _least(row), tell(row["stale"] or mark("measured")))  # fmt: skip
        lines.append("".join(column(cell, width) for cell, width in zip(cells, widths, strict=True)).rstrip())
        lines += [f"    {translate(mark('null: {text}'), text=tell(row['null']))}"]
    ending = mark("`shortmeasure detectors NAME` shows one with parameters and curves")
    return [*lines, "", translate(ending)]


def _false_hits(row: dict[str, Any]) -> str:
    from fixtures.language import mark, tell

    valid = row["validation"]
    return tell(mark("unvalidated")) if valid is None else f"{valid['false_hits']}/{valid['segments']}"


def _least(row: dict[str, Any]) -> str:
    """The best of the populations at their greatest amount: what this detector sees where it sees most."""
    found = [
        (p["least_effect"][-1], p["unit"], p["amounts"][-1], p["axis"])
        for p in (row["curves"] or {"populations": []})["populations"]
        if p["least_effect"][-1] is not None
    ]
    # a number of pulses a second is not less or more than a share: shares come first
    return "" if not found else _effect(*min(found, key=lambda one: (one[1] != "share", one)))


def _effect(effect: float, unit: str, amount: float, axis: str) -> str:
    from fixtures.language import tell

    size = f"{100 * effect:g} %" if unit == "share" else f"{effect:g} {tell(unit)}"
    return f"{size}, {amount:g} {tell(axis)}"


def _in_detail(row: dict[str, Any]) -> list[str]:
    from fixtures.language import mark, tell, translate

    valid, curves = row["validation"], row["curves"]
    lines = [
        f"{row['name']}/{row['version']}  {tell(row['kind'])}  ({row['distribution']})",
        translate(mark("null: {text}"), text=tell(row["null"])),
        translate(mark("needs: {text}"), text=tell(row["needs"])),
        translate(mark("weight: {weight:g}"), weight=row["weight"]),
    ]
    told = ", ".join(f"{key} = {value:g}" for key, value in sorted(row["parameters"].items()))
    lines.append(translate(mark("parameters: {values}"), values=told))
    if valid is None:
        lines.append(translate(mark("validation: none, so it claims nothing")))
    else:
        lines.append(translate(mark("validation: {false_hits} false hits in {segments} honest segments, an e-value claims at most {cap:g} (commit {commit})"), **valid))  # fmt: skip
    if row["stale"]:
        lines.append(translate(mark("curves are stale: {why}"), why=tell(row["stale"])))
        lines.append("  " + translate(mark("measure anew: {command}"), command=row["measure"]))
    if curves is not None:
        lines.append(
            translate(mark("curves of version {version}, commit {commit}"), version=curves["version"], commit=curves["commit"])
        )  # fmt: skip
        if curves["elsewhere"]:
            lines.append(translate(mark("no curves: {why}"), why=tell(curves["elsewhere"])))
        for population in curves["populations"]:
            lines += ["", *_curve(population)]
    return lines


def _curve(p: dict[str, Any]) -> list[str]:
    """One population as a small table: effects down, amounts across, shares found."""
    from fixtures.language import mark, tell, translate
    from harness.report.columns import column

    at = ", ".join(tell(p[key]) for key in ("grade", "flow") if p[key])
    title = mark("{cheat} ({at}; {generator}, {seeds} cases a cell)")
    lines = [translate(title, cheat=tell(p["cheat"]), at=at, generator=p["generator"], seeds=p["seeds"])]
    lines.append("  " + column("", 16) + "".join(column(f"{a:g} {tell(p['axis'])}", 10) for a in p["amounts"]).rstrip())
    for i, effect in enumerate(p["effects"]):
        shares = [_share(p["found"][i][j], p["mute"][i][j], p["seeds"]) for j in range(len(p["amounts"]))]
        size = tell(mark("honest")) if effect == 0 else f"{100 * effect:g} %" if p["unit"] == "share" else f"{effect:g} {tell(p['unit'])}"  # fmt: skip
        lines.append("  " + column(size, 16) + "".join(column(share, 10) for share in shares).rstrip())
    return lines


def _share(found: int, mute: int, seeds: int) -> str:
    """Share found; "-" where it never spoke."""
    return "-" if mute == seeds else f"{found / seeds:.2f}"
