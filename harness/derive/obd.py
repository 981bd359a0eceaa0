"""What the reader of a car's diagnosis plug said -> the car's own speed over time: a second source beside the reference.

An answer is what stands before a prompt.  Control units tell whole kilometres per hour and do not always agree; the largest
counts, so that the car stands still when all of them say so, and what disagreed is counted.  An answer without a speed is
told by its reason and is a gap of the trace; a car that never answered has none, and the chain is one source shorter.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from captures.model import Direction, Origin, SampledTrace, WireChunk, frozen_int64
from harness.derive.figures import figure
from harness.derive.frames import Noise, frames
from protocols.contract import LineSettings, Message
from protocols.wire.elm327 import NO_CAR, PROTOCOL, SPEED, Data, Notice, Prompt, Word, refused, speed_of

UNLIKE = "control units disagree"
NOTHING = "no answer about the speed"
LATE = "answer after its time"
LATE_NS = 2_000_000_000  # a reading lies between question and answer; while the adapter searches, that says nothing
M_S = 1 / 3.6  # of one km/h


@dataclass(frozen=True, eq=False)
class CarSpeed:
    """`trace`: km/h, each reading taken between its question and its instant; None where the car never told one.  `units`: the
    largest number of control units in one answer; `told`: answers without a speed, by reason; `noise`: bytes of no line."""

    trace: SampledTrace | None
    units: int
    told: Mapping[str, int]
    noise: Sequence[Noise] = ()


def car_speed(
    spans: Sequence[Sequence[WireChunk]], line: LineSettings = PROTOCOL.line, late_ns: int = 0, place: str = ""
) -> CarSpeed:
    """The speeds in what came on one link, in time order; `spans` lie apart: nobody listened between them."""
    told: Counter[str] = Counter()
    times, values, gaps, units = [], [], [], 0
    noise: list[Noise] = []
    for chunks in spans:
        asked_ns = [chunk.t_ns for chunk in chunks if chunk.direction is Direction.TX and _asks(chunk.data)]
        came = [chunk for chunk in chunks if chunk.direction is Direction.RX]
        found = frames(PROTOCOL, came, line, late_ns=late_ns)
        noise += found.noise
        answer: list[Message] = []
        for which, t_ns in zip(found.which.tolist(), found.times_ns.tolist(), strict=True):
            message = found.messages[which]
            if not isinstance(message, Prompt):
                answer.append(message)
                continue
            speeds = [one.kmh for part in answer if isinstance(part, Data) and (one := speed_of(part)) is not None]
            before = bisect_right(asked_ns, t_ns)
            if not before:
                answer = []
                continue
            since_ns = asked_ns[before - 1]
            if speeds and t_ns - since_ns <= LATE_NS:
                times.append(t_ns)
                values.append(max(speeds))
                units = max(units, len(speeds))
                told[UNLIKE] += len(set(speeds)) > 1
            elif why := LATE if speeds else _why(answer):
                told[why] += 1
                gaps.append((since_ns, t_ns))
            answer = []
    trace = None
    if values:
        trace = SampledTrace(
            "speed", frozen_int64(times), frozen_int64(values), np.zeros(len(values), np.uint8), Decimal(1), "km/h",
            Origin(f"{PROTOCOL.name}/{PROTOCOL.version}", place), garbage=tuple(gaps),
        )  # fmt: skip
    return CarSpeed(trace, units, {why: count for why, count in told.items() if count}, tuple(noise))


@dataclass(frozen=True, slots=True)
class CarDistance:
    """`distance_m` +- `u_m` by the car's own speed; `gaps` are stretches longer than its readings may lie apart."""

    distance_m: float
    u_m: float
    gaps: Sequence[tuple[int, int]]


def car_distance(trace: SampledTrace, begin_ns: int, end_ns: int) -> CarDistance:
    """The integral of the speed from `begin_ns` to `end_ns`, straight between readings; nothing is added for a gap.

    Its scale is that of the tyres, so it is no reference for a meter that counts their turns: it tells a factor, no percent.
    The last digit may be cut off, so that its part has one sign all along.
    """
    known = [begin_ns, *trace.times_ns[(trace.times_ns > begin_ns) & (trace.times_ns < end_ns)].tolist(), end_ns]
    at = np.array(known, np.int64)
    speed = np.interp(at, trace.times_ns, trace.steps * float(trace.step)) * M_S
    reading = np.searchsorted(trace.times_ns, at[:-1], "right")  # the first one behind each place
    wide_ns = np.diff(np.concatenate(([-(1 << 62)], trace.times_ns, [1 << 62])).astype(np.float64))[reading]
    fits = wide_ns <= figure("gnss.longest_step_s") * 1e9
    seconds = np.diff(at) / 1e9
    distance_m = float(((speed[1:] + speed[:-1]) / 2 * seconds)[fits].sum())
    moving_s = float(seconds[fits & ((speed[1:] > 0) | (speed[:-1] > 0))].sum())
    u_m = math.hypot(figure("obd.u_speed_rel") * distance_m, M_S / math.sqrt(12) * moving_s)
    gaps = tuple((a, b) for a, b, whole in zip(known, known[1:], fits.tolist(), strict=False) if not whole)
    return CarDistance(distance_m, u_m, gaps)


def _asks(data: bytes) -> bool:
    return data == SPEED.encode("ascii") + b"\r"


def _why(answer: Sequence[Message]) -> str:
    """Why an answer tells no speed; "" for one to a setting."""
    words = [part.word for part in answer if isinstance(part, Notice) and part.word is not Word.SEARCHING]
    if Word.OK in words:
        return ""
    if silent := [word for word in words if word in NO_CAR]:
        return str(silent[0])
    if any(isinstance(part, Data) and refused(part) for part in answer):
        return "refused by the car"
    return str(words[0]) if words else NOTHING if any(isinstance(part, Data) for part in answer) else ""
