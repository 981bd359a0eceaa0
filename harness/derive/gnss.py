"""Fixes of a GNSS receiver -> the distance of a ride, with its standard uncertainty.

The main figure is the integral of the reported speed: Doppler speeds do not feel the slow errors of positions.  Beside it
stands the length of chords between positions, each so long that noise adds little: summed at every fix, noise lengthens a
track for ever (Ranacher et al. 2016: the bias grows with the rate and falls with the correlation of the errors), and chords
that are too long cut corners.  Where both do not agree within their uncertainties, neither is a reference.

A stretch without fixes is never bridged: it is a gap, told with the straight line across it, and the ride is not whole.
At a stop the reported speed is noise without sign and would add up: it counts nothing, and what it would have been is in the
uncertainty.  Every planning figure is data (references.toml), none of them verified.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from captures.model import Origin, SampledTrace, frozen_int64
from fixtures.language import Sentence, mark
from harness.derive.figures import figure
from harness.derive.geodesy import lengths_m
from harness.derive.gnss_chords import Chords, chords
from harness.derive.gnss_fixes import NS_PER_S, FloatArray, Track
from protocols.wire.nmea import PROTOCOL

NO_FIX = mark("the receiver had no fix")
SILENT = mark("nothing came from the receiver")
CLOCK = mark("the receiver's clock was set")
GAPS = mark("gaps: {count}, {seconds} s together, the longest {longest} s: {why}")
APART = mark("speeds tell {doppler} m, positions {chords} m; the position jumped {jumps} times")
NOTHING = mark("no distance: no two fixes follow each other within {seconds} s")
USUAL = 1.5  # times the usual step: a longer one lacks a fix
AGREES = 3.0  # standard uncertainties that both lengths may lie apart
TRACE_STEP = Decimal("0.001")  # m


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch that nobody measured: on the journal's clock, why, the straight line across it and the most that a road vehicle can
    have gone in it, from the speeds at its ends; None at an edge, and where the receiver's clock was set."""

    begin_ns: int
    end_ns: int
    why: str
    straight_m: float | None
    most_m: float | None = None


@dataclass(frozen=True)
class Distance:
    """`doppler_m` +- `u_m` of what was measured; `budget` the parts of `u_m`, by name, in metres.  At either end the window may
    reach beyond the fixes by no more than two of them may lie apart.

    `begin_ns` to `end_ns` what was asked for, `measured_s` of it measured.  `bridged`: steps with a fix missing inside, short
    enough to be taken as straight in speed.  `stops`, with `creep_m` that was reported during them and counts nothing.
    """

    doppler_m: float
    u_m: float
    budget: Mapping[str, float]
    chords: Chords
    begin_ns: int
    end_ns: int
    measured_s: float
    gaps: Sequence[Gap] = ()
    bridged: int = 0
    stops: Sequence[tuple[int, int]] = ()
    creep_m: float = 0.0
    jumps: int = 0
    top_speed_m_s: float = 0.0
    told: Mapping[str, int] = field(default_factory=dict)

    @property
    def agrees(self) -> bool:
        """Speeds and positions tell one distance."""
        apart = abs(self.chords.driven_m - self.chords.length_m)
        return apart <= AGREES * math.hypot(self.u_m, self.chords.u_m)

    @property
    def why_not(self) -> Sentence | None:
        """Why this is no reference for the whole ride; None where it is one."""
        if not self.measured_s:
            return Sentence(NOTHING, seconds=f"{figure('gnss.longest_step_s'):g}")
        if self.gaps:
            longest = max(self.gaps, key=lambda gap: gap.end_ns - gap.begin_ns)
            sizes = [(gap.end_ns - gap.begin_ns) / NS_PER_S for gap in self.gaps]
            return Sentence(
                GAPS,
                count=len(sizes),
                seconds=f"{sum(sizes):.1f}",
                longest=f"{max(sizes):.1f}",
                why=Sentence(longest.why),
            )
        if not self.agrees:
            return Sentence(
                APART, doppler=f"{self.chords.driven_m:.0f}", chords=f"{self.chords.length_m:.0f}", jumps=self.jumps
            )
        return None

    @property
    def reference_m(self) -> tuple[float, float] | None:
        """Distance of the whole ride and its standard uncertainty; None where `why_not` says why."""
        return (self.doppler_m, self.u_m) if self.why_not is None else None

    @property
    def bounded_m(self) -> tuple[float, float] | None:
        """As `reference_m`, but each gap inside the ride counts the middle between the straight line across it and the most that can
        have been driven, rectangular; None where a gap has no such bounds, or speeds and positions disagree."""
        if not self.measured_s or not self.agrees:
            return None
        bounds = [(gap.straight_m, gap.most_m) for gap in self.gaps]
        known = [(least, most) for least, most in bounds if least is not None and most is not None]
        if len(known) < len(bounds):
            return None
        middle = sum((least + max(most, least)) / 2 for least, most in known)
        half = sum((max(most, least) - least) / 2 for least, most in known)  # of one sign: added up
        return self.doppler_m + middle, math.hypot(self.u_m, half / math.sqrt(3))


def distance(track: Track, begin_ns: int | None = None, end_ns: int | None = None) -> Distance:
    """The distance from `begin_ns` to `end_ns` on the clock of `track.at_ns`; of all fixes where not said.

    ValueError where the window has no length.
    """
    if begin_ns is None or end_ns is None:
        known = track.at_ns if len(track) else np.zeros(2, np.int64)
        begin_ns = int(known[0]) if begin_ns is None else begin_ns
        end_ns = int(known[-1]) if end_ns is None else end_ns
    if end_ns < begin_ns:
        raise ValueError(f"GNSS distance: expected a window that ends after it begins, got {begin_ns} to {end_ns}")
    steps = _Steps(track, begin_ns, end_ns)
    budget = steps.budget()
    return Distance(
        steps.length_m, math.sqrt(sum(u * u for u in budget.values())), budget,
        chords(track, steps.counted_m, steps.whole), begin_ns, end_ns, float(steps.seconds[steps.kept].sum()),
        tuple(steps.gaps()), int(np.count_nonzero(steps.bridged)), tuple(steps.stops), steps.creep_m, steps.jumps,
        steps.top_m_s, dict(track.told),
    )  # fmt: skip


class _Steps:
    """From each fix to the next, as much of it as lies in the window: arrays (n - 1,).

    `seconds` of the step inside, `kept` whether it is measured, `counted_m` the distance it counts.
    """

    def __init__(self, track: Track, begin_ns: int, end_ns: int) -> None:
        self._track, self._window = track, (begin_ns, end_ns)
        self._full_s = np.diff(track.utc_ns) / NS_PER_S
        same_run = np.diff(track.run) == 0
        inside_ns = np.minimum(track.at_ns[1:], end_ns) - np.maximum(track.at_ns[:-1], begin_ns)
        self._whole_ns = np.diff(track.at_ns)
        share = np.clip(inside_ns / np.maximum(self._whole_ns, 1), 0.0, 1.0)
        usual = float(np.median(self._full_s[same_run])) if same_run.any() else 0.0
        longest_s = figure("gnss.longest_step_s")
        self._bridged_ns = longest_s * NS_PER_S
        self._fits = same_run & (self._full_s <= longest_s)
        self._inside = inside_ns > 0
        self.kept = self._fits & self._inside
        self.whole = self.kept & (share == 1.0)  # a part of a step has no position at its end
        self.seconds = np.where(self.kept, self._full_s * share, 0.0)
        self.bridged = self.kept & (self._full_s > USUAL * usual)
        raw = self._integral(share)
        self._slow, self.stops = self._still(raw)
        self.counted_m: FloatArray = np.where(self._slow, 0.0, raw)
        self._edges = self._outside() if len(track) else []
        self.length_m = float(self.counted_m.sum()) + sum(speed * seconds for speed, seconds in self._edges)
        self.creep_m = float(raw[self._slow].sum())

    def _integral(self, share: FloatArray) -> FloatArray:
        """Of a speed that is straight between two fixes, over the part inside the window, m."""
        track, (begin_ns, _) = self._track, self._window
        first, last = track.speed_m_s[:-1], track.speed_m_s[1:]
        late = np.clip((begin_ns - track.at_ns[:-1]) / np.maximum(self._whole_ns, 1), 0.0, 1.0)
        middle = first + (last - first) * (late + share / 2)
        return np.where(self.kept, middle * self.seconds, 0.0)

    def _outside(self) -> list[tuple[float, float]]:
        """Speed of the fix at each end of the window, and how long the window goes on beyond it; too long is a gap."""
        track, (begin_ns, end_ns) = self._track, self._window
        beyond = (
            (track.speed_m_s[0], int(track.at_ns[0]) - begin_ns),
            (track.speed_m_s[-1], end_ns - int(track.at_ns[-1])),
        )
        return [(float(speed), ns / NS_PER_S) for speed, ns in beyond if 0 < ns <= self._bridged_ns]

    def _still(self, raw: FloatArray) -> tuple[np.ndarray, list[tuple[int, int]]]:
        """Steps of stops, and the stops: slow for long enough, and the position has not gone along with the speed."""
        track, slow = self._track, np.zeros(self.kept.size, np.bool_)
        below = track.speed_m_s <= figure("gnss.still_m_s")
        both = self.kept & below[:-1] & below[1:]
        edges = np.diff(both.astype(np.int8), prepend=0, append=0)
        stops, self._u_still = [], 0.0
        for a, b in zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True):
            crept = float(raw[a:b].sum())
            moved = float(lengths_m(track.latitude[a], track.longitude[a], track.latitude[b], track.longitude[b]))
            noise = math.sqrt(2) * self._u_position(a, b)
            if self._full_s[a:b].sum() < figure("gnss.still_s") or (moved > 3 * noise and moved > crept / 2):
                continue
            slow[a:b] = True
            stops.append((int(track.at_ns[a]), int(track.at_ns[b])))
            self._u_still += min(crept, moved + noise) / math.sqrt(3)  # rectangular, and of one sign: added up
        return slow, stops

    def _u_position(self, first: int, last: int) -> float:
        hdop = self._track.hdop[first : last + 1]
        known = hdop[np.isfinite(hdop)]
        return figure("gnss.u_position_m") * max(1.0, float(np.median(known)) if known.size else 1.0)

    def budget(self) -> dict[str, float]:
        """Standard uncertainties of `length_m` by what they come of, m."""
        moving = self.kept & ~self._slow
        moving_s = float(self.seconds[moving].sum())
        correlated_s = min(figure("gnss.speed_correlation_s"), moving_s)
        last_digit = self._track.speed_step_m_s / math.sqrt(12)
        return {
            "scale of the speed": figure("gnss.u_speed_rel") * self.length_m,
            "noise of the speed": figure("gnss.u_speed_m_s") * math.sqrt(correlated_s * moving_s),
            "last digit of the speed": last_digit * moving_s,  # one sign all along: it may be cut off, not rounded
            "between the fixes": self._between(moving),
            "fixes missing": self._missing(),
            "delay at the ends": self._ends(),
            "stops": self._u_still,
        }

    def _between(self, moving: np.ndarray) -> float:
        """The trapezoidal rule leaves dt^3 / 12 of the second derivative; that, from the second differences."""
        speed, dt = self._track.speed_m_s, self._full_s
        bend = np.zeros(dt.size)
        bend[1:] = np.abs(np.diff(speed, 2)) * (self._fits[:-1] & self._fits[1:])
        return float(np.sqrt(np.sum((bend * dt / 12)[moving & ~self.bridged] ** 2)))

    def _missing(self) -> float:
        """A speed that may bend by the acceleration of traffic: at most a dt^2 / 4 beside the straight line, rectangular."""
        most_m = figure("gnss.acceleration_m_s2") * self._full_s[self.bridged] ** 2 / 4
        return float(np.sqrt(np.sum(most_m**2) / 3))

    def _ends(self) -> float:
        """Speeds are told late: what was driven at both ends of the window in that time; beyond the first and the last fix
        the speed of that fix was taken, and may have changed.  Each rectangular."""
        if not self.kept.any():
            return 0.0
        inside = np.flatnonzero(self.kept)
        ends = self._track.speed_m_s[[inside[0], inside[-1] + 1]] * figure("gnss.delay_s")
        beyond = [speed * s + figure("gnss.acceleration_m_s2") * s**2 / 2 for speed, s in self._edges if speed > 0]
        return math.sqrt((float(np.sum(ends**2)) + sum(one**2 for one in beyond)) / 3)

    @property
    def jumps(self) -> int:
        """Steps in which the position went farther than the speed allows."""
        track = self._track
        gone = lengths_m(track.latitude[:-1], track.longitude[:-1], track.latitude[1:], track.longitude[1:])
        full = (track.speed_m_s[:-1] + track.speed_m_s[1:]) / 2 * self._full_s
        return int(np.count_nonzero(self._inside & (np.diff(track.run) == 0) & (gone - full > figure("gnss.jump_m"))))

    @property
    def top_m_s(self) -> float:
        inside = np.flatnonzero(self.kept)
        return float(self._track.speed_m_s[inside[0] : inside[-1] + 2].max()) if inside.size else 0.0

    def _most_m(self, k: int, seconds: float) -> float:
        """The way between fixes k and k + 1 of a vehicle that speeds up and brakes as hard as it can, below the top speed."""
        at = np.linspace(0.0, seconds, 200)
        rise, first, last = figure("gnss.acceleration_m_s2"), *self._track.speed_m_s[[k, k + 1]]
        speeds = np.minimum(
            np.minimum(first + rise * at, last + rise * (seconds - at)), max(figure("gnss.top_m_s"), first, last)
        )
        return float(np.trapezoid(speeds, at))

    def gaps(self) -> list[Gap]:
        track, (begin_ns, end_ns) = self._track, self._window
        if not len(track):
            return [Gap(begin_ns, end_ns, NO_FIX if track.void_after else SILENT, None)]
        found = []
        if int(track.at_ns[0]) - begin_ns > self._bridged_ns:
            why = NO_FIX if int(track.void[0]) else SILENT
            found.append(Gap(begin_ns, min(end_ns, int(track.at_ns[0])), why, None))
        for k in np.flatnonzero(~self._fits & self._inside).tolist():
            clock_set = bool(track.run[k] != track.run[k + 1])
            why = CLOCK if clock_set else NO_FIX if int(track.void[k + 1]) else SILENT
            straight = lengths_m(track.latitude[k], track.longitude[k], track.latitude[k + 1], track.longitude[k + 1])
            a, b = max(begin_ns, int(track.at_ns[k])), min(end_ns, int(track.at_ns[k + 1]))
            most = None if clock_set else self._most_m(k, (b - a) / NS_PER_S)
            found.append(Gap(a, b, why, float(straight), most))
        if end_ns - int(track.at_ns[-1]) > self._bridged_ns:
            found.append(Gap(max(begin_ns, int(track.at_ns[-1])), end_ns, NO_FIX if track.void_after else SILENT, None))
        return found


def travelled(track: Track, station: str = "reference", place: str = "") -> SampledTrace:
    """The distance since the first fix at each fix, in whole millimetres; gaps, in which it stands still, are `garbage`."""
    steps = _Steps(track, *((int(track.at_ns[0]), int(track.at_ns[-1])) if len(track) else (0, 0)))
    since = np.concatenate(([0.0], np.cumsum(steps.counted_m)))[: len(track)]
    return SampledTrace(
        station, track.at_ns, frozen_int64(np.rint(since / float(TRACE_STEP)).astype(np.int64)),
        np.zeros(len(track), np.uint8), TRACE_STEP, "m", Origin(f"{PROTOCOL.name}/{PROTOCOL.version}", place),
        garbage=tuple((gap.begin_ns, gap.end_ns) for gap in (steps.gaps() if len(track) else ())),
    )  # fmt: skip
