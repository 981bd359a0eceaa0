"""Honest loadings of a scale, made without the project's simulation: a model, not field data.

A measuring chain anywhere within its limits: span error up to the limit on initial verification at Max, zero set to a quarter of
an interval, creep, hysteresis, repeatability, drift, noise, an anti-flicker hysteresis, one interval or two; masses with the
uncertainty of their class; goods that lose a little before they are weighed again; eyes that misread a digit now and then.
Loadings in the order of a raid: covert, openly, keys over a load that lies still, again, after a power cut; with and without
the scale's line.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np

from captures.model import Flag, Mark, MarkSource, Origin, Register, SampledTrace, frozen_int64
from harness.judge.contract import Segment, SegmentKind

HERE = Origin("generators_scale", "")
SECOND = 1_000_000_000
FRAME_NS = 125_000_000
PRICE_SCALES = ("15/0.005", "6/0.002 15/0.005", "30/0.01", "3/0.001 6/0.002")
TRUCK_SCALES = ("80000/20", "30000/10 60000/20", "100000/50")
HARMLESS = ("1", "2", "5", "M1", "M2", "M4", "M5", "total", "print", "change", "9")
MISREAD = 0.005
FINE = Decimal("0.001")  # what a line of two intervals counts in where the second is no multiple of the first, kg


@dataclass(frozen=True)
class Chain:
    """What the seed fixed.  Lengths of drift in kg; `sure`: nobody misreads in this case; `wired`: its line is heard."""

    intervals: tuple[tuple[Decimal, Decimal], ...]
    truck: bool
    span: float
    zero_kg: float
    creep: float
    hysteresis: float
    repeat_kg: float
    drift_kg_h: float
    noise_kg: float
    held_e: float
    u_rel: float
    sure: bool
    wired: bool
    price: Decimal

    def e_kg(self, load_kg: float) -> Decimal:
        return next((e for most, e in self.intervals if load_kg <= float(most)), self.intervals[-1][1])


def drawn(rng: np.random.Generator, truck: bool) -> Chain:
    text = str(rng.choice(TRUCK_SCALES if truck else PRICE_SCALES))
    intervals = tuple((Decimal(a), Decimal(b)) for a, b in (pair.split("/") for pair in text.split()))
    most, e = float(intervals[-1][0]), float(intervals[-1][1])
    small = float(intervals[0][1])
    return Chain(
        intervals, truck,
        span=float(rng.uniform(-1.5, 1.5)) * e / most,  # R 76-1 3.5.1: 1.5 e at Max
        zero_kg=float(rng.uniform(-0.25, 0.25)) * small,
        creep=float(rng.uniform(0, 0.5)) * e / most,
        hysteresis=float(rng.uniform(0, 0.5)) * e / most,
        repeat_kg=float(rng.uniform(0.02, 0.25)) * small,
        drift_kg_h=float(rng.uniform(-0.5, 0.5)) * small,
        noise_kg=float(rng.uniform(0.01, 0.4 if truck else 0.2)) * small,
        held_e=float(rng.choice([0.0, 0.1, 0.25])),
        u_rel=float(rng.choice([0.00005, 0.0001])),
        sure=bool(rng.random() < 0.5),
        wired=bool(rng.random() < 0.6),
        price=Decimal(int(rng.integers(199, 6000))) / 100,
    )  # fmt: skip


def profile(chain: Chain) -> dict[str, Any]:
    """What such an instrument declares."""
    told: dict[str, Any] = {"intervals": " ".join(f"{most}/{e}" for most, e in chain.intervals), "price_step": "0.01"}
    return told | ({"display_hysteresis_e": str(chain.held_e)} if chain.held_e else {})


class Run:
    """Loadings one after the other, on one clock."""

    def __init__(self, chain: Chain, rng: np.random.Generator) -> None:
        self.chain, self._rng = chain, rng
        self._t_ns, self._before_kg, self.found = 0, 0.0, list[Segment]()
        self._pressed: list[str] = []

    def load(
        self,
        label: str,
        about_kg: float,
        phase: str,
        state: str,
        *,
        covert: bool = False,
        keys: Sequence[str] = (),
        told: Mapping[str, Any] | None = None,
        gains: Sequence[float] = (),
        in_jin: Collection[int] = (),
    ) -> None:
        """One loading of about so much, keys pressed over it one by one ("" = none, for as long); `told`: more of its context,
        with `allocation` among it every one of `keys` is a trial.  `gains`: the share of the load that a function adds before the first
        key and after each; `in_jin`: which of these readings are shown and priced in jin."""
        chain, rng = self.chain, self._rng
        on_ns = self._t_ns + int(rng.uniform(4, 9) * SECOND)
        truth = about_kg * float(rng.uniform(0.97, 1.03)) if about_kg else 0.0
        masses = Decimal(f"{truth:.0f}" if chain.truck else f"{truth:.3f}")
        error = float(rng.normal(0, chain.u_rel)) * truth
        if covert and truth:  # goods lose a little between the stall and the officers' balance
            error += float(rng.exponential(2e-4)) * truth
        once = float(rng.normal(0, chain.repeat_kg))
        back = chain.hysteresis * (self._before_kg - truth) * float(rng.uniform(0, 0.5))
        times = [on_ns + int(rng.uniform(3, 6) * SECOND)]
        marks, ends = [], list[int]()
        for key in keys:
            pressed = times[-1] + int(rng.uniform(1, 3) * SECOND)
            width = int(rng.uniform(0.2, 3) * SECOND)
            if "allocation" in (told or {}):
                marks.append(Mark(pressed - SECOND // 10, 0, MarkSource.RUNNER, "trial"))
            if key:
                marks.append(Mark(pressed, width, MarkSource.OPERATOR, f"press-{key}"))
            ends.append(pressed + width)
            times.append(pressed + width + int(rng.uniform(2, 4) * SECOND))
        until = times[-1] + int(rng.uniform(1, 3) * SECOND)
        share = np.array(gains or [0.0] * len(times))
        assert share.size == len(times)

        def level(t_ns: float | np.ndarray[Any, Any]) -> Any:
            seconds = (t_ns - on_ns) / SECOND
            creep = chain.creep * truth * (1 - np.exp(-seconds / 600))
            added = truth * share[np.searchsorted(ends, t_ns, "right")]
            return (
                truth
                + added
                + error
                + chain.span * truth
                + chain.zero_kg
                + once
                + back
                + creep
                + chain.drift_kg_h * t_ns / SECOND / 3600
            )

        e = chain.e_kg(truth)
        held: Decimal | None = None
        shown = []
        for t in times:
            held = self._rounded(float(level(t)) + float(rng.normal(0, chain.noise_kg)), e, held)
            shown.append(self._misread(held))
        registers = {"display": _register("display", times, shown, e, "kg")}
        if not chain.truck:
            step = Decimal("0.01")
            asked = [(chain.price / 2).quantize(step) if n in in_jin else chain.price for n in range(len(times))]
            price = [
                self._misread((max(s, Decimal(0)) * p * (2 if n in in_jin else 1)).quantize(step, ROUND_HALF_UP))
                for n, (s, p) in enumerate(zip(shown, asked, strict=True))
            ]
            registers["unit_price"] = _register("unit_price", times, [self._misread(p) for p in asked], step, "CNY/kg")
            registers["price"] = _register("price", times, price, step, "CNY")
        elif about_kg:
            registers["ticket"] = _register("ticket", times[-1:], [self._misread(held or Decimal(0))], e, "kg")
            registers["record"] = _register("record", times[-1:], [self._misread(held or Decimal(0))], e, "kg")
        self.found.append(
            Segment(
                label, SegmentKind.LOADING, phase, state, (on_ns, until), {
                    "asked_kg": str(about_kg), "position": "middle" if chain.truck else "centre", "covert": covert, "by_hand": True,
                    "events": tuple(mark.kind for mark in marks if mark.kind != "trial"), "pressed_before": tuple(self._pressed),
                    "photographed": chain.sure, "seals_unchanged": True, **(told or {}),
                }, registers=registers, marks=tuple(marks), load_kg=(float(masses), float(masses) * chain.u_rel),
                traces={"weight": self._line(level, on_ns, until, e)} if chain.wired else {},
            )
        )  # fmt: skip
        self._pressed += [mark.kind for mark in marks if mark.kind != "trial"]
        self._t_ns, self._before_kg = until, truth

    def trials(self, label: str, about_kg: float, state: str, blocks: int) -> None:
        """A key pressed or not, in an order drawn for each block, over a load that lies still."""
        letters = "".join(str(self._rng.choice(["ABBA", "BAAB"])) for _ in range(blocks))
        key = str(self._rng.choice(HARMLESS))
        told = {"allocation": letters, "allocation_sha256": "0" * 64}
        self.load(label, about_kg, "E", state, keys=[key if one == "B" else "" for one in letters], told=told)

    def pour(self, label: str, state: str) -> None:
        """Sand poured slowly, in lumps now and then, over some hundred codes."""
        chain, rng = self.chain, self._rng
        e, begin = float(chain.intervals[0][1]), self._t_ns + 5 * SECOND
        codes = float(rng.uniform(80, 160))
        times = np.arange(begin, begin + int(codes * 1.5 * SECOND), FRAME_NS, dtype=np.int64)
        lumps = np.where(rng.random(times.size) < float(rng.uniform(0, 0.02)), rng.uniform(0.5, 4.0, times.size), 0.0)
        course = (np.linspace(0, codes, times.size) + np.cumsum(lumps)) * e * (1 + chain.span) + chain.zero_kg
        course = course + np.repeat(rng.normal(0, chain.noise_kg, -(-times.size // 2)), 2)[: times.size]
        steps, flags = np.rint(course / e).astype(np.int64), np.zeros(times.size, np.uint8)
        line = SampledTrace("weight", times, steps, flags, self._step(), "kg", HERE, Flag.STABLE | Flag.OVERLOAD)
        window = (begin, int(times[-1]))
        self.found.append(
            Segment(label, SegmentKind.LOADING, "E", state, window, {"ramp": True}, traces={"weight": line})
        )
        self._t_ns = window[1]

    @property
    def now_ns(self) -> int:
        return self._t_ns

    def dark(self) -> None:
        """Power away for a while."""
        self._t_ns += 60 * SECOND
        self._pressed.clear()

    def _line(self, level: Any, on_ns: int, until_ns: int, e: Decimal) -> SampledTrace:
        """Frames of the line: a first-order way to rest before `on_ns`, repeats of readings that come every other frame."""
        chain, rng = self.chain, self._rng
        times = np.arange(on_ns - 3 * SECOND, until_ns, FRAME_NS, dtype=np.int64)
        tau = float(rng.uniform(0.15, 0.6)) * SECOND
        gone = np.clip((times - (on_ns - 2.5 * SECOND)) / tau, 0, None)
        course = level(times.astype(np.float64)) + (self._before_kg - level(float(on_ns))) * np.exp(-gone)
        course[times < on_ns - 2.5 * SECOND] = self._before_kg
        course = course + np.repeat(rng.normal(0, chain.noise_kg, -(-times.size // 2)), 2)[: times.size]
        step = self._step() if e % self._step() == 0 else FINE
        steps = np.rint(course / float(e)).astype(np.int64) * int(e / step)
        moving = np.abs(course - level(times.astype(np.float64))) > float(e)
        flags = np.where(moving, 0, int(Flag.STABLE)).astype(np.uint8)
        told = Flag.STABLE | Flag.OVERLOAD
        if chain.truck:  # every load is printed at its end
            told |= Flag.PRINT
            flags[-8:] |= np.uint8(Flag.PRINT)
        return SampledTrace(
            "weight", times + rng.integers(0, 3_000_000, times.size), steps, flags, step, "kg", HERE, told
        )

    def _step(self) -> Decimal:
        return self.chain.intervals[0][1]

    def _rounded(self, kg: float, e: Decimal, held: Decimal | None) -> Decimal:
        if held is not None and abs(kg - float(held)) <= (0.5 + self.chain.held_e) * float(e):
            return held
        return Decimal(round(kg / float(e))) * e

    def _misread(self, value: Decimal) -> Decimal:
        if self.chain.sure or self._rng.random() >= MISREAD:
            return value
        text = str(value)
        places = [i for i, c in enumerate(text) if c.isdigit()]
        place = places[int(self._rng.integers(len(places)))]
        digit = (int(text[place]) + int(self._rng.integers(1, 10))) % 10
        return Decimal(text[:place] + str(digit) + text[place + 1 :])


def _register(name: str, at: Sequence[int], values: Sequence[Decimal], step: Decimal, unit: str) -> Register:
    return Register(name, frozen_int64(list(at)), frozen_int64([0] * len(at)), tuple(values), step, unit, HERE)


def case(seed: Sequence[int], truck: bool) -> tuple[Chain, list[Segment]]:
    """One honest inspection: 27 loadings of a price scale, 15 of a truck scale, and two ramps where its line is heard."""
    rng = np.random.default_rng(list(seed))
    chain = drawn(rng, truck)
    most = float(chain.intervals[-1][0])
    loads = [float(part) * most for part in rng.uniform(0.25, 0.75, 4)] if truck else [
        float(x) for x in rng.uniform(100, 480, 4) * float(chain.intervals[0][1])
    ]  # fmt: skip
    run = Run(chain, rng)
    for i, load in enumerate(loads):
        run.load(f"A{i}", load, "A", "power-0", covert=True)
    run.load("B0", 0, "B", "power-0")
    for i, load in enumerate(loads):
        run.load(f"C{i}", load, "C", "power-0")
    run.load("C9", 0, "C", "power-0")
    if not truck:
        for i in range(3):
            keys = [str(key) for key in rng.choice(HARMLESS, int(rng.integers(2, 12)))]
            run.load(f"L{i}", loads[i], "C", "power-0", keys=keys)
        for i, load in enumerate(loads):
            run.load(f"K{i}", load, "C", "power-0")
    run.dark()
    run.load("E0", 0, "E", "power-1")
    for i, load in enumerate(loads):
        run.load(f"E{i + 1}", load, "E", "power-1")
    if not truck:
        for i in range(2):
            tests = {key: "no" if rng.random() < 0.02 else "yes" for key in ("change", "total", "add", "print")}
            run.load(f"T{i}", loads[i], "E", "power-1", told={"key_tests": tests})
            run.trials(f"P{i}", loads[i], "power-1", int(rng.integers(6, 12)))
    if chain.wired:
        run.pour("R0", "power-1")
        run.pour("R1", "power-1")
    return chain, run.found
