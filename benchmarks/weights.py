"""Kernels on weight streams against the tables of statistics.md 2a-2d, and their nulls under rounding.

    python benchmarks/weights.py          writes docs/weight_kernels.md; resumable, some minutes on one core
    python benchmarks/weights.py --quick  a twentieth of the runs, writes nothing

Blocks are seeded by their name; finished ones stand in docs/results/weights.jsonl with the digest of the code that made them, and
are made anew where it changed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np  # noqa: E402
from scipy import stats  # noqa: E402

from benchmarks import weight_measures as measures  # noqa: E402
from benchmarks.repository import commit  # noqa: E402
from harness.judge.weights.changeover import detectable, dither_sd  # noqa: E402

RESULTS = ROOT / "docs" / "results" / "weights.jsonl"
REPORT = ROOT / "docs" / "weight_kernels.md"
BOUND = 1e-3  # chance that an exact test has more hits than its bound
CHANGEOVER = {  # noise in e: detectable shift in e for K = 10, 20, 40 (statistics.md 2a)
    0.02: (0.21, 0.17, 0.12), 0.05: (0.34, 0.29, 0.19), 0.1: (0.57, 0.38, 0.28), 0.2: (0.74, 0.56, 0.37),
    0.4: (1.13, 0.83, 0.55),
}  # fmt: skip
READINGS = (  # shift, noise, dither, alpha, readings per state for 90 % (statistics.md 2b), first n tried
    (2.0, 0.05, False, 1e-3, "7", 6), (2.0, 0.05, False, 1e-4, "8-10", 7), (1.0, 0.05, False, 1e-3, "9", 7),
    (1.0, 0.2, False, 1e-3, "12", 9), (1.0, 0.4, False, 1e-3, "16", 12), (1.0, 0.05, False, 1e-4, "12", 9),
    (1.0, 0.2, False, 1e-4, "16", 12), (1.0, 0.4, False, 1e-4, "20", 16), (0.5, 0.05, True, 1e-4, "24-40", 18),
    (0.25, 0.05, True, 1e-4, "~100", 62),
)  # fmt: skip
STATED_MS = {(100, 10): 2.1, (100, 20): 1.7, (100, 80): 1.5, (1000, 10): 0.17, (1000, 20): 0.17, (1000, 80): 0.17}


def digest() -> str:
    """Of the kernels and of what measures them."""
    files = [*sorted((ROOT / "harness" / "judge" / "weights").glob("*.py")), ROOT / "benchmarks" / "weight_measures.py"]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]


def packed(values: list[float]) -> list[float] | dict[str, int]:
    """Values as they are, or, where most are repeats, how often each occurs: exact tests give few different p."""
    each = Counter(values)
    return {repr(value): count for value, count in sorted(each.items())} if 4 * len(each) < len(values) else values


def unpacked(stored: list[float] | dict[str, int]) -> list[float]:
    if isinstance(stored, dict):
        return [float(value) for value, count in stored.items() for _ in range(count)]
    return stored


class Blocks:
    """Finished blocks by name; made where missing, stored at once."""

    def __init__(self, share: float) -> None:
        self.share, self.digest, self.keep = share, digest(), share == 1
        self.done: dict[str, measures.Found] = {}
        if self.keep and RESULTS.exists():
            for line in map(json.loads, RESULTS.read_text("utf-8").splitlines()):
                if line["digest"] == self.digest:
                    self.done[line["key"]] = {name: unpacked(values) for name, values in line["found"].items()}
            RESULTS.write_text("".join(self.line(key) for key in self.done), "utf-8")

    def line(self, key: str) -> str:
        found = {name: packed(values) for name, values in self.done[key].items()}
        return json.dumps({"key": key, "digest": self.digest, "found": found}) + "\n"

    def runs(self, count: int) -> int:
        return max(int(count * self.share), 20)

    def get(self, key: str, call: Callable[[], measures.Found]) -> measures.Found:
        if key not in self.done:
            print(f"\r{key:60}", end="", file=sys.stderr, flush=True)
            rounded = {name: [float(f"{x:.6g}") for x in values] for name, values in call().items()}
            self.done[key] = rounded
            if self.keep:
                RESULTS.parent.mkdir(parents=True, exist_ok=True)
                with RESULTS.open("a", encoding="utf-8") as out:
                    out.write(self.line(key))
        return self.done[key]


def changeover_table(blocks: Blocks) -> list[str]:
    lines = [
        "| noise | K | sd formula | sd measured | table | strata drawn, one-sided | off | worst phase, two-sided |",
        "|---" * 8 + "|",
    ]
    for noise, row in CHANGEOVER.items():
        for k, table in zip((10, 20, 40), row, strict=True):
            sd = blocks.get(
                f"scatter {noise} {k}", lambda n=noise, k=k: measures.dither_scatter(n, k, blocks.runs(20_000))
            )["sd"][0]
            drawn = detectable(1e-4, k, noise, side=1, drawn=True)
            lines.append(
                f"| {noise} | {k} | {dither_sd(noise, k):.4f} | {sd:.4f} | {table} | {drawn:.3f} | {drawn / table - 1:+.1%} | "
                f"{detectable(1e-4, k, noise):.3f} |"
            )
    return lines


def readings_needed(
    blocks: Blocks, shift: float, noise: float, dither: bool, alpha: float, first: int, side: str
) -> str:
    """The least n whose measured power is 0.9, and that power."""
    n, count = first, blocks.runs(2000 if not dither else 200 if first < 50 else 100)
    while n <= 140:
        p = blocks.get(
            f"permutation {shift} {noise} {dither} {n}",
            lambda n=n: measures.permutation(noise, shift, n, dither, count, 0),
        )[side]
        power = float(np.mean(np.array(p) <= alpha))
        if power >= 0.9:
            return f"{n} ({power:.2f})"
        n += 1 if n < 24 else 8
    return "> 140"


def null_line(name: str, null: str, p: list[float]) -> str:
    told = []
    for level in (0.05, 0.01, 0.001):
        hits = sum(x <= level for x in p)
        told.append(f"{hits} (<= {int(stats.binom.isf(BOUND, len(p), level))})")
    return f"| {name} | {null} | {len(p)} | {' | '.join(told)} |"


def nulls(blocks: Blocks) -> list[str]:
    lines = ["| test | null | runs | p <= 0.05 | p <= 0.01 | p <= 0.001 |", "|---" * 6 + "|"]
    for noise in (0.02, 0.05, 0.2, 0.4):
        found = blocks.get(
            f"null permutation {noise}", lambda n=noise: measures.permutation(n, 0.0, 12, False, blocks.runs(10_000), 1)
        )
        lines.append(null_line("permutation, 12 + 12", f"no shift, noise {noise}", found["two"]))
        found = blocks.get(
            f"null changeover {noise}", lambda n=noise: measures.changeover_null(n, 20, blocks.runs(5000))
        )
        lines.append(null_line("changeover, K = 20", f"phase 0.413, noise {noise}", found["worst"]))
        lines.append(null_line("changeover, strata drawn", f"phase 0.413, noise {noise}", found["drawn"]))
    for noise in (0.1, 0.5, 1.5):
        found = blocks.get(f"null noise {noise}", lambda n=noise: measures.noise_levels(n, blocks.runs(4000)))
        lines.append(null_line("too noisy", f"60 readings of noise {noise}", found["noisy"]))
        if found["quiet"]:
            lines.append(null_line("too quiet", f"60 readings of noise {noise}", found["quiet"]))
        else:
            lines.append(f"| too quiet | 60 readings of noise {noise} | no power: says nothing | | | |")
    for n in (2000, 6000):
        found = blocks.get(f"null cadence {n}", lambda n=n: measures.cadences(n, 0.0, 0.0, blocks.runs(2000)))
        lines.append(null_line("latency", f"{n} frames, wandering clock, stalls", found["latency"]))
        lines.append(null_line("period", f"{n} frames, wandering clock, stalls", found["period"]))
    found = blocks.get("codes 1.0", lambda: measures.codes(1.0, 0.01, blocks.runs(1000)))
    for name, what in (("regular", "ramp"), ("repeated", "two ramps"), ("never", "1200 random loads")):
        lines.append(null_line(f"missing codes, {what}", "no gain, 30 lumps a ramp", found[name]))
    found = blocks.get("pulls", lambda: measures.pulls(blocks.runs(3000)))
    lines.append(null_line("constant pull", "0.4 steps/s, noise 0.05", found["p"]))
    for size, hz in STATED_MS:
        found = tau(blocks, size, hz)
        lines.append(null_line("one time constant", f"steps of {size} at {hz} Hz", found["p"]))
    return lines


def tau(blocks: Blocks, size: int, hz: int) -> measures.Found:
    return blocks.get(f"tau {size} {hz}", lambda: measures.time_constants(size, hz, blocks.runs(600)))


def dynamics_table(blocks: Blocks) -> list[str]:
    lines = [
        "| step | readings/s | stated sd, ms | measured sd, ms | mean - 250 ms | median u, ms | sd of (tau - 250)/u |",
        "|---" * 7 + "|",
    ]
    for (size, hz), stated in STATED_MS.items():
        found = tau(blocks, size, hz)
        values, u = np.array(found["tau"]), np.array(found["u"])
        lines.append(
            f"| {size} e | {hz} | {stated} | {1e3 * values.std():.3f} | {1e3 * (values.mean() - 0.25):+.3f} | "
            f"{1e3 * np.median(u):.3f} | {np.std((values - 0.25) / u):.2f} |"
        )
    return lines


def switch_table(blocks: Blocks) -> list[str]:
    lines = ["| readings/s | tau | ln ratio, least | median | most |", "|---" * 5 + "|"]
    for hz in (10, 20, 80):
        for value in (0.0, 0.1, 0.25):
            found = blocks.get(
                f"transient {hz} {value}", lambda hz=hz, v=value: measures.transients(hz, v, blocks.runs(100))
            )
            ratio = np.clip(found["ratio"], None, 1e4)
            lines.append(
                f"| {hz} | {1e3 * value:.0f} ms | {ratio.min():.1f} | {np.median(ratio):.1f} | {ratio.max():.1f} |"
            )
    return lines


def step_table(blocks: Blocks) -> list[str]:
    shifts = (0.0, 0.75, 1.0, 1.5, 2.0, 3.0)
    lines = [
        f"| noise | {' | '.join(f'{shift:g}' for shift in shifts)} | intervals that hold it |",
        "|---" * (len(shifts) + 2) + "|",
    ]
    for noise in (0.02, 0.1, 0.2, 0.3, 1.0):
        found = [
            blocks.get(
                f"steps {noise} {s}",
                lambda n=noise, s=s: measures.step_runs(n, s, blocks.runs(3000 if not s else 300)),
            )
            for s in shifts
        ]
        shares = [f"{int(np.count_nonzero(found[0]['steps']))} of {len(found[0]['steps'])}"]
        shares += [f"{np.mean(np.array(one['steps']) > 0):.2f}" for one in found[1:]]
        held = [x for one in found[1:] for x in one["held"]]
        lines.append(f"| {noise} | {' | '.join(shares)} | {int(sum(held))} of {len(held)} |")
    return lines


def found_table(blocks: Blocks) -> list[str]:
    lines = ["| what | p <= 0.01 | p <= 0.0001 | runs |", "|---" * 4 + "|"]
    cases = [
        (f"latency + {late / 1e6:g} ms in {n} frames", f"cadence {n} {late}", n, late, 0.0, "latency")
        for n in (2000, 6000)
        for late in (2e6, 5e6, 2e7)
    ]
    cases += [
        (f"period + {slow / 1e3:g} us in 6000 frames", f"cadence 6000 period {slow}", 6000, 0.0, slow, "period")
        for slow in (2e4, 1e5)
    ]
    for what, key, n, late, slow, name in cases:
        p = np.array(
            blocks.get(key, lambda n=n, late=late, slow=slow: measures.cadences(n, late, slow, blocks.runs(100)))[name]
        )
        lines.append(f"| {what} | {np.mean(p <= 0.01):.2f} | {np.mean(p <= 1e-4):.2f} | {p.size} |")
    for gain in (1.02, 1.05, 1.1):
        found = blocks.get(f"codes {gain}", lambda g=gain: measures.codes(g, 0.001, blocks.runs(100)))
        for name, what in (
            ("regular", "one ramp of 300 codes, 3 lumps"),
            ("repeated", "two such ramps"),
            ("never", "1200 random loads"),
        ):
            p = np.array(found[name])
            lines.append(
                f"| gain {gain} after rounding, {what} | {np.mean(p <= 0.01):.2f} | {np.mean(p <= 1e-4):.2f} | {p.size} |"
            )
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description="kernels on weight streams")
    parser.add_argument("--quick", action="store_true")
    blocks = Blocks(0.05 if parser.parse_args().quick else 1.0)
    needed = ["| shift | noise | dither | alpha | table | one-sided | two-sided |", "|---" * 7 + "|"]
    for shift, noise, dither, alpha, table, first in READINGS:
        both = [readings_needed(blocks, shift, noise, dither, alpha, first, side) for side in ("one", "two")]
        needed.append(
            f"| {shift:g} e | {noise} e | {'random' if dither else 'none'} | {alpha:g} | {table} | {' | '.join(both)} |"
        )
    delays = blocks.get("cusum", lambda: measures.cusum_delays(blocks.runs(4000)))
    speed = [
        f"| {noise} | " + " | ".join(f"{x:.3f}" for x in s[:4]) + f" | {sum(s[:4]):.3f} | {s[4]:.0f} | {s[5]:.0f} |"
        for noise in (0.05, 0.5)
        for s in [blocks.get(f"throughput {noise}", lambda n=noise: measures.throughput(n))["seconds"]]
    ]
    text = f"""# Kernels on weight streams

`python benchmarks/weights.py`, seed {measures.SEED}, commit {commit(12)}, code {blocks.digest}. Kernels: `harness/judge/weights/`;
tables: statistics.md 2a-2d. Everything in steps of one scale interval e; all readings are rounded to whole steps.

## Changeover weights: detectable shift, alpha 1e-4, power 90 %

Target: within 10 % of the table. The table is one-sided and means over the phase of the level; so does `detectable` where a common
offset of the strata is drawn at random. Without that draw the worst phase counts, and two-sided tests pay for both sides.

{chr(10).join(changeover_table(blocks))}

## Exact permutation: readings per state for 90 % power

In brackets the measured power at that number (2000 comparisons, 100-200 with dither). The table is one-sided. Dither: a
random weight of up to e added to each placing, in twentieths, and taken off its reading.

{chr(10).join(needed)}

## Nulls under rounding

Hits at each level, and in brackets the bound that an exact test exceeds once in a thousand.

{chr(10).join(nulls(blocks))}

## Steps at constant load

A minute at 20 readings a second, creep up to 0.5 e either way, a shift in the middle (columns, e): share of streams in which a step
was told; without a shift, streams with any.  An interval is of levels that stand still: where creep moves a level over a
changeover point within one plateau, it may be too narrow by part of the creep.

{chr(10).join(step_table(blocks))}

CUSUM on single readings, noise 0.2 e, shift 1 e, mean time between false alarms 1e4: mean delay {np.mean(delays["delays"]):.2f} readings
(stated 1-2 before rounding; at an unknown phase rounding leaves d = 2 of 5), longest {max(delays["delays"]):.0f}; {sum(delays["alarmed"]):.0f} of {len(delays["alarmed"])} thousands of readings without
a shift alarmed.

## Time constants of a step of 250 ms

{chr(10).join(dynamics_table(blocks))}

ln of the likelihood of a transient over that of a switch, steps of 20 e (cut off at 1e4):

{chr(10).join(switch_table(blocks))}

## Latency, period and missing codes that are found

{chr(10).join(found_table(blocks))}

## A million frames

Seconds on one core, at 80 frames a second with another load every ten seconds. Target: under 2 s together.

| noise | runs | plateaus | steps | cadence | together | plateaus found | steps found |
|---|---|---|---|---|---|---|---|
"""
    print(file=sys.stderr)
    print(text + "\n".join(speed))
    if blocks.keep:
        REPORT.write_text(text + "".join(line + "\n" for line in speed), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
