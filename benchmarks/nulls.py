"""False hits of every detector on honest deliveries: what an e-value may claim.

    python benchmarks/nulls.py                  24,000 segments: every detector speaks on 10^4; writes docs/validation.md
                                                and the curves; resumable
    python benchmarks/nulls.py --segments 200   a short look, writes nothing

Blocks of 80 segments (ten dispensers of eight deliveries) are seeded by their number; finished blocks stand in
docs/results/nulls.jsonl and are not run again while the detectors' versions stay as they are.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from benchmarks import generators  # noqa: E402
from benchmarks.detectors import DETECTORS  # noqa: E402
from benchmarks.part_sales import PLANS, part_sale  # noqa: E402
from benchmarks.shut_watches import watch  # noqa: E402
from harness.judge.contract import Reading, Segment, Validation, View  # noqa: E402

BLOCK, PER_CASE = 80, 8
WATCHES = 4  # with the nozzle closed, in every case
PART_SALES = 5  # measured in parts, in every case; the last two after the power cut
RESULTS = ROOT / "docs" / "results" / "nulls.jsonl"
CURVES = ROOT / "harness" / "catalogue" / "validation.toml"
REPORT = ROOT / "docs" / "validation.md"
ASSUMED = Validation(1_000_000, 0)  # hits do not depend on it
SEED = 20_240_501


def honest_case(rng: np.random.Generator) -> list[Segment]:
    """Eight honest deliveries: half covert, the last three after a power cut, one with a key pressed, one weighed."""
    surely = bool(rng.random() < 0.5)
    more: dict[str, Any] = {"emi": 0.3, "misread": 0.0 if surely else 0.005, "weighed": bool(rng.random() < 0.2)}
    if rng.random() < 0.15:  # bare hands: weighing, eyes and nothing else
        more |= {"weighed": True, "stations": "reference display amount totaliser"}
    segments = generators.honest_case_segments(rng, PER_CASE, context={"photographed": surely}, **more)
    result = []
    for i, segment in enumerate(segments):
        phase, state = ("A", "power-0") if i < 3 else ("C", "power-0") if i < 5 else ("E", "power-1")
        context = dict(segment.context) | {"covert": phase == "A"} | ({"events": [{"t_ns": 0}]} if i == 4 else {})
        result.append(replace(segment, phase=phase, state=state, context=context))
    for i in range(WATCHES):
        begin_ns = (PER_CASE + i) * 200_000_000_000
        stations = "encoder board register" if rng.random() < 0.8 else "board register"
        result.append(
            watch(rng, id=f"s{i + 1}", seconds=float(rng.uniform(25, 70)), stations=stations, start_ns=begin_ns)
        )
    it, plan, wired = generators.instrument(rng), int(rng.integers(len(PLANS))), bool(rng.random() < 0.5)
    for i in range(PART_SALES):
        phase, state = ("C", "power-0") if i < 3 else ("E", "power-1")
        begin_ns = (PER_CASE + WATCHES) * 200_000_000_000 + i * 2_000_000_000_000
        result.append(
            part_sale(
                rng,
                it,
                id=f"p{i + 1}",
                plan=plan,
                misread=0.0 if surely else 0.01,
                wired=wired,
                phase=phase,
                state=state,
                start_ns=begin_ns,
            )
        )
    return result


def strong(reading: Reading, parameters: dict[str, float]) -> bool:
    """A hit of the kind that the cap of the e-value answers for."""
    if reading.shape is None or not reading.hits:
        return False
    if "many_hits" in parameters:
        return reading.hits >= parameters["many_hits"]
    if "q_eye" in parameters:
        return bool(reading.at["sure"])
    if "q_sure" in parameters:
        return reading.p == parameters["q_sure"]
    return True


def block(number: int) -> dict[str, Any]:
    """Counts of one block, by detector: readings that spoke, segments they cover, strong and weak false hits, small p."""
    rng = np.random.default_rng([SEED, number])
    counts: dict[str, Counter[str]] = {name: Counter() for name in DETECTORS}
    for _ in range(BLOCK // PER_CASE):
        segments = honest_case(rng)
        sure = bool(segments[0].context["photographed"])
        for name, spec in DETECTORS.items():
            seen: set[str] = set()
            for reading in spec.judge(segments, View(generators.PROFILE, spec.parameters, ASSUMED)):
                tally = counts[name]
                if not reading.spoke:
                    tally["mute"] += 1
                    continue
                parameters = dict(spec.parameters)
                by_eye = "q_sure" in parameters and name != "register-law"
                certain = bool(reading.at["sure"]) if "q_eye" in parameters else sure or not by_eye
                tally["spoke_sure" if certain else "spoke_by_eye"] += 1
                if certain:
                    seen.update(reading.segment.split("|"))
                tally["strong"] += strong(reading, parameters)
                tally["weak"] += bool(reading.hits) and not strong(reading, parameters)
                tally["p01"] += reading.p is not None and reading.p < 0.01
                tally["p001"] += reading.p is not None and reading.p < 0.001
            counts[name]["segments"] += len(seen)
    versions = {name: spec.version for name, spec in DETECTORS.items()}
    return {"block": number, "versions": versions, "counts": {name: dict(tally) for name, tally in counts.items()}}


def commit() -> str:
    command = ["git", "rev-parse", "--short=12", "HEAD"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def measure(segments: int, keep: bool) -> dict[str, Counter[str]]:
    """Totals over all blocks, from the stored ones where they are of these versions."""
    versions = {name: spec.version for name, spec in DETECTORS.items()}
    done: dict[int, dict[str, Any]] = {}
    if keep and RESULTS.exists():
        lines = [json.loads(line) for line in RESULTS.read_text("utf-8").splitlines()]
        done = {line["block"]: line for line in lines if line["versions"] == versions}
    totals: dict[str, Counter[str]] = {name: Counter() for name in DETECTORS}
    blocks = -(-segments // BLOCK)
    for number in range(blocks):
        result = done.get(number)
        if result is None:
            result = block(number)
            if keep:
                RESULTS.parent.mkdir(parents=True, exist_ok=True)
                with RESULTS.open("a", encoding="utf-8") as out:
                    out.write(json.dumps(result, sort_keys=True) + "\n")
        for name, tally in result["counts"].items():
            totals[name].update(tally)
        print(f"\r{(number + 1) * BLOCK} segments", end="", file=sys.stderr)
    print(file=sys.stderr)
    return totals


def write(totals: dict[str, Counter[str]], segments: int) -> None:
    """The curves that the judge loads, and the table for people."""
    at = commit()
    toml = [
        "# Measured by benchmarks/nulls.py: false hits on honest segments, per detector version.",
        "# n_null: independent segments that spoke (of laws read by eye, the photographed ones); false_hits: strong hits.",
        "",
    ]
    table = [
        "# Validation of the detectors on honest deliveries",
        "",
        f"Made by `python benchmarks/nulls.py --segments {segments}` from commit {at}, seed {SEED}. Generator:",
        "`benchmarks/generators.py` (three encoder grades, four flow profiles, EMI bursts with mean 0.3 a delivery, start",
        "hammer, late polls, misread digits at 0.5 % a reading in half of the cases, meters within tolerance). A model, not",
        "field data; it is not the plant of the simulated bench.",
        "",
        "`spoke` are readings with power; `strong` are false hits of the kind the e-value's cap answers for, `weak` the others",
        "(three or four separate disturbances; a digit misread by eye), whose odds are bounded by `q_few` or `q`.",
        "`n` counts no segment twice: readings of one segment at several stations or links are one, a pair is two segments.",
        "The cap is n/(3 + 2 x false hits): n false-free segments bound a false rate by 3/n (95 %).",
        "",
        "| detector | version | spoke | by eye | mute | strong | weak | p < 0.01 | p < 0.001 | n | cap |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, tally in sorted(totals.items()):
        spec = DETECTORS[name]
        # links, stations and contrasts of one segment share its luck; a pair needs two segments
        n = tally["segments"] // (2 if spec.kind == "intervention" else 1)
        validation = Validation(n, tally["strong"], at)
        toml += [
            "[[curve]]",
            f'name = "{name}"',
            f"version = {spec.version}",
            f"n_null = {n}",
            f"false_hits = {tally['strong']}",
            'generators = ["benchmarks/generators.py"]',
            f"seed = {SEED}",
            f'commit = "{at}"',
            f'note = "weak hits {tally["weak"]}, read by eye {tally["spoke_by_eye"]}, mute {tally["mute"]}"',
            "",
        ]
        row = [name, spec.version, tally["spoke_sure"], tally["spoke_by_eye"], tally["mute"], tally["strong"]]
        row += [tally["weak"]]
        row += [tally["p01"], tally["p001"], n, f"{validation.cap:.0f}"]
        table.append("| " + " | ".join(str(cell) for cell in row) + " |")
    CURVES.write_text("\n".join(toml), "utf-8")
    REPORT.write_text("\n".join(table) + "\n", "utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description="false hits on honest deliveries")
    parser.add_argument("--segments", type=int, default=24_000)
    arguments = parser.parse_args()
    full = arguments.segments >= 10_000
    totals = measure(arguments.segments, keep=full)
    if full:
        write(totals, arguments.segments)
    for name, tally in sorted(totals.items()):
        print(f"{name:<14}", dict(tally))
    return 0


if __name__ == "__main__":
    sys.exit(main())
