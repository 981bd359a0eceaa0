"""The split test: how much fuel it needs, what it says of honest pulses, and what it makes of real recordings.

    python benchmarks/split_power.py            all of it, under twenty minutes on one core; writes docs/split_test.md; resumable
    python benchmarks/split_power.py --short    a twentieth of everything, writes nothing

Pulsers of benchmarks/disc_trains.py (the three models of statistics.md 1a; 100 pulses a litre, 50 slots, 40 L/min), honest
deliveries of generators.py and generators_defects.py, and the recordings of ../shared/data that bear motion.  Every block is
seeded by its name and number; finished ones stand in docs/results/split_power.jsonl and are not run again while the test's
version stays as it is.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np  # noqa: E402
from scipy import stats  # noqa: E402

from benchmarks import disc_trains, generators, generators_defects  # noqa: E402
from benchmarks.repository import commit  # noqa: E402
from captures.formats import read  # noqa: E402
from captures.model import EdgeKind, Int64Array, PulseTrain  # noqa: E402
from harness.judge import disc  # noqa: E402
from harness.judge.contract import DetectorSpec, Reading, Segment, SegmentKind, Validation, View  # noqa: E402
from harness.judge.detectors import period_gain, split  # noqa: E402
from harness.judge.events import first_of_each  # noqa: E402
from harness.judge.pulses.intervals import find  # noqa: E402
from harness.judge.pulses.mending import put_in  # noqa: E402
from harness.judge.pulses.suspects import LEVEL, Pattern, placement  # noqa: E402

RESULTS = ROOT / "docs" / "results" / "split_power.jsonl"
REPORT = ROOT / "docs" / "split_test.md"
RECORDINGS = ROOT.parent / "shared" / "data" / "sigrok"
MOTION = {
    "smoothieware.sr": ("5", "3"),
    "rotary-ramp.sr": ("0", "1"),
    "agilent_hdns_2000_move_mouse_fast.sr": ("MODE/XA", "RB/XB", "MB/YB", "LB/YA"),
    "agilent_hdns_2000_move_mouse_left_right.sr": ("MODE/XA", "RB/XB"),
}
SEED = 20_241_121
PROFILE = {**generators.PROFILE, "decoding": "x1"}
TARGETS = {
    ("periodic", 0.01): 4.0, ("periodic", 0.02): 2.0, ("periodic", 0.05): 1.0, ("periodic", 0.10): 0.5,
    ("random", 0.01): 6.0, ("random", 0.02): 3.0, ("random", 0.05): 1.5, ("random", 0.10): 0.75,
}  # fmt: skip
DELAYS = {"half": 0.5, "0.02": 0.02, "uniform": -1.0}
RUNS = 200  # of each cell of power
BURST = int(split.DETECTOR.parameters["burst_us"])  # the trains are told in microseconds
LEAST_HITS = int(split.DETECTOR.parameters["min_hits"])
HONEST = 10_000_000  # pulses
DRAWS = 10_000
STREAMS = (  # generator, what the board decodes, share of HONEST
    ("generators", "x1", 0.5),
    ("generators_defects", "x4", 0.5),
    ("generators_defects", "x1", 0.05),
)


def segment(ticks: Int64Array, tick_s: Any = generators.TICK_S) -> Segment:
    """One channel tapped at the board."""
    window = (int(ticks[0]) - 1_000, int(ticks[-1]) + 1_000)
    train = PulseTrain("board", "A", ticks, tick_s, EdgeKind.RISING, window, generators.ORIGIN, "tap")
    return Segment("D1", SegmentKind.DELIVERY, "C", "s", (0, window[1] * 1000), trains={"board.A": train})


def judged(one: Segment, spec: DetectorSpec = split.DETECTOR, decoding: str = "x1") -> Reading:
    return spec.judge([one], View({**PROFILE, "decoding": decoding}, spec.parameters, Validation(10_000, 0)))[0]


def inserted(rng: np.random.Generator, ticks: Int64Array, gain: float, kind: str, delay: float) -> Int64Array:
    """Edges to be put between those of a train (n,): behind every 1/gain-th, or behind each with probability `gain`."""
    n = ticks.size - 1
    every = round(1 / gain)
    at = np.arange(int(rng.integers(every)), n, every) if kind == "periodic" else np.flatnonzero(rng.random(n) < gain)
    share = rng.random(at.size) if delay < 0 else np.full(at.size, delay)
    gap = ticks[at + 1] - ticks[at]
    return np.setdiff1d(ticks[at] + np.maximum((gap * share).astype(np.int64), 1), ticks)


# ------------------------------------------------------------------------------------------------------------- blocks


def power(rng: np.random.Generator, grade: str, kind: str, gain: float, delay: str, runs: int) -> dict[str, Any]:
    """In eighths of the target, after how much fuel each run was a hit (17: not within twice the target), and after how much
    who knows which pulses were put in had seen `min_hits` of them in separate bursts."""
    target = TARGETS[kind, gain]
    eighths, ideal = [], []
    for _ in range(runs):
        ticks = disc_trains.train(rng, grade, 2 * target + 0.5)[20:]
        extra = inserted(rng, ticks, gain, kind, DELAYS[delay])
        mixed = np.union1d(ticks, extra)
        ends = ticks[np.minimum((target * np.arange(1, 17) / 8 * 100).astype(np.int64), ticks.size - 1)]
        separate = extra[first_of_each(extra, BURST)]
        enough = separate.size >= LEAST_HITS
        ideal.append(int(np.searchsorted(ends, separate[LEAST_HITS - 1])) + 1 if enough else 17)
        eighths.append(next((i for i, end in enumerate(ends, 1) if judged(segment(mixed[mixed <= end])).hits), 17))
    return {"eighths": eighths, "ideal": ideal}


def floor_l(kind: str, gain: float) -> float:
    """Litres after which nine devices of ten have put in their third pulse that is further than a burst from the one before:
    what no test for three separate disturbances undercuts.

    In pulses: periodic, 0.9/g to the first (its phase is uniform) and 2/g more; random, a burst swallows the next `within`
    pulses, so that the third separate one comes within n with P(Bin(n - 2 within, g) >= 3) (two waits of a geometric law, each
    delayed by `within`, beside the first).
    """
    within = int(BURST * 1e-6 * disc_trains.RATE)
    every = round(1 / gain)
    if kind == "periodic":
        return (-(-9 * every // 10) + (LEAST_HITS - 1) * every) / 100
    n = np.arange(1, 100_000)
    return (int(n[stats.binom.sf(LEAST_HITS - 1, n, gain) >= 0.9][0]) + (LEAST_HITS - 1) * within) / 100


def honest(rng: np.random.Generator, generator: str, decoding: str, pulses: int) -> dict[str, Any]:
    """Deliveries with every nuisance of their generator: segments, pulses, alarms, those with hits that stay below."""
    made: Any = {"generators": generators, "generators_defects": generators_defects}[generator]
    tally = Counter[str]()
    while tally["pulses"] < pulses:
        it = made.instrument(rng)
        litres, flow = float(rng.choice([1.0, 2.0, 5.0, 13.7, 20.0, 40.0])), str(rng.choice(made.FLOWS))
        one = made.delivery(rng, it, litres, flow=flow, stations="board", emi=0.3)
        reading = judged(one, decoding=decoding)
        tally["deliveries"] += 1
        tally["pulses"] += one.trains["board.A"].ticks.size // 2
        tally["mute"] += not reading.spoke
        tally["alarms"] += bool(reading.hits)
        tally["holes alone"] += bool(reading.hits) and reading.at["merges"] > reading.at["splits"]
        tally["hits"] += reading.at.get("splits", 0) + reading.at.get("merges", 0)
        tally["left out"] += int(put_in(disc.edges(one, one.trains["board.A"])).size > 0)
    return dict(tally)


def undisturbed(rng: np.random.Generator, grade: str, pulses: int) -> dict[str, Any]:
    """Hits of the kernel itself where nothing disturbs."""
    tally = Counter[str]()
    while tally["pulses"] < pulses:
        ticks = disc_trains.train(rng, grade, 200.0)
        hits = find(ticks)
        tally["pulses"] += ticks.size
        tally["hits"] += int(hits.splits.size + hits.merges.size)
    return dict(tally)


def chance(rng: np.random.Generator, pulses: int, suspects: int, draws: int) -> dict[str, Any]:
    """Of suspects at random places, how often a test or the whole gives them a pattern."""
    tally = Counter[str]()
    for _ in range(draws):
        slow = np.exp(0.3 * np.sin(np.linspace(0, 6, pulses) + rng.uniform(0, 6)))
        real = np.cumsum(15_000 * slow * (1 + 0.03 * rng.normal(size=pulses))).astype(np.int64)
        after = np.sort(rng.choice(pulses - 1, suspects, replace=False))
        found = placement(real, real[after] + 1 + ((real[after + 1] - real[after] - 1) * rng.random(suspects)).astype(np.int64), 1e-6)  # fmt: skip
        assert found is not None
        for name, p in found.tested.items():
            tally[f"{name} 0.01"] += p < 1e-2
            tally[f"{name} 0.001"] += p < 1e-3
        tally["named"] += found.pattern is not Pattern.RANDOM
    return {"draws": draws, **tally}


def named(rng: np.random.Generator, grade: str, kind: str, gain: float, runs: int) -> dict[str, Any]:
    """What the test says of 20 L into which pulses were put: pattern, whether the disc comes together again, size."""
    tally = Counter[str]()
    errors = []
    for _ in range(runs):
        ticks = disc_trains.train(rng, grade, 20.0)
        if kind == "own oscillator":
            extra = np.arange(ticks[0] + rng.integers(10**5), ticks[-1], 1e6 / (gain * disc_trains.RATE)).astype(
                np.int64
            )
            extra = np.setdiff1d(extra, ticks)
        elif kind == "fixed delay":
            at = np.flatnonzero(rng.random(ticks.size - 1) < gain)
            extra = ticks[at] + 3_000 + rng.integers(-20, 20, at.size)
        else:
            extra = inserted(rng, ticks, gain, "periodic" if kind == "every n" else "random", -1.0)
        reading = judged(segment(np.union1d(ticks, extra)))
        tally["hit"] += bool(reading.hits)
        tally[f"pattern {reading.at.get('pattern', 'none')}"] += 1
        tally[f"recoheres {reading.at.get('recoheres', 'silent')}"] += 1
        if reading.interval is not None and reading.effect is not None:
            low, high = reading.interval
            tally["size within"] += low <= extra.size / ticks.size <= high
            errors.append(reading.effect / (extra.size / ticks.size) - 1)
    return {"runs": runs, **tally, "size error": round(float(np.median(errors)), 4) if errors else None}


def composite(rng: np.random.Generator, grade: str, gain: float, runs: int) -> dict[str, Any]:
    """A multiplier of 3.3 % behind which pulses are put in at random: what period gain says as it stands, and without them."""
    tally = Counter[str]()
    for _ in range(runs):
        ticks = disc_trains.train(rng, grade, 20.0, 0.033)
        if gain:
            ticks = np.union1d(ticks, inserted(rng, ticks, gain, "random", -1.0))
        one = segment(ticks)
        view = View(PROFILE, period_gain.DETECTOR.parameters, Validation(10_000, 0))
        train = one.trains["board.A"]
        stands = period_gain._reading(one, train, split.Link("reference", "board"), disc_trains.SLOTS, view)
        without = judged(one, period_gain.DETECTOR)
        for name, reading in (("stands", stands), ("without", without)):
            right = bool(reading.hits) and abs((reading.effect or 0.0) - 0.033) < 1e-3
            tally[f"{name}: {'right' if right else 'wrong' if reading.hits else 'mute or none'}"] += 1
    return {"runs": runs, **tally}


def recording(rng: np.random.Generator, name: str, channel: str, doctored: int) -> dict[str, Any]:
    """A recording as it is, with one edge doctored into it, and with 1 to 10 per cent put in."""
    train = next(train for train in read(RECORDINGS / name).trains if train.channel == channel)
    ticks = train.rising
    hits, reading = find(ticks), judged(segment(ticks, train.tick_s))
    steady = ticks[(np.searchsorted(ticks, ticks) > 0)]
    result: dict[str, Any] = {
        "pulses": int(ticks.size), "says": reading.reason or f"{reading.hits} hits",
        "splits": int(hits.splits.size), "merges": int(hits.merges.size),
    }  # fmt: skip
    tally = Counter[str]()
    if reading.spoke:
        for at in rng.integers(10, steady.size - 10, doctored):
            edge = (ticks[at] + ticks[at + 1]) // 2
            if edge in (ticks[at], ticks[at + 1]):
                continue
            tally["doctored"] += 1
            tally["found"] += find(np.insert(ticks, at + 1, edge)).splits.tolist() == [at + 1]
    result |= dict(tally)
    for kind in ("periodic", "random"):
        for gain in (0.01, 0.02, 0.05, 0.10):
            for delay, share in DELAYS.items():
                extra = inserted(rng, ticks, gain, kind, share)
                mixed = np.union1d(ticks, extra)
                once = judged(segment(mixed, train.tick_s))
                suspects = mixed[put_in(mixed)] if once.spoke else mixed[:0]
                near = np.abs(suspects - extra[np.clip(np.searchsorted(extra, suspects), 0, extra.size - 1)]) if extra.size else suspects  # fmt: skip
                before = np.abs(suspects - extra[np.clip(np.searchsorted(extra, suspects) - 1, 0, extra.size - 1)]) if extra.size else suspects  # fmt: skip
                # beside its real edge one of the two is as good as the other
                usual = int(np.median(np.diff(ticks)))
                same = np.minimum(near, before) <= 0.15 * usual
                result[f"{kind} {gain:g} {delay}"] = {
                    "put in": int(extra.size), "found": int(same.sum()), "false": int((~same).sum()),
                    "mute": not once.spoke, "alarm": bool(once.hits),
                }  # fmt: skip
    return result


# ---------------------------------------------------------------------------------------------------------- all of it

Block = tuple[str, Callable[[np.random.Generator], dict[str, Any]]]


def blocks(part: float) -> Iterator[Block]:
    """Names and what to run; `part` of the runs."""
    runs = max(int(RUNS * part), 5)
    for kind, gain in TARGETS:
        for grade in disc_trains.GRADES:
            for delay in DELAYS:
                yield (
                    f"power {kind} {gain:g} {grade} {delay}",
                    lambda rng, a=(grade, kind, gain, delay): power(rng, *a, runs),  # type: ignore[misc]
                )
    for generator, decoding, share in STREAMS:
        for i in range(10):
            n = int(share * HONEST * part / 10)
            yield f"honest {generator} {decoding} {i}", lambda rng, a=(generator, decoding, n): honest(rng, *a)  # type: ignore[misc]
    for grade in disc_trains.GRADES:
        n = int(HONEST * part / 3) + 1
        yield f"undisturbed {grade}", lambda rng, g=grade, n=n: undisturbed(rng, g, n)  # type: ignore[misc]
    for pulses, suspects in ((500, 8), (2000, 20), (2000, 60)):
        n = int(DRAWS * part)
        yield f"chance {pulses} {suspects}", lambda rng, a=(pulses, suspects, n): chance(rng, *a)  # type: ignore[misc]
    for grade in disc_trains.GRADES:
        for kind in Pattern:
            for gain in (0.02, 0.05, 0.10):
                yield (
                    f"named {kind} {gain:g} {grade}",
                    lambda rng, a=(grade, str(kind), gain, runs // 4): named(rng, *a),
                )  # type: ignore[misc]
        for gain in (0.0, 0.01, 0.02, 0.05):
            yield f"composite {gain:g} {grade}", lambda rng, a=(grade, gain, runs // 4): composite(rng, *a)  # type: ignore[misc]
    for name, channels in MOTION.items() if RECORDINGS.is_dir() else ():
        for channel in channels:
            n = max(int(200 * part), 5)
            yield f"recording {name} {channel}", lambda rng, a=(name, channel, n): recording(rng, *a)  # type: ignore[misc]


def measure(part: float, keep: bool) -> dict[str, dict[str, Any]]:
    done: dict[str, dict[str, Any]] = {}
    if keep and RESULTS.exists():
        lines = [json.loads(line) for line in RESULTS.read_text("utf-8").splitlines()]
        done = {line["block"]: line["result"] for line in lines if line["version"] == split.DETECTOR.version}
    waiting = [(name, run) for name, run in blocks(part) if name not in done]
    for i, (name, run) in enumerate(waiting):
        print(f"\r{i + 1} of {len(waiting)} blocks: {name:<60}", end="", file=sys.stderr)
        done[name] = run(np.random.default_rng([SEED, crc32(name.encode())]))
        if keep:
            RESULTS.parent.mkdir(parents=True, exist_ok=True)
            with RESULTS.open("a", encoding="utf-8") as out:
                line = {"block": name, "version": split.DETECTOR.version, "result": done[name]}
                out.write(json.dumps(line, sort_keys=True) + "\n")
    print(file=sys.stderr)
    return done


def _named(done: dict[str, dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    return {name[len(kind) + 1 :]: result for name, result in done.items() if name.startswith(kind + " ")}


def _p90(eighths: list[int], target: float) -> float:
    """Litres after which nine runs of ten were hits."""
    return sorted(eighths)[-(-9 * len(eighths) // 10) - 1] * target / 8


def _power(done: dict[str, dict[str, Any]]) -> list[str]:
    lines = [
        "## Fuel for nine hits in ten",
        "",
        f"{RUNS} runs a cell, tried in eighths of the target up to twice of it; `>` is beyond. Worst of the nine cells (three pulsers,",
        "delays of half an interval, of 0.02, uniform), median of the nine, and all.  The floor: when nine devices of ten have put",
        f"in {LEAST_HITS} pulses in separate bursts ({BURST / 1000:g} ms, {int(BURST * 1e-6 * disc_trains.RATE)} pulses at this flow), of which fewer are no finding whoever looks: by",
        "arithmetic, and as it came in the same runs, in the same eighths, for one who knows which pulses were put in (worst cell).",
        "Beside it the test needs three intervals more behind the last, and forty pulses in all: 0.36 L at 10 %.",
        "",
        "| put in | share | target L | floor L | floor in these runs L | worst P90 L | worst share within target | median P90 L | P90 by pulser and delay |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    cells = _named(done, "power")
    for (kind, gain), target in TARGETS.items():
        mine = {
            name: _p90(cell["eighths"], target) for name, cell in cells.items() if name.startswith(f"{kind} {gain:g} ")
        }
        told = [
            f"{' '.join(name.split()[2:])} {'>' if value > 2 * target else ''}{min(value, 2 * target):.3g}"
            for name, value in mine.items()
        ]
        worst, middle = max(mine.values()), float(np.median(list(mine.values())))
        ideal = max(_p90(cells[name]["ideal"], target) for name in mine)
        within = min(float(np.mean(np.array(cells[name]["eighths"]) <= 8)) for name in mine)
        lines.append(
            f"| {kind} | {gain:.0%} | {target:g} | {floor_l(kind, gain):.3g} | {ideal:.3g} | {worst:.3g} | {within:.3f} | {middle:.3g} | "
            f"{', '.join(told)} |"
        )
    return lines


def _honest(done: dict[str, dict[str, Any]]) -> list[str]:
    lines = [
        "",
        "## Honest pulses",
        "",
        "With every nuisance (bursts of interference with mean 0.3 a delivery, start and stop hammer; the second generator also",
        "scratches, dirt, chatter, play, air, a regulator that hunts); deliveries of 1 to 40 L, four flow profiles. An alarm is a",
        "reading with hits, `holes alone` those in which pulses seem to be missing. `left out`: trains from which disc.py would",
        "leave out edges where a test of the disc is mute. The last generator's contacts chatter behind up to one edge in a hundred,",
        "pulses of 20 to 150 us that a filter takes away and a decoder of both channels does not count: with one channel decoded and",
        "no filter the board does count them, and one tap cannot tell them from pulses put in (an honest cause that only the second",
        "tap excludes, harness/catalogue/causes_fuel.toml). Three bursts of interference in one delivery are an alarm too, which",
        "`q_few` prices.",
        "",
        "| stream | pulses | deliveries | mute | alarms | holes alone | single hits | left out |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for generator, decoding, _ in STREAMS:
        total = Counter[str]()
        for result in _named(done, f"honest {generator} {decoding}").values():
            total.update(result)
        keys = ("pulses", "deliveries", "mute", "alarms", "holes alone", "hits", "left out")
        lines.append(f"| {generator}.py, {decoding} | " + " | ".join(f"{total[key]:,}" for key in keys) + " |")
    for grade, result in _named(done, "undisturbed").items():
        lines.append(f"| nothing disturbs, {grade} | {result['pulses']:,} | - | - | - | - | {result['hits']} | - |")
    return lines


def _patterns(done: dict[str, dict[str, Any]]) -> list[str]:
    lines = [
        "",
        "## What the suspects keep to",
        "",
        f"Suspects at random places, flow that sways by a factor 1.35 either way, {DRAWS:,} draws: share of p below 0.01 and 0.001 by",
        f"test, and share that is given a name (stated: at most {LEVEL:g}).",
        "",
        "| pulses, suspects | every n | own oscillator | delay, time | delay, share | named |",
        "|---|---|---|---|---|---|",
    ]
    for name, result in _named(done, "chance").items():
        n = result["draws"]
        cells = [
            f"{result.get(f'{test} 0.01', 0) / n:.4f}, {result.get(f'{test} 0.001', 0) / n:.4f}"
            for test in ("every_n", "oscillator", "delay", "phase")
        ]
        lines.append(f"| {', '.join(name.split())} | {' | '.join(cells)} | {result.get('named', 0) / n:.4f} |")
    lines += [
        "",
        "20 L with pulses put in: pattern told, disc told to come together again (True, False, silent), true size within the",
        "interval, median relative error of the size.",
        "",
        "| put in | share | pulser | hits | pattern told | again | size within | error |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, result in _named(done, "named").items():
        *kind, gain, grade = name.split()
        told = {key.removeprefix("pattern "): n for key, n in result.items() if key.startswith("pattern ")}
        again = {key.removeprefix("recoheres "): n for key, n in result.items() if key.startswith("recoheres ")}
        lines.append(
            f"| {' '.join(kind)} | {float(gain):.0%} | {grade} | {result.get('hit', 0)} of {result['runs']} | {_counts(told)} | "
            f"{_counts(again)} | {result.get('size within', 0)} | {result['size error']} |"
        )
    lines += [
        "",
        "## Period gain behind insertions",
        "",
        "A smooth multiplier of 3.3 % over 20 L, behind it pulses put in at random: right (within 0.001), as the train stands and",
        "with what was put in left out where it is mute.",
        "",
        "| put in | pulser | as it stands | left out | wrong |",
        "|---|---|---|---|---|",
    ]
    for name, result in _named(done, "composite").items():
        gain, grade = name.split()
        n = result["runs"]
        right = [f"{result.get(f'{key}: right', 0)} of {n}" for key in ("stands", "without")]
        lines.append(f"| {float(gain):.0%} | {grade} | {' | '.join(right)} | {result.get('without: wrong', 0)} |")
    return lines


def _counts(told: dict[str, int]) -> str:
    return ", ".join(f"{name} {n}" for name, n in sorted(told.items(), key=lambda item: -item[1]))


def _recordings(done: dict[str, dict[str, Any]]) -> list[str]:
    lines = [
        "",
        "## Real recordings that bear motion",
        "",
        "`rotary-ramp` is synthetic upstream. One edge put into the middle of an interval at random places, each by itself: found",
        "as exactly that edge. Then edges put into the whole: found of those put in (the edge itself, or the one beside it within",
        "0.15 of an interval), false, over the delays of half an interval, of 0.02, uniform; `mute` where the test says that it",
        "cannot judge the motion.",
        "",
        "| recording | pulses | as it is | doctored found | 1 % | 2 % | 5 % | 10 % | false |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, result in _named(done, "recording").items():
        cells, false = [], 0
        for gain in (0.01, 0.02, 0.05, 0.10):
            mine = [result[f"{kind} {gain:g} {delay}"] for kind in ("periodic", "random") for delay in DELAYS]
            speaking = [cell for cell in mine if not cell["mute"]]
            false += sum(cell["false"] for cell in speaking)
            if speaking:
                mute = f", {len(mine) - len(speaking)} of {len(mine)} mute" if len(speaking) < len(mine) else ""
                cells.append(f"{sum(c['found'] for c in speaking)} of {sum(c['put in'] for c in speaking)}{mute}")
            else:
                cells.append("mute")
        doctored = f"{result.get('found', 0)} of {result['doctored']}" if result.get("doctored") else "-"
        lines.append(f"| {name} | {result['pulses']} | {result['says']} | {doctored} | {' | '.join(cells)} | {false} |")
    return lines


def report(done: dict[str, dict[str, Any]]) -> str:
    head = [
        "# The split test, measured",
        "",
        f"`python benchmarks/split_power.py`, seed {SEED}, version {split.DETECTOR.version} of the test, commit {commit(12)}. 100 pulses a",
        "litre, 50 slots, 40 L/min; pulsers are the models of `benchmarks/disc_trains.py`, no field data.",
        "",
    ]
    return "\n".join([*head, *_power(done), *_honest(done), *_patterns(done), *_recordings(done)]) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description="power and honesty of the split test")
    parser.add_argument("--short", action="store_true")
    short = parser.parse_args().short
    text = report(measure(0.05 if short else 1.0, keep=not short))
    print(text)
    if not short:
        REPORT.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
