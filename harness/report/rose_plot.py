"""The slot fingerprint as a rose: how much longer or shorter the interval of every slot of the disc is, around the disc.

An even disc keeps its rose from the first half of a delivery to the second.  Behind a device that makes more pulses the slots
move on with every revolution: folded over the declared slots the rose is smeared, folded over the period found, or taken
back from where the slip began, it stands again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from captures.model import Int64Array
from fixtures.language import mark, translate
from harness.judge.contract import Segment
from harness.judge.detectors import slots as slots_test
from harness.judge.pulses.order_gain import measure, pattern
from harness.judge.pulses.revolution import Floats, steady
from harness.report.order_plot import HIGH, LOW
from harness.report.shown import Shown, best_shown
from harness.report.style import plt, save

DETECTORS = ("fingerprint-slip", "period-gain", "slots")
NAMES = {
    "halves": (mark("first half"), mark("second half")),
    "onset": (mark("before the onset"), mark("after the onset")),
}
LEAST = 4  # revolutions on either side
LEAST_ALIKE = slots_test.DETECTOR.parameters["agreement"]
TURN = 4  # slots
STYLE = (("-", "#0072b2"), ("--", "#d55e00"))


@dataclass(frozen=True, eq=False)
class Course:
    """y (n,) at pulses `at` (n,) of the train; `begin`, the pulse at which a slip began, None for one all along; `gain`."""

    y: Floats
    at: Int64Array
    begin: int | None
    gain: float

    @property
    def middle(self) -> int:
        return int(self.at[self.at.size // 2]) if self.begin is None else self.begin


def fingerprint_rose(
    found: Sequence[Segment], profile: Mapping[str, Any], document: Mapping[str, Any], path: Path
) -> Path | None:
    """Write the picture to `path`; None where no test of the disc's pattern spoke."""
    shown, slots = best_shown(found, document, DETECTORS), profile.get("slots_per_rev")
    if shown is None or slots is None:
        return None
    figure = rose_figure(shown, int(slots), profile)
    return None if figure is None else save(figure, path)


def rose_figure(shown: Shown, slots: int, profile: Mapping[str, Any]) -> Any | None:
    """None where one of the two stretches is too short for a pattern."""
    course = _course(shown, slots, profile)
    if not course.at.size:
        return None
    if min(np.count_nonzero(course.at < course.middle), np.count_nonzero(course.at >= course.middle)) < LEAST * slots:
        return None
    declared = _roses(course, course.at % slots, slots)
    taken_back = _turned(_roses(course, _back(course) % slots, slots), course) if course.gain else None
    most = max(float(np.abs(rose).max()) for rose in (*declared, *(taken_back or ()))) + 1e-6
    names = NAMES["halves" if course.begin is None else "onset"]
    folded = translate(mark("folded over the declared {slots} slots"), slots=slots)
    panels = 1 + (taken_back is not None)
    figure, axes = plt.subplots(
        1, panels, figsize=(6.4 * panels, 6.6), subplot_kw={"projection": "polar"}, squeeze=False, layout="constrained"
    )
    _rose(axes[0, 0], declared, names, most, folded)
    if taken_back is not None:
        _slip(axes[0, 0], course, slots)
        text = (
            mark("folded over a period of {pulses} pulses from the onset on")
            if course.begin
            else mark("folded over a period of {pulses} pulses")
        )
        _rose(axes[0, 1], taken_back, names, most, translate(text, pulses=f"{slots * (1 + course.gain):.2f}"))
    figure.suptitle(_title(shown, course, declared, taken_back, slots), fontsize=10)
    return figure


def _course(shown: Shown, slots: int, profile: Mapping[str, Any]) -> Course:
    y = pattern(shown.ticks, slots)
    at = steady(shown.ticks).start + slots // 2 + np.arange(y.size, dtype=np.int64)
    if not shown.hit:
        return Course(y, at, None, 0.0)
    onset, per_litre = shown.reading["at"].get("onset_l"), profile.get("pulses_per_litre")
    begin = round(float(onset) * float(per_litre)) if onset and per_litre else None
    gain = measure(shown.ticks if begin is None else shown.ticks[begin:], slots, LOW, HIGH)
    return Course(y, at, begin, gain.gain if gain is not None and shown.bears_out(gain.gain) else 0.0)


def _back(course: Course) -> Int64Array:
    """The slot (n,) that each pulse shows, where the device makes 1 + gain pulses of each from `begin` on."""
    begin = 0 if course.begin is None else course.begin
    moved = np.where(course.at < begin, course.at, begin + (course.at - begin) / (1 + course.gain))
    result: Int64Array = np.floor(moved + 1e-9).astype(np.int64)
    return result


def _roses(course: Course, slot: Int64Array, slots: int) -> tuple[Floats, Floats]:
    """Mean of y by slot (slots,), before the middle and after it, in per cent of an interval."""
    early = course.at < course.middle
    before, after = (
        100 * np.bincount(slot[part], course.y[part], slots) / np.maximum(np.bincount(slot[part], minlength=slots), 1)
        for part in (early, ~early)
    )
    return before - before.mean(), after - after.mean()


def _turned(roses: tuple[Floats, Floats], course: Course) -> tuple[Floats, Floats]:
    """The second turned by up to TURN slots to agree with the first: an onset is known to a revolution or so, no better."""
    if course.begin is None:
        return roses
    turns = [(roses[0], np.roll(roses[1], turn)) for turn in range(-TURN, TURN + 1)]
    return max(turns, key=agreement)


def agreement(roses: tuple[Floats, Floats]) -> float:
    """Correlation (-1..1) of the two."""
    one, two = roses
    norm = float(np.sqrt((one @ one) * (two @ two)))
    return float(one @ two) / norm if norm > 0 else 0.0


def _rose(axis: Any, roses: tuple[Floats, Floats], names: tuple[str, str], most: float, title: str) -> None:
    slots = roses[0].size
    angle = 2 * np.pi * np.arange(slots + 1) / slots
    for rose, name, (style, colour) in zip(roses, names, STYLE, strict=True):
        axis.plot(angle, np.append(rose, rose[0]), style, color=colour, lw=1.4, label=translate(name))
    axis.plot(np.linspace(0, 2 * np.pi, 200), np.zeros(200), color="0.4", lw=0.7)
    axis.set_ylim(-1.15 * most, 1.15 * most)
    axis.set_rorigin(-2.9 * most)
    axis.set_theta_zero_location("N")
    axis.set_theta_direction(-1)
    every = max(1, round(slots / 10))
    axis.set_xticks(angle[:-1:every], [str(slot) for slot in range(0, slots, every)], fontsize=8)
    axis.set_yticks([-most, 0, most], [f"{-most:.2g} %", "0", f"{most:+.2g} %"], fontsize=7)
    axis.set_rlabel_position(360 / slots * (every * 8 + every / 2))
    axis.set_title(
        translate(mark("{title}\nagreement of the two {alike}"), title=title, alike=f"{agreement(roses):.2f}"),
        fontsize=9,
    )
    axis.legend(fontsize=8, frameon=False, loc="center")


def _slip(axis: Any, course: Course, slots: int) -> None:
    """How far the slots move on in one revolution, as an arc outside the rose."""
    arc = 2 * np.pi * course.gain / (1 + course.gain)
    rim = axis.get_ylim()[1]
    angle = np.linspace(0, arc, 60)
    axis.plot(angle, np.full(60, rim), color="#d55e00", lw=5, solid_capstyle="butt", clip_on=False, label="_slip")
    axis.annotate(
        translate(mark("slips {slots} slots a revolution"), slots=f"{slots * course.gain / (1 + course.gain):+.2f}"), (arc, rim), xytext=(12, 10),
        textcoords="offset points", color="#d55e00", fontsize=8, annotation_clip=False,
    )  # fmt: skip


def _title(
    shown: Shown,
    course: Course,
    declared: tuple[Floats, Floats],
    taken_back: tuple[Floats, Floats] | None,
    slots: int,
) -> str:
    head = translate(mark("Slot fingerprint of {where}: "), where=shown.where)
    if course.begin is not None and taken_back is None:
        return head + _slips(shown)
    if taken_back is None:
        alike = agreement(declared)
        what = mark("the same rose in both halves") if alike >= LEAST_ALIKE else mark("the two halves are not alike")
        return head + translate(mark("{what}, agreement {alike}"), what=translate(what), alike=f"{alike:.2f}")
    size = translate(mark("{gain} % more pulses than slots"), gain=f"{100 * course.gain:+.2f}")
    if course.begin is not None:
        return f"{head}{_slips(shown)}, {size}"
    text = mark("it does not stand over {slots} pulses, but over {other}: {size}")
    return head + translate(text, slots=slots, other=f"{slots * (1 + course.gain):.2f}", size=size)


def _slips(shown: Shown) -> str:
    text = mark("from {at} L on the pulses slip against the disc")
    return translate(text, at=f"{shown.reading['at']['onset_l']:.2f}")
