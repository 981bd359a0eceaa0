"""Fingerprint slip: do the pulses begin, inside a delivery, to slip against the pattern of their own disc?

The first revolutions in steady flow are trusted and teach the pattern; from then on the evidence E of pulses/fingerprint.py
is followed.  A function that begins later (a key, a remote, a volume) makes the pulses slip by a little more each; a
constant gain has none to slip against, and belongs to `period-gain`.  Null: the same disc, the same colour of the flow noise;
a burst of interference shifts the pattern once and then it stands still again, so a slip must go on after the alarm, over
revolutions in which no pulse is odd, and explain them whatever the noise has become.  Where even and odd revolutions do not
agree, the disc shows no pattern and the test is mute.  Source: statistics.md T3.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log

import numpy as np
from scipy import ndimage

from captures.model import Int64Array, PulseTrain
from harness.judge import disc
from harness.judge.account import Kind
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, View
from harness.judge.evalue import bet
from harness.judge.pulses.fingerprint import GAINS, ORDER, Fingerprint, Slip, follow, learn, misfit
from harness.judge.pulses.revolution import Floats, log_intervals, steady
from harness.judge.quantities import number
from harness.judge.trains import to_ns

NAME = "fingerprint-slip"
_AROUND = 51  # log intervals whose median tells what is usual


def _undisturbed(x: Floats, begin: int, length: int, odd: float) -> Floats:
    """The first `length` log intervals of x (n,) from `begin` on among which none is odd: a pulse put in or lost shifts the
    pattern, and two such shifts within a stretch look like a slip."""
    strange = np.flatnonzero(np.abs(x - ndimage.median_filter(x, _AROUND, mode="nearest")) > odd)
    starts = [begin, *(int(place) + 1 for place in strange[strange >= begin])]
    ends = [*starts[1:], x.size + 1]
    for first, last in zip(starts, ends, strict=True):
        if last - 1 - first >= length:
            return x[first : first + length]
    return x[:0]


def _goes_on(x: Floats, print_: Fingerprint, begin: int, view: View) -> bool:
    """Whether the pulses go on slipping from `begin` on: over the next undisturbed revolutions a pattern that slips, from
    whatever slot at whatever gain, explains them better than one that stands still at any slot.  The noise may have grown
    since the pattern was learnt: its variance is free in either (n/2 log of the ratio of the sums of squares)."""
    length = int(view.parameters["again_revolutions"]) * print_.slots
    stretch = _undisturbed(x, begin, min(length, x.size - begin), view.parameters["odd"])
    if stretch.size < 2 * print_.slots:
        return False
    still = misfit(stretch, print_, 0.0)
    slipping = min(misfit(stretch, print_, gain) for gain in GAINS)
    return (stretch.size - ORDER) / 2 * log(max(still, 1e-9) / max(slipping, 1e-9)) > view.parameters["again_nats"]


def _reading(segment: Segment, train: PulseTrain, link: Link, slots: int, view: View) -> Reading:
    def mute(reason: str) -> Reading:
        return Reading(NAME, segment.id, link, 1.0, reason=reason)

    ticks = disc.edges(segment, train)
    trusted = int(view.parameters["trusted_revolutions"]) * slots
    if ticks.size < trusted + 4 * slots:
        return mute(f"{train.name}: fewer than {trusted + 4 * slots} pulses")
    part = steady(ticks)
    first = part.start + slots  # the first revolution fills the hose
    x = log_intervals(ticks)[first : part.stop]
    print_ = learn(x[:trusted], slots) if x.size > trusted + 2 * slots else None
    if print_ is None:
        return mute(f"{train.name}: fewer than {trusted + 2 * slots} pulses in steady flow")
    if print_.agreement < view.parameters["agreement"]:
        return mute(f"{train.name}: the disc shows no pattern that comes again: no power")
    slip = follow(x[trusted - slots :], print_, (trusted - slots) % slots)
    at = slip.first(view.parameters["q"])
    hit = at is not None and _goes_on(x, print_, trusted - slots + at, view)
    return _told(segment, train, link, view, slip, at if hit else None, first + trusted - slots, ticks)


def _told(
    segment: Segment,
    train: PulseTrain,
    link: Link,
    view: View,
    slip: Slip,
    at: int | None,
    begin: int,
    ticks: Int64Array,
) -> Reading:
    told: dict[str, object] = {"station": train.station}
    gain = 0.0
    if at is not None:
        later = min(at + 40, slip.log_e.size - 1)
        started, gain = slip.slips.greatest(later)
        onset = begin + started
        stamps = to_ns(segment, train, ticks[onset : onset + 1])
        if stamps is not None:
            told["onset_ns"] = int(stamps[0])
        per_litre = number(view.profile, "pulses_per_litre")
        if per_litre:
            told |= {"onset_l": onset / float(per_litre), "onset_interval_l": ((onset - 60) / float(per_litre), (onset + 60) / float(per_litre))}  # fmt: skip
    return Reading(
        NAME,
        segment.id,
        link,
        bet(at is not None, view.parameters["q"], view.validation),
        p=min(1.0, exp(-float(slip.log_e.max()))) if at is not None else 1.0,
        hits=int(at is not None),  # one delivery is one witness
        effect=gain,
        interval=(gain / 2, gain * 2) if gain > 0 else (gain * 2, gain / 2) if gain < 0 else None,
        mde=view.parameters["least_gain"],
        shape=Shape.SWITCHED if at is not None else None,
        at=told,
    )


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    return disc.readings(NAME, ("board", "encoder"), _reading, segments, view)


DETECTOR = DetectorSpec(
    name=NAME,
    version=3,
    kind="detector",
    null="after the first revolutions the pulses keep to the pattern of their disc; disturbances shift it once",
    needs="one channel of board or encoder over a dozen revolutions in steady flow, declared slots a revolution",
    parameters={
        "trusted_revolutions": 10.0,
        "agreement": 0.6,
        "q": 1e-5,
        "again_nats": 20.0,
        "again_revolutions": 4.0,
        "odd": 0.25,
        "least_gain": 0.01,
    },
    judge=judge,
    one_by_one=True,
    weight=0.5,
    mechanism="the pulses begin to slip against the pattern of their code disc",
    telling=48,
    shows=Kind.ADDED,
    witness="pulses",
)
