"""Cheats by size and amount, staged on any generator of honest cases: what the operating curves are measured with.

Each takes a generator (`benchmarks/generators.py` or one of its kind), a source of chance, a grade of encoder, a flow, an
effect (0: honest) and an amount (litres, sales or seconds), and gives the segments of one case with the declared profile.
None is the cheat of the simulated bench.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Protocol

import numpy as np

from benchmarks.generators import PROFILE, Floats, Instrument, Ints, Tamper
from benchmarks.part_sales import part_sale
from benchmarks.shut_watches import watch
from benchmarks.visits import LOCK_PROFILE, bare_visit, locking_case
from captures.model import PulseTrain
from harness.judge.contract import Segment

Profile = dict[str, Any]
Staged = tuple[list[Segment], Profile]
RISING: Profile = {**PROFILE, "max_flow_rise_l_min_s": "150", "max_flow_rise_source": "assumed for the curves"}
BOARD_ALONE = "board"
BOTH = "encoder board"


class Generator(Protocol):
    """What a generator of honest cases offers."""

    GRADES: Any
    FLOWS: Any

    def instrument(self, rng: np.random.Generator, grade: str | None = None) -> Instrument: ...

    def delivery(self, rng: np.random.Generator, it: Instrument, volume_l: float, **more: Any) -> Segment: ...


Make = Callable[[Any, np.random.Generator, str, str, float, float], Staged]


@dataclass(frozen=True)
class Cheat:
    """`name` in words; what `effects` are of (`unit`, "share": of the volume), at which `amounts` (of `axis`); how it is
    made; on which grades of encoder, "" where no pulses are looked at."""

    name: str
    make: Make
    effects: tuple[float, ...] = (0.0, 0.01, 0.02, 0.05, 0.1)
    amounts: tuple[float, ...] = (1.0, 2.0, 5.0, 10.0, 20.0)
    unit: str = "share"
    axis: str = "L"
    grades: tuple[str, ...] = ("nominal", "weak", "poor")
    flow: str = "steady"


def _one(
    generator: Any,
    rng: np.random.Generator,
    grade: str,
    flow: str,
    litres: float,
    tamper: Tamper,
    stations: str,
    **more: Any,
) -> list[Segment]:
    it = generator.instrument(rng, grade or None)
    return [generator.delivery(rng, it, litres, flow=flow, tamper=tamper, stations=stations, **more)]


def with_edges(segment: Segment, name: str, ticks: Ints) -> Segment:
    """The segment with other edges on one line, rising and falling by turns."""
    ticks = np.maximum.accumulate(ticks - np.arange(ticks.size)) + np.arange(ticks.size)
    levels = (np.arange(ticks.size) % 2 == 0).astype(np.uint8)
    train: PulseTrain = segment.trains[name]
    last = max(train.window[1], int(ticks[-1]) + 1 if ticks.size else 0)
    return replace(
        segment,
        trains={**segment.trains, name: replace(train, ticks=ticks, levels=levels, window=(train.window[0], last))},
    )


def _tampered(stations: str, **fields: str) -> Make:
    """A tamper of the board's line; `fields` name those of Tamper that the effect sets: "rate" or "every" (1/effect)."""

    def make(generator: Any, rng: np.random.Generator, grade: str, flow: str, effect: float, litres: float) -> Staged:
        values: dict[str, Any] = {}
        for name, how in fields.items():
            values[name] = effect if how == "rate" else round(1 / effect) if how == "every" and effect else 0
        fixed = {key: how for key, how in fields.items() if how not in ("rate", "every")}
        values |= {key: float(how) if key == "delay" else how for key, how in fixed.items()}
        # one line alone counts: in a decoder of two channels a pulse that is not in turn on both cancels
        profile = PROFILE if "channels" in fields else {**PROFILE, "decoding": "x1"}
        return _one(generator, rng, grade, flow, litres, Tamper(**values), stations), profile

    return make


def _line(
    change: Callable[[np.random.Generator, Ints, float], Ints],
    channels: str = "A",
    stations: str = BOARD_ALONE,
    profile: Profile = PROFILE,
) -> Make:
    """A device in the board's line gives out `change` of its edges."""

    def make(generator: Any, rng: np.random.Generator, grade: str, flow: str, effect: float, litres: float) -> Staged:
        [segment] = _one(generator, rng, grade, flow, litres, Tamper(), stations)
        for channel in channels if effect else "":
            name = f"board.{channel}"
            segment = with_edges(segment, name, change(rng, segment.trains[name].ticks, effect))
        return [segment], profile

    return make


def multiplied(_: np.random.Generator, edges: Ints, gain: float, smooth: int = 1) -> Ints:
    """1 + `gain` edges for each, evenly, paced by the mean of `smooth` intervals."""
    at = edges.astype(np.float64)
    if smooth > 1:  # of equal edges: rising and falling are not half a slot apart
        at = np.convolve(at, np.ones(2 * smooth) / (2 * smooth), "valid")
    new: Floats = np.interp(np.arange(0, at.size - 1, 1 / (1 + gain)), np.arange(at.size), at)
    return np.round(new).astype(np.int64)


def smoothed(rng: np.random.Generator, edges: Ints, over: float) -> Ints:
    """As many edges as before, paced by the mean of `over` intervals."""
    return multiplied(rng, edges, 0.0, int(over))


def timed(rng: np.random.Generator, edges: Ints, tick: float) -> Ints:
    """Edges on the ticks of a timer, with a tenth of a tick of jitter."""
    return np.floor(edges / tick).astype(np.int64) * int(tick) + np.round(rng.normal(0, 0.1 * tick, edges.size)).astype(np.int64)  # fmt: skip


def leaping(rng: np.random.Generator, edges: Ints, factor: float) -> Ints:
    """From the middle on the shaft seems to turn `factor` times as fast, from one edge to the next."""
    d = np.diff(edges)
    begin = int(rng.integers(d.size // 3, max(d.size // 2, d.size // 3 + 1)))
    d[begin:] = np.maximum(d[begin:] / factor, 2).astype(np.int64)
    return np.cumsum(np.concatenate([edges[:1], d]))


SWITCH_L = 8.0  # litres before a function comes on, where the pattern has been learned


def _switched(generator: Any, rng: np.random.Generator, grade: str, flow: str, effect: float, litres: float) -> Staged:
    """A smooth multiplier that comes on after SWITCH_L and acts over `litres`."""
    [segment] = _one(generator, rng, grade, flow, SWITCH_L + litres + 0.5, Tamper(), BOARD_ALONE)
    edges = segment.trains["board.A"].ticks
    begin = int(SWITCH_L * 200)
    tail = multiplied(rng, edges[begin:], effect) if effect else edges[begin:]
    return [with_edges(segment, "board.A", np.concatenate([edges[:begin], tail]))], PROFILE


def _another_disc(
    generator: Any, rng: np.random.Generator, grade: str, flow: str, effect: float, litres: float
) -> Staged:
    """The disc has its fifty slots and the papers say fewer, as when one with more slots was put in."""
    segments = _one(generator, rng, grade, flow, litres, Tamper(), "encoder")
    return segments, {**PROFILE, "slots_per_rev": str(round(50 / (1 + effect)))}


def _free_running(
    generator: Any, rng: np.random.Generator, grade: str, flow: str, effect: float, litres: float
) -> Staged:
    """An oscillator that adds pulses at a rate of its own, `effect` of those of 40 L/min."""
    [segment] = _one(generator, rng, grade, flow, litres, Tamper(), BOTH)
    if not effect:
        return [segment], PROFILE
    for name in ("board.A", "board.B"):
        edges = segment.trains[name].ticks
        at = np.arange(edges[0], edges[-1], 1e6 / (effect * 4000 / 60)).astype(np.int64)
        # a pulse of 0.7 ms turns the line over, whatever it stands at; beside an edge it is lost in it
        after = edges[np.minimum(np.searchsorted(edges, at, "right"), edges.size - 1)]
        at = at[after - at > 900]
        segment = with_edges(segment, name, np.sort(np.concatenate([edges, at, at + 700])))
    return [segment], PROFILE


def _made_anew(generator: Any, rng: np.random.Generator, grade: str, flow: str, effect: float, litres: float) -> Staged:
    """Both channels computed from the first: one edge a quarter of each interval after the other, `effect` more pulses."""
    [segment] = _one(generator, rng, grade, flow, litres, Tamper(), BOARD_ALONE)
    if not effect:
        return [segment], PROFILE
    rising = multiplied(rng, segment.trains["board.A"].ticks[::2], effect)
    d = np.diff(rising)
    a = np.stack([rising[:-1], rising[:-1] + d // 2], axis=1).ravel()
    b = np.stack([rising[:-1] + d // 4, rising[:-1] + 3 * d // 4], axis=1).ravel()
    return [with_edges(with_edges(segment, "board.A", a), "board.B", b)], PROFILE


def _watched(of: str) -> Make:
    """A watch with the nozzle closed and an oscillator of `effect` pulses a second; the amount is its length in seconds."""

    def make(_: Any, rng: np.random.Generator, grade: str, flow: str, effect: float, seconds: float) -> Staged:
        return [watch(rng, seconds=seconds, oscillator_hz=effect, stations=of)], PROFILE

    return make


def _sales(stations: str, context: Callable[[int, int], dict[str, Any]] | None = None, **fields: str) -> Make:
    """Several sales of one instrument; `fields` of Tamper that the effect sets in those the context says are "armed"."""

    def make(generator: Any, rng: np.random.Generator, grade: str, flow: str, effect: float, n: float) -> Staged:
        it = generator.instrument(rng, grade or None)
        result = []
        for i in range(int(n)):
            told = context(i, int(n)) if context else {}
            armed = told.pop("armed", True)
            tamper = Tamper(**{name: effect for name in fields}) if armed else Tamper()
            litres = (20.0, 7.3, 13.7)[i % 3] if context is None else 13.7
            result.append(
                generator.delivery(
                    rng, it, litres, id=f"d{i + 1}", flow=flow, tamper=tamper, stations=stations, misread=0.0, start_ns=i * 10**12,
                    **{key: told.pop(key) for key in ("phase", "state") if key in told}, context={"photographed": True, **told},
                )
            )  # fmt: skip
        return result, PROFILE

    return make


def _known(i: int, n: int) -> dict[str, Any]:
    """The first half covert, and armed there."""
    return {"covert": i < n // 2, "armed": i < n // 2}


def _by_sale(i: int, n: int) -> dict[str, Any]:
    """Every third sale is armed."""
    return {"armed": i % 3 == 1}


def _begun(generator: Any, rng: np.random.Generator, grade: str, flow: str, effect: float, litres: float) -> Staged:
    """The register counts more from the middle of the delivery on, against an in-line reference."""
    tamper = Tamper(register_gain=effect, from_l=litres / 2)
    return _one(generator, rng, grade, flow, litres, tamper, "reference encoder register"), PROFILE


def _not_at_zero(generator: Any, rng: np.random.Generator, grade: str, flow: str, effect: float, n: float) -> Staged:
    """Sales that begin at so many litres, as heard on the wire."""
    segments, profile = _sales("register", None)(generator, rng, grade, flow, 0.0, n)
    start = {"start_by": "wire", "start_u_ns": 10_000_000}
    heard = [
        replace(s, context={**s.context, **start, "start_l": f"{effect:.2f}", "start_ns": s.window_ns[0]})
        for s in segments
    ]
    return heard, profile


def _lost_total(generator: Any, rng: np.random.Generator, grade: str, flow: str, effect: float, n: float) -> Staged:
    """Sales of which the totaliser keeps (1 - `effect`)."""
    segments = bare_visit(rng)[: int(n)]
    return [_with_total(segment, Decimal(str(round(1 - effect, 6))), Decimal(0)) for segment in segments], PROFILE


def _other_total(generator: Any, rng: np.random.Generator, grade: str, flow: str, effect: float, n: float) -> Staged:
    """After power was cut the totaliser stands `effect` litres lower."""
    segments = bare_visit(rng)
    kept = [s for s in segments if s.phase != "E"][-int(n) :] + [s for s in segments if s.phase == "E"][: int(n)]
    less = Decimal(str(effect))
    return [_with_total(s, Decimal(1), less if s.phase == "E" else Decimal(0)) for s in kept], PROFILE


def _with_total(segment: Segment, share: Decimal, less: Decimal) -> Segment:
    total = segment.registers["totaliser"]
    base = Decimal(100_000)
    values = tuple(((value - base) * share + base - less).quantize(Decimal("0.01")) for value in total.values)
    return replace(segment, registers={**segment.registers, "totaliser": replace(total, values=values)})


def _silent_lock(_: Any, rng: np.random.Generator, grade: str, flow: str, effect: float, n: float) -> Staged:
    """A board three per cent out of its limit; `effect` 1: the lock never says so."""
    segments = locking_case(rng, 0.0, int(n))
    if effect:
        segments = [replace(s, context={**s.context, "codes": ()}) for s in segments]
    return segments, LOCK_PROFILE


def _part_sale(_: Any, rng: np.random.Generator, grade: str, flow: str, effect: float, n: float) -> Staged:
    """Sales measured in parts, counted too much from nine litres on."""
    from benchmarks import generators

    it = generators.instrument(rng)
    sales = [
        part_sale(rng, it, id=f"p{i}", plan=i % 3, gain=effect, from_l=9.0, wired=True, start_ns=i * 2 * 10**12)
        for i in range(int(n))
    ]
    return sales, PROFILE


def _menu(generator: Any, rng: np.random.Generator, grade: str, flow: str, effect: float, n: float) -> Staged:
    """A menu whose meter factor is not the sealed one, read after each sale."""
    segments, profile = _sales("display", None)(generator, rng, grade, flow, 0.0, n)
    told = {"parameters": {"meter_factor": f"{1 + effect:.4f}"}}
    return [replace(s, context={**s.context, **told}) for s in segments], {**profile, "sealed_meter_factor": "1.0000"}


SALES: dict[str, Any] = {
    "axis": "sales",
    "amounts": (1.0, 3.0),
    "grades": ("",),
    "effects": (0.0, 0.005, 0.01, 0.02, 0.05),
}
PAIRS: dict[str, Any] = {**SALES, "amounts": (2.0, 6.0)}
CHEATS: dict[str, Cheat] = {
    cheat.name: cheat
    for cheat in (
        Cheat("every n-th pulse doubled, both taps", _tampered(BOTH, insert_every="every")),
        Cheat("every n-th pulse left out, both taps", _tampered(BOTH, delete_every="every")),
        Cheat("a pulse after every n-th, board alone", _tampered(BOARD_ALONE, insert_every="every")),
        Cheat("a pulse after pulses at random, board alone", _tampered(BOARD_ALONE, insert_random="rate")),
        Cheat("a pulse shortly after pulses at random", _tampered(BOARD_ALONE, insert_random="rate", delay="0.2")),
        Cheat("pulses at random on one channel", _tampered(BOARD_ALONE, insert_random="rate", channels="B")),
        Cheat("an oscillator while fuel flows", _free_running, flow="two-stage"),
        Cheat("an oscillator with the nozzle closed", _watched(BOTH), (0.0, 0.5, 1.0, 5.0, 20.0), (30.0, 60.0), "pulses/s", "s", ("",)),
        Cheat("a register that counts with the nozzle closed", _watched("board register"), (0.0, 0.5, 1.0, 5.0, 20.0), (30.0, 60.0), "pulses/s", "s", ("",)),
        Cheat("a smooth multiplier", _line(multiplied), (0.0, 0.005, 0.01, 0.03, 0.05, 0.11), (5.0, 10.0, 20.0)),
        Cheat("a smooth multiplier that comes on", _switched, amounts=(0.5, 1.0, 2.0, 5.0, 10.0)),
        Cheat("edges on the ticks of a timer", _line(timed), (0.0, 10.0, 20.0, 40.0, 80.0), (0.5, 1.0, 2.0, 5.0), "us"),
        Cheat("another disc", _another_disc, (0.0, 1 / 49, 2 / 48, 5 / 45), (5.0, 10.0, 20.0)),
        Cheat("intervals paced by a mean, both taps", _line(smoothed, "AB", BOTH), (0.0, 2.0, 4.0, 8.0, 25.0), (2.0, 5.0, 10.0, 20.0), "intervals"),
        Cheat("both channels computed", _made_anew, (0.0, 0.01, 0.05), (2.0, 5.0, 10.0, 20.0)),
        Cheat("a shaft that leaps", _line(leaping, profile=RISING), (0.0, 1.2, 1.5, 2.0, 3.0), (5.0, 10.0, 20.0), "times"),
        Cheat("a register that counts more from the middle on", _begun, amounts=(5.0, 10.0, 20.0, 40.0), grades=("nominal",)),
        Cheat("a register that counts more", _sales("encoder board register", None, register_gain=""), **SALES),
        Cheat("a display that shows more", _sales("register display", None, display_gain=""), **SALES),
        Cheat("an amount that is more", _sales("register display amount", None, amount_gain=""), **SALES),
        Cheat("a totaliser that keeps more", _sales("register totaliser", None, totaliser_gain=""), **SALES),
        Cheat("a gain against the reference", _sales("reference register", None, register_gain=""), **{**SALES, "effects": (0.0, 0.005, 0.01, 0.02, 0.05)}),
        Cheat("more where nobody is known to watch", _sales("reference register", _known, register_gain=""), **PAIRS),
        Cheat("more in every third sale", _sales("reference register", _by_sale, register_gain=""), **{**SALES, "amounts": (6.0, 9.0)}),
        Cheat("more from nine litres of a sale on", _part_sale, **SALES),
        Cheat("a sale that does not begin at zero", _not_at_zero, (0.0, 0.02, 0.1, 0.2, 0.5), (1.0, 3.0), "L", "sales", ("",)),
        Cheat("a totaliser that loses a share", _lost_total, **{**SALES, "amounts": (2.0, 3.0)}),
        Cheat("another totaliser after power was cut", _other_total, (0.0, 0.02, 0.1, 1.0, 100.0), (1.0, 2.0), "L", "sales", ("",)),
        Cheat("a self-lock that stays silent", _silent_lock, (0.0, 1.0), (6.0, 9.0), "silent", "sales", ("",)),
        Cheat("a meter factor that was not sealed", _menu, **{**SALES, "effects": (0.0, 0.0001, 0.001, 0.01)}),
    )
}  # fmt: skip
