"""The picture of the weight on a scale's line: its course, the known loads, what a finding rests on, what was done."""

from __future__ import annotations

import dataclasses

import pytest

pytest.importorskip("matplotlib")

from harness.report.weight_plot import weight_figure
from tests.scale_stream import ScaleLine


def test_course_loads_marks_and_findings() -> None:
    stream = ScaleLine(1)
    first, second = stream.load(2.0, 10.0), stream.load(5.0, 10.0, keys=((4.0, "M1"),))
    figure = weight_figure([first, second], {"findings": [{"segments": [second.id]}]})
    assert figure is not None
    [axis] = figure.axes
    lines = [line for line in axis.lines if len(line.get_xdata()) > 2]
    assert [max(line.get_ydata()) for line in lines] == pytest.approx([2.0, 5.0], abs=0.5)
    loads = [segment[0][1] for group in axis.collections for segment in group.get_segments()]
    assert loads == [2.0, 5.0]
    begin, end = (at / 1e9 for at in second.window_ns)
    [patch] = axis.patches
    assert (patch.get_x(), patch.get_x() + patch.get_width()) == pytest.approx((begin, end))
    assert "press-M1" in {text.get_text() for text in axis.texts}
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["weight on the line", "known load", "a finding rests on it"]


def test_without_a_line_there_is_no_picture() -> None:
    segment = dataclasses.replace(ScaleLine(1).load(2.0, 10.0), traces={})
    assert weight_figure([segment], {"findings": []}) is None
