"""The course of the evidence: what each process holds as the litres went by, with the thresholds fixed beforehand.

Every process has its own weight, hence its own threshold; e-value times weight puts them on one axis, on which the
threshold of proof is one line.  Drawn from the verdict document alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, product
from pathlib import Path
from typing import Any

import numpy as np

from fixtures.language import in_a_row, mark, tell, translate
from harness.judge.contract import Segment
from harness.report.account import LITRES
from harness.report.figures import figure as figure_of
from harness.report.style import COLOURS, STYLES, plt, save

NAMED = 8  # processes with a line of their own; the others are one grey bundle
WEAK = 2.0  # an e-value up to here says nothing
LEAST = 1e-6  # of the axis


@dataclass(frozen=True)
class Line:
    """One process: e-values times weight after each of its segments, at litres; what counts of it, and its weight.

    `in_time`: it has a course; else its one point is that of the end.
    """

    name: str
    litres: tuple[float, ...]
    value: tuple[float, ...]
    e: float
    weight: float
    counts: float  # e times weight
    in_time: bool


def evidence_course(found: Sequence[Segment], document: Mapping[str, Any], path: Path) -> Path | None:
    """Write the picture to `path`; None where no process had anything to say."""
    figure = evidence_figure(found, document)
    return None if figure is None else save(figure, path)


def evidence_figure(found: Sequence[Segment], document: Mapping[str, Any]) -> Any | None:
    sold = any(_litres(segment) for segment in found)  # else there is a row of loads or trips, and no quantity adds up
    ends = np.cumsum([_litres(segment) if sold else 1 for segment in found]).tolist()
    right = ends[-1] if ends and ends[-1] > 0 else 1.0
    edge = 1.03 * right  # beyond the last sale, so that its step is seen
    at = {segment.id: end for segment, end in zip(found, ends, strict=True)}
    told = [one for one in document["evidence"] if one["course"]]
    scheduled = [one for one in told if one["basis"] == "prespecified"]
    if not scheduled:
        return None
    proven, suspect = (scheduled[0][level] * scheduled[0]["weight"] for level in ("proven_at", "suspect_at"))
    lines = sorted((_line(one, at, proven, right) for one in told), key=lambda line: -line.counts)
    named = [line for line in lines if line.e > WEAK][:NAMED]
    figure, axis = plt.subplots(figsize=(10, 5.2), layout="constrained")
    _bundle(axis, lines[len(named) :], edge)
    crossed = []
    for line, (style, colour) in zip(named, cycle(product(STYLES, COLOURS)), strict=False):
        label = translate(
            mark("{name}: e = {e}, weight {weight}"), name=line.name, e=figure_of(line.e), weight=figure_of(line.weight)
        )
        if line.in_time:
            x, y = (0.0, *line.litres, edge), (line.weight, *line.value, line.value[-1])
            axis.step(x, y, style, where="post", color=colour, lw=1.5, label=label)
            crossed += _crossings(axis, line, suspect, proven, colour, found, ends)
        else:
            label += translate(mark(", compared at the end"))
            axis.plot([right], [line.counts], "D", color=colour, mec="black", ms=7, clip_on=False, label=label)
    for level, name in ((suspect, "suspect"), (proven, "proven")):
        axis.axhline(level, color="0.25", lw=1.0, ls="-" if name == "proven" else "--")
        text = translate(mark("threshold of {level}: {value}"), level=tell(name), value=figure_of(level))
        axis.annotate(text, (edge, level), fontsize=8, va="bottom", ha="right", color="0.25")
    axis.set_yscale("log")
    axis.set_xlim(0, edge)
    least = min(min(line.value) for line in lines)
    axis.set_ylim(max(least / 3, LEAST), max(max(max(line.value) for line in lines) * 10, proven * 30))
    unit = document.get("quantity", LITRES)
    in_order = mark("quantity delivered, {unit}, all sales in order") if sold else mark("number of the measurement")
    axis.set_xlabel(translate(in_order, unit=unit))
    axis.set_ylabel(translate(mark("e-value x weight")))
    _sales(axis, found, ends)
    axis.set_title(_title(crossed, lines, proven, suspect, unit if sold else ""), loc="left", fontsize=10)
    figure.legend(loc="outside lower left", fontsize=7, ncols=2, frameon=False)
    return figure


def _litres(segment: Segment) -> float:
    return float(segment.context.get("asked_l", 0) or 0)


def _line(one: Mapping[str, Any], at: Mapping[str, float], proven: float, right: float) -> Line:
    weight = proven / one["proven_at"]  # of a confirmation: its own share of alpha against that of the scheduled tests
    # of a row of segments: known when the last of them was
    points = [(max(at.get(id, 0.0) for id in name.split("|")), e * weight) for name, e in one["course"]]
    points = sorted(points, key=lambda point: point[0]) if one["in_time"] else [(right, one["e"] * weight)]
    name = in_a_row((tell(one["detector"]), " → ".join(map(tell, one["link"].split(">")))))
    if one["basis"] != "prespecified":
        name = in_a_row((name, tell(one["basis"])))
    litres, value = zip(*points, strict=True)
    return Line(name, litres, value, one["e"], weight, one["e"] * weight, one["in_time"])


def _bundle(axis: Any, lines: Sequence[Line], edge: float) -> None:
    for number, line in enumerate(lines):
        most = max(line.e for line in lines)
        text = mark("1 process, none above e = {e}") if len(lines) == 1 else mark("{n} processes, none above e = {e}")
        label = translate(text, e=figure_of(most), n=len(lines)) if number == 0 else None
        if line.in_time:
            x, y = (0.0, *line.litres, edge), (line.weight, *line.value, line.value[-1])
            axis.step(x, y, where="post", color="0.75", lw=0.8, label=label)
        else:
            axis.plot(line.litres, line.value, "D", color="0.75", ms=4, clip_on=False, label=label)


def _crossings(
    axis: Any, line: Line, suspect: float, proven: float, colour: str, found: Sequence[Segment], ends: Sequence[float]
) -> list[tuple[str, str, str, float]]:
    """Marks where the line first reaches a threshold that it holds in the end; (level, name, sale, litres) of each."""
    told = []
    for level, name, marker in ((suspect, "suspect", "o"), (proven, "proven", "*")):
        over = next((i for i, value in enumerate(line.value) if value >= level), None)
        if over is None or line.counts < level:
            continue
        litres, value = line.litres[over], line.value[over]
        sale = next((segment.id for segment, end in zip(found, ends, strict=True) if end == litres), "")
        axis.plot([litres], [value], marker, color=colour, ms=12 if name == "proven" else 6, mec="black", zorder=5)
        told.append((name, line.name, sale, litres))
    return told


def _sales(axis: Any, found: Sequence[Segment], ends: Sequence[float]) -> None:
    """The sales on the upper edge, each where it ended; of those too close to the one before the names are left out."""
    top = axis.secondary_xaxis("top")
    places, names, last = [], [], -np.inf
    width = (ends[-1] if ends else 1.0) / 45
    for segment, end in zip(found, ends, strict=True):
        if end - last >= width and end > 0:
            places.append(end)
            names.append(segment.id)
            last = end
    top.set_xticks(places, names, fontsize=7, rotation=90)
    for place in places:
        axis.axvline(place, color="0.93", lw=0.6, zorder=0)


def _title(
    crossed: Sequence[tuple[str, str, str, float]], lines: Sequence[Line], proven: float, suspect: float, unit: str
) -> str:
    """`unit` of what was sold by then; "" where nothing adds up."""
    for level, name in ((proven, "proven"), (suspect, "suspect")):
        of = sorted((one for one in crossed if one[0] == name), key=lambda one: one[3])
        over = sum(line.counts >= level for line in lines)
        if of:
            _, process, sale, litres = of[0]
            more = translate(mark("; {n} processes reach it"), n=over) if over > 1 else ""
            so_far = translate(mark(", {litres} {unit}"), litres=f"{litres:.0f}", unit=unit) if unit else ""
            text = mark("Evidence: the threshold of {level} is first crossed by {process} with {sale}{so_far}{more}")
            return translate(text, level=tell(name), process=process, sale=sale, so_far=so_far, more=more)
        if over:
            text = mark(
                "Evidence: the threshold of {level} is crossed by {process}, by comparing sales with each other"
            )
            return translate(text, level=tell(name), process=lines[0].name)
    text = mark("Evidence: none of {n} processes reaches a threshold; the strongest holds e = {e}")
    return translate(text, n=len(lines), e=figure_of(lines[0].e))
