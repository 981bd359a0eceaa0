"""Sentences of a GNSS receiver -> fixes in order, and what of them does not count, told and counted.

A fix is an RMC of a satellite talker with status A that says time, date, position and speed.  GGA of the same instant adds
its dilution and may deny the fix; VTG carries no time and GLL no speed, so they are counted and not used.  What a receiver
estimates without satellites (modes E, M, S) is no fix.  The receiver's own clock orders the fixes: one that lies back is
not used, unless the receiver goes on from there, as it does when its clock is set right (protocols.md 6.6).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt

from captures.errors import CaptureError
from captures.model import Int64Array, WireChunk, frozen_int64
from harness.derive.frames import Noise, frames
from protocols.contract import Garbage, LineSettings, Message, Role
from protocols.wire.nmea import GNSS_TALKERS, PROTOCOL, Gga, Rmc, address_of

FloatArray = npt.NDArray[np.float64]
NS_PER_S = 1_000_000_000
DAY_NS = 86_400 * NS_PER_S
KNOT_M_S = 1852 / 3600  # exact: the international nautical mile
EPOCH = date(1970, 1, 1).toordinal()
ESTIMATED = {"E": "dead reckoning", "M": "typed in", "S": "simulated"}
DENIED = {"0": "no fix", "6": "dead reckoning", "7": "typed in", "8": "simulated"}  # qualities of GGA
AGREEING = 3  # fixes in order that show that the receiver's clock was set
LONGEST_RUN_NS = 12 * 3600 * NS_PER_S  # a longer step is a clock that was set, no pause of a ride
ROLLOVER_DAYS = 1024 * 7
NEAR_DAYS = 366  # a clock is wrong by a rollover when it is right by so much after it
MOST_LOG_BYTES = 1 << 26


@dataclass(frozen=True, eq=False)
class Track:
    """Fixes (n,) in the order they came.  `utc_ns`: the receiver's time since 1970, increasing within a `run` of its clock;
    `at_ns`: the same on the clock of the journal, by the arrival that was the least late; of a log the receiver's own time,
    a run behind the other where its clock was set.  `latitude`, `longitude` degrees,
    `speed_m_s`, `speed_step_m_s` its last digit; `hdop` NaN where not said.  `void`: how many times the receiver said
    before this fix that it had none; `void_after` behind the last.  `sentences` by address, `told`: what was not used, by
    reason; `noise`: bytes of no sentence.
    """

    utc_ns: Int64Array
    at_ns: Int64Array
    run: Int64Array
    latitude: FloatArray
    longitude: FloatArray
    speed_m_s: FloatArray
    hdop: FloatArray
    void: Int64Array
    void_after: int = 0
    speed_step_m_s: float = 0.0
    sentences: Mapping[str, int] = field(default_factory=dict)
    told: Mapping[str, int] = field(default_factory=dict)
    noise: Sequence[Noise] = ()

    def __len__(self) -> int:
        return int(self.utc_ns.size)

    @property
    def days(self) -> tuple[date, ...]:
        """The dates the receiver gives, in order."""
        return tuple(date.fromordinal(int(day) + EPOCH) for day in np.unique(self.utc_ns // DAY_NS))

    def weeks_back(self, true: date) -> int:
        """By how many weeks the receiver's date is wrong through its week number; 0 where it is right or otherwise wrong.

        GPS counts weeks modulo 1024: old firmware gives dates 1024 weeks back; times of day and distances stand.
        """
        if not len(self):
            return 0
        back = true.toordinal() - EPOCH - int(self.utc_ns[-1] // DAY_NS)
        rollovers = round(back / ROLLOVER_DAYS)
        return 1024 * rollovers if abs(back - rollovers * ROLLOVER_DAYS) <= NEAR_DAYS else 0


@dataclass(frozen=True, slots=True)
class _Fix:
    utc_ns: int
    time_ns: int  # of its day
    heard_ns: int | None
    rmc: Rmc
    position: tuple[float, float]
    void: int

    def says(self, other: _Fix) -> bool:
        return self.position == other.position and self.rmc.knots == other.rmc.knots


class _Order:
    """Fixes in runs of the receiver's clock."""

    def __init__(self, told: Counter[str]) -> None:
        self._told = told
        self.fixes: list[_Fix] = []
        self.runs: list[int] = []
        self.hdop: list[float] = []
        self._doubtful: list[_Fix] = []

    def take(self, fix: _Fix) -> None:
        if not self.fixes or self._follows(self.fixes[-1], fix):
            self._give_up()
            self._add(fix, self.runs[-1] if self.runs else 0)
            return
        known = self.fixes[-1]
        if fix.utc_ns == known.utc_ns:
            self._told["the same fix again" if fix.says(known) else "another fix of the same instant"] += 1
            return
        if self._doubtful and not self._follows(self._doubtful[-1], fix):
            self._give_up()
        self._doubtful.append(fix)
        if len(self._doubtful) == AGREEING:
            self._told["the receiver's clock was set"] += 1
            begun, self._doubtful = self._doubtful, []
            for one in begun:
                self._add(one, self.runs[-1] + (one is begun[0]))

    def _add(self, fix: _Fix, run: int) -> None:
        self.fixes.append(fix)
        self.runs.append(run)
        self.hdop.append(np.nan)

    @staticmethod
    def _follows(before: _Fix, fix: _Fix) -> bool:
        return 0 < fix.utc_ns - before.utc_ns <= LONGEST_RUN_NS

    def _give_up(self) -> None:
        self._told["out of order"] += len(self._doubtful)
        self._doubtful = []

    def deny(self, gga: Gga, time_ns: int | None) -> int:
        """Takes the newest fix back where GGA of its instant came behind it and has none; how many."""
        if gga.quality not in DENIED or not self.fixes or self.fixes[-1].time_ns != time_ns:
            return 0
        self._told[f"status A denied by GGA: {DENIED[gga.quality]}"] += 1
        for own in (self.fixes, self.runs, self.hdop):
            own.pop()
        return 1

    def dilute(self, gga: Gga, time_ns: int | None) -> None:
        """The dilution of the newest fix, where `gga` is of its instant."""
        if self.fixes and time_ns == self.fixes[-1].time_ns and gga.hdop is not None:
            self.hdop[-1] = float(gga.hdop)

    def end(self) -> None:
        self._give_up()


def fixes(spans: Sequence[Sequence[WireChunk]], line: LineSettings = PROTOCOL.line, late_ns: int = 0) -> Track:
    """The fixes in what came on one link, in time order; `spans` lie apart: nobody listened between them.

    `line` as it was set; `late_ns` how long an arrival may have been held back.
    """
    found = [frames(PROTOCOL, chunks, line, Role.DEVICE, late_ns) for chunks in spans]
    heard = (
        (one.messages[which], t_ns)
        for one in found
        for which, t_ns in zip(one.which.tolist(), one.times_ns.tolist(), strict=True)
    )
    return _track(heard, tuple(noise for one in found for noise in one.noise), Counter())


def log_fixes(data: bytes) -> Track:
    """The fixes in the log file of a receiver or of a telephone; times are the receiver's own.

    Lines that begin with # are remarks.  CaptureError where it holds no sentence at all, or is too large for a log.
    """
    if len(data) > MOST_LOG_BYTES:
        raise CaptureError(f"log: expected at most {MOST_LOG_BYTES} bytes of NMEA sentences, got {len(data)}")
    lines = data.splitlines(keepends=True)
    remarks = sum(line.startswith(b"#") for line in lines)
    decoder = PROTOCOL.decoder(Role.DEVICE)
    messages = decoder.feed(b"".join(line for line in lines if not line.startswith(b"#"))) + decoder.close()
    bad = [message for message in messages if isinstance(message, Garbage)]
    if len(bad) == len(messages):
        why = f"the first of {len(lines)} lines: {bad[0].why}" if bad else "it is empty"
        raise CaptureError(
            f"log: expected sentences of NMEA 0183 such as $GPRMC,...*hh, got none; {why}. Export the log as plain NMEA"
        )
    told = Counter({"remark": remarks} if remarks else {})
    noise = tuple(Noise(0, 0, one.why, len(one.raw)) for one in bad)
    return _track(((one, None) for one in messages if not isinstance(one, Garbage)), noise, told)


def _track(heard: Iterable[tuple[Message, int | None]], noise: Sequence[Noise], told: Counter[str]) -> Track:
    order, sentences, void = _Order(told), Counter[str](), 0
    decimals = 0
    denied: tuple[int | None, Gga | None] = (None, None)
    for message, t_ns in heard:
        sentences[address_of(message)] += 1  # type: ignore[arg-type]  # a decoder of NMEA gives nothing else
        if isinstance(message, Gga) and message.talker in GNSS_TALKERS:
            denied = message.time_ns, message
            void += order.deny(message, denied[0])
            order.dilute(message, denied[0])
        if not isinstance(message, Rmc):
            continue
        fix = _fix(message, t_ns, void, denied, told)
        if fix is None:
            void += message.talker in GNSS_TALKERS
            continue
        decimals = max(decimals, len(message.knots.partition(".")[2]))
        before = len(order.fixes)
        order.take(fix)
        if len(order.fixes) > before:
            void = 0
            if denied[1] is not None:
                order.dilute(denied[1], denied[0])
    order.end()
    return _arrays(order, void, decimals, sentences, told, noise)


def _fix(
    rmc: Rmc, t_ns: int | None, void: int, denied: tuple[int | None, Gga | None], told: Counter[str]
) -> _Fix | None:
    if rmc.talker not in GNSS_TALKERS:
        told["RMC of a talker that is no satellite receiver"] += 1
        return None
    if rmc.status == "V" or rmc.mode == "N":
        told["no fix"] += 1
        return None
    if rmc.mode in ESTIMATED:
        told[f"no fix: {ESTIMATED[str(rmc.mode)]}"] += 1
        return None
    instant, gga = denied
    time_ns = rmc.time_ns
    if gga is not None and time_ns is not None and instant == time_ns and gga.quality in DENIED:
        told[f"status A denied by GGA: {DENIED[gga.quality]}"] += 1
        return None
    day, position = rmc.day, rmc.position
    if time_ns is None or day is None or position is None or rmc.speed_kn is None:
        told["status A without time, date, position or speed"] += 1
        return None
    try:
        days = date(*day).toordinal() - EPOCH
    except ValueError:
        told["a date that no calendar has"] += 1
        return None
    utc_ns = days * DAY_NS + time_ns
    return _Fix(utc_ns, time_ns, t_ns, rmc, position, void)


def _arrays(
    order: _Order, void: int, decimals: int, sentences: Counter[str], told: Counter[str], noise: Sequence[Noise]
) -> Track:
    found = order.fixes
    utc_ns, runs = np.array([fix.utc_ns for fix in found], np.int64), np.array(order.runs, np.int64)
    heard = [fix.heard_ns for fix in found]
    return Track(
        frozen_int64(utc_ns), _at_ns(utc_ns, runs, heard), frozen_int64(runs),
        _reals([fix.position[0] for fix in found]), _reals([fix.position[1] for fix in found]),
        _reals([float(fix.rmc.knots) * KNOT_M_S for fix in found]), _reals(order.hdop),
        frozen_int64(np.array([fix.void for fix in found], np.int64)), void, 10.0**-decimals * KNOT_M_S, dict(sentences),
        {why: count for why, count in told.items() if count}, tuple(noise),
    )  # fmt: skip


def _reals(values: Sequence[float]) -> FloatArray:
    array = np.array(values, np.float64)
    array.setflags(write=False)
    return array


def _at_ns(utc_ns: Int64Array, runs: Int64Array, heard: Sequence[int | None]) -> Int64Array:
    """Bytes can be late, never early: the arrival that was the least late ties the receiver's clock to the journal's."""
    at_ns, end_ns = utc_ns.copy(), None
    for run in np.unique(runs):
        own = np.flatnonzero(runs == run)
        tied = [t_ns - int(utc_ns[k]) for k in own.tolist() if (t_ns := heard[k]) is not None]
        shift_ns = min(tied) if tied else 0 if end_ns is None else end_ns + 1 - int(utc_ns[own[0]])
        at_ns[own] += shift_ns
        end_ns = int(at_ns[own[-1]])
    return frozen_int64(np.maximum.accumulate(at_ns) if at_ns.size else at_ns)
