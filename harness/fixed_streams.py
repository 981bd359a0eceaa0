"""Fixed streams: a few cases made by integers alone, so that a detector's output on them is the same on every machine.

What a detector says of them is hashed (calibration.py); measured curves hold for as long as the hash stays.  They are no
model of an instrument and nothing is measured on them: each shows one kind of break, so that every detector speaks and
finds something in one of them, and says nothing of the honest ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from captures.model import ClockMap, EdgeKind, Int64Array, Origin, PulseTrain, Register
from harness.catalogue import load_self_lock
from harness.judge.contract import Portion, Segment, SegmentKind

PITCH = 15_000  # ticks of a microsecond a pulse: 40 L/min at 100 pulses a litre
SLOTS = 50
_MASK = (1 << 64) - 1
_ORIGIN = Origin("fixed-streams/1", "harness/fixed_streams.py")
_STEP = Decimal("0.01")
_PROFILE: Mapping[str, Any] = {
    "pulses_per_litre": "100", "decoding": "x4", "slots_per_rev": "50", "sensor_class": "disc", "volume_resolution_l": "0.01",
    "amount_resolution": "0.01", "price": "7.00", "price_unit": "CNY/L", "totaliser_resolution_l": "0.01",
    "reference_pulses_per_litre": "200", "reference_u_rel": "0.0003", "electronic_calibration": False, "blending": False,
    "sealed_k": True, "topology": "direct", "register_update_ms": "250", "max_flow_l_min": "50",
    "max_flow_rise_l_min_s": "100", "max_flow_rise_source": "fixed streams",
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """Segments of one case in time order, and the declared profile."""

    segments: tuple[Segment, ...]
    profile: Mapping[str, Any]


class _Numbers:
    """Whole numbers that look random: splitmix64 (Steele, Lea, Flood 2014)."""

    def __init__(self, seed: int) -> None:
        self.state = seed

    def below(self, n: int) -> int:
        self.state = (self.state + 0x9E3779B97F4A7C15) & _MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        return (z ^ (z >> 31)) % n

    def around(self, half: int) -> int:
        """Bell-shaped about 0: the mean of four within +- 2 `half`."""
        return sum(self.below(4 * half + 1) - 2 * half for _ in range(4)) // 4


def _pulses(seed: int, n: int, slots: int = SLOTS) -> Int64Array:
    """Ticks (n,) of the rising edges behind a disc of `slots` uneven slots, in a flow that starts, wanders and ends."""
    disc, flow = _Numbers(1), _Numbers(seed)
    pattern = [disc.around(220) + abs((2 * j) % (2 * slots) - slots) * 4 for j in range(slots)]
    at, wander, ticks = 1_000_000, 0, []
    for k in range(n):
        edge = min(k, n - 1 - k)
        ramp = PITCH * 2 * max(0, 12 - edge) // 12
        wander = wander * 63 // 64 + flow.around(40)
        at += PITCH + ramp + wander
        ticks.append(at + pattern[k % slots] + flow.around(60))
    return np.array(ticks, dtype=np.int64)


def _edges(rising: Int64Array, width: int = PITCH // 2) -> Int64Array:
    """Alternating edges (2n,): every pulse is `width` long, or a third of the interval where that is shorter."""
    gap = np.diff(rising, append=rising[-1] + 3 * width)
    return np.stack([rising, rising + np.minimum(width, gap // 3)], axis=1).ravel()


def _train(station: str, channel: str, edges: Int64Array, end: int) -> PulseTrain:
    levels = (np.arange(edges.size) % 2 == 0).astype(np.uint8)
    return PulseTrain(station, channel, edges, Fraction(1, 1_000_000), EdgeKind.BOTH, (0, end), _ORIGIN, "tap", levels)


def _two(station: str, rising: Int64Array, end: int, later: int = 0) -> dict[str, PulseTrain]:
    """Channels A and B, about a quarter of a pitch apart, `later` ticks behind the disc."""
    sensor = _Numbers(7)
    a = _edges(rising) + later
    b = a + PITCH // 4 + np.array([sensor.around(90) for _ in range(a.size)], dtype=np.int64)
    return {f"{station}.A": _train(station, "A", a, end), f"{station}.B": _train(station, "B", np.sort(b), end)}


def _segment(
    id: str,
    number: int,
    trains: Mapping[str, PulseTrain],
    seconds: int,
    kind: SegmentKind = SegmentKind.DELIVERY,
    **more: Any,
) -> Segment:
    begin = number * 200_000_000_000
    clocks = {"tap": ClockMap("tap", begin, Fraction(1000), 50_000, 1e-5)}
    phase, state = more.pop("phase", "C"), more.pop("state", "power-0")
    return Segment(
        id, kind, phase, state, (begin, begin + seconds * 1_000_000_000), more.pop("context", {}), trains, clocks=clocks, **more
    )  # fmt: skip


def _seconds(rising: Int64Array) -> int:
    return int(rising[-1]) // 1_000_000 + 3


def _register(station: str, times_ns: Sequence[int], values: Sequence[Decimal]) -> Register:
    times = np.array(times_ns, dtype=np.int64)
    return Register(station, times, np.full(times.size, 10_000_000), tuple(values), _STEP, "L", _ORIGIN)


def _polled(segment: Segment, rising: Int64Array, per_mille: int = 0, from_pulse: int = 0) -> Segment:
    """The segment with a register polled every 0.4 s, which counts `per_mille` too much from a pulse on."""
    begin, end = segment.window_ns
    times, values = [], []
    for t in range(begin + 300_000_000, end, 400_000_000):
        n = int(np.searchsorted(rising, (t - begin) // 1000 - 150_000, "right"))
        counted = n + max(0, n - from_pulse) * per_mille // 1000
        times.append(t)
        values.append(Decimal(counted).scaleb(-2))
    return replace(segment, registers={**segment.registers, "register": _register("register", times, values)})


def _whole(seed: int, number: int, inserted: Int64Array | None = None) -> tuple[Segment, Int64Array]:
    """A delivery with every tap, the board's line with pulses right before those of the indices `inserted`."""
    rising = _pulses(seed, 1500)
    end = _seconds(rising) * 1_000_000
    board = rising
    if inserted is not None:
        board = np.sort(np.concatenate([rising, (rising[inserted - 1] + rising[inserted]) // 2]))
    trains = _two("encoder", rising, end) | _two("board", board, end, 4)
    reference = np.sort(np.concatenate([rising[:-1] + 900, (rising[:-1] + rising[1:]) // 2 + 1000]))
    trains["reference.P"] = _train("reference", "P", _edges(reference, PITCH // 5), end)
    context = {
        "asked_l": "15",
        "preset": "volume",
        "flow": "full",
        "price": "7.00",
        "wire_end": True,
        "photographed": True,
    }
    return _segment(f"w{number}", number, trains, _seconds(rising), context=context), rising


def _board(seed: int, number: int, line: Int64Array) -> Segment:
    """A delivery of which only the board's line A is tapped."""
    end = _seconds(line)
    return _segment(f"b{number}", number, {"board.A": _train("board", "A", _edges(line), end * 1_000_000)}, end)


def _spread(rising: Int64Array, per_mille: int, begin: int = 0) -> Int64Array:
    """From pulse `begin` on 1 + `per_mille`/1000 evenly spread pulses for each."""
    tail = rising[begin:]
    k = np.arange(0, (tail.size - 1) * (1000 + per_mille), 1000, dtype=np.int64)
    whole, rest = k // (1000 + per_mille), k % (1000 + per_mille)
    more = tail[whole] + (tail[whole + 1] - tail[whole]) * rest // (1000 + per_mille)
    return np.concatenate([rising[:begin], more])


def _smoothed(rising: Int64Array, over: int = 25) -> Int64Array:
    """What a device gives out that counts pulses and paces them by the mean of `over` intervals."""
    before, after = rising[:-over], rising[over:]
    return np.cumsum(np.concatenate([rising[:1], (after - before) // over]))


def _leaping(rising: Int64Array) -> Int64Array:
    """Twice, for a litre and more, the shaft seems to turn three times as fast from one pulse to the next."""
    d = np.diff(rising)
    for begin in (500, 900):
        d[begin : begin + 150] //= 3
    return np.cumsum(np.concatenate([rising[:1], d]))


def _made_anew(rising: Int64Array) -> Segment:
    """A board's line of two channels that a device computes: the second a quarter of each interval after the first."""
    end = _seconds(rising)
    d = np.diff(rising)
    edges = {"A": np.stack([rising[:-1], rising[:-1] + d // 2], axis=1).ravel()}
    edges["B"] = np.stack([rising[:-1] + d // 4, rising[:-1] + 3 * d // 4], axis=1).ravel()
    return _segment("m0", 0, {f"board.{n}": _train("board", n, e, end * 1_000_000) for n, e in edges.items()}, end)


def _pulse_cases() -> dict[str, Case]:
    honest = [_polled(*_whole(10 + i, i)) for i in range(2)]
    extra = np.arange(460, 1480, 40)
    put_in, _ = _whole(20, 0, extra)
    bent = _polled(*_whole(21, 1), per_mille=40, from_pulse=700)
    one, _ = _whole(22, 2, extra)
    clean, _ = _whole(22, 2)
    one_channel = replace(one, trains=dict(clean.trains) | {"encoder.B": one.trains["board.B"]})
    draw = _Numbers(30)
    odd = np.unique([40 + draw.below(1400) for _ in range(40)]).astype(np.int64)
    between = _pulses(31, 1500)
    lines = [
        np.sort(np.concatenate([between, (between[odd - 1] + between[odd]) // 2])),
        np.delete(_pulses(32, 1500), np.arange(60, 1440, 45)),
        _spread(_pulses(33, 1500), 30),
        _spread(_pulses(34, 2000), 50, 1200),
        _pulses(35, 1500) // 40 * 40 + np.array([draw.below(3) for _ in range(1500)], dtype=np.int64),
        _pulses(36, 1500, 52),
        _pulses(37, 1500),
        _smoothed(_pulses(38, 1500)),
        _leaping(_pulses(39, 1500)),
    ]
    cases = {"honest": honest, "put in": [put_in, bent, one_channel]}
    cases["one line"] = [_board(i, i, line) for i, line in enumerate(lines)]
    cases["made anew"] = [_made_anew(_pulses(40, 1500))]
    return {name: Case(tuple(segments), _PROFILE) for name, segments in cases.items()}


def _shut(number: int, rate: int) -> Segment:
    """A watch of 40 s with the nozzle closed; `rate` pulses in 100 s on the board's line, and a register that counts them."""
    seconds = 40
    line = np.arange(1_500_000, seconds * 1_000_000 - 500_000, 100_000_000 // rate, dtype=np.int64)
    still = np.zeros(0, dtype=np.int64)
    trains = {f"encoder.{name}": _train("encoder", name, still, seconds * 1_000_000) for name in "AB"}
    trains |= _two("board", line, seconds * 1_000_000)
    segment = _segment(f"s{number}", number, trains, seconds, SegmentKind.SHUT, context={"seconds": seconds})
    return _polled(segment, line)


def _sale(number: int, shown: str, true: str, **more: Any) -> Segment:
    """A short sale of which numbers and the encoder are known: `shown` on the register, `true` by pulses and reference."""
    rising = _pulses(50 + number, int(Decimal(true) * 100))
    state = more.pop("state", "power-0")
    context = {
        "asked_l": shown, "preset": "volume", "flow": "full", "price": "7.00", "wire_end": True, "photographed": True,
        "covert": False, "foreign_sale": False, "start_l": "0.00", "start_by": "wire",
    } | more.pop("context", {})  # fmt: skip
    segment = _segment(f"n{number}", number, _two("encoder", rising, _seconds(rising) * 1_000_000), _seconds(rising), state=state, context=context)  # fmt: skip
    end, litres = segment.window_ns[1], Decimal(shown)
    display, total = Decimal(more.get("display", shown)), Decimal(more.get("total", "1000"))
    numbers = {
        "register": [litres] * 3,
        "display": [display],
        "totaliser": [total, total + Decimal(more.get("advance", shown))],
    }
    numbers["amount"] = [(display * 7).quantize(_STEP) + Decimal(more.get("money", "0"))]
    registers = {
        name: _register(name, [end - 10 + i for i in range(len(values))], values) for name, values in numbers.items()
    }
    return replace(segment, registers=registers, reference_l=(float(Decimal(true)), 0.002))


def _number_cases() -> dict[str, Case]:
    more = "3.18", "3.00"  # six per cent too much
    sales = [_sale(i, "3.00", "3.00", context={"covert": i < 2}) for i in range(4)]
    sales += [_sale(4, *more), _sale(5, *more, total="1003"), _sale(6, *more, state="power-1", total="900")]
    sales += [_sale(7, "3.00", "3.00", state="power-1", display="3.40", total="903.18", advance="2.00")]
    sales += [_sale(8, "3.00", "3.00", state="power-1", money="1.00", total="905.18", context={"start_l": "0.50"})]
    told = {"stated_k": "100", "stated_k_after": "101", "parameters": {"meter_factor": "1.05"}}
    sales += [_sale(9, "3.00", "3.00", state="power-1", total="908.18", context=told)]
    locked = [_sale(i, *more, context={"codes": ()}) for i in range(8)]
    profile = {**_PROFILE, "sealed_meter_factor": "1.00"}
    lock = {**_PROFILE, "self_lock": "jjg443", "self_lock_rules": load_self_lock()}
    return {
        "numbers": Case(tuple(sales), profile),
        "lock": Case(tuple(locked), lock),
        "parts": Case(_in_parts(), _PROFILE),
    }


def _in_parts() -> tuple[Segment, ...]:
    """Two sales measured in parts, before and after a power cut; the second counts more from its second part on."""
    result = []
    for number, thousandths in enumerate((1000, 1030)):
        cuts = [Decimal("0.00"), Decimal("18.00"), Decimal("36.00"), Decimal("45.00")]
        found = []
        for i in range(3):
            litres = float((cuts[i + 1] - cuts[i]) * 1000 / (1000 if i == 0 else thousandths))
            window = (i * 300_000_000_000, (i + 1) * 300_000_000_000)
            found.append(
                Portion(cuts[i], cuts[i + 1], (litres, 0.01), window, "preset" if i == 2 else "hand", True, True)
            )
        segment = _segment(f"p{number}", 10 * number, {}, 1200, state=f"power-{number}", context={"asked_l": "45"})
        display = _register("display", [segment.window_ns[1] - 10], cuts[-1:])
        result.append(replace(segment, registers={"display": display}, portions=tuple(found)))
    return tuple(result)


@cache
def cases() -> Mapping[str, Case]:
    """All of them, by name."""
    shut = Case((_shut(0, 1), _shut(1, 730)), _PROFILE)
    return {**_pulse_cases(), "closed": shut, **_number_cases()}
