"""Streams on which detectors and change-point packages are compared, and what each is given of them.

Deliveries of benchmarks/generators.py (flow profiles, bursts of interference, start hammer, meters within tolerance), the
rising edges of one channel behind the board's wiring, slow ends cut.  The first TRUSTED pulses teach, the WATCHED pulses
after them may alarm, a cheat begins in their middle.  What a method is given at pulse k is made of pulses up to k alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.signal import lfilter

from benchmarks import generators
from captures.model import EdgeKind, Int64Array, PulseTrain
from harness.judge.contract import Segment, SegmentKind
from harness.judge.pulses.fingerprint import CLIP, Fingerprint, learn
from harness.judge.pulses.revolution import Floats, log_intervals, steady

SLOTS = 50
LEARN = (50, 550)  # pulses that teach the pattern, ten revolutions
TRUSTED, WATCHED = 600, 1000
LITRES = 17.0
LOUD = 20.0  # standard deviations beyond which an interval is as odd as can be: one burst of interference would else outweigh
# all pulses that are put in
ODD = 1.3  # times longer or shorter than the interval before
MIDDLE = TRUSTED + WATCHED // 2
GAINS = (0.01, 0.02, 0.05, 0.10)


@dataclass(frozen=True, eq=False)
class Stream:
    """Rising `ticks` (n,) of the board, `reference` (m,) of the reference meter at 2 pulses to the board's one, in
    microseconds; `onset`: the pulse at which the cheat begins, None in an honest stream; its `gain`."""

    ticks: Int64Array
    reference: Int64Array
    onset: int | None = None
    gain: float = 0.0


def honest(rng: np.random.Generator, grade: str | None, emi: float) -> Stream:
    """`emi`: bursts of interference a delivery, on average."""
    return _cut(_delivery(rng, grade, generators.HONEST, emi))


def cheating(rng: np.random.Generator, grade: str | None, emi: float, kind: str, gain: float) -> Stream:
    """`kind`: "periodic" or "random" insertion, "multiply" (smooth, a pulse interpolated between the two around it)."""
    at = MIDDLE / 100 + float(rng.uniform(-0.5, 0.5))
    if kind == "periodic":
        return _cut(_delivery(rng, grade, generators.Tamper(insert_every=round(1 / gain), from_l=at), emi), at, gain)
    if kind == "random":
        return _cut(_delivery(rng, grade, generators.Tamper(insert_random=gain, from_l=at), emi), at, gain)
    stream = _cut(_delivery(rng, grade, generators.HONEST, emi), at, gain)
    assert stream.onset is not None
    tail = stream.ticks[stream.onset :].astype(np.float64)
    more = np.interp(np.arange(0, tail.size - 1, 1 / (1 + gain)), np.arange(tail.size), tail)
    ticks = np.concatenate([stream.ticks[: stream.onset], np.round(more).astype(np.int64)])
    return Stream(np.unique(ticks), stream.reference, stream.onset, gain)


def _delivery(rng: np.random.Generator, grade: str | None, tamper: generators.Tamper, emi: float) -> Segment:
    it = generators.instrument(rng, grade)
    flow = str(rng.choice(generators.FLOWS, p=[0.4, 0.3, 0.25, 0.05]))
    return generators.delivery(
        rng, it, LITRES, flow=flow, tamper=tamper, stations="reference encoder board", misread=0.0, emi=emi
    )


def _cut(segment: Segment, onset_l: float | None = None, gain: float = 0.0) -> Stream:
    ticks, source = (segment.trains[f"{name}.A"].rising for name in ("board", "encoder"))
    part = steady(ticks)
    begun = None if onset_l is None else int(np.searchsorted(ticks, source[int(onset_l * 100)])) - part.start
    return Stream(ticks[part.start : part.stop + 1], segment.trains["reference.P"].rising, begun, gain)


def segment(stream: Stream) -> Segment:
    """The stream as the judge sees it: one channel tapped at the board."""
    window = (0, int(stream.ticks[-1]) + 1_000_000)
    train = PulseTrain("board", "A", stream.ticks, generators.TICK_S, EdgeKind.RISING, window, generators.ORIGIN, "tap")
    return Segment("D1", SegmentKind.DELIVERY, "C", "s", (0, window[1] * 1000), trains={"board.A": train})


# what a method is given: one value a pulse, in standard deviations of the trusted stretch


def level(stream: Stream) -> Floats:
    """Log intervals: a gain lowers them, and so does an opened valve."""
    return _standard(log_intervals(stream.ticks))


def odd(stream: Stream) -> Floats:
    """Log of each interval over the median of the revolution before it: an inserted pulse leaves two short ones."""
    x = log_intervals(stream.ticks)
    before = np.median(sliding_window_view(x, SLOTS), axis=1)[:-1]
    return np.clip(_standard(np.concatenate([np.zeros(SLOTS), x[SLOTS:] - before])), -LOUD, LOUD)


def size_of_odd(stream: Stream) -> Floats:
    """The same without its sign: its mean rises where intervals become odd."""
    return _standard(np.abs(odd(stream)))


def odd_steps(stream: Stream) -> Floats:
    """One where an interval is ODD times longer or shorter than the one before, else nothing: what the decoder's user counts."""
    x = log_intervals(stream.ticks)
    return (np.abs(np.diff(x, prepend=x[0])) > np.log(ODD)).astype(np.float64)


def surprise(stream: Stream) -> Floats:
    """Size of what the pattern of the disc and the colour of the flow do not foretell."""
    return _standard(np.abs(innovations(log_intervals(stream.ticks))[0]))


def ratio(stream: Stream) -> Floats:
    """Log of each interval in pulses of the reference, interpolated between its edges."""
    return _standard(log_ratio(stream))


def white_ratio(stream: Stream) -> Floats:
    """The same, less the pattern of the disc and whitened."""
    return innovations(log_ratio(stream))[0]


def log_ratio(stream: Stream) -> Floats:
    passed = np.interp(stream.ticks, stream.reference, np.arange(stream.reference.size) / 2)
    return np.asarray(np.log(np.maximum(np.diff(passed), 1e-3)), dtype=np.float64)


def innovations(x: Floats) -> tuple[Floats, Fingerprint]:
    """x (n,) less level and pattern of LEARN, through the whitening filter learnt there, in standard deviations."""
    print_ = learn(x[slice(*LEARN)], SLOTS)
    assert print_ is not None
    pattern = ((print_.even + print_.odd) / 2)[(np.arange(x.size) - LEARN[0]) % SLOTS]
    white = lfilter(print_.whiten, [1.0], x - print_.level - pattern) / print_.sigma
    return np.clip(white, -CLIP, CLIP), print_


def _standard(x: Floats) -> Floats:
    """Over the trusted stretch: centre by the median, scale by the median deviation (1.4826 sd of a normal)."""
    taught = x[SLOTS : LEARN[1]]
    centre = float(np.median(taught))
    return np.asarray((x - centre) / (1.4826 * float(np.median(np.abs(taught - centre))) + 1e-12), dtype=np.float64)
