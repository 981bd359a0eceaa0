"""Options that are numbers, refused where no number of that kind is meant; the parser itself takes `nan` and `inf`."""

from __future__ import annotations

import math
from typing import Annotated

import typer

from harness.exits import UsageError


def finite(param: typer.CallbackParam, value: float | None) -> float | None:
    if value is not None and not math.isfinite(value):
        raise UsageError(f"{param.opts[0]}: expected a finite number, got {value}")
    return value


def above_zero(param: typer.CallbackParam, value: float) -> float:
    if not (math.isfinite(value) and value > 0):
        raise UsageError(f"{param.opts[0]}: expected a number above zero, got {value:g}")
    return value


Speed = Annotated[
    float,
    typer.Option("--speed", help="only for a simulated bench served faster than life", callback=above_zero),
]
Seed = Annotated[int, typer.Option("--seed", help="only for sim: links", min=0)]
