"""One picture of a recording: intervals and flow against time, and the error E(v) between two mapped stations.

Same style as the pictures of a verdict (plots.py).  Needs matplotlib (extra `report`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from captures.model import PulseTrain
from harness.judge.contract import Segment
from harness.judge.trains import clipped
from harness.report.style import COLOURS, STYLES, plt, save

CHAIN = ("reference", "encoder", "board")
MOST_POINTS = 20_000
MOST_TRAINS = 12
FLOW_S = 1.0
FIRST_PULSES = 50  # before them the error so far is mostly the whole pulse
K = {"reference": "reference_pulses_per_litre", "encoder": "pulses_per_litre", "board": "pulses_per_litre"}

Floats = npt.NDArray[np.float64]


def draw_capture(segments: Sequence[Segment], profile: Mapping[str, Any], path: Path, title: str) -> list[str]:
    """Write the picture to `path`; returns what was left out, in words."""
    trains = [
        (segment, name, train)
        for segment in segments
        for name, train in segment.trains.items()
        if train.tick_s is not None
    ]
    said = [] if len(trains) <= MOST_TRAINS else [f"the first {MOST_TRAINS} of {len(trains)} channels are drawn"]
    lines = [(segment, name, *_rising_s(segment, train)) for segment, name, train in trains[:MOST_TRAINS]]
    flows = [(name, *flow) for _, name, _, rising in lines if (flow := _flow(name, rising, profile)) is not None]
    pairs = _pairs(segments)
    panels = [True, bool(flows), bool(pairs)]
    figure, axes = plt.subplots(sum(panels), 1, figsize=(9, 3.4 * sum(panels)), squeeze=False)
    rows = iter(axes[:, 0])
    _intervals(next(rows), [(name, rising) for _, name, _, rising in lines])
    if flows:
        _flows(next(rows), flows)
    if pairs:
        _errors(next(rows), pairs, profile)
    figure.suptitle(title, fontsize=10)
    save(figure, path)
    return said


def _rising_s(segment: Segment, train: PulseTrain) -> tuple[str, Floats]:
    """Label and times (n,) in seconds of the rising edges inside the segment (of all edges where only those are recorded)."""
    ticks, levels = clipped(segment, train)
    own = ticks if levels is None else ticks[levels == 1]
    assert train.tick_s is not None
    return segment.id, own.astype(np.float64) * float(train.tick_s)


def _thinned(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    step = -(-x.size // MOST_POINTS) or 1
    return x[::step], y[::step]


def _intervals(axis: Any, lines: Sequence[tuple[str, Floats]]) -> None:
    markers, colours = cycle(".x+1234"), cycle(COLOURS)
    for name, rising in lines:
        if rising.size < 2:
            continue
        x, y = _thinned(rising[1:], np.diff(rising) * 1e3)
        axis.plot(x, y, next(markers), color=next(colours), ms=2.5, label=name)
    axis.set_yscale("log")
    axis.set_xlabel("time, s")
    axis.set_ylabel("between rising edges, ms")
    axis.set_title("Intervals", loc="left", fontsize=10)
    if axis.has_data():
        axis.legend(fontsize=7, ncols=6, frameon=False)


def _flow(name: str, rising: Floats, profile: Mapping[str, Any]) -> tuple[str, Floats, Floats] | None:
    """Unit, times and pulses a second over the declared constant; None where no constant is declared."""
    station = name.split(".")[0]
    per = profile.get(K.get(station, ""))
    unit, scale = "L/min", 60.0
    if per is None and station in ("encoder", "board"):
        per, unit, scale = profile.get("pulses_per_km"), "km/h", 3600.0
    if per is None or rising.size < 2:
        return None
    grid = np.arange(rising[0], rising[-1], FLOW_S)
    if not 2 <= grid.size <= 10 * MOST_POINTS:
        return None
    counts = np.histogram(rising, grid)[0]
    return unit, grid[:-1] + FLOW_S / 2, counts / float(str(per)) * scale / FLOW_S


def _flows(axis: Any, flows: Sequence[tuple[str, str, Floats, Floats]]) -> None:
    styles = cycle([(style, colour) for style in STYLES for colour in COLOURS])
    for name, unit, x, y in flows:
        style, colour = next(styles)
        axis.plot(*_thinned(x, y), style, color=colour, lw=1.2, label=f"{name}, {unit}")
    axis.set_xlabel("time, s")
    axis.set_ylabel(" or ".join(sorted({unit for _, unit, _, _ in flows})))
    axis.set_title(f"Flow or speed, means over {FLOW_S:g} s", loc="left", fontsize=10)
    axis.legend(fontsize=7, ncols=4, frameon=False)


def _pairs(segments: Sequence[Segment]) -> list[tuple[Segment, PulseTrain, PulseTrain]]:
    """Neighbouring mapped stations of every segment, by their first channels."""
    found = []
    for segment in segments:
        first: dict[str, PulseTrain] = {}
        for name, train in sorted(segment.trains.items()):
            if train.tick_s is not None:
                first.setdefault(name.split(".")[0], train)
        chain = [first[station] for station in CHAIN if station in first]
        found += [(segment, up, down) for up, down in pairwise(chain)]
    return found


def _errors(axis: Any, pairs: Sequence[tuple[Segment, PulseTrain, PulseTrain]], profile: Mapping[str, Any]) -> None:
    """E so far against the upstream quantity: litres where the constants are declared, else pulses."""
    styles = cycle([(style, colour) for style in STYLES for colour in COLOURS])
    units = set()
    for segment, up, down in pairs:
        constants = [profile.get(K[train.station]) for train in (up, down)]
        if up.station != "reference":  # the same pulses, before and behind the line
            constants = [constants[0] or "1"] * 2
        if None in constants:
            continue
        k_up, k_down = (float(str(constant)) for constant in constants)
        units.add("litres" if profile.get(K[up.station]) is not None else "pulses")
        a, b = _rising_s(segment, up)[1], _rising_s(segment, down)[1]
        n_up, n_down = np.searchsorted(a, b, "right"), np.arange(1, b.size + 1)
        keep = n_up >= FIRST_PULSES
        v, error = n_up[keep] / k_up, 100 * (n_down[keep] / k_down / (n_up[keep] / k_up) - 1)
        style, colour = next(styles)
        axis.plot(
            *_thinned(v, error), style, color=colour, lw=1.2, label=f"{segment.id}: {up.station} → {down.station}"
        )
    axis.set_xlabel(f"{' or '.join(sorted(units)) or 'no constant declared'}, upstream")
    axis.set_ylabel("error so far, %")
    axis.set_title("E(v)", loc="left", fontsize=10)
    if units:
        axis.legend(fontsize=7, ncols=3, frameon=False)
