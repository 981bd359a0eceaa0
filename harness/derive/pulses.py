"""Bytes of the logic analyser -> pulse trains, one set a capture run, with the map of its clock to the host's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from captures.model import ClockMap, EdgeKind, Int64Array, Origin, PulseTrain, WireChunk
from captures.model import Direction as Way
from harness.derive.clocks import lower_envelope
from protocols.contract import ProtocolError, Role
from protocols.wire.sigrok_pico import PROTOCOL, End, RunContinuous, RunFixed, SampleRate, SampleReader, Samples

CODEC = f"{PROTOCOL.name}/{PROTOCOL.version}"


@dataclass(frozen=True)
class CaptureRun:
    """One run of the analyser: its trains by name, its clock, and whether the closing count proved it complete."""

    window_ns: tuple[int, int]
    trains: dict[str, PulseTrain]
    clock: ClockMap
    complete: bool
    why: str


def capture_runs(
    name: str,
    channels: Sequence[str],
    chunks: Sequence[WireChunk],
    place: str,
    speed: float,
    *,
    late_ns: int = 0,
) -> list[CaptureRun]:
    """All runs on the line of analyser `name`; `channels` in the order of its inputs; `speed` of the recording clock,
    `late_ns`: how late arrivals on this line are stamped at worst."""
    runs = Runs(name, channels, speed, late_ns)
    for chunk in chunks:
        runs.feed(chunk, place)
    return runs.runs(place)


class Runs:
    """The runs of one analyser, decoded as its bytes come; arguments as of `capture_runs`.

    Of a run that is over only its trains and its clock are kept.
    """

    def __init__(self, name: str, channels: Sequence[str], speed: float, late_ns: int) -> None:
        self._name, self._channels, self._speed, self._late_ns = name, channels, speed, late_ns
        self._sent, self._came = PROTOCOL.decoder(Role.HOST), PROTOCOL.decoder(Role.DEVICE)
        self._rate_hz = 0
        self._over: list[CaptureRun] = []
        self._open: _Run | None = None

    def feed(self, chunk: WireChunk, place: str) -> None:
        """`place`: where the bytes of this line stand in the journal."""
        if chunk.direction is Way.TX:
            for message in self._sent.feed(chunk.data):
                if isinstance(message, SampleRate):
                    self._rate_hz = message.hz
                elif isinstance(message, RunContinuous | RunFixed):
                    if self._open is not None:
                        self._over.append(self._open.done(None, place))
                    name = f"{self._name}#{len(self._over) + 1}"
                    self._open = _Run(name, self._channels, self._rate_hz, chunk.t_ns, self._speed, self._late_ns)
            return
        for message in self._came.feed(chunk.data):
            if self._open is None:
                continue
            if isinstance(message, Samples):
                self._open.feed(message.raw, chunk.t_ns)
            elif isinstance(message, End):
                self._over.append(self._open.done(message.count, place))
                self._open = None

    def runs(self, place: str) -> list[CaptureRun]:
        """Those that are over, and the one that is running as far as it has come."""
        return [*self._over, *([] if self._open is None else [self._open.done(None, place)])]


class _Run:
    def __init__(
        self, clock: str, channels: Sequence[str], rate_hz: int, start_ns: int, speed: float, late_ns: int
    ) -> None:
        self._clock, self._channels, self._rate_hz, self._start_ns = clock, channels, rate_hz, start_ns
        self._speed, self._late_ns = speed, late_ns
        self._reader = SampleReader(len(channels))
        self._ticks: list[Int64Array] = []
        self._words: list[np.ndarray[tuple[int], np.dtype[np.uint32]]] = []
        self._pairs: list[tuple[int, int]] = []
        self._bytes = 0
        self._damaged = ""
        self._last_ns = start_ns

    def feed(self, raw: bytes, t_ns: int) -> None:
        self._bytes += len(raw)
        self._last_ns = t_ns
        if self._damaged:
            return
        try:
            ticks, words = self._reader.feed(raw)
        except (
            ProtocolError
        ) as error:  # a byte was damaged on the way: from here on nobody knows how many samples passed
            self._damaged = str(error)
            return
        self._ticks.append(ticks)
        self._words.append(words)
        self._pairs.append((self._reader.next_tick, t_ns))

    def done(self, count: int | None, place: str) -> CaptureRun:
        complete = count == self._bytes and not self._damaged
        why = (
            self._damaged
            if complete or self._damaged
            else (
                "the device never closed the run"
                if count is None
                else f"the device counted {count} data bytes, {self._bytes} arrived"
            )
        )
        last = max(self._reader.next_tick - 1, 0)
        clock = self._clock_map()
        ticks = np.concatenate([*self._ticks, np.empty(0, np.int64)])
        words = np.concatenate([*self._words, np.empty(0, np.uint32)])
        initial = np.uint32(self._reader.initial or 0)
        before = np.concatenate([np.array([initial], np.uint32), words[:-1]]) if words.size else words
        changed = words ^ before
        trains = {}
        for bit, name in enumerate(self._channels):
            mask = ((changed >> bit) & 1).astype(bool)
            station, channel = name.split(".")
            trains[name] = PulseTrain(
                station=station, channel=channel, ticks=ticks[mask], tick_s=Fraction(1, self._rate_hz) if self._rate_hz else None,
                edge=EdgeKind.BOTH, window=(0, last), origin=Origin(CODEC, place), clock=self._clock,
                levels=((words[mask] >> bit) & 1).astype(np.uint8), gaps=() if complete else ((0, last),),
            )  # fmt: skip
        return CaptureRun((self._start_ns, self._last_ns), trains, clock, complete, why)

    def _clock_map(self) -> ClockMap:
        ns_per_tick = Fraction(1_000_000_000, self._rate_hz or 1)
        return lower_envelope(self._clock, self._pairs, ns_per_tick, self._start_ns, self._speed, late_ns=self._late_ns)
