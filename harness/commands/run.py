"""`run PLAN`: an inspection on a bench, from the first prompt to the verdict."""

from __future__ import annotations

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
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False,
) -> int:
    """Run a plan over a bench, record everything into a case, judge it, and say what was found."""
    from harness.benches import draw_seed, find, world
    from harness.exits import classified, verdict_exit
    from harness.inspection import inspect
    from harness.report.show import pictures, show

    file = find(bench)
    simulated = world(file, cheat or None, seed) if file.simulated else None
    lots = draw_seed(file, seed) if file.simulated else ""
    done = inspect(plan, file, case, world=simulated, speed=speed, draw_seed=lots)
    show(done.document, as_json)
    pictures(case, done.document)
    if done.result.error is not None and done.document["integrity"] not in ("suspect", "proven"):
        return classified(done.result.error)[0]
    return verdict_exit(done.document)
