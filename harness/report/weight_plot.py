"""The course of the weight on a scale's line with what was done to it: loads, keys, presses.  Needs matplotlib (extra `report`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fixtures.language import mark, tell, translate
from harness.judge.contract import Segment
from harness.report.style import COLOURS, plt, save, thinned

STATION = "weight"
MOST_MARKS = 40  # beyond so many no name can be read


def weight_course(found: Sequence[Segment], document: Mapping[str, Any], path: Path) -> Path | None:
    """Write the picture to `path`; None where no line of a scale was heard."""
    figure = weight_figure(found, document)
    return None if figure is None else save(figure, path)


def weight_figure(found: Sequence[Segment], document: Mapping[str, Any]) -> Any | None:
    own = [one for one in found if STATION in one.traces and one.traces[STATION].steps.size]
    if not own:
        return None
    broken = {id for finding in document["findings"] for id in finding["segments"]}
    figure, axis = plt.subplots(figsize=(10, 4.6), layout="constrained")
    named: set[str] = set()
    for segment in own:
        trace = segment.traces[STATION]
        seconds, kg = trace.times_ns / 1e9, trace.steps.astype(np.float64) * float(trace.step)
        axis.plot(
            *thinned(seconds, kg), color=COLOURS[0], lw=0.9, label=_once(translate(mark("weight on the line")), named)
        )
        begin, end = (at / 1e9 for at in segment.window_ns)
        if segment.load_kg is not None:
            axis.hlines(
                segment.load_kg[0],
                begin,
                end,
                color="0.4",
                ls="--",
                lw=1.2,
                label=_once(translate(mark("known load")), named),
            )
        if segment.id in broken:
            axis.axvspan(
                begin,
                end,
                color=COLOURS[1],
                alpha=0.15,
                lw=0,
                label=_once(translate(mark("a finding rests on it")), named),
            )
        axis.annotate(segment.id, (begin, 1.0), xycoords=("data", "axes fraction"), fontsize=6, rotation=90, va="top")
    _marks(axis, own)
    axis.set_xlabel(translate(mark("time, s")))
    axis.set_ylabel(translate(mark("weight, kg")))
    figure.legend(loc="outside lower left", fontsize=7, ncols=3, frameon=False)
    return figure


def _marks(axis: Any, found: Sequence[Segment]) -> None:
    events = sorted({(one.t_ns, one.kind) for segment in found for one in segment.marks})
    for t, kind in events:
        axis.axvline(t / 1e9, color="0.7", lw=0.7, ls=":", zorder=0)
        if len(events) <= MOST_MARKS:
            axis.annotate(
                tell(kind), (t / 1e9, 0.0), xycoords=("data", "axes fraction"), fontsize=6, rotation=90, va="bottom"
            )


def _once(label: str, named: set[str]) -> str:
    """The label the first time, then none: one entry of the legend each."""
    if label in named:
        return "_"
    named.add(label)
    return label
