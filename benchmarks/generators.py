"""Honest deliveries, and the same with one link broken: arrays straight from numpy, for nulls, power and tests.

A generator of its own, deliberately not the plant of the simulated bench: a detector must not be tuned to one model.
Encoder grades after statistics.md 1a (slot scatter, eccentricity, piston ripple, jitter; nominal, weak, poor), flow
profiles (steady, two-stage, pulsating), EMI bursts and contact bounce, start and stop hammer, register polls with
latency, misread digits, reference and meter within their tolerances.  All amplitudes are assumptions of a model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from captures.model import ClockMap, EdgeKind, Origin, PulseTrain, Register
from harness.judge.contract import Segment, SegmentKind
from harness.judge.pulses.gray import decode

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
ORIGIN = Origin("generator/1", "benchmarks/generators.py")
TICK_S = Fraction(1, 1_000_000)
GRADES = {  # slot scatter, eccentricity, ripple, edge jitter: in pitches
    "nominal": (0.007, 0.005, 0.020, 0.005),
    "weak": (0.002, 0.003, 0.004, 0.005),
    "poor": (0.001, 0.001, 0.001, 0.010),
}
FLOWS = ("steady", "two-stage", "pulsating", "slow")
PROFILE: dict[str, Any] = {
    "pulses_per_litre": "100",
    "decoding": "x4",
    "slots_per_rev": "50",
    "sensor_class": "disc",
    "volume_resolution_l": "0.01",
    "amount_resolution": "0.01",
    "price": "7.52",
    "price_unit": "CNY/L",
    "totaliser_resolution_l": "0.01",
    "reference_pulses_per_litre": "200",
    "reference_u_rel": "0.0003",
    "electronic_calibration": False,
    "blending": False,
    "sealed_k": True,
    "topology": "direct",
    "register_update_ms": "250",
    "max_flow_l_min": "50",
    "max_flow_rise_l_min_s": "60",
    "max_flow_rise_source": "assumed [D]",
}
ROUNDING = (ROUND_FLOOR, ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_CEILING)


@dataclass(frozen=True)
class Instrument:
    """What stays the same over the segments of one dispenser."""

    grade: str = "nominal"
    gain: float = 0.0  # honest error of the meter, relative
    reference_gain: float = 0.0
    latency_s: float = 0.15
    poll_s: float = 0.4
    rounding: str = ROUND_HALF_UP
    slots: Floats = field(default_factory=lambda: np.zeros(50))
    phase: float = 0.0
    filtered: bool = True  # the board ignores pulses too short for a meter (fuel_dispensers.md 2.1 [H3])


@dataclass(frozen=True)
class Tamper:
    """One broken link: `insert_every` pulses (0 none) into the board line from `from_l` to `to_l`; register gain and
    jump from `from_l` on; gain of display, amount, totaliser."""

    insert_every: int = 0
    insert_random: float = 0.0
    delay: float = 0.5  # of the interval; where the inserted pulse lies
    channels: str = "AB"
    delete_every: int = 0
    register_gain: float = 0.0
    register_jump_l: float = 0.0
    from_l: float = 0.0
    to_l: float = 1e9
    display_gain: float = 0.0
    amount_gain: float = 0.0
    totaliser_gain: float = 0.0
    meter_gain: float = 0.0  # mechanical, seen by the encoder too
    window_gain: float = (
        0.0  # the register gains so much between `windows_l` and takes it back over `catch_l` before each
    )
    windows_l: tuple[float, ...] = (5.0, 10.0, 20.0)
    catch_l: float = 0.5
    start_l: float = 0.0  # the register begins at so much
    shut_hz: float = 0.0


HONEST = Tamper()


def instrument(rng: np.random.Generator, grade: str | None = None) -> Instrument:
    grade = grade or str(rng.choice(list(GRADES)))
    slot, eccentric, ripple, _ = GRADES[grade]
    j = np.arange(50)
    errors = rng.normal(0, slot, 50)
    errors += eccentric * 50 / (2 * np.pi) * np.sin(2 * np.pi * j / 50 + rng.uniform(0, 6.28))
    errors += ripple * 50 / (2 * np.pi * 4) * np.sin(2 * np.pi * 4 * j / 50 + rng.uniform(0, 6.28))
    return Instrument(
        grade,
        float(rng.normal(0, 0.0012)),
        float(rng.normal(0, 0.0002)),
        float(rng.uniform(0.02, 0.25)),
        float(rng.uniform(0.2, 0.7)),
        str(rng.choice(ROUNDING)),
        errors,
        float(rng.uniform(0.15, 0.35)),
        bool(rng.random() < 0.9),
    )


def flow_profile(rng: np.random.Generator, kind: str, volume_l: float) -> tuple[Floats, Floats]:
    """Times (n,) in s at 10 ms and cumulative litres (n,)."""
    peak = float(rng.uniform(30, 48)) / 60 if kind != "slow" else float(rng.uniform(4, 8)) / 60
    step = 0.01
    n = int((volume_l / peak * 1.6 + 40) / step)
    t = np.arange(n, dtype=np.float64) * step
    a = float(np.exp(-step / rng.uniform(0.3, 1.0)))
    wander = lfilter([np.sqrt(1 - a * a)], [1, -a], rng.normal(0, rng.uniform(0.01, 0.02), n))
    q = peak * (1 - np.exp(-t / rng.uniform(0.3, 1.2))) * (1 + wander)
    if kind == "pulsating":
        q *= 1 + rng.uniform(0.02, 0.08) * np.sin(2 * np.pi * rng.uniform(2, 9) * t + rng.uniform(0, 6.28))
    if kind == "two-stage" or rng.random() < 0.3:
        slow_from = volume_l - rng.uniform(0.3, 1.0)
        v = np.cumsum(q) * step
        q = np.where(v > slow_from, np.minimum(q, peak * 0.15), q)
    if rng.random() < 0.3:  # start hammer
        q += peak * 0.5 * np.exp(-t / 0.15) * np.sin(2 * np.pi * 8 * t)
    q = np.maximum(q, 1e-4 * peak)
    v = np.cumsum(q) * step
    end = int(np.searchsorted(v, volume_l)) + 1
    return t[:end], np.minimum(v[:end], volume_l)


def _edges(t: Floats, v: Floats, volumes: Floats) -> Floats:
    """Seconds at which the cumulative volume passes `volumes`."""
    inside = volumes[(volumes > v[0]) & (volumes < v[-1])]
    result: Floats = np.interp(inside, v, t)
    return result


def _channel(rng: np.random.Generator, it: Instrument, t: Floats, v: Floats, phase: float) -> Floats:
    """Seconds of alternating edges (rising first) of one channel of the pulser."""
    n = int(v[-1] * 100) + 2
    jitter = GRADES[it.grade][3]
    k = np.arange(n)
    rise = (k + phase + it.slots[k % 50] + rng.normal(0, jitter, n)) / 100
    fall = (k + phase + 0.5 + it.slots[k % 50] + rng.normal(0, jitter, n)) / 100
    both = np.empty(2 * n)
    both[::2], both[1::2] = rise, fall
    out = _edges(t, v, np.maximum.accumulate(both))
    return out[: out.size // 2 * 2]


def _ticks(seconds: Floats, start_tick: int) -> Ints:
    ticks = np.round(seconds * 1e6).astype(np.int64) + start_tick
    if ticks.size:
        ticks = np.maximum.accumulate(ticks - np.arange(ticks.size)) + np.arange(ticks.size)
    return ticks


def _train(station: str, channel: str, ticks: Ints, window: tuple[int, int]) -> PulseTrain:
    return PulseTrain(station, channel, ticks, TICK_S, EdgeKind.BOTH, window, ORIGIN, "tap", _levels(ticks))


def _with_pulses(edges: Ints, at: Ints, width: int) -> Ints:
    """Alternating edges with whole pulses (at, at + width) put in where they do not collide with an edge."""
    if not at.size:
        return edges
    if edges.size:
        after = np.searchsorted(edges, at, "right")
        before = np.searchsorted(edges, at + width, "right")
        nearest = edges[np.clip(after, 0, edges.size - 1)]
        free = (after == before) & (nearest != at + width) & (edges[np.maximum(after - 1, 0)] != at)
        at = at[free]
    at = at[np.concatenate([[True], np.diff(at) > width + 1])] if at.size else at
    return np.sort(np.concatenate([edges, at, at + width]))


def _disturb(rng: np.random.Generator, edges: Ints, bursts: Ints) -> Ints:
    """EMI bursts at the ticks `bursts`: a few narrow pulses within 15 ms each."""
    for begin in bursts:
        at = begin + np.cumsum(rng.integers(200, 3000, int(rng.integers(1, 6))))
        edges = _with_pulses(edges, at, int(rng.integers(2, 40)))
    return edges


def _board(rng: np.random.Generator, encoder: Ints, it: Tamper, channel: str) -> Ints:
    """The encoder's edges after the wiring, and after a device in it."""
    edges = encoder + rng.integers(2, 6, encoder.size) if encoder.size else encoder
    edges = np.maximum.accumulate(edges - np.arange(edges.size)) + np.arange(edges.size)
    if channel not in it.channels:
        return edges
    pulse = np.arange(edges.size // 2)
    litres = pulse / 100
    active = (litres >= it.from_l) & (litres < it.to_l)
    active[-2:] = False
    low = edges[1::2]  # the line is low from here to the next rising edge
    gap = np.concatenate([edges[2::2] - low[:-1], [0]]) if edges.size > 2 else np.zeros(0, dtype=np.int64)
    chosen = np.zeros(pulse.size, dtype=bool)
    if it.insert_every:
        chosen = active & (pulse % it.insert_every == it.insert_every - 1)
    elif it.insert_random:
        chosen = active & (rng.random(pulse.size) < it.insert_random)
    if it.delete_every:
        gone = active & (pulse % it.delete_every == it.delete_every - 1)
        return np.delete(edges, np.concatenate([2 * np.flatnonzero(gone), 2 * np.flatnonzero(gone) + 1]))
    at = (low + np.maximum((gap * it.delay * 0.8).astype(np.int64), 2))[chosen]
    return _with_pulses(edges, at, int(max(np.median(gap) * 0.1, 2)))


def _net(a: Ints, b: Ints) -> Ints:
    """Ticks at which a board that decodes x4 without a filter has counted another whole pulse."""
    walk = decode(a, _levels(a), b, _levels(b))
    steps = walk.direction.astype(np.int64)
    forward = 1 if int(steps.sum()) >= 0 else -1
    furthest = np.maximum.accumulate(np.cumsum(steps * forward))
    return walk.ticks[np.flatnonzero(np.diff(furthest // 4, prepend=0) > 0)]


def _sawtooth(litres: Floats, it: Tamper) -> Floats:
    """Litres too much (n,) at true volumes `litres` (n,): rising between the windows, nothing at each."""
    knots, excess, last = [0.0], [0.0], 0.0
    for window in it.windows_l:
        knots += [window - it.catch_l, window]
        excess += [it.window_gain * (window - it.catch_l - last), 0.0]
        last = window
    knots.append(last + 1000.0)
    excess.append(it.window_gain * 1000.0)
    result: Floats = np.interp(litres, knots, excess)
    return result


@dataclass(frozen=True)
class Kind:
    """What makes a generator one of its kind; the others (generators_*.py) put something else in each place.

    `flow` (rng, profile, litres) -> seconds and litres; `channel` (rng, instrument, seconds, litres, phase) -> seconds of
    alternating edges, rising first; `disturb` (rng, edges, bursts) -> edges; `keep` (rng, train) -> what is recorded of it.
    """

    flow: Callable[[np.random.Generator, str, float], tuple[Floats, Floats]] = flow_profile
    channel: Callable[[np.random.Generator, Any, Floats, Floats, float], Floats] = _channel
    disturb: Callable[[np.random.Generator, Ints, Ints], Ints] = _disturb
    keep: Callable[[np.random.Generator, dict[str, PulseTrain]], dict[str, PulseTrain]] = lambda _, trains: trains


PLAIN = Kind()


def _levels(edges: Ints) -> npt.NDArray[np.uint8]:
    levels: npt.NDArray[np.uint8] = (np.arange(edges.size) % 2 == 0).astype(np.uint8)
    return levels


def _decimal(value: float, step: str, rounding: str = ROUND_FLOOR) -> Decimal:
    return Decimal(repr(float(value))).quantize(Decimal(step), rounding=rounding)


def _misread(rng: np.random.Generator, value: Decimal, share: float) -> Decimal:
    """One digit wrong, now and then."""
    if rng.random() >= share:
        return value
    digits = list(str(value))
    places = [i for i, c in enumerate(digits) if c.isdigit()]
    i = int(rng.choice(places))
    digits[i] = str((int(digits[i]) + int(rng.integers(1, 10))) % 10)
    return Decimal("".join(digits))


def delivery(
    rng: np.random.Generator,
    it: Instrument,
    volume_l: float,
    *,
    id: str = "d1",
    flow: str = "steady",
    tamper: Tamper = HONEST,
    stations: str = "reference encoder board register display amount totaliser",
    weighed: bool = False,
    phase: str = "C",
    state: str = "s1",
    start_ns: int = 0,
    context: dict[str, Any] | None = None,
    misread: float = 0.005,
    emi: float = 0.1,
    kind: Kind = PLAIN,
) -> Segment:
    """One delivery as the bench would have seen it, honest or with `tamper`."""
    wanted = stations.split()
    t, v = kind.flow(rng, flow, volume_l)
    t = t + 1.0  # one second of silence before
    metered = v * (1 + it.gain + tamper.meter_gain + float(rng.normal(0, 0.0003)))
    end_s = float(t[-1]) + 2.5
    window = (0, int(end_s * 1e6))
    clocks = {"tap": ClockMap("tap", start_ns, Fraction(1000), 50_000, 1e-5)}
    trains: dict[str, PulseTrain] = {}
    encoder = {name: _ticks(kind.channel(rng, it, t, metered, ph), 0) for name, ph in (("A", 0.0), ("B", it.phase))}
    board: dict[str, Ints] = {}
    counts = encoder["A"]
    bursts = np.sort(rng.integers(window[0], window[1], int(rng.poisson(emi))))  # both lines at once
    for name, edges in encoder.items():
        board[name] = clean = _board(rng, edges, tamper, name)
        if name == "A":
            counts = clean
        if edges.size > 10 and bursts.size:
            board[name] = kind.disturb(rng, board[name], bursts)
        if "encoder" in wanted:
            trains[f"encoder.{name}"] = _train("encoder", name, edges, window)
        if "board" in wanted:
            trains[f"board.{name}"] = _train("board", name, board[name], window)
    if "reference" in wanted and not weighed:
        k = np.arange(int(v[-1] * 200) + 2)
        ripple = 0.01 * 200 / (2 * np.pi * 20) * np.sin(2 * np.pi * k / 20 + rng.uniform(0, 6.28))
        volumes = (k + rng.uniform(0, 1) + ripple + rng.normal(0, 0.01, k.size)) / 200 / (1 + it.reference_gain)
        rise = _edges(t, v, volumes)
        width = 0.3 / 200 / 0.8
        both = np.sort(np.concatenate([rise, rise + width]))
        trains["reference.P"] = _train("reference", "P", _ticks(both, 0), window)
    # the board's register, from what came in on channel A; a device that adds pulses on B alone is not counted
    counted = (counts[::2] if it.filtered else _net(board["A"], board["B"])) / 1e6
    steps = np.full(counted.size, 0.01)
    litres_in = np.arange(1, counted.size + 1) * 0.01
    inside = (litres_in >= tamper.from_l) & (litres_in < tamper.to_l)
    steps = steps * np.where(inside, 1 + tamper.register_gain, 1.0)
    total = np.cumsum(steps) if steps.size else np.zeros(0)
    if tamper.register_jump_l:
        total = total + np.where(litres_in >= tamper.from_l, tamper.register_jump_l, 0.0)
    if tamper.window_gain:
        total = total + _sawtooth(litres_in, tamper)
    total = total + tamper.start_l
    final = float(total[-1]) if total.size else 0.0
    registers: dict[str, Register] = {}
    shown = _decimal(final, "0.01")
    if "register" in wanted:
        polls = np.arange(0.2 + rng.uniform(0, it.poll_s), end_s - 0.1, it.poll_s) + 0.0
        polls = polls + rng.uniform(-0.01, 0.01, polls.size)
        index = np.searchsorted(counted, polls - it.latency_s - rng.uniform(0, 0.03, polls.size), "right")
        values = np.concatenate([[tamper.start_l], total])[index]
        stamps = start_ns + ((polls + rng.uniform(-0.01, 0.01, polls.size)) * 1e9).astype(np.int64)
        registers["register"] = Register(
            "register",
            stamps,
            np.full(polls.size, 10_000_000),
            tuple(_decimal(x + 1e-9, "0.01") for x in values),
            Decimal("0.01"),
            "L",
            ORIGIN,
        )
        shown = registers["register"].values[-1] if polls.size else shown
    at_rest = np.array([start_ns + int((end_s - 0.2) * 1e9)], dtype=np.int64)

    def single(station: str, values: tuple[Decimal, ...], unit: str) -> Register:
        times = at_rest[0] + np.arange(len(values)) - len(values) + 1
        return Register(station, times, np.full(len(values), 10**9), values, Decimal("0.01"), unit, ORIGIN)

    display = _decimal(float(shown) * (1 + tamper.display_gain) + 1e-9, "0.01")
    if "display" in wanted:
        registers["display"] = single("display", (_misread(rng, display, misread),), "L")
    if "amount" in wanted:
        hidden = float(display) + float(rng.uniform(0, 0.0099))
        money = 7.52 * (hidden if rng.random() < 0.3 else float(display)) * (1 + tamper.amount_gain)
        registers["amount"] = single("amount", (_misread(rng, _decimal(money, "0.01", it.rounding), misread),), "CNY")
    if "totaliser" in wanted:
        before = Decimal("184220.31")
        after = before + _decimal(final * (1 + tamper.totaliser_gain) + rng.uniform(0, 0.0099), "0.01")
        registers["totaliser"] = single("totaliser", (before, _misread(rng, after, misread * 0.2)), "L")
    reference = None
    if "reference" in wanted and weighed:
        u = max(0.0005 * volume_l, 0.004)
        litres = _decimal(float(v[-1] * (1 + it.reference_gain) + rng.normal(0, u)), "0.001")
        reference = (float(_misread(rng, litres, misread)), u)
    asked: dict[str, Any] = {"asked_l": volume_l, "preset": "volume", "flow": "slow" if flow == "slow" else "full"}
    asked |= {"price": "7.52"} | ({"wire_end": True, "foreign_sale": False} if "register" in wanted else {})
    return Segment(
        id,
        SegmentKind.DELIVERY,
        phase,
        state,
        (start_ns, start_ns + int(end_s * 1e9)),
        asked | {"covert": phase == "A"} | (context or {}),
        kind.keep(rng, trains),
        registers,
        clocks,
        (),
        reference,
    )


def honest_case_segments(
    rng: np.random.Generator,
    n: int,
    make: Callable[[np.random.Generator], Any] | None = None,
    deliver: Callable[..., Segment] = delivery,
    **more: Any,
) -> list[Segment]:
    """n honest deliveries of one dispenser, which `make` makes: mixed volumes and flows."""
    it = (make or instrument)(rng)
    result = []
    for i in range(n):
        volume = float(rng.choice([5.0, 7.3, 13.7, 20.0, 27.1, 40.0]))
        flow = str(rng.choice(FLOWS, p=[0.4, 0.3, 0.25, 0.05]))
        if flow == "slow":
            volume = min(volume, 13.7)
        result.append(deliver(rng, it, volume, id=f"d{i + 1}", flow=flow, start_ns=i * 200_000_000_000, **more))
    return result


def relabelled(segment: Segment, **changes: Any) -> Segment:
    """The segment with other labels (id, phase, state, context)."""
    return replace(segment, **changes)
