"""The picture of the evidence shows what the verdict document holds: lines, thresholds, crossings, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from captures.model import Int64Array
from fixtures.plugins import specs
from harness.judge.contract import Basis, Evidence, Link, Segment, SegmentKind
from harness.judge.evidence import processes
from harness.report.document import plain

figures = pytest.importorskip("harness.report.evidence_plot")

LINK = Link("encoder", "board")


def sales(litres: list[float]) -> list[Segment]:
    return [
        Segment(f"B{n}", SegmentKind.DELIVERY, "bench", "s", (n * 10, n * 10 + 9), {"asked_l": volume})
        for n, volume in enumerate(litres, 1)
    ]


def grown(name: str, course: list[tuple[str, float]], weight: float = 0.1, **more: Any) -> dict[str, Any]:
    """The evidence of one process as the document holds it."""
    e = max((value for _, value in course), default=1.0)
    one = Evidence(name, LINK, e, weight, 2e3 / weight, 2e4 / weight, Basis.PRESPECIFIED, tuple(course), **more)
    return {**plain(vars(one)), "link": str(LINK)}


def axis_of(found: list[Segment], *evidence: dict[str, Any]) -> Any:
    figure = figures.evidence_figure(found, {"evidence": list(evidence)})
    assert figure is not None
    return figure.axes[0]


def labels(axis: Any) -> list[str]:
    return [text.get_text() for text in axis.figure.legends[0].get_texts()]


def test_a_crossing_is_marked_where_it_happened_and_named_in_the_title() -> None:
    found = sales([10, 20, 5, 40])
    strong = grown("split", [("B1", 0.7), ("B2", 9e4), ("B3", 9e6), ("B4", 8e6)])
    axis = axis_of(found, strong, grown("slots", [("B1", 0.7), ("B2", 0.5)]))
    assert axis.get_title(loc="left") == (
        "Evidence: the threshold of proven is first crossed by split, encoder → board with B3, 35 L"
    )
    marked = {line.get_marker(): tuple(line.get_xydata()[0]) for line in axis.lines if line.get_marker() in ("o", "*")}
    assert marked == {"o": (30.0, pytest.approx(9e3)), "*": (35.0, pytest.approx(9e5))}
    assert [line.get_ydata()[0] for line in axis.lines if list(line.get_xdata()) == [0, 1]] == pytest.approx([2e3, 2e4])
    assert labels(axis) == ["1 process, none above e = 0.7", "split, encoder → board: e = 9000000, weight 0.1"]
    course = next(line for line in axis.lines if line.get_label().startswith("split"))
    assert np.allclose(course.get_xydata(), [[0, 0.1], [10, 0.07], [30, 9e3], [35, 9e5], [75, 8e5], [77.25, 8e5]])


def test_an_honest_case_has_its_picture_too_and_no_mark() -> None:
    axis = axis_of(sales([10, 20]), grown("split", [("B1", 0.7), ("B2", 0.49)]), grown("slots", [("B1", 0.7)]))
    title = "Evidence: none of 2 processes reaches a threshold; the strongest holds e = 0.7"
    assert axis.get_title(loc="left") == title
    assert not [line for line in axis.lines if line.get_marker() in ("o", "*", "D")]


def test_what_is_compared_at_the_end_has_no_course() -> None:
    pairs = grown("gain-change", [("B1|B2", 1e9), ("B2|B3", 1e8)], in_time=False)
    axis = axis_of(sales([10, 20, 5]), pairs)
    points = [line for line in axis.lines if line.get_marker() == "D"]
    assert [point.get_xydata().tolist() for point in points] == [[[35.0, pytest.approx(1e8)]]]
    assert "by comparing sales with each other" in axis.get_title(loc="left")
    assert "compared at the end" in labels(axis)[0]


def test_a_confirmation_is_held_to_its_own_threshold() -> None:
    confirmed = {**grown("split", [("B2", 5e4)], 1.0), "basis": "confirmatory", "proven_at": 4e4, "suspect_at": 4e3}
    axis = axis_of(sales([10, 20]), grown("split", [("B1", 0.7)]), confirmed)
    line = next(line for line in axis.lines if "confirmatory" in str(line.get_label()))
    assert line.get_ydata()[-1] == pytest.approx(2.5e4)
    assert "threshold of proven is first crossed by split, encoder → board, confirmatory" in axis.get_title(loc="left")


def test_where_nothing_spoke_nothing_is_drawn() -> None:
    assert figures.evidence_figure(sales([10]), {"evidence": []}) is None
    assert figures.evidence_figure(sales([10]), {"evidence": [grown("split", [])]}) is None


def test_the_document_s_evidence_is_that_of_the_processes() -> None:
    from harness.judge.contract import Reading

    found = sales([10, 20, 5])
    readings = [Reading("split", "B1", LINK, 0.7), Reading("split", "B2", LINK, 1.0, reason="mute"),
                Reading("split", "B3", LINK, 40.0, hits=3)]  # fmt: skip
    (process,) = processes(readings, found, {"split": replace(specs("detectors")["split"], weight=1.0)}, 1e-4)
    told = process.told()
    assert [segment for segment, _ in told.course] == ["B1", "B3"]
    assert max(1.0, *process.course) == process.e == told.e
    assert told.course[-1][1] == process.course[-1]
    assert told.in_time
    assert (told.weight, told.proven_at, told.suspect_at) == (1.0, 2e4, 2e3)
    pair = [Reading("gain-change", "B1|B2", LINK, 40.0, key="state")]
    assert not processes(pair, found, {"gain-change": specs("detectors")["gain-change"]}, 1e-4)[0].told().in_time


def test_what_stands_out_survives_thinning() -> None:
    from harness.report.style import thinned

    x = np.arange(1_000_000, dtype=np.float64)
    y = np.random.default_rng(1).normal(0, 1, x.size)
    y[[123_456, 777_777]] = 50.0, -50.0
    short, drawn = thinned(x, y, 500)
    assert short.size <= 1000
    assert bool(np.all(np.diff(short) > 0))
    assert {123_456.0, 777_777.0} <= set(short.tolist())
    assert drawn.max() == 50.0
    assert drawn.min() == -50.0
    few: Int64Array = np.arange(10)
    assert thinned(few.astype(np.float64), y[:10])[0].size == 10
