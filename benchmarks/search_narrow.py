"""What is found after a hit, and how long choosing the next run takes.

    python benchmarks/search_narrow.py               1,000 functions a row; writes docs/search_narrow.md
    python benchmarks/search_narrow.py --n 20        a look, writes nothing

Thresholds by bisection against hidden thresholds; thresholds read inside one long delivery of an independent generator by the real tests;
three keys in a row of up to twelve by delta debugging; the next run among all settings of the dispenser's model.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np  # noqa: E402

from benchmarks.curves import own_detectors  # noqa: E402
from benchmarks.generators import PROFILE, Tamper, delivery, instrument  # noqa: E402
from benchmarks.inspection_runs import interval  # noqa: E402
from benchmarks.repository import commit  # noqa: E402
from benchmarks.search_cases import STATIONS  # noqa: E402
from harness.catalogue import load_validations  # noqa: E402
from harness.judge.contract import View  # noqa: E402
from harness.search.cost import Cost, State, after  # noqa: E402
from harness.search.narrow import minimal, threshold  # noqa: E402
from harness.search.onset import told_by_one  # noqa: E402
from harness.search.parser import built_in  # noqa: E402
from harness.search.population import draw  # noqa: E402
from harness.search.scheduler import Scheduler  # noqa: E402

REPORT = ROOT / "docs" / "search_narrow.md"
SEED, FULL = 61_000, 1_000
LOW_L, HIGH_L, RESOLUTION_L = 2.3, 40.0, 0.2
ASKED_L = (7.3, 10.0, 13.7, 17.9, 27.1, 33.0, 40.0)
GAINS, RUNS = (0.01, 0.02, 0.03, 0.05, 0.10), (1, 3)
READS = "course"  # the test that tells where in a delivery the error begins
CHEATS, PROPOSALS = 20_000, 20
T = TypeVar("T")


def walked(asks: Generator[Any, bool, T], answer: Callable[[Any], bool]) -> tuple[T, int]:
    """What a dialogue came to, and how many runs it asked for."""
    runs = 0
    try:
        asked = next(asks)
        while True:
            runs += 1
            asked = asks.send(answer(asked))
    except StopIteration as end:
        return end.value, runs


def bisected(n: int) -> list[str]:
    rng = np.random.default_rng([SEED, 1])
    allowed = math.log2((HIGH_L - LOW_L) / RESOLUTION_L) + 2
    most, wide, held = 0, 0.0, 0
    for limit in rng.uniform(LOW_L, HIGH_L, n):
        found, runs = walked(threshold(LOW_L, HIGH_L, RESOLUTION_L), lambda litres, limit=limit: litres > limit)
        most, wide = max(most, runs), max(wide, found.acts - found.silent)
        held += found.silent <= limit <= found.acts
    return [
        f"| volume from {LOW_L:g} to {HIGH_L:g} L to {RESOLUTION_L:g} L | {n} | {held} | {wide:.2f} L | {most} | {allowed:.1f} |"
    ]


def inside(gain: float, runs: int, n: int) -> tuple[int, int, float]:
    """Of n thresholds: told at all, told to RESOLUTION_L, and the median error in litres, from so many deliveries of HIGH_L each."""
    rng = np.random.default_rng([SEED, 2, round(1000 * gain), runs])
    tests, known = own_detectors(), load_validations()
    spec = tests[READS]
    told, near, errors = 0, 0, []
    for number in range(n):
        it, limit = instrument(rng), float(rng.uniform(3.0, 35.0))
        segments = [
            delivery(
                rng, it, HIGH_L, id=f"Q{number}-{run}", flow="steady", tamper=Tamper(register_gain=gain, from_l=limit),
                stations=STATIONS["K2"], weighed=False, state="s0", start_ns=run * 10**12, context={}, misread=0.0,
            )
            for run in range(runs)
        ]  # fmt: skip
        view = View(PROFILE, spec.parameters, known[f"{spec.name}/{spec.version}"])
        onsets = [float(r.at["onset_l"]) for r in spec.judge(segments, view) if r.hits and "onset_l" in r.at]
        if onsets:
            told += 1
            errors.append(abs(float(np.median(onsets)) - limit))
            near += errors[-1] <= RESOLUTION_L
    return told, near, float(np.median(errors)) if errors else math.nan


def foretold(n: int) -> list[str]:
    """How often one delivery tells from where on it is counted otherwise, against what harness/search/onset.py says beforehand, in tenths of that."""
    rng = np.random.default_rng([SEED, 5])
    tests, known = own_detectors(), load_validations()
    spec = tests[READS]
    view = View(PROFILE, spec.parameters, known[f"{spec.name}/{spec.version}"])
    said, told = [], []
    for number in range(n):
        asked, gain = float(rng.choice(ASKED_L)), float(rng.choice(GAINS))
        above = float(rng.uniform(2.0, asked - 2.0))
        one = delivery(
            rng, instrument(rng), asked, id=f"Q{number}", flow="steady", tamper=Tamper(register_gain=gain, from_l=above),
            stations=STATIONS["K2"], weighed=False, state="s0", start_ns=0, context={}, misread=0.0,
        )  # fmt: skip
        said.append(float(told_by_one(np.array(gain), np.array(above), np.array(asked))))
        told.append(any(r.hits and "onset_l" in r.at for r in spec.judge([one], view)))
    tenth, hits = np.minimum((np.array(said) * 10).astype(int), 9), np.array(told)
    rows = []
    for k in range(10):
        own = tenth == k
        low, high = interval(int(hits[own].sum()), max(int(own.sum()), 1))
        rows.append(
            f"| {k / 10:.1f} to {(k + 1) / 10:.1f} | {own.sum()} | {np.mean(np.array(said)[own]):.2f} | {hits[own].mean():.2f} | {low:.2f} to {high:.2f} |"
        )
    return rows


def minimised(n: int) -> list[str]:
    rng = np.random.default_rng([SEED, 3])
    names = np.array(["F1", "F2", "F3", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "T", "Z"])
    exact, runs_of = 0, []
    for _ in range(n):
        keys = tuple(map(str, rng.choice(names, int(rng.integers(4, 13)))))
        places = sorted(rng.choice(len(keys), 3, replace=False))
        needed = tuple(keys[at] for at in places)
        found, runs = walked(minimal(keys), lambda tried, needed=needed: part_of(needed, tried))
        exact += found == needed
        runs_of.append(runs)
    return [
        f"| three keys in order among 4 to 12 | {n} | {exact} | | {max(runs_of)} (median {np.median(runs_of):g}) | |"
    ]


def part_of(needed: tuple[str, ...], tried: tuple[str, ...]) -> bool:
    """Whether `needed` comes in `tried`, in its order."""
    left = iter(tried)
    return all(key in left for key in needed)


def chosen() -> tuple[int, list[float]]:
    """Settings of the model, and the seconds that each of PROPOSALS took among CHEATS functions."""
    model = built_in("dispenser")
    scheduler = Scheduler(model, "K2", SEED, population=draw(model, CHEATS, np.random.default_rng([SEED, 4])))
    state, seconds = State("E"), []
    for _ in range(PROPOSALS):
        begun = time.perf_counter()
        proposal = scheduler.propose(state, Cost(60.0, math.inf, 0))
        seconds.append(time.perf_counter() - begun)
        if proposal is None:
            break
        scheduler.tell(proposal.trial)
        state = after(model, "K2", state, proposal.trial)
    return math.prod(len(factor.levels) for factor in model.factors), seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=FULL)
    given = parser.parse_args()
    lines = [
        "# After a hit", "",
        f"Made by `python benchmarks/search_narrow.py`, commit {commit()}, seed {SEED}. Simulated functions: thresholds uniform over the range, keys drawn at random.", "",
        "## By runs", "",
        "| what | functions | found exactly | widest interval | most runs | log2(range/resolution) + 2 |", "|---|---|---|---|---|---|",
        *bisected(given.n), *minimised(given.n),
    ]  # fmt: skip
    print("\n".join(lines[6:]), flush=True)
    lines += [
        "", f"## Inside deliveries of {HIGH_L:g} L, by `{READS}` (reference and register, no pulse tapped)", "",
        "| share added | deliveries | functions | told | within 0.2 L | 95 % of those told | median error, L |", "|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    few = max(10, given.n // 5)
    for gain in GAINS:
        for runs in RUNS:
            told, near, error = inside(gain, runs, few)
            low, high = interval(near, max(told, 1))
            lines.append(
                f"| {100 * gain:g} % | {runs} | {few} | {told} | {near} | {low:.2f} to {high:.2f} | {error:.2f} |"
            )
            print(lines[-1], flush=True)
    lines += [
        "", "## How likely one delivery tells from where on, said beforehand and measured", "",
        f"Deliveries of {ASKED_L[0]:g} to {ASKED_L[-1]:g} L, {100 * GAINS[0]:g} to {100 * GAINS[-1]:g} % added from anywhere in them.", "",
        "| said beforehand | deliveries | mean of that | told | 95 % |", "|---|---|---|---|---|",
        *foretold(10 * given.n),
    ]  # fmt: skip
    print("\n".join(lines[-12:]), flush=True)
    settings, seconds = chosen()
    lines += [
        "", "## Choosing the next run", "",
        f"{settings:,} settings, {CHEATS:,} functions of the model, {len(seconds)} proposals: median {np.median(seconds):.2f} s, longest {max(seconds):.2f} s on one core.",
    ]  # fmt: skip
    print(lines[-1])
    if given.n >= FULL:
        REPORT.write_text("\n".join(lines) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
