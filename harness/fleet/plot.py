"""One picture of a screening: of every test each unit's share against how much of it was seen, the listed ones marked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from harness.fleet.screening import Screening, Test
from harness.report.style import plt, save

MOST_POINTS = 20_000


def draw(found: Screening, path: Path) -> bool:
    """Write the picture; False where no test has shares to show."""
    tests = [test for test in found.made if test.x is not None and test.n is not None and test.honest is not None]
    if not tests:
        return False
    rows = (len(tests) + 1) // 2
    figure, axes = plt.subplots(rows, 2, figsize=(11, 2.9 * rows), layout="constrained", squeeze=False)
    for axis in axes.flat[len(tests) :]:
        axis.set_axis_off()
    for axis, test in zip(axes.flat, tests, strict=False):
        _shares(axis, test)
    figure.suptitle(
        "Shares by unit; dashed: mean of honest units as learned from the fleet; marked: listed", fontsize=10
    )
    save(figure, path)
    return True


def _shares(own: Any, test: Test) -> None:
    if test.x is None or test.n is None or test.honest is None:
        return
    some = np.linspace(0, test.x.size - 1, min(test.x.size, MOST_POINTS)).astype(np.int64)
    own.plot(
        test.n[some], 100 * test.x[some] / test.n[some], ".", ms=3, color="0.6", label=f"{test.units} {test.noun}s"
    )
    own.axhline(100 * test.honest.mean, color="#0072b2", lw=1, ls="--")
    if test.listed:
        of, share = [one.of for one in test.listed], [100 * one.hits / one.of for one in test.listed]
        own.plot(of, share, "v", ms=6, color="#d55e00", label=f"{len(test.listed)} listed")
    own.set_xlabel(f"{test.kind.per} seen")
    own.set_ylabel(f"{test.kind.per} with it, %")
    own.set_title(f"{test.kind.title} ({test.noun}s)", loc="left", fontsize=9)
    own.legend(fontsize=7, frameon=False)
