"""Bytes of a SUMP analyser -> bursts: one capture a run, oldest sample first, all channels on one clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from captures.model import Capture, Direction, EdgeKind, Int64Array, Origin, PulseTrain, UInt8Array, WireChunk
from protocols.contract import ProtocolError
from protocols.wire.sump import (
    CLOCK_HZ,
    PROTOCOL,
    Counts,
    DeviceDecoder,
    Divider,
    FlagBits,
    Flags,
    HostDecoder,
    ReadCount,
    Reset,
    Run,
    Samples,
    read_samples,
)

CODEC = f"{PROTOCOL.name}/{PROTOCOL.version}"


@dataclass(frozen=True)
class Burst:
    """One burst; `capture` is None where it is not complete, `why` then says what is missing."""

    begun_ns: int
    capture: Capture | None
    why: str = ""


@dataclass
class _Setup:
    divider: int = 0
    read: int = 0
    flags: Flags = field(default_factory=lambda: Flags(0))


def bursts(name: str, channels: Sequence[str], chunks: Sequence[WireChunk], place: str) -> list[Burst]:
    """All bursts on the line of analyser `name`; `channels` in the order of its inputs."""
    sent, came = HostDecoder(), DeviceDecoder()
    setup = _Setup()
    found: list[Burst] = []
    open_since: int | None = None
    raw = bytearray()

    def close() -> None:
        if open_since is not None:
            found.append(_burst(f"{name}#{len(found) + 1}", channels, setup, bytes(raw), open_since, place))
            raw.clear()

    # at one instant of the recording clock what came was there before what was sent: a byte takes its time on the line
    for chunk in sorted(chunks, key=lambda chunk: (chunk.t_ns, chunk.direction is Direction.TX)):
        if chunk.direction is Direction.RX:
            for message in came.feed(chunk.data):
                if isinstance(message, Samples) and open_since is not None:
                    raw += message.raw
            continue
        for message in sent.feed(chunk.data):
            came.asked(message)
            match message:
                case Reset() | Run():
                    close()
                    open_since = chunk.t_ns if isinstance(message, Run) else None
                case Divider(divider):
                    setup.divider = divider
                case Counts(read, _) | ReadCount(read):
                    setup.read = read
                case Flags():
                    setup.flags = message
                case _:
                    pass
    close()
    return found


def _burst(clock: str, channels: Sequence[str], setup: _Setup, raw: bytes, begun_ns: int, place: str) -> Burst:
    try:
        words = read_samples(raw, setup.flags.groups, rle=setup.flags.rle)
    except ProtocolError as error:
        return Burst(begun_ns, None, str(error))
    if words.size != setup.read:
        return Burst(begun_ns, None, f"expected {setup.read} samples, got {words.size}: data was lost on the way")
    rate = Fraction(CLOCK_HZ * (2 if setup.flags.bits & FlagBits.DEMUX else 1), setup.divider + 1)
    trains, initial = [], {}
    for bit, name in enumerate(channels):
        levels = (words >> bit & 1).astype(np.uint8)
        ticks = np.flatnonzero(np.diff(levels)).astype(np.int64) + 1
        initial[name] = int(levels[0])
        trains.append(_train(name, ticks, levels[ticks], rate, int(words.size), Origin(CODEC, place), clock))
    header = {"format": CODEC, "begun_ns": begun_ns, "samples": int(words.size), "initial": initial}
    return Burst(begun_ns, Capture(header, tuple(trains)))


def _train(
    name: str, ticks: Int64Array, levels: UInt8Array, rate: Fraction, samples: int, origin: Origin, clock: str
) -> PulseTrain:
    station, channel = name.split(".")
    return PulseTrain(station, channel, ticks, 1 / rate, EdgeKind.BOTH, (0, samples - 1), origin, clock, levels)
