"""`demo`: a whole inspection of a simulated instrument, over real pseudo-terminals where the system has them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.commands.budgeted import Budget, Fuel, Model

# times faster than life: a raid by hand is mostly waiting, a laboratory run mostly pulses
USUAL = {  # family -> the function that is shown where none is named, kits
    "dispenser": ("fuel.C09", ("K0", "K1", "K2", "K3")),
    "price-scale": ("scale.S01", ("K0", "K1", "K3")),
    "truck-scale": ("truck.T01", ("K0", "K1", "K3")),
    "taximeter": ("taxi.C01", ("K0", "K1", "K2", "K3")),
}
SPEED = {"K0": 60.0, "K1": 45.0, "K2": 30.0, "K3": 25.0}


def demo(
    family: Annotated[str, typer.Argument(help="dispenser, price-scale, truck-scale or taximeter")] = "dispenser",
    cheat: Annotated[
        str, typer.Option("--cheat", help="catalogue id of the function that the simulated trader uses")
    ] = "",
    honest: Annotated[bool, typer.Option("--honest", help="an honest trader")] = False,
    kit: Annotated[
        str,
        typer.Option(
            "--kit",
            help="dispenser: K0 balance and eyes, K1 + kiosk tap, K2 + in-line meter, K3 laboratory; others: docs/scales.md, docs/taximeters.md",
        ),
    ] = "K3",
    seed: Annotated[int, typer.Option("--seed", help="fixes everything random", min=0)] = 1,
    case: Annotated[Path | None, typer.Option("--case", help="the new case folder; nothing = a temporary one")] = None,
    budget: Budget = "",
    fuel: Fuel = "",
    model: Model = None,
    in_process: Annotated[
        bool, typer.Option("--in-process", help="without pseudo-terminals: exact virtual time, same seed same bytes")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document on stdout")] = False,
) -> int:
    """Inspect a simulated instrument end to end.  Exit 0 when the verdict is the one expected of this kit, else 1."""
    from harness.exits import UsageError

    if family not in USUAL:
        raise UsageError(f"expected family {', '.join(USUAL)}, got {family!r}")
    (usual, kits), kit = USUAL[family], kit.upper()
    if kit not in kits:
        raise UsageError(f"expected --kit {', '.join(kits)} for a {family}, got {kit!r}")
    if honest and cheat:
        raise UsageError("--honest and --cheat exclude each other")
    from harness.beforehand import FITS, search_budget
    from harness.demonstration import demonstrate

    decided = search_budget(budget, fuel, model)
    if decided and family not in FITS:
        raise UsageError(f"expected --budget with {' or '.join(FITS)}, got {family!r}: nothing else is searched yet")
    chosen = None if honest else cheat or usual
    return demonstrate(
        family, chosen, kit, seed, case, in_process=in_process, as_json=as_json, speed=SPEED[kit], decided=decided
    )
