"""`cheats`: the catalogue of documented cheat functions."""

from __future__ import annotations

from typing import Annotated

import typer

from harness.output import emit


def cheats(
    family: Annotated[
        str, typer.Argument(help="dispenser, price-scale, truck-scale, taximeter, or nothing for all")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False,
) -> int:
    """List the known cheat functions: id, family, which link of the chain each breaks, and whether it is built into the
    simulation."""
    from fixtures.sim.cheats import CHEATS
    from fixtures.sim.scale.cheats import SCALE_CHEATS
    from fixtures.sim.scale.truck.cheats import TRUCK_CHEATS
    from fixtures.sim.taxi.cheats import TAXI_CHEATS
    from harness.catalogue import FAMILIES, load_catalogue
    from harness.exits import UsageError
    from harness.report.possible import title

    entries = [entry for entry in load_catalogue() if family in ("", entry.family)]
    if not entries:
        raise UsageError(f"no cheats of family {family!r}; the catalogue knows {', '.join(FAMILIES.values())}")
    simulated = {*CHEATS, *SCALE_CHEATS, *TRUCK_CHEATS, *TAXI_CHEATS}
    rows = [
        {
            "id": entry.id, "family": entry.family, "title": entry.title_en, "title_zh": entry.title_zh, "breaks": list(entry.breaks),
            "built": entry.id in simulated, "grade": entry.grade, "verified": entry.verified,
        }
        for entry in entries
    ]  # fmt: skip
    wide = max(len(", ".join(entry.breaks)) for entry in entries)
    lines = [
        f"{e.id:<10} {'built' if e.id in simulated else '-':<6} {', '.join(e.breaks):<{wide}} {title(e)}"
        for e in entries
    ]
    text = "\n".join(
        [f"{'id':<10} {'sim':<6} {'breaks':<{wide}} what", *lines, "", "All entries: grade as listed, unverified."]
    )
    emit("cheats", {"cheats": rows}, text, as_json)
    return 0
