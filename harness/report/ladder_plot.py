"""The interval ladder: every interval between pulses over the litres of one delivery, on a logarithmic axis.

In steady flow all of them lie on one rung.  A pulse put between two others leaves two intervals below it, one taken out an
interval on the rung of twice as much; where they lie says what makes them.  Where a timer was found behind the pulses, an
inset shows what the intervals leave over its tick.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from captures.model import Int64Array, PulseTrain
from fixtures.language import mark, translate
from harness.judge import disc
from harness.judge.contract import Segment
from harness.judge.pulses.intervals import find
from harness.judge.pulses.revolution import Floats, steady
from harness.judge.pulses.suspects import CLOSE, Pattern, Placement, causal, placement, taken_out
from harness.judge.trains import channels
from harness.report.shown import Shown, best_shown, train_of
from harness.report.style import plt, save, thinned

DETECTORS = ("split", "edge-balance", "oscillator", "dead-time", "timer-lattice")
SINGLE_PULSES = ("split", "edge-balance", "oscillator", "dead-time", "quadrature")
STATIONS = ("encoder", "board")
RUNGS = ((0.5, mark("half of it")), (1.0, mark("usual interval")), (2.0, mark("twice it")))
BETWEEN = (mark("1 pulse between others"), mark("{n} pulses between others"))
MISSING = (mark("1 pulse missing"), mark("{n} pulses missing"))
MOST_MARKED = 600
BINS = 40


@dataclass(frozen=True, eq=False)
class Ladder:
    """Intervals `ms` (n,) ending at `place` (n,); indices of those that a suspect divides (s,) and of those that hold two (m,);
    in words how many and in what pattern."""

    name: str
    place: Floats
    ms: Floats
    split: Int64Array
    merged: Int64Array
    says: str


def interval_ladder(
    found: Sequence[Segment], profile: Mapping[str, Any], document: Mapping[str, Any], path: Path
) -> Path | None:
    """Write the picture to `path`; None where no test of the intervals spoke."""
    shown = best_shown(found, document, DETECTORS)
    figure = None if shown is None else ladder_figure(shown, profile, document)
    return None if figure is None else save(figure, path)


def ladder_figure(shown: Shown, profile: Mapping[str, Any], document: Mapping[str, Any]) -> Any | None:
    """None where the source states no sample rate: then there are no times."""
    per_litre = profile.get("pulses_per_litre")
    trains = [next(iter(taps.values())) for name in STATIONS if (taps := channels(shown.segment, name))]
    trains = [shown.train if train.station == shown.train.station else train for train in trains]
    ladders = [ladder for train in trains if (ladder := _ladder(shown.segment, train, per_litre)) is not None]
    if not ladders:
        return None
    figure, axes = plt.subplots(
        len(ladders), 1, figsize=(10, 1.2 + 3.4 * len(ladders)), sharex=True, sharey=True, squeeze=False,
        layout="constrained",
    )  # fmt: skip
    for axis, ladder in zip(axes[:, 0], ladders, strict=True):
        _draw(axis, ladder)
    axes[-1, 0].set_xlabel(
        translate(mark("litres, as many pulses as are declared each") if per_litre else mark("time, s"))
    )
    low, high = axes[0, 0].get_ylim()
    told, timed = [f"{ladder.name}: {ladder.says}" for ladder in ladders], False
    for axis, ladder in zip(axes[:, 0], ladders, strict=True):
        if tick := _timer(axis, shown.segment, ladder.name, document):
            told.append(translate(mark("{train} keeps to {timer}"), train=ladder.name, timer=tick))
            timed = True
    axes[0, 0].set_ylim(low / 2, high * (12 if timed else 3))
    marked = any(ladder.split.size or ladder.merged.size for ladder in ladders)
    held = _held_against(shown.segment, document)
    if marked and not held:
        told.append(translate(mark("no test holds that against it")))
    if held and not marked:  # edges of one channel may be regular, and yet not move a decoder of both
        told.append(translate(mark("what a test of both channels found does not show on one")))
    figure.suptitle(
        translate(mark("Intervals of {segment}, {told}"), segment=shown.segment.id, told="; ".join(told)), fontsize=10
    )
    return figure


def _ladder(segment: Segment, train: PulseTrain, per_litre: Any) -> Ladder | None:
    ticks = disc.edges(segment, train)
    part = steady(ticks)
    ticks = ticks[part.start : part.stop + 1]
    if train.tick_s is None or ticks.size < 3:
        return None
    tick_s = float(train.tick_s)
    hits = find(ticks)
    suspects = causal(ticks, hits.splits)
    real = np.ones(ticks.size, dtype=bool)
    real[suspects] = False
    holes = np.cumsum(real)[hits.merges] + np.arange(hits.merges.size)
    told = []
    if suspects.size:
        told.append(
            _many(
                suspects.size,
                BETWEEN,
                placement(ticks[real], ticks[suspects], tick_s, CLOSE),
            )
        )
    if hits.merges.size:
        told.append(_many(hits.merges.size, MISSING, taken_out(holes)))
    if per_litre:
        place = (part.start + 1 + np.arange(ticks.size - 1)) / float(per_litre)
    else:
        place = ticks[1:].astype(np.float64) * tick_s
    split = np.unique(np.concatenate([suspects - 1, suspects])[: 2 * suspects.size])
    says = ", ".join(told) or translate(mark("none of {n} divided or doubled"), n=f"{ticks.size - 1:,}")
    return Ladder(train.name, place, np.diff(ticks) * tick_s * 1e3, split[split < ticks.size - 1], hits.merges, says)


def _held_against(segment: Segment, document: Mapping[str, Any]) -> bool:
    """A test of single pulses found something in this segment: a burst of interference puts pulses in too."""
    return any(
        reading["hits"] and reading["segment"] == segment.id and reading["detector"] in SINGLE_PULSES
        for reading in document["readings"]
    )


def _many(count: int, what: tuple[str, str], found: Placement | None) -> str:
    return translate(what[count > 1], n=count) + (f", {_pattern(found)}" if found is not None else "")


def _pattern(found: Placement) -> str:
    if found.pattern is Pattern.EVERY and found.every_n is not None:
        says = translate(mark("one every {n} pulses"), n=f"{found.every_n.value:.1f}")
    elif found.pattern is Pattern.OSCILLATOR and found.oscillator_hz is not None:
        says = translate(mark("by a clock of {hz} a second"), hz=f"{found.oscillator_hz.value:.3f}")
    elif found.delay_us is not None:
        says = translate(mark("{us} us after a real one"), us=f"{found.delay_us.value:.0f}")
    elif found.phase is not None:
        says = translate(mark("after {share} of an interval"), share=f"{found.phase.value:.2f}")
    else:
        says = translate(mark("at random places"))
    return says + (translate(mark(" (or {rival})"), rival=found.rival) if found.rival is not None else "")


def _draw(axis: Any, ladder: Ladder) -> None:
    usual = float(np.median(ladder.ms))
    for share, name in RUNGS:
        axis.axhline(usual * share, color="0.8", lw=0.7, zorder=0)
        axis.annotate(
            translate(name),
            (1.005, usual * share),
            xycoords=("axes fraction", "data"),
            fontsize=7,
            color="0.4",
            va="center",
        )
    axis.plot(
        *thinned(ladder.place, ladder.ms),
        ".",
        color="0.45",
        ms=2,
        label=translate(mark("intervals between rising edges")),
    )
    for which, marker, colour, name in (
        (ladder.split, "v", "#d55e00", mark("divided: a pulse between two others")),
        (ladder.merged, "^", "#0072b2", mark("doubled: a pulse is missing")),
    ):
        if which.size:
            few = which[:: -(-which.size // MOST_MARKED)]
            axis.plot(ladder.place[few], ladder.ms[few], marker, mfc="none", mec=colour, ms=5, label=translate(name))
    axis.set_yscale("log")
    axis.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.yaxis.set_minor_formatter(NullFormatter())
    axis.set_ylabel(f"{ladder.name}, ms")
    axis.legend(fontsize=7, ncols=3, frameon=False, loc="upper left")


def _timer(axis: Any, segment: Segment, name: str, document: Mapping[str, Any]) -> str:
    """The inset of a timer that was found behind the train `name` in this segment; its tick in words, "" for none."""
    for reading in document["readings"]:
        if reading["detector"] != "timer-lattice" or reading["segment"] != segment.id or not reading["hits"]:
            continue
        train = train_of(segment, reading)
        if train is None or train.name != name or train.tick_s is None:
            continue
        tick = float(reading["at"]["tick_us"]) * 1e-6 / float(train.tick_s)
        d = np.diff(disc.edges(segment, train)).astype(np.float64)
        left = (d / tick + 0.5) % 1 - 0.5
        inset = axis.inset_axes((0.62, 0.5, 0.36, 0.36))
        inset.hist(left, BINS, range=(-0.5, 0.5), color="#d55e00")
        inset.axhline(d.size / BINS, color="0.2", lw=0.8, ls="--")
        inset.set_title(
            translate(
                mark("what the intervals leave over a tick of {tick} us"), tick=f"{reading['at']['tick_us']:.5g}"
            ),
            fontsize=7,
        )
        inset.set_xlabel(translate(mark("share of the tick (dashed: without a timer)")), fontsize=6)
        inset.tick_params(labelsize=6)
        inset.set_yticks([])
        return translate(mark("a timer of {tick} us"), tick=f"{reading['at']['tick_us']:.5g}")
    return ""
