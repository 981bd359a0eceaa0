"""How an honest taxi drives, and the pulses that its wheels make, without the project's simulation: a model, not field data.

A speed over time becomes the way of the driven wheel (which spins when pulling off and is let go by ABS), that way the pulses of a
sensor of one declared class, and those what a tap of its line sees: latency, a worn reed that chatters, single bursts of interference.
Sizes are engineering values.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from captures.model import EdgeKind, Int64Array, Origin, PulseTrain, frozen_int64

Floats = npt.NDArray[np.float64]
S = 1_000_000_000  # ns
STEP_S = 0.02
CLOCK = "analyser"
HERE = Origin("generators_taxi", "")


@dataclass(frozen=True)
class Sensor:
    """What the seed fixed of a sensor.  `kind` as in sensor_classes.toml; `each`: pulses to the meter for one of the sensor;
    `offsets`: where each magnet of a turn stands, in pulses; `chatter`: share of the pulses of a reed that chatter."""

    kind: str
    each: Fraction
    offsets: tuple[float, ...]
    jitter: float
    duty: float
    chatter: float
    update_s: float
    late_s: float
    timer_s: float

    @property
    def magnets(self) -> int:
        return len(self.offsets)


@dataclass(frozen=True, eq=False)
class Drive:
    """Metres of the vehicle and of its driven wheel at the end of every STEP_S, (n,) each."""

    vehicle_m: Floats
    wheel_m: Floats

    @property
    def seconds(self) -> float:
        return float(self.vehicle_m.size * STEP_S)


def sensor(rng: np.random.Generator) -> Sensor:
    kind = str(rng.choice(["magnet-rotor", "abs-derived", "ecu-regenerated", "conditioner"], p=[0.5, 0.15, 0.2, 0.15]))
    rotor = kind in ("magnet-rotor", "conditioner")
    magnets = int(rng.choice([1, 1, 2, 4, 8, 16])) if rotor else int(rng.integers(8, 24))
    # the class's bound is on one interval, which two magnets make
    uneven = float(rng.uniform(0, 0.15)) if rotor else float(rng.uniform(0, 0.02))
    share = Fraction(1)
    if kind == "conditioner":
        share = Fraction(str(rng.choice(["1", "1/2", "2", "1/4", "3/2", "4", "4/5", "1/8"])))
    update = float(rng.uniform(0.01, 0.1)) if kind == "ecu-regenerated" else 0.0
    late = {"magnet-rotor": 0.0, "abs-derived": 0.02, "ecu-regenerated": 0.1, "conditioner": 0.1}[kind]
    return Sensor(
        kind, share, tuple(rng.uniform(-uneven, uneven, magnets).tolist()),
        jitter=float(rng.uniform(0.0005, 0.004)),
        duty=float(rng.uniform(0.25, 0.6)),
        chatter=float(rng.uniform(0, 0.02)) if kind == "magnet-rotor" and rng.random() < 0.3 else 0.0,
        update_s=update,
        late_s=float(rng.uniform(0, late)),
        timer_s=float(rng.choice([2e-5, 5e-5, 1e-4, 2.5e-4])) if kind != "magnet-rotor" else 0.0,
    )  # fmt: skip


def town(rng: np.random.Generator, metres: float, top_kmh: float) -> Floats:
    """Speeds (n,) in m/s from rest to rest over about so many metres: pulling off, keeping on, queues, lights, hard stops now and then."""
    parts, done, speed = [np.zeros(int(rng.uniform(1, 4) / STEP_S))], 0.0, 0.0
    while done < metres:
        goal = float(rng.uniform(0.35, 1)) * top_kmh / 3.6
        goal = min(goal, max(float(np.sqrt(1.2 * (metres - done))), 1.5))
        if rng.random() < 0.2:
            goal = float(rng.uniform(1, 5))  # a queue, about the speed at which the waiting clock begins
        held = float(rng.uniform(3, 40))
        brake = float(rng.uniform(6, 8)) if rng.random() < 0.03 else float(rng.uniform(0.8, 3))
        low = 0.0 if rng.random() < 0.6 else float(rng.uniform(0.5, 4))
        for part in (
            _ramp(speed, goal, float(rng.uniform(0.7, 2.8))),
            goal * (1 + 0.04 * np.sin(np.arange(int(held / STEP_S)) * STEP_S * float(rng.uniform(0.1, 0.6)))),
            _ramp(goal, low, brake),
            np.zeros(int(float(rng.exponential(15)) / STEP_S) if low == 0 else 0),
        ):
            parts.append(part)
            done += float(part.sum()) * STEP_S
        speed = low
    parts += [_ramp(speed, 0.0, 1.5), np.zeros(int(rng.uniform(1, 4) / STEP_S))]
    return np.concatenate(parts)


def steady(rng: np.random.Generator, metres: float, kmh: float, rate: float, sway: float) -> Floats:
    """From rest to a speed, along at it, and to rest again over exactly so many metres; shorter ones never reach it."""
    top = min(kmh / 3.6, float(np.sqrt(rate * metres)))
    ramp = _ramp(0.0, top, rate)
    along = np.full(max(int((metres - 2 * float(ramp.sum()) * STEP_S) / top / STEP_S), 0), top)
    along *= 1 + sway * np.sin(np.arange(along.size) * STEP_S * float(rng.uniform(0.1, 0.6)))
    speeds = np.concatenate([ramp, along, ramp[::-1]])
    still = np.zeros(int(rng.uniform(1, 3) / STEP_S))
    return np.concatenate([still, speeds * (metres / (float(speeds.sum()) * STEP_S)), still])


def _ramp(a: float, b: float, rate: float) -> Floats:
    return np.linspace(a, b, max(2, int(abs(b - a) / rate / STEP_S)))


def driven(rng: np.random.Generator, speeds: Floats, slippery: bool) -> Drive:
    """The way of vehicle and driven wheel: a wheel spins when the car pulls off, and is braked to a part of its speed by ABS."""
    slip = np.zeros(speeds.size)
    if slippery:
        gain = np.diff(speeds, prepend=0.0) / STEP_S
        for i in np.flatnonzero((speeds[:-1] < 0.5) & (gain[1:] > 1.2)).tolist():
            if rng.random() < 0.3:
                up = int(float(rng.uniform(1, 8)) / float(rng.uniform(8, 40)) / STEP_S) + 1
                peak, down = float(rng.uniform(1, 8)), int(rng.uniform(0.2, 1) / STEP_S)
                course = np.concatenate([np.linspace(0, peak, up), np.linspace(peak, 0, down)])[: slip.size - i]
                slip[i : i + course.size] = course
        hard = gain < -5
        beat = 0.5 - 0.5 * np.cos(np.arange(speeds.size) * STEP_S * 2 * np.pi * float(rng.uniform(4, 9)))
        slip[hard] = -float(rng.uniform(0.1, 0.6)) * (speeds * beat)[hard]
    return Drive(np.cumsum(speeds) * STEP_S, np.cumsum(np.maximum(speeds + slip, 0.0)) * STEP_S)


def at_sensor(rng: np.random.Generator, one: Sensor, drive: Drive, per_m: float) -> Floats:
    """Seconds (n,) of the pulses that the sensor gives out, `per_m` of the meter's to a metre of the wheel."""
    own = per_m / float(one.each)
    times = np.arange(1, drive.wheel_m.size + 1) * STEP_S
    if one.kind == "ecu-regenerated":
        return _regenerated(rng, one, drive, own)
    total = int(drive.wheel_m[-1] * own)
    first = int(rng.integers(one.magnets))
    places = np.arange(total) + float(rng.uniform()) + np.resize(np.roll(one.offsets, first), total)
    places = np.sort(places + rng.normal(0, one.jitter, total))
    moving = np.diff(drive.wheel_m, prepend=-1.0) > 1e-9
    seconds = np.interp(np.maximum(places, 0.0) / own, drive.wheel_m[moving], times[moving])
    if one.kind == "abs-derived":
        seconds = np.ceil((seconds + one.late_s) / one.timer_s) * one.timer_s
    return np.unique(seconds)


def _regenerated(rng: np.random.Generator, one: Sensor, drive: Drive, per_m: float) -> Floats:
    """The control unit sets the period of its output anew every `update_s`, in whole ticks of its timer, from the speed just before."""
    edges = np.arange(0, drive.seconds, one.update_s)
    way = np.interp(edges - one.late_s, np.arange(1, drive.wheel_m.size + 1) * STEP_S, drive.wheel_m)
    rate = np.maximum(np.diff(way, prepend=0.0), 0.0) / one.update_s * per_m
    period = np.where(rate > 0.2 * per_m, np.round(1 / np.maximum(rate, 1e-9) / one.timer_s) * one.timer_s, np.inf)
    phase = np.concatenate([[float(rng.uniform())], np.cumsum(one.update_s / period)])
    found = np.interp(np.arange(1, int(phase[-1]) + 1), phase, np.append(edges, edges[-1] + one.update_s))
    return np.unique(np.ceil(found / one.timer_s) * one.timer_s)


def at_input(one: Sensor, given: Floats) -> Floats:
    """Seconds (n,) of what reaches the meter: a conditioner gives its ratio of them, one latency later, each on a tick of its timer."""
    if one.kind != "conditioner":
        return given
    if given.size < 2:
        return given[:0]
    share = float(one.each)
    phase = (np.arange(given.size) + 1) * share
    whole = np.arange(1, int(phase[-1] + 1e-9) + 1)
    found = np.interp(whole, np.concatenate([[0.0], phase]), np.concatenate([given[:1] - 1e-3, given]))
    return np.unique(np.ceil((found + one.late_s) / one.timer_s) * one.timer_s)


def rocked(rng: np.random.Generator, at_s: float, per_m: float) -> Floats:
    """A vehicle that settles on its brake moves its wheel by some centimetres, to and fro."""
    n = int(rng.poisson(float(rng.uniform(0, 0.3)) * per_m))
    return np.asarray(np.sort(at_s + rng.uniform(0, 1.0, n)), dtype=np.float64)


def bursts(rng: np.random.Generator, seconds: float, per_s: float) -> Floats:
    """Spikes (n,) of single disturbances of the line, some milliseconds each."""
    begins = rng.uniform(0, seconds, int(rng.poisson(per_s * seconds)))
    spikes = [begin + np.sort(rng.uniform(0, 0.02, int(rng.integers(1, 7)))) for begin in begins]
    return np.asarray(np.concatenate([np.zeros(0), *spikes]), dtype=np.float64)


def line(
    rng: np.random.Generator, station: str, one: Sensor, pulses: Floats, spikes: Floats, seconds: float, late_s: float,
    tick_s: Fraction, both: bool, chatter: Floats,
) -> PulseTrain:  # fmt: skip
    """What a tap records of the pulses (n,), some of which chatter (`chatter` (n,) seconds until they rise again, 0 = none), and of
    the spikes (s,) of interference."""
    rises = pulses + late_s + np.abs(rng.normal(0, 5e-7, pulses.size))
    widths = np.minimum(np.diff(rises, append=rises[-1:] + 0.05), 0.5) * one.duty
    again = chatter > 0
    second, rest = rises[again] + chatter[again], widths[again] - chatter[again]
    widths = np.where(again, 0.6 * chatter, widths)
    narrow = rng.uniform(2e-6, 5e-5, spikes.size)
    all_rises = np.concatenate([rises, second, spikes])
    all_falls = all_rises + np.concatenate([widths, np.maximum(rest, 1e-4), narrow])
    a, b = _edges(all_rises, all_falls, tick_s, seconds)
    window = (0, int(seconds / float(tick_s)))
    if not both:
        return PulseTrain(station, "A", frozen_int64(a), tick_s, EdgeKind.RISING, window, HERE, CLOCK)
    levels = np.tile(np.array([1, 0], np.uint8), a.size)
    edges = frozen_int64(np.stack([a, b], axis=1).ravel())
    return PulseTrain(station, "A", edges, tick_s, EdgeKind.BOTH, window, HERE, CLOCK, levels)


def _edges(rises: Floats, falls: Floats, tick_s: Fraction, seconds: float) -> tuple[Int64Array, Int64Array]:
    """Rises and falls (k,) in ticks of a line on which everything is laid over each other: high where anything is."""
    inside = (rises >= 0) & (falls < seconds)
    order = np.argsort(rises[inside], kind="stable")
    a = np.floor(rises[inside][order] / float(tick_s)).astype(np.int64)
    b = np.floor(falls[inside][order] / float(tick_s)).astype(np.int64)
    seen = b > a  # a recorder does not see what lies between two of its samples
    a, b = a[seen], np.maximum.accumulate(b[seen])
    if not a.size:
        return a, b
    apart = np.concatenate([[True], a[1:] > b[:-1]])
    return a[apart], b[np.concatenate([apart[1:], [True]])]


def chattering(rng: np.random.Generator, one: Sensor, pulses: Floats, k: int) -> Floats:
    """After how many seconds (n,) each pulse rises again; 0 where it does not.  Never longer than a meter of this K can take away: one
    that counts up to 200 km/h waits for no more than an eighth of the interval there, because a reed is closed for a quarter of it."""
    if not one.chatter or not pulses.size:
        return np.zeros(pulses.size)
    longest = min(1.2e-3, 0.12 / (k / 1000 * 200 / 3.6))
    room = np.minimum(np.diff(pulses, append=pulses[-1] + 0.05), 0.02) * one.duty / 3
    return np.where(
        rng.random(pulses.size) < one.chatter, np.minimum(rng.uniform(longest / 10, longest, pulses.size), room), 0.0
    )
