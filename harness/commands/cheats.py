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
    from fixtures.errors import unknown
    from fixtures.language import mark, tell, translate
    from fixtures.sim.cheats import CHEATS
    from fixtures.sim.scale.cheats import SCALE_CHEATS
    from fixtures.sim.scale.truck.cheats import TRUCK_CHEATS
    from fixtures.sim.taxi.cheats import TAXI_CHEATS
    from harness.catalogue import FAMILIES, load_catalogue
    from harness.exits import UsageError
    from harness.report.columns import cells, column
    from harness.report.possible import title
    from harness.report.wording import chain

    entries = [entry for entry in load_catalogue() if family in ("", entry.family)]
    if not entries:
        wrong = UsageError(f"no cheats of family {family!r}; the catalogue knows {', '.join(FAMILIES.values())}")
        raise unknown(wrong, family, FAMILIES.values(), "shortmeasure cheats")
    simulated = {*CHEATS, *SCALE_CHEATS, *TRUCK_CHEATS, *TAXI_CHEATS}
    rows = [
        {
            "id": entry.id, "family": entry.family, "title": entry.title_en, "title_zh": entry.title_zh, "breaks": list(entry.breaks),
            "built": entry.id in simulated, "grade": entry.grade, "verified": entry.verified,
        }
        for entry in entries
    ]  # fmt: skip
    heads = (mark("id"), mark("sim"), mark("breaks"), mark("what"))
    table = [tuple(tell(head) for head in heads)]
    built = tell(mark("built"))
    comma = translate(mark(", "))
    for e in entries:
        table.append((e.id, built if e.id in simulated else "-", comma.join(map(chain, e.breaks)), title(e)))
    wide = [max(cells(row[place]) for row in table) for place in range(len(heads))]
    lines = [" ".join(column(cell, width) for cell, width in zip(row, wide, strict=True)).rstrip() for row in table]
    text = "\n".join([*lines, "", translate(mark("All entries: grade as listed, unverified."))])
    emit("cheats", {"cheats": rows}, text, as_json)
    return 0
