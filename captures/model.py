"""The nouns of a capture: frozen, arrays read-only, units in the names.

Times named ``_ns`` are integer nanoseconds on the one monotonic clock of the run.  Ticks are
integers of an instrument's own clock and stay integers; a tick's length is an exact fraction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import IntFlag, StrEnum
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

Int64Array = npt.NDArray[np.int64]
UInt8Array = npt.NDArray[np.uint8]


def frozen_int64(values: npt.ArrayLike) -> Int64Array:
    """A read-only int64 copy of `values`, or `values` where it is one; floats are refused (tick arithmetic stays in integers)."""
    if _frozen(values, np.int64):
        return values  # type: ignore[return-value]
    array = np.asarray(values)
    if array.size and not np.issubdtype(array.dtype, np.integer):
        raise TypeError(f"expected integers, got {array.dtype}")
    result = np.array(array, dtype=np.int64)
    result.setflags(write=False)
    return result


def _frozen(values: object, dtype: npt.DTypeLike) -> bool:
    """An array of its own that cannot be written: nobody changes it, so it is shared."""
    return type(values) is np.ndarray and values.dtype == dtype and values.base is None and not values.flags.writeable


class Direction(StrEnum):
    """Seen from the bench: what arrived, and what it sent."""

    RX = "rx"
    TX = "tx"


@dataclass(frozen=True, slots=True)
class WireChunk:
    """Bytes that were truly on one line: when, on which link, which way."""

    t_ns: int
    link: str
    direction: Direction
    data: bytes


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a stream came from: codec and version, and the journal lines (or the file) it was derived from."""

    codec: str
    source: str


class EdgeKind(StrEnum):
    RISING = "rising"
    FALLING = "falling"
    BOTH = "both"


@dataclass(frozen=True, eq=False)
class PulseTrain:
    """Edges of one channel at one station, in ticks of the capturing instrument.

    `ticks` int64 (n,), strictly increasing.  `levels` uint8 (n,), the level after each edge, when
    `edge` is BOTH; else None.  `window` is the observed interval [first, last] in ticks: it is what
    the instrument looked at, never inferred from the first and last edge.  `gaps` are observed
    losses inside the window.  `tick_s` is None where the source stated no sample rate: times are
    then not to be had and nobody may invent them.  `clock` names the ClockMap that ties ticks to
    the host's time; trains that share a clock share an origin.
    """

    station: str
    channel: str
    ticks: Int64Array
    tick_s: Fraction | None
    edge: EdgeKind
    window: tuple[int, int]
    origin: Origin
    clock: str = ""
    levels: UInt8Array | None = None
    gaps: tuple[tuple[int, int], ...] = ()
    instrument: str = ""  # whose it is, where a case holds several

    def __post_init__(self) -> None:
        object.__setattr__(self, "ticks", frozen_int64(self.ticks))
        if self.ticks.ndim != 1:
            raise ValueError(f"ticks of {self.station}.{self.channel}: expected one dimension, got {self.ticks.ndim}")
        if self.ticks.size and bool(np.any(np.diff(self.ticks) <= 0)):
            raise ValueError(f"ticks of {self.station}.{self.channel}: expected strictly increasing values")
        if (self.edge is EdgeKind.BOTH) != (self.levels is not None):
            raise ValueError(f"levels of {self.station}.{self.channel}: required for both edges, and only then")
        if self.levels is not None:
            levels = self.levels if _frozen(self.levels, np.uint8) else np.array(self.levels, dtype=np.uint8)
            if levels.shape != self.ticks.shape:
                raise ValueError(
                    f"levels of {self.station}.{self.channel}: expected shape {self.ticks.shape}, got {levels.shape}"
                )
            levels.setflags(write=False)
            object.__setattr__(self, "levels", levels)

    @property
    def name(self) -> str:
        return f"{self.station}.{self.channel}"

    @property
    def rising(self) -> Int64Array:
        """Ticks of the rising edges (n_rising,)."""
        return self._with_level(1, EdgeKind.RISING)

    @property
    def falling(self) -> Int64Array:
        """Ticks of the falling edges (n_falling,)."""
        return self._with_level(0, EdgeKind.FALLING)

    def _with_level(self, level: int, kind: EdgeKind) -> Int64Array:
        if self.levels is not None:
            return frozen_int64(self.ticks[self.levels == level])
        return self.ticks if self.edge is kind else frozen_int64([])


@dataclass(frozen=True, eq=False)
class Register:
    """Readings of one displayed or transmitted number, as exact decimals.

    `times_ns` int64 (n,): best estimate of the instant the value held; `u_ns` (n,): half-width of the
    interval it surely lies in (poll skew, frame length, answer time).  `resolution` is the smallest
    step; `unit` e.g. "L", "CNY".
    """

    station: str
    times_ns: Int64Array
    u_ns: Int64Array
    values: tuple[Decimal, ...]
    resolution: Decimal
    unit: str
    origin: Origin
    instrument: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "times_ns", frozen_int64(self.times_ns))
        object.__setattr__(self, "u_ns", frozen_int64(self.u_ns))
        if not len(self.values) == self.times_ns.size == self.u_ns.size:
            raise ValueError(
                f"register {self.station}: {len(self.values)} values, {self.times_ns.size} times, {self.u_ns.size} u"
            )


class Flag(IntFlag):
    """What an indicator says of one reading, beside its value."""

    STABLE = 1
    NET = 2
    ZERO = 4  # centre of zero
    OVERLOAD = 8
    UNDERLOAD = 16
    PRINT = 32


NOTHING_TOLD = Flag(0)


@dataclass(frozen=True, eq=False)
class SampledTrace:
    """A stream of readings as it was sent, repeats included: an indicator's weight over time.

    `times_ns` int64 (n,), in order: when the last byte of each reading was in.  `steps` int64 (n,): the reading in whole
    `step`s of `unit`, so that what the device said stays exact; what it says while it is out of range counts nothing.  `flags`
    uint8 (n,) of `Flag`.  `told`: the flags that this protocol can tell; another one is unknown, not false.  `garbage`: spans
    in which bytes came that are no reading.
    """

    station: str
    times_ns: Int64Array
    steps: Int64Array
    flags: UInt8Array
    step: Decimal
    unit: str
    origin: Origin
    told: Flag = NOTHING_TOLD
    garbage: tuple[tuple[int, int], ...] = ()
    instrument: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "times_ns", frozen_int64(self.times_ns))
        object.__setattr__(self, "steps", frozen_int64(self.steps))
        flags = self.flags if _frozen(self.flags, np.uint8) else np.array(self.flags, dtype=np.uint8)
        flags.setflags(write=False)
        object.__setattr__(self, "flags", flags)
        sizes = (self.times_ns.size, self.steps.size, self.flags.size)
        if len(set(sizes)) != 1 or self.times_ns.ndim != 1:
            raise ValueError(f"trace {self.station}: {sizes[0]} times, {sizes[1]} readings, {sizes[2]} flags")
        if self.times_ns.size and bool(np.any(np.diff(self.times_ns) < 0)):
            raise ValueError(f"trace {self.station}: expected times in order")
        if self.step <= 0:
            raise ValueError(f"trace {self.station}: step expected above 0, got {self.step}")

    def having(self, flag: Flag) -> npt.NDArray[np.bool_]:
        """Which readings (n,) carry `flag`."""
        found: npt.NDArray[np.bool_] = (self.flags & np.uint8(flag)) != 0
        return found

    def between(self, begin_ns: int, end_ns: int) -> SampledTrace:
        """The readings of [begin, end)."""
        first, last = (int(np.searchsorted(self.times_ns, t)) for t in (begin_ns, end_ns))
        return replace(
            self,
            times_ns=frozen_int64(self.times_ns[first:last]),
            steps=frozen_int64(self.steps[first:last]),
            flags=np.array(self.flags[first:last]),
            garbage=tuple((a, b) for a, b in self.garbage if a < end_ns and b >= begin_ns),
        )


class MarkSource(StrEnum):
    RUNNER = "runner"
    INSTRUMENT = "instrument"
    DEVICE = "device"
    OPERATOR = "operator"
    IMPORT = "import"


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened at t_ns +- u_ns, and who says so."""

    t_ns: int
    u_ns: int
    source: MarkSource
    kind: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    instrument: str = ""


@dataclass(frozen=True, slots=True)
class ClockMap:
    """Instrument ticks -> host time: t_ns = offset_ns + ticks * ns_per_tick, surely within +- u_ns.

    Taken from the lower envelope of (tick, arrival) pairs: bytes can arrive late, never early.
    `rate_bound` is the relative bound on ns_per_tick.
    """

    clock: str
    offset_ns: int
    ns_per_tick: Fraction
    u_ns: int
    rate_bound: float

    def to_ns(self, ticks: npt.ArrayLike) -> Int64Array:
        """Host times (n,) of `ticks` (n,); exact integer arithmetic, rounded down."""
        array = np.asarray(ticks, dtype=np.int64)
        num, den = self.ns_per_tick.numerator, self.ns_per_tick.denominator
        whole, rest = np.divmod(array, den)
        return frozen_int64(self.offset_ns + whole * num + (rest * num) // den)


@dataclass(frozen=True)
class Capture:
    """All streams of one recording with what is needed to read them."""

    header: Mapping[str, Any]
    trains: tuple[PulseTrain, ...] = ()
    registers: tuple[Register, ...] = ()
    marks: tuple[Mark, ...] = ()
    clocks: Mapping[str, ClockMap] = field(default_factory=dict)
