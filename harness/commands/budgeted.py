"""The options by which a search behind a plan gets its budget beforehand; shared by `run` and `demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Budget = Annotated[
    str,
    typer.Option(
        "--budget",
        metavar="30min",
        help="of a fuel dispenser or taximeter: search so long for what switches a function on, after its tests",
    ),
]
Fuel = Annotated[
    str, typer.Option("--fuel", metavar="120L", help="with --budget at a fuel dispenser: deliver no more in the search")
]
Model = Annotated[
    Path | None, typer.Option("--model", help="with --budget: a trigger model of one's own (docs/search.md)")
]
