"""Oscillator: do surplus pulses keep a time of their own, whatever flows?

Surplus pulses (at the board without a partner at the encoder; with the nozzle closed, whatever the board line carries)
are laid on a comb in time (pulses/suspects.py), searched around one over their median spacing.
Null: surplus pulses come at random, or follow the pulses of the encoder (a card that adds one to every n-th).  Random
instants give P(max R > r) <= n_f exp(-r) over n_f independent frequencies; a comb in pulses is recognised by its being
sharper in pulses than in time, and is no hit.  Source: fuel_dispensers.md 1.3 (C08: not phase-locked, two superposed combs,
volume in proportion to time), statistics.md 1b; R is Rayleigh's (T8).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from captures.model import Int64Array, PulseTrain
from harness.judge.account import Kind
from harness.judge.chain import stations, upstream_of
from harness.judge.contract import DetectorSpec, Link, Reading, Segment, SegmentKind, Shape, View
from harness.judge.evalue import bet
from harness.judge.events import first_of_each
from harness.judge.pulses.matching import match, silences
from harness.judge.pulses.suspects import NO_COMB, comb
from harness.judge.quantities import number
from harness.judge.trains import channels, clipped, gaps_in_window, micro, same_clock, segment_window, ticks_of

NAME = "oscillator"
Floats = npt.NDArray[np.float64]


def _surplus(segment: Segment, view: View) -> tuple[Int64Array, Floats, PulseTrain] | str:
    """Ticks (n,) of separate surplus pulses, the encoder pulse count at each (n,), and the board's train; or why none."""
    taps, ups = channels(segment, "board"), channels(segment, "encoder")
    if not taps:
        return "board not tapped"
    name = next((name for name in taps if name in ups), next(iter(taps)))
    board, encoder = taps[name], ups.get(name)
    if board.tick_s is None:
        return f"{board.name}: no sample rate"
    lost = [train.name for train in (board, encoder) if train is not None and gaps_in_window(segment, train)]
    if lost:
        return f"gap in {', '.join(lost)}"
    burst = ticks_of(micro(view.parameters["burst_us"]), board.tick_s)
    down, _ = clipped(segment, board)
    if encoder is None:
        if segment.kind is not SegmentKind.SHUT:
            return "encoder not tapped: surplus pulses cannot be told from the others"
        extra = _beyond_leak(segment, down, board, view)
        at = np.zeros(extra.size)
    else:
        if not same_clock(encoder, board):
            return "the taps have different clocks"
        up, _ = clipped(segment, encoder)
        latency = ticks_of(micro(view.parameters["latency_us"]), board.tick_s)
        skew = ticks_of(micro(view.parameters["skew_us"]), board.tick_s)
        found = match(up, down, latency, skew)
        extra, at = found.surplus, found.surplus_at / 2.0
        # what the encoder's tap did not see is no surplus: it comes at the pace of the flow, a comb of its own
        unseen = [one for one in silences(up, down, found) if one.silent == "up" and one.steady]
        for one in unseen if segment.kind is not SegmentKind.SHUT else ():
            kept = (extra < one.begin) | (extra > one.end)
            extra, at = extra[kept], at[kept]
    first = first_of_each(extra, burst)
    return extra[first], np.asarray(at, dtype=np.float64)[first], board


def _beyond_leak(segment: Segment, down: Int64Array, board: PulseTrain, view: View) -> Int64Array:
    """All edges where they are more than hose and leak make, else none: a steady leak turns the meter like a clock."""
    per_litre = number(view.profile, "pulses_per_litre")
    assert board.tick_s is not None
    first, last = segment_window(segment, board)
    minutes = float((last - first) * board.tick_s) / 60
    allowed = view.parameters["dilation_l"] + view.parameters["leak_l_min"] * minutes
    pulses = down.size / (1 if board.levels is None else 2)
    return down if per_litre is not None and pulses > float(per_litre) * allowed else down[:0]


def _reading(segment: Segment, link: Link, view: View) -> Reading:
    def mute(reason: str) -> Reading:
        return Reading(NAME, segment.id, link, 1.0, reason=reason)

    surplus = _surplus(segment, view)
    if isinstance(surplus, str):
        return mute(surplus)
    ticks, pulse, train = surplus
    assert train.tick_s is not None
    if ticks.size < view.parameters["min_events"]:
        # nothing to lay on a comb is an answer too: there is no oscillator that made so few
        return Reading(NAME, segment.id, link, bet(False, view.parameters["q"], view.validation), p=1.0)
    seconds = (ticks - ticks[0]).astype(np.float64) * float(train.tick_s)
    most = int(view.parameters["max_events"])
    seconds, pulse = seconds[:most], pulse[:most]
    in_time = comb(seconds, view.parameters["slack"])
    moved = bool(pulse[-1] - pulse[0] > 2 * pulse.size)
    in_pulses = comb(pulse, view.parameters["slack"]) if moved else NO_COMB
    follows = in_time.sharpness > view.parameters["sharp"] and in_pulses.sharpness < 0.8 * in_time.sharpness
    hit = follows and in_time.p < view.parameters["q"]
    at: dict[str, object] = {}
    if hit:
        per_litre = number(view.profile, "pulses_per_litre")
        at = {"follows": "time", "rate_hz": round(in_time.per_unit, 4), "sharpness": round(in_time.sharpness, 3)}
        at |= {"oscillator_hz": round(in_time.per_unit, 5), "oscillator_hz_u": round(in_time.u, 6)}
        if per_litre is not None:
            at["l_per_min"] = round(60 * in_time.per_unit / float(per_litre), 3)
    return Reading(
        NAME,
        segment.id,
        link,
        bet(hit, view.parameters["q"], view.validation),
        p=in_time.p if hit else 1.0,
        hits=int(ticks.size) if hit else 0,
        shape=Shape.EXTRA if hit else None,
        at=at,
    )


def judge(segments: Sequence[Segment], view: View) -> list[Reading]:
    readings = []
    for segment in segments:
        observed = stations(segment)
        if "board" in observed and segment.kind is not SegmentKind.TAP:
            readings.append(_reading(segment, Link(upstream_of("board", observed), "board"), view))
    return readings


DETECTOR = DetectorSpec(
    name=NAME,
    version=2,
    kind="detector",
    null="surplus pulses come at random or follow the pulses of the encoder; none keeps a time of its own",
    needs="taps of encoder and board on one clock, or the board alone with the nozzle closed",
    parameters={
        "latency_us": 2000.0,
        "skew_us": 20.0,
        "burst_us": 5000.0,
        "dilation_l": 0.15,
        "leak_l_min": 0.1,
        "min_events": 8.0,
        "max_events": 1000.0,
        "slack": 0.1,
        "sharp": 0.6,
        "q": 1e-5,
    },
    judge=judge,
    one_by_one=True,
    weight=0.5,
    mechanism="surplus pulses keep a time of their own, whatever flows",
    telling=12,
    shows=Kind.OSCILLATOR,
    witness="pulses",
)
