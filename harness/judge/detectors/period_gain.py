"""Period gain: does the pattern of the disc come again after more pulses than it has slots?

A device that multiplies pulses smoothly leaves no odd interval, but stretches the pattern: it comes again after N(1 + g)
pulses (pulses/order_gain.py), so g is read without any reference.  Null: the disc has the declared N slots, and its pattern
comes again after N; a few pulses too many or too few at a few places (a burst of interference) shift the pattern there and
nowhere else, so both halves of a delivery must show the gain, and it must exceed `bound`.  A period of another whole number
is another disc, which `slots` judges.  Where no period stands out the disc shows no pattern and the test is mute: no power,
not honest.  Source: statistics.md T2.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot

from captures.model import Int64Array, PulseTrain
from harness.judge import disc
from harness.judge.account import Kind
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, Shape, View
from harness.judge.evalue import bet
from harness.judge.pulses.order_gain import measure

NAME = "period-gain"


def _in_both_halves(ticks: Int64Array, slots: int, gain: float, least: float, view: View) -> bool:
    """Whether each half shows a period of its own there, better than N explains it, and both the same gain.

    Bursts shift the pattern at their places, by unlike amounts; the orders of a strong ripple fit other periods too, but
    not the rest of the pattern."""
    middle = ticks.size // 2
    halves = [measure(half, slots, gain - least, gain + least) for half in (ticks[:middle], ticks[middle:])]
    one, two = halves
    if one is None or two is None:
        return False
    alone = all(h.p < view.parameters["q_half"] and h.score > h.declared + 5.0 for h in (one, two))
    return alone and abs(one.gain - two.gain) < 4 * hypot(one.u, two.u, view.parameters["least_u"])


def _reading(segment: Segment, train: PulseTrain, link: Link, slots: int, view: View) -> Reading:
    def mute(reason: str) -> Reading:
        return Reading(NAME, segment.id, link, 1.0, reason=reason)

    ticks = disc.edges(segment, train)
    found = measure(ticks, slots, view.parameters["low"], view.parameters["high"])
    if found is None:
        return mute(f"{train.name}: too few revolutions in steady flow")
    if found.p >= view.parameters["q"]:
        return mute(f"{train.name}: no pattern that comes again stands out: no power")
    u = max(found.u, view.parameters["least_u"])
    z = view.parameters["z"]
    least = max(z * u, view.parameters["bound"])
    beyond = abs(found.gain) > least and found.score > found.declared + view.parameters["nats"]
    beyond = beyond and _in_both_halves(ticks, slots, found.gain, least, view)
    period = slots * (1 + found.gain)
    other = round(period)
    if beyond and other != slots and abs(period - other) <= z * u * slots:
        return mute(
            f"{train.name}: the pattern comes again after {other} pulses: another disc, or a multiplier of just that"
        )
    return Reading(
        NAME,
        segment.id,
        link,
        bet(beyond, view.parameters["q"], view.validation),
        p=found.p if beyond else 1.0,
        hits=int(beyond),  # one delivery is one witness
        effect=found.gain if beyond else 0.0,
        interval=(found.gain - 1.96 * u, found.gain + 1.96 * u) if beyond else None,
        mde=least,
        shape=Shape.CONSTANT if beyond else None,
        at={"station": train.station} | ({"period": round(period, 3), "declared": slots} if beyond else {}),
    )


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    return disc.readings(NAME, ("board", "encoder"), _reading, segments, view)


DETECTOR = DetectorSpec(
    name=NAME,
    version=4,
    kind="detector",
    null="the pattern of the disc comes again after the declared number of slots",
    needs="one channel of board or encoder over eight revolutions in steady flow, declared slots a revolution",
    parameters={
        "low": -0.12,
        "high": 0.6,
        "q": 1e-6,
        "z": 6.0,
        "nats": 15.0,
        "least_u": 1e-5,
        "bound": 0.003,
        "q_half": 1e-3,
    },
    judge=judge,
    one_by_one=True,
    weight=0.5,
    mechanism="the pattern of the code disc comes again after more pulses than it has slots",
    telling=46,
    shows=Kind.MULTIPLIED,
    method="period of the disc's pattern",
    witness="pulses",
)
