"""What goes wrong without it: four choices of this project, each measured against the usual one.

    python benchmarks/ablations.py          a few minutes; writes docs/ablations.md
    python benchmarks/ablations.py --runs 100   a look, writes nothing

1. Intervals as integer ticks or as float seconds in the histogram of the timer lattice (pulses/lattice.py).
2. A regional mean error tested by stations or by dispensers as if these were independent.
3. E-values of detectors that see the same thing, multiplied or averaged.
4. Pulses modelled as Poisson or as what a disc makes of a volume (renewal: a count is off by less than two).

Source of the choices and of the sizes that were expected: statistics.md 7.10.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from math import ceil, exp, expm1, log, log1p, sqrt
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the matrices are small: threads only wait for each other

import numpy as np  # noqa: E402
import numpy.typing as npt  # noqa: E402
from scipy import stats  # noqa: E402

from benchmarks.repository import commit  # noqa: E402
from harness.judge.pulses.lattice import find  # noqa: E402

REPORT = ROOT / "docs" / "ablations.md"
SEED, RUNS = 20_240_505, 4000
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
LEVELS = (0.01, 0.001)


def free_train(rng: np.random.Generator, n: int = 400) -> Ints:
    """A free-running source at about 3 ms in ticks of a microsecond."""
    slow = np.cumsum(rng.normal(0, 0.004, n))
    d = 3000.0 * np.exp(0.03 * np.sin(np.arange(n) / 40) + slow - slow.mean() + rng.normal(0, 0.01, n))
    return np.cumsum(np.maximum(np.round(d), 2).astype(np.int64))


def plain_lattice(ticks: Ints, whole: bool, tick_s: float = 1e-6) -> float:
    """p of the greatest line of a plain histogram of intervals: `whole`, by integers; else of float seconds, as it is usually
    written, floor((d - d0) / step).  Nothing else differs between the two."""
    d = np.diff(ticks) if whole else np.diff(ticks * tick_s)
    d = d[d <= 4 * np.median(d)]
    bins = d - d.min() if whole else np.floor((d - d.min()) / tick_s).astype(np.int64)
    spread = int(bins.max()) + 1
    n = 1 << (4 * spread - 1).bit_length()
    lines = np.abs(np.fft.rfft(np.bincount(bins, minlength=spread).astype(np.float64), n)) ** 2 / bins.size
    middle = np.sort(bins)[int(0.1 * bins.size) : int(0.9 * bins.size)]
    low = 20.0 / (float(np.ptp(middle)) + 1)
    first, last = int(np.ceil(low * n)), int(0.45 * n)
    z = float(lines[first : last + 1].max())
    width = (0.45 - low) * sqrt(4 * np.pi * float(np.var(bins)))
    return -expm1(log1p(-exp(-z)) - width * sqrt(z) * exp(-z)) if z > 1 else 1.0


def lattices(runs: int) -> list[tuple[str, Floats]]:
    """p (runs,) on free-running sources: the kernel, and a plain test by either arithmetic."""
    kernel, whole, real = [], [], []
    for seed in range(runs):
        ticks = free_train(np.random.default_rng([SEED, 1, seed]))
        found = find(ticks)
        kernel.append(1.0 if found is None else found.p)
        whole.append(plain_lattice(ticks, True))
        real.append(plain_lattice(ticks, False))
    named = (("the kernel (integer ticks)", kernel), ("plain, integer ticks", whole), ("plain, float seconds", real))
    return [(name, np.array(p)) for name, p in named]


STATIONS, DISPENSERS = 12, 8
BETWEEN, WITHIN = 0.15, 0.10  # per cent: one installer adjusts a station's dispensers alike


def clustered(runs: int) -> list[tuple[str, Floats]]:
    """p (runs,) of Student's test of an honest region's mean error, from station means and from all dispensers."""
    rng = np.random.default_rng([SEED, 2])
    station = rng.normal(0, BETWEEN, (runs, STATIONS, 1))
    errors = station + rng.normal(0, WITHIN, (runs, STATIONS, DISPENSERS))
    by_station = stats.ttest_1samp(errors.mean(axis=2), 0.0, axis=1).pvalue
    by_dispenser = stats.ttest_1samp(errors.reshape(runs, -1), 0.0, axis=1).pvalue
    return [("by stations", np.asarray(by_station)), ("every dispenser for itself", np.asarray(by_dispenser))]


DETECTORS, SHARED = 6, 0.9


def e_values(runs: int) -> list[tuple[str, Floats]]:
    """1/e (runs,) over honest segments: e-values exp(z - 1/2) of detectors with correlation SHARED, combined."""
    rng = np.random.default_rng([SEED, 3])
    common = rng.normal(0, 1, (runs, 1))
    z = sqrt(SHARED) * common + sqrt(1 - SHARED) * rng.normal(0, 1, (runs, DETECTORS))
    e = np.exp(z - 0.5)  # likelihood ratio of N(1, 1) to N(0, 1): mean one
    return [("mean", 1 / e.mean(axis=1)), ("product", 1 / e.prod(axis=1))]


GAINS = (0.01, 0.02, 0.05, 0.1)
ALPHA, BETA = 1e-4, 0.05


def poisson_sprt(gain: float) -> float:
    """Expected pulses of Wald's test of 1 against 1 + gain where pulses are Poisson, when the gain is there (Wald 1945)."""
    gained = log(1 + gain) - gain / (1 + gain)  # a pulse's expected log-likelihood ratio under the gain
    up, down = log((1 - BETA) / ALPHA), log(BETA / (1 - ALPHA))
    return ((1 - BETA) * up + BETA * down) / gained


def renewal(gain: float, runs: int) -> tuple[float, float]:
    """Pulses until three more are counted than the volume explains, in 95 of 100; false alarms in as many pulses without."""
    rng = np.random.default_rng([SEED, 4, round(gain * 1000)])
    n = ceil(8 / gain)
    needed, false = [], 0
    for _ in range(runs):
        slots = rng.normal(0, 0.007, 50)
        start = rng.uniform(0, 1)
        places = np.arange(n) + slots[np.arange(n) % 50] + rng.normal(0, 0.005, n) + start
        # a reference on the same shaft tells the volume; the count may honestly be one more or less
        honest = np.arange(1, n + 1) - np.floor(places + 1)
        false += bool(np.any(honest >= 3))
        counted = np.floor(np.arange(1, n + 1) * (1 + gain)) - np.floor(places + 1)
        over = np.flatnonzero(counted >= 3)
        needed.append(int(over[0]) + 1 if over.size else n)
    return float(np.quantile(needed, 1 - BETA)), false / runs


def _rates(title: str, about: str, rows: list[tuple[str, Floats]], at: tuple[float, ...]) -> list[str]:
    lines = [f"## {title}", "", about, "", "| | " + " | ".join(f"at {level:g}" for level in at) + " | times nominal |"]
    lines.append("|---" * (len(at) + 2) + "|")
    for name, p in rows:
        shares = [float(np.mean(p <= level)) for level in at]
        times = shares[-1] / at[-1]
        lines.append(f"| {name} | " + " | ".join(f"{share:.3%}" for share in shares) + f" | {times:.3g} |")
    return [*lines, ""]


def page(runs: int) -> str:
    large = max(runs * 50, 10_000)
    parts: list[tuple[str, str, Callable[[], list[tuple[str, Floats]]], tuple[float, ...]]] = [
        (
            "Integer ticks or float seconds, timer lattice",
            f"False alarms on {runs} free-running sources of 400 edges, ticks of 1 us. As float seconds, which side of a bin an interval "
            "falls to is decided by its rounding error, which has a pattern of its own.",
            lambda: lattices(runs), LEVELS,
        ),
        (
            "By stations or by dispensers, mean error of a region",
            f"False alarms of a two-sided Student's test in {large} honest regions of {STATIONS} stations with {DISPENSERS} dispensers; "
            f"standard deviation {BETWEEN} % between stations, {WITHIN} % within.",
            lambda: clustered(large), LEVELS,
        ),
        (
            "Mean or product of the e-values of correlated detectors",
            f"Share of {large} honest segments in which the combined e of {DETECTORS} detectors (correlation {SHARED}) reaches 100 and 1000; "
            "each e alone has mean one, so at most 1 % and 0.1 % may.",
            lambda: e_values(large), LEVELS,
        ),
    ]  # fmt: skip
    lines = [
        "# Ablations", "",
        f"Made by `python benchmarks/ablations.py`, seed {SEED}, commit {commit(12)}. Each part measures a choice of this project beside the usual one.", "",
    ]  # fmt: skip
    for title, about, make, at in parts:
        print(title, file=sys.stderr)
        lines += _rates(title, about, make(), at)
    print("renewal", file=sys.stderr)
    lines += [
        "## Renewal or Poisson, pulses needed", "",
        f"Pulses to see a gain with power {1 - BETA:.0%}. Poisson: Wald's test at alpha {ALPHA:g}, expected number [D]. Renewal: three pulses more than",
        f"the volume explains, against a reference on the shaft, 95 % quantile of {min(runs, 1000)} runs; its false alarms beside it.", "",
        "| gain | Poisson | renewal | ratio | false alarms |", "|---|---|---|---|---|",
    ]  # fmt: skip
    for gain in GAINS:
        needed, false = renewal(gain, min(runs, 1000))
        expected = poisson_sprt(gain)
        lines.append(f"| {gain:.0%} | {expected:.0f} | {needed:.0f} | {expected / needed:.0f} | {false:.2%} |")
    return "\n".join([*lines, ""])


def main() -> int:
    parser = argparse.ArgumentParser(description="ablations")
    parser.add_argument("--runs", type=int, default=RUNS)
    arguments = parser.parse_args()
    text = page(arguments.runs)
    if arguments.runs >= RUNS:
        REPORT.write_text(text, "utf-8")
    else:
        print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
