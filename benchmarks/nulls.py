"""False hits of every detector on honest deliveries: what an e-value may claim.

    python benchmarks/nulls.py                  32,000 segments: every detector speaks on 10^4; writes docs/validation.md
                                                and the curves; resumable
    python benchmarks/nulls.py --segments 200   a short look, writes nothing
    python benchmarks/nulls.py --only course start-law   measures these alone and leaves the other curves as they stand

Blocks of 80 segments (ten dispensers of eight deliveries) are seeded by their number; finished blocks stand in
docs/results/nulls.jsonl and are not run again while the detectors' versions stay as they are.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the matrices are small: threads only wait for each other

import numpy as np  # noqa: E402

from benchmarks import generators  # noqa: E402
from benchmarks.detectors import DETECTORS  # noqa: E402
from benchmarks.part_sales import PLANS, part_sale  # noqa: E402
from benchmarks.repository import commit  # noqa: E402
from benchmarks.shut_watches import watch  # noqa: E402
from benchmarks.visits import LOCK_PROFILE, bare_visit, locking_case, visit  # noqa: E402
from harness.judge.contract import Reading, Segment, SegmentKind, Validation, View  # noqa: E402

BLOCK, PER_CASE = 80, 8
WATCHES = 4  # with the nozzle closed, in every case
PART_SALES = 5  # measured in parts, in every case; the last two after the power cut
RESULTS = ROOT / "docs" / "results" / "nulls.jsonl"
CURVES = ROOT / "harness" / "catalogue" / "validation.toml"
REPORT = ROOT / "docs" / "validation.md"
ASSUMED = Validation(1_000_000, 0)  # hits do not depend on it
SEED = 20_240_501
WORKERS = 2
GENERATORS = [f"benchmarks/{name}.py" for name in ("generators", "visits", "shut_watches", "part_sales")]


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
    result = visit(rng, result, more["misread"])
    for i in range(WATCHES):
        begin_ns = (PER_CASE + i) * 200_000_000_000
        stations = "encoder board register" if rng.random() < 0.8 else "board register"
        result.append(
            watch(rng, id=f"s{i + 1}", seconds=float(rng.uniform(25, 70)), stations=stations, start_ns=begin_ns)
        )
    return result


def part_case(rng: np.random.Generator) -> list[Segment]:
    """Sales measured in parts, the last two after the power cut."""
    surely = bool(rng.random() < 0.5)
    result = []
    it, plan, wired = generators.instrument(rng), int(rng.integers(len(PLANS))), bool(rng.random() < 0.5)
    for i in range(PART_SALES):
        phase, state = ("C", "power-0") if i < 3 else ("E", "power-1")
        begin_ns = i * 2_000_000_000_000
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


def lock_case(rng: np.random.Generator) -> list[Segment]:
    """A board that is out of its limit, and a self-lock that says so."""
    return locking_case(rng, 0.0 if rng.random() < 0.5 else 0.005)


def after_case(rng: np.random.Generator) -> list[Segment]:
    """The same deliveries with the board tapped alone."""
    deliveries = [segment for segment in honest_case(rng) if segment.kind is SegmentKind.DELIVERY]
    kept = [{n: t for n, t in s.trains.items() if not n.startswith("encoder.")} for s in deliveries]
    return [replace(s, trains=trains) for s, trains in zip(deliveries, kept, strict=True)]


CASES: dict[str, tuple[Callable[[np.random.Generator], list[Segment]], dict[str, Any]]] = {
    "visit": (honest_case, generators.PROFILE),
    "rows": (bare_visit, generators.PROFILE),
    "after": (after_case, generators.PROFILE),
    "parts": (part_case, generators.PROFILE),
    "lock": (lock_case, LOCK_PROFILE),  # dishonest to every other law: the self-lock's alone
}
MANY = {"rows": 10, "lock": 2}  # cheap, and one case is few tests
ROWS = frozenset({"visit-totaliser", "restart-law"})
CASE_OF = {
    "split": ("visit", "after"),
    "period-gain": ("visit", "after"),
    "fingerprint-slip": ("visit", "after"),
    "timer-lattice": ("visit", "after"),
    "acceleration": ("visit", "after"),
    "channel-phase": ("visit", "after"),
    "jitter-floor": ("visit", "after"),
    "portion-gain": ("visit", "parts"),
    "self-lock-law": ("lock",),
} | dict.fromkeys(sorted(ROWS), ("rows",))  # every other detector: the visit


def strong(reading: Reading, parameters: dict[str, float]) -> bool:
    """A hit of the kind that the cap of the e-value answers for."""
    if reading.shape is None or not reading.hits:
        return False
    if "many_hits" in parameters:
        return reading.hits >= parameters["many_hits"]
    if "q_eye" in parameters:
        return bool(reading.at["sure"])
    if "q_sure" in parameters:
        return reading.p is not None and reading.p <= parameters["q_sure"]
    return True


def block(number: int, names: Sequence[str]) -> dict[str, Any]:
    """Counts of one block, by detector: readings that spoke, segments they cover, strong and weak false hits, small p.

    Each kind of case draws from a stream of its own, so that what is measured does not depend on what else is.
    """
    counts: dict[str, Counter[str]] = {name: Counter() for name in names}
    for kind, (make, profile) in CASES.items():
        mine = [name for name in names if kind in CASE_OF.get(name, ("visit",))]
        rng = np.random.default_rng([SEED, number, *kind.encode()])
        for _ in range(BLOCK // PER_CASE * MANY.get(kind, 1) if mine else 0):
            segments = make(rng)
            for name in mine:
                _count(counts[name], name, segments, profile)
    versions = {name: DETECTORS[name].version for name in names}
    return {"block": number, "versions": versions, "counts": {name: dict(tally) for name, tally in counts.items()}}


def _count(tally: Counter[str], name: str, segments: list[Segment], profile: dict[str, Any]) -> None:
    """One detector over one case."""
    spec = DETECTORS[name]
    parameters = dict(spec.parameters)
    sure = bool(segments[0].context.get("photographed"))
    seen: set[str] = set()
    for reading in spec.judge(segments, View(profile, spec.parameters, ASSUMED)):
        if not reading.spoke:
            tally["mute"] += 1
            continue
        by_eye = "q_sure" in parameters and name not in ("register-law", "zero-law")
        certain = bool(reading.at["sure"]) if "q_eye" in parameters else sure or not by_eye
        tally["spoke_sure" if certain else "spoke_by_eye"] += 1
        if certain:
            seen.update(reading.segment.split("|"))
        tally["strong"] += strong(reading, parameters)
        tally["weak"] += bool(reading.hits) and not strong(reading, parameters)
        tally["p01"] += reading.p is not None and reading.p < 0.01
        tally["p001"] += reading.p is not None and reading.p < 0.001
    tally["segments"] += len(seen)


def measure(segments: int, names: Sequence[str], keep: bool) -> dict[str, Counter[str]]:
    """Totals over all blocks, from the stored ones where they are of these versions."""
    versions = {name: DETECTORS[name].version for name in names}
    done: dict[int, dict[str, Any]] = {}
    if keep and RESULTS.exists():
        lines = [json.loads(line) for line in RESULTS.read_text("utf-8").splitlines()]
        done = {line["block"]: line for line in lines if line["versions"] == versions}
    totals: dict[str, Counter[str]] = {name: Counter() for name in names}
    waiting = [number for number in range(-(-segments // BLOCK)) if number not in done]
    with ProcessPoolExecutor(WORKERS) as pool:
        for result in pool.map(block, waiting, [names] * len(waiting)):
            done[result["block"]] = result
            if keep:
                RESULTS.parent.mkdir(parents=True, exist_ok=True)
                with RESULTS.open("a", encoding="utf-8") as out:
                    out.write(json.dumps(result, sort_keys=True) + "\n")
            print(f"\r{result['block'] + 1} of {-(-segments // BLOCK)} blocks", end="", file=sys.stderr)
    for number in range(-(-segments // BLOCK)):
        for name, tally in done[number]["counts"].items():
            totals[name].update(tally)
    print(file=sys.stderr)
    return totals


HEAD = """# Measured by benchmarks/nulls.py: false hits on honest segments, per detector version.
# n_null: independent segments that spoke (of laws read by eye, the photographed ones); false_hits: strong hits.
"""
ABOUT = f"""# Validation of the detectors on honest deliveries

Made by `python benchmarks/nulls.py` (32,000 segments a detector, 28,000 for fingerprint-slip, 14,400 for course, 12,000 for period-gain,
timer-lattice, channel-phase, acceleration and quadrature; the last column names the commit), seed {SEED}. Generators:
`benchmarks/generators.py` (three encoder grades, four flow profiles, EMI bursts with mean 0.3 a delivery, start
hammer, late polls, misread digits at 0.5 % a reading in half of the cases, meters within tolerance), `visits.py` (a
totaliser over the visit, other people's sales heard and unheard, start values with hose dilation, stop modes, a
self-lock that works), `shut_watches.py`, `part_sales.py`. A model, not field data; it is not the plant of the simulated bench.

`spoke` are readings with power; `strong` are false hits of the kind the e-value's cap answers for, `weak` the others
(three or four separate disturbances; a digit misread by eye), whose odds are bounded by `q_few` or `q`.
`n` counts no segment twice: readings of one segment at several stations or links are one, a pair is two segments, a row
of sales is one. The cap is n/(3 + 2 x false hits): n false-free segments bound a false rate by 3/n (95 %).

| detector | version | spoke | by eye | mute | strong | weak | p < 0.01 | p < 0.001 | n | cap | commit |
|---|---|---|---|---|---|---|---|---|---|---|---|
"""


def write(totals: dict[str, Counter[str]]) -> None:
    """The curves that the judge loads, and the table for people; detectors not measured now keep theirs."""
    at = commit(12)
    curves = {c["name"]: c for c in tomllib.loads(CURVES.read_text("utf-8")).get("curve", [])}
    lines = [line for line in REPORT.read_text("utf-8").splitlines() if line.startswith("| ")]
    rows = {line.split("|")[1].strip(): line for line in lines if line.split("|")[1].strip() in DETECTORS}
    for name, row in rows.items():  # tables of earlier commits had no column for it
        rows[name] = row if row.count("|") == 13 else f"{row} {curves[name]['commit']} |"
    for name, tally in totals.items():
        spec = DETECTORS[name]
        # links, stations and contrasts of one segment share its luck; a pair needs two segments
        n = tally["segments"] // (2 if spec.kind == "intervention" else 1)
        if name in ROWS:  # a row of segments is one test
            n = tally["spoke_sure"]
        curves[name] = {
            "name": name,
            "version": spec.version,
            "n_null": n,
            "false_hits": tally["strong"],
            "generators": GENERATORS,
            "seed": SEED,
            "commit": at,
            "note": f"weak hits {tally['weak']}, read by eye {tally['spoke_by_eye']}, mute {tally['mute']}",
        }
        cells = [name, spec.version, *(tally[key] for key in ("spoke_sure", "spoke_by_eye", "mute", "strong", "weak"))]
        cells += [tally["p01"], tally["p001"], n, f"{Validation(n, tally['strong'], at).cap:.0f}", at]
        rows[name] = "| " + " | ".join(str(cell) for cell in cells) + " |"
    document = [HEAD]
    for _, curve in sorted(curves.items()):
        document.append("[[curve]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in curve.items()))
    CURVES.write_text("\n".join(document), "utf-8")
    REPORT.write_text(ABOUT + "".join(row + "\n" for _, row in sorted(rows.items())), "utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description="false hits on honest deliveries")
    parser.add_argument("--segments", type=int, default=32_000)
    parser.add_argument("--only", nargs="+", choices=sorted(DETECTORS), default=sorted(DETECTORS), metavar="NAME")
    arguments = parser.parse_args()
    full = arguments.segments >= 10_000
    totals = measure(arguments.segments, arguments.only, keep=full)
    if full:
        write(totals)
    for name, tally in sorted(totals.items()):
        print(f"{name:<16}", dict(tally))
    return 0


if __name__ == "__main__":
    sys.exit(main())
