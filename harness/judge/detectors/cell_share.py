"""Cell share: where on the deck a load stands matters, in one state or company and not in another; or a cell that does not weigh.

Positions: one load at several places of the deck, in two groups that a declared contrast separates (load_gain).  Null: what a place adds
to the error is the same in both groups, within two roundings and repeatability; an eccentric error alone is a matter of
adjustment and is not accused.  A device on one cell's cable (T01, T02, T05) takes its share of the load only where that cell
carries it.  Cells: where each tells its own codes, one that stands still while the others take the load, or one that is always the same
multiple of another, code for code, is none that weighs (T16).  Source: scales.md 1D (corner and position); R 76-1:2006 3.6.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from captures.model import Int64Array
from harness.judge.account import Kind
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, View
from harness.judge.evalue import bet
from harness.judge.interventions.load_gain import Contrast, contrasts
from harness.judge.loads import e_at, error_kg, loadings, observed, untouched, weighable
from harness.judge.weight_line import WITNESS

NAME = "cell-share"
CELLS = "counts."
LIKE = 0.95  # loads that count as one
MOST_LOADS = 50
COUNTS = Link("load", "counts")


def _one_load(segments: Sequence[Segment]) -> list[Segment]:
    """The loadings of the heaviest load that stood at two places: a fixed error weighs more on a small load."""
    known = [(s, s.load_kg[0]) for s in segments if s.load_kg is not None and s.load_kg[0] > 0]
    if len({s.context.get("position", "centre") for s, _ in known}) < 2:
        return []
    for heavy in sorted({load for _, load in known}, reverse=True)[:MOST_LOADS]:
        like = [s for s, load in known if LIKE * heavy <= load <= heavy]
        if len({s.context.get("position", "centre") for s in like}) >= 2:
            return like
    return []


def excess(segments: Sequence[Segment], station: str) -> Mapping[str, tuple[float, float, bool]]:
    """By position: mean relative error there, the smallest load, whether every reading is sure."""
    found: dict[str, list[tuple[float, float, bool]]] = {}
    for segment in segments:
        error, seen = error_kg(segment, station), untouched(segment, station)
        if error is None or seen is None or segment.load_kg is None or segment.load_kg[0] <= 0:
            continue
        load = segment.load_kg[0]
        place = str(segment.context.get("position", "centre"))
        found.setdefault(place, []).append((error[0] / load, load, seen.sure))
    return {
        place: (float(np.mean([one[0] for one in own])), min(one[1] for one in own), all(one[2] for one in own))
        for place, own in found.items()
    }


def _places(segments: Sequence[Segment], station: str, contrast: str, second: Contrast, view: View) -> Reading | None:
    """How the errors of two places differ, in one group and in the other: the pair of places that differs most."""
    groups = [[s for s in segments if second(s) is side] for side in (False, True)]
    one, two = (excess(group, station) for group in groups)
    shared = sorted(set(one) & set(two))
    if len(shared) < 2:
        return None
    load = min(min(one[place][1], two[place][1]) for place in shared)
    bound = view.parameters["bound_e"] * e_at(view.profile, load) / load
    shift = {place: two[place][0] - one[place][0] for place in shared}
    apart = max(combinations(shared, 2), key=lambda pair: abs(shift[pair[0]] - shift[pair[1]]))
    size = shift[apart[1]] - shift[apart[0]]
    hit = abs(size) > bound
    certain = all(one[place][2] and two[place][2] for place in apart)
    q = view.parameters["q" if certain else "q_eye"]
    ids = [
        next(s.id for s in group if str(s.context.get("position", "centre")) == place)
        for group in groups
        for place in apart[:1]
    ]
    return Reading(
        NAME,
        "|".join(ids),
        Link("load", station),
        bet(hit, q, view.validation),
        p=q if hit else 1.0,
        hits=int(hit),
        effect=size,
        interval=(size - bound, size + bound),
        mde=2 * bound,
        shape=Shape.STATE if hit else None,
        at={"contrast": contrast, "sure": certain, "places": apart},
        key=contrast,
    )  # fmt: skip


def _cells(segment: Segment) -> dict[str, Int64Array]:
    """Codes of each cell at common instants (n,): what each had last said."""
    traces = {
        name: trace for name, trace in sorted(segment.traces.items()) if name.startswith(CELLS) and trace.steps.size
    }
    if len(traces) < 2:
        return {}
    clock = max(traces.values(), key=lambda trace: int(trace.times_ns[0])).times_ns
    return {
        name: trace.steps[np.maximum(np.searchsorted(trace.times_ns, clock, "right") - 1, 0)] for name, trace in traces.items()
    }  # fmt: skip


def _odd(cells: Mapping[str, Int64Array], view: View) -> tuple[str, str]:
    """(what, which) of the first cell that does not weigh; ("", "") where all do."""
    spans = {name: int(np.ptp(codes)) for name, codes in cells.items()}
    moved = max(spans.values())
    if moved < view.parameters["moved_codes"]:
        return "", ""
    for name, span in spans.items():
        if span == 0 and sum(other >= view.parameters["moved_codes"] for other in spans.values()) >= 2:
            return "frozen", name
    for a, b in combinations(cells, 2):
        if (
            min(spans[a], spans[b]) < view.parameters["moved_codes"]
            or np.unique(cells[a]).size < view.parameters["values"]
        ):
            continue
        fitted = np.polyfit(cells[a].astype(np.float64), cells[b].astype(np.float64), 1)
        if float(np.abs(np.polyval(fitted, cells[a]) - cells[b]).max()) <= 1.0 and abs(float(fitted[1])) <= 1.0:
            return "proportional", f"{a} {b}"
    return "", ""


def _coded(segment: Segment, view: View) -> Reading | None:
    cells = _cells(segment)
    if not cells:
        return None
    what, which = _odd(cells, view)
    q = view.parameters["q_cells"]
    return Reading(
        NAME,
        segment.id,
        COUNTS,
        bet(bool(what), q, view.validation),
        p=q if what else 1.0,
        hits=int(bool(what)),
        shape=Shape.EXTRA if what else None,
        at={"cell": which, "cells": what} if what else {},
    )


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    readings = [one for segment in loadings(segments) if (one := _coded(segment, view)) is not None]
    own = _one_load(weighable(segments, view.profile))
    for station in dict.fromkeys(name for segment in own for name in observed(segment)):
        for contrast, second in contrasts(own).items():
            found = _places(own, station, contrast, second, view)
            readings += [found] if found is not None else []
    return readings


DETECTOR = DetectorSpec(
    name=NAME,
    version=1,
    kind="detector",
    null="what a place of the deck adds to the error is the same in both groups of a contrast, and every cell takes a share of its own of the load",
    needs="one load at two places or more in both groups, or the codes of each cell",
    parameters={"bound_e": 4.0, "moved_codes": 200.0, "values": 20.0, "q": 3e-4, "q_eye": 0.02, "q_cells": 0.01},
    judge=judge,
    weight=0.5,
    mechanism="the place of the load on the deck matters in one state alone, or a cell does not weigh",
    telling=54,
    witness=WITNESS,
    shows=Kind.CELL,
)
