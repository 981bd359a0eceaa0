"""Sales measured in parts with a can or a prover: honest ones, and the same with a gain that begins inside the sale.

A model of its own, like generators.py, and not the people of the simulated bench; amplitudes are assumptions [D]:
films and remnants of 0 to 40 mL a fill, the first litre 0 to 15 mL short, 0 to 1 per mille evaporated, temperatures not
taken in one case in eight, digits misread and read again by a second officer as the program asks.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np

from benchmarks.generators import ORIGIN, Instrument
from captures.model import Register
from harness.judge.contract import Portion, Segment, SegmentKind

STEP = Decimal("0.01")
PLANS = (  # where the nozzle is shut, and which parts are measured
    ((18.0, 36.0, 45.3), (0, 1, 2)),
    ((20.0, 27.3, 47.3), (0, 2)),
    ((9.0, 18.0, 27.0, 45.0), (0, 2, 3)),
)
PER_C = 12e-4


def part_sale(
    rng: np.random.Generator,
    it: Instrument,
    *,
    id: str = "p1",
    plan: int = 0,
    gain: float = 0.0,
    from_l: float = 0.0,
    misread: float = 0.0,
    wired: bool = False,
    phase: str = "C",
    state: str = "s1",
    start_ns: int = 0,
) -> Segment:
    """One sale in parts; the register counts (1 + `gain`) for what flows beyond `from_l` of its own litres."""
    stops, measured = PLANS[plan]
    run = 1 + it.gain + float(rng.normal(0, 0.0003))
    remnant_l = float(rng.uniform(0, 0.04)) if rng.random() < 0.3 else 0.0
    film_l = float(rng.uniform(0, 0.025)) if rng.random() < 0.3 else 0.0
    first_l = float(rng.uniform(0, 0.015)) if rng.random() < 0.3 else 0.0
    vapour = float(rng.uniform(0, 1e-3)) if rng.random() < 0.3 else 0.0
    blind = rng.random() < 0.125  # nobody took the temperatures
    warmer_c = float(rng.normal(0, 0.8))  # the fuel in the measure, against the meter: unknown where nobody took it
    true_l = shown_l = 0.0
    portions, times, values = [], [], []
    for i, stop in enumerate(stops):
        target = stop + (float(rng.uniform(-0.03, 0.12)) if i + 1 < len(stops) else float(rng.uniform(0, 0.01)))
        begin, t_ns = shown_l, start_ns + (i + 1) * 300_000_000_000
        delivered = _delivered(shown_l, target, run, gain, from_l)
        true_l, shown_l = true_l + delivered, target
        values += [Decimal(repr(target)).quantize(STEP, rounding="ROUND_FLOOR")] * 3
        times += [t_ns - 3_000_000_000 + k * 1_000_000_000 for k in range(3)]
        if i not in measured:
            continue
        caught = delivered * (1 - vapour) - film_l - (first_l if i == 0 else 0.0) + (remnant_l if i else 0.0)
        u_rel = 0.0021 if blind else 0.0005
        seen = caught * (1 + float(rng.normal(0, 0.0004)) + (warmer_c * PER_C if blind else 0.0)) + float(
            rng.normal(0, 0.004)
        )
        fill, twice = _read(rng, seen, misread)
        ends = [Decimal(repr(x)).quantize(STEP, rounding="ROUND_FLOOR") for x in (begin, target)]
        # inside the sale the display is read twice and the reading that its amount confirms is taken, at the end once
        wrong = rng.random() < (misread if i + 1 == len(stops) else misread**2)
        ends[1] += Decimal(int(rng.integers(1, 10))) if wrong else Decimal(0)
        window = (0 if i == 0 else t_ns - 290_000_000_000, t_ns)
        stopped = "preset" if i + 1 == len(stops) else "hand"
        u_l = float(np.hypot(fill * u_rel, 0.006))
        portions.append(Portion(ends[0], ends[1], (fill, u_l), window, stopped, not wrong, twice))
    registers = {"display": _register("display", times[-1:], values[-1:])}
    if wired:
        registers["register"] = _register("register", times, values)
    context: dict[str, Any] = {"asked_l": str(stops[-1]), "preset": "volume", "flow": "full", "covert": False}
    return Segment(
        id, SegmentKind.DELIVERY, phase, state, (start_ns, start_ns + 1_500_000_000_000), context,
        registers=registers, portions=tuple(portions),
    )  # fmt: skip


def _delivered(begin: float, end: float, run: float, gain: float, from_l: float) -> float:
    """True litres while the register goes from `begin` to `end`."""
    before = max(0.0, min(end, from_l) - begin)
    return (before + (end - begin - before) / (1 + gain)) / run


def _read(rng: np.random.Generator, litres: float, misread: float) -> tuple[float, bool]:
    """What was written down after up to three readings, and whether the last two agree."""
    readings = []
    numbers = [float(x) for x in rng.uniform(0.8, 1.2, 4)]
    for _ in range(3):
        slip = 0.0
        if rng.random() < 4 * misread:  # one digit of one of four numbers, worth 13 mL to 1.3 L and its multiples
            worth = 0.0134 * 10.0 ** int(rng.integers(0, 3)) * numbers[int(rng.integers(0, 4))]
            slip = worth * int(rng.integers(1, 10)) * float(rng.choice([-1, 1]))
        readings.append(max(litres + slip, 0.5))
        if len(readings) > 1 and abs(readings[-1] - readings[-2]) < 0.005:
            return readings[-1], True
    return readings[-1], False


def _register(name: str, times: list[int], values: list[Decimal]) -> Register:
    t_ns = np.array(times, dtype=np.int64)
    return Register(name, t_ns, np.full(t_ns.size, 10_000_000, dtype=np.int64), tuple(values), STEP, "L", ORIGIN)
