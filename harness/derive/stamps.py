"""Lines of a timestamping counter -> pulse trains of rising edges, one set a delivery.

A counter says nothing of how long it looked, nor closes a run with a count: the window is that of the delivery it was
open for, and what cannot be proved complete is a gap.  Those are: a line that could not be read, a stamp that does not
agree with when it arrived, a restart and the first readings after it, which the counter throws away, and any second
with more events than it is sure to carry (an overrun looks like deletion, field_rules.md section 9).  Of a counter
that is sure to carry nothing, every interval that stands out among its neighbours is a gap: a pulse that it dropped
would look like one that the instrument under test had swallowed.  A changed digit that still agrees with its arrival
cannot be told: the lines carry no checksum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from captures.model import Direction, EdgeKind, Int64Array, Origin, PulseTrain, WireChunk
from harness.derive.clocks import RATE_BOUND, lower_envelope
from harness.derive.pulses import CaptureRun
from protocols.contract import Garbage, Message, Role, WireProtocol

PS_PER_S = 10**12
TICK_S = Fraction(1, PS_PER_S)
NS_PER_TICK = Fraction(1, 1000)
LATE_NS = 2_000_000_000  # how much later than another a line may arrive: USB, a busy computer
LONG = 1.5  # a dropped edge makes an interval about twice as long
NEIGHBOURS = 5
AGREEING = 3  # stamps in a row that agree with each other only: the counter has begun anew
Window = tuple[int, int]


@dataclass(frozen=True)
class Dialect:
    """How one kind of counter is read.

    `stamp(message)` gives (picoseconds, channel) of a time stamp, `restarts(message)` whether the device begins anew.
    `inputs` are its channel names in the order of the bench file's `channels`; `shared` whether they count from one
    origin; `per_s` the events a second that it is sure to carry, all inputs together (None: it drops some at any rate);
    `throws_away` whether it drops the first readings of each input after a start.
    """

    protocol: WireProtocol
    stamp: Callable[[Message], tuple[int, str] | None]
    restarts: Callable[[Message], bool]
    inputs: str
    shared: bool
    per_s: int | None
    throws_away: bool


@dataclass
class _Epoch:
    """What was stamped between two starts of the counter, in the order it came."""

    begin_ns: int
    told: bool = False  # the counter said that it began anew
    stamps: list[tuple[int, str, int]] = field(default_factory=list)  # (ps, input, arrival)
    damaged_at: list[int] = field(default_factory=list)  # how many stamps came before the damage
    _floor_ps: int | None = None  # least arrival less stamp so far
    _last: dict[str, int] = field(default_factory=dict)

    def add(self, ps: int, source: str, t_ns: int) -> None:
        self.stamps.append((ps, source, t_ns))
        self._last[source] = ps
        late = t_ns * 1000 - ps
        self._floor_ps = late if self._floor_ps is None else min(self._floor_ps, late)

    def unwrapped(self, ps: int, t_ns: int, turn_ps: int) -> int:
        """`ps` with as many turns of its wrapped seconds as its arrival says."""
        if self._floor_ps is None:
            return ps
        return ps + round(Fraction(t_ns * 1000 - self._floor_ps - ps, turn_ps)) * turn_ps

    def agrees(self, ps: int, source: str, t_ns: int, speed: float) -> bool:
        """The stamp is later than the one before on its input, and its line came when such a line can come."""
        if self._floor_ps is None:
            return True
        bound_ps = int(LATE_NS * speed + 2 * RATE_BOUND * (t_ns - self.stamps[0][2])) * 1000
        # earlier than any before is as good as later: then those before were held up
        return abs(t_ns * 1000 - ps - self._floor_ps) <= bound_ps and ps > self._last.get(source, ps - 1)


def stamp_runs(
    name: str,
    dialect: Dialect,
    channels: Sequence[str],
    chunks: Sequence[WireChunk],
    place: str,
    windows: Sequence[Window],
    speed: float,
    *,
    wrap_digits: int = 0,
    rate_bound: float = RATE_BOUND,
    late_ns: int = 0,
) -> list[CaptureRun]:
    """A run for each of `windows` (begin and end of a delivery, host ns) and each clock of counter `name`.

    `channels` in the order of its inputs; `wrap_digits`: its seconds start again at 10**wrap_digits (0: never);
    `late_ns`: how late arrivals on its line are stamped at worst.
    """
    events = list(_decoded(dialect, chunks))
    named = dict(zip(dialect.inputs, channels, strict=False))
    groups = ["".join(named)] if dialect.shared else list(named)
    runs = []
    for inputs in groups:
        epochs = _epochs([e for e in events if e[1] is None or e[1] in inputs], wrap_digits, speed)
        clock = name if dialect.shared else f"{name}.{inputs}"
        for number, window in enumerate(windows, 1):
            reader = _Reader(dialect, {i: named[i] for i in inputs}, place, speed, rate_bound, late_ns)
            runs.append(reader.run(f"{clock}#{number}", epochs, window))
    return runs


def _decoded(dialect: Dialect, chunks: Sequence[WireChunk]) -> Iterable[tuple[int, str | None, int | None]]:
    """(arrival, input, picoseconds) of each stamp; input None for a damaged line (ps 0) or a restart (ps None)."""
    came = dialect.protocol.decoder(Role.DEVICE)
    for chunk in chunks:
        if chunk.direction is not Direction.RX:
            continue
        for message in came.feed(chunk.data):
            stamp = dialect.stamp(message)
            if stamp is not None:
                yield chunk.t_ns, stamp[1], stamp[0]
            elif isinstance(message, Garbage):
                yield chunk.t_ns, None, 0
            elif dialect.restarts(message):
                yield chunk.t_ns, None, None


def _epochs(events: Sequence[tuple[int, str | None, int | None]], wrap_digits: int, speed: float) -> list[_Epoch]:
    """Stamps cut where the counter began anew; a stamp that does not agree with its arrival is damage."""
    speed = max(speed, 1.0)
    epochs = [_Epoch(-1)]
    doubtful: list[tuple[int, str, int]] = []
    for t_ns, source, ps in events:
        epoch = epochs[-1]
        if ps is None:
            epochs.append(_Epoch(t_ns, told=True))
            doubtful = []
            continue
        if source is None:
            epoch.damaged_at.append(len(epoch.stamps))
            continue
        if wrap_digits:
            ps = epoch.unwrapped(ps, t_ns, 10**wrap_digits * PS_PER_S)
        if epoch.agrees(ps, source, t_ns, speed):
            epoch.add(ps, source, t_ns)
            doubtful = []
            continue
        epoch.damaged_at.append(len(epoch.stamps))
        doubtful.append((ps, source, t_ns))
        anew = _Epoch(doubtful[-AGREEING:][0][2])
        for stamp in doubtful[-AGREEING:]:
            if anew.agrees(*stamp, speed):
                anew.add(*stamp)
        if len(anew.stamps) == AGREEING:
            epochs.append(anew)
            doubtful = []
    return epochs


class _Reader:
    """Trains of one clock in one window."""

    def __init__(
        self, dialect: Dialect, named: Mapping[str, str], place: str, speed: float, rate_bound: float, late_ns: int
    ) -> None:
        self._dialect, self._named, self._place = dialect, named, place
        self._speed, self._bound, self._late_ns = speed, rate_bound, late_ns

    def run(self, clock: str, epochs: Sequence[_Epoch], window: Window) -> CaptureRun:
        begun = [epoch for epoch in epochs if epoch.begin_ns <= window[0]]
        epoch = begun[-1]
        restarted = any(window[0] < other.begin_ns <= window[1] for other in epochs)
        if not epoch.stamps:
            tied = lower_envelope(clock, (), NS_PER_TICK, window[0], self._speed, self._bound)
            return CaptureRun(
                window, {}, tied, False, "no time stamp came: the counter saw no pulse, or was not set up"
            )
        base = epoch.stamps[0][0] // PS_PER_S * PS_PER_S
        stamps = [(ps - base, source, t_ns) for ps, source, t_ns in epoch.stamps]
        tied = lower_envelope(
            clock,
            [(tick, t_ns) for tick, _, t_ns in stamps],
            NS_PER_TICK,
            window[0],
            self._speed,
            self._bound,
            self._late_ns,
        )
        first, last = ((t_ns - tied.offset_ns) * 1000 for t_ns in window)
        gaps = self._gaps([tick for tick, _, _ in stamps], epoch.damaged_at, first, last)
        if restarted:
            gaps = ((first, last),)
        trains = {}
        for source, name in self._named.items():
            every = sorted(tick for tick, other, _ in stamps if other == source)
            ticks = [tick for tick in every if first <= tick <= last]
            station, channel = name.split(".")
            trains[name] = PulseTrain(
                station=station, channel=channel, ticks=np.array(ticks, np.int64), tick_s=TICK_S, edge=EdgeKind.RISING,
                window=(first, last), origin=Origin(self._codec, self._place), clock=clock,
                gaps=_joined([*gaps, *self._own_gaps(every, epoch.told, last)], first, last),
            )  # fmt: skip
        whole = not any(train.gaps for train in trains.values())
        why = "the counter began anew" if restarted else "" if whole else "lines damaged, or edges it may have dropped"
        return CaptureRun(window, trains, tied, whole, why)

    @property
    def _codec(self) -> str:
        return f"{self._dialect.protocol.name}/{self._dialect.protocol.version}"

    def _gaps(self, came: Sequence[int], damaged_at: Sequence[int], first: int, last: int) -> tuple[Window, ...]:
        """Stretches inside [first, last] in which an event may be missing, joined and in order.

        `came`: the ticks of all inputs in the order their lines came.
        """
        ticks = np.array(came, np.int64)
        found = []
        for at in damaged_at:
            begin = int(ticks[:at].max()) + 1 if at else first
            end = int(ticks[at:].min()) - 1 if at < len(ticks) else last
            found.append((min(begin, end), max(begin, end)))  # a line of the other input may have overtaken it
        if self._dialect.per_s is not None:
            every = np.sort(ticks)
            crowded = np.flatnonzero(every[self._dialect.per_s :] - every[: -self._dialect.per_s] < PS_PER_S)
            found += [(int(every[at]), int(every[at + self._dialect.per_s])) for at in crowded]
        return _joined(found, first, last)

    def _own_gaps(self, ticks: Sequence[int], told: bool, last: int) -> list[Window]:
        """Stretches in which edges of one input alone may be missing."""
        gaps = []
        if self._dialect.throws_away and told:
            gaps.append((-(1 << 62), ticks[0] - 1 if ticks else last))
        if self._dialect.per_s is None:
            gaps += _standing_out(np.array(ticks, np.int64))
        return gaps


def _standing_out(ticks: Int64Array) -> list[Window]:
    """Intervals longer than LONG times what is usual both before and after: a flow that ramps up or down has none."""
    intervals = np.diff(ticks)
    if intervals.size <= 2 * NEIGHBOURS:
        return []
    usual = np.median(np.lib.stride_tricks.sliding_window_view(intervals, NEIGHBOURS), axis=1)
    at = np.arange(NEIGHBOURS, intervals.size - NEIGHBOURS)
    long = intervals[at] > LONG * np.maximum(usual[at - NEIGHBOURS], usual[at + 1])
    return [(int(ticks[i]) + 1, int(ticks[i + 1]) - 1) for i in at[long]]


def _joined(found: Sequence[Window], first: int, last: int) -> tuple[Window, ...]:
    """Gaps inside [first, last] in order, those that touch joined."""
    joined: list[Window] = []
    for begin, end in sorted(found):
        begin, end = max(begin, first), min(end, last)
        if begin > end:
            continue
        if joined and begin <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return tuple(joined)
