"""Pulses put in on top of honest driving: how soon they are raised, by one tap and by two, and what the verdict says.

    python benchmarks/taxi_injection.py                200 drives a speed; prints and writes docs/taxi_injection.md
    python benchmarks/taxi_injection.py --drives N     prints only

The drives are those of benchmarks/generators_taxi.py (taxis of every sensor class, wheel-spin and ABS on wet roads among them), not the simulated taxi.  A box puts in a
train of even pulses for two seconds at a random instant (taximeters.md 1: C01, C02, C04, C05), or one pulse after every 1/g all the way.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np  # noqa: E402

from benchmarks.generators_taxi_cars import Taxi, drawn, profile  # noqa: E402
from benchmarks.generators_taxi_pulses import CLOCK, Floats, S, at_input, at_sensor, bursts, driven, line, town  # noqa: E402
from benchmarks.inspection_runs import interval  # noqa: E402
from benchmarks.repository import commit  # noqa: E402
from captures.model import ClockMap, PulseTrain  # noqa: E402
from harness.catalogue import cheats_of, load_causes, with_rules  # noqa: E402
from harness.editions import edition  # noqa: E402
from harness.families import family_tests  # noqa: E402
from harness.judge.account import Kind  # noqa: E402
from harness.judge.contract import Reading, Segment, SegmentKind, View  # noqa: E402
from harness.judge.family import TAXIMETER  # noqa: E402
from harness.judge.verdict import judge  # noqa: E402

REPORT = ROOT / "docs" / "taxi_injection.md"
SEED, DRIVES, VISITS = 31_337, 200, 40
SPEEDS_KMH = (390.0, 600.0, 1080.0)
GAINS = (0.02, 0.05, 0.1, 0.25, 0.5)
BURST_S, LEGS, LEG_M = 2.0, 3, 1200.0
WITHIN = 2  # intervals of the pulses put in
SURPLUS, MOST_PUT_IN = 3, 20  # pulses
EDITION = edition("jjg517-2016")


def taxi(rng: np.random.Generator, *, same: bool) -> Taxi:
    """An honest taxi with papers that tell sensor and K; `same`: what the sensor gives reaches the meter as it is."""
    while True:
        one = drawn(rng, bench=False)
        if not one.silent and (one.sensor.kind != "conditioner" or not same):
            return replace(one, taps=("sensor", "input"), both=True)


def ridden(one: Taxi, rng: np.random.Generator) -> tuple[Floats, Floats, float]:
    """Seconds of the pulses at sensor and input of one drive, and how long it took."""
    speeds = np.concatenate([np.zeros(2000), *(town(rng, LEG_M, 70.0) for _ in range(LEGS)), np.zeros(2000)])
    drive = driven(rng, speeds, one.slippery)
    given = at_sensor(rng, one.sensor, drive, one.per_m)
    return given, at_input(one.sensor, given), drive.seconds


def trained(one: Taxi, rng: np.random.Generator, given: Floats, into: Floats, seconds: float) -> dict[str, PulseTrain]:
    quiet = np.zeros(0)
    tap = {"sensor.A": (given, 0.0), "input.A": (into, 1e-5)}
    return {
        name: line(rng, name.split(".")[0], one.sensor, own, quiet, seconds, late, one.tick_s, True, np.zeros(own.size))
        for name, (own, late) in tap.items()
    }


def segment(one: Taxi, name: str, trains: dict[str, PulseTrain], seconds: float, begin_s: float = 0.0) -> Segment:
    begin = int(begin_s * S)
    told: dict[str, Any] = {
        "hired": True,
        "covert": False,
        "stated_k": str(one.k),
        "seals_unchanged": True,
        "top_kmh": 70.0,
    }
    return Segment(
        name, SegmentKind.TRIP, "C", "power-0", (begin, begin + int(seconds * S)), told, trains=trains,
        clocks={CLOCK: ClockMap(CLOCK, begin, Fraction(one.tick_s * S), 20_000, 1e-6)},
    )  # fmt: skip


def read(name: str, one: Taxi, segments: Sequence[Segment]) -> list[Reading]:
    tests = family_tests(EDITION)
    spec = tests.detectors[name]
    known = tests.validations[f"{name}/{spec.version}"]
    return [
        reading
        for reading in spec.judge(segments, View(with_rules(profile(one), EDITION), spec.parameters, known))
        if reading.link.downstream == "input"
    ]


def put_in(into: Floats, extra: Floats) -> Floats:
    return np.asarray(np.unique(np.concatenate([into, extra])))


def train_of(kmh: float, at_s: float, per_m: float) -> Floats:
    return np.asarray(at_s + np.arange(int(BURST_S * kmh / 3.6 * per_m)) / (kmh / 3.6 * per_m), dtype=np.float64)


def raised(kmh: float, drives: int) -> tuple[int, list[float]]:
    """How many of the drives are raised at all, and after how many intervals of the pulses put in."""
    rng = np.random.default_rng([SEED, int(kmh)])
    late: list[float] = []
    for _ in range(drives):
        one = taxi(rng, same=True)
        given, taken, seconds = ridden(one, rng)
        moving = taken[(taken > 10) & (taken < seconds - 10)]
        extra = train_of(kmh, float(rng.choice(moving)) + float(rng.uniform(0, 0.05)), one.k / 1000)
        found = read(
            "rate-bound", one, [segment(one, "T", trained(one, rng, given, put_in(taken, extra), seconds), seconds)]
        )
        if found and found[0].hits and "raised_ns" in found[0].at:
            late.append((found[0].at["raised_ns"] / S - 1e-5 - extra[0]) / float(extra[1] - extra[0]))
    return len(late), late


def counted(gain: float, drives: int) -> tuple[list[int], list[int]]:
    """Pulses of the sensor from the first that was put in on, until the test's own count is SURPLUS ahead of the sensor's (raised), and
    until it accuses at its level."""
    rng = np.random.default_rng([SEED, 7, int(1000 * gain)])
    soon, sure = [], []
    for _ in range(drives):
        one = taxi(rng, same=True)
        given, taken, _ = ridden(one, rng)
        every = round(1 / gain)
        places = np.arange(int(rng.integers(20, every + 20)), taken.size - 1, every)
        extra = (taken[places] + taken[places + 1]) / 2
        told = False
        for number in range(1, min(extra.size, MOST_PUT_IN) + 1):
            cut = float(taken[places[number - 1] + 1]) + 1e-3  # the next of the sensor's own has come
            own, into = given[given < cut], put_in(taken[taken < cut], extra[:number])
            found = read("edge-balance", one, [segment(one, "T", trained(one, rng, own, into, cut), cut)])
            passed = int(places[number - 1] - places[0]) + every
            if not told and any(float(str(reading.at.get("net_pulses", 0))) >= SURPLUS for reading in found):
                told = True
                soon.append(passed)
            if any(reading.hits for reading in found):
                sure.append(passed)
                break
    return soon, sure


def false_raises(drives: int) -> tuple[int, int]:
    """Of honest drives on lines with interference: with a surplus of SURPLUS at their end, and accused."""
    rng = np.random.default_rng([SEED, 13])
    raises = accused = 0
    for _ in range(drives):
        one = taxi(rng, same=True)
        given, taken, seconds = ridden(one, rng)
        spikes, quiet = bursts(rng, seconds, one.emi_per_s), np.zeros(0)
        trains = {
            f"{station}.A": line(
                rng, station, one.sensor, own, wild, seconds, late, one.tick_s, True, np.zeros(own.size)
            )
            for station, own, wild, late in (("sensor", given, quiet, 0.0), ("input", taken, spikes, 1e-5))
        }
        found = read("edge-balance", one, [segment(one, "T", trains, seconds)])
        raises += any(abs(float(str(reading.at.get("net_pulses", 0)))) >= SURPLUS for reading in found)
        accused += any(reading.hits for reading in found)
    return raises, accused


def told(kmh: float, gain: float, visits: int) -> dict[str, int]:
    """Levels of whole verdicts on four drives with a burst in each, or with a share put on by wheels and gears."""
    rng = np.random.default_rng([SEED, 11, int(kmh), int(100 * gain)])
    tests = family_tests(EDITION)
    levels: dict[str, int] = {}
    for _ in range(visits):
        one = taxi(rng, same=True)
        scaled = replace(one, per_m=one.per_m * (1 + gain))
        found = []
        for number in range(4):
            given, taken, seconds = ridden(scaled, rng)
            extra = (
                train_of(kmh, float(rng.choice(taken[(taken > 10) & (taken < seconds - 10)])), one.k / 1000)
                if kmh
                else np.zeros(0)
            )
            into = put_in(taken, extra)
            trip = segment(one, f"T{number}", trained(one, rng, given, into, seconds), seconds, 2000.0 * number)
            metres = taken.size / scaled.per_m
            found.append(replace(trip, reference_m=(metres, 2.0), context={**trip.context, "reference": "surveyed"}))
        verdict = judge(
            found, with_rules(profile(one), EDITION), EDITION, cheats_of("taximeter"), load_causes("taximeter"), tests.detectors,
            tests.validations, instrument="T", status="complete", family=TAXIMETER,
        )  # fmt: skip
        worst = str(verdict.integrity)
        levels[worst] = levels.get(worst, 0) + 1
        injected = [one for one in verdict.findings if one.account is not None and "put in" in str(one.account.kind)]
        levels["said to be put in"] = levels.get("said to be put in", 0) + bool(injected)
        scale = any(one.account is not None and one.account.kind is Kind.SCALED for one in verdict.findings)
        levels["said to be scale"] = levels.get("said to be scale", 0) + scale
    return levels


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drives", type=int, default=DRIVES)
    given = parser.parse_args()
    visits = max(4, VISITS * given.drives // DRIVES)
    lines = [
        "# Pulses put in on top of driving", "",
        f"`python benchmarks/taxi_injection.py`, seed {SEED}, commit {commit()}: {given.drives} drives a row of taxis of every sensor class (generators_taxi, not the simulated taxi), bursts of",
        f"{BURST_S:g} s at a random instant in motion; verdicts on {visits} visits of four drives, sensor and input tapped, papers complete.", "",
        "## Raised by one tap (`rate-bound`), in intervals of the pulses put in behind the first of them", "",
        "| as fast as | raised | within two intervals | share, 95 % | median | most |", "|---|---|---|---|---|---|",
    ]  # fmt: skip
    for kmh in SPEEDS_KMH:
        number, late = raised(kmh, given.drives)
        soon = sum(0 <= one <= WITHIN + 0.02 for one in late)
        low, high = interval(soon, given.drives)
        lines.append(
            f"| {kmh:g} km/h | {number}/{given.drives} | {soon} | {low:.2f} to {high:.2f} | {np.median(late) if late else float('nan'):.2f} | {max(late, default=float('nan')):.2f} |"
        )
        print(lines[-1], flush=True)
    lines += [
        "", f"## Raised by two taps (`edge-balance`): pulses of the sensor from the first put in, until {SURPLUS} more are counted there than at the sensor", "",
        "| share put in, g | 3/g | raised, median | most | within 3/g | accused by this test alone, median |", "|---|---|---|---|---|---|",
    ]  # fmt: skip
    few = max(4, given.drives // 4)
    for gain in GAINS:
        soon, sure = counted(gain, few)
        within = sum(one <= SURPLUS / gain for one in soon)
        lines.append(
            f"| {100 * gain:g} % | {SURPLUS / gain:g} | {np.median(soon):g} | {max(soon):g} | {within}/{few} | {np.median(sure):g} |"
        )
        print(lines[-1], flush=True)
    raises, accused = false_raises(5 * given.drives)
    lines += [
        "",
        f"Honest drives on lines with interference that end with such a surplus: {raises} of {5 * given.drives}; accused: {accused}.",
    ]
    print(lines[-1], flush=True)
    lines += [
        "",
        "## Verdicts",
        "",
        "| what was done | proven | suspect | inconclusive | no evidence | said to be put in | said to be scale |",
        "|---|---|---|---|---|---|---|",
    ]
    for what, kmh, gain in (
        *((f"a burst of {kmh:g} km/h a drive", kmh, 0.0) for kmh in SPEEDS_KMH),
        ("10 % by wheels and gears", 0.0, 0.10),
        ("nothing", 0.0, 0.0),
    ):
        found = told(kmh, gain, visits)
        keys = ("proven", "suspect", "inconclusive", "no_evidence", "said to be put in", "said to be scale")
        lines.append(f"| {what} | {' | '.join(str(found.get(key, 0)) for key in keys)} |")
        print(lines[-1], flush=True)
    if given.drives >= DRIVES:
        REPORT.write_text("\n".join(lines) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
