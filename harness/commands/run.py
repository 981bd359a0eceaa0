"""`run PLAN`: an inspection on a bench, from the first prompt to the verdict."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def run(
    plan: Annotated[str, typer.Argument(help="dispenser-raid, dispenser-bench, gas-raid, site-survey")],
    bench: Annotated[str, typer.Option("--bench", help="a bench file or a built-in name")],
    case: Annotated[Path, typer.Option("--case", help="the new case folder")],
    speed: Annotated[float, typer.Option("--speed", help="only for a simulated bench served faster than life")] = 1.0,
    cheat: Annotated[
        str,
        typer.Option("--cheat", help="only for sim: links: what the simulated trader does; at a site ID@INSTRUMENT"),
    ] = "",
    seed: Annotated[int, typer.Option("--seed", help="only for sim: links")] = 1,
    nonce: Annotated[
        str,
        typer.Option("--nonce", help="a number chosen on the spot by the party or headquarters: not made before it"),
    ] = "",
    after: Annotated[str, typer.Option("--after", help="digest of the case made before this one")] = "",
    override_standard: Annotated[
        list[str] | None,
        typer.Option("--override-standard", help="NAME=REASON: use a standard past its due day, on record"),
    ] = None,
    environment: Annotated[
        list[str] | None,
        typer.Option("--environment", help="NAME=VALUE@SENSOR: temperature_c, humidity_percent or pressure_hpa"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False,
) -> int:
    """Run a plan over a bench, record everything into a case, judge it, and say what was found."""
    from harness.benches import draw_seed, find, world
    from harness.exits import classified, verdict_exit
    from harness.inspection import inspect
    from harness.provenance import told
    from harness.report.show import pictures, show

    file = find(bench)
    simulated = world(file, cheat or None, seed) if file.simulated else None
    lots = draw_seed(file, seed) if file.simulated else ""
    said = told(sys.argv[1:], nonce, after, override_standard or (), environment or ())
    done = inspect(plan, file, case, world=simulated, speed=speed, draw_seed=lots, told=said)
    show(done.document, as_json)
    pictures(case, done.document)
    if done.result.error is not None and done.document["integrity"] not in ("suspect", "proven"):
        return classified(done.result.error)[0]
    return verdict_exit(done.document)
