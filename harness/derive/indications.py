"""What came on a line of a scale -> its readings: weight over time, price and unit price where they are told, and what is none.

A reading counts when its protocol reads it, it is a finite number, and it stands in the format of the line (readings.py).  Of
a line that is asked, an answer that came after its time, or may have, does not count either (fixtures/pairing.py).  What does
not count is named, with its time, and never averaged in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from captures.model import Direction, Flag, Int64Array, Origin, Register, SampledTrace, WireChunk, frozen_int64
from fixtures.benchfile import InstrumentEntry
from fixtures.pairing import Heard, Pairing
from fixtures.scale_lines import asking, line_of, weight_protocol
from harness.derive.frames import Frames, Noise, frames
from harness.derive.lateness import late_ns
from harness.derive.readings import Interval, Said, in_steps, out_of_format, said
from harness.derive.recorded import Recorded
from protocols.asking import Asking
from protocols.contract import LineSettings, Role, WireProtocol

TAP, HOST = "scale-tap", "scale-host"
HOST_NS = 2_000_000  # stamping by an idle host, per unit of clock speed
WALL_NS = 250_000_000  # no deadline of a driver is shorter on the wall (fixtures/clock.py)
LENGTHS = 1000  # messages that show how long a frame of the line is
NOT_USED = {Heard.LATE: "answer after its time", Heard.SURPLUS: "second answer to one question"}


@dataclass(frozen=True, eq=False)
class Line:
    """One line of a scale.  `trace`: its readings; each left the scale in an interval that ends at its instant and is 2 `u_ns`
    long.  `registers`: "unit_price" and "price" where they were told; what stood in one frame has one instant.  `faults`:
    what came and does not count, in order of time.  `broadcasts`: it sends by itself."""

    trace: SampledTrace
    u_ns: int
    registers: Mapping[str, Register] = field(default_factory=dict)
    faults: Sequence[Noise] = ()
    broadcasts: bool = True

    @property
    def reasons(self) -> Counter[str]:
        """Spans of what does not count, by reason."""
        return Counter(fault.why for fault in self.faults)


@dataclass(frozen=True)
class Source:
    """What a line is decoded with.  `unit`: that of weights sent without one; `asked`: how, None where it sends by itself;
    `declared`: weighing intervals; `late_ns`: how long an arrival may have been held back."""

    protocol: WireProtocol
    line: LineSettings
    unit: str = "kg"
    asked: Asking | None = None
    declared: tuple[Interval, ...] = ()
    currency: str = ""
    speed: float = 1.0
    late_ns: int = 0

    @property
    def codec(self) -> str:
        return f"{self.protocol.name}/{self.protocol.version}"


def indication_traces(recorded: Recorded) -> Mapping[str, SampledTrace]:
    """The readings on the lines of the scale by station.  Raises as `indicated_lines`."""
    return {station: line.trace for station, line in indicated_lines(recorded).items()}


def indicated_lines(recorded: Recorded) -> Mapping[str, Line]:
    """Every station that a line of the scale is bound to.  BenchError where its options name what is not installed."""
    found: dict[str, Line] = {}
    for station, name in recorded.bench.stations.items():
        entry = recorded.bench.instruments[name]
        if entry.driver not in (TAP, HOST):
            continue
        link, source = entry.links["line"], _source(recorded, entry)
        spans = [recorded.during(span).chunks.get(link, ()) for span in recorded.spans]
        found[station] = indications(spans, source, station, recorded.places.get(link, ""))
    return found


def _source(recorded: Recorded, entry: InstrumentEntry) -> Source:
    where, profile, link = f"instrument {entry.name}", recorded.bench.profile, entry.links["line"]
    pairs = [tuple(map(Decimal, pair.split("/"))) for pair in str(profile.get("intervals", "")).split()]
    ranges = profile.get("multi_range") is True  # once in the larger one, it stays there
    begins = [Decimal(0), *(most for most, _ in pairs)]
    declared = (
        Interval(Decimal(0) if ranges else begin, most, e) for begin, (most, e) in zip(begins, pairs, strict=False)
    )
    return Source(
        weight_protocol(entry.options, where),
        line_of(entry.options, recorded.bench.links[link].baud),
        str(entry.options.get("unit", "kg")),
        asking(entry.options, where) if entry.driver == HOST else None,
        tuple(declared),
        str(profile.get("currency", "")),
        recorded.speed,
        late_ns(recorded, link),
    )


def indications(spans: Sequence[Sequence[WireChunk]], source: Source, station: str = "weight", place: str = "") -> Line:
    """The readings in what came on one link, in time order; `spans` lie apart: nobody listened between them."""
    heard = [_span(chunks, source) for chunks in spans]
    messages = [message for one, _ in heard for message in one.messages]
    offsets = np.cumsum([0, *(len(one.messages) for one, _ in heard)])
    which = np.concatenate(
        [one.which + offset for (one, _), offset in zip(heard, offsets, strict=False)] or [np.zeros(0, np.int64)]
    )
    times = np.concatenate([one.times_ns for one, _ in heard] or [np.zeros(0, np.int64)])
    not_used = np.concatenate([late for _, late in heard] or [np.zeros(0, np.int64)])
    told = [said(message, source.unit) for message in messages]
    whys = [one.fault or odd for one, odd in zip(told, out_of_format(told, which, source.declared), strict=True)]
    used = [one.reading and not why for one, why in zip(told, whys, strict=True)]
    noise = [one for frames_, _ in heard for one in frames_.noise]
    faults = sorted([*noise, *_faults(which, times, not_used, whys)], key=lambda one: (one.begin_ns, one.end_ns))
    sound = (np.array([not why for why in whys], np.bool_)[which]) & (not_used == 0)
    good = np.array(used, np.bool_)[which] & sound
    steps, flags, step = in_steps(told, used)
    priced = times[sound], which[sound]
    which, times = which[good], times[good]
    can_tell = Flag(0)
    for one in told:
        can_tell |= one.told
    origin = Origin(source.codec, place)
    garbage = tuple(_merged([(fault.begin_ns, fault.end_ns) for fault in faults]))
    trace = SampledTrace(
        station, frozen_int64(times), frozen_int64(steps[which]), flags[which], step, "kg", origin, can_tell, garbage
    )
    lengths = (len(source.protocol.encode(message, Role.DEVICE)) for message in messages[:LENGTHS])
    longest = max(lengths, default=0)
    u_ns = (longest * source.line.char_ns() + max(int(HOST_NS * source.speed), source.late_ns)) // 2
    registers = _registers(trace, told, *priced, u_ns, source.currency)
    return Line(trace, u_ns, registers, tuple(faults), source.asked is None)


def _span(chunks: Sequence[WireChunk], source: Source) -> tuple[Frames, Int64Array]:
    """What the device said, and for each message (n,) 0, or the place of its reason in NOT_USED from 1 on."""
    came = [chunk for chunk in chunks if chunk.direction is Direction.RX]
    found = frames(source.protocol, came, source.line, late_ns=source.late_ns)
    if source.asked is None:
        return found, frozen_int64(np.zeros(found.which.size, np.int64))
    sent = [chunk for chunk in chunks if chunk.direction is Direction.TX]
    return found, frozen_int64(_paired(found, sent, source, source.asked))


def _paired(found: Frames, sent: Sequence[WireChunk], source: Source, asked: Asking) -> npt.NDArray[np.int64]:
    """As of `_span`: which answers are to no question, or may be to another."""
    known = {source.protocol.encode(one.request, Role.HOST): one for one in asked.questions.values()}
    step = None if asked.step is None else source.protocol.encode(asked.step.request, Role.HOST)
    pairing = Pairing(max(asked.answer_ns, int(WALL_NS * source.speed)))
    result = np.zeros(found.which.size, np.int64)
    reasons = list(NOT_USED)
    question, last, k = None, -1, 0
    for n, t_ns in enumerate(map(int, found.times_ns)):
        while k < len(sent) and sent[k].t_ns <= t_ns:
            if sent[k].data == step:
                pairing.step_asked(sent[k].t_ns)
            else:
                pairing.asked(sent[k].t_ns)
                question = known.get(sent[k].data)
            k += 1
        message = found.messages[found.which[n]]
        in_step = asked.step is not None and asked.step.fits(message)
        what = pairing.heard(t_ns, question is None or question.fits(message), in_step)
        if what in NOT_USED:
            result[n] = 1 + reasons.index(what)
        if what is Heard.SURPLUS and last >= 0:  # the one before may be the late one
            result[last] = result[n]
        last = n if what is Heard.READING else -1
    return result


def _faults(
    which: npt.NDArray[np.int64], times: npt.NDArray[np.int64], not_used: npt.NDArray[np.int64], whys: Sequence[str]
) -> list[Noise]:
    """Runs of messages that do not count for one reason."""
    reasons = ["", *dict.fromkeys([*NOT_USED.values(), *filter(None, whys)])]
    places = {why: place for place, why in enumerate(reasons)}
    number = np.array([places[why] for why in whys], np.int64)
    kinds = np.where(not_used > 0, not_used, number[which]) if which.size else which
    edges = [0, *(np.flatnonzero(np.diff(kinds)) + 1).tolist(), kinds.size]
    return [
        Noise(int(times[a]), int(times[b - 1]), reasons[kinds[a]], b - a)
        for a, b in pairwise(edges)
        if b > a and kinds[a]
    ]


def _merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Overlapping spans, in order of their begin, as one."""
    result: list[tuple[int, int]] = []
    for begin_ns, end_ns in spans:
        if result and begin_ns <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], end_ns))
        else:
            result.append((begin_ns, end_ns))
    return result


def _registers(
    trace: SampledTrace,
    told: Sequence[Said],
    times: npt.NDArray[np.int64],
    which: npt.NDArray[np.int64],
    u_ns: int,
    currency: str,
) -> dict[str, Register]:
    """Prices in messages `which` (n,) of `told`, at `times` (n,)."""
    result: dict[str, Register] = {}
    for name in ("unit_price", "price"):
        values: list[Decimal | None] = [getattr(one, name) for one in told]
        has = np.array([value is not None for value in values], np.bool_)
        at = np.flatnonzero(has[which])
        kept = tuple(value for k in which[at] if (value := values[k]) is not None)
        if kept:
            resolution = Decimal(1).scaleb(min(int(value.as_tuple().exponent) for value in set(kept)))
            result[name] = Register(
                f"{trace.station}.{name}", frozen_int64(times[at] - u_ns), frozen_int64(np.full(at.size, u_ns)), kept,
                resolution, currency, trace.origin,
            )  # fmt: skip
    return result
