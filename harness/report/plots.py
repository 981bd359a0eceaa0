"""The pictures of a verdict.  Drawn here: the course of the error inside every delivery.  Needs matplotlib (extra `report`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

from fixtures.language import mark, translate
from harness.catalogue import with_rules
from harness.derive import Recorded, read_recorded, segments
from harness.derive.site import by_instrument
from harness.editions import edition_of
from harness.judge.contract import Link, Segment, SegmentKind
from harness.judge.detectors.course import DETECTOR, pairs, points
from harness.judge.volumes import track
from harness.report.evidence_plot import evidence_course
from harness.report.fare_plot import fare_steps
from harness.report.pulse_plots import draw_pulses
from harness.report.search_plot import search_cover
from harness.report.style import COLOURS, STYLES, plt, save
from harness.report.weight_plot import weight_course
from harness.report.wording import said

TESTED_L = (5.0, 10.0, 20.0)
FIRST_L = 2.0  # before it the error so far is mostly the resolution of the register
WHOLE = Link("reference", "register")


def draw(case: Path, document: Mapping[str, Any]) -> list[Path]:
    """Write the pictures under data/derived of `case`; the paths of those that had something to show."""
    return drawn(read_recorded(case / "data" / "journal"), document, case / "data" / "derived")


def drawn(recorded: Recorded, document: Mapping[str, Any], folder: Path) -> list[Path]:
    """The same of a run that was read, into `folder`."""
    if "instruments" in document:
        views = by_instrument(recorded)
        parts = [
            _drawn(views[one["instrument"]], one, folder, f"{one['instrument']}_") for one in document["instruments"]
        ]
        return [path for part in parts for path in part]
    return _drawn(recorded, document, folder, "")


def _drawn(recorded: Recorded, document: Mapping[str, Any], folder: Path, prefix: str) -> list[Path]:
    every = segments(recorded)
    found = [segment for segment in every if segment.kind is SegmentKind.DELIVERY]
    written = [
        _courses(found, recorded.bench.profile, document, folder / f"{prefix}error_course.svg"),
        evidence_course(every, document, folder / f"{prefix}evidence.svg"),
        weight_course(every, document, folder / f"{prefix}weight_course.svg"),
        fare_steps(every, _with_rules(recorded), document, folder / f"{prefix}fare_steps.svg"),
        search_cover(document, folder / f"{prefix}search_cover.svg"),
        *draw_pulses(found, recorded.bench.profile, document, folder, prefix),
    ]
    return [path for path in written if path is not None]


def _with_rules(recorded: Recorded) -> Mapping[str, Any]:
    return with_rules(recorded.bench.profile, edition_of(recorded.bench))


def _courses(
    found: Sequence[Segment], profile: Mapping[str, Any], document: Mapping[str, Any], path: Path
) -> Path | None:
    links = sorted(
        {str(link) for segment in found for link in _links(segment, profile)},
        key=lambda name: (name != str(WHOLE), name),
    )
    if not links:
        return None
    figure, axes = plt.subplots(len(links), 1, figsize=(9, 3.4 * len(links)), sharex=True, squeeze=False)
    limit = document["conformity_detail"]["limit"]
    for axis, name in zip(axes[:, 0], links, strict=True):
        styles = cycle([(style, colour) for style in STYLES for colour in COLOURS])
        for segment in found:
            for link in _links(segment, profile):
                up, down = track(segment, link.upstream, profile), track(segment, link.downstream, profile)
                if str(link) != name or isinstance(up, str) or isinstance(down, str):
                    continue
                course = points(up, down, DETECTOR.parameters["gate"], DETECTOR.parameters["skip_l"])
                if isinstance(course, str):
                    continue
                style, colour = next(styles)
                # error so far: what was indicated too much since the gate opened, over what was delivered since
                since = course.v - course.v[0]
                keep = since > FIRST_L
                axis.plot(
                    course.v[keep],
                    100 * (course.y - course.y[0])[keep] / since[keep],
                    style,
                    color=colour,
                    lw=1.2,
                    label=segment.id,
                )
        if limit is not None:
            axis.axhspan(-100 * limit, 100 * limit, color="0.92", zorder=0)
        for volume in TESTED_L:
            axis.axvline(volume, color="0.7", lw=0.8, zorder=0)
        axis.set_ylabel(translate(mark("error so far, %")))
        axis.set_title(" → ".join(map(said, name.split(">"))), loc="left", fontsize=10)
        if axis.get_legend_handles_labels()[0]:  # the smallest deliveries have no course
            axis.legend(fontsize=7, ncols=8, frameon=False)
    axes[-1, 0].set_xlabel(
        translate(
            mark("litres delivered (grey lines: volumes that inspectors test; grey band: maximum permissible error)")
        )
    )
    return save(figure, path)


def _links(segment: Segment, profile: Mapping[str, Any]) -> list[Link]:
    """What the customer gets against what is counted, whole, then each continuous link of the chain."""
    links = pairs(segment, profile)
    followed = {station for link in links for station in (link.upstream, link.downstream)}
    return [WHOLE, *(link for link in links if link != WHOLE)] if {"reference", "register"} <= followed else links
