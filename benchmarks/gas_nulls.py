"""False hits of the tests of gas dispensers on honest deliveries: what their e-values may claim.

    python benchmarks/gas_nulls.py                 12,000 deliveries; writes harness/catalogue/validation_gas.toml
    python benchmarks/gas_nulls.py --cases 50      a short look, writes nothing

A model, not field data, and not the simulated station: a mass meter anywhere within its limits, its repeatability, a drift of
the reference within the visit, raw readings with their scatter, misread digits at 0.5 % a reading in half of the cases.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from benchmarks.nulls import ASSUMED, strong  # noqa: E402
from benchmarks.repository import commit  # noqa: E402
from captures.model import Origin, Register, frozen_int64  # noqa: E402
from harness.editions import edition  # noqa: E402
from harness.families import family_tests  # noqa: E402
from harness.judge.contract import Segment, SegmentKind, View  # noqa: E402

SEED, PER_CASE, CASES = 20_240_502, 8, 1_500
CURVES = ROOT / "harness" / "catalogue" / "validation_gas.toml"
STEP = Decimal("0.01")
HERE = Origin("gas_nulls", "")
PROFILE: Mapping[str, Any] = {
    "volume_resolution_l": "0.01",
    "amount_resolution": "0.01",
    "totaliser_resolution_l": "0.01",
    "sealed_meter_factor": "1.0000",
    "sealed_density_kg_m3": "540.0",
    "sealed_compensation": "on",
    "repeatability_rel": "0.0015",
}
MISREAD = 0.005


def case(rng: np.random.Generator, mpe: float) -> list[Segment]:
    """Eight honest deliveries of one dispenser: three covert, two overt, three after a power cut."""
    sure = bool(rng.random() < 0.5)
    misread = 0.0 if sure else MISREAD
    meter = float(rng.uniform(-mpe, mpe))
    repeat = float(rng.uniform(0.0008, 0.002))
    common = float(rng.normal(0, 0.0005))
    drift = float(rng.uniform(-0.0015, 0.0015))  # of meter and reference together, over the visit
    wired = bool(rng.random() < 0.5)
    total = Decimal(int(rng.integers(10**5, 10**7))) / 100
    price = Decimal(int(rng.integers(300, 900))) / 100
    found = []
    for i in range(PER_CASE):
        asked = float(rng.choice([5.6, 7.3, 11.9, 13.7, 22.0]))
        shown = asked + float(rng.uniform(0, 0.02))
        true = shown / (1 + meter + drift * i / PER_CASE + repeat * float(rng.standard_normal()))
        u = float(np.hypot(0.006, 0.0005 * true))
        weighed = true * (1 + common) + float(rng.normal(0, 0.006))
        display = Decimal(int(shown * 100)) / 100
        amount = (price * Decimal(f"{shown:.6f}")).quantize(STEP)
        after = total + Decimal(f"{shown:.6f}")
        registers = {
            "display": _register("display", [i], [_misread(rng, display, misread)]),
            "amount": _register("amount", [i], [_misread(rng, amount, misread)]),
            "totaliser": _register(
                "totaliser", [i, i + 1],
                [_misread(rng, total.quantize(STEP, "ROUND_FLOOR"), misread), _misread(rng, after.quantize(STEP, "ROUND_FLOOR"), misread)],
            ),
        }  # fmt: skip
        if wired:
            registers["register"] = _register("register", [i, i, i], [display] * 3)
        total = after
        gross = _misread(rng, (Decimal(f"{weighed:.3f}") + 65), misread)
        factor = _misread(rng, Decimal("1.0000"), misread)
        context: dict[str, Any] = {
            "asked_l": f"{asked:.2f}", "covert": i < 3, "flow": "slow" if i == 4 else "full", "photographed": sure,
            "price": str(price), "wire_end": wired, "gas_c": f"{rng.uniform(0, 40):.1f}",
            "parameters": {"meter_factor": str(factor), "density_kg_m3": "540.0", "compensation": "on"},
        }  # fmt: skip
        if wired:
            context["foreign_sale"] = False
        phase = "A" if i < 3 else "C" if i < 5 else "E"
        window = (i * 200_000_000_000, i * 200_000_000_000 + 60_000_000_000)
        found.append(
            Segment(
                f"d{i}", SegmentKind.DELIVERY, phase, "power-1" if phase == "E" else "power-0", window, context,
                registers=registers, reference_l=(float(gross) - 65, u),
            )
        )  # fmt: skip
    return found


def _register(name: str, at: list[int], values: list[Decimal]) -> Register:
    times = frozen_int64([t * 200_000_000_000 + 70_000_000_000 for t in at])
    return Register(name, times, frozen_int64([0] * len(at)), tuple(values), STEP, "kg", HERE)


def _misread(rng: np.random.Generator, value: Decimal, rate: float) -> Decimal:
    if rng.random() >= rate:
        return value
    text = str(value)
    places = [i for i, c in enumerate(text) if c.isdigit()]
    place = places[int(rng.integers(len(places)))]
    digit = (int(text[place]) + int(rng.integers(1, 10))) % 10
    return Decimal(text[:place] + str(digit) + text[place + 1 :])


def measure(cases: int) -> dict[str, Counter[str]]:
    """Counts by detector: readings that spoke, segments they cover, strong and weak false hits."""
    editions = [edition(name) for name in ("jjg996-2012", "jjg1114-2015")]
    counts: dict[str, Counter[str]] = {}
    for number in range(cases):
        rng = np.random.default_rng([SEED, number])
        limits = editions[number % 2]
        segments = case(rng, float(limits.limit("mpe").value))
        sure = bool(segments[0].context["photographed"])
        for name, spec in family_tests(limits).detectors.items():
            tally = counts.setdefault(name, Counter())
            tally["version"] = spec.version
            seen: set[str] = set()
            for reading in spec.judge(segments, View(PROFILE, spec.parameters, ASSUMED)):
                if not reading.spoke:
                    tally["mute"] += 1
                    continue
                if sure:
                    seen.update(reading.segment.split("|"))
                else:
                    tally["by eye"] += 1
                hit = strong(reading, dict(spec.parameters))
                tally["strong"] += hit and sure
                tally["weak"] += bool(reading.hits) and not (hit and sure)
            tally["n"] += len(seen) // (2 if spec.kind == "intervention" else 1)
    return counts


def main() -> int:
    parser = argparse.ArgumentParser(description="false hits of the tests of gas dispensers on honest deliveries")
    parser.add_argument("--cases", type=int, default=CASES)
    cases = parser.parse_args().cases
    counts = measure(cases)
    for name, tally in sorted(counts.items()):
        print(
            f"{name:<16} n {tally['n']:>6} strong {tally['strong']} weak {tally['weak']} by eye {tally['by eye']} mute {tally['mute']}"
        )
    if cases < CASES:
        return 0
    lines = ["# Measured by benchmarks/gas_nulls.py: false hits on honest segments, per detector version.", ""]
    for name, tally in sorted(counts.items()):
        lines += [
            "[[curve]]", f'name = "{name}"', f"version = {tally['version']}", f"n_null = {tally['n']}",
            f"false_hits = {tally['strong']}", 'generators = ["benchmarks/gas_nulls.py"]', f"seed = {SEED}",
            f'commit = "{commit(12)}"', f'note = "weak hits {tally["weak"]}, read by eye {tally["by eye"]}, mute {tally["mute"]}"', "",
        ]  # fmt: skip
    CURVES.write_text("\n".join(lines), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
