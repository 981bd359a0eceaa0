"""Recordings made elsewhere -> segments, by what their owner declares: which channel is which station, K, marks.

All channels of one file share its clock.  Mapped channels make one segment that the laws of the chain can speak about;
channels that are not mapped stay single taps.  Without a plan and the instrument's papers none of it can prove anything
(harness/judge/foreign.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from captures.errors import IntegrityError
from captures.model import Capture, ClockMap, Int64Array, Mark, MarkSource, PulseTrain
from fixtures.pulse_taps import CHAIN
from harness.exits import UsageError
from harness.judge.contract import Segment, SegmentKind

CLOCK = "file"
_MIN_PAUSE_S = Decimal("0.1")
_MAX_SEGMENTS = 10_000


@dataclass(frozen=True)
class Declaration:
    """What is declared of one recording.

    `stations` channel -> "station.channel"; `profile` as in a bench file, numbers as exact text; `window_s` from and
    to (None = as recorded) in seconds of the capture; `pause_s` splits where all mapped channels are silent longer.
    """

    stations: Mapping[str, str] = field(default_factory=dict)
    profile: Mapping[str, str | bool] = field(default_factory=dict)
    marks: tuple[Mark, ...] = ()
    window_s: tuple[Decimal | None, Decimal | None] = (None, None)
    pause_s: Decimal | None = None

    def body(self) -> dict[str, Any]:
        """As the journal keeps it."""
        return {
            "stations": dict(self.stations),
            "profile": dict(self.profile),
            "marks": [[m.t_ns, m.u_ns, m.kind, dict(m.payload)] for m in self.marks],
            "window_s": [None if s is None else str(s) for s in self.window_s],
            "pause_s": None if self.pause_s is None else str(self.pause_s),
        }


def from_body(body: Mapping[str, Any], where: str) -> Declaration:
    """The declaration of a journal body; IntegrityError when it is none."""
    try:
        first, last = (None if s is None else Decimal(s) for s in body["window_s"])
        return Declaration(
            {str(channel): str(station) for channel, station in body["stations"].items()},
            dict(body["profile"]),
            tuple(Mark(int(t), int(u), MarkSource.IMPORT, str(kind), dict(said)) for t, u, kind, said in body["marks"]),
            (first, last),
            None if body["pause_s"] is None else Decimal(body["pause_s"]),
        )
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise IntegrityError(f"{where}: an import record lacks what it must hold: {error}") from None


def check_stations(stations: Mapping[str, str], capture: Capture) -> None:
    """UsageError for a channel the file has not, or a station that no pulse tap is."""
    known = {train.channel for train in capture.trains}
    taps = [f"{station}.{channel}" for station, channels in CHAIN.items() for channel in channels]
    for channel, station in stations.items():
        if channel not in known:
            raise UsageError(
                f"--map {channel}={station}: expected a channel of the file ({', '.join(sorted(known))}), got {channel!r}"
            )
        if station not in taps:
            raise UsageError(f"--map {channel}={station}: expected a station ({', '.join(taps)}), got {station!r}")
    if len(set(stations.values())) != len(stations):
        raise UsageError(f"--map: expected each station once, got {', '.join(stations.values())}")


def foreign_segments(capture: Capture, name: str, declared: Declaration) -> list[Segment]:
    """One segment (or one for each delivery, where a pause is declared) of the mapped channels, then single taps.

    UsageError when the mapping does not fit, or times are asked for of a file without a sample rate.
    """
    check_stations(declared.stations, capture)
    ticks = {train.tick_s for train in capture.trains}
    trains = {}
    for train in capture.trains:
        clock = CLOCK if len(ticks) == 1 else f"{CLOCK} {train.tick_s} s"  # a tick of another length is another clock
        trains[train.channel] = replace(train, clock=clock)
    mapped: dict[str, PulseTrain] = {}
    for channel, label in declared.stations.items():
        station, own = label.split(".")
        mapped[label] = replace(trains[channel], station=station, channel=own)
    alone = [train for channel, train in trains.items() if channel not in declared.stations and train.ticks.size]
    found = _mapped(mapped, name, declared) if mapped else []
    for train in alone:
        window_ns, clocks = _times([train], declared)
        found.append(
            Segment(
                f"{name}:{train.channel}", SegmentKind.TAP, "", "", window_ns, _context(declared, name),
                trains={f"tap.{train.channel}": train}, clocks=clocks, marks=_inside(declared.marks, window_ns),
            )
        )  # fmt: skip
    return found


def _context(declared: Declaration, name: str) -> dict[str, Any]:
    return {"foreign": True, "file": name, **({"stations": dict(declared.stations)} if declared.stations else {})}


def _times(trains: Sequence[PulseTrain], declared: Declaration) -> tuple[tuple[int, int], dict[str, ClockMap]]:
    """The window of the segment in ns of the file's own clock, and the maps of its clocks; (0, 0) without a rate."""
    timed = [(train, train.tick_s) for train in trains if train.tick_s is not None]
    begin_s, end_s = declared.window_s
    if not timed:
        if (begin_s, end_s, declared.pause_s) != (None, None, None) or declared.marks:
            raise UsageError("the file states no sample rate: --window, --pause and --marks have no times to stand at")
        return (0, 0), {}
    clocks = {t.clock: ClockMap(t.clock, 0, Fraction(10**9) * tick_s, 0, 0.0) for t, tick_s in timed}
    first = min((t.window[0] * tick_s * 10**9).__floor__() for t, tick_s in timed)
    last = max((t.window[1] * tick_s * 10**9).__ceil__() for t, tick_s in timed)
    cut_first = first if begin_s is None else max(first, (Fraction(begin_s) * 10**9).__floor__())
    cut_last = last if end_s is None else min(last, (Fraction(end_s) * 10**9).__ceil__())
    if cut_first >= cut_last and (begin_s, end_s) != (None, None):
        raise UsageError(f"--window: expected a part of {first / 1e9:.6f} to {last / 1e9:.6f} s, got {begin_s}:{end_s}")
    return (cut_first, cut_last), clocks


def _mapped(mapped: Mapping[str, PulseTrain], name: str, declared: Declaration) -> list[Segment]:
    window_ns, clocks = _times(list(mapped.values()), declared)
    parts = [window_ns]
    if declared.pause_s is not None:
        parts = _parts([_ns(clocks, train) for train in mapped.values()], window_ns, declared.pause_s)
    result: list[Segment] = []
    after = window_ns[0]
    for number, part in enumerate(parts, 1):
        worked = tuple(m.kind for m in declared.marks if after <= m.t_ns <= part[1] and m.kind.startswith("press"))
        after = part[1]
        result.append(
            Segment(
                name if len(parts) == 1 else f"{name}#{number}", SegmentKind.DELIVERY, "", "", part,
                {**_context(declared, name), **({"events": worked} if worked else {})},
                trains=mapped, clocks=clocks, marks=_inside(declared.marks, part),
            )
        )  # fmt: skip
    return result


def _ns(clocks: Mapping[str, ClockMap], train: PulseTrain) -> Int64Array:
    return clocks[train.clock].to_ns(train.ticks)


def _parts(edges: Sequence[Int64Array], window_ns: tuple[int, int], pause_s: Decimal) -> list[tuple[int, int]]:
    """The window cut in the middle of every silence of all channels that is longer than the pause."""
    if pause_s < _MIN_PAUSE_S:
        raise UsageError(f"--pause: expected at least {_MIN_PAUSE_S} s, got {pause_s}: a slow flow is no pause")
    all_edges = np.sort(np.concatenate(edges))
    inside = all_edges[(all_edges >= window_ns[0]) & (all_edges <= window_ns[1])]
    long = np.flatnonzero(np.diff(inside) > int(pause_s * 10**9))
    if long.size >= _MAX_SEGMENTS:
        raise UsageError(f"--pause {pause_s}: would cut {long.size + 1} deliveries, expected less than {_MAX_SEGMENTS}")
    cuts = ((inside[long] + inside[long + 1]) // 2).tolist()
    return list(zip([window_ns[0], *(cut + 1 for cut in cuts)], [*cuts, window_ns[1]], strict=True))


def _inside(marks: Sequence[Mark], window_ns: tuple[int, int]) -> tuple[Mark, ...]:
    return tuple(mark for mark in marks if window_ns[0] <= mark.t_ns <= window_ns[1])
