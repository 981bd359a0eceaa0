"""False alarms, power and speed of the screening of trip records, on simulated fleets.

    python benchmarks/fleet.py          writes docs/fleet.md; under ten minutes on one processor
    python benchmarks/fleet.py --quick  a tenth of the fleets, prints and writes nothing

Rates alone (days with an event, thousands of units) and whole files through reader and every test.  Seeds are fixed.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np  # noqa: E402

from benchmarks.generators_fleet import CARELESS, MAPPING, Cheat, Fleet, make, with_cheats, write  # noqa: E402
from benchmarks.repository import commit  # noqa: E402
from harness.fleet.bounds import Tariffed, tariffed  # noqa: E402
from harness.fleet.kinds import OF_PEOPLE  # noqa: E402
from harness.fleet.mapping import parse  # noqa: E402
from harness.fleet.rates import fit, holm, interval, p_values  # noqa: E402
from harness.fleet.screening import ALPHA, Screening, screen  # noqa: E402
from protocols.tariff import known  # noqa: E402

REPORT, MEASURED = ROOT / "docs" / "fleet.md", "# What was measured\n"
TESTS = 12  # of a file with vehicles, drivers, rates, zones and tariff: what alpha is divided by
SIZES, DAYS = (300, 3000), (18, 30)
MEANS = (0.002, 0.02)  # of honest days with an event
FLEETS = {300: 40, 3000: 12}  # a cell
POWER_FLEETS = {300: 30, 3000: 12}
HONEST_FLEETS, CHEATING_FLEETS = 8, 2  # whole files, a line
LONG = 10_000_000  # trips
POWER = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)  # share of days on which a cheat is worked
WHOLE = Fleet(vehicles=150, days=28)
HONEST: Mapping[str, Fleet] = {
    "as the default": WHOLE,
    "rounded, not cut": replace(WHOLE, truncates=False),
    "drivers differ by 15 %": replace(WHOLE, drivers_differ=0.15),
    "vehicles differ by 4 %": replace(WHOLE, vehicles_differ=0.04),
    "ten times the careless presses, all charged": replace(WHOLE, presses=4e-3, charged=1.0),
    "presses of spread 1.5": replace(WHOLE, presses=2e-3, careless=1.5, charged=1.0),
    "2 % of fares fit no tariff": replace(WHOLE, dirt=0.02),
}
CHEATS: Sequence[tuple[str, str, Cheat]] = (
    ("doubled rate on 5 % of city trips", "doubled", Cheat(doubles=0.05)),
    ("doubled rate on 15 %", "doubled", Cheat(doubles=0.15)),
    ("doubled rate on 40 %", "doubled", Cheat(doubles=0.4)),
    ("distance +10 %", "scale", Cheat(gain=1.1)),
    ("distance +20 %", "scale", Cheat(gain=1.2)),
    ("distance +50 %", "scale", Cheat(gain=1.5)),
    ("30 miles put into 10 % of trips", "fast", Cheat(lump_mi=30, lumped=0.1)),
    ("1 mile put into 10 % of trips", "scale", Cheat(lump_mi=1, lumped=0.1)),
    ("records times 1.25 after rounding", "gaps", Cheat(factor=1.25)),
    ("records times 1.05 after rounding", "gaps", Cheat(factor=1.05)),
    ("20 % of distances entered in tens", "tens", Cheat(tens=0.2)),
    ("60 % of distances entered in tens", "tens", Cheat(tens=0.6)),
    ("a nought appended to 2 % of fares", "above", Cheat(tenfold=0.02)),
    ("a nought appended to 20 % of fares", "above", Cheat(tenfold=0.2)),
)


def rates_null(name: str, units: int, mean: float, fleets: int) -> tuple[int, int]:
    """Fleets in which anybody was listed, and units listed."""
    struck = listed = 0
    for seed in range(fleets):
        x, n = _honest(name, units, mean, seed)
        found = _listed(x, n)
        struck, listed = struck + bool(found.size), listed + found.size
    return struck, listed


def rates_power(name: str, units: int, mean: float, fleets: int) -> list[float]:
    """Share of cheats listed, one of each of POWER in every fleet and 1 % more that cheat on half of the days."""
    hits = np.zeros(len(POWER))
    for seed in range(fleets):
        x, n = _honest(name, units, mean, 1000 + seed)
        rng = np.random.default_rng([seed, 9])
        first, more = len(POWER), len(POWER) + max(units // 100, 1)
        x[:first] = rng.binomial(n[:first], POWER)
        x[first:more] = rng.binomial(n[first:more], 0.5)
        hits += np.isin(np.arange(first), _listed(x, n))
    return (hits / fleets).tolist()


def _honest(name: str, units: int, mean: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng([seed, units, round(mean * 1e6)])
    n = rng.integers(*DAYS, units)
    return rng.binomial(n, np.minimum(CARELESS[name](rng, units, mean), 1)), n


def _listed(x: np.ndarray, n: np.ndarray) -> np.ndarray:
    honest = fit(x, n, ALPHA / TESTS, OF_PEOPLE)
    return np.flatnonzero(holm(p_values(honest, x, n)) <= ALPHA / TESTS - honest.beta)


def whole(fleet: Fleet, seed: int, tariff: Tariffed) -> Screening:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trips.csv"
        write(make(fleet, seed), path)
        return screen(path, parse(MAPPING, "m"), tariff)


def new_york() -> Tariffed:
    own = known("new-york-2012")
    return tariffed(own.id, own.verified, (reading.rule for reading in own.readings({})))


def named(found: Screening, kind: str) -> set[str]:
    return {one.unit for test in found.made for one in test.listed if kind in ("", test.kind.id)}


def throughput(rows: int, tariff: Tariffed) -> str:
    """One long file; seconds of the processor and the most memory, those of the process."""
    part = make(Fleet(vehicles=400, days=30), 5)
    with tempfile.TemporaryDirectory() as folder:
        path, count, turn = Path(folder) / "trips.csv", 0, 0
        while count < rows:
            count += write(part, path, 30 * turn, append=turn > 0)
            turn += 1
        before, size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, path.stat().st_size
        begin = time.process_time()
        found = screen(path, parse(MAPPING, "m"), tariff)
        spent = time.process_time() - begin
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return (
        f"{found.read.taken:,} trips ({size / 1e6:.0f} MB, 400 vehicles, 800 drivers, {30 * turn} days, with a tariff): {spent:.0f} s of one "
        f"processor, {1e6 * spent / found.read.taken:.1f} us a trip; the process grew from {before / 1024:.0f} to {after / 1024:.0f} MB at most, "
        f"of which {8 * found.read.taken / 1e6:.0f} MB are the keys that find duplicates."
    )


def tables(quick: bool) -> list[str]:
    tariff, few = new_york(), 10 if quick else 1
    lines = ["## False alarms of the rates", "", NULLS, "", "| honest rates between units | mean | " + " | ".join(f"{n} units" for n in SIZES) + " | units listed |", "|---|---|" + "---|" * len(SIZES) + "---|"]  # fmt: skip
    all_struck = all_fleets = 0
    for name in CARELESS:
        for mean in MEANS:
            cells, total = [], 0
            for units in SIZES:
                fleets = max(FLEETS[units] // few, 1)
                struck, listed = rates_null(name, units, mean, fleets)
                total, all_struck, all_fleets = total + listed, all_struck + struck, all_fleets + fleets
                cells.append(f"{struck}/{fleets}")
            lines.append(f"| {name} | {100 * mean:g} % | {' | '.join(cells)} | {total} |")
            print(lines[-1], flush=True)
    low, high = interval(all_struck, all_fleets)
    told = f"(95 %: {100 * low:.2f} to {100 * high:.2f} %; allowed to one test: {100 * ALPHA / TESTS:.2f} %)"
    lines += ["", f"Together {all_struck} of {all_fleets} fleets {told}."]
    lines += ["", "## Power of the rates", "", POWERS, "", "| honest rates between units | units | " + " | ".join(f"{100 * one:g} %" for one in POWER) + " |", "|---|---|" + "---|" * len(POWER)]  # fmt: skip
    for name in ("all alike", "log-normal, spread 1.0"):
        for units in SIZES:
            found = rates_power(name, units, 0.002, max(POWER_FLEETS[units] // few, 1))
            lines.append(f"| {name} | {units} | " + " | ".join(f"{one:.2f}" for one in found) + " |")
            print(lines[-1], flush=True)
    lines += [
        "",
        "## Whole files",
        "",
        FILES,
        "",
        "| honest fleet | fleets with anybody listed | by |",
        "|---|---|---|",
    ]
    struck = files = 0
    for name, fleet in HONEST.items():
        fleets = max(HONEST_FLEETS // few, 1)
        files += fleets
        found = [whole(fleet, seed, tariff) for seed in range(fleets)]
        struck += sum(bool(one.listed) for one in found)
        by = sorted({test.kind.id for one in found for test in one.made if test.listed})
        lines.append(f"| {name} | {sum(bool(one.listed) for one in found)}/{fleets} | {', '.join(by) or '-'} |")
        print(lines[-1], flush=True)
    low, high = interval(struck, files)
    lines += ["", f"Together {struck} of {files} (95 %: {100 * low:.1f} to {100 * high:.1f} %)."]
    lines += ["", CHEATED, "", "| cheat | test made for it | listed by it | listed by any | others listed |", "|---|---|---|---|---|"]  # fmt: skip
    for name, kind, cheat in CHEATS:
        runs, by_own, by_any, others = max(CHEATING_FLEETS // few, 1), 0, 0, 0
        for seed in range(runs):
            found_ = whole(with_cheats(WHOLE, 3, cheat), 50 + seed, tariff)
            mine = [({f"V{v:05d}", f"D{2 * v:05d}", f"D{2 * v + 1:05d}"}) for v in range(3)]
            by_own += sum(bool(named(found_, kind) & one) for one in mine)
            by_any += sum(bool(named(found_, "") & one) for one in mine)
            others += len(named(found_, "") - set().union(*mine))
        lines.append(f"| {name} | {kind} | {by_own}/{3 * runs} | {by_any}/{3 * runs} | {others} |")
        print(lines[-1], flush=True)
    return [*lines, "", "## Speed", "", throughput(200_000 if quick else LONG, tariff)]


NULLS = f"""Fleets without any cheat, days with an event in {DAYS[0]} to {DAYS[1] - 1} days a unit, alpha {ALPHA:g} of the file over {TESTS} tests, so {ALPHA / TESTS:.4f} for each
test: fleets in which anybody was listed, of so many."""
POWERS = """Share listed of units that do it on so many of their days, among honest units that do it on 0.2 % of theirs, while 1 % of the fleet does
it on half of its days."""
FILES = f"""{WHOLE.vehicles} vehicles, {2 * WHOLE.vehicles} drivers, {WHOLE.days} days, about 100 000 trips, every test with the tariff new-york-2012."""
CHEATED = f"""Three vehicles of each fleet cheat, {CHEATING_FLEETS} fleets a line (the doubled rate is worked by the first driver of each).  `others listed`: honest vehicles or
drivers, among them relief drivers of the three."""


def main() -> int:
    parser = argparse.ArgumentParser(description="false alarms, power and speed of the fleet screening")
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    begin = time.monotonic()
    lines = tables(quick)
    spent = time.monotonic() - begin
    if quick:
        print("\n".join(lines[-1:]))
        return 0
    head = f"`python benchmarks/fleet.py`: {spent / 60:.1f} min, Python {platform.python_version()}, numpy {np.__version__}, commit {commit()}.\nEvery figure is of simulated fleets (`benchmarks/generators_fleet.py`)."
    before = REPORT.read_text("utf-8").split(MEASURED)[0]
    REPORT.write_text(before + MEASURED + "\n" + "\n".join([head, "", *lines, ""]), "utf-8")
    print(f"written: {REPORT.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
